//go:build unix

package ui

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// keepTerminal lets a process that is told to end restore its terminal where a
// shell has taken that back: else it would be stopped for touching it.
func keepTerminal() { signal.Ignore(syscall.SIGTTOU, syscall.SIGTTIN) }

// stopTime is how long a process may take to be stopped. One whose group no
// shell looks after is not stopped at all.
const stopTime = 300 * time.Millisecond

// continueTime is how long a process that goes on waits for word that it is to
// end: a shell sends both, in this order or the other.
const continueTime = 50 * time.Millisecond

// stopProcess stops the process group, as ctrl+z does, until it is continued.
// It gives an error where ctx ended meanwhile.
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
