package ui

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/theme"
)

func (m *Model) mark(in intent) tea.Cmd {
	if m.screen != screenList {
		return m.say(theme.Dim, "marks are made in the list")
	}
	if m.list.Ranging() {
		return m.endRange()
	}
	var reading tea.Cmd
	if in.count <= 1 {
		m.list.ToggleMark()
		m.list.Move(1)
	} else {
		from := in.row.Conversation.Ref
		if rows, _, whole := m.list.From(from, in.count); whole {
			m.list.Mark(rows)
		} else {
			reading = m.markRows(model.SelectRequest{First: from, N: in.count}, false)
		}
		m.list.Move(in.count)
	}
	m.chose()
	return tea.Batch(reading, m.cursorMoved())
}

func (m *Model) markRange(in intent) tea.Cmd {
	if m.screen != screenList {
		return m.say(theme.Dim, "marks are made in the list")
	}
	if m.list.Ranging() {
		return m.endRange()
	}
	m.list.StartRange()
	if in.count > 1 {
		m.list.Move(in.count - 1)
		return m.cursorMoved()
	}
	return nil
}

func (m *Model) endRange() tea.Cmd {
	rows, whole := m.list.Range()
	if !whole {
		return m.markRows(m.rangeRequest(), false)
	}
	m.list.EndRange()
	m.list.Mark(rows)
	return nil
}

// markAll marks every row of this view, or none where all are marked. The marks are those
// rows, whatever the view shows later.
func (m *Model) markAll(intent) tea.Cmd {
	if m.screen != screenList {
		return m.say(theme.Dim, "marks are made in the list")
	}
	return m.markRows(model.SelectRequest{}, true)
}

// markRows reads rows of this view and marks them. Acts that are struck meanwhile wait for
// that.
func (m *Model) markRows(req model.SelectRequest, toggle bool) tea.Cmd {
	rows := m.selecting(req)
	if rows == nil {
		return nil
	}
	m.marking, m.deferred = true, nil
	tab := m.tab
	q, _ := m.query()
	return operate(m, inLine("marking"), rows, func(rows model.Selection, err error) tea.Cmd {
		now, _ := m.query()
		return m.rowsToMark(rows, toggle, tab != m.tab || q != now, err)
	})
}

// rowsToMark marks rows that were read; toggle unmarks them where all of them are.
func (m *Model) rowsToMark(rows model.Selection, toggle, ofAnotherView bool, err error) tea.Cmd {
	deferred := m.deferred
	m.marking, m.deferred = false, nil
	switch {
	case errors.Is(err, context.Canceled):
		return m.say(theme.Dim, "stopped: nothing was marked")
	case ofAnotherView:
		return m.say(theme.Warning, "nothing was marked: another view is shown now")
	case err != nil:
		return m.fail("mark them", err)
	}
	m.list.EndRange()
	switch {
	case !toggle:
		m.list.Mark(rows)
	case m.list.ToggleMarks(rows):
		m.say(theme.Marked, theme.Number(rows.Len())+" marked")
	}
	if m.screen != screenList {
		deferred = nil // what is open now is not what they were about
	}
	var cmds []tea.Cmd
	for _, a := range deferred {
		cmds = append(cmds, m.run(m.intent(a)))
	}
	return tea.Batch(cmds...)
}

func (m *Model) clearMarks(intent) tea.Cmd {
	m.list.ClearMarks()
	m.list.EndRange()
	return nil
}

// countHidden counts the marked conversations that are out of this view; it reads only
// where some are not at hand.
func (m *Model) countHidden() tea.Cmd {
	m.hiddenGen++
	marks := m.list.Marks()
	q, err := m.query()
	if err != nil || m.list.Held(marks) == marks.Len() {
		m.list.SetHidden(0)
		return nil
	}
	gen := m.hiddenGen
	count := func(ctx context.Context) (int, error) {
		return m.be.Hidden(ctx, model.ListRequest{Query: q, Inbox: true}, marks)
	}
	return read(m, count, func(n int, err error) tea.Cmd {
		if gen == m.hiddenGen && err == nil {
			m.list.SetHidden(n)
		}
		return nil
	})
}
