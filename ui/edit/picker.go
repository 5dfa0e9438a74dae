package edit

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Picker looks somebody (or a space) up in the provider's directory as the
// person types.
type Picker struct {
	Title string
	kinds []model.LookupKind
	kind  int
	scope string
	input theme.Input

	items   []model.Participant
	cursor  string // of the next page
	wanted  bool   // the bar is to go on to what the next page brings
	busy    bool
	typed   bool // the one item is what was typed, and in no directory
	problem string
	bar     layout.Bar
}

// NewPicker makes a picker over directories; scope is the space where a
// directory is per space.
func NewPicker(title string, kinds []model.LookupKind, scope string) *Picker {
	return &Picker{Title: title, kinds: kinds, scope: scope, input: theme.NewInput(""), busy: true}
}

// Request gives what to ask for: from the start, or the page after what is there.
func (p *Picker) Request(more bool) model.LookupRequest {
	req := model.LookupRequest{Text: strings.TrimSpace(p.input.Value()), Scope: p.scope, Limit: 50}
	if len(p.kinds) > 0 {
		req.Kind = p.kinds[p.kind]
	}
	if more {
		req.Cursor = p.cursor
	}
	p.busy = true
	return req
}

// Key takes a key of the text; it reports whether the directory is to be asked.
func (p *Picker) Key(k tea.KeyPressMsg) bool { return p.input.Key(k) }

// Paste takes pasted text.
func (p *Picker) Paste(text string) bool { return p.input.Paste(text) }

// NextKind goes to the next directory; false where there is only one.
func (p *Picker) NextKind(by int) bool {
	if len(p.kinds) < 2 {
		return false
	}
	p.kind = (p.kind + by + len(p.kinds)) % len(p.kinds)
	p.items, p.bar.At = nil, 0
	return true
}

// Take takes what the directory answered.
func (p *Picker) Take(page model.LookupPage, more bool, problem string) {
	p.busy, p.problem = false, problem
	if problem != "" {
		return
	}
	if more {
		next := len(p.items)
		p.items = append(p.items, page.Items...)
		if p.wanted {
			p.bar.Put(next, len(p.items))
		}
	} else {
		p.items, p.bar, p.typed = page.Items, layout.Bar{}, false
		if who, ok := p.named(); ok && len(page.Items) == 0 && page.Cursor == "" {
			p.items, p.typed = []model.Participant{who}, true
		}
	}
	p.cursor, p.wanted = page.Cursor, false
}

// named gives who was typed as KIND:ID, for those whom a directory does not show.
func (p *Picker) named() (model.Participant, bool) {
	if len(p.kinds) == 0 || !ofPeople(p.kinds[p.kind]) {
		return model.Participant{}, false
	}
	kind := string(p.kinds[p.kind])
	id, ok := strings.CutPrefix(strings.TrimSpace(p.input.Value()), kind+":")
	return model.Participant{Kind: kind, ID: id}, ok && id != ""
}

// Move moves the bar; it reports whether the next page is wanted.
func (p *Picker) Move(by int) (more bool) {
	p.wanted = by > 0 && p.cursor != "" && p.bar.At >= len(p.items)-1
	p.bar.Move(by, len(p.items))
	return by > 0 && p.cursor != "" && !p.busy && p.bar.At >= len(p.items)-3
}

// PutAt puts the bar on the row drawn at a line; it reports whether it was
// there already.
func (p *Picker) PutAt(line int) (again bool) { return p.bar.Click(line-2, len(p.items)) }

// Chosen gives what is under the bar.
func (p *Picker) Chosen() (model.Participant, bool) {
	if p.bar.At >= len(p.items) {
		return model.Participant{}, false
	}
	return p.items[p.bar.At], true
}

