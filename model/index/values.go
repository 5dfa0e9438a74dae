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

// completed are the fields whose values are kept.
var completed = [...]string{"owner", "team", "space", "channel", "company", query.FieldLabel,
	query.FieldAccount, query.FieldProvider, "kind", "status", "role", query.FieldWith}

// texts are those in which the values of the completed fields stand.
type texts [len(completed)]string

// texts returns those of a row, none for a row that is gone.
func (t *table) texts(r *row) texts {
	if r == nil || r.shape == 0 || r.flags&query.FlagTombstone != 0 {
		return texts{}
	}
	var s query.Subject
	t.subject(r, &s)
	return texts{s.Owner, s.Team, s.Space, s.Channel, s.Company, s.Labels, s.Account, s.Provider, s.Kind, s.Status, s.Roles, s.People}
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

// add counts one more conversation that holds a value, that of the key, or one less.
func (v *values) add(c *column, text string, n int, key uint32) {
	if c.places == nil {
		c.places = map[string]uint32{}
	}
	at, kept := c.places[text]
	switch {
	case kept:
		of := &c.list[at]
		now := max(0, int(of.count)+n)
		atomic.StoreUint32(&of.count, uint32(now))
		if n > 0 {
			atomic.StoreUint32(&of.key, key)
		}
		if now == 0 {
			v.dead++
		} else if now == n {
			v.dead--
		}
	case n < 0: // it was not kept
	case len(c.list) >= valuesMost:
		c.full = true
	default:
		c.places[text] = uint32(len(c.list))
		c.list = append(c.list, value{text, uint32(n), key})
	}
}

// move takes over that a row had some texts and has others.
func (v *values) move(old, now texts, key int64) {
	for i, field := range completed {
		if old[i] != now[i] {
			eachValue(field, old[i], func(text string) { v.add(&v.columns[i], text, -1, uint32(key)) })
			eachValue(field, now[i], func(text string) { v.add(&v.columns[i], text, 1, uint32(key)) })
		}
	}
}

// count makes the values of a state.
func (st *state) count() *values {
	v := &values{}
	for n, b := range st.lists[0].blocks {
		for _, key := range b.keys {
			v.move(texts{}, st.table.texts(st.table.at(int64(key))), int64(key))
		}
		if n%16 == 0 {
			runtime.Gosched() // a key that waits for a core goes first
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
			v.move(was.texts(was.at(int64(key))), is.texts(is.at(int64(key))), int64(key))
		}
		x.values, x.changed = v, nil
	}
	c := &x.values.columns[field]
	return c.list, c.full, nil
}

// Values returns values of a field of which rank, given the folded text, is not negative: the lowest rank first, and of
// equal ones those first that more conversations hold. Titles are those of the newest conversations. Of other fields than
// labels the rank of several lines must be negative only where that of each line is.
func (x *Index) Values(ctx context.Context, field string, rank func(folded string) int, limit int) ([]Value, error) {
	best := choice{rank: rank, limit: limit}
	at := slices.Index(completed[:], field)
	var err error
	if at >= 0 {
		err = x.offerKept(ctx, &best, at)
	} else if field == query.FieldTitle {
		err = x.look(ctx, &best, titlesLookedAt, func(t *table, r *row, add func(string)) { add(r.text[r.title:r.people]) })
	}
	var out []Value
	for _, v := range best.list {
		out = append(out, v.Value)
	}
	return out, err
}

// offerKept chooses among the values that are kept, or in the rows where these do not suffice.
func (x *Index) offerKept(ctx context.Context, best *choice, field int) error {
	list, full, err := x.counted(ctx, field)
	for i := range list {
		if n := atomic.LoadUint32(&list[i].count); n > 0 {
			best.offer(Value{list[i].text, int(n), int64(atomic.LoadUint32(&list[i].key))})
		}
	}
	if !full || len(best.list) >= best.limit {
		return err
	}
	best.list = nil
	return x.look(ctx, best, 0, func(t *table, r *row, add func(string)) {
		if text := t.texts(r)[field]; completed[field] == query.FieldLabel || best.rank(text) >= 0 {
			eachValue(completed[field], text, add)
		}
	})
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
	list  []ranked
}

type ranked struct {
	Value
	rank int
}

func (c *choice) offer(v Value) {
	rank := c.rank(v.Text)
	if rank < 0 || v.Text == "" {
		return
	}
	at, _ := slices.BinarySearchFunc(c.list, ranked{v, rank}, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
	})
	if at < c.limit {
		c.list = slices.Insert(c.list, at, ranked{v, rank})
		c.list = c.list[:min(len(c.list), c.limit)]
	}
}
