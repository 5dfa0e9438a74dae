package index

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"confab/model/query"
)

// valuesMost is how many values of a field are kept with their counts, those of the newest conversations first. Values beyond
// that are searched for in the rows. Tests set it lower.
var valuesMost = 100_000

// titlesExamined is how many of the newest titles Values examines. Titles are not kept.
const titlesExamined = 5000

// Value is a folded value of a field.
type Value struct {
	Text  string
	Count int   // how many conversations have it, 0 if unknown
	Key   int64 // one of the conversations that have it
	rank  int
}

// kept are the fields whose values are kept.
var kept = query.Vocabularies()

// live sets s to the subject of a row, or to the zero one if there is no row or a tombstone.
func (t *table) live(r *row, s *query.Subject) {
	if *s = (query.Subject{}); r != nil && r.flags&query.FlagTombstone == 0 {
		t.subject(r, s)
	}
}

// values holds the values of each of the kept fields. Index.mu guards it, but counts are read without it.
type values []column

// column holds the values of one field, also those that no conversation has any more.
type column struct {
	list   []value
	places map[string]uint32 // positions in list
	full   bool              // there are values that are not kept
}

// value is written with atomic stores once readers may see it.
type value struct {
	text       string
	count, key uint32
}

// add adds n, which is 1 or -1, to the count of a value that the conversation with the key has or had.
func (c *column) add(text string, n int, key uint32) {
	at, kept := c.places[text]
	switch {
	case kept:
		of := &c.list[at]
		atomic.AddUint32(&of.count, uint32(n))
		if n > 0 {
			atomic.StoreUint32(&of.key, key)
		}
	case len(c.list) >= valuesMost:
		c.full = true
	default:
		c.places[text] = uint32(len(c.list))
		c.list = append(c.list, value{text, uint32(n), key})
	}
}

// update replaces the subject of a row.
func (v values) update(old, now *query.Subject, key int64) {
	for i, of := range kept {
		if was, is := *of.Text(old), *of.Text(now); was != is {
			of.Each(was, func(text string) { v[i].add(text, -1, uint32(key)) })
			of.Each(is, func(text string) { v[i].add(text, 1, uint32(key)) })
		}
	}
}

// count returns the values of all rows.
func (st *state) count() values {
	v := make(values, len(kept))
	for i := range v {
		v[i].places = map[string]uint32{}
	}
	var none, s query.Subject
	for n, b := range st.lists[0].blocks {
		for _, key := range b {
			st.table.live(st.table.at(int64(key)), &s)
			v.update(&none, &s, int64(key))
		}
		if n%16 == 0 {
			runtime.Gosched() // a keystroke that waits for a core goes first
		}
	}
	return v
}

// keptValues returns the values of a field, and whether there are others that are not kept. The first call counts them, and
// then adds the rows that changed meanwhile.
func (x *Index) keptValues(ctx context.Context, field int) (list []value, full bool, err error) {
	select {
	case x.counting <- struct{}{}:
		defer func() { <-x.counting }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.values == nil {
		st := x.state.Load()
		x.changed = []uint32{}
		x.mu.Unlock()
		v := st.count()
		x.mu.Lock()
		if x.changed == nil {
			continue // Load replaced all rows meanwhile
		}
		slices.Sort(x.changed)
		was, is := &st.table, &x.state.Load().table
		var old, now query.Subject
		for _, key := range slices.Compact(x.changed) {
			was.live(was.at(int64(key)), &old)
			is.live(is.at(int64(key)), &now)
			v.update(&old, &now, int64(key))
		}
		x.values, x.changed = v, nil
	}
	c := &x.values[field]
	return c.list, c.full, nil
}

// Values returns values of a field. It leaves out a value if rank returns a negative number for its text. The lowest rank comes
// first; of equal ranks, the value that more conversations have. Only titles of the newest conversations are examined.
func (x *Index) Values(ctx context.Context, field string, rank func(folded string) int, limit int) ([]Value, error) {
	best := bestValues{rank: rank, limit: limit}
	at := slices.IndexFunc(kept, func(v query.Vocabulary) bool { return v.Field == field })
	var err error
	if at >= 0 {
		err = x.offerKept(ctx, &best, at)
	} else if field == query.FieldTitle {
		err = x.searchRows(ctx, &best, titlesExamined, func(s *query.Subject, add func(string)) { add(s.Title) })
	}
	return best.list, err
}

// offerKept offers the kept values, or, if these are not all and not enough, those in the rows.
func (x *Index) offerKept(ctx context.Context, best *bestValues, field int) error {
	list, full, err := x.keptValues(ctx, field)
	for i := range list {
		if n := atomic.LoadUint32(&list[i].count); n > 0 {
			best.offer(Value{Text: list[i].text, Count: int(n), Key: int64(atomic.LoadUint32(&list[i].key))})
		}
	}
	if !full || len(best.list) >= best.limit {
		return err
	}
	best.list = nil
	return x.searchRows(ctx, best, math.MaxInt, func(s *query.Subject, add func(string)) { kept[field].Each(*kept[field].Text(s), add) })
}

// searchRows offers the values that read finds in rows, in at least the given number of the newest ones.
func (x *Index) searchRows(ctx context.Context, best *bestValues, rows int, read func(s *query.Subject, add func(string))) error {
	st := x.state.Load()
	var s query.Subject
	found, left := map[string]Value{}, rows
	for _, b := range st.lists[0].blocks {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, key := range b {
			st.table.live(st.table.at(int64(key)), &s)
			read(&s, func(text string) {
				v, ok := found[text]
				if ok || len(found) < valuesMost && best.rank(text) >= 0 {
					found[text] = Value{Text: text, Count: v.Count + 1, Key: cmp.Or(v.Key, int64(key))}
				}
			})
		}
		if left -= len(b); left <= 0 {
			break
		}
		runtime.Gosched()
	}
	for _, v := range found {
		if rows < st.lists[0].count {
			v.Count = 0
		}
		best.offer(v)
	}
	return nil
}

// bestValues keeps the best of the values that are offered, sorted.
type bestValues struct {
	rank  func(string) int
	limit int
	list  []Value
}

func (c *bestValues) offer(v Value) {
	if v.rank = c.rank(v.Text); v.rank < 0 || v.Text == "" {
		return
	}
	at, _ := slices.BinarySearchFunc(c.list, v, func(a, b Value) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
	})
	if at < c.limit {
		c.list = slices.Insert(c.list, at, v)
		c.list = c.list[:min(len(c.list), c.limit)]
	}
}
