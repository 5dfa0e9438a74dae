package dialog

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

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

const MostExamples = 3

// Example is what a text makes of a row, or why it makes nothing.
type Example struct{ Before, After, Why string }

type Typed struct{}

// Entered is the text of a prompt that was answered.
type Entered string

func NewPrompt(title, text, help string) *Prompt {
	return &Prompt{Title: title, Help: help, Input: theme.NewInput(text)}
}

// Update returns Entered at last.
func (d *Prompt) Update(msg tea.Msg) any {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch d.Problem = ""; k.String() {
		case "esc":
			return keymap.Back
		case "enter", "ctrl+s":
			return Entered(d.Input.Value())
		}
	}
	if d.Input.Update(msg) && d.Live {
		return Typed{}
	}
	return nil
}

func (d *Prompt) Complain(why string) { d.Problem = why }

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

func (d *Prompt) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w := min(screen.W-2, 84)
	under := th.Write(max(1, w-4), func(p *theme.Page) {
		p.Add(theme.Pick(d.Problem == "", theme.Dim, theme.Error), "", cmp.Or(d.Problem, d.Help))
		if d.Live && !d.Covered {
			d.examples(p, max(0, min(MostExamples, (screen.H-7)/2)))
		}
	})
	return th.Frame(screen, d.Title, []string{"enter", "go on", "esc", "back"}, w, 1+len(under), theme.Accent,
		func(w, h int) ([]string, *layout.Cursor) {
			line, x := d.Input.Draw(th, w, theme.Text)
			return append([]string{line}, under...), &layout.Cursor{X: x, Y: 0}
		})
}

func (d *Prompt) examples(p *theme.Page, most int) {
	p.Line("")
	some := d.Examples[:min(len(d.Examples), most)]
	for _, e := range some {
		p.Line(p.Paint(theme.Dim, "  "+model.CleanLine(e.Before, 0), p.W))
		look, after := theme.Pick(e.Why == "", theme.Added, theme.Warning), cmp.Or(e.Why, e.After)
		p.Line(p.Paint(look, p.Arrow+" "+model.CleanLine(after, 0), p.W))
	}
	p.Line(p.Paint(theme.Dim, d.Note, p.W))
	p.Line(make([]string, 2*(most-len(some)))...) // as high with every text
}

// Item is one choice of a menu.
type Item struct {
	Key, Label string
	// Off is why it can't be chosen, "" if it can.
	Off string
}

// Menu offers a few choices, by key or by moving.
type Menu struct {
	Title       string
	Text        []string
	Items       []Item
	At          int
	first, rows int // the line inside the border of the first item, and how many are drawn
}

type Choice int

func (d *Menu) Update(msg tea.Msg) any {
	switch msg := msg.(type) {
	case layout.Click:
		again := d.At
		if i, ok := d.itemAt(int(msg)); ok {
			if d.At = i; i == again {
				return d.choice(i)
			}
		}
	case tea.KeyPressMsg:
		key, n := msg.String(), len(d.Items)
		switch key {
		case "esc":
			return keymap.Back
		case "up", "k":
			d.At = (d.At + n - 1) % max(1, n) // what there is may come later
		case "down", "j":
			d.At = (d.At + 1) % max(1, n)
		case "enter":
			return d.choice(d.At)
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

func (d *Menu) itemAt(line int) (int, bool) {
	i := line - d.first
	return i, line >= 0 && line < d.rows && i >= 0 && i < len(d.Items)
}

func (d *Menu) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w := min(screen.W-2, 72)
	lines := th.Write(max(1, w-4), d.lines)
	return th.Frame(screen, d.Title, []string{"enter", "choose", "esc", "back"}, w, len(lines), theme.Accent,
		func(w, h int) ([]string, *layout.Cursor) {
			lines := th.Write(w, d.lines)
			head := len(lines) - len(d.Items)
			hidden := min(max(0, head+d.At+1-h), len(lines))
			d.first, d.rows = head-hidden, h
			return lines[hidden:], nil
		})
}

func (d *Menu) lines(p *theme.Page) {
	for _, t := range d.Text {
		p.Add(theme.Text, "", t)
	}
	if len(d.Text) > 0 {
		p.Line("")
	}
	for i, it := range d.Items {
		look := theme.Pick(it.Off == "", theme.Text, theme.Disabled)
		if i == d.At {
			look = theme.Selected
		}
		key := theme.Around("", p.Say(theme.Key, it.Key), "  ")
		label := p.Truncate(it.Label+theme.Around(": ", it.Off, ""), max(1, p.W-2-p.Width(key)), p.Ellipsis)
		p.Line(p.Pointer(i == d.At) + " " + key + p.Say(look, label))
	}
}

// Progress shows how far something is that can be stopped.
type Progress struct {
	Title       string
	Done, Total int
	Note        string
}

func (d *Progress) Update(msg tea.Msg) any {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "esc" {
		return keymap.Back
	}
	return nil
}

func (d *Progress) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	return th.Frame(screen, d.Title, []string{"esc", "stop"}, min(screen.W-2, 60), 2+b(d.Note != ""), theme.Accent,
		func(w, h int) ([]string, *layout.Cursor) {
			text := theme.Pick(d.Total > 0, theme.Number(d.Done)+" of "+theme.Number(d.Total), "working"+th.Ellipsis)
			out := []string{text, bar(th, d.Done, d.Total, w)}
			if d.Note != "" {
				out = append(out, th.Truncate(d.Note, w, th.Ellipsis))
			}
			return out, nil
		})
}

func bar(th *theme.Theme, done, total, w int) string {
	full := layout.Clamp(done*w/max(1, total), 0, w)
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

// Update returns Copy, or Back.
func (d *Text) Update(msg tea.Msg) any {
	k, _ := msg.(tea.KeyPressMsg)
	if k.String() == "y" && d.Copied != "" {
		return Copy(d.Copied)
	}
	if a := d.Keys.Read(msg, page, d.Scroll); a == keymap.Back || a == keymap.Hide || k.String() == "enter" {
		return keymap.Back
	}
	return nil
}

func (d *Text) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	keys := []string{"esc", "close", theme.Pick(d.Copied == "", "", "y"), "copy"}
	return d.draw(th, screen, d.Title, keys, theme.Accent, func(p *theme.Page) {
		for _, l := range d.Lines {
			p.Add(theme.Text, "", model.Clean(l))
		}
	})
}

const page = 10

// pager is a box of at most 92 cells with text that scrolls.
type pager struct{ layout.Pager }

func (p *pager) draw(th *theme.Theme, screen layout.Rect, title string, foot []string, look theme.Token,
	text func(p *theme.Page)) layout.Picture {
	w := min(screen.W-2, 92)
	return th.Frame(screen, title, foot, w, len(th.Write(max(1, w-4), text)), look, func(w, h int) ([]string, *layout.Cursor) {
		lines := th.Write(w, text)
		first, end := p.Show(len(lines), h)
		return lines[first:end], nil
	})
}

func b(v bool) int {
	if v {
		return 1
	}
	return 0
}

func sentence(s string) string {
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".!?)") {
		s += "."
	}
	return capital(s)
}

func capital(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}
