package store

import "context"

const pruneSlice = 2000

// prune removes journal entries older than JournalKept, and then the submissions of
// which nothing is left.
func (s *Store) prune(ctx context.Context) error {
	before := ms(s.now().Add(-JournalKept))
	for _, of := range []struct{ table, old string }{
		{"journal", "at < ?"},
		{"submission", "at < ? AND waiting + person + delivered + already = 0"},
	} {
		old := "SELECT id FROM " + of.table + " WHERE " + of.old
		for {
			due, err := read(ctx, s, "prune", func(t *tx) bool { return t.exists(old, before) })
			if err == nil && due {
				err = s.change(ctx, "prune", func(t *tx) {
					t.exec("DELETE FROM "+of.table+" WHERE id IN ("+old+" LIMIT ?)", before, pruneSlice)
				})
			}
			if err != nil {
				return err
			}
			if !due {
				break
			}
		}
	}
	return nil
}