// Draw draws the picker; have marks who is in already.
func (p *Picker) Draw(th *theme.Theme, screen layout.Rect, have func(model.Participant) bool) layout.Picture {
	switchKey := ""
	if len(p.kinds) > 1 {
		switchKey = "tab"
	}
	foot := []string{"enter", "choose", switchKey, "directory", "esc", "back"}
	return th.Frame(screen, p.Title, foot, min(screen.W-2, 84), min(20, screen.H-5), theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		line, x := p.input.Draw(th, max(0, w-2), theme.Text)
		out := []string{th.Say(theme.Accent, "/") + " " + line, p.head(th, w)}
		rows := max(1, h-2)
		for i, end := p.bar.Show(len(p.items), rows); i < end; i++ {
			it := p.items[i]
			pointer, look := "  ", theme.Text
			if i == p.bar.At {
				pointer, look = th.Say(theme.Pointer, th.PointerSign)+" ", theme.Selected
			}
			note := model.CleanLine(it.Email, 200)
			if note == "" {
				note = model.CleanLine(it.Identifier, 200)
			}
			if note == "" {
				note = model.CleanLine(it.Status, 80) // of a channel, its platform
			}
			if note == "" {
				note = model.CleanLine(it.ID, 80)
			}
			if have != nil && have(it) {
				note += "  (already in)"
			}
			nameW := max(8, (w-3)/2)
			name, noteW := model.CleanLine(it.Display(), 200), max(0, w-3-nameW)
			if i != p.bar.At {
				name = p.highlight(th, theme.Text, name, nameW)
			} else {
				name = th.Paint(look, name, nameW)
			}
			out = append(out, pointer+name+" "+p.highlight(th, theme.Dim, note, noteW))
		}
		if rest := p.rest(th); rest != "" && len(p.items)-p.bar.Top < rows {
			out = append(out, "  "+th.Paint(theme.Dim, rest, max(0, w-2)))
		}
		return out, &layout.Cursor{X: x + 2}
	})
}

// rest says that there is more than what is drawn, "" if there is not.
func (p *Picker) rest(th *theme.Theme) string {
	switch {
	case p.cursor == "" || p.problem != "":
		return ""
	case p.busy:
		return "reading more" + th.Ellipsis
	}
	return "down reads more"
}

// highlight draws a text with what was typed marked in it. Where the service
// matched in something that is not drawn, nothing is marked.
func (p *Picker) highlight(th *theme.Theme, look theme.Token, text string, w int) string {
	query := model.FoldText(strings.TrimSpace(p.input.Value()))
	text = th.Truncate(text, w, th.Ellipsis)
	pad := layout.Spaces(w - th.Width(text))
	if query == "" {
		return th.Say(look, text) + pad
	}
	runes := []rune(text)
	for from := range runes {
		folded := ""
		for to := from; to < len(runes) && len(folded) < len(query); to++ {
			folded += model.FoldText(string(runes[to]))
			if folded == query {
				return th.Say(look, string(runes[:from])) + th.Say(theme.Match, string(runes[from:to+1])) + th.Say(look, string(runes[to+1:])) + pad
			}
		}
	}
	return th.Say(look, text) + pad
}

func (p *Picker) head(th *theme.Theme, w int) string {
	var s strings.Builder
	for i, k := range p.kinds {
		look := theme.Tab
		if i == p.kind {
			look = theme.TabActive
		}
		s.WriteString(th.Say(look, string(k)+"s") + "  ")
	}
	switch {
	case p.problem != "":
		s.WriteString(th.Say(theme.Error, p.problem))
	case p.busy:
		s.WriteString(th.Say(theme.Dim, "looking"+th.Ellipsis))
	case len(p.items) == 0 && p.cursor != "":
		s.WriteString(th.Say(theme.Dim, "nothing found so far"))
	case len(p.items) == 0 && len(p.kinds) == 1 && !ofPeople(p.kinds[0]):
		s.WriteString(th.Say(theme.Dim, "nothing found"))
	case len(p.items) == 0:
		s.WriteString(th.Say(theme.Dim, "nobody found; "+string(p.kinds[p.kind])+":ID names one by id"))
	case p.typed:
		s.WriteString(th.Say(theme.Dim, "as typed, not looked up"))
	default:
		more := ""
		if p.cursor != "" {
			more = "+"
		}
		s.WriteString(th.Say(theme.Dim, fmt.Sprintf("%d%s found", len(p.items), more)))
	}
	return th.Fit(s.String(), w, "")
}

// ofPeople reports whether a directory is one of people.
func ofPeople(k model.LookupKind) bool {
	return k == model.LookupUsers || k == model.LookupContacts || k == model.LookupGroups || k == model.LookupFlows
}
