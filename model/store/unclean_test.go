package store_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"confab/model/store"
)

// dies opens a database in another process, which writes to it and is killed.
func dies(t *testing.T, path string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperProcessThatIsKilled$")
	cmd.Env = append(os.Environ(), "CONFAB_TEST_DATABASE="+path)
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Fatalf("the other process ended without being killed, want it killed; it wrote: %s", out)
	}
}

// TestHelperProcessThatIsKilled is that other process.
func TestHelperProcessThatIsKilled(t *testing.T) {
	path := os.Getenv("CONFAB_TEST_DATABASE")
	if path == "" {
		return
	}
	s, err := store.Open(context.Background(), path, store.Options{Host: "laptop"})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	if err := s.SaveDraft(context.Background(), "k", "v"); err != nil {
		t.Fatalf("SaveDraft: error %v, want none", err)
	}
	me, _ := os.FindProcess(os.Getpid())
	me.Kill()
	select {}
}

func TestOnlyAnUncleanEndAsksForACheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	want := func(when string, unclean bool) *store.Store {
		t.Helper()
		s := open(t, path)
		if s.Unclean() != unclean {
			t.Errorf("%s: Unclean is %t, want %t", when, !unclean, unclean)
		}
		return s
	}
	want("a new database", false).Close()
	want("after a clean end", false).Close()
	dies(t, path)
	want("after a kill", true).Close()
	s := want("after a process that did not check", true)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Check(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a check that was cut short: error %v, want %v", err, context.Canceled)
	}
	s.Close()
	s = want("after a check that was cut short", true)
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check of an undamaged database: error %v, want none", err)
	}
	if s.Unclean() {
		t.Error("right after the check Unclean is true, want false")
	}
	if text, err := s.Draft(t.Context(), "k"); err != nil || text != "v" {
		t.Errorf("the draft that the killed process wrote is %q, want v; error %v, want none", text, err)
	}
	s.Close()
	s = want("after the check", false)
	dies(t, path)
	want("a process was killed beside a living one", false).Close()
	s.Close()
	want("after both of these processes ended", false).Close()
}
