package inbox_test

import (
	"context"
	"strings"
	"testing"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// The user can open the conversation that stands in the way.
func TestRefusalNamesTheExistingConversation(t *testing.T) {
	f := newFake("support", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Sync(context.Background())
		f.onApply = func() (error, bool) {
			return &model.Error{Kind: model.ConflictKind, Status: 409, Message: "another one", Hint: "close the other one first", Existing: "c-9"}, false
		}
		out := deliver(t, b, submit(t, b, f.ref("1"), title("mine")))
		const want = `"another one" (409); close the other one first (support:c-9)`
		if len(out) != 1 || out[0].State != model.Refused || !strings.HasSuffix(out[0].Error.Words(), want) {
			t.Errorf("the delivery reported %s, want one edit that is %s and whose words end in %s", inWords(out...), model.Refused, want)
		}
	})
}

func TestIgnoredChangesSayWhatTheServiceShows(t *testing.T) {
	for want, change := range map[string]model.Change{
		"the service accepted it, but the conversation is not archived":                 {Kind: model.EditArchive, Op: model.OpSet},
		"the service accepted the change but shows another title":                       title("mine")[0],
		"the service accepted the change but shows another value of the attribute tier": {Kind: model.EditAttributes, Key: "tier", Op: model.OpSet, Target: model.TextValue("gold")},
	} {
		f := newFake("sales", "Kick-off")
		f.change("1", func(c *model.Conversation) { c.Attributes = map[string]string{} })
		run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Sync(context.Background())
			f.ignore = true
			out := deliver(t, b, submit(t, b, f.ref("1"), []model.Change{change}))
			if len(out) != 1 || out[0].State != model.NotVerified || out[0].Error.Words() != want {
				t.Errorf("the delivery reported %s, want one edit that is %s and says %q", inWords(out...), model.NotVerified, want)
			}
		})
	}
}
