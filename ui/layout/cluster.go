package layout

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/norm"

	"confab/model"
)

// Measure knows what a terminal makes of text. Terminals count cells in one of
// two ways, and the renderer must agree with what is laid out here: rune by rune
// (the zero value, what a terminal does unless it says otherwise), or by grapheme
// cluster once the terminal has answered that it does (mode 2027).
type Measure struct {
	Graphemes bool
	// ASCII says that nothing else may be drawn.
	ASCII bool
}

// Draw returns a line as it is drawn. Whatever reaches the terminal has been
// through it; its width is what Width says of the line before.
func (m Measure) Draw(line string) string {
	if model.IsASCII(line) {
		return line
	}
	var out strings.Builder
	out.Grow(len(line))
	var p piece
	for line != "" {
		p, line = m.next(line)
		out.WriteString(p.drawn)
	}
	return out.String()
}

// drawn tells what a grapheme cluster is drawn as and how many cells that takes.
//
// A terminal that counts rune by rune is not taken at its word where a cluster is
// a picture: some join what others don't (joined emoji, variation selectors,
// keycaps, flags, skin tones), and what follows would stand elsewhere than the
// renderer believes. Such a cluster is drawn as its base character, a flag as its
// letters. Letters keep their marks: a word without them would be another one. The
// renderer takes a mark from an ASCII letter, so the two are drawn as one letter.
func (m Measure) drawn(cluster string) (string, int) {
	base, size := utf8.DecodeRuneInString(cluster)
	if size == 1 && len(cluster) > 1 {
		cluster = norm.NFC.String(cluster)
		if base, size = utf8.DecodeRuneInString(cluster); size == 1 {
			return cluster[:1], 1
		}
	}
	width := ansi.StringWidth(cluster)
	switch {
	case joins(base):
		return "", 0 // it would be drawn over what stands before it
	case m.Graphemes:
	case size == len(cluster) && base < firstFlag:
		if wc := ansi.StringWidthWc(cluster); wc != width {
			return "", 0 // a mark that some terminals give a cell
		}
	case isFlag(base):
		cluster = letters(cluster)
		width = len(cluster)
	default:
		wc := ansi.StringWidthWc(cluster)
		if wc == width && !strings.ContainsFunc(cluster, isPictured) {
			break
		}
		if width = wc; !unicode.IsLetter(base) || strings.ContainsFunc(cluster, isPictured) {
			cluster = cluster[:size]
			width = ansi.StringWidthWc(cluster)
		}
	}
	if m.ASCII {
		return toASCII(cluster, width), width
	}
	return cluster, width
}

// The regional indicators, two of which are a flag.
const firstFlag, lastFlag = '\U0001f1e6', '\U0001f1ff'

func isFlag(r rune) bool { return r >= firstFlag && r <= lastFlag }

// letters returns the letters a flag is written with.
func letters(flag string) string {
	return strings.Map(func(r rune) rune {
		if isFlag(r) {
			return 'A' + r - firstFlag
		}
		return -1
	}, flag)
}

// isPictured reports whether a rune makes a picture of what stands before it:
// variation selectors, the keycap, skin tones.
func isPictured(r rune) bool {
	return r == '\ufe0e' || r == '\ufe0f' || r == '\u20e3' || r >= 0x1f3fb && r <= 0x1f3ff
}

// joins reports whether a rune is drawn together with what stands before it,
// whatever that is.
func joins(r rune) bool {
	if r < 0x300 || r >= 0x30a0 && r <= 0x9fff || r >= 0xac00 && r <= 0xd7a3 {
		return false // Latin, kana, ideographs and Hangul syllables, without asking
	}
	text := string(r)
	cluster, _ := ansi.FirstGraphemeCluster("x"+text, ansi.GraphemeWidth)
	return len(cluster) > 1
}

// Joins reports whether a rune belongs to the grapheme cluster before it.
func Joins(r rune) bool { return joins(r) }

// piece is a grapheme cluster or an escape sequence of a line.
type piece struct {
	text   string
	drawn  string
	width  int
	escape bool
}

// next cuts the first piece off a text that is not empty.
func (m Measure) next(s string) (p piece, rest string) {
	n, width := 1, 1
	switch c := s[0]; {
	case c == 0x1b || c < 0x20 || c == 0x7f:
		p.text = escape(s)
		p.drawn, p.escape = p.text, true
		return p, s[len(p.text):]
	case c < utf8.RuneSelf:
	default:
		var r rune
		r, n = utf8.DecodeRuneInString(s)
		width = simple(r)
	}
	if width == 0 || n < len(s) && s[n] >= utf8.RuneSelf && !startsSimple(s[n:]) {
		cluster, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		p.text = cluster
		p.drawn, p.width = m.drawn(cluster)
		return p, s[len(cluster):]
	}
	p.text = s[:n]
	p.drawn, p.width = p.text, width
	if m.ASCII && n > 1 {
		p.drawn = toASCII(p.text, width)
	}
	return p, s[n:]
}

// escape returns the escape sequence or control character a text begins with.
func escape(s string) string {
	if len(s) > 2 && s[0] == 0x1b && s[1] == '[' {
		for i := 2; i < len(s) && s[i] >= 0x20 && s[i] <= 0x7e; i++ {
			if s[i] >= 0x40 {
				return s[:i+1]
			}
		}
	}
	text, _, _, _ := ansi.DecodeSequence(s, ansi.NormalState, nil)
	return text
}

// ambiguous says that the environment makes the characters wide that are so in
// East Asian fonts alone.
var ambiguous = ansi.StringWidth("─") != 1

// simple returns the width of a rune that every terminal measures alike and that
// joins nothing before it; 0 for others. It spares most text the search for
// clusters.
func simple(r rune) int {
	switch {
	case ambiguous:
	case r >= 0xc0 && r < 0x300, r >= 0x370 && r < 0x483, r >= 0x5d0 && r < 0x5eb, r >= 0x2010 && r < 0x2028, r >= 0x2500 && r < 0x25fb:
		return 1
	case r >= 0x3041 && r < 0x3097, r >= 0x30a1 && r < 0x30fb, r >= 0x4e00 && r < 0xa000, r >= 0xac00 && r < 0xd7a4:
		return 2
	}
	return 0
}

func startsSimple(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return simple(r) > 0
}

var asciiFor = map[rune]string{'…': "~", '—': "-", '–': "-", '→': ">", '·': "|", '•': "*", '“': `"`, '”': `"`, '‘': "'", '’': "'",
	'«': `"`, '»': `"`, '×': "x", 'ß': "s", 'ø': "o", 'Ø': "O", 'ł': "l", 'Ł': "L", 'đ': "d", 'æ': "a", 'Æ': "A"}

// toASCII writes a cluster in as many cells of ASCII: a letter loses its accents,
// and what has no likeness becomes question marks.
func toASCII(cluster string, width int) string {
	if isPlain(cluster) {
		return cluster
	}
	base, _ := utf8.DecodeRuneInString(cluster)
	text, ok := asciiFor[base]
	if !ok {
		if r, _ := utf8.DecodeRuneInString(norm.NFKD.String(string(base))); r < utf8.RuneSelf && unicode.IsPrint(r) {
			text = string(r)
		}
	}
	if text == "" {
		return strings.Repeat("?", width)
	}
	return text + Spaces(width-len(text))
}
