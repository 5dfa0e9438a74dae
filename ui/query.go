package ui

import (
	"errors"

	"confab/model/query"
)

// combine narrows a view by a filter. Both are written in the query language.
func combine(view, filter string) (string, error) {
	f, err := query.Parse(filter)
	if err != nil {
		return "", err
	}
	if view == "" {
		return filter, nil
	}
	if filter == "" {
		return view, nil
	}
	v, err := query.Parse(view)
	if err != nil {
		return "", err
	}
	return v.And(f).String(), nil
}

// place tells where a query is wrong, in runes, and why.
func place(text string, err error) (pos int, why string) {
	var e *query.Error
	if !errors.As(err, &e) {
		return 0, err.Error()
	}
	why = e.Message
	if e.Suggestion != "" {
		why += ": did you mean " + e.Suggestion + "?"
	}
	return len([]rune(text[:max(0, min(e.Pos, len(text)))])), why
}
