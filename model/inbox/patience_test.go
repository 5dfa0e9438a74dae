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

// waiting runs a test with the patience of the command line.
func waiting(t *testing.T, f *fake, run func(t *testing.T, b *inbox.Inbox, s *store.Store)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) { patient(t, 0, path, []*fake{f}, run) })
}

func deliver(t *testing.T, b *inbox.Inbox, ids []string) []model.OutboxEntry {
	t.Helper()
	var out []model.OutboxEntry
	if err := b.Deliver(context.Background(), ids, func(r model.DeliveryResult) { out = append(out, r.Entry) }); err != nil {
		t.Fatalf("delivering the edits: %v", err)
	}
	return out
}

func TestDeliverWaitsForEditsThatSettleSoon(t *testing.T) {
	for name, tc := range map[string]struct {
		err    func() *model.Error
		want   model.EditState
		atMost time.Duration
	}{
		"a lost answer": {func() *model.Error { return &model.Error{Kind: model.UnknownOutcome} }, model.Done, 3 * time.Second},
		"a short pause": {func() *model.Error {
			return &model.Error{Kind: model.RateLimited, RetryAt: time.Now().Add(5 * time.Second)}
		}, model.Done, 6 * time.Second},
		"a long pause": {func() *model.Error {
			return &model.Error{Kind: model.RateLimited, RetryAt: time.Now().Add(10 * time.Minute)}
		}, model.RetryAt, time.Second},
		"nobody there":     {func() *model.Error { return &model.Error{Kind: model.Unavailable} }, model.RetryAt, time.Second},
		"a rejected token": {func() *model.Error { return &model.Error{Kind: model.Unauthorized} }, model.RetryAt, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			waiting(t, f, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				b.Sync(context.Background())
				ids := submit(t, b, f.ref("1"), title("mine"))
				f.onApply = func() (error, bool) {
					f.onApply = nil
					return tc.err(), false
				}
				began := time.Now()
				out := deliver(t, b, ids)
				if len(out) != 1 || out[0].State != tc.want {
					t.Errorf("the delivery reported %s, want one edit that is %s", inWords(out...), tc.want)
				}
				if took := time.Since(began); took > tc.atMost {
					t.Errorf("the delivery waited %v, want at most %v", took, tc.atMost)
				}
			})
		})
	}
}

func TestEditBehindAHeldOneExplainsIt(t *testing.T) {
	f := newFake("projects", "Kick-off")
	waiting(t, f, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		submit(t, b, f.ref("1"), title("first"))
		if _, err := s.HoldOld(ctx, time.Now().Add(time.Hour)); err != nil {
			t.Fatalf("holding the old edits: %v", err)
		}
		out := deliver(t, b, submit(t, b, f.ref("1"), title("second")))
		if len(out) != 1 || out[0].State != model.Queued || out[0].Error == nil ||
			out[0].Error.Message != "waits for the earlier change of its title, which is held: "+model.HeldMeans {
			t.Errorf("the delivery reported %s, want one edit that is %s and waits for the earlier change of its title, which is held",
				inWords(out...), model.Queued)
		}
	})
}

func TestARefusedEditDoesNotStopTheNextOne(t *testing.T) {
	f := newFake("projects", "Kick-off")
	waiting(t, f, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Sync(context.Background())
		f.onApply = func() (error, bool) {
			f.onApply = nil
			return &model.Error{Kind: model.Invalid, Message: "too long"}, false
		}
		if out := deliver(t, b, submit(t, b, f.ref("1"), title("much too long"))); out[0].State != model.Refused {
			t.Fatalf("a title that the service refuses ended as %s, want %s: %s", out[0].State, model.Refused, inWords(out...))
		}
		if out := deliver(t, b, submit(t, b, f.ref("1"), title("short"))); out[0].State != model.Done || f.get("1").Title != "short" {
			t.Errorf("the edit after the refused one ended as %s (want %s), and the service has the title %q (want short): %s",
				out[0].State, model.Done, f.get("1").Title, inWords(out...))
		}
	})
}

func TestRetryAfterHoldsEveryProcess(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Sync(context.Background())
			f.onApply = func() (error, bool) {
				f.onApply = nil
				return &model.Error{Kind: model.RateLimited, RetryAt: time.Now().Add(10 * time.Minute)}, false
			}
			deliver(t, b, submit(t, b, f.ref("1"), title("mine")))
		})
		loads, _ := f.count()
		lists := f.lists
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			ctx := context.Background()
			if err := b.Sync(ctx); model.KindOf(err) != model.RateLimited {
				t.Errorf("a sync during the pause that the service asked for: error %v, want the kind %s", err, model.RateLimited)
			}
			if _, err := b.Load(ctx, f.ref("1"), 0); model.KindOf(err) != model.RateLimited {
				t.Errorf("a load during the pause that the service asked for: error %v, want the kind %s", err, model.RateLimited)
			}
			deliver(t, b, submit(t, b, f.ref("2"), title("another")))
			if now, applies := f.count(); now != loads || applies != 1 || f.lists != lists {
				t.Errorf("during the pause the service was asked for %d reads, %d writes and %d lists, want none",
					now-loads, applies-1, f.lists-lists)
			}
			time.Sleep(11 * time.Minute)
			if err := b.Sync(ctx); err != nil {
				t.Errorf("a sync after the pause: error %v, want none", err)
			}
		})
	})
}

