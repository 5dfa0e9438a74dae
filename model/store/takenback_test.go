package store_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"confab/model"
	"confab/model/store"
)

// An edit that may have reached the service is discarded: its undo must still be sent.
func TestDiscardOfASentEditKeepsItsUndo(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	if _, err := s.Sent(t.Context(), claim(t, s, nil), nil, 0); err != nil {
		t.Fatalf("Sent: error %v, want none", err)
	}
	back := rename("1", "b", "a")
	back.Edit.Undoes = ids[0]
	undo, err := s.Undo(t.Context(), model.Submission{ID: store.NewID(start), At: start}, []model.OutboxEntry{back}, nil, nil)
	if err != nil {
		t.Fatalf("Undo: error %v, want none", err)
	}
	if err := s.Park(t.Context(), ids[0], model.RetryAt, nil, nil, start.Add(time.Hour), false); err != nil {
		t.Fatalf("Park: error %v, want none", err)
	}
	if err := s.Discard(t.Context(), ids); err != nil {
		t.Fatalf("Discard: error %v, want none", err)
	}
	if got := claim(t, s, nil); len(got) != 1 || got[0].ID != undo[0] {
		t.Errorf("claimed %+v, want the undo %s alone", got, undo[0])
	}
}

// An edit that widens only since its conflict was resolved is also held when the edit it
// was submitted with is given up.
func TestEditThatWidensSinceADecisionIsHeld(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	access := model.OutboxEntry{Edit: model.Edit{Ref: model.Ref{Account: "sales", ID: "1"}, Kind: model.EditAccess,
		Base: model.TextValue("open"), Target: model.TextValue("request-to-join")}}
	ids, err := s.Enqueue(t.Context(), model.Submission{ID: store.NewID(start), At: start}, []model.OutboxEntry{rename("1", "a", "b"), access})
	if err != nil {
		t.Fatalf("Enqueue: error %v, want none", err)
	}
	claim(t, s, nil)
	park(t, s, ids[0], model.Refused, time.Time{})
	park(t, s, ids[1], model.InConflict, time.Time{})
	if err := s.Rebase(t.Context(), ids[1], model.TextValue("invite-only"), access.Edit.Target); err != nil {
		t.Fatalf("Rebase: error %v, want none", err)
	}
	if err := s.Discard(t.Context(), ids[:1]); err != nil {
		t.Fatalf("Discard: error %v, want none", err)
	}
	if e, _, _ := s.OutboxEntry(t.Context(), ids[1]); e.State != model.Held {
		t.Errorf("the edit that widens since its conflict was resolved is %s, want %s", e.State, model.Held)
	}
}

// Another process gives the account another identity, or forgets it, while an edit is being
// sent: the result is not recorded for the new account.
func TestSettleAfterItsAccountIsGone(t *testing.T) {
	for name, tc := range map[string]struct {
		meanwhile func(s *store.Store) error
		journal   int
	}{
		"set aside": {func(s *store.Store) error {
			_, _, err := s.OpenAccount(t.Context(), "sales", "another")
			return err
		}, 1},
		"forgotten": {func(s *store.Store) error { return s.Forget(t.Context(), "sales") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "confab.db")
			s, other := open(t, path), open(t, path)
			if _, _, err := s.OpenAccount(t.Context(), "sales", "one"); err != nil {
				t.Fatalf("OpenAccount: error %v, want none", err)
			}
			save(t, s, conv("1", "a"), conv("2", "x"))
			ids := enqueue(t, s, rename("1", "a", "b"), rename("2", "x", "y"))
			first, second := claim(t, s, nil)[0], claim(t, s, nil)[0]
			if err := tc.meanwhile(other); err != nil {
				t.Fatalf("the change of the account meanwhile: error %v, want none", err)
			}
			after := conv("1", "b")
			j := model.JournalEntry{Edit: first.Edit, State: model.Done, At: start}
			if err := s.Settle(t.Context(), first, j, &after, false); err != nil {
				t.Fatalf("Settle: error %v, want none", err)
			}
			park(t, s, second.ID, model.RetryAt, start)
			if _, ok, _ := s.Row(t.Context(), after.Ref); ok {
				t.Error("the conversation was stored for the new account, want no row")
			}
			if got, _ := s.History(t.Context(), model.HistoryRequest{Ref: after.Ref}); len(got) != 0 {
				t.Errorf("the history of the conversation under the new account is %+v, want none", got)
			}
			all, err := s.History(t.Context(), model.HistoryRequest{})
			if err != nil || len(all) != tc.journal {
				t.Errorf("the whole history is %+v, want %d entries; error %v, want none", all, tc.journal, err)
			}
			if e, ok, _ := s.OutboxEntry(t.Context(), ids[1]); ok && (e.State != model.Held || !e.Orphaned) {
				t.Errorf("the second edit is %+v, want it gone, or held and marked as of another identity (orphaned)", e)
			}
		})
	}
}

