package inbox_test

import (
	"slices"
	"testing"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// A dry run shows no request for an edit that a delivery would stop, and says why.
func TestRequestsLeaveOutWhatWouldNotBeSent(t *testing.T) {
	theirs := func(c *model.Conversation) { c.Title = "Theirs" }
	stopped := []string{"the title was changed by somebody else meanwhile; it is now “Theirs”"}
	widening := append(title("New"), model.Change{Kind: model.EditPrivacy, Op: model.OpSet, Target: model.TextValue("public")})
	for name, x := range map[string]struct {
		changes   []model.Change
		pending   []model.Change              // in the outbox when the plan is made
		meanwhile func(c *model.Conversation) // what somebody does between the plan and the dry run
		want      int
		stops     []string
	}{
		"the field changed":          {title("New"), nil, theirs, 0, stopped},
		"the field is so already":    {title("New"), nil, func(c *model.Conversation) { c.Title = "New" }, 0, nil},
		"what widens waits":          {widening, nil, theirs, 0, stopped},
		"both":                       {widening, nil, func(*model.Conversation) {}, 2, nil},
		"an earlier edit is pending": {title("New"), title("first"), func(*model.Conversation) {}, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			f.single = true
			f.change("1", func(c *model.Conversation) { c.Privacy = model.PrivacyPrivate })
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				b.Sync(t.Context())
				if x.pending != nil {
					submit(t, b, f.ref("1"), x.pending)
				}
				p, err := b.Plan(t.Context(), []model.Ref{f.ref("1")}, x.changes, model.PlanOptions{DryRun: true})
				if err != nil {
					t.Fatalf("planning: %v", err)
				}
				f.change("1", x.meanwhile)
				p, err = b.Requests(t.Context(), p)
				if it := p.Items[0]; err != nil || len(it.Requests) != x.want || !slices.Equal(it.Stops, x.stops) {
					t.Errorf("got %d requests and the stops %q, want %d and %q; error %v", len(it.Requests), it.Stops, x.want, x.stops, err)
				}
			})
		})
	}
}
