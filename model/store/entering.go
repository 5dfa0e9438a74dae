package store

import (
	"context"
	"errors"

	"confab/model"
)

// atOnce is how many edits enter the outbox, or leave it, in one transaction.
// More go in slices, so that nobody waits for them all. Meanwhile their
// submission is noted in the table entering, and nothing of it is sent. What
// enters is whole once the last slice takes the note away: where it ends
// halfway, all of it leaves again. What leaves is decided with the note: where
// that ends halfway, the rest leaves later.
const atOnce = 100

// enqueue queues the edits of a submission, many in slices. check looks at each of
// them, and last does what belongs to the last slice.
func (s *Store) enqueue(ctx context.Context, op string, sub model.Submission, entries []Entry, check func(*tx, Entry), last func(*tx)) (
	ids []string, err error) {
	s.enters.Store(sub.ID, true)
	defer s.enters.Delete(sub.ID)
	sub.Edits = len(entries)
	sliced := len(entries) > atOnce
	err = s.repeat(ctx, op, func(t *tx) (done bool) {
		if len(ids) == 0 {
			if sliced {
				t.startEntering(sub.ID)
			}
			t.submit(sub)
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
			t.endEntering(sub.ID)
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

func (t *tx) startEntering(submission string) {
	if t.exists("SELECT 1 FROM submission WHERE id = ?", submission) {
		t.fail(&model.Error{Kind: model.Invalid, Message: "this was submitted already"})
	}
	t.exec("INSERT INTO entering (submission, claim, leaves) VALUES (?, ?, 0)", submission, t.s.owner.name)
}

func (t *tx) endEntering(submission string) {
	t.exec("DELETE FROM entering WHERE submission = ?", submission)
}

// removeEntered takes out of the outbox what entered of a submission that will not be whole.
// Nothing of it was sent.
func (s *Store) removeEntered(ctx context.Context, op, submission string) error {
	return s.takeOut(ctx, op, submission, (*tx).remove, func(t *tx) {
		t.exec("DELETE FROM submission WHERE id = ?", submission)
	})
}

// takeOut passes the edits of a noted submission to out, slice by slice, in order,
// and takes the note away with last.
func (s *Store) takeOut(ctx context.Context, op, submission string, out func(*tx, model.OutboxEntry), last func(*tx)) error {
	// Nothing comes to a submission that is noted, other than from who leaves it.
	ids, err := all(ctx, s, op, column[string], "SELECT id FROM outbox WHERE submission = ? ORDER BY id", submission)
	if err != nil {
		return err
	}
	i := 0
	return s.repeat(ctx, op, func(t *tx) (done bool) {
		if !t.moving()[submission] {
			return true
		}
		i = t.slice(i, len(ids), func(t *tx, i int) {
			if e, ok := t.entry(ids[i]); ok {
				out(t, e)
			}
		})
		if i < len(ids) {
			return false
		}
		t.endEntering(submission)
		last(t)
		return true
	})
}

// countOf counts those of some edits of a submission that meet a condition. The
// join is crossed so that each is looked up by its key.
const countOf = "SELECT count(*) FROM json_each(?) j CROSS JOIN outbox o ON o.id = j.value WHERE +o.submission = ? AND "

// startLeaving notes that a submission leaves the outbox, where the edits that are to
// be withdrawn were not sent, and those to be given up wait for a person;
// else the error is model.ErrUndoMoved.
func (t *tx) startLeaving(submission string, withdraw, giveUp []string) {
	if len(withdraw)+len(giveUp) == 0 {
		return
	}
	unsent, _ := column[int](t.row(countOf+"o.sent = 0 AND o.state <> 'sending'", asList(withdraw), submission))
	stopped, _ := column[int](t.row(countOf+"o.state NOT IN ('queued', 'sending', 'retry')", asList(giveUp), submission))
	if unsent != len(withdraw) || stopped != len(giveUp) {
		t.fail(model.ErrUndoMoved)
	}
	t.exec("INSERT INTO entering (submission, claim, leaves) VALUES (?, ?, 1)", submission, t.s.owner.name)
}

// finishLeaving takes out of the outbox what is to leave it of a submission that is taken
// back: what was not sent, and what waits for a person and has an inverse.
func (s *Store) finishLeaving(ctx context.Context, op, submission string) error {
	return s.takeOut(ctx, op, submission, func(t *tx, e model.OutboxEntry) {
		if unsent(e) || e.State.NeedsPerson() && len(t.undoing(e)) > 0 {
			t.giveUp(e, "withdrawn")
		}
	}, func(*tx) {})
}

// Moving returns the submissions that enter the outbox or leave it at the moment,
// slice by slice: nothing of them is claimed until that is over.
func (s *Store) Moving(ctx context.Context) (map[string]bool, error) {
	return read(ctx, s, "read the outbox", (*tx).moving)
}

// moving returns the submissions of which only a part is in the outbox.
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

// endAbandoned ends what another process has left halfway, or this one could not end.
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
