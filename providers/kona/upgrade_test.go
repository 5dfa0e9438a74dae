package kona

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"confab/providers"
)

// The file in testdata/upgrade was written by commit fe29846. Tokens that were rotated then are the only valid ones, so every later
// version must find them.
func TestTokensOfEarlierVersionsAreFound(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/upgrade")); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("got files %v, error %v", files, err)
	}
	for _, f := range files { // restore the mode, which the working copy has lost
		if err := os.Chmod(f, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := tokenFileOf(providers.Account{Name: "projects", BaseURL: "https://io.kona.com/api", StateDir: dir}).read()
	if err != nil || kept.Access != "rotated access" || kept.Refresh != "rotated refresh" ||
		!kept.Expires.Equal(time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)) || kept.Origin != origin("configured access", "configured refresh") {
		t.Errorf("got %+v, %v", kept, err)
	}
}
