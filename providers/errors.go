package providers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"confab/model"
)

// Invalid is for what a service is known not to take: it is not sent.
func Invalid(op, message string) *model.Error {
	return &model.Error{Kind: model.Invalid, Op: op, Message: message}
}

// Unsupported is for what a service has no call for.
func Unsupported(op, message string) *model.Error {
	return &model.Error{Kind: model.Unsupported, Op: op, Message: message}
}

// OneOf refuses a word that a service does not take.
func OneOf(op, word string, words ...string) *model.Error {
	switch {
	case slices.Contains(words, word):
		return nil
	case len(words) == 2:
		return Invalid(op, fmt.Sprintf("%q is neither %s nor %s", word, words[0], words[1]))
	}
	return Invalid(op, fmt.Sprintf("%q is none of %s", word, strings.Join(words, ", ")))
}

// Malformed is for an answer that is not what the service documents.
func Malformed(op, message string) *model.Error {
	return &model.Error{Kind: model.Malformed, Op: op, Message: message}
}

// Local is for what this machine or its configuration gets wrong.
func Local(op, message string) *model.Error {
	return &model.Error{Kind: model.Local, Op: op, Message: message}
}

// GivenUp is the error of a context that has ended.
func GivenUp(op string, err error) *model.Error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &model.Error{Kind: model.Unavailable, Op: op, Message: "no time left", Err: err}
	}
	return &model.Error{Kind: model.Canceled, Op: op, Message: "given up", Err: err}
}

// Titled joins the title of an error with what a service says in detail: a detail that holds the title stands alone.
func Titled(title, detail string) string {
	title, detail = strings.TrimSpace(title), strings.TrimSpace(detail)
	switch {
	case detail == "":
		return title
	case strings.Contains(strings.ToLower(detail), strings.ToLower(title)):
		return detail
	}
	return title + ": " + detail
}
