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

// Head reads keys of the scope in the default order (pinned, newest change,
// newest creation, ref) from disk, until there are limit that match or the
// budget is used up. whole says that the list was read to its end.
func (s *Store) Head(ctx context.Context, match func(*query.Subject) bool, limit int, budget time.Duration) (keys []int64, whole bool, err error) {
	until := time.Now().Add(budget)
	err = s.reading(ctx, func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, headQuery)
		if err != nil {
			return err
		}
		defer rows.Close()
		names := s.scoped()
		var same []headRow // rows of the same times
		flush := func() error {
			slices.SortFunc(same, func(a, b headRow) int {
				x, y := a.Subject.Ref, b.Subject.Ref
				return cmp.Or(cmp.Compare(x.Account, y.Account), cmp.Compare(x.ID, y.ID))
			})
			for i := range same {
				if !same[i].folded {
					e := []Indexed{same[i].Indexed}
					if err := fold(ctx, t, e); err != nil {
						return err
					}
					same[i].Indexed = e[0]
				}
				if len(keys) < limit && match(&same[i].Subject) {
					keys = append(keys, same[i].Key)
				}
			}
			same = same[:0]
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
					same = same[:0]
					return nil
				}
				continue
			}
			r.Subject, r.folded = query.Unpack(packed)
			r.Subject.Ref.Account, r.Subject.Ref.ID, r.Subject.Account = name, id, name
			if n := len(same); n > 0 && (same[n-1].pinned != r.pinned || same[n-1].updated != r.updated || same[n-1].created != r.created) {
				if err := flush(); err != nil {
					return err
				}
			}
			if len(keys) >= limit || time.Now().After(until) {
				same = same[:0]
				return nil
			}
			same = append(same, r)
		}
		whole = rows.Err() == nil
		return cmp.Or(rows.Err(), flush())
	})
	return keys, whole, localError("read the newest conversations", err)
}
