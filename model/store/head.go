package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"confab/model/query"
)

// headQuery reads in the order of the index conversation_order. Rows of the same
// times are put in order by the reader.
const headQuery = `SELECT key, account, id, pinned, updated, created, subject FROM conversation INDEXED BY conversation_order
WHERE gone = 0 ORDER BY pinned DESC, updated DESC, created DESC`

// headRow is a row with the columns that the default order looks at.
type headRow struct {
	Indexed
	pinned, updated, created int64
	folded                   bool
}

func (r headRow) times() [3]int64 { return [3]int64{r.pinned, r.updated, r.created} }

func (r headRow) compare(o headRow) int {
	x, y := r.Subject.Ref, o.Subject.Ref
	a, b := r.times(), o.times()
	return cmp.Or(slices.Compare(b[:], a[:]), cmp.Compare(x.Account, y.Account), cmp.Compare(x.ID, y.ID))
}

// headBatch is how many rows are matched at once: those of which the subject is
// not folded are read together. headMost bounds how many of the same times are.
const (
	headBatch = 40
	headMost  = 2000
)

// foldRows works out the subjects that are not folded.
func (t *tx) foldRows(rows []headRow) error {
	var unfolded []Indexed
	for _, r := range rows {
		if !r.folded {
			unfolded = append(unfolded, r.Indexed)
		}
	}
	err := t.fold(unfolded)
	for i := range rows {
		if err == nil && !rows[i].folded {
			rows[i].Indexed, unfolded = unfolded[0], unfolded[1:]
		}
	}
	return err
}

// Head reads keys of the scope in the default order (pinned, newest change,
// newest creation, ref) from disk, until there are limit that match or the
// budget is used up. whole says that the list was read to its end.
func (s *Store) Head(ctx context.Context, match func(*query.Subject) bool, limit int, budget time.Duration) (keys []int64, whole bool, err error) {
	until := time.Now().Add(budget)
	err = s.reading(ctx, "read the newest conversations", func(t *tx) error {
		rows, err := t.QueryContext(ctx, headQuery)
		if err != nil {
			return err
		}
		defer rows.Close()
		names := s.scoped()
		var batch []headRow
		flush := func() error {
			slices.SortFunc(batch, headRow.compare)
			if err := t.foldRows(batch); err != nil {
				return err
			}
			for i := range batch {
				if len(keys) < limit && match(&batch[i].Subject) {
					keys = append(keys, batch[i].Key)
				}
			}
			batch = batch[:0]
			return nil
		}
		for rows.Next() {
			var r headRow
			var account, packed sql.RawBytes
			var id string
			if err := rows.Scan(&r.Key, &account, &id, &r.pinned, &r.updated, &r.created, &packed); err != nil {
				return err
			}
			name, ok := names.get(account)
			if !ok {
				if time.Now().After(until) {
					if n := len(batch); n > 0 { // others of the last time may follow
						last := batch[n-1].times()
						batch = batch[:slices.IndexFunc(batch, func(b headRow) bool { return b.times() == last })]
					}
					return flush()
				}
				continue
			}
			r.Subject, r.folded = query.Unpack(packed)
			r.Subject.Ref.Account, r.Subject.Ref.ID, r.Subject.Account = name, id, name
			n, over := len(batch), time.Now().After(until)
			switch {
			case n == 0 || n < headBatch && !over:
			case batch[n-1].times() == r.times(): // these are put in order together
				if over && n >= headMost {
					batch = batch[:slices.IndexFunc(batch, func(b headRow) bool { return b.times() == r.times() })]
					return flush()
				}
			default:
				if err := flush(); err != nil {
					return err
				}
				if len(keys) >= limit || time.Now().After(until) {
					return nil
				}
			}
			batch = append(batch, r)
		}
		whole = rows.Err() == nil
		return cmp.Or(rows.Err(), flush())
	})
	return keys, whole, err
}
