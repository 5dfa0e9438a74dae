package ui

import (
	tea "charm.land/bubbletea/v2"

	"confab/ui/help"
	"confab/ui/keymap"
	"confab/ui/layout"
)

// helpOverlay is the help screen.
type helpOverlay struct{ h *help.Help }

func (m *Model) openHelp(intent) tea.Cmd {
	m.open(&helpOverlay{help.New(m.keys, m.opts.Version)})
	return nil
}

func (o *helpOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	return layout.Picture{At: screen, Lines: o.h.Draw(m.th, screen)}
}

func (o *helpOverlay) scroll(_ *Model, by int) tea.Cmd { o.h.Scroll(by); return nil }

func (o *helpOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	b, _ := m.sequence(k.String(), keymap.Pager, keymap.Global)
	if by, ok := scrolling(b.Action, o.h.Page()); ok {
		o.h.Scroll(by)
		return nil
	}
	switch b.Action {
	case keymap.Back, keymap.Hide:
		m.closeOverlay(o)
	}
	return nil
}
