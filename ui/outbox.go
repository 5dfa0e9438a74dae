package ui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// ledger is the outbox and the history on screen, and what of them is to be read.
type ledger struct {
	*outbox.Screen
	reader
	// whole says that all is to be read, named which submissions changed, moved that any
	// has.
	whole, moved bool
	named        []string
	edits        editNews // of the open submission
	older        bool
	// find is the conversation whose submission the cursor goes to at first.
	find model.Ref
}

func (m *Model) openOutbox(in intent) tea.Cmd {
	o := &outbox.Screen{Keys: m.keys.Keys(keymap.Outbox, keymap.Global), Now: m.now}
	m.ledger = &ledger{Screen: o}
	if in.one && len(in.row.Pending) > 0 {
		m.ledger.find = in.row.Conversation.Ref
	}
	m.open(layer{overlay: o, act: m.ledgerAsks})
	return m.reloadLedger()
}

// openLedger returns the ledger while it is on screen, else nil.
func (m *Model) openLedger() *ledger {
	if m.ledger == nil || !m.isOpen(m.ledger.Screen) {
		return nil
	}
	return m.ledger
}

// reloadLedger reads everything on screen again.
func (m *Model) reloadLedger() tea.Cmd {
	if o := m.openLedger(); o != nil {
		o.whole = true
	}
	return m.readLedger()
}

// refreshLedger reads the submissions again that changed.
func (m *Model) refreshLedger(ids []string, refs []model.Ref) tea.Cmd {
	if o := m.openLedger(); o != nil {
		o.moved = true
		o.named = append(o.named, ids...)
		o.edits.announced(refs, slices.Contains(ids, o.Opened()))
		o.whole = o.whole || len(o.named) > historyLimit
	}
	return m.readLedger()
}

func (m *Model) readLedger() tea.Cmd {
	o := m.openLedger()
	if o == nil || !o.begin() {
		return nil
	}
	r := ledgerRead{open: o.Opened(), whole: o.whole}
	// Why one waits may be what another does: that is read of what is on screen.
	r.again = append(o.named, o.Waiting()...)
	if r.whole {
		r.again, o.moved = o.Watched(), false
	}
	o.edits.all = o.edits.all || r.whole
	var edits bool
	if r.refs, edits = o.edits.ask(o.Edits()); !edits {
		r.open = "" // whether an edit changed of which no row tells is counted
	}
	o.whole, o.named = false, nil
	find := o.find
	return read(m, func(ctx context.Context) (ledgerRead, error) { return r.fill(ctx, m.be, find) }, func(r ledgerRead, err error) tea.Cmd {
		return m.ledgerCame(o, r, err)
	})
}

// ledgerRead is what is read of a ledger: all of it, or some submissions.
type ledgerRead struct {
	whole   bool
	again   []string // submissions beside these
	pending []model.Submission
	page    []model.Submission
	changed []model.Submission
	open    string      // the submission whose edits follow, "" for none
	refs    []model.Ref // those on these conversations, all where there are none
	outbox  []model.OutboxEntry
	settled []model.JournalEntry
	find    string // the submission the cursor is put on
}

func (r ledgerRead) fill(ctx context.Context, be Backend, find model.Ref) (_ ledgerRead, err error) {
	known := map[string]bool{"": true}
	if r.whole {
		if r.pending, err = be.Pending(ctx); err != nil {
			return r, err
		}
		if r.page, err = be.Submissions(ctx, model.HistoryRequest{Limit: historyLimit}); err != nil {
			return r, err
		}
		for _, sub := range slices.Concat(r.pending, r.page) {
			known[sub.ID] = true
			r.again = append(r.again, sub.Undoes)
		}
	}
	for _, id := range r.again {
		if known[id] {
			continue
		}
		known[id] = true
		sub, ok, err := be.Submission(ctx, id)
		if err != nil {
			return r, err
		}
		if ok {
			r.changed = append(r.changed, sub)
		}
	}
	if !find.IsZero() {
		edits, err := be.OutboxOf(ctx, find)
		if err != nil {
			return r, err
		}
		for _, e := range edits {
			if r.find == "" || e.State.NeedsPerson() {
				r.find = e.Submission
			}
		}
	}
	if r.open != "" {
		r.outbox, r.settled, err = be.SubmissionEdits(ctx, r.open, r.refs...)
	}
	return r, err
}

