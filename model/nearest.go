package model

import (
	"strings"
	"unicode/utf8"
)

// maxCompared is the longest word that is compared, in runes.
const maxCompared = 64

// Nearest returns the candidate that a misspelled word probably stands for, or "" if there is none. A candidate may differ in
// one of three letters (in one of two in a word of two), not counting case and the kind of separator. If none is so close, a
// candidate that is the only one with the same beginning is returned. The first of equally close candidates wins.
func Nearest(word string, candidates []string) string {
	folded := foldWord(word)
	length := utf8.RuneCountInString(folded)
	if length == 0 || length > maxCompared {
		return ""
	}
	limit := length / 3
	if length == 2 {
		limit = 1
	}
	best, sameStart := "", []string{}
	for _, c := range candidates {
		f := foldWord(c)
		if d := EditDistance(folded, f); c != word && (d < limit || d == limit && best == "") {
			best, limit = c, d
		}
		if strings.HasPrefix(f, folded) || len(f) >= 3 && strings.HasPrefix(folded, f) {
			sameStart = append(sameStart, c)
		}
	}
	if best == "" && len(folded) >= 3 && len(sameStart) == 1 {
		return sameStart[0]
	}
	return best
}

func foldWord(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "_", " ", "_").Replace(s))
}

// EditDistance returns the least number of insertions, deletions, replacements and swaps of neighbours that turn one word
// into the other.
func EditDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(y) > maxCompared {
		return len(y)
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			row[j] = min(last[j], row[j-1], last[j-1]) + 1
			if x[i-1] == y[j-1] {
				row[j] = min(row[j], last[j-1])
			}
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
