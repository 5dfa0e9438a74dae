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

	"confab/model"
	"confab/model/store"
)

const pageSize = 4096

// large makes a database whose table of conversations has many pages.
func large(t *testing.T, path string) *store.Store {
	t.Helper()
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	var many []model.Conversation
	for i := range 500 {
		many = append(many, conv(fmt.Sprint(i), fmt.Sprintf("conversation %d with a title of some length", i)))
	}
	save(t, s, many...)
	return s
}

// breakTable overwrites the first page of a table of a database that may be open. It closes
// the file at the end of the test, since closing a file drops the locks that this process
// has on it.
func breakTable(t *testing.T, path, table string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database file: error %v, want none", err)
	}
	defer db.Close()
	var page int64
	if err := db.QueryRow("SELECT rootpage FROM sqlite_master WHERE name = ?", table).Scan(&page); err != nil {
		t.Fatalf("reading the result of a query: error %v, want none", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatalf("opening the file: error %v, want none", err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, pageSize), (page-1)*pageSize); err != nil {
		t.Fatalf("writing to the file: error %v, want none", err)
	}
}

// A page breaks while two processes have the database open, and one of them reads it.
func TestDamageFoundWhileOpenStopsEveryWriterUntilTheNextStart(t *testing.T) {
	for _, table := range []string{"conversation", "outbox"} {
		t.Run(table, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "confab.db")
			s := large(t, path)
			enqueue(t, s, rename("1", "a", "b"))
			yes := true
			if _, err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "2"}}, model.TriageChange{Pinned: &yes}); err != nil {
				t.Fatalf("Triage: error %v, want none", err)
			}
			if err := s.SaveDraft(t.Context(), "rename:sales:1", "half a tit"); err != nil {
				t.Fatalf("SaveDraft: error %v, want none", err)
			}
			s.Close()
			one, two := open(t, path), open(t, path)
			breakTable(t, path, table)
			var err error
			if table == "outbox" {
				_, err = two.Outbox(t.Context())
			} else {
				_, _, err = two.Row(t.Context(), model.Ref{Account: "sales", ID: "1"})
			}
			if !errors.Is(err, store.ErrDamaged) {
				t.Fatalf("reading the damaged table: error %v, want %v", err, store.ErrDamaged)
			}
			for name, s := range map[string]*store.Store{"the store that read the damage": two, "the other open store": one} {
				wantEnded(t, name, s)
			}
			late, err := store.Open(t.Context(), path, store.Options{Host: "laptop"})
			if err != nil {
				t.Fatalf("opening the damaged database while two others have it open: error %v, want none", err)
			}
			wantEnded(t, "a store opened after the damage", late)
			if !strings.Contains(late.Notice(), "the database is damaged") {
				t.Errorf("the notice of a store opened after the damage is %q, want \"the database is damaged\" in it", late.Notice())
			}
			for _, s := range []*store.Store{one, two, late} {
				if text, err := s.Draft(t.Context(), "rename:sales:1"); err != nil || text != "half a tit" {
					t.Errorf("the draft in a table that is not damaged is %q, want \"half a tit\"; error %v, want none", text, err)
				}
				s.Close()
			}
			wantMended(t, path, table)
		})
	}
}

// wantEnded wants every write, and the look at the revision, to fail with words.
func wantEnded(t *testing.T, name string, s *store.Store) {
	t.Helper()
	for what, do := range map[string]func() error{
		"queue": func() error {
			_, err := s.Enqueue(t.Context(), model.Submission{ID: "s"}, []model.OutboxEntry{rename("1", "a", "c")})
			return err
		},
		"claim": func() error { _, err := s.Claim(t.Context(), "sales", nil); return err },
		"sent":  func() error { _, err := s.Sent(t.Context(), nil, nil, 0); return err },
		"draft": func() error { return s.SaveDraft(t.Context(), "k", "v") },
		"look":  func() error { _, err := s.Revision(t.Context()); return err },
	} {
		err := do()
		if !errors.Is(err, store.ErrDamaged) || model.KindOf(err) != model.Local ||
			!strings.Contains(model.Words(err), "the next start mends it") {
			t.Errorf("%s, %s: error %v of kind %v, want %v of kind %v with \"the next start mends it\" in its words", name, what, err, model.KindOf(err), store.ErrDamaged, model.Local)
		}
	}
}

