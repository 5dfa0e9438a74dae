package inbox_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

var _ model.Provider = (*fake)(nil)

// run opens an engine over fakes and a real database inside a bubble of fake
// time, and closes everything at the end.
func run(t *testing.T, fakes []*fake, f func(t *testing.T, b *inbox.Inbox, s *store.Store)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) { session(t, path, fakes, f) })
}

func session(t *testing.T, path string, fakes []*fake, f func(t *testing.T, b *inbox.Inbox, s *store.Store)) {
	t.Helper()
	patient(t, -1, path, fakes, f)
}

func patient(t *testing.T, patience time.Duration, path string, fakes []*fake, f func(t *testing.T, b *inbox.Inbox, s *store.Store)) {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, path, store.Options{Host: "laptop"})
	if err != nil {
		t.Fatal(err)
	}
	o := inbox.Options{Store: s, Refresh: 2 * time.Minute, User: "ada", Location: time.UTC, Patience: patience}
	for _, fk := range fakes {
		o.Accounts = append(o.Accounts, inbox.Account{Provider: fk})
	}
	b, err := inbox.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	f(t, b, s)
}

func title(s string) []model.Change {
	return []model.Change{{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue(s)}}
}

func submit(t *testing.T, b *inbox.Inbox, ref model.Ref, changes []model.Change) []string {
	t.Helper()
	p, err := b.Plan(context.Background(), []model.Ref{ref}, changes, nil)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := b.Submit(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if len(ids) == 0 {
		t.Fatalf("nothing submitted: %+v", p.Items)
	}
	return ids
}

func shownTitle(t *testing.T, b *inbox.Inbox, ref model.Ref) (string, model.EditState) {
	t.Helper()
	r, ok, err := b.Row(context.Background(), ref)
	if err != nil || !ok {
		t.Fatalf("row %v: %v %v", ref, ok, err)
	}
	return r.Conversation.Title, r.Worst()
}

func outbox(t *testing.T, b *inbox.Inbox) []model.OutboxEntry {
	t.Helper()
	out, err := b.Outbox(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func history(t *testing.T, b *inbox.Inbox) []model.JournalEntry {
	t.Helper()
	out, err := b.History(context.Background(), model.HistoryRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnEditTravelsToTheServiceAndIntoTheJournal(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget", "Retro")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Start(context.Background())
		time.Sleep(time.Second)
		page, err := b.List(context.Background(), model.ListRequest{Inbox: true, Limit: 10})
		if err != nil || page.Total != 3 {
			t.Fatalf("synced %d, %v", page.Total, err)
		}
		submit(t, b, f.ref("1"), title("Kick-off with Ada"))
		if got, st := shownTitle(t, b, f.ref("1")); got != "Kick-off with Ada" || st == "" {
			t.Errorf("right after the submit the row shows %q, %q", got, st)
		}
		time.Sleep(time.Second)
		if got := f.get("1").Title; got != "Kick-off with Ada" {
			t.Errorf("the service has %q", got)
		}
		if got, st := shownTitle(t, b, f.ref("1")); got != "Kick-off with Ada" || st != "" {
			t.Errorf("after delivery the row shows %q, %q", got, st)
		}
		h := history(t, b)
		if len(h) != 1 || h[0].Before.String() != "Kick-off" || h[0].After.String() != "Kick-off with Ada" || h[0].User != "ada" || h[0].State != model.Done {
			t.Errorf("journal %+v", h)
		}
	})
}

func TestAServiceDownForThreeHoursAndThenBack(t *testing.T) {
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
			t.Errorf("the healthy account was delayed: %q", got)
		}
		time.Sleep(3 * time.Hour)
		st := b.Accounts()[0]
		if !st.Offline() || st.Waiting != 1 || st.NextTry.IsZero() {
			t.Errorf("state while down: %+v", st)
		}
		if got, _ := shownTitle(t, b, f.ref("1")); got != "after the outage" {
			t.Errorf("the row forgot the edit: %q", got)
		}
		if loads, applies := f.count(); applies != 0 || loads > 60 {
			t.Errorf("%d reads and %d writes against a dead service in three hours", loads, applies)
		}
		f.set(func() { f.down = false })
		b.Refresh() // the person asks; otherwise the next try is minutes away
		time.Sleep(10 * time.Second)
		if got := f.get("1").Title; got != "after the outage" {
			t.Errorf("after it came back the service has %q", got)
		}
		if st := b.Accounts()[0]; st.Error != nil || st.Waiting != 0 {
			t.Errorf("state after: %+v", st)
		}
	})
}

