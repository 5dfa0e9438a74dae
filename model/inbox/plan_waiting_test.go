package inbox_test

import (
	"context"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// Rows show pending edits. A plan for the same change must say that the service does not
// have it yet: a user who asks for a held "private" again must not read that it is private
// already.
func TestPlanNamesPendingEditsThatDoTheSame(t *testing.T) {
	f := newFake("projects", "Kick-off")
	waiting(t, f, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), privacy(model.PrivacyPrivate))
		if _, err := s.HoldOld(ctx, time.Now().Add(time.Hour)); err != nil {
			t.Fatalf("holding the old edits: %v", err)
		}
		plan := func(changes []model.Change) model.PlanItem {
			t.Helper()
			p, err := b.Plan(ctx, []model.Ref{f.ref("1")}, changes, model.PlanOptions{})
			if err != nil {
				t.Fatalf("planning the edit: %v", err)
			}
			return p.Items[0]
		}
		it := plan(privacy(model.PrivacyPrivate))
		if it.State != model.PlanAlready || len(it.Waiting) != 1 || it.Waiting[0].ID != ids[0] || it.Waiting[0].State != model.Held {
			t.Errorf("the plan of what a held edit already does is %s and waits for %s, want %s and the edit %s, which is %s",
				it.State, inWords(it.Waiting...), model.PlanAlready, ids[0], model.Held)
		}
		if it = plan(title("other")); len(it.Waiting) != 0 {
			t.Errorf("the plan for another field waits for %s, want no edit", inWords(it.Waiting...))
		}
		if it = plan(privacy(model.PrivacyPublic)); len(it.Waiting) != 0 || it.State != model.PlanChange {
			t.Errorf("the plan of the opposite is %s and waits for %s, want %s and no edit", it.State, inWords(it.Waiting...), model.PlanChange)
		}
	})
}
