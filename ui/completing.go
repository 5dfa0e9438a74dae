package ui

import (
	"context"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

type completing struct {
	// drawn is the problem that the help line shows, offers how the text can go on.
	// Both are those of when typing rested last: a letter alone writes few bytes.
	drawn  problem
	offers []query.Completion
	begin  int // where the text begins that they are about
	chosen int
	// completed is the text after the last tab, for another; uncompleted that before the first.
	completed, uncompleted string

	// typing says that the text changed since, waiting that the engine is asked; asked numbers both.
	typing, waiting bool
	asked           int
	// turn is a tab that was struck before the answer, held what was struck after it.
	turn int
	held []tea.Msg
}

// nearby is the query nearest to a filter that finds nothing in a view; text is "" for none.
type nearby struct {
	view, filter, text string
	found              int
}

// nearest returns what is near the filter of this view, where it finds nothing.
func (m *Model) nearest() (n nearby, ok bool) {
	t := m.here()
	return m.near, m.near.text != "" && m.near.filter == t.filter && m.near.view == t.Query && m.list.Loaded() && m.list.Total() == 0
}

func (m *Model) seekNearest() {
	n := nearby{view: m.here().Query, filter: m.here().filter}
	still := func() bool {
		now := m.here()
		return now.filter == n.filter && now.Query == n.view && m.list.Loaded() && m.list.Total() == 0 && !m.more
	}
	if n.filter == "" || !still() {
		return
	}
	m.soon(restTime, func() {
		if !still() {
			return
		}
		read(m, func(ctx context.Context) (text string, err error) {
			text, n.found, err = m.be.Nearest(ctx, n.view, n.filter, true)
			return text, err
		}, func(text string, err error) {
			if err != nil || !still() {
				return
			}
			n.text = model.CleanLine(text, 0)
			m.near = n
			if p := m.prompt; p != nil && p.kind == promptFilter && !p.typing && p.completed == "" {
				m.offer()
			}
		})
	})
}

func (m *Model) offerSoon() {
	p := m.prompt
	p.typing = true
	p.asked++
	asked := p.asked
	m.soon(restTime, func() {
		if p == m.prompt && p.asked == asked {
			m.offer()
		}
	})
}

func (m *Model) offer() {
	p := m.prompt
	p.typing, p.waiting = false, false
	p.chosen, p.completed = -1, ""
	p.asked++
	value := p.input.Value()
	cursor := len(string([]rune(value)[:min(p.input.Position(), len([]rune(value)))]))
	start := 0 // of the query
	if p.kind == promptCommand {
		if p.offers, start = m.commandOffers(value[:cursor]); start < 0 {
			p.begin = 0
			p.point()
			m.turned()
			return
		}
	}
	if !m.indexed {
		p.offers, p.begin = query.Complete(value[start:], cursor-start, nil), start
		p.point()
	}
	asked := p.asked
	p.waiting = true
	read(m, with2(m.be.Complete, value[start:], cursor-start), func(offers []query.Completion, err error) {
		if p != m.prompt || p.asked != asked {
			return
		}
		p.waiting = false
		if err == nil {
			p.offers, p.begin = offers, start
		}
		if near, ok := m.nearest(); ok && p.kind == promptFilter && value == near.filter {
			first := query.Completion{Text: near.text, End: len(value), Count: near.found, Help: "nearest"}
			p.offers = append([]query.Completion{first}, p.offers...)
		}
		p.point()
		m.turned()
	})
}

// turned carries out the tab that waited for the offers, and what was struck after it.
func (m *Model) turned() {
	p := m.prompt
	turn, held := p.turn, p.held
	p.turn, p.held = 0, nil
	if turn != 0 {
		m.complete(turn)
	}
	for _, msg := range held {
		m.update(msg)
	}
}

// point shows what is wrong, unless it is only that a term is not typed to its end.
func (p *prompt) point() {
	p.drawn = p.problem
	if len(p.offers) == 0 || p.refused {
		return
	}
	value, start := p.input.Value(), p.begin+p.offers[0].Start
	if start <= len(value) && p.problem.at >= utf8.RuneCountInString(value[:start]) {
		p.drawn = problem{}
	}
}

func (m *Model) complete(by int) {
	p := m.prompt
	switch {
	case p.typing:
		p.turn = by
		m.offer()
		return
	case p.waiting:
		p.turn = by
		return
	case len(p.offers) == 0:
		return
	}
	value, at, n := p.input.Value(), p.chosen, len(p.offers)
	if p.completed != "" && p.completed == value {
		value = p.uncompleted // another press: the next offer in place of the last
	} else {
		p.uncompleted = value
	}
	if at < 0 && by < 0 {
		at = n // from the end back
	}
	chosen := (at + by + n) % n
	c := p.offers[chosen]
	from, to := p.begin+c.Start, p.begin+c.End
	if from < 0 || to > len(value) || from > to {
		return
	}
	p.input.Set(value[:from] + c.Text + value[to:])
	p.input.SetPosition(len([]rune(value[:from] + c.Text)))
	p.problem, p.chosen, p.completed = problem{}, chosen, p.input.Value()
	if p.kind == promptFilter {
		m.filterTyped()
	}
	p.point()
	if p.kind == promptFilter && n == 1 && strings.HasSuffix(c.Text, ":") {
		m.offer() // the field stands: its values are next
	}
}

var snoozes = []query.Completion{{Text: "2h", Help: "hours"}, {Text: "3d", Help: "days"}, {Text: "2w", Help: "weeks"},
	{Text: "14:30", Help: "today, else tomorrow"}, {Text: "tomorrow"}, {Text: "monday"}, {Text: "2026-12-31", Help: "a day"}}

// commandOffers completes actions and what may follow them; start is where a query begins, else negative.
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
		for _, t := range m.tabs {
			if t.kept || action == keymap.ViewNamed {
				all = append(all, query.Completion{Text: model.CleanLine(t.Name, 0), Help: model.CleanLine(t.Query, 80), Count: t.count})
			}
		}
		if _, ok := m.viewNamed(arg); !ok && arg != "" && action == keymap.ViewNamed && m.narrowed() {
			all = append(all, query.Completion{Text: arg, Help: "a new view of the filter and order"})
		}
	case action == keymap.Sort:
		for _, w := range query.Words(query.FieldSort) {
			all = append(all, query.Completion{Text: w.Name, Help: w.Help},
				query.Completion{Text: "-" + w.Name, Help: "the other way round"})
		}
	case action == keymap.Copy:
		for _, c := range copyings {
			all = append(all, query.Completion{Text: c.name, Help: "copy the " + c.noun})
		}
	case action == keymap.Snooze:
		all = snoozes
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
	if p.drawn.why != "" {
		text := "^ " + p.drawn.why
		if pad := p.drawn.at + 1; pad+m.th.Width(text) <= w {
			text = layout.Spaces(pad) + text
		}
		return m.th.Paint(theme.Error, text, w)
	}
	right, filter := "", p.kind == promptFilter
	switch reading := m.reading(); {
	case filter && reading != "":
		right = " " + reading + " "
	case filter && m.list.Loaded():
		right = " " + theme.Number(m.list.Total()) + m.plus() + " found "
	case p.kind == promptCommand && p.about.size() > 0:
		right = " for " + subject(p.about) + " "
	}
	if near, ok := m.nearest(); ok && filter && p.chosen < 0 && !p.typing {
		// Where there is little room, the key goes last of all.
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
		if (i == p.chosen || len(p.offers) == 1) && o.Help != "" {
			text += " (" + o.Help + ")"
		}
		n := m.th.Width(text) + 2
		if used+n > w {
			break
		}
		look := theme.Dim
		if i == p.chosen {
			look = theme.TabActive
		}
		s += m.th.Say(look, text) + "  "
		used += n
	}
	return m.th.Fit(s, w, "") + m.th.Say(theme.Dim, right)
}
