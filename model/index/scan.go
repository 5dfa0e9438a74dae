package index

import (
	"context"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"confab/model/query"
)

// scan matches a query against the members of a list, as of a state, on all
// cores, in the order of the keys, in which memory is read fastest. It returns
// the list of the matches and when rows have to be matched again.
func (x *Index) scan(ctx context.Context, st *state, q query.Query, base *list) (*list, []due, error) {
	m := x.matcher(st, q)
	l := &list{query: q, pages: make([]*page, len(base.pages))}
	var next atomic.Int64
	var mu sync.Mutex
	var dues []due
	work := func() {
		var s query.Subject
		var mine []due
		for ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= len(base.pages) {
				break
			}
			if base.pages[i] != nil {
				l.pages[i] = m.page(base.pages[i], int64(i)*pageBits, &s, &mine)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		dues = append(dues, mine...)
	}
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(base.pages)) {
		wg.Go(work)
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	keys := make([]uint32, 0, l.members())
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
	query query.Query
	fixed query.Query // the same as of the state
	timed bool
}

func (x *Index) matcher(st *state, q query.Query) matcher {
	return matcher{x, st, q, q.Fixed(st.at, x.loc), q.Timed()}
}

// page matches the members of a page of a list; from is the key of its first bit.
func (m *matcher) page(of *page, from int64, s *query.Subject, dues *[]due) *page {
	out, n := &page{}, 0
	for w, word := range of.words {
		for ; word != 0; word &= word - 1 {
			key := from + int64(w*64+bits.TrailingZeros64(word))
			m.st.table.subject(m.st.table.at(key), s)
			if n++; m.fixed.Match(s, m.st.at, m.x.loc) {
				out.words[w] |= word & -word
			}
			if m.timed {
				if at, ok := m.query.Changes(s, m.st.at, m.x.loc); ok {
					*dues = append(*dues, due{at, uint32(key)})
				}
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
			if c != nil && c.rows[j].shape != 0 && c.rows[j].flags&query.FlagTombstone == 0 {
				out = append(out, uint32(i*chunkRows+j))
			}
		}
	}
	return out
}

// sorted puts keys into the order of a query and returns them.
func (t *table) sorted(q query.Query, keys []uint32) []uint32 {
	order := func(keys []uint32) {
		var a, b query.Subject
		slices.SortFunc(keys, func(i, j uint32) int {
			t.place(t.at(int64(i)), &a)
			t.place(t.at(int64(j)), &b)
			return q.Compare(&a, &b)
		})
	}
	if len(keys) < 2*blockMost {
		order(keys)
		return keys
	}
	half := len(keys) / 2
	var wg sync.WaitGroup
	wg.Go(func() { order(keys[:half]) })
	order(keys[half:])
	wg.Wait()
	return t.merged(q, keys[:half], keys[half:])
}

// merged joins two runs in the order of a query.
func (t *table) merged(q query.Query, a, b []uint32) []uint32 {
	out := make([]uint32, 0, len(a)+len(b))
	var s, o query.Subject
	for len(a) > 0 && len(b) > 0 {
		t.place(t.at(int64(a[0])), &s)
		t.place(t.at(int64(b[0])), &o)
		if q.Compare(&s, &o) <= 0 {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}
