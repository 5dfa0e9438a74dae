package inbox_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// Two processes must not take each other's looking for a change.
func TestTwoProcessesAtRestWriteNothing(t *testing.T) {
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
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				if after, _ := s.Revision(context.Background()); after != before {
					t.Errorf("%d changes in a minute of rest", after-before)
				}
			})
		})
	})
}

func TestAChangeOfAnotherProcessIsNoticedBehindAnOwnOne(t *testing.T) {
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
			if err := b.Triage(context.Background(), []model.Ref{f.ref("2")}, model.TriageChange{Pinned: &yes}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
			if got := f.get("1").Title; got != "from the other process" {
				t.Errorf("not delivered: the service has %q", got)
			}
		})
	})
}

// A kill changes nothing in the database, so that no revision tells of it.
func TestAClaimOfAProcessThatDiesIsTakenOver(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Start(context.Background())
			time.Sleep(time.Second)
			dying, err := store.Open(context.Background(), path, store.Options{Host: "laptop"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := dying.Enqueue(context.Background(), []store.Entry{{Edit: model.Edit{Ref: f.ref("1"), Kind: model.EditTitle,
				Base: model.TextValue("Kick-off"), Target: model.TextValue("mine")}}}); err != nil {
				t.Fatal(err)
			}
			if got, err := dying.Claim(context.Background(), "projects", nil); err != nil || len(got) != 1 {
				t.Fatal(got, err)
			}
			time.Sleep(5 * time.Second)
			if f.get("1").Title != "Kick-off" {
				t.Fatal("the claim of a living process was taken")
			}
			if err := dying.Close(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Second)
			if got := f.get("1").Title; got != "mine" {
				t.Errorf("30 seconds after the other process died the service has %q", got)
			}
		})
	})
}

func TestAWriteThatTakesTooLongIsStillRecorded(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) {
			f.onApply = nil
			time.Sleep(4 * time.Minute)
			return nil, true
		}
		ids := submit(t, b, f.ref("1"), title("mine"))
		err := b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.Done {
				t.Errorf("%s", r.Entry.State)
			}
		})
		if err != nil || len(outbox(t, b)) != 0 {
			t.Errorf("%v, outbox %+v", err, outbox(t, b))
		}
	})
}

func TestAnOutcomeThatCouldNotBeRecordedIsReadAgain(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), title("mine"))
		// What a full disk leaves behind: sent, and still claimed by this process.
		if got, err := s.Claim(ctx, "projects", nil); err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		if err := s.Sent(ctx, ids); err != nil {
			t.Fatal(err)
		}
		f.change("1", func(c *model.Conversation) { c.Title = "mine" })
		b.Start(ctx)
		time.Sleep(10 * time.Second)
		if h := history(t, b); len(h) != 1 || h[0].State != model.Done || h[0].Before.String() != "Kick-off" {
			t.Errorf("journal %+v, outbox %+v", h, outbox(t, b))
		}
		if _, applies := f.count(); applies != 0 {
			t.Errorf("written %d times more", applies)
		}
	})
}

func create(t *testing.T, b *inbox.Inbox, title string) []string {
	t.Helper()
	p, err := b.PlanCreate(context.Background(), "projects", model.NewConversation{Title: title})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := b.Submit(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func (f *fake) titled(title string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.convs {
		if c.Title == title {
			n++
		}
	}
	return n
}

// First the answer is lost and the list lags behind, then the service cannot
// be reached, then the list shows what the first try made.
func TestAFailureAfterALostCreateDoesNotForgetIt(t *testing.T) {
	f := newFake("projects")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		tries := 0
		f.onApply = func() (error, bool) {
			switch tries++; tries {
			case 1:
				return &model.Error{Kind: model.UnknownOutcome}, false
			case 2:
				return &model.Error{Kind: model.Unavailable}, false
			}
			return nil, true
		}
		ids := create(t, b, "Lift inspection")
		for range 2 {
			b.Deliver(ctx, ids, func(model.DeliveryResult) {})
			time.Sleep(time.Hour)
		}
		f.set(func() { f.add("Lift inspection") })
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if n := f.titled("Lift inspection"); n != 1 {
			t.Errorf("made %d times", n)
		}
	})
}

