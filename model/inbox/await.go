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
	foreignPause = 250 * time.Millisecond // between two looks at a delivery by another process
	foreignStart = 3 * time.Second        // how long another process may take to begin with an earlier edit
)

// Deliver sends exactly these edits and reports each once, never concurrently. Within the engine's patience it waits
// for what settles by itself: a lost answer that is read back, a pause that the service asked for, an edit of the same
// field that another process is sending. It reports an edit that still waits then as it is in the outbox.
func (b *Inbox) Deliver(ctx context.Context, ids []string, report func(model.DeliveryResult)) error {
	found, err := b.store.OutboxEntries(ctx, ids)
	if err != nil {
		return err
	}
	by := map[*account][]string{} // nil → edits that have left the outbox, or whose account is not here
	for _, id := range slices.Sorted(slices.Values(ids)) {
		e, ok := found[id]
		if ok {
			b.submitted.LoadOrStore(id, e) // it may leave the outbox without a journal entry
		}
		a := b.byName[e.Ref.Account]
		by[a] = append(by[a], id)
	}
	report = oneAtATime(report)
	errs := b.eachAccount(nil, func(a *account) error {
		if len(by[a]) == 0 {
			return nil
		}
		return b.deliver(ctx, a, by[a], report)
	})
	b.track(by[nil], report).finish(context.WithoutCancel(ctx))
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

func (b *Inbox) deliver(ctx context.Context, a *account, ids []string, report func(model.DeliveryResult)) error {
	w := b.track(ids, report)
	defer w.finish(context.WithoutCancel(ctx))
	a.pause(time.Time{})
	end := b.now().Add(b.patience)
	for {
		if err := b.deliverDue(ctx, a, ids, w.reportSettled); err != nil {
			return err
		}
		pause, err := w.nextTry(ctx, a)
		if err != nil || pause <= 0 || b.now().Add(pause).After(end) {
			return err
		}
		if sleep(ctx, pause, nil); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// tracker reports what becomes of the edits of one Deliver.
type tracker struct {
	b      *Inbox
	left   map[string]bool // the edits that are not yet reported
	free   map[string]bool // the edits that nothing held back at the last look
	report func(model.DeliveryResult)
	began  time.Time
}

func (b *Inbox) track(ids []string, report func(model.DeliveryResult)) *tracker {
	w := &tracker{b: b, left: map[string]bool{}, free: map[string]bool{}, report: report, began: b.now()}
	for _, id := range ids {
		w.left[id] = true
	}
	return w
}

// reportSettled reports an edit unless it still waits.
func (w *tracker) reportSettled(r model.DeliveryResult) {
	if !r.Entry.State.Waiting() {
		w.reportOnce(r)
	}
}

func (w *tracker) reportOnce(r model.DeliveryResult) {
	if w.left[r.Entry.ID] {
		delete(w.left, r.Entry.ID)
		w.report(r)
	}
}

func (w *tracker) entries(ctx context.Context) (map[string]model.OutboxEntry, error) {
	return w.b.store.OutboxEntries(ctx, slices.Collect(maps.Keys(w.left)))
}

// nextTry returns how long to wait until an edit may settle, or 0 if none will soon.
func (w *tracker) nextTry(ctx context.Context, a *account) (soonest time.Duration, err error) {
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
	for id, e := range found { // finish looks up those that have left the outbox
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
		case moving[found[id].Submission], // such as a bulk edit that another process is undoing
			blocked && (first.State == model.Sending || first.State == model.Queued && now.Sub(w.began) < foreignStart):
			sooner(foreignPause)
		case !until.IsZero():
			sooner(until.Sub(now))
		case !blocked && !w.free[id]:
			sooner(0) // what it waited for may have ended after the last try
		}
		w.free[id] = !blocked
	}
	return soonest, cmp.Or(err, failed, broken)
}

// worthWaiting reports whether a failure passes in a moment. An unreachable service may be away for hours.
func worthWaiting(e *model.EntryError) bool {
	return e != nil && (e.Kind == model.RateLimited || e.Kind == model.UnknownOutcome || e.Kind == model.ConflictKind)
}

// finish reports the edits that were not settled here: settled by another process, folded into a newer edit, or still
// waiting.
func (w *tracker) finish(ctx context.Context) {
	found, err := w.entries(ctx)
	if err != nil {
		return // the caller got the same error
	}
	for _, e := range w.b.withReasons(ctx, slices.Collect(maps.Values(found))) {
		found[e.ID] = e
	}
	for _, id := range slices.Sorted(maps.Keys(w.left)) {
		if e, ok := found[id]; ok {
			w.reportOnce(model.DeliveryResult{Entry: e})
		} else if j, ok, err := w.b.store.JournalEntry(ctx, id); err == nil && ok {
			w.reportOnce(model.DeliveryResult{Entry: model.OutboxEntry{Edit: j.Edit, Title: j.Title, State: j.State}, Journal: &j})
		} else if e, ok := w.b.replaced(ctx, id); ok {
			w.reportOnce(model.DeliveryResult{Entry: e})
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