func TestSomebodyElsesChangeStopsTheEdit(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		if err := b.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		ids := submit(t, b, f.ref("1"), title("mine"))
		f.change("1", func(c *model.Conversation) { c.Title = "theirs" })
		var got model.DeliveryResult
		if err := b.Deliver(ctx, ids, func(r model.DeliveryResult) { got = r }); err != nil {
			t.Fatal(err)
		}
		if got.Entry.State != model.InConflict || got.Entry.Theirs.String() != "theirs" {
			t.Fatalf("result %+v", got.Entry)
		}
		if f.get("1").Title != "theirs" {
			t.Error("somebody else's change was overwritten")
		}
		if got, st := shownTitle(t, b, f.ref("1")); got != "theirs" || st != model.InConflict {
			t.Errorf("row shows %q, %q", got, st)
		}
		if err := b.Resolve(ctx, ids[0], model.ResolveMine); err != nil {
			t.Fatal(err)
		}
		if err := b.Deliver(ctx, ids, func(r model.DeliveryResult) { got = r }); err != nil || got.Entry.State != model.Done {
			t.Fatalf("after resolving: %+v %v", got.Entry, err)
		}
		if f.get("1").Title != "mine" {
			t.Error("mine was not sent")
		}
	})
}

func TestAChangeElsewhereDoesNotDisturb(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), title("mine"))
		f.change("1", func(c *model.Conversation) { c.Privacy = model.PrivacyPrivate; c.Updated = time.Now() })
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.Done {
				t.Errorf("%+v", r.Entry)
			}
		})
		if c := f.get("1"); c.Title != "mine" || c.Privacy != model.PrivacyPrivate {
			t.Errorf("%+v", c)
		}
	})
}

func TestMergedRoles(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		eve := model.Participant{Kind: "user", ID: "9", Name: "Eve"}
		ids := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{eve}}})
		f.change("1", func(c *model.Conversation) {
			c.Participants = model.SetOf(model.Participant{Kind: "user", ID: "1", Role: model.RoleViewer}, model.Participant{Kind: "user", ID: "2", Role: model.RoleViewer})
		})
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if err := b.Resolve(ctx, ids[0], model.ResolveMerged); err != nil {
			t.Fatal(err)
		}
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		want := []model.Participant{{Kind: "user", ID: "1", Role: model.RoleViewer}, {Kind: "user", ID: "2", Role: model.RoleViewer}, {Kind: "user", ID: "9", Role: model.RoleViewer}}
		if got := f.get("1").Participants.Items; !model.SamePeople(got, want) {
			t.Errorf("merged into %+v", got)
		}
	})
}

func TestALostAnswerIsReadBeforeAnythingIsRepeated(t *testing.T) {
	lost := &model.Error{Kind: model.UnknownOutcome, Message: "connection lost"}
	for name, tc := range map[string]struct {
		applied bool
		theirs  string
		want    model.EditState
		writes  int
	}{
		"it had taken effect":       {applied: true, want: model.Done, writes: 1},
		"it had not":                {applied: false, want: model.Done, writes: 2},
		"somebody changed it since": {applied: true, theirs: "third", want: model.OutcomeNotKnown, writes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				ctx := context.Background()
				b.Sync(ctx)
				f.set(func() {
					f.onApply = func() (error, bool) { f.onApply = nil; return lost, tc.applied }
				})
				ids := submit(t, b, f.ref("1"), title("mine"))
				var got model.OutboxEntry
				b.Deliver(ctx, ids, func(r model.DeliveryResult) { got = r.Entry })
				if got.State != model.RetryAt {
					t.Fatalf("after the lost answer: %s", got.State)
				}
				if tc.theirs != "" {
					f.change("1", func(c *model.Conversation) { c.Title = tc.theirs })
				}
				time.Sleep(10 * time.Second)
				b.Deliver(ctx, ids, func(r model.DeliveryResult) { got = r.Entry })
				if got.State != tc.want {
					t.Errorf("became %s, want %s", got.State, tc.want)
				}
				if _, applies := f.count(); applies != tc.writes {
					t.Errorf("%d writes, want %d", applies, tc.writes)
				}
			})
		})
	}
}

