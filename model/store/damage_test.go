package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

func TestOpenRefusesANewerDatabaseAndAnotherHost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	open(t, path).Close()
	_, err := store.Open(t.Context(), path, store.Options{Host: "jump-host"})
	if !errors.Is(err, store.ErrHost) {
		t.Errorf("opening the database on another host: error %v, want %v", err, store.ErrHost)
	}
	db, _ := sql.Open("sqlite", path)
	db.Exec("PRAGMA user_version = 999")
	db.Close()
	before, _ := os.ReadFile(path)
	_, err = store.Open(t.Context(), path, store.Options{Host: "laptop"})
	if !errors.Is(err, store.ErrNewer) {
		t.Errorf("opening a database of a newer version: error %v, want %v", err, store.ErrNewer)
	}
	after, _ := os.ReadFile(path)
	if !cmp.Equal(before, after) {
		t.Error("opening a database of a newer version changed its file, want it untouched")
	}
}

// Open reads too little to find this damage; Check finds it, and the next start replaces
// the database.
func TestADamagedDatabaseIsSetAsideWithItsOutboxRescued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := large(t, path)
	enqueue(t, s, rename("1", "a", "b"))
	s.Close()
	breakTable(t, path, "body")
	s = open(t, path)
	if s.Rescued().Path != "" {
		t.Fatalf("Open found the damage and set the database aside as %s, want it to read too little for that", s.Rescued().Path)
	}
	if err := s.Check(t.Context()); !errors.Is(err, store.ErrDamaged) || model.KindOf(err) != model.Local {
		t.Fatalf("Check of a damaged database: error %v of kind %v, want %v of kind %v", err, model.KindOf(err), store.ErrDamaged, model.Local)
	}
	s.Close()
	s = open(t, path)
	if s.Rescued().Path == "" {
		t.Fatal("the start after a check that found damage did not set the database aside")
	}
	if _, err := os.Stat(s.Rescued().Path); err != nil {
		t.Errorf("looking for the damaged file that was set aside: error %v, want none", err)
	}
	out, err := s.Outbox(t.Context())
	if err != nil || len(out) != 1 || out[0].State != model.Held || out[0].Target.String() != "b" {
		t.Errorf("the outbox after the rescue is %+v, want one held edit to the title b; error %v, want none", out, err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check of the new database: error %v, want none", err)
	}

	// SQLite does not notice that an edit has changed on the disk.
	ids := enqueue(t, s, rename("2", "x", "y"))
	if _, err := raw(t, path).Exec("UPDATE outbox SET edit = substr(edit, 2) WHERE id = ?", ids[0]); err != nil {
		t.Fatalf("changing the edit on the disk: error %v, want none", err)
	}
	if _, err := s.Outbox(t.Context()); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("reading an outbox with an edit that can't be decoded: error %v, want %v", err, store.ErrDamaged)
	}
	s.Close()
	s = open(t, path)
	out, err = s.Outbox(t.Context())
	if err != nil || len(out) != 1 || out[0].Target.String() != "b" || !strings.Contains(s.Notice(), "others may be lost") {
		t.Errorf("after the rescue the outbox is %+v and the notice %q, want the edit to the title b, and that others may be lost; error %v, want none",
			out, s.Notice(), err)
	}
}

// The database is truncated at several places, or part of its header is gone. Whatever is
// left, the notice about the outbox is true.
func TestRescueReportsTruthfullyAfterTruncation(t *testing.T) {
	wipe := func(from int64, bytes int) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatalf("opening the file: error %v, want none", err)
			}
			defer f.Close()
			f.WriteAt(make([]byte, bytes), from)
		}
	}
	for name, hurt := range map[string]func(t *testing.T, path string){
		"its first bytes are gone": wipe(0, 50),
		"its settings are gone":    wipe(16, 84),
		"its schema is gone":       wipe(0, 4096),
		"cut in the middle":        func(t *testing.T, path string) { cut(t, path, 2) },
		"cut at a tenth":           func(t *testing.T, path string) { cut(t, path, 10) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "confab.db")
			s := open(t, path)
			s.OpenAccount(t.Context(), "sales", "x")
			enqueue(t, s, rename("1", "a", "b"))
			var many []model.Conversation
			for i := range 2000 {
				many = append(many, conv(fmt.Sprint(i), fmt.Sprintf("conversation %d with a title of some length", i)))
			}
			save(t, s, many...)
			s.Close()
			hurt(t, path)
			s = open(t, path)
			out, err := s.Outbox(t.Context())
			r := s.Rescued()
			if err != nil || r.Edits != len(out) {
				t.Fatalf("the notice of the rescue counts %d edits, want the %d of the outbox; error %v, want none", r.Edits, len(out), err)
			}
			if len(out) == 0 && (r.Whole() || !strings.Contains(r.String(), "may be lost")) {
				t.Errorf("the outbox is empty after the rescue, and the notice says %q, want words that edits may be lost", r)
			}
			if name != "cut at a tenth" && len(out) != 1 {
				t.Errorf("the outbox has %d edits after the rescue, want the 1 that is still in the file; the notice says %q", len(out), r)
			}
			files, _ := filepath.Glob(path + "*mended*")
			if len(files) > 0 {
				t.Errorf("the rescue left the temporary files %v, want none", files)
			}
		})
	}
}

func cut(t *testing.T, path string, part int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatalf("looking for the file: error %v, want none", err)
	}
	if err := os.Truncate(path, info.Size()/part); err != nil {
		t.Fatalf("truncating the file: error %v, want none", err)
	}
}

