package store

import (
	"context"
	"errors"
	"slices"

	"confab/model"
)

// atOnce is how many edits enter or leave the outbox in one transaction. More move in
// slices, while a row of the table entering keeps their submission from being sent. A
// submission that enters is complete once the last slice deletes that row; if it is
// interrupted, all its edits leave again. A submission that leaves has left by decision
// once the row is there; if it is interrupted, the rest leaves later.
const atOnce = 100

// Enqueue puts the edits of a submission into the outbox, all or none. They are on disk
// when it returns. It returns their ids in order (see put). Of each entry only the edit and
// the title count.
func (s *Store) Enqueue(ctx context.Context, sub model.Submission, entries []model.OutboxEntry) ([]string, error) {
	return s.enqueue(ctx, "queue edits", sub, entries, func(*tx, model.OutboxEntry) {}, func(*tx) {})
}

// enqueue queues the edits of a submission, in slices if there are many. It calls check for
// each edit and last in the transaction of the last slice.
func (s *Store) enqueue(ctx context.Context, op string, sub model.Submission, entries []model.OutboxEntry,
	check func(*tx, model.OutboxEntry), last func(*tx)) (ids []string, err error) {
	s.enters.Store(sub.ID, true)
	defer s.enters.Delete(sub.ID)
	sub.Edits = len(entries)
	sliced := len(entries) > atOnce
	err = s.repeat(ctx, op, func(t *tx) (done bool) {
		if len(ids) == 0 {
			t.submit(sub)
			if sliced {
				t.startMoving(sub.ID, false)
			}
		}
		some := entries[len(ids):min(len(ids)+atOnce, len(entries))]
		for _, e := range some {
			check(t, e)
		}
		ids = append(ids, t.put(sub.ID, some)...)
		if len(ids) < len(entries) {
			return false
		}
		if sliced {
			t.exec(endMoving, sub.ID)
		}
		last(t)
		return true
	})
	if err != nil && sliced {
		err = errors.Join(err, s.removeEntered(context.WithoutCancel(ctx), op, sub.ID))
	}
	if err != nil {
		return nil, err
	}
	return ids, nil
}

const endMoving = "DELETE FROM entering WHERE submission = ?"

func (t *tx) startMoving(submission string, leaves bool) {
	t.exec("INSERT INTO entering (submission, claim, leaves) VALUES (?, ?, ?)", submission, t.s.owner.name, leaves)
}

// removeEntered removes the edits of a submission that was interrupted while it entered.
func (s *Store) removeEntered(ctx context.Context, op, submission string) error {
	return s.takeOut(ctx, op, submission, (*tx).remove, func(t *tx) {
		t.exec("DELETE FROM submission WHERE id = ?", submission)
	})
}

// finishLeaving removes the edits of a submission that is being undone: those that were not
// sent, and those that wait for a person and have an inverse.
func (s *Store) finishLeaving(ctx context.Context, op, submission string) error {
	return s.takeOut(ctx, op, submission, func(t *tx, e model.OutboxEntry) {
		if e.Unsent() || e.State.NeedsPerson() && len(t.undoing(e)) > 0 {
			t.giveUp(e, "withdrawn")
		}
	}, func(*tx) {})
}

// takeOut calls out for the edits of a moving submission in order, slice by slice, and ends
// the move with last.
func (s *Store) takeOut(ctx context.Context, op, submission string, out func(*tx, model.OutboxEntry), last func(*tx)) error {
	ids, err := all(ctx, s, op, column[string], "SELECT id FROM outbox WHERE submission = ? ORDER BY id", submission)
	if err != nil {
		return err
	}
	return s.repeat(ctx, op, func(t *tx) (done bool) {
		if !t.moving()[submission] {
			return true
		}
		ids = slice(t, ids, func(t *tx, id string) {
			if e, ok := t.entry(id); ok {
				out(t, e)
			}
		})
		if len(ids) > 0 {
			return false
		}
		t.exec(endMoving, submission)
		last(t)
		return true
	})
}

// Moving returns the submissions that are entering or leaving the outbox.
func (s *Store) Moving(ctx context.Context) (map[string]bool, error) {
	return read(ctx, s, "read the outbox", (*tx).moving)
}

func (t *tx) moving() map[string]bool {
	return set(list(t, column[string], "SELECT submission FROM entering"))
}

func set(ids []string) map[string]bool {
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out
}

