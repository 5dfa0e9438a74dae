package dialog

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
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
}

// NewPrompt makes a prompt that holds a text.
func NewPrompt(title, text, help string) *Prompt {
	return &Prompt{Title: title, Help: help, Input: theme.NewInput(text)}
}

// Key takes a key; it reports whether the text changed.
func (d *Prompt) Key(k tea.KeyPressMsg) bool {
	d.Problem = ""
	return d.Input.Key(k)
}

// Draw draws the prompt.
func (d *Prompt) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w := min(screen.W-2, 84)
	help, look := d.Help, theme.Dim
	if d.Problem != "" {
		help, look = d.Problem, theme.Error
	}
	under := th.Wrapped(help, max(1, w-4), look, "")
	return th.Frame(screen, d.Title, []string{"enter", "go on", "esc", "back"}, w, 1+len(under), theme.Accent,
		func(w, h int) ([]string, *layout.Cursor) {
			line, x := d.Input.Draw(th, w, theme.Text)
			return append([]string{line}, under...), &layout.Cursor{X: x, Y: 0}
		})
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

// Move moves the bar.
func (d *Menu) Move(by int) {
	if len(d.Items) > 0 {
		d.at = (d.at + by + len(d.Items)) % len(d.Items)
	}
}

// At gives the choice under the bar.
func (d *Menu) At() int { return d.at }

// SetAt puts the bar on a choice.
func (d *Menu) SetAt(i int) { d.at = max(0, min(i, len(d.Items)-1)) }

// ItemAt gives the choice drawn at a line inside the border.
func (d *Menu) ItemAt(line int) (int, bool) {
	i := line - d.first
	return i, line >= 0 && line < d.lines && i >= 0 && i < len(d.Items)
}

// Find gives the choice of a key, -1 if there is none.
func (d *Menu) Find(key string) int {
	for i, it := range d.Items {
		if it.Key == key {
			return i
		}
	}
	return -1
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
	// Note stands under the bar, "" for none.
	Note string
}

// Draw draws the progress.
func (d *Progress) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	return th.Frame(screen, d.Title, []string{"esc", "stop"}, min(screen.W-2, 60), 2+b(d.Note != ""), theme.Accent,
		func(w, h int) ([]string, *layout.Cursor) {
			text := "working" + th.Ellipsis
			if d.Total > 0 {
				text = theme.Number(d.Done) + " of " + theme.Number(d.Total)
			}
			out := []string{text, Bar(th, d.Done, d.Total, w)}
			if d.Note != "" {
				out = append(out, th.Truncate(d.Note, w, th.Ellipsis))
			}
			return out, nil
		})
}

// Bar draws a progress bar of w cells.
func Bar(th *theme.Theme, done, total, w int) string {
	full := 0
	if total > 0 {
		full = max(0, min(w, done*w/total))
	}
	return th.Say(theme.Accent, strings.Repeat(th.BarFull, full)) + th.Say(theme.Dim, strings.Repeat(th.BarEmpty, w-full))
}

// Text shows text that can be read and closed.
type Text struct {
	Title string
	Lines []string
	pager
}

// Draw draws the text.
func (d *Text) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	return d.draw(th, screen, d.Title, []string{"esc", "close"}, theme.Accent, func(w int) []string {
		var out []string
		for _, l := range d.Lines {
			out = append(out, th.Wrapped(model.Clean(l), w, theme.Text, "")...)
		}
		return out
	})
}
