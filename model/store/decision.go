package store

import (
	"context"
	"errors"

	"confab/model"
)

// ErrClaimed is returned where an edit is being sent and cannot be changed.
var ErrClaimed = errors.New("the edit is being sent right now")

// refusal says why a person can't decide about an edit now, nil where he can.
// Giving up what belongs to an account that was set aside is always possible.
func refusal(id string, e model.OutboxEntry, ok, again bool) error {
	switch {
	case !ok:
		return &model.Error{Kind: model.NotFound, Message: "no edit " + id + " in the outbox"}
	case again && e.Orphaned:
		return &model.Error{Kind: model.Invalid, Message: "edit " + id +
			" belongs to an account that the config now gives another identity; set the config back, or discard the edit"}
	case e.State == model.Sending:
		return &model.Error{Kind: model.Invalid, Message: ErrClaimed.Error(), Err: ErrClaimed}
	}
	return nil
}

// decide does something with edits of the outbox, unless one of them refuses.
// Many are done in slices.
func (s *Store) decide(ctx context.Context, op string, ids []string, again bool, f func(*tx, model.OutboxEntry) error) error {
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
	return localError(op, s.slices(ctx, len(ids), func(t *tx, i int) error {
		e, ok, err := t.entry(ids[i])
		if err == nil {
			err = refusal(ids[i], e, ok, again)
		}
		if err != nil {
			return err
		}
		return f(t, e)
	}))
}

// restart queues an edit as if it had been submitted now.
func (t *tx) restart(e model.OutboxEntry, m move) error {
	if _, ok := t.move(e, m, ""); !ok && t.err == nil {
		return &model.Error{Kind: model.Invalid, Message: "edit " + e.ID + " does not wait for a decision"}
	}
	t.exec("UPDATE outbox SET created = ? WHERE id = ?", ms(t.s.now()), e.ID)
	return t.reproject(e.Ref)
}

// Requeue sends waiting edits again now: failed, held and retrying ones. An
// edit of an account that was set aside is refused.
func (s *Store) Requeue(ctx context.Context, ids []string) error {
	return s.decide(ctx, "retry", ids, true, func(t *tx, e model.OutboxEntry) error { return t.restart(e, sendAgain) })
}

// Rebase replaces an edit that waits for a person by one made from another
// base with another target, and queues it.
func (s *Store) Rebase(ctx context.Context, id string, base, target model.Value) error {
	return s.decide(ctx, "resolve", []string{id}, true, func(t *tx, e model.OutboxEntry) error {
		e.Base, e.Target = base, target
		return t.restart(e, sendAnew)
	})
}

// Discard removes edits from the outbox. One that is being sent is refused.
func (s *Store) Discard(ctx context.Context, ids []string) error {
	return s.decide(ctx, "discard", ids, false, func(t *tx, e model.OutboxEntry) error {
		if !e.Sent { // else it may stand on the service, and is still to be taken back
			if err := t.dropUndoing(e); err != nil {
				return err
			}
		}
		return t.giveUp(e, "discarded")
	})
}

// Withdraw removes those of the given edits that were never sent, and returns
// their ids; one that a worker took in the meantime stays. What was to wait for
// a removed one is held.
func (s *Store) Withdraw(ctx context.Context, ids []string) (withdrawn []string, err error) {
	err = s.slices(ctx, len(ids), func(t *tx, i int) error {
		ok, err := t.withdraw(ids[i])
		if ok {
			withdrawn = append(withdrawn, ids[i])
		}
		return err
	})
	return withdrawn, localError("withdraw", err)
}

// withdraw removes an edit that was never sent; ok is false where it may have been.
func (t *tx) withdraw(id string) (ok bool, err error) {
	e, ok, err := t.entry(id)
	if err != nil || !ok || e.Sent || e.State == model.Sending {
		return false, err
	}
	return true, t.giveUp(e, "withdrawn")
}

// Shows keeps with an edit that waits for a person what the service shows now.
func (s *Store) Shows(ctx context.Context, id string, theirs model.Value) error {
	return s.change(ctx, "keep what the service shows", func(t *tx) error {
		e, ok, err := t.entry(id)
		if err != nil || !ok || !e.State.NeedsPerson() {
			return err
		}
		e.Theirs = &theirs
		return t.saveEntry(e)
	})
}
