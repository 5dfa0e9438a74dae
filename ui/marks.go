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
	from := in.row.Conversation.Ref
	rows, _, whole := m.list.From(from, max(1, in.count))
	switch {
	case !m.marksHere():
		return
	case m.list.Ranging():
		m.endRange()
		return
	case in.count <= 1:
		m.list.ToggleMark()
	case whole:
		m.list.Mark(rows)
	default:
		m.markRows(model.SelectRequest{First: from, N: in.count}, false)
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
	if !whole {
		m.markRows(m.rangeRequest(), false)
		return
	}
	m.list.EndRange()
	m.list.Mark(rows)
}

// markAll marks the rows that this view has now, or none where all are marked.
func (m *Model) markAll() {
	if m.marksHere() {
		m.markRows(model.SelectRequest{}, true)
	}
}

// markRows reads rows and marks them; toggle unmarks them where all are. Acts wait for that.
func (m *Model) markRows(req model.SelectRequest, toggle bool) {
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
		if !toggle {
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
