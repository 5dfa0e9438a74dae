package inbox_test

import (
	"context"
	"errors"
	"testing"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// A plan finds the people whom a change names: in each conversation as it is read for the plan, else in the directory of the
// service, which is asked once.
func TestPlanFindsThePeopleThatAreNamed(t *testing.T) {
	f := newFake("projects", "Kick-off", "Review")
	f.desc.People = []model.LookupKind{model.LookupUsers}
	f.directory = []model.Participant{{Kind: "user", ID: "7", Name: "Zoe"}}
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx, refs := context.Background(), []model.Ref{f.ref("1"), f.ref("2")}
		if err := b.Sync(ctx); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		// Somebody added another Zoe to the second conversation since.
		f.change("2", func(c *model.Conversation) {
			c.Participants.Items = append(c.Participants.Items, model.Participant{Kind: "user", ID: "9", Name: "Zoe", Role: model.RoleViewer})
		})
		named := func(op model.ChangeOp, who string) []model.Change {
			return []model.Change{{Kind: model.EditParticipants, Op: op, Queries: []model.PersonQuery{{Text: who}}, People: []model.Participant{{Role: model.RoleEditor}}}}
		}
		before, _ := f.count()
		plan, err := b.Plan(ctx, refs, named(model.OpAdd, "zoe"), model.PlanOptions{})
		if err != nil {
			t.Fatalf("planning: %v", err)
		}
		for i, id := range []string{"7", "9"} {
			people := plan.Items[i].Edits[0].Target.Set()
			if last := people[len(people)-1]; last.ID != id || last.Role != model.RoleEditor {
				t.Errorf("%s: the last of the people is %+v, want the user %s as editor", refs[i], last, id)
			}
		}
		if loads, _ := f.count(); loads-before != 2 || f.lookups != 1 {
			t.Errorf("the plan took %d reads and %d lookups, want 2 and 1", loads-before, f.lookups)
		}
		plan, err = b.Plan(ctx, refs[:1], named(model.OpAlter, "Zed"), model.PlanOptions{})
		if err != nil {
			t.Fatalf("planning: %v", err)
		}
		who, ok := errors.AsType[*model.PersonQueryError](plan.Items[0].Err)
		if plan.Items[0].State != model.PlanBlocked || !ok || !who.Nobody {
			t.Errorf("a name that is nobody's is planned as %+v, want blocked because it is nobody", plan.Items[0])
		}
	})
}