func (m *Model) ledgerCame(o *ledger, r ledgerRead, err error) tea.Cmd {
	if o != m.openLedger() {
		return nil
	}
	if err != nil {
		o.busy, o.whole = false, true
		return m.fail("read the outbox", err)
	}
	if r.whole {
		o.Set(r.pending, r.page, len(r.page) == historyLimit)
	}
	if len(r.changed) > 0 {
		o.Replace(r.changed...)
	}
	if r.open != "" {
		o.SetEdits(r.open, r.refs, r.outbox, r.settled)
	}
	if open := o.Opened(); open != "" && o.edits.doubt(r.open == open && len(r.refs) == 0 || o.Agrees(), r.refs) {
		o.named, o.reader.again = append(o.named, open), true
	}
	if r.find != "" {
		o.Find(r.find)
		o.find = model.Ref{}
	}
	return o.end(m.readLedger)
}

// readOlder reads the next page of the history where the cursor is near the end.
func (m *Model) readOlder() tea.Cmd {
	o := m.ledger
	before, ok := o.WantsOlder()
	if !ok || o.older || o.busy {
		return nil
	}
	o.older = true
	page := func(ctx context.Context) ([]model.Submission, error) {
		return m.be.Submissions(ctx, model.HistoryRequest{Limit: historyLimit, Before: before})
	}
	return read(m, page, func(page []model.Submission, err error) tea.Cmd {
		o.older = false
		if err != nil {
			return m.fail("read older submissions", err)
		}
		o.AddOlder(page, len(page) == historyLimit)
		if o != m.openLedger() {
			return nil
		}
		return m.readOlder() // a search goes on until it finds something
	})
}

func (m *Model) ledgerAsks(asks any) tea.Cmd {
	o := m.ledger
	sub, edit, ok := o.Under()
	switch asks {
	case outbox.Moved{}:
		return m.ledgerArrived()
	case outbox.Opened{}:
		return m.reloadLedger()
	case keymap.Resolve:
		if edit.Journal == nil {
			return m.openConflict(edit.OutboxEntry)
		}
		m.showText(model.CleanLine(edit.Title, 200), historyText(m.th, *edit.Journal, m.now())...)
	case keymap.Help:
		return m.openHelp(intent{})
	case keymap.Settle:
		return m.settleLine(sub, edit)
	case keymap.Retry:
		if !outbox.Unsettled(sub, edit) {
			return m.say(theme.Dim, "there is nothing to send again")
		}
		return m.ofLine(sub, edit, outbox.Retriable, m.retry)
	case keymap.RetryFailed:
		return m.retryFailed(intent{})
	case keymap.Discard:
		if !outbox.Unsettled(sub, edit) {
			return m.say(theme.Dim, "there is nothing to discard; "+o.Keys.Of(keymap.UndoEntry)+" takes back what was delivered")
		}
		return m.ofLine(sub, edit, discardable, m.askDiscard)
	case keymap.UndoEntry:
		switch {
		case !ok:
			return m.say(theme.Dim, "there is nothing to take back")
		case edit != nil:
			return m.planUndo(edit.ID)
		}
		return m.planUndo(sub.ID)
	case keymap.Quit:
		return m.quit()
	}
	return nil
}

// ledgerArrived reads an older page that the cursor came near to, or why the edits wait
// that it came to.
func (m *Model) ledgerArrived() tea.Cmd {
	cmd := m.readOlder()
	if cmd == nil && m.ledger.moved {
		return m.readLedger()
	}
	return cmd
}

// settleLine settles what needs a person on this line, else on the first that has
// something.
func (m *Model) settleLine(sub model.Submission, edit *outbox.Edit) tea.Cmd {
	if edit != nil && edit.State.NeedsPerson() {
		return m.openConflict(edit.OutboxEntry)
	}
	if sub.NeedPerson > 0 && sub.Problem != nil {
		return m.openConflict(*sub.Problem)
	}
	return m.settleNext()
}

func historyText(th *theme.Theme, e model.JournalEntry, now time.Time) []string {
	out := []string{th.Phrase(e.Edit), "",
		"conversation: " + e.Ref.String(),
		"delivered:    " + e.At.In(now.Location()).Format("2 Jan 2006 15:04:05"),
		"by:           " + e.User,
		"before:       " + th.Value(e.Kind, e.Before),
		"after:        " + th.Value(e.Kind, e.After)}
	if e.Undone != "" {
		out = append(out, "It was taken back.")
	}
	if ok, why := model.Undoable(e.Kind); !ok {
		out = append(out, "", why)
	}
	return out
}
