package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"confab/model"
	"confab/model/private"
)

// emptied reports whether the database file has lost its content although the files beside
// it show that it was used. SQLite would take it for a new database.
func (s *Store) emptied() bool {
	info, err := os.Stat(s.path)
	if err != nil || info.Size() > 0 {
		return false
	}
	log, err := os.Stat(s.path + "-wal")
	return err == nil && log.Size() > 0 || exists(s.claims()) // made after the database's first page
}

// signPath is the file that marks the database as damaged. Every process looks for it before
// it writes, and the next start replaces the database. Its first line describes the damage;
// the second, added by replace, names where the damaged files are moved.
func (s *Store) signPath() string { return s.path + ".damaged" }

func (s *Store) signed() bool { return exists(s.signPath()) }

// sign writes the file at signPath. If that fails, as on a full disk, other processes go on
// until they find the damage themselves.
func (s *Store) sign(lines ...string) error {
	for i, l := range lines {
		lines[i] = model.CleanLine(l, 1000)
	}
	return private.Replace(s.signPath(), []byte(strings.Join(lines, "\n")+"\n"))
}

// replace sets a damaged database aside and creates a new one with what is left of its
// data. It can be interrupted at any step: signPath names where the damaged files go, and
// the new database records which damaged one it was filled from.
func (s *Store) replace(ctx context.Context, o Options) error {
	s.closeDB()
	sign, err := os.ReadFile(s.signPath())
	if err != nil {
		return err
	}
	damage, name, _ := strings.Cut(string(sign), "\n")
	name = strings.TrimSpace(name)
	aside := filepath.Join(filepath.Dir(s.path), filepath.Base(name))
	var rescued string // the damaged database that the present one was filled from
	switch {
	case name == "":
		aside = s.asidePath()
		if err := s.sign(damage, filepath.Base(aside)); err != nil {
			return err
		}
	case exists(aside) && s.peek(ctx, "SELECT value FROM meta WHERE key = 'rescued'", &rescued) == nil && rescued == filepath.Base(name):
		os.Remove(s.signPath()) // only this last step was left
		return s.open(ctx, o)
	}
	if !exists(aside) {
		if err := s.moveTo(aside); err != nil {
			return err
		}
	}
	err = s.open(ctx, o)
	if isDamaged(err) { // the new database, which was interrupted, is damaged too
		s.closeDB()
		if err = s.moveTo(s.asidePath()); err == nil {
			err = s.open(ctx, o)
		}
	}
	if err == nil {
		err = s.rescueOutbox(ctx, aside)
	}
	if err == nil {
		err = os.Remove(s.signPath())
	}
	if err == nil {
		os.Remove(s.uncleanMark()) // it asked for a check of the damaged database
		private.SyncDir(filepath.Dir(s.path))
	}
	return err
}

// asidePath returns an unused name for damaged files.
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
	files, err := s.damagedFiles()
	return slices.DeleteFunc(files, func(path string) bool {
		return strings.HasSuffix(path, "-wal") || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, mended)
	}), err
}

// damagedFiles returns the paths of all files of damaged databases, with their logs and
// copies.
func (s *Store) damagedFiles() (paths []string, err error) {
	files, err := os.ReadDir(filepath.Dir(s.path)) // not Glob, since the name of the folder may be a pattern
	for _, f := range files {
		if strings.HasPrefix(f.Name(), filepath.Base(s.signPath())+"-") {
			paths = append(paths, filepath.Join(filepath.Dir(s.path), f.Name()))
		}
	}
	return paths, err
}

// moveTo renames the files of the database, the database itself last: where it is there,
// all of them are.
func (s *Store) moveTo(aside string) error {
	for _, ext := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(s.path+ext, aside+ext); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	private.SyncDir(filepath.Dir(s.path))
	return nil
}

// Rescue describes what Open did about a damaged database.
type Rescue struct {
	Path    string   // where the damaged database was set aside; "" if there was no damage
	Edits   int      // how many edits of its outbox were kept, all of them held
	Missing []string // the tables that could not be read to the end
}

// String returns what the user is told, or "" if there was no damage.
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
	for _, t := range rescued {
		if t.word != "" && slices.Contains(r.Missing, t.name) {
			rest = append(rest, t.word)
		}
	}
	if len(rest) > 0 {
		text += "; part of its " + strings.Join(rest, " and ") + " may be lost"
	}
	return text
}

// rescued lists the tables and columns that are copied from a damaged database, and what the user calls their rows. Cursors,
// counts and claims are not among them, since they are made anew.
var rescued = []struct{ name, word, columns string }{
	{"account", "", "name identity"},
	{"submission", "", "id sentence user at undoes edits withdrawn discarded replaced"},
	{"outbox", "", "id account conv field submission widens edit title state attempts sent error theirs known orphaned created"},
	{"entering", "", "submission claim leaves"},
	{"journal", "history", "id account conv submission edit title before after state at undone"},
	{"triage", "marks", "account id done seen pinned snoozed"},
	{"draft", "drafts", "key text at"},
}

