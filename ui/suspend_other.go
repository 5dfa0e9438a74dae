//go:build !unix

package ui

import "context"

func keepTerminal() {}

// stopProcess does nothing where there are no jobs to stop.
func stopProcess(context.Context) error { return nil }
