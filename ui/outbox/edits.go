package outbox

import (
	"cmp"
	"iter"
	"slices"

	"confab/model"
	"confab/ui/theme"
)

// Edit is an edit of the open submission. Journal is nil until the edit is settled.
type Edit struct {
	model.OutboxEntry
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

// Edits are the edits of one submission, those that need a person first. A value is
// immutable.
type Edits struct {
	list      []*Edit
	namesakes theme.Namesakes
}

// With returns the edits after some were read again: those on refs, or all if there are no
// refs.
func (s Edits) With(refs []model.Ref, waiting []model.OutboxEntry, settled []model.JournalEntry) Edits {
	replaced := setOf(refs)
	out := Edits{namesakes: theme.Namesakes{}}
	for _, e := range s.list {
		if len(refs) > 0 && !replaced[e.Ref] {
			out.list = append(out.list, e)
		}
	}
	for _, e := range waiting {
		out.list = append(out.list, &Edit{OutboxEntry: e})
	}
	for _, j := range settled {
		out.list = append(out.list, &Edit{OutboxEntry: model.OutboxEntry{Edit: j.Edit, Title: j.Title, State: j.State}, Journal: &j})
	}
	slices.SortFunc(out.list, func(a, b *Edit) int { return cmp.Or(a.rank()-b.rank(), cmp.Compare(a.ID, b.ID)) })
	for _, e := range out.list {
		out.namesakes.Add(e.Title, e.Ref)
	}
	return out
}

func setOf(refs []model.Ref) map[model.Ref]bool {
	out := map[model.Ref]bool{}
	for _, ref := range refs {
		out[ref] = true
	}
	return out
}

// Waiting returns the edits that are not settled.
func (s Edits) Waiting() iter.Seq[model.OutboxEntry] {
	return func(yield func(model.OutboxEntry) bool) {
		for _, e := range s.list {
			if e.Journal == nil && !yield(e.OutboxEntry) {
				return
			}
		}
	}
}

// On returns the refs that have an edit here, each once.
func (s Edits) On(refs []model.Ref) []model.Ref {
	if len(refs) == 0 {
		return nil
	}
	var out []model.Ref
	wanted := setOf(refs)
	for _, e := range s.list {
		if wanted[e.Ref] {
			wanted[e.Ref] = false
			out = append(out, e.Ref)
		}
	}
	return out
}

// Creates reports whether an edit creates a conversation. No announcement of a changed row
// tells that such an edit changed.
func (s Edits) Creates() bool {
	return slices.ContainsFunc(s.list, func(e *Edit) bool { return e.Ref.ID == "" })
}

// Agree reports whether the unsettled edits are as many as their submission counts. They may
// not be: an edit of a conversation that is not cached changes without a changed row.
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
