package inbox_test

import (
	"context"
	"testing"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// An edit that waits for another of its submission says so. If the user undoes the other
// one, it is held, not sent.
func TestWideningEditExplainsWhatItWaitsFor(t *testing.T) {
	f := newFake("projects", "Kick-off")
	waiting(t, f, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.change("1", func(c *model.Conversation) { c.Privacy = model.PrivacyPrivate })
		b.Sync(ctx)
		f.onApply = func() (error, bool) {
			return &model.Error{Kind: model.Forbidden, Message: "only the owner may"}, false
		}
		ids := submit(t, b, f.ref("1"), append(title("mine"), model.Change{Kind: model.EditPrivacy, Target: model.TextValue("public")}))
		deliver(t, b, ids)
		out, err := b.OutboxOf(ctx, f.ref("1"))
		if err != nil || len(out) != 2 {
			t.Fatalf("out is %+v, error %v", out, err)
		}
		const want = "waits for the change of its title that was submitted with it, " +
			"which is refused: only the owner may"
		if e := out[1].Error; e == nil || e.Message != want {
			t.Errorf("e is %+v", e)
		}
		sub, ok, err := b.Submission(ctx, out[0].Submission)
		if err != nil || !ok || sub.Problem == nil || sub.Problem.ID != ids[0] || sub.NeedPerson != 1 || sub.Waiting != 1 {
			t.Errorf("sub is %+v, error %v", sub, err)
		}
		u, err := b.PlanUndo(ctx, ids[0], model.PlanOptions{})
		if err != nil || len(u.Withdraw) != 1 {
			t.Fatalf("u is %+v, error %v", u, err)
		}
		if _, err := b.ApplyUndo(ctx, u); err != nil {
			t.Fatal(err)
		}
		f.onApply = nil
		if err := b.SyncNow(ctx, false, func(model.DeliveryResult) {}); err != nil {
			t.Fatal(err)
		}
		if out, _ := b.OutboxOf(ctx, f.ref("1")); len(out) != 1 || out[0].State != model.Held || f.get("1").Privacy != model.PrivacyPrivate {
			t.Errorf("%+v, and the service has it %s (want %v)", out, f.get("1").Privacy, model.PrivacyPrivate)
		}
	})
}

// A submission says so without an attempt of its own.
func TestSubmissionExplainsThatItsAccountIsUnreachable(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	waiting(t, f, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) { return &model.Error{Kind: model.Unavailable, Message: "down"}, false }
		deliver(t, b, submit(t, b, f.ref("1"), title("mine")))
		submit(t, b, f.ref("2"), title("another"))
		subs, err := b.Pending(ctx)
		if err != nil || len(subs) != 2 {
			t.Fatalf("subs is %+v, error %v", subs, err)
		}
		for _, sub := range subs {
			if p := sub.Problem; p == nil || p.Error.Kind != model.Unavailable || p.NextTry.IsZero() {
				t.Errorf("sub.Sentence is %s, p is %+v", sub.Sentence, p)
			}
		}
	})
}
