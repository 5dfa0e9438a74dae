package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"confab/model"
)

// Between a person's look and the decision an edit may have left the outbox, or wait no
// longer.
func TestDecisionsThatComeTooLateAreRefused(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	b, c := model.TextValue("b"), model.TextValue("c")
	for name, of := range map[string]struct {
		decide func() error
		kind   model.ErrorKind
		words  string
	}{
		"discarding an edit that is gone, with another": {func() error { return s.Discard(t.Context(), []string{ids[0], "gone"}) },
			model.NotFound, "no edit gone in the outbox"},
		"resolving an edit that is queued": {func() error { return s.Rebase(t.Context(), ids[0], b, c) },
			model.Invalid, "edit " + ids[0] + " does not wait for a decision"},
	} {
		if err := of.decide(); model.KindOf(err) != of.kind || model.Words(err) != of.words {
			t.Errorf("%s: error %v of kind %s, want %q of kind %s", name, err, model.KindOf(err), of.words, of.kind)
		}
		if e, ok, _ := s.OutboxEntry(t.Context(), ids[0]); !ok || e.State != model.Queued || !e.Target.Equal(b) {
			t.Errorf("%s: the queued edit became %+v, want it unchanged", name, e)
		}
	}
}

// The ids that limit a claim may come in any order; an empty list claims nothing.
func TestClaimTakesIdsInAnyOrder(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"), conv("2", "a"), conv("3", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"), rename("2", "a", "b"), rename("3", "a", "b"))
	if got := claim(t, s, []string{}); len(got) != 0 {
		t.Errorf("claimed %+v of no ids, want nothing", got)
	}
	only := []string{ids[2], ids[0]}
	for _, want := range []string{ids[0], ids[2]} {
		if got := claim(t, s, only); len(got) != 1 || got[0].ID != want {
			t.Fatalf("claimed %+v of the ids %v, want %s", got, only, want)
		}
	}
	if got := claim(t, s, only); len(got) != 0 || !slices.Equal(only, []string{ids[2], ids[0]}) {
		t.Errorf("claimed %+v, want nothing that was not asked for, and the ids %v as they were", got, only)
	}
}

// An edit was planned upon two pending ones: a rename to b that is still queued, and upon a
// title that somebody else had set meanwhile, c, a rename to d. That one leaves. The edit
// then starts from c, not from b.
func TestANewEditFollowsOnlyTheEditsItIsBasedOn(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	first, second := rename("1", "a", "b"), rename("1", "c", "d")
	ids := enqueue(t, s, first, second)
	if got, err := s.Withdraw(t.Context(), ids[1:]); err != nil || len(got) != 1 {
		t.Fatalf("withdrawing the second rename took back %v, want one edit; error %v, want none", got, err)
	}
	first.Edit.ID, second.Edit.ID = ids[0], ids[1]
	third := rename("1", "d", "e")
	third.Edit.Earlier = []model.Edit{first.Edit, second.Edit}
	id := enqueue(t, s, third)[0]
	if e, _, err := s.OutboxEntry(t.Context(), id); err != nil || e.Base.String() != "c" {
		t.Errorf("the base of the third rename is %q, want c; error %v, want none", e.Base, err)
	}
}

// The history is read in pages, each of which begins behind the last of the one before.
func TestHistoryIsReadInPages(t *testing.T) {
	s := fresh(t)
	var want []string
	for i := range 5 {
		id := fmt.Sprint(i % 2)
		save(t, s, conv(id, "a"))
		enqueue(t, s, rename(id, "a", "b"))
		e := claim(t, s, nil)[0]
		j := model.JournalEntry{Edit: e.Edit, Before: e.Base, After: e.Target, At: start.Add(time.Duration(i/2) * time.Hour), State: model.Done}
		if err := s.Settle(t.Context(), e, j, nil, false); err != nil {
			t.Fatalf("Settle: error %v, want none", err)
		}
		want = append(want, e.ID)
	}
	slices.Reverse(want)
	for name, of := range map[string]struct {
		req      model.HistoryRequest
		expected []string
	}{
		"of everything":        {model.HistoryRequest{}, want},
		"of one conversation":  {model.HistoryRequest{Ref: model.Ref{Account: "sales", ID: "0"}, Since: start}, []string{want[0], want[2], want[4]}},
		"of two accounts":      {model.HistoryRequest{Accounts: []string{"support", "sales"}, Since: start}, want},
		"of the other account": {model.HistoryRequest{Accounts: []string{"support"}}, nil},
	} {
		of.req.Limit = 2
		expected := of.expected
		var edits, submissions []string
		edited, submitted := of.req, of.req
		for range 3 {
			page, err := s.History(t.Context(), edited)
			if err != nil {
				t.Fatalf("History: error %v, want none", err)
			}
			for _, j := range page {
				edits, edited.Before = append(edits, j.ID), j.ID
			}
			subs, err := s.Submissions(t.Context(), submitted)
			if err != nil {
				t.Fatalf("Submissions: error %v, want none", err)
			}
			for _, sub := range subs {
				submissions, submitted.Before = append(submissions, sub.ID), sub.ID
			}
		}
		if !slices.Equal(edits, expected) || len(submissions) != len(expected) || len(slices.Compact(slices.Sorted(slices.Values(submissions)))) != len(expected) {
			t.Errorf("the pages of the history %s have the edits %v and the submissions %v, want %v and as many submissions, each once", name, edits, submissions, expected)
		}
	}
}

// Two processes open a new account at the same time: the second one finds it opened, and
// holds none of its edits.
func TestAnAccountIsOpenedByTwoAtOnce(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	id := enqueue(t, s, rename("1", "a", "b"))[0]
	if err := s.OpenAgain(t.Context(), "sales", "attention https://a.example"); err != nil {
		t.Fatalf("opening the account again: error %v, want none", err)
	}
	if e, _, err := s.OutboxEntry(t.Context(), id); err != nil || e.State != model.Queued {
		t.Errorf("the edit of the account is %s, want %s; error %v, want none", e.State, model.Queued, err)
	}
}
