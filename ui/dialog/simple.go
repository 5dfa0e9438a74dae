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

// Prompt asks for one line of text.
type Prompt struct {
	Title string
	// Help stands under the line, Problem in its place while it is set.
	Help    string
	Problem string
	Input   theme.Input
	// Live has Update return Typed with every change, Examples show what the text
	// makes of some rows, and Note what of the rest, unless Covered by the plan.
	Live     bool
	Covered  bool
	Examples []Example
	Note     string
}

// MostExamples is how many are shown.
const MostExamples = 3

// Example is what a text makes of a row, or why it makes nothing.
type Example struct{ Before, After, Why string }

// Typed says that the text of a prompt has changed.
type Typed struct{}

func NewPrompt(title, text, help string) *Prompt {
	return &Prompt{Title: title, Help: help, Input: theme.NewInput(text)}
}

// Entered is the text of a prompt that was answered.
type Entered string

// Update takes what is typed. It returns Entered at last.
func (d *Prompt) Update(msg tea.Msg) any {
	before := d.Input.Value()
	switch msg := msg.(type) {
	case tea.PasteMsg:
		d.Input.Paste(msg.Content)
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc":
			return keymap.Back
		case "enter", "ctrl+s":
			return Entered(before)
		}
		d.Problem = ""
		d.Input.Key(msg)
	}
	if d.Live && d.Input.Value() != before {
		return Typed{}
	}
	return nil
}

// Complain says under the line what is wrong with it.
func (d *Prompt) Complain(why string) { d.Problem = why }

// Draft returns what was typed, "" for nothing.
func (d *Prompt) Draft() string {
	if !d.Input.Touched() {
		return ""
	}
	return d.Input.Value()
}

// Restore takes a draft, unless something was typed already.
func (d *Prompt) Restore(draft string) (said string) {
	if !d.Input.Touched() && draft != d.Input.Value() {
		d.Input.Set(draft)
		d.Help = "restored from your draft; ctrl+u clears the line"
	}
	return ""
}

// Draw draws the prompt.
func (d *Prompt) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w := min(screen.W-2, 84)
	help, look := d.Help, theme.Dim
	if d.Problem != "" {
		help, look = d.Problem, theme.Error
	}
	under := append(th.Wrapped(help, max(1, w-4), look, ""), d.examples(th, max(1, w-4), screen.H-7)...)
	return th.Frame(screen, d.Title, []string{"enter", "go on", "esc", "back"}, w, 1+len(under), theme.Accent,
		func(w, h int) ([]string, *layout.Cursor) {
			line, x := d.Input.Draw(th, w, theme.Text)
			return append([]string{line}, under...), &layout.Cursor{X: x, Y: 0}
		})
}

// examples draws as many examples as there is room for.
func (d *Prompt) examples(th *theme.Theme, w, room int) []string {
	if !d.Live || d.Covered {
		return nil
	}
	most := max(0, min(MostExamples, room/2))
	out := []string{""}
	for _, e := range d.Examples[:min(len(d.Examples), most)] {
		look, after := theme.Added, e.After
		if e.Why != "" {
			look, after = theme.Warning, e.Why
		}
		out = append(out, th.Paint(theme.Dim, "  "+model.CleanLine(e.Before, 0), w), th.Paint(look, th.Arrow+" "+model.CleanLine(after, 0), w))
	}
	out = append(out, th.Paint(theme.Dim, d.Note, w))
	return append(out, make([]string, 2+2*most-len(out))...) // as high with every text
}

// Item is one choice of a menu.
type Item struct {
	Key, Label string
	// Off is why it can't be chosen, "" if it can.
	Off string
}

// Menu offers a few choices, by key or by moving.
type Menu struct {
	Title string
	Text  []string
	Items []Item
	at    int
	first int // the line inside the border on which the first item is drawn
	lines int // how many lines are drawn
}

// Choice is the position of what was chosen.
type Choice int

// Update returns the Choice.
func (d *Menu) Update(msg tea.Msg) any {
	switch msg := msg.(type) {
	case layout.Click:
		i, ok := d.itemAt(int(msg))
		if ok && i == d.at {
			return d.choice(i)
		}
		if ok {
			d.at = i
		}
	case tea.KeyPressMsg:
		key := msg.String()
		switch key {
		case "esc":
			return keymap.Back
		case "up", "k":
			d.move(-1)
		case "down", "j":
			d.move(1)
		case "enter":
			return d.choice(d.at)
		default:
			return d.choice(slices.IndexFunc(d.Items, func(it Item) bool { return it.Key == key }))
		}
	}
	return nil
}

