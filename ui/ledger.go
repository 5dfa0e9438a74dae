package ui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// outboxOverlay is the screen of the outbox and the history.
type outboxOverlay struct {
	s     outbox.Screen
	fetch fetch
	// find is the conversation whose edit the cursor is put on at first.
	find model.Ref
}

func (m *Model) openOutbox(in intent) tea.Cmd {
	o := &outboxOverlay{}
	if in.one {
		o.find = in.row.Conversation.Ref
	}
	m.open(o)
	return m.reloadLedger()
}

func (m *Model) ledger() *outboxOverlay {
	for _, o := range m.overlays {
		if l, ok := o.(*outboxOverlay); ok {
			return l
		}
	}
	return nil
}

// reloadLedger reads outbox and history again while they are on screen.
func (m *Model) reloadLedger() tea.Cmd {
	o := m.ledger()
	if o == nil {
		return nil
	}
	if o.fetch.busy {
		o.fetch.again = true
		return nil
	}
	o.fetch.busy, o.fetch.again = true, false
	o.fetch.gen++
	gen, be, ctx := o.fetch.gen, m.be, m.ctx
	return func() tea.Msg {
		out, err := be.Outbox(ctx)
		if err != nil {
			return ledgerMsg{gen: gen, err: err}
		}
		history, err := be.History(ctx, model.HistoryRequest{Limit: historyLimit})
		return ledgerMsg{gen, out, history, err}
	}
}

func (m *Model) ledgerCame(msg ledgerMsg) tea.Cmd {
	o := m.ledger()
	if o == nil || msg.gen != o.fetch.gen {
		return nil
	}
	o.fetch.busy = false
	if msg.err != nil {
		m.fail("read the outbox", msg.err)
		return nil
	}
	o.s.Set(msg.outbox, msg.history)
	o.s.SetAccounts(m.facts.Accounts(), m.opts.ReadOnly)
	if !o.find.IsZero() {
		o.s.Find(o.find)
		o.find = model.Ref{}
	}
	if o.fetch.again {
		return m.reloadLedger()
	}
	return nil
}

func (o *outboxOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	k := m.keys.Names(keymap.Outbox)
	foot := []string{k(keymap.NextSection), "history"}
	if _, ok := o.s.Waiting(); ok {
		foot = append(foot, k(keymap.Resolve), "look, settle", k(keymap.Retry), "send again", k(keymap.RetryFailed), "all failed", k(keymap.Discard), "discard")
	}
	if o.s.InHistory() {
		foot = []string{k(keymap.NextSection), "outbox"}
		if _, ok := o.s.Delivered(); ok {
			foot = append(foot, k(keymap.UndoEntry), "undo this", k(keymap.Resolve), "look")
		}
	}
	line, hits := m.th.KeyLineHits(layout.Rect{X: 1, Y: screen.H - 1, W: screen.W - 2}, append(foot, "esc", "close")...)
	if m.notice.text != "" {
		line, hits = m.th.Say(m.notice.look, m.notice.text), nil
	}
	_, inside := screen.Top(1)
	inside, _ = inside.Bottom(1)
	return layout.Picture{At: screen, Lines: o.s.Draw(m.th, screen, m.now(), line), Keys: hits, Inside: inside}
}

func (o *outboxOverlay) scroll(_ *Model, by int) tea.Cmd { o.s.Move(by); return nil }

// line puts the cursor on a row; another click shows everything about it.
func (o *outboxOverlay) line(m *Model, line int) tea.Cmd {
	if again := o.s.PutAt(line); again {
		return o.look(m)
	}
	return nil
}

func (o *outboxOverlay) look(m *Model) tea.Cmd {
	if e, ok := o.s.Waiting(); ok {
		m.openConflict(e)
	} else if e, ok := o.s.Delivered(); ok {
		m.open(&textOverlay{&dialog.Text{Title: e.Title, Lines: historyText(m.th, e)}})
	}
	return nil
}

func (o *outboxOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	m.notice = notice{}
	m.typed = append(m.typed, k.String())
	b, r := m.keys.Lookup([]keymap.Context{keymap.Outbox, keymap.Global}, m.typed)
	if r == keymap.Prefix {
		return nil
	}
	m.typed = nil
	if r == keymap.None {
		return nil
	}
	if by, ok := scrolling(b.Action, o.s.Page()); ok {
		o.s.Move(by)
		return nil
	}
	switch b.Action {
	case keymap.Back, keymap.Hide, keymap.OutboxScreen:
		m.closeOverlay(o)
	case keymap.NextSection:
		o.s.Switch()
	case keymap.Help:
		return m.openHelp(intent{})
	case keymap.Resolve:
		return o.look(m)
	case keymap.Retry:
		if e, ok := o.s.Waiting(); ok {
			return m.retry(e.ID)
		}
	case keymap.RetryFailed:
		return m.retry(o.s.Failed()...)
	case keymap.Discard:
		if e, ok := o.s.Waiting(); ok {
			m.askDiscard(e)
		}
	case keymap.UndoEntry:
		if e, ok := o.s.Delivered(); ok {
			return m.planUndo(e.ID)
		}
		if o.s.InHistory() {
			m.say(theme.Dim, "there is nothing to undo")
		} else {
			m.say(theme.Dim, "only a delivered edit is undone; x discards one that waits")
		}
	case keymap.Quit:
		return m.quit()
	}
	return nil
}

