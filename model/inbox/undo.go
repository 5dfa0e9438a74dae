package inbox

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"confab/model"
	"confab/model/store"
)

// PlanUndo works out how to take back a submission: what was not sent is
// withdrawn, what was delivered gets its inverse, planned from what confab
// left there. id names a journal entry, an outbox entry or a batch; "" is
// this session's newest submission that was not taken back yet.
func (b *Inbox) PlanUndo(ctx context.Context, id string) (model.Undo, error) {
	var u model.Undo
	waiting, done, err := b.submission(ctx, id)
	if err != nil {
		return u, err
	}
	var titles []string
	name := func(title, ref string) {
		if title == "" {
			title = ref
		}
		titles = append(titles, "“"+model.CleanLine(title, 60)+"”")
	}
	for _, e := range waiting {
		if e.Sent || e.State == model.Sending {
			u.Blocked = append(u.Blocked, fmt.Sprintf("%s: it is being sent; undo it when that has ended", model.CleanLine(e.Title, 60)))
			continue
		}
		u.Withdraw = append(u.Withdraw, e.ID)
		name(e.Title, e.Ref.String())
	}
	for i := len(done) - 1; i >= 0; i-- {
		j := done[i]
		title := model.CleanLine(j.Title, 60)
		if j.Undone != "" {
			u.Blocked = append(u.Blocked, title+": it was taken back already")
			continue
		}
		if j.State == model.OutcomeAlreadySet {
			continue // nothing was sent, so there is nothing to take back
		}
		if ok, why := model.Undoable(j.Kind); !ok {
			u.Blocked = append(u.Blocked, title+": "+why)
			continue
		}
		before := j.Before
		after := j.After
		p, err := b.Plan(ctx, []model.Ref{j.Ref}, []model.Change{{Kind: j.Kind, Op: model.OpSet, Key: j.Key, Target: before, Base: &after}}, model.PlanOptions{})
		if err != nil {
			return u, err
		}
		for _, it := range p.Items {
			for k := range it.Edits {
				it.Edits[k].Undoes = j.ID
			}
			if it.State == model.PlanBlocked {
				u.Blocked = append(u.Blocked, title+": "+it.Reason)
				continue
			}
			u.Plan.Items = append(u.Plan.Items, it)
		}
		name(j.Title, j.Ref.String())
	}
	const most = 5
	if len(titles) > most {
		titles = append(titles[:most], fmt.Sprintf("and %d more", len(titles)-most))
	}
	u.What = strings.Join(titles, ", ")
	return u, nil
}

func (b *Inbox) submission(ctx context.Context, id string) ([]model.OutboxEntry, []model.JournalEntry, error) {
	if id == "" {
		b.session.Lock()
		if n := len(b.session.batches); n > 0 {
			id = b.session.batches[n-1]
		}
		b.session.Unlock()
		if id == "" {
			return nil, nil, &model.Error{Kind: model.NotFound, Message: "nothing was submitted in this session"}
		}
		return b.store.Batch(ctx, id)
	}
	if j, ok, err := b.store.JournalEntry(ctx, id); err != nil || ok {
		return nil, []model.JournalEntry{j}, err
	}
	if e, ok, err := b.store.OutboxEntry(ctx, id); err != nil || ok {
		return []model.OutboxEntry{e}, nil, err
	}
	waiting, done, err := b.store.Batch(ctx, id)
	if err == nil && len(waiting)+len(done) == 0 {
		err = &model.Error{Kind: model.NotFound, Message: "no edit or submission " + id}
	}
	return waiting, done, err
}

// ApplyUndo does what PlanUndo planned. It gives the ids of the submitted
// inverse edits. An edit that left between the two calls is not withdrawn.
func (b *Inbox) ApplyUndo(ctx context.Context, u model.Undo) ([]string, error) {
	if len(u.Withdraw) > 0 {
		if _, err := b.store.Withdraw(ctx, u.Withdraw); err != nil {
			return nil, err
		}
		b.moved(ctx)
	}
	b.session.Lock()
	if n := len(b.session.batches); n > 0 && b.covers(ctx, u, b.session.batches[n-1]) {
		b.session.batches = b.session.batches[:n-1]
	}
	b.session.Unlock()
	u.Plan.ID = store.NewID(b.now())
	ids, err := b.Submit(ctx, u.Plan)
	if len(ids) > 0 {
		// An undo is not itself the newest submission: a second u goes on to
		// the one before.
		b.session.Lock()
		b.session.batches = slices.DeleteFunc(b.session.batches, func(s string) bool { return s == u.Plan.ID })
		b.session.Unlock()
	}
	return ids, err
}

// covers reports whether an undo takes back edits of a batch.
func (b *Inbox) covers(ctx context.Context, u model.Undo, batch string) bool {
	waiting, done, err := b.store.Batch(ctx, batch)
	if err != nil {
		return false
	}
	ids := map[string]bool{}
	for _, id := range u.Withdraw {
		ids[id] = true
	}
	for _, e := range u.Plan.Edits() {
		ids[e.Undoes] = true
	}
	for _, e := range waiting {
		if ids[e.ID] {
			return true
		}
	}
	for _, j := range done {
		if ids[j.ID] {
			return true
		}
	}
	// Withdrawn rows are gone by now: a batch of which nothing is left was withdrawn.
	return len(waiting)+len(done) == 0
}