func TestALostCreateIsNotTakenForAnEarlierOneOfTheSameTitle(t *testing.T) {
	f := newFake("projects")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Deliver(ctx, create(t, b, "Stand-up"), func(model.DeliveryResult) {})
		f.onApply = func() (error, bool) {
			f.onApply = nil
			return &model.Error{Kind: model.UnknownOutcome}, false
		}
		ids := create(t, b, "Stand-up")
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		time.Sleep(time.Minute)
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if n := f.titled("Stand-up"); n != 2 {
			t.Errorf("two were asked for, %d made", n)
		}
	})
}

func TestAConversationThatAlwaysFailsDoesNotHoldUpTheOthers(t *testing.T) {
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
				time.Sleep(time.Hour)
				if got := f.get("2").Title; got != "another" {
					t.Errorf("after an hour the healthy conversation has %q", got)
				}
			})
		})
	}
}

func TestAMissedConversationThatIsForbiddenEndsNoRefresh(t *testing.T) {
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
			t.Errorf("%d rows; the deleted one behind the forbidden one must be gone", n)
		}
	})
}

func TestEveryMissedConversationIsLookedAtInSomeSweep(t *testing.T) {
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

func TestADiscardDoesNotOpenWhatTheServiceShut(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Start(ctx)
		time.Sleep(time.Second)
		at := time.Now().Add(time.Hour)
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
		if err := b.Discard(ctx, ids...); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if _, applies := f.count(); applies != 1 {
			t.Errorf("%d writes before the time the service asked for", applies)
		}
		time.Sleep(time.Hour)
		if f.get("1").Title != "mine" || f.get("2").Privacy != model.PrivacyPrivate {
			t.Error("not delivered after the time the service asked for")
		}
	})
}

func TestARefusalAfterALostAnswerDoesNotForgetTheSending(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) {
			f.onApply = nil
			return &model.Error{Kind: model.UnknownOutcome}, true
		}
		ids := submit(t, b, f.ref("1"), title("mine"))
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		time.Sleep(time.Minute)
		f.onLoad = func(string) error { f.onLoad = nil; return &model.Error{Kind: model.Forbidden} }
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.Refused {
				t.Fatalf("%+v", r.Entry)
			}
		})
		if err := b.Retry(ctx, ids...); err != nil {
			t.Fatal(err)
		}
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.Done || r.Journal.Before.String() != "Kick-off" {
				t.Errorf("%s, journal %+v", r.Entry.State, r.Journal)
			}
		})
	})
}

func TestASweepNotedByAWrongClockDoesNotEndSweeps(t *testing.T) {
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

func TestAPageAskedForBeforeAnEditDoesNotUndoItOnTheScreen(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		time.Sleep(time.Minute)
		del, err := b.Plan(ctx, []model.Ref{f.ref("2")}, []model.Change{{Kind: model.EditDelete}}, nil)
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
			t.Errorf("the row shows %q", got)
		}
		if _, ok, _ := b.Row(ctx, f.ref("2")); ok {
			t.Error("the deleted conversation came back")
		}
		time.Sleep(time.Minute)
		f.change("1", func(c *model.Conversation) { c.Title = "theirs" })
		b.Sync(ctx)
		if got, _ := shownTitle(t, b, f.ref("1")); got != "theirs" {
			t.Errorf("after the next refresh the row shows %q", got)
		}
	})
}

func TestARefreshThatWasCutIsMadeUpFor(t *testing.T) {
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

func TestAPageWithNothingToStoreEndsNoRefresh(t *testing.T) {
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

func TestASuspendThatGivesUpLeavesDeliveryRunning(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
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
			t.Error("suspended while a write was in flight")
		}
		submit(t, b, f.ref("2"), title("next"))
		time.Sleep(2 * time.Minute)
		if got := f.get("2").Title; got != "next" {
			t.Errorf("delivery stands still: %q", got)
		}
	})
}

func TestGivingUpDoesNotWaitForAnotherDeliveryOrWalk(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Start(ctx)
		time.Sleep(time.Second)
		ids := submit(t, b, f.ref("1"), title("mine"))
		if err := b.Suspend(ctx); err != nil {
			t.Fatal(err)
		}
		defer b.Resume(ctx)
		ids = append(ids, submit(t, b, f.ref("2"), title("another"))...)
		time.Sleep(time.Second)
		short, stop := context.WithTimeout(ctx, 5*time.Second)
		defer stop()
		began := time.Now()
		if err := b.Deliver(short, ids, func(model.DeliveryResult) {}); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 6*time.Second {
			t.Errorf("gave up after %s: %v", time.Since(began), err)
		}
	})
}

