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
			t.Fatalf("the outbox of the conversation holds %d edits, want 2, error %v: %s", len(out), err, inWords(out...))
		}
		const want = "waits for the change of its title that was submitted with it, " +
			"which is refused: only the owner may"
		if e := out[1].Error; e == nil || e.Message != want {
			t.Errorf("the error of the edit that waits says %q, want %q", e.Words(), want)
		}
		sub, ok, err := b.Submission(ctx, out[0].Submission)
		if err != nil || !ok || sub.Problem == nil || sub.Problem.ID != ids[0] || sub.NeedPerson != 1 || sub.Waiting != 1 {
			t.Errorf("the submission: found %t, error %v, %d edits for a person (want 1), %d waiting (want 1), and its problem is %s (want the refused edit %s)",
				ok, err, sub.NeedPerson, sub.Waiting, problem(sub), ids[0])
		}
		u, err := b.PlanUndo(ctx, ids[0], model.PlanOptions{})
		if err != nil || len(u.Withdraw) != 1 {
			t.Fatalf("the undo of the refused edit withdraws %d edits, want 1, error %v", len(u.Withdraw), err)
		}
		if _, err := b.ApplyUndo(ctx, u); err != nil {
			t.Fatalf("applying the undo: %v", err)
		}
		f.onApply = nil
		if err := b.SyncNow(ctx, false, func(model.DeliveryResult) {}); err != nil {
			t.Fatalf("syncing now: %v", err)
		}
		if out, _ := b.OutboxOf(ctx, f.ref("1")); len(out) != 1 || out[0].State != model.Held || f.get("1").Privacy != model.PrivacyPrivate {
			t.Errorf("after the undo of the edit that it waited for, the outbox holds %s (want one edit that is %s), and the conversation is %s (want %s)",
				inWords(out...), model.Held, f.get("1").Privacy, model.PrivacyPrivate)
		}
	})
}

// The submission says so even if none of its own edits was tried.
func TestSubmissionExplainsThatItsAccountIsUnreachable(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	waiting(t, f, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) { return &model.Error{Kind: model.Unavailable, Message: "down"}, false }
		deliver(t, b, submit(t, b, f.ref("1"), title("mine")))
		submit(t, b, f.ref("2"), title("another"))
		subs, _, err := b.Changed(ctx, 0, 0)
		if err != nil || len(subs) != 2 {
			t.Fatalf("%d submissions are pending, want 2, error %v", len(subs), err)
		}
		for _, sub := range subs {
			if p := sub.Problem; p == nil || p.Error.Kind != model.Unavailable || p.NextTry.IsZero() {
				t.Errorf("the problem of the submission %q is %s, want an edit with the error kind %s and a next try",
					sub.Sentence, problem(sub), model.Unavailable)
			}
		}
		// The config gives the name of the account to another workspace.
		_, _, err = s.OpenAccount(ctx, "projects", "another")
		must(t, err)
		for _, sub := range subs {
			sub = submission(t, b, sub.ID)
			if p := sub.Problem; p == nil || p.State != model.Held || p.Error.Words() != model.OrphanedMeans {
				t.Errorf("the problem of the submission %q, whose account was set aside, is %s, want an edit that is %s and says %q",
					sub.Sentence, problem(sub), model.Held, model.OrphanedMeans)
			}
		}
		all, err := b.Outbox(ctx)
		if err != nil || len(all) != 2 || all[0].Error.Words() != model.OrphanedMeans {
			t.Errorf("the outbox holds %s, want two edits that say %q, error %v", inWords(all...), model.OrphanedMeans, err)
		}
	})
}

// Labels are sent as a whole map, one at a time.
func TestLabelExplainsThatItWaitsForAnother(t *testing.T) {
	f := newFake("projects", "Kick-off")
	f.change("1", func(c *model.Conversation) { c.Labels = map[string]string{} })
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		label := func(key string) []model.Change {
			return []model.Change{{Kind: model.EditLabels, Key: key, Op: model.OpSet, Target: model.TextValue("yes")}}
		}
		submit(t, b, f.ref("1"), label("won"))
		if claimed, err := s.Claim(ctx, "projects", nil); err != nil || len(claimed) != 1 {
			t.Fatalf("%d edits were claimed, want 1, error %v", len(claimed), err)
		}
		submit(t, b, f.ref("1"), label("lost"))
		out, err := b.OutboxOf(ctx, f.ref("1"))
		const want = "waits for another change of its labels, which is being sent"
		if err != nil || len(out) != 2 || out[1].Error.Words() != want {
			t.Errorf("the outbox of the conversation holds %s, want two edits of which the second says %q, error %v", inWords(out...), want, err)
		}
	})
}

func TestConflictNamesTheLabel(t *testing.T) {
	f := newFake("projects", "Kick-off")
	f.change("1", func(c *model.Conversation) { c.Labels = map[string]string{} })
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Sync(t.Context())
		label := model.Change{Kind: model.EditLabels, Key: "won", Op: model.OpSet, Target: model.TextValue("yes")}
		ids := submit(t, b, f.ref("1"), []model.Change{label})
		f.change("1", func(c *model.Conversation) { c.Labels = map[string]string{"won": "no"} })
		const want = "the value of the label won was changed by somebody else meanwhile"
		if out := deliver(t, b, ids); len(out) != 1 || out[0].Error.Words() != want {
			t.Errorf("delivered %s, want a conflict that says %q", inWords(out...), want)
		}
	})
}
