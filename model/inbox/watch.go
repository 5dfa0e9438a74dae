package inbox

import (
	"context"
	"time"

	"confab/model"
	"confab/model/store"
)

const (
	lookEvery    = time.Second
	recoverEvery = 10 * time.Second // for asking whether a process died while sending
)

// watcher looks for what no worker announces: changes of another process or by the clock.
type watcher struct {
	b             *Inbox
	seen, foreign int64
	recovered     time.Time
	ended         bool
	next          time.Time // when the clock next changes a list, zero for never
	timer         *time.Timer
}

// watch looks once a second for changes of another process, and when the clock next changes a list.
func (b *Inbox) watch(ctx context.Context) {
	w := watcher{b: b, seen: b.store.OwnRevision(), foreign: b.store.ForeignRevision(),
		recovered: b.now(), timer: time.NewTimer(time.Hour)}
	defer w.timer.Stop()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	w.clock()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.look(ctx)
			// A machine that slept has a timer that knows nothing of it.
			if !w.next.IsZero() && !w.next.After(b.now()) {
				w.clock()
			}
		case <-w.timer.C:
			w.clock()
		case <-b.lists.changed:
			w.clock()
		}
	}
}

// clock announces what the clock has changed, and sets the timer to its next change.
func (w *watcher) clock() {
	if refs := w.b.advance(); len(refs) > 0 {
		w.b.events.publish(model.Event{Refs: refs})
	}
	w.next = w.b.lists.index.Next()
	w.timer.Stop()
	if !w.next.IsZero() {
		w.timer.Reset(max(0, w.next.Sub(w.b.now())))
	}
}

// look announces what another process changed since the last look.
func (w *watcher) look(ctx context.Context) {
	b := w.b
	rev, err := b.store.Revision(ctx)
	if store.Ended(err) {
		w.end(err)
	}
	if err != nil {
		return
	}
	// An own change may have come after another's: both are told apart.
	own, hidden := b.store.OwnRevision(), b.store.ForeignRevision()
	changed := rev > w.seen && rev > own || hidden > w.foreign
	w.seen, w.foreign = max(w.seen, rev, own), hidden
	if since := b.now().Sub(w.recovered); changed || since >= recoverEvery || since < 0 {
		w.recovered = b.now()
		if ids, err := b.store.Recover(ctx); err == nil && len(ids) > 0 {
			b.log("recovered %d of a process that ended", len(ids))
			changed = true
		}
	}
	if !changed {
		b.catchUp(ctx) // where the last try failed
		return
	}
	b.announce(ctx)
	for _, a := range b.accounts {
		nudge(a.wakeDeliver) // another process may have left work behind
	}
}

// end says at every account, once, that the store writes nothing more: a newer confab has changed it, or it is damaged.
func (w *watcher) end(err error) {
	if w.ended {
		return
	}
	w.ended = true
	w.b.log("%v", err)
	for _, a := range w.b.accounts {
		a.update(func(s *model.AccountState) { s.Error, s.NextTry = model.NewEntryError(err), time.Time{} })
	}
	w.b.events.publish(model.Event{Accounts: w.b.names(), All: true})
}

// checkUnclean reads the whole database where it was not closed: behind the screen or a sync, which take longer.
func (b *Inbox) checkUnclean(ctx context.Context) error {
	if !b.store.Unclean() {
		return nil
	}
	err := b.store.Check(ctx)
	if err != nil && ctx.Err() == nil {
		b.log("%v", err)
	}
	return err
}
