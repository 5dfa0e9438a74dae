package index

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"confab/model/query"
)

// scan matches a query against the members of a list, as of a state, on all
// cores. It returns the matches in the order of the list and when rows may have
// to be matched again; found, which may be nil, is told the matches of each
// block as they are found, and then they are not returned.
func (x *Index) scan(ctx context.Context, st *state, q query.Query, l *list, found func(b int, keys []uint32)) ([]uint32, []due, error) {
	fixed, timed := q.Fixed(st.at, x.loc), q.Timed()
	parts := make([][]uint32, len(l.blocks))
	var next atomic.Int64
	var mu sync.Mutex
	var dues []due
	work := func() {
		var s query.Subject
		var mine []due
		for ctx.Err() == nil {
			b := int(next.Add(1)) - 1
			if b >= len(l.blocks) {
				break
			}
			var hits []uint32
			for _, key := range l.blocks[b].keys {
				st.table.subject(st.table.at(int64(key)), &s)
				if fixed.Match(&s, st.at, x.loc) {
					hits = append(hits, key)
				}
				if timed {
					if at, ok := q.Changes(&s, st.at, x.loc); ok {
						mine = append(mine, due{at, key})
					}
				}
			}
			x.matched.Add(int64(len(l.blocks[b].keys)))
			if parts[b] = hits; found != nil {
				found(b, hits)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		dues = append(dues, mine...)
	}
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(l.blocks)) {
		wg.Go(work)
	}
	wg.Wait()
	return slices.Concat(parts...), dues, ctx.Err()
}

// compute makes the list of a query over everything, before a state is seen.
func (x *Index) compute(ctx context.Context, st *state, q query.Query) (held, error) {
	h := held{track: newTrack(q)}
	keys, due, err := x.scan(ctx, st, q, st.lists[0].list, nil)
	if q.Sort() != st.lists[0].query.Sort() {
		keys = st.table.sorted(q, keys)
	}
	h.list, h.track.due = newList(0, q, keys), newDueHeap(due)
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
