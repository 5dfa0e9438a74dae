package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"confab/model"
)

// ErrClaimed is returned where an edit is being sent and cannot be changed.
var ErrClaimed = errors.New("the edit is being sent right now")

func errOrphaned(id string) error {
	return &model.Error{Kind: model.Invalid, Message: "edit " + id + " belongs to an account that the config now gives another identity; set the config back, or discard the edit"}
}

// refusal says why a person can't decide about an edit now, nil where he can.
// Giving up what belongs to an account that was set aside is always possible.
func refusal(id string, e model.OutboxEntry, ok, again bool) error {
	switch {
	case !ok:
		return &model.Error{Kind: model.NotFound, Message: "no edit " + id + " in the outbox"}
	case again && e.Orphaned:
		return errOrphaned(id)
	case e.State == model.Sending:
		return &model.Error{Kind: model.Invalid, Message: ErrClaimed.Error(), Err: ErrClaimed}
	}
	return nil
}

// decide does something with edits of the outbox, unless one of them refuses.
// Many are done in slices.
func (s *Store) decide(ctx context.Context, ids []string, again bool, f func(*tx, model.OutboxEntry) error) error {
	found, err := s.OutboxEntries(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		e, ok := found[id]
		if err := refusal(id, e, ok, again); err != nil {
			return err
		}
	}
	return s.slices(ctx, len(ids), func(t *tx, i int) error {
		e, ok, err := t.entry(ids[i])
		if err == nil {
			err = refusal(ids[i], e, ok, again)
		}
		if err != nil {
			return err
		}
		return f(t, e)
	})
}

// Requeue sends waiting edits again now: failed, held and retrying ones. An
// edit of an account that was set aside is refused.
func (s *Store) Requeue(ctx context.Context, ids []string) error {
	return localError("retry", s.decide(ctx, ids, true, func(t *tx, e model.OutboxEntry) error {
		t.exec(`UPDATE outbox SET state = 'queued', next_try = 0, error = NULL, theirs = NULL,
  sent = CASE WHEN state IN ('unknown', 'retry', 'queued', 'held', 'refused') THEN sent ELSE 0 END, created = ? WHERE id = ?`, ms(s.now()), e.ID)
		return t.reproject(e.Ref)
	}))
}

// Discard removes edits from the outbox. One that is being sent is refused.
func (s *Store) Discard(ctx context.Context, ids []string) error {
	return localError("discard", s.decide(ctx, ids, false, func(t *tx, e model.OutboxEntry) error {
		if !e.Sent { // else it may stand on the service, and is still to be taken back
			if err := t.dropUndoing(e); err != nil {
				return err
			}
		}
		if err := t.remove(e); err != nil {
			return err
		}
		if err := t.holdCompanions(e); err != nil {
			return err
		}
		return t.ended(e.Submission, "discarded")
	}))
}

// holdCompanions holds the edits that were waiting for one that was given up:
// they widen what it was to narrow, so a person decides about them anew.
func (t *tx) holdCompanions(e model.OutboxEntry) error {
	cause, err := json.Marshal(model.EntryError{Kind: model.ConflictKind,
		Message: "it was submitted together with a change that was given up: " + model.FieldName(e.Kind)})
	if err != nil {
		return err
	}
	return t.exec(`UPDATE outbox SET state = 'held', next_try = 0, error = ? WHERE account = ? AND conv = ? AND submission = ? AND widens = 1
  AND id > ? AND state IN ('queued', 'retry')`, cause, e.Ref.Account, e.Ref.ID, e.Submission, e.ID)
}

// remove takes an edit out of the outbox that will not be sent any more. What
// may have been sent stays a base.
func (t *tx) remove(e model.OutboxEntry) error {
	t.exec("DELETE FROM outbox WHERE id = ?", e.ID)
	if t.err == nil && !e.Sent && e.Kind != model.EditCreate {
		if err := t.rebase(e); err != nil {
			return err
		}
	}
	return errors.Join(t.err, t.reproject(e.Ref))
}

// Withdraw removes those of the given edits that were never sent, and returns
// their ids; one that a worker took in the meantime stays. What was to wait for
// a removed one is held.
func (s *Store) Withdraw(ctx context.Context, ids []string) (withdrawn []string, err error) {
	err = s.slices(ctx, len(ids), func(t *tx, i int) error {
		some, err := t.withdraw(ids[i : i+1])
		withdrawn = append(withdrawn, some...)
		return err
	})
	return withdrawn, localError("withdraw", err)
}

func (t *tx) withdraw(ids []string) (withdrawn []string, err error) {
	for _, id := range ids {
		e, err := scanEntry(t.QueryRowContext(t.ctx, "SELECT "+entryColumns+" FROM outbox WHERE id = ? AND sent = 0 AND state <> 'sending'", id))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		withdrawn = append(withdrawn, id)
		if err := t.remove(e); err != nil {
			return nil, err
		}
		t.holdCompanions(e)
		if err := t.ended(e.Submission, "withdrawn"); err != nil {
			return nil, err
		}
	}
	return withdrawn, nil
}

// Shows keeps with an edit that waits for a person what the service shows now.
func (s *Store) Shows(ctx context.Context, id string, theirs model.Value) error {
	raw, err := json.Marshal(theirs)
	if err != nil {
		return localError("keep what the service shows", err)
	}
	return localError("keep what the service shows", s.tx(ctx, func(t *tx) error {
		return t.exec("UPDATE outbox SET theirs = ? WHERE id = ? AND state NOT IN ('queued', 'sending', 'retry')", raw, id)
	}))
}

// Rebase replaces an edit that waits for a person by one made from another
// base with another target, and queues it.
func (s *Store) Rebase(ctx context.Context, id string, base, target model.Value) error {
	return localError("resolve", s.tx(ctx, func(t *tx) error {
		e, err := scanEntry(t.QueryRowContext(ctx, "SELECT "+entryColumns+" FROM outbox WHERE id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return &model.Error{Kind: model.NotFound, Message: "no edit " + id + " in the outbox"}
		}
		if err != nil {
			return err
		}
		if e.Orphaned {
			return errOrphaned(id)
		}
		if !e.State.NeedsPerson() {
			return &model.Error{Kind: model.Invalid, Message: "edit " + id + " does not wait for a decision"}
		}
		e.Base, e.Target = base, target
		if err := t.rewrite(e.Edit); err != nil {
			return err
		}
		t.exec("UPDATE outbox SET state = 'queued', sent = 0, next_try = 0, error = NULL, theirs = NULL, created = ? WHERE id = ?", ms(s.now()), id)
		return t.reproject(e.Ref)
	}))
}
