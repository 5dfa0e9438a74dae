package keymap

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// reserved keys always keep their default meaning.
var reserved = []string{"ctrl+c", "enter", "esc", "up", "down", "left", "right"}

var modifiers = map[string]tea.KeyMod{"ctrl": tea.ModCtrl, "alt": tea.ModAlt, "shift": tea.ModShift}

// named holds the keys that are written as a word, under every spelling that the config may use.
var named = map[string]rune{"enter": tea.KeyEnter, "return": tea.KeyEnter, "tab": tea.KeyTab, "backspace": tea.KeyBackspace,
	"esc": tea.KeyEscape, "escape": tea.KeyEscape, "space": tea.KeySpace, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft,
	"right": tea.KeyRight, "insert": tea.KeyInsert, "ins": tea.KeyInsert, "delete": tea.KeyDelete, "del": tea.KeyDelete,
	"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pageup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	"pgdn": tea.KeyPgDown, "pagedown": tea.KeyPgDown,
	"f1": tea.KeyF1, "f2": tea.KeyF2, "f3": tea.KeyF3, "f4": tea.KeyF4, "f5": tea.KeyF5, "f6": tea.KeyF6,
	"f7": tea.KeyF7, "f8": tea.KeyF8, "f9": tea.KeyF9, "f10": tea.KeyF10, "f11": tea.KeyF11, "f12": tea.KeyF12}

// ParseKey reads a key or a sequence of keys as a person writes it ("ctrl+P", "g g", "pgdn") and returns it spelled as
// the terminal library spells its key messages.
func ParseKey(s string) (string, error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return "", fmt.Errorf("a key is missing")
	}
	for i, word := range words {
		k, err := Press(word)
		if err != nil {
			return "", err
		}
		words[i] = k.String()
	}
	return strings.Join(words, " "), nil
}

// Press returns the message that the terminal library sends for one key. ctrl+P is the same key as ctrl+p, shift+p the
// same as P, and alt+P the same as alt+shift+p.
func Press(key string) (k tea.KeyPressMsg, err error) {
	rest := key
	for {
		head, tail, _ := strings.Cut(rest, "+")
		mod := modifiers[strings.ToLower(head)]
		if mod == 0 || tail == "" {
			break
		}
		k.Mod |= mod
		rest = tail
	}
	r, size := utf8.DecodeRuneInString(rest)
	code, isNamed := named[strings.ToLower(rest)]
	if k.Mod == tea.ModShift && !isNamed {
		k.Mod, r = 0, unicode.ToUpper(r)
	}
	switch {
	case isNamed:
		k.Code = code
		if code == tea.KeySpace && k.Mod == 0 {
			k.Text = " "
		}
	case rest == "" || size < len(rest):
		err = fmt.Errorf("%q is no key: write one character, a name such as enter, space or pgdn, or ctrl+ or alt+ before one", key)
	case k.Mod.Contains(tea.ModCtrl):
		k.Code = unicode.ToLower(r)
	case k.Mod != 0:
		k.Code = unicode.ToLower(r)
		if r != k.Code {
			k.Mod |= tea.ModShift
		}
	case unicode.IsUpper(r):
		k.Code, k.Text, k.Mod, k.ShiftedCode = unicode.ToLower(r), string(r), tea.ModShift, r
	default:
		k.Code, k.Text = r, string(r)
	}
	return k, err
}
