package prompt

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"confab/model/query"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Kind is what is typed into a prompt: the sign before it, and the name under which its past texts are kept.
type Kind struct{ sign, Past string }

var (
	Filter  = Kind{"/", "filters"}
	Search  = Kind{"/", ""}
	Command = Kind{":", "commands"}
)

// Prompt is an open prompt.
type Prompt struct {
	Kind
	input theme.Input
	// problem is what is wrong with the text; refused says that enter was pressed nevertheless.
	problem Problem
	refused bool

	// shown is the problem on the help line, offers are the completions there. Both are as of the last
	// rest in typing, so that a typed letter alone writes few bytes.
	shown  Problem
	offers []query.Completion
	start  int // the byte of the text that the offers count from
	// chosen is the offer that the last tab took, -1 for none; uncompleted is the text before the first tab.
	chosen      int
	uncompleted string
	// typing says that the text changed since the offers were asked for, reading that they are being read.
	typing, reading bool
	generation      int // of the request for offers
	// pendingTab is a tab typed before the offers were there; what is typed after it is held until then.
	pendingTab int
	held       []tea.Msg

	// past are the texts typed earlier. back is how many steps back the shown text is; present is the text at 0.
	past    []string
	back    int
	present string
	// below is how many rows the cursor of the list was moved down from the prompt.
	below int
}

// Problem says what is wrong with a text, and at which rune.
type Problem struct {
	Why string
	At  int
}

// ProblemOf locates the error of a query in its text.
func ProblemOf(text string, err error) Problem {
	var e *query.Error
	if !errors.As(err, &e) {
		return Problem{Why: err.Error()}
	}
	why := theme.Around("did you mean ", e.Suggestion, "? ") + e.Message
	return Problem{why, utf8.RuneCountInString(text[:max(0, min(e.Pos, len(text)))])}
}

type (
	// Asks is what is to be done after an update, in the order of the fields. The zero value is nothing.
	Asks struct {
		Apply  *string // a filter to narrow the list by, or a text to search for
		Offers *Request
		// Move moves the cursor of the list. Down moves it down by a row and is answered by Moved.
		Move int
		Down bool
		// Done ends the prompt with its text, Cancelled without.
		Done, Cancelled bool
		Held            []tea.Msg // input to be handled now
	}
	// Request asks for the completions of a text at a byte of it, which Offers answers. One that is to Wait is brought
	// back to Update once typing has rested.
	Request struct {
		Text       string
		Cursor     int
		Wait       bool
		generation int
	}
)

// What Update receives besides keys and pasted text.
type (
	// Offers answers a Request: completions that count from byte Start of the text. More says that others will replace
	// them, Failed that those before stay.
	Offers struct {
		Request
		List         []query.Completion
		Start        int
		More, Failed bool
	}
	Past    []string // the texts typed earlier, the newest last
	Moved   int
	Resized struct{} // the list has another number of rows now
	Nearer  struct{} // the list found the nearest query
)

// New opens a prompt with a text. Ask returns its first request.
func New(kind Kind, text string) *Prompt { return &Prompt{Kind: kind, input: theme.NewInput(text)} }

// Text returns the text as it is now.
func (p *Prompt) Text() string { return p.input.Value() }

// Ask asks for completions of the text as it is now.
func (p *Prompt) Ask() Asks {
	p.typing, p.reading = false, true
	p.chosen = -1
	p.generation++
	text := p.Text()
	runes := []rune(text)
	before := string(runes[:min(p.input.Position(), len(runes))])
	return Asks{Offers: &Request{text, len(before), false, p.generation}}
}

// askRested asks for completions once typing has rested.
func (p *Prompt) askRested() Asks {
	p.typing = true
	p.generation++
	return Asks{Offers: &Request{Wait: true, generation: p.generation}}
}

