package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/model/store"
)

// olderProcess does what programs of earlier versions do while they run.
func olderProcess(t *testing.T, path string) (end func()) {
	t.Helper()
	dir := filepath.Join(filepath.Dir(path), "claims")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatalf("making the folder: error %v, want none", err)
	}
	l := flock.New(filepath.Join(dir, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	if ok, err := l.TryLock(); err != nil || !ok {
		t.Fatalf("locking the claim file of an older process: locked %t, want true; error %v, want none", ok, err)
	}
	return func() { l.Unlock() }
}

func TestUpgradeWaitsForRunningProgramsAndNamesThem(t *testing.T) {
	path := unpack(t, 2)
	end := olderProcess(t, path)
	other, err := store.Open(t.Context(), filepath.Join(filepath.Dir(path), "other.db"), store.Options{Host: "laptop"})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	told := make(chan []string, 10)
	opened := make(chan error)
	var s *store.Store
	go func() {
		var err error
		s, err = store.Open(t.Context(), path, store.Options{Host: "laptop", Now: func() time.Time { return start }, Waiting: func(names []string) { told <- names }})
		opened <- err
	}()
	want := []string{"another confab", fmt.Sprintf("%s (pid %d)", filepath.Base(os.Args[0]), os.Getpid())}
	if d := cmp.Diff(want, <-told); d != "" {
		t.Errorf("the first report of the programs that the upgrade waits for (-want +got):\n%s", d)
	}
	other.Close()
	if d := cmp.Diff(want[:1], <-told); d != "" {
		t.Errorf("the report after one program ended (-want +got):\n%s", d)
	}
	if v := schemaVersion(t, path); v != 2 {
		t.Errorf("while an older program runs, the schema has version %d, want 2", v)
	}
	end()
	if err := <-opened; err != nil {
		t.Fatalf("opening the database once the older program ended: error %v, want none", err)
	}
	defer s.Close()
	if len(told) > 0 {
		t.Errorf("a third report of waiting names %v, want only two reports", <-told)
	}
	if n := countOf(t, s, "account:talks is:done"); n != 1000 {
		t.Errorf("after the upgrade %d conversations are done, want 1000", n)
	}
}

// A program may wait a moment for another that is opening, but reports only programs that
// delay an upgrade.
func TestOpenDoesNotReportWaitingWithoutAnUpgrade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	open(t, path) // runs
	opening := flock.New(path + ".opening")
	if ok, err := opening.TryLock(); err != nil || !ok {
		t.Fatalf("locking the file that says a program is opening: locked %t, want true; error %v, want none", ok, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := store.Open(ctx, path, store.Options{Host: "laptop", Waiting: func(names []string) {
		t.Errorf("Open reported that it waits for %v, want no report without an upgrade", names)
	}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Open while another program is opening: error %v, want %v", err, context.DeadlineExceeded)
	}
	opening.Unlock()
	open(t, path)
}

func TestSecondNewProgramNamesTheProgramsToo(t *testing.T) {
	path := unpack(t, 2)
	end := olderProcess(t, path)
	told := make(chan []string, 10)
	opened := make(chan error)
	for range 2 {
		go func() {
			s, err := store.Open(t.Context(), path, store.Options{Host: "laptop", Waiting: func(names []string) { told <- names }})
			if err == nil {
				err = s.Close()
			}
			opened <- err
		}()
	}
	for range 2 {
		if d := cmp.Diff([]string{"another confab"}, <-told); d != "" {
			t.Errorf("the programs that an upgrade waits for (-want +got):\n%s", d)
		}
	}
	end()
	for range 2 {
		if err := <-opened; err != nil {
			t.Errorf("opening and closing after the older program ended: error %v, want none", err)
		}
	}
}

func TestWaitingToUpgradeEndsWithItsContext(t *testing.T) {
	path := unpack(t, 2)
	defer olderProcess(t, path)()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := store.Open(ctx, path, store.Options{Host: "laptop", Waiting: func([]string) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Open with its context cancelled: error %v, want %v", err, context.Canceled)
	}
	if v := schemaVersion(t, path); v != 2 {
		t.Errorf("after the cancelled upgrade the schema has version %d, want 2", v)
	}
}

func TestTwoUpgradesDoNotWaitForEachOther(t *testing.T) {
	path := unpack(t, 2)
	var wg sync.WaitGroup
	stores := make([]*store.Store, 4)
	errs := make([]error, len(stores))
	for i := range stores {
		wg.Go(func() {
			stores[i], errs[i] = store.Open(t.Context(), path, store.Options{Host: "laptop", Now: func() time.Time { return start }})
		})
	}
	wg.Wait()
	for i, s := range stores {
		if errs[i] != nil {
			t.Fatalf("upgrade %d of four at the same time: error %v, want none", i, errs[i])
		}
		if n := countOf(t, s, "account:talks is:done"); n != 1000 {
			t.Errorf("store %d of four shows %d done conversations, want 1000", i, n)
		}
		defer s.Close()
	}
}

func TestWritesFailAfterANewerProgramUpgraded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	s := open(t, path)
	s.OpenAccount(t.Context(), "sales", "x")
	save(t, s, conv("1", "a"))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database file: error %v, want none", err)
	}
	defer db.Close()
	if _, err := db.Exec("PRAGMA user_version = 999"); err != nil {
		t.Fatalf("executing SQL: error %v, want none", err)
	}
	yes := true
	for name, write := range map[string]func() error{
		"save": func() error {
			_, err := s.SaveBatch(t.Context(), "sales", []model.Conversation{conv("1", "b")}, nil)
			return err
		},
		"queue": func() error {
			_, err := s.Enqueue(t.Context(), model.Submission{ID: "s"}, []model.OutboxEntry{rename("1", "a", "b")})
			return err
		},
		"mark": func() error {
			_, err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Done: &yes})
			return err
		},
		"draft": func() error { return s.SaveDraft(t.Context(), "k", "v") },
		"claim": func() error { _, err := s.Claim(t.Context(), "sales", nil); return err },
		"look":  func() error { _, err := s.Revision(t.Context()); return err },
	} {
		if err := write(); !errors.Is(err, store.ErrMoved) || model.KindOf(err) != model.Local || !strings.Contains(err.Error(), "start this one again") {
			t.Errorf("%s after a newer program upgraded the database: error %v of kind %v, want %v of kind %v with \"start this one again\" in it", name, err, model.KindOf(err), store.ErrMoved, model.Local)
		}
	}
	if got := row(t, s, "1"); got.Conversation.Title != "a" || got.Triage.Done || len(got.Pending) != 0 {
		t.Errorf("after the refused writes the row is %+v, want the title a, not done and no pending edit", got)
	}
}
