package ui

import (
	"confab/model"
	"confab/ui/theme"
)

func (m *Model) marksHere() bool {
	if m.inDetail {
		m.say(theme.Dim, "marks are made in the list")
	}
	return !m.inDetail
}

func (m *Model) mark(in intent) {
	switch {
	case !m.marksHere():
		return
	case m.list.Ranging():
		m.endRange()
		return
	case in.count <= 1:
		m.list.ToggleMark()
	default:
		from := in.row.Conversation.Ref
		rows, _, whole := m.list.From(from, in.count)
		m.markRows(rows, whole, model.SelectRequest{First: from, N: in.count})
	}
	m.list.Move(in.times())
	m.chose()
	m.cursorMoved()
}

func (m *Model) markRange(in intent) {
	switch {
	case !m.marksHere():
	case m.list.Ranging():
		m.endRange()
	default:
		m.list.StartRange()
		if in.count > 1 {
			m.list.Move(in.count - 1)
			m.cursorMoved()
		}
	}
}

func (m *Model) endRange() {
	rows, whole := m.list.Range()
	m.markRows(rows, whole, m.rangeRequest())
}

// markAll marks the rows that this view has now, or none where all are marked.
func (m *Model) markAll() {
	if m.marksHere() {
		m.markRows(model.Selection{}, false, model.SelectRequest{})
	}
}

// markRows marks rows, which are read where the window does not hold the whole of them, and
// unmarks all of the view where they are marked. Acts wait for what is read.
func (m *Model) markRows(rows model.Selection, whole bool, req model.SelectRequest) {
	if whole {
		m.list.EndRange()
		m.list.Mark(rows)
		return
	}
	tab := m.tab
	q, _ := m.query()
	m.marking, m.deferred = inLine("marking", "nothing was marked"), nil
	m.selectRows(m.marking, req, func(rows model.Selection, err error) {
		now, _ := m.query()
		switch {
		case tab != m.tab || q != now:
			m.say(theme.Warning, "nothing was marked: another view is shown now")
			return
		case err != nil:
			m.fail("mark them", err)
			return
		}
		m.list.EndRange()
		if req != (model.SelectRequest{}) {
			m.list.Mark(rows)
		} else if m.list.ToggleMarks(rows) {
			m.say(theme.Marked, theme.Number(rows.Len())+" marked")
		}
		if m.inDetail {
			return // what is open now is not what the acts were about
		}
		for _, a := range m.deferred {
			m.run(m.intent(a))
		}
	})
}

func (m *Model) clearMarks() {
	m.list.ClearMarks()
	m.list.EndRange()
}

// countHidden counts the marked conversations out of this view, and reads only for those not at hand.
func (m *Model) countHidden() {
	m.hiddenGen++
	marks, gen := m.list.Marks(), m.hiddenGen
	q, err := m.query()
	if err != nil || m.list.Held(marks) == marks.Len() {
		m.list.SetHidden(0)
		return
	}
	read(m, with2(m.be.Hidden, model.ListRequest{Query: q, Inbox: true}, marks), func(n int, err error) {
		if gen == m.hiddenGen && err == nil {
			m.list.SetHidden(n)
		}
	})
}
