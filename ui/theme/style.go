package theme

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
)

// style is what is written before and after text; the zero value is plain.
type style struct{ open, close string }

func compile(l lipgloss.Style) style {
	const probe = "x"
	open, closing, _ := strings.Cut(l.Render(probe), probe)
	return style{open, closing}
}

var colorNames = map[string]string{
	"black": "0", "red": "1", "green": "2", "yellow": "3", "blue": "4", "magenta": "5", "cyan": "6", "white": "7",
	"bright-black": "8", "gray": "8", "grey": "8", "bright-red": "9", "bright-green": "10", "bright-yellow": "11",
	"bright-blue": "12", "bright-magenta": "13", "bright-cyan": "14", "bright-white": "15",
}

var attributes = map[string]func(lipgloss.Style, bool) lipgloss.Style{
	"bold": lipgloss.Style.Bold, "faint": lipgloss.Style.Faint, "dim": lipgloss.Style.Faint, "italic": lipgloss.Style.Italic,
	"underline": lipgloss.Style.Underline, "reverse": lipgloss.Style.Reverse,
}

// parse reads a look: words among bold, faint, italic, underline, reverse,
// one colour for the text, and "on" with one for the background. A colour is
// one of the sixteen names, a number of the 256, or #rrggbb.
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

// isRich reports whether a look asks for a colour beside the sixteen.
func isRich(look string) bool {
	return slices.ContainsFunc(strings.Fields(look), func(word string) bool {
		n, err := strconv.Atoi(word)
		return strings.HasPrefix(word, "#") || err == nil && n > 15
	})
}

// CheckColor tells what is wrong with the value of one name in a [themes]
// table, nil if nothing.
func CheckColor(name, value string) error {
	if !slices.Contains(Names(), name) {
		return fmt.Errorf("%q is no name of a theme", name)
	}
	_, err := parse(value)
	return err
}
