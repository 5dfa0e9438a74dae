package inbox_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

func TestEditSurvivesAnOutageOfThreeHours(t *testing.T) {
	f := newFake("projects", "Kick-off")
	other := newFake("support", "Refund")
	run(t, []*fake{f, other}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Start(context.Background())
		time.Sleep(time.Second)
		f.set(func() { f.down = true })
		submit(t, b, f.ref("1"), title("after the outage"))
		submit(t, b, other.ref("1"), title("not delayed"))
		time.Sleep(time.Second)
		if got := other.get("1").Title; got != "not delayed" {
			t.Errorf("one second after the submit the account that can be reached has the title %q, want not delayed", got)
		}
		time.Sleep(3 * time.Hour)
		st := b.Accounts()[0]
		if !st.Offline() || st.Waiting != 1 || st.NextTry.IsZero() {
			t.Errorf("after three hours the account counts as offline: %t (want true), has %d waiting edits (want 1) and its next try at %v (want one)",
				st.Offline(), st.Waiting, st.NextTry)
		}
		if got, _ := shownTitle(t, b, f.ref("1")); got != "after the outage" {
			t.Errorf("after three hours the row shows the title %q, want that of the edit, after the outage", got)
		}
		if loads, applies := f.count(); applies != 0 || loads < 40 || loads > 60 {
			t.Errorf("%d reads (want 40 to 60) and %d writes (want 0) against an unreachable service in three hours", loads, applies)
		}
		f.set(func() { f.down = false })
		b.Refresh() // the person asks; otherwise the next try is minutes away
		time.Sleep(10 * time.Second)
		if got := f.get("1").Title; got != "after the outage" {
			t.Errorf("after the outage the service has the title %q, want after the outage", got)
		}
		if st := b.Accounts()[0]; st.Error != nil || st.Waiting != 0 {
			t.Errorf("after the outage the account has the error %q (want none) and %d waiting edits (want 0)", st.Error.Words(), st.Waiting)
		}
	})
}

func TestRetryAfterIsObeyed(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Start(context.Background())
		time.Sleep(time.Second)
		f.set(func() {
			at := time.Now().Add(7 * time.Minute)
			f.onApply = func() (error, bool) {
				if time.Now().Before(at) {
					return &model.Error{Kind: model.RateLimited, RetryAt: at}, false
				}
				return nil, true
			}
		})
		submit(t, b, f.ref("1"), title("mine"))
		time.Sleep(time.Second)
		submit(t, b, f.ref("2"), title("another"))
		// Refreshes that succeed in between must not open the door early.
		time.Sleep(6*time.Minute + 50*time.Second)
		if _, applies := f.count(); applies != 1 {
			t.Errorf("the service was written to %d times before the time it asked for, want only the first write", applies)
		}
		time.Sleep(20 * time.Second)
		if f.get("1").Title != "mine" {
			t.Errorf("after the time that the service asked for it has the title %q, want mine", f.get("1").Title)
		}
	})
}

// The account is shown as stopped until an edit is delivered, not until the next refresh. What a refresh met stays until another.
func TestAPauseIsOverOnceAnEditIsDelivered(t *testing.T) {
	for _, syncFails := range []bool{false, true} {
		f := newFake("projects", "Kick-off")
		run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			ctx := context.Background()
			b.Sync(ctx)
			if syncFails {
				f.set(func() { f.syncErr = &model.Error{Kind: model.Unavailable, Message: "the list is broken"} })
				b.Sync(ctx)
			}
			at := time.Now().Add(2 * time.Second)
			f.set(func() {
				f.onApply = func() (error, bool) {
					if time.Now().Before(at) {
						return &model.Error{Kind: model.RateLimited, RetryAt: at}, false
					}
					return nil, true
				}
			})
			ids := submit(t, b, f.ref("1"), title("mine"))
			b.Deliver(ctx, ids, func(model.DeliveryResult) {})
			if b.Accounts()[0].Error == nil {
				t.Error("the account is shown as well while the service asks to wait")
			}
			time.Sleep(time.Minute)
			b.Deliver(ctx, ids, func(model.DeliveryResult) {})
			if st := b.Accounts()[0]; f.get("1").Title != "mine" || (st.Error != nil) != syncFails {
				t.Errorf("a failed sync: %v; after the delivery the title is %q (want mine), and the account has the error %q", syncFails, f.get("1").Title, st.Error.Words())
			}
		})
	}
}

