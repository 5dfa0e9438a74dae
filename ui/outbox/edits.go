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

// Edits are the edits of one submission; those that need a person come first. A value does
// not change.
type Edits struct {
	list      []*Edit
	namesakes theme.Namesakes
}

// With returns the edits with others read again: all of them, or those on refs.
func (s Edits) With(refs []model.Ref, waiting []model.OutboxEntry, done []model.JournalEntry) Edits {
	again := named(refs)
	out := Edits{namesakes: theme.Namesakes{}}
	for _, e := range s.list {
		if len(refs) > 0 && !again[e.Ref] {
			out.list = append(out.list, e)
		}
	}
	for _, e := range waiting {
		out.list = append(out.list, &Edit{OutboxEntry: e})
	}
	for _, j := range done {
		out.list = append(out.list, &Edit{OutboxEntry: model.OutboxEntry{Edit: j.Edit, Title: j.Title, State: j.State}, Journal: &j})
	}
	slices.SortFunc(out.list, func(a, b *Edit) int { return cmp.Or(a.rank()-b.rank(), cmp.Compare(a.ID, b.ID)) })
	for _, e := range out.list {
		out.namesakes.Add(e.Title, e.Ref)
	}
	return out
}

func named(refs []model.Ref) map[model.Ref]bool {
	out := map[model.Ref]bool{}
	for _, ref := range refs {
		out[ref] = true
	}
	return out
}

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
	var out []model.Ref
	left := named(refs)
	for _, e := range s.list {
		if left[e.Ref] {
			left[e.Ref] = false
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
	for _, e := range s.list {
		switch {
		case e.Journal != nil:
		case e.State.Waiting():
			sub.Waiting--
		default:
			sub.NeedPerson--
		}
	}
	return sub.Waiting == 0 && sub.NeedPerson == 0
}
