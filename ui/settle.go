package ui

import (
	"context"
	"slices"

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
	ref := in.row.Conversation.Ref
	return read(m, func(ctx context.Context) (n needed, err error) {
		all, err := m.be.OutboxOf(ctx, ref)
		if i := slices.IndexFunc(all, func(e model.OutboxEntry) bool { return e.State.NeedsPerson() }); i >= 0 {
			return needed{entry: &all[i], at: -1}, nil
		}
		return n, err
	}, m.settleCame)
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
	at := m.list.Cursor()
	q, err := m.query()
	inList := err == nil && m.screen == screenList && len(m.layers) == 0
	return read(m, func(ctx context.Context) (best needed, err error) {
		all, err := m.be.Pending(ctx)
		for _, sub := range all {
			if sub.NeedPerson == 0 || sub.Problem == nil {
				continue
			}
			i := -1
			if inList {
				if i, err = placeOf(ctx, m.be, q, sub.Problem.Ref); err != nil {
					return best, err
				}
			}
			if best.entry == nil || before(i, best.at, at) {
				best = needed{sub.Problem, i}
			}
		}
		return best, err
	}, m.settleCame)
}

// needed is an edit that needs the person, nil for none, and where in the list its
// conversation is that the cursor goes to, -1 where it stays.
type needed struct {
	entry *model.OutboxEntry
	at    int
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

func (m *Model) settleCame(n needed, err error) tea.Cmd {
	switch {
	case err != nil:
		m.fail("read the outbox", err)
		return nil
	case n.entry == nil:
		m.say(theme.Dim, "nothing needs you")
		return nil
	}
	m.openConflict(*n.entry)
	if n.at >= 0 && !m.list.MoveToRef(n.entry.Ref) {
		m.list.Seek(n.entry.Ref)
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
	cmd := m.carryOut(a, func(ctx context.Context) (string, error) { return said, do(ctx) })
	if said != "" {
		return cmd
	}
	return tea.Sequence(cmd, m.followOn(d.Entry.Submission, false))
}
