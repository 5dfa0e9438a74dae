package ui

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// ledger is what is to be read of the outbox and the history while they are on
// screen.
type ledger struct {
	*outbox.Screen
	reader
	// whole says that all of it is to be read; named are the submissions of which
	// something changed since, and moved says that there were such.
	whole, moved bool
	named        []string
	edits        editNews // of the open submission
	// older says that an older page is being read.
	older bool
	// find is the conversation whose submission the cursor is put on at first.
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

// reloadLedger reads what was submitted again while it is on screen: what is in
// the outbox, the newest page, and of the rest what may have changed.
func (m *Model) reloadLedger() tea.Cmd {
	if o := m.openLedger(); o != nil {
		o.whole = true
	}
	return m.readLedger()
}

// refreshLedger reads submissions again of which something changed, while the
// ledger is on screen.
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

// ledgerRead is what is read of a ledger: all of it, or some submissions again.
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
		m.fail("read the outbox", err)
		return nil
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

// readOlder reads the next page of the history where the cursor is near the end
// of what was read.
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
			m.fail("read older submissions", err)
		} else {
			o.AddOlder(page, len(page) == historyLimit)
		}
		return nil
	})
}

// ledgerAsks does what the screen asks for.
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
			m.openConflict(edit.OutboxEntry)
		} else {
			m.showText(model.CleanLine(edit.Title, 200), historyText(m.th, *edit.Journal, m.now())...)
		}
	case keymap.Help:
		return m.openHelp(intent{})
	case keymap.Settle:
		return m.settleLine(sub, edit)
	case keymap.Retry:
		if !outbox.Unsettled(sub, edit) {
			m.say(theme.Dim, "there is nothing to send again")
			return nil
		}
		return m.ofLine(sub, edit, outbox.Retriable, func(all []model.OutboxEntry) tea.Cmd { return m.retry(ids(all)...) })
	case keymap.RetryFailed:
		return m.retryFailed(intent{})
	case keymap.Discard:
		if !outbox.Unsettled(sub, edit) {
			m.say(theme.Dim, "there is nothing to discard; "+o.Keys.Of(keymap.UndoEntry)+" takes back what was delivered")
			return nil
		}
		return m.ofLine(sub, edit, discardable, func(all []model.OutboxEntry) tea.Cmd { m.askDiscard(all); return nil })
	case keymap.UndoEntry:
		switch {
		case !ok:
			m.say(theme.Dim, "there is nothing to take back")
		case edit != nil:
			return m.planUndo(edit.ID)
		default:
			return m.planUndo(sub.ID)
		}
	case keymap.Quit:
		return m.quit()
	}
	return nil
}

// ledgerArrived reads what the cursor has come to: an older page, and why edits wait
// that were not on screen when something else changed.
func (m *Model) ledgerArrived() tea.Cmd {
	cmd := m.readOlder()
	if cmd == nil && m.ledger.moved {
		return m.readLedger()
	}
	return cmd
}

// settleLine settles what needs a person on the line under the cursor, else on the
// first line that needs one.
func (m *Model) settleLine(sub model.Submission, edit *outbox.Edit) tea.Cmd {
	if edit != nil && edit.State.NeedsPerson() {
		m.openConflict(edit.OutboxEntry)
		return nil
	}
	if sub.NeedPerson > 0 && sub.Problem != nil {
		m.openConflict(*sub.Problem)
		return nil
	}
	return m.settleNext()
}

func discardable(e model.OutboxEntry) bool { return e.State != model.Sending }

func ids(all []model.OutboxEntry) []string {
	out := make([]string, len(all))
	for i, e := range all {
		out[i] = e.ID
	}
	return out
}

// ofLine does something with those edits of a line that are in the outbox and
// of the right kind.
func (m *Model) ofLine(sub model.Submission, edit *outbox.Edit, which func(model.OutboxEntry) bool, do func([]model.OutboxEntry) tea.Cmd) tea.Cmd {
	if edit != nil {
		return do([]model.OutboxEntry{edit.OutboxEntry})
	}
	return m.ofSubmission(sub.ID, which, do)
}

