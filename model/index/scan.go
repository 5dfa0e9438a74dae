package index

import (
	"cmp"
	"context"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"confab/model/query"
)

// scan matches a query against the members of a list on all cores, in the order of the keys, in which memory is read
// fastest. It returns the list of the matches and when rows have to be matched again.
func (x *Index) scan(ctx context.Context, st *state, q query.Query, base *list) (*list, []due, error) {
	m := x.matcher(st, q)
	l := &list{query: q, pages: make([]*page, len(base.pages))}
	var next atomic.Int64
	var mu sync.Mutex
	var dues []due
	work := func() {
		var s query.Subject
		var mine []due
		found := 0
		for ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= len(base.pages) {
				break
			}
			if base.pages[i] != nil {
				l.pages[i] = m.page(base.pages[i], int64(i)*pageBits, &s, &mine, &found)
			}
			runtime.Gosched() // a key that waits for a core goes first
		}
		mu.Lock()
		defer mu.Unlock()
		dues, l.count = append(dues, mine...), l.count+found
	}
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(base.pages)) {
		wg.Go(work)
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	keys := make([]uint32, 0, l.count)
	for _, b := range base.blocks {
		for _, key := range b.keys {
			if l.has(int64(key)) {
				keys = append(keys, key)
			}
		}
	}
	if q.Sort() != base.query.Sort() {
		keys = st.table.sorted(q, keys)
	}
	l.lay(keys)
	return l, dues, nil
}

// matcher matches a query against rows of one state.
type matcher struct {
	x     *Index
	st    *state
	fixed query.Query // the query as of the state
	clock query.Clock
}

func (x *Index) matcher(st *state, q query.Query) matcher {
	return matcher{x, st, q.Fixed(st.at, x.loc), q.Clock()}
}

// page matches the members of a page of a list; from is the key of its first bit.
func (m *matcher) page(of *page, from int64, s *query.Subject, dues *[]due, found *int) *page {
	out, n := &page{}, 0
	for w, word := range of.words {
		if word == 0 {
			continue
		}
		first := from + int64(w*64)
		rows := m.st.table.chunks[first>>chunkBits].rows[first%chunkRows:][:64]
		for ; word != 0; word &= word - 1 {
			i := bits.TrailingZeros64(word)
			m.st.table.subject(&rows[i], s)
			if n++; m.fixed.Match(s, m.st.at, m.x.loc) {
				out.words[w] |= 1 << i
				*found++
			}
			if at, ok := m.clock.Changes(s, m.st.at, m.x.loc); ok {
				*dues = append(*dues, due{at, uint32(first) + uint32(i)})
			}
		}
	}
	m.x.matched.Add(int64(n))
	return out
}

// compute makes the list of a query over everything, before a state is seen.
func (x *Index) compute(ctx context.Context, st *state, q query.Query) (held, error) {
	l, due, err := x.scan(ctx, st, q, st.lists[0].list)
	h := held{newTrack(q), l}
	h.track.due = newDueHeap(due)
	return h, err
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

// ranked is a key with what orders it in most cases.
type ranked struct {
	rank uint64
	key  uint32
}

// sorted puts keys into the order of a query and returns them.
func (t *table) sorted(q query.Query, keys []uint32) []uint32 {
	list := make([]ranked, len(keys))
	half := len(keys) / 2
	sort := func(from, to int) {
		o := order{t: t, query: q}
		for i, key := range keys[from:to] {
			t.place(t.at(int64(key)), &o.a)
			list[from+i] = ranked{q.Rank(&o.a), key}
		}
		slices.SortFunc(list[from:to], o.compare)
	}
	var wg sync.WaitGroup
	wg.Go(func() { sort(0, half) })
	sort(half, len(keys))
	wg.Wait()
	o := order{t: t, query: q}
	a, b := list[:half], list[half:]
	for i := range keys {
		if len(b) == 0 || len(a) > 0 && o.compare(a[0], b[0]) < 0 {
			keys[i], a = a[0].key, a[1:]
		} else {
			keys[i], b = b[0].key, b[1:]
		}
	}
	return keys
}

// order compares rows of a table for one goroutine.
type order struct {
	t     *table
	query query.Query
	a, b  query.Subject
}

func (o *order) compare(a, b ranked) int {
	if c := cmp.Compare(a.rank, b.rank); c != 0 {
		return c
	}
	o.t.place(o.t.at(int64(a.key)), &o.a)
	o.t.place(o.t.at(int64(b.key)), &o.b)
	return cmp.Or(o.query.Compare(&o.a, &o.b), cmp.Compare(a.key, b.key))
}
