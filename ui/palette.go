package ui

import (
	"confab/ui/dialog"
	"confab/ui/keymap"
)

func (m *Model) openHelp() { m.open(layer{overlay: dialog.NewHelp(m.keys, m.opts.Version)}) }

func (m *Model) openPalette(in intent) {
	target := m.intent(in.action)
	var list []dialog.Entry
	for _, b := range m.actionsHere() {
		in := target
		in.action = b.Action
		e := dialog.Entry{Name: string(b.Action), Help: b.Help, Section: b.Section, Off: m.off(in),
			Plain: b.Section == keymap.SectionMove || b.Section == keymap.SectionLook}
		if len(b.Keys) > 0 {
			e.Key = b.Keys[0]
		}
		list = append(list, e)
	}
	d := dialog.NewPalette(list)
	if target.size() > 0 {
		d.For = nameOrCount(target)
	}
	m.openMenu(d, func(i int) {
		in := target
		in.action = keymap.Action(list[i].Name)
		m.run(in)
	})
}

func (m *Model) actionsHere() []keymap.Binding {
	var out []keymap.Binding
	seen := map[keymap.Action]bool{keymap.Palette: true}
	for _, c := range m.contexts() {
		for _, b := range m.keys.Bindings(c) {
			if _, ok := m.handlers[b.Action]; ok && !seen[b.Action] {
				out = append(out, b)
			}
			seen[b.Action] = true
		}
	}
	return out
}