// ofSubmission does something with those edits of a submission that are in the
// outbox and of the right kind.
func (m *Model) ofSubmission(id string, which func(model.OutboxEntry) bool, do func([]model.OutboxEntry) tea.Cmd) tea.Cmd {
	all := func(ctx context.Context) ([]model.OutboxEntry, error) {
		all, _, err := m.be.SubmissionEdits(ctx, id)
		return all, err
	}
	return m.ofEdits(all, which, do)
}

// ofEdits reads edits and does something with those of the right kind.
func (m *Model) ofEdits(all func(context.Context) ([]model.OutboxEntry, error), which func(model.OutboxEntry) bool,
	do func([]model.OutboxEntry) tea.Cmd) tea.Cmd {
	return read(m, all, func(all []model.OutboxEntry, err error) tea.Cmd {
		if err != nil {
			m.fail("read what was submitted", err)
			return nil
		}
		return do(slices.DeleteFunc(all, func(e model.OutboxEntry) bool { return !which(e) }))
	})
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

func (m *Model) askDiscard(all []model.OutboxEntry) {
	if len(all) == 0 {
		m.say(theme.Dim, "there is nothing to discard that is not being sent")
		return
	}
	title, text := "Discard this edit?", []string{m.th.Phrase(all[0].Edit), model.CleanLine(all[0].Title, 120)}
	if len(all) > 1 {
		title, text = "Discard "+theme.Count(len(all), "edit")+"?", nil
	}
	if n := countOf(all, func(e model.OutboxEntry) bool { return e.Sent }); n > 0 && len(all) == 1 {
		text = append(text, "A request for it has left already: discarding does not take that back.")
	} else if n > 0 {
		text = append(text, fmt.Sprintf("Requests for %s of them have left already: discarding does not take those back.", theme.Number(n)))
	}
	d := &dialog.Menu{Title: title, Text: text, Items: []dialog.Item{{Key: "y", Label: "yes, discard"}, {Key: "n", Label: "no"}}}
	d.SetAt(1)
	m.openMenu(d, func(i int) tea.Cmd {
		if i != 0 {
			return nil
		}
		return m.carryOut(keymap.Discard, func(ctx context.Context) (string, error) {
			return theme.Count(len(all), "edit") + " discarded", m.be.Discard(ctx, ids(all)...)
		})
	})
}

func countOf(all []model.OutboxEntry, which func(model.OutboxEntry) bool) int {
	return len(slices.DeleteFunc(slices.Clone(all), func(e model.OutboxEntry) bool { return !which(e) }))
}

func (m *Model) retry(ids ...string) tea.Cmd {
	if len(ids) == 0 {
		m.say(theme.Dim, "there is nothing to send again")
		return nil
	}
	if m.opts.ReadOnly {
		m.say(theme.Warning, "read-only: nothing is sent")
		return nil
	}
	return m.carryOut(keymap.Retry, func(ctx context.Context) (string, error) {
		return theme.Count(len(ids), "edit") + " queued again", m.be.Retry(ctx, ids...)
	})
}

// withdraw takes edits that were not sent out of the outbox.
func (m *Model) withdraw(ids ...string) tea.Cmd {
	if len(ids) == 0 {
		m.say(theme.Dim, "there is nothing left to withdraw")
		return nil
	}
	return m.carryOut(keymap.Stop, func(ctx context.Context) (string, error) {
		n, err := m.be.Withdraw(ctx, ids...)
		return theme.Count(n, "edit") + " withdrawn", err
	})
}

// retryFailed sends everything that failed again, from anywhere.
func (m *Model) retryFailed(intent) tea.Cmd {
	return m.ofEdits(m.be.Outbox, outbox.Retriable, func(all []model.OutboxEntry) tea.Cmd { return m.retry(ids(all)...) })
}
