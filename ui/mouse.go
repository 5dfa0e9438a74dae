package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/ui/keymap"
	"confab/ui/layout"
)

// hitAreas is what was drawn where.
type hitAreas struct {
	areas areas
	tabs  []layout.Rect
	first int // the view of the first of tabs
	keys  []layout.KeyHit
	top   layout.Picture
}

func (m *Model) click(at tea.Mouse) {
	if at.Button != tea.MouseLeft || m.tooSmall() {
		return
	}
	if top, ok := m.onTop(); ok {
		// It chooses a row or presses a key of the footer.
		if p := m.mouse.top; !m.clickKey(p.Keys, at) && p.Inside.Contains(at.X, at.Y) {
			m.pass(top, layout.Click(at.Y-p.Inside.Y))
		}
		return
	}
	if m.prompt != nil {
		return
	}
	m.notice = notice{}
	if m.clickKey(m.mouse.keys, at) {
		return
	}
	for i, r := range m.mouse.tabs {
		if r.Contains(at.X, at.Y) {
			m.switchTab(m.mouse.first + i)
			return
		}
	}
	a := m.mouse.areas
	if m.screen == screenDetail {
		if at.Y == a.tabs.H {
			m.clickDetailTab(at.X)
		}
		return
	}
	if a.preview.Contains(at.X, at.Y) && at.Y == a.preview.Y {
		m.clickDetailTab(at.X - a.preview.X)
		return
	}
	i, ok := m.list.IndexAt(at.Y - a.list.Y)
	switch {
	case !ok || !a.list.Contains(at.X, at.Y):
	case i == m.list.Cursor():
		in := m.intent(keymap.Open)
		if row, ok := m.list.Selected(); ok {
			in.subjects, in.marked = subjects{row: row, one: true}, false
		}
		m.run(in)
	default:
		m.list.MoveTo(i)
		m.chose()
		m.cursorMoved()
	}
}

func (m *Model) clickDetailTab(x int) {
	if t, ok := m.detail.TabAt(m.th, x); ok {
		m.detail.SetTab(t)
	}
}

// clickKey presses the keys that are named under the mouse.
func (m *Model) clickKey(hits []layout.KeyHit, at tea.Mouse) bool {
	for _, h := range hits {
		if !h.At.Contains(at.X, at.Y) {
			continue
		}
		for _, name := range strings.Fields(h.Key) {
			k, err := keymap.Press(name)
			if err != nil {
				break
			}
			m.key(k)
		}
		return true
	}
	return false
}

func (m *Model) wheel(at tea.Mouse) {
	by := 3
	switch at.Button {
	case tea.MouseWheelUp:
		by = -3
	case tea.MouseWheelDown:
	default:
		return
	}
	top, covered := m.onTop()
	switch {
	case covered:
		m.pass(top, layout.Wheel(by))
	case m.screen == screenList && m.mouse.areas.preview.Contains(at.X, at.Y):
		m.detail.Scroll(by)
	default:
		m.pick(by)
	}
}
