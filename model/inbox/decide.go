package inbox

import (
	"context"
	"time"

	"confab/model"
)

// Retry queues edits that failed, are held or wait for their next try, to be sent now.
func (b *Inbox) Retry(ctx context.Context, ids ...string) error {
	return b.moved(ctx, b.store.Requeue(ctx, ids))
}

// Discard removes edits that are not being sent.
func (b *Inbox) Discard(ctx context.Context, ids ...string) error {
	return b.moved(ctx, b.store.Discard(ctx, ids))
}

// Withdraw removes those edits from the outbox that were not sent, and returns how many.
func (b *Inbox) Withdraw(ctx context.Context, ids ...string) (int, error) {
	withdrawn, err := b.store.Withdraw(ctx, ids)
	return len(withdrawn), b.moved(ctx, err)
}

// Resolve decides an edit that waits for a person: mine sends it over what the service shows, theirs gives it up,
// merged (sets only) sends theirs with my changes applied.
func (b *Inbox) Resolve(ctx context.Context, id string, r model.Resolution) error {
	e, ok, err := b.store.OutboxEntry(ctx, id)
	switch {
	case err != nil:
		return err
	case !ok:
		return &model.Error{Kind: model.NotFound, Message: "no edit " + id + " in the outbox"}
	case r == model.ResolveTheirs:
		return b.Discard(ctx, id)
	case e.Theirs == nil:
		return b.Retry(ctx, id)
	}
	target := &e.Target
	if r == model.ResolveMerged {
		if target = model.Merged(e.Edit, *e.Theirs); target == nil {
			return &model.Error{Kind: model.Invalid, Message: "only sets of people can be merged"}
		}
	}
	return b.moved(ctx, b.store.Rebase(ctx, id, *e.Theirs, *target))
}

// Recheck reads afresh what an edit that waits for a person wants to change, and keeps that with the edit.
func (b *Inbox) Recheck(ctx context.Context, id string) (model.OutboxEntry, error) {
	e, ok, err := b.store.OutboxEntry(ctx, id)
	if err != nil || !ok || !e.State.NeedsPerson() || e.Ref.ID == "" {
		return e, err
	}
	a, err := b.account(e.Ref.Account)
	if err != nil {
		return e, err
	}
	read, err := b.Load(ctx, e.Ref, a.provider.Needs(e.Kind))
	if err != nil {
		return e, err
	}
	if theirs, known := e.Read(read.Conversation); known && (e.Theirs == nil || !e.Theirs.Equal(theirs)) {
		e.Theirs = &theirs
		err = b.store.Shows(ctx, id, theirs)
	}
	return e, err
}

// moved announces that a person changed the outbox and wakes delivery, unless that failed.
func (b *Inbox) moved(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	for _, a := range b.accounts {
		a.pause(time.Time{})
		nudge(a.wakeDeliver)
	}
	b.announce(ctx)
	return nil
}
