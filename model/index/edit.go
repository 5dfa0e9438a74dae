package index

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"time"

	"confab/model/query"
)

// searchesHeld is how many lists are held beside the kept ones.
const searchesHeld = 4

// edit makes the next state. mu is held from begin to publish.
type edit struct {
	x     *Index
	n     uint64
	table table
	at    time.Time
	lists []*list
}

// edit makes the next state with what f does. writing is held.
func (x *Index) edit(f func(*edit)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.begin()
	f(e)
	e.publish()
}

// begin starts an edit of the present state with what the clock has changed.
func (x *Index) begin() *edit {
	st := x.state.Load()
	x.edits++
	e := &edit{x: x, n: x.edits, table: st.table, at: x.clock(), lists: slices.Clone(st.lists)}
	for i, l := range e.lists {
		switch {
		case len(l.clock) == 0:
		case e.at.Before(st.at):
			x.moved = append(x.moved, e.anew(i)...)
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

// own returns a list that this edit may change.
func (e *edit) own(i int) *list {
	e.lists[i] = e.lists[i].own(e.n)
	return e.lists[i]
}

func (e *edit) match(l *list, s *query.Subject) bool {
	e.x.matched.Add(1)
	return l.query.Match(s, e.at, e.x.loc)
}

// advance matches again what is due in a list and returns what changed.
func (e *edit) advance(i int) (moved []int64) {
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
				e.own(i).insert(&e.table, key, &s)
			} else {
				e.own(i).remove(&e.table, key, &s)
			}
			moved = append(moved, int64(key))
		}
		e.remind(l, key, &s)
	}
}

// remind notes when a row has to be matched again in a list. Where most of the notes are outdated, all are made anew.
func (e *edit) remind(l *list, key uint32, s *query.Subject) {
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
	for key := range e.lists[0].keys {
		e.table.subject(e.table.at(int64(key)), &row)
		if at, ok := l.clock.Changes(&row, e.at, e.x.loc); ok {
			list = append(list, due{at, key})
		}
	}
	l.due = newDueHeap(list)
}

// anew computes a list for a clock that went back, and returns what changed.
func (e *edit) anew(i int) (moved []int64) {
	before := e.lists[i]
	e.lists[i], _ = e.x.compute(context.Background(), &state{table: e.table, at: e.at, lists: e.lists[:1]}, before.track)
	for key := range e.lists[0].keys {
		if before.has(int64(key)) != e.lists[i].has(int64(key)) {
			moved = append(moved, int64(key))
		}
	}
	return moved
}

// change takes over one row.
func (e *edit) change(c *Entry) {
	key := uint32(c.Key)
	var old, now query.Subject
	var before row
	r := e.table.at(c.Key)
	after := e.x.words.pack(&e.table, c, joined)
	if r != nil {
		before = *r
		e.table.subject(&before, &old)
		if after.text == before.text { // which is among others of its load
			after.text = before.text
		}
	}
	e.table.subject(&after, &now)
	sameTimes := r != nil && old.SnoozedUntil == now.SnoozedUntil && old.Updated == now.Updated && old.Created == now.Created &&
		(old.Flags^now.Flags)&query.FlagTombstone == 0

	insert := make([]bool, len(e.lists))
	for i, l := range e.lists {
		was, is := l.has(c.Key), e.match(l, &now)
		moves := was && is && l.query.Compare(&old, &now) != 0
		if was && (!is || moves) {
			e.own(i).remove(&e.table, key, &old)
		}
		insert[i] = is && (!was || moves)
	}
	if x := e.x; x.changed != nil {
		x.changed = append(x.changed, key)
	} else if x.values != nil {
		if x.values.move(e.table.texts(r), e.table.texts(&after), c.Key); x.values.dead > valuesDead {
			x.values = nil // counted anew when they are asked for
		}
	}
	e.table.put(e.n, c.Key, after)
	for i, l := range e.lists {
		if insert[i] {
			l = e.own(i)
			l.insert(&e.table, key, &now)
		}
		if len(l.clock) > 0 && !sameTimes {
			e.remind(l, key, &now)
		}
	}
	for _, s := range e.x.searches {
		s.changed = append(s.changed, key)
	}
}

// evict gives up the lists that were read longest ago, but none that is kept.
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

// due says that a row may have to be matched again at a moment, in Unix milliseconds.
type due struct {
	at  int64
	key uint32
}

// dueHeap has the earliest first. A row may be in it more than once.
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

// newDueHeap takes over a list.
func newDueHeap(list []due) dueHeap {
	slices.SortFunc(list, func(a, b due) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key)) })
	return dueHeap(slices.Compact(list))
}
