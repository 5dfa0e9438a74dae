//go:build !unix

package ui

import "context"

func keepTerminal() {}

// stopProcess does nothing: there is no job control.
func stopProcess(context.Context) error { return nil }
