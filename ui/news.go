package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/outbox"
)

// editNews is what is to be read again of the edits of a submission on screen:
// those on the conversations that announcements name with it, or all of them.
type editNews struct {
	refs       []model.Ref
	named, all bool
	// doubts is how often in a row what was read alone did not agree with what is
	// counted of the submission.
	doubts int
}

// announced takes the conversations that an announcement names; named says that it
// names the submission, too.
func (n *editNews) announced(refs []model.Ref, named bool) {
	n.refs, n.named = append(n.refs, refs...), n.named || named
}

// ask gives what is to be read: nothing, all, or the edits on some conversations.
func (n *editNews) ask(known outbox.Edits) (refs []model.Ref, read bool) {
	all := n.all || n.named && known.Creates()
	if !all {
		refs = known.On(n.refs)
	}
	n.refs, n.named, n.all = nil, false, false
	return refs, all || len(refs) > 0
}

// announced takes an announcement for the edits that are shown one by one, and
// reports whether it is about one of them.
func (f *following) announced(e model.Event, named bool) bool {
	if e.All {
		f.news.all = true
		return true
	}
	refs := e.Refs
	if !named { // why one waits may be what an edit of another submission does
		refs = f.edits.On(refs)
	}
	f.news.announced(refs, named)
	return len(refs) > 0
}

// doubt has edits read again where those that are known do not agree with what is
// counted of their submission: it has changed in between, or an edit has of which
// no row tells, and then all are read. refs are those that were asked for.
func (n *editNews) doubt(agree bool, refs []model.Ref) (again bool) {
	if agree {
		n.doubts = 0
		return false
	}
	n.doubts++
	n.all = n.all || n.doubts > 2 // before, news of the row may be on its way
	n.refs = append(n.refs, refs...)
	return true
}

// doorsMoved reads again what is told of submissions where an account fails, works
// again or has another next try: that may be why an edit waits, and no announcement
// names that edit.
func (m *Model) doorsMoved() tea.Cmd {
	var now strings.Builder
	for _, a := range m.facts.Accounts() {
		if a.Error != nil {
			fmt.Fprintf(&now, "%s %s %s %s\n", a.Name, a.Error.Kind, a.Error.Message, a.NextTry)
		}
	}
	if now.String() == m.doors {
		return nil
	}
	m.doors = now.String()
	m.told.news.all = true
	return tea.Batch(m.readTold(), m.reloadLedger())
}
