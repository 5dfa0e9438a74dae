package inbox

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"confab/model"
)

const (
	foreignPause = 250 * time.Millisecond // between looks at a delivery by another process
	foreignStart = 3 * time.Second        // for another process to begin with an earlier edit
)

// Deliver sends exactly these edits and reports each once, from one goroutine at a time. Within the engine's patience
// it waits for what settles by itself: a lost answer that is read back, a pause that the service asked for, an edit of
// the same field that another process is sending. What still waits then is reported as it stands in the outbox.
func (b *Inbox) Deliver(ctx context.Context, ids []string, report func(model.DeliveryResult)) error {
	found, err := b.store.OutboxEntries(ctx, ids)
	if err != nil {
		return err
	}
	by := map[string][]string{} // account → its edits, "" → those that have left the outbox
	for _, id := range slices.Sorted(slices.Values(ids)) {
		account := found[id].Ref.Account
		by[account] = append(by[account], id)
	}
	report = oneAtATime(report)
	errs := b.each(nil, func(a *account) error {
		if len(by[a.name]) == 0 {
			return nil
		}
		return b.deliver(ctx, a, by[a.name], report)
	})
	b.wait(by[""], report).finish(context.WithoutCancel(ctx))
	return cmp.Or(errs...)
}

func oneAtATime(report func(model.DeliveryResult)) func(model.DeliveryResult) {
	var mu sync.Mutex
	return func(r model.DeliveryResult) {
		mu.Lock()
		defer mu.Unlock()
		report(r)
	}
}

// deliver sends edits of one account and reports each once.
func (b *Inbox) deliver(ctx context.Context, a *account, ids []string, report func(model.DeliveryResult)) error {
	w := b.wait(ids, report)
	defer w.finish(context.WithoutCancel(ctx))
	a.pause(time.Time{})
	end := b.now().Add(b.patience)
	for {
		if err := b.deliverDue(ctx, a, ids, w.settled); err != nil {
			return err
		}
		pause, err := w.pause(ctx, a)
		if err != nil || pause <= 0 || b.now().Add(pause).After(end) {
			return err
		}
		if rest(ctx, pause, nil); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// wait collects what becomes of the edits of one Deliver.
type wait struct {
	b      *Inbox
	left   map[string]bool // the edits that were not reported
	report func(model.DeliveryResult)
	began  time.Time
}

func (b *Inbox) wait(ids []string, report func(model.DeliveryResult)) *wait {
	w := &wait{b: b, left: map[string]bool{}, report: report, began: b.now()}
	for _, id := range ids {
		w.left[id] = true
	}
	return w
}

// settled reports an edit that waits no more.
func (w *wait) settled(r model.DeliveryResult) {
	if !r.Entry.State.Waiting() {
		w.tell(r)
	}
}

func (w *wait) tell(r model.DeliveryResult) {
	if w.left[r.Entry.ID] {
		delete(w.left, r.Entry.ID)
		w.report(r)
	}
}

// entries returns those of the edits left that are in the outbox.
func (w *wait) entries(ctx context.Context) (map[string]model.OutboxEntry, error) {
	return w.b.store.OutboxEntries(ctx, slices.Collect(maps.Keys(w.left)))
}

// pause returns how long to wait until an edit may settle, 0 where none will soon.
func (w *wait) pause(ctx context.Context, a *account) (soonest time.Duration, err error) {
	sooner := func(d time.Duration) {
		if d = max(d, time.Millisecond); soonest == 0 || d < soonest {
			soonest = d
		}
	}
	found, err := w.entries(ctx)
	if err != nil {
		return 0, err
	}
	now := w.b.now()
	var queued []string
	for id, e := range found { // what is not there was settled elsewhere; finish looks it up
		switch {
		case e.State == model.Sending:
			sooner(foreignPause)
		case e.State == model.RetryAt && worthWaiting(e.Error):
			sooner(e.NextTry.Sub(now))
		case e.State == model.Queued:
			queued = append(queued, id)
		}
	}
	before, err := w.b.store.Blockers(ctx, queued)
	moving, failed := w.b.store.Moving(ctx)
	until, broken := w.b.store.HeldUntil(ctx, a.name)
	for _, id := range queued {
		first, blocked := before[id]
		switch {
		case moving[found[id].Submission], // such as a bulk that another process takes back
			blocked && (first.State == model.Sending || first.State == model.Queued && now.Sub(w.began) < foreignStart):
			sooner(foreignPause)
		case !until.IsZero():
			sooner(until.Sub(now))
		}
	}
	return soonest, cmp.Or(err, failed, broken)
}

// worthWaiting reports whether a failure passes in a moment. A service that cannot be reached may be away for hours.
func worthWaiting(e *model.EntryError) bool {
	return e != nil && (e.Kind == model.RateLimited || e.Kind == model.UnknownOutcome || e.Kind == model.ConflictKind)
}

// finish reports what was not settled here: by another process, folded into a newer edit, or still waiting.
func (w *wait) finish(ctx context.Context) {
	found, err := w.entries(ctx)
	if err != nil {
		return // the caller met it too
	}
	for _, e := range w.b.Explained(ctx, slices.Collect(maps.Values(found))) {
		found[e.ID] = e
	}
	for _, id := range slices.Sorted(maps.Keys(w.left)) {
		if e, ok := found[id]; ok {
			w.tell(model.DeliveryResult{Entry: e})
		} else if j, ok, err := w.b.store.JournalEntry(ctx, id); err == nil && ok {
			w.tell(model.DeliveryResult{Entry: model.OutboxEntry{Edit: j.Edit, Title: j.Title, State: j.State}, Journal: &j})
		} else if e, ok := w.b.replaced(ctx, id); ok {
			w.tell(model.DeliveryResult{Entry: e})
		}
	}
}

// replaced returns an edit that was submitted here and left the outbox without a journal entry.
func (b *Inbox) replaced(ctx context.Context, id string) (model.OutboxEntry, bool) {
	kept, ok := b.submitted.Load(id)
	if !ok {
		return model.OutboxEntry{}, false
	}
	e := kept.(model.OutboxEntry)
	e.State = model.Withdrawn
	sub, found, err := b.store.Submission(ctx, e.Submission)
	if err == nil && found && sub.Replaced > 0 && sub.Withdrawn+sub.Discarded == 0 {
		e.State = model.Replaced
	}
	return e, true
}