// endAbandoned finishes the moves that another process left unfinished, or that this one
// could not finish.
func (s *Store) endAbandoned(ctx context.Context, op string) error {
	abandoned, err := read(ctx, s, op, func(t *tx) map[string]bool {
		leaving := map[string]bool{}
		for r := range t.rows("SELECT submission, claim, leaves FROM entering") {
			var id, claim string
			var leaves bool
			r.scan(&id, &claim, &leaves)
			if _, mine := s.enters.Load(id); !mine && (claim == s.owner.name || !s.owner.alive(claim)) {
				leaving[id] = leaves
			}
		}
		return leaving
	})
	for id, leaves := range abandoned {
		end := s.removeEntered
		if leaves {
			end = s.finishLeaving
		}
		if err := end(ctx, op, id); err != nil {
			return err
		}
	}
	return err
}

// Undo puts a submission into the outbox that undoes others, all or nothing. withdraw names
// edits that were not sent, giveUp edits that were sent and wait for a person; both leave
// the outbox. If an edit has changed its state since, nothing is done and the error is
// model.ErrUndoMoved.
func (s *Store) Undo(ctx context.Context, sub model.Submission, entries []model.OutboxEntry, withdraw, giveUp []string) (
	ids []string, err error) {
	const op = "take back"
	given := set(giveUp)
	check := func(t *tx, e model.OutboxEntry) {
		if !given[e.Undoes] {
			t.mayUndo(e.Undoes)
		}
	}
	// The inverse enters first. The transaction of its last slice decides what leaves, and
	// nothing claims those edits from then on.
	leave := func(t *tx) {
		if t.moving()[sub.Undoes] {
			t.fail(model.ErrUndoMoved)
		}
		t.leave(sub.Undoes, withdraw, giveUp)
	}
	if len(entries) > 0 {
		ids, err = s.enqueue(ctx, op, sub, entries, check, leave)
	} else {
		err = s.change(ctx, op, leave)
	}
	if err == nil && len(withdraw)+len(giveUp) > atOnce {
		err = s.finishLeaving(context.WithoutCancel(ctx), op, sub.Undoes)
	}
	return ids, err
}

// leave removes edits of a submission from the outbox, if those to withdraw were not sent and
// those to give up wait for a person. If there are many, it only records that they leave.
func (t *tx) leave(submission string, withdraw, giveUp []string) {
	unsent, _ := column[int](t.row(countOf+"o.sent = 0 AND o.state <> 'sending'", asList(withdraw), submission))
	stopped, _ := column[int](t.row(countOf+"o.state NOT IN ('queued', 'sending', 'retry')", asList(giveUp), submission))
	if unsent != len(withdraw) || stopped != len(giveUp) {
		t.fail(model.ErrUndoMoved)
	}
	ids := slices.Concat(withdraw, giveUp)
	if len(ids) > atOnce {
		t.startMoving(submission, true)
		return
	}
	for _, id := range ids {
		e, _ := t.entry(id)
		t.giveUp(e, "withdrawn")
	}
}

// countOf counts those of some edits of a submission that meet a condition. The cross join
// looks each up by its key.
const countOf = "SELECT count(*) FROM json_each(?) j CROSS JOIN outbox o ON o.id = j.value WHERE +o.submission = ? AND "

// mayUndo fails with model.ErrUndoMoved unless the edit was delivered, is being sent, or
// may have been sent and waits: only then does an inverse have something to undo.
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

// undoingOf looks through the conversations of the edits, since an edit and its inverse are
// of the same conversation.
const undoingOf = `WITH wanted AS MATERIALIZED (SELECT value AS id FROM json_each(?)),
  conversations AS MATERIALIZED (SELECT account, conv FROM outbox WHERE id IN wanted
    UNION SELECT account, conv FROM journal WHERE id IN wanted)
SELECT o.edit ->> '$.undoes' FROM conversations c CROSS JOIN outbox o ON o.account = c.account AND o.conv = c.conv
  WHERE o.edit ->> '$.undoes' IN wanted`

// Undoing returns which of some edits are about to be undone by edits of the outbox.
func (s *Store) Undoing(ctx context.Context, ids []string) (map[string]bool, error) {
	found, err := all(ctx, s, "read the outbox", column[string], undoingOf, asList(ids))
	return set(found), err
}

// dropUndoing removes the edits that would undo e, which changed nothing.
func (t *tx) dropUndoing(e model.OutboxEntry) {
	for _, u := range slices.Backward(t.undoing(e)) {
		t.exec("UPDATE submission SET edits = edits - 1 WHERE id = ?", u.Submission)
		t.remove(u)
	}
}

// takenBack gives up an edit that a person has undone while it was being sent, and reports
// whether it did. If the edit changed nothing, its inverse leaves with it; if it may have
// changed something, the inverse stays.
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
