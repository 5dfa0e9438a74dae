package providers

import (
	"confab/model"
)

// Op names an edit in errors.
func Op(k model.EditKind) string { return k.Op() }

// Invalid is for what a service is known not to take: it is not sent.
func Invalid(op, message string) *model.Error {
	return &model.Error{Kind: model.Invalid, Op: op, Message: message}
}

// Unsupported is for what a service has no call for.
func Unsupported(op, message string) *model.Error {
	return &model.Error{Kind: model.Unsupported, Op: op, Message: message}
}

// Malformed is for an answer that is not what the service documents.
func Malformed(op, message string) *model.Error {
	return &model.Error{Kind: model.Malformed, Op: op, Message: message}
}

// GivenUp is the error of a context that has ended.
func GivenUp(op string, err error) *model.Error {
	return stopped(op, err)
}
