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
	Title   string
	Help    string // drawn under the line unless Problem is set
	Problem string
	Input   theme.Input
	// Live makes Update return Typed after every change of the text, and draws Examples
	// and Note below the line, except while another overlay has Covered the prompt.
	Live, Covered bool
	Examples      []Example // what the text makes of some rows
	Note          string    // what it makes of the others
}

const MostExamples = 3

// Example shows a title before and after a renaming, or Why it stays as it is.
type Example struct{ Before, After, Why string }

// Typed and Entered are what Update of a Prompt returns: the text changed, and the text the person confirmed.
type (
	Typed   struct{}
	Entered string
)

func NewPrompt(title, text, help string) *Prompt {
	return &Prompt{Title: title, Help: help, Input: theme.NewInput(text)}
}

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

func (d *Prompt) Draft() string { return theme.Pick(d.Input.Touched(), d.Input.Value(), "") }

// Restore fills in a draft, unless something was typed already.
func (d *Prompt) Restore(draft string) (message string) {
	if !d.Input.Touched() && draft != d.Input.Value() {
		d.Input.Set(draft)
		d.Help = "restored from your draft; ctrl+u clears the line"
	}
	return ""
}

func (d *Prompt) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w := min(screen.W-2, 84)
	below := th.Write(max(1, w-4), func(p *theme.Page) {
		p.Add(theme.Pick(d.Problem == "", theme.Dim, theme.Error), "", cmp.Or(d.Problem, d.Help))
		if d.Live && !d.Covered {
			d.examples(p, max(0, min(MostExamples, (screen.H-7)/2)))
		}
	})
	return th.Frame(screen, d.Title, []string{"enter", "go on", "esc", "back"}, w, 1+len(below), theme.Accent,
		func(w, h int) ([]string, *layout.Cursor) {
			line, x := d.Input.Draw(th, w)
			return append([]string{line}, below...), &layout.Cursor{X: x, Y: 0}
		})
}

func (d *Prompt) examples(p *theme.Page, most int) {
	p.Line("")
	shown := d.Examples[:min(len(d.Examples), most)]
	for _, e := range shown {
		p.Line(p.Paint(theme.Dim, "  "+model.CleanLine(e.Before, 0), p.W))
		look, after := theme.Pick(e.Why == "", theme.Added, theme.Warning), cmp.Or(e.Why, e.After)
		p.Line(p.Paint(look, p.Arrow+" "+model.CleanLine(after, 0), p.W))
	}
	p.Line(p.Paint(theme.Dim, d.Note, p.W))
	p.Line(make([]string, 2*(most-len(shown)))...) // the height does not depend on the text
}

// Item is an entry of a menu. Off is the reason why it can't be chosen, "" if it can.
type Item struct{ Key, Label, Off string }

// Menu offers a few items, which are chosen by their key, by cursor or by click.
type Menu struct {
	Title string
	Text  []string
	Items []Item
	At    int // the item under the cursor
	// firstLine is the line of the first item, and rows the number of lines drawn, both inside the border.
	firstLine, rows int
}

// Choice is the index of the item or entry that was chosen.
type Choice int

func (d *Menu) Update(msg tea.Msg) any {
	switch msg := msg.(type) {
	case layout.Click:
		if i, ok := d.itemAt(int(msg)); ok && i == d.At {
			return d.choice(i)
		} else if ok {
			d.At = i
		}
	case tea.KeyPressMsg:
		key, n := msg.String(), len(d.Items)
		switch key {
		case "esc":
			return keymap.Back
		case "up", "k":
			d.At = (d.At + n - 1) % max(1, n) // the items may not be there yet
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
	i := line - d.firstLine
	return i, line >= 0 && line < d.rows && i >= 0 && i < len(d.Items)
}

func (d *Menu) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w := min(screen.W-2, 72)
	h := len(th.Write(max(1, w-4), d.lines))
	return th.Frame(screen, d.Title, []string{"enter", "choose", "esc", "back"}, w, h, theme.Accent,
		func(w, h int) ([]string, *layout.Cursor) {
			lines := th.Write(w, d.lines)
			head := len(lines) - len(d.Items)
			hidden := min(max(0, head+d.At+1-h), len(lines))
			d.firstLine, d.rows = head-hidden, h
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

// Progress shows how far an operation is that the person can stop.
type Progress struct {
	Title       string
	Done, Total int
	Note        string
	pager
}

func (d *Progress) Update(msg tea.Msg) any {
	if k, _ := msg.(tea.KeyPressMsg); k.String() == "esc" {
		return keymap.Back
	}
	return nil
}

func (d *Progress) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	return d.draw(th, screen, 60, d.Title, []string{"esc", "stop"}, "", theme.Accent, func(p *theme.Page) {
		text := theme.Pick(d.Total > 0, theme.Number(d.Done)+" of "+theme.Number(d.Total), "working"+p.Ellipsis)
		p.Line(text, bar(p, d.Done, d.Total))
		if d.Note != "" {
			p.Line(p.Truncate(d.Note, p.W, p.Ellipsis))
		}
	})
}

func bar(p *theme.Page, done, total int) string {
	full := layout.Clamp(done*p.W/max(1, total), 0, p.W)
	return p.Say(theme.Accent, strings.Repeat(p.BarFull, full)) + p.Say(theme.Dim, strings.Repeat(p.BarEmpty, p.W-full))
}

// Text shows text that can be read and closed.
type Text struct {
	Keys   *keymap.Keys
	Title  string
	Lines  []string
	Copied string // what y copies, "" for nothing
	pager
}

// Copy is what Update of a Text returns to have a text copied.
type Copy string

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
	return d.draw(th, screen, textWidth, d.Title, keys, d.Keys.Of(keymap.Down), theme.Accent, func(p *theme.Page) {
		for _, l := range d.Lines {
			p.Add(theme.Text, "", model.Clean(l))
		}
	})
}

const (
	page      = 10 // the lines by which a page key scrolls
	textWidth = 92
)

// pager is a box with text that scrolls.
type pager struct{ layout.Pager }

// draw names moreKey in the footer, before all other keys, where the text is taller than the box.
func (d *pager) draw(th *theme.Theme, screen layout.Rect, width int, title string, footer []string, moreKey string, look theme.Token,
	text func(p *theme.Page)) layout.Picture {
	width = min(screen.W-2, width)
	height := len(th.Write(max(1, width-4), text))
	if height > screen.H-3 {
		footer = append(footer, moreKey, "more")
	}
	return th.Frame(screen, title, footer, width, height, look, func(w, h int) ([]string, *layout.Cursor) {
		lines := th.Write(w, text)
		first, end := d.Show(len(lines), h)
		return lines[first:end], nil
	})
}

// sentence returns cleaned text as a sentence: with a capital and a full stop.
func sentence(s string) string {
	s = model.CleanLine(s, 0)
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".!?)") {
		s += "."
	}
	return capital(s)
}

func capital(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}
