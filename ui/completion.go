package ui

import (
	"strings"
	"unicode/utf8"

	"confab/model"
	"confab/model/query"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

func (m *Model) readOffersSoon() {
	p := m.prompt
	p.typing = true
	m.debounce(&p.asked, restTime, func() {
		if p == m.prompt {
			m.readOffers()
		}
	})
}

func (m *Model) readOffers() {
	p := m.prompt
	p.typing, p.reading = false, false
	p.chosen, p.completed = -1, ""
	p.asked++
	value := p.input.Value()
	cursor := len(string([]rune(value)[:min(p.input.Position(), len([]rune(value)))]))
	start := 0 // the byte at which the query begins
	if p.kind == promptCommand {
		if p.offers, start = m.commandOffers(value[:cursor]); start < 0 {
			p.start = 0
			p.showProblem()
			m.resumeTab()
			return
		}
	}
	if !m.list.indexed {
		p.offers, p.start = query.Complete(value[start:], cursor-start, nil), start
		p.showProblem()
	}
	asked := p.asked
	p.reading = true
	read(m.loop, bind2(m.be.Complete, value[start:], cursor-start), func(offers []query.Completion, err error) {
		if p != m.prompt || p.asked != asked {
			return
		}
		p.reading = false
		if err == nil {
			p.offers, p.start = offers, start
		}
		if near, ok := m.list.nearest(); ok && p.kind == promptFilter && value == near.filter {
			first := query.Completion{Text: near.text, End: len(value), Count: near.found, Help: "nearest"}
			p.offers = append([]query.Completion{first}, p.offers...)
		}
		p.showProblem()
		m.resumeTab()
	})
}

// resumeTab carries out the tab that waited for the offers, and the keys held since.
func (m *Model) resumeTab() {
	p := m.prompt
	pendingTab, held := p.pendingTab, p.held
	p.pendingTab, p.held = 0, nil
	if pendingTab != 0 {
		m.complete(pendingTab)
	}
	for _, msg := range held {
		m.update(msg)
	}
}

// showProblem shows the problem of the text, unless it lies in the term that is still being typed.
func (p *prompt) showProblem() {
	p.shown = p.problem
	if len(p.offers) == 0 || p.refused {
		return
	}
	value, start := p.input.Value(), p.start+p.offers[0].Start
	if start <= len(value) && p.problem.at >= utf8.RuneCountInString(value[:start]) {
		p.shown = problem{}
	}
}

func (m *Model) complete(by int) {
	p := m.prompt
	switch {
	case p.typing:
		p.pendingTab = by
		m.readOffers()
		return
	case p.reading:
		p.pendingTab = by
		return
	case len(p.offers) == 0:
		return
	}
	value, at, n := p.input.Value(), p.chosen, len(p.offers)
	if p.completed != "" && p.completed == value {
		value = p.uncompleted // pressed again: the next offer replaces the last
	} else {
		p.uncompleted = value
	}
	if at < 0 && by < 0 {
		at = n
	}
	chosen := (at + by + n) % n
	c := p.offers[chosen]
	from, to := p.start+c.Start, p.start+c.End
	if from < 0 || to > len(value) || from > to {
		return
	}
	p.input.Set(value[:from] + c.Text + value[to:])
	p.input.SetPosition(len([]rune(value[:from] + c.Text)))
	p.problem, p.chosen, p.completed = problem{}, chosen, p.input.Value()
	if p.kind == promptFilter {
		m.filterTyped()
	}
	p.showProblem()
	if p.kind == promptFilter && n == 1 && strings.HasSuffix(c.Text, ":") {
		m.readOffers() // only this field fits: its values come next
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
		for _, t := range m.list.tabs {
			if t.kept || action == keymap.ViewNamed {
				all = append(all, query.Completion{Text: model.CleanLine(t.Name, 0), Help: model.CleanLine(t.Query, 80), Count: t.count})
			}
		}
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

func (m *Model) drawPromptHelp(w int) string {
	p := m.prompt
	if p.shown.why != "" {
		text := "^ " + p.shown.why
		if pad := p.shown.at + 1; pad+m.th.Width(text) <= w {
			text = layout.Spaces(pad) + text
		}
		return m.th.Paint(theme.Error, text, w)
	}
	right, filter := "", p.kind == promptFilter
	switch reading := m.list.readingText(); {
	case filter && reading != "":
		right = " " + reading + " "
	case filter && m.list.Loaded():
		right = " " + theme.Number(m.list.Total()) + m.plus() + " found "
	case p.kind == promptCommand && p.target.size() > 0:
		right = " for " + nameOrCount(p.target) + " "
	}
	if near, ok := m.list.nearest(); ok && filter && p.chosen < 0 && !p.typing {
		// In a line that is too long the query is cut first, the key last.
		head, tail := " 0 found; nearest: ", ", "+theme.Number(near.found)+"  tab takes it"
		text := m.th.Truncate(near.text, max(8, w-m.th.Width(head+tail)), m.th.Ellipsis)
		return m.th.Fit(m.th.Say(theme.Dim, head)+m.th.Say(theme.Accent, text)+m.th.Say(theme.Dim, tail), w, "")
	}
	w = max(0, w-m.th.Width(right))
	used, s := 1, " "
	for i := max(0, p.chosen-2); i < len(p.offers); i++ {
		o := p.offers[i]
		text := o.Text
		if o.Count > 0 {
			text += " " + theme.Number(o.Count)
		}
		if i == p.chosen || len(p.offers) == 1 {
			text += theme.Around(" (", o.Help, ")")
		}
		n := m.th.Width(text) + 2
		if used+n > w {
			break
		}
		s += m.th.Say(theme.Pick(i == p.chosen, theme.TabActive, theme.Dim), text) + "  "
		used += n
	}
	return m.th.Fit(s, w, "") + m.th.Say(theme.Dim, right)
}
