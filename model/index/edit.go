package index

import (
	"container/heap"
	"context"
	"slices"
	"time"

	"confab/model/query"
)

// searchesHeld is how many lists are held beside the kept ones.
const searchesHeld = 4

// edit makes the next state. The caller holds mu from begin to publish.
type edit struct {
	x     *Index
	n     uint64
	table table
	at    time.Time
	lists []held
}

// begin starts an edit of the present state with what the clock has changed.
func (x *Index) begin() *edit {
	st := x.state.Load()
	x.edits++
	e := &edit{x: x, n: x.edits, table: st.table, at: x.clock(), lists: slices.Clone(st.lists)}
	for i := range e.lists {
		h := &e.lists[i]
		switch {
		case len(h.clock) == 0:
		case e.at.Before(st.at):
			x.moved = append(x.moved, e.anew(h)...)
		default:
			x.moved = append(x.moved, e.advance(h)...)
		}
	}
	return e
}

func (e *edit) publish() {
	if e.x.values != nil {
		e.x.values.publish()
	}
	e.x.state.Store(&state{table: e.table, at: e.at, lists: e.lists})
}

func (e *edit) own(h *held) *list {
	h.list = h.list.own(e.n)
	return h.list
}

func (e *edit) match(h *held, s *query.Subject) bool {
	e.x.matched.Add(1)
	return h.query.Match(s, e.at, e.x.loc)
}

// advance matches again what is due in a list and returns what changed.
func (e *edit) advance(h *held) []int64 {
	var moved []int64
	var s query.Subject
	for {
		key, ok := h.due.next(e.at.UnixMilli())
		if !ok {
			return moved
		}
		e.table.subject(e.table.at(int64(key)), &s)
		if was, is := h.list.has(int64(key)), e.match(h, &s); was != is {
			if is {
				e.own(h).insert(&e.table, key, &s)
			} else {
				e.own(h).remove(&e.table, key, &s)
			}
			moved = append(moved, int64(key))
		}
		e.remind(h, key, &s)
	}
}

// remind notes when a row has to be matched again in a list.
func (e *edit) remind(h *held, key uint32, s *query.Subject) {
	if at, ok := h.clock.Changes(s, e.at, e.x.loc); ok {
		heap.Push(&h.due, due{at, key})
		if many := len(h.due) > 2*e.lists[0].list.count+1000; many && h.due[0].at > e.at.UnixMilli() {
			h.due = e.reminders(h)
		}
	}
}

// reminders notes for all rows anew when they have to be matched again: most of the notes added since are outdated.
func (e *edit) reminders(h *held) dueHeap {
	var list []due
	var s query.Subject
	for _, b := range e.lists[0].list.blocks {
		for _, key := range b.keys {
			e.table.subject(e.table.at(int64(key)), &s)
			if at, ok := h.clock.Changes(&s, e.at, e.x.loc); ok {
				list = append(list, due{at, key})
			}
		}
	}
	return newDueHeap(list)
}

// anew computes a list for a clock that went back, and returns what changed.
func (e *edit) anew(h *held) []int64 {
	before := h.list
	fresh, _ := e.x.compute(context.Background(), &state{table: e.table, at: e.at, lists: e.lists[:1]}, h.query)
	h.list, h.due = fresh.list, fresh.due
	var moved []int64
	for _, b := range e.lists[0].list.blocks {
		for _, key := range b.keys {
			if before.has(int64(key)) != h.list.has(int64(key)) {
				moved = append(moved, int64(key))
			}
		}
	}
	return moved
}

// change takes over one row.
func (e *edit) change(c *Entry) {
	key := uint32(c.Key)
	var old, now query.Subject
	var before row
	had := false
	if r := e.table.at(c.Key); r != nil {
		before, had = *r, true
		e.table.subject(&before, &old)
	}
	after := e.x.words.pack(&e.table, c, func(parts ...string) string {
		if had && isJoined(before.text, parts) {
			return before.text
		}
		return joined(parts...)
	})
	e.table.subject(&after, &now)
	sameTimes := had && old.SnoozedUntil == now.SnoozedUntil && old.Updated == now.Updated && old.Created == now.Created &&
		(old.Flags^now.Flags)&query.FlagTombstone == 0

	insert := make([]bool, len(e.lists))
	for i := range e.lists {
		h := &e.lists[i]
		was, is := h.list.has(c.Key), e.match(h, &now)
		moves := was && is && h.query.Compare(&old, &now) != 0
		if was && (!is || moves) {
			e.own(h).remove(&e.table, key, &old)
		}
		insert[i] = is && (!was || moves)
	}
	e.x.valuesMove(&e.table, e.table.at(c.Key), &after, c.Key)
	e.table.put(e.n, c.Key, after)
	for i := range e.lists {
		h := &e.lists[i]
		if insert[i] {
			e.own(h).insert(&e.table, key, &now)
		}
		if len(h.clock) > 0 && !sameTimes {
			e.remind(h, key, &now)
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
		for i, h := range e.lists {
			if i == 0 || slices.ContainsFunc(e.x.kept, func(q query.Query) bool { return q.String() == h.name }) {
				continue
			}
			if others++; oldest < 0 || h.used.Load() < e.lists[oldest].used.Load() {
				oldest = i
			}
		}
		if others <= searchesHeld {
			return
		}
		e.lists = slices.Delete(e.lists, oldest, oldest+1)
	}
}
