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

	"confab/model"
)

const (
	// framesOverSSH bounds the frames a second over a link: bursts of keys are drawn once.
	framesOverSSH = 30
	// loopTime is how long the framework may take to end once it is told to.
	loopTime = 800 * time.Millisecond
	// restoreTime is how long the terminal may take to be restored past it.
	restoreTime = 200 * time.Millisecond
	// draftsTime, from the end of ctx, is left to write drafts; who leaves by a key has leaveTime.
	draftsTime = 1400 * time.Millisecond
	leaveTime  = 10 * time.Second
)

// errNoTerminal ends the inbox where its terminal was closed; it counts as an interrupt.
var errNoTerminal = fmt.Errorf("the terminal is gone: %w", context.Canceled)

// Run runs the inbox in the terminal until the person leaves, the terminal is
// gone, or ctx ends; in the last case it gives the error of ctx. Signals are the
// caller's: it ends ctx for them. Further options are passed on to the program.
//
// However the inbox ends, before Run returns what was typed is on disk and the
// terminal is as it was; and once it is told to end, that takes little more than
// a second. A framework that is stuck, because the terminal takes no output or
// the process was stopped, is left behind and the terminal restored without it.
func Run(ctx context.Context, m *Model, options ...tea.ProgramOption) error {
	// Lip Gloss knows the colours already: tmux takes a process of its own to answer.
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
		// A second handler of the same signals would wait for a loop that ended.
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
	if m.opts.SSH {
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
	m.endSession(leaving.Err() == nil || ctx.Err() != nil || connected.Err() != nil)
	kept := m.keepDrafts(ctx, ended)
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
		err = errNoTerminal
	}
	return errors.Join(err, <-kept)
}

// suspend hands the terminal back and stops the process until it is continued.
// Where it is told to end meanwhile, the terminal is left alone: it may belong
// to a shell, and who touches it then is stopped again.
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

// keepDrafts writes what was typed: at once, and again what came until the program has ended.
func (m *Model) keepDrafts(ctx context.Context, ended <-chan struct{}) <-chan error {
	writing, cancel := context.WithTimeout(context.Background(), leaveTime)
	hurry := context.AfterFunc(ctx, func() { time.AfterFunc(draftsTime, cancel) })
	done, result := make(chan error, 1), make(chan error, 1)
	go func() {
		m.drafts.writeAll(writing)
		select {
		case <-ended:
		case <-time.After(loopTime):
		}
		done <- m.drafts.writeAll(writing)
	}()
	go func() {
		defer cancel()
		defer hurry()
		var err error
		select {
		case err = <-done:
		case <-writing.Done():
			err = errors.New("the disk did not answer")
		}
		if err != nil {
			err = errors.New("what you typed could not be kept: " + model.Words(err))
		}
		result <- err
	}()
	return result
}

// input ends the inbox when the terminal hangs up: the framework would go on without keys.
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

// terminal is what it takes to restore the terminal without the framework.
type terminal struct {
	in, out *os.File // nil where they are no terminal
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

// restoreModes takes back every mode that the framework sets. Cut escape sequences are cancelled
// first; what belongs to the alternate screen goes before it is left.
const restoreModes = "\x18\x1b[?2026l\x1b[m\x1b[>4m\x1b[<1u\x1b[?1049l" +
	"\x1b[?25h\x1b[?2004l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2027l\x1b[0 q\x1b]2;\x07"

// restore puts the terminal back, as far as that takes restoreTime: it may take no output.
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
