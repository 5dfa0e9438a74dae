package index

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"confab/model/query"
)

const (
	patience  = 15 * time.Millisecond // how long a search may take before it is answered partially
	firstPart = 16                    // one of so many rows is examined for a partial answer
)

// search is one pass over the rows, for a query that has no list.
type search struct {
	*shared
	state  *state
	base   *list // contains every match
	want   *WindowRequest
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{} // closed at the end

	// Guarded by the mutex of the index:
	waiting int      // the number of callers that wait
	partial bool     // it was answered partially and goes on even if nobody waits
	changed []uint32 // rows that changed since it began
	found   *list    // nil if the search was given up
	result  *state   // the state that found belongs to

	hits   []uint32      // the first matches, complete when filled is closed
	filled chan struct{} // closed when hits contain the wanted window
}

// errGivenUp ends a search that was replaced by a newer one or by Load.
var errGivenUp = errors.New("given up")

// find returns the list of a query and its state. If the search for it takes long and the wanted window is full, it returns the
// first hits instead; called again, it waits for the end.
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

// join returns the search for a query, which it starts if there is none; or nil if the list exists by now. first says that the
// search is new.
func (x *Index) join(q query.Query, name string, want *WindowRequest) (s *search, first bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s = x.searches[name]; s != nil {
		s.waiting++
		return s, false
	}
	st := x.begin().publish()
	if st.list(name) != nil {
		return nil, false
	}
	for _, s := range x.searches {
		x.giveUp(s)
	}
	base := st.base(q)
	s = &search{shared: newShared(q), state: st, base: base, want: want, waiting: 1, ended: make(chan struct{}), filled: make(chan struct{})}
	s.next = base.next // rows that are not in base may enter it then
	s.ctx, s.cancel = context.WithCancel(context.Background())
	x.searches[name] = s
	go x.run(s)
	return s, true
}

// giveUp ends a search if nobody waits for it. The caller holds mu.
func (x *Index) giveUp(s *search) {
	if s.waiting == 0 && x.searches[s.name] == s {
		s.cancel()
		delete(x.searches, s.name)
	}
}

// base returns the smallest list that contains every match of the query; of equal ones, one in the same order.
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

// wait waits for the end of a search. With partial, it may return the hits of a full window before.
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

// run searches to the end and adds the list to the index.
func (x *Index) run(s *search) {
	defer close(s.ended)
	var first sync.WaitGroup
	defer first.Wait() // after cancel, it ends within a block
	defer s.cancel()
	if s.want != nil && s.base.query.Sort() == s.query.Sort() {
		first.Go(func() { x.fillWindow(s) })
	}
	if x.beforeSearch != nil {
		x.beforeSearch(s.ctx)
	}
	l, next, err := x.scan(s.ctx, s.state, s.shared, s.base)
	if err != nil {
		return
	}
	s.next = min(s.next, next)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.searches[s.name] == s {
		delete(x.searches, s.name)
		x.adopt(s, l)
	}
}

// adopt adds the list of a search to the index, updated with the rows that changed since the search began.
func (x *Index) adopt(s *search, l *list) {
	e := x.begin()
	if len(s.clock) > 0 && e.at.Before(s.state.at) {
		e.publish() // the clock was set back, so the matches are wrong
		return
	}
	i := len(e.lists)
	e.lists = append(e.lists, l)
	slices.Sort(s.changed)
	s.changed = slices.Compact(s.changed)
	var row query.Subject
	for _, key := range s.changed {
		if l.has(int64(key)) {
			s.state.table.orderFields(s.state.table.at(int64(key)), &row)
			e.writable(i).remove(&s.state.table, key, &row)
		}
	}
	for _, key := range s.changed {
		e.table.subject(e.table.at(int64(key)), &row)
		if e.match(l, &row) {
			e.writable(i).insert(&e.table, key, &row)
		}
		e.schedule(l, &row)
	}
	if len(s.clock) > 0 && s.next <= e.at.UnixMilli() {
		e.recompute(i)
	}
	s.found = e.lists[i]
	s.used.Store(x.reads.Add(1))
	e.evict()
	s.result = e.publish()
}

