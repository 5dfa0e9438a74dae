package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

// filled gives a store with n conversations of believable size.
func filled(b *testing.B, n int) *store.Store {
	b.Helper()
	st := open(b, filepath.Join(b.TempDir(), "confab.db"))
	st.OpenAccount(b.Context(), "sales", "x")
	const page = 100
	for i := 0; i < n; i += page {
		batch := make([]model.Conversation, 0, page)
		for k := i; k < min(n, i+page); k++ {
			batch = append(batch, believable(k))
		}
		if _, err := st.SaveBatch(b.Context(), "sales", batch, nil); err != nil {
			b.Fatal(err)
		}
	}
	return st
}

func believable(i int) model.Conversation {
	c := conv(fmt.Sprintf("6f1c2d3e-0000-4000-8000-%012d", i), fmt.Sprintf("Quarterly review %d with Acme and friends", i))
	c.Updated = start.Add(-time.Duration(i) * time.Minute)
	c.Created = c.Updated.Add(-time.Hour)
	c.Preview = "Thanks, I will send the papers over tomorrow and we can talk again on Friday"
	for p := range 4 {
		c.Featured = append(c.Featured, model.Participant{Kind: "user", ID: fmt.Sprint(i*7 + p), Name: fmt.Sprintf("Person Number %d", i*7+p), Email: fmt.Sprintf("person%d@example.com", i*7+p)})
	}
	for f := range 6 {
		c.Facts = append(c.Facts, model.Fact{Group: "Status", Label: fmt.Sprintf("Field %d", f), Value: "some value of a field"})
	}
	return c
}

func BenchmarkSaveBatch(b *testing.B) {
	st := open(b, filepath.Join(b.TempDir(), "confab.db"))
	st.OpenAccount(b.Context(), "sales", "x")
	n := 0
	for b.Loop() {
		batch := make([]model.Conversation, 100)
		for k := range batch {
			batch[k] = believable(n)
			n++
		}
		if _, err := st.SaveBatch(b.Context(), "sales", batch, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "conversations/s")
}

func BenchmarkEnqueue(b *testing.B) {
	st := open(b, filepath.Join(b.TempDir(), "confab.db"))
	st.OpenAccount(b.Context(), "sales", "x")
	save(b, st, conv("1", "a"))
	for b.Loop() {
		enqueue(b, st, rename("1", "a", "b"))
	}
}

func BenchmarkList100k(b *testing.B) {
	s := filled(b, 100_000)
	for _, text := range []string{"", "acme", "person number 4242", "is:private", "sort:title"} {
		b.Run("query="+text, func(b *testing.B) {
			q, err := query.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			q = q.Inbox()
			for b.Loop() {
				if _, err := s.List(b.Context(), q, start, time.UTC, 0, 100, model.Ref{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
