package inbox

import (
	"context"

	"confab/model"
)

// Retry queues edits that failed, are held or wait for their next try, to be
// sent now.
func (b *Inbox) Retry(ctx context.Context, ids ...string) error {
	if err := b.store.Requeue(ctx, ids); err != nil {
		return err
	}
	b.moved(ctx)
	return nil
}

// Discard removes edits that are not being sent.
func (b *Inbox) Discard(ctx context.Context, ids ...string) error {
	if err := b.store.Discard(ctx, ids); err != nil {
		return err
	}
	b.moved(ctx)
	return nil
}

// Withdraw takes those of the given edits that were not sent out of the outbox,
// and returns how many they were.
func (b *Inbox) Withdraw(ctx context.Context, ids ...string) (int, error) {
	withdrawn, err := b.store.Withdraw(ctx, ids)
	if err != nil {
		return 0, err
	}
	b.moved(ctx)
	return len(withdrawn), nil
}

// Resolve settles an edit that waits for a person: mine sends the edit over
// what the service shows now, theirs gives it up, merged (sets only) sends
// theirs with my changes applied.
func (b *Inbox) Resolve(ctx context.Context, id string, r model.Resolution) error {
	e, ok, err := b.store.OutboxEntry(ctx, id)
	if err != nil {
		return err
	}
	if !ok {
		return &model.Error{Kind: model.NotFound, Message: "no edit " + id + " in the outbox"}
	}
	if r == model.ResolveTheirs {
		return b.Discard(ctx, id)
	}
	if e.Theirs == nil {
		return b.Retry(ctx, id)
	}
	target := e.Target
	if r == model.ResolveMerged {
		merged := model.Merged(e.Edit, *e.Theirs)
		if merged == nil {
			return &model.Error{Kind: model.Invalid, Message: "only sets of people can be merged"}
		}
		target = *merged
	}
	if err := b.store.Rebase(ctx, id, *e.Theirs, target); err != nil {
		return err
	}
	b.moved(ctx)
	return nil
}

// Recheck reads afresh what an edit that waits for a person wants to change, and
// keeps what the service shows now beside it: that is what the person decides on.
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

// moved announces that the outbox changed and wakes delivery.
func (b *Inbox) moved(ctx context.Context) {
	for _, a := range b.accounts {
		a.open()
		a.nudgeDelivery()
	}
	b.announce(ctx)
}

// Undelivered counts the edits that are still on their way.
func (b *Inbox) Undelivered() int {
	n := 0
	for _, a := range b.accounts {
		n += a.snapshot().Waiting
	}
	return n
}
