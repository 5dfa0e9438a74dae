package inbox_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

func TestChangesOfAnotherProcessAreAnnounced(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Start(context.Background())
			time.Sleep(time.Second)
			events, stop := b.Subscribe()
			defer stop()
			for len(events) > 0 {
				<-events
			}
			session(t, path, []*fake{f}, func(t *testing.T, other *inbox.Inbox, _ *store.Store) {
				submit(t, other, f.ref("1"), title("from the other process"))
				time.Sleep(1500 * time.Millisecond)
				select {
				case <-events:
				default:
					t.Error("no event told of the edit that another process submitted")
				}
			})
			time.Sleep(5 * time.Second)
			if f.get("1").Title != "from the other process" {
				t.Errorf("the edit that the other process left behind was not delivered: the service has the title %q, want from the other process",
					f.get("1").Title)
			}
		})
	})
}

func TestNothingStartsWhileSuspended(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Start(ctx)
		time.Sleep(time.Second)
		if err := b.Suspend(ctx); err != nil {
			t.Fatalf("suspending the inbox: %v", err)
		}
		submit(t, b, f.ref("1"), title("mine"))
		time.Sleep(time.Hour)
		if _, applies := f.count(); applies != 0 {
			t.Errorf("the service was written to %d times while the inbox was suspended, want 0", applies)
		}
		b.Resume(ctx)
		time.Sleep(time.Second)
		if f.get("1").Title != "mine" {
			t.Errorf("the edit was not delivered after the resume: the service has the title %q, want mine", f.get("1").Title)
		}
	})
}

// Two processes must not take each other's look at the database for a change.
func TestIdleProcessesWriteNothing(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
			b.Start(context.Background())
			session(t, path, []*fake{f}, func(t *testing.T, other *inbox.Inbox, _ *store.Store) {
				other.Start(context.Background())
				time.Sleep(10 * time.Second)
				submit(t, other, f.ref("1"), title("mine"))
				time.Sleep(10 * time.Second)
				before, err := s.Revision(context.Background())
				if err != nil {
					t.Fatalf("reading the revision of the database: %v", err)
				}
				time.Sleep(time.Minute)
				if after, _ := s.Revision(context.Background()); after != before {
					t.Errorf("two idle processes changed the database %d times in a minute, want 0", after-before)
				}
			})
		})
	})
}

func TestForeignChangeBehindAnOwnOneIsAnnounced(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
			b.Start(context.Background())
			time.Sleep(10*time.Second + time.Second/2)
			session(t, path, []*fake{f}, func(t *testing.T, other *inbox.Inbox, _ *store.Store) {
				submit(t, other, f.ref("1"), title("from the other process"))
			})
			yes := true
			if err := b.Triage(context.Background(), []model.Ref{f.ref("2")}, model.TriageChange{Pinned: &yes}, nil); err != nil {
				t.Fatalf("changing the marks: %v", err)
			}
			time.Sleep(5 * time.Second)
			if got := f.get("1").Title; got != "from the other process" {
				t.Errorf("the edit of the other process was not delivered: the service has the title %q, want from the other process", got)
			}
		})
	})
}

// A kill changes nothing in the database, so no revision shows it.
func TestClaimOfADeadProcessIsTakenOver(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Start(context.Background())
			time.Sleep(time.Second)
			dying, err := store.Open(context.Background(), path, store.Options{Host: "laptop"})
			if err != nil {
				t.Fatalf("opening the database: %v", err)
			}
			if _, err := dying.Enqueue(context.Background(), model.Submission{ID: "s"}, []model.OutboxEntry{{Edit: model.Edit{Ref: f.ref("1"), Kind: model.EditTitle,
				Base: model.TextValue("Kick-off"), Target: model.TextValue("mine")}}}); err != nil {
				t.Fatalf("queueing the edit: %v", err)
			}
			if got, err := dying.Claim(context.Background(), "projects", nil); err != nil || len(got) != 1 {
				t.Fatalf("%d edits were claimed, want 1, error %v", len(got), err)
			}
			time.Sleep(5 * time.Second)
			if f.get("1").Title != "Kick-off" {
				t.Fatalf("the claim of a living process was taken over: the service has the title %q, want Kick-off", f.get("1").Title)
			}
			if err := dying.Close(); err != nil {
				t.Fatalf("closing the database of the other process: %v", err)
			}
			time.Sleep(30 * time.Second)
			if got := f.get("1").Title; got != "mine" {
				t.Errorf("30 seconds after the other process died the service has the title %q, want mine", got)
			}
		})
	})
}

