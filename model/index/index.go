package index

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"confab/model"
	"confab/model/query"
)

// Index is the searchable part of all conversations. It is safe for concurrent use.
type Index struct {
	loc *time.Location
	now func() time.Time

	writing sync.Mutex // held by Load, Apply, Advance and Keep
	state   atomic.Pointer[state]
	matched atomic.Int64 // how often a query was matched against a row
	reads   atomic.Int64 // the number of reads of lists, to find the list that was read last

	beforeSearch func(context.Context) // lets tests delay a search

	mu       sync.Mutex // held while the state changes, never during a search; guards what follows
	kept     []query.Query
	moved    []uint32 // rows that entered or left a list with the time, not yet returned by Advance
	searches map[string]*search
	values   values        // nil until they are asked for, and after a load
	counting chan struct{} // holds one item while values are first counted
	changed  []uint32      // rows that changed during that; nil if values are not being counted
}

// state is all that a reader sees, as of one moment. It is immutable.
type state struct {
	table table
	at    time.Time
	lists []*list // the first one has all conversations, in the default order
}

// New returns an empty index. Dates in queries are relative to now, in the zone loc.
func New(loc *time.Location, now func() time.Time) *Index {
	x := &Index{loc: loc, now: now, searches: map[string]*search{}, counting: make(chan struct{}, 1)}
	x.state.Store(&state{table: newTable(), at: x.clock(), lists: []*list{{shared: newShared(query.Query{})}}})
	return x
}

// clock returns the time without the monotonic clock, so that a clock that was set back is noticed.
func (x *Index) clock() time.Time { return x.now().Round(0) }

// list returns the list of a query, or nil if there is none.
func (s *state) list(name string) *list {
	for _, l := range s.lists {
		if l.name == name {
			return l
		}
	}
	return nil
}

// Load replaces all rows by those that read adds. The old ones stay visible until read has returned without an error. read may
// reuse an entry after adding it.
func (x *Index) Load(ctx context.Context, read func(add func(query.Entry)) error) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	next := &state{table: newTable(), at: x.clock()}
	var texts arena
	err := read(func(e query.Entry) {
		if e.Key > 0 {
			next.table.put(&table{}, e.Key, next.table.pack(&e, texts.add))
		}
	})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	next.lists = []*list{newList(newShared(query.Query{}), next.table.sorted(query.Query{}, next.table.keys()))}
	x.mu.Lock()
	queries := slices.Clone(x.kept)
	x.mu.Unlock()
	for _, q := range queries {
		if next.list(q.String()) != nil {
			continue
		}
		l, err := x.compute(ctx, next, newShared(q))
		if err != nil {
			return err
		}
		next.lists = append(next.lists, l)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, s := range x.searches {
		s.cancel()
	}
	clear(x.searches)
	x.moved, x.values, x.changed = nil, nil, nil
	x.state.Store(next)
	x.begin().publish() // brings the lists to the present
	return nil
}

// Apply updates the rows and lists with changed conversations.
func (x *Index) Apply(changed []query.Entry) {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.edit(func(e *edit) {
		e.table.chunks = slices.Clone(e.table.chunks)
		for i := range changed {
			if changed[i].Key > 0 {
				e.apply(&changed[i])
			}
		}
	})
}

// Advance brings the lists to the present. It returns the conversations that entered or left a list with the time since the
// last call.
func (x *Index) Advance() (moved []model.Ref) {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.edit(func(e *edit) {
		slices.Sort(x.moved)
		moved, x.moved = e.table.refs(slices.Compact(x.moved)), nil
	})
	return moved
}

// Next returns when Advance next has something to do, or the zero time for never.
func (x *Index) Next() time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	st := x.state.Load()
	if len(x.moved) > 0 {
		return st.at
	}
	next := int64(math.MaxInt64)
	for _, l := range st.lists {
		if len(l.clock) > 0 {
			next = min(next, l.next)
		}
	}
	if next == math.MaxInt64 {
		return time.Time{}
	}
	return time.UnixMilli(next)
}

// Keep computes the lists of queries, those of the tabs, and keeps them from now on.
func (x *Index) Keep(queries []query.Query) {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.mu.Lock()
	x.kept = slices.Clone(queries)
	x.mu.Unlock()
	for _, q := range queries {
		x.find(context.Background(), q, nil)
	}
}

