package inbox_test

import (
	"context"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// hidePrivacy makes the service leave a field out of its answers.
func hidePrivacy(c *model.Conversation) { c.Privacy = "" }

// Without the current value, nobody can tell whether somebody else has changed it.
func TestAnEditOfAFieldThatIsNotShownIsNotSent(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Sync(context.Background())
		ids := submit(t, b, f.ref("1"), privacy(model.PrivacyPrivate))
		f.change("1", hidePrivacy)
		out := deliver(t, b, ids)
		if _, applies := f.count(); applies != 0 || len(out) != 1 || out[0].State != model.Refused || out[0].Sent {
			t.Errorf("the service was written to %d times (want 0), and the delivery reported %s, want one edit that is %s and was never sent",
				applies, inWords(out...), model.Refused)
		}
	})
}

// The request of the first try has left, so the edit may have taken effect.
func TestALostEditOfAFieldThatIsNotShownIsUnknown(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) { f.onApply = nil; return &model.Error{Kind: model.UnknownOutcome}, true }
		ids := submit(t, b, f.ref("1"), privacy(model.PrivacyPrivate))
		deliver(t, b, ids)
		time.Sleep(time.Minute)
		f.change("1", hidePrivacy)
		out := deliver(t, b, ids)
		if len(out) != 1 || out[0].State != model.OutcomeNotKnown || !outbox(t, b)[0].Sent {
			t.Fatalf("the second try reported %s, and the outbox holds %s; want one edit that is %s and was sent",
				inWords(out...), inWords(outbox(t, b)...), model.OutcomeNotKnown)
		}
		f.change("1", func(c *model.Conversation) { c.Privacy = model.PrivacyPrivate })
		if err := b.Retry(ctx, ids...); err != nil {
			t.Fatalf("retrying the edit: %v", err)
		}
		out = deliver(t, b, ids)
		if _, applies := f.count(); applies != 1 || len(out) != 1 || out[0].State != model.Done {
			t.Errorf("once the service shows the field, it was written to %d times (want once), and the delivery reported %s, want one edit that is %s",
				applies, inWords(out...), model.Done)
		}
	})
}

// What the service did not show is not taken for an empty value, which a person would then choose or merge with.
func TestAWriteWhoseFieldIsNotShownIsUnverified(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Sync(context.Background())
		f.ignore = true
		f.onApply = func() (error, bool) {
			c := f.convs["1"]
			c.Participants = model.Set[model.Participant]{}
			f.convs["1"] = c
			return nil, true
		}
		out := deliver(t, b, submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{bob}}}))
		if len(out) != 1 || out[0].State != model.NotVerified || out[0].Theirs != nil {
			t.Errorf("the delivery reported %s, want one edit that is %s without a value of the service", inWords(out...), model.NotVerified)
		}
	})
}
