package model

import (
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/unicode/norm"
)

// FoldText prepares a text for searching: it removes differences of case, of accents and between compatible forms of a
// character. It is idempotent.
func FoldText(s string) string {
	if IsASCII(s) {
		return strings.ToLower(s)
	}
	var out strings.Builder
	out.Grow(len(s))
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			out.WriteByte(c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		f := foldOf(r)
		if f == foldJoined || r == utf8.RuneError && size == 1 {
			// Some characters may combine with each other. Folding case can bring back an accent that decomposing removed (İ), so a
			// second pass is needed to make folding idempotent.
			return foldOnce(foldOnce(s))
		}
		out.WriteString(*f)
		i += size
	}
	return out.String()
}

// IsASCII reports whether a text is entirely ASCII.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func foldOnce(s string) string {
	return cases.Fold().String(norm.NFC.String(withoutMarks(s)))
}

// withoutMarks decomposes a text and removes the accents.
func withoutMarks(s string) string {
	return runes.Remove(runes.In(unicode.Mn)).String(norm.NFKD.String(s))
}

// folds caches the fold of every character that folds independently of its neighbours. Without the cache, folding took the
// largest part of the time of storing a row, since the transformers of x/text allocate buffers for every text.
var folds [cachedFolds]atomic.Pointer[string]

const cachedFolds = 0x20000 // letters, ideographs and emoji; texts with rarer characters are folded whole

// foldJoined marks a character that may combine with its neighbours.
var foldJoined = new(string)

// foldOf returns the fold of a character, or foldJoined.
func foldOf(r rune) *string {
	if r >= cachedFolds {
		return foldJoined
	}
	f := folds[r].Load()
	if f == nil {
		f = foldJoined
		if once := foldOnce(string(r)); isolated(string(r)) && isolated(once) {
			f = new(foldOnce(once))
		}
		folds[r].Store(f)
	}
	return f
}

// isolated reports whether a text without its accents neither combines nor changes places with its neighbours.
func isolated(s string) bool {
	bare := withoutMarks(s)
	for i, r := range bare {
		if norm.NFKD.PropertiesString(bare[i:]).CCC() != 0 || r == utf8.RuneError {
			return false
		}
	}
	return bare == "" || norm.NFC.PropertiesString(norm.NFC.String(bare)).BoundaryBefore()
}
