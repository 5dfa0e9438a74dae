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

// typing is a text being typed into a box of the library. Pasted text is cleaned; it
// never acts as keys. What can only hide or turn round the text beside it can't be
// typed either, so that the text is what it looks like.
type typing[B box[B]] struct {
	box     B
	clean   func(string) string
	initial string // cleaned, unlike the text of a service
}

type box[B any] interface {
	Update(tea.Msg) (B, tea.Cmd)
	Value() string
}

// Key takes a key; it reports whether the text changed.
func (t *typing[B]) Key(k tea.KeyPressMsg) bool {
	k.Text = strings.Map(typable, k.Text)
	return t.update(k)
}

// Paste puts text in at the cursor; it reports whether the text changed.
func (t *typing[B]) Paste(text string) bool { return t.update(tea.PasteMsg{Content: t.clean(text)}) }

// Update takes what is typed or pasted; it reports whether the text changed.
func (t *typing[B]) Update(msg tea.Msg) bool {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		return t.Paste(msg.Content)
	case tea.KeyPressMsg:
		return t.Key(msg)
	}
	return false
}

func (t *typing[B]) update(msg tea.Msg) bool {
	before := t.Value()
	t.box, _ = t.box.Update(msg)
	return t.Value() != before
}

// Value returns the text as it stands.
func (t *typing[B]) Value() string { return t.box.Value() }

// Initial returns the text as it was at the start.
func (t *typing[B]) Initial() string { return t.initial }

// Touched reports whether the text differs from what it was at the start.
func (t *typing[B]) Touched() bool { return t.Value() != t.initial }

// typable drops the runes that no field takes: control characters and invisible
// format characters, such as those that set the direction. Joiners stay: joining
// scripts are written with them.
func typable(r rune) rune {
	if r != '\u200c' && r != '\u200d' && (unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029') {
		return -1
	}
	return r
}

// Input is one line of text being typed.
type Input struct{ typing[textinput.Model] }

// NewInput returns an input that holds a text, the cursor at its end.
func NewInput(text string) Input {
	box := textinput.New()
	box.Prompt = ""
	box.KeyMap.Paste = key.NewBinding() // terminals paste; reading the clipboard would be I/O
	box.SetVirtualCursor(false)
	box.CharLimit = model.MaxLine
	box.Focus()
	in := Input{typing[textinput.Model]{box: box, clean: func(s string) string { return model.CleanLine(s, 0) }}}
	in.Set(text)
	in.initial = in.Value()
	return in
}

// Set replaces the text and puts the cursor at its end.
func (in *Input) Set(text string) {
	in.box.SetValue(in.clean(text))
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

// Area is a text of several lines being typed.
type Area struct{ typing[textarea.Model] }

// NewArea returns an area that holds a text, the cursor at its start.
func NewArea(text string) *Area {
	box := textarea.New()
	box.Prompt = ""
	box.ShowLineNumbers = false
	box.CharLimit, box.MaxHeight = 0, 0
	box.KeyMap.Paste = key.NewBinding()
	box.SetVirtualCursor(false)
	box.SetStyles(textarea.Styles{}) // what is drawn is plain
	box.Focus()
	a := &Area{typing[textarea.Model]{box: box, clean: model.Clean}}
	a.Set(text)
	a.box.MoveToBegin()
	a.initial = a.Value()
	return a
}

// Set replaces the text.
func (a *Area) Set(text string) { a.box.SetValue(a.clean(text)) }

// Draw returns the text in exactly h lines of w cells, and the place of the cursor.
func (a *Area) Draw(t *Theme, w, h int) ([]string, *layout.Cursor) {
	a.box.SetWidth(w)
	a.box.SetHeight(h)
	lines := strings.Split(a.box.View(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	cursor := a.box.Cursor()
	if cursor != nil {
		return t.Block(lines, w, h), &layout.Cursor{X: layout.Clamp(cursor.X, 0, w-1), Y: layout.Clamp(cursor.Y, 0, h-1)}
	}
	return t.Block(lines, w, h), nil
}
