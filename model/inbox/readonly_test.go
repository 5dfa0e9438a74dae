package inbox_test

import (
	"context"
	"strings"
	"testing"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// A dry run shows what would be sent to a read-only account; nothing is sent.
func TestReadOnlyAccountAllowsOnlyDryRuns(t *testing.T) {
	f := newFake("projects", "Kick-off")
	f.desc.ReadOnly = true
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		if _, err := b.Load(ctx, f.ref("1"), 0); err != nil {
			t.Fatal(err)
		}
		for k, c := range b.Capabilities(f.get("1")) {
			if c.Can() || !strings.Contains(c.Reason, "read-only") {
				t.Errorf("k is %s, c is %+v", k, c)
			}
		}
		for dry, want := range map[bool]model.PlanState{true: model.PlanChange, false: model.PlanBlocked} {
			o := model.PlanOptions{DryRun: dry}
			edit, err := b.Plan(ctx, []model.Ref{f.ref("1")}, title("New"), o)
			if err != nil {
				t.Fatal(err)
			}
			people, err := b.Plan(ctx, []model.Ref{f.ref("1")}, []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd,
				People: []model.Participant{{Kind: "user", ID: "9"}}}}, o)
			if err != nil {
				t.Fatal(err)
			}
			create, err := b.PlanCreate(ctx, "projects", model.NewConversation{Title: "Lift"}, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []model.Plan{edit, people, create} {
				it := p.Items[0]
				if it.State != want || want == model.PlanBlocked && it.Reason != "the account is read-only in the config" {
					t.Errorf("dry run %t: %s, %q", dry, it.State, it.Reason)
				}
			}
			// What the service cannot do stays so.
			nobody := []model.Change{{Kind: model.EditContacts, Op: model.OpSet, Target: model.PeopleValue(nil)}}
			p, err := b.Plan(ctx, []model.Ref{f.ref("1")}, nobody, o)
			if err != nil || p.Items[0].State != model.PlanBlocked || dry && p.Items[0].Reason != "no contacts here" {
				t.Errorf("dry run %t: %+v, %v", dry, p.Items[0], err)
			}
		}
		if _, applies := f.count(); applies != 0 {
			t.Errorf("%d writes (want 0)", applies)
		}
	})
}
