package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"confab/ui/theme"
)

var asciiFor = map[rune]string{'…': "~", '—': "-", '–': "-", '→': ">", '·': "|", '•': "*", '“': `"`, '”': `"`, '‘': "'", '’': "'", '«': `"`, '»': `"`, '×': "x", 'ß': "s", 'ø': "o", 'Ø': "O", 'ł': "l", 'Ł': "L", 'đ': "d", 'æ': "a", 'Æ': "A"}

// toASCII writes a drawn line in ASCII, cell by cell: letters lose their
// accents, and what has no likeness becomes question marks of its width.
func toASCII(th *theme.Theme, line string) string {
	ascii := true
	for i := 0; i < len(line); i++ {
		if line[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return line
	}
	var out strings.Builder
	out.Grow(len(line))
	for _, r := range line {
		if r < utf8.RuneSelf {
			out.WriteRune(r)
			continue
		}
		w := th.Width(string(r))
		s, ok := asciiFor[r]
		if !ok {
			s = ""
			if base, _ := utf8.DecodeRuneInString(norm.NFKD.String(string(r))); base < utf8.RuneSelf && unicode.IsPrint(base) {
				s = string(base)
			}
		}
		switch {
		case w == 0:
		case s != "":
			out.WriteString(s + strings.Repeat(" ", max(0, w-len(s))))
		default:
			out.WriteString(strings.Repeat("?", w))
		}
	}
	return out.String()
}
