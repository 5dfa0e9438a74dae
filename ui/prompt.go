package ui

import (
	"cmp"
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

// promptKind is the sign before a prompt, and the key of the draft that holds its past texts, one per line.
type promptKind struct{ sign, past string }

var (
	promptFilter  = promptKind{"/", "filters"}
	promptSearch  = promptKind{"/", ""}
	promptCommand = promptKind{":", "commands"}
)

// prompt is the line at the bottom into which a filter, a search or a command is typed.
type prompt struct {
	kind  promptKind
	input theme.Input
	// Escape restores the filter before, with the cursor on the conversation from.
	before string
	from   model.Ref
	// target is the intent from when the command line was opened.
	target intent
	// problem is what is wrong with the text; refused says that enter was pressed nevertheless.
	problem problem
	refused bool

	// shown is the problem on the help line, offers are the completions there. Both are as of the last
	// rest in typing, so that a typed letter alone writes few bytes.
	shown  problem
	offers []query.Completion
	start  int // the byte of the text that the offers count from
	chosen int
	// completed is the text after the last tab, uncompleted the text before the first.
	completed, uncompleted string
	// typing says that the text changed since the offers were asked for, reading that the engine is asked.
	typing, reading bool
	asked           int // numbers the requests
	// pendingTab is a tab typed before the offers were there; the keys after it are held until then.
	pendingTab int
	held       []tea.Msg

	// past are the texts typed earlier. back is how many steps back the shown text is; present is the text at 0.
	past    []string
	back    int
	present string
	// below is how many rows the cursor of the list was moved down from the prompt.
	below int
}

// problem says what is wrong with a text, and at which rune.
type problem struct {
	why string
	at  int
}

// queryProblem locates the error of a query in its text.
func queryProblem(text string, err error) problem {
	var e *query.Error
	if !errors.As(err, &e) {
		return problem{why: err.Error()}
	}
	why := e.Message + theme.Around(": did you mean ", e.Suggestion, "?")
	return problem{why, utf8.RuneCountInString(text[:max(0, min(e.Pos, len(text)))])}
}

func (m *Model) openFilter(in intent) {
	if in.arg != "" {
		m.applyFilter(in.arg)
		return
	}
	f, from := m.list.currentTab().filter, m.list.Ref()
	if f == "" {
		m.list.currentTab().from = from
	}
	m.openPrompt(&prompt{kind: promptFilter, input: theme.NewInput(f), before: f, from: from})
}

func (m *Model) openSearch() { m.prompt = &prompt{kind: promptSearch, input: theme.NewInput("")} }

func (m *Model) openCommandLine(in intent) {
	m.openPrompt(&prompt{kind: promptCommand, input: theme.NewInput(""), target: m.intent(in.action)})
}

func (m *Model) openPrompt(p *prompt) {
	m.prompt = p
	m.readOffers()
	read(m.loop, bind(m.readPast, p.kind), func(past []string, err error) {
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
		} else if p.kind == promptFilter && m.list.currentTab().filter != p.before {
			m.list.setFilter(p.before, p.from)
		}
	case p.pendingTab != 0:
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
	case p.input.Update(k):
		m.promptChanged()
	case offers && p.input.Position() != before:
		m.readOffersSoon()
	}
}

// pick moves the cursor of the list for the person.
func (m *Model) pick(by int) {
	m.moveOrScroll(by)
	m.guard.noteMove()
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
	m.readOffersSoon()
}

// filterTyped narrows the list by the typed filter. A field without a value yet is left out.
func (m *Model) filterTyped() {
	p := m.prompt
	text, ok := p.input.Value(), true
	if _, err := query.Parse(text); err != nil {
		p.problem = queryProblem(text, err)
		text, ok = query.WithoutBare(text)
	}
	if ok {
		m.applyFilter(text)
	}
}

func (m *Model) applyFilter(text string) {
	t := m.list.currentTab()
	_, err := combine(t.Query, text, t.order)
	switch {
	case err != nil:
		wrong := queryProblem(text, err)
		m.say(theme.Error, fmt.Sprintf("that query is wrong at %d: %s", wrong.at+1, wrong.why))
	case text != t.filter:
		if q, _ := query.Parse(text); q.Sorted() {
			t.order = "" // the filter says how to sort
		}
		m.list.setFilter(text, model.Ref{})
	}
}

func (m *Model) promptDone() {
	p := m.prompt
	if p.kind == promptFilter && p.problem.why != "" {
		p.refused, p.shown = true, p.problem
		m.readOffers()
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
	in, name := p.target, keymap.Action(strings.ReplaceAll(strings.ToLower(verb), "-", "_"))
	in.action, in.arg = cmp.Or(shortCommands[name], name), strings.TrimSpace(arg)
	if _, ok := m.handlers[in.action]; ok {
		m.run(in)
	} else if in.action != "" {
		m.say(theme.Warning, "there is no action named "+string(in.action)+"; ctrl+p lists them")
	}
}

func searchBy(n int) runFunc {
	return func(m *Model, in intent) {
		at, of := m.detail.Next(n * in.times())
		if of == 0 {
			m.say(theme.Warning, "not found in this tab: "+m.detail.Searching())
		} else {
			m.say(theme.Dim, fmt.Sprintf("match %d of %d", at, of))
		}
	}
}

// maxPast is how many filters, and how many commands, are remembered.
const maxPast = 100

func (m *Model) readPast(ctx context.Context, kind promptKind) ([]string, error) {
	kept := m.drafts.get(kind.past)
	text, err := kept.text, error(nil)
	if !kept.dirty { // another process may have added to it
		text, err = m.be.Draft(ctx, kind.past)
	}
	return strings.Split(text, "\n"), err
}

func (m *Model) remember(p *prompt) {
	text := strings.TrimSpace(p.input.Value())
	if text == "" || p.kind.past == "" {
		return
	}
	m.try(keepTyped, func(context.Context) error {
		past, err := m.readPast(context.Background(), p.kind)
		if err != nil {
			return err
		}
		past = append(slices.DeleteFunc(past, func(s string) bool { return s == text || s == "" }), text)
		m.drafts.put(p.kind.past, strings.Join(past[max(0, len(past)-maxPast):], "\n"))
		return m.drafts.write(context.Background(), p.kind.past)
	}, func() {})
}

// older recalls the text before this one, or moves up again in the list.
func (m *Model) older() {
	p := m.prompt
	switch {
	case p.below > 0:
		p.below--
		m.pick(-1)
	case p.back < len(p.past):
		m.recall(p.back + 1)
	}
}

// newer recalls the text after this one. From the present text it moves down in the list.
func (m *Model) newer() {
	p := m.prompt
	switch {
	case p.back > 0:
		m.recall(p.back - 1)
	case p.kind == promptFilter:
		before := m.list.Cursor()
		m.pick(1)
		p.below += m.list.Cursor() - before
	}
}

func (m *Model) recall(to int) {
	p := m.prompt
	if p.back == 0 {
		p.present = p.input.Value()
	}
	p.back = to
	p.input.Set(append(p.past, p.present)[len(p.past)-to])
	m.promptChanged()
}