// Update handles input, or what the inbox answers.
func (p *Prompt) Update(msg tea.Msg) (asks Asks) {
	switch msg := msg.(type) {
	case Request:
		if msg.generation == p.generation {
			return p.Ask()
		}
	case Offers:
		if msg.generation == p.generation {
			return p.take(msg)
		}
	case Past:
		p.past = slices.DeleteFunc(msg, func(s string) bool { return s == "" })
	case Moved:
		p.below += int(msg)
	case Resized:
		if p.Kind == Filter && p.typing {
			return p.Ask() // the screen is redrawn anyway, so waiting would save no bytes
		}
	case Nearer:
		if p.Kind == Filter && !p.typing && p.chosen < 0 {
			return p.Ask()
		}
	case tea.PasteMsg:
		if p.pendingTab != 0 {
			p.held = append(p.held, msg)
		} else if p.input.Update(msg) {
			return p.changed()
		}
	case tea.KeyPressMsg:
		return p.key(msg)
	}
	return asks
}

func (p *Prompt) key(k tea.KeyPressMsg) (asks Asks) {
	name := k.String()
	before, completes := p.input.Position(), p.Kind != Search
	switch {
	case name == "esc":
		asks.Cancelled = true
	case p.pendingTab != 0:
		p.held = append(p.held, k)
	case name == "enter" && p.Kind == Filter && p.problem.Why != "":
		p.refused, p.shown = true, p.problem
		return p.Ask()
	case name == "enter":
		asks.Done = true
	case completes && name == "tab":
		return p.complete(1)
	case completes && name == "shift+tab":
		return p.complete(-1)
	case completes && name == "up":
		return p.older()
	case completes && name == "down":
		return p.newer()
	case p.Kind == Filter && name == "ctrl+n":
		asks.Move = 1
	case p.Kind == Filter && name == "ctrl+p":
		asks.Move = -1
	case p.input.Update(k):
		return p.changed()
	case completes && p.input.Position() != before:
		return p.askRested()
	}
	return asks
}

func (p *Prompt) changed() (asks Asks) {
	p.problem, p.refused = Problem{}, false
	switch p.Kind {
	case Search:
		text := p.Text()
		return Asks{Apply: &text}
	case Filter:
		asks.Apply = p.filter()
	}
	asks.Offers = p.askRested().Offers
	return asks
}

// filter returns the typed filter, nil if it is wrong. A field without a value yet is left out.
func (p *Prompt) filter() *string {
	text, ok := p.Text(), true
	if _, err := query.Parse(text); err != nil {
		p.problem = ProblemOf(text, err)
		text, ok = query.WithoutBare(text)
	}
	if !ok {
		return nil
	}
	return &text
}

// take shows completions, then carries out the tab that waited for them.
func (p *Prompt) take(o Offers) (asks Asks) {
	if !o.Failed {
		p.offers, p.start = o.List, o.Start
	}
	p.showProblem()
	if o.More {
		return asks
	}
	p.reading = false
	tab, held := p.pendingTab, p.held
	p.pendingTab, p.held = 0, nil
	if tab != 0 {
		asks = p.complete(tab)
	}
	asks.Held = held
	return asks
}

// showProblem shows the problem of the text, unless it lies in the term that is still being typed.
func (p *Prompt) showProblem() {
	p.shown = p.problem
	if len(p.offers) == 0 || p.refused {
		return
	}
	text, start := p.Text(), p.start+p.offers[0].Start
	if start <= len(text) && p.problem.At >= utf8.RuneCountInString(text[:start]) {
		p.shown = Problem{}
	}
}

