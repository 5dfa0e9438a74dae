package edit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Picker looks somebody (or a space) up in the provider's directory as the person
// types.
type Picker struct {
	Title  string
	places []place
	at     int // of the place
	input  theme.Input
	// chosen takes what was chosen; has says of who is in already that they are, nil of
	// nobody.
	chosen func(account string, p model.Participant)
	has    func(account string, p model.Participant) string

	gen     int // of what is asked
	items   []model.Participant
	cursor  string // of the next page
	wanted  bool   // the bar is to go on to what the next page brings
	busy    bool
	typed   bool // the one item is what was typed, and in no directory
	problem string
	bar     layout.Bar
}

// place is a directory of an account, narrowed to a space where it is one of a space.
type place struct {
	account string
	kind    model.LookupKind
	space   string
}

// Ask is a question to a directory of an account. One that is to Wait until typing rests comes
// back to Update as it is; Found answers the others.
type (
	Ask struct {
		Account string
		Request model.LookupRequest
		Wait    bool
		gen     int
	}
	Found struct {
		Ask  Ask
		Page model.LookupPage
		Err  error
	}
)

func newPicker(title string, places []place, chosen func(account string, p model.Participant)) *Picker {
	return &Picker{Title: title, places: places, input: theme.NewInput(""), chosen: chosen, busy: true}
}

func (p *Picker) place() place { return p.places[p.at] }

func (p *Picker) text() string { return strings.TrimSpace(p.input.Value()) }

func (p *Picker) Ask() Ask {
	p.gen++
	return p.request("")
}

func (p *Picker) request(cursor string) Ask {
	p.busy = true
	from := p.place()
	return Ask{gen: p.gen, Account: from.account,
		Request: model.LookupRequest{Kind: from.kind, Text: p.text(), Scope: from.space, Limit: 50, Cursor: cursor}}
}

// Update takes input and answers. It returns what to Ask.
func (p *Picker) Update(msg tea.Msg) any {
	switch msg := msg.(type) {
	case layout.Wheel:
		return p.move(int(msg))
	case layout.Click:
		if p.bar.Click(int(msg)-2, len(p.items)) {
			return p.choose()
		}
	case Ask:
		if msg.gen == p.gen {
			return p.Ask()
		}
	case Found:
		if msg.Ask.gen == p.gen {
			p.take(msg)
		}
	case tea.KeyPressMsg:
		key := msg.String()
		if by := layout.Steps(key, 8); by != 0 {
			return p.move(by)
		}
		switch key {
		case "esc":
			return keymap.Back
		case "enter", "ctrl+s":
			return p.choose()
		case "tab", "shift+tab":
			return p.turn(theme.Pick(key == "tab", 1, -1))
		}
	}
	if p.input.Update(msg) {
		p.gen++
		return Ask{gen: p.gen, Wait: true}
	}
	return nil
}

func (p *Picker) turn(by int) any {
	n := len(p.places)
	if n < 2 {
		return nil
	}
	p.at, p.items, p.bar.At = (p.at+by+n)%n, nil, 0
	return p.Ask()
}

// move moves the bar; near the end of what is there it asks for the next page.
func (p *Picker) move(by int) any {
	more := by > 0 && p.cursor != ""
	p.wanted = more && p.bar.At >= len(p.items)-1
	p.bar.Move(by, len(p.items))
	if more && !p.busy && p.bar.At >= len(p.items)-3 {
		return p.request(p.cursor)
	}
	return nil
}

func (p *Picker) choose() any {
	if p.bar.At >= len(p.items) {
		return nil
	}
	p.chosen(p.place().account, p.items[p.bar.At])
	return keymap.Back
}

func (p *Picker) take(found Found) {
	p.busy, p.problem = false, model.Words(found.Err)
	if found.Err != nil {
		return
	}
	page, next := found.Page, len(p.items)
	if found.Ask.Request.Cursor == "" {
		p.items, p.bar, p.typed = page.Items, layout.Bar{}, false
		if who, ok := p.named(); ok && len(page.Items) == 0 && page.Cursor == "" {
			p.items, p.typed = []model.Participant{who}, true
		}
	} else if p.items = append(p.items, page.Items...); p.wanted {
		p.bar.Put(next, len(p.items))
	}
	p.cursor, p.wanted = page.Cursor, false
}

