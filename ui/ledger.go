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
	fetch fetch
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
	if o == nil {
		return nil
	}
	if o.fetch.busy {
		o.fetch.again = true
		return nil
	}
	o.fetch.busy, o.fetch.again = true, false
	o.fetch.gen++
	msg := ledgerMsg{gen: o.fetch.gen, open: o.Opened(), whole: o.whole}
	// Why one waits may be what another does: that is read of what is on screen.
	again := append(o.named, o.Waiting()...)
	if msg.whole {
		again, o.moved = o.Watched(), false
	}
	o.edits.all = o.edits.all || msg.whole
	var read bool
	if msg.refs, read = o.edits.ask(o.Edits()); !read {
		msg.open = "" // whether an edit changed of which no row tells is counted
	}
	o.whole, o.named = false, nil
	find, be, ctx := o.find, m.be, m.ctx
	return func() tea.Msg {
		began := time.Now()
		msg.err = msg.fill(ctx, be, again, find)
		msg.took = time.Since(began)
		return msg
	}
}

// fill reads what a ledger shows: all of it, or some submissions again.
func (msg *ledgerMsg) fill(ctx context.Context, be Backend, again []string, find model.Ref) (err error) {
	read := map[string]bool{"": true}
	if msg.whole {
		if msg.pending, err = be.Pending(ctx); err != nil {
			return err
		}
		if msg.page, err = be.Submissions(ctx, model.HistoryRequest{Limit: historyLimit}); err != nil {
			return err
		}
		for _, list := range [][]model.Submission{msg.pending, msg.page} {
			for _, sub := range list {
				read[sub.ID] = true
				again = append(again, sub.Undoes)
			}
		}
	}
	for _, id := range again {
		if read[id] {
			continue
		}
		read[id] = true
		sub, ok, err := be.Submission(ctx, id)
		if err != nil {
			return err
		}
		if ok {
			msg.changed = append(msg.changed, sub)
		}
	}
	if !find.IsZero() {
		edits, err := be.OutboxOf(ctx, find)
		if err != nil {
			return err
		}
		for _, e := range edits {
			if msg.find == "" || e.State.NeedsPerson() {
				msg.find = e.Submission
			}
		}
	}
	if msg.open != "" {
		msg.outbox, msg.settled, err = be.SubmissionEdits(ctx, msg.open, msg.refs...)
	}
	return err
}

func (m *Model) ledgerCame(msg ledgerMsg) tea.Cmd {
	o := m.openLedger()
	if o == nil || msg.gen != o.fetch.gen {
		return nil
	}
	if msg.older {
		o.older = false
		if msg.err != nil {
			m.fail("read older submissions", msg.err)
			return nil
		}
		o.AddOlder(msg.page, len(msg.page) == historyLimit)
		return nil
	}
	o.fetch.busy = false
	if msg.err != nil {
		o.whole = true
		m.fail("read the outbox", msg.err)
		return nil
	}
	if msg.whole {
		o.Set(msg.pending, msg.page, len(msg.page) == historyLimit)
	}
	if len(msg.changed) > 0 {
		o.Replace(msg.changed...)
	}
	if msg.open != "" {
		o.SetEdits(msg.open, msg.refs, msg.outbox, msg.settled)
	}
	if open := o.Opened(); open != "" && o.edits.doubt(msg.open == open && len(msg.refs) == 0 || o.Agrees(), msg.refs) {
		o.named, o.fetch.again = append(o.named, open), true
	}
	if msg.find != "" {
		o.Find(msg.find)
		o.find = model.Ref{}
	}
	if o.fetch.again {
		// What takes long to read is not read all the time.
		return tea.Tick(max(newsTime, 4*msg.took), func(time.Time) tea.Msg { return readLedgerMsg{} })
	}
	return nil
}

// readOlder reads the next page of the history where the cursor is near the end
// of what was read.
func (m *Model) readOlder() tea.Cmd {
	o := m.ledger
	before, ok := o.WantsOlder()
	if !ok || o.older || o.fetch.busy {
		return nil
	}
	o.older = true
	be, ctx, gen := m.be, m.ctx, o.fetch.gen
	return func() tea.Msg {
		page, err := be.Submissions(ctx, model.HistoryRequest{Limit: historyLimit, Before: before})
		return ledgerMsg{gen: gen, older: true, page: page, err: err}
	}
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
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		all, _, err := be.SubmissionEdits(ctx, id)
		return editsMsg{slices.DeleteFunc(all, func(e model.OutboxEntry) bool { return !which(e) }), do, err}
	}
}

func (m *Model) editsCame(msg editsMsg) tea.Cmd {
	if msg.err != nil {
		m.fail("read what was submitted", msg.err)
		return nil
	}
	return msg.do(msg.edits)
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
		be, ctx := m.be, m.ctx
		return func() tea.Msg {
			return settledMsg{theme.Count(len(all), "edit") + " discarded", be.Discard(ctx, ids(all)...), keymap.Discard}
		}
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
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		return settledMsg{theme.Count(len(ids), "edit") + " queued again", be.Retry(ctx, ids...), keymap.Retry}
	}
}

// withdraw takes edits that were not sent out of the outbox.
func (m *Model) withdraw(ids ...string) tea.Cmd {
	if len(ids) == 0 {
		m.say(theme.Dim, "there is nothing left to withdraw")
		return nil
	}
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		n, err := be.Withdraw(ctx, ids...)
		return settledMsg{theme.Count(n, "edit") + " withdrawn", err, keymap.Stop}
	}
}

// retryFailed sends everything that failed again, from anywhere.
func (m *Model) retryFailed(intent) tea.Cmd {
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		all, err := be.Outbox(ctx)
		return editsMsg{slices.DeleteFunc(all, func(e model.OutboxEntry) bool { return !outbox.Retriable(e) }),
			func(all []model.OutboxEntry) tea.Cmd { return m.retry(ids(all)...) }, err}
	}
}
