package model

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrorKind classifies a failure. It decides what the outbox does about it.
type ErrorKind string

// The kinds of error.
const (
	Unauthorized   ErrorKind = "unauthorized"    // the credential was rejected
	NoCredential   ErrorKind = "no_credential"   // no request was sent: the configured source yields no credential
	Forbidden      ErrorKind = "forbidden"       // the credential may not do this
	NotFound       ErrorKind = "not_found"       // it does not exist or is not visible
	ConflictKind   ErrorKind = "conflict"        // the service refuses because of its current state
	Invalid        ErrorKind = "invalid"         // the request was not accepted
	RateLimited    ErrorKind = "rate_limited"    // not processed; RetryAt says when to try again
	Unavailable    ErrorKind = "unavailable"     // not reached, or the service is broken; nothing was changed
	UnknownOutcome ErrorKind = "unknown_outcome" // a write was sent and no clear answer came
	Unsupported    ErrorKind = "unsupported"     // no request was sent: the service has no such call
	Unverified     ErrorKind = "unverified"      // accepted, but the service does not show the intended value
	Malformed      ErrorKind = "malformed"       // the answer can't be read
	Canceled       ErrorKind = "canceled"        // the caller gave up
	Local          ErrorKind = "local"           // this machine failed: disk, database
)

// kindPhrases says what happened. It is used where the service's own words follow, or where nothing else is known.
var kindPhrases = map[ErrorKind]string{
	Unauthorized:   "the credential was rejected",
	NoCredential:   "there is no credential",
	Forbidden:      "the service does not allow it",
	NotFound:       "it was not found",
	ConflictKind:   "the service refused it as things are now",
	Invalid:        "the service did not accept it",
	RateLimited:    "the service asks to wait",
	Unavailable:    "the service can't be reached",
	UnknownOutcome: "it is not known whether it was done",
	Unsupported:    "the service can't do it",
	Unverified:     "the service accepted it and shows something else",
	Malformed:      "the service's answer can't be read",
	Canceled:       "it was stopped",
	Local:          "this machine failed",
}

// Transient reports whether the same request may succeed later without anybody's help.
func (k ErrorKind) Transient() bool {
	return k == RateLimited || k == Unavailable || k == UnknownOutcome || k == Malformed
}

// FieldError is a service's complaint about one field of a request.
type FieldError struct {
	Field   string `json:"field"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

// Error is the only error type that crosses package borders. Message keeps the service's own words.
type Error struct {
	Kind      ErrorKind
	Op        string // what was attempted: "change privacy", "list conversations"
	Message   string // what the service (or this machine) said
	Hint      string // confab's own advice, "" for none
	Code      string
	RequestID string
	Status    int       // the HTTP status, 0 if no answer came
	RetryAt   time.Time // when the service allows the next try; zero if it did not say
	Fields    []FieldError
	Existing  string // the id of the conversation that prevents a create or reopen
	Err       error
}

// Error says in plain words what the error means to a person.
func (e *Error) Error() string { return NewEntryError(e).Words() }

// words returns the service's words, or those of the cause, and its complaints about fields.
func (e *Error) words() string {
	text := e.Message
	if text == "" && e.Err != nil {
		text = e.Err.Error()
	}
	for _, f := range e.Fields {
		text += "; " + f.Field + ": " + f.Message
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Brief returns an error for a log: what was attempted, the kind and the status, without the service's words. An error that
// is no *Error is returned whole.
func Brief(err error) string {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err.Error()
	}
	text := strings.ReplaceAll(string(e.Kind), "_", " ")
	if e.Op != "" {
		text = e.Op + ": " + text
	}
	if e.Status != 0 {
		text += fmt.Sprintf(" (%d)", e.Status)
	}
	return text
}

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

// Words says in plain words what an error means to a person; "" for nil.
func Words(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Error()
	}
	return CleanLine(err.Error(), 500)
}

// EntryError is an error as it is stored with an edit.
type EntryError struct {
	Kind      ErrorKind `json:"kind"`
	Status    *int      `json:"status"` // the HTTP status, nil if no answer came
	Message   string    `json:"message"`
	Hint      string    `json:"hint,omitempty"` // confab's own advice, not the service's words
	Code      string    `json:"code,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	// Existing is the ref of a conversation to look at: the one that prevents a create or reopen, or the one that a create made
	// or may have made.
	Existing string `json:"existing,omitempty"`
}

// NewEntryError returns the parts of an error that a person reads; nil for nil.
func NewEntryError(err error) *EntryError {
	e := AsError(err)
	if e == nil {
		return nil
	}
	return &EntryError{Kind: e.Kind, Status: OrNull(e.Status), Message: e.words(), Hint: e.Hint, Code: e.Code, RequestID: e.RequestID}
}

// Words says in plain words why something failed, each thing once. The service's own words follow in quotes, with the HTTP
// status, the code unless the words contain it, and the request id. A message of confab's own usually stands by itself.
func (e *EntryError) Words() string {
	if e == nil {
		return ""
	}
	what := cmp.Or(kindPhrases[e.Kind], CleanLine(strings.ReplaceAll(string(e.Kind), "_", " "), 40))
	if e.Kind == Unavailable && e.Status != nil {
		what = "the service has a problem"
	}
	message, quote := e.message(), e.Quote()
	switch {
	case strings.HasPrefix(message, "waits for "):
		return message // the error belongs to another edit
	case quote != "":
		return what + ": " + quote
	case message == "":
	case (e.Kind == Unavailable || e.Kind == RateLimited || e.Kind == NoCredential) && !strings.HasPrefix(message, "the service"):
		what += ": " + message
	default:
		what = message
	}
	return what + e.details()
}

// Quote returns the service's own words in quotes, with its status, code and request id; "" if it said nothing.
func (e *EntryError) Quote() string {
	message := e.message()
	if message == "" || e.Status == nil && e.Code == "" && e.RequestID == "" && e.Kind != Forbidden {
		return ""
	}
	return `"` + message + `"` + e.details()
}

func (e *EntryError) message() string {
	if e == nil {
		return ""
	}
	return strings.TrimPrefix(CleanLine(e.Message, 500), "; ")
}

// details returns the status, code and request id in parentheses, and the hint.
func (e *EntryError) details() (out string) {
	var ids []string
	if e.Status != nil {
		ids = append(ids, strconv.Itoa(*e.Status))
	}
	message := strings.ToLower(e.message())
	if code := CleanLine(e.Code, 60); code != "" && code != strings.Join(ids, "") && !strings.Contains(message, strings.ToLower(code)) {
		ids = append(ids, code)
	}
	if request := CleanLine(e.RequestID, 80); request != "" {
		ids = append(ids, "request "+request)
	}
	if len(ids) > 0 {
		out = " (" + strings.Join(ids, ", ") + ")"
	}
	if hint := CleanLine(e.Hint, 300); hint != "" {
		out += "; " + hint
	}
	return out
}
