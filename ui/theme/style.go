package theme

import (
	"fmt"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
)

// Style puts a look around text. The zero value leaves text as it is.
type Style struct{ open, close string }

// Render gives the text in this style. The text must not be styled already.
func (s Style) Render(text string) string {
	if s.open == "" || text == "" {
		return text
	}
	return s.open + text + s.close
}

func compile(l lipgloss.Style) Style {
	const probe = "x"
	out := l.Render(probe)
	open, closing, ok := strings.Cut(out, probe)
	if !ok || open == "" {
		return Style{}
	}
	return Style{open, closing}
}

var colorNames = map[string]string{
	"black": "0", "red": "1", "green": "2", "yellow": "3", "blue": "4", "magenta": "5", "cyan": "6", "white": "7",
	"bright-black": "8", "gray": "8", "grey": "8", "bright-red": "9", "bright-green": "10", "bright-yellow": "11",
	"bright-blue": "12", "bright-magenta": "13", "bright-cyan": "14", "bright-white": "15",
}

// parse reads a look: words among bold, faint, italic, underline, reverse,
// one colour for the text, and "on" with one for the background. A colour is
// one of the sixteen names, a number of the 256, or #rrggbb.
func parse(text string) (lipgloss.Style, error) {
	s := lipgloss.NewStyle()
	background := false
	for _, word := range strings.Fields(strings.ToLower(text)) {
		switch word {
		case "bold":
			s = s.Bold(true)
		case "faint", "dim":
			s = s.Faint(true)
		case "italic":
			s = s.Italic(true)
		case "underline":
			s = s.Underline(true)
		case "reverse":
			s = s.Reverse(true)
		case "default", "none":
			background = false
		case "on":
			background = true
		default:
			c, err := color(word)
			if err != nil {
				return s, err
			}
			if background {
				s = s.Background(lipgloss.Color(c))
			} else {
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

// CheckColor tells what is wrong with the value of one name in a [themes]
// table, nil if nothing.
func CheckColor(name, value string) error {
	if _, ok := tokenOf(name); !ok {
		return fmt.Errorf("%q is no name of a theme", name)
	}
	_, err := parse(value)
	return err
}
