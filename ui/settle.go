package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// settleHere opens what needs a person on this row, else on the next row that
// has something.
func (m *Model) settleHere(in intent) tea.Cmd {
	if !in.one || !needsPerson(in.row) {
		return m.settleNext()
	}
	be, ctx, ref := m.be, m.ctx, in.row.Conversation.Ref
	return func() tea.Msg {
		all, err := be.OutboxOf(ctx, ref)
		for _, e := range all {
			if e.State.NeedsPerson() {
				return settleMsg{entry: e, found: true}
			}
		}
		return settleMsg{err: err}
	}
}

func needsPerson(row model.Row) bool {
	for _, p := range row.Pending {
		if p.State.NeedsPerson() {
			return true
		}
	}
	return false
}

// settleNext opens what needs a person next: in the list below the cursor, else
// from its top, else wherever it is.
func (m *Model) settleNext() tea.Cmd {
	be, ctx, at := m.be, m.ctx, m.list.Cursor()
	q, err := m.query()
	inList := err == nil && m.screen == screenList && len(m.layers) == 0
	return func() tea.Msg {
		all, err := be.Pending(ctx)
		if err != nil {
			return settleMsg{err: err}
		}
		best := settleMsg{}
		bestAt := 0
		for _, sub := range all {
			if sub.NeedPerson == 0 || sub.Problem == nil {
				continue
			}
			i := -1
			if inList {
				if i, err = placeOf(ctx, be, q, sub.Problem.Ref); err != nil {
					return settleMsg{err: err}
				}
			}
			if !best.found || before(i, bestAt, at) {
				best, bestAt = settleMsg{entry: *sub.Problem, found: true, move: i >= 0}, i
			}
		}
		return best
	}
}

// placeOf gives the position of a conversation in a list, -1 where it is not in
// it.
func placeOf(ctx context.Context, be Backend, query string, ref model.Ref) (int, error) {
	if ref.ID == "" {
		return -1, nil // a conversation that is still to be created
	}
	page, err := be.List(ctx, model.ListRequest{Query: query, Inbox: true, Limit: 1, Anchor: ref})
	return page.Index, err
}

// before reports whether position a comes before b for somebody at a position
// who goes down, and on from the top; -1 comes last.
func before(a, b, at int) bool {
	rank := func(i int) int {
		switch {
		case i < 0:
			return 2
		case i <= at:
			return 1
		}
		return 0
	}
	if rank(a) != rank(b) {
		return rank(a) < rank(b)
	}
	return a < b
}

func (m *Model) settleCame(msg settleMsg) tea.Cmd {
	switch {
	case msg.err != nil:
		m.fail("read the outbox", msg.err)
		return nil
	case !msg.found:
		m.say(theme.Dim, "nothing needs you")
		return nil
	}
	m.openConflict(msg.entry)
	if msg.move && !m.list.MoveToRef(msg.entry.Ref) {
		m.list.Seek(msg.entry.Ref)
		return m.reload(true)
	}
	return m.cursorMoved()
}

// openConflict lets the person settle an edit.
func (m *Model) openConflict(e model.OutboxEntry) {
	d := dialog.NewConflict(e)
	d.Keys, d.OutboxKeys, d.Now = m.keys.Keys(keymap.Dialog), m.keys.Keys(keymap.Outbox), m.now
	m.openLate(layer{overlay: d, act: func(asks any) tea.Cmd {
		switch asks {
		case keymap.Discard:
			m.closeOverlay(d)
			m.askDiscard([]model.OutboxEntry{e})
		case keymap.Retry:
			return m.decide(d, keymap.Retry, "", func(ctx context.Context) error { return m.be.Retry(ctx, e.ID) })
		case keymap.Accept:
			ref, _ := d.Existing()
			m.layers, m.screen = nil, screenList
			return m.setFilter("is:any id:"+ref.ID, ref)
		case keymap.Mine:
			return m.resolve(d, model.ResolveMine, "")
		case keymap.Theirs:
			return m.resolve(d, model.ResolveTheirs, "theirs is kept: nothing is sent")
		case keymap.Merged:
			if d.CanMerge() {
				return m.resolve(d, model.ResolveMerged, "")
			}
			m.say(theme.Dim, "only lists of people can be merged")
		}
		return nil
	}})
}

func (m *Model) resolve(d *dialog.Conflict, choice model.Resolution, said string) tea.Cmd {
	return m.decide(d, keymap.Resolve, said, func(ctx context.Context) error { return m.be.Resolve(ctx, d.Entry.ID, choice) })
}

// decide carries out what the person decided about an edit. Where something is sent
// after that, which said does not tell of, it is followed to its end.
func (m *Model) decide(d *dialog.Conflict, a keymap.Action, said string, do func(context.Context) error) tea.Cmd {
	if m.opts.ReadOnly && said == "" {
		if a == keymap.Retry {
			m.closeOverlay(d)
		}
		m.say(theme.Warning, "read-only: nothing is sent")
		return nil
	}
	m.closeOverlay(d)
	ctx := m.ctx
	cmd := func() tea.Msg { return settledMsg{said, do(ctx), a} }
	if said != "" {
		return cmd
	}
	return tea.Sequence(cmd, m.followOn(d.Entry.Submission, false))
}
