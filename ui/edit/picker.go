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

// Picker looks up people, or what else a directory of the provider holds, as the person types.
type Picker struct {
	Title       string
	directories []directory
	at          int // the directory
	input       theme.Input
	choose      func(account string, p model.Participant)
	note        func(account string, p model.Participant) string // shown beside an entry, nil for none

	generation int // of the request
	items      []model.Participant
	cursor     string // of the next page
	advance    bool   // move on to the next page once it is there
	busy       bool
	stale      bool // the items are those of another text
	asTyped    bool // the only item is what was typed; no directory has it
	problem    string
	bar        layout.Bar
	above      int // the lines above the items
}

// directory lists entries of a kind in an account, or in one of its spaces.
type directory struct {
	account string
	kind    model.LookupKind
	space   string
}

type (
	// Ask is what Update of a Picker returns. One that is to Wait is brought back to Update
	// once typing has rested; Found answers the others.
	Ask struct {
		Account    string
		Request    model.LookupRequest
		Wait       bool
		generation int
	}
	Found struct {
		Ask  Ask
		Page model.LookupPage
		Err  error
	}
)

func newPicker(title string, directories []directory, choose func(account string, p model.Participant)) *Picker {
	return &Picker{Title: title, directories: directories, input: theme.NewInput(""), choose: choose, busy: true}
}

func (p *Picker) directory() directory { return p.directories[p.at] }

func (p *Picker) text() string { return strings.TrimSpace(p.input.Value()) }

// Ask returns the request for the first page. Answers to earlier requests are dropped.
func (p *Picker) Ask() Ask {
	p.generation, p.cursor = p.generation+1, ""
	return p.request("")
}

func (p *Picker) request(cursor string) Ask {
	p.busy = true
	d := p.directory()
	return Ask{generation: p.generation, Account: d.account,
		Request: model.LookupRequest{Kind: d.kind, Text: p.text(), Scope: d.space, Limit: 50, Cursor: cursor}}
}

// Update takes input, Ask and Found. It returns an Ask or keymap.Back.
func (p *Picker) Update(msg tea.Msg) any {
	switch msg := msg.(type) {
	case layout.Wheel:
		return p.move(int(msg))
	case layout.Click:
		if p.bar.Click(int(msg)-p.above, len(p.items)) {
			return p.chooseItem()
		}
	case Ask:
		if msg.generation == p.generation {
			return p.Ask()
		}
	case Found:
		if msg.Ask.generation == p.generation {
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
			return p.chooseItem()
		case "tab", "shift+tab":
			return p.switchDirectory(theme.Pick(key == "tab", 1, -1))
		}
	}
	if p.input.Update(msg) {
		p.generation++
		p.busy, p.stale = true, true
		return Ask{generation: p.generation, Wait: true}
	}
	return nil
}

func (p *Picker) switchDirectory(by int) any {
	n := len(p.directories)
	if n < 2 {
		return nil
	}
	p.at, p.items, p.bar.At = (p.at+by+n)%n, nil, 0
	return p.Ask()
}

// move moves the cursor; near the end of the items it asks for the next page.
func (p *Picker) move(by int) any {
	more := by > 0 && p.cursor != ""
	p.advance = more && p.bar.At >= len(p.items)-1
	p.bar.Move(by, len(p.items))
	if more && !p.busy && p.bar.At >= len(p.items)-3 {
		return p.request(p.cursor)
	}
	return nil
}

func (p *Picker) chooseItem() any {
	if p.stale || p.bar.At >= len(p.items) {
		return nil
	}
	p.choose(p.directory().account, p.items[p.bar.At])
	return keymap.Back
}

func (p *Picker) take(found Found) {
	p.busy, p.problem = false, model.Words(found.Err)
	if found.Err != nil {
		return
	}
	page, next := found.Page, len(p.items)
	if found.Ask.Request.Cursor == "" {
		p.items, p.bar, p.asTyped, p.stale = page.Items, layout.Bar{}, false, false
		if typed, ok := p.typedID(); ok && len(page.Items) == 0 && page.Cursor == "" {
			p.items, p.asTyped = []model.Participant{typed}, true
		}
	} else if p.items = append(p.items, page.Items...); p.advance {
		p.bar.Put(next, len(p.items))
	}
	p.cursor, p.advance = page.Cursor, false
}

// typedID returns a participant that was typed as KIND:ID, which reaches those that no directory shows.
func (p *Picker) typedID() (model.Participant, bool) {
	kind := p.directory().kind
	id, ok := strings.CutPrefix(p.text(), string(kind)+":")
	return model.Participant{Kind: string(kind), ID: id}, ok && id != "" && listsPeople(kind)
}

func listsPeople(k model.LookupKind) bool {
	return slices.Contains([]model.LookupKind{model.LookupUsers, model.LookupContacts, model.LookupGroups, model.LookupFlows}, k)
}

func (p *Picker) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	footer := []string{"enter", "choose", theme.Pick(len(p.directories) > 1, "tab", ""), "directory", "esc", "back"}
	w, h := min(screen.W-2, 84), min(20, screen.H-5)
	return th.Frame(screen, p.Title, footer, w, h, theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		line, x := p.input.Draw(th, max(0, w-2))
		out := []string{th.Say(theme.Accent, "/") + " " + line}
		if h > 2 || len(p.items) == 0 || p.problem != "" { // the last line is for an item
			out = append(out, p.status(th, w))
		}
		p.above = len(out)
		rows := max(1, h-p.above)
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
		model.CleanLine(it.Status, 80), // the platform of a channel
		model.CleanLine(it.ID, 80))
	if it.Members > 0 {
		note = headcount(it.Members)
	}
	if p.note != nil {
		note = strings.TrimSpace(p.note(p.directory().account, it) + "  " + note)
	}
	query, nameW := model.FoldText(p.text()), max(8, (w-3)/2)
	name := th.Fit(model.CleanLine(it.Display(), 200), nameW, th.Ellipsis)
	note = th.Highlight(theme.Dim, th.Fit(note, max(0, w-3-nameW), th.Ellipsis), query, 1)
	if i == p.bar.At {
		return th.Pointer(true) + " " + th.Say(theme.Selected, name) + " " + note
	}
	return th.Pointer(false) + " " + th.Highlight(theme.Text, name, query, 1) + " " + note
}

// status names the directories, under their accounts if there are several, and says what was found.
func (p *Picker) status(th *theme.Theme, w int) string {
	out, last := "", p.directories[len(p.directories)-1]
	for i, d := range p.directories {
		if i > 0 && p.directories[i-1].account != d.account || i == 0 && d.account != last.account {
			out += th.Say(theme.Dim, d.account+": ")
		}
		out += th.Say(theme.Pick(i == p.at, theme.TabActive, theme.Tab), string(d.kind)+"s") + "  "
	}
	look, text := theme.Dim, ""
	switch {
	case p.problem != "":
		look, text = theme.Error, p.problem
	case p.busy:
		text = "looking" + th.Ellipsis
	case len(p.items) > 0 && p.asTyped:
		text = "as typed, not looked up"
	case len(p.items) > 0:
		text = fmt.Sprintf("%d%s found", len(p.items), theme.Pick(p.cursor != "", "+", ""))
	case p.cursor != "":
		text = "nothing found so far"
	case len(p.directories) == 1 && !listsPeople(p.directory().kind):
		text = "nothing found"
	default:
		text = "nobody found; " + string(p.directory().kind) + ":ID names one by id"
	}
	return th.Fit(out+th.Say(look, text), w, "")
}
