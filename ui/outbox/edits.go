package outbox

import (
	"cmp"
	"iter"
	"slices"

	"confab/model"
	"confab/ui/theme"
)

// Edit is an edit of an open submission.
type Edit struct {
	model.OutboxEntry
	// Journal is set where the edit is settled.
	Journal *model.JournalEntry
}

func (e *Edit) rank() int {
	switch {
	case e.State.NeedsPerson():
		return 0
	case e.Journal == nil:
		return 1
	}
	return 2
}

func inOrder(a, b *Edit) int { return cmp.Or(a.rank()-b.rank(), cmp.Compare(a.ID, b.ID)) }

// Edits are the edits of one submission; those that need a person come first. A value does
// not change.
type Edits struct {
	list      []*Edit
	namesakes theme.Namesakes
}

func editsOf(list []*Edit) Edits {
	e := Edits{list, theme.Namesakes{}}
	for _, one := range list {
		e.namesakes.Add(one.Title, one.Ref)
	}
	return e
}

// With returns the edits with others read again: all of them, or those on refs.
func (s Edits) With(refs []model.Ref, waiting []model.OutboxEntry, done []model.JournalEntry) Edits {
	read := make([]*Edit, 0, len(waiting)+len(done))
	for _, e := range waiting {
		read = append(read, &Edit{OutboxEntry: e})
	}
	for _, j := range done {
		read = append(read, &Edit{OutboxEntry: model.OutboxEntry{Edit: j.Edit, Title: j.Title, State: j.State}, Journal: &j})
	}
	slices.SortFunc(read, inOrder)
	if len(refs) == 0 {
		return editsOf(read)
	}
	again := map[model.Ref]bool{}
	for _, ref := range refs {
		again[ref] = true
	}
	out := make([]*Edit, 0, len(s.list)+len(read))
	for _, e := range s.list {
		if again[e.Ref] {
			continue
		}
		for len(read) > 0 && inOrder(read[0], e) < 0 {
			out, read = append(out, read[0]), read[1:]
		}
		out = append(out, e)
	}
	return editsOf(append(out, read...))
}

// Waiting lists those that are not settled.
func (s Edits) Waiting() iter.Seq[model.OutboxEntry] {
	return func(yield func(model.OutboxEntry) bool) {
		for _, e := range s.list {
			if e.Journal == nil && !yield(e.OutboxEntry) {
				return
			}
		}
	}
}

// On returns those of some conversations that have an edit here.
func (s Edits) On(refs []model.Ref) []model.Ref {
	if len(refs) == 0 {
		return nil
	}
	named := map[model.Ref]bool{}
	for _, ref := range refs {
		named[ref] = true
	}
	var out []model.Ref
	for _, e := range s.list {
		if named[e.Ref] {
			named[e.Ref] = false
			out = append(out, e.Ref)
		}
	}
	return out
}

// Creates reports whether one makes a conversation: no row tells when it changes.
func (s Edits) Creates() bool {
	return slices.ContainsFunc(s.list, func(e *Edit) bool { return e.Ref.ID == "" })
}

// Agree reports whether there are as many as are counted of their submission. An edit on a
// conversation that is not cached changes with no row.
func (s Edits) Agree(sub model.Submission) bool {
	var waiting, person int
	for _, e := range s.list {
		switch {
		case e.Journal != nil:
		case e.State.Waiting():
			waiting++
		default:
			person++
		}
	}
	return waiting == sub.Waiting && person == sub.NeedPerson
}
