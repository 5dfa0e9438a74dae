package store_test

import (
	"fmt"
	"testing"
	"time"

	"confab/model"
	"confab/model/store"
)

// waiting are the sizes of an outbox that the benchmarks look at.
var waiting = []int{1_000, 10_000}

// privates are the edits that make the first n believable conversations private.
func privates(n int) []store.Entry {
	out := make([]store.Entry, n)
	for i := range out {
		c := believable(i)
		out[i] = store.Entry{Title: c.Title, Edit: model.Edit{Ref: c.Ref, Kind: model.EditPrivacy, User: "ada",
			Base: model.TextValue("public"), Target: model.TextValue("private")}}
	}
	return out
}

func submission(id string) model.Submission {
	return model.Submission{ID: id, Sentence: "made many private", User: "ada", At: start}
}

// queued gives a store of n conversations, each with an edit that waits.
func queued(b *testing.B, n int) *store.Store {
	b.Helper()
	s := filled(b, n)
	if _, err := s.Enqueue(b.Context(), submission("bulk"), privates(n)); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkClaim measures what a delivery does in the store for one conversation.
func BenchmarkClaim(b *testing.B) {
	for _, n := range waiting {
		b.Run(fmt.Sprintf("waiting=%d", n), func(b *testing.B) {
			s := queued(b, n)
			for b.Loop() {
				got, err := s.Claim(b.Context(), "sales", nil)
				if err != nil || len(got) != 1 {
					b.Fatal(got, err)
				}
				b.StopTimer()
				if err := s.Park(b.Context(), got[0].ID, model.Held, nil, nil, time.Time{}, true); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if _, ok, err := s.NextDue(b.Context(), "sales"); err != nil || !ok {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

func BenchmarkSubmit(b *testing.B) {
	for _, n := range []int{1, 1_000, 10_000} {
		b.Run(fmt.Sprintf("edits=%d", n), func(b *testing.B) {
			s := filled(b, n)
			k := 0
			for b.Loop() {
				if _, err := s.Enqueue(b.Context(), submission(fmt.Sprint("bulk", k)), privates(n)); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				s.Forget(b.Context(), "sales")
				s.Close()
				s = filled(b, n)
				b.StartTimer()
				k++
			}
		})
	}
}

func BenchmarkTriage(b *testing.B) {
	for _, n := range waiting {
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			s := filled(b, n)
			refs := make([]model.Ref, n)
			for i := range refs {
				refs[i] = believable(i).Ref
			}
			on := false
			for b.Loop() {
				on = !on
				if _, err := s.Triage(b.Context(), refs, model.TriageChange{Done: &on}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSubmissionRead(b *testing.B) {
	for _, n := range waiting {
		b.Run(fmt.Sprintf("edits=%d", n), func(b *testing.B) {
			s := queued(b, n)
			for b.Loop() {
				if sub, ok, err := s.Submission(b.Context(), "bulk"); err != nil || !ok || sub.Waiting != n {
					b.Fatal(sub, ok, err)
				}
			}
		})
	}
}
