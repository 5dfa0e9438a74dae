package index

import (
	"cmp"
	"container/heap"
	"slices"
)

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

// next takes out the earliest that is due by a moment.
func (h *dueHeap) next(by int64) (key uint32, ok bool) {
	if len(*h) == 0 || (*h)[0].at > by {
		return 0, false
	}
	return heap.Pop(h).(due).key, true
}
