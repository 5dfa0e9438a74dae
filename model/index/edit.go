package index

import (
	"context"
	"slices"
	"strings"
	"time"

	"confab/model/query"
)

// searchesHeld is how many lists of searches are held in addition to the kept lists.
const searchesHeld = 4

// edit builds the next state. mu is held from begin to publish.
type edit struct {
	x     *Index
	was   *state // which shares with the next state what is not changed
	table table
	at    time.Time
	lists []*list
}

// edit publishes the state that f makes. The caller holds writing.
func (x *Index) edit(f func(*edit)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.begin()
	f(e)
	e.publish()
}

// begin starts an edit of the present state and brings its lists to the present. Those that the time has changed, or may have
// changed because the clock was set back, are computed again.
func (x *Index) begin() *edit {
	st := x.state.Load()
	e := &edit{x: x, was: st, table: st.table, at: x.clock(), lists: slices.Clone(st.lists)}
	for i, l := range e.lists {
		if len(l.clock) > 0 && (l.next <= e.at.UnixMilli() || e.at.Before(st.at)) {
			x.moved = append(x.moved, e.recompute(i)...)
		}
	}
	return e
}

func (e *edit) publish() *state {
	st := &state{table: e.table, at: e.at, lists: e.lists}
	e.x.state.Store(st)
	return st
}

// writable returns a list that this edit may change: it becomes a copy if it still is the one of the present state.
func (e *edit) writable(i int) *list {
	if i < len(e.was.lists) && e.lists[i] == e.was.lists[i] {
		e.lists[i] = e.lists[i].clone()
	}
	return e.lists[i]
}

func (e *edit) match(l *list, s *query.Subject) bool {
	e.x.matched.Add(1)
	return l.query.Match(s, e.at, e.x.loc)
}

// recompute computes a list anew and returns the rows that entered or left it.
func (e *edit) recompute(i int) (moved []uint32) {
	before := e.lists[i]
	e.lists[i], _ = e.x.compute(context.Background(), &state{table: e.table, at: e.at, lists: e.lists[:1]}, before.shared)
	for _, key := range e.lists[0].keys() {
		if before.has(int64(key)) != e.lists[i].has(int64(key)) {
			moved = append(moved, key)
		}
	}
	return moved
}

// schedule notes when a row may enter or leave a list with the time.
func (e *edit) schedule(l *list, s *query.Subject) {
	l.next = min(l.next, l.clock.Changes(s, e.at, e.x.loc))
}

// apply replaces one row.
func (e *edit) apply(c *query.Entry) {
	key := uint32(c.Key)
	var old, now query.Subject
	var before row
	r := e.table.at(c.Key)
	after := e.table.pack(c, func(parts ...string) string { return strings.Join(parts, "") })
	if r != nil {
		before = *r
		e.table.subject(&before, &old)
		if after.text == before.text { // keep the copy in the arena
			after.text = before.text
		}
	}
	e.table.subject(&after, &now)

	insert := make([]bool, len(e.lists))
	for i, l := range e.lists {
		was, is := l.has(c.Key), e.match(l, &now)
		moves := was && is && l.query.Compare(&old, &now) != 0
		if was && (!is || moves) {
			e.writable(i).remove(&e.table, key, &old)
		}
		insert[i] = is && (!was || moves)
	}
	if x := e.x; x.changed != nil {
		x.changed = append(x.changed, key)
	} else if x.values != nil {
		var was, is query.Subject
		e.table.live(r, &was)
		e.table.live(&after, &is)
		x.values.update(&was, &is, c.Key)
	}
	e.table.put(&e.was.table, c.Key, after)
	for i, l := range e.lists {
		if insert[i] {
			l = e.writable(i)
			l.insert(&e.table, key, &now)
		}
		e.schedule(l, &now)
	}
	for _, s := range e.x.searches {
		s.changed = append(s.changed, key)
	}
}

// evict drops the lists that were least recently read, except the kept ones.
func (e *edit) evict() {
	for {
		others, oldest := 0, -1
		for i, l := range e.lists {
			if i == 0 || slices.ContainsFunc(e.x.kept, func(q query.Query) bool { return q.String() == l.name }) {
				continue
			}
			if others++; oldest < 0 || l.used.Load() < e.lists[oldest].used.Load() {
				oldest = i
			}
		}
		if others <= searchesHeld {
			return
		}
		e.lists = slices.Delete(e.lists, oldest, oldest+1)
	}
}
