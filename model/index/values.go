package index

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"confab/model/query"
)

// valuesMost is how many values of a field are kept with their counts, those of the newest conversations first. What is
// beyond them is looked for row by row. Tests have fewer.
var valuesMost = 100_000

const (
	// titlesLookedAt is how many of the newest conversations complete a title: of these nothing is kept.
	titlesLookedAt = 5000
	// valuesDead is how many values that no conversation holds any more are kept at least.
	valuesDead = 10_000
)

// Value is a value of a field, folded as it is searched, how many conversations hold it, and the key of one of them.
// Count is 0 where it is not known.
type Value struct {
	Text  string
	Count int
	Key   int64
}

// completed are the fields whose values are kept: those of wordsOf, and then the others.
var completed = [...]string{"owner", "team", "space", "channel", "company", query.FieldLabel,
	query.FieldAccount, query.FieldProvider, "kind", "status", "role", query.FieldWith}

// field returns the text of a row in which the values of a completed field stand; "" for a row that is gone.
func (t *table) field(r *row, field int) string {
	if r == nil || r.shape == 0 || r.flags&query.FlagTombstone != 0 {
		return ""
	}
	h := &t.shapes[r.shape]
	switch name := completed[field]; name {
	case query.FieldAccount:
		return h.account
	case query.FieldProvider:
		return h.provider
	case "kind":
		return h.kind
	case "status":
		return h.status
	case "role":
		return h.roles
	case query.FieldWith:
		return r.text[r.people:r.preview]
	}
	return t.words[r.words[field]]
}

// eachValue calls add with every value in the text of a field.
func eachValue(field, text string, add func(value string)) {
	if text == "" {
		return
	}
	last := ""
	for line := range strings.SplitSeq(text, "\n") {
		switch field {
		case query.FieldLabel: // the name, and the name with its value
			name, value, _ := strings.Cut(line, "=")
			if name != last {
				add(name)
			}
			if last = name; value != "" {
				add(line)
			}
		case query.FieldWith, "company":
			// A short text with a dash is taken for a name.
			if !query.LooksLikeID(line) || len(line) < 16 && strings.Contains(line, "-") {
				add(line)
			}
		case "role":
			add(line)
		default:
			add(line)
			return // what follows are the e-mail and the id
		}
	}
}

// values are the values of all fields. mu of the index guards them; reading their counts waits for nobody.
type values struct {
	columns [len(completed)]column
	dead    int
}

// column holds the values of one field, in the order in which they came.
type column struct {
	list   []value
	places map[string]uint32 // in the list
	full   bool              // there are values that are not kept
}

// value is written with atomic stores, once readers see it.
type value struct {
	text       string
	count, key uint32
}

// add counts n more conversations that hold a value, one of them that of the key. While values are first counted, the
// first of them stands for it, else the last.
func (v *values) add(c *column, text string, n int, key uint32, first bool) {
	at, kept := c.places[text]
	switch {
	case kept:
		of := &c.list[at]
		was := int(of.count)
		if was == 0 {
			v.dead--
		}
		if was+n == 0 {
			v.dead++
		}
		atomic.StoreUint32(&of.count, uint32(max(0, was+n)))
		if n > 0 && (was == 0 || !first) {
			atomic.StoreUint32(&of.key, key)
		}
	case n < 0: // it was not kept
	case len(c.list) >= valuesMost:
		c.full = true
	default:
		if !first { // else it is a part of texts that stay
			text = strings.Clone(text)
		}
		if c.places == nil {
			c.places = map[string]uint32{}
		}
		c.places[text] = uint32(len(c.list))
		c.list = append(c.list, value{text, uint32(n), key})
	}
}

// move takes over that a row was one and is another; nil is no row. The table is that of the later one.
func (v *values) move(t *table, old, now *row, key int64) {
	for i, field := range completed {
		before, after := t.field(old, i), t.field(now, i)
		if before == after {
			continue
		}
		eachValue(field, before, func(text string) { v.add(&v.columns[i], text, -1, uint32(key), false) })
		eachValue(field, after, func(text string) { v.add(&v.columns[i], text, 1, uint32(key), false) })
	}
}

