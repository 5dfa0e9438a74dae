package model

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of cleaned text.
const (
	MaxLine  = 2000    // of a line, in runes
	MaxText  = 500_000 // of several lines, in runes
	maxMarks = 6       // combining marks on one character; more would draw over neighbouring lines
)

// CleanLine makes remote text safe for one line of a terminal: escape sequences, control characters, bidirectional
// overrides and invisible format characters are dropped; line breaks and tabs become spaces; bad UTF-8 becomes U+FFFD; at
// most limit runes are kept (MaxLine if limit is 0), an ellipsis shows that something was cut. Joined emoji and joining
// scripts keep their joiners.
func CleanLine(s string, limit int) string {
	if limit <= 0 || limit > MaxLine {
		limit = MaxLine
	}
	return clean(s, limit, false)
}

// Clean is CleanLine for several lines: newlines stay, tabs become four spaces.
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
			// A joiner shapes the letters or emoji around it.
			if prev < 0x80 || prev == 0x200d || prev == 0x200c {
				continue
			}
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
			// Tag characters among them: where they don't spell a flag they hide text.
			continue
		}
		switch {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			// At the start of a line a mark would land on what is drawn beside it.
			if marks++; marks > maxMarks || prev < 0 || prev == '\n' {
				continue
			}
		case !joiner: // or marks could be stacked without end between joiners
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

// isPlain reports whether cleaning surely keeps a text as it is.
func isPlain(s string) bool {
	for _, r := range s {
		if !plainRune(r) {
			return false
		}
	}
	return true
}

// plainRune spares the letters most written a look into six tables.
func plainRune(r rune) bool {
	switch {
	case r < 0x7f:
		return r >= 0x20
	case r < 0x300:
		return r >= 0xa0 && r != 0xad // Latin, without the soft hyphen
	case r < 0x590:
		return r >= 0x370 && (r < 0x483 || r > 0x489) // Greek, Cyrillic, Armenian, without the Cyrillic marks
	case r < 0x670:
		return r >= 0x5d0 && r < 0x5eb || r >= 0x620 && r < 0x64b // the letters of Hebrew and Arabic
	case r < 0x3040:
		return r >= 0x2010 && r < 0x2028 || r >= 0x20a0 && r < 0x20c0 // dashes, quotation marks, currencies
	case r < 0x3100:
		return r != 0x3099 && r != 0x309a // kana, without their combining marks
	}
	return r >= 0x4e00 && r < 0xa000 || r >= 0xac00 && r < 0xd7a4 || r >= 0x1f600 && r < 0x1f650 // ideographs, Hangul, faces
}

// escapeLength returns how many bytes an escape sequence takes, so that its parameters do not stay behind as text. An
// unfinished sequence ends at the next line break or after 256 bytes.
func escapeLength(s string, r rune, size int) int {
	i := size
	kind := map[rune]byte{0x9b: '[', 0x9d: ']', 0x90: 'P', 0x98: 'X', 0x9e: '^', 0x9f: '_'}[r]
	if r == 0x1b {
		if i >= len(s) || s[i] < 0x20 || s[i] > 0x7e {
			return i // an ESC alone; what follows is looked at by itself
		}
		kind = s[i]
		i++
	}
	switch rest := s[i:]; kind {
	case '[':
		return i + len(controlSequence.FindString(rest[:min(len(rest), 256)]))
	case ']', 'P', 'X', '^', '_':
		// A string that ends may be long (the address of a link); one that does not must not swallow the text behind it.
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
