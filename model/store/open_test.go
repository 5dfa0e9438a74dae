package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"confab/model"
	"confab/model/store"
)

func TestOpenWritesNothingIfNothingChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a"))
	enqueue(t, s, rename("1", "a", "b"))
	before, err := s.Revision(t.Context())
	if err != nil {
		t.Fatalf("Revision: error %v, want none", err)
	}
	s.Close()
	// Another process holds a write transaction.
	db, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatalf("opening the database file: error %v, want none", err)
	}
	defer db.Close()
	writing, err := db.Begin()
	if err != nil {
		t.Fatalf("beginning a transaction: error %v, want none", err)
	}
	defer writing.Rollback()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err = store.Open(ctx, path, store.Options{Host: "laptop", Now: func() time.Time { return start }})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	defer s.Close()
	if _, _, err := s.OpenAccount(ctx, "sales", "x"); err != nil {
		t.Fatalf("OpenAccount: error %v, want none", err)
	}
	if _, err := s.Recover(ctx); err != nil {
		t.Fatalf("Recover: error %v, want none", err)
	}
	if n, err := s.HoldOld(ctx, start.Add(-time.Hour)); n != 0 || err != nil {
		t.Fatalf("HoldOld held %d edits, want 0; error %v, want none", n, err)
	}
	if after, err := s.Revision(t.Context()); after != before || err != nil {
		t.Errorf("after opening again the revision is %d, want %d as before; error %v, want none", after, before, err)
	}
	if log, err := os.Stat(path + "-wal"); err != nil || log.Size() > 0 {
		t.Errorf("opening again wrote %d bytes to the log, want 0; error %v, want none", log.Size(), err)
	}
}

func TestCloseRemovesOldHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a"), conv("2", "a"))
	enqueue(t, s, rename("1", "a", "b"))
	e := claim(t, s, nil)[0]
	if err := s.Settle(t.Context(), e, model.JournalEntry{Edit: e.Edit, At: start}, nil, false); err != nil {
		t.Fatalf("Settle: error %v, want none", err)
	}
	enqueue(t, s, rename("2", "a", "b")) // as old, and still waiting
	s.Close()
	later := store.Options{Host: "laptop", Now: func() time.Time { return start.Add(store.JournalKept + time.Hour) }}
	for _, want := range []int{1, 0} {
		s, err := store.Open(t.Context(), path, later)
		if err != nil {
			t.Fatalf("opening the database: error %v, want none", err)
		}
		history, err := s.History(t.Context(), model.HistoryRequest{Limit: 10})
		if err != nil || len(history) != want {
			t.Errorf("the history has %d entries, want %d; error %v, want none", len(history), want, err)
		}
		subs, err := s.Submissions(t.Context(), model.HistoryRequest{Limit: 10})
		if err != nil || len(subs) != 1+want {
			t.Errorf("there are %d submissions, want %d; error %v, want none", len(subs), 1+want, err)
		}
		s.Close()
	}
}

// Another process reads, and a third one writes.
func TestCloseDoesNotWaitForOtherProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database file: error %v, want none", err)
	}
	defer db.Close()
	for _, held := range []string{"SELECT count(*) FROM account", "UPDATE account SET hold = hold"} {
		tx, err := db.Begin()
		if err != nil {
			t.Fatalf("beginning a transaction: error %v, want none", err)
		}
		defer tx.Rollback()
		if _, err := tx.Exec(held); err != nil {
			t.Fatalf("executing SQL: error %v, want none", err)
		}
	}
	began := time.Now()
	if err := s.Close(); err != nil {
		t.Errorf("Close while others read and write: error %v, want none", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("Close took %v while others read and write, want at most 10s", took)
	}
}
