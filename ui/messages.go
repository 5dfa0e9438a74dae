package ui

import "confab/model"

// Results of commands.
type (
	lookupMsg struct {
		gen  int
		more bool
		page model.LookupPage
		err  error
	}
	lookupDueMsg struct{ gen int }
	peopleMsg    struct {
		detail model.Detail
		err    error
	}
	draftMsg struct {
		owner overlay
		text  string
	}
	draftDueMsg struct {
		key    string
		change int
	}
	draftFailedMsg struct{ err error }
)
