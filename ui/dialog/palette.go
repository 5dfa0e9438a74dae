package dialog

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Entry is an action in the palette. Off is why it can't be done now, "" if it can.
type Entry struct {
	keymap.Binding
	Off string
}

// Palette lists the actions that match what is typed, those that are off included.
type Palette struct {
	For     string // the conversations the actions are about
	entries []Entry
	shown   []int
	input   theme.Input
	bar     layout.Bar
}

func NewPalette(entries []Entry) *Palette {
	p := &Palette{entries: entries, input: theme.NewInput("")}
	p.narrow()
	return p
}

func (p *Palette) Update(msg tea.Msg) any {
	switch msg := msg.(type) {
	case layout.Wheel:
		p.move(int(msg))
	case layout.Click:
		if p.bar.Click(int(msg)-1, len(p.shown)) {
			return p.choice()
		}
	case tea.KeyPressMsg:
		key := msg.String()
		switch key {
		case "esc", "ctrl+p":
			return keymap.Back
		case "enter":
			return p.choice()
		case "ctrl+k":
			key = "up"
		case "ctrl+j", "ctrl+n":
			key = "down"
		}
		if by := layout.Steps(key, page); by != 0 {
			p.move(by)
			return nil
		}
	}
	if p.input.Update(msg) {
		p.narrow()
	}
	return nil
}

func (p *Palette) move(by int) { p.bar.Move(by, len(p.shown)) }

func (p *Palette) choice() any {
	if p.bar.At >= len(p.shown) {
		return nil
	}
	return Choice(p.shown[p.bar.At])
}

// narrow keeps the entries that hold every word that was typed. Entries whose name begins
// with the first word come first, entries that are off last.
func (p *Palette) narrow() {
	words := strings.Fields(model.FoldText(p.input.Value()))
	p.bar = layout.Bar{}
	var ranks [3][]int
	for i, e := range p.entries {
		text := model.FoldText(string(e.Action) + " " + e.Action.Words() + " " + e.Help + " " + e.Section)
		if slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			continue
		}
		rank := 1
		switch {
		case len(words) == 0: // everybody moves and looks by key
			rank = theme.Pick(e.Section == "Move" || e.Section == "Look", 1, 0)
		case e.Off != "":
			rank = 2
		case strings.HasPrefix(string(e.Action), words[0]):
			rank = 0
		}
		ranks[rank] = append(ranks[rank], i)
	}
	p.shown = slices.Concat(ranks[:]...)
}

func (p *Palette) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w, h := min(screen.W-2, 96), max(2, min(screen.H-5, 24))
	matching := theme.Pick(len(p.shown) < len(p.entries), theme.Number(len(p.shown))+" of ", "")
	title := "Actions (" + matching + theme.Number(len(p.entries)) + ")" + theme.Around(" for ", p.For, "")
	footer := []string{"enter", "do it", "esc", "close"}
	return th.Frame(screen, title, footer, w, h, theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		line, x := p.input.Draw(th, max(0, w-2))
		out := []string{th.Say(theme.Accent, ":") + " " + line}
		for i, end := p.bar.Show(len(p.shown), max(0, h-1)); i < end; i++ {
			out = append(out, p.row(th, p.entries[p.shown[i]], i == p.bar.At, w))
		}
		return out, &layout.Cursor{X: x + 2}
	})
}

func (p *Palette) row(th *theme.Theme, e Entry, at bool, w int) string {
	keyW, nameW := 12, 24
	if w < 50 {
		keyW, nameW = 7, 0
	}
	first, _, _ := strings.Cut(e.AllKeys(), "  ")
	look, help := theme.Text, e.Help
	if why := "off: " + model.CleanLine(e.Off, 300); e.Off != "" {
		look, help = theme.Disabled, theme.Pick(nameW > 0, why, help+" ("+why+")")
	}
	if at {
		look = theme.Selected
	}
	s := th.Pointer(at) + " " + th.Say(theme.Key, th.Fit(first, keyW, th.Ellipsis)) + " "
	if nameW > 0 {
		s += th.Paint(look, string(e.Action), nameW-1) + " "
		if at {
			look = theme.Text
		}
	}
	return s + th.Paint(look, help, max(0, w-3-keyW-nameW))
}
