package ui

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	tea "charm.land/bubbletea/v2"
)

// framesOverSSH bounds the frames a second over a slow link, so that bursts of
// keys are drawn once.
const framesOverSSH = 30

// Run runs the inbox in the terminal until the person leaves or ctx ends. A
// hang-up saves what was typed before it ends the program. Further options are
// passed on to the program.
func Run(ctx context.Context, m *Model, options ...tea.ProgramOption) error {
	defer m.Close()
	all := []tea.ProgramOption{tea.WithContext(ctx)}
	if m.opts.SSH {
		all = append(all, tea.WithFPS(framesOverSSH))
	}
	p := tea.NewProgram(m, append(all, options...)...)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-hangup:
			p.Send(hangupMsg{})
		case <-over:
		}
	}()
	_, err := p.Run()
	return err
}
