package keymap

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Finder is the search prompt of a list. Letters are typed into it until enter or esc.
type Finder struct {
	Query  string // folded; "" for no search
	Missed bool   // nothing matches
	typing bool
	input  theme.Input
}

// Begin starts a search.
func (f *Finder) Begin() { *f = Finder{typing: true, input: theme.NewInput("")} }

// Typing reports whether keys are typed into the search.
func (f *Finder) Typing() bool { return f.typing }

// Shown reports whether the search takes a line of the screen.
func (f *Finder) Shown() bool { return f.typing || f.Query != "" }

// Next returns the first match among n texts from start on, backwards if by is negative. It goes on at the other end.
func (f *Finder) Next(start, by, n int, text func(i int) string) (at int, ok bool) {
	step := theme.Pick(by < 0, -1, 1)
	for k := range n {
		at = ((start+step*k)%n + n) % n
		if f.Query != "" && strings.Contains(model.FoldText(text(at)), f.Query) {
			f.Missed = false
			return at, true
		}
	}
	f.Missed = f.Query != ""
	return 0, false
}

// Read handles a message while the search is typed. If look is true, the list moves to a match: from its current row on
// for 0, to the next one for 1, to the one before for -1.
func (f *Finder) Read(keys *Keys, msg tea.Msg) (by int, look bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		f.input.Update(msg)
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
		f.input.Update(msg)
	}
	query := model.FoldText(strings.TrimSpace(f.input.Value()))
	changed := query != f.Query
	f.Query, f.Missed = query, f.Missed && query != ""
	return 0, changed
}

// Draw returns the line of the search in w cells, and the cursor in it.
func (f *Finder) Draw(th *theme.Theme, w int) (line string, cursor *layout.Cursor) {
	note := theme.Pick(f.Missed, "  not here", "")
	line, x := f.input.Draw(th, max(1, w-1-th.Width(note)))
	if f.typing {
		cursor = &layout.Cursor{X: x + 1}
	}
	return th.Say(theme.Key, "/") + line + th.Say(theme.Warning, note), cursor
}
