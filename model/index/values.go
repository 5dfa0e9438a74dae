package index

import (
	"cmp"
	"context"
	"hash/maphash"
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

// values are the values of all fields. Who holds mu of the index changes them; reading them waits for nobody.
type values struct {
	columns [len(completed)]column
	dead    int
}

// column holds the values of one field, in the order in which they came. Slots is a hash table of their places plus one.
type column struct {
	list  []value
	slots []uint32
	seen  atomic.Pointer[[]value]
	// full says that there are values that are not kept.
	full atomic.Bool
}

// value is written with atomic stores, once readers see it.
type value struct {
	text       string
	count, key uint32
}

var hashSeed = maphash.MakeSeed()

// slot returns where a text is in the hash table, or would be.
func (c *column) slot(text string) *uint32 {
	mask := uint64(len(c.slots) - 1)
	for i := maphash.String(hashSeed, text) & mask; ; i = (i + 1) & mask {
		if n := c.slots[i]; n == 0 || c.list[n-1].text == text {
			return &c.slots[i]
		}
	}
}

// add counts n more conversations that hold a value, one of them that of the key.
func (v *values) add(c *column, text string, n int, key uint32, keep func(string) string) {
	if 4*len(c.list) >= 3*len(c.slots) {
		c.slots = make([]uint32, max(64, 2*len(c.slots)))
		for i := range c.list {
			*c.slot(c.list[i].text) = uint32(i + 1)
		}
	}
	at := c.slot(text)
	switch {
	case *at != 0:
		of := &c.list[*at-1]
		was := int(of.count)
		if was == 0 {
			v.dead--
		}
		if was+n == 0 {
			v.dead++
		}
		atomic.StoreUint32(&of.count, uint32(max(0, was+n)))
		if n > 0 && (was == 0 || keep != nil) {
			atomic.StoreUint32(&of.key, key)
		}
	case n < 0: // it was not kept
	case len(c.list) >= valuesMost:
		c.full.Store(true)
	default:
		if keep != nil {
			text = keep(text)
		}
		c.list = append(c.list, value{text, uint32(n), key})
		*at = uint32(len(c.list))
	}
}

// move takes over that a row was one and is another; nil is no row. The table is that of the later one.
func (v *values) move(t *table, old, now *row, key int64) {
	for i, field := range completed {
		c := &v.columns[i]
		before, after := t.field(old, i), t.field(now, i)
		if before == after {
			continue
		}
		eachValue(field, before, func(text string) { v.add(c, text, -1, uint32(key), strings.Clone) })
		eachValue(field, after, func(text string) { v.add(c, text, 1, uint32(key), strings.Clone) })
	}
}

// publish shows readers the values that were added.
func (v *values) publish() {
	for i := range v.columns {
		c := &v.columns[i]
		if last := c.seen.Load(); last == nil || len(*last) != len(c.list) {
			list := c.list
			c.seen.Store(&list)
		}
	}
}

// count makes the values of a state. Words that many rows share are taken apart once.
func (st *state) count() *values {
	v, t := &values{}, &st.table
	words := make([][wordFields]struct{ count, key uint32 }, len(t.words))
	shapes := make([]struct{ count, key uint32 }, len(t.shapes))
	people := len(completed) - 1
	for n, b := range st.lists[0].list.blocks {
		for _, key := range b.keys {
			r := t.at(int64(key))
			if s := &shapes[r.shape]; s.count == 0 {
				s.count, s.key = 1, key
			} else {
				s.count++
			}
			for field, w := range r.words {
				if n := &words[w][field]; n.count == 0 {
					n.count, n.key = 1, key
				} else {
					n.count++
				}
			}
			eachValue(completed[people], t.field(r, people), func(text string) { v.add(&v.columns[people], text, 1, key, nil) })
		}
		if n%16 == 0 {
			runtime.Gosched() // a key that waits for a core goes first
		}
	}
	for w, fields := range words {
		for i, n := range fields {
			if n.count > 0 {
				eachValue(completed[i], t.words[w], func(text string) { v.add(&v.columns[i], text, int(n.count), n.key, nil) })
			}
		}
	}
	for _, s := range shapes {
		for i := wordFields; i < people && s.count > 0; i++ {
			text := t.field(t.at(int64(s.key)), i)
			eachValue(completed[i], text, func(text string) { v.add(&v.columns[i], text, int(s.count), s.key, nil) })
		}
	}
	v.publish()
	return v
}

// counting is the first count of the values, of a state. Who changes rows meanwhile notes them.
type counting struct {
	state   *state
	changed []uint32
	ended   chan struct{}
}

// counted returns the values, which are counted when they are asked for first and from then on move with the rows.
func (x *Index) counted(ctx context.Context) (*values, error) {
	for {
		x.mu.Lock()
		v, c := x.values, x.counting
		if v == nil && c == nil {
			c = &counting{state: x.state.Load(), ended: make(chan struct{})}
			x.counting = c
			go x.count(c)
		}
		x.mu.Unlock()
		if v != nil {
			return v, nil
		}
		select {
		case <-c.ended:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (x *Index) count(c *counting) {
	defer close(c.ended)
	v := c.state.count()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.counting != c {
		return // all rows are others by now
	}
	slices.Sort(c.changed)
	was, is := &c.state.table, &x.state.Load().table
	for _, key := range slices.Compact(c.changed) {
		v.move(is, was.at(int64(key)), is.at(int64(key)), int64(key))
	}
	v.publish()
	x.values, x.counting = v, nil
}

// valuesMove notes for the values that a row was one and is another. mu is held.
func (x *Index) valuesMove(t *table, old, now *row, key int64) {
	if x.counting != nil {
		x.counting.changed = append(x.counting.changed, uint32(key))
	}
	if x.values == nil {
		return
	}
	if x.values.move(t, old, now, key); x.values.dead > valuesDead {
		x.values = nil // counted anew when they are asked for
	}
}

// Values returns values of a field of which rank, given the folded text, is not negative: the lowest rank first, and of
// equal ones those first that more conversations hold. Titles are those of the newest conversations.
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
	v, err := x.counted(ctx)
	if err != nil {
		return nil, err
	}
	c := &v.columns[at]
	list := *c.seen.Load()
	for i := range list {
		if n := atomic.LoadUint32(&list[i].count); n > 0 {
			best.offer(Value{list[i].text, int(n), int64(atomic.LoadUint32(&list[i].key))})
		}
	}
	if c.full.Load() && len(best.list) < limit {
		best.list = nil
		err = x.look(ctx, &best, 0, func(t *table, r *row, add func(string)) { eachValue(field, t.field(r, at), add) })
	}
	return best.list, err
}

// look finds values in the rows themselves: in those of the newest conversations, or in all for 0.
func (x *Index) look(ctx context.Context, best *choice, rows int, read func(t *table, r *row, add func(string))) error {
	st := x.state.Load()
	found, left := map[string]Value{}, rows
	for _, b := range st.lists[0].list.blocks {
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
		if rows > 0 && rows < st.lists[0].list.count {
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