// wantMended starts twice after a table was damaged.
func wantMended(t *testing.T, path, table string) {
	t.Helper()
	s := open(t, path)
	if r := s.Rescued(); r.Path == "" || r.Whole() != (table != "outbox") || !strings.Contains(s.Notice(), "set aside") {
		t.Errorf("after a restart the rescue is %+v with the notice %q, want a file set aside, complete %t, and \"set aside\" in the notice", r, s.Notice(), table != "outbox")
	}
	out, err := s.Outbox(t.Context())
	if table != "outbox" && (len(out) != 1 || out[0].State != model.Held) || err != nil {
		t.Errorf("after a restart with table %s damaged, the outbox is %+v, want one held edit unless the outbox was damaged; error %v, want none", table, out, err)
	}
	if text, err := s.Draft(t.Context(), "rename:sales:1"); err != nil || text != "half a tit" {
		t.Errorf("after a restart the draft is %q, want \"half a tit\"; error %v, want none", text, err)
	}
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("2", "a"))
	if !row(t, s, "2").Triage.Pinned {
		t.Error("after a restart conversation 2 is not pinned, want the pin kept")
	}
	s.Close()
	s = open(t, path)
	if s.Rescued().Path != "" || s.Notice() != "" {
		t.Errorf("the second start set %q aside with the notice %q, want neither", s.Rescued().Path, s.Notice())
	}
}

// Open is interrupted at each step of replacing the database.
func TestReplacingADamagedDatabaseCanBeInterrupted(t *testing.T) {
	const aside = "confab.db.damaged-20261120-080000"
	for name, step := range map[string]func(dir string){
		"before anything was moved": func(string) {},
		"the log was moved": func(dir string) {
			os.Rename(dir+"/confab.db-wal", dir+"/"+aside+"-wal")
		},
		"all was moved": func(dir string) {
			os.Rename(dir+"/confab.db-wal", dir+"/"+aside+"-wal")
			os.Rename(dir+"/confab.db", dir+"/"+aside)
		},
		"a new one was begun": func(dir string) {
			os.Rename(dir+"/confab.db-wal", dir+"/"+aside+"-wal")
			os.Rename(dir+"/confab.db", dir+"/"+aside)
			s, err := store.Open(t.Context(), dir+"/half/confab.db", store.Options{Host: "laptop"})
			if err != nil {
				t.Fatalf("opening the database: error %v, want none", err)
			}
			s.Close()
			os.Rename(dir+"/half/confab.db", dir+"/confab.db")
		},
		"a new one was begun and is torn": func(dir string) {
			os.Rename(dir+"/confab.db-wal", dir+"/"+aside+"-wal")
			os.Rename(dir+"/confab.db", dir+"/"+aside)
			os.WriteFile(dir+"/confab.db", bytes.Repeat([]byte{0xa5}, pageSize), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			os.Mkdir(filepath.Join(dir, "half"), 0o700)
			path := filepath.Join(dir, "confab.db")
			s := large(t, path)
			s.Close()
			s = open(t, path)
			enqueue(t, s, rename("1", "a", "b"))
			// The edit is in the log of this copy alone.
			whole, log := read(t, path), read(t, path+"-wal")
			s.Close()
			os.WriteFile(path, whole, 0o600)
			os.WriteFile(path+"-wal", log, 0o600)
			os.WriteFile(path+".damaged", []byte("malformed\n"+aside+"\n"), 0o600)
			step(dir)
			s = open(t, path)
			out, err := s.Outbox(t.Context())
			if err != nil || len(out) != 1 || s.Rescued().Path != filepath.Join(dir, aside) {
				t.Fatalf("after the interrupted replacement the outbox is %+v and the rescue %+v, want one edit and the file %s; error %v, want none", out, s.Rescued(), aside, err)
			}
			s.Close()
			// A power loss brings the removed .damaged file back.
			os.WriteFile(path+".damaged", []byte("malformed\n"+aside+"\n"), 0o600)
			s = open(t, path)
			if out, err := s.Outbox(t.Context()); err != nil || len(out) != 1 || s.Rescued().Path != "" {
				t.Fatalf("with the .damaged file back, the outbox is %+v and the rescue %+v, want one edit and no rescue; error %v, want none", out, s.Rescued(), err)
			}
		})
	}
}

// A person deletes the damaged database, and leaves the log and the sign.
func TestDeletedDatabaseIsRescuedFromItsLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	enqueue(t, s, rename("1", "a", "b"))
	log := read(t, path+"-wal")
	s.Close()
	if err := errors.Join(os.WriteFile(path+"-wal", log, 0o600), os.WriteFile(path+".damaged", []byte("malformed\n"), 0o600), os.Remove(path)); err != nil {
		t.Fatalf("preparing the files: error %v, want none", err)
	}
	s = open(t, path)
	if out, err := s.Outbox(t.Context()); err != nil || len(out) != 1 || s.Rescued().Edits != 1 {
		t.Errorf("after the database was deleted the outbox is %+v and the rescue %+v, want the edit in the log; error %v, want none", out, s.Rescued(), err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("reading the file: error %v, want none", err)
	}
	return raw
}
