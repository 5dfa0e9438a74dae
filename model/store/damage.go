package store

import (
	"context"
	"errors"
	"os"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var errDamaged = errors.New("the database is damaged")

func isDamaged(err error) bool {
	if errors.Is(err, errDamaged) {
		return true
	}
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return true
		}
	}
	return false
}

// setAside renames the damaged files out of the way, never over anything.
func (s *Store) setAside() (string, error) {
	base := s.path + ".damaged-" + s.now().UTC().Format("20060102-150405")
	aside := base
	for n := 1; ; n++ {
		if _, err := os.Lstat(aside); errors.Is(err, os.ErrNotExist) {
			break
		}
		aside = base + "-" + strings.Repeat("x", n)
	}
	if err := os.Rename(s.path, aside); err != nil {
		return "", err
	}
	for _, ext := range []string{"-wal", "-shm"} {
		if err := os.Rename(s.path+ext, aside+ext); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	s.rescue = aside
	return aside, nil
}

// rescueOutbox carries over the rows of the outbox and the journal that can
// still be read. What was on its way is held for a person, since nobody can
// say what a damaged row has lost. An unreadable table is no error: the file
// stays where it was set aside.
func (s *Store) rescueOutbox(ctx context.Context, aside string) error {
	old, err := connect(aside, 1, "deferred")
	if err != nil {
		return nil
	}
	defer old.Close()
	copyRows := func(table string, columns []string) [][]any {
		rows, err := old.QueryContext(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+table)
		if err != nil {
			return nil
		}
		defer rows.Close()
		var out [][]any
		for rows.Next() {
			vals := make([]any, len(columns))
			ptrs := make([]any, len(columns))
			for i := range vals {
				ptrs[i] = &vals[i]
			}
			if rows.Scan(ptrs...) != nil {
				break
			}
			out = append(out, vals)
		}
		return out
	}
	tables := []struct {
		name    string
		columns []string
	}{
		{"account", []string{"name", "identity"}},
		{"outbox", []string{"id", "account", "conv", "field", "batch", "edit", "title", "state", "attempts", "sent", "error", "theirs", "created"}},
		{"journal", []string{"id", "account", "conv", "batch", "edit", "title", "before", "after", "state", "at", "undone"}},
		{"draft", []string{"key", "text", "at"}},
		{"triage", []string{"account", "id", "done", "seen", "pinned", "snoozed"}},
	}
	return s.tx(ctx, func(t *tx) error {
		for _, tb := range tables {
			for _, row := range copyRows(tb.name, tb.columns) {
				// A row that no longer fits (a lost key) is left behind.
				t.ExecContext(ctx, "INSERT OR IGNORE INTO "+tb.name+" ("+strings.Join(tb.columns, ", ")+
					") VALUES ("+placeholders(len(tb.columns))+")", row...)
			}
		}
		return t.exec("UPDATE outbox SET state = 'held', claim = '' WHERE state IN ('queued', 'sending', 'retry')")
	})
}
