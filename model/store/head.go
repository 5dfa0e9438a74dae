package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"confab/model/query"
)

// headQuery reads in the order of the index conversation_order. Rows of the same
// times are put in order by the reader.
const headQuery = indexedColumns + `, pinned, updated, created FROM conversation INDEXED BY conversation_order
WHERE gone = 0 ORDER BY pinned DESC, updated DESC, created DESC`

// headRow is a row with what the default order compares: whether it is pinned, when it
// was updated and created.
type headRow struct {
	Indexed
	times  [3]int64
	folded bool
}

func (r headRow) compare(o headRow) int {
	x, y := r.Subject.Ref, o.Subject.Ref
	return cmp.Or(slices.Compare(o.times[:], r.times[:]), cmp.Compare(x.Account, y.Account), cmp.Compare(x.ID, y.ID))
}

// headBatch is how many rows are matched at once: those of which the subject is
// not folded are read together. headMost bounds how many of the same times are.
const (
	headBatch = 40
	headMost  = 2000
)

// Head reads keys of the scope in the default order (pinned, newest change,
// newest creation, ref) from disk, until there are limit that match or the
// budget is used up. whole says that the list was read to its end.
func (s *Store) Head(ctx context.Context, match func(*query.Subject) bool, limit int, budget time.Duration) (
	keys []int64, whole bool, err error) {
	until := time.Now().Add(budget)
	keys, err = read(ctx, s, "read the newest conversations", func(t *tx) []int64 {
		var batch []headRow
		flush := func() {
			slices.SortFunc(batch, headRow.compare)
			var unfolded []*Indexed
			for i := range batch {
				if !batch[i].folded {
					unfolded = append(unfolded, &batch[i].Indexed)
				}
			}
			t.fold(unfolded)
			for i := range batch {
				if len(keys) < limit && match(&batch[i].Subject) {
					keys = append(keys, batch[i].Key)
				}
			}
			batch = batch[:0]
		}
		var times [3]int64
		reader := s.indexedReader(&times[0], &times[1], &times[2])
		whole = true
		for row := range t.rows(headQuery) {
			var r headRow
			var in bool
			r.Indexed, in, r.folded = reader.scan(row)
			r.times = times
			n, over := len(batch), time.Now().After(until)
			same := in && n > 0 && batch[n-1].times == r.times // these are put in order together
			if over && (!in || same && n >= headMost) {
				// Others of the last times may follow: their order is not known.
				if n > 0 {
					last := batch[n-1].times
					batch = batch[:slices.IndexFunc(batch, func(b headRow) bool { return b.times == last })]
				}
				whole = false
				break
			}
			if in && n > 0 && !same && (over || n >= headBatch) {
				if flush(); len(keys) >= limit || time.Now().After(until) {
					whole = false
					break
				}
			}
			if in {
				batch = append(batch, r)
			}
		}
		flush()
		return keys
	})
	return keys, whole, err
}
