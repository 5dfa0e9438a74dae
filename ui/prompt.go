package ui

import (
	"errors"
	"fmt"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/theme"
)

// promptKind is what the line at the bottom is for.
type promptKind int

const (
	promptFilter promptKind = iota
	promptSearch
	promptCommand
)

// prompt is the line at the bottom while something is typed into it.
type prompt struct {
	kind  promptKind
	input theme.Input
	// before is the filter that escape goes back to.
	before string
	// from is the conversation that was under the cursor then.
	from model.Ref
	// problem is why the text means nothing.
	problem problem
	// about is the intent captured when the command line was opened.
	about intent
	completing
	recalling
}

// problem is what is wrong with a text, and where in runes.
type problem struct {
	why string
	at  int
}

// combine narrows a view by a filter and puts it in another order, where they are not empty. All are written in the
// query language.
func combine(view, filter, order string) (string, error) {
	f, err := query.Parse(filter)
	if err != nil {
		return "", err
	}
	v, err := query.Parse(view)
	switch {
	case err != nil:
		return "", err
	case order != "":
		o, err := query.Parse(query.FieldSort + ":" + order)
		return v.And(f).And(o).String(), err
	case view == "":
		return filter, nil
	case filter == "":
		return view, nil
	}
	return v.And(f).String(), nil
}

// place tells where a query is wrong, and why.
func place(text string, err error) problem {
	var e *query.Error
	if !errors.As(err, &e) {
		return problem{why: err.Error()}
	}
	why := e.Message
	if e.Suggestion != "" {
		why += ": did you mean " + e.Suggestion + "?"
	}
	return problem{why, utf8.RuneCountInString(text[:max(0, min(e.Pos, len(text)))])}
}

func (m *Model) openFilter(in intent) tea.Cmd {
	if in.arg != "" {
		return m.applyFilter(in.arg)
	}
	f := m.tabs[m.tab].filter
	m.prompt = &prompt{kind: promptFilter, input: theme.NewInput(f), before: f, from: m.list.Ref()}
	if f == "" {
		m.tabs[m.tab].from = m.list.Ref()
	}
	return tea.Batch(m.offer(), m.recall())
}

func (m *Model) openSearch(intent) tea.Cmd {
	m.prompt = &prompt{kind: promptSearch, input: theme.NewInput("")}
	return nil
}

func (m *Model) openCommandLine(in intent) tea.Cmd {
	m.prompt = &prompt{kind: promptCommand, input: theme.NewInput(""), about: m.intent(in.action)}
	return tea.Batch(m.offer(), m.recall())
}

func (m *Model) promptKey(k tea.KeyPressMsg) tea.Cmd {
	p := m.prompt
	name := k.String()
	switch {
	case name == "esc":
		return m.promptLeft()
	case p.turn != 0:
		p.held = append(p.held, k)
		return nil
	case name == "enter":
		return m.promptDone()
	case p.kind == promptSearch:
	case name == "tab":
		return m.complete(1)
	case name == "shift+tab":
		return m.complete(-1)
	case name == "up":
		return m.older()
	case name == "down":
		return m.newer()
	case p.kind == promptFilter && (name == "ctrl+n" || name == "ctrl+p"):
		return m.pick(map[string]int{"ctrl+n": 1, "ctrl+p": -1}[name])
	}
	before := p.input.Position()
	if p.input.Key(k) {
		return m.promptChanged()
	}
	if p.input.Position() != before {
		return m.offerSoon()
	}
	return nil
}

// pick moves the cursor of the list while a filter is typed.
func (m *Model) pick(by int) tea.Cmd {
	cmd := m.travel(by)
	m.chose()
	return cmd
}

func (m *Model) promptLeft() tea.Cmd {
	p := m.prompt
	m.prompt = nil
	switch {
	case p.kind == promptSearch:
		m.detail.Search("")
	case p.kind == promptFilter && m.tabs[m.tab].filter != p.before:
		return m.setFilter(p.before, p.from)
	}
	return nil
}

func (m *Model) promptChanged() tea.Cmd {
	p := m.prompt
	p.problem, p.refused = problem{}, false
	switch p.kind {
	case promptFilter:
		return tea.Batch(m.filterTyped(), m.offerSoon())
	case promptCommand:
		return m.offerSoon()
	case promptSearch:
		m.detail.Search(p.input.Value())
	}
	return nil
}

// filterTyped narrows the list by what is typed. Of a query that is wrong the place is pointed out, and the list stays
// at what was good last; a field of which no value is typed yet does not narrow it.
func (m *Model) filterTyped() tea.Cmd {
	p := m.prompt
	text := p.input.Value()
	if _, err := query.Parse(text); err != nil {
		p.problem = place(text, err)
		rest, ok := query.WithoutBare(text)
		if !ok {
			return nil
		}
		text = rest
	}
	return m.applyFilter(text)
}

// applyFilter narrows the list.
func (m *Model) applyFilter(text string) tea.Cmd {
	t := &m.tabs[m.tab]
	q, err := query.Parse(text)
	if err == nil {
		_, err = combine(t.Query, text, t.order)
	}
	if err != nil {
		wrong := place(text, err)
		m.say(theme.Error, fmt.Sprintf("that query is wrong at %d: %s", wrong.at+1, wrong.why))
		return nil
	}
	if text == t.filter {
		return nil
	}
	if q.Sorted() {
		t.order = "" // the newer one counts
	}
	return m.setFilter(text, model.Ref{})
}

func (m *Model) promptDone() tea.Cmd {
	p := m.prompt
	switch p.kind {
	case promptFilter:
		if p.problem.why != "" {
			p.refused, p.drawn = true, p.problem
			return m.offer()
		}
		m.prompt = nil
		return m.remember(p)
	case promptSearch:
		m.prompt = nil
		if p.input.Value() != "" && m.detail.Search(p.input.Value()) == 0 {
			m.say(theme.Warning, "not found in this tab: "+p.input.Value())
		}
	case promptCommand:
		m.prompt = nil
		return tea.Batch(m.command(p), m.remember(p))
	}
	return nil
}

// searchBy returns a handler that goes to another match.
func searchBy(n int) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd {
		at, of := m.detail.Next(n * in.times())
		if of == 0 {
			m.say(theme.Warning, "not found in this tab: "+m.detail.Searching())
		} else {
			m.say(theme.Dim, fmt.Sprintf("match %d of %d", at, of))
		}
		return nil
	}
}

func (m *Model) drawPrompt(w int) (string, int) {
	p := m.prompt
	sign := "/"
	if p.kind == promptCommand {
		sign = ":"
	}
	line, x := p.input.Draw(m.th, max(0, w-2), theme.Text)
	return m.th.Fit(m.th.Say(theme.Accent, sign)+line, w, ""), x + 1
}
