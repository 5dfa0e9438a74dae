package index

import (
	"cmp"
	"context"
	"errors"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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
	want   *WindowRequest
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{} // closed at the end

	// Guarded by the mutex of the index.
	waiting int
	partial bool     // answered before its end, so it goes on though nobody waits
	changed []uint32 // rows that changed since it began
	found   *list    // nil if the search was given up
	result  *state   // the state that found belongs to

	// hits are the first of the list, set before filled is closed.
	hits   []uint32
	filled chan struct{} // closed when the window that is wanted is found
}

// errGivenUp is the end of a search that a newer one or Load replaced.
var errGivenUp = errors.New("given up")

// find returns the list of a query and its state, or what was found so far where a search takes long and the window that
// is wanted is full. Asked again, it waits for the end.
func (x *Index) find(ctx context.Context, q query.Query, want *WindowRequest) (l *list, st *state, hits []uint32, err error) {
	name := q.String()
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, nil, err
		}
		st = x.state.Load()
		if l = st.list(name); l != nil {
			l.used.Store(x.reads.Add(1))
			return l, st, nil, nil
		}
		s, first := x.join(q, name, want)
		if s == nil {
			continue
		}
		hits, err = x.wait(ctx, s, first && want != nil)
		switch {
		case errors.Is(err, errGivenUp):
		case err != nil || hits != nil:
			return nil, s.state, hits, err
		default:
			s.used.Store(x.reads.Add(1))
			return s.found, s.result, nil, nil
		}
	}
}

