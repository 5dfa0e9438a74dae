package inbox

import (
	"context"
	"slices"
	"sync"
	"time"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

// announce updates the index from the store, and tells subscribers which conversations changed, and whether edits did.
// If another goroutine is doing that, announce leaves it to that one.
func (b *Inbox) announce(ctx context.Context) {
	b.lists.pending.Store(true)
	b.catchUp(ctx, false)
}

// announceState is announce after the state of an account has changed.
func (b *Inbox) announceState(ctx context.Context) {
	b.lists.pending.Store(true)
	if !b.catchUp(ctx, true) {
		b.events.publish(model.Event{})
	}
}

// catchUp follows the store as long as there is news and no other goroutine does. It reports whether it announced
// something; with state it does even if the store has nothing new.
func (b *Inbox) catchUp(ctx context.Context, state bool) (told bool) {
	for b.lists.pending.Load() && b.lists.updating.TryAcquire(1) {
		err := b.follow(ctx, state)
		b.lists.updating.Release(1)
		if err != nil {
			b.log("follow the store: %v", err)
			return told
		}
		told, state = true, false
	}
	return told
}

// follow applies to the index what any process has changed since the last call, and announces it; with state it
// announces in any case. If it fails, the news stays pending. The caller holds updating.
func (b *Inbox) follow(ctx context.Context, state bool) (err error) {
	ctx = context.WithoutCancel(ctx)
	l := &b.lists
	l.pending.Store(false)
	defer func() {
		if err != nil {
			l.pending.Store(true)
		}
	}()
	if !l.loaded && !b.events.hasSubscribers() {
		l.at.Revision = max(l.at.Revision, b.store.OwnRevision())
		b.recount(ctx)
		return nil
	}
	var changed []query.Entry
	was := l.at
	at, err := b.store.Entries(ctx, was.Revision, func(e query.Entry) error {
		changed = append(changed, e)
		return nil
	})
	if err != nil {
		return err
	}
	ev := model.Event{All: l.loaded && at.Epoch != was.Epoch, Edits: at.Edits > was.Revision}
	if ev.All {
		if err := b.fill(b.life); err != nil {
			return err
		}
	} else {
		l.at = at
	}
	for _, e := range changed {
		ev.Refs = append(ev.Refs, e.Subject.Ref)
	}
	state = b.recount(ctx) || state
	if l.loaded {
		if !ev.All {
			l.index.Apply(changed)
		}
		ev.Refs = append(ev.Refs, l.index.Advance()...)
	}
	if state || ev.All || ev.Edits || len(ev.Refs) > 0 {
		b.events.publish(ev)
	}
	nudge(l.changed)
	return nil
}

// recount reads the counters of all accounts and reports whether any changed.
func (b *Inbox) recount(ctx context.Context) (changed bool) {
	all, err := b.store.Counts(ctx)
	if err != nil {
		return false
	}
	for _, a := range b.accounts {
		n := all[a.name]
		a.update(func(s *model.AccountState) {
			if was := (store.Counts{Conversations: s.Conversations, Waiting: s.Waiting, NeedPerson: s.NeedPerson}); was != n {
				s.Conversations, s.Waiting, s.NeedPerson = n.Conversations, n.Waiting, n.NeedPerson
				changed = true
			}
		})
	}
	return changed
}

const (
	lookEvery    = time.Second
	recoverEvery = 10 * time.Second // between two looks for processes that died while sending
)

// watcher looks for changes that no worker announces: by another process, and by the passing of time.
type watcher struct {
	b         *Inbox
	seen      int64 // the revision at the last look
	recovered time.Time
	ended     bool
	next      time.Time // when a list next changes by time alone; zero is never
	timer     *time.Timer
}

// watch looks once a second for changes of another process, and wakes when time alone changes a list.
func (b *Inbox) watch(ctx context.Context) {
	w := watcher{b: b, seen: b.store.OwnRevision(), recovered: b.now(), timer: time.NewTimer(time.Hour)}
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
			// A timer doesn't run while the machine sleeps.
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

// clock announces what time alone has changed, and sets the timer for the next such change.
func (w *watcher) clock() {
	if refs := w.b.lists.index.Advance(); len(refs) > 0 {
		w.b.events.publish(model.Event{Refs: refs})
	}
	w.next = w.b.lists.index.Next()
	w.timer.Stop()
	if !w.next.IsZero() {
		w.timer.Reset(max(0, w.next.Sub(w.b.now())))
	}
}

// look announces what any process has changed since the last look. A revision of this process may hide an earlier one of
// another process, so it also looks after changes that were announced already, which announces nothing again.
func (w *watcher) look(ctx context.Context) {
	b := w.b
	rev, err := b.store.Revision(ctx)
	if store.Ended(err) {
		w.end(err)
	}
	if err != nil {
		return
	}
	changed := rev > w.seen
	w.seen = rev
	if since := b.now().Sub(w.recovered); changed || since >= recoverEvery || since < 0 {
		w.recovered = b.now()
		if ids, err := b.store.Recover(ctx); err == nil && len(ids) > 0 {
			b.log("recovered %d of a process that ended", len(ids))
			changed = true
		}
	}
	if !changed {
		b.catchUp(ctx, false) // if the last try failed
		return
	}
	b.announce(ctx)
	for _, a := range b.accounts {
		nudge(a.wakeDeliver) // another process may have left edits to deliver
	}
}

// end shows at every account, once, that the store accepts no more writes: a newer confab has changed it, or it is
// damaged.
func (w *watcher) end(err error) {
	if w.ended {
		return
	}
	w.ended = true
	w.b.log("%v", err)
	for _, a := range w.b.accounts {
		a.update(func(s *model.AccountState) { s.Error, s.NextTry = model.NewEntryError(err), time.Time{} })
	}
	w.b.events.publish(model.Event{All: true})
}

// checkUnclean checks the whole database if it was not closed in good order.
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

// broadcaster announces events without ever waiting. Each subscriber has room for one event; further events are merged
// into it.
type broadcaster struct {
	mu   sync.Mutex
	subs map[chan model.Event]struct{}
}

// maxNamed bounds the conversations of a merged event. A longer event announces that anything may have changed.
const maxNamed = 1000

func (b *broadcaster) subscribe() (<-chan model.Event, func()) {
	ch := make(chan model.Event, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = map[chan model.Event]struct{}{}
	}
	b.subs[ch] = struct{}{}
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if _, ok := b.subs[ch]; ok {
			delete(b.subs, ch)
			close(ch)
		}
	}
}

func (b *broadcaster) hasSubscribers() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subs) > 0
}

func (b *broadcaster) publish(ev model.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.subs {
		select {
		case old := <-ch:
			ch <- join(old, ev) // there is room: only publish sends, under the lock
		default:
			ch <- ev
		}
	}
}

func join(a, b model.Event) model.Event {
	out := model.Event{All: a.All || b.All, Edits: a.Edits || b.Edits, Refs: union(a.Refs, b.Refs)}
	if len(out.Refs) > maxNamed {
		out.All, out.Refs = true, nil
	}
	return out
}

// union returns the elements of both lists, each once.
func union[T comparable](a, b []T) []T {
	seen := make(map[T]bool, len(a)+len(b))
	return slices.DeleteFunc(slices.Concat(a, b), func(v T) bool {
		was := seen[v]
		seen[v] = true
		return was
	})
}
