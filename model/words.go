package model

import (
	"errors"
	"strconv"
	"strings"
)

// failed is what happened, for each kind of error, where a service said why, or where nothing more is known.
var failed = map[ErrorKind]string{
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

// Words says in plain words why something failed, each thing once. A service's own words stand in quotes after what
// happened, with the HTTP status, its code where they don't hold it, and the request id. Confab's own words say it all.
func (e *EntryError) Words() string {
	if e == nil {
		return ""
	}
	what := failed[e.Kind]
	if what == "" {
		what = CleanLine(strings.ReplaceAll(string(e.Kind), "_", " "), 40)
	}
	if e.Kind == Unavailable && e.Status != nil {
		what = "the service has a problem"
	}
	said, quote := e.said(), e.Quote()
	switch {
	case strings.HasPrefix(said, "waits for "):
		return said // it is another edit that met the error
	case quote != "":
		return what + ": " + quote
	case said == "":
	case (e.Kind == Unavailable || e.Kind == RateLimited || e.Kind == NoCredential) && !strings.HasPrefix(said, "the service"):
		what += ": " + said
	default:
		what = said
	}
	return what + e.marks()
}

// Quote is what the service itself said, in quotes, with its status, code and request id; "" where it said nothing.
func (e *EntryError) Quote() string {
	said := e.said()
	if said == "" || e.Status == nil && e.Code == "" && e.RequestID == "" && e.Kind != Forbidden {
		return ""
	}
	return `"` + said + `"` + e.marks()
}

func (e *EntryError) said() string {
	if e == nil {
		return ""
	}
	return strings.TrimPrefix(CleanLine(e.Message, 500), "; ")
}

// marks is by what a service knows a failure, in parentheses, and what may help.
func (e *EntryError) marks() (out string) {
	var marks []string
	if e.Status != nil {
		marks = append(marks, strconv.Itoa(*e.Status))
	}
	said := strings.ToLower(e.said())
	if code := CleanLine(e.Code, 60); code != "" && code != strings.Join(marks, "") && !strings.Contains(said, strings.ToLower(code)) {
		marks = append(marks, code)
	}
	if request := CleanLine(e.RequestID, 80); request != "" {
		marks = append(marks, "request "+request)
	}
	if len(marks) > 0 {
		out = " (" + strings.Join(marks, ", ") + ")"
	}
	if hint := CleanLine(e.Hint, 300); hint != "" {
		out += "; " + hint
	}
	return out
}

// Words says in plain words what an error means to a person.
func Words(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return NewEntryError(e).Words()
	}
	return CleanLine(err.Error(), 500)
}

// Number writes a count with commas: "5,869".
func Number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
