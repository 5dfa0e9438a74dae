package ui

import (
	"context"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/layout"
	"confab/ui/theme"
)

// completing is how what is typed into a prompt can go on.
type completing struct {
	// drawn is the problem that the help line shows, offers how the text can go on.
	// Both are those of when typing rested last: a letter alone writes few bytes.
	drawn  problem
	offers []query.Completion
	// refused says that enter was struck on what is wrong.
	refused bool
	// typing says that the text has changed since, changes how often it has.
	typing  bool
	changes int
	chosen  int
	// completed is the text that the last completion left, so that another tab
	// goes to the next offer.
	completed string
	// before is the text before the first completion.
	uncompleted string

	// asked numbers what the engine is asked for; waiting says that it has not answered.
	asked   int
	waiting bool
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
	t := m.tabs[m.tab]
	return m.near, m.near.text != "" && m.near.filter == t.filter && m.near.view == t.Query && m.list.Loaded() && m.list.Total() == 0
}

// seekNearest looks for the query nearest to a filter that finds nothing, once typing rests.
func (m *Model) seekNearest() tea.Cmd {
	t := m.tabs[m.tab]
	still := func() bool {
		now := m.tabs[m.tab]
		return now.filter == t.filter && now.Query == t.Query && m.list.Loaded() && m.list.Total() == 0 && !m.more
	}
	if t.filter == "" || !still() {
		return nil
	}
	get := func(ctx context.Context) (n nearby, err error) {
		n = nearby{view: t.Query, filter: t.filter}
		n.text, n.found, err = m.be.Nearest(ctx, t.Query, t.filter, true)
		return n, err
	}
	return soon(restTime, func() tea.Cmd {
		if !still() {
			return nil
		}
		return read(m, get, func(n nearby, err error) tea.Cmd {
			if err != nil || !still() {
				return nil
			}
			n.text = model.CleanLine(n.text, 0)
			m.near = n
			if p := m.prompt; p != nil && p.kind == promptFilter && !p.typing && p.completed == "" {
				return m.offer()
			}
			return nil
		})
	})
}

// offerSoon offers how the text can go on once typing rests.
func (m *Model) offerSoon() tea.Cmd {
	p := m.prompt
	p.typing = true
	p.changes++
	change := p.changes
	return soon(restTime, func() tea.Cmd {
		if p == m.prompt && p.typing && p.changes == change {
			return m.offer()
		}
		return nil
	})
}

// offer looks up how the text can go on, and shows that or what is wrong with it.
func (m *Model) offer() tea.Cmd {
	p := m.prompt
	p.typing, p.waiting = false, false
	p.chosen, p.completed = -1, ""
	p.asked++
	value := p.input.Value()
	cursor := len(string([]rune(value)[:min(p.input.Position(), len([]rune(value)))]))
	start := 0 // of the query
	if p.kind == promptCommand {
		if p.offers, start = m.commandOffers(value, cursor); start < 0 {
			p.point()
			return m.turned()
		}
	}
	if !m.indexed {
		p.offers = shifted(query.Complete(value[start:], cursor-start, nil), start)
		p.point()
	}
	asked := p.asked
	p.waiting = true
	get := func(ctx context.Context) ([]query.Completion, error) {
		return m.be.Complete(ctx, value[start:], cursor-start)
	}
	return read(m, get, func(offers []query.Completion, err error) tea.Cmd {
		if p != m.prompt || p.asked != asked {
			return nil
		}
		p.waiting = false
		if err == nil {
			p.offers = shifted(offers, start)
		}
		if near, ok := m.nearest(); ok && p.kind == promptFilter && value == near.filter {
			first := query.Completion{Text: near.text, End: len(value), Count: near.found, Help: "nearest"}
			p.offers = append([]query.Completion{first}, p.offers...)
		}
		p.point()
		return m.turned()
	})
}

func shifted(offers []query.Completion, by int) []query.Completion {
	for i := range offers {
		offers[i].Start, offers[i].End = offers[i].Start+by, offers[i].End+by
	}
	return offers
}

// turned carries out the tab that waited for the offers, and what was struck after it.
func (m *Model) turned() tea.Cmd {
	p := m.prompt
	if p.turn == 0 {
		return nil
	}
	turn, held := p.turn, p.held
	p.turn, p.held = 0, nil
	cmds := []tea.Cmd{m.complete(turn)}
	for _, msg := range held {
		cmds = append(cmds, m.update(msg))
	}
	return tea.Batch(cmds...)
}

// point has the help line show what is wrong, unless that is only that a term is
// not typed to its end, which the offers complete.
func (p *prompt) point() {
	p.drawn = p.problem
	if len(p.offers) == 0 || p.refused {
		return
	}
	value, start := p.input.Value(), p.offers[0].Start
	if start <= len(value) && p.problem.at >= utf8.RuneCountInString(value[:start]) {
		p.drawn = problem{}
	}
}

// complete goes to the next offer, or the one before.
func (m *Model) complete(by int) tea.Cmd {
	p := m.prompt
	if p.typing || p.waiting {
		p.turn = by
		if p.typing {
			return m.offer()
		}
		return nil
	}
	if len(p.offers) == 0 {
		return nil
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
	if c.Start < 0 || c.End > len(value) || c.Start > c.End {
		return nil
	}
	p.input.Set(value[:c.Start] + c.Text + value[c.End:])
	p.input.SetPosition(len([]rune(value[:c.Start] + c.Text)))
	p.problem = problem{}
	p.chosen, p.completed = chosen, p.input.Value()
	if p.kind != promptFilter {
		p.point()
		return nil
	}
	cmd := m.filterTyped()
	p.point()
	if n == 1 && strings.HasSuffix(c.Text, ":") {
		return tea.Batch(cmd, m.offer()) // the field stands: its values are next
	}
	return cmd
}

// drawPromptHelp points at what is wrong, or shows how the text could go on.
func (m *Model) drawPromptHelp(w int) string {
	p := m.prompt
	if p.drawn.why != "" {
		text := "^ " + p.drawn.why
		if pad := p.drawn.at + 1; pad+m.th.Width(text) <= w {
			text = layout.Spaces(pad) + text
		}
		return m.th.Paint(theme.Error, text, w)
	}
	right := ""
	switch {
	case p.kind == promptFilter && m.reading() != "":
		right = " " + m.reading() + " "
	case p.kind == promptFilter && m.list.Loaded():
		right = " " + theme.Number(m.list.Total()) + m.plus() + " found "
	case p.kind == promptCommand && p.about.size() > 0:
		right = " for " + subject(p.about) + " "
	}
	if near, ok := m.nearest(); ok && p.kind == promptFilter && p.chosen < 0 && !p.typing {
		return m.drawNearest(near, w)
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

// drawNearest offers the query that is near; where there is little room, the key goes last of all.
func (m *Model) drawNearest(near nearby, w int) string {
	head, tail := " 0 found; nearest: ", ", "+theme.Number(near.found)+"  tab takes it"
	text := m.th.Truncate(near.text, max(8, w-m.th.Width(head+tail)), m.th.Ellipsis)
	return m.th.Fit(m.th.Say(theme.Dim, head)+m.th.Say(theme.Accent, text)+m.th.Say(theme.Dim, tail), w, "")
}
