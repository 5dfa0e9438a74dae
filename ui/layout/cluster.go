package layout

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/norm"

	"confab/model"
)

// Measure measures and draws text for one terminal. Terminals count cells either rune by rune, which is the default, or
// by grapheme cluster, once the terminal has reported mode 2027. The renderer must count as the Measure does.
type Measure struct {
	Graphemes bool // count by grapheme cluster
	ASCII     bool // draw nothing but ASCII
}

// Draw returns a line in the form that is sent to the terminal. It has the same width as the line passed in.
func (m Measure) Draw(line string) string {
	if model.IsASCII(line) {
		return line
	}
	var out strings.Builder
	out.Grow(len(line))
	for line != "" {
		if n := plain(line); n > 0 {
			out.WriteString(line[:n])
			line = line[n:]
			continue
		}
		var p piece
		p, line = m.next(line)
		out.WriteString(p.drawn)
	}
	return out.String()
}

// drawn returns the form in which a grapheme cluster is drawn, and its width in cells.
//
// Terminals that count rune by rune differ in how they draw pictures: joined emoji, variation selectors, keycaps, flags
// and skin tones. Whatever followed one on the line could end up in another cell than the renderer assumes. So a
// picture is drawn as its base character, and a flag as its two letters. A letter keeps its marks, because the word
// would be another one without them. The renderer drops a mark after an ASCII letter, so the two are composed into one
// rune or, where there is none, the letter is drawn alone.
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
	case Joins(base):
		return "", 0 // there is no base character to draw it on
	case m.Graphemes:
	case size == len(cluster) && base < firstFlag:
		if wc := ansi.StringWidthWc(cluster); wc != width {
			return "", 0 // a mark that takes a cell on some terminals only
		}
	case isFlag(base):
		cluster = flagLetters(cluster)
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

// The regional indicators. Two of them make a flag.
const firstFlag, lastFlag = '\U0001f1e6', '\U0001f1ff'

func isFlag(r rune) bool { return r >= firstFlag && r <= lastFlag }

func flagLetters(flag string) string {
	return strings.Map(func(r rune) rune {
		if isFlag(r) {
			return 'A' + r - firstFlag
		}
		return -1
	}, flag)
}

// isPictured reports whether a rune turns the one before it into a picture: a variation selector, the keycap, a skin
// tone.
func isPictured(r rune) bool {
	return r == '\ufe0e' || r == '\ufe0f' || r == '\u20e3' || r >= 0x1f3fb && r <= 0x1f3ff
}

// Joins reports whether a rune belongs to the grapheme cluster of any rune before it.
func Joins(r rune) bool {
	if r < 0x300 || r >= 0x30a0 && r <= 0x9fff || r >= 0xac00 && r <= 0xd7a3 {
		return false // a short cut for Latin, kana, ideographs and Hangul syllables
	}
	cluster, _ := ansi.FirstGraphemeCluster("x"+string(r), ansi.GraphemeWidth)
	return len(cluster) > 1
}

// piece is a grapheme cluster or an escape sequence of a line.
type piece struct {
	text, drawn string
	width       int
	escape      bool
}

// next cuts the first piece off a text, which must not be empty.
func (m Measure) next(s string) (p piece, rest string) {
	n, width := 1, 1
	switch c := s[0]; {
	case c == 0x1b || c < 0x20 || c == 0x7f:
		p.text, _, _, _ = ansi.DecodeSequence(s, ansi.NormalState, nil)
		p.drawn, p.escape = p.text, true
		return p, s[len(p.text):]
	case c < utf8.RuneSelf:
	default:
		_, n = utf8.DecodeRuneInString(s)
		width = simpleWidth(s)
	}
	if width == 0 || n < len(s) && s[n] >= utf8.RuneSelf && simpleWidth(s[n:]) == 0 {
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

// wideAmbiguous means that the environment makes characters of ambiguous width two cells wide, as East Asian fonts do.
var wideAmbiguous = ansi.StringWidth("─") != 1

// simpleWidth returns the width of the first rune of a text if every terminal draws it alike and it never joins the rune
// before it, else 0. It saves most texts the search for clusters.
func simpleWidth(s string) int {
	r, _ := utf8.DecodeRuneInString(s)
	switch {
	case wideAmbiguous:
	case r >= 0xb0 && r < 0x300, r >= 0x370 && r < 0x483, r >= 0x5d0 && r < 0x5eb, r >= 0x620 && r < 0x64b, r >= 0x2010 && r < 0x2028,
		r >= 0x2190 && r < 0x2200, r >= 0x2500 && r < 0x25fb, r >= 0x2713 && r < 0x2719:
		return 1
	case r >= 0x3041 && r < 0x3097, r >= 0x30a1 && r < 0x30fb, r >= 0x4e00 && r < 0xa000, r >= 0xac00 && r < 0xd7a4:
		return 2
	}
	return 0
}

var asciiFor = map[rune]string{'…': "~", '—': "-", '–': "-", '→': ">", '·': "|", '•': "*", '“': `"`, '”': `"`, '‘': "'", '’': "'",
	'«': `"`, '»': `"`, '×': "x", 'ß': "s", 'ø': "o", 'Ø': "O", 'ł': "l", 'Ł': "L", 'đ': "d", 'æ': "a", 'Æ': "A"}

// toASCII returns a cluster as ASCII text of the same width: a letter without its accents, and question marks for
// anything that looks like no ASCII character.
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
