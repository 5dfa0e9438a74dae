package inbox_test

import (
	"context"
	"path/filepath"
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
			t.Errorf("%d rows (want 2) after somebody deleted one of three", n)
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
			t.Errorf("a refresh with nothing new made %d requests (want 1)", got)
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
			t.Errorf("last refreshed at %s with %+v", st.Checked, st.Error)
		}
		if n, _ := b.Count(ctx, "is:any", false); n != 2 {
			t.Errorf("%d rows (want 2); the deleted one behind the forbidden one must be gone", n)
		}
	})
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
			t.Fatal(err)
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
			t.Error("after three sweeps the deleted one was never looked at")
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
				t.Fatal(err)
			}
			defer ahead.Close()
			if _, err := ahead.EndWalk(ctx, "projects", 1, "", true); err != nil {
				t.Fatal(err)
			}
			f.set(func() { delete(f.convs, "2") })
			b.Sync(ctx)
			if n, _ := b.Count(ctx, "is:any", false); n != 1 {
				t.Error("no sweep looked for what was deleted")
			}
		})
	})
}

func TestOlderPageDoesNotHideAnEdit(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		time.Sleep(time.Minute)
		del, err := b.Plan(ctx, []model.Ref{f.ref("2")}, []model.Change{{Kind: model.EditDelete}}, model.PlanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		f.onPage = func() {
			f.onPage = nil
			time.Sleep(time.Second)
			b.Deliver(ctx, submit(t, b, f.ref("1"), title("mine")), func(model.DeliveryResult) {})
			ids, err := b.Submit(ctx, del)
			if err != nil {
				t.Error(err)
			}
			b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		}
		b.Sync(ctx)
		if got, _ := shownTitle(t, b, f.ref("1")); got != "mine" {
			t.Errorf("the row shows %q (want mine)", got)
		}
		if _, ok, _ := b.Row(ctx, f.ref("2")); ok {
			t.Error("the deleted conversation came back")
		}
		time.Sleep(time.Minute)
		f.change("1", func(c *model.Conversation) { c.Title = "theirs" })
		b.Sync(ctx)
		if got, _ := shownTitle(t, b, f.ref("1")); got != "theirs" {
			t.Errorf("after the next refresh the row shows %q (want theirs)", got)
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
			t.Fatal("the refresh was not cut")
		}
		f.set(func() { f.down = false })
		if err := b.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if r, _, _ := b.Row(ctx, f.ref("3")); r.Conversation.Preview != "new" {
			t.Error("what the cut refresh did not reach was not read by the next")
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
					t.Error(err)
				}
			}
		}
		b.Sync(ctx)
		if r, _, _ := b.Row(ctx, f.ref("3")); r.Conversation.Preview != "new" {
			t.Error("the refresh ended before what is new")
		}
	})
}
