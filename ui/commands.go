package ui

import (
	"cmp"
	"strings"

	"confab/model/query"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

func (o *overlays) openHelp() { o.open(layer{overlay: dialog.NewHelp(o.keys, o.opts.Version)}) }

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

var shortCommands = map[keymap.Action]keymap.Action{"q": keymap.Quit, "quit!": keymap.Quit, "h": keymap.Help, "w": keymap.Refresh}

func (m *Model) command(p *openPrompt) {
	verb, arg, _ := strings.Cut(strings.TrimSpace(p.Text()), " ")
	in, name := p.target, keymap.Action(strings.ReplaceAll(strings.ToLower(verb), "-", "_"))
	in.action, in.arg = cmp.Or(shortCommands[name], name), strings.TrimSpace(arg)
	if _, ok := m.handlers[in.action]; ok {
		m.run(in)
	} else if in.action != "" {
		m.say(theme.Warning, "there is no action named "+string(in.action)+"; ctrl+p lists them")
	}
}

// commandOffers completes actions and their arguments. start is the byte at which a query begins, -1 if none does.
func (m *Model) commandOffers(head string) (out []query.Completion, start int) {
	verb, arg, typed := strings.Cut(head, " ")
	var all []query.Completion
	switch action := keymap.Action(verb); {
	case !typed:
		arg = strings.ReplaceAll(verb, "-", "_")
		for _, b := range m.actionsHere() {
			all = append(all, query.Completion{Text: string(b.Action), Help: b.Help})
		}
	case action == keymap.Filter:
		return nil, len(verb) + 1
	case action == keymap.ViewNamed, action == keymap.Unview:
		all = m.list.completions(action == keymap.Unview)
		if _, ok := m.list.viewNamed(arg); !ok && arg != "" && action == keymap.ViewNamed && m.list.narrowed() {
			all = append(all, query.Completion{Text: arg, Help: "a new view of the filter and order"})
		}
	case action == keymap.Sort:
		for _, w := range query.Words(query.FieldSort) {
			all = append(all, query.Completion{Text: w.Name, Help: w.Help},
				query.Completion{Text: "-" + w.Name, Help: "the other way round"})
		}
	case action == keymap.Copy:
		for _, c := range copyFormats {
			all = append(all, query.Completion{Text: c.name, Help: "copy the " + c.noun})
		}
	case action == keymap.Snooze:
		all = []query.Completion{{Text: "2h", Help: "hours"}, {Text: "3d", Help: "days"}, {Text: "2w", Help: "weeks"},
			{Text: "14:30", Help: "today, else tomorrow"}, {Text: "tomorrow"}, {Text: "monday"}, {Text: "2026-12-31", Help: "a day"}}
	}
	for _, c := range all {
		if strings.HasPrefix(strings.ToLower(c.Text), strings.ToLower(arg)) {
			c.Start, c.End = len(head)-len(arg), len(head)
			out = append(out, c)
		}
	}
	return out, -1
}
