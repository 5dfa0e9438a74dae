package ui

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/keymap"
	"confab/ui/layout"
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

	// drawn is the problem that the help line shows, offers how the text can go on.
	// Both are those of when typing rested last: a letter alone writes few bytes.
	drawn  problem
	offers []query.Completion
	// typing says that the text has changed since, changes how often it has.
	typing  bool
	changes int
	chosen  int
	// completed is the text that the last completion left, so that another tab
	// goes to the next offer.
	completed string
	// typed is the text before the first completion.
	typed string
	// about is the intent captured when the command line was opened.
	about intent
}

// problem is what is wrong with a text, and where in runes.
type problem struct {
	why string
	at  int
}

// combine narrows a view by a filter. Both are written in the query language.
func combine(view, filter string) (string, error) {
	f, err := query.Parse(filter)
	switch {
	case err != nil:
		return "", err
	case view == "":
		return filter, nil
	case filter == "":
		return view, nil
	}
	v, err := query.Parse(view)
	if err != nil {
		return "", err
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
	m.offer()
	return m.readVocabulary()
}

func (m *Model) openSearch(intent) tea.Cmd {
	m.prompt = &prompt{kind: promptSearch, input: theme.NewInput("")}
	return nil
}

func (m *Model) openCommandLine(in intent) tea.Cmd {
	m.prompt = &prompt{kind: promptCommand, input: theme.NewInput(""), about: m.intent(in.action)}
	m.offer()
	return m.readVocabulary()
}

func (m *Model) promptKey(k tea.KeyPressMsg) tea.Cmd {
	p := m.prompt
	switch name := k.String(); name {
	case "esc":
		return m.promptLeft()
	case "enter":
		return m.promptDone()
	case "tab":
		return m.complete(1)
	case "shift+tab":
		return m.complete(-1)
	case "down", "up":
		if p.kind != promptFilter {
			break
		}
		cmd := m.travel(map[string]int{"down": 1, "up": -1}[name])
		m.chose()
		return cmd
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
	p.problem = problem{}
	switch p.kind {
	case promptFilter:
		return tea.Batch(m.applyFilter(p.input.Value()), m.offerSoon())
	case promptCommand:
		return m.offerSoon()
	case promptSearch:
		m.detail.Search(p.input.Value())
	}
	return nil
}

// applyFilter narrows the list. A query that is wrong is pointed out, and the
// list stays at what was good last.
func (m *Model) applyFilter(text string) tea.Cmd {
	if _, err := combine(m.tabs[m.tab].Query, text); err != nil {
		wrong := place(text, err)
		if m.prompt != nil {
			m.prompt.problem = wrong
		} else {
			m.say(theme.Error, fmt.Sprintf("that query is wrong at %d: %s", wrong.at+1, wrong.why))
		}
		return nil
	}
	if text == m.tabs[m.tab].filter {
		return nil
	}
	return m.setFilter(text, model.Ref{})
}

func (m *Model) promptDone() tea.Cmd {
	p := m.prompt
	switch p.kind {
	case promptFilter:
		if p.problem.why != "" {
			m.offer()
			p.drawn = p.problem
			return nil
		}
		m.prompt = nil
	case promptSearch:
		m.prompt = nil
		if p.input.Value() != "" && m.detail.Search(p.input.Value()) == 0 {
			m.say(theme.Warning, "not found in this tab: "+p.input.Value())
		}
	case promptCommand:
		return m.command()
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

// offerSoon offers how the text can go on once typing rests.
func (m *Model) offerSoon() tea.Cmd {
	p := m.prompt
	p.typing = true
	p.changes++
	change := p.changes
	return soon(restTime, func() tea.Cmd {
		if p == m.prompt && p.typing && p.changes == change {
			m.offer()
		}
		return nil
	})
}

// offer looks up how the text can go on, and shows that or what is wrong with it.
func (m *Model) offer() {
	p := m.prompt
	p.typing = false
	p.chosen, p.completed = -1, ""
	value := p.input.Value()
	cursor := len(string([]rune(value)[:min(p.input.Position(), len([]rune(value)))]))
	switch p.kind {
	case promptFilter:
		p.offers = query.Complete(value, cursor, m.words)
	case promptCommand:
		p.offers = m.commandOffers(value, cursor)
	}
	p.point()
}

func (m *Model) readVocabulary() tea.Cmd {
	return read(m, m.be.Vocabulary, func(words query.Vocabulary, err error) tea.Cmd {
		if err == nil {
			m.words = words
			if m.prompt != nil && m.prompt.completed == "" && !m.prompt.typing {
				m.offer()
			}
		}
		return nil
	})
}

// point has the help line show what is wrong, unless that is only that a term is
// not typed to its end, which the offers complete.
func (p *prompt) point() {
	p.drawn = p.problem
	if len(p.offers) == 0 {
		return
	}
	value, start := p.input.Value(), p.offers[0].Start
	if start <= len(value) && p.problem.at >= utf8.RuneCountInString(value[:start]) {
		p.drawn = problem{}
	}
}

func (m *Model) complete(by int) tea.Cmd {
	p := m.prompt
	if p.typing {
		m.offer()
	}
	if len(p.offers) == 0 {
		return nil
	}
	value, at, n := p.input.Value(), p.chosen, len(p.offers)
	if p.completed != "" && p.completed == value {
		value = p.typed // another press: the next offer in place of the last
	} else {
		p.typed = value
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
	cmd := m.applyFilter(p.input.Value())
	p.point()
	if n == 1 && strings.HasSuffix(c.Text, ":") {
		m.offer() // the field stands: its values are next
	}
	return cmd
}

// commandOffers completes actions, and the names of views after "view".
func (m *Model) commandOffers(value string, cursor int) []query.Completion {
	head := value[:cursor]
	if verb, arg, ok := strings.Cut(head, " "); ok {
		start := len(verb) + 1
		var out []query.Completion
		switch verb {
		case "view":
			for _, t := range m.tabs {
				if strings.HasPrefix(strings.ToLower(t.Name), strings.ToLower(arg)) {
					out = append(out, query.Completion{Text: t.Name, Start: start, End: cursor, Help: t.Query})
				}
			}
		case "copy":
			for _, c := range copyings {
				if strings.HasPrefix(c.name, strings.ToLower(arg)) {
					out = append(out, query.Completion{Text: c.name, Start: start, End: cursor, Help: "copy the " + c.noun})
				}
			}
		case "filter":
			for _, c := range query.Complete(arg, len(arg), m.words) {
				c.Start, c.End = c.Start+start, c.End+start
				out = append(out, c)
			}
		}
		return out
	}
	var out []query.Completion
	for _, b := range m.actionsHere() {
		if strings.HasPrefix(string(b.Action), head) {
			out = append(out, query.Completion{Text: string(b.Action), End: cursor, Help: b.Help})
		}
	}
	if strings.HasPrefix("view", head) {
		out = append(out, query.Completion{Text: "view", End: cursor, Help: "go to a view by name"})
	}
	return out
}

// command carries out what stands on the command line.
func (m *Model) command() tea.Cmd {
	p := m.prompt
	verb, arg, _ := strings.Cut(strings.TrimSpace(p.input.Value()), " ")
	arg = strings.TrimSpace(arg)
	verb = strings.ReplaceAll(strings.ToLower(verb), "-", "_")
	if alias, ok := map[string]string{"q": "quit", "quit!": "quit", "h": "help", "w": "refresh"}[verb]; ok {
		verb = alias
	}
	m.prompt = nil
	switch verb {
	case "":
		return nil
	case "view":
		for i, t := range m.tabs {
			if strings.EqualFold(t.Name, arg) || fmt.Sprint(i+1) == arg {
				return m.switchTab(i)
			}
		}
		return m.say(theme.Warning, "there is no view named "+arg)
	}
	action := keymap.Action(verb)
	if _, ok := m.handlers[action]; !ok {
		return m.say(theme.Warning, "there is no action named "+verb+"; ctrl+p lists them")
	}
	in := p.about
	in.action, in.arg = action, arg
	return m.run(in)
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
	w = max(0, w-m.th.Width(right))
	used, s := 1, " "
	for i := max(0, p.chosen-2); i < len(p.offers); i++ {
		o := p.offers[i]
		text := o.Text
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
