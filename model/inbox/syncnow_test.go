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
			t.Fatalf("syncing now: %v", err)
		}
		if len(out) != 1 || out[0].State != model.Done {
			t.Fatalf("the sync reported %s, want one edit that is %s", inWords(out...), model.Done)
		}
		if len(at) != 1 || at[0] != before+1 || f.lists != before+3 {
			t.Errorf("the edits were delivered after the lists numbered %v of %d, want one delivery after list %d of %d",
				at, f.lists, before+1, before+3)
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
			t.Errorf("the service was written to %d times before the time it asked for, want 0", now-applies)
		}
		if model.KindOf(err) != model.RateLimited || len(out) != 1 || out[0].Ref != f.ref("2") || out[0].State != model.RetryAt {
			t.Fatalf("a sync during the pause has the error %v (want the kind %s) and reported %s, want the edit of %v, which is %s",
				err, model.RateLimited, inWords(out...), f.ref("2"), model.RetryAt)
		}
		if wait := time.Until(out[0].NextTry); wait < 9*time.Minute || wait > 10*time.Minute {
			t.Errorf("the next try is reported to come in %v, want 9 to 10 minutes", wait)
		}
		time.Sleep(11 * time.Minute)
		out = nil
		if err := b.SyncNow(ctx, false, func(r model.DeliveryResult) { out = append(out, r.Entry) }); err != nil {
			t.Fatalf("syncing now: %v", err)
		}
		if len(out) != 1 || out[0].State != model.Done || f.get("1").Title != "A" {
			t.Errorf("a sync after the pause reported %s, want one edit that is %s; the conversation of the refused edit has the title %q, want A",
				inWords(out...), model.Done, f.get("1").Title)
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
				t.Errorf("a sync with one unreachable account has the error %v (want the kind %s) and reported %v, want projects done and support queued",
					err, model.Unavailable, states)
			}
			// What was queued may get through where only the list can't be read.
			bad.set(func() { bad.down, bad.syncErr = false, &model.Error{Kind: model.Malformed} })
			states = nil
			err = b.SyncNow(ctx, false, func(r model.DeliveryResult) { states = append(states, string(r.Entry.State)) })
			if model.KindOf(err) != model.Malformed || !slices.Equal(states, []string{"done"}) {
				t.Errorf("a sync with an unreadable list has the error %v (want the kind %s) and reported %v, want one edit that is done",
					err, model.Malformed, states)
			}
		})
	})
}
