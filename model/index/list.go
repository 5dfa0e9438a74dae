package index

import (
	"math"
	"slices"
	"sort"
	"sync/atomic"

	"confab/model/query"
)

// blockMost is the most keys in a block; a block with more is halved. Tests set it lower.
var blockMost = 1024

// shared is what all versions of a list share.
type shared struct {
	name  string
	query query.Query
	clock query.Clock  // the terms of the query that depend on the time
	next  int64        // when it is computed again, in Unix milliseconds; only writers read it
	used  atomic.Int64 // Index.reads at the last read
}

func newShared(q query.Query) *shared {
	return &shared{name: q.String(), query: q, clock: q.Clock(), next: math.MaxInt64}
}

// list has the matches of a query in its order. An edit changes a copy that shares all unchanged blocks.
type list struct {
	*shared
	blocks [][]uint32 // runs of keys in the order of the list; a block is never changed, only replaced
	count  int
	bits   []uint64 // a bit for each key, set for members
}

// newList makes a list of keys, which must be in the order of the query. Its blocks may grow before they are halved.
func newList(t *shared, keys []uint32) *list {
	l := &list{shared: t, count: len(keys)}
	for _, k := range keys {
		l.mark(k, true)
	}
	l.blocks = slices.Collect(slices.Chunk(keys, blockMost*3/4))
	return l
}

// clone returns a copy of the list to change.
func (l *list) clone() *list {
	return &list{shared: l.shared, count: l.count, blocks: slices.Clone(l.blocks), bits: slices.Clone(l.bits)}
}

// keys returns the members in order.
func (l *list) keys() []uint32 { return slices.Concat(l.blocks...) }

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

// find returns the place of a key with a subject: the block and the index in it where the key is or would be inserted. After
// the last member, the block is len(blocks).
func (l *list) find(t *table, key uint32, s *query.Subject) (b, i int) {
	var o query.Subject
	before := func(other uint32) bool {
		t.orderFields(t.at(int64(other)), &o)
		c := l.query.Compare(&o, s)
		return c < 0 || c == 0 && other < key
	}
	b = sort.Search(len(l.blocks), func(b int) bool { keys := l.blocks[b]; return !before(keys[len(keys)-1]) })
	if b < len(l.blocks) {
		keys := l.blocks[b]
		i = sort.Search(len(keys), func(i int) bool { return !before(keys[i]) })
	}
	return b, i
}

// rank returns the position of a member.
func (l *list) rank(t *table, key int64) int {
	var s query.Subject
	t.orderFields(t.at(key), &s)
	b, i := l.find(t, uint32(key), &s)
	for _, before := range l.blocks[:b] {
		i += len(before)
	}
	return i
}

// insert adds a key with its subject.
func (l *list) insert(t *table, key uint32, s *query.Subject) {
	l.mark(key, true)
	l.count++
	if len(l.blocks) == 0 {
		l.blocks = [][]uint32{{key}}
		return
	}
	b, i := l.find(t, key, s)
	if b == len(l.blocks) {
		b--
		i = len(l.blocks[b])
	}
	keys := slices.Concat(l.blocks[b][:i], []uint32{key}, l.blocks[b][i:])
	if half := blockMost / 2; len(keys) > blockMost {
		l.blocks = slices.Insert(l.blocks, b+1, keys[half:])
		keys = keys[:half]
	}
	l.blocks[b] = keys
}

// remove removes a key. s and the table must be as they were when the key was inserted.
func (l *list) remove(t *table, key uint32, s *query.Subject) {
	l.mark(key, false)
	l.count--
	b, i := l.find(t, key, s)
	if l.blocks[b] = slices.Concat(l.blocks[b][:i], l.blocks[b][i+1:]); len(l.blocks[b]) == 0 {
		l.blocks = slices.Delete(l.blocks, b, b+1)
	}
}

// window returns at most limit members, starting at a position.
func (l *list) window(from, limit int) []uint32 {
	out := make([]uint32, 0, max(0, min(limit, l.count-from)))
	for _, b := range l.blocks {
		if len(out) == cap(out) {
			break
		}
		keys := b[min(from, len(b)):]
		from = max(0, from-len(b))
		out = append(out, keys[:min(len(keys), cap(out)-len(out))]...)
	}
	return out
}