// fillWindow searches the beginning of the list for the wanted window, concurrently with the search itself.
func (x *Index) fillWindow(s *search) {
	var row query.Subject
	left, anchor := s.base.count/firstPart+blockMost, -1
	for _, b := range s.base.blocks {
		if left -= len(b); left < 0 || s.ctx.Err() != nil {
			return
		}
		for _, key := range b {
			s.state.table.subject(s.state.table.at(int64(key)), &row)
			if !s.query.Match(&row, s.state.at, x.loc) {
				continue
			}
			if s.hits = append(s.hits, key); int64(key) == s.want.Anchor {
				anchor = len(s.hits)
			}
		}
		x.matched.Add(int64(len(b)))
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

// compute makes the list of a query from all rows of a state that is not published yet.
func (x *Index) compute(ctx context.Context, st *state, t *shared) (l *list, err error) {
	l, t.next, err = x.scan(ctx, st, t, st.lists[0])
	return l, err
}

// scanWords is how many words of membership bits a goroutine of scan takes at a time.
const scanWords = 64

// scan matches a query against the members of a list on all cores, in the order of the keys, which is the fastest way to read
// the memory. It returns the list of the matches and when one of the members of base may enter or leave it.
func (x *Index) scan(ctx context.Context, st *state, t *shared, base *list) (_ *list, changes int64, _ error) {
	found := make([]uint64, len(base.bits))
	var next atomic.Int64
	var mu sync.Mutex
	changes = math.MaxInt64
	work := func() {
		var s query.Subject
		looked, first := 0, int64(math.MaxInt64)
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
					if t.query.Match(&s, st.at, x.loc) {
						found[from+w] |= 1 << bit
					}
					first = min(first, t.clock.Changes(&s, st.at, x.loc))
				}
			}
			runtime.Gosched() // a keystroke that waits for a core goes first
		}
		x.matched.Add(int64(looked))
		mu.Lock()
		defer mu.Unlock()
		changes = min(changes, first)
	}
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(work)
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, 0, ctx.Err()
	}
	matches := list{bits: found}
	var keys []uint32
	for _, key := range base.keys() {
		if matches.has(int64(key)) {
			keys = append(keys, key)
		}
	}
	if t.query.Sort() != base.query.Sort() {
		keys = st.table.sorted(t.query, keys)
	}
	return newList(t, keys), changes, nil
}

// keys returns the keys of all rows that are no tombstones, ascending.
func (t *table) keys() []uint32 {
	var out []uint32
	for i, c := range t.chunks {
		for j := range chunkRows {
			if c != nil && c[j].shape != 0 && c[j].flags&query.FlagTombstone == 0 {
				out = append(out, uint32(i*chunkRows+j))
			}
		}
	}
	return out
}

// sorted sorts keys in place by the order of a query and returns them.
func (t *table) sorted(q query.Query, keys []uint32) []uint32 {
	type ranked struct {
		rank uint64 // decides in most cases
		key  uint32
	}
	list := make([]ranked, len(keys))
	var s, o query.Subject
	for i, key := range keys {
		t.orderFields(t.at(int64(key)), &s)
		list[i] = ranked{q.Rank(&s), key}
	}
	slices.SortFunc(list, func(a, b ranked) int {
		if a.rank != b.rank {
			return cmp.Compare(a.rank, b.rank)
		}
		t.orderFields(t.at(int64(a.key)), &s)
		t.orderFields(t.at(int64(b.key)), &o)
		return cmp.Or(q.Compare(&s, &o), cmp.Compare(a.key, b.key))
	})
	for i, r := range list {
		keys[i] = r.key
	}
	return keys
}
