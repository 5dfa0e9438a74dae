package keymap

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Finder is a search that is typed in a list: letters are text until enter or esc.
type Finder struct {
	// Query is what is looked for, folded; "" for nothing.
	Query string
	// Missed says that nothing matches.
	Missed bool
	typing bool
	input  theme.Input
}

// Begin starts a search.
func (f *Finder) Begin() { *f = Finder{typing: true, input: theme.NewInput("")} }

// Typing reports whether what is struck goes into the search.
func (f *Finder) Typing() bool { return f.typing }

// Shown reports whether the search has a line.
func (f *Finder) Shown() bool { return f.typing || f.Query != "" }

// Matches reports whether a text holds what is looked for.
func (f *Finder) Matches(text string) bool {
	return f.Query != "" && strings.Contains(model.FoldText(text), f.Query)
}

// Next returns the first match among n texts from start on, backwards for a negative by, in
// a circle.
func (f *Finder) Next(start, by, n int, text func(i int) string) (at int, ok bool) {
	step := 1
	if by < 0 {
		step = -1
	}
	for k := range n {
		if at = ((start+step*k)%n + n) % n; f.Matches(text(at)) {
			f.Missed = false
			return at, true
		}
	}
	f.Missed = f.Query != ""
	return 0, false
}

// Read takes a message while the search is typed. It tells where to look: from where the
// list is for 0, for the next match after that or before it.
func (f *Finder) Read(keys *Keys, msg tea.Msg) (by int, look bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		f.input.Paste(msg.Content)
	case tea.KeyPressMsg:
		name := msg.String()
		a := keys.Press(name)
		letter := msg.Text != ""
		switch {
		case name == "esc":
			*f = Finder{}
			return 0, false
		case name == "enter":
			f.typing = false
			return 0, false
		case name == "down", !letter && a == SearchNext:
			return 1, true
		case name == "up", !letter && a == SearchPrev:
			return -1, true
		}
		f.input.Key(msg)
	}
	query := model.FoldText(strings.TrimSpace(f.input.Value()))
	changed := query != f.Query
	f.Query, f.Missed = query, f.Missed && query != ""
	return 0, changed
}

// Draw returns the line of the search, and the cursor in it.
func (f *Finder) Draw(th *theme.Theme, w int) (line string, cursor *layout.Cursor) {
	said := ""
	if f.Missed {
		said = "  not here"
	}
	line, x := f.input.Draw(th, max(1, w-1-th.Width(said)), theme.Text)
	if f.typing {
		cursor = &layout.Cursor{X: x + 1}
	}
	return th.Say(theme.Key, "/") + line + th.Say(theme.Warning, said), cursor
}
