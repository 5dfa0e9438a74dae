package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
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
		text += fmt.Sprint("; its outbox could not be read to the end: the edits that were kept and are held: ", r.Edits,
			", others may be lost")
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
			if columns := strings.Fields(r.columns); !t.carryOver(old, r.table, columns, "") {
				t.carryOver(old, r.table, columns, " DESC")
				s.rescue.Missing = append(s.rescue.Missing, r.table)
			}
		}
		t.exec("UPDATE outbox SET state = 'held', claim = '' WHERE state IN ('queued', 'sending', 'retry')")
		t.setMeta("rescued", filepath.Base(aside)) // marks hold again where the service shows the same
		s.carried = true
		t.nameSubmissions()
		s.rescue.Edits, _ = column[int](t.row("SELECT count(*) FROM outbox"))
	})
}

// carryOver takes those of the wanted columns that a table has over, of its rows up to
// the first that cannot be read. A row that no longer fits (a lost key), or is there, is
// left behind.
func (t *tx) carryOver(from *sql.DB, table string, wanted []string, order string) (whole bool) {
	found, err := from.QueryContext(t.ctx, "SELECT * FROM "+table+" ORDER BY 1"+order)
	if err != nil {
		return false
	}
	defer found.Close()
	has, _ := found.Columns()
	vals, ptrs := make([]any, len(has)), make([]any, len(has))
	var columns []string
	var row []*any
	for i, c := range has {
		ptrs[i] = &vals[i]
		if c = cmp.Or(laterName[c], c); slices.Contains(wanted, c) {
			columns, row = append(columns, c), append(row, &vals[i])
		}
	}
	insert := "INSERT OR IGNORE INTO " + table + " (" + strings.Join(columns, ", ") +
		") VALUES (" + strings.Join(slices.Repeat([]string{"?"}, len(row)), ", ") + ")"
	for found.Next() {
		if found.Scan(ptrs...) != nil {
			return false
		}
		args := make([]any, len(row))
		for i, v := range row {
			args[i] = *v
		}
		t.ExecContext(t.ctx, insert, args...)
	}
	return found.Err() == nil
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
// settings, and a cut file is filled up with empty pages: with one at least, since
// SQLite would remove the log of an empty file. What is in it is not made any truer
// by that; every row is still read one by one.
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
	pages := max(1, size/pageSize)
	head := make([]byte, headerSize)
	f.ReadAt(head, 0)
	if !bytes.HasPrefix(head, []byte(magic)) {
		if err := s.write.QueryRow("SELECT data FROM sqlite_dbpage WHERE pgno = 1").Scan(&head); err != nil {
			return copied, err
		}
		binary.BigEndian.PutUint32(head[headerPages:], uint32(pages))
		if _, err := f.WriteAt(head[:headerSize], 0); err != nil {
			return copied, err
		}
	} else if said := int64(binary.BigEndian.Uint32(head[headerPages:])); said < maxPages {
		pages = max(pages, said)
	}
	return copied, f.Truncate(max(size, pages*pageSize))
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
