package index

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"confab/model/query"
)

// patience is how long a search may take before a window that is full is answered.
const patience = 15 * time.Millisecond

// firstPart is the part of all rows that is looked at for the first ones.
const firstPart = 16

// search is one pass over the rows for a query whose list is not held.
type search struct {
	*track
	state  *state
	base   *list // holds every match
	due    []due // of base: when it may get members that it does not hold now
	want   *request
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{} // closed at the end

	// Guarded by the mutex of the index.
	waiting int
	partial bool     // answered before its end, so it goes on though nobody waits
	changed []uint32 // rows that changed since it began
	found   held     // nil list if the search was given up
	result  *state   // the state that found belongs to

	// hits are the first of the list, set before filled is closed.
	hits   []uint32
	filled chan struct{} // closed when the window that is wanted is found
}

// request is the part of a list that somebody waits for.
type request struct {
	offset, limit int
	anchor        int64
}

// errGivenUp is the end of a search that a newer one or Load replaced.
var errGivenUp = errors.New("given up")

// find returns the list of a query and its state, or what was found so far where a search takes long and the window that
// is wanted is full. Asked again, it waits for the end.
func (x *Index) find(ctx context.Context, q query.Query, want *request) (found held, st *state, hits []uint32, err error) {
	name := q.String()
	for {
		if err := ctx.Err(); err != nil {
			return held{}, nil, nil, err
		}
		st = x.state.Load()
		if h, ok := st.list(name); ok {
			h.used.Store(x.reads.Add(1))
			return h, st, nil, nil
		}
		s, first := x.join(q, name, want)
		if s == nil {
			continue
		}
		hits, err = x.wait(ctx, s, first && want != nil)
		switch {
		case errors.Is(err, errGivenUp):
		case err != nil || hits != nil:
			return held{}, s.state, hits, err
		default:
			s.used.Store(x.reads.Add(1))
			return s.found, s.result, nil, nil
		}
	}
}

// join returns the search for a query, begun now if there is none; nil if its list is held by now.
func (x *Index) join(q query.Query, name string, want *request) (s *search, first bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s = x.searches[name]; s != nil {
		s.waiting++
		return s, false
	}
	x.begin().publish()
	st := x.state.Load()
	if _, ok := st.list(name); ok {
		return nil, false
	}
	for other, s := range x.searches {
		if s.waiting == 0 {
			s.cancel()
			delete(x.searches, other)
		}
	}
	s = &search{track: &track{name: name, query: q, clock: q.Clock()}, state: st, want: want, waiting: 1,
		ended: make(chan struct{}), filled: make(chan struct{})}
	base := st.base(q)
	s.base, s.due = base.list, slices.Clone(base.track.due)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	x.searches[name] = s
	go x.run(s)
	return s, true
}

// base returns the smallest list that holds all that the query matches; of equal ones one in the same order.
func (s *state) base(q query.Query) held {
	best := s.lists[0]
	for _, h := range s.lists {
		better := h.list.count < best.list.count
		if h.list.count == best.list.count {
			better = h.query.Sort() == q.Sort() && best.query.Sort() != q.Sort()
		}
		if better && q.Narrows(h.query) {
			best = h
		}
	}
	return best
}

// wait waits for the end of a search, or for a full window where that will do.
func (x *Index) wait(ctx context.Context, s *search, partial bool) (hits []uint32, err error) {
	defer func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		s.partial = s.partial || hits != nil
		if s.waiting--; s.waiting == 0 && !s.partial && x.searches[s.name] == s {
			s.cancel()
			delete(x.searches, s.name)
		}
	}()
	var filled <-chan struct{}
	if partial {
		t := time.NewTimer(patience)
		defer t.Stop()
		select {
		case <-s.ended:
		case <-ctx.Done():
		case <-t.C:
			filled = s.filled
		}
	}
	select {
	case <-s.ended:
		if s.found.list == nil {
			return nil, errGivenUp
		}
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-filled:
		return s.hits, nil
	}
}

// run searches to the end and takes the list up among those that are held.
func (x *Index) run(s *search) {
	defer close(s.ended)
	var beside sync.WaitGroup
	defer beside.Wait() // the first look ends with its search, a block later at most
	defer s.cancel()
	if s.want != nil && s.base.query.Sort() == s.query.Sort() {
		beside.Go(func() { x.first(s) })
	}
	if x.beforeSearch != nil {
		x.beforeSearch(s.ctx)
	}
	l, due, err := x.scan(s.ctx, s.state, s.query, s.base)
	if err != nil {
		return
	}
	var now query.Subject
	for _, d := range s.due {
		s.state.table.subject(s.state.table.at(int64(d.key)), &now)
		if at, ok := s.clock.Changes(&now, s.state.at, x.loc); ok {
			due = append(due, d)
			due[len(due)-1].at = at
		}
	}
	s.track.due = newDueHeap(due)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.searches[s.name] == s {
		delete(x.searches, s.name)
		x.adopt(s, l)
	}
}

// adopt takes up the list of a search, with the rows that changed since it began as they are now.
func (x *Index) adopt(s *search, l *list) {
	e := x.begin()
	if len(s.clock) > 0 && e.at.Before(s.state.at) {
		e.publish() // the clock went back: what was found is of another time
		return
	}
	h := held{s.track, l}
	slices.Sort(s.changed)
	s.changed = slices.Compact(s.changed)
	var row query.Subject
	for _, key := range s.changed {
		if l.has(int64(key)) {
			s.state.table.place(s.state.table.at(int64(key)), &row)
			e.own(&h).remove(&s.state.table, key, &row)
		}
	}
	for _, key := range s.changed {
		e.table.subject(e.table.at(int64(key)), &row)
		if e.match(&h, &row) {
			e.own(&h).insert(&e.table, key, &row)
		}
		if len(s.clock) > 0 {
			e.remind(&h, key, &row)
		}
	}
	if len(s.clock) > 0 {
		e.advance(&h)
	}
	h.used.Store(x.reads.Add(1))
	e.lists = append(e.lists, h)
	e.evict()
	e.publish()
	s.found, s.result = h, x.state.Load()
}

// first looks for the window that is wanted in the order of the list, in a small part of all, beside the search itself.
func (x *Index) first(s *search) {
	m := x.matcher(s.state, s.query)
	var row query.Subject
	left, anchor := s.base.count/firstPart+blockMost, -1
	for _, b := range s.base.blocks {
		if left -= len(b.keys); left < 0 || s.ctx.Err() != nil {
			return
		}
		for _, key := range b.keys {
			s.state.table.subject(s.state.table.at(int64(key)), &row)
			if !m.fixed.Match(&row, s.state.at, x.loc) {
				continue
			}
			if s.hits = append(s.hits, key); int64(key) == s.want.anchor {
				anchor = len(s.hits)
			}
		}
		x.matched.Add(int64(len(b.keys)))
		need := s.want.offset + s.want.limit
		if s.want.anchor > 0 {
			need = anchor + s.want.limit
		}
		if len(s.hits) >= need && (s.want.anchor <= 0 || anchor >= 0) {
			close(s.filled)
			return
		}
	}
}
