package inbox

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"confab/model"
	"confab/model/index"
	"confab/model/query"
	"confab/model/store"
)

// lists is what the engine knows of all conversations without reading the disk.
type lists struct {
	index *index.Index

	updating *semaphore.Weighted // held while the index is loaded or updated from the store
	pending  atomic.Bool         // the store has news for the index, or the last update failed
	at       store.Point
	loaded   bool

	mu   sync.Mutex
	tabs []query.Query

	rows    rowCache
	changed chan struct{} // wakes the watcher, whose timer may be outdated
}

const (
	openingBudget = 20 * time.Millisecond  // for finding the first page on disk
	refoldRows    = 100                    // folded in one transaction
	refoldPause   = 3 * time.Millisecond   // between two such transactions, for other writers
	yieldRows     = 100                    // after which a load yields its core to a waiting key
	keptRows      = 100                    // of each view, kept for the next start
	keptTime      = 300 * time.Millisecond // for keeping all views
)

func (l *lists) open(loc *time.Location, now func() time.Time, revision int64) {
	l.index = index.New(loc, now)
	l.at.Revision = revision
	l.changed, l.updating = make(chan struct{}, 1), semaphore.NewWeighted(1)
}

// ready waits until the index holds every conversation and everything that this process has changed so far.
func (b *Inbox) ready(ctx context.Context) error {
	l := &b.lists
	if err := l.updating.Acquire(ctx, 1); err != nil {
		return err
	}
	var err error
	if !l.loaded {
		err = b.fillFirst(b.life)
	}
	if err == nil && (l.pending.Load() || b.store.OwnRevision() > l.at.Revision) {
		err = b.follow(ctx, false)
	}
	l.updating.Release(1)
	if err == nil {
		b.catchUp(ctx, false) // news that others left to this goroutine
	}
	return err
}

// fillFirst loads the index for the first time. Before that it refolds what an earlier version stored, which bounds the
// memory of the load and is needed only once. The caller holds updating.
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
	if err == nil && b.events.hasSubscribers() {
		l.at.Revision = was // announce what was loaded but not yet announced
		l.pending.Store(true)
	}
	return err
}

// fill loads the index from scratch. The caller holds updating.
func (b *Inbox) fill(ctx context.Context) error {
	l := &b.lists
	var at store.Point
	n := 0
	err := l.index.Load(ctx, func(add func(query.Entry)) (err error) {
		at, err = b.store.Entries(ctx, 0, func(e query.Entry) error {
			add(e)
			if n++; n%yieldRows == 0 {
				runtime.Gosched()
			}
			return ctx.Err()
		})
		return err
	})
	if err == nil {
		l.at, l.loaded = at, true
		l.rows.forget() // the account of a row may have been renamed
	}
	return err
}

// refold folds what an earlier version stored, in slices. If it fails, every load folds those rows itself.
func (b *Inbox) refold(ctx context.Context) {
	for ctx.Err() == nil {
		done, err := b.store.Refold(ctx, refoldRows)
		if err != nil && ctx.Err() == nil {
			b.log("%v", err)
		}
		if done || err != nil {
			return
		}
		sleep(ctx, refoldPause, nil)
	}
}

// search parses the query of a list and waits until the index can answer it.
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

// List returns a window of the rows that match a query. For a bad query the error is a *query.Error.
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
		w, err = b.lists.index.Window(ctx, q, want) // Window answers once the search has ended
	}
	if err != nil {
		return model.Page{}, err
	}
	p := model.Page{Total: w.Total, Offset: w.Offset, Index: w.Index, Partial: w.Partial}
	p.Rows, err = b.lists.rows.read(ctx, b.store, w.Keys, w.Revisions, b.now())
	return p, err
}

// Opening returns what can be shown of a list before the index is loaded: the rows that the view showed last, or the
// head of the list on disk. Total is -1 if it is not known.
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
	if !ok || len(kept.Keys) == 0 { // an empty view may have been kept before the first sync
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

// reopening returns the rows that a session showed, without those that no longer match.
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

// Counts returns how many conversations of the inbox match each query, and has the index maintain those lists from then
// on.
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
		var w index.Window
		w, err = b.lists.index.Window(ctx, parsed[i], index.WindowRequest{})
		out[i] = w.Total
	}
	return out, err
}

// keep makes these queries the tabs whose lists the index maintains and whose views are kept for the next start.
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

// RefsOf returns the conversations of a set, pinned ones first, then by newest change.
func (b *Inbox) RefsOf(ctx context.Context, s model.Selection) ([]model.Ref, error) {
	if err := b.ready(ctx); err != nil {
		return nil, err
	}
	return b.lists.index.RefsOf(s), nil
}

// Hidden returns how many rows of a set are not in a list.
func (b *Inbox) Hidden(ctx context.Context, req model.ListRequest, s model.Selection) (int, error) {
	q, err := b.search(ctx, req.Query, req.Inbox)
	if err != nil {
		return 0, err
	}
	return b.lists.index.Hidden(ctx, q, s)
}

// rowCache remembers the rows that were shown last, by revision, so that after an event only changed rows are read.
type rowCache struct {
	mu   sync.Mutex
	rows map[int64]cachedRow
}

type cachedRow struct {
	revision int64
	row      model.Row
}

const cachedRows = 1000 // remembered at most

// read returns the rows of these keys. A snooze that has ended is left out.
func (c *rowCache) read(ctx context.Context, s *store.Store, keys, revisions []int64, now time.Time) ([]model.Row, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil {
		c.rows = map[int64]cachedRow{}
	}
	var missing []int64
	for i, key := range keys {
		if r, ok := c.rows[key]; !ok || r.revision != revisions[i] {
			c.rows[key] = cachedRow{revision: revisions[i]}
			missing = append(missing, key)
		}
	}
	rows, err := s.Rows(ctx, missing)
	if err != nil {
		c.rows = nil
		return nil, err
	}
	for _, r := range rows {
		c.rows[r.Key] = cachedRow{c.rows[r.Key].revision, r}
	}
	out := make([]model.Row, 0, len(keys))
	for _, key := range keys {
		r := c.rows[key].row
		if r.Key == 0 { // gone since the search
			delete(c.rows, key)
			continue
		}
		if !r.Triage.SnoozedUntil.After(now) {
			r.Triage.SnoozedUntil = time.Time{}
		}
		out = append(out, r)
	}
	if len(c.rows) > cachedRows {
		c.rows = nil
	}
	return out, nil
}

// forget drops all rows, after changes without a new revision, such as when a service showed them last.
func (c *rowCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows = nil
}
