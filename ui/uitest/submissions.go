package uitest

import (
	"slices"

	"confab/model"
)

// Submissions groups edits as the engine does, newest first: for engines in
// memory that keep an outbox and a journal, newest first, and nothing else.
func Submissions(outbox []model.OutboxEntry, journal []model.JournalEntry) []model.Submission {
	type group struct {
		model.Submission
		waiting []model.OutboxEntry
		settled []model.JournalEntry
		edits   []model.Titled
	}
	var order []string
	by := map[string]*group{}
	of := func(e model.Edit, title string) *group {
		g := by[e.Submission]
		if g == nil {
			g = &group{Submission: model.Submission{ID: e.Submission, At: e.Created, User: e.User}}
			by[e.Submission], order = g, append(order, e.Submission)
		}
		g.edits = append(g.edits, model.Titled{Edit: e, Title: title})
		return g
	}
	for _, j := range slices.Backward(journal) {
		g := of(j.Edit, j.Title)
		g.settled = append(g.settled, j)
	}
	for _, e := range outbox {
		g := of(e.Edit, e.Title)
		g.waiting = append(g.waiting, e)
	}
	out := make([]model.Submission, 0, len(order))
	for _, id := range slices.Backward(order) {
		g := by[id]
		g.Sentence = model.Sentence(g.edits)
		out = append(out, g.Narrowed(g.waiting, g.settled))
	}
	return out
}
