package layout

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Measure counts cells. Terminals count in one of two ways, and the renderer
// must agree with what is laid out here: rune by rune (the zero value, what a
// terminal does unless it says otherwise), or by grapheme cluster once the
// terminal has answered that it does (mode 2027).
type Measure struct{ Graphemes bool }

// Width gives the cells a line of text takes; escape sequences take none.
func (m Measure) Width(s string) int {
	if isPlain(s) {
		return len(s)
	}
	return m.measure(s)
}

func (m Measure) measure(s string) int {
	if m.Graphemes {
		return ansi.StringWidth(s)
	}
	return ansi.StringWidthWc(s)
}

// Truncate cuts a line to at most w cells, the tail included where something
// was cut.
func (m Measure) Truncate(s string, w int, tail string) string {
	if w <= 0 {
		return ""
	}
	s = m.alone(s)
	if m.Width(s) <= w {
		return s
	}
	if m.Width(tail) > w {
		tail = ""
	}
	if m.Graphemes {
		return ansi.Truncate(s, w, tail)
	}
	// TruncateWc leaves a text alone whose graphemes fit, even where its runes
	// don't; blanks after it make it look.
	return ansi.TruncateWc(s+Spaces(w+1), w, tail)
}

// Fit cuts or fills a line to exactly w cells.
func (m Measure) Fit(s string, w int, tail string) string {
	if w <= 0 {
		return ""
	}
	s = m.Truncate(s, w, tail)
	if n := w - m.Width(s); n > 0 {
		return s + Spaces(n)
	}
	return s
}

// FitRight is Fit with the text at the right end.
func (m Measure) FitRight(s string, w int, tail string) string {
	if w <= 0 {
		return ""
	}
	s = m.Truncate(s, w, tail)
	if n := w - m.Width(s); n > 0 {
		return Spaces(n) + s
	}
	return s
}

// From gives what stands from a cell on, styles kept, in a line of total
// cells; a wide character that begins before it becomes blanks.
func (m Measure) From(s string, cell, total int) string {
	want := total - cell
	if want <= 0 {
		return ""
	}
	for n := cell; ; n++ {
		var rest string
		if m.Graphemes {
			rest = ansi.TruncateLeft(s, n, "")
		} else {
			rest = ansi.TruncateLeftWc(s, n, "")
		}
		if w := m.Width(rest); w <= want {
			return Spaces(min(n-cell, want-w)) + m.Fit(rest, want-min(n-cell, want-w), "")
		}
	}
}

// Wrap breaks text into lines of at most w cells, at spaces where it can.
// It gives at least one line.
func (m Measure) Wrap(s string, w int) []string {
	if w <= 0 {
		return []string{""}
	}
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if m.Width(line) <= w {
			out = append(out, line)
			continue
		}
		var wrapped string
		if m.Graphemes {
			wrapped = ansi.Wrap(line, w, "")
		} else {
			wrapped = ansi.WrapWc(line, w, "")
		}
		for part := range strings.SplitSeq(wrapped, "\n") {
			out = append(out, m.Truncate(strings.TrimRight(part, " "), w, ""))
		}
	}
	return out
}

// Window gives the part of a text being typed that fits into w cells with the
// cursor (a position in runes) in sight, and the cell of the cursor.
func (m Measure) Window(text []rune, pos, w int) (visible string, cursor int) {
	if w <= 0 {
		return "", 0
	}
	pos = clamp(pos, 0, len(text))
	start := 0
	for start < pos && m.Width(string(text[start:pos])) > w-1 {
		// Half a screen at a time, so that typing at the edge moves little.
		step := max(1, (pos-start)-w/2)
		start = min(pos, start+step)
	}
	return m.Truncate(string(text[start:]), w, ""), min(w-1, m.Width(string(text[start:pos])))
}

// Overlay draws box over base, whose lines have width cells and keep them.
func (m Measure) Overlay(base []string, r Rect, box []string, width int) {
	for i, line := range box {
		y := r.Y + i
		if y < 0 || y >= len(base) || i >= r.H {
			continue
		}
		left := m.Fit(base[y], r.X, "")
		right := m.From(base[y], r.X+r.W, width)
		base[y] = left + m.Fit(line, r.W, "") + right
	}
}

// Beside joins two blocks of lines of the same height.
func Beside(left, right []string) []string {
	out := make([]string, 0, max(len(left), len(right)))
	for i := range max(len(left), len(right)) {
		var l, r string
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		out = append(out, l+r)
	}
	return out
}

// Block cuts or fills lines to exactly h, each of exactly w cells.
func (m Measure) Block(lines []string, w, h int) []string {
	out := make([]string, 0, max(0, h))
	for i := 0; i < h; i++ {
		if i < len(lines) {
			out = append(out, m.Fit(lines[i], w, ""))
		} else {
			out = append(out, Spaces(w))
		}
	}
	return out
}

// alone takes off what would join with the text before or after it (marks,
// skin tones, joiners), since both would then be narrower than measured.
func (m Measure) alone(s string) string {
	if isPlain(s) {
		return s
	}
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		if r < 0x300 || unicode.In(r, unicode.Lu, unicode.Ll, unicode.Han) || m.measure(" "+s) == 1+m.measure(s) {
			break
		}
		s = s[size:]
	}
	return strings.TrimRight(s, joiner)
}

const joiner = "\u200d"

const blanks = "                                                                                                                                "

// Spaces gives n blanks; none for a negative n.
func Spaces(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(blanks) {
		return blanks[:n]
	}
	return strings.Repeat(" ", n)
}

func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