func TestASearchAskedForBeforeAnEditDoesNotUndoItOnTheScreen(t *testing.T) {
	f := newFake("projects", "Kick-off")
	f.desc.Filters = []model.FilterField{model.FilterTitle}
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onPage = func() {
			f.onPage = nil
			time.Sleep(time.Second)
			b.Deliver(ctx, submit(t, b, f.ref("1"), title("mine")), func(model.DeliveryResult) {})
		}
		if err := b.Search(ctx, "title:kick"); err != nil {
			t.Fatal(err)
		}
		if got, _ := shownTitle(t, b, f.ref("1")); got != "mine" {
			t.Errorf("the row shows %q", got)
		}
	})
}

func TestAConflictAnsweredByTheServiceGetsOneMoreLook(t *testing.T) {
	for name, tc := range map[string]struct {
		existing string
		writes   int
	}{"once more": {"", 2}, "not where it names what stands in the way": {"7", 1}} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			f.onApply = func() (error, bool) { return &model.Error{Kind: model.ConflictKind, Existing: tc.existing}, false }
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				b.Start(context.Background())
				time.Sleep(time.Second)
				submit(t, b, f.ref("1"), title("mine"))
				time.Sleep(time.Hour)
				if out := outbox(t, b); len(out) != 1 || out[0].State != model.Refused {
					t.Errorf("outbox %+v", out)
				}
				if _, applies := f.count(); applies != tc.writes {
					t.Errorf("%d writes", applies)
				}
			})
		})
	}
}

func TestADeleteOfWhatIsGoneIsDone(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditDelete}})
		f.set(func() { delete(f.convs, "1") })
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.OutcomeAlreadySet {
				t.Errorf("%+v", r.Entry)
			}
		})
		if _, ok, _ := b.Row(ctx, f.ref("1")); ok || len(outbox(t, b)) != 0 {
			t.Error("it is still there")
		}
	})
}

func TestUndoTakesBackOnlyWhatConfabChanged(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget", "Retro")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		// It was so already when the edit came: nothing to take back.
		already := submit(t, b, f.ref("1"), title("theirs"))
		f.change("1", func(c *model.Conversation) { c.Title = "theirs" })
		b.Deliver(ctx, already, func(model.DeliveryResult) {})
		if u, err := b.PlanUndo(ctx, already[0]); err != nil || len(u.Plan.Items)+len(u.Withdraw) != 0 {
			t.Errorf("undo of what was already so: %+v %v", u, err)
		}
		// It may have left: not withdrawn as if it had not.
		f.onApply = func() (error, bool) { f.onApply = nil; return &model.Error{Kind: model.UnknownOutcome}, true }
		lost := submit(t, b, f.ref("2"), title("mine"))
		b.Deliver(ctx, lost, func(model.DeliveryResult) {})
		if u, err := b.PlanUndo(ctx, lost[0]); err != nil || len(u.Withdraw) != 0 || len(u.Blocked) != 1 {
			t.Errorf("undo of what may have been sent: %+v %v", u, err)
		}
		// It was taken back before: not twice.
		ids := submit(t, b, f.ref("3"), title("mine"))
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		u, err := b.PlanUndo(ctx, ids[0])
		if err != nil {
			t.Fatal(err)
		}
		back, err := b.ApplyUndo(ctx, u)
		if err != nil {
			t.Fatal(err)
		}
		b.Deliver(ctx, back, func(model.DeliveryResult) {})
		if u, err := b.PlanUndo(ctx, ids[0]); err != nil || len(u.Plan.Items) != 0 || len(u.Blocked) != 1 {
			t.Errorf("a second undo: %+v %v", u, err)
		}
	})
}

func TestCloseWaitsForADeliveryThatWasAskedFor(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), title("mine"))
		f.onApply = func() (error, bool) { f.onApply = nil; time.Sleep(time.Minute); return nil, true }
		go b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		time.Sleep(time.Second)
		if err := b.Close(ctx); err != nil {
			t.Fatal(err)
		}
		if h := history(t, b); len(h) != 1 {
			t.Error("closed before the write in flight was recorded")
		}
	})
}

func TestOldEditsAreHeldBeforeEverythingDueIsSent(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		submit(t, b, f.ref("1"), title("mine"))
		time.Sleep(25 * time.Hour)
		if err := b.DeliverDue(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if out := outbox(t, b); len(out) != 1 || out[0].State != model.Held || f.get("1").Title != "Kick-off" {
			t.Errorf("outbox %+v, the service has %q", out, f.get("1").Title)
		}
	})
}