// rescueOutbox copies the rows of the rescued tables that can still be read. Edits that
// were on their way are held for a person, since nobody knows what a damaged row has lost.
// The damaged file stays where it was set aside.
func (s *Store) rescueOutbox(ctx context.Context, aside string) error {
	s.rescue.Path = aside
	for _, ext := range []string{"", "-wal", "-shm"} {
		defer os.Remove(aside + mended + ext)
	}
	return s.change(ctx, "", func(t *tx) {
		schema := t.schemaPages()
		header := map[int64][]byte{0: schema[0][:min(headerSize, len(schema[0]))]}
		t.carryAll(aside, header)
		if len(s.rescue.Missing) == len(rescued) {
			// Nobody knows where its tables are. One that this version made has them where the new one has them.
			t.carryAll(aside, schema)
		}
		t.exec("UPDATE outbox SET state = 'held', claim = '', error = NULL WHERE state IN ('queued', 'sending', 'retry')")
		t.setMeta("rescued", filepath.Base(aside)) // lets marks hold again if the service shows the same content (see adopt)
		s.carried = true
		t.nameSubmissions()
		s.rescue.Edits, _ = column[int](t.row("SELECT count(*) FROM outbox"))
	})
}

// carryAll copies the rescued tables of a damaged database, read from a copy with other bytes over some of it. It notes which of
// them could not be read to the end.
func (t *tx) carryAll(aside string, over map[int64][]byte) {
	copied := aside + mended
	old, err := t.s.connect(copied, 1, "deferred")
	t.fail(errors.Join(err, salvage(aside, copied, over), salvage(aside+"-wal", copied+"-wal", nil)))
	if t.err != nil {
		return
	}
	defer old.Close()
	for _, r := range rescued {
		if columns := strings.Fields(r.columns); !t.carryOver(old, r.name, columns, "") {
			t.carryOver(old, r.name, columns, " DESC")
			t.s.rescue.Missing = append(t.s.rescue.Missing, r.name)
		}
	}
}

// carryOver copies the wanted columns of a table, as far as it has them, up to the first
// row that can't be read. It leaves out rows that can't be decoded, no longer fit (a lost
// key) or exist already. whole reports whether every row could be read.
func (t *tx) carryOver(from *sql.DB, table string, wanted []string, order string) (whole bool) {
	found, err := from.QueryContext(t.ctx, "SELECT * FROM "+table+" ORDER BY 1"+order)
	if err != nil {
		return false
	}
	defer found.Close()
	has, _ := found.Columns()
	row := make([]any, len(has)) // pointers, which a statement follows
	var columns []string
	var values []any
	for i, c := range has {
		row[i] = new(any)
		if c = cmp.Or(laterName[c], c); slices.Contains(wanted, c) {
			columns, values = append(columns, c), append(values, row[i])
		}
	}
	if len(values) == 0 {
		return false
	}
	insert := "INSERT OR IGNORE INTO " + table + " (" + strings.Join(columns, ", ") +
		") VALUES (?" + strings.Repeat(", ?", len(values)-1) + ")"
	decoded := map[string]any{"edit": &model.Edit{}, "error": &model.EntryError{}, "theirs": &model.Value{}, "known": &Creation{},
		"before": &model.Value{}, "after": &model.Value{}}
	for whole = true; found.Next(); {
		found.Scan(row...)
		damaged := slices.ContainsFunc(has, func(c string) bool {
			to, raw := decoded[c], *row[slices.Index(has, c)].(*any)
			return to != nil && raw != nil && fromJSON{to}.Scan(raw) != nil
		})
		if whole = whole && !damaged; !damaged {
			t.exec(insert, values...)
		}
	}
	return whole && found.Err() == nil
}

// laterName maps former column names to current ones: versions 1 and 2 called a submission
// a batch.
var laterName = map[string]string{"batch": "submission"}

// mended is the suffix of the copy that is read instead of a damaged database.
const mended = ".mended"

// The header of a database file is headerSize bytes long. The number of pages in it counts only
// if it was written for the present change counter; else SQLite goes by the size of the file.
const (
	headerSize    = 100
	changeCounter = 24
	countedFor    = 92
)

// schemaPages returns the pages of the new database that say where its tables are, by their offsets. The first one makes SQLite
// open a damaged database of any size, since both have the same settings. The rows are no more reliable for that; carryOver reads
// each by itself.
func (t *tx) schemaPages() map[int64][]byte {
	pages := map[int64][]byte{}
	for r := range t.rows("SELECT pgno, data FROM sqlite_dbpage WHERE pgno IN (SELECT pageno FROM dbstat WHERE name = 'sqlite_schema')") {
		var n int64
		var page []byte
		if r.scan(&n, &page); n == 1 {
			page[countedFor] = ^page[changeCounter]
		}
		pages[(n-1)*int64(len(page))] = page
	}
	return pages
}

// salvage copies a file, with zeros for blocks that the disk can't read, and with other bytes over some of it, by their offsets. A
// missing file counts as an empty one.
func salvage(from, to string, over map[int64][]byte) error {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	var size int64
	in, err := os.Open(from)
	if err == nil {
		defer in.Close()
		size, err = in.Seek(0, io.SeekEnd)
	} else if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	block := make([]byte, 64*1024)
	for at := int64(0); at < size && err == nil; at += int64(len(block)) {
		n, _ := in.ReadAt(block, at)
		clear(block[n:])
		_, err = out.WriteAt(block, at)
	}
	for at, bytes := range over {
		if err == nil {
			_, err = out.WriteAt(bytes, at)
		}
	}
	return err
}
