package inbox

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"confab/model"
	"confab/model/index"
	"confab/model/query"
	"confab/model/store"
)

// lists is what the engine knows of all conversations without asking the disk.
type lists struct {
	index *index.Index

	step    lock        // of who loads the index or brings it in step with the store
	pending atomic.Bool // there is news for the holder of step, or the last try failed
	at      store.Point
	loaded  bool

	mu   sync.Mutex
	tabs []query.Query

	rows     rowCache
	spelling spelling
	changed  chan struct{} // tells the watcher that the index may be waiting for another moment
}

const (
	openingBudget = 20 * time.Millisecond  // for looking for the first page on disk
	refoldRows    = 100                    // folded anew in one transaction
	refoldPause   = 3 * time.Millisecond   // the turn of other writers after it
	yieldRows     = 100                    // after which a load yields its core to a key that waits
	keptRows      = 100                    // of each view, kept for the next start
	keptTime      = 300 * time.Millisecond // in which that must be done
)

func (l *lists) open(loc *time.Location, now func() time.Time, revision int64) {
	l.index = index.New(loc, now)
	l.at.Revision = revision
	l.changed, l.step = make(chan struct{}, 1), make(lock, 1)
}

// ready waits until the index holds every conversation, and what this process has changed up to now.
func (b *Inbox) ready(ctx context.Context) error {
	l := &b.lists
	if err := l.step.take(ctx); err != nil {
		return err
	}
	var err error
	if !l.loaded {
		err = b.fillFirst(b.life)
	}
	if b.store.OwnRevision() > l.at.Revision {
		l.pending.Store(true)
	}
	if err == nil {
		err = b.takeNews(ctx)
	}
	l.step.release()
	if err == nil {
		b.catchUp(ctx) // what was left to the holder meanwhile
	}
	return err
}

// fillFirst loads the index for the first time. It folds what an earlier version stored before: that bounds the memory
// of the load, and no later one has to do it. step is held.
func (b *Inbox) fillFirst(ctx context.Context) error {
	if b.options.Loading != nil {
		n := 0
		for _, a := range b.accounts {
			n += a.snapshot().Conversations
		}
		defer b.options.Loading(n)()
	}
	b.refold(ctx)
	l := &b.lists
	was := l.at.Revision
	err := b.fill(ctx)
	if err == nil && b.events.heard() {
		l.at.Revision = was // what was loaded and not yet told is told
		l.pending.Store(true)
	}
	return err
}

// fill loads the index anew. step is held.
func (b *Inbox) fill(ctx context.Context) error {
	l := &b.lists
	var at store.Point
	n := 0
	err := l.index.Load(ctx, func(add func(index.Entry)) (err error) {
		at, err = b.store.Entries(ctx, 0, func(e store.Indexed) error {
			add(index.Entry(e))
			if n++; n%yieldRows == 0 {
				runtime.Gosched()
			}
			return ctx.Err()
		})
		return err
	})
	if err == nil {
		l.at, l.loaded = at, true
		l.rows.forget() // a row may belong to another account than before
	}
	return err
}

// refold folds what an earlier version stored for searching anew, in slices. Where that fails, each load does it.
func (b *Inbox) refold(ctx context.Context) {
	for ctx.Err() == nil {
		done, err := b.store.Refold(ctx, refoldRows)
		if err != nil && ctx.Err() == nil {
			b.log("%v", err)
		}
		if done || err != nil {
			return
		}
		rest(ctx, refoldPause, nil)
	}
}

// search parses the query of a list and waits until it can be answered.
func (b *Inbox) search(ctx context.Context, text string, inbox bool) (query.Query, error) {
	q, err := parse(text, inbox)
	if err == nil {
		err = b.ready(ctx)
	}
	return q, err
}

func parse(text string, inbox bool) (query.Query, error) {
	q, err := query.Parse(text)
	if err == nil && inbox {
		q = q.Inbox()
	}
	return q, err
}

// List returns a window of the rows that match a query. A bad query is a *query.Error.
func (b *Inbox) List(ctx context.Context, req model.ListRequest) (model.Page, error) {
	q, err := b.search(ctx, req.Query, req.Inbox)
	if err != nil {
		return model.Page{}, err
	}
	want := index.WindowRequest{Offset: req.Offset, Limit: req.Limit}
	if !req.Anchor.IsZero() {
		if want.Anchor, _, err = b.store.Key(ctx, req.Anchor); err != nil {
			return model.Page{}, err
		}
	}
	w, err := b.lists.index.Window(ctx, q, want)
	for err == nil && w.Partial && !req.Partial {
		w, err = b.lists.index.Window(ctx, q, want) // comes once the search has ended
	}
	if err != nil {
		return model.Page{}, err
	}
	p := model.Page{Total: w.Total, Offset: w.Offset, Index: w.Index, Partial: w.Partial}
	p.Rows, err = b.lists.rows.read(ctx, b.store, w.Keys, w.Revisions, b.now())
	return p, err
}

