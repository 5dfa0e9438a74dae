package theme

import (
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/layout"
)

// Input is one line of text being typed. Pasted text is cleaned and joined to
// one line; it never acts as keys. What can only hide or turn round the text
// beside it can't be typed either, so that the text is what it looks like.
type Input struct {
	box     textinput.Model
	initial string
}

// NewInput returns an input that holds a text, the cursor at its end. The text is
// cleaned, so Touched compares with the result, not with the service's text.
func NewInput(text string) Input {
	box := textinput.New()
	box.Prompt = ""
	box.KeyMap.Paste = key.NewBinding() // terminals paste; reading the clipboard would be I/O
	box.SetVirtualCursor(false)
	box.CharLimit = model.MaxLine
	box.Focus()
	in := Input{box: box}
	in.Set(text)
	in.initial = in.Value()
	return in
}

// Key takes a key; it reports whether the text changed.
func (in *Input) Key(k tea.KeyPressMsg) bool { return in.update(typed(k)) }

// Paste puts text in at the cursor; it reports whether the text changed.
func (in *Input) Paste(text string) bool {
	return in.update(tea.PasteMsg{Content: model.CleanLine(text, 0)})
}

func (in *Input) update(msg tea.Msg) bool {
	before := in.Value()
	in.box, _ = in.box.Update(msg)
	return in.Value() != before
}

// Value returns the text as it stands.
func (in *Input) Value() string { return in.box.Value() }

// Touched reports whether the text differs from what it was at the start.
func (in *Input) Touched() bool { return in.Value() != in.initial }

// Set replaces the text and puts the cursor at its end.
func (in *Input) Set(text string) {
	in.box.SetValue(model.CleanLine(text, 0))
	in.box.CursorEnd()
}

// Position returns the cursor in runes.
func (in *Input) Position() int { return in.box.Position() }

// SetPosition moves the cursor.
func (in *Input) SetPosition(p int) { in.box.SetCursor(p) }

// Draw returns the line in exactly w cells and the cell of the cursor.
func (in *Input) Draw(t *Theme, w int, look Token) (line string, cursor int) {
	text, x := t.Window([]rune(in.Value()), in.Position(), w)
	return t.Say(look, t.Fit(text, w, "")), x
}

// Area is Input for a text of several lines.
type Area struct {
	box     textarea.Model
	initial string
}

// NewArea returns an area that holds a text, the cursor at its start.
func NewArea(text string) Area {
	box := textarea.New()
	box.Prompt = ""
	box.ShowLineNumbers = false
	box.CharLimit = 0
	box.MaxHeight = 0
	box.KeyMap.Paste = key.NewBinding()
	box.SetVirtualCursor(false)
	box.SetStyles(textarea.Styles{}) // what is drawn is plain
	box.SetWidth(60)
	box.SetHeight(4)
	box.Focus()
	a := Area{box: box}
	a.Set(text)
	a.box.MoveToBegin()
	a.initial = a.Value()
	return a
}

// Key takes a key; it reports whether the text changed.
func (a *Area) Key(k tea.KeyPressMsg) bool { return a.update(typed(k)) }

// Paste puts text in at the cursor; it reports whether the text changed.
func (a *Area) Paste(text string) bool { return a.update(tea.PasteMsg{Content: model.Clean(text)}) }

func (a *Area) update(msg tea.Msg) bool {
	before := a.Value()
	a.box, _ = a.box.Update(msg)
	return a.Value() != before
}

// Value returns the text as it stands.
func (a *Area) Value() string { return a.box.Value() }

// Initial returns the text as it was at the start.
func (a *Area) Initial() string { return a.initial }

// Touched reports whether the text differs from what it was at the start.
func (a *Area) Touched() bool { return a.Value() != a.initial }

// Set replaces the text.
func (a *Area) Set(text string) { a.box.SetValue(model.Clean(text)) }

// Draw returns the text in exactly h lines of w cells, and the place of the cursor.
func (a *Area) Draw(t *Theme, w, h int) ([]string, *layout.Cursor) {
	a.box.SetWidth(w)
	a.box.SetHeight(h)
	lines := strings.Split(a.box.View(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	cursor := a.box.Cursor()
	if cursor == nil {
		return t.Block(lines, w, h), nil
	}
	return t.Block(lines, w, h), &layout.Cursor{X: layout.Clamp(cursor.X, 0, w-1), Y: layout.Clamp(cursor.Y, 0, h-1)}
}

// typed takes out of a key what no field takes: control characters and invisible
// format characters, such as those that set the direction. Joiners stay: joining
// scripts are written with them.
func typed(k tea.KeyPressMsg) tea.KeyPressMsg {
	k.Text = strings.Map(func(r rune) rune {
		if r != '\u200c' && r != '\u200d' && (unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029') {
			return -1
		}
		return r
	}, k.Text)
	return k
}
