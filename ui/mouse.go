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
	first int
	keys  []layout.KeyHit
	top   layout.Picture
}

func (m *Model) click(at tea.Mouse) tea.Cmd {
	if at.Button != tea.MouseLeft || m.tooSmall() {
		return nil
	}
	if top, ok := m.onTop(); ok {
		return m.clickOverlay(top, at)
	}
	if m.prompt != nil {
		return nil
	}
	m.notice = notice{}
	if cmd, ok := m.clickKey(m.mouse.keys, at); ok {
		return cmd
	}
	for i, r := range m.mouse.tabs {
		if r.Contains(at.X, at.Y) {
			return m.switchTab(m.mouse.first + i)
		}
	}
	a := m.mouse.areas
	if m.screen == screenDetail {
		if t, ok := m.detail.TabAt(m.th, at.X); ok && at.Y == a.tabs.H {
			m.detail.SetTab(t)
		}
		return nil
	}
	if a.preview.Contains(at.X, at.Y) && at.Y == a.preview.Y {
		if t, ok := m.detail.TabAt(m.th, at.X-a.preview.X); ok {
			m.detail.SetTab(t)
		}
		return nil
	}
	if !a.list.Contains(at.X, at.Y) {
		return nil
	}
	i, ok := m.list.IndexAt(at.Y - a.list.Y)
	if !ok {
		return nil
	}
	if i == m.list.Cursor() {
		return m.run(m.only(m.intent("open")))
	}
	m.list.MoveTo(i)
	m.chose()
	return m.cursorMoved()
}

// clickOverlay chooses a row or presses a key of the footer.
func (m *Model) clickOverlay(l layer, at tea.Mouse) tea.Cmd {
	p := m.mouse.top
	if cmd, ok := m.clickKey(p.Keys, at); ok {
		return cmd
	}
	if p.Inside.Contains(at.X, at.Y) {
		return m.pass(l, layout.Click(at.Y-p.Inside.Y))
	}
	return nil
}

// clickKey presses the keys that are named under the mouse.
func (m *Model) clickKey(hits []layout.KeyHit, at tea.Mouse) (tea.Cmd, bool) {
	for _, h := range hits {
		if !h.At.Contains(at.X, at.Y) {
			continue
		}
		var cmds []tea.Cmd
		for _, name := range strings.Fields(h.Key) {
			k, err := keymap.Press(name)
			if err != nil {
				return nil, true
			}
			cmds = append(cmds, m.key(k))
		}
		return tea.Batch(cmds...), true
	}
	return nil, false
}

func (m *Model) only(in intent) intent {
	if row, ok := m.list.Selected(); ok && m.screen == screenList {
		in.subjects, in.marked = subjects{row: row, one: true}, false
	}
	return in
}

func (m *Model) wheel(at tea.Mouse) tea.Cmd {
	by := 3
	switch at.Button {
	case tea.MouseWheelUp:
		by = -3
	case tea.MouseWheelDown:
	default:
		return nil
	}
	if top, ok := m.onTop(); ok {
		return m.pass(top, layout.Wheel(by))
	}
	if m.screen == screenList && m.mouse.areas.preview.Contains(at.X, at.Y) {
		m.detail.Scroll(by)
		return nil
	}
	cmd := m.travel(by)
	m.chose()
	return cmd
}
