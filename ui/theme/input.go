package theme

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/layout"
)

// typing is a text that is being typed into an input box of the library. Pasted text is cleaned and never acts as keys.
// Characters that hide or reorder the text beside them can't be typed, so the text is what it looks like.
type typing[B box[B]] struct {
	box     B
	clean   func(string) string
	initial string // cleaned, so it may differ from the text of the service
}

type box[B any] interface {
	Update(tea.Msg) (B, tea.Cmd)
	Value() string
}

// Update handles a key or pasted text, and reports whether the text changed.
func (t *typing[B]) Update(msg tea.Msg) bool {
	switch m := msg.(type) {
	case tea.PasteMsg:
		msg = tea.PasteMsg{Content: t.clean(m.Content)}
	case tea.KeyPressMsg:
		m.Text = strings.Map(typable, m.Text)
		msg = m
	default:
		return false
	}
	before := t.Value()
	t.box, _ = t.box.Update(msg)
	return t.Value() != before
}

// Value returns the text as it is now.
func (t *typing[B]) Value() string { return t.box.Value() }

// Touched reports whether the text differs from the initial one.
func (t *typing[B]) Touched() bool { return t.Value() != t.initial }

// typable returns -1 for the runes that no input accepts: control characters and invisible format characters, such as
// those that set the writing direction. Joiners are accepted, because joining scripts need them.
func typable(r rune) rune {
	if r != '\u200c' && r != '\u200d' && (unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029') {
		return -1
	}
	return r
}

// Input is a line of text that is being typed.
type Input struct{ typing[textinput.Model] }

// NewInput returns an input that holds a text, with the cursor at its end.
func NewInput(text string) Input {
	box := textinput.New()
	box.Prompt = ""
	box.KeyMap.Paste = key.NewBinding() // the terminal pastes; the box would read the clipboard
	box.SetVirtualCursor(false)
	box.CharLimit = model.MaxLine
	box.Focus()
	in := Input{typing[textinput.Model]{box: box, clean: func(s string) string { return model.CleanLine(s, 0) }}}
	in.Set(text)
	in.initial = in.Value()
	return in
}

// Update is that of typing. On the last letter alt+d is passed on as delete, since the library looks for a word beyond it.
func (in *Input) Update(msg tea.Msg) bool {
	k, _ := msg.(tea.KeyPressMsg)
	if key.Matches(k, in.box.KeyMap.DeleteWordForward) && in.Position() == utf8.RuneCountInString(in.Value())-1 {
		msg = tea.KeyPressMsg{Code: tea.KeyDelete}
	}
	return in.typing.Update(msg)
}

// Set replaces the text and puts the cursor at its end.
func (in *Input) Set(text string) {
	in.box.SetValue(in.clean(text))
	in.box.CursorEnd()
}

// Position returns the place of the cursor in runes.
func (in *Input) Position() int { return in.box.Position() }

// SetPosition moves the cursor to a place in runes.
func (in *Input) SetPosition(p int) { in.box.SetCursor(p) }

// Draw returns the line in exactly w cells and the cell of the cursor.
func (in *Input) Draw(t *Theme, w int) (line string, cursor int) {
	text, x := t.Window([]rune(in.Value()), in.Position(), w)
	return t.Say(Text, t.Fit(text, w, "")), x
}

// Area is a text of several lines that is being typed.
type Area struct{ typing[textarea.Model] }

// NewArea returns an area that holds a text, with the cursor at its start.
func NewArea(text string) *Area {
	box := textarea.New()
	box.Prompt = ""
	box.ShowLineNumbers = false
	box.CharLimit, box.MaxHeight = 0, 0
	// The terminal pastes. A selection of the library outlives what was selected, and the next letter ends the program then.
	k := &box.KeyMap
	for _, unused := range []*key.Binding{&k.Paste, &k.CopySelection, &k.SelectAll, &k.SelectCharacterForward, &k.SelectCharacterBackward,
		&k.SelectWordForward, &k.SelectWordBackward, &k.SelectLineUp, &k.SelectLineDown} {
		*unused = key.NewBinding()
	}
	box.SetVirtualCursor(false)
	box.SetStyles(textarea.Styles{}) // draw plain text
	box.Focus()
	a := &Area{typing[textarea.Model]{box: box, clean: model.Clean}}
	a.Set(text)
	a.box.MoveToBegin()
	a.initial = a.Value()
	return a
}

// Set replaces the text.
func (a *Area) Set(text string) { a.box.SetValue(a.clean(text)) }

// Draw returns the text as exactly h lines of w cells, and the place of the cursor.
func (a *Area) Draw(t *Theme, w, h int) ([]string, *layout.Cursor) {
	a.box.SetWidth(w)
	a.box.SetHeight(h)
	lines := strings.Split(a.box.View(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	cursor := a.box.Cursor() // it has one, because it is focused and draws none itself
	return t.Block(lines, w, h), &layout.Cursor{X: layout.Clamp(cursor.X, 0, w-1), Y: layout.Clamp(cursor.Y, 0, h-1)}
}
