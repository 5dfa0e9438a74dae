package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
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
	// openingMsg brings what a view showed last; counts of every view come with the
	// first.
	openingMsg struct {
		query  string
		first  bool
		page   model.Page
		counts []int
	}
	// offerMsg comes once typing in a prompt has rested since a change.
	offerMsg struct {
		prompt *prompt
		change int
	}
	vocabularyMsg struct {
		words query.Vocabulary
		err   error
	}
	againMsg   struct{ gen int }
	slowMsg    struct{ gen int }
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
	// markMsg brings rows that are to be marked; toggle unmarks them where all of
	// them are.
	markMsg struct {
		op     int
		tab    int
		query  string
		rows   model.Selection
		toggle bool
		err    error
	}
	hiddenMsg struct {
		gen, hidden int
		err         error
	}
	rangeMsg struct {
		op  int
		in  intent
		set model.Selection
		err error
	}

	opProgressMsg struct{ id, done, total int }
	opShowMsg     struct{ id int }
	planMsg       struct {
		op   int
		why  purpose
		plan *dialog.Plan
		err  error
	}
	submittedMsg struct {
		op   int // 0 for one edit
		why  purpose
		plan submittedPlan
		err  error
	}
	undoMsg struct {
		op   int
		id   string
		undo plannedUndo
		// withdrawn is how many edits of it were withdrawn while it was planned.
		withdrawn int
		err       error
	}
	undoneMsg struct {
		id      string // what was asked for: an act of this session for ""
		undo    plannedUndo
		ids     []string
		several bool // more than one edit follows
		err     error
	}
	// toldMsg brings the submission that is followed, and its edits where they
	// are on screen.
	toldMsg struct {
		id  string
		sub model.Submission
		ok  bool
		// on is where edits are shown, those on the conversations of refs read again
		// or the whole of them; counted says that there is none to be told of.
		on             *dialog.Results
		edits          outbox.Edits
		refs           []model.Ref
		whole, counted bool
		told           dialog.Told
		took           time.Duration
		err            error
	}
	readToldMsg struct{}
	ledgerMsg   struct {
		gen int
		// older says that page comes after what was read; whole, that all was read,
		// and not only what changed.
		older   bool
		whole   bool
		took    time.Duration
		pending []model.Submission
		page    []model.Submission
		changed []model.Submission
		open    string      // whose edits follow
		refs    []model.Ref // those on these conversations, all where there are none
		outbox  []model.OutboxEntry
		settled []model.JournalEntry
		find    string // the submission the cursor is put on
		err     error
	}
	readLedgerMsg struct{}
	undecidedMsg  struct {
		counts map[string]int
		took   time.Duration
		err    error
	}
	readUndecidedMsg struct{}
	// editsMsg brings edits that something is done with.
	editsMsg struct {
		edits []model.OutboxEntry
		do    func([]model.OutboxEntry) tea.Cmd
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
		op   int // 0 for one conversation
		text string
		err  error
	}
	// refsMsg brings refs to copy.
	refsMsg struct {
		op   int
		text string
		n    int
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
	suspendMsg     struct{ err error }
)
