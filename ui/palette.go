package ui

import (
	tea "charm.land/bubbletea/v2"

	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/palette"
)

// entry is an action of the palette.
type entry struct {
	action keymap.Action
	help   string
	key    string
	sect   string
}

// entries lists the actions that mean something on this screen, each once.
func (m *Model) entries(about intent) []entry {
	var out []entry
	seen := map[keymap.Action]bool{}
	for _, c := range m.stack() {
		for _, b := range m.keys.Bindings(c) {
			if seen[b.Action] {
				continue
			}
			seen[b.Action] = true
			if _, ok := m.handlers[b.Action]; !ok || b.Action == keymap.Palette {
				continue
			}
			e := entry{action: b.Action, help: b.Help, sect: b.Section}
			if len(b.Keys) > 0 {
				e.key = keymap.Label(b.Keys[0])
			}
			out = append(out, e)
		}
	}
	return out
}

// paletteOverlay lists the actions for what was selected when it was opened.
type paletteOverlay struct {
	p       *palette.Palette
	entries []entry
	about   intent
}

func (m *Model) openPalette(in intent) tea.Cmd {
	o := &paletteOverlay{about: m.intent(in.action)}
	o.entries = m.entries(o.about)
	list := make([]palette.Entry, len(o.entries))
	for i, e := range o.entries {
		about := o.about
		about.action = e.action
		list[i] = palette.Entry{Name: string(e.action), Help: e.help, Key: e.key, Section: e.sect, Off: m.off(about),
			Plain: e.sect == keymap.SectionMove || e.sect == keymap.SectionLook}
	}
	o.p = palette.New(list)
	if o.about.size() > 0 {
		o.p.For = subject(o.about)
	}
	m.open(o)
	return nil
}

func (o *paletteOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	return o.p.Draw(m.th, screen)
}
func (o *paletteOverlay) scroll(_ *Model, by int) tea.Cmd { o.p.Move(by); return nil }

// line puts the bar on a row; another click does it.
func (o *paletteOverlay) line(m *Model, line int) tea.Cmd {
	if again := o.p.PutAt(line); again {
		return o.choose(m)
	}
	return nil
}

func (o *paletteOverlay) choose(m *Model) tea.Cmd {
	i := o.p.Chosen()
	if i < 0 {
		return nil
	}
	m.closeOverlay(o)
	in := o.about
	in.action = o.entries[i].action
	return m.run(in)
}

func (o *paletteOverlay) paste(_ *Model, text string) tea.Cmd {
	o.p.Paste(text)
	return nil
}

func (o *paletteOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "esc", "ctrl+p":
		m.closeOverlay(o)
	case "up", "ctrl+k":
		o.p.Move(-1)
	case "down", "ctrl+j", "ctrl+n":
		o.p.Move(1)
	case "pgup":
		o.p.Move(-10)
	case "pgdown":
		o.p.Move(10)
	case "enter":
		return o.choose(m)
	default:
		o.p.Key(k)
	}
	return nil
}
