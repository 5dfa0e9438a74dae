package index

import (
	"cmp"
	"container/heap"
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

// begin starts an edit of the present state and brings its lists to the present.
func (x *Index) begin() *edit {
	st := x.state.Load()
	e := &edit{x: x, was: st, table: st.table, at: x.clock(), lists: slices.Clone(st.lists)}
	for i, l := range e.lists {
		switch {
		case len(l.clock) == 0:
		case e.at.Before(st.at):
			x.moved = append(x.moved, e.recompute(i)...)
		default:
			x.moved = append(x.moved, e.advance(i)...)
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

// advance matches the due rows of a list again and returns those that entered or left it.
func (e *edit) advance(i int) (moved []uint32) {
	var s query.Subject
	for {
		l := e.lists[i]
		if len(l.due) == 0 || l.due[0].at > e.at.UnixMilli() {
			return moved
		}
		key := heap.Pop(&l.due).(due).key
		e.table.subject(e.table.at(int64(key)), &s)
		if was, is := l.has(int64(key)), e.match(l, &s); was != is {
			if is {
				e.writable(i).insert(&e.table, key, &s)
			} else {
				e.writable(i).remove(&e.table, key, &s)
			}
			moved = append(moved, key)
		}
		e.schedule(l, key, &s)
	}
}

// schedule adds the time at which a row must be matched again to a list. If most of the times are outdated by then, it
// schedules all rows anew.
func (e *edit) schedule(l *list, key uint32, s *query.Subject) {
	at, ok := l.clock.Changes(s, e.at, e.x.loc)
	if !ok {
		return
	}
	heap.Push(&l.due, due{at, key})
	if len(l.due) <= 2*e.lists[0].count+1000 || l.due[0].at <= e.at.UnixMilli() {
		return
	}
	var list []due
	var row query.Subject
	for _, key := range e.lists[0].keys() {
		e.table.subject(e.table.at(int64(key)), &row)
		if at, ok := l.clock.Changes(&row, e.at, e.x.loc); ok {
			list = append(list, due{at, key})
		}
	}
	l.due = newDueHeap(list)
}

// recompute computes a list after the clock was set back. It returns the rows that entered or left the list.
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
		// A list that was searched in a wider one holds no time of a row that was outside of that, whatever changed now.
		if len(l.clock) > 0 {
			e.schedule(l, key, &now)
		}
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

// due is a row with the moment, in Unix milliseconds, at which it must be matched again.
type due struct {
	at  int64
	key uint32
}

// dueHeap is a heap with the earliest moment first. A row may be in it more than once.
type dueHeap []due

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(d any)        { *h = append(*h, d.(due)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	*h = (*h)[:last]
	return d
}

// newDueHeap makes a heap of a list, which it sorts in place.
func newDueHeap(list []due) dueHeap {
	slices.SortFunc(list, func(a, b due) int { return cmp.Compare(a.at, b.at) })
	return list
}
