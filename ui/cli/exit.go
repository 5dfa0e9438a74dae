package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"confab/model"
	"confab/ui/theme"
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

// ExitError ends a command with a status.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ExitError) Unwrap() error { return e.Err }

func usage(format string, args ...any) error {
	return &ExitError{Code: ExitUsage, Err: fmt.Errorf(format, args...)}
}

func refused(format string, args ...any) error {
	return &ExitError{Code: ExitRefused, Err: fmt.Errorf(format, args...)}
}

// errShown ends a command that was declined or refused, after that was printed. It has no text to print.
var errShown = refused("")

func local(err error) error { return &ExitError{Code: ExitLocal, Err: err} }

// CodeOf returns the exit status for an error: that of an ExitError, else that of its kind, and of joined errors the worst.
func CodeOf(err error) int {
	switch e := err.(type) {
	case nil:
		return ExitOK
	case *ExitError:
		return e.Code
	case *model.PersonQueryError:
		return ExitUsage
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
	return theme.Pick(known, code, ExitRefused)
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

// The program ends in one of these ways:
//
//   - By a key in the inbox, or the first SIGINT: the screen goes, the drafts are saved, and the program waits for the edits
//     that are being sent, and says so. A signal during the wait (ctrl-c, now that the screen is gone) ends the wait.
//   - By the first SIGTERM or SIGHUP: the same, but the wait ends after OrderTime.
//   - By a second signal: the program no longer waits.
//
// An edit that is still being sent then is neither done nor lost: its row of the outbox stays claimed until this process is
// dead, and the process that finds the row reads what became of the edit before it repeats anything. Once the wait is over,
// main ends a process that is stuck, LastTime after the first signal at the earliest.
const (
	OrderTime = 1500 * time.Millisecond
	LastTime  = 1900 * time.Millisecond
)

const (
	// quietTime is how long the program waits before it says so.
	quietTime = 300 * time.Millisecond
	// lookTime is how often it looks how many edits are being sent.
	lookTime = 100 * time.Millisecond
	// idleTime is how long an interrupted program waits if nothing is being sent, for a slow disk for example: the database
	// survives an end at any moment.
	idleTime = 500 * time.Millisecond
)

// Sender is the part of the engine that Leave needs.
type Sender interface {
	// Sending returns how many edits are being sent.
	Sending() int
	// Close waits for the edits that are being sent, until ctx ends.
	Close(ctx context.Context) error
}

// Leave closes an engine. It waits for the edits that are being sent and says how many are left. If AtOnce is closed, or ctx
// ends during the wait, it stops waiting and returns an error that counts as an interrupt.
func (p Program) Leave(ctx context.Context, s Setup, e Sender) error {
	closing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- e.Close(closing) }()
	return p.await(ctx, s, e, ended)
}

// await is Leave for a close that has begun already: ended receives its result.
func (p Program) await(ctx context.Context, s Setup, e Sender, ended <-chan error) error {
	asked := ctx.Done()
	if ctx.Err() != nil {
		asked = nil // this signal ended the work; the next one closes AtOnce
	}
	began := time.Now()
	busy := began // when an edit was last being sent
	for said := 0; ; {
		n, now := e.Sending(), time.Now()
		if n > 0 {
			busy = now
		}
		if n > 0 && n != said && now.Sub(began) >= quietTime {
			line := "waiting for " + beingSent(n)
			if said == 0 {
				line += "; ctrl-c does not wait: " + unsentWords(n, s)
			}
			fmt.Fprintln(p.Err, "confab: "+line)
			said = n
		}
		select {
		case err := <-ended:
			return err
		case <-time.After(lookTime):
			if n > 0 || asked != nil || time.Since(busy) < idleTime { // a stopped process sees much time pass at once
				continue
			}
		case <-asked:
		case <-p.AtOnce:
		}
		if n > 0 {
			fmt.Fprintln(p.Err, "confab: not waiting for "+beingSent(n)+": "+unsentWords(n, s))
		}
		return errLeft
	}
}

// errLeft is the error of a wait that was cut short. It counts as an interrupt.
var errLeft = fmt.Errorf("left at once: %w", context.Canceled)

func beingSent(n int) string { return theme.Count(n, "edit") + " that" + are(n) + " being sent" }

// unsentWords says what becomes of the edits that the program does not wait for.
func unsentWords(n int, s Setup) string {
	return theme.Pick(s.Demo, "the demo ends without "+them(n), "what became of "+them(n)+" is read at the next start")
}

func are(n int) string  { return theme.Pick(n == 1, " is", " are") }
func them(n int) string { return theme.Pick(n == 1, "it", "them") }