// named returns who was typed as KIND:ID, for those whom a directory does not show.
func (p *Picker) named() (model.Participant, bool) {
	kind := p.place().kind
	id, ok := strings.CutPrefix(p.text(), string(kind)+":")
	return model.Participant{Kind: string(kind), ID: id}, ok && id != "" && ofPeople(kind)
}

func ofPeople(k model.LookupKind) bool {
	return slices.Contains([]model.LookupKind{model.LookupUsers, model.LookupContacts, model.LookupGroups, model.LookupFlows}, k)
}

func (p *Picker) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	foot := []string{"enter", "choose", theme.Pick(len(p.places) > 1, "tab", ""), "directory", "esc", "back"}
	w, h := min(screen.W-2, 84), min(20, screen.H-5)
	return th.Frame(screen, p.Title, foot, w, h, theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		line, x := p.input.Draw(th, max(0, w-2), theme.Text)
		out := []string{th.Say(theme.Accent, "/") + " " + line, p.head(th, w)}
		rows := max(1, h-2)
		for i, end := p.bar.Show(len(p.items), rows); i < end; i++ {
			out = append(out, p.row(th, i, w))
		}
		if p.cursor != "" && p.problem == "" && len(p.items)-p.bar.Top < rows {
			text := theme.Pick(p.busy, "reading more"+th.Ellipsis, "down reads more")
			out = append(out, "  "+th.Paint(theme.Dim, text, max(0, w-2)))
		}
		return out, &layout.Cursor{X: x + 2}
	})
}

func (p *Picker) row(th *theme.Theme, i, w int) string {
	it := p.items[i]
	note := cmp.Or(model.CleanLine(it.Email, 200), model.CleanLine(it.Identifier, 200),
		model.CleanLine(it.Status, 80), // of a channel, its platform
		model.CleanLine(it.ID, 80))
	if it.Members > 0 {
		note = headcount(it.Members)
	}
	if p.has != nil {
		note = strings.TrimSpace(p.has(p.place().account, it) + "  " + note)
	}
	query, nameW := model.FoldText(p.text()), max(8, (w-3)/2)
	name := th.Fit(model.CleanLine(it.Display(), 200), nameW, th.Ellipsis)
	if i == p.bar.At {
		name = th.Say(theme.Selected, name)
	} else {
		name = th.Highlight(theme.Text, name, query, 1)
	}
	return th.Pointer(i == p.bar.At) + " " + name + " " + th.Highlight(theme.Dim, th.Fit(note, max(0, w-3-nameW), th.Ellipsis), query, 1)
}

func (p *Picker) head(th *theme.Theme, w int) string {
	out, last := "", p.places[len(p.places)-1]
	for i, from := range p.places {
		if i > 0 && p.places[i-1].account != from.account || i == 0 && from.account != last.account {
			out += th.Say(theme.Dim, from.account+": ")
		}
		out += th.Say(theme.Pick(i == p.at, theme.TabActive, theme.Tab), string(from.kind)+"s") + "  "
	}
	look, text := theme.Dim, ""
	switch {
	case p.problem != "":
		look, text = theme.Error, p.problem
	case p.busy:
		text = "looking" + th.Ellipsis
	case len(p.items) > 0 && p.typed:
		text = "as typed, not looked up"
	case len(p.items) > 0:
		text = fmt.Sprintf("%d%s found", len(p.items), theme.Pick(p.cursor != "", "+", ""))
	case p.cursor != "":
		text = "nothing found so far"
	case len(p.places) == 1 && !ofPeople(p.place().kind):
		text = "nothing found"
	default:
		text = "nobody found; " + string(p.place().kind) + ":ID names one by id"
	}
	return th.Fit(out+th.Say(look, text), w, "")
}
