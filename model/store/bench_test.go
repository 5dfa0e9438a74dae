package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
	"confab/model/store/crowd"
)

// filled returns a store with n conversations of believable size.
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
			b.Fatalf("SaveBatch: error %v, want none", err)
		}
	}
	return st
}

func believable(i int) model.Conversation {
	c := conv(fmt.Sprintf("6f1c2d3e-0000-4000-8000-%012d", i), fmt.Sprintf("Quarterly review %d with Acme and friends", i))
	c.Updated = start.Add(-time.Duration(i) * time.Minute)
	c.Created = c.Updated.Add(-time.Hour)
	if i%3 == 0 {
		c.Title = fmt.Sprintf("Größenwahn GmbH: 東京 株式会社 %d", i)
	}
	c.Preview = "Thanks, I will send the papers over tomorrow and we can talk again on Friday"
	for p := range 4 {
		c.Featured = append(c.Featured, model.Participant{Kind: "user", ID: fmt.Sprint(i*7 + p), Name: fmt.Sprintf("Person Number %d", i*7+p), Email: fmt.Sprintf("person%d@example.com", i*7+p)})
	}
	for f := range 6 {
		c.Facts = append(c.Facts, model.Fact{Group: "Status", Label: fmt.Sprintf("Field %d", f), Value: "some value of a field"})
	}
	return c
}

// BenchmarkSaveBatch stores pages of 300: new ones, the same again, and changed ones.
func BenchmarkSaveBatch(b *testing.B) {
	const page = 300
	for _, name := range []string{"new", "unchanged", "changed"} {
		b.Run(name, func(b *testing.B) {
			st := open(b, filepath.Join(b.TempDir(), "confab.db"))
			st.OpenAccount(b.Context(), "sales", "x")
			batch := make([]model.Conversation, page)
			for i := range batch {
				batch[i] = believable(i)
			}
			n := 0
			for b.Loop() {
				for i := range batch {
					switch name {
					case "new":
						batch[i].Ref.ID = fmt.Sprintf("6f1c2d3e-0000-4000-8000-%012d", n)
					case "changed":
						batch[i].Title = fmt.Sprintf("Quarterly review %d", n)
					}
					n++
				}
				if _, err := st.SaveBatch(b.Context(), "sales", batch, nil); err != nil {
					b.Fatalf("SaveBatch: error %v, want none", err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "conversations/s")
		})
	}
}

func BenchmarkEnqueue(b *testing.B) {
	st := open(b, filepath.Join(b.TempDir(), "confab.db"))
	st.OpenAccount(b.Context(), "sales", "x")
	save(b, st, conv("1", "a"))
	for b.Loop() {
		enqueue(b, st, rename("1", "a", "b"))
	}
}

// BenchmarkReading100k reads a database as in use: 100,000 conversations of four accounts
// in the scope, and some of an account outside it.
func BenchmarkReading100k(b *testing.B) {
	path := filepath.Join(b.TempDir(), "confab.db")
	crowd.Fill(b, path, crowd.Size{Conversations: 100_000, Waiting: 1_000, Delivered: 10_000, Now: start})
	s := open(b, path)
	s.Scope(crowd.Accounts[:4])
	b.Run("entries", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			if _, err := s.Entries(b.Context(), 0, func(query.Entry) error { n++; return nil }); err != nil || n != 100_000 {
				b.Fatalf("Entries returned %d conversations, want 100000; error %v, want none", n, err)
			}
		}
	})
	b.Run("head", func(b *testing.B) {
		for b.Loop() {
			keys, _, err := s.Head(b.Context(), func(*query.Subject) bool { return true }, 60, time.Second)
			if err != nil || len(keys) != 60 {
				b.Fatalf("Head returned %d keys, want 60; error %v, want none", len(keys), err)
			}
		}
	})
	keys, _, err := s.Head(b.Context(), func(x *query.Subject) bool { return x.Updated/60_000%7 == 0 }, 60, time.Minute)
	if err != nil {
		b.Fatalf("Head: error %v, want none", err)
	}
	b.Run("rows", func(b *testing.B) {
		for b.Loop() {
			if rows, err := s.Rows(b.Context(), keys); err != nil || len(rows) != len(keys) {
				b.Fatalf("Rows returned %d rows, want %d; error %v, want none", len(rows), len(keys), err)
			}
		}
	})
}
