package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"confab/model"
)

// Undo puts a submission into the outbox that takes back others, all or
// nothing. withdraw names edits that were not sent, giveUp those that were sent
// and wait for a person: both leave the outbox. Where an edit has moved on since
// this was planned, nothing is done and the error is model.ErrUndoMoved.
func (s *Store) Undo(ctx context.Context, sub model.Submission, entries []Entry, withdraw, giveUp []string) (ids []string, err error) {
	given := map[string]bool{}
	for _, id := range giveUp {
		given[id] = true
	}
	check := func(t *tx, e Entry) error {
		if given[e.Edit.Undoes] {
			return nil
		}
		return t.mayUndo(e.Edit.Undoes)
	}
	if len(entries) > atOnce || len(withdraw)+len(giveUp) > atOnce {
		ids, err = s.undoInSlices(ctx, sub, entries, withdraw, giveUp, check)
	} else {
		err = s.change(ctx, "take back", func(t *tx) error {
			ids, err = t.undo(sub, entries, withdraw, giveUp, check)
			return err
		})
	}
	if errors.Is(err, model.ErrUndoMoved) {
		return nil, model.ErrUndoMoved
	}
	return ids, localError("take back", err)
}

func (t *tx) undo(sub model.Submission, entries []Entry, withdraw, giveUp []string, check func(*tx, Entry) error) ([]string, error) {
	if err := t.still(sub.Undoes); err != nil {
		return nil, err
	}
	for _, id := range withdraw {
		if ok, err := t.withdraw(id); err != nil {
			return nil, err
		} else if !ok {
			return nil, model.ErrUndoMoved
		}
	}
	for _, id := range giveUp {
		e, ok, err := t.entry(id)
		switch {
		case err != nil:
			return nil, err
		case !ok || !e.State.NeedsPerson():
			return nil, model.ErrUndoMoved
		}
		if err := t.giveUp(e, "withdrawn"); err != nil {
			return nil, err
		}
	}
	for _, e := range entries {
		if err := check(t, e); err != nil {
			return nil, err
		}
	}
	if len(entries) == 0 {
		return nil, nil
	}
	return t.enqueue(sub, entries)
}

// still reports model.ErrUndoMoved where a submission enters the outbox or leaves
// it at the moment.
func (t *tx) still(submission string) error {
	entering, err := t.entering()
	if err == nil && entering[submission] {
		err = model.ErrUndoMoved
	}
	return err
}

// undoInSlices is undo for many edits. Their inverse enters first; with its last
// slice it is decided what leaves, which nothing claims from then on.
func (s *Store) undoInSlices(ctx context.Context, sub model.Submission, entries []Entry, withdraw, giveUp []string,
	check func(*tx, Entry) error) (ids []string, err error) {
	s.enters.Store(sub.Undoes, true)
	defer s.enters.Delete(sub.Undoes)
	decide := func(t *tx) error {
		if err := t.still(sub.Undoes); err != nil {
			return err
		}
		return t.freeze(sub.Undoes, withdraw, giveUp)
	}
	if len(entries) > 0 {
		ids, err = s.enqueueInSlices(ctx, sub, entries, check, decide)
	} else {
		err = s.tx(ctx, decide)
	}
	if err != nil {
		return nil, err
	}
	return ids, s.thaw(context.WithoutCancel(ctx), sub.Undoes)
}

// mayUndo reports ErrUndoMoved unless an edit was delivered, is being sent, or
// may have been sent: then its inverse has something to take back, or waits for
// it.
func (t *tx) mayUndo(id string) error {
	e, ok, err := t.entry(id)
	if err != nil {
		return err
	}
	if ok {
		if e.State == model.Sending || e.State == model.RetryAt && e.Sent || e.State == model.Queued && e.Sent {
			return nil
		}
		return model.ErrUndoMoved
	}
	var state model.EditState
	var undone string
	err = t.QueryRowContext(t.ctx, "SELECT state, undone FROM journal WHERE id = ?", id).Scan(&state, &undone)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return model.ErrUndoMoved
	case err != nil:
		return err
	case state != model.Done || undone != "":
		return model.ErrUndoMoved
	}
	return nil
}

// undoing returns the edits of the outbox that take back the given one.
func (t *tx) undoing(e model.OutboxEntry) ([]model.OutboxEntry, error) {
	later, err := t.later(e)
	return slices.DeleteFunc(later, func(l model.OutboxEntry) bool { return l.Undoes != e.ID }), err
}

// An edit and what takes it back are of one conversation.
const undoingOf = `WITH wanted AS MATERIALIZED (SELECT value AS id FROM json_each(?)),
  conversations AS MATERIALIZED (SELECT account, conv FROM outbox WHERE id IN wanted
    UNION SELECT account, conv FROM journal WHERE id IN wanted)
SELECT o.edit ->> '$.undoes' FROM conversations c CROSS JOIN outbox o ON o.account = c.account AND o.conv = c.conv
  WHERE o.edit ->> '$.undoes' IN wanted`

// Undoing gives those of some edits that edits of the outbox are to take back.
func (s *Store) Undoing(ctx context.Context, ids []string) (map[string]bool, error) {
	found, err := list(ctx, s.read, scanID, undoingOf, asList(ids))
	out := make(map[string]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, localError("read the outbox", err)
}

// dropUndoing takes the edits that were to take back the given one out of the
// outbox and of their submissions: it changed nothing, so there is nothing to
// take back. What was planned upon them stands on what was there before.
func (t *tx) dropUndoing(e model.OutboxEntry) error {
	undoing, err := t.undoing(e)
	if err != nil {
		return err
	}
	for _, u := range slices.Backward(undoing) {
		t.exec("UPDATE submission SET edits = edits - 1 WHERE id = ?", u.Submission)
		if err := t.remove(u); err != nil {
			return err
		}
	}
	return t.err
}

// takenBack gives up an edit that a person has taken back while it was being
// sent, and reports whether it was: it is neither sent again nor decided about.
// What changed nothing leaves the outbox together with its inverse, what may
// have changed something leaves it to its inverse.
func (t *tx) takenBack(e model.OutboxEntry) (bool, error) {
	undoing, err := t.undoing(e)
	if err != nil || len(undoing) == 0 {
		return false, err
	}
	if !e.Sent {
		if err := t.dropUndoing(e); err != nil {
			return false, err
		}
	}
	return true, t.giveUp(e, "withdrawn")
}
