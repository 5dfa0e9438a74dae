package inbox_test

import (
	"compress/gzip"
	"context"
	"database/sql"
	"fmt"
	"io"
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

// earlier unpacks a database that an earlier version made, see
// store/testdata/upgrade, and gives the service that its account talks had.
func earlier(t *testing.T, version int) (path string, f *fake) {
	t.Helper()
	in, err := os.Open(filepath.Join("..", "store", "testdata", "upgrade", fmt.Sprintf("version%d.db.gz", version)))
	if err != nil {
		t.Fatalf("opening the file: %v", err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatalf("unpacking the database: %v", err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("unpacking the database: %v", err)
	}
	path = filepath.Join(t.TempDir(), "confab.db")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatalf("writing the file: %v", err)
	}
	f = newFake("talks")
	f.desc.Identity = "attention https://api.example"
	for i := range 1040 {
		at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC).Add(-time.Duration(i) * time.Hour)
		id := fmt.Sprintf("t-%04d", i)
		c := model.Conversation{Ref: f.ref(id), Provider: model.Attention, Kind: "call", Title: fmt.Sprintf("Call %d with a customer", i),
			Description: "known to a single read", Privacy: model.PrivacyPublic, Status: "READY", ParticipantCount: -1,
			Owner: model.Participant{Kind: model.KindUser, ID: fmt.Sprintf("u-%d", i%7), Name: fmt.Sprintf("Owner %d", i%7)}, Created: at.Add(-time.Hour), Updated: at,
			Participants: model.SetOf(
				model.Participant{Kind: "person", ID: fmt.Sprintf("p-%d", i), Name: fmt.Sprintf("Guest %d", i), Email: fmt.Sprintf("guest%d@example.com", i)},
				model.Participant{Kind: "person", ID: "p-host", Name: "Ada Host", Email: "ada@example.org", Role: "organizer"}),
			Labels: map[string]string{"stage": "won"}, Facts: []model.Fact{{Group: "Status", Label: "Transcript status", Value: "READY"}}}
		switch i {
		case 10, 11, 12:
			c.Privacy = model.PrivacyPrivate
		case 13:
			c.Title = "Renewal"
		case 1004, 1005:
			c.Title += " (moved)"
		case 1039:
			continue // it was deleted
		}
		if version == 4 && i >= 900 && i < 910 {
			c.Description = "" // a whole read wrote down that there is none; one would be somebody's change
		}
		f.convs[id] = c
	}
	f.short, f.page = true, 100
	return path, f
}

func TestUpgradeKeepsDoneMarks(t *testing.T) {
	for _, version := range []int{1, 2, 4} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			path, f := earlier(t, version)
			synctest.Test(t, func(t *testing.T) {
				session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
					ctx := context.Background()
					done := func(when string) {
						t.Helper()
						if n, err := b.Count(ctx, "is:done", false); err != nil || n != 1000 {
							t.Errorf("%s: %d conversations are done, want 1000, error %v", when, n, err)
						}
					}
					done("upgraded")
					if err := b.Sync(ctx); err != nil {
						t.Fatalf("syncing: %v", err)
					}
					done("listed")
					refs, err := b.Refs(ctx, "is:done", false)
					if err != nil {
						t.Fatalf("reading the refs: %v", err)
					}
					for i, r := range refs {
						if testing.Short() && i%10 > 0 {
							continue // under the race detector a tenth is enough
						}
						if _, err := b.Load(ctx, r, model.NeedParticipants|model.NeedMessages|model.NeedEverything); err != nil {
							t.Fatalf("reading the conversation: %v", err)
						}
					}
					done("opened")
					if err := b.Sync(ctx); err != nil {
						t.Fatalf("syncing: %v", err)
					}
					done("listed again")
					// The marks still work: a row is not done any more once somebody joins.
					f.change("t-0500", func(c *model.Conversation) {
						c.Participants = model.SetOf(append(c.Participants.Items, model.Participant{Kind: "person", ID: "p-eve", Name: "Eve"})...)
					})
					if _, err := b.Load(ctx, f.ref("t-0500"), model.NeedParticipants); err != nil {
						t.Fatalf("reading the conversation: %v", err)
					}
					if row, _, _ := b.Row(ctx, f.ref("t-0500")); row.Triage.Done {
						t.Error("somebody joined, and the conversation t-0500 is still done, want it open")
					}
				})
			})
		})
	}
}

func TestAccountsReportThatANewerProgramChangedTheDatabase(t *testing.T) {
	f := newFake("projects", "a")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
			ctx := context.Background()
			b.Start(ctx)
			time.Sleep(90 * time.Second)
			events, end := b.Subscribe()
			defer end()
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatalf("opening the database with SQL: %v", err)
			}
			defer db.Close()
			if _, err := db.Exec("PRAGMA user_version = 999"); err != nil {
				t.Fatalf("executing the SQL statement: %v", err)
			}
			began := time.Now()
			<-events
			if waited := time.Since(began); waited > time.Second {
				t.Errorf("the change by a newer program was announced after %s, want at most one second", waited)
			}
			if st := b.Accounts()[0]; st.Error == nil || st.Error.Kind != model.Local || !strings.Contains(st.Error.Message, "start this one again") {
				t.Errorf("the account has the error %q, want one of the kind %s that says start this one again", st.Error.Words(), model.Local)
			}
			plan, err := b.Plan(ctx, []model.Ref{f.ref("1")}, title("b"), model.PlanOptions{})
			if err == nil {
				_, err = b.Submit(ctx, plan)
			}
			if err == nil || !strings.Contains(err.Error(), "start this one again") {
				t.Errorf("planning or submitting an edit: error %v, want one that says start this one again", err)
			}
			var before, after, applies int
			f.set(func() { before = f.lists })
			time.Sleep(2 * time.Hour)
			f.set(func() { after, applies = f.lists, f.applies })
			if applies != 0 || after > before+1 {
				t.Errorf("after a newer program changed the database: %d writes (want 0) and %d lists in two hours (want at most 1)",
					applies, after-before)
			}
			if st := b.Accounts()[0]; st.Error == nil || !strings.Contains(st.Error.Message, "start this one again") {
				t.Errorf("two hours later the account has the error %q, want one that says start this one again", st.Error.Words())
			}
		})
	})
}
