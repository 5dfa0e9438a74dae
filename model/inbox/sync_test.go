package inbox_test

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

func TestWalkFindsDeletionsAndKeepsMarks(t *testing.T) {
	f := newFake("projects", "a", "b", "c")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Start(ctx)
		time.Sleep(time.Second)
		f.set(func() { delete(f.convs, "2") })
		time.Sleep(2 * time.Hour)
		if n, _ := b.Count(ctx, "is:any", false); n != 2 {
			t.Errorf("after somebody deleted one of three conversations there are %d rows, want 2", n)
		}
	})
}

func TestRefreshWithoutNewsReadsOnePage(t *testing.T) {
	f := newFake("projects", "a", "b", "c", "d", "e")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Start(context.Background())
		var before, after int
		time.Sleep(time.Second)
		f.set(func() { before = f.lists })
		time.Sleep(2 * time.Minute)
		f.set(func() { after = f.lists })
		if got := after - before; got != 1 {
			t.Errorf("a refresh with nothing new made %d requests, want 1", got)
		}
	})
}

func TestForbiddenMissedConversationDoesNotEndRefreshes(t *testing.T) {
	f := newFake("projects", "a", "b", "c")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Start(ctx)
		time.Sleep(time.Second)
		f.set(func() {
			delete(f.convs, "1") // hidden from the list
			delete(f.convs, "2")
			f.onLoad = func(id string) error {
				if id == "1" {
					return &model.Error{Kind: model.Forbidden, Message: "not yours"}
				}
				return nil
			}
		})
		time.Sleep(2 * time.Hour)
		if st := b.Accounts()[0]; st.Error != nil || time.Since(st.Checked) > 5*time.Minute {
			t.Errorf("the account was last refreshed %s ago (want at most 5 minutes) and has the error %q (want none)",
				time.Since(st.Checked), st.Error.Words())
		}
		if n, _ := b.Count(ctx, "is:any", false); n != 2 {
			t.Errorf("there are %d rows, want 2: the forbidden one stays, the deleted one behind it goes", n)
		}
	})
}

// A conversation from before what the account lists is missed by every walk, which means nothing. An incremental list is limited
// by the time of the update, any other by the time of the creation.
func TestOldConversationOutsideTheListIsNotChecked(t *testing.T) {
	for _, incremental := range []bool{false, true} {
		f := newFake("projects", "old", "recent", "listed")
		f.reach, f.desc.Incremental = 30*24*time.Hour, incremental
		run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			ctx := context.Background()
			old := time.Now().AddDate(0, -2, 0)
			f.change("1", func(c *model.Conversation) {
				if c.Created = old; incremental {
					c.Updated = old
				}
			})
			f.change("2", func(c *model.Conversation) {
				if incremental {
					c.Created = old
				}
			})
			b.Sync(ctx)
			if want := time.Now().Add(-f.reach); !f.since.Equal(want) {
				t.Errorf("the list was asked for since %v, want %v", f.since, want)
			}
			time.Sleep(25 * time.Hour)
			var read []string
			f.fits = func(c model.Conversation, _ model.Filter) bool { return c.Title == "listed" }
			f.onLoad = func(id string) error { read = append(read, id); return errDown }
			if err := b.Sync(ctx); model.KindOf(err) != model.Unavailable || !slices.Equal(read, []string{"2"}) {
				t.Errorf("incremental %t: the walk read the conversations %v by themselves (want only 2, the recent one), error %v, want the kind %s",
					incremental, read, err, model.Unavailable)
			}
			if number(t, b) != 3 {
				t.Errorf("after the walk there are %d rows, want all 3", number(t, b))
			}
		})
	}
}

func TestEveryMissedConversationIsCheckedInSomeSweep(t *testing.T) {
	f := newFake("projects", "a")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		var unlisted []model.Conversation
		for i := range 201 {
			c := f.get("1")
			c.Ref.ID = "x" + strconv.Itoa(i)
			unlisted = append(unlisted, c)
		}
		if _, err := s.SaveBatch(ctx, "projects", unlisted, nil); err != nil {
			t.Fatalf("saving the conversations: %v", err)
		}
		last := unlisted[200].Ref
		f.onLoad = func(id string) error {
			if id == last.ID {
				return &model.Error{Kind: model.NotFound}
			}
			return nil
		}
		f.loadUnlisted = true
		b.Start(ctx)
		time.Sleep(3 * time.Hour)
		if _, ok, _ := b.Row(ctx, last); ok {
			t.Errorf("after three sweeps the row of the deleted conversation %v is still there, so no sweep has checked it", last)
		}
	})
}

