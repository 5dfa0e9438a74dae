package ui

import (
	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
)

// Results of commands. Each carries what it was asked for, so that one that
// comes late can be told from one that is wanted.
type (
	subscribedMsg struct{}
	eventMsg      struct {
		events []model.Event
		open   bool
	}
	pageMsg struct {
		gen    int
		anchor model.Ref
		page   model.Page
		err    error
	}
	againMsg   struct{ gen int }
	recountMsg struct{}
	countsMsg  struct {
		gen    int
		counts []int
		err    error
	}
	restMsg struct{ gen int }
	// widerMsg comes once a screen that grew wider to this size has rested.
	widerMsg struct{ w, h int }
	rowMsg   struct {
		ref model.Ref
		row model.Row
		ok  bool
	}
	detailMsg struct {
		ref    model.Ref
		detail model.Detail
		err    error
	}
	activityMsg struct {
		ref     model.Ref
		subs    []model.Submission
		outbox  []model.OutboxEntry
		history []model.JournalEntry
		err     error
	}
	refsMsg struct {
		tab   int
		query string
		refs  []model.Ref
		err   error
	}
	hiddenMsg struct {
		gen, hidden int
		err         error
	}
	rangeMsg struct {
		in   intent
		refs []model.Ref
		err  error
	}

	opProgressMsg struct{ id, done, total int }
	opShowMsg     struct{ id int }
	planMsg       struct {
		op   int
		why  purpose
		plan model.Plan
		err  error
	}
	submittedMsg struct {
		why  purpose
		plan model.Plan
		ids  []string
		err  error
	}
	undoMsg struct {
		op   int
		id   string
		undo model.Undo
		// moved is what was planned before and has moved on since.
		moved *model.Undo
		err   error
	}
	undoneMsg struct {
		id   string // what was asked for: an act of this session for ""
		undo model.Undo
		ids  []string
		err  error
	}
	// toldMsg brings the submission that is followed, and its edits where they
	// are on screen.
	toldMsg struct {
		id      string
		sub     model.Submission
		ok      bool
		edits   bool
		outbox  []model.OutboxEntry
		settled []model.JournalEntry
		err     error
	}
	readToldMsg struct{}
	ledgerMsg   struct {
		gen int
		// older says that page comes after what was read.
		older   bool
		pending []model.Submission
		page    []model.Submission
		changed []model.Submission
		open    string // whose edits follow
		outbox  []model.OutboxEntry
		settled []model.JournalEntry
		find    string // the submission the cursor is put on
		err     error
	}
	readLedgerMsg struct{}
	// editsMsg brings edits that something is done with.
	editsMsg struct {
		edits []model.OutboxEntry
		do    func(*Model, []model.OutboxEntry) tea.Cmd
		err   error
	}
	// settleMsg brings an edit that needs the person.
	settleMsg struct {
		entry model.OutboxEntry
		found bool
		move  bool // the cursor goes to its row
		err   error
	}
	// settledMsg ends an action that only has a word to say.
	settledMsg struct {
		text string
		err  error
		// action is what was tried, for the words of an error.
		action keymap.Action
	}
	triagedMsg struct {
		text string
		err  error
	}
	linkMsg struct {
		url  string
		copy bool
		err  error
	}
	savedMsg struct {
		path string
		err  error
	}
	lookupMsg struct {
		owner overlay
		gen   int
		more  bool
		page  model.LookupPage
		err   error
	}
	lookupDueMsg struct {
		owner overlay
		gen   int
	}
	peopleMsg struct {
		owner  overlay
		detail model.Detail
		err    error
	}
	draftMsg struct {
		owner overlay
		key   string
		text  string
	}
	draftDueMsg struct {
		key    string
		change int
	}
	draftFailedMsg struct{ err error }
	suspendMsg     struct{ err error }
)
