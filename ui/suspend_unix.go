//go:build unix

package ui

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// keepTerminal lets the process touch a terminal that its shell has taken back. Otherwise it would be
// stopped before it could restore the terminal and end.
func keepTerminal() { signal.Ignore(syscall.SIGTTOU, syscall.SIGTTIN) }

const (
	// stopTime is how long to wait for the process to stop. Without a shell that looks after its group it never does.
	stopTime = 300 * time.Millisecond
	// continueTime is how long a continued process waits for the signal to end, which a shell may send before or after.
	continueTime = 50 * time.Millisecond
)

// stopProcess stops the process group, as ctrl+z does, until it is continued.
// It returns the error of ctx if that ended by then.
func stopProcess(ctx context.Context) error {
	goOn := make(chan os.Signal, 1)
	signal.Notify(goOn, syscall.SIGCONT)
	defer signal.Stop(goOn)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return nil
	}
	select {
	case <-goOn:
	case <-time.After(stopTime):
	case <-ctx.Done():
	}
	select {
	case <-ctx.Done():
	case <-time.After(continueTime):
	}
	return ctx.Err()
}
