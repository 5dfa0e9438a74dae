package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"confab/model"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// opened opens a database with some conversations; tick is called whenever the clock is
// read.
func opened(t *testing.T, path string, conversations int, tick func()) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{Host: "laptop", Now: func() time.Time { tick(); return noon }})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	t.Cleanup(func() { s.Close() })
	if _, _, err := s.OpenAccount(t.Context(), "sales", "one"); err != nil {
		t.Fatalf("OpenAccount: error %v, want none", err)
	}
	batch := make([]model.Conversation, conversations)
	for i := range batch {
		batch[i] = model.Conversation{Ref: model.Ref{Account: "sales", ID: fmt.Sprint(i)}, Provider: "attention", Title: "a", ParticipantCount: -1}
	}
	if _, err := s.SaveBatch(t.Context(), "sales", batch, nil); err != nil {
		t.Fatalf("SaveBatch: error %v, want none", err)
	}
	return s
}

func silent() {}

func renames(n int) []model.OutboxEntry {
	out := make([]model.OutboxEntry, n)
	for i := range out {
		out[i].Edit = model.Edit{Ref: model.Ref{Account: "sales", ID: fmt.Sprint(i)}, Kind: model.EditTitle,
			Base: model.TextValue("a"), Target: model.TextValue("b")}
	}
	return out
}

// A submission enters once, whether it enters in slices or not. A second try leaves what the
// first has put into the outbox.
func TestASubmissionEntersOnce(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "confab.db"), 0, silent)
	for i, n := range []int{1, atOnce + 1} {
		sub := model.Submission{ID: fmt.Sprint("twice", i)}
		if _, err := s.Enqueue(t.Context(), sub, renames(n)); err != nil {
			t.Fatalf("queueing %d edits: error %v, want none", n, err)
		}
		_, err := s.Enqueue(t.Context(), sub, renames(n))
		if model.KindOf(err) != model.Invalid || model.Words(err) != "this was submitted already" {
			t.Errorf("queueing %d edits a second time: error %v, want \"this was submitted already\"", n, err)
		}
		if got, _, err := s.Submission(t.Context(), sub.ID); got.Edits != n || got.Waiting != n || err != nil {
			t.Errorf("the submission has %d edits of which %d wait, want %d that wait; error %v, want none", got.Edits, got.Waiting, n, err)
		}
	}
}

// nothing fails the test if anything of the submission "bulk" is left.
func nothing(t *testing.T, s *Store) {
	t.Helper()
	out, err := s.Outbox(t.Context())
	if err != nil || len(out) != 0 {
		t.Errorf("the outbox still has %d edits of the submission, want 0; error %v, want none", len(out), err)
	}
	if _, ok, err := s.Submission(t.Context(), "bulk"); err != nil || ok {
		t.Errorf("the submission is still there: %t, want false; error %v, want none", ok, err)
	}
	all, err := s.Counts(t.Context())
	if waiting, person := all["sales"].Waiting, all["sales"].NeedPerson; err != nil || waiting+person != 0 {
		t.Errorf("the account counts %d waiting edits and %d that need a person, want 0 of both; error %v, want none", waiting, person, err)
	}
	for _, id := range []string{"0", "99", "100"} {
		if r, _, err := s.Row(t.Context(), model.Ref{Account: "sales", ID: id}); err != nil || r.Conversation.Title != "a" || len(r.Pending) != 0 {
			t.Errorf("row %s shows the title %q with the pending edits %v, want a with none; error %v, want none", id, r.Conversation.Title, r.Pending, err)
		}
	}
	var noted int
	if err := s.read.QueryRowContext(t.Context(), "SELECT count(*) FROM entering").Scan(&noted); err != nil || noted != 0 {
		t.Errorf("%d submissions are still noted as entering, want 0; error %v, want none", noted, err)
	}
}

