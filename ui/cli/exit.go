package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"confab/model"
)

// The exit statuses; the topic exit-codes says what they mean.
const (
	ExitOK          = 0
	ExitRefused     = 1
	ExitUsage       = 2
	ExitCredential  = 3
	ExitUnreachable = 4
	ExitLocal       = 5
	ExitInterrupted = 130
)

// precedence lists the statuses in the order in which they win if several apply. ExitUsage can stand beside others only for a
// credential that the config names and that is not there: other wrong usage ends a command before anything is done.
var precedence = []int{ExitInterrupted, ExitLocal, ExitCredential, ExitUsage, ExitRefused, ExitUnreachable}

// Worst returns the status of a command in which all of these applied.
func Worst(codes ...int) int {
	for _, c := range precedence {
		if slices.Contains(codes, c) {
			return c
		}
	}
	return ExitOK
}

// ExitError ends a command with a status. Without Err nothing is printed, since the reason has been printed already.
type ExitError struct {
	Code int
	Err  error
}

// Error returns the message, or "" if it has been printed already.
func (e *ExitError) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *ExitError) Unwrap() error { return e.Err }

func usage(format string, args ...any) error {
	return &ExitError{Code: ExitUsage, Err: fmt.Errorf(format, args...)}
}

func refused(format string, args ...any) error {
	return &ExitError{Code: ExitRefused, Err: fmt.Errorf(format, args...)}
}

// errShown ends a command that was declined or refused, after that was printed.
var errShown = &ExitError{Code: ExitRefused}

func local(err error) error { return &ExitError{Code: ExitLocal, Err: err} }

// CodeOf returns the exit status for an error: that of an ExitError, else that of its kind, and of joined errors the worst.
func CodeOf(err error) int {
	switch e := err.(type) {
	case nil:
		return ExitOK
	case *ExitError:
		return e.Code
	case *model.Error:
		return codeOfKind(e.Kind)
	case interface{ Unwrap() []error }:
		var codes []int
		for _, part := range e.Unwrap() {
			codes = append(codes, CodeOf(part))
		}
		return Worst(codes...)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.Is(err, context.DeadlineExceeded):
		return ExitUnreachable
	case errors.Unwrap(err) != nil:
		return CodeOf(errors.Unwrap(err))
	}
	return ExitLocal
}

// kindCodes holds the exit statuses of the kinds of errors. A kind that is not in it is a refusal.
var kindCodes = map[model.ErrorKind]int{
	model.Unauthorized: ExitCredential, model.NoCredential: ExitUsage, model.Unavailable: ExitUnreachable,
	model.RateLimited: ExitUnreachable, model.Canceled: ExitInterrupted, model.Local: ExitLocal,
}

func codeOfKind(k model.ErrorKind) int {
	code, known := kindCodes[k]
	return pick(known, code, ExitRefused)
}

// codeOfEdit returns the exit status for an edit as a delivery left it.
func codeOfEdit(e model.OutboxEntry) int {
	var kind model.ErrorKind
	if e.Error != nil {
		kind = e.Error.Kind
	}
	switch {
	case e.State == model.Done || e.State == model.OutcomeAlreadySet || e.State == model.Withdrawn || e.State == model.Replaced:
		return ExitOK // its error, if any, is that of an earlier try
	case kind == model.Unauthorized || kind == model.NoCredential || kind == model.Local && e.State.Waiting():
		return codeOfKind(kind)
	case !e.State.Waiting() || e.State == model.Queued && e.Error != nil && !kind.Transient():
		return ExitRefused // a queued edit with such an error waits for a person's decision on another edit
	}
	return ExitUnreachable
}
