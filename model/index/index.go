package index

import (
	"context"
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
	edits    uint64
	words    dictionary
	kept     []query.Query
	moved    []int64 // rows that entered or left a list with the time, not yet returned by Advance
	searches map[string]*search
	values   *values       // nil until they are asked for, and after a load
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
	x := &Index{loc: loc, now: now, searches: map[string]*search{}, words: newDictionary(), counting: make(chan struct{}, 1)}
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
func (x *Index) Load(ctx context.Context, read func(add func(Entry)) error) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	words := newDictionary()
	next := &state{table: newTable(), at: x.clock()}
	var texts arena
	err := read(func(e Entry) {
		if e.Key > 0 {
			next.table.put(0, e.Key, words.pack(&next.table, &e, texts.add))
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
	x.words, x.moved, x.values, x.changed = words, nil, nil, nil
	x.state.Store(next)
	x.begin().publish() // brings the lists to the present
	return nil
}

// Apply updates the rows and lists with changed conversations.
func (x *Index) Apply(changed []Entry) {
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

// Advance brings the lists to the present. It returns the rows that entered or left a list with the time since the last call.
func (x *Index) Advance() (moved []int64) {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.edit(func(*edit) {
		slices.Sort(x.moved)
		moved, x.moved = slices.Compact(x.moved), nil
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
	var next time.Time
	for _, l := range st.lists {
		if len(l.due) > 0 {
			if at := time.UnixMilli(l.due[0].at); next.IsZero() || at.Before(next) {
				next = at
			}
		}
	}
	return next
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
	x.edit((*edit).evict)
}

// Ref returns the conversation of a row, which may be a tombstone.
func (x *Index) Ref(key int64) (model.Ref, bool) {
	t := &x.state.Load().table
	if r := t.at(key); r != nil {
		return t.ref(r), true
	}
	return model.Ref{}, false
}