func (d *Menu) choice(i int) any {
	if i < 0 || i >= len(d.Items) || d.Items[i].Off != "" {
		return nil
	}
	return Choice(i)
}

func (d *Menu) move(by int) {
	if len(d.Items) > 0 {
		d.at = (d.at + by + len(d.Items)) % len(d.Items)
	}
}

func (d *Menu) At() int { return d.at }

func (d *Menu) SetAt(i int) { d.at = max(0, min(i, len(d.Items)-1)) }

func (d *Menu) itemAt(line int) (int, bool) {
	i := line - d.first
	return i, line >= 0 && line < d.lines && i >= 0 && i < len(d.Items)
}

// Draw draws the menu.
func (d *Menu) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w := min(screen.W-2, 72)
	draw := func(w int) []string {
		var out []string
		for _, t := range d.Text {
			out = append(out, th.Wrapped(t, w, theme.Text, "")...)
		}
		if len(d.Text) > 0 {
			out = append(out, "")
		}
		for i, it := range d.Items {
			mark := "  "
			if i == d.at {
				mark = th.Say(theme.Pointer, th.PointerSign) + " "
			}
			look := theme.Text
			label := it.Label
			if it.Off != "" {
				look, label = theme.Disabled, label+": "+it.Off
			}
			if i == d.at {
				look = theme.Selected
			}
			k := ""
			if it.Key != "" {
				k = th.Say(theme.Key, it.Key) + "  "
			}
			out = append(out, mark+k+th.Say(look, th.Truncate(label, max(1, w-2-th.Width(k)), th.Ellipsis)))
		}
		return out
	}
	lines := draw(max(1, w-4))
	return th.Frame(screen, d.Title, []string{"enter", "choose", "esc", "back"}, w, len(lines), theme.Accent,
		func(w, h int) ([]string, *layout.Cursor) {
			lines := draw(w)
			first := 0
			if at := len(lines) - len(d.Items) + d.at; at >= h {
				first = at - h + 1
			}
			d.first, d.lines = len(lines)-len(d.Items)-first, h
			return lines[min(first, len(lines)):], nil
		})
}

// Progress shows how far something is that can be stopped.
type Progress struct {
	Title       string
	Done, Total int
	Note        string
}

// Update returns Back where it is to stop.
func (d *Progress) Update(msg tea.Msg) any {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "esc" {
		return keymap.Back
	}
	return nil
}

// Draw draws the progress.
func (d *Progress) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	return th.Frame(screen, d.Title, []string{"esc", "stop"}, min(screen.W-2, 60), 2+b(d.Note != ""), theme.Accent,
		func(w, h int) ([]string, *layout.Cursor) {
			text := "working" + th.Ellipsis
			if d.Total > 0 {
				text = theme.Number(d.Done) + " of " + theme.Number(d.Total)
			}
			out := []string{text, bar(th, d.Done, d.Total, w)}
			if d.Note != "" {
				out = append(out, th.Truncate(d.Note, w, th.Ellipsis))
			}
			return out, nil
		})
}

func bar(th *theme.Theme, done, total, w int) string {
	full := 0
	if total > 0 {
		full = max(0, min(w, done*w/total))
	}
	return th.Say(theme.Accent, strings.Repeat(th.BarFull, full)) + th.Say(theme.Dim, strings.Repeat(th.BarEmpty, w-full))
}

// Text shows text that can be read and closed.
type Text struct {
	Keys  *keymap.Keys
	Title string
	Lines []string
	// Copied is what y copies, "" for nothing.
	Copied string
	pager
}

// Copy asks for a text to be copied.
type Copy string

// Update scrolls and closes. It returns Copy.
func (d *Text) Update(msg tea.Msg) any {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "enter" {
		return keymap.Back
	} else if ok && k.String() == "y" && d.Copied != "" {
		return Copy(d.Copied)
	}
	switch d.Keys.Read(msg, page, d.Scroll) {
	case keymap.Back, keymap.Hide:
		return keymap.Back
	}
	return nil
}

// Draw draws the text.
func (d *Text) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	keys := []string{"esc", "close"}
	if d.Copied != "" {
		keys = append(keys, "y", "copy")
	}
	return d.draw(th, screen, d.Title, keys, theme.Accent, func(w int) []string {
		var out []string
		for _, l := range d.Lines {
			out = append(out, th.Wrapped(model.Clean(l), w, theme.Text, "")...)
		}
		return out
	})
}
