package store

import (
	"context"
)

// pruneSlice is how many journal entries a transaction removes.
const pruneSlice = 2000

// prune removes journal entries that are older than JournalKept, and then the
// submissions of which nothing is left.
func (s *Store) prune(ctx context.Context) error {
	before := ms(s.now().Add(-JournalKept))
	const journal = "SELECT id FROM journal WHERE at < ?"
	const submission = "SELECT id FROM submission WHERE at < ? AND waiting + person + delivered + already = 0"
	for _, table := range []struct{ name, old string }{{"journal", journal}, {"submission", submission}} {
		for {
			var due bool
			err := s.read.QueryRowContext(ctx, "SELECT EXISTS ("+table.old+")", before).Scan(&due)
			if err != nil || !due {
				if err != nil {
					return err
				}
				break
			}
			err = s.tx(ctx, func(t *tx) error {
				return t.exec("DELETE FROM "+table.name+" WHERE id IN ("+table.old+" LIMIT ?)", before, pruneSlice)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
