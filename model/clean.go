package model

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of cleaned text.
const (
	MaxLine  = 2000    // runes in a line
	MaxText  = 500_000 // runes in several lines
	maxMarks = 6       // combining marks on one character; more would cover neighbouring lines
)

// CleanLine makes remote text safe for one line of a terminal. It drops escape sequences, control characters, bidirectional
// overrides and invisible format characters, except the joiners of emoji and of scripts that need them. Line breaks and tabs
// become spaces, bad UTF-8 becomes U+FFFD. Text longer than limit runes (MaxLine if limit is 0) is cut, with an ellipsis.
func CleanLine(s string, limit int) string {
	if limit <= 0 || limit > MaxLine {
		limit = MaxLine
	}
	return clean(s, limit, false)
}

// CleanCell is CleanLine for other programs: only text longer than MaxText is cut.
func CleanCell(s string) string { return clean(s, MaxText, false) }

// Clean is CleanLine for text of several lines: it keeps line breaks and makes four spaces of a tab.
func Clean(s string) string { return clean(s, MaxText, true) }

func clean(s string, limit int, lines bool) string {
	if isPlain(s) && len(s) <= limit {
		return s
	}
	var b strings.Builder
	b.Grow(min(len(s), limit+8))
	n, marks := 0, 0
	prev := rune(-1)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == 0x1b || r == 0x9b || r == 0x9d || r == 0x90 || r == 0x98 || r == 0x9e || r == 0x9f {
			i += escapeLength(s[i:], r, size)
			continue
		}
		i += size
		if r == '\r' && strings.HasPrefix(s[i:], "\n") {
			continue
		}
		if strings.ContainsRune("\r\v\f\u0085\u2028\u2029", r) {
			r = '\n'
		}
		repeat := 1
		joiner := r == 0x200d || r == 0x200c
		switch {
		case r == '\n' && lines:
		case r == '\n' || r == '\t' && !lines:
			r = ' '
		case r == '\t':
			r, repeat = ' ', 4
		case joiner:
			// A joiner is kept only where it can shape the letters or emoji around it.
			if prev < 0x80 || prev == 0x200d || prev == 0x200c {
				continue
			}
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
			// These include tag characters, which can hide text.
			continue
		}
		switch {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			// At the start of a line, a mark would combine with whatever is drawn to the left of it.
			if marks++; marks > maxMarks || prev < 0 || prev == '\n' {
				continue
			}
		case !joiner: // a joiner between marks doesn't restart the count
			marks = 0
		}
		for ; repeat > 0 && n < limit; repeat-- {
			b.WriteRune(r)
			n++
		}
		if repeat > 0 {
			b.WriteRune('…')
			break
		}
		prev = r
	}
	return b.String()
}

// isPlain reports whether a text consists only of characters that cleaning certainly leaves as they are.
func isPlain(s string) bool {
	for _, r := range s {
		if r < ' ' || r == utf8.RuneError || r > 0x7e && (!unicode.IsPrint(r) || unicode.IsMark(r)) {
			return false
		}
	}
	return true
}

// escapeLength returns the length of an escape sequence in bytes, parameters included. An unfinished sequence ends at the
// next line break or after 256 bytes.
func escapeLength(s string, r rune, size int) int {
	i := size
	kind := map[rune]byte{0x9b: '[', 0x9d: ']', 0x90: 'P', 0x98: 'X', 0x9e: '^', 0x9f: '_'}[r]
	if r == 0x1b {
		if i >= len(s) || s[i] < 0x20 || s[i] > 0x7e {
			return i // a lone ESC
		}
		kind = s[i]
		i++
	}
	switch rest := s[i:]; kind {
	case '[':
		return i + len(controlSequence.FindString(rest[:min(len(rest), 256)]))
	case ']', 'P', 'X', '^', '_':
		// A terminated string may be long, such as the address of a link. One without an end must not swallow the text after it.
		end := strings.IndexAny(rest[:min(len(rest), 4096)], "\a\n\r\x1b\u009c")
		switch {
		case end < 0:
			return i + min(len(rest), 255)
		case rest[end] == '\a':
			return i + end + 1
		case strings.HasPrefix(rest[end:], "\x1b\\"), strings.HasPrefix(rest[end:], "\u009c"):
			return i + end + 2
		}
		return i + min(end, 255)
	case '(', ')', '*', '+', '#', '%', ' ':
		if rest != "" && rest[0] >= 0x20 && rest[0] <= 0x7e {
			return i + 1
		}
	}
	return i
}

var controlSequence = regexp.MustCompile(`^[ -?]*[@-~]?`)
