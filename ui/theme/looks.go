package theme

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
)

//go:embed looks.txt
var looks string

// builtIn returns the looks of the built-in themes by theme ("dark", "nord light") and meaning.
func builtIn() map[string]map[string]string {
	out := map[string]map[string]string{}
	var theme map[string]string
	for line := range strings.Lines(looks) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			theme = map[string]string{}
			out[strings.TrimSuffix(name, "]")] = theme
		} else if names, look, ok := strings.Cut(line, " = "); ok && theme != nil {
			for _, name := range strings.Fields(names) {
				theme[name] = look
			}
		}
	}
	return out
}

// Builtin lists the named themes beside dark, light and mono.
func Builtin() []string {
	var out []string
	for name := range builtIn() {
		if name, ok := strings.CutSuffix(name, " dark"); ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// style is written before and after a text. The zero value is plain.
type style struct{ open, close string }

var colorNames = map[string]string{
	"black": "0", "red": "1", "green": "2", "yellow": "3", "blue": "4", "magenta": "5", "cyan": "6", "white": "7",
	"bright-black": "8", "gray": "8", "grey": "8", "bright-red": "9", "bright-green": "10", "bright-yellow": "11",
	"bright-blue": "12", "bright-magenta": "13", "bright-cyan": "14", "bright-white": "15",
}

var attributes = map[string]func(lipgloss.Style, bool) lipgloss.Style{
	"bold": lipgloss.Style.Bold, "faint": lipgloss.Style.Faint, "dim": lipgloss.Style.Faint, "italic": lipgloss.Style.Italic,
	"underline": lipgloss.Style.Underline, "reverse": lipgloss.Style.Reverse,
}

// parse reads a look: any of bold, faint, italic, underline and reverse, a colour for the text, and "on" with a colour
// for the background. A colour is one of the sixteen names, a number up to 255, or #rrggbb.
func parse(text string) (lipgloss.Style, error) {
	s := lipgloss.NewStyle()
	background := false
	for _, word := range strings.Fields(strings.ToLower(text)) {
		if set, ok := attributes[word]; ok {
			s = set(s, true)
			continue
		}
		switch word {
		case "default", "none":
			background = false
		case "on":
			background = true
		default:
			c, err := color(word)
			switch {
			case err != nil:
				return s, err
			case background:
				s = s.Background(lipgloss.Color(c))
			default:
				s = s.Foreground(lipgloss.Color(c))
			}
			background = false
		}
	}
	if background {
		return s, fmt.Errorf(`"on" needs a colour after it`)
	}
	return s, nil
}

func color(word string) (string, error) {
	if n, ok := colorNames[word]; ok {
		return n, nil
	}
	if n, err := strconv.Atoi(word); err == nil && n >= 0 && n <= 255 {
		return word, nil
	}
	if strings.HasPrefix(word, "#") && (len(word) == 7 || len(word) == 4) {
		if _, err := strconv.ParseUint(word[1:], 16, 32); err == nil {
			return word, nil
		}
	}
	return "", fmt.Errorf("%q is no colour: a name such as blue or bright-blue, a number up to 255, or #rrggbb", word)
}

// isRich reports whether a look uses a colour that is not one of the sixteen.
func isRich(look string) bool {
	return slices.ContainsFunc(strings.Fields(look), func(word string) bool {
		n, err := strconv.Atoi(word)
		return strings.HasPrefix(word, "#") || err == nil && n > 15
	})
}

// CheckColor returns what is wrong with an entry of a [themes] table, nil for nothing.
func CheckColor(name, value string) error {
	if !slices.Contains(Names(), name) {
		return fmt.Errorf("%q is no name of a theme", name)
	}
	_, err := parse(value)
	return err
}
