package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// promptKind is the sign of a prompt, and the draft that keeps what was typed, a line each.
type promptKind struct{ sign, past string }

var (
	promptFilter  = promptKind{"/", "filters"}
	promptSearch  = promptKind{"/", ""}
	promptCommand = promptKind{":", "commands"}
)

// prompt is the line at the bottom while something is typed into it.
type prompt struct {
	kind  promptKind
	input theme.Input
	// before is the filter that escape goes back to, from the conversation then under the cursor.
	before string
	from   model.Ref
	// about is the intent captured when the command line was opened.
	about intent
	// problem is why the text means nothing; refused says that enter was struck on that.
	problem problem
	refused bool
	completing

	// past is what was typed before; back is how far the text is back in it, 0 for present.
	past    []string
	back    int
	present string
	// below is how far the cursor of the list was moved down from the prompt.
	below int
}

// problem is what is wrong with a text, and where in runes.
type problem struct {
	why string
	at  int
}

// combine narrows a view by a filter and puts it in another order.
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

func (m *Model) openFilter(in intent) {
	if in.arg != "" {
		m.applyFilter(in.arg)
		return
	}
	f, from := m.here().filter, m.list.Ref()
	if f == "" {
		m.here().from = from
	}
	m.openPrompt(&prompt{kind: promptFilter, input: theme.NewInput(f), before: f, from: from})
}

func (m *Model) openSearch() { m.prompt = &prompt{kind: promptSearch, input: theme.NewInput("")} }

func (m *Model) openCommandLine(in intent) {
	m.openPrompt(&prompt{kind: promptCommand, input: theme.NewInput(""), about: m.intent(in.action)})
}

func (m *Model) openPrompt(p *prompt) {
	m.prompt = p
	m.offer()
	read(m, with(m.readPast, p.kind), func(past []string, err error) {
		if err == nil && p == m.prompt {
			p.past = slices.DeleteFunc(past, func(s string) bool { return s == "" })
		}
	})
}

func (m *Model) promptKey(k tea.KeyPressMsg) {
	p, name := m.prompt, k.String()
	before, offers := p.input.Position(), p.kind != promptSearch
	switch {
	case name == "esc":
		m.prompt = nil
		if p.kind == promptSearch {
			m.detail.Search("")
		} else if p.kind == promptFilter && m.here().filter != p.before {
			m.setFilter(p.before, p.from)
		}
	case p.turn != 0:
		p.held = append(p.held, k)
	case name == "enter":
		m.promptDone()
	case offers && name == "tab":
		m.complete(1)
	case offers && name == "shift+tab":
		m.complete(-1)
	case offers && name == "up":
		m.older()
	case offers && name == "down":
		m.newer()
	case p.kind == promptFilter && name == "ctrl+n":
		m.pick(1)
	case p.kind == promptFilter && name == "ctrl+p":
		m.pick(-1)
	case p.input.Key(k):
		m.promptChanged()
	case offers && p.input.Position() != before:
		m.offerSoon()
	}
}

// pick moves the cursor of the list while a filter is typed.
func (m *Model) pick(by int) {
	m.travel(by)
	m.chose()
}

func (m *Model) promptChanged() {
	p := m.prompt
	p.problem, p.refused = problem{}, false
	switch p.kind {
	case promptSearch:
		m.detail.Search(p.input.Value())
		return
	case promptFilter:
		m.filterTyped()
	}
	m.offerSoon()
}

// filterTyped narrows the list by what is typed, as far as it is right: a field of which no value
// is typed yet does not narrow it.
func (m *Model) filterTyped() {
	p := m.prompt
	text, ok := p.input.Value(), true
	if _, err := query.Parse(text); err != nil {
		p.problem = place(text, err)
		text, ok = query.WithoutBare(text)
	}
	if ok {
		m.applyFilter(text)
	}
}

