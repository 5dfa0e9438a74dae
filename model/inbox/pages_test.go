package inbox_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// script is a fake whose list is controlled by the test.
type script struct {
	*fake
	list func(ctx context.Context, req model.SyncRequest, emit func(model.Batch) (bool, error)) (model.SyncResult, error)
}

func (s script) Sync(ctx context.Context, req model.SyncRequest, emit func(model.Batch) (bool, error)) (model.SyncResult, error) {
	return s.list(ctx, req, emit)
}

// rows returns n conversations of the account, numbered from first.
func (f *fake) rows(first, n int, titles string) model.Batch {
	long := time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)
	b := model.Batch{Total: -1, Cursor: "after " + strconv.Itoa(first+n-1)}
	for i := first; i < first+n; i++ {
		c := model.Conversation{Ref: f.ref(strconv.Itoa(i)), Provider: model.Kona, Privacy: model.PrivacyPublic, Title: titles,
			ParticipantCount: -1, Created: long, Updated: long}
		b.Conversations = append(b.Conversations, c)
	}
	return b
}

// scripted runs f with an engine over an account with this list.
func scripted(t *testing.T, list func(f *fake, ctx context.Context, req model.SyncRequest, emit func(model.Batch) error) (model.SyncResult, error),
	f func(b *inbox.Inbox, f *fake, path string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s, err := store.Open(ctx, path, store.Options{Host: "laptop"})
		if err != nil {
			t.Fatalf("opening the database: %v", err)
		}
		fk := newFake("projects")
		p := script{fk, func(ctx context.Context, req model.SyncRequest, emit func(model.Batch) (bool, error)) (model.SyncResult, error) {
			return list(fk, ctx, req, func(b model.Batch) error {
				more, err := emit(b)
				if err == nil && !more {
					err = errors.New("the list was stopped")
				}
				return err
			})
		}}
		b, err := inbox.Open(ctx, inbox.Options{Store: s, User: "ada", Location: time.UTC, Patience: -1, Accounts: []inbox.Account{{Provider: p}}})
		if err != nil {
			t.Fatalf("opening the inbox: %v", err)
		}
		f(b, fk, path)
		if err := errors.Join(b.Close(ctx), s.Close()); err != nil {
			t.Errorf("closing the inbox and the database: %v", err)
		}
	})
}

// A service may not accept the cursor of an unfinished walk any more, which then begins anew.
func TestWalkWithARejectedCursorBeginsAnew(t *testing.T) {
	var cursors []string
	scripted(t, func(f *fake, _ context.Context, req model.SyncRequest, emit func(model.Batch) error) (model.SyncResult, error) {
		switch cursors = append(cursors, req.Cursor); len(cursors) {
		case 1:
			return model.SyncResult{}, errors.Join(emit(f.rows(1, 2, "a")), errDown)
		case 2:
			return model.SyncResult{}, &model.Error{Kind: model.Invalid, Message: "no such cursor"}
		}
		return model.SyncResult{Complete: true}, emit(f.rows(1, 3, "a"))
	}, func(b *inbox.Inbox, _ *fake, _ string) {
		for range 2 {
			if err := b.Sync(context.Background()); err == nil {
				t.Fatal("a sync that fails returned no error, want one")
			}
		}
		must(t, b.Sync(context.Background()))
		if want := []string{"", "after 2", ""}; !slices.Equal(cursors, want) || number(t, b) != 3 {
			t.Errorf("the walks began at the cursors %q (want %q), and there are %d rows, want 3", cursors, want, number(t, b))
		}
	})
}

func number(t *testing.T, b *inbox.Inbox) int {
	t.Helper()
	n, err := b.Count(context.Background(), "is:any", false)
	if err != nil {
		t.Fatalf("counting the conversations: %v", err)
	}
	return n
}

func TestPagesAreStoredWhileTheNextIsRequested(t *testing.T) {
	var engine *inbox.Inbox
	scripted(t, func(f *fake, _ context.Context, _ model.SyncRequest, emit func(model.Batch) error) (model.SyncResult, error) {
		if err := emit(f.rows(1, 2, "a")); err != nil {
			return model.SyncResult{}, err
		}
		if n := number(t, engine); n != 2 {
			t.Errorf("%d rows were stored when the second page was asked for, want 2", n)
		}
		began := time.Now()
		if err := emit(f.rows(3, 2, "a")); err != nil || time.Since(began) > 0 {
			t.Errorf("the third page was asked for %s after the second came, want at once, error %v", time.Since(began), err)
		}
		time.Sleep(time.Second) // the page is on its way
		if n := number(t, engine); n != 4 {
			t.Errorf("%d rows were stored while the third page was on its way, want 4", n)
		}
		return model.SyncResult{Complete: true}, emit(f.rows(5, 2, "a"))
	}, func(b *inbox.Inbox, _ *fake, _ string) {
		engine = b
		if err := b.Sync(context.Background()); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		if n := number(t, b); n != 6 {
			t.Errorf("after the sync there are %d rows, want 6", n)
		}
	})
}