// A process dies while many edits enter the outbox: none is sent, and all leave again.
func TestHalfEnteredSubmissionIsNeverSent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	dead := opened(t, path, 3*atOnce, silent)
	entries := renames(3 * atOnce)
	err := dead.change(t.Context(), "", func(t *tx) { // what a process that dies after the first slice leaves
		t.startMoving("bulk", false)
		t.submit(model.Submission{ID: "bulk", Edits: len(entries), At: noon})
		t.put("bulk", entries[:atOnce])
	})
	if err != nil {
		t.Fatalf("the transaction that a dead process leaves: error %v, want none", err)
	}
	living := opened(t, path, 0, silent)
	claimed := func(s *Store) {
		t.Helper()
		if got, err := s.Claim(t.Context(), "sales", nil); err != nil || len(got) != 0 {
			t.Errorf("claimed %d edits of a submission that has entered in part, want 0; error %v, want none", len(got), err)
		}
	}
	claimed(living)
	if _, err := living.Recover(t.Context()); err != nil {
		t.Fatalf("Recover: error %v, want none", err)
	}
	if out, err := living.Outbox(t.Context()); err != nil || len(out) != atOnce {
		t.Errorf("Recover left %d edits of a living process, want all %d; error %v, want none", len(out), atOnce, err)
	}
	if _, err := living.Undo(t.Context(), model.Submission{ID: "undo", Undoes: "bulk"}, nil, nil, nil); !errors.Is(err, model.ErrUndoMoved) {
		t.Errorf("undoing a submission that is still entering: error %v, want %v", err, model.ErrUndoMoved)
	}
	dead.Close()
	claimed(living)
	if _, err := living.Recover(t.Context()); err != nil {
		t.Fatalf("Recover: error %v, want none", err)
	}
	claimed(living)
	nothing(t, living)
}

func TestCancelledEnqueueOfManyEditsLeavesNone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var left atomic.Int64
	s := opened(t, filepath.Join(t.TempDir(), "confab.db"), 3*atOnce, func() {
		if left.Add(-1) == 0 {
			cancel()
		}
	})
	left.Store(2*atOnce + 10)
	if _, err := s.Enqueue(ctx, model.Submission{ID: "bulk", At: noon}, renames(3*atOnce)); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled Enqueue returned the error %v, want %v", err, context.Canceled)
	}
	nothing(t, s)
	ids, err := s.Enqueue(t.Context(), model.Submission{ID: "bulk", At: noon}, renames(3*atOnce))
	if err != nil || len(ids) != 3*atOnce {
		t.Fatalf("the Enqueue after the cancelled one queued %d edits, want %d; error %v, want none", len(ids), 3*atOnce, err)
	}
	if sub, ok, err := s.Submission(t.Context(), "bulk"); err != nil || !ok || sub.Edits != 3*atOnce || sub.Waiting != 3*atOnce {
		t.Errorf("the submission is %+v, found %t, want all %d edits waiting; error %v, want none", sub, ok, 3*atOnce, err)
	}
	if got, err := s.Claim(t.Context(), "sales", nil); err != nil || len(got) != 1 || got[0].ID != ids[0] {
		t.Errorf("claimed %+v, want the first edit %s alone; error %v, want none", got, ids[0], err)
	}
}

func TestOthersCanWriteWhileManyEditsEnter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	other := opened(t, path, 0, silent)
	begun := make(chan bool)
	var left atomic.Int64
	s := opened(t, path, 1, func() {
		if left.Add(-1) == 0 {
			close(begun)
		}
	})
	wrote := make(chan error, 2)
	for _, writer := range []*Store{s, other} {
		go func() {
			<-begun
			wrote <- writer.SaveDraft(context.Background(), "k", "v")
		}()
	}
	left.Store(atOnce / 2)
	entries := renames(12 * atOnce)
	if _, err := s.Enqueue(t.Context(), model.Submission{ID: "bulk", At: noon}, entries); err != nil {
		t.Fatalf("Enqueue: error %v, want none", err)
	}
	for range 2 {
		select {
		case err := <-wrote:
			if err != nil {
				t.Errorf("a write during a large Enqueue: error %v, want none", err)
			}
		default:
			t.Error("a writer waited until all edits of another submission had entered, want it to write between them")
		}
	}
}

