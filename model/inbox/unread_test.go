package inbox_test

import (
	"context"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// A service may leave the edited field out of its answers.
func TestAFieldThatIsNotShown(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget", "Retro")
	hide := func(c *model.Conversation) { c.Privacy = "" }
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		// Without the current value, nobody can tell whether somebody else has changed it.
		ids := submit(t, b, f.ref("1"), privacy(model.PrivacyPrivate))
		f.change("1", hide)
		out := deliver(t, b, ids)
		if _, applies := f.count(); applies != 0 || len(out) != 1 || out[0].State != model.Refused || out[0].Sent {
			t.Errorf("before any request: the service was written to %d times (want 0), and the delivery reported %s, want one edit that is %s and was never sent",
				applies, inWords(out...), model.Refused)
		}
		// The request of the first try has left, so the edit may have taken effect.
		f.onApply = func() (error, bool) { f.onApply = nil; return &model.Error{Kind: model.UnknownOutcome}, true }
		ids = submit(t, b, f.ref("2"), privacy(model.PrivacyPrivate))
		deliver(t, b, ids)
		time.Sleep(time.Minute)
		f.change("2", hide)
		out = deliver(t, b, ids)
		if len(out) != 1 || out[0].State != model.OutcomeNotKnown || !outbox(t, b)[1].Sent {
			t.Fatalf("after a lost answer: the delivery reported %s, and the outbox holds %s; want one edit that is %s and was sent",
				inWords(out...), inWords(outbox(t, b)...), model.OutcomeNotKnown)
		}
		f.change("2", func(c *model.Conversation) { c.Privacy = model.PrivacyPrivate })
		if _, err := b.Decide(ctx, model.DecideRetry, named(ids...)...); err != nil {
			t.Fatalf("retrying the edit: %v", err)
		}
		out = deliver(t, b, ids)
		if _, applies := f.count(); applies != 1 || len(out) != 1 || out[0].State != model.Done {
			t.Errorf("once the field is shown: the service was written to %d times (want once), and the delivery reported %s, want one edit that is %s",
				applies, inWords(out...), model.Done)
		}
		// What was not shown is not taken for an empty value, which a person would then choose or merge with.
		f.ignore = true
		f.onApply = func() (error, bool) {
			c := f.convs["3"]
			c.Participants = model.Set[model.Participant]{}
			f.convs["3"] = c
			return nil, true
		}
		out = deliver(t, b, submit(t, b, f.ref("3"), []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{bob}}}))
		if len(out) != 1 || out[0].State != model.NotVerified || out[0].Theirs != nil {
			t.Errorf("after the write: the delivery reported %s, want one edit that is %s without a value of the service", inWords(out...), model.NotVerified)
		}
	})
}
