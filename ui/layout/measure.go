package layout

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Width returns how many cells a line takes when it is drawn. Escape sequences take none.
func (m Measure) Width(s string) int {
	if isPlain(s) {
		return len(s)
	}
	width := 0
	for s != "" {
		if n := plain(s); n > 0 {
			width, s = width+n, s[n:]
			continue
		}
		var p piece
		p, s = m.next(s)
		width += p.width
	}
	return width
}

// Truncate cuts a line to at most w cells. A line that was cut ends in the tail, which counts. Escape sequences stay,
// even those after the cut.
func (m Measure) Truncate(s string, w int, tail string) string {
	s, _ = m.truncate(s, w, tail)
	return s
}

// truncate also returns the width of its result.
func (m Measure) truncate(s string, w int, tail string) (string, int) {
	if w <= 0 {
		return "", 0
	}
	s = strings.TrimLeftFunc(s, Joins) // what would join the text before the line
	if width := m.Width(s); width <= w {
		return s, width
	}
	if m.Width(tail) > w {
		tail = ""
	}
	room := w - m.Width(tail)
	var out strings.Builder
	out.Grow(min(len(s), 4*w) + len(tail))
	used := 0
	for {
		width := min(plain(s), room-used)
		text, rest := s[:width], s[width:]
		if width == 0 {
			var p piece
			p, rest = m.next(s)
			text, width = p.text, p.width
		}
		if used+width > room {
			break
		}
		out.WriteString(text)
		used, s = used+width, rest
	}
	out.WriteString(tail)
	for s != "" {
		if n := plain(s); n > 0 {
			s = s[n:]
			continue
		}
		var p piece
		if p, s = m.next(s); p.escape {
			out.WriteString(p.text)
		}
	}
	return out.String(), used + m.Width(tail)
}

// Fit cuts a line as Truncate does, or fills it with blanks, to exactly w cells.
func (m Measure) Fit(s string, w int, tail string) string {
	s, width := m.truncate(s, w, tail)
	return s + Spaces(w-width)
}

// from returns the part of a line of total cells that begins at a cell, with the styles that apply there. A wide
// character across that cell becomes a blank.
func (m Measure) from(s string, cell, total int) string {
	want := total - cell
	if want <= 0 {
		return ""
	}
	var out strings.Builder
	at := 0
	for p := (piece{}); s != ""; at += p.width {
		p, s = m.next(s)
		switch {
		case p.escape || at >= cell:
			out.WriteString(p.text)
		case at+p.width > cell:
			out.WriteString(Spaces(at + p.width - cell))
		}
	}
	return m.Fit(out.String(), want, "")
}

// Wrap breaks text into lines of at most w cells, after a blank or a hyphen where possible. It returns at least one line.
func (m Measure) Wrap(s string, w int) []string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		out = m.wrapLine(out, line, w)
	}
	return out
}

// Hang wraps text to w cells with a head before the first line. The other lines are indented by the width of the head.
func (m Measure) Hang(head, text string, w int) []string {
	indent := m.Width(head)
	lines := m.Wrap(text, max(1, w-indent))
	for i, line := range lines {
		lines[i] = head + line
		head = Spaces(indent)
	}
	return lines
}

func (m Measure) wrapLine(out []string, line string, w int) []string {
	if m.Width(line) <= w {
		return append(out, line)
	}
	// The current output line is line[start:at] and takes used cells. Its whole words are line[start:end] and take kept.
	before := len(out)
	start, at, end, used, kept := 0, 0, 0, 0, 0
	for p, rest := (piece{}), line; rest != ""; {
		p, rest = m.next(rest)
		blank := p.text == " "
		for used > 0 && used+p.width > w && !blank {
			if end == start {
				end, kept = at, used // a word that is wider than a line
			}
			if full := strings.TrimRight(line[start:end], " "); full != "" {
				out = append(out, full)
			}
			start, used = end, used-kept
			end, kept = start, 0
		}
		at += len(p.text)
		used += p.width
		switch {
		case p.width > w:
			start, used = at, 0 // too wide for any line
			end, kept = at, 0
		case blank && used == p.width && start > 0:
			start, used = at, 0 // no blank at the start of a continued line
			end, kept = at, 0
		case blank || p.text == "-" && strings.ContainsFunc(line[end:at], unicode.IsLetter): // not after the sign of -word or --flag
			end, kept = at, used
		}
	}
	if rest := strings.TrimRight(line[start:], " "); rest != "" || len(out) == before {
		out = append(out, rest)
	}
	return out
}

// Window returns the part of a text being typed that is shown in w cells, and the cell of the cursor, which is always
// among them. pos is the cursor's place in runes.
func (m Measure) Window(text []rune, pos, w int) (visible string, cursor int) {
	if w <= 0 {
		return "", 0
	}
	pos = Clamp(pos, 0, len(text))
	start := 0
	for start < pos && m.Width(string(text[start:pos])) > w-1 {
		// It moves by half its width at a time, so that typing at the edge rarely redraws the whole text.
		step := max(1, (pos-start)-w/2)
		start = min(pos, start+step)
	}
	return m.Truncate(string(text[start:]), w, ""), min(w-1, m.Width(string(text[start:pos])))
}

// Overlay draws the lines of a box at r, which holds all of them, over the lines of base, each of which has and keeps width
// cells.
func (m Measure) Overlay(base []string, r Rect, box []string, width int) {
	for i, line := range box {
		y := r.Y + i
		left := m.Fit(base[y], r.X, "")
		right := m.from(base[y], r.X+r.W, width)
		base[y] = left + m.Fit(line, r.W, "") + right
	}
}

// Beside puts two blocks of the same height next to each other.
func Beside(left, right []string) []string {
	out := slices.Clone(left)
	for i := range min(len(left), len(right)) {
		out[i] += right[i]
	}
	return out
}

// Block returns exactly h lines of exactly w cells.
func (m Measure) Block(lines []string, w, h int) []string {
	out := make([]string, max(0, h))
	for i := range out {
		if i < len(lines) {
			out[i] = m.Fit(lines[i], w, "")
		} else {
			out[i] = Spaces(w)
		}
	}
	return out
}

// Spaces returns n blanks, none if n is negative.
func Spaces(n int) string { return strings.Repeat(" ", max(0, n)) }

func isPlain(s string) bool { return plain(s) == len(s) }

// plain counts the characters at the start of a text that take one cell each and join nothing: printable ASCII, except
// for a last character that non-ASCII text follows and may join.
func plain(s string) int {
	n := 0
	for n < len(s) && s[n] >= 0x20 && s[n] < 0x7f {
		n++
	}
	if n > 0 && n < len(s) && s[n] >= utf8.RuneSelf {
		n--
	}
	return n
}
