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
// between compatible forms. It is pure and idempotent.
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
		switch f := foldOf(r); {
		case f == foldJoined || r == utf8.RuneError && size == 1:
			return foldWhole(s)
		case f == foldSame:
			out.WriteString(s[i : i+size])
		default:
			out.WriteString(*f)
		}
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

// foldWhole folds a text with regard to what its characters do to each other.
func foldWhole(s string) string {
	// Folding case can bring back what decomposing removes (İ), so a second
	// pass makes the result its own fold.
	return foldOnce(foldOnce(s))
}

func foldOnce(s string) string {
	return cases.Fold().String(norm.NFC.String(withoutMarks(s)))
}

// withoutMarks decomposes a text and drops the accents.
func withoutMarks(s string) string {
	return runes.Remove(runes.In(unicode.Mn)).String(norm.NFKD.String(s))
}

// Most characters fold by themselves, whatever stands beside them. What each
// becomes is kept once it was asked for: the transformers of x/text allocate
// buffers for every text, which made folding the largest part of storing a row.
const keptFolds = 0x20000 // letters, ideographs and emoji; rarer ones are folded as a text

var folds [keptFolds]atomic.Pointer[string]

var (
	foldSame   = new(string) // the character is its own fold
	foldJoined = new(string) // it may join its neighbours
)

// foldOf returns the fold of a character, or one of the two signs above.
func foldOf(r rune) *string {
	if r >= keptFolds {
		return foldJoined
	}
	f := folds[r].Load()
	if f == nil {
		f = foldAlone(r)
		folds[r].Store(f)
	}
	return f
}

func foldAlone(r rune) *string {
	s := string(r)
	once := foldOnce(s)
	twice := foldOnce(once)
	switch {
	case !standsAlone(s) || !standsAlone(once):
		return foldJoined
	case twice == s:
		return foldSame
	}
	return &twice
}

// standsAlone reports whether what is left of a text without accents neither
// changes places with nor joins what stands before or after it.
func standsAlone(s string) bool {
	bare := withoutMarks(s)
	for i, r := range bare {
		if norm.NFKD.PropertiesString(bare[i:]).CCC() != 0 || r == utf8.RuneError {
			return false
		}
	}
	return bare == "" || norm.NFC.PropertiesString(norm.NFC.String(bare)).BoundaryBefore()
}
