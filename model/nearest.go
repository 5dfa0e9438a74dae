package model

import (
	"strings"
	"unicode/utf8"
)

// maxCompared bounds the length, in runes, of words compared by Nearest.
const maxCompared = 64

// Nearest returns the candidate closest to a word, or "" when none is close enough to be a likely slip: at most one edit
// in three letters (one in a word of two), letter case and the kind of separator not counted, or a beginning that only one
// candidate has. The first of equally near candidates wins.
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
	best, begun := "", []string{}
	for _, c := range candidates {
		f := foldWord(c)
		if d := EditDistance(folded, f); c != word && (d < limit || d == limit && best == "") {
			best, limit = c, d
		}
		if strings.HasPrefix(f, folded) || len(f) >= 3 && strings.HasPrefix(folded, f) {
			begun = append(begun, c)
		}
	}
	if best == "" && len(folded) >= 3 && len(begun) == 1 {
		return begun[0]
	}
	return best
}

func foldWord(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "_", " ", "_").Replace(s))
}

// EditDistance counts the insertions, deletions, replacements and swaps of neighbours that make one word of another.
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
