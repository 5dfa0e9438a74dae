package theme

import (
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"confab/model"
)

// Input is one line of text being typed. Pasted text is cleaned and joined to
// one line; it never acts as keys. What can only hide or turn round the text
// beside it can't be typed either, so that the text is what it looks like.
type Input struct {
	box     textinput.Model
	initial string
}

// NewInput gives an input that holds a text, the cursor at its end. The text
// is cleaned, so the result is compared with Initial, never with the text that
// came from a service.
func NewInput(text string) Input {
	box := textinput.New()
	box.Prompt = ""
	box.KeyMap.Paste = key.NewBinding() // terminals paste; reading the clipboard would be I/O
	box.SetVirtualCursor(false)
	box.CharLimit = model.MaxLine
	box.Focus()
	in := Input{box: box}
	in.Set(model.CleanLine(text, 0))
	in.initial = in.box.Value()
	return in
}

// Key takes a key; it reports whether the text changed.
func (in *Input) Key(k tea.KeyPressMsg) bool {
	before := in.box.Value()
	in.box, _ = in.box.Update(Typed(k))
	return in.box.Value() != before
}

// Typed takes out of a key what no field takes: control characters and invisible
// format characters, such as those that set the direction. Joiners stay: joining
// scripts are written with them.
func Typed(k tea.KeyPressMsg) tea.KeyPressMsg {
	k.Text = strings.Map(func(r rune) rune {
		if r != '\u200c' && r != '\u200d' && (unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029') {
			return -1
		}
		return r
	}, k.Text)
	return k
}

// Paste puts text in at the cursor.
func (in *Input) Paste(text string) bool {
	before := in.box.Value()
	in.box, _ = in.box.Update(tea.PasteMsg{Content: model.CleanLine(text, 0)})
	return in.box.Value() != before
}

// Value gives the text as it stands.
func (in *Input) Value() string { return in.box.Value() }

// Touched reports whether the text differs from what it was at the start.
func (in *Input) Touched() bool { return in.box.Value() != in.initial }

// Set replaces the text and puts the cursor at its end.
func (in *Input) Set(text string) {
	in.box.SetValue(model.CleanLine(text, 0))
	in.box.CursorEnd()
}

// Position gives the cursor in runes.
func (in *Input) Position() int { return in.box.Position() }

// SetPosition moves the cursor.
func (in *Input) SetPosition(p int) { in.box.SetCursor(p) }

// Draw gives the line in exactly w cells and the cell of the cursor.
func (in *Input) Draw(t *Theme, w int, look Token) (line string, cursor int) {
	text, x := t.Window([]rune(in.box.Value()), in.box.Position(), w)
	return t.Say(look, t.Fit(text, w, "")), x
}
