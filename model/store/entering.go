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

// enqueueInSlices enqueues many edits. check, if not nil, looks at each of them,
// and decide does what belongs to the last slice.
func (s *Store) enqueueInSlices(ctx context.Context, sub model.Submission, entries []Entry, check func(*tx, Entry) error,
	decide func(*tx) error) ([]string, error) {
	s.enters.Store(sub.ID, true)
	defer s.enters.Delete(sub.ID)
	ids := make([]string, 0, len(entries))
	sub.Edits = len(entries)
	for len(ids) < len(entries) {
		some := entries[len(ids):min(len(ids)+atOnce, len(entries))]
		err := s.tx(ctx, func(t *tx) error {
			if len(ids) == 0 {
				if err := t.begin(sub); err != nil {
					return err
				}
			}
			for _, e := range some {
				if err := check(t, e); err != nil {
					return err
				}
			}
			put, err := t.put(sub.ID, some)
			if err == nil && len(ids)+len(put) == len(entries) {
				t.exec("DELETE FROM entering WHERE submission = ?", sub.ID)
				err = decide(t)
			}
			ids = append(ids, put...)
			return err
		})
		if err == nil && len(ids) < len(entries) {
			err = pause(ctx, slicePause)
		}
		if err != nil {
			return nil, errors.Join(err, s.leave(context.WithoutCancel(ctx), sub.ID))
		}
	}
	return ids, nil
}

// begin notes that a submission is entering.
func (t *tx) begin(sub model.Submission) error {
	var known bool
	if err := t.QueryRowContext(t.ctx, "SELECT EXISTS (SELECT 1 FROM submission WHERE id = ?)", sub.ID).Scan(&known); err != nil {
		return err
	}
	if known {
		return &model.Error{Kind: model.Invalid, Message: "this was submitted already"}
	}
	t.exec("INSERT INTO entering (submission, claim, leaves) VALUES (?, ?, 0)", sub.ID, t.s.owner.name)
	return t.submit(sub)
}

// leave takes out of the outbox what entered of a submission that will not be
// whole. Nothing of it was sent.
func (s *Store) leave(ctx context.Context, submission string) error {
	return s.takeOut(ctx, submission, (*tx).remove, func(t *tx) error {
		return t.exec("DELETE FROM submission WHERE id = ?", submission)
	})
}

// takeOut gives the edits of a noted submission to out, slice by slice, in order,
// and takes the note away after end.
func (s *Store) takeOut(ctx context.Context, submission string, out func(*tx, model.OutboxEntry) error, end func(*tx) error) error {
	// Nothing comes to a submission that is noted, other than from who leaves it.
	ids, err := list(ctx, s.read, scanID, "SELECT id FROM outbox WHERE submission = ? ORDER BY id", submission)
	if err != nil {
		return err
	}
	for i, done := 0, false; !done; {
		err := s.tx(ctx, func(t *tx) error {
			var noted bool
			err := t.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM entering WHERE submission = ?)", submission).Scan(&noted)
			if err != nil || !noted {
				done = true
				return err
			}
			i, err = t.slice(i, len(ids), func(t *tx, i int) error {
				e, ok, err := t.entry(ids[i])
				if err != nil || !ok {
					return err
				}
				return out(t, e)
			})
			if done = i == len(ids); err != nil || !done {
				return err
			}
			t.exec("DELETE FROM entering WHERE submission = ?", submission)
			return end(t)
		})
		if err == nil && !done {
			err = pause(ctx, slicePause)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// among counts those of some edits of a submission that meet a condition. The
// join is crossed so that each is looked up by its key.
const among = "count(*) FROM json_each(?) j CROSS JOIN outbox o ON o.id = j.value WHERE +o.submission = ? AND "

// freeze notes that a submission leaves the outbox, where the edits that are to
// be withdrawn were not sent, and those to be given up wait for a person;
// else the error is model.ErrUndoMoved.
func (t *tx) freeze(submission string, withdraw, giveUp []string) error {
	if len(withdraw)+len(giveUp) == 0 {
		return t.err
	}
	for _, part := range []struct {
		ids []string
		is  string
	}{{withdraw, "o.sent = 0 AND o.state <> 'sending'"}, {giveUp, "o.state NOT IN ('queued', 'sending', 'retry')"}} {
		var n int
		if err := t.QueryRowContext(t.ctx, "SELECT "+among+part.is, asList(part.ids), submission).Scan(&n); err != nil {
			return err
		}
		if n != len(part.ids) {
			return model.ErrUndoMoved
		}
	}
	return t.exec("INSERT INTO entering (submission, claim, leaves) VALUES (?, ?, 1)", submission, t.s.owner.name)
}

// thaw takes out of the outbox what is to leave it of a submission that is taken
// back: what was not sent, and what waits for a person and has an inverse.
func (s *Store) thaw(ctx context.Context, submission string) error {
	return s.takeOut(ctx, submission, func(t *tx, e model.OutboxEntry) error {
		if !e.Sent && e.State != model.Sending {
			return t.giveUp(e, "withdrawn")
		}
		if !e.State.NeedsPerson() {
			return nil
		}
		if inverse, err := t.undoing(e); err != nil || len(inverse) == 0 {
			return err
		}
		return t.giveUp(e, "withdrawn")
	}, func(*tx) error { return nil })
}

// Moving returns the submissions that enter the outbox or leave it at the moment,
// slice by slice: nothing of them is claimed until that is over.
func (s *Store) Moving(ctx context.Context) (out map[string]bool, err error) {
	err = s.reading(ctx, "read the outbox", func(t *tx) error {
		out, err = t.entering()
		return err
	})
	return out, err
}

// entering returns the submissions of which not all is in the outbox yet.
func (t *tx) entering() (map[string]bool, error) {
	ids, err := list(t.ctx, t, scanID, "SELECT submission FROM entering")
	out := map[string]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}

// leaveAbandoned ends what a process that ended, or failed, has left halfway.
func (s *Store) leaveAbandoned(ctx context.Context) error {
	ends := map[string]func(context.Context, string) error{}
	err := each(ctx, s.read, func(row scanner) error {
		var id, claim string
		var leaves bool
		if err := row.Scan(&id, &claim, &leaves); err != nil {
			return err
		}
		if _, mine := s.enters.Load(id); mine || claim != s.owner.name && s.owner.alive(claim) {
			return nil
		}
		if ends[id] = s.leave; leaves {
			ends[id] = s.thaw
		}
		return nil
	}, "SELECT submission, claim, leaves FROM entering")
	if err != nil {
		return err
	}
	for id, end := range ends {
		if err := end(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
