package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"confab/model"
)

// RowsOf reads the projected rows of conversations of one account, in no order.
// Those that are not cached, or gone, are left out; so may be one whose id is no
// valid text.
func (s *Store) RowsOf(ctx context.Context, account string, ids []string) (out []model.Row, err error) {
	err = s.reading(ctx, func(t *sql.Tx) error {
		for some := range slices.Chunk(ids, rowsAtOnce) {
			list, err := json.Marshal(some)
			if err != nil {
				return err
			}
			rows, err := s.rows(ctx, t, "json_each(?) j CROSS JOIN conversation c ON c.account = ? AND c.id = j.value", "1", string(list), account)
			if err != nil {
				return err
			}
			out = append(out, rows...)
		}
		return nil
	})
	return out, localError("read rows", err)
}