func TestFastSmallPagesShareTransactions(t *testing.T) {
	const pages = 41
	scripted(t, func(f *fake, _ context.Context, _ model.SyncRequest, emit func(model.Batch) error) (model.SyncResult, error) {
		for i := range pages {
			if err := emit(f.rows(1+i*20, 20, "a")); err != nil {
				return model.SyncResult{}, err
			}
		}
		return model.SyncResult{Complete: true}, nil
	}, func(b *inbox.Inbox, _ *fake, _ string) {
		events, end := b.Subscribe()
		told, named := 0, 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ev := range events {
				if len(ev.Refs) > 0 {
					told, named = told+1, named+len(ev.Refs)
				}
			}
		}()
		err := b.Sync(context.Background())
		time.Sleep(time.Second)
		end()
		<-done
		if n := number(t, b); err != nil || n != pages*20 || named != n {
			t.Errorf("%d rows were stored (want %d), and the events named %d (want all of them), error %v", n, pages*20, named, err)
		}
		if told > 4 { // the first page by itself, then 800 rows, 300 at a time
			t.Errorf("%d pages were told of in %d events, want at most 4", pages, told)
		}
	})
}

func TestInterruptedWalkContinuesAtItsCursor(t *testing.T) {
	var cursors []string
	scripted(t, func(f *fake, _ context.Context, req model.SyncRequest, emit func(model.Batch) error) (model.SyncResult, error) {
		cursors = append(cursors, req.Cursor)
		if req.Cursor != "" {
			return model.SyncResult{Complete: true}, nil
		}
		for i := range 4 {
			if err := emit(f.rows(1+2*i, 2, "a")); err != nil {
				return model.SyncResult{}, err
			}
		}
		return model.SyncResult{}, errDown
	}, func(b *inbox.Inbox, _ *fake, _ string) {
		if err := b.Sync(context.Background()); model.KindOf(err) != model.Unavailable {
			t.Errorf("a sync whose list ends in an error: error %v, want the kind %s", err, model.Unavailable)
		}
		if n := number(t, b); n != 8 {
			t.Errorf("%d of the 8 rows that came before the error were kept, want all", n)
		}
		if err := b.Sync(context.Background()); err != nil || !slices.Equal(cursors, []string{"", "after 8"}) {
			t.Errorf("the walks began at the cursors %q, want at the start and then after 8; error %v", cursors, err)
		}
	})
}

func TestPageThatCannotBeStoredStopsTheList(t *testing.T) {
	var cursor string
	var identity func(string) // of the account in the database, as another process would change it
	scripted(t, func(f *fake, ctx context.Context, req model.SyncRequest, emit func(model.Batch) error) (model.SyncResult, error) {
		if cursor = req.Cursor; cursor != "" {
			return model.SyncResult{}, nil
		}
		if err := emit(f.rows(1, 2, "a")); err != nil {
			return model.SyncResult{}, err
		}
		identity("another")
		if err := emit(f.rows(3, 2, "a")); err != nil {
			return model.SyncResult{}, err
		}
		<-ctx.Done() // the next page is on its way
		return model.SyncResult{}, &model.Error{Kind: model.Canceled, Err: ctx.Err()}
	}, func(b *inbox.Inbox, f *fake, path string) {
		identity = func(id string) {
			db, err := sql.Open("sqlite", path)
			if err == nil {
				_, err = db.Exec("UPDATE account SET identity = ?", id)
			}
			if err = errors.Join(err, db.Close()); err != nil {
				t.Errorf("changing the identity of the account: %v", err)
			}
		}
		if err := b.Sync(context.Background()); model.KindOf(err) != model.Local {
			t.Errorf("a sync that could not store a page: error %v, want the kind %s", err, model.Local)
		}
		identity(f.desc.Identity)
		if n := number(t, b); n != 2 {
			t.Errorf("%d rows were stored, want the 2 of the page before the failure", n)
		}
		if err := b.Sync(context.Background()); err != nil || cursor != "after 2" {
			t.Errorf("the next walk began at the cursor %q, want after 2, error %v", cursor, err)
		}
	})
}

func TestCancelledSyncStopsReadingAndStoring(t *testing.T) {
	scripted(t, func(f *fake, ctx context.Context, _ model.SyncRequest, emit func(model.Batch) error) (model.SyncResult, error) {
		if err := errors.Join(emit(f.rows(1, 2, "a")), emit(f.rows(3, 2, "a"))); err != nil {
			return model.SyncResult{}, err
		}
		<-ctx.Done()
		return model.SyncResult{}, &model.Error{Kind: model.Canceled, Err: ctx.Err()}
	}, func(b *inbox.Inbox, _ *fake, _ string) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if err := b.Sync(ctx); model.KindOf(err) != model.Canceled {
			t.Errorf("a cancelled sync: error %v, want the kind %s", err, model.Canceled)
		}
	})
}

