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
	m.typed = append(m.typed, k.String())
	b, r := m.keys.Lookup([]keymap.Context{keymap.Pager, keymap.Global}, m.typed)
	if r == keymap.Prefix {
		return nil
	}
	m.typed = nil
	if by, ok := scrolling(b.Action, o.h.Page()); ok && r == keymap.Match {
		o.h.Scroll(by)
		return nil
	}
	switch b.Action {
	case keymap.Back, keymap.Hide:
		m.closeOverlay(o)
	}
	return nil
}