// bulk submits many edits, of which the first is delivered.
func bulk(t *testing.T, s *Store, n int) (ids []string) {
	t.Helper()
	ids, err := s.Enqueue(t.Context(), model.Submission{ID: "bulk", At: noon}, renames(n))
	if err != nil {
		t.Fatalf("Enqueue: error %v, want none", err)
	}
	got, err := s.Claim(t.Context(), "sales", nil)
	if err != nil || len(got) != 1 {
		t.Fatalf("claimed %+v, want one edit; error %v, want none", got, err)
	}
	after := model.Conversation{Ref: got[0].Ref, Provider: "attention", Title: "b", ParticipantCount: -1}
	j := model.JournalEntry{Edit: got[0].Edit, Before: got[0].Base, After: got[0].Target, At: noon, State: model.Done}
	if err := s.Settle(t.Context(), got[0], j, &after, false); err != nil {
		t.Fatalf("Settle: error %v, want none", err)
	}
	return ids
}

func inverse(id string) model.OutboxEntry {
	e := renames(1)[0]
	e.Edit.Base, e.Edit.Target, e.Edit.Undoes = model.TextValue("b"), model.TextValue("a"), id
	return e
}

func TestUndoOfManyEditsIsAllOrNothing(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "confab.db"), 2*atOnce, silent)
	ids := bulk(t, s, 2*atOnce)
	sub := model.Submission{ID: "undo", Undoes: "bulk", At: noon}
	// An edit that was delivered after the plan stops the whole undo.
	if _, err := s.Undo(t.Context(), sub, nil, ids, nil); !errors.Is(err, model.ErrUndoMoved) {
		t.Fatalf("undoing with an edit that was delivered meanwhile: error %v, want %v", err, model.ErrUndoMoved)
	}
	if b, _, err := s.Submission(t.Context(), "bulk"); err != nil || b.Waiting != 2*atOnce-1 || b.Withdrawn != 0 {
		t.Errorf("after the refused undo the submission is %+v, want %d edits waiting and 0 withdrawn; error %v, want none", b, 2*atOnce-1, err)
	}
	queued, err := s.Undo(t.Context(), sub, []model.OutboxEntry{inverse(ids[0])}, ids[1:], nil)
	if err != nil || len(queued) != 1 {
		t.Fatalf("the undo queued the edits %v, want one; error %v, want none", queued, err)
	}
	if b, _, err := s.Submission(t.Context(), "bulk"); err != nil || b.Waiting != 0 || b.Withdrawn != 2*atOnce-1 || b.Delivered != 1 {
		t.Errorf("after the undo the submission is %+v, want 0 edits waiting, %d withdrawn and 1 delivered; error %v, want none", b, 2*atOnce-1, err)
	}
	if got, err := s.Claim(t.Context(), "sales", nil); err != nil || len(got) != 1 || got[0].ID != queued[0] {
		t.Errorf("after the undo, claimed %+v, want its edit %s alone; error %v, want none", got, queued[0], err)
	}
}

// Of many edits, those stay that need a person and have no inverse: nothing takes back what they may have done.
func TestUndoOfManyEditsKeepsWhatItDoesNotInvert(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "confab.db"), 2*atOnce, silent)
	ids := bulk(t, s, 2*atOnce)
	unclear := ids[1:3]
	for range unclear {
		claimed, err := s.Claim(t.Context(), "sales", unclear)
		if err == nil {
			_, err = s.Sent(t.Context(), claimed, nil, 0)
		}
		if err == nil {
			err = s.Park(t.Context(), claimed[0].ID, model.OutcomeNotKnown, nil, nil, time.Time{}, false)
		}
		if err != nil {
			t.Fatalf("an edit of unknown outcome: error %v, want none", err)
		}
	}
	back := inverse(unclear[1])
	back.Edit.Ref.ID = "2"
	sub := model.Submission{ID: "undo", Undoes: "bulk", At: noon}
	queued, err := s.Undo(t.Context(), sub, []model.OutboxEntry{inverse(ids[0]), back}, ids[3:], unclear[1:])
	if err != nil {
		t.Fatalf("Undo: error %v, want none", err)
	}
	out, err := s.Outbox(t.Context())
	if err != nil || len(out) != 3 || out[0].ID != unclear[0] || out[1].ID != queued[0] || out[2].ID != queued[1] {
		t.Errorf("after the undo the outbox holds %d edits, want %s, which has no inverse, and the inverses %v; error %v, want none",
			len(out), unclear[0], queued, err)
	}
}