// A conversation that is read by itself while a page is queued is newer than the page.
func TestQueuedPageDoesNotUndoASingleRead(t *testing.T) {
	var engine *inbox.Inbox
	scripted(t, func(f *fake, _ context.Context, _ model.SyncRequest, emit func(model.Batch) error) (model.SyncResult, error) {
		if err := emit(f.rows(1, 2, "old")); err != nil {
			return model.SyncResult{}, err
		}
		time.Sleep(time.Millisecond)
		if err := emit(f.rows(3, 2, "old")); err != nil {
			return model.SyncResult{}, err
		}
		time.Sleep(time.Millisecond)
		f.set(func() { f.convs["3"] = f.rows(3, 1, "new").Conversations[0] })
		if _, err := engine.Load(context.Background(), f.ref("3"), 0); err != nil {
			t.Errorf("reading the conversation: %v", err)
		}
		time.Sleep(time.Second)
		return model.SyncResult{Complete: true}, emit(f.rows(5, 1, "old"))
	}, func(b *inbox.Inbox, f *fake, _ string) {
		engine = b
		if err := b.Sync(context.Background()); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		for id, want := range map[string]string{"3": "new", "4": "old", "5": "old"} {
			if got, _ := shownTitle(t, b, f.ref(id)); got != want {
				t.Errorf("row %s shows the title %q, want %q", id, got, want)
			}
		}
	})
}

// If a row comes twice in a run, the later one counts, even within one transaction.
func TestRepeatedRowIsStoredInOrder(t *testing.T) {
	scripted(t, func(f *fake, _ context.Context, _ model.SyncRequest, emit func(model.Batch) error) (model.SyncResult, error) {
		return model.SyncResult{Complete: true}, errors.Join(emit(f.rows(1, 1, "first")), emit(f.rows(2, 2, "first")), emit(f.rows(3, 2, "second")), emit(f.rows(3, 1, "third")))
	}, func(b *inbox.Inbox, f *fake, _ string) {
		if err := b.Sync(context.Background()); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		for id, want := range map[string]string{"2": "first", "3": "third", "4": "second"} {
			if got, _ := shownTitle(t, b, f.ref(id)); got != want {
				t.Errorf("row %s shows the title %q, want %q", id, got, want)
			}
		}
	})
}

func TestWalkOverKnownRowsWritesAndAnnouncesNothing(t *testing.T) {
	scripted(t, func(f *fake, _ context.Context, _ model.SyncRequest, emit func(model.Batch) error) (model.SyncResult, error) {
		return model.SyncResult{Complete: true}, errors.Join(emit(f.rows(1, 20, "a")), emit(f.rows(21, 20, "a")), emit(f.rows(41, 20, "a")))
	}, func(b *inbox.Inbox, f *fake, path string) {
		events, end := b.Subscribe()
		var second atomic.Bool
		told := make(chan []model.Event)
		go func() {
			var all []model.Event
			for ev := range events {
				if second.Load() {
					all = append(all, ev)
				}
			}
			told <- all
		}()
		walk := func() {
			t.Helper()
			if err := b.SyncNow(context.Background(), true, func(model.DeliveryResult) {}); err != nil {
				t.Fatalf("syncing now: %v", err)
			}
			time.Sleep(time.Second) // all of its events have come
		}
		walk()
		before := dump(t, path)
		second.Store(true)
		walk()
		end()
		if d := cmp.Diff(before, dump(t, path)); d != "" || len(before) < 120 {
			t.Errorf("a walk over known rows changed the database of %d stored rows (want at least 120, and no change):\n%s", len(before), d)
		}
		for _, ev := range <-told {
			if ev.All || ev.Edits || len(ev.Refs) > 0 {
				t.Errorf("a walk over known rows was announced as %+v, want an event that names nothing", ev)
			}
		}
	})
}

// dump returns every stored conversation, without the time of its last check.
func dump(t *testing.T, path string) (rows []string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatalf("opening the database with SQL: %v", err)
	}
	defer db.Close()
	for _, table := range []string{"conversation", "body"} {
		found, err := db.Query("SELECT * FROM " + table + " ORDER BY key")
		if err != nil {
			t.Fatalf("reading the table: %v", err)
		}
		names, _ := found.Columns()
		for found.Next() {
			values, into := make([]any, len(names)), make([]any, len(names))
			for i := range values {
				into[i] = &values[i]
			}
			if err := found.Scan(into...); err != nil {
				t.Fatalf("reading a row of the table: %v", err)
			}
			line := table
			for i, name := range names {
				if name != "checked" && name != "walk_no" {
					line += fmt.Sprintf(" %s=%s", name, values[i])
				}
			}
			rows = append(rows, line)
		}
		if err := found.Close(); err != nil {
			t.Fatalf("ending the read of the table: %v", err)
		}
	}
	return rows
}
