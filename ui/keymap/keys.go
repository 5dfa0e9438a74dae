package keymap

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// reserved keys always keep their default meaning.
var reserved = []string{"ctrl+c", "enter", "esc", "up", "down", "left", "right"}

var named = []string{"enter", "tab", "backspace", "esc", "space", "up", "down", "left", "right", "insert", "delete",
	"home", "end", "pgup", "pgdown", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12"}

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
	switch {
	case slices.Contains(named, lower):
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

// Label writes a key sequence as it is shown: "g g", "ctrl+p", "space".
func Label(keys []string) string { return strings.Join(keys, " ") }