func historyText(th *theme.Theme, e model.JournalEntry) []string {
	out := []string{th.Phrase(e.Edit), "",
		"conversation: " + e.Ref.String(),
		"delivered:    " + e.At.Format("2 Jan 2006 15:04:05"),
		"by:           " + e.User,
		"before:       " + th.Value(e.Kind, e.Before),
		"after:        " + th.Value(e.Kind, e.After)}
	if e.Undone != "" {
		out = append(out, "It has been undone.")
	}
	if ok, why := model.Undoable(e.Kind); !ok {
		out = append(out, "", why)
	}
	return out
}

func (m *Model) askDiscard(e model.OutboxEntry) {
	text := []string{m.th.Phrase(e.Edit), model.CleanLine(e.Title, 120)}
	if e.Sent {
		text = append(text, "A request for it has left already: discarding does not take that back.")
	}
	d := &dialog.Menu{Title: "Discard this edit?", Text: text, Items: []dialog.Item{{Key: "y", Label: "yes, discard it"}, {Key: "n", Label: "no"}}}
	d.SetAt(1)
	m.open(&menuOverlay{d: d, choose: func(m *Model, i int) tea.Cmd {
		if i != 0 {
			return nil
		}
		return m.discard(e.ID)
	}})
}

func (m *Model) retry(ids ...string) tea.Cmd {
	if len(ids) == 0 {
		m.say(theme.Dim, "nothing to send again")
		return nil
	}
	if m.opts.ReadOnly {
		m.say(theme.Warning, "read-only: nothing is sent")
		return nil
	}
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		return settledMsg{fmt.Sprintf("%d queued again", len(ids)), be.Retry(ctx, ids...), "retry"}
	}
}

func (m *Model) discard(ids ...string) tea.Cmd {
	if len(ids) == 0 {
		m.say(theme.Dim, "nothing left to withdraw")
		return nil
	}
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		return settledMsg{fmt.Sprintf("%d discarded", len(ids)), be.Discard(ctx, ids...), "discard"}
	}
}

// retryFailed sends everything that failed again, from anywhere.
func (m *Model) retryFailed(intent) tea.Cmd {
	be, ctx := m.be, m.ctx
	if m.opts.ReadOnly {
		return m.retry("")
	}
	return func() tea.Msg {
		all, err := be.Outbox(ctx)
		var s outbox.Screen
		s.Set(all, nil)
		ids := s.Failed()
		if err == nil && len(ids) > 0 {
			err = be.Retry(ctx, ids...)
		}
		return settledMsg{fmt.Sprintf("%d queued again", len(ids)), err, "retry"}
	}
}

// conflictMsg brings the edit that needs a person.
type conflictMsg struct {
	entry model.OutboxEntry
	found bool
	err   error
}

// resolveRow opens the first edit of a conversation that needs a person.
func (m *Model) resolveRow(in intent) tea.Cmd {
	be, ctx, ref := m.be, m.ctx, in.row.Conversation.Ref
	return func() tea.Msg {
		all, err := be.Outbox(ctx)
		for _, e := range all {
			if e.Ref == ref && e.State.NeedsPerson() {
				return conflictMsg{entry: e, found: true}
			}
		}
		return conflictMsg{err: err}
	}
}

func (m *Model) conflictCame(msg conflictMsg) tea.Cmd {
	switch {
	case msg.err != nil:
		m.fail("read the outbox", msg.err)
	case !msg.found:
		m.say(theme.Dim, "it is settled already")
	default:
		m.openConflict(msg.entry)
	}
	return nil
}

func (m *Model) openConflict(e model.OutboxEntry) {
	d := dialog.NewConflict(e)
	d.Keys, d.OutboxKeys = m.keys.Names(keymap.Dialog), m.keys.Names(keymap.Outbox)
	m.open(&conflictOverlay{d: d})
}

// conflictOverlay lets a person settle an edit.
type conflictOverlay struct {
	d *dialog.Conflict
}

func (o *conflictOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	return o.d.Draw(m.th, screen)
}
func (o *conflictOverlay) scroll(_ *Model, by int) tea.Cmd { o.d.Scroll(by); return nil }

func (o *conflictOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	if name == "esc" {
		m.closeOverlay(o)
		return nil
	}
	e := o.d.Entry
	if !o.d.CanResolve() {
		switch b, _ := m.keys.Lookup([]keymap.Context{keymap.Outbox}, []string{name}); b.Action {
		case keymap.Retry:
			m.closeOverlay(o)
			return m.retry(e.ID)
		case keymap.Discard:
			m.closeOverlay(o)
			m.askDiscard(e)
			return nil
		}
	}
	b, r := m.keys.Lookup([]keymap.Context{keymap.Dialog}, []string{name})
	if r != keymap.Match {
		return nil
	}
	if by, ok := scrolling(b.Action, 10); ok {
		o.d.Scroll(by)
		return nil
	}
	choice, ok := map[keymap.Action]model.Resolution{keymap.Mine: model.ResolveMine, keymap.Theirs: model.ResolveTheirs,
		keymap.Merged: model.ResolveMerged}[b.Action]
	if !ok || !o.d.CanResolve() {
		return nil
	}
	if choice == model.ResolveMerged && !o.d.CanMerge() {
		m.say(theme.Dim, "only lists of people can be merged")
		return nil
	}
	if m.opts.ReadOnly && choice != model.ResolveTheirs {
		m.say(theme.Warning, "read-only: nothing is sent")
		return nil
	}
	m.closeOverlay(o)
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		return settledMsg{"settled: " + string(choice), be.Resolve(ctx, e.ID, choice), "resolve"}
	}
}