func TestPartlyAppliedEditIsFinished(t *testing.T) {
	f := newFake("projects", "Kick-off")
	waiting(t, f, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Sync(context.Background())
		two := []model.Participant{{Kind: "user", ID: "8", Name: "Bea"}, {Kind: "user", ID: "9", Name: "Eve"}}
		ids := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: two}})
		f.onApply = func() (error, bool) {
			f.onApply = nil
			c := f.convs["1"].Clone() // the first of two requests went through
			c.Participants.Items = append(c.Participants.Items, model.Participant{Kind: "user", ID: "8", Role: model.RoleViewer})
			f.convs["1"] = c
			return &model.Error{Kind: model.UnknownOutcome}, false
		}
		if out := deliver(t, b, ids); out[0].State != model.Done || len(f.get("1").Participants.Items) != 3 {
			t.Errorf("the partly applied edit ended as %s, want %s, and the service has the people %+v, want 3: %s",
				out[0].State, model.Done, f.get("1").Participants.Items, inWords(out[0]))
		}
		// The journal tells what was there before the first request, so that an
		// undo takes all of it back.
		u, err := b.PlanUndo(context.Background(), ids[0], model.PlanOptions{})
		if err != nil || len(u.Plan.Items) != 1 || len(u.Plan.Items[0].Edits[0].Target.Set()) != 1 {
			t.Errorf("the undo of the edit is %+v, want one item that restores the one person from before, error %v", u, err)
		}
	})
}

func TestLostCreateIgnoresOlderConversations(t *testing.T) {
	f := newFake("projects", "Lift inspection") // no creation time that could tell them apart
	waiting(t, f, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) {
			f.onApply = nil
			return &model.Error{Kind: model.UnknownOutcome}, false
		}
		p, err := b.PlanCreate(ctx, "projects", model.NewConversation{Title: "Lift inspection", Message: "a body that is kept nowhere"}, model.PlanOptions{})
		if err != nil {
			t.Fatalf("planning the new conversation: %v", err)
		}
		ids, err := b.Submit(ctx, p)
		if err != nil {
			t.Fatalf("submitting the plan: %v", err)
		}
		if out := deliver(t, b, ids); out[0].State != model.Done || len(f.convs) != 2 {
			t.Errorf("a lost create ended as %s (want %s), and the service has %d conversations (want 2): %s",
				out[0].State, model.Done, len(f.convs), inWords(out...))
		}
		for _, j := range history(t, b) {
			if n := j.Target.New; n == nil || n.Message != "" || j.After.New.Message != "" {
				t.Errorf("the history keeps the message of a new conversation, want it empty: %+v", j)
			}
		}
	})
}

func TestRetryOfAHalfRefusedSetSendsTheRest(t *testing.T) {
	f := newFake("projects", "Kick-off")
	waiting(t, f, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		two := []model.Participant{{Kind: "user", ID: "8", Name: "Bea"}, {Kind: "user", ID: "9", Name: "Eve"}}
		ids := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: two}})
		f.onApply = func() (error, bool) {
			f.onApply = nil
			c := f.convs["1"].Clone()
			c.Participants.Items = append(c.Participants.Items, model.Participant{Kind: "user", ID: "8", Role: model.RoleViewer})
			f.convs["1"] = c
			return &model.Error{Kind: model.Invalid, Message: "the second was refused"}, false
		}
		if out := deliver(t, b, ids); out[0].State != model.Refused {
			t.Fatalf("a half refused set of people ended as %s, want %s: %s", out[0].State, model.Refused, inWords(out[0]))
		}
		if _, err := b.Decide(ctx, model.DecideRetry, named(ids...)...); err != nil {
			t.Fatalf("retrying the edit: %v", err)
		}
		if out := deliver(t, b, ids); out[0].State != model.Done || len(f.get("1").Participants.Items) != 3 {
			t.Errorf("the retry ended as %s, want %s, and the service has the people %+v, want 3: %s",
				out[0].State, model.Done, f.get("1").Participants.Items, inWords(out[0]))
		}
	})
}

func TestRelativeChangeIsPlannedFromAFreshRead(t *testing.T) {
	f := newFake("projects", "Kick-off")
	waiting(t, f, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		if _, err := b.Load(ctx, f.ref("1"), model.NeedParticipants); err != nil {
			t.Fatalf("reading the conversation: %v", err)
		}
		bea := model.Participant{Kind: "user", ID: "8", Role: model.RoleViewer}
		f.change("1", func(c *model.Conversation) { c.Participants = model.SetOf(bea) })
		p, err := b.Plan(ctx, []model.Ref{f.ref("1")}, []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd,
			People: []model.Participant{{Kind: "user", ID: "9"}}}}, model.PlanOptions{})
		if err != nil || len(p.Items[0].Edits) != 1 || !model.SamePeople(p.Items[0].Edits[0].Base.Set(), []model.Participant{bea}) {
			t.Errorf("the plan is %+v, want one edit whose base is Bea alone, as the service has it now; error %v", p.Items, err)
		}
	})
}
