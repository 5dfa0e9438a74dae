package inbox_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

func TestUndo(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		// Not yet sent: withdrawn, the service is never asked.
		submit(t, b, f.ref("2"), title("oops"))
		u, err := b.PlanUndo(ctx, "", model.PlanOptions{})
		if err != nil || len(u.Withdraw) != 1 || len(u.Plan.Items) != 0 {
			t.Fatalf("undo of a queued edit: %+v %v", u, err)
		}
		if _, err := b.ApplyUndo(ctx, u); err != nil {
			t.Fatal(err)
		}
		if got, _ := shownTitle(t, b, f.ref("2")); got != "Budget" {
			t.Errorf("after the withdrawal the row shows %q (want Budget)", got)
		}
		// Delivered: the inverse goes the same road.
		ids := submit(t, b, f.ref("1"), title("mine"))
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		u, err = b.PlanUndo(ctx, "", model.PlanOptions{})
		if err != nil || len(u.Plan.Items) != 1 || u.Plan.Items[0].Title != "mine" || len(u.Titles) != 0 {
			t.Fatalf("undo of a delivered edit: %+v %v", u, err)
		}
		ids, err = b.ApplyUndo(ctx, u)
		if err != nil {
			t.Fatal(err)
		}
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if got := f.get("1").Title; got != "Kick-off" {
			t.Errorf("after the undo the service has %q (want Kick-off)", got)
		}
		if h := history(t, b); h[len(h)-1].Undone != ids[0] {
			t.Errorf("the journal does not say that it was undone: %+v", h)
		}
		if _, err := b.PlanUndo(ctx, "", model.PlanOptions{}); model.KindOf(err) != model.NotFound {
			t.Errorf("a third undo: %v", err)
		}
	})
}

func TestWideningUndoAsks(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditPrivacy, Op: model.OpSet, Target: model.TextValue("private")}})
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		u, err := b.PlanUndo(ctx, ids[0], model.PlanOptions{})
		if err != nil || !u.Plan.Risky() {
			t.Errorf("making it public again is not asked about: %+v %v", u, err)
		}
	})
}

func TestUndoRevertsOnlyConfabsChanges(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget", "Retro")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		// It was so already when the edit came: nothing to take back.
		already := submit(t, b, f.ref("1"), title("theirs"))
		f.change("1", func(c *model.Conversation) { c.Title = "theirs" })
		b.Deliver(ctx, already, func(model.DeliveryResult) {})
		if u, err := b.PlanUndo(ctx, already[0], model.PlanOptions{}); err != nil || len(u.Plan.Items)+len(u.Withdraw) != 0 {
			t.Errorf("undo of what was already so: %+v %v", u, err)
		}
		// It may have left: its inverse waits until what became of it is known.
		f.onApply = func() (error, bool) { f.onApply = nil; return &model.Error{Kind: model.UnknownOutcome}, true }
		lost := submit(t, b, f.ref("2"), title("mine"))
		b.Deliver(ctx, lost, func(model.DeliveryResult) {})
		if u, err := b.PlanUndo(ctx, lost[0], model.PlanOptions{}); err != nil || len(u.Withdraw) != 0 || u.InFlight != 1 {
			t.Errorf("undo of what may have been sent: %+v %v", u, err)
		}
		// It was taken back before: not twice.
		ids := submit(t, b, f.ref("3"), title("mine"))
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		u, err := b.PlanUndo(ctx, ids[0], model.PlanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		back, err := b.ApplyUndo(ctx, u)
		if err != nil {
			t.Fatal(err)
		}
		b.Deliver(ctx, back, func(model.DeliveryResult) {})
		if u, err := b.PlanUndo(ctx, ids[0], model.PlanOptions{}); err != nil || len(u.Plan.Items) != 0 || len(u.Blocked) != 1 {
			t.Errorf("a second undo: %+v %v", u, err)
		}
	})
}

// What somebody else took back of it first is not part of what the undo did, so
// that taking the undo back does not bring it about again.
func TestLostUndoIsComparedWithItsOwnEffect(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{bob, eve}}})
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		f.change("1", func(c *model.Conversation) { c.Participants = model.SetOf(ada, eve) })
		u, err := b.PlanUndo(ctx, ids[0], model.PlanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		back, err := b.ApplyUndo(ctx, u)
		if err != nil {
			t.Fatal(err)
		}
		f.onApply = func() (error, bool) { f.onApply = nil; return &model.Error{Kind: model.UnknownOutcome}, false }
		b.Deliver(ctx, back, func(model.DeliveryResult) {})
		time.Sleep(time.Minute)
		b.Deliver(ctx, back, func(model.DeliveryResult) {})
		if got := f.get("1").Participants.Items; !model.SamePeople(got, []model.Participant{ada}) {
			t.Fatalf("after the undo the service has %v", got)
		}
		if j := history(t, b)[0]; !model.SamePeople(j.Before.Set(), []model.Participant{ada, eve}) {
			t.Errorf("history says that the undo met %v", j.Before.Set())
		}
	})
}

// What is delivered faster than an undo is planned stops moving: what is not sent
// yet is withdrawn first.
func TestAnUndoPlannedAgainWithdrawsFirst(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget", "Retro")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		p, err := b.Plan(ctx, []model.Ref{f.ref("1"), f.ref("2"), f.ref("3")}, title("mine"), model.PlanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ids, err := b.Submit(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		u, err := b.PlanUndo(ctx, p.ID, model.PlanOptions{})
		if err != nil || len(u.Withdraw) != 3 {
			t.Fatalf("u is %v, err is %v", u, err)
		}
		b.Deliver(ctx, ids[:1], func(model.DeliveryResult) {})
		if _, err := b.ApplyUndo(ctx, u); !errors.Is(err, model.ErrUndoMoved) {
			t.Fatal(err)
		}
		told := 0
		again, err := b.PlanUndo(ctx, p.ID, model.PlanOptions{Was: &u, Progress: func(done, _ int) { told = done }})
		withdrawn := again.Withdrawn
		if err != nil || len(withdrawn) != 2 || slices.Contains(withdrawn, ids[0]) || told != 3 || len(again.Plan.Edits()) != 1 {
			t.Fatalf("withdrawn is %v, told is %v, again is %v, err is %v", withdrawn, told, again, err)
		}
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if back, err := b.ApplyUndo(ctx, again); err != nil || len(back) != 1 {
			t.Errorf("back is %v, err is %v", back, err)
		}
	})
}