// Opening returns what can be shown of a list before the index is there: the rows that the view showed last, or the
// head of the list on disk, and how many there were, -1 where that is not known.
func (b *Inbox) Opening(ctx context.Context, req model.ListRequest) (model.Page, error) {
	none := model.Page{Total: -1, Index: -1}
	q, err := parse(req.Query, req.Inbox)
	if err != nil {
		return none, err
	}
	now := b.now()
	match := func(s *query.Subject) bool { return q.Match(s, now, b.loc) }
	if was := req.Was; was != nil && len(was.Keys) > 0 {
		return b.reopening(ctx, *was, match)
	}
	kept, ok, err := b.store.KeptView(ctx, q.String(), match)
	if err != nil {
		return none, err
	}
	if !ok || len(kept.Keys) == 0 { // an empty one may have been kept before anything was read
		if req.Limit == 0 || q.Sort() != (query.Query{}).Sort() {
			return none, nil
		}
		var whole bool
		if kept.Keys, whole, err = b.store.Head(ctx, match, req.Limit, openingBudget); err != nil {
			return none, err
		}
		if kept.Total = -1; whole {
			kept.Total = len(kept.Keys)
		}
	}
	p := model.Page{Total: kept.Total, Index: -1, AsOf: kept.At}
	p.Rows, err = b.store.Rows(ctx, kept.Keys[:min(len(kept.Keys), req.Limit)])
	return p, err
}

// reopening returns the rows that a session had at hand, without those that match no more.
func (b *Inbox) reopening(ctx context.Context, was model.Session, match func(*query.Subject) bool) (model.Page, error) {
	p := model.Page{Total: -1, Index: -1, Offset: was.Offset, AsOf: was.Seen}
	keys, err := b.store.Matching(ctx, was.Keys, match)
	if err == nil {
		p.Total = max(was.Total-(len(was.Keys)-len(keys)), was.Offset+len(keys))
		p.Rows, err = b.store.Rows(ctx, keys)
	}
	return p, err
}

// Refs returns all conversations that match a query, in its order.
func (b *Inbox) Refs(ctx context.Context, text string, inbox bool) ([]model.Ref, error) {
	q, err := b.search(ctx, text, inbox)
	if err != nil {
		return nil, err
	}
	return b.lists.index.Refs(ctx, q)
}

// Counts returns how many conversations of the inbox match each query, and keeps those lists up to date from then on.
func (b *Inbox) Counts(ctx context.Context, queries []string) ([]int, error) {
	parsed := make([]query.Query, len(queries))
	for i, text := range queries {
		var err error
		if parsed[i], err = parse(text, true); err != nil {
			return nil, err
		}
	}
	err := b.ready(ctx)
	if err == nil {
		b.keep(ctx, parsed)
	}
	out := make([]int, len(parsed))
	for i := 0; i < len(out) && err == nil; i++ {
		out[i], err = b.lists.index.Count(ctx, parsed[i])
	}
	return out, err
}

// keep has the index keep the lists of the tabs, and keeps what they show for the next start.
func (b *Inbox) keep(ctx context.Context, tabs []query.Query) {
	l := &b.lists
	l.mu.Lock()
	same := slices.EqualFunc(l.tabs, tabs, func(a, b query.Query) bool { return a.String() == b.String() })
	l.tabs = tabs
	l.mu.Unlock()
	if !same {
		l.index.Keep(tabs)
		nudge(l.changed)
		b.keepViews(ctx)
	}
}

// keepViews stores what each view shows now, for the first frame of the next start.
func (b *Inbox) keepViews(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, keptTime)
	defer cancel()
	b.lists.mu.Lock()
	tabs := b.lists.tabs
	b.lists.mu.Unlock()
	for _, q := range tabs {
		w, err := b.lists.index.Window(ctx, q, index.WindowRequest{Limit: keptRows})
		if err == nil {
			err = b.store.KeepView(ctx, q.String(), store.KeptView{Keys: w.Keys, Total: w.Total, At: b.now()})
		}
		if err != nil {
			b.log("keep the views: %v", err)
			return
		}
	}
}

// Select returns a set of rows of a list.
func (b *Inbox) Select(ctx context.Context, req model.SelectRequest) (model.Selection, error) {
	q, err := b.search(ctx, req.Query, req.Inbox)
	var ends [2]int64
	for i, ref := range []model.Ref{req.First, req.Last} {
		found := true
		if err == nil && !ref.IsZero() {
			ends[i], found, err = b.store.Key(ctx, ref)
		}
		if err != nil || !found {
			return model.Selection{}, err
		}
	}
	return b.lists.index.Select(ctx, q, ends[0], ends[1], req.N)
}

// RefsOf returns the conversations of a set, pinned ones and then the newest first.
func (b *Inbox) RefsOf(ctx context.Context, s model.Selection) ([]model.Ref, error) {
	if err := b.ready(ctx); err != nil {
		return nil, err
	}
	return b.lists.index.RefsOf(s), nil
}

// Hidden returns how many of a set a list does not hold.
func (b *Inbox) Hidden(ctx context.Context, req model.ListRequest, s model.Selection) (int, error) {
	q, err := b.search(ctx, req.Query, req.Inbox)
	if err != nil {
		return 0, err
	}
	return b.lists.index.Hidden(ctx, q, s)
}
