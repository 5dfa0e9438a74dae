package keymap

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// reserved keys always keep their default meaning.
var reserved = []string{"ctrl+c", "enter", "esc", "up", "down", "left", "right"}

var named = map[string]rune{"enter": tea.KeyEnter, "tab": tea.KeyTab, "backspace": tea.KeyBackspace, "esc": tea.KeyEscape,
	"space": tea.KeySpace, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "insert": tea.KeyInsert,
	"delete": tea.KeyDelete, "home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	"f1": tea.KeyF1, "f2": tea.KeyF2, "f3": tea.KeyF3, "f4": tea.KeyF4, "f5": tea.KeyF5, "f6": tea.KeyF6,
	"f7": tea.KeyF7, "f8": tea.KeyF8, "f9": tea.KeyF9, "f10": tea.KeyF10, "f11": tea.KeyF11, "f12": tea.KeyF12}

var spelled = map[string]string{"return": "enter", "escape": "esc", "pgdn": "pgdown", "pagedown": "pgdown",
	"pageup": "pgup", "del": "delete", "ins": "insert"}

// modifiers in the order in which the terminal library writes them.
var modifiers = []string{"ctrl", "alt", "shift"}

// ParseKey reads one key or sequence of keys as a person writes it, "ctrl+p",
// "g g", "pgdn", and gives its keys in the form in which they are matched.
func ParseKey(s string) ([]string, error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return nil, fmt.Errorf("a key is missing")
	}
	out := make([]string, 0, len(words))
	for _, w := range words {
		k, err := parseOne(w)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// CheckKey tells what is wrong with a key or sequence in the config.
func CheckKey(s string) error {
	_, err := ParseKey(s)
	return err
}

func parseOne(w string) (string, error) {
	rest := w
	var mods []string
	for {
		head, tail, ok := strings.Cut(rest, "+")
		if !ok || tail == "" || !slices.Contains(modifiers, strings.ToLower(head)) {
			break
		}
		mods = append(mods, strings.ToLower(head))
		rest = tail
	}
	lower := strings.ToLower(rest)
	if n, ok := spelled[lower]; ok {
		lower = n
	}
	_, isNamed := named[lower]
	switch {
	case isNamed:
		rest = lower
	case utf8.RuneCountInString(rest) != 1:
		return "", fmt.Errorf("%q is no key: write one character, a name such as enter, space or pgdn, or ctrl+ or alt+ before one", w)
	case slices.Contains(mods, "ctrl"):
		rest = strings.ToLower(rest)
	case slices.Contains(mods, "shift") && len(mods) == 1:
		return strings.ToUpper(rest), nil
	}
	var b strings.Builder
	for _, m := range modifiers {
		if slices.Contains(mods, m) {
			b.WriteString(m + "+")
		}
	}
	return b.String() + rest, nil
}

// Press returns the message of a key that is written as it is matched.
func Press(key string) (tea.KeyPressMsg, error) {
	var k tea.KeyPressMsg
	rest := key
	for i, m := range modifiers {
		if tail, ok := strings.CutPrefix(rest, m+"+"); ok && tail != "" {
			k.Mod |= []tea.KeyMod{tea.ModCtrl, tea.ModAlt, tea.ModShift}[i]
			rest = tail
		}
	}
	r, size := utf8.DecodeRuneInString(rest)
	code, isNamed := named[rest]
	switch {
	case isNamed:
		k.Code = code
		if rest == "space" && k.Mod == 0 {
			k.Text = " "
		}
	case rest == "" || size < len(rest):
		return k, fmt.Errorf("%q is no key", key)
	case k.Mod != 0:
		k.Code = r
	case unicode.IsUpper(r):
		k.Code, k.Text, k.Mod, k.ShiftedCode = unicode.ToLower(r), rest, tea.ModShift, r
	default:
		k.Code, k.Text = r, rest
	}
	return k, nil
}

// Label writes a key sequence as it is shown: "g g", "ctrl+p", "space".
func Label(keys []string) string { return strings.Join(keys, " ") }
