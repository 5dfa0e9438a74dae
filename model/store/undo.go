package store

import (
	"context"
	"errors"
	"slices"

	"confab/model"
)

// Undo puts a submission into the outbox that takes back others, all or
// nothing. withdraw names edits that were not sent, giveUp those that were sent
// and wait for a person: both leave the outbox. Where an edit has moved on since
// this was planned, nothing is done and the error is model.ErrUndoMoved.
func (s *Store) Undo(ctx context.Context, sub model.Submission, entries []Entry, withdraw, giveUp []string) (ids []string, err error) {
	const op = "take back"
	given := set(giveUp)
	check := func(t *tx, e Entry) {
		if !given[e.Edit.Undoes] {
			t.mayUndo(e.Edit.Undoes)
		}
	}
	if len(entries) > atOnce || len(withdraw)+len(giveUp) > atOnce {
		ids, err = s.undoInSlices(ctx, op, sub, entries, withdraw, giveUp, check)
	} else {
		err = s.change(ctx, op, func(t *tx) {
			t.notMoving(sub.Undoes)
			for _, id := range slices.Concat(withdraw, giveUp) {
				e, ok := t.entry(id)
				if !ok || given[id] && !e.State.NeedsPerson() || !given[id] && !unsent(e) {
					t.fail(model.ErrUndoMoved)
				}
				t.giveUp(e, "withdrawn")
			}
			for _, e := range entries {
				check(t, e)
			}
			if len(entries) > 0 {
				sub.Edits = len(entries)
				t.submit(sub)
				ids = t.put(sub.ID, entries)
			}
		})
	}
	switch {
	case errors.Is(err, model.ErrUndoMoved):
		return nil, model.ErrUndoMoved
	case err != nil:
		return nil, err
	}
	return ids, nil
}

// notMoving fails with model.ErrUndoMoved where a submission enters the outbox or
// leaves it at the moment.
func (t *tx) notMoving(submission string) {
	if t.moving()[submission] {
		t.fail(model.ErrUndoMoved)
	}
}

// undoInSlices is Undo for many edits. Their inverse enters first; with its last
// slice it is decided what leaves, which nothing claims from then on.
func (s *Store) undoInSlices(ctx context.Context, op string, sub model.Submission, entries []Entry, withdraw, giveUp []string,
	check func(*tx, Entry)) (ids []string, err error) {
	s.enters.Store(sub.Undoes, true)
	defer s.enters.Delete(sub.Undoes)
	decide := func(t *tx) {
		t.notMoving(sub.Undoes)
		t.startLeaving(sub.Undoes, withdraw, giveUp)
	}
	if len(entries) > 0 {
		ids, err = s.enqueue(ctx, op, sub, entries, check, decide)
	} else {
		err = s.change(ctx, op, decide)
	}
	if err != nil {
		return nil, err
	}
	return ids, s.finishLeaving(context.WithoutCancel(ctx), op, sub.Undoes)
}

// mayUndo fails with model.ErrUndoMoved unless an edit was delivered, is being
// sent, or may have been sent: then its inverse has something to take back, or
// waits for it.
func (t *tx) mayUndo(id string) {
	e, waits := t.entry(id)
	may := e.State == model.Sending || e.Sent && e.State.Waiting()
	if !waits {
		may = t.exists("SELECT 1 FROM journal WHERE id = ? AND state = ? AND undone = ''", id, model.Done)
	}
	if !may {
		t.fail(model.ErrUndoMoved)
	}
}

func (t *tx) undoing(e model.OutboxEntry) []model.OutboxEntry {
	return slices.DeleteFunc(t.later(e), func(l model.OutboxEntry) bool { return l.Undoes != e.ID })
}

// An edit and what takes it back are of one conversation.
const undoingOf = `WITH wanted AS MATERIALIZED (SELECT value AS id FROM json_each(?)),
  conversations AS MATERIALIZED (SELECT account, conv FROM outbox WHERE id IN wanted
    UNION SELECT account, conv FROM journal WHERE id IN wanted)
SELECT o.edit ->> '$.undoes' FROM conversations c CROSS JOIN outbox o ON o.account = c.account AND o.conv = c.conv
  WHERE o.edit ->> '$.undoes' IN wanted`

// Undoing returns those of some edits that edits of the outbox are to take back.
func (s *Store) Undoing(ctx context.Context, ids []string) (map[string]bool, error) {
	found, err := all(ctx, s, "read the outbox", column[string], undoingOf, asList(ids))
	return set(found), err
}

// dropUndoing takes the edits that were to take back the given one out of the
// outbox and of their submissions: it changed nothing, so there is nothing to
// take back. What was planned upon them stands on what was there before.
func (t *tx) dropUndoing(e model.OutboxEntry) {
	for _, u := range slices.Backward(t.undoing(e)) {
		t.exec("UPDATE submission SET edits = edits - 1 WHERE id = ?", u.Submission)
		t.remove(u)
	}
}

// takenBack returns up an edit that a person has taken back while it was being
// sent, and reports whether it was: it is neither sent again nor decided about.
// What changed nothing leaves the outbox together with its inverse, what may
// have changed something leaves it to its inverse.
func (t *tx) takenBack(e model.OutboxEntry) bool {
	if len(t.undoing(e)) == 0 {
		return false
	}
	if !e.Sent {
		t.dropUndoing(e)
	}
	t.giveUp(e, "withdrawn")
	return true
}
