package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// overlay is a part that lies over the screen; the topmost one gets what is struck.
//
// Update takes a tea.KeyPressMsg, tea.PasteMsg, layout.Wheel, layout.Click, or an
// answer to what the part asked for. It returns what the part asks for: nil, a
// keymap.Action, or a type of its own package. A part that asks for keymap.Back is
// closed.
type overlay interface {
	Update(msg tea.Msg) (asks any)
	Draw(th *theme.Theme, screen layout.Rect) layout.Picture
}

// What an overlay may also have.
type (
	// complainer says itself what is wrong with what was typed into it.
	complainer interface{ Complain(why string) }
	// answerer shows the message line itself, since it covers it.
	answerer interface {
		Answer(look theme.Token, text string)
	}
)

// layer is an overlay that is open, or waits to be.
type layer struct {
	overlay
	// act does what the overlay asks for; nil where it asks for nothing.
	act func(asks any)
	// refresh brings what it shows up to date before it is drawn; nil for nothing.
	refresh func()
	// draft is the key of what is typed into it, "" for none; noted is what was kept last.
	draft, noted string
	// from is the overlay that it was asked for in, nil for none.
	from overlay
}

func (m *Model) open(l layer) {
	m.typed = nil
	m.layers = append(m.layers, l)
}

func (m *Model) layerOf(o overlay) int {
	return slices.IndexFunc(m.layers, func(l layer) bool { return l.overlay == o })
}

func (m *Model) onTop() (l layer, ok bool) {
	if n := len(m.layers); n > 0 {
		return m.layers[n-1], true
	}
	return l, false
}

func find[T overlay](m *Model) (found T) {
	for _, l := range m.layers {
		if o, ok := l.overlay.(T); ok {
			return o
		}
	}
	return found
}

// closeOverlay takes an overlay away, or keeps it from opening.
func (m *Model) closeOverlay(o overlay) {
	m.typed = nil
	for _, op := range m.ops {
		if op.needed && op.from == o {
			op.cancel()
		}
	}
	is := func(l layer) bool { return l.overlay == o }
	m.layers = slices.DeleteFunc(m.layers, is)
	m.hand.late = slices.DeleteFunc(m.hand.late, is)
}

func (m *Model) pass(l layer, msg tea.Msg) {
	asks := l.Update(msg)
	m.noteDrafts()
	if asks == keymap.Back {
		m.closeOverlay(l.overlay)
		if o, ok := l.overlay.(drafted); ok && l.draft != "" {
			if o.Draft() != "" {
				m.say(theme.Dim, "kept as a draft")
			}
			m.saveDraft(l.draft)
		}
	}
	if asks != nil && l.act != nil {
		l.act(asks)
	}
}

// answer brings an overlay what it asked for; where it is closed that is dropped.
func (m *Model) answer(to overlay, msg tea.Msg) {
	if i := m.layerOf(to); i >= 0 {
		m.pass(m.layers[i], msg)
	}
}

// complain says what is wrong in the form that asked, else in the message line.
func (m *Model) complain(from overlay, text string) {
	if c, ok := from.(complainer); ok && m.layerOf(from) >= 0 {
		c.Complain(text)
	} else {
		m.say(theme.Warning, text)
	}
}

func (m *Model) openHelp() { m.open(layer{overlay: dialog.NewHelp(m.keys, m.opts.Version)}) }

// openMenu offers choices, and closes before it carries one out.
func (m *Model) openMenu(d overlay, choose func(i int)) {
	m.open(layer{overlay: d, act: func(asks any) {
		if i, ok := asks.(dialog.Choice); ok {
			m.closeOverlay(d)
			choose(int(i))
		}
	}})
}

// ask opens a line to type into, and brings back what was typed there before.
func (m *Model) ask(d *dialog.Prompt, draft string, entered func(text string)) {
	m.open(layer{overlay: d, draft: draft, act: func(asks any) {
		if text, ok := asks.(dialog.Entered); ok {
			entered(string(text))
		}
	}})
	m.restoreDraft(d, draft)
}

func (m *Model) askPlan(d *dialog.Plan, from overlay, yes func()) {
	d.Keys, d.Now = m.keys.Keys(keymap.Plan, keymap.Dialog), m.now
	m.openLate(layer{overlay: d, from: from, act: func(asks any) {
		switch asks {
		case dialog.Again{}:
			m.freshen(d)
		case keymap.No:
			m.closeOverlay(d)
			m.say(theme.Dim, "nothing was sent")
		case keymap.Yes:
			m.closeOverlay(d)
			m.notice = notice{} // what becomes of this is told in its place
			yes()
		}
	}})
}

func (m *Model) openPalette(in intent) {
	about := m.intent(in.action)
	var list []dialog.Entry
	for _, b := range m.actionsHere() {
		in := about
		in.action = b.Action
		e := dialog.Entry{Name: string(b.Action), Help: b.Help, Section: b.Section, Off: m.off(in),
			Plain: b.Section == keymap.SectionMove || b.Section == keymap.SectionLook}
		if len(b.Keys) > 0 {
			e.Key = b.Keys[0]
		}
		list = append(list, e)
	}
	d := dialog.NewPalette(list)
	if about.size() > 0 {
		d.For = subject(about)
	}
	m.openMenu(d, func(i int) {
		in := about
		in.action = keymap.Action(list[i].Name)
		m.run(in)
	})
}

func (m *Model) actionsHere() []keymap.Binding {
	var out []keymap.Binding
	seen := map[keymap.Action]bool{keymap.Palette: true}
	for _, c := range m.stack() {
		for _, b := range m.keys.Bindings(c) {
			if _, ok := m.handlers[b.Action]; ok && !seen[b.Action] {
				out = append(out, b)
			}
			seen[b.Action] = true
		}
	}
	return out
}
