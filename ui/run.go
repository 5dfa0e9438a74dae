package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/term"
)

const (
	// framesOverSSH is the most frames per second over SSH, so that a burst of keys is drawn once.
	framesOverSSH = 30
	// loopTime is how long Bubble Tea may take to end once it is told to.
	loopTime = 800 * time.Millisecond
	// restoreTime is how long restoring the terminal without Bubble Tea may take.
	restoreTime = 200 * time.Millisecond
	// draftsTime is how long after the end of ctx drafts may be written, leaveTime after the person quits.
	draftsTime = 1400 * time.Millisecond
	leaveTime  = 10 * time.Second
)

// Run runs the inbox in the terminal until the person quits, the terminal is closed, or ctx ends;
// then it returns the error of ctx. The caller handles signals by ending ctx. Further options are
// passed to Bubble Tea.
//
// Before Run returns, what was typed is on disk and the terminal is restored. After the end of ctx
// that takes little more than a second: if Bubble Tea is stuck, because the terminal takes no output
// or the process was stopped, Run abandons it and restores the terminal itself.
func Run(ctx context.Context, m *Model, options ...tea.ProgramOption) error {
	// Lip Gloss has the colour profile already. Asking again would start a process under tmux.
	colors := tea.WithColorProfile(lipgloss.Writer.Profile)
	return run(ctx, m, openTerminal(os.Stdin, os.Stdout), append([]tea.ProgramOption{colors}, options...)...)
}

func run(ctx context.Context, m *Model, tty terminal, options ...tea.ProgramOption) error {
	defer m.Close()
	leaving, leave := context.WithCancel(context.Background())
	defer leave()
	connected, hangUp := context.WithCancel(context.Background())
	defer hangUp()
	released, release := context.WithCancel(context.Background())
	defer release()
	var p *tea.Program
	all := []tea.ProgramOption{
		// The handler of Bubble Tea would wait for a loop that has ended.
		tea.WithoutSignalHandler(),
		tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg {
			switch msg.(type) {
			case tea.QuitMsg:
				leave()
			case tea.SuspendMsg:
				return suspend(ctx, p, release)
			}
			return msg
		}),
	}
	if m.ssh {
		all = append(all, tea.WithFPS(framesOverSSH))
	}
	if tty.in != nil && runtime.GOOS != "windows" {
		all = append(all, tea.WithInput(&input{tty.in, hangUp}))
	}
	p = tea.NewProgram(m, append(all, options...)...)
	var last, err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, last = p.Run()
	}()
	select {
	case <-ended:
	case <-leaving.Done():
	case <-connected.Done():
		go p.Quit()
	case <-ctx.Done():
		keepTerminal()
		go p.Quit()
	}
	m.session.end(leaving.Err() == nil || ctx.Err() != nil || connected.Err() != nil)
	writing, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(draftsTime, cancel) })()
	go m.drafts.writeAll(writing) // at once, since the program may be stuck
	select {
	case <-ended:
		err = last
	case <-released.Done():
	case <-time.After(loopTime):
		tty.restore()
	}
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case connected.Err() != nil:
		err = fmt.Errorf("the terminal is gone: %w", context.Canceled) // counts as an interrupt
	}
	return errors.Join(err, m.drafts.finish(writing))
}

// suspend restores the terminal and stops the process until it is continued. If ctx ends by then,
// it leaves the terminal alone: a shell may own it, and touching it would stop the process again.
func suspend(ctx context.Context, p *tea.Program, release func()) tea.Msg {
	if p.ReleaseTerminal() != nil {
		return nil
	}
	if stopProcess(ctx) != nil {
		release()
		select {}
	}
	if err := p.RestoreTerminal(); err != nil {
		return tea.QuitMsg{}
	}
	return tea.ResumeMsg{}
}

// input calls hangUp when the terminal is closed: Bubble Tea would keep running without keys.
type input struct {
	*os.File
	hangUp func()
}

func (i *input) Read(p []byte) (int, error) {
	n, err := i.File.Read(p)
	if err != nil {
		i.hangUp()
	}
	return n, err
}

// terminal holds what is needed to restore the terminal without Bubble Tea.
type terminal struct {
	in, out *os.File // nil if not a terminal
	before  map[*os.File]*term.State
}

func openTerminal(in, out *os.File) terminal {
	t := terminal{before: map[*os.File]*term.State{}}
	if s, err := term.GetState(in.Fd()); err == nil {
		t.in, t.before[in] = in, s
	}
	if s, err := term.GetState(out.Fd()); err == nil {
		t.out, t.before[out] = out, s
	}
	return t
}

// restoreModes resets every mode that Bubble Tea sets. It first cancels a half-written escape
// sequence, and resets the modes of the alternate screen before it leaves that.
const restoreModes = "\x18\x1b[?2026l\x1b[m\x1b[>4m\x1b[<1u\x1b[?1049l" +
	"\x1b[?25h\x1b[?2004l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2027l\x1b[0 q\x1b]2;\x07"

// restore restores the terminal. It gives up writing after restoreTime, since the terminal may take no output.
func (t terminal) restore() {
	written := make(chan struct{})
	go func() {
		defer close(written)
		if t.out != nil {
			discardOutput(t.out)
			t.out.WriteString(restoreModes)
		}
	}()
	select {
	case <-written:
	case <-time.After(restoreTime):
	}
	for f, s := range t.before {
		term.Restore(f.Fd(), s)
	}
}
