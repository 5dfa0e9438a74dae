package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"confab/model"
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

// note takes an error of a statement and gives it in plain words. Damage ends
// writing, here and in every other process.
func (s *Store) note(err error) error {
	if err == nil || !s.ready.Load() || !isDamaged(err) {
		return plain(err)
	}
	if !s.broken.Swap(true) {
		s.sign(err)
	}
	return &model.Error{Kind: ErrDamaged.Kind, Message: ErrDamaged.Message, Err: errors.Join(ErrDamaged, err)}
}

// emptied reports whether the file of the database has lost all that was in it:
// what is beside it shows that it was used. SQLite would take it for a new one,
// and remove its log.
func (s *Store) emptied() bool {
	info, err := os.Stat(s.path)
	if err != nil || info.Size() > 0 {
		return false
	}
	log, err := os.Stat(s.path + "-wal")
	return err == nil && log.Size() > 0 || exists(s.claims()) // which is made after the first page
}

// signPath is the file that says that the database is damaged: every process
// looks for it before it writes, and the next start replaces the database. Its
// first line says what was met; the second, once there, where the damaged files
// are moved to.
func (s *Store) signPath() string { return s.path + ".damaged" }

func (s *Store) signed() bool {
	_, err := os.Lstat(s.signPath())
	return err == nil
}

// sign makes the sign, unless it is there. Where that fails, as on a full disk,
// the others go on until they meet the damage themselves.
func (s *Store) sign(cause error) error {
	if s.signed() {
		return nil
	}
	return s.writeSign(cause.Error())
}

func (s *Store) writeSign(lines ...string) error {
	for i, l := range lines {
		lines[i] = model.CleanLine(l, 1000)
	}
	f, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.signPath())+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), s.signPath())
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	syncDir(filepath.Dir(s.path))
	return nil
}

// replace sets a damaged database aside and makes a new one with what is left
// of its outbox. It is safe to cut it short at any step: the sign says where the
// damaged files go, and the new database says of which it holds the rest.
func (s *Store) replace(ctx context.Context, o Options, cause error) error {
	s.closeDB()
	sign, err := os.ReadFile(s.signPath())
	if err != nil {
		sign = []byte(cause.Error())
	}
	met, rest, _ := strings.Cut(string(sign), "\n")
	aside := filepath.Join(filepath.Dir(s.path), filepath.Base(strings.TrimSpace(rest)))
	switch {
	case strings.TrimSpace(rest) == "":
		aside = s.asidePath()
		if err := s.writeSign(met, filepath.Base(aside)); err != nil {
			return err
		}
	case exists(aside) && s.rescuedFrom(ctx) == filepath.Base(aside):
		os.Remove(s.signPath()) // all was done, and only the sign was left
		return s.open(ctx, o)
	}
	if !exists(aside) {
		if err := s.moveTo(aside); err != nil {
			return err
		}
	}
	err = s.open(ctx, o)
	if isDamaged(err) { // what was begun in its place
		s.closeDB()
		if err = s.moveTo(s.asidePath()); err == nil {
			err = s.open(ctx, o)
		}
	}
	if err != nil {
		return err
	}
	if err := s.rescueOutbox(ctx, aside); err != nil {
		return err
	}
	if err := os.Remove(s.signPath()); err != nil {
		return err
	}
	os.Remove(s.uncleanMark()) // it was about the damaged one
	syncDir(filepath.Dir(s.path))
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// rescuedFrom gives the name of the damaged database of which the present one
// holds the rest, "" for none.
func (s *Store) rescuedFrom(ctx context.Context) (name string) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: s.path}).EscapedPath()+"?mode=ro")
	if err != nil {
		return ""
	}
	defer db.Close()
	db.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'rescued'").Scan(&name)
	return name
}

// asidePath gives a name for damaged files that nothing has yet.
func (s *Store) asidePath() string {
	base := s.signPath() + "-" + s.now().UTC().Format("20060102-150405")
	aside := base
	for n := 1; exists(aside) || exists(aside+"-wal"); n++ {
		aside = base + "-" + strings.Repeat("x", n)
	}
	return aside
}

// SetAside returns the paths of the damaged databases that were set aside.
func (s *Store) SetAside() (paths []string, err error) {
	files, err := s.aside()
	return slices.DeleteFunc(files, func(path string) bool {
		return strings.HasSuffix(path, "-wal") || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, mended)
	}), err
}

// aside returns the paths of all files of damaged databases: their logs too, and
// the copies that a rescue which was cut short has left.
func (s *Store) aside() (paths []string, err error) {
	files, err := os.ReadDir(filepath.Dir(s.path)) // not Glob: the folder may be called anything
	for _, f := range files {
		if strings.HasPrefix(f.Name(), filepath.Base(s.signPath())+"-") {
			paths = append(paths, filepath.Join(filepath.Dir(s.path), f.Name()))
		}
	}
	return paths, err
}

