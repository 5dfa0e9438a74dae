package query

import "fmt"

// Error says where a query is wrong, and why. Pos and End are byte offsets
// into the text given to Parse; Pos equals End where something is missing.
type Error struct {
	Pos, End int
	Message  string
	// Suggestion is the nearest text that would be right, "" if nothing is near.
	Suggestion string
}

// Error returns one line for a person, with the place counted from one.
func (e *Error) Error() string {
	s := fmt.Sprintf("query, at %d: %s", e.Pos+1, e.Message)
	if e.Suggestion != "" {
		s += fmt.Sprintf(" (did you mean %s?)", e.Suggestion)
	}
	return s
}

// nearest returns the word closest to s, or "" if none is close. Words that
// begin with s are closer than those that must be retyped.
func nearest(s string, words []string) string {
	best, at := "", 1+min(2, (len(s)+1)/2)
	if len(s) > 40 {
		return ""
	}
	for _, w := range words {
		d := distance(s, w)
		if len(s) >= 2 && len(w) > len(s) && w[:len(s)] == s {
			d = min(d, 1)
		}
		if d < at {
			best, at = w, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that make b from a.
func distance(a, b string) int {
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
