package inbox

import (
	"context"

	"confab/model"
	"confab/model/store"
)

// Submit puts the changing edits of a plan into the outbox, as one submission with the id of the plan, on disk when it
// returns. It returns the ids of the edits, those of each conversation in the order of sending.
func (b *Inbox) Submit(ctx context.Context, p model.Plan) ([]string, error) {
	if p.ID == "" {
		p.ID = store.NewID(b.now())
	}
	entries, sub := b.entries(p, model.Submission{})
	if len(entries) == 0 {
		return nil, nil
	}
	ids, err := b.store.Enqueue(ctx, sub, entries)
	if err != nil {
		return nil, err
	}
	b.remember(ids, entries)
	b.session.did(act{submission: p.ID})
	b.announce(ctx)
	for _, e := range entries {
		if a := b.byName[e.Edit.Ref.Account]; a != nil {
			nudge(a.wakeDeliver)
		}
	}
	return ids, nil
}

// remember keeps what was submitted where a Deliver follows, which reports edits that leave the outbox otherwise too.
func (b *Inbox) remember(ids []string, entries []model.Titled) {
	b.ends.Lock()
	started := b.started
	b.ends.Unlock()
	if started {
		return // the workers deliver
	}
	for i, id := range ids {
		e := entries[i].Edit
		e.ID = id
		b.submitted.Store(id, model.OutboxEntry{Edit: e, Title: entries[i].Title})
	}
}

// entries returns the edits of a plan as they are queued, and their submission.
func (b *Inbox) entries(p model.Plan, sub model.Submission) ([]model.Titled, model.Submission) {
	var entries []model.Titled
	for _, it := range p.Items {
		if it.State != model.PlanChange {
			continue
		}
		for _, e := range model.InSendingOrder(it.Edits) {
			e.User, e.Created = b.options.User, b.now().UTC()
			if e.Kind != model.EditCreate || e.ID == "" {
				e.ID = store.NewID(b.now())
			}
			entries = append(entries, model.Titled{Edit: e, Title: it.Title})
		}
	}
	sub.ID, sub.User, sub.At = p.ID, b.options.User, b.now().UTC()
	if sub.Sentence == "" {
		sub.Sentence = model.Sentence(entries)
	}
	return entries, sub
}
