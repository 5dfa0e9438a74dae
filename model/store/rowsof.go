package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"confab/model"
)

// rowsOfAtOnce bounds how many rows one statement reads.
const rowsOfAtOnce = 500

// RowsOf reads the projected rows of conversations of one account, in no order.
// Those that are not cached, or gone, are left out.
func (s *Store) RowsOf(ctx context.Context, account string, ids []string) (out []model.Row, err error) {
	err = s.reading(ctx, func(t *sql.Tx) error {
		for some := range slices.Chunk(ids, rowsOfAtOnce) {
			list, err := json.Marshal(some)
			if err != nil {
				return err
			}
			rows, err := t.QueryContext(ctx, `SELECT c.key, c.account, c.id, c.flags, c.snoozed, c.pinned, c.checked, b.server
FROM json_each(?) j CROSS JOIN conversation c ON c.account = ? AND c.id = j.value JOIN body b ON b.key = c.key WHERE c.gone = 0`, string(list), account)
			if err != nil {
				return err
			}
			read, err := scanRows(ctx, t, rows, s.now())
			if err != nil {
				return err
			}
			out = append(out, read...)
		}
		return nil
	})
	return out, localError("read rows", err)
}
