package inbox_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// narrows makes a fake that can narrow its list by a part of a filter, and does.
func narrows(f *fake, rules model.FilterRules) *fake {
	f.desc.Filters = rules
	f.fits = func(c model.Conversation, filter model.Filter) bool {
		return len(filter.Team) == 0 || strings.EqualFold(c.Team.ID, filter.Team[0])
	}
	return f
}

var byTeam = model.FilterRules{"team": regexp.MustCompile(`^t-[0-9]+$`)}

func TestOnlyWhatTheServiceComparesAlikeIsAskedFor(t *testing.T) {
	narrow, plain := narrows(newFake("projects", "Kick-off", "Budget"), byTeam), newFake("support", "Refund")
	narrow.change("2", func(c *model.Conversation) { c.Team.ID = "t-7" })
	run(t, []*fake{narrow, plain}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		// An old row changes where no refresh would look for it.
		narrow.page = 1
		narrow.change("2", func(c *model.Conversation) { c.Preview = "changed by somebody" })
		if err := b.SyncQuery(ctx, "team:East team:t-7 title:budget is:private"); err != nil {
			t.Fatal(err)
		}
		if len(narrow.filters) != 1 || len(narrow.filters[0].Team) != 1 || narrow.filters[0].Team[0] != "t-7" {
			t.Errorf("asked %+v", narrow.filters)
		}
		if len(plain.filters) != 0 {
			t.Errorf("a service that cannot narrow was asked %+v", plain.filters)
		}
		if n, _ := b.Count(ctx, "changed by somebody", false); n != 1 {
			t.Error("the changed row was not seen")
		}
		for _, q := range []string{"account:support team:t-7", "team:East", "team:t-7 OR x", "-team:t-7"} {
			if err := b.SyncQuery(ctx, q); err != nil || len(narrow.filters) != 1 {
				t.Errorf("%q asked %+v: %v", q, narrow.filters, err)
			}
		}
	})
}

// A list that was never read to the end is read for a query alone; that moves
// no cursor and no walk.
func TestANarrowedReadOfAnUnreadAccountIsNoWalk(t *testing.T) {
	f := narrows(newFake("projects", "a", "b", "c", "d", "e"), byTeam)
	f.change("4", func(c *model.Conversation) { c.Team.ID = "t-7" })
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		before, _ := s.Account(ctx, "projects")
		if err := b.SyncQuery(ctx, "team:t-7"); err != nil {
			t.Fatal(err)
		}
		if n, _ := b.Count(ctx, "is:any", false); n != 1 || f.lists != 1 {
			t.Errorf("%d rows after %d requests", n, f.lists)
		}
		if after, _ := s.Account(ctx, "projects"); after != before {
			t.Errorf("the account was %+v and is %+v", before, after)
		}
		if !b.Accounts()[0].Swept.IsZero() {
			t.Error("a narrowed read counts as one of the whole list")
		}
	})
}

// Half a walk stays where it is, and what a narrowed read does not meet is not gone.
func TestANarrowedReadMovesNoCursorAndBuriesNothing(t *testing.T) {
	f := narrows(newFake("projects", "a", "b", "c", "d", "e"), byTeam)
	for _, id := range []string{"1", "4"} {
		f.change(id, func(c *model.Conversation) { c.Team.ID = "t-7" })
	}
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		if _, _, err := s.BeginWalk(ctx, "projects"); err != nil {
			t.Fatal(err)
		}
		if err := s.Refreshed(ctx, "projects", "head"); err != nil {
			t.Fatal(err)
		}
		f.set(func() { delete(f.convs, "4") })
		before, _ := s.Account(ctx, "projects")
		before.Head = ""
		f.desc.Incremental = false
		if err := b.SyncQuery(ctx, "team:t-7"); err != nil {
			t.Fatal(err)
		}
		after, _ := s.Account(ctx, "projects")
		if len(f.filters) != 1 || after.Walk != before.Walk || after.Swept != before.Swept {
			t.Errorf("asked %+v; the account was %+v and is %+v", f.filters, before, after)
		}
		if n, _ := b.Count(ctx, "is:any", false); n != 5 || f.loads != 0 {
			t.Errorf("%d rows; %d were looked at by themselves", n, f.loads)
		}
	})
}

func TestANarrowedReadAskedForBeforeAnEditDoesNotUndoItOnTheScreen(t *testing.T) {
	f := narrows(newFake("projects", "Kick-off"), byTeam)
	f.change("1", func(c *model.Conversation) { c.Team.ID = "t-7" })
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		pages := 0
		f.onPage = func() {
			if pages++; pages < 2 { // the first is that of the refresh
				return
			}
			f.onPage = nil
			time.Sleep(time.Second)
			b.Deliver(ctx, submit(t, b, f.ref("1"), title("mine")), func(model.DeliveryResult) {})
		}
		if err := b.SyncQuery(ctx, "team:t-7"); err != nil {
			t.Fatal(err)
		}
		if got, _ := shownTitle(t, b, f.ref("1")); got != "mine" {
			t.Errorf("the row shows %q", got)
		}
	})
}
