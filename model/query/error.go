package query

import (
	"fmt"
	"strings"

	"confab/model"
)

// Error says where a query is wrong, and why. Pos and End are byte offsets
// into the text given to Parse; Pos equals End where something is missing.
type Error struct {
	Pos, End int
	Message  string
	// Suggestion is the nearest text that would be right, "" if nothing is near.
	Suggestion string

	bare bool // a field stands without a value
}

// Error returns one line for a person, with the place counted from one.
func (e *Error) Error() string {
	s := fmt.Sprintf("query, at %d: %s", e.Pos+1, e.Message)
	if e.Suggestion != "" {
		s += fmt.Sprintf(" (did you mean %s?)", e.Suggestion)
	}
	return s
}

// nearest returns the word closest to s, "" if none is close; what begins with s is.
func nearest(s string, words []string) string {
	best, at := "", 1+min(2, (len(s)+1)/2)
	if len(s) > 40 {
		return ""
	}
	for _, w := range words {
		d := model.EditDistance(s, w)
		if len(s) >= 2 && strings.HasPrefix(w, s) {
			d = min(d, 1)
		}
		if d < at {
			best, at = w, d
		}
	}
	return best
}
