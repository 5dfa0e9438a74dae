package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A request waits for its pace, never for another writer.
func TestSlotDoesNotWaitForATransaction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database file: error %v, want none", err)
	}
	defer other.Close()
	if _, err := other.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatalf("executing SQL: error %v, want none", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if at, err := s.Pacer("sales", time.Second, 1).Slot(ctx); err != nil || !at.Equal(start) {
		t.Errorf("the slot is at %v, want %v at once; error %v, want none", at, start, err)
	}
	// Nor does a look at an outbox in which nothing is due.
	if got, err := s.Claim(ctx, "sales", nil); err != nil || len(got) != 0 {
		t.Errorf("claimed %d edits, want 0 at once; error %v, want none", len(got), err)
	}
	if _, err := other.Exec("ROLLBACK"); err != nil {
		t.Fatalf("executing SQL: error %v, want none", err)
	}
}

// Whatever a crash or a person leaves in the file, requests go on.
func TestUnreadablePaceFileCountsAsEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	if _, err := s.Pacer("sales", time.Second, 1).Slot(t.Context()); err != nil {
		t.Fatalf("Slot: error %v, want none", err)
	}
	file := filepath.Join(path+".pace", "sales")
	for name, text := range map[string]string{"empty": "", "torn": "0000170", "nonsense": "\x00\x00\xff", "far ahead": "99999999999999999999\n", "too much": "9223372036854775807\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatalf("writing the file: error %v, want none", err)
		}
		if at, err := s.Pacer("sales", time.Second, 1).Slot(t.Context()); err != nil || !at.Equal(start) {
			t.Errorf("pace file %q: the slot is at %v, want %v at once; error %v, want none", name, at, start, err)
		}
		if at, err := s.Pacer("sales", time.Second, 1).Slot(t.Context()); err != nil || !at.Equal(start.Add(time.Second)) {
			t.Errorf("pace file %q: the second slot is at %v, want %v; error %v, want none", name, at, start.Add(time.Second), err)
		}
	}
	for _, f := range []string{file, filepath.Join(path+".pace", ".lock")} {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file %s is %v, want it to exist with mode 0600; error %v, want none", f, info, err)
		}
	}
}

func TestForgetRemovesThePaceFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	for _, account := range []string{"sales", "desk"} {
		if _, err := s.Pacer(account, time.Second, 1).Slot(t.Context()); err != nil {
			t.Fatalf("Slot: error %v, want none", err)
		}
	}
	if err := s.Forget(t.Context(), "sales"); err != nil {
		t.Fatalf("Forget: error %v, want none", err)
	}
	if _, err := os.Stat(filepath.Join(path+".pace", "sales")); !os.IsNotExist(err) {
		t.Errorf("looking for the pace file of the forgotten account: error %v, want that it does not exist", err)
	}
	if _, err := os.Stat(filepath.Join(path+".pace", "desk")); err != nil {
		t.Errorf("looking for the pace file of the other account: error %v, want none", err)
	}
}