func TestAKillAtEveryStepLosesNothingAndRepeatsNothingBlindly(t *testing.T) {
	// Each step is a state a killed process can leave behind.
	for name, leave := range map[string]func(*testing.T, *store.Store, *fake, string){
		"queued": func(*testing.T, *store.Store, *fake, string) {},
		"claimed": func(t *testing.T, s *store.Store, f *fake, id string) {
			if out, err := s.Claim(context.Background(), "projects", nil); err != nil || len(out) != 1 {
				t.Fatal(out, err)
			}
		},
		"marked as sent, not sent": func(t *testing.T, s *store.Store, f *fake, id string) {
			s.Claim(context.Background(), "projects", nil)
			s.Sent(context.Background(), []string{id})
		},
		"sent, answer not recorded": func(t *testing.T, s *store.Store, f *fake, id string) {
			s.Claim(context.Background(), "projects", nil)
			s.Sent(context.Background(), []string{id})
			f.change("1", func(c *model.Conversation) { c.Title = "mine" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			path := filepath.Join(t.TempDir(), "confab.db")
			synctest.Test(t, func(t *testing.T) {
				session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
					b.Sync(context.Background())
					ids := submit(t, b, f.ref("1"), title("mine"))
					leave(t, s, f, ids[0])
				})
				session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
					b.Start(context.Background())
					time.Sleep(10 * time.Second)
					if got := f.get("1").Title; got != "mine" {
						t.Errorf("the service has %q", got)
					}
					if n := len(outbox(t, b)); n != 0 {
						t.Errorf("%d edits left in the outbox", n)
					}
					if h := history(t, b); len(h) != 1 || h[0].Before.String() != "Kick-off" {
						t.Errorf("journal %+v", h)
					}
					if _, applies := f.count(); applies > 1 {
						t.Errorf("written %d times", applies)
					}
				})
			})
		})
	}
}

func TestAcceptedButNotChangedIsUnverified(t *testing.T) {
	f := newFake("projects", "Kick-off")
	f.ignore = true
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), title("mine"))
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.NotVerified || r.Entry.Theirs.String() != "Kick-off" {
				t.Errorf("%+v", r.Entry)
			}
		})
		if got, st := shownTitle(t, b, f.ref("1")); got != "Kick-off" || st != model.NotVerified {
			t.Errorf("row shows %q, %q", got, st)
		}
	})
}

func TestErrorKindsDecide(t *testing.T) {
	for kind, want := range map[model.ErrorKind]model.EditState{
		model.Forbidden: model.Refused, model.Invalid: model.Refused, model.NotFound: model.Refused, model.Unsupported: model.Refused,
		model.RateLimited: model.RetryAt, model.Unavailable: model.RetryAt, model.UnknownOutcome: model.RetryAt,
		model.Unauthorized: model.RetryAt, model.Unverified: model.NotVerified,
	} {
		t.Run(string(kind), func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			f.onApply = func() (error, bool) {
				return &model.Error{Kind: kind, Message: "their words", Code: "c1", RequestID: "r1"}, false
			}
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				ctx := context.Background()
				b.Sync(ctx)
				ids := submit(t, b, f.ref("1"), title("mine"))
				b.Deliver(ctx, ids, func(r model.DeliveryResult) {
					if r.Entry.State != want {
						t.Errorf("%s leads to %s, want %s", kind, r.Entry.State, want)
					}
					if e := r.Entry.Error; e == nil || e.Message != "their words" || e.Code != "c1" || e.RequestID != "r1" {
						t.Errorf("the service's words are lost: %+v", e)
					}
				})
			})
		})
	}
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
			t.Errorf("%d writes before the time the service asked for", applies)
		}
		time.Sleep(20 * time.Second)
		if f.get("1").Title != "mine" {
			t.Error("not sent after the time the service asked for")
		}
	})
}