// The look for what dead processes left takes nothing from a submission that this process is still putting into the outbox.
func TestRecoverLeavesWhatIsEntering(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "confab.db"), 0, silent)
	entered := make(chan error)
	go func() {
		_, err := s.Enqueue(t.Context(), model.Submission{ID: "bulk", At: noon}, renames(10*atOnce))
		entered <- err
	}()
	for {
		select {
		case err := <-entered:
			if out, _ := s.Outbox(t.Context()); err != nil || len(out) != 10*atOnce {
				t.Errorf("the outbox holds %d edits, want %d; error %v, want none", len(out), 10*atOnce, err)
			}
			// What this process could not finish, it finishes later.
			err = s.change(t.Context(), "", func(t *tx) { t.startMoving("bulk", true) })
			if _, failed := s.Recover(t.Context()); err != nil || failed != nil {
				t.Fatalf("a move that this process left: errors %v and %v, want none", err, failed)
			}
			if out, err := s.Outbox(t.Context()); err != nil || len(out) != 0 {
				t.Errorf("after this process finished its own move the outbox holds %d edits, want 0; error %v, want none", len(out), err)
			}
			return
		default:
			if _, err := s.Recover(t.Context()); err != nil {
				t.Errorf("Recover: error %v, want none", err)
			}
		}
	}
}

// A process dies while many edits are undone: none is sent, and the next process undoes the
// rest.
func TestHalfDoneUndoIsFinishedByTheNextProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	dead := opened(t, path, 2*atOnce, silent)
	ids := bulk(t, dead, 2*atOnce)
	err := dead.change(t.Context(), "", func(t *tx) {
		t.leave("bulk", ids[1:], nil)
		for _, id := range ids[1:10] {
			e, _ := t.entry(id)
			t.giveUp(e, "withdrawn")
		}
	})
	if err != nil {
		t.Fatalf("the transaction that a dead process leaves: error %v, want none", err)
	}
	living := opened(t, path, 0, silent)
	if got, err := living.Claim(t.Context(), "sales", nil); err != nil || len(got) != 0 {
		t.Errorf("claimed %d edits of a submission that is being undone, want 0; error %v, want none", len(got), err)
	}
	dead.Close()
	if _, err := living.Recover(t.Context()); err != nil {
		t.Fatalf("Recover: error %v, want none", err)
	}
	if b, _, err := living.Submission(t.Context(), "bulk"); err != nil || b.Waiting != 0 || b.Withdrawn != 2*atOnce-1 {
		t.Errorf("after the next process finished the undo, the submission is %+v, want 0 edits waiting and %d withdrawn; error %v, want none", b, 2*atOnce-1, err)
	}
	if r, _, err := living.Row(t.Context(), model.Ref{Account: "sales", ID: "5"}); err != nil || r.Conversation.Title != "a" || len(r.Pending) != 0 {
		t.Errorf("after the undo, row 5 shows the title %q with the pending edits %v, want a with none; error %v, want none", r.Conversation.Title, r.Pending, err)
	}
}

func TestRescueDropsAHalfEnteredSubmission(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	dead := opened(t, path, 1, silent)
	err := dead.change(t.Context(), "", func(t *tx) {
		t.startMoving("bulk", false)
		t.submit(model.Submission{ID: "bulk", Edits: 2 * atOnce, At: noon})
		t.put("bulk", renames(atOnce))
	})
	if err != nil {
		t.Fatalf("the transaction that a dead process leaves: error %v, want none", err)
	}
	dead.Close()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatalf("opening the file: error %v, want none", err)
	}
	if _, err := f.WriteAt(make([]byte, 64), 0); err != nil { // overwrites its header
		t.Fatalf("writing to the file: error %v, want none", err)
	}
	f.Close()
	s := opened(t, path, 0, silent)
	if s.Rescued().Edits != atOnce {
		t.Fatalf("rescued %d edits, want the %d that had entered", s.Rescued().Edits, atOnce)
	}
	if _, err := s.Recover(t.Context()); err != nil {
		t.Fatalf("Recover: error %v, want none", err)
	}
	if out, err := s.Outbox(t.Context()); err != nil || len(out) != 0 {
		t.Errorf("the outbox still has %d edits of the submission that entered in part, want 0; error %v, want none", len(out), err)
	}
}
