package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
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
	s.rescue.Path = aside
	return aside, nil
}

// Rescue tells what became of a damaged database.
type Rescue struct {
	// Path is where it was set aside; "" where there was no damage.
	Path string
	// Edits counts what was carried over of its outbox, all of it held.
	Edits int
	// Whole says that the outbox and the journal could be read to their ends.
	Whole bool
}

// String says it for the person, "" where there was no damage.
func (r Rescue) String() string {
	switch {
	case r.Path == "":
		return ""
	case r.Whole && r.Edits == 0:
		return "the database was damaged and set aside as " + r.Path + "; no edit was waiting in it"
	case r.Whole:
		return fmt.Sprintf("the database was damaged and set aside as %s; the edits that waited in it were kept and are held: %d", r.Path, r.Edits)
	}
	return fmt.Sprintf("the database was damaged and set aside as %s; its outbox could not be read to the end: %d edits were kept and are held, others may be lost", r.Path, r.Edits)
}

// rescueOutbox carries over the rows of the outbox and the journal that can
// still be read. What was on its way is held for a person, since nobody can
// say what a damaged row has lost. The file stays where it was set aside.
func (s *Store) rescueOutbox(ctx context.Context, aside string) error {
	mended, err := s.mend(aside)
	defer os.Remove(mended)
	defer os.Remove(mended + "-wal")
	defer os.Remove(mended + "-shm")
	if err != nil {
		return err
	}
	old, err := connect(mended, 1, "deferred")
	if err != nil {
		return err
	}
	defer old.Close()
	whole := true
	tables := []struct {
		name    string
		columns []string
	}{
		{"account", []string{"name", "identity"}},
		{"submission", []string{"id", "sentence", "user", "at", "undoes", "edits", "withdrawn", "discarded", "replaced"}},
		{"outbox", []string{"id", "account", "conv", "field", "submission", "widens", "edit", "title", "state", "attempts",
			"sent", "error", "theirs", "known", "orphaned", "created"}},
		{"journal", []string{"id", "account", "conv", "submission", "edit", "title", "before", "after", "state", "at", "undone"}},
		{"draft", []string{"key", "text", "at"}},
		{"triage", []string{"account", "id", "done", "seen", "pinned", "snoozed"}},
	}
	err = s.tx(ctx, func(t *tx) error {
		for _, tb := range tables {
			columns, from := present(ctx, old, tb.name, tb.columns)
			rows, end := readable(ctx, old, tb.name, from)
			if !end && (tb.name == "outbox" || tb.name == "journal") {
				whole = false
			}
			for _, row := range rows {
				// A row that no longer fits (a lost key) is left behind.
				t.ExecContext(ctx, "INSERT OR IGNORE INTO "+tb.name+" ("+strings.Join(columns, ", ")+
					") VALUES ("+placeholders(len(columns))+")", row...)
			}
		}
		t.exec("UPDATE outbox SET state = 'held', claim = '' WHERE state IN ('queued', 'sending', 'retry')")
		t.setMeta("rescued", "1") // marks hold again where the service shows the same
		if err := t.nameSubmissions(); err != nil {
			return err
		}
		return t.QueryRowContext(ctx, "SELECT count(*) FROM outbox").Scan(&s.rescue.Edits)
	})
	s.rescue.Whole = whole
	return err
}

// present picks the columns that a table of a database of any version has. from
// is what they are called there: versions 1 and 2 called a submission a batch.
func present(ctx context.Context, db *sql.DB, table string, wanted []string) (columns, from []string) {
	rows, err := db.QueryContext(ctx, "SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		return wanted, wanted
	}
	defer rows.Close()
	has := map[string]bool{}
	for rows.Next() {
		var name string
		if rows.Scan(&name) == nil {
			has[name] = true
		}
	}
	for _, c := range wanted {
		old := c
		if c == "submission" && has["batch"] {
			old = "batch"
		}
		if has[old] || len(has) == 0 {
			columns, from = append(columns, c), append(from, old)
		}
	}
	return columns, from
}

// readable reads the rows of a table up to the first that cannot be read, from
// both ends. end says that nothing was missing in between.
func readable(ctx context.Context, db *sql.DB, table string, columns []string) (rows [][]any, end bool) {
	read := func(order string) (out [][]any, end bool) {
		found, err := db.QueryContext(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+table+" ORDER BY 1"+order)
		if err != nil {
			return nil, false
		}
		defer found.Close()
		for found.Next() {
			vals := make([]any, len(columns))
			ptrs := make([]any, len(columns))
			for i := range vals {
				ptrs[i] = &vals[i]
			}
			if found.Scan(ptrs...) != nil {
				return out, false
			}
			out = append(out, vals)
		}
		return out, found.Err() == nil
	}
	if rows, end = read(""); end {
		return rows, true
	}
	last, _ := read(" DESC")
	return append(rows, last...), false
}

// magic begins every database file; headerSize is the length of what it begins.
const (
	magic      = "SQLite format 3\x00"
	headerSize = 100
	pageSize   = 4096
)

// mend makes a copy of a damaged database that SQLite is willing to open: a
// broken header is replaced by that of the new database, which has the same
// settings, and a cut file is filled up with empty pages. What is in it is not
// made any truer by that; every row is still read one by one.
func (s *Store) mend(aside string) (string, error) {
	copied := aside + ".mended"
	raw, err := os.ReadFile(aside)
	if err != nil {
		return copied, err
	}
	if !bytes.HasPrefix(raw, []byte(magic)) {
		if _, err := s.write.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			return copied, err
		}
		fresh, err := os.ReadFile(s.path)
		if err != nil || len(fresh) < headerSize || len(raw) < pageSize {
			return copied, err
		}
		copy(raw, fresh[:headerSize])
		pages := uint32(len(raw) / pageSize)
		binary.BigEndian.PutUint32(raw[28:], pages)
	} else if len(raw) >= headerSize {
		pages := int(binary.BigEndian.Uint32(raw[28:]))
		if want := pages * pageSize; want > len(raw) && pages < 1<<20 {
			raw = append(raw, make([]byte, want-len(raw))...)
		}
	}
	if err := os.WriteFile(copied, raw, 0o600); err != nil {
		return copied, err
	}
	wal, err := os.ReadFile(aside + "-wal")
	if errors.Is(err, os.ErrNotExist) {
		return copied, nil
	}
	if err != nil {
		return copied, err
	}
	return copied, os.WriteFile(copied+"-wal", wal, 0o600)
}