func TestSweepInTheFutureDoesNotEndSweeps(t *testing.T) {
	f := newFake("projects", "a", "b")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
			ctx := context.Background()
			b.Sync(ctx)
			ahead, err := store.Open(ctx, path, store.Options{Host: "laptop", Now: func() time.Time { return time.Now().AddDate(10, 0, 0) }})
			if err != nil {
				t.Fatalf("opening the database: %v", err)
			}
			defer ahead.Close()
			if _, err := ahead.EndWalk(ctx, "projects", 1, "", true); err != nil {
				t.Fatalf("ending the walk: %v", err)
			}
			f.set(func() { delete(f.convs, "2") })
			b.Sync(ctx)
			if n, _ := b.Count(ctx, "is:any", false); n != 1 {
				t.Errorf("a conversation was deleted, and the next sync left %d rows, want 1: no sweep looked for it", n)
			}
		})
	})
}

func TestOlderReadDoesNotHideAnEdit(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		time.Sleep(time.Minute)
		del, err := b.Plan(ctx, []model.Ref{f.ref("2")}, []model.Change{{Kind: model.EditDelete}}, model.PlanOptions{})
		if err != nil {
			t.Fatalf("planning the edit: %v", err)
		}
		f.onPage = func() {
			f.onPage = nil
			time.Sleep(time.Second)
			b.Deliver(ctx, submit(t, b, f.ref("1"), title("mine")), func(model.DeliveryResult) {})
			ids, err := b.Submit(ctx, del)
			if err != nil {
				t.Errorf("submitting the plan: %v", err)
			}
			b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		}
		b.Sync(ctx)
		if got, _ := shownTitle(t, b, f.ref("1")); got != "mine" {
			t.Errorf("after a page that is older than the edit the row shows the title %q, want mine", got)
		}
		if _, ok, _ := b.Row(ctx, f.ref("2")); ok {
			t.Error("after a page that is older than the delete the deleted conversation is back")
		}
		time.Sleep(time.Minute)
		f.change("1", func(c *model.Conversation) { c.Title = "theirs" })
		b.Sync(ctx)
		if got, _ := shownTitle(t, b, f.ref("1")); got != "theirs" {
			t.Errorf("after the next refresh the row shows the title %q, want theirs", got)
		}
		f.onRead = func() {
			f.onRead = nil
			time.Sleep(time.Second)
			b.Deliver(ctx, submit(t, b, f.ref("1"), title("mine again")), func(model.DeliveryResult) {})
		}
		read, err := b.Load(ctx, f.ref("1"), model.NeedMessages)
		if got, _ := shownTitle(t, b, f.ref("1")); err != nil || got != "mine again" || read.Conversation.Title != got {
			t.Errorf("after a read that is older than the edit the row shows the title %q, and the read %q, want mine again; error %v",
				got, read.Conversation.Title, err)
		}
	})
}

func TestInterruptedRefreshIsMadeUpFor(t *testing.T) {
	f := newFake("projects", "a", "b", "c", "d")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.change("1", func(c *model.Conversation) { c.Preview = "new" })
		f.change("3", func(c *model.Conversation) { c.Preview = "new" })
		f.onPage = func() { f.onPage = nil; f.set(func() { f.down = true }) }
		if err := b.Sync(ctx); err == nil {
			t.Fatal("the refresh of a service that goes down after the first page returned no error, want one")
		}
		f.set(func() { f.down = false })
		if err := b.Sync(ctx); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		if r, _, _ := b.Row(ctx, f.ref("3")); r.Conversation.Preview != "new" {
			t.Errorf("the refresh after the cut one shows the preview %q of a row that the cut one did not reach, want new", r.Conversation.Preview)
		}
	})
}

func TestPageWithNothingToStoreDoesNotEndARefresh(t *testing.T) {
	f := newFake("projects", "a", "b", "c", "d")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		time.Sleep(time.Minute)
		f.change("3", func(c *model.Conversation) { c.Preview = "new" })
		f.onPage = func() { // while the first page is on its way, its rows are opened
			f.onPage = nil
			for _, id := range []string{"1", "2"} {
				if _, err := b.Load(ctx, f.ref(id), 0); err != nil {
					t.Errorf("reading the conversation: %v", err)
				}
			}
		}
		b.Sync(ctx)
		if r, _, _ := b.Row(ctx, f.ref("3")); r.Conversation.Preview != "new" {
			t.Errorf("after the refresh the row on the second page shows the preview %q, want new: the refresh ended before it",
				r.Conversation.Preview)
		}
	})
}

// A page that was asked for while an edit was sent, and arrives after it, does not bring back what was there before.
func TestPageFromBeforeAWriteIsOlder(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		time.Sleep(time.Minute)
		answered, release, synced := make(chan bool), make(chan bool), make(chan error)
		f.onApply = func() (error, bool) {
			f.onPage = func() { answered <- true; <-release }
			f.mu.Unlock()
			time.Sleep(time.Second)
			go func() { synced <- b.Sync(ctx) }()
			<-answered
			f.mu.Lock()
			return nil, true
		}
		deliver(t, b, submit(t, b, f.ref("1"), title("mine")))
		release <- true
		must(t, <-synced)
		if got, _ := shownTitle(t, b, f.ref("1")); got != "mine" {
			t.Errorf("the row shows the title %q, want mine, which the service has by now", got)
		}
	})
}
