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

// The layouts of list and preview.
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

// areas are the rectangles of the screen.
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
		h := max(6, rest.H*2/5)
		a.list, rest = rest.Bottom(h)
		a.rule, a.preview = rest.Top(1)
	}
	m.list.SetHeight(a.list.H)
	return a
}

// previewPlace tells where the preview stands now.
func (m *Model) previewPlace() string {
	if m.h < previewFrom && m.layout == layoutAuto || m.h < 12 {
		return layoutOff
	}
	switch m.layout {
	case layoutRight:
		if m.w < 60 {
			return layoutOff
		}
		return layoutRight
	case layoutBottom, layoutOff:
		return m.layout
	}
	if m.w >= rightFrom && !m.opts.SSH {
		return layoutRight
	}
	return layoutBottom
}

func (m *Model) previewShown() bool {
	return m.screen == screenList && m.previewPlace() != layoutOff
}

func (m *Model) cyclePreview(intent) tea.Cmd {
	order := []string{layoutRight, layoutBottom, layoutOff}
	at := slices.Index(order, m.previewPlace())
	m.layout = order[(at+1)%len(order)]
	if m.layout == layoutRight && m.previewPlace() != layoutRight {
		m.layout = layoutBottom
	}
	m.arrange()
	m.say(theme.Dim, "preview: "+m.layout)
	if m.previewPlace() == layoutOff && m.layout != layoutOff {
		m.say(theme.Dim, "preview: there is no room for it")
	}
	return m.showIfPreview()
}

// back goes back one step: range, marks, filter, screen. Prompts and overlays
// have taken the key before.
func (m *Model) back(intent) tea.Cmd {
	switch {
	case m.screen == screenDetail && m.detail.Searching() != "":
		m.detail.Search("")
	case m.screen == screenDetail:
		m.screen, m.follow = screenList, false
		m.arrange()
		m.list.MoveToRef(m.detail.Ref())
		if m.list.Ref() != m.detail.Ref() {
			return m.cursorMoved()
		}
	case m.list.Ranging():
		m.list.EndRange()
	case m.list.MarkCount() > 0:
		m.list.ClearMarks()
	case m.tabs[m.tab].filter != "":
		return m.clearFilter()
	}
	return nil
}

// clearFilter takes the filter away; the cursor stays on its conversation, or,
// where nothing was found, goes back to where the filter was begun.
func (m *Model) clearFilter() tea.Cmd {
	if m.pages.busy && m.pages.fresh {
		m.clearing = true
		return nil
	}
	at := m.list.Ref()
	if at.IsZero() {
		at = m.tabs[m.tab].from
	}
	return m.setFilter("", at)
}

func (m *Model) openDetail(in intent) tea.Cmd {
	m.screen = screenDetail
	m.list.EndRange()
	return m.openRow(in.row)
}

func (m *Model) turnDetail(by int) tea.Cmd {
	if m.screen == screenList && !m.previewShown() {
		return m.say(theme.Dim, "no preview is shown: v shows it, enter opens the conversation")
	}
	m.detail.SetTab(m.detail.Tab() + detail.Tab(by))
	return nil
}

// switchTab goes to a view; the numbers wrap around.
func (m *Model) switchTab(to int) tea.Cmd {
	n := len(m.tabs)
	to = (to%n + n) % n
	if to == m.tab && m.screen == screenList {
		return nil
	}
	m.tabs[m.tab].at = m.list.Ref()
	m.screen = screenList
	if to == m.tab {
		return nil
	}
	m.tab = to
	m.clearing = false
	if k := m.list.MarkCount(); k > 0 {
		m.list.ClearMarks()
		m.say(theme.Dim, "marks were cleared: they belong to the view")
	}
	m.list.Reset(m.tabs[to].at)
	m.asOf, m.more, m.toEnd = time.Time{}, false, false
	m.arrange()
	return tea.Batch(m.reopen(), m.reload(true))
}

// setFilter narrows the list; the cursor goes to a conversation, or, for zero,
// to the top.
func (m *Model) setFilter(text string, at model.Ref) tea.Cmd {
	m.tabs[m.tab].filter = text
	m.clearing = false
	m.toEnd = false
	m.list.EndRange()
	m.list.Seek(at)
	return m.reload(true)
}

func (m *Model) refresh(in intent) tea.Cmd {
	be := m.be
	var accounts []string
	if in.one && m.screen == screenDetail {
		accounts = append(accounts, in.row.Conversation.Ref.Account)
	}
	m.say(theme.Dim, "refreshing")
	ask := func() tea.Msg {
		be.Refresh(accounts...)
		return nil
	}
	if m.screen == screenDetail {
		return tea.Batch(ask, m.reloadDetail(in))
	}
	return ask
}
