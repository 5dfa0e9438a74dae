package model

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Limits of cleaned text.
const (
	// MaxLine is the longest cleaned line, in runes.
	MaxLine = 2000
	// MaxText is the longest cleaned text of several lines, in runes.
	MaxText = 500_000
	// maxMarks bounds the combining marks on one character: more is a
	// drawing over the neighbouring lines, not a language.
	maxMarks = 6
)

// CleanLine makes remote text safe for one line of a terminal: escape
// sequences, control characters, bidirectional overrides and invisible format
// characters are dropped; line breaks and tabs become spaces; bad UTF-8
// becomes U+FFFD; at most limit runes are kept (MaxLine if limit is 0), an
// ellipsis shows that something was cut. Joined emoji and joining scripts keep
// their joiners.
func CleanLine(s string, limit int) string {
	if limit <= 0 || limit > MaxLine {
		limit = MaxLine
	}
	return clean(s, limit, false)
}

// Clean does the same for text of several lines: newlines are kept, tabs
// become four spaces.
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
		switch {
		case r == '\r':
			if i < len(s) && s[i] == '\n' {
				continue
			}
			r = '\n'
		case r == 0x2028 || r == 0x2029 || r == 0x85 || r == '\v' || r == '\f':
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
		case unicode.Is(unicode.Cc, r):
			continue
		case joiner:
			// A joiner shapes the letters or emoji around it; alone, or after
			// another one, it is nothing.
			if prev < 0x80 || prev == 0x200d || prev == 0x200c {
				continue
			}
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Cs, r):
			// Tag characters spell flags after an emoji and are invisible
			// everywhere else, where they can only hide text.
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

func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// escapeLength gives how many bytes an escape sequence takes, so that its
// parameters do not stay behind as text. An unfinished sequence ends at the
// next line break or after 256 bytes.
func escapeLength(s string, r rune, size int) int {
	i := size
	kind := byte(0)
	if r == 0x1b {
		if i >= len(s) {
			return i
		}
		kind = s[i]
		if kind < 0x20 || kind > 0x7e {
			return i // an ESC alone; what follows is looked at by itself
		}
		i++
	} else {
		kind = map[rune]byte{0x9b: '[', 0x9d: ']', 0x90: 'P', 0x98: 'X', 0x9e: '^', 0x9f: '_'}[r]
	}
	bound := min(len(s), i+256)
	switch kind {
	case '[':
		for ; i < bound; i++ {
			if c := s[i]; c >= 0x40 && c <= 0x7e {
				return i + 1
			} else if c < 0x20 || c > 0x7e {
				return i
			}
		}
		return i
	case ']', 'P', 'X', '^', '_':
		// A string that ends may be long (the address of a link); one that
		// does not must not swallow the text behind it.
		for start, far := i, min(len(s), i+4096); i < far; i++ {
			if i == start+255 && !stringEnds(s[i:far]) {
				return i
			}
			switch {
			case s[i] == 0x07:
				return i + 1
			case s[i] == '\n' || s[i] == '\r':
				return i
			case s[i] == 0x1b:
				if i+1 < len(s) && s[i+1] == '\\' {
					return i + 2
				}
				return i
			case s[i] == 0xc2 && i+1 < len(s) && s[i+1] == 0x9c:
				return i + 2
			}
		}
		return i
	case '(', ')', '*', '+', '#', '%', ' ':
		if i < len(s) && s[i] >= 0x20 && s[i] <= 0x7e {
			i++
		}
		return i
	}
	return i
}

// stringEnds reports whether a control string has its end before a line break.
func stringEnds(s string) bool {
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s = s[:i]
	}
	return strings.ContainsAny(s, "\a\u009c") || strings.Contains(s, "\x1b\\")
}

// FoldText gives text for searching: without case, accents and the difference
// between compatible forms. It is pure and idempotent.
func FoldText(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if plain {
		return strings.ToLower(s)
	}
	if !utf8.ValidString(s) {
		s = strings.Map(func(r rune) rune { return r }, s)
	}
	f := folders.Get().(*folder)
	defer folders.Put(f)
	once := f.fold(s)
	if sameButASCII(f.composed, once) {
		return string(once)
	}
	// Folding case can bring back what decomposing removes (İ), so a second
	// pass makes the result its own fold.
	return string(f.fold(string(once)))
}

// sameButASCII reports whether two texts differ in the case of ASCII letters at
// the most, with which nothing that is left composes.
func sameButASCII(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && (a[i] >= utf8.RuneSelf || b[i] >= utf8.RuneSelf) {
			return false
		}
	}
	return true
}

// folder folds text in buffers of its own.
type folder struct {
	cases                        cases.Caser
	decomposed, composed, folded []byte
}

var folders = sync.Pool{New: func() any { return &folder{cases: cases.Fold()} }}

// fold folds once. The result is good until the next call.
func (f *folder) fold(in string) []byte {
	f.decomposed = norm.NFKD.AppendString(f.decomposed[:0], in)
	base := f.decomposed[:0] // without the marks
	for rest := f.decomposed; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r < utf8.RuneSelf || !unicode.Is(unicode.Mn, r) {
			base = append(base, rest[:n]...)
		}
		rest = rest[n:]
	}
	f.composed = norm.NFC.Append(f.composed[:0], base...)
	room := 3 * len(f.composed) // a letter folds to three at the most
	f.folded = slices.Grow(f.folded[:0], room)[:room]
	n, _, err := f.cases.Transform(f.folded, f.composed, true)
	if err != nil {
		return f.composed
	}
	return f.folded[:n]
}