func TestCancelledSuspendLeavesDeliveryRunning(t *testing.T) {
	f, idle := newFake("projects", "Kick-off", "Budget"), newFake("support", "Refund")
	run(t, []*fake{f, idle}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Start(ctx)
		time.Sleep(time.Second)
		f.set(func() {
			f.onApply = func() (error, bool) { f.onApply = nil; time.Sleep(time.Minute); return nil, true }
		})
		submit(t, b, f.ref("1"), title("slow"))
		time.Sleep(time.Second)
		short, stop := context.WithTimeout(ctx, 5*time.Second)
		defer stop()
		if err := b.Suspend(short); err == nil {
			t.Error("Suspend with a deadline returned no error while a write was on its way, want one")
		}
		submit(t, b, f.ref("2"), title("next"))
		submit(t, b, idle.ref("1"), title("next"))
		time.Sleep(2 * time.Minute)
		if got, other := f.get("2").Title, idle.get("1").Title; got != "next" || other != "next" {
			t.Errorf("after a cancelled suspend the services have the titles %q and %q, want next: nothing is delivered", got, other)
		}
	})
}

func TestCancelledCallDoesNotWaitForDeliveryOrWalk(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Start(ctx)
		time.Sleep(time.Second)
		ids := submit(t, b, f.ref("1"), title("mine"))
		if err := b.Suspend(ctx); err != nil {
			t.Fatalf("suspending the inbox: %v", err)
		}
		defer b.Resume(ctx)
		ids = append(ids, submit(t, b, f.ref("2"), title("another"))...)
		time.Sleep(time.Second)
		short, stop := context.WithTimeout(ctx, 5*time.Second)
		defer stop()
		began := time.Now()
		if err := b.Deliver(short, ids, func(model.DeliveryResult) {}); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 6*time.Second {
			t.Errorf("a delivery with a deadline of 5 seconds returned after %s, want at most 6, with the error %v, want %v",
				time.Since(began), err, context.DeadlineExceeded)
		}
	})
}

func TestCloseWaitsForDeliver(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), title("mine"))
		f.onApply = func() (error, bool) { f.onApply = nil; time.Sleep(time.Minute); return nil, true }
		go b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		time.Sleep(time.Second)
		if err := b.Close(ctx); err != nil {
			t.Fatalf("closing the inbox: %v", err)
		}
		if h := history(t, b); len(h) != 1 {
			t.Errorf("after the close the history has %d edits, want the one whose write was on its way", len(h))
		}
	})
}

// Deliver reports every edit it was asked for, even one that another process settles.
func TestDeliverReportsAReplacedEdit(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			ctx := context.Background()
			if err := b.Sync(ctx); err != nil {
				t.Fatalf("syncing: %v", err)
			}
			first := submit(t, b, f.ref("1"), title("first"))
			withdrawn := submit(t, b, f.ref("1"), title("second"))
			states := func(ids []string) []model.EditState {
				var out []model.EditState
				if err := b.Deliver(ctx, ids, func(r model.DeliveryResult) { out = append(out, r.Entry.State) }); err != nil {
					t.Fatalf("delivering the edits: %v", err)
				}
				return out
			}
			session(t, path, []*fake{f}, func(t *testing.T, other *inbox.Inbox, _ *store.Store) {
				u, err := other.PlanUndo(ctx, withdrawn[0], model.PlanOptions{})
				if err != nil {
					t.Fatalf("planning the undo: %v", err)
				}
				if _, err := other.ApplyUndo(ctx, u); err != nil {
					t.Fatalf("applying the undo: %v", err)
				}
				submit(t, other, f.ref("1"), title("third"))
				if err := other.SyncNow(ctx, false, func(model.DeliveryResult) {}); err != nil {
					t.Fatalf("syncing now: %v", err)
				}
			})
			if got := states(first); !slices.Equal(got, []model.EditState{model.Replaced}) {
				t.Errorf("an edit that a newer one replaced is reported as %v, want %v", got, []model.EditState{model.Replaced})
			}
			if got := states(withdrawn); !slices.Equal(got, []model.EditState{model.Withdrawn}) {
				t.Errorf("an edit that another process took back is reported as %v, want %v", got, []model.EditState{model.Withdrawn})
			}
			fourth := submit(t, b, f.ref("1"), title("fourth"))
			deliver(t, b, fourth)
			_, back := undo(t, b, fourth[0])
			session(t, path, []*fake{f}, func(t *testing.T, other *inbox.Inbox, _ *store.Store) { undo(t, other, back[0]) })
			if got := states(back); !slices.Equal(got, []model.EditState{model.Withdrawn}) {
				t.Errorf("an undo that another process took back is reported as %v, want %v", got, []model.EditState{model.Withdrawn})
			}
		})
	})
}

