package inbox_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
	"confab/model/store/crowd"
)

func openDatabase(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database with SQL: %v", err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// The first load of a database of an earlier version refolds its rows, so that later
// commands need not.
func TestFirstLoadRefoldsOldRows(t *testing.T) {
	path, f := earlier(t, 4)
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			if _, err := b.List(context.Background(), model.ListRequest{Query: "is:any", Limit: 1}); err != nil {
				t.Fatalf("listing the conversations: %v", err)
			}
		})
	})
	var left int
	err := openDatabase(t, path).QueryRow("SELECT count(*) FROM conversation WHERE subject IS NULL AND gone = 0").Scan(&left)
	if err != nil || left > 0 {
		t.Errorf("after the first load %d rows of the earlier version are not refolded, want 0, error %v", left, err)
	}
}

// Changes that could not be read are announced once they can be.
func TestFailedFollowIsRepeated(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) { newsIsReadAgain(t, path, f, b) })
	})
}

func newsIsReadAgain(t *testing.T, path string, f *fake, b *inbox.Inbox) {
	ctx := context.Background()
	b.Start(ctx)
	time.Sleep(10 * time.Second)
	if _, err := b.List(ctx, model.ListRequest{Query: "is:any", Limit: 1}); err != nil {
		t.Fatalf("listing the conversations: %v", err)
	}
	events, end := b.Subscribe()
	defer end()
	db := openDatabase(t, path)
	if _, err := db.Exec("ALTER TABLE submission RENAME TO away"); err != nil {
		t.Fatalf("executing the SQL statement: %v", err)
	}
	yes := true
	if err := b.Triage(ctx, []model.Ref{f.ref("1")}, model.TriageChange{Pinned: &yes}, nil); err != nil {
		t.Fatalf("changing the marks: %v", err)
	}
	if _, err := db.Exec("ALTER TABLE away RENAME TO submission"); err != nil {
		t.Fatalf("executing the SQL statement: %v", err)
	}
	time.Sleep(3 * time.Second)
	select {
	case ev := <-events:
		if !slices.Contains(ev.Refs, f.ref("1")) {
			t.Errorf("the event after the failed follow is %+v, want it to name %v", ev, f.ref("1"))
		}
	default:
		t.Error("no event told of the change that could not be read at first")
	}
}

// Keeping views is not worth waiting for a process with a long transaction.
func TestKeepViewsDoesNotWaitForAnotherWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	f := newFake("projects", "Kick-off")
	ctx := context.Background()
	session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		if err := b.Sync(ctx); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		db := openDatabase(t, path)
		db.SetMaxOpenConns(1)
		if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
			t.Fatalf("executing the SQL statement: %v", err)
		}
		began := time.Now()
		if n, err := b.Counts(ctx, []string{"", "is:any", "is:private"}); err != nil || n[1] != 1 {
			t.Errorf("the counts are %v, want 1 in the second, error %v", n, err)
		}
		if err := b.Close(ctx); err != nil {
			t.Errorf("closing the inbox: %v", err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("counting and closing took %v beside another writer, want at most 5 seconds", took)
		}
		db.Exec("ROLLBACK")
	})
}

// Changes of another process before the first load are announced, too.
func TestFirstLoadAnnouncesEarlierChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	f := newFake("projects", "Kick-off")
	ctx := context.Background()
	session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		if err := b.Sync(ctx); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		events, end := b.Subscribe()
		defer end()
		session(t, path, []*fake{f}, func(t *testing.T, other *inbox.Inbox, _ *store.Store) {
			submit(t, other, f.ref("1"), title("Renamed"))
		})
		if _, err := b.List(ctx, model.ListRequest{Query: "is:any", Limit: 1}); err != nil {
			t.Fatalf("listing the conversations: %v", err)
		}
		select {
		case ev := <-events:
			if !ev.Edits || !slices.Contains(ev.Refs, f.ref("1")) {
				t.Errorf("the event of the first load is %+v, want it to name %v and a change of edits", ev, f.ref("1"))
			}
		default:
			t.Error("no event told of the change that another process made before the first load")
		}
	})
}

// What was withdrawn before a failure is announced.
func TestFailureAnnouncesWhatWasDoneBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	crowd.Fill(t, path, crowd.Size{Conversations: 2_000, Waiting: 400, Now: time.Now().Add(-time.Hour)})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	removed := 0
	s, err := store.Open(t.Context(), path, store.Options{Host: "laptop", Ran: func(r store.Ran) {
		if strings.HasPrefix(r.Text, "DELETE FROM outbox") {
			if removed++; removed == 151 { // at the earliest in the second slice
				cancel()
			}
		}
	}})
	if err != nil {
		t.Fatalf("opening the database: %v", err)
	}
	defer s.Close()
	b, err := inbox.Open(t.Context(), inbox.Options{Store: s, User: "ada", Accounts: []inbox.Account{{Provider: newFake(crowd.Accounts[0])}}})
	if err != nil {
		t.Fatalf("opening the inbox: %v", err)
	}
	defer b.Close(t.Context())
	events, end := b.Subscribe()
	defer end()
	all, err := b.Outbox(t.Context())
	if err != nil || len(all) != 400 {
		t.Fatalf("the outbox holds %d edits, want 400; error %v, want none", len(all), err)
	}
	ids := make([]string, len(all))
	for i, e := range all {
		ids[i] = e.ID
	}
	if _, err := b.Decide(ctx, model.DecideWithdraw, named(ids...)...); err == nil {
		t.Fatal("withdrawing was not cut short")
	}
	left, err := b.Outbox(t.Context())
	if err != nil || len(left) == 0 || len(left) == len(all) {
		t.Fatalf("%d of %d edits are left, want some; error %v, want none", len(left), len(all), err)
	}
	select {
	case ev := <-events:
		if !ev.Edits {
			t.Errorf("the event is %+v, want it to say that edits changed", ev)
		}
	default:
		t.Error("nothing was announced")
	}
}