// An edit that was taken back while it was sent, and certainly changed nothing, waits for no further try.
func TestAnUnsentEditThatWasTakenBackLeaves(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	claim(t, s, nil)
	back := rename("1", "b", "a")
	back.Edit.Undoes = ids[0]
	if _, err := s.Undo(t.Context(), model.Submission{ID: store.NewID(start), At: start}, []model.OutboxEntry{back}, nil, nil); err != nil {
		t.Fatalf("Undo: error %v, want none", err)
	}
	park(t, s, ids[0], model.RetryAt, start.Add(time.Hour))
	if out, err := s.Outbox(t.Context()); err != nil || len(out) != 0 {
		t.Errorf("the outbox holds %+v, want neither the edit nor its undo; error %v, want none", out, err)
	}
}

// What was planned upon an edit that may have been done, or not, fits both. What was sent keeps the base it was sent with.
func TestEditUponAnUnclearOneFitsBoth(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	ids := enqueue(t, s, rename("1", "a", "b"))
	claimed := claim(t, s, nil)
	ids = append(ids, enqueue(t, s, rename("1", "b", "c"))...)
	for i, state := range []model.EditState{model.NotVerified, model.RetryAt} {
		if i > 0 {
			claimed = claim(t, s, nil)
		}
		_, err := s.Sent(t.Context(), claimed, nil, 0)
		if err == nil {
			err = s.Park(t.Context(), ids[i], state, nil, nil, start, false)
		}
		if err != nil {
			t.Fatalf("an edit that ends as %s: error %v, want none", state, err)
		}
		if e, _, _ := s.OutboxEntry(t.Context(), ids[1]); e.Base.String() != "a" || e.Or == nil || e.Or.String() != "b" {
			t.Errorf("the later edit has the base %q or %v, want a, or b, which the service may have by now", e.Base, e.Or)
		}
	}
	err := s.Requeue(t.Context(), ids[:1])
	if _, failed := s.Withdraw(t.Context(), ids[:1]); err != nil || failed != nil {
		t.Fatalf("giving the first edit up: error %v and %v, want none", err, failed)
	}
	if e, _, _ := s.OutboxEntry(t.Context(), ids[1]); e.Base.String() != "a" || e.Or.String() != "b" {
		t.Errorf("the edit that was sent has the base %q or %v, want a or b, with which it was sent", e.Base, e.Or)
	}
}