// A service rejects a credential and asks to come back soon. The same credential is not
// tried again that soon, since services lock out clients that do.
func TestARejectedCredentialIsNotTriedSoonerThanUsual(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.set(func() {
			f.onApply = func() (error, bool) {
				return &model.Error{Kind: model.Unauthorized, RetryAt: time.Now().Add(40 * time.Second)}, false
			}
		})
		ids := submit(t, b, f.ref("1"), title("mine"))
		began := time.Now()
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if wait := r.Entry.NextTry.Sub(began); r.Entry.State != model.RetryAt || wait < 15*time.Minute {
				t.Errorf("an edit with a rejected credential is %s (want %s), and its next try comes after %v (want at least 15 minutes)",
					r.Entry.State, model.RetryAt, wait)
			}
		})
	})
}

// An edit that was stopped because confab was closed waits only for the next start, so
// there is no reason to show.
func TestCancelledEditShowsNoReason(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Sync(context.Background())
			ids := submit(t, b, f.ref("1"), title("mine"))
			ctx, leave := context.WithCancel(context.Background())
			f.set(func() {
				f.onLoad = func(string) error {
					leave()
					return &model.Error{Kind: model.Canceled, Message: "given up", Err: context.Canceled}
				}
			})
			b.Deliver(ctx, ids, func(model.DeliveryResult) {})
			if out := outbox(t, b); len(out) != 1 || out[0].State != model.Queued || out[0].Error != nil {
				t.Errorf("the outbox holds %s, want one edit that is %s and has no error", inWords(out...), model.Queued)
			}
		})
	})
}

func TestOldEditsAreHeldAtStart(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Sync(context.Background())
			f.set(func() { f.down = true })
			deliver(t, b, submit(t, b, f.ref("1"), title("mine")))
			f.set(func() { f.down = false })
		})
		time.Sleep(25 * time.Hour)
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Start(context.Background())
			time.Sleep(time.Minute)
			out, err := b.OutboxOf(context.Background(), f.ref("1"))
			must(t, err)
			if len(out) != 1 || out[0].State != model.Held || f.get("1").Title != "Kick-off" {
				t.Fatalf("a day later the outbox holds %s (want one edit that is %s), and the service has the title %q (want Kick-off)",
					inWords(out...), model.Held, f.get("1").Title)
			}
			// What it waited for a day ago is not why it waits now.
			if got, want := out[0].Error.Words(), "it was queued a while ago, and was not sent since"; got != want {
				t.Errorf("the held edit says that %q, want %q", got, want)
			}
			b.Decide(context.Background(), model.DecideRetry, out[0])
			time.Sleep(time.Minute)
			if f.get("1").Title != "mine" {
				t.Errorf("a held edit was not sent when the user retried it: the service has the title %q, want mine", f.get("1").Title)
			}
		})
	})
}