// Deliver waits for an edit that another process is sending, and reports how that ended.
func TestDeliverWaitsForAnotherProcess(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		patient(t, 0, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			ctx := context.Background()
			b.Sync(ctx)
			ids := submit(t, b, f.ref("1"), title("mine"))
			other, err := store.Open(ctx, path, store.Options{Host: "laptop"})
			must(t, err)
			defer other.Close()
			settle := func(claimed []model.OutboxEntry, err error) {
				if err != nil || len(claimed) != 1 {
					t.Errorf("%d edits were claimed, want 1, error %v", len(claimed), err)
					return
				}
				time.Sleep(5 * time.Second)
				e := claimed[0].Edit
				other.Settle(ctx, claimed[0], model.JournalEntry{Edit: e, State: model.Done, Before: e.Base, After: e.Target}, nil, false)
			}
			claimed, err := other.Claim(ctx, "projects", nil)
			go settle(claimed, err)
			if out := deliver(t, b, ids); len(out) != 1 || out[0].State != model.Done {
				t.Errorf("the delivery reported %s, want one edit that is %s", inWords(out...), model.Done)
			}
			// The other process has not yet begun with what this edit waits for.
			first := submit(t, b, f.ref("1"), title("first"))
			ids = submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditDelete}})
			go func() {
				time.Sleep(time.Second)
				settle(other.Claim(ctx, "projects", first))
			}()
			if out := deliver(t, b, ids); len(out) != 1 || out[0].State != model.Done {
				t.Errorf("after an edit that another process was about to send, the delivery reported %s, want one edit that is %s",
					inWords(out...), model.Done)
			}
		})
	})
}

// Close can't wait for ever: it leaves a write in flight, and the next process reads the
// outcome.
func TestCloseCanLeaveAnEditBeingSent(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		f.onApply = func() (error, bool) { <-answer; return nil, true }
		s, err := store.Open(context.Background(), path, store.Options{Host: "laptop"})
		if err != nil {
			t.Fatalf("opening the database: %v", err)
		}
		b, err := inbox.Open(context.Background(), inbox.Options{Store: s, Accounts: []inbox.Account{{Provider: f}}})
		if err != nil {
			t.Fatalf("opening the inbox: %v", err)
		}
		b.Start(context.Background())
		time.Sleep(time.Second)
		if n := b.Sending(); n != 0 {
			t.Errorf("before any edit, %d count as being sent, want 0", n)
		}
		submit(t, b, f.ref("1"), title("mine"))
		time.Sleep(time.Second)
		if n := b.Sending(); n != 1 {
			t.Errorf("during the write, %d edits count as being sent, want 1", n)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close during a write: error %v, want %v", err, context.DeadlineExceeded)
		}
		if e := outbox(t, b); len(e) != 1 || e[0].State != model.Sending || !e[0].Sent {
			t.Errorf("the close left the outbox with %s, want one edit that is %s and was sent", inWords(e...), model.Sending)
		}
		close(answer)
		synctest.Wait()
		if n := b.Sending(); n != 0 {
			t.Errorf("after the write, %d edits count as being sent, want 0", n)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing the database: %v", err)
		}
	})
}
