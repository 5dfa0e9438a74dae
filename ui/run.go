package ui

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
)

const (
	// framesOverSSH bounds the frames a second over a slow link, so that bursts
	// of keys are drawn once.
	framesOverSSH = 30
	// graceTime is how long the end waits for what was typed to be saved.
	graceTime = 2 * time.Second
)

// Run runs the inbox in the terminal until the person leaves or ctx ends; in
// the latter case it gives the error of ctx. A hang-up, and the end of ctx,
// save what was typed before they end the program. Further options are passed
// on to the program.
func Run(ctx context.Context, m *Model, options ...tea.ProgramOption) error {
	defer m.Close()
	var all []tea.ProgramOption
	if m.opts.SSH {
		all = append(all, tea.WithFPS(framesOverSSH))
	}
	p := tea.NewProgram(m, append(all, options...)...)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	over := make(chan struct{})
	go func() {
		select {
		case <-hangup:
		case <-ctx.Done():
		case <-over:
			return
		}
		p.Send(hangupMsg{})
		select {
		case <-over:
		case <-time.After(graceTime):
			p.Kill()
		}
	}()
	_, err := p.Run()
	close(over)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, tea.ErrInterrupted) {
		return context.Canceled
	}
	return err
}