// count makes the values of a state. Words that many rows share are taken apart once.
func (st *state) count() *values {
	type holders struct{ count, key uint32 }
	hold := func(h *holders, key uint32) {
		if h.count++; h.count == 1 {
			h.key = key
		}
	}
	v, t := &values{}, &st.table
	words := make([][wordFields]holders, len(t.words))
	shapes := make([]holders, len(t.shapes))
	people := len(completed) - 1
	add := func(field int, text string, by holders) {
		if by.count > 0 {
			eachValue(completed[field], text, func(text string) { v.add(&v.columns[field], text, int(by.count), by.key, true) })
		}
	}
	for n, b := range st.lists[0].blocks {
		for _, key := range b.keys {
			r := t.at(int64(key))
			hold(&shapes[r.shape], key)
			for field, w := range r.words {
				hold(&words[w][field], key)
			}
			add(people, t.field(r, people), holders{1, key})
		}
		if n%16 == 0 {
			runtime.Gosched() // a key that waits for a core goes first
		}
	}
	for w, fields := range words {
		for i, by := range fields {
			add(i, t.words[w], by)
		}
	}
	for _, by := range shapes {
		for i := wordFields; i < people; i++ {
			add(i, t.field(t.at(int64(by.key)), i), by)
		}
	}
	return v
}

// counted returns the values of a field, and whether there are others. They are counted when they are asked for first
// and from then on move with the rows; those that changed meanwhile are moved at the end.
func (x *Index) counted(ctx context.Context, field int) (list []value, full bool, err error) {
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
			continue // all rows are others by now
		}
		slices.Sort(x.changed)
		was, is := &st.table, &x.state.Load().table
		for _, key := range slices.Compact(x.changed) {
			v.move(is, was.at(int64(key)), is.at(int64(key)), int64(key))
		}
		x.values, x.changed = v, nil
	}
	c := &x.values.columns[field]
	return c.list, c.full, nil
}

// moveValues notes for the values that a row was one and is another. mu is held.
func (x *Index) moveValues(t *table, old, now *row, key int64) {
	if x.changed != nil {
		x.changed = append(x.changed, uint32(key))
	}
	if x.values == nil {
		return
	}
	if x.values.move(t, old, now, key); x.values.dead > valuesDead {
		x.values = nil // counted anew when they are asked for
	}
}

// Values returns values of a field of which rank, given the folded text, is not negative: the lowest rank first, and of
// equal ones those first that more conversations hold. Titles are those of the newest conversations. Of other fields than
// labels the rank of several lines must be negative only where that of each line is.
func (x *Index) Values(ctx context.Context, field string, rank func(folded string) int, limit int) ([]Value, error) {
	best := choice{rank: rank, limit: limit}
	at := slices.Index(completed[:], field)
	switch {
	case field == query.FieldTitle:
		err := x.look(ctx, &best, titlesLookedAt, func(t *table, r *row, add func(string)) { add(r.text[r.title:r.people]) })
		return best.list, err
	case at < 0:
		return nil, nil
	}
	list, full, err := x.counted(ctx, at)
	for i := range list {
		if n := atomic.LoadUint32(&list[i].count); n > 0 {
			best.offer(Value{list[i].text, int(n), int64(atomic.LoadUint32(&list[i].key))})
		}
	}
	if full && len(best.list) < limit {
		best.list = nil
		err = x.look(ctx, &best, 0, func(t *table, r *row, add func(string)) {
			if text := t.field(r, at); field == query.FieldLabel || rank(text) >= 0 {
				eachValue(field, text, add)
			}
		})
	}
	return best.list, err
}

// look finds values in the rows themselves: in those of the newest conversations, or in all for 0.
func (x *Index) look(ctx context.Context, best *choice, rows int, read func(t *table, r *row, add func(string))) error {
	st := x.state.Load()
	found, left := map[string]Value{}, rows
	for _, b := range st.lists[0].blocks {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, key := range b.keys {
			read(&st.table, st.table.at(int64(key)), func(text string) {
				v, ok := found[text]
				if ok || len(found) < valuesMost && best.rank(text) >= 0 {
					found[text] = Value{text, v.Count + 1, cmp.Or(v.Key, int64(key))}
				}
			})
		}
		if left -= len(b.keys); rows > 0 && left <= 0 {
			break
		}
		runtime.Gosched()
	}
	for _, v := range found {
		if rows > 0 && rows < st.lists[0].count {
			v.Count = 0
		}
		best.offer(v)
	}
	return nil
}

// choice keeps the best values.
type choice struct {
	rank  func(string) int
	limit int
	list  []Value
	ranks []int
}

func (c *choice) offer(v Value) {
	rank := c.rank(v.Text)
	if rank < 0 || v.Text == "" {
		return
	}
	at := len(c.list)
	before := func(at int) bool {
		o := c.list[at]
		return cmp.Or(cmp.Compare(rank, c.ranks[at]), cmp.Compare(o.Count, v.Count), strings.Compare(v.Text, o.Text)) < 0
	}
	for at > 0 && before(at-1) {
		at--
	}
	if at >= c.limit {
		return
	}
	c.list, c.ranks = slices.Insert(c.list, at, v), slices.Insert(c.ranks, at, rank)
	if len(c.list) > c.limit {
		c.list, c.ranks = c.list[:c.limit], c.ranks[:c.limit]
	}
}