// What became of an edit since its undo was planned decides whether the undo is still right.
func TestUndoOfAnEditThatMovedOn(t *testing.T) {
	unclear := func(s *store.Store, edits []model.OutboxEntry, state model.EditState) {
		_, err := s.Sent(t.Context(), edits, nil, 0)
		if err == nil {
			err = s.Park(t.Context(), edits[0].ID, state, nil, nil, start, false)
		}
		if err != nil {
			t.Fatalf("an edit without an answer: error %v, want none", err)
		}
	}
	for name, tc := range map[string]struct {
		became func(s *store.Store, claimed []model.OutboxEntry)
		how    string // the undo: withdraw, give up, or invert
		moved  bool
	}{
		"withdrawn while it is claimed": {func(*store.Store, []model.OutboxEntry) {}, "withdraw", true},
		"withdrawn before its next try": {func(s *store.Store, e []model.OutboxEntry) { park(t, s, e[0].ID, model.RetryAt, start) }, "withdraw", false},
		"withdrawn after an unclear try": {func(s *store.Store, e []model.OutboxEntry) {
			unclear(s, e, model.RetryAt)
		}, "withdraw", true},
		"given up while it is tried again": {func(s *store.Store, e []model.OutboxEntry) {
			unclear(s, e, model.RetryAt)
		}, "give up", true},
		"given up where it needs a person": {func(s *store.Store, e []model.OutboxEntry) {
			unclear(s, e, model.OutcomeNotKnown)
		}, "give up", false},
		"inverted while it is claimed": {func(*store.Store, []model.OutboxEntry) {}, "invert", false},
		"inverted though it was refused": {func(s *store.Store, e []model.OutboxEntry) {
			park(t, s, e[0].ID, model.Refused, time.Time{})
		}, "invert", true},
		"inverted where it needs a person": {func(s *store.Store, e []model.OutboxEntry) {
			unclear(s, e, model.OutcomeNotKnown)
		}, "invert", true},
		"inverted though it was so already": {func(s *store.Store, e []model.OutboxEntry) {
			err := s.Settle(t.Context(), e[0], model.JournalEntry{Edit: e[0].Edit, State: model.OutcomeAlreadySet, At: start}, nil, false)
			if err != nil {
				t.Fatalf("Settle: error %v, want none", err)
			}
		}, "invert", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			save(t, s, conv("1", "a"))
			sub := model.Submission{ID: store.NewID(start), At: start}
			ids, err := s.Enqueue(t.Context(), sub, []model.OutboxEntry{rename("1", "a", "b")})
			if err != nil {
				t.Fatalf("Enqueue: error %v, want none", err)
			}
			tc.became(s, claim(t, s, nil))
			back := rename("1", "b", "a")
			back.Edit.Undoes = ids[0]
			var inverse []model.OutboxEntry
			var withdraw, giveUp []string
			switch tc.how {
			case "withdraw":
				withdraw = ids
			case "give up":
				inverse, giveUp = []model.OutboxEntry{back}, ids
			case "invert":
				inverse = []model.OutboxEntry{back}
			}
			undo := model.Submission{ID: store.NewID(start), At: start, Undoes: sub.ID}
			before, _ := s.Outbox(t.Context())
			_, err = s.Undo(t.Context(), undo, inverse, withdraw, giveUp)
			if errors.Is(err, model.ErrUndoMoved) != tc.moved || err != nil && !tc.moved {
				t.Errorf("Undo: error %v, want %v: %t", err, model.ErrUndoMoved, tc.moved)
			}
			if after, _ := s.Outbox(t.Context()); tc.moved && len(after) != len(before) {
				t.Errorf("after an undo that is out of date the outbox holds %d edits, want the %d from before", len(after), len(before))
			}
		})
	}
}

// An undo is compared with what its edit left, whatever has been planned since.
func TestWithdrawnEditLeavesTheBaseOfAnUndo(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "b"))
	back := rename("1", "b", "a")
	back.Edit.Undoes = "delivered"
	ids := enqueue(t, s, rename("1", "b", "x"), rename("1", "x", "b"), back)
	if _, err := s.Withdraw(t.Context(), ids[1:2]); err != nil {
		t.Fatalf("Withdraw: error %v, want none", err)
	}
	if e, _, _ := s.OutboxEntry(t.Context(), ids[2]); e.Base.String() != "b" {
		t.Errorf("the undo has the base %q, want b", e.Base)
	}
}
