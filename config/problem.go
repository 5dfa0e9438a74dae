package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxProblems bounds what one settings file can report. The last entry then says how many were left out.
const maxProblems = 100

// Problem is one thing wrong with a settings file.
type Problem struct {
	File string
	// Line and Column start at 1; Column counts characters, not bytes. Both are 0 when the whole file is meant.
	Line, Column int
	// Key is the dotted path, array elements counted from 0: "account[0].settings.workspace_id".
	Key     string
	Message string
	// Suggestion is the nearest valid word, empty when none is close.
	Suggestion string
}

// String returns "file:line:col: message (did you mean "x"?)".
func (p Problem) String() string {
	place := p.File
	if p.Line > 0 {
		place += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	if place != "" {
		place += ": "
	}
	if p.Suggestion != "" {
		return place + p.Message + fmt.Sprintf(" (did you mean %q?)", p.Suggestion)
	}
	return place + p.Message
}

// Errors are all problems of one settings file, in the order of their lines. Load returns it as its error; find it with
// errors.As.
type Errors []Problem

// Error lists the problems, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sorted orders problems by place, and bounds their number.
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b Problem) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	if len(e) > maxProblems {
		left := len(e) - maxProblems
		e = append(e[:maxProblems:maxProblems], Problem{File: e[0].File, Message: fmt.Sprintf("and %d more problems", left)})
	}
	return e
}
