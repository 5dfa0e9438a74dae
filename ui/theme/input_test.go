package theme

import (
	"slices"
	"strings"
	"testing"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// Every key that edits a line works at every place in it.
func TestEditingKeysAtEveryPlace(t *testing.T) {
	in := NewInput("")
	m := in.box.KeyMap
	for _, text := range []string{"", "a", " ", "ab", "a b ", "é  ü"} {
		for at := range len([]rune(text)) + 1 {
			for _, b := range []key.Binding{m.CharacterForward, m.CharacterBackward, m.WordForward, m.WordBackward, m.DeleteWordBackward,
				m.DeleteWordForward, m.DeleteAfterCursor, m.DeleteBeforeCursor, m.DeleteCharacterBackward, m.DeleteCharacterForward,
				m.LineStart, m.LineEnd, m.AcceptSuggestion, m.NextSuggestion, m.PrevSuggestion} {
				in := NewInput(text)
				in.SetPosition(at)
				in.Update(pressed(b.Keys()[0]))
				in.Update(tea.KeyPressMsg{Code: 'x', Text: "x"})
				if want := append([]rune(text), 'x'); len([]rune(in.Value())) > len(want) {
					t.Errorf("%q, %s at %d: %q", text, b.Keys()[0], at, in.Value())
				}
			}
			in := NewInput(text)
			in.SetPosition(at)
			in.Update(pressed("alt+d"))
			if got, before := in.Value(), string([]rune(text)[:at]); !strings.HasPrefix(text, before) || !strings.HasPrefix(got, before) ||
				at < len([]rune(text)) && got == text || in.Position() != at {
				t.Errorf("%q, alt+d at %d: %q with the cursor at %d", text, at, got, in.Position())
			}
		}
	}
}

func pressed(name string) tea.KeyPressMsg {
	head, mod := name, tea.KeyMod(0)
	if m, rest, ok := strings.Cut(name, "+"); ok {
		head, mod = rest, map[string]tea.KeyMod{"alt": tea.ModAlt, "ctrl": tea.ModCtrl}[m]
	}
	named := map[string]rune{"right": tea.KeyRight, "left": tea.KeyLeft, "backspace": tea.KeyBackspace, "delete": tea.KeyDelete,
		"home": tea.KeyHome, "end": tea.KeyEnd, "tab": tea.KeyTab, "down": tea.KeyDown, "up": tea.KeyUp}
	code, ok := named[head]
	if !ok {
		code = []rune(head)[0]
	}
	return tea.KeyPressMsg{Code: code, Mod: mod}
}

// What is selected in an area is shown, since the next letter replaces it.
func TestSelectionInAnAreaIsShown(t *testing.T) {
	th := New(Config{Name: "mono"})
	a := NewArea("one line")
	a.Update(tea.KeyPressMsg{Code: tea.KeyRight, Mod: tea.ModShift})
	lines, _ := a.Draw(th, 20, 2)
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "\x1b[7mo\x1b[m") }) {
		t.Errorf("the selection is not shown in %q", lines)
	}
}
