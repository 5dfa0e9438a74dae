package inbox

import (
	"context"
	"sync"

	"confab/model"
	"confab/model/store"
)

// Submit puts the changing edits of a plan into the outbox. When it returns
// they are on disk and shown as queued; the workers, if Start was called,
// deliver them. It gives the ids in the order of the plan.
func (b *Inbox) Submit(ctx context.Context, p model.Plan) ([]string, error) {
	batch := p.ID
	if batch == "" {
		batch = store.NewID(b.now())
	}
	var entries []store.Entry
	accounts := map[string]bool{}
	for _, it := range p.Items {
		if it.State != model.PlanChange {
			continue
		}
		for _, e := range it.Edits {
			e.Batch, e.User, e.Created = batch, b.user, b.now().UTC()
			e.ID = store.NewID(b.now())
			entries = append(entries, store.Entry{Edit: e, Title: it.Title})
			accounts[e.Ref.Account] = true
		}
	}
	if len(entries) == 0 {
		return nil, nil
	}
	ids, err := b.store.Enqueue(ctx, entries)
	if err != nil {
		return nil, err
	}
	b.session.Lock()
	b.session.batches = append(b.session.batches, batch)
	b.session.Unlock()
	for _, a := range b.accounts {
		if accounts[a.name] {
			b.announce(ctx, a, refs(entries, a.name)...)
			a.nudgeDelivery()
		}
	}
	return ids, nil
}

func refs(entries []store.Entry, account string) []model.Ref {
	var out []model.Ref
	for _, e := range entries {
		if e.Edit.Ref.Account == account && e.Edit.Ref.ID != "" {
			out = append(out, e.Edit.Ref)
		}
	}
	return out
}

// Deliver sends exactly these edits now and waits until each is settled,
// refused, or waiting for a retry. report gets one result an edit, from
// several goroutines but never two at once; an edit that could not be tried
// because its account is shut is reported as it stands in the outbox.
func (b *Inbox) Deliver(ctx context.Context, ids []string, report func(model.DeliveryResult)) error {
	var mu sync.Mutex
	told := map[string]bool{}
	tell := func(r model.DeliveryResult) {
		mu.Lock()
		defer mu.Unlock()
		told[r.Entry.ID] = true
		report(r)
	}
	by := map[string][]string{}
	for _, id := range ids {
		e, ok, err := b.store.OutboxEntry(ctx, id)
		if err != nil {
			return err
		}
		if ok {
			by[e.Ref.Account] = append(by[e.Ref.Account], id)
		}
	}
	err := b.each(func(a *account) error {
		if len(by[a.name]) == 0 {
			return nil
		}
		a.open()
		return b.deliverDue(ctx, a, by[a.name], tell)
	})
	for _, id := range ids {
		if told[id] {
			continue
		}
		// Settled by another process, folded into a newer edit, or still waiting.
		if e, ok, rerr := b.store.OutboxEntry(context.WithoutCancel(ctx), id); rerr == nil && ok {
			tell(model.DeliveryResult{Entry: e})
		} else if j, ok, rerr := b.store.JournalEntry(context.WithoutCancel(ctx), id); rerr == nil && ok {
			tell(model.DeliveryResult{Entry: model.OutboxEntry{Edit: j.Edit, Title: j.Title, State: j.State}, Journal: &j})
		}
	}
	return err
}

// DeliverDue sends everything that is due, in all accounts side by side, and
// waits until nothing more is. Edits older than HeldAfter are held first.
func (b *Inbox) DeliverDue(ctx context.Context, report func(model.DeliveryResult)) error {
	if _, err := b.store.HoldOld(ctx, b.now().Add(-HeldAfter)); err != nil {
		return err
	}
	var mu sync.Mutex
	return b.each(func(a *account) error {
		return b.deliverDue(ctx, a, nil, func(r model.DeliveryResult) {
			mu.Lock()
			defer mu.Unlock()
			if report != nil {
				report(r)
			}
		})
	})
}

// each runs f for every account side by side and gives the first error in
// the order of the config.
func (b *Inbox) each(f func(*account) error) error {
	errs := make([]error, len(b.accounts))
	var wg sync.WaitGroup
	for i, a := range b.accounts {
		wg.Go(func() { errs[i] = f(a) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Outbox lists every edit that is not settled, oldest first.
func (b *Inbox) Outbox(ctx context.Context) ([]model.OutboxEntry, error) { return b.store.Outbox(ctx) }

// History lists delivered edits, newest first.
func (b *Inbox) History(ctx context.Context, req model.HistoryRequest) ([]model.JournalEntry, error) {
	return b.store.History(ctx, req)
}

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
		c := model.NewConflict(e.Edit, *e.Theirs)
		if c.Merged == nil {
			return &model.Error{Kind: model.Invalid, Message: "only sets of people can be merged"}
		}
		target = *c.Merged
	}
	if err := b.store.Rebase(ctx, id, *e.Theirs, target); err != nil {
		return err
	}
	b.moved(ctx)
	return nil
}

// moved announces that the outbox changed and wakes delivery.
func (b *Inbox) moved(ctx context.Context) {
	for _, a := range b.accounts {
		a.open()
		b.recount(ctx, a)
		a.nudgeDelivery()
	}
	b.events.publish(model.Event{Accounts: b.names(), Revision: b.store.OwnRevision()})
}

// Undelivered counts the edits that are still on their way.
func (b *Inbox) Undelivered() int {
	n := 0
	for _, a := range b.accounts {
		n += a.snapshot().Waiting
	}
	return n
}
