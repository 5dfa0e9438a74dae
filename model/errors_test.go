package model

import (
	"errors"
	"fmt"
	"testing"
)

// A log holds what failed, not what a service said about it.
func TestBriefLeavesOutTheWordsOfTheService(t *testing.T) {
	for want, err := range map[string]error{
		"disk full":             errors.New("disk full"),
		"rename: not found":     &Error{Kind: NotFound, Op: "rename", Message: "no such call with Ann"},
		"rename: invalid (422)": fmt.Errorf("a: %w", &Error{Kind: Invalid, Op: "rename", Status: 422, Fields: []FieldError{{Message: "Ann"}}, Hint: "Ann"}),
	} {
		if got := Brief(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWordsOfErrors(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("disk full"), "disk full"},
		{&Error{Kind: NotFound, Op: "undo", Message: "nothing was submitted in this session"}, "nothing was submitted in this session"},
		{fmt.Errorf("list: %w", &Error{Kind: Unavailable, Op: "list conversations", Message: "connection refused"}), "the service can't be reached: connection refused"},
		{&Error{Kind: Forbidden, Op: "rename", Status: 403, Message: "no\x1b[31m way"}, `the service does not allow it: "no way" (403)`},
		{&Error{Kind: Invalid, Op: "rename", Status: 405, Message: "MethodNotAllowed", Code: "MethodNotAllowed"}, `the service did not accept it: "MethodNotAllowed" (405)`},
		{&Error{Kind: Invalid, Status: 422, Code: "bad", RequestID: "r1", Fields: []FieldError{{Field: "title", Message: "too long"}}},
			`the service did not accept it: "title: too long" (422, bad, request r1)`},
		{&Error{Kind: Forbidden, Status: 403, Message: "Forbidden. You may not.", Code: "Forbidden"}, `the service does not allow it: "Forbidden. You may not." (403)`},
		{&Error{Kind: Forbidden, Status: 403, Message: "no", Code: "403"}, `the service does not allow it: "no" (403)`},
		{&Error{Kind: Forbidden, Status: 403, Message: "no", Hint: "the key lacks a role", RequestID: "r1"},
			`the service does not allow it: "no" (403, request r1); the key lacks a role`},
		{&Error{Kind: Unauthorized, Op: "rename", Message: "the credential holds a character that can't be sent"}, "the credential holds a character that can't be sent"},
		{&Error{Kind: Unauthorized, Op: "rename", Status: 401, Message: "no"}, `the credential was rejected: "no" (401)`},
		{&Error{Kind: Unavailable, Op: "rename", Status: 502, Hint: "it answered with a web page"}, "the service has a problem (502); it answered with a web page"},
		{&Error{Kind: UnknownOutcome}, "it is not known whether it was done"},
		{&Error{Kind: "odd_one"}, "odd one"},
	} {
		if got := Words(tc.err); got != tc.want {
			t.Errorf("%v: got %q, want %q", tc.err, got, tc.want)
		}
	}
}
