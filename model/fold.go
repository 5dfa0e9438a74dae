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

// FoldText returns text for searching: without case, accents and the difference
// between compatible forms. It is idempotent.
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
			return foldWhole(s)
		}
		out.WriteString(*f)
		i += size
	}
	return out.String()
}

// IsASCII reports whether a text is nothing but ASCII.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foldWhole folds a text with regard to what its characters do to each other. Folding case can bring back what decomposing
// removes (İ), so a second pass makes the result its own fold.
func foldWhole(s string) string { return foldOnce(foldOnce(s)) }

func foldOnce(s string) string {
	return cases.Fold().String(norm.NFC.String(withoutMarks(s)))
}

// withoutMarks decomposes a text and drops the accents.
func withoutMarks(s string) string {
	return runes.Remove(runes.In(unicode.Mn)).String(norm.NFKD.String(s))
}

// Most characters fold by themselves, whatever stands beside them. What each becomes is kept once it was asked for: the
// transformers of x/text allocate buffers for every text, which made folding the largest part of storing a row.
const keptFolds = 0x20000 // letters, ideographs and emoji; rarer ones are folded as a text

var folds [keptFolds]atomic.Pointer[string]

// foldJoined stands for a character that may join its neighbours.
var foldJoined = new(string)

// foldOf returns the fold of a character, or foldJoined.
func foldOf(r rune) *string {
	if r >= keptFolds {
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

// isolated reports whether what is left of a text without accents neither
// changes places with nor joins what stands before or after it.
func isolated(s string) bool {
	bare := withoutMarks(s)
	for i, r := range bare {
		if norm.NFKD.PropertiesString(bare[i:]).CCC() != 0 || r == utf8.RuneError {
			return false
		}
	}
	return bare == "" || norm.NFC.PropertiesString(norm.NFC.String(bare)).BoundaryBefore()
}
