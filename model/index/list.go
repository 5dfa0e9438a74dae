package index

import (
	"slices"
	"sort"
	"sync/atomic"

	"confab/model/query"
)

// blockMost is the most keys of a block; a fuller one is halved. Tests have smaller ones.
var blockMost = 1024

// block is a run of keys in the order of a list.
type block struct {
	edit uint64
	keys []uint32
}

// track is what belongs to a list across its changes. Its heap is the writer's.
type track struct {
	name  string
	query query.Query
	clock query.Clock // what of the query changes with time
	due   dueHeap
	used  atomic.Int64
}

func newTrack(q query.Query) *track { return &track{name: q.String(), query: q, clock: q.Clock()} }

// list is the members of a query in its order. An edit works on a copy that shares what it leaves alone.
type list struct {
	*track
	edit   uint64
	blocks []*block
	count  int
	bits   []uint64 // one for each key, set for members
}

// newList makes a list of keys that are in the order of the query, in blocks with room to grow.
func newList(t *track, keys []uint32) *list {
	l := &list{track: t, count: len(keys)}
	for _, k := range keys {
		l.mark(k, true)
	}
	for part := range slices.Chunk(keys, blockMost*3/4) {
		l.blocks = append(l.blocks, &block{keys: slices.Clip(part)})
	}
	return l
}

// own returns the list itself where the edit made it, else a copy for the edit.
func (l *list) own(edit uint64) *list {
	if l.edit == edit {
		return l
	}
	return &list{track: l.track, edit: edit, count: l.count, blocks: slices.Clone(l.blocks), bits: slices.Clone(l.bits)}
}

// keys yields the keys in order.
func (l *list) keys(yield func(uint32) bool) {
	for _, b := range l.blocks {
		for _, key := range b.keys {
			if !yield(key) {
				return
			}
		}
	}
}

func (l *list) has(key int64) bool {
	return key > 0 && key/64 < int64(len(l.bits)) && l.bits[key/64]&(1<<(key%64)) != 0
}

func (l *list) mark(key uint32, member bool) {
	if more := int(key/64) + 1 - len(l.bits); more > 0 {
		l.bits = append(l.bits, make([]uint64, more)...)
	}
	if bit := uint64(1) << (key % 64); member {
		l.bits[key/64] |= bit
	} else {
		l.bits[key/64] &^= bit
	}
}

// find returns the block and the index in it where a key with that subject is or would be; the block is len(blocks)
// behind all others.
func (l *list) find(t *table, key uint32, s *query.Subject) (b, i int) {
	var o query.Subject
	before := func(other uint32) bool {
		t.place(t.at(int64(other)), &o)
		c := l.query.Compare(&o, s)
		return c < 0 || c == 0 && other < key
	}
	b = sort.Search(len(l.blocks), func(b int) bool { keys := l.blocks[b].keys; return !before(keys[len(keys)-1]) })
	if b < len(l.blocks) {
		keys := l.blocks[b].keys
		i = sort.Search(len(keys), func(i int) bool { return !before(keys[i]) })
	}
	return b, i
}

// rank returns the position of a member.
func (l *list) rank(t *table, key int64) int {
	var s query.Subject
	t.place(t.at(key), &s)
	b, i := l.find(t, uint32(key), &s)
	for _, before := range l.blocks[:b] {
		i += len(before.keys)
	}
	return i
}

// insert puts a key at the place of its subject.
func (l *list) insert(t *table, key uint32, s *query.Subject) {
	l.mark(key, true)
	l.count++
	b, i := l.find(t, key, s)
	if b == len(l.blocks) {
		if b == 0 {
			l.blocks = append(l.blocks, &block{edit: l.edit})
		}
		b = len(l.blocks) - 1
		i = len(l.blocks[b].keys)
	}
	k := l.ownBlock(b)
	k.keys = slices.Insert(k.keys, i, key)
	if len(k.keys) > blockMost {
		half := &block{edit: l.edit, keys: slices.Clone(k.keys[blockMost/2:])}
		k.keys = k.keys[:blockMost/2]
		l.blocks = slices.Insert(l.blocks, b+1, half)
	}
}

// remove takes a key away; s and the table are the row as it was when the key was put there.
func (l *list) remove(t *table, key uint32, s *query.Subject) {
	l.mark(key, false)
	l.count--
	b, i := l.find(t, key, s)
	k := l.ownBlock(b)
	k.keys = slices.Delete(k.keys, i, i+1)
	switch {
	case len(k.keys) == 0:
		l.blocks = slices.Delete(l.blocks, b, b+1)
	case b > 0 && len(k.keys)+len(l.blocks[b-1].keys) < blockMost/2:
		before := l.ownBlock(b - 1)
		before.keys = append(before.keys, k.keys...)
		l.blocks = slices.Delete(l.blocks, b, b+1)
	}
}

func (l *list) ownBlock(b int) *block {
	k := l.blocks[b]
	if k.edit != l.edit {
		k = &block{edit: l.edit, keys: slices.Grow(slices.Clone(k.keys), 1)}
		l.blocks[b] = k
	}
	return k
}

// window returns at most limit keys from a position on.
func (l *list) window(from, limit int) []uint32 {
	out := make([]uint32, 0, max(0, min(limit, l.count-from)))
	for _, b := range l.blocks {
		if len(out) == cap(out) {
			break
		}
		keys := b.keys[min(from, len(b.keys)):]
		from = max(0, from-len(b.keys))
		out = append(out, keys[:min(len(keys), cap(out)-len(out))]...)
	}
	return out
}
