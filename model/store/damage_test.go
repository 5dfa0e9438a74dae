package store_test

import (
	"bytes"
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
		t.Errorf("another host: %v", err)
	}
	db, _ := sql.Open("sqlite", path)
	db.Exec("PRAGMA user_version = 999")
	db.Close()
	before, _ := os.ReadFile(path)
	_, err = store.Open(t.Context(), path, store.Options{Host: "laptop"})
	if !errors.Is(err, store.ErrNewer) {
		t.Errorf("newer: %v", err)
	}
	after, _ := os.ReadFile(path)
	if !cmp.Equal(before, after) {
		t.Error("the newer database was written to")
	}
}

// Open reads too little to find this damage; Check finds it, and the next start replaces
// the database.
func TestADamagedDatabaseIsSetAsideWithItsOutboxRescued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := large(t, path)
	enqueue(t, s, rename("1", "a", "b"))
	s.Close()
	// Break pages in the middle, where the rows of conversations are.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := f.Stat()
	f.WriteAt(bytes.Repeat([]byte{0xa5}, 64*1024), info.Size()/2)
	f.Close()
	s = open(t, path)
	if s.Rescued().Path != "" {
		t.Fatal("the whole database was read before the first frame")
	}
	if err := s.Check(t.Context()); !errors.Is(err, store.ErrDamaged) || model.KindOf(err) != model.Local {
		t.Fatalf("the check says %v", err)
	}
	s.Close()
	s = open(t, path)
	if s.Rescued().Path == "" {
		t.Fatal("the damage was not noticed")
	}
	if _, err := os.Stat(s.Rescued().Path); err != nil {
		t.Errorf("the damaged file is gone: %v", err)
	}
	out, err := s.Outbox(t.Context())
	if err != nil || len(out) != 1 || out[0].State != model.Held || out[0].Target.String() != "b" {
		t.Errorf("rescued %+v, %v", out, err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// The database is truncated at several places, or its first bytes are gone. Whatever is
// left, the notice about the outbox is true.
func TestRescueReportsTruthfullyAfterTruncation(t *testing.T) {
	for name, hurt := range map[string]func(t *testing.T, path string){
		"its first bytes are gone": func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			f.WriteAt(make([]byte, 50), 0)
		},
		"cut in the middle": func(t *testing.T, path string) { cut(t, path, 2) },
		"cut at a tenth":    func(t *testing.T, path string) { cut(t, path, 10) },
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
				t.Fatalf("%v: %d edits, says %d (want %v)", err, len(out), r.Edits, len(out))
			}
			if len(out) == 0 && (r.Whole() || !strings.Contains(r.String(), "may be lost")) {
				t.Errorf("nothing was kept, and it says %q", r)
			}
			if name != "cut at a tenth" && len(out) != 1 {
				t.Errorf("a queued edit that is still in the file was not kept: %q", r)
			}
			files, _ := filepath.Glob(path + "*mended*")
			if len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

func cut(t *testing.T, path string, part int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()/part); err != nil {
		t.Fatal(err)
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
		t.Fatalf("no log: %v", err)
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
			t.Fatal(err)
		}
		r := open(t, path).Rescued()
		if r.Path == "" || r.Edits != c.edits || r.Whole() != (c.edits > 0) {
			t.Errorf("%s beside it: %+v", name, r)
		}
	}
	path := filepath.Join(t.TempDir(), "confab.db")
	os.WriteFile(path, nil, 0o600)
	if r := open(t, path).Rescued(); r.Path != "" {
		t.Errorf("a new one: %+v", r)
	}
}

func TestOpenSetsAFileThatIsNoDatabaseAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	os.WriteFile(path, []byte("this is not a database, but it is somebody's file, so it stays"), 0o600)
	s := open(t, path)
	kept, err := os.ReadFile(s.Rescued().Path)
	if err != nil || string(kept[:4]) != "this" {
		t.Errorf("kept is %q, error %v", kept, err)
	}
}

func TestDamagedRowHidesNoOtherAndIsRepairedByAReading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a"), conv("2", "b"))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE body SET server = '{\"title\":' WHERE key = (SELECT key FROM conversation WHERE id = '1')"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	p, err := s.List(t.Context(), query.Query{}, start, time.UTC, 0, 10, model.Ref{})
	if err != nil || len(p.Rows) != 2 {
		t.Fatalf("%d rows (want 2), %v", len(p.Rows), err)
	}
	if got := row(t, s, "1").Conversation; got.Ref.ID != "1" {
		t.Errorf("the damaged row is %+v", got)
	}
	enqueue(t, s, rename("1", "a", "c"))
	save(t, s, conv("1", "a"))
	if got := row(t, s, "1").Conversation.Title; got != "c" {
		t.Errorf("after the next reading the row shows %q (want c)", got)
	}
}

func TestDamagedDatabaseStaysWhileAnotherProcessHasItOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	living := open(t, path)
	damaged := filepath.Join(filepath.Dir(path), "other.db") // shares the claims
	if err := os.WriteFile(damaged, []byte("this is not a database, and the other process does not know yet"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := store.Open(t.Context(), damaged, store.Options{Host: "laptop"}); err == nil {
		s.Close()
		t.Error("set aside while another process was running")
	}
	if raw, err := os.ReadFile(damaged); err != nil || string(raw[:4]) != "this" {
		t.Errorf("raw is %q, error %v", raw, err)
	}
	living.Close()
	if s, err := store.Open(t.Context(), damaged, store.Options{Host: "laptop"}); err != nil || s.Rescued().Path == "" {
		t.Errorf("alone: %v", err)
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
		t.Fatal("the damage was not noticed")
	}
	for _, more := range []string{aside + "-wal", aside + ".mended", aside + ".mended-wal"} {
		if err := os.WriteFile(more, []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if named, err := s.SetAside(); err != nil || !cmp.Equal(named, []string{aside}) {
		t.Errorf("set aside: %v, %v; want %s alone", named, err, aside)
	}
	if err := s.Forget(t.Context(), "sales"); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.Contains(f.Name(), "damaged") {
			t.Errorf("%s is left", f.Name())
		}
	}
}
