package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/detail"
	"confab/ui/layout"
	"confab/ui/theme"
)

const (
	layoutAuto   = "auto"
	layoutRight  = "right"
	layoutBottom = "bottom"
	layoutOff    = "off"
)

const (
	// tooSmallW and tooSmallH are the least at which anything is readable.
	tooSmallW, tooSmallH = 20, 4
	// rightFrom is the width from which the preview stands at the right.
	rightFrom = 140
	// previewFrom is the height from which there is a preview at all.
	previewFrom = 20
)

type areas struct {
	tabs, list, rule, preview, message, status layout.Rect
	// right says that the rule is upright.
	right bool
}

// arrange lays the screen out and tells the list its height.
func (m *Model) arrange() areas {
	var a areas
	rest := layout.Rect{W: m.w, H: m.h}
	if m.h >= 6 {
		a.tabs, rest = rest.Top(1)
	}
	if m.h >= 4 {
		rest, a.status = rest.Bottom(1)
	}
	if m.h >= 5 {
		rest, a.message = rest.Bottom(1)
	}
	a.list = rest
	switch m.previewPlace() {
	case layoutRight:
		a.list, rest = rest.Left(rest.W * 13 / 20)
		a.rule, a.preview = rest.Left(1)
		a.right = true
	case layoutBottom:
		a.list, rest = rest.Bottom(max(6, rest.H*2/5))
		a.rule, a.preview = rest.Top(1)
	}
	m.list.SetHeight(a.list.H)
	return a
}

func (m *Model) previewPlace() string {
	auto := m.opts.Layout == layoutAuto
	switch {
	case m.h < previewFrom && auto, m.h < 12, m.opts.Layout == layoutOff, m.opts.Layout == layoutRight && m.w < 60:
		return layoutOff
	case m.opts.Layout == layoutRight, auto && m.w >= rightFrom && !m.opts.SSH:
		return layoutRight
	}
	return layoutBottom
}

func (m *Model) previewShown() bool {
	return !m.inDetail && m.previewPlace() != layoutOff
}

func (m *Model) cyclePreview() {
	order := []string{layoutRight, layoutBottom, layoutOff}
	m.opts.Layout = order[(slices.Index(order, m.previewPlace())+1)%len(order)]
	if m.opts.Layout == layoutRight && m.previewPlace() != layoutRight {
		m.opts.Layout = layoutBottom
	}
	m.arrange()
	said := m.opts.Layout
	if m.previewPlace() == layoutOff && m.opts.Layout != layoutOff {
		said = "there is no room for it"
	}
	m.say(theme.Dim, "preview: "+said)
	m.showIfPreview()
}

// back goes back one step: search, range, marks, filter, screen.
func (m *Model) back() {
	switch {
	case m.inDetail && m.detail.Searching() != "":
		m.detail.Search("")
	case m.inDetail:
		m.inDetail, m.follow = false, false
		m.list.MoveToRef(m.detail.Ref())
		if m.list.Ref() != m.detail.Ref() {
			m.cursorMoved()
		}
	case m.list.Ranging():
		m.list.EndRange()
	case m.list.MarkCount() > 0:
		m.list.ClearMarks()
	case m.here().filter != "":
		m.clearFilter()
	}
}

// clearFilter keeps the cursor on its conversation, else where the filter was begun.
func (m *Model) clearFilter() {
	if m.pages.busy && m.pages.fresh {
		m.clearing = true
		return
	}
	at := m.list.Ref()
	if at.IsZero() {
		at = m.here().from
	}
	m.setFilter("", at)
}

func (m *Model) openDetail(in intent) {
	m.inDetail = true
	m.list.EndRange()
	m.openRow(in.row)
}

func (m *Model) turnDetail(by int) {
	if !m.inDetail && !m.previewShown() {
		m.say(theme.Dim, "no preview is shown: v shows it, enter opens the conversation")
		return
	}
	m.detail.SetTab(m.detail.Tab() + detail.Tab(by))
}

// switchTab goes to a view; the numbers wrap around.
func (m *Model) switchTab(to int) {
	n := len(m.tabs)
	to = (to%n + n) % n
	m.inDetail = false
	if to == m.tab {
		return
	}
	m.here().at = m.list.Ref()
	m.tab, m.clearing = to, false
	if m.list.MarkCount() > 0 {
		m.list.ClearMarks()
		m.say(theme.Dim, "marks were cleared: they belong to the view")
	}
	m.list.Reset(m.tabs[to].at)
	m.asOf, m.more, m.toEnd = time.Time{}, false, false
	m.reopen()
	m.reload(true)
}

// setFilter puts the cursor on a conversation, or for zero to the top.
func (m *Model) setFilter(text string, at model.Ref) {
	m.here().filter = text
	m.clearing, m.toEnd = false, false
	m.list.EndRange()
	m.list.Seek(at)
	m.reload(true)
}

func (m *Model) refresh(in intent) {
	var accounts []string
	if in.one && m.inDetail {
		accounts = append(accounts, in.row.Conversation.Ref.Account)
	}
	m.say(theme.Dim, "refreshing")
	m.do(func() tea.Msg {
		m.be.Refresh(accounts...)
		return nil
	})
	if m.inDetail {
		m.reloadDetail(in)
	}
}
