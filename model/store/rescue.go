package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Rescue tells what became of a damaged database.
type Rescue struct {
	// Path is where it was set aside; "" where there was no damage.
	Path string
	// Edits counts what was carried over of its outbox, all of it held.
	Edits int
	// Missing names the tables that could not be read to their ends.
	Missing []string
}

// String is for the person, "" where there was no damage.
func (r Rescue) String() string {
	if r.Path == "" {
		return ""
	}
	text := "the database was damaged and set aside as " + r.Path
	switch {
	case slices.Contains(r.Missing, "outbox"):
		text += fmt.Sprintf("; its outbox could not be read to the end: the edits that were kept and are held: %d, others may be lost", r.Edits)
	case r.Edits == 0:
		text += "; no edit was waiting in it"
	default:
		text += fmt.Sprintf("; the edits that waited in it were kept and are held: %d", r.Edits)
	}
	var rest []string
	for _, t := range []struct{ table, word string }{{"journal", "history"}, {"triage", "marks"}, {"draft", "drafts"}} {
		if slices.Contains(r.Missing, t.table) {
			rest = append(rest, t.word)
		}
	}
	if len(rest) > 0 {
		text += "; part of its " + strings.Join(rest, " and ") + " may be lost"
	}
	return text
}

// rescued are the tables that are carried over from a damaged database. Cursors, counts
// and claims are not among their columns: they are made anew.
var rescued = []struct{ table, columns string }{
	{"account", "name identity"},
	{"submission", "id sentence user at undoes edits withdrawn discarded replaced"},
	{"outbox", "id account conv field submission widens edit title state attempts sent error theirs known orphaned created"},
	{"entering", "submission claim leaves"},
	{"journal", "id account conv submission edit title before after state at undone"},
	{"draft", "key text at"},
	{"triage", "account id done seen pinned snoozed"},
}

// rescueOutbox carries over the rows of the outbox, the journal, drafts and marks that
// can still be read. What was on its way is held for a person, since nobody can
// say what a damaged row has lost. The file stays where it was set aside.
func (s *Store) rescueOutbox(ctx context.Context, aside string) error {
	s.rescue.Path = aside
	copied, err := s.mend(aside)
	for _, ext := range []string{"", "-wal", "-shm"} {
		defer os.Remove(copied + ext)
	}
	if err != nil {
		return err
	}
	old, err := s.connect(copied, 1, "deferred")
	if err != nil {
		return err
	}
	defer old.Close()
	return s.change(ctx, "", func(t *tx) {
		for _, r := range rescued {
			columns, rows, whole := readable(ctx, old, r.table, strings.Fields(r.columns))
			if !whole {
				s.rescue.Missing = append(s.rescue.Missing, r.table)
			}
			for _, row := range rows {
				// A row that no longer fits (a lost key) is left behind.
				t.ExecContext(ctx, "INSERT OR IGNORE INTO "+r.table+" ("+strings.Join(columns, ", ")+
					") VALUES ("+strings.Join(slices.Repeat([]string{"?"}, len(columns)), ", ")+")", row...)
			}
		}
		t.exec("UPDATE outbox SET state = 'held', claim = '' WHERE state IN ('queued', 'sending', 'retry')")
		t.setMeta("rescued", filepath.Base(aside)) // marks hold again where the service shows the same
		t.nameSubmissions()
		s.rescue.Edits, _ = column[int](t.row("SELECT count(*) FROM outbox"))
	})
}

// readable reads those of the wanted columns that a table has, of its rows up to the
// first that cannot be read, from both ends. whole says that nothing was missing in between.
func readable(ctx context.Context, db *sql.DB, table string, wanted []string) (columns []string, rows [][]any, whole bool) {
	read := func(order string) (end bool) {
		found, err := db.QueryContext(ctx, "SELECT * FROM "+table+" ORDER BY 1"+order)
		if err != nil {
			return false
		}
		defer found.Close()
		has, _ := found.Columns()
		at := map[string]int{}
		for i, c := range has {
			at[cmp.Or(laterName[c], c)] = i
		}
		columns = slices.DeleteFunc(slices.Clone(wanted), func(c string) bool {
			_, there := at[c]
			return !there
		})
		vals := make([]any, len(has))
		ptrs := make([]any, len(has))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		for found.Next() {
			if found.Scan(ptrs...) != nil {
				return false
			}
			row := make([]any, len(columns))
			for i, c := range columns {
				row[i] = vals[at[c]]
			}
			rows = append(rows, row)
		}
		return found.Err() == nil
	}
	if read("") {
		return columns, rows, true
	}
	read(" DESC")
	return columns, rows, false
}

// laterName holds what columns are called now: versions 1 and 2 called a submission a batch.
var laterName = map[string]string{"batch": "submission"}

// mended ends the name of the copy that is read instead of a damaged database.
const mended = ".mended"

// magic begins every database file; headerSize is the length of what it begins, and
// headerPages is where in it the number of pages stands.
const (
	magic       = "SQLite format 3\x00"
	headerSize  = 100
	headerPages = 28
	pageSize    = 4096
	maxPages    = 1 << 30 // more is no number that SQLite wrote
)

// mend makes a copy of a damaged database that SQLite is willing to open: a
// broken header is replaced by that of the new database, which has the same
// settings, and a cut file is filled up with empty pages. What is in it is not
// made any truer by that; every row is still read one by one.
func (s *Store) mend(aside string) (string, error) {
	copied := aside + mended
	size, err := salvage(aside, copied)
	if err != nil {
		return copied, err
	}
	if _, err := salvage(aside+"-wal", copied+"-wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return copied, err
	}
	f, err := os.OpenFile(copied, os.O_RDWR, 0)
	if err != nil {
		return copied, err
	}
	defer f.Close()
	pages := size / pageSize
	if pages == 0 {
		if pages = logged(copied + "-wal"); pages == 0 {
			return copied, f.Truncate(0) // nothing is left of it
		}
	}
	head := make([]byte, headerSize)
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return copied, err
	}
	if bytes.HasPrefix(head, []byte(magic)) {
		if said := int64(binary.BigEndian.Uint32(head[headerPages:])); said < maxPages {
			pages = max(pages, said)
		}
	} else {
		if err := s.write.QueryRow("SELECT data FROM sqlite_dbpage WHERE pgno = 1").Scan(&head); err != nil {
			return copied, err
		}
		binary.BigEndian.PutUint32(head[headerPages:], uint32(pages))
		if _, err := f.WriteAt(head[:headerSize], 0); err != nil {
			return copied, err
		}
	}
	return copied, f.Truncate(max(size, pages*pageSize))
}

// logged returns how many pages the database had after the last transaction in
// a log, 0 where there is none.
func logged(path string) (pages int64) {
	log, err := os.ReadFile(path)
	const header, frame = 32, 24
	if err != nil || len(log) < header {
		return 0
	}
	for at := header; at+frame+pageSize <= len(log) && bytes.Equal(log[at+8:at+16], log[16:24]); at += frame + pageSize {
		if n := int64(binary.BigEndian.Uint32(log[at+4:])); n > 0 && n < maxPages {
			pages = n
		}
	}
	return pages
}

// salvage copies what can be read of a file; what the disk does not give is zeros.
func salvage(from, to string) (size int64, err error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return 0, err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	block := make([]byte, 16*pageSize)
	for size = 0; size < info.Size(); size += int64(len(block)) {
		block = block[:min(int64(len(block)), info.Size()-size)]
		n, _ := in.ReadAt(block, size)
		clear(block[n:])
		if _, err = out.WriteAt(block, size); err != nil {
			break
		}
	}
	return size, errors.Join(err, out.Close())
}
