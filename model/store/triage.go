package store

import (
	"context"
	"database/sql"
	"errors"

	"confab/model"
)

// Triage changes the local marks of conversations.
func (s *Store) Triage(ctx context.Context, refs []model.Ref, ch model.TriageChange) error {
	err := s.tx(ctx, func(t *tx) error {
		for _, r := range refs {
			var print string
			err := t.QueryRowContext(ctx, "SELECT b.fingerprint FROM conversation c JOIN body b ON b.key = c.key WHERE c.account = ? AND c.id = ?",
				r.Account, r.ID).Scan(&print)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			t.exec("INSERT OR IGNORE INTO triage (account, id) VALUES (?, ?)", r.Account, r.ID)
			mark := func(column string, on *bool) {
				switch {
				case on == nil:
				case *on:
					t.exec("UPDATE triage SET "+column+" = ? WHERE account = ? AND id = ?", print, r.Account, r.ID)
				default:
					t.exec("UPDATE triage SET "+column+" = '' WHERE account = ? AND id = ?", r.Account, r.ID)
				}
			}
			mark("done", ch.Done)
			mark("seen", ch.Seen)
			if ch.Pinned != nil {
				t.exec("UPDATE triage SET pinned = ? WHERE account = ? AND id = ?", *ch.Pinned, r.Account, r.ID)
			}
			if ch.Snooze != nil {
				t.exec("UPDATE triage SET snoozed = ? WHERE account = ? AND id = ?", ms(*ch.Snooze), r.Account, r.ID)
			}
			if err := t.reproject(r); err != nil {
				return err
			}
		}
		return nil
	})
	return localError("mark", err)
}
