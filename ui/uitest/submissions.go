package uitest

import (
	"slices"

	"confab/model"
)

// Submissions groups edits into submissions as the engine does, newest first. journal is newest first
// too. It serves fake engines that keep only an outbox and a journal.
func Submissions(outbox []model.OutboxEntry, journal []model.JournalEntry) []model.Submission {
	type group struct {
		model.Submission
		waiting []model.OutboxEntry
		settled []model.JournalEntry
		edits   []model.OutboxEntry
	}
	var groups []*group
	of := func(e model.Edit, title string) *group {
		i := slices.IndexFunc(groups, func(g *group) bool { return g.ID == e.Submission })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{Submission: model.Submission{ID: e.Submission, At: e.Created, User: e.User}})
		}
		groups[i].edits = append(groups[i].edits, model.OutboxEntry{Edit: e, Title: title})
		return groups[i]
	}
	for _, j := range slices.Backward(journal) {
		g := of(j.Edit, j.Title)
		g.settled = append(g.settled, j)
	}
	for _, e := range outbox {
		g := of(e.Edit, e.Title)
		g.waiting = append(g.waiting, e)
	}
	out := []model.Submission{}
	for _, g := range slices.Backward(groups) {
		g.Sentence = model.Sentence(g.edits)
		out = append(out, g.Narrowed(g.waiting, g.settled))
	}
	return out
}
