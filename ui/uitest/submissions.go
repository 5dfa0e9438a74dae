package uitest

import (
	"slices"

	"confab/model"
)

// Submissions groups edits as the engine does, newest first: for engines in
// memory that keep an outbox and a journal and nothing else.
func Submissions(outbox []model.OutboxEntry, journal []model.JournalEntry) []model.Submission {
	var order []string
	by := map[string]*model.Submission{}
	edits := map[string][]model.Titled{}
	of := func(e model.Edit, title string) *model.Submission {
		s := by[e.Submission]
		if s == nil {
			s = &model.Submission{ID: e.Submission, At: e.Created, User: e.User}
			by[e.Submission], order = s, append(order, e.Submission)
		}
		s.Edits++
		edits[e.Submission] = append(edits[e.Submission], model.Titled{Edit: e, Title: title})
		return s
	}
	for _, j := range slices.Backward(journal) { // the journal is newest first
		s := of(j.Edit, j.Title)
		if j.State == model.OutcomeAlreadySet {
			s.Already++
		} else {
			s.Delivered++
		}
		if j.Undone != "" {
			s.TakenBack++
		}
		if j.At.After(s.SettledAt) {
			s.SettledAt = j.At
		}
	}
	for _, e := range outbox {
		s := of(e.Edit, e.Title)
		if e.State.NeedsPerson() {
			s.NeedPerson++
		} else {
			s.Waiting++
		}
		if s.Problem == nil && (e.State.NeedsPerson() || e.Error != nil) {
			s.Problem = &e
		}
	}
	out := make([]model.Submission, 0, len(order))
	for _, id := range slices.Backward(order) {
		by[id].Sentence = model.Sentence(edits[id])
		out = append(out, *by[id])
	}
	return out
}