// join returns the search for a query, begun now if there is none; nil if its list is held by now.
func (x *Index) join(q query.Query, name string, want *WindowRequest) (s *search, first bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s = x.searches[name]; s != nil {
		s.waiting++
		return s, false
	}
	x.begin().publish()
	st := x.state.Load()
	if st.list(name) != nil {
		return nil, false
	}
	for _, s := range x.searches {
		x.giveUp(s)
	}
	base := st.base(q)
	s = &search{track: newTrack(q), state: st, base: base, due: slices.Clone(base.due), want: want, waiting: 1,
		ended: make(chan struct{}), filled: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	x.searches[name] = s
	go x.run(s)
	return s, true
}

// giveUp ends a search for which nobody waits. mu is held.
func (x *Index) giveUp(s *search) {
	if s.waiting == 0 && x.searches[s.name] == s {
		s.cancel()
		delete(x.searches, s.name)
	}
}

// base returns the smallest list that holds all that the query matches; of equal ones one in the same order.
func (s *state) base(q query.Query) *list {
	best := s.lists[0]
	for _, l := range s.lists {
		better := l.count < best.count
		if l.count == best.count {
			better = l.query.Sort() == q.Sort() && best.query.Sort() != q.Sort()
		}
		if better && q.Narrows(l.query) {
			best = l
		}
	}
	return best
}

// wait waits for the end of a search, or for a full window where that will do.
func (x *Index) wait(ctx context.Context, s *search, partial bool) (hits []uint32, err error) {
	defer func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		s.waiting--
		if s.partial = s.partial || hits != nil; !s.partial {
			x.giveUp(s)
		}
	}()
	var late <-chan time.Time
	if partial {
		late = time.After(patience)
	}
	var filled <-chan struct{}
	for {
		select {
		case <-s.ended:
			if s.found == nil {
				return nil, errGivenUp
			}
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late:
			filled = s.filled
		case <-filled:
			return s.hits, nil
		}
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
	l, due, err := x.scan(s.ctx, s.state, s.track, s.base)
	if err != nil {
		return
	}
	var now query.Subject
	for _, d := range s.due {
		s.state.table.subject(s.state.table.at(int64(d.key)), &now)
		if at, ok := s.clock.Changes(&now, s.state.at, x.loc); ok {
			d.at = at
			due = append(due, d)
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
	i := len(e.lists)
	e.lists = append(e.lists, l)
	slices.Sort(s.changed)
	s.changed = slices.Compact(s.changed)
	var row query.Subject
	for _, key := range s.changed {
		if l.has(int64(key)) {
			s.state.table.place(s.state.table.at(int64(key)), &row)
			e.own(i).remove(&s.state.table, key, &row)
		}
	}
	for _, key := range s.changed {
		e.table.subject(e.table.at(int64(key)), &row)
		if e.match(l, &row) {
			e.own(i).insert(&e.table, key, &row)
		}
		if len(s.clock) > 0 {
			e.remind(l, key, &row)
		}
	}
	if len(s.clock) > 0 {
		e.advance(i)
	}
	s.found = e.lists[i]
	s.used.Store(x.reads.Add(1))
	e.evict()
	s.result = e.publish()
}

// first looks for the window that is wanted in the order of the list, in a small part of all, beside the search itself.
func (x *Index) first(s *search) {
	fixed := s.query.Fixed(s.state.at, x.loc)
	var row query.Subject
	left, anchor := s.base.count/firstPart+blockMost, -1
	for _, b := range s.base.blocks {
		if left -= len(b.keys); left < 0 || s.ctx.Err() != nil {
			return
		}
		for _, key := range b.keys {
			s.state.table.subject(s.state.table.at(int64(key)), &row)
			if !fixed.Match(&row, s.state.at, x.loc) {
				continue
			}
			if s.hits = append(s.hits, key); int64(key) == s.want.Anchor {
				anchor = len(s.hits)
			}
		}
		x.matched.Add(int64(len(b.keys)))
		need := s.want.Offset + s.want.Limit
		if s.want.Anchor > 0 {
			need = anchor + s.want.Limit
		}
		if len(s.hits) >= need && (s.want.Anchor <= 0 || anchor >= 0) {
			close(s.filled)
			return
		}
	}
}

// compute makes the list of a query over everything, before a state is seen.
func (x *Index) compute(ctx context.Context, st *state, t *track) (*list, error) {
	l, due, err := x.scan(ctx, st, t, st.lists[0])
	t.due = newDueHeap(due)
	return l, err
}

// scanWords is how many words of membership bits are matched at a time.
const scanWords = 64

// scan matches a query against the members of a list on all cores, in the order of the keys, in which memory is read
// fastest. It returns the list of the matches and when rows have to be matched again.
func (x *Index) scan(ctx context.Context, st *state, t *track, base *list) (*list, []due, error) {
	found := make([]uint64, len(base.bits))
	fixed := t.query.Fixed(st.at, x.loc)
	var next atomic.Int64
	var mu sync.Mutex
	var dues []due
	work := func() {
		var s query.Subject
		var mine []due
		looked := 0
		for ctx.Err() == nil {
			from := int(next.Add(scanWords)) - scanWords
			if from >= len(found) {
				break
			}
			for w, word := range base.bits[from:min(from+scanWords, len(found))] {
				looked += bits.OnesCount64(word)
				for ; word != 0; word &= word - 1 {
					bit := bits.TrailingZeros64(word)
					key := uint32((from+w)*64 + bit)
					st.table.subject(st.table.at(int64(key)), &s)
					if fixed.Match(&s, st.at, x.loc) {
						found[from+w] |= 1 << bit
					}
					if at, ok := t.clock.Changes(&s, st.at, x.loc); ok {
						mine = append(mine, due{at, key})
					}
				}
			}
			runtime.Gosched() // a key that waits for a core goes first
		}
		x.matched.Add(int64(looked))
		mu.Lock()
		defer mu.Unlock()
		dues = append(dues, mine...)
	}
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(work)
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	matches := list{bits: found}
	var keys []uint32
	for key := range base.keys {
		if matches.has(int64(key)) {
			keys = append(keys, key)
		}
	}
	if t.query.Sort() != base.query.Sort() {
		keys = st.table.sorted(t.query, keys)
	}
	return newList(t, keys), dues, nil
}

// keys returns the keys of all rows that are not gone, ascending.
func (t *table) keys() []uint32 {
	var out []uint32
	for i, c := range t.chunks {
		for j := range chunkRows {
			if c.rows != nil && c.rows[j].shape != 0 && c.rows[j].flags&query.FlagTombstone == 0 {
				out = append(out, uint32(i*chunkRows+j))
			}
		}
	}
	return out
}

// sorted puts keys into the order of a query and returns them.
func (t *table) sorted(q query.Query, keys []uint32) []uint32 {
	type ranked struct {
		rank uint64 // orders in most cases
		key  uint32
	}
	list := make([]ranked, len(keys))
	var s, o query.Subject
	for i, key := range keys {
		t.place(t.at(int64(key)), &s)
		list[i] = ranked{q.Rank(&s), key}
	}
	slices.SortFunc(list, func(a, b ranked) int {
		if a.rank != b.rank {
			return cmp.Compare(a.rank, b.rank)
		}
		t.place(t.at(int64(a.key)), &s)
		t.place(t.at(int64(b.key)), &o)
		return cmp.Or(q.Compare(&s, &o), cmp.Compare(a.key, b.key))
	})
	for i, r := range list {
		keys[i] = r.key
	}
	return keys
}
