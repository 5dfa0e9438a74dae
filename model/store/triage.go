package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"confab/model"
)

// Marked is what the local marks of a conversation were before they were
// changed. It is kept in memory to take the change back.
type Marked struct {
	Ref        model.Ref
	done, seen string // fingerprints
	pinned     bool
	snoozed    int64
}

// Triage changes the local marks of conversations and returns what they were.
// A conversation that is not in the cache is left out.
func (s *Store) Triage(ctx context.Context, refs []model.Ref, ch model.TriageChange) (before []Marked, err error) {
	err = s.tx(ctx, func(t *tx) error {
		before = before[:0]
		for _, r := range refs {
			was := Marked{Ref: r}
			var print string
			err := t.QueryRowContext(ctx, `SELECT b.fingerprint, coalesce(m.done, ''), coalesce(m.seen, ''), coalesce(m.pinned, 0), coalesce(m.snoozed, 0)
FROM conversation c JOIN body b ON b.key = c.key LEFT JOIN triage m ON m.account = c.account AND m.id = c.id
WHERE c.account = ? AND c.id = ?`, r.Account, r.ID).Scan(&print, &was.done, &was.seen, &was.pinned, &was.snoozed)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			now := was
			stamp := func(to *string, on *bool) {
				switch {
				case on == nil:
				case *on:
					*to = print
				default:
					*to = ""
				}
			}
			stamp(&now.done, ch.Done)
			stamp(&now.seen, ch.Seen)
			if ch.Pinned != nil {
				now.pinned = *ch.Pinned
			}
			if ch.Snooze != nil {
				now.snoozed = ms(*ch.Snooze)
			}
			before = append(before, was)
			if err := t.mark(now); err != nil {
				return err
			}
		}
		return nil
	})
	return before, localError("mark", err)
}

func (t *tx) mark(m Marked) error {
	t.exec(`INSERT INTO triage (account, id, done, seen, pinned, snoozed) VALUES (?,?,?,?,?,?)
ON CONFLICT (account, id) DO UPDATE SET done = excluded.done, seen = excluded.seen, pinned = excluded.pinned, snoozed = excluded.snoozed`,
		m.Ref.Account, m.Ref.ID, m.done, m.seen, m.pinned, m.snoozed)
	return t.reproject(m.Ref)
}

// Restore takes a change of marks back: of each conversation the marks that ch
// changed are what they were before.
func (s *Store) Restore(ctx context.Context, before []Marked, ch model.TriageChange) error {
	return localError("mark", s.tx(ctx, func(t *tx) error {
		for _, was := range before {
			now := Marked{Ref: was.Ref}
			err := t.QueryRowContext(ctx, "SELECT done, seen, pinned, snoozed FROM triage WHERE account = ? AND id = ?",
				was.Ref.Account, was.Ref.ID).Scan(&now.done, &now.seen, &now.pinned, &now.snoozed)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			if ch.Done != nil {
				now.done = was.done
			}
			if ch.Seen != nil {
				now.seen = was.seen
			}
			if ch.Pinned != nil {
				now.pinned = was.pinned
			}
			if ch.Snooze != nil {
				now.snoozed = was.snoozed
			}
			if err := t.mark(now); err != nil {
				return err
			}
		}
		return nil
	}))
}

// NextWake gives when the next snooze after a moment ends; the zero time if
// there is none.
func (s *Store) NextWake(ctx context.Context, after time.Time) (time.Time, error) {
	var n sql.NullInt64
	err := s.read.QueryRowContext(ctx, "SELECT min(snoozed) FROM triage WHERE snoozed > ? AND snoozed > 0", ms(after)).Scan(&n)
	return fromMS(n.Int64), localError("read marks", err)
}

// Woken gives the conversations whose snooze ended after one moment, and not
// after another.
func (s *Store) Woken(ctx context.Context, after, until time.Time) ([]model.Ref, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT account, id FROM triage WHERE snoozed > ? AND snoozed <= ? AND snoozed > 0",
		ms(after), ms(until))
	if err != nil {
		return nil, localError("read marks", err)
	}
	defer rows.Close()
	var out []model.Ref
	for rows.Next() {
		var r model.Ref
		if err := rows.Scan(&r.Account, &r.ID); err != nil {
			return nil, localError("read marks", err)
		}
		out = append(out, r)
	}
	return out, localError("read marks", rows.Err())
}