// WindowRequest asks for a part of a list: around the row Anchor if that is in the list, else starting at Offset.
type WindowRequest struct {
	Offset, Limit int
	Anchor        int64
}

// Window is a part of a list.
type Window struct {
	Keys      []int64
	Revisions []int64
	Total     int  // the length of the list
	Offset    int  // the position of the first key
	Index     int  // the position of the anchor, -1 if it is not in the list
	Partial   bool // the search is not finished: Total is what it has found so far
}

// Window returns a part of the list of a query. If that takes long, the first answer may be partial; the next call with the
// same query waits for the end of the search.
func (x *Index) Window(ctx context.Context, q query.Query, w WindowRequest) (Window, error) {
	w.Offset, w.Limit = max(0, w.Offset), max(0, w.Limit)
	out := Window{Index: -1}
	l, st, hits, err := x.find(ctx, q, x.firstWindow(q, w))
	if err != nil {
		return out, err
	}
	if out.Partial = hits != nil; out.Partial {
		out.Total, out.Index = len(hits), slices.Index(hits, uint32(w.Anchor))
	} else if out.Total = l.count; l.has(w.Anchor) {
		out.Index = l.rank(&st.table, w.Anchor)
	}
	if out.Offset = w.Offset; out.Index >= 0 {
		out.Offset = out.Index - w.Limit/2
	}
	out.Offset = max(0, min(out.Offset, out.Total-w.Limit))
	if out.Partial {
		hits = hits[out.Offset:min(out.Offset+w.Limit, len(hits))]
	} else {
		hits = l.window(out.Offset, w.Limit)
	}
	for _, key := range hits {
		out.Keys = append(out.Keys, int64(key))
		out.Revisions = append(out.Revisions, st.table.at(int64(key)).revision)
	}
	return out, nil
}

// firstWindow returns the window that a search must find before it can be answered partially, or nil if it can't. The window
// does not wait for an anchor that the query does not match.
func (x *Index) firstWindow(q query.Query, w WindowRequest) *WindowRequest {
	if w.Limit == 0 {
		return nil
	}
	t := &x.state.Load().table
	r := t.at(w.Anchor)
	var s query.Subject
	if r != nil {
		t.subject(r, &s)
	}
	if r == nil || !q.Match(&s, x.now(), x.loc) {
		w.Anchor = 0
	}
	return &w
}

// Select returns rows of a list: all of them if first is 0; else n rows starting at first; or, if n is 0, those from first to
// last, which may come before first. If first or last is not in the list, it returns none.
func (x *Index) Select(ctx context.Context, q query.Query, first, last int64, n int) (out model.Selection, err error) {
	l, st, _, err := x.find(ctx, q, nil)
	if err != nil {
		return out, err
	}
	from, to := 0, l.count
	if first != 0 {
		if !l.has(first) || n <= 0 && !l.has(last) {
			return out, nil
		}
		from = l.rank(&st.table, first)
		if to = from + n; n <= 0 {
			to = l.rank(&st.table, last)
			from, to = min(from, to), max(from, to)+1
		}
	}
	for _, key := range l.window(from, to-from) {
		out.Add(st.table.shapes[st.table.at(int64(key)).shape].account, int64(key))
	}
	return out, nil
}

// Hidden returns how many rows of a selection are not in the list of a query.
func (x *Index) Hidden(ctx context.Context, q query.Query, s model.Selection) (n int, err error) {
	l, _, _, err := x.find(ctx, q, nil)
	if err != nil {
		return 0, err
	}
	for _, key := range s.Keys() {
		if !l.has(key) {
			n++
		}
	}
	return n, nil
}

// Refs returns the conversations of a list, in its order.
func (x *Index) Refs(ctx context.Context, q query.Query) ([]model.Ref, error) {
	l, st, _, err := x.find(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	return st.table.refs(l.keys()), nil
}

// RefsOf returns the conversations of a selection in the default order, without tombstones.
func (x *Index) RefsOf(s model.Selection) []model.Ref {
	st := x.state.Load()
	keys := make([]uint32, 0, s.Len())
	for _, key := range s.Keys() {
		if st.lists[0].has(key) {
			keys = append(keys, uint32(key))
		}
	}
	return st.table.refs(st.table.sorted(st.lists[0].query, keys))
}

func (t *table) refs(keys []uint32) []model.Ref {
	out := make([]model.Ref, len(keys))
	for i, key := range keys {
		out[i] = t.ref(t.at(int64(key)))
	}
	return out
}
