package model

import (
	"errors"
	"strconv"
	"strings"
)

// failed is what happened, for each kind of error, where a service said why, or
// where nothing more is known.
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
	Unsupported:    "the service has no call for it",
	Unverified:     "the service accepted it and shows something else",
	Malformed:      "the service's answer can't be read",
	Canceled:       "it was stopped",
	Local:          "this machine failed",
}

// Words says in plain words why something failed, each thing once. A service's
// own words stand in quotes after what happened, with the HTTP status; its code
// only where they don't hold it. Confab's own words say it all.
func (e *EntryError) Words() string {
	if e == nil {
		return ""
	}
	what := failed[e.Kind]
	if what == "" {
		what = CleanLine(strings.ReplaceAll(string(e.Kind), "_", " "), 40)
	}
	said := strings.TrimPrefix(CleanLine(e.Message, 500), "; ")
	code, request := CleanLine(e.Code, 60), CleanLine(e.RequestID, 80)
	theirs := code != "" || request != "" || e.Status != nil || e.Kind == Forbidden
	if e.Status != nil {
		status := strconv.Itoa(*e.Status)
		what += " (" + status + ")"
		if code == status {
			code = ""
		}
	}
	switch {
	case said == "":
	case strings.HasPrefix(said, "waits for "):
		what = said // it is another edit that met the error
	case theirs:
		what += `: "` + said + `"`
	case (e.Kind == Unavailable || e.Kind == RateLimited || e.Kind == NoCredential) && !strings.HasPrefix(said, "the service"):
		what += ": " + said
	default:
		what = said
	}
	if code != "" && !strings.Contains(strings.ToLower(said), strings.ToLower(code)) {
		what += " (" + code + ")"
	}
	if request != "" {
		what += " [request " + request + "]"
	}
	if hint := CleanLine(e.Hint, 300); hint != "" {
		what += " — " + hint
	}
	return what
}

// Quote is what the service itself said, in quotes, with its status, code and request id;
// "" where it said nothing.
func (e *EntryError) Quote() string {
	if e == nil || e.Message == "" || e.Status == nil && e.Code == "" && e.RequestID == "" && e.Kind != Forbidden {
		return ""
	}
	out := `"` + CleanLine(e.Message, 500) + `"`
	var marks []string
	if e.Status != nil {
		marks = append(marks, strconv.Itoa(*e.Status))
	}
	if code := CleanLine(e.Code, 60); code != "" && code != strings.Join(marks, "") && !strings.Contains(out, code) {
		marks = append(marks, code)
	}
	if request := CleanLine(e.RequestID, 80); request != "" {
		marks = append(marks, "request "+request)
	}
	if len(marks) > 0 {
		out += " (" + strings.Join(marks, ", ") + ")"
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
	var e *Error
	if !errors.As(err, &e) {
		return CleanLine(err.Error(), 500)
	}
	return NewEntryError(e).Words()
}

// Number writes a count with commas: "5,869".
func Number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