func TestALostCreateIsLookedForBeforeItIsRepeated(t *testing.T) {
	for name, applied := range map[string]bool{"it was made": true, "it was not": false} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				ctx := context.Background()
				b.Start(ctx)
				time.Sleep(time.Second)
				f.set(func() {
					f.onApply = func() (error, bool) {
						f.onApply = nil
						return &model.Error{Kind: model.UnknownOutcome}, applied
					}
				})
				p, err := b.PlanCreate(ctx, "projects", model.NewConversation{Title: "Lift inspection"})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := b.Submit(ctx, p); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				n := 0
				f.set(func() {
					for _, c := range f.convs {
						if c.Title == "Lift inspection" {
							n++
						}
					}
				})
				if n != 1 || len(outbox(t, b)) != 0 {
					t.Errorf("made %d times, %d left in the outbox", n, len(outbox(t, b)))
				}
				if page, _ := b.List(ctx, model.ListRequest{Query: "lift", Limit: 5}); page.Total != 1 {
					t.Errorf("%d rows in the list", page.Total)
				}
			})
		})
	}
}

func TestUndo(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		// Not yet sent: withdrawn, the service is never asked.
		submit(t, b, f.ref("2"), title("oops"))
		u, err := b.PlanUndo(ctx, "")
		if err != nil || len(u.Withdraw) != 1 || len(u.Plan.Items) != 0 {
			t.Fatalf("undo of a queued edit: %+v %v", u, err)
		}
		if _, err := b.ApplyUndo(ctx, u); err != nil {
			t.Fatal(err)
		}
		if got, _ := shownTitle(t, b, f.ref("2")); got != "Budget" {
			t.Errorf("after the withdrawal the row shows %q", got)
		}
		// Delivered: the inverse goes the same road.
		ids := submit(t, b, f.ref("1"), title("mine"))
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		u, err = b.PlanUndo(ctx, "")
		if err != nil || len(u.Plan.Items) != 1 || !strings.Contains(u.What, "Kick-off") {
			t.Fatalf("undo of a delivered edit: %+v %v", u, err)
		}
		ids, err = b.ApplyUndo(ctx, u)
		if err != nil {
			t.Fatal(err)
		}
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if got := f.get("1").Title; got != "Kick-off" {
			t.Errorf("after the undo the service has %q", got)
		}
		if h := history(t, b); h[len(h)-1].Undone != ids[0] {
			t.Errorf("the journal does not say that it was undone: %+v", h)
		}
		if _, err := b.PlanUndo(ctx, ""); model.KindOf(err) != model.NotFound {
			t.Errorf("a third undo: %v", err)
		}
	})
}

func TestUndoOfAWideningAsks(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditPrivacy, Op: model.OpSet, Target: model.TextValue("private")}})
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		u, err := b.PlanUndo(ctx, ids[0])
		if err != nil || !u.Plan.Risky() {
			t.Errorf("making it public again is not asked about: %+v %v", u, err)
		}
	})
}

func TestOldEditsAreHeldAtStart(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Sync(context.Background())
			submit(t, b, f.ref("1"), title("mine"))
		})
		time.Sleep(25 * time.Hour)
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Start(context.Background())
			time.Sleep(time.Minute)
			out := outbox(t, b)
			if len(out) != 1 || out[0].State != model.Held || f.get("1").Title != "Kick-off" {
				t.Fatalf("outbox %+v, the service has %q", out, f.get("1").Title)
			}
			b.Retry(context.Background(), out[0].ID)
			time.Sleep(time.Minute)
			if f.get("1").Title != "mine" {
				t.Error("a confirmed edit was not sent")
			}
		})
	})
}

func TestDeletionsAreSeenByAWalkAndMarksAreKept(t *testing.T) {
	f := newFake("projects", "a", "b", "c")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Start(ctx)
		time.Sleep(time.Second)
		f.set(func() { delete(f.convs, "2") })
		time.Sleep(2 * time.Hour)
		if n, _ := b.Count(ctx, "is:any", false); n != 2 {
			t.Errorf("%d rows after somebody deleted one of three", n)
		}
	})
}

func TestAnIdleRefreshAsksOnce(t *testing.T) {
	f := newFake("projects", "a", "b", "c", "d", "e")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Start(context.Background())
		time.Sleep(time.Second)
		before := f.lists
		time.Sleep(2 * time.Minute)
		if got := f.lists - before; got != 1 {
			t.Errorf("a refresh with nothing new made %d requests", got)
		}
	})
}