// A power failure can leave an empty file. It is not a new database: what its log holds is
// kept, and the loss is reported.
func TestEmptiedDatabaseIsRescuedFromItsLog(t *testing.T) {
	from := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, from)
	s.OpenAccount(t.Context(), "sales", "x")
	enqueue(t, s, rename("1", "a", "b"))
	log, err := os.ReadFile(from + "-wal")
	if err != nil || len(log) == 0 {
		t.Fatalf("the write-ahead log has %d bytes, want some; error %v, want none", len(log), err)
	}
	for name, c := range map[string]struct {
		beside func(path string) error
		edits  int
	}{
		"a log":  {func(path string) error { return os.WriteFile(path+"-wal", log, 0o600) }, 1},
		"claims": {func(path string) error { return os.Mkdir(filepath.Join(filepath.Dir(path), "claims"), 0o700) }, 0},
	} {
		path := filepath.Join(t.TempDir(), "confab.db")
		if err := errors.Join(os.WriteFile(path, nil, 0o600), c.beside(path)); err != nil {
			t.Fatalf("preparing the files: error %v, want none", err)
		}
		r := open(t, path).Rescued()
		if r.Path == "" || r.Edits != c.edits || r.Whole() != (c.edits > 0) {
			t.Errorf("opening an empty database with %s beside it: the rescue is %+v, want a file set aside, %d edits, and complete %t", name, r, c.edits, c.edits > 0)
		}
	}
	path := filepath.Join(t.TempDir(), "confab.db")
	os.WriteFile(path, nil, 0o600)
	if r := open(t, path).Rescued(); r.Path != "" {
		t.Errorf("opening an empty file with nothing beside it: the rescue is %+v, want none", r)
	}
}

func TestOpenSetsAFileThatIsNoDatabaseAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	os.WriteFile(path, []byte("this is not a database, but it is somebody's file, so it stays"), 0o600)
	s := open(t, path)
	kept, err := os.ReadFile(s.Rescued().Path)
	if err != nil || string(kept[:4]) != "this" {
		t.Errorf("the file that was set aside holds %q, want its former text; error %v, want none", kept, err)
	}
}

func TestDamagedRowHidesNoOtherAndIsRepairedByAReading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a"), conv("2", "b"))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database file: error %v, want none", err)
	}
	if _, err := db.Exec("UPDATE body SET server = '{\"title\":' WHERE key = (SELECT key FROM conversation WHERE id = '1')"); err != nil {
		t.Fatalf("executing SQL: error %v, want none", err)
	}
	db.Close()
	p, err := s.List(t.Context(), query.Query{}, start, time.UTC, 0, 10, model.Ref{})
	if err != nil || len(p.Rows) != 2 {
		t.Fatalf("the list has %d rows with one damaged, want 2; error %v, want none", len(p.Rows), err)
	}
	if got := row(t, s, "1").Conversation; got.Ref.ID != "1" {
		t.Errorf("the damaged row is %+v, want one with the id 1", got)
	}
	enqueue(t, s, rename("1", "a", "c"))
	save(t, s, conv("1", "a"))
	if got := row(t, s, "1").Conversation.Title; got != "c" {
		t.Errorf("after the next reading the row shows the title %q, want c of the queued edit", got)
	}
}

func TestDamagedDatabaseStaysWhileAnotherProcessHasItOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	living := open(t, path)
	damaged := filepath.Join(filepath.Dir(path), "other.db") // shares the claims
	if err := os.WriteFile(damaged, []byte("this is not a database, and the other process does not know yet"), 0o600); err != nil {
		t.Fatalf("writing the file: error %v, want none", err)
	}
	if s, err := store.Open(t.Context(), damaged, store.Options{Host: "laptop"}); err == nil {
		s.Close()
		t.Error("opening a damaged database while another process was running succeeded, want an error")
	}
	if raw, err := os.ReadFile(damaged); err != nil || string(raw[:4]) != "this" {
		t.Errorf("while another process was running, the damaged file became %q, want it unchanged; error %v, want none", raw, err)
	}
	living.Close()
	if s, err := store.Open(t.Context(), damaged, store.Options{Host: "laptop"}); err != nil || s.Rescued().Path == "" {
		t.Errorf("opening the damaged database with no other process running: error %v, want none and the file set aside", err)
	} else {
		s.Close()
	}
}

// A damaged database that was set aside may hold rows of the account, which can't be
// removed one by one. It is deleted, with its log and what an interrupted rescue left.
func TestForgetRemovesDamagedDatabases(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := large(t, path)
	s.Close()
	cut(t, path, 2)
	s = open(t, path)
	aside := s.Rescued().Path
	if aside == "" {
		t.Fatal("opening a truncated database did not set it aside")
	}
	for _, more := range []string{aside + "-wal", aside + ".mended", aside + ".mended-wal"} {
		if err := os.WriteFile(more, []byte("secret"), 0o600); err != nil {
			t.Fatalf("writing the file: error %v, want none", err)
		}
	}
	if named, err := s.SetAside(); err != nil || !cmp.Equal(named, []string{aside}) {
		t.Errorf("SetAside returned %v, want %s alone; error %v, want none", named, aside, err)
	}
	if err := s.Forget(t.Context(), "sales"); err != nil {
		t.Fatalf("Forget: error %v, want none", err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatalf("listing the folder: error %v, want none", err)
	}
	for _, f := range files {
		if strings.Contains(f.Name(), "damaged") {
			t.Errorf("after the account was forgotten, the damaged file %s is still there", f.Name())
		}
	}
}
