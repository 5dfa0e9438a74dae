package model

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrorKind decides everything the outbox does with a failure.
type ErrorKind string

// The kinds of error.
const (
	Unauthorized   ErrorKind = "unauthorized"    // the credential was rejected
	NoCredential   ErrorKind = "no_credential"   // no request was sent: what the config names gives no credential
	Forbidden      ErrorKind = "forbidden"       // the credential may not do this
	NotFound       ErrorKind = "not_found"       // no such thing, or not visible
	ConflictKind   ErrorKind = "conflict"        // the service refuses because of its current state
	Invalid        ErrorKind = "invalid"         // the request was not accepted
	RateLimited    ErrorKind = "rate_limited"    // not processed; RetryAt says when to come back
	Unavailable    ErrorKind = "unavailable"     // not reached, or the service is broken; nothing was changed
	UnknownOutcome ErrorKind = "unknown_outcome" // a write left and no clear answer came
	Unsupported    ErrorKind = "unsupported"     // no request was sent: the service has no such call
	Unverified     ErrorKind = "unverified"      // accepted, but the service does not show the intended value
	Malformed      ErrorKind = "malformed"       // an answer that cannot be read
	Canceled       ErrorKind = "canceled"        // the caller gave up
	Local          ErrorKind = "local"           // this machine failed: disk, database
)

// FieldError is one complaint of a service about one field of a request.
type FieldError struct {
	Field   string `json:"field"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

// Error is the one error of the domain. Message keeps the service's own words.
type Error struct {
	Kind      ErrorKind
	Op        string // what was being done: "change privacy", "list conversations"
	Message   string // what the provider (or this machine) said
	Hint      string // confab's own advice, "" where there is none
	Code      string
	RequestID string
	Status    int       // of HTTP, 0 where no answer came
	RetryAt   time.Time // when the service asked to come back; zero where it did not say
	Fields    []FieldError
	Existing  string // the id of the conversation in the way of a create or reopen
	Err       error
}

// Error returns one line: what was tried, the kind, and the service's words.
func (e *Error) Error() string {
	text, said := e.brief(), e.said()
	if said != "" && !strings.HasPrefix(said, "; ") {
		text += ": "
	}
	text += said
	return text + pick(e.Hint == "", "", " — "+e.Hint) + pick(e.RequestID == "", "", " [request "+e.RequestID+"]")
}

func (e *Error) brief() string {
	text := strings.ReplaceAll(string(e.Kind), "_", " ")
	if e.Op != "" {
		text = e.Op + ": " + text
	}
	if e.Status != 0 {
		text += fmt.Sprintf(" (%d)", e.Status)
	}
	return text
}

// said returns the service's words, or the cause, and what it says of fields.
func (e *Error) said() string {
	text := e.Message
	if text == "" && e.Err != nil {
		text = e.Err.Error()
	}
	for _, f := range e.Fields {
		text += "; " + f.Field + ": " + f.Message
	}
	return text
}

// Brief returns an error for a log: what was tried, the kind and the status, and none of the service's words. What is no
// *Error is given whole.
func Brief(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.brief()
	}
	return err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of an error: Local if it is no *Error, "" for nil.
func KindOf(err error) ErrorKind {
	if e := AsError(err); e != nil {
		return e.Kind
	}
	return ""
}

// AsError returns the *Error in a chain, else a new one of kind Local; nil for nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Local, Message: err.Error(), Err: err}
}

// Transient reports whether the same request may succeed later by itself.
func (k ErrorKind) Transient() bool {
	return k == RateLimited || k == Unavailable || k == UnknownOutcome || k == Malformed
}
