package inbox_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// breakTable overwrites the first page of a table of an open database. It closes the file
// at the end of the test, since closing a file drops the locks that this process has on it.
func breakTable(t *testing.T, path, table string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database with SQL: %v", err)
	}
	defer db.Close()
	var page int64
	if err := db.QueryRow("SELECT rootpage FROM sqlite_master WHERE name = ?", table).Scan(&page); err != nil {
		t.Fatalf("finding the first page of the table: %v", err)
	}
	if _, err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatalf("executing the SQL statement: %v", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatalf("opening the database file: %v", err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, 4096), (page-1)*4096); err != nil {
		t.Fatalf("overwriting the page: %v", err)
	}
}

// wantDamaged wants every account to report that the database is damaged.
func wantDamaged(t *testing.T, name string, b *inbox.Inbox) {
	t.Helper()
	for _, a := range b.Accounts() {
		if a.Error == nil || a.Error.Kind != model.Local || !strings.Contains(a.Error.Words(), "the database is damaged") || !a.NextTry.IsZero() {
			t.Errorf("%s: the account %s has the error %q and its next try at %v, want an error that says the database is damaged, and no next try",
				name, a.Name, a.Error.Words(), a.NextTry)
		}
	}
}

func TestDamageIsReportedEverywhereAndStopsSending(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			ctx := context.Background()
			b.Start(ctx)
			session(t, path, []*fake{f}, func(t *testing.T, other *inbox.Inbox, s *store.Store) {
				other.Start(ctx)
				time.Sleep(5 * time.Second)
				// The edit is queued, and not sent before the damage is met.
				f.set(func() { f.down = true })
				submit(t, b, f.ref("1"), title("mine"))
				time.Sleep(time.Second)
				breakTable(t, path, "journal")
				if err := s.Check(ctx); !errors.Is(err, store.ErrDamaged) {
					t.Fatalf("the check of a damaged database: error %v, want %v", err, store.ErrDamaged)
				}
				f.set(func() { f.down = false })
				loads, _ := f.count()
				time.Sleep(time.Hour)
				wantDamaged(t, "the one that met it", other)
				wantDamaged(t, "the other", b)
				if now, applies := f.count(); applies != 0 || now != loads {
					t.Errorf("after the damage was met: %d writes and %d reads of a conversation, want none", applies, now-loads)
				}
				page, err := b.List(ctx, model.ListRequest{Limit: 10})
				if err != nil || len(page.Rows) != 2 {
					t.Errorf("the list of a damaged database has %d rows, want 2, error %v", len(page.Rows), err)
				}
			})
		})
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
			b.Start(context.Background())
			time.Sleep(time.Minute)
			if s.Rescued().Edits != 1 || b.Accounts()[0].Error != nil || b.Accounts()[0].Conversations != 2 {
				t.Errorf("after the start that repairs the database: rescued %+v (want 1 edit), the account has %d conversations (want 2) and the error %q (want none)",
					s.Rescued(), b.Accounts()[0].Conversations, b.Accounts()[0].Error.Words())
			}
		})
	})
}

// The sync of a user who never opens the inbox checks the whole database, too.
func TestSyncChecksTheDatabaseAfterAnUncleanEnd(t *testing.T) {
	for _, broken := range []bool{false, true} {
		f := newFake("projects", "Kick-off")
		path := filepath.Join(t.TempDir(), "confab.db")
		synctest.Test(t, func(t *testing.T) {
			session(t, path, []*fake{f}, func(*testing.T, *inbox.Inbox, *store.Store) {})
			if broken {
				breakTable(t, path, "draft")
			}
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), "claims", "confab-1-ABC"), nil, 0o600); err != nil {
				t.Fatalf("writing the file: %v", err)
			}
			session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
				if !s.Unclean() {
					t.Fatal("the store says that the last end was clean, though a process left its claim behind: want unclean")
				}
				err := b.SyncNow(context.Background(), false, func(model.DeliveryResult) {})
				if errors.Is(err, store.ErrDamaged) != broken || s.Unclean() != broken {
					t.Errorf("database damaged: %t; the sync has the error %v, and the last end still counts as unclean: %t (want %t)",
						broken, err, s.Unclean(), broken)
				}
			})
		})
	}
}

// The check runs in the background, and not after a clean end.
func TestStartChecksTheDatabaseAfterAnUncleanEnd(t *testing.T) {
	for _, unclean := range []bool{false, true} {
		f := newFake("projects", "Kick-off")
		path := filepath.Join(t.TempDir(), "confab.db")
		synctest.Test(t, func(t *testing.T) {
			session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				b.Start(context.Background())
				time.Sleep(time.Second)
			})
			breakTable(t, path, "draft")
			if unclean {
				os.WriteFile(filepath.Join(filepath.Dir(path), "claims", "confab-1-ABC"), nil, 0o600)
			}
			session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				b.Start(context.Background())
				time.Sleep(10 * time.Second)
				if unclean {
					wantDamaged(t, "after an unclean end", b)
				} else if a := b.Accounts()[0]; a.Error != nil {
					t.Errorf("after a clean end the account has the error %q, want no check and no error", a.Error.Words())
				}
			})
		})
	}
}
