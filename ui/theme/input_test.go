package theme_test

import (
	"reflect"
	"strings"
	"testing"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"

	"confab/ui/keymap"
	"confab/ui/theme"
)

// No sequence of the keys that the library knows, letters and pasted texts ends the program.
func TestNoKeysEndTheProgram(t *testing.T) {
	var names []string
	for _, box := range []any{textinput.DefaultKeyMap(), textarea.DefaultKeyMap()} {
		for v, i := reflect.ValueOf(box), 0; i < v.NumField(); i++ {
			names = append(names, v.Field(i).Interface().(key.Binding).Keys()...)
		}
	}
	th := theme.New(theme.Config{Name: "mono"})
	check := func(t rapid.TB, text string, keys []string, w, h int) {
		in, area := theme.NewInput(text), theme.NewArea(text)
		for _, name := range keys {
			msg := tea.Msg(tea.PasteMsg{Content: name})
			if k, err := keymap.Press(name); err == nil {
				msg = k
			}
			in.Update(msg)
			area.Update(msg)
			if line, _ := in.Draw(th, w); th.Width(line) != w {
				t.Errorf("%q after %q: the line has %d cells, want %d", text, keys, th.Width(line), w)
			}
			area.Draw(th, w, h)
		}
	}
	check(t, "a\nb", strings.Fields("é down ctrl+d alt+left shift+down ctrl+u ctrl+h shift+left a"), 20, 3) // ended it with a selection
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "a", "a b", "a b\n\nc", "é ü\n世界"}).Draw(t, "text")
		one := rapid.SampledFrom(names)
		letter := rapid.SampledFrom([]string{"a", "é", "世", "space", "two\nlines"})
		keys := rapid.SliceOfN(rapid.OneOf(one, one, letter), 0, 30).Draw(t, "keys")
		check(t, text, keys, rapid.IntRange(0, 30).Draw(t, "width"), rapid.IntRange(0, 5).Draw(t, "height"))
	})
}

func TestDeletingAWordForwardLeavesTheCursorAndTheTextBefore(t *testing.T) {
	for _, text := range []string{"a", " ", "ab", "a b ", "é  ü"} {
		for at := range len([]rune(text)) {
			in := theme.NewInput(text)
			in.SetPosition(at)
			k, _ := keymap.Press("alt+d")
			in.Update(k)
			if got := in.Value(); !strings.HasPrefix(got, string([]rune(text)[:at])) || got == text || in.Position() != at {
				t.Errorf("%q, alt+d at %d: got %q with the cursor at %d", text, at, got, in.Position())
			}
		}
	}
}
