package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// snoozes are times that complete a snooze.
var snoozes = []query.Completion{{Text: "2h", Help: "hours"}, {Text: "3d", Help: "days"}, {Text: "2w", Help: "weeks"},
	{Text: "14:30", Help: "today, else tomorrow"}, {Text: "tomorrow"}, {Text: "monday"}, {Text: "2026-12-31", Help: "a day"}}

// commandOffers completes actions, and what may follow some of them. Where that is a query, start is where it begins,
// else it is negative.
func (m *Model) commandOffers(value string, cursor int) (out []query.Completion, start int) {
	head := value[:cursor]
	verb, arg, ok := strings.Cut(head, " ")
	if !ok {
		for _, b := range m.actionsHere() {
			if strings.HasPrefix(string(b.Action), strings.ReplaceAll(strings.ToLower(head), "-", "_")) {
				out = append(out, query.Completion{Text: string(b.Action), End: cursor, Help: b.Help})
			}
		}
		return out, -1
	}
	var all []query.Completion
	switch keymap.Action(verb) {
	case keymap.Filter:
		return nil, len(verb) + 1
	case keymap.ViewNamed, keymap.Unview:
		for _, t := range m.tabs {
			if t.kept || verb == string(keymap.ViewNamed) {
				all = append(all, query.Completion{Text: model.CleanLine(t.Name, 0), Help: model.CleanLine(t.Query, 80), Count: t.count})
			}
		}
		if _, ok := m.viewNamed(arg); !ok && arg != "" && verb == string(keymap.ViewNamed) && m.narrowed() {
			all = append(all, query.Completion{Text: arg, Help: "a new view of the filter and order"})
		}
	case keymap.Sort:
		for _, w := range query.Words(query.FieldSort) {
			all = append(all, query.Completion{Text: w.Name, Help: w.Help}, query.Completion{Text: "-" + w.Name, Help: "the other way round"})
		}
	case keymap.Copy:
		for _, c := range copyings {
			all = append(all, query.Completion{Text: c.name, Help: "copy the " + c.noun})
		}
	case keymap.Snooze:
		all = snoozes
	}
	for _, c := range all {
		if strings.HasPrefix(strings.ToLower(c.Text), strings.ToLower(arg)) {
			c.Start, c.End = len(verb)+1, cursor
			out = append(out, c)
		}
	}
	return out, -1
}

// shortCommands are other names of actions.
var shortCommands = map[string]keymap.Action{"q": keymap.Quit, "quit!": keymap.Quit, "h": keymap.Help, "w": keymap.Refresh}

// command carries out what stands on the command line.
func (m *Model) command(p *prompt) tea.Cmd {
	verb, arg, _ := strings.Cut(strings.TrimSpace(p.input.Value()), " ")
	action := keymap.Action(strings.ReplaceAll(strings.ToLower(verb), "-", "_"))
	if of, ok := shortCommands[string(action)]; ok {
		action = of
	}
	if action == "" {
		return nil
	}
	if _, ok := m.handlers[action]; !ok {
		return m.say(theme.Warning, "there is no action named "+string(action)+"; ctrl+p lists them")
	}
	in := p.about
	in.action, in.arg = action, strings.TrimSpace(arg)
	return m.run(in)
}
