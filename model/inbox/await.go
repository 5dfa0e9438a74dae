package inbox

import (
	"context"
	"slices"
	"sync"
	"time"

	"confab/model"
)

// Deliver sends exactly these edits and gives one result for each to report,
// from one goroutine at a time, as they are settled. It waits for what settles
// within the patience of the engine: a lost answer that is read back, a pause that the service
// asked for, an edit of the same field that another process is sending. What
// then still waits is reported as it stands in the outbox, with the reason.
func (b *Inbox) Deliver(ctx context.Context, ids []string, report func(model.DeliveryResult)) error {
	by := map[string][]string{}
	found, err := b.store.OutboxEntries(ctx, ids)
	if err != nil {
		return err
	}
	var gone []string
	for _, id := range ids {
		if e, ok := found[id]; ok {
			by[e.Ref.Account] = append(by[e.Ref.Account], id)
		} else {
			gone = append(gone, id)
		}
	}
	report = oneAtATime(report)
	err = b.each(func(a *account) error {
		if len(by[a.name]) == 0 {
			return nil
		}
		return b.deliver(ctx, a, slices.Sorted(slices.Values(by[a.name])), report)
	})
	b.waitFor(gone, report).finish(context.WithoutCancel(ctx))
	return err
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
	w := b.waitFor(ids, report)
	a.open()
	end := b.now().Add(b.patience)
	var err error
	for {
		if err = b.deliverDue(ctx, a, ids, w.note); err != nil {
			break
		}
		pause, rerr := w.pause(ctx)
		if rerr != nil || pause <= 0 || b.now().Add(pause).After(end) {
			err = rerr
			break
		}
		rest(ctx, pause, nil)
		if err = ctx.Err(); err != nil {
			break
		}
	}
	w.finish(context.WithoutCancel(ctx))
	return err
}

func (b *Inbox) waitFor(ids []string, report func(model.DeliveryResult)) *wait {
	return &wait{b: b, ids: ids, report: report, began: b.now(), told: map[string]bool{}}
}

// foreignPause is how often a delivery by another process is looked at.
const foreignPause = 250 * time.Millisecond

// foreignStart is how long another process is given to begin with an earlier
// edit; one that nobody begins with was left behind.
const foreignStart = 3 * time.Second

// wait collects what becomes of the edits of one Deliver.
type wait struct {
	b      *Inbox
	ids    []string
	report func(model.DeliveryResult)

	mu    sync.Mutex
	began time.Time
	told  map[string]bool
}

// note takes the result of one try.
func (w *wait) note(r model.DeliveryResult) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Entry.State.Waiting() {
		return
	}
	w.tell(r)
}

// tell reports a result once. The lock is held.
func (w *wait) tell(r model.DeliveryResult) {
	if !w.told[r.Entry.ID] {
		w.told[r.Entry.ID] = true
		w.report(r)
	}
}

// pause gives how long to wait until an edit may settle; 0 is that none will
// soon.
func (w *wait) pause(ctx context.Context) (time.Duration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var soonest time.Duration
	sooner := func(d time.Duration) {
		if d = max(d, time.Millisecond); soonest == 0 || d < soonest {
			soonest = d
		}
	}
	found, err := w.b.store.OutboxEntries(ctx, w.left())
	if err != nil {
		return 0, err
	}
	now := w.b.now()
	held := map[string]bool{}
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
	if err != nil {
		return 0, err
	}
	moving, err := w.b.store.Moving(ctx)
	if err != nil {
		return 0, err
	}
	for _, id := range queued {
		if moving[found[id].Submission] { // such as a bulk that another process takes back
			sooner(foreignPause)
			continue
		}
		first, blocked := before[id]
		if blocked && (first.State == model.Sending || first.State == model.Queued && now.Sub(w.began) < foreignStart) {
			sooner(foreignPause)
			continue
		}
		account := found[id].Ref.Account
		if held[account] {
			continue
		}
		held[account] = true
		until, err := w.b.store.HeldUntil(ctx, account)
		if err != nil {
			return 0, err
		}
		if !until.IsZero() {
			sooner(until.Sub(now))
		}
	}
	return soonest, nil
}

// left gives the edits that were not reported. The lock is held.
func (w *wait) left() []string {
	var out []string
	for _, id := range w.ids {
		if !w.told[id] {
			out = append(out, id)
		}
	}
	return out
}

// worthWaiting are the failures that pass by themselves in a moment. A service
// that cannot be reached may be away for hours.
func worthWaiting(e *model.EntryError) bool {
	return e != nil && (e.Kind == model.RateLimited || e.Kind == model.UnknownOutcome || e.Kind == model.ConflictKind)
}

// finish reports what was not settled here: by another process, folded into a
// newer edit, or still waiting.
func (w *wait) finish(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := w.left()
	found, err := w.b.store.OutboxEntries(ctx, left)
	if err != nil {
		return // the caller met it too
	}
	var still []model.OutboxEntry
	for _, id := range left {
		if e, ok := found[id]; ok {
			still = append(still, e)
		}
	}
	still = w.b.explain(ctx, still)
	for _, id := range left {
		if _, ok := found[id]; ok {
			w.tell(model.DeliveryResult{Entry: still[0]})
			still = still[1:]
		} else if j, ok, err := w.b.store.JournalEntry(ctx, id); err == nil && ok {
			w.tell(model.DeliveryResult{Entry: model.OutboxEntry{Edit: j.Edit, Title: j.Title, State: j.State}, Journal: &j})
		} else if e, ok := w.b.replaced(ctx, id); ok {
			w.tell(model.DeliveryResult{Entry: e})
		}
	}
}

// replaced returns an edit that left the outbox without a journal entry, with
// what became of it; ok is false for one that was not submitted here.
func (b *Inbox) replaced(ctx context.Context, id string) (e model.OutboxEntry, ok bool) {
	b.submitted.Lock()
	e, ok = b.submitted.entries[id]
	b.submitted.Unlock()
	e.State = model.Withdrawn
	if sub, found, err := b.store.Submission(ctx, e.Submission); err == nil && found && sub.Replaced > 0 && sub.Withdrawn+sub.Discarded == 0 {
		e.State = model.Replaced
	}
	return e, ok
}
