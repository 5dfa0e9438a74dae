package inbox_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// Edits that wait for their next try are sent at once: after the head of the list, before
// the rest.
func TestSyncNowDeliversAfterTheHead(t *testing.T) {
	f := newFake("projects", "A", "B", "C", "D", "E")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) { return &model.Error{Kind: model.Unauthorized, Message: "expired"}, false }
		deliver(t, b, submit(t, b, f.ref("1"), privacy(model.PrivacyPrivate)))
		f.set(func() { f.onApply = nil })
		var at []int
		f.onApply = func() (error, bool) { at = append(at, f.lists); return nil, true }
		before := f.lists
		var out []model.OutboxEntry
		if err := b.SyncNow(ctx, true, func(r model.DeliveryResult) { out = append(out, r.Entry) }); err != nil {
			t.Fatal(err)
		}
		if len(out) != 1 || out[0].State != model.Done {
			t.Fatalf("results %+v", out)
		}
		if len(at) != 1 || at[0] != before+1 || f.lists != before+3 {
			t.Errorf("delivered after %v pages, %d pages in all", at, f.lists-before)
		}
	})
}

func TestSyncNowObeysPausesAndLeavesDecisionsAlone(t *testing.T) {
	f := newFake("projects", "A", "B", "C")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) { return &model.Error{Kind: model.Forbidden, Message: "no"}, false }
		deliver(t, b, submit(t, b, f.ref("1"), title("refused")))
		f.set(func() {
			f.onApply = func() (error, bool) {
				return &model.Error{Kind: model.Unavailable, Message: "maintenance", RetryAt: time.Now().Add(10 * time.Minute)}, false
			}
		})
		deliver(t, b, submit(t, b, f.ref("2"), title("mine")))
		f.set(func() { f.onApply = nil })
		_, applies := f.count()
		var out []model.OutboxEntry
		err := b.SyncNow(ctx, false, func(r model.DeliveryResult) { out = append(out, r.Entry) })
		if _, now := f.count(); now != applies {
			t.Errorf("%d writes before the time the service asked for", now-applies)
		}
		if model.KindOf(err) != model.RateLimited || len(out) != 1 || out[0].Ref != f.ref("2") || out[0].State != model.RetryAt {
			t.Fatalf("%v, results %+v", err, out)
		}
		if wait := time.Until(out[0].NextTry); wait < 9*time.Minute || wait > 10*time.Minute {
			t.Errorf("the next try is said to be in %v", wait)
		}
		time.Sleep(11 * time.Minute)
		out = nil
		if err := b.SyncNow(ctx, false, func(r model.DeliveryResult) { out = append(out, r.Entry) }); err != nil {
			t.Fatal(err)
		}
		if len(out) != 1 || out[0].State != model.Done || f.get("1").Title != "A" {
			t.Errorf("results %+v; the refused one: %q (want A)", out, f.get("1").Title)
		}
	})
}

// An account that can't be read stops no other, and its waiting edits are reported.
func TestSyncNowOfOneFailingAccountSyncsTheOthers(t *testing.T) {
	bad, good := newFake("support", "A"), newFake("projects", "B")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{bad, good}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			ctx := context.Background()
			b.Sync(ctx)
			submit(t, b, bad.ref("1"), title("mine"))
			submit(t, b, good.ref("1"), title("mine"))
			bad.set(func() { bad.down = true })
			var states []string
			err := b.SyncNow(ctx, false, func(r model.DeliveryResult) {
				states = append(states, r.Entry.Ref.Account+" "+string(r.Entry.State))
			})
			slices.Sort(states)
			if model.KindOf(err) != model.Unavailable || !slices.Equal(states, []string{"projects done", "support queued"}) {
				t.Errorf("%v, results %v", err, states)
			}
		})
	})
}