func TestPlanReadsWhatTheCacheDoesNotHold(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		if loads, _ := f.count(); loads != 0 {
			t.Fatalf("the sync loaded %d", loads)
		}
		p, err := b.Plan(ctx, []model.Ref{f.ref("1"), f.ref("404")}, []model.Change{{Kind: model.EditParticipants, Op: model.OpAlter,
			People: []model.Participant{{Kind: "user", ID: "1", Role: model.RoleViewer}}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if it := p.Items[0]; it.State != model.PlanChange || it.Edits[0].Base.Set()[0].Role != model.RoleEditor {
			t.Errorf("%+v", it)
		}
		if it := p.Items[1]; it.State != model.PlanBlocked || !strings.Contains(it.Reason, "gone") {
			t.Errorf("%+v", it)
		}
		p, _ = b.Plan(ctx, []model.Ref{f.ref("1")}, []model.Change{{Kind: model.EditContacts, Op: model.OpSet, Target: model.PeopleValue(nil)}}, nil)
		if it := p.Items[0]; it.State != model.PlanBlocked || it.Reason != "no contacts here" {
			t.Errorf("%+v", it)
		}
		canceled, stop := context.WithCancel(ctx)
		stop()
		if _, err := b.Plan(canceled, []model.Ref{f.ref("1")}, title("x"), nil); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled plan: %v", err)
		}
	})
}

func TestAnotherProcessIsNoticed(t *testing.T) {
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
					t.Error("nothing was announced")
				}
			})
			time.Sleep(5 * time.Second)
			if f.get("1").Title != "from the other process" {
				t.Error("the edit that the other process left behind was not delivered")
			}
		})
	})
}

func TestAReadOnlyAccountKeepsItsQueue(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Sync(context.Background())
			submit(t, b, f.ref("1"), title("mine"))
		})
		f.desc.ReadOnly = true
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Start(context.Background())
			time.Sleep(time.Hour)
			if out := outbox(t, b); len(out) != 1 || out[0].State != model.Queued {
				t.Errorf("outbox %+v", out)
			}
			if loads, applies := f.count(); loads != 0 || applies != 0 {
				t.Errorf("%d reads and %d writes for delivery", loads, applies)
			}
		})
	})
}

func TestARetryByHandOfALostAnswerIsStillOurs(t *testing.T) {
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

func TestNothingStartsWhileSuspended(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Start(ctx)
		time.Sleep(time.Second)
		if err := b.Suspend(ctx); err != nil {
			t.Fatal(err)
		}
		submit(t, b, f.ref("1"), title("mine"))
		time.Sleep(time.Hour)
		if _, applies := f.count(); applies != 0 {
			t.Errorf("%d writes while suspended", applies)
		}
		b.Resume(ctx)
		time.Sleep(time.Second)
		if f.get("1").Title != "mine" {
			t.Error("not delivered after the resume")
		}
	})
}

func TestASearchAsksOnlyWhatTheServiceCanAnswer(t *testing.T) {
	narrow, plain := newFake("projects", "Kick-off", "Budget"), newFake("support", "Refund")
	narrow.desc.Filters = []model.FilterField{model.FilterTitle}
	run(t, []*fake{narrow, plain}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		// An old row changes where no refresh would look for it.
		narrow.change("2", func(c *model.Conversation) { c.Preview = "changed by somebody" })
		if err := b.Search(ctx, "title:budget with:ann@example.com is:private"); err != nil {
			t.Fatal(err)
		}
		if len(narrow.filters) != 1 || narrow.filters[0].Title != "budget" || narrow.filters[0].Participants != nil {
			t.Errorf("asked %+v", narrow.filters)
		}
		if len(plain.filters) != 0 {
			t.Errorf("a service that cannot narrow was asked %+v", plain.filters)
		}
		if n, _ := b.Count(ctx, "changed by somebody", false); n != 1 {
			t.Error("the changed row was not seen")
		}
		if err := b.Search(ctx, "account:support title:budget"); err != nil || len(narrow.filters) != 1 {
			t.Errorf("another account's query asked this one: %v %v", narrow.filters, err)
		}
	})
}
