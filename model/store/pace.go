package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// farAhead is how many requests may stand in line for one account; a line that
// is longer was left behind by a clock that has been set back since.
const farAhead = 100

// Slot takes the next moment at which a request of an account may be sent,
// shared by every process with the database open. every is the pause between
// requests; up to burst requests may come at once after a rest.
func (s *Store) Slot(ctx context.Context, account string, every time.Duration, burst int) (time.Time, error) {
	var at time.Time
	now := s.now()
	dbtx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return at, localError("pace", err)
	}
	defer dbtx.Rollback()
	var version int
	if err = dbtx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err == nil {
		err = s.ended(version)
	}
	if err != nil {
		return at, localError("pace", err)
	}
	var next int64
	err = dbtx.QueryRowContext(ctx, "SELECT next FROM pace WHERE account = ?", account).Scan(&next)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return at, localError("pace", err)
	}
	// next is the theoretical time of the next request, in nanoseconds: it may
	// lag behind by burst-1 pauses, and is never trusted to be far ahead (a
	// clock that was set back).
	tat := time.Unix(0, next)
	lag := every * time.Duration(max(burst-1, 0))
	if tat.Before(now) {
		tat = now
	}
	if tat.After(now.Add(lag + max(farAhead*every, time.Minute))) {
		tat = now
	}
	at = tat.Add(-lag)
	if at.Before(now) {
		at = now
	}
	_, err = dbtx.ExecContext(ctx, "INSERT INTO pace (account, next) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET next = excluded.next",
		account, tat.Add(every).UnixNano())
	if err != nil {
		return at, localError("pace", err)
	}
	return at, localError("pace", dbtx.Commit())
}
