package conformance

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"

	"confab/model"
)

// budget checks how many requests it takes to read, and prints a table. Apply checks the requests of edits.
func budget(t *testing.T, s Service) {
	bubble(t, "table", func(t *testing.T) {
		b := s.open(t, Options{Conversations: s.BudgetSize})
		var out strings.Builder
		w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
		row := func(what string, got, want int) {
			mark := ""
			if got != want {
				mark = fmt.Sprintf("\twant %d", want)
				t.Errorf("%s: %d requests, want %d", what, got, want)
			}
			_, _ = fmt.Fprintf(w, "%s\t%d%s\n", what, got, mark)
		}
		count := func(f func()) int {
			b.Reset()
			f()
			return len(b.Sent())
		}
		var known map[string]model.Conversation
		row(fmt.Sprintf("first sync of %d", s.BudgetSize), count(func() { known = b.whole(t).rows }), s.Budget.FirstSync)
		row("another full walk", count(func() { b.whole(t) }), s.Budget.Walk)
		head := b.walk(model.SyncRequest{Mode: model.SyncHead}, allKnown(known))
		row("refresh with nothing new", count(func() {
			b.walk(model.SyncRequest{Mode: model.SyncHead, Cursor: head.result.Cursor}, allKnown(known))
		}), s.Budget.Refresh)
		opening := model.NeedMessages | b.Account.Needs(model.EditKinds()...)
		id := b.busiest()
		b = s.open(t, Options{Conversations: s.BudgetSize}) // without what busiest has read
		b.whole(t)
		row("open a conversation", count(func() { b.load(id, opening) }), s.Budget.Open)
		row("open it again", count(func() { b.load(id, opening) }), s.Budget.Reopen)
		row("read before an edit of the title", count(func() { b.load(id, b.Account.Needs(model.EditTitle)) }), s.Budget.Fresh)

		_ = w.Flush()
		t.Logf("requests of %s\n%s", s.Provider, out.String())
	})
}

// busiest returns a conversation with messages.
func (b *Bench) busiest() string {
	b.t.Helper()
	best, most := "", -1
	for _, id := range b.IDs()[:20] {
		if n := len(b.load(id, model.NeedMessages).Messages.Items); n > most {
			best, most = id, n
		}
	}
	return best
}
