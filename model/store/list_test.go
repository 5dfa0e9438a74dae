package store_test

import (
	"testing"
	"time"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

func must(text string) query.Query {
	q, err := query.Parse(text)
	if err != nil {
		panic(err)
	}
	return q
}

func count(t *testing.T, s *store.Store, q query.Query) int {
	t.Helper()
	n, err := s.Count(t.Context(), q, start, start.Location())
	if err != nil {
		t.Fatalf("Count: error %v, want none", err)
	}
	return n
}

// Every change of the outbox counts for queries, even one that a row doesn't show.
func TestQueriesFollowEveryChangeOfTheOutbox(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "before"))
	ids := enqueue(t, s, rename("1", "before", "after"))
	found := func(step, word, title string) {
		t.Helper()
		for _, is := range []string{"is:pending", "is:failed", "is:conflict"} {
			want := 0
			if is == word {
				want = 1
			}
			if n := count(t, s, must(is)); n != want {
				t.Errorf("after the edit was %s: %s finds %d rows, want %d", step, is, n, want)
			}
		}
		if n := count(t, s, must("title:"+title)); n != 1 {
			t.Errorf("after the edit was %s: title:%s finds %d rows, want 1", step, title, n)
		}
	}
	found("queued", "is:pending", "after")
	claim(t, s, nil)
	found("claimed", "is:pending", "after")
	park(t, s, ids[0], model.Refused, time.Time{})
	found("refused", "is:failed", "before")
	if err := s.Requeue(t.Context(), ids); err != nil {
		t.Fatalf("Requeue: error %v, want none", err)
	}
	found("queued again", "is:pending", "after")
	claim(t, s, nil)
	park(t, s, ids[0], model.InConflict, time.Time{})
	found("put in conflict", "is:conflict", "before")
	if err := s.Rebase(t.Context(), ids[0], model.TextValue("before"), model.TextValue("resolved")); err != nil {
		t.Fatalf("Rebase: error %v, want none", err)
	}
	found("resolved", "is:pending", "resolved")
	if _, err := s.HoldOld(t.Context(), start.Add(time.Hour)); err != nil {
		t.Fatalf("HoldOld: error %v, want none", err)
	}
	found("held", "is:pending", "resolved")
	if got, err := s.Withdraw(t.Context(), ids); err != nil || len(got) != 1 {
		t.Fatalf("withdrawing the held edit took back %v, want one edit; error %v, want none", got, err)
	}
	found("withdrawn", "", "before")
	ids = enqueue(t, s, rename("1", "before", "after"))
	if err := s.Discard(t.Context(), ids); err != nil {
		t.Fatalf("Discard: error %v, want none", err)
	}
	found("discarded", "", "before")
	yes := true
	if _, err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Done: &yes, Seen: &yes}); err != nil {
		t.Fatalf("Triage: error %v, want none", err)
	}
	if n := count(t, s, must("is:done -is:unseen")); n != 1 {
		t.Errorf("is:done -is:unseen finds %d rows after the row was marked done and seen, want 1", n)
	}
	// The claim folds edits.
	enqueue(t, s, rename("1", "before", "between"), rename("1", "between", "last"))
	if got := claim(t, s, nil); len(got) != 1 {
		t.Fatalf("of two renames of a row, claimed %+v, want one folded edit", got)
	}
	found("folded", "is:pending", "last")
	if err := s.Bury(t.Context(), model.Ref{Account: "sales", ID: "1"}); err != nil {
		t.Fatalf("Bury: error %v, want none", err)
	}
	if _, err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Pinned: &yes}); err != nil {
		t.Fatalf("Triage: error %v, want none", err)
	}
	if n := count(t, s, query.Query{}); n != 0 {
		t.Errorf("after a buried conversation was pinned, %d rows are listed, want 0", n)
	}
	save(t, s, conv("1", "before"))
	if n := count(t, s, must("is:pinned is:done")); n != 1 {
		t.Errorf("is:pinned is:done finds %d rows after the buried conversation was read again, want 1", n)
	}
}
