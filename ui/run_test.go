//go:build unix

package ui_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui"
	"confab/ui/uitest"
)

// running is the inbox on a pseudo-terminal.
type running struct {
	*uitest.Terminal
	t      *testing.T
	fake   *fake
	cancel context.CancelFunc
	ended  chan error
}

func runOnTerminal(t *testing.T, f *fake, wrap ...func(*fake) ui.Backend) *running {
	t.Helper()
	f.news = make(chan chanEvent, 1)
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{Terminal: uitest.OpenTerminal(t, 80, 24), t: t, fake: f, cancel: cancel, ended: make(chan error, 1)}
	m := ui.New(ui.Options{Backend: f, Now: time.Now})
	for _, w := range wrap {
		m = ui.New(ui.Options{Backend: w(f), Now: time.Now})
	}
	go func() { r.ended <- ui.RunOn(ctx, m, r.TTY) }()
	return r
}

// end waits for Run to return.
func (r *running) end() error {
	r.t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(20 * time.Second):
		r.t.Fatal("Run did not return")
		return nil
	}
}

const renamed = "title:attention-a:c00000"

// typed opens the prompt for the title and types into it.
func (r *running) typed(text string) {
	r.t.Helper()
	r.Await("Talk 0")
	r.Type("t")
	r.Await("Rename")
	r.Type("\x15" + text)
}

func TestEveryEndKeepsWhatWasTyped(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(r *running)
		want error
	}{
		"its context": {func(r *running) { r.cancel() }, context.Canceled},
		"ctrl+c":      {func(r *running) { r.Type("\x03") }, nil},
		"a hang-up":   {func(r *running) { r.HangUp() }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(conversations(5)...)
			r := runOnTerminal(t, f)
			r.typed("Board prep")
			r.Await("Board prep")
			c.end(r)
			if err := r.end(); !errors.Is(err, c.want) {
				t.Errorf("Run returned %v", err)
			}
			if got := f.draft(renamed); got != "Board prep" {
				t.Errorf("the draft is %q", got)
			}
			if name != "a hang-up" {
				r.CheckRestored()
			}
		})
	}
}

// TestRunEndsAtAnyMoment ends the program a hundred times at random moments. Each time it ends soon, restores the
// terminal, and has saved the text on the screen.
func TestRunEndsAtAnyMoment(t *testing.T) {
	var side sync.WaitGroup // rounds run in parallel, since they mostly wait
	for range 12 {
		side.Go(func() {
			for round := 0; round < 10 && !t.Failed(); round++ {
				endAtAnyMoment(t, round%2 == 0)
			}
		})
	}
	side.Wait()
}

// endAtAnyMoment types into the prompt for a title, or whatever the keys mean before that is open.
func endAtAnyMoment(t *testing.T, prompt bool) {
	t.Helper()
	const text = "abcdefghijklmnopqrstuvwxyz"
	f := newFake(conversations(5)...)
	r := runOnTerminal(t, f)
	defer r.Close()
	if prompt {
		r.typed("")
	}
	typing := make(chan struct{})
	go func() {
		defer close(typing)
		for _, c := range text {
			r.Type(string(c))
		}
	}()
	time.Sleep(rand.N(40 * time.Millisecond))
	screen := r.Text()
	r.cancel()
	if err := r.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	<-typing
	r.CheckRestored()
	shown := len(text)
	for shown > 2 && !strings.Contains(screen, text[:shown]) {
		shown--
	}
	if got := f.draft(renamed); prompt && shown > 2 && !strings.HasPrefix(got, text[:shown]) {
		t.Errorf("%q was on the screen, the draft is %q", text[:shown], got)
	}
}

// TestRunEndsWhenTheTerminalIsBlocked fills a terminal that nobody reads, so that Bubble Tea blocks in the
// middle of a frame.
func TestRunEndsWhenTheTerminalIsBlocked(t *testing.T) {
	f := newFake(conversations(5)...)
	r := runOnTerminal(t, f)
	r.typed("Board prep")
	r.Await("Board prep")
	r.Freeze(true)
	filled := make(chan struct{})
	go func() {
		defer close(filled)
		io.WriteString(r.TTY, strings.Repeat("x", 1<<20))
	}()
	r.Type("!")
	time.Sleep(50 * time.Millisecond) // for the frame to block: nothing announces that
	began := time.Now()
	r.cancel()
	if err := r.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	t.Logf("it took %v", time.Since(began))
	if got := f.draft(renamed); got != "Board prep!" && got != "Board prep" {
		t.Errorf("the draft is %q", got)
	}
	r.Freeze(false)
	<-filled
	r.CheckRestored()
}

// badDisk is an engine that fails to save drafts.
type badDisk struct {
	*fake
	save func() error
}

func (d badDisk) SaveDraft(context.Context, string, string) error { return d.save() }

func TestRunReportsADraftThatCannotBeKept(t *testing.T) {
	full := &model.Error{Kind: model.Local, Message: "the disk is full"}
	stuck := make(chan struct{})
	defer close(stuck)
	for name, c := range map[string]struct {
		save func() error
		end  func(r *running)
		want string
	}{
		"a full disk":  {func() error { return full }, func(r *running) { r.Type("\x03") }, "the disk is full"},
		"a stuck disk": {func() error { <-stuck; return nil }, func(r *running) { r.cancel() }, "the disk did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			r := runOnTerminal(t, newFake(conversations(5)...), func(f *fake) ui.Backend { return badDisk{f, c.save} })
			r.typed("Board prep")
			r.Await("Board prep")
			c.end(r)
			if err := r.end(); err == nil || !strings.Contains(err.Error(), "what you typed could not be kept: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Run returned %v", err)
			}
			r.CheckRestored()
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	f := newFake(conversations(5)...)
	f.news = make(chan chanEvent, 1)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	m := ui.New(ui.Options{Backend: f, Now: time.Now, SSH: true})
	err := ui.Run(ctx, m, tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithWindowSize(80, 24), tea.WithoutSignalHandler())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
}
