package store

import (
	"context"
	"errors"

	"confab/model"
)

// atOnce is how many edits enter the outbox, or leave it, in one transaction.
// More enter in slices, so that nobody waits for them all: meanwhile their
// submission is noted as entering, nothing of it is sent, and where that ends
// halfway, all of it leaves again. The last slice takes the note away: from then
// on the act is whole.
const atOnce = 200

func (s *Store) enqueueInSlices(ctx context.Context, sub model.Submission, entries []Entry) ([]string, error) {
	s.enters.Store(sub.ID, true)
	defer s.enters.Delete(sub.ID)
	ids := make([]string, 0, len(entries))
	sub.Edits = len(entries)
	for len(ids) < len(entries) {
		err := s.tx(ctx, func(t *tx) error {
			if len(ids) == 0 {
				if err := t.begin(sub); err != nil {
					return err
				}
			}
			rest := entries[len(ids):]
			put, err := t.put(sub.ID, rest[:min(atOnce, len(rest))])
			if err != nil {
				return err
			}
			if len(put) == len(rest) {
				t.exec("DELETE FROM entering WHERE submission = ?", sub.ID)
			}
			ids = append(ids, put...)
			return nil
		})
		if err == nil && len(ids) < len(entries) {
			err = pause(ctx)
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
	t.exec("INSERT INTO entering (submission, claim) VALUES (?, ?)", sub.ID, t.s.owner.name)
	return t.submit(sub)
}

// leave takes out of the outbox what entered of a submission that will not be
// whole. Nothing of it was sent.
func (s *Store) leave(ctx context.Context, submission string) error {
	for done := false; !done; {
		err := s.tx(ctx, func(t *tx) error {
			var noted bool
			if err := t.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM entering WHERE submission = ?)", submission).Scan(&noted); err != nil || !noted {
				done = true
				return err
			}
			rows, err := t.QueryContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE submission = ? LIMIT ?", submission, atOnce)
			if err != nil {
				return err
			}
			some, err := scanEntries(rows)
			if err != nil {
				return err
			}
			for _, e := range some {
				if err := t.remove(e); err != nil {
					return err
				}
			}
			if done = len(some) == 0; done {
				t.exec("DELETE FROM submission WHERE id = ?", submission)
				t.exec("DELETE FROM entering WHERE submission = ?", submission)
			}
			return nil
		})
		if err == nil && !done {
			err = pause(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entering returns the submissions of which not all is in the outbox yet.
func (t *tx) entering() (map[string]bool, error) {
	rows, err := t.QueryContext(t.ctx, "SELECT submission FROM entering")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out[id] = true
	}
	return out, rows.Err()
}

// leaveAbandoned takes out what entered of submissions whose process ended, or
// failed, before they were whole.
func (s *Store) leaveAbandoned(ctx context.Context) error {
	rows, err := s.read.QueryContext(ctx, "SELECT submission, claim FROM entering")
	if err != nil {
		return err
	}
	defer rows.Close()
	var abandoned []string
	for rows.Next() {
		var id, claim string
		if err := rows.Scan(&id, &claim); err != nil {
			return err
		}
		if _, mine := s.enters.Load(id); !mine && (claim == s.owner.name || !s.owner.alive(claim)) {
			abandoned = append(abandoned, id)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for _, id := range abandoned {
		if err := s.leave(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
