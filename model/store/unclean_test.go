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
		t.Fatalf("it was not killed: %s", out)
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
		t.Fatal(err)
	}
	if err := s.SaveDraft(context.Background(), "k", "v"); err != nil {
		t.Fatal(err)
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
			t.Errorf("%s: unclean is %t", when, !unclean)
		}
		return s
	}
	want("a new one", false).Close()
	want("after a clean end", false).Close()
	dies(t, path)
	want("after a kill", true).Close()
	s := want("after one that did not check", true)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Check(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a check that was cut short says %v", err)
	}
	s.Close()
	s = want("after a check that was cut short", true)
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if s.Unclean() {
		t.Error("after the check it counts as unclean")
	}
	if text, err := s.Draft(t.Context(), "k"); err != nil || text != "v" {
		t.Errorf("what the dead process wrote is %q (want v), %v", text, err)
	}
	s.Close()
	s = want("after the check", false)
	dies(t, path)
	want("a process was killed beside a living one", false).Close()
	s.Close()
	want("both ended", false).Close()
}
