package ui

import (
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
	switch k.String() {
	case "esc":
		m.prompt = nil
		if p.kind == promptFilter && m.tabs[m.tab].filter != p.before {
			return m.setFilter(p.before, p.from)
		}
		if p.kind == promptSearch {
			m.detail.Search("")
		}
		return nil
	case "enter":
		return m.promptDone()
	case "tab":
		return m.complete(1)
	case "shift+tab":
		return m.complete(-1)
	case "down", "up":
		if p.kind == promptFilter {
			by := 1
			if k.String() == "up" {
				by = -1
			}
			cmd := m.travel(by)
			m.chose()
			return cmd
		}
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
		at, why := place(text, err)
		if m.prompt != nil {
			m.prompt.problem = problem{why, at}
		} else {
			m.say(theme.Error, "that query is wrong at "+fmt.Sprint(at+1)+": "+why)
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

// searchBy gives a handler that goes to another match.
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
	if value := p.input.Value(); len(p.offers) > 0 {
		if start := p.offers[0].Start; start <= len(value) && p.problem.at >= utf8.RuneCountInString(value[:start]) {
			p.drawn = problem{}
		}
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
	value := p.input.Value()
	offers := p.offers
	chosen := p.chosen
	if p.completed != "" && p.completed == value {
		value = p.typed // another press: the next offer in place of the last
	} else {
		p.typed = value
	}
	chosen = ((chosen+by)%len(offers) + len(offers)) % len(offers)
	if p.chosen < 0 && by < 0 {
		chosen = len(offers) - 1
	}
	c := offers[chosen]
	if c.Start < 0 || c.End > len(value) || c.Start > c.End {
		return nil
	}
	text := value[:c.Start] + c.Text + value[c.End:]
	p.input.Set(text)
	p.input.SetPosition(len([]rune(value[:c.Start] + c.Text)))
	p.problem = problem{}
	p.chosen, p.completed = chosen, p.input.Value()
	if p.kind != promptFilter {
		p.point()
		return nil
	}
	cmd := m.applyFilter(p.input.Value())
	p.point()
	if len(offers) == 1 && strings.HasSuffix(c.Text, ":") {
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
	if verb == "" {
		return nil
	}
	if verb == "view" {
		for i, t := range m.tabs {
			if strings.EqualFold(t.Name, arg) || fmt.Sprint(i+1) == arg {
				return m.switchTab(i)
			}
		}
		m.say(theme.Warning, "there is no view named "+arg)
		return nil
	}
	action := keymap.Action(verb)
	if _, ok := m.handlers[action]; !ok {
		m.say(theme.Warning, "there is no action named "+verb+"; ctrl+p lists them")
		return nil
	}
	in := p.about
	in.action, in.arg = action, arg
	return m.run(in)
}

func (m *Model) drawPrompt(w int) (string, int) {
	p := m.prompt
	sign := map[promptKind]string{promptFilter: "/", promptSearch: "/", promptCommand: ":"}[p.kind]
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
	if p.kind == promptFilter && m.list.Loaded() {
		right = " " + theme.Number(m.list.Total()) + m.plus() + " found "
	}
	if text := m.reading(); text != "" && p.kind == promptFilter {
		right = " " + text + " "
	}
	if p.kind == promptCommand && p.about.size() > 0 {
		right = " for " + subject(p.about) + " "
	}
	w = max(0, w-m.th.Width(right))
	var s strings.Builder
	used := 1
	s.WriteByte(' ')
	from := max(0, p.chosen-2)
	for i := from; i < len(p.offers); i++ {
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
		s.WriteString(m.th.Say(look, text) + "  ")
		used += n
	}
	return m.th.Fit(s.String(), w, "") + m.th.Say(theme.Dim, right)
}
