package inbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// A conflict shows what the service has now, so that the user's choice doesn't end in the
// same conflict.
func TestRecheckReadsAConflictAfresh(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), title("mine"))
		f.change("1", func(c *model.Conversation) { c.Title = "theirs" })
		deliver(t, b, ids)
		f.change("1", func(c *model.Conversation) { c.Title = "theirs again" })
		later := submit(t, b, f.ref("1"), title("later")) // which the row shows
		e, err := b.Recheck(ctx, ids[0])
		if err != nil || e.Theirs.String() != "theirs again" || outbox(t, b)[0].Theirs.String() != "theirs again" {
			t.Fatalf("the recheck of a conflict shows the service's title %v, want theirs again there and in the outbox, which holds %s; error %v",
				e.Theirs, inWords(outbox(t, b)...), err)
		}
		_, err = b.Decide(ctx, model.DecideWithdraw, named(later...)...)
		must(t, err)
		// Another process reads a later value, which the person who decides here has not seen.
		f.change("1", func(c *model.Conversation) { c.Title = "unseen" })
		unseen, err := b.Recheck(ctx, ids[0])
		must(t, err)
		for _, seen := range []model.OutboxEntry{e, unseen} {
			if got := f.get("1").Title; got != "unseen" {
				t.Errorf("a decision overwrote a title that the person had not seen: the service has %q, want unseen", got)
			}
			if _, err := b.Decide(ctx, model.DecideMine, seen); err != nil {
				t.Fatalf("resolving the conflict: %v", err)
			}
			deliver(t, b, ids)
		}
		if got := f.get("1").Title; got != "mine" || len(outbox(t, b)) != 0 {
			t.Errorf("after the conflict was resolved for mine, the service has the title %q (want mine), and the outbox holds %s (want no edit)",
				got, inWords(outbox(t, b)...))
		}
		// What waits by itself is left as it is.
		ids = submit(t, b, f.ref("1"), title("next"))
		f.change("1", func(c *model.Conversation) { c.Title = "other" })
		if e, err := b.Recheck(ctx, ids[0]); err != nil || e.Theirs != nil {
			t.Errorf("the recheck of an edit that waits by itself read the service's title %v, want none, error %v", e.Theirs, err)
		}
	})
}

// The error of a read that the service postponed names the account and the time.
func TestSyncNowSaysUntilWhenItWaits(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		until := time.Now().Add(time.Hour)
		f.set(func() {
			f.syncErr = &model.Error{Kind: model.RateLimited, Status: 429, Message: "slow down", RetryAt: until}
		})
		err := b.SyncNow(ctx, false, func(model.DeliveryResult) {})
		want := "; it asked to wait until " + until.Local().Format(time.TimeOnly)
		if err == nil || !strings.HasPrefix(err.Error(), "projects: ") || !strings.HasSuffix(err.Error(), want) || model.KindOf(err) != model.RateLimited {
			t.Errorf("a sync that the service postponed: error %v of the kind %s, want the kind %s, the prefix projects: and %q at the end",
				err, model.KindOf(err), model.RateLimited, want)
		}
	})
}

func TestHistorySince(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		deliver(t, b, submit(t, b, f.ref("1"), title("one")))
		time.Sleep(time.Hour)
		deliver(t, b, submit(t, b, f.ref("1"), title("two")))
		for since, want := range map[time.Time]int{{}: 2, time.Now().Add(-time.Minute): 1, time.Now().Add(time.Minute): 0} {
			edits, err := b.History(ctx, model.HistoryRequest{Since: since})
			subs, err2 := b.Submissions(ctx, model.HistoryRequest{Since: since})
			if err != nil || err2 != nil || len(edits) != want || len(subs) != want {
				t.Errorf("since %v the history has %d edits (error %v) and %d submissions (error %v), want %d each",
					since, len(edits), err, len(subs), err2, want)
			}
		}
	})
}
