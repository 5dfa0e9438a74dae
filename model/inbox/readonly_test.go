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
			t.Fatalf("reading the conversation: %v", err)
		}
		for k, c := range b.Capabilities(f.get("1")) {
			if c.Can() || !strings.Contains(c.Reason, "read-only") {
				t.Errorf("a read-only account allows the edit kind %s: %t (want false), with the reason %q (want one that says read-only)",
					k, c.Can(), c.Reason)
			}
		}
		for dry, want := range map[bool]model.PlanState{true: model.PlanChange, false: model.PlanBlocked} {
			o := model.PlanOptions{DryRun: dry}
			edit, err := b.Plan(ctx, []model.Ref{f.ref("1")}, title("New"), o)
			if err != nil {
				t.Fatalf("planning the edit: %v", err)
			}
			people, err := b.Plan(ctx, []model.Ref{f.ref("1")}, []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd,
				People: []model.Participant{{Kind: "user", ID: "9"}}}}, o)
			if err != nil {
				t.Fatalf("planning the edit: %v", err)
			}
			create, err := b.PlanCreate(ctx, "projects", model.NewConversation{Title: "Lift"}, o)
			if err != nil {
				t.Fatalf("planning the new conversation: %v", err)
			}
			for _, p := range []model.Plan{edit, people, create} {
				it := p.Items[0]
				if it.State != want || want == model.PlanBlocked && it.Reason != "the account is read-only in the config" {
					t.Errorf("dry run %t: the plan is %s with the reason %q, want %s; if blocked, because the account is read-only in the config",
						dry, it.State, it.Reason, want)
				}
			}
			// What the service cannot do stays so.
			nobody := []model.Change{{Kind: model.EditContacts, Op: model.OpSet, Target: model.PeopleValue(nil)}}
			p, err := b.Plan(ctx, []model.Ref{f.ref("1")}, nobody, o)
			if err != nil || p.Items[0].State != model.PlanBlocked || dry && p.Items[0].Reason != "no contacts here" {
				t.Errorf("dry run %t: the plan of an edit that the service cannot do is %s with the reason %q, want %s; in a dry run, because of no contacts here; error %v",
					dry, p.Items[0].State, p.Items[0].Reason, model.PlanBlocked, err)
			}
		}
		if _, applies := f.count(); applies != 0 {
			t.Errorf("the service of a read-only account was written to %d times, want 0", applies)
		}
	})
}
