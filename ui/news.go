package ui

import (
	"fmt"
	"strings"

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
	// doors is how the accounts did when all were read: why an edit waits may be
	// how its account does, and no announcement names that edit.
	doors string
}

// announced takes the conversations that an announcement names; named says that it
// names the submission, too.
func (n *editNews) announced(refs []model.Ref, named bool) {
	n.refs, n.named = append(n.refs, refs...), n.named || named
}

// ask gives what is to be read: nothing, all, or the edits on some conversations.
func (n *editNews) ask(known outbox.Edits, doors string) (refs []model.Ref, read bool) {
	all := n.all || n.doors != doors || n.named && known.Creates()
	if !all {
		refs = known.On(n.refs)
	}
	n.refs, n.named, n.all, n.doors = nil, false, false, doors
	return refs, all || len(refs) > 0
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

// doors says how the accounts do, as far as edits wait for it.
func (m *Model) doors() string {
	var out strings.Builder
	for _, a := range m.facts.Accounts() {
		if a.Error != nil {
			fmt.Fprintf(&out, "%s %s %s %s\n", a.Name, a.Error.Kind, a.Error.Message, a.NextTry)
		}
	}
	return out.String()
}
