package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"confab/model"
	"confab/model/store"
)

// waiting are the sizes of the outbox in benchmarks.
var waiting = []int{1_000, 10_000}

// privates are the edits that make the first n conversations private.
func privates(n int) []model.OutboxEntry {
	out := make([]model.OutboxEntry, n)
	for i := range out {
		c := believable(i)
		out[i] = model.OutboxEntry{Title: c.Title, Edit: model.Edit{Ref: c.Ref, Kind: model.EditPrivacy, User: "ada",
			Base: model.TextValue("public"), Target: model.TextValue("private")}}
	}
	return out
}

func submission(id string) model.Submission {
	return model.Submission{ID: id, Sentence: "made many private", User: "ada", At: start}
}

// queued returns a store of n conversations, each with a waiting edit.
func queued(b *testing.B, n int) *store.Store {
	b.Helper()
	s := filled(b, n)
	if _, err := s.Enqueue(b.Context(), submission("bulk"), privates(n)); err != nil {
		b.Fatalf("Enqueue: error %v, want none", err)
	}
	return s
}

// BenchmarkClaim measures the store's part in delivering the edits of one conversation.
func BenchmarkClaim(b *testing.B) {
	for _, n := range waiting {
		b.Run(fmt.Sprintf("waiting=%d", n), func(b *testing.B) {
			s := queued(b, n)
			for b.Loop() {
				got, err := s.Claim(b.Context(), "sales", nil)
				if err != nil || len(got) != 1 {
					b.Fatalf("claimed %+v, want one edit; error %v, want none", got, err)
				}
				b.StopTimer()
				if err := s.Park(b.Context(), got[0].ID, model.Held, nil, nil, time.Time{}, true); err != nil {
					b.Fatalf("Park: error %v, want none", err)
				}
				b.StartTimer()
				if _, ok, err := s.NextDue(b.Context(), "sales"); err != nil || !ok {
					b.Fatalf("NextDue found an edit: %t, want true; error %v, want none", ok, err)
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
					b.Fatalf("Enqueue: error %v, want none", err)
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
					b.Fatalf("Triage: error %v, want none", err)
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
					b.Fatalf("the submission is %+v, found %t, want %d waiting edits; error %v, want none", sub, ok, n, err)
				}
			}
		})
	}
}

// BenchmarkMeanwhile measures how long writers in this and another process wait during a
// large change.
func BenchmarkMeanwhile(b *testing.B) {
	const n = 10_000
	refs := make([]model.Ref, n)
	for i := range refs {
		refs[i] = believable(i).Ref
	}
	yes := true
	for name, bulk := range map[string]func(s *store.Store) error{
		"submit": func(s *store.Store) error {
			_, err := s.Enqueue(b.Context(), submission("bulk"), privates(n))
			return err
		},
		"mark": func(s *store.Store) error {
			_, err := s.Triage(b.Context(), refs, model.TriageChange{Done: &yes})
			return err
		},
		"undo": func(s *store.Store) error {
			out, err := s.Outbox(b.Context())
			if err != nil {
				return err
			}
			ids := make([]string, len(out))
			for i, e := range out {
				ids[i] = e.ID
			}
			_, err = s.Undo(b.Context(), model.Submission{ID: "undo", Undoes: "bulk", At: start}, nil, ids, nil)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "confab.db")
			s := open(b, path)
			s.OpenAccount(b.Context(), "sales", "x")
			all := make([]model.Conversation, n)
			for i := range all {
				all[i] = believable(i)
			}
			save(b, s, all...)
			if name == "undo" {
				if _, err := s.Enqueue(b.Context(), submission("bulk"), privates(n)); err != nil {
					b.Fatalf("Enqueue: error %v, want none", err)
				}
			}
			for b.Loop() {
				ctx, end := context.WithCancel(b.Context())
				var waits sync.WaitGroup
				for who, writer := range map[string]*store.Store{"here": s, "elsewhere": open(b, path)} {
					waits.Go(func() {
						var took []time.Duration
						for ctx.Err() == nil {
							began := time.Now()
							if err := writer.SaveDraft(b.Context(), who, began.String()); err != nil {
								b.Errorf("writing a draft during the large change: %v", err)
							}
							took = append(took, time.Since(began))
							time.Sleep(5 * time.Millisecond)
						}
						slices.Sort(took)
						b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms-"+who)
						b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms-"+who)
					})
				}
				if err := bulk(s); err != nil {
					b.Fatalf("the large change: error %v, want none", err)
				}
				end()
				waits.Wait()
			}
		})
	}
}

// BenchmarkSubmissionEdits measures reading every edit of a submission, what each waits
// for, and which are being undone.
func BenchmarkSubmissionEdits(b *testing.B) {
	for _, n := range waiting {
		b.Run(fmt.Sprintf("edits=%d", n), func(b *testing.B) {
			s := queued(b, n)
			for b.Loop() {
				read, err := s.SubmissionEdits(b.Context(), "bulk", 0)
				all := read.Outbox
				if err != nil || len(all) != n {
					b.Fatalf("SubmissionEdits returned %d edits, want %d; error %v, want none", len(all), n, err)
				}
				ids := make([]string, n)
				for i, e := range all {
					ids[i] = e.ID
				}
				if before, err := s.Blockers(b.Context(), ids); err != nil || len(before) != 0 {
					b.Fatalf("Blockers returned %v, want none; error %v, want none", before, err)
				}
				if undoing, err := s.Undoing(b.Context(), ids); err != nil || len(undoing) != 0 {
					b.Fatalf("Undoing returned %v, want none; error %v, want none", undoing, err)
				}
			}
		})
	}
}
