package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// overlay is a part that is drawn over the screen. The one on top receives the input.
//
// Update receives a tea.KeyPressMsg, tea.PasteMsg, layout.Wheel, layout.Click, or the answer to an
// earlier request. It returns a request to the inbox: nil, a keymap.Action, or a type of its own
// package. keymap.Back closes the overlay.
type overlay interface {
	Update(msg tea.Msg) (asks any)
	Draw(th *theme.Theme, screen layout.Rect) layout.Picture
}

// Optional methods of an overlay.
type (
	// complainer shows by itself what is wrong with its input.
	complainer interface{ Complain(why string) }
	// answerer covers the message line, and shows the message by itself.
	answerer interface {
		Answer(look theme.Token, text string)
	}
)

// layer is an overlay that is open or queued.
type layer struct {
	overlay
	// handle receives the requests of the overlay; nil if it makes none.
	handle func(asks any)
	// refresh updates the overlay before it is drawn; nil for nothing to update.
	refresh func()
	// draft is the key under which its input is kept, "" for none; recorded is the input kept last.
	draft, recorded string
	// from is the overlay that asked for this one, nil for none.
	from overlay
}

func (m *Model) open(l layer) {
	m.typed = nil
	m.layers = append(m.layers, l)
}

func (m *Model) layerOf(o overlay) int {
	return slices.IndexFunc(m.layers, func(l layer) bool { return l.overlay == o })
}

// onTop returns the topmost layer; its overlay is nil if none is open.
func (m *Model) onTop() (l layer) {
	if n := len(m.layers); n > 0 {
		l = m.layers[n-1]
	}
	return l
}

// findOverlay returns the open overlay of a type, nil if there is none.
func findOverlay[T overlay](m *Model) (found T) {
	for _, l := range m.layers {
		if o, ok := l.overlay.(T); ok {
			return o
		}
	}
	return found
}

// closeOverlay closes an overlay, or keeps a queued one from opening.
func (m *Model) closeOverlay(o overlay) {
	m.typed = nil
	for _, op := range m.ops {
		if op.needed && op.from == o {
			op.cancel()
		}
	}
	is := func(l layer) bool { return l.overlay == o }
	m.layers = slices.DeleteFunc(m.layers, is)
	m.guard.queued = slices.DeleteFunc(m.guard.queued, is)
}

func (m *Model) updateLayer(l layer, msg tea.Msg) {
	asks := l.Update(msg)
	m.recordDrafts()
	if asks == keymap.Back {
		m.closeOverlay(l.overlay)
		if o, ok := l.overlay.(drafted); ok && l.draft != "" {
			if o.Draft() != "" {
				m.say(theme.Dim, "kept as a draft")
			}
			m.saveDraft(l.draft)
		}
	}
	if asks != nil && l.handle != nil {
		l.handle(asks)
	}
}

// answerOverlay passes an overlay what it asked for, if it is still open.
func (m *Model) answerOverlay(to overlay, msg tea.Msg) {
	if i := m.layerOf(to); i >= 0 {
		m.updateLayer(m.layers[i], msg)
	}
}

// complain shows what is wrong in the overlay that asked, else in the message line.
func (m *Model) complain(from overlay, text string) {
	if c, ok := from.(complainer); ok && m.layerOf(from) >= 0 {
		c.Complain(text)
	} else {
		m.say(theme.Warning, text)
	}
}

func (m *Model) openHelp() { m.open(layer{overlay: dialog.NewHelp(m.keys, m.opts.Version)}) }

// openMenu opens a menu. It closes before choose is called.
func (m *Model) openMenu(d overlay, choose func(i int)) {
	m.open(layer{overlay: d, handle: func(asks any) {
		if i, ok := asks.(dialog.Choice); ok {
			m.closeOverlay(d)
			choose(int(i))
		}
	}})
}

// ask opens a prompt for one line and restores its draft.
func (m *Model) ask(d *dialog.Prompt, draft string, entered func(text string)) {
	m.open(layer{overlay: d, draft: draft, handle: func(asks any) {
		if text, ok := asks.(dialog.Entered); ok {
			entered(string(text))
		}
	}})
	m.restoreDraft(d, draft)
}

func (m *Model) askPlan(d *dialog.Plan, from overlay, yes func()) {
	d.Keys, d.Now = m.keys.Keys(keymap.Plan, keymap.Dialog), m.now
	m.openWhenFree(layer{overlay: d, from: from, handle: func(asks any) {
		switch asks {
		case dialog.Again{}:
			m.noteOpened(d)
		case keymap.No:
			m.closeOverlay(d)
			m.say(theme.Dim, "nothing was sent")
		case keymap.Yes:
			m.closeOverlay(d)
			m.notice = notice{} // the state of the submission is shown instead
			yes()
		}
	}})
}

func (m *Model) openPalette(in intent) {
	target := m.intent(in.action)
	var list []dialog.Entry
	for _, b := range m.actionsHere() {
		in := target
		in.action = b.Action
		list = append(list, dialog.Entry{Binding: b, Off: m.off(in)})
	}
	d := dialog.NewPalette(list)
	if target.size() > 0 {
		d.For = nameOrCount(target)
	}
	m.openMenu(d, func(i int) {
		in := target
		in.action = list[i].Action
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