func (s *Store) removeAside() error {
	paths, err := s.aside()
	for _, path := range paths {
		if gone := os.Remove(path); !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	syncDir(filepath.Dir(s.path))
	return err
}

// moveTo renames the files of the database. The database itself goes last: once
// it is there, all are.
func (s *Store) moveTo(aside string) error {
	for _, ext := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(s.path+ext, aside+ext); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	syncDir(filepath.Dir(s.path))
	return nil
}

// Rescue tells what became of a damaged database.
type Rescue struct {
	// Path is where it was set aside; "" where there was no damage.
	Path string
	// Edits counts what was carried over of its outbox, all of it held.
	Edits int
	// Missing names the tables that could not be read to their ends.
	Missing []string
}

// Whole says that the outbox and the journal could be read to their ends.
func (r Rescue) Whole() bool {
	return !slices.Contains(r.Missing, "outbox") && !slices.Contains(r.Missing, "journal")
}

// String says it for the person, "" where there was no damage.
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

// rescueOutbox carries over the rows of the outbox and the journal that can
// still be read. What was on its way is held for a person, since nobody can
// say what a damaged row has lost. The file stays where it was set aside.
func (s *Store) rescueOutbox(ctx context.Context, aside string) error {
	s.rescue.Path = aside
	copied, err := s.mend(aside)
	defer os.Remove(copied)
	defer os.Remove(copied + "-wal")
	defer os.Remove(copied + "-shm")
	if err != nil {
		return err
	}
	old, err := s.connect(copied, 1, "deferred")
	if err != nil {
		return err
	}
	defer old.Close()
	var missing []string
	tables := []struct {
		name    string
		columns []string
	}{
		{"account", []string{"name", "identity"}},
		{"submission", []string{"id", "sentence", "user", "at", "undoes", "edits", "withdrawn", "discarded", "replaced"}},
		{"outbox", []string{"id", "account", "conv", "field", "submission", "widens", "edit", "title", "state", "attempts",
			"sent", "error", "theirs", "known", "orphaned", "created"}},
		{"entering", []string{"submission", "claim", "leaves"}},
		{"journal", []string{"id", "account", "conv", "submission", "edit", "title", "before", "after", "state", "at", "undone"}},
		{"draft", []string{"key", "text", "at"}},
		{"triage", []string{"account", "id", "done", "seen", "pinned", "snoozed"}},
	}
	err = s.change(ctx, "", func(t *tx) {
		for _, tb := range tables {
			columns, from := present(ctx, old, tb.name, tb.columns)
			rows, end := readable(ctx, old, tb.name, from)
			if !end {
				missing = append(missing, tb.name)
			}
			for _, row := range rows {
				// A row that no longer fits (a lost key) is left behind.
				t.ExecContext(ctx, "INSERT OR IGNORE INTO "+tb.name+" ("+strings.Join(columns, ", ")+
					") VALUES ("+strings.Join(slices.Repeat([]string{"?"}, len(columns)), ", ")+")", row...)
			}
		}
		t.exec("UPDATE outbox SET state = 'held', claim = '' WHERE state IN ('queued', 'sending', 'retry')")
		t.setMeta("rescued", filepath.Base(aside)) // marks hold again where the service shows the same
		t.nameSubmissions()
		s.rescue.Edits, _ = column[int](t.row("SELECT count(*) FROM outbox"))
	})
	s.rescue.Missing = missing
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

// mended ends the name of the copy that is read instead of a damaged database.
const mended = ".mended"

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
	if size < pageSize {
		size = logged(copied+"-wal") * pageSize
		if err := f.Truncate(size); err != nil || size == 0 {
			return copied, err // nothing is left of it
		}
	}
	head := make([]byte, headerSize)
	if _, err := f.ReadAt(head, 0); err != nil {
		return copied, err
	}
	if !bytes.HasPrefix(head, []byte(magic)) {
		if err := s.write.QueryRow("SELECT data FROM sqlite_dbpage WHERE pgno = 1").Scan(&head); err != nil {
			return copied, err
		}
		head = head[:headerSize]
		binary.BigEndian.PutUint32(head[28:], uint32(size/pageSize))
		_, err = f.WriteAt(head, 0)
		return copied, err
	}
	if want := int64(binary.BigEndian.Uint32(head[28:])) * pageSize; want > size && want < 1<<42 {
		return copied, f.Truncate(want)
	}
	return copied, nil
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
		if n := int64(binary.BigEndian.Uint32(log[at+4:])); n > 0 && n < 1<<30 {
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
