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

	// writing lets Load, Apply, Advance and Keep take turns.
	writing sync.Mutex
	state   atomic.Pointer[state]
	matched atomic.Int64 // how often a query was matched against a row
	reads   atomic.Int64 // counts reads of lists, to tell which one is the latest

	beforeSearch func(context.Context) // lets tests hold a search up

	// mu is held while the state changes, never during a search.
	mu       sync.Mutex
	edits    uint64
	words    dictionary
	kept     []query.Query
	moved    []int64 // what the clock changed, not yet told by Advance
	searches map[string]*search
	values   *values       // nil until they are asked for, and after a load
	counting chan struct{} // holds one while values are counted for the first time
	changed  []uint32      // rows that changed meanwhile; nil while none are counted
}

// state is all that a reader sees, as of one moment. It is never changed.
type state struct {
	table table
	at    time.Time
	// lists has the list of everything first, in the default order.
	lists []*list
}

// New makes an empty index. Relative dates are those of loc at now.
func New(loc *time.Location, now func() time.Time) *Index {
	x := &Index{loc: loc, now: now, searches: map[string]*search{}, words: newDictionary(), counting: make(chan struct{}, 1)}
	x.state.Store(&state{table: newTable(), at: x.clock(), lists: []*list{{track: newTrack(query.Query{})}}})
	return x
}

// clock returns the time of day alone: one that is set back is to be noticed.
func (x *Index) clock() time.Time { return x.now().Round(0) }

// list returns the list of a query, nil where it is not held.
func (s *state) list(name string) *list {
	for _, l := range s.lists {
		if l.name == name {
			return l
		}
	}
	return nil
}

// Load replaces all rows by those that read adds, at once at its end. An entry may be used again after add.
func (x *Index) Load(ctx context.Context, read func(add func(Entry)) error) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	words := newDictionary()
	next := &state{table: newTable(), at: x.clock()}
	var texts arena
	err := read(func(e Entry) {
		if e.Key > 0 {
			next.table.put(0, e.Key, words.pack(&next.table, &e, texts.keep))
		}
	})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	next.lists = []*list{newList(newTrack(query.Query{}), next.table.sorted(query.Query{}, next.table.keys()))}
	x.mu.Lock()
	queries := slices.Clone(x.kept)
	x.mu.Unlock()
	for _, q := range queries {
		if next.list(q.String()) != nil {
			continue
		}
		l, err := x.compute(ctx, next, newTrack(q))
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
	x.begin().publish() // what became due meanwhile
	return nil
}

// Apply takes over changed conversations, row by row.
func (x *Index) Apply(changed []Entry) {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.edit(func(e *edit) {
		e.table.chunks = slices.Clone(e.table.chunks)
		for i := range changed {
			if changed[i].Key > 0 {
				e.change(&changed[i])
			}
		}
	})
}

// Advance brings the lists to the present and returns the rows that the clock brought in or took out since the last call.
func (x *Index) Advance() (moved []int64) {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.edit(func(*edit) {
		slices.Sort(x.moved)
		moved, x.moved = slices.Compact(x.moved), nil
	})
	return moved
}

// Next returns when Advance has something to do, the zero time for never.
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

// Keep says which lists are kept from now on: those of the tabs.
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

// Ref returns which conversation a row is, a tombstone too.
func (x *Index) Ref(key int64) (model.Ref, bool) {
	t := &x.state.Load().table
	if r := t.at(key); r != nil {
		return t.ref(r), true
	}
	return model.Ref{}, false
}