func TestReadOnlyAccountKeepsItsQueue(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		var ids []string
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Sync(context.Background())
			ids = submit(t, b, f.ref("1"), title("mine"))
		})
		// Who asks for a delivery is told, too, if the account is left out.
		session(t, path, nil, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			const want = "nothing is sent while confab runs without projects"
			if out := deliver(t, b, ids); len(out) != 1 || out[0].State != model.Queued || out[0].Error.Words() != want {
				t.Errorf("the delivery reported %s, want one edit that is %s and says %q", inWords(out...), model.Queued, want)
			}
			_, known := b.Describe("projects")
			can := b.Capabilities(f.get("1")).Of(model.EditTitle)
			_, err := b.Load(context.Background(), f.ref("1"), 0)
			if known || can.Can() || can.Reason != "confab runs without projects" || model.KindOf(err) != model.NotFound {
				t.Errorf("the account is described: %t (want false), its titles can be edited: %t (want false, with a reason), and reading it ends as %v (want %s)",
					known, can.Can(), err, model.NotFound)
			}
		})
		f.desc.ReadOnly = true
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Start(context.Background())
			time.Sleep(time.Hour)
			if out := outbox(t, b); len(out) != 1 || out[0].State != model.Queued {
				t.Errorf("the outbox of a read-only account holds %s, want one edit that is %s", inWords(out...), model.Queued)
			}
			if loads, applies := f.count(); loads != 0 || applies != 0 {
				t.Errorf("%d reads and %d writes were made for the delivery to a read-only account, want none", loads, applies)
			}
		})
	})
}

func TestFailingConversationDoesNotDelayOthers(t *testing.T) {
	for _, kind := range []model.ErrorKind{model.Unavailable, model.Malformed, model.Unauthorized, model.RateLimited} {
		t.Run(string(kind), func(t *testing.T) {
			f := newFake("projects", "Kick-off", "Budget")
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				b.Start(context.Background())
				time.Sleep(time.Second)
				f.set(func() {
					f.onLoad = func(id string) error {
						if id == "1" {
							return &model.Error{Kind: kind, Message: "only here"}
						}
						return nil
					}
				})
				submit(t, b, f.ref("1"), title("mine"))
				time.Sleep(time.Second)
				submit(t, b, f.ref("2"), title("another"))
				time.Sleep(10 * time.Minute)
				if got := f.get("2").Title; got != "another" {
					t.Errorf("one conversation fails; after ten minutes the other has the title %q, want another", got)
				}
			})
		})
	}
}

func TestDiscardDoesNotEndAPauseOfTheService(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Start(ctx)
		time.Sleep(time.Second)
		at := time.Now().Add(10 * time.Minute)
		f.set(func() {
			f.onApply = func() (error, bool) {
				if time.Now().Before(at) {
					return &model.Error{Kind: model.RateLimited, RetryAt: at}, false
				}
				return nil, true
			}
		})
		submit(t, b, f.ref("1"), title("mine"))
		time.Sleep(time.Second)
		ids := submit(t, b, f.ref("2"), title("a mistake"))
		submit(t, b, f.ref("2"), []model.Change{{Kind: model.EditPrivacy, Op: model.OpSet, Target: model.TextValue("private")}})
		if _, err := b.Decide(ctx, model.DecideDiscard, named(ids...)...); err != nil {
			t.Fatalf("discarding the edits: %v", err)
		}
		time.Sleep(time.Minute)
		if _, applies := f.count(); applies != 1 {
			t.Errorf("the service was written to %d times before the time it asked for, want only the first write", applies)
		}
		time.Sleep(10 * time.Minute)
		if f.get("1").Title != "mine" || f.get("2").Privacy != model.PrivacyPrivate {
			t.Errorf("after the time that the service asked for it has the title %q (want mine), and the other conversation is %s (want %s)",
				f.get("1").Title, f.get("2").Privacy, model.PrivacyPrivate)
		}
	})
}

func TestSyncNowHoldsOldEditsFirst(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		submit(t, b, f.ref("1"), title("mine"))
		time.Sleep(25 * time.Hour)
		if err := b.SyncNow(ctx, false, func(model.DeliveryResult) {}); err != nil {
			t.Fatalf("syncing now: %v", err)
		}
		if out := outbox(t, b); len(out) != 1 || out[0].State != model.Held || f.get("1").Title != "Kick-off" {
			t.Errorf("a day later the outbox holds %s (want one edit that is %s), and the service has the title %q (want Kick-off)",
				inWords(out...), model.Held, f.get("1").Title)
		}
	})
}
