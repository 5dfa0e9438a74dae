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

// narrows makes a fake narrow its list by part of a filter.
func narrows(f *fake, rules model.FilterRules) *fake {
	f.desc.Filters = rules
	f.fits = func(c model.Conversation, filter model.Filter) bool {
		return len(filter.Team) == 0 || strings.EqualFold(c.Team.ID, filter.Team[0])
	}
	return f
}

var byTeam = model.FilterRules{"team": regexp.MustCompile(`^t-[0-9]+$`)}

func TestSyncQueryAsksOnlyForFiltersThatTheServiceKnows(t *testing.T) {
	narrow, plain := narrows(newFake("projects", "Kick-off", "Budget"), byTeam), newFake("support", "Refund")
	narrow.change("2", func(c *model.Conversation) { c.Team.ID = "t-7" })
	run(t, []*fake{narrow, plain}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		// An old row changes where no refresh would look for it.
		narrow.page = 1
		narrow.change("2", func(c *model.Conversation) { c.Preview = "changed by somebody" })
		if err := b.SyncQuery(ctx, "team:East team:t-7 title:budget is:private"); err != nil {
			t.Fatalf("syncing for a query: %v", err)
		}
		if len(narrow.filters) != 1 || len(narrow.filters[0].Team) != 1 || narrow.filters[0].Team[0] != "t-7" {
			t.Errorf("the service was asked with the filters %+v, want one, for the team t-7", narrow.filters)
		}
		if len(plain.filters) != 0 {
			t.Errorf("a service that knows no filters was asked with %+v, want none", plain.filters)
		}
		if n, _ := b.Count(ctx, "changed by somebody", false); n != 1 {
			t.Errorf("after the sync for a query %d rows have the changed preview, want 1", n)
		}
		for _, q := range []string{"account:support team:t-7", "team:East", "team:t-7 OR x", "-team:t-7"} {
			if err := b.SyncQuery(ctx, q); err != nil || len(narrow.filters) != 1 {
				t.Errorf("after the query %q, with nothing to narrow by, the service was asked with the filters %+v, want only the first, error %v",
					q, narrow.filters, err)
			}
		}
	})
}

func TestSyncQueryLeavesOutAccountsThatTheQueryRulesOut(t *testing.T) {
	here, there := newFake("projects", "Kick-off"), newFake("support", "Refund")
	run(t, []*fake{here, there}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		there.onPage = func() { t.Error("an account of which nothing can match was read") }
		for _, q := range []string{"account:PROJECTS title:kick", "(account:projects OR account:none) is:public"} {
			lists := here.lists
			if err := b.SyncQuery(context.Background(), q); err != nil || here.lists == lists {
				t.Errorf("syncing for %q read %d lists of the account that it names, want one; error %v", q, here.lists-lists, err)
			}
		}
	})
}

// A list that was never read to the end is read for a query only, which moves no cursor and
// no walk.
func TestNarrowReadOfAnUnreadAccountIsNoWalk(t *testing.T) {
	f := narrows(newFake("projects", "a", "b", "c", "d", "e"), byTeam)
	f.change("4", func(c *model.Conversation) { c.Team.ID = "t-7" })
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		before, _ := s.Account(ctx, "projects")
		if err := b.SyncQuery(ctx, "team:t-7"); err != nil {
			t.Fatalf("syncing for a query: %v", err)
		}
		if n, _ := b.Count(ctx, "is:any", false); n != 1 || f.lists != 1 {
			t.Errorf("a narrow read of an account that was never read left %d rows after %d lists, want 1 row after 1 list", n, f.lists)
		}
		if after, _ := s.Account(ctx, "projects"); after != before {
			t.Errorf("a narrow read changed the account from %+v to %+v, want no change", before, after)
		}
		if !b.Accounts()[0].Swept.IsZero() {
			t.Errorf("after a narrow read the account counts as swept at %v, want never", b.Accounts()[0].Swept)
		}
	})
}

// An unfinished walk stays where it is, and rows that a narrow read does not meet are not
// gone.
func TestNarrowReadMovesNoCursorAndHidesNothing(t *testing.T) {
	f := narrows(newFake("projects", "a", "b", "c", "d", "e"), byTeam)
	for _, id := range []string{"1", "4"} {
		f.change(id, func(c *model.Conversation) { c.Team.ID = "t-7" })
	}
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		if _, _, err := s.BeginWalk(ctx, "projects"); err != nil {
			t.Fatalf("beginning the walk: %v", err)
		}
		if err := s.Refreshed(ctx, "projects", "head"); err != nil {
			t.Fatalf("noting the refresh: %v", err)
		}
		f.set(func() { delete(f.convs, "4") })
		before, _ := s.Account(ctx, "projects")
		before.Head = ""
		f.desc.Incremental = false
		if err := b.SyncQuery(ctx, "team:t-7"); err != nil {
			t.Fatalf("syncing for a query: %v", err)
		}
		after, _ := s.Account(ctx, "projects")
		if len(f.filters) != 1 || after.Walk != before.Walk || after.Swept != before.Swept {
			t.Errorf("a narrow read asked with the filters %+v (want one) and changed the account from %+v to %+v, want the same walk and sweep",
				f.filters, before, after)
		}
		if n, _ := b.Count(ctx, "is:any", false); n != 5 || f.loads != 0 {
			t.Errorf("after a narrow read there are %d rows (want 5), and %d conversations were read by themselves (want 0)", n, f.loads)
		}
	})
}

func TestOlderNarrowReadDoesNotHideAnEdit(t *testing.T) {
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
			t.Fatalf("syncing for a query: %v", err)
		}
		if got, _ := shownTitle(t, b, f.ref("1")); got != "mine" {
			t.Errorf("after a narrow read that is older than the edit the row shows the title %q, want mine", got)
		}
	})
}
