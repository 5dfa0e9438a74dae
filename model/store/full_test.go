package store

import (
	"database/sql"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"modernc.org/sqlite"
)

// Plain words replace SQLite's message, and errors.As still finds the SQLite error.
func TestFullDiskIsReportedInWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s, err := Open(t.Context(), path, Options{Host: "laptop"})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	defer s.Close()
	if _, err := s.write.Exec("PRAGMA max_page_count = 1"); err != nil {
		t.Fatalf("executing SQL: error %v, want none", err)
	}
	err = s.SaveDraft(t.Context(), "key", strings.Repeat("long ", 1_000_000))
	var se *sqlite.Error
	if err == nil || !strings.Contains(err.Error(), "the disk is full") || strings.Contains(err.Error(), "(13)") || !errors.As(err, &se) {
		t.Errorf("writing to a full disk: error %v, want an *sqlite.Error that says \"the disk is full\" without its code (13)", err)
	}
	for _, other := range []error{io.EOF, sql.ErrNoRows} {
		if plain(other) != other {
			t.Errorf("plain turned the error %v into %v, want it unchanged", other, plain(other))
		}
	}
}

// The rescue says that the disk is full. The next start tries again.
func TestRescueToAFullDiskFails(t *testing.T) {
	dir := t.TempDir()
	damaged, err := Open(t.Context(), filepath.Join(dir, "damaged.db"), Options{Host: "laptop"})
	if err == nil {
		err = damaged.SaveDraft(t.Context(), "long", strings.Repeat("long ", 100_000))
	}
	if err != nil {
		t.Fatalf("making the damaged database: error %v, want none", err)
	}
	damaged.Close()
	s, err := Open(t.Context(), filepath.Join(dir, "confab.db"), Options{Host: "laptop"})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	defer s.Close()
	if _, err := s.write.Exec("PRAGMA max_page_count = 1"); err != nil { // no page more than it has
		t.Fatalf("executing SQL: error %v, want none", err)
	}
	if err := s.rescueOutbox(t.Context(), damaged.path); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		draft, _ := s.Draft(t.Context(), "long")
		t.Errorf("rescuing a draft to a full disk: error %v, want \"the disk is full\"; the draft has %d bytes", err, len(draft))
	}
}
