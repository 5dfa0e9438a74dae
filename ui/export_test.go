package ui

import (
	"context"
	"os"

	tea "charm.land/bubbletea/v2"
)

// RunOn is Run on the given terminal.
func RunOn(ctx context.Context, m *Model, tty *os.File, options ...tea.ProgramOption) error {
	return run(ctx, m, openTerminal(tty, tty), append(options, tea.WithOutput(tty))...)
}