// complete replaces what is being typed by the next completion.
func (p *Prompt) complete(by int) (asks Asks) {
	switch {
	case p.typing:
		p.pendingTab = by
		return p.Ask()
	case p.reading:
		p.pendingTab = by
		return asks
	case len(p.offers) == 0:
		return asks
	}
	text, at, n := p.Text(), p.chosen, len(p.offers)
	if at >= 0 {
		text = p.uncompleted // pressed again: the next offer replaces the last
	} else {
		p.uncompleted = text
	}
	if at < 0 && by < 0 {
		at = n
	}
	chosen := (at + by + n) % n
	c := p.offers[chosen]
	from, to := p.start+c.Start, p.start+c.End
	if from < 0 || to > len(text) || from > to {
		return asks
	}
	p.input.Set(text[:from] + c.Text + text[to:])
	p.input.SetPosition(utf8.RuneCountInString(text[:from] + c.Text))
	p.problem, p.chosen = Problem{}, chosen
	if p.Kind == Filter {
		asks.Apply = p.filter()
	}
	p.showProblem()
	if p.Kind == Filter && n == 1 && strings.HasSuffix(c.Text, ":") {
		asks.Offers = p.Ask().Offers // only this field fits: its values come next
	}
	return asks
}

// older recalls the text before this one, or moves up again in the list.
func (p *Prompt) older() (asks Asks) {
	switch {
	case p.below > 0:
		p.below--
		asks.Move = -1
	case p.back < len(p.past):
		return p.recall(p.back + 1)
	}
	return asks
}

// newer recalls the text after this one. From the present text it moves down in the list.
func (p *Prompt) newer() (asks Asks) {
	if p.back > 0 {
		return p.recall(p.back - 1)
	}
	asks.Down = p.Kind == Filter
	return asks
}

func (p *Prompt) recall(to int) Asks {
	if p.back == 0 {
		p.present = p.Text()
	}
	p.back = to
	p.input.Set(append(p.past, p.present)[len(p.past)-to])
	return p.changed()
}

// Draw draws the line, and returns the column of the cursor.
func (p *Prompt) Draw(th *theme.Theme, w int) (line string, cursor int) {
	line, cursor = p.input.Draw(th, max(0, w-2))
	return th.Fit(th.Say(theme.Accent, p.sign)+line, w, ""), cursor + 1
}

// cell returns the column in which the nth rune of the text is drawn, or the nearest one that is visible.
func (p *Prompt) cell(th *theme.Theme, w, n int) int {
	_, cursor := p.Draw(th, w)
	text := []rune(p.Text())
	before := func(n int) int { return th.Width(string(text[:min(n, len(text))])) }
	return max(0, min(cursor+before(n)-before(p.input.Position()), w-1))
}

// DrawHelp draws the line below: what is wrong with the text, else the completions, with about at its end. nearest is
// the query nearest to a filter that finds nothing, the zero value if there is none.
func (p *Prompt) DrawHelp(th *theme.Theme, w int, about string, nearest query.Completion) string {
	if p.shown.Why != "" {
		// The words stand on that side of the sign which has room, or more room.
		at, why := p.cell(th, w, p.shown.At), p.shown.Why
		text := layout.Spaces(at) + "^ " + why
		if n := at + 2 + th.Width(why); n > w && at > w/2 {
			why = th.Truncate(why, at-1, th.Ellipsis)
			text = layout.Spaces(at-1-th.Width(why)) + why + " ^"
		}
		return th.Paint(theme.Error, text, w)
	}
	if nearest.Text != "" && p.Kind == Filter && p.chosen < 0 && !p.typing {
		// In a line that is too long the query is cut first, the key last.
		head, tail := " 0 found; nearest: ", ", "+theme.Number(nearest.Count)+"  tab takes it"
		text := th.Truncate(nearest.Text, max(8, w-th.Width(head+tail)), th.Ellipsis)
		return th.Fit(th.Say(theme.Dim, head)+th.Say(theme.Accent, text)+th.Say(theme.Dim, tail), w, "")
	}
	about = th.Truncate(about, w/2, th.Ellipsis)
	w -= th.Width(about)
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
		n := th.Width(text) + 2
		if used+n > w {
			break
		}
		s += th.Say(theme.Pick(i == p.chosen, theme.TabActive, theme.Dim), text) + "  "
		used += n
	}
	return th.Fit(s, w, "") + th.Say(theme.Dim, about)
}