func (m *Model) applyFilter(text string) {
	t := m.here()
	q, err := query.Parse(text)
	if err == nil {
		_, err = combine(t.Query, text, t.order)
	}
	switch {
	case err != nil:
		wrong := place(text, err)
		m.say(theme.Error, fmt.Sprintf("that query is wrong at %d: %s", wrong.at+1, wrong.why))
	case text != t.filter:
		if q.Sorted() {
			t.order = "" // the newer one counts
		}
		m.setFilter(text, model.Ref{})
	}
}

func (m *Model) promptDone() {
	p := m.prompt
	if p.kind == promptFilter && p.problem.why != "" {
		p.refused, p.drawn = true, p.problem
		m.offer()
		return
	}
	m.prompt = nil
	text := p.input.Value()
	switch {
	case p.kind == promptCommand:
		m.command(p)
	case p.kind == promptSearch && text != "" && m.detail.Search(text) == 0:
		m.say(theme.Warning, "not found in this tab: "+text)
	}
	m.remember(p)
}

var shortCommands = map[keymap.Action]keymap.Action{"q": keymap.Quit, "quit!": keymap.Quit, "h": keymap.Help, "w": keymap.Refresh}

func (m *Model) command(p *prompt) {
	verb, arg, _ := strings.Cut(strings.TrimSpace(p.input.Value()), " ")
	in := p.about
	in.action, in.arg = keymap.Action(strings.ReplaceAll(strings.ToLower(verb), "-", "_")), strings.TrimSpace(arg)
	if of, ok := shortCommands[in.action]; ok {
		in.action = of
	}
	if _, ok := m.handlers[in.action]; ok {
		m.run(in)
	} else if in.action != "" {
		m.say(theme.Warning, "there is no action named "+string(in.action)+"; ctrl+p lists them")
	}
}

func searchBy(n int) act {
	return func(m *Model, in intent) {
		at, of := m.detail.Next(n * in.times())
		if of == 0 {
			m.say(theme.Warning, "not found in this tab: "+m.detail.Searching())
		} else {
			m.say(theme.Dim, fmt.Sprintf("match %d of %d", at, of))
		}
	}
}

// recalled is how many filters, and how many commands, are kept for later.
const recalled = 100

func (m *Model) readPast(ctx context.Context, kind promptKind) ([]string, error) {
	kept := m.drafts.get(kind.past)
	text, err := kept.text, error(nil)
	if !kept.dirty { // another confab may have added to it
		text, err = m.be.Draft(ctx, kind.past)
	}
	return strings.Split(text, "\n"), err
}

func (m *Model) remember(p *prompt) {
	text := strings.TrimSpace(p.input.Value())
	if text == "" || p.kind.past == "" {
		return
	}
	m.saving(func() error {
		past, err := m.readPast(context.Background(), p.kind)
		if err != nil {
			return err
		}
		past = append(slices.DeleteFunc(past, func(s string) bool { return s == text || s == "" }), text)
		m.drafts.put(p.kind.past, strings.Join(past[max(0, len(past)-recalled):], "\n"))
		return m.drafts.write(context.Background(), p.kind.past)
	})
}

// older goes back to what was typed before, or up again in the list.
func (m *Model) older() {
	p := m.prompt
	switch {
	case p.below > 0:
		p.below--
		m.pick(-1)
	case p.back < len(p.past):
		m.goBack(p.back + 1)
	}
}

// newer comes forward again to what was typed last, and from there goes down in the list.
func (m *Model) newer() {
	p := m.prompt
	switch {
	case p.back > 0:
		m.goBack(p.back - 1)
	case p.kind == promptFilter:
		before := m.list.Cursor()
		m.pick(1)
		if m.list.Cursor() != before {
			p.below++
		}
	}
}

func (m *Model) goBack(to int) {
	p := m.prompt
	if p.back == 0 {
		p.present = p.input.Value()
	}
	p.back = to
	text := p.present
	if to > 0 {
		text = p.past[len(p.past)-to]
	}
	p.input.Set(text)
	m.promptChanged()
}
