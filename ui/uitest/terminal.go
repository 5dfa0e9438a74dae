//go:build unix

package uitest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// Terminal is a real pseudo-terminal with an emulated screen, for tests of what only the kernel does:
// modes, signals, hang-ups, output that blocks.
type Terminal struct {
	// TTY is the end for the program under test.
	TTY *os.File

	t      testing.TB
	pty    *os.File
	before *term.State

	mu     sync.Mutex
	taken  *sync.Cond
	frozen bool
	closed bool
	stream []byte
	screen *vt.Emulator
}

// OpenTerminal returns a terminal of w by h cells that is closed when the test ends.
func OpenTerminal(t testing.TB, w, h int) *Terminal {
	t.Helper()
	ptmx, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	// A blocking read would keep the file from being closed.
	fd, dup := syscall.Dup(int(ptmx.Fd()))
	before, state := term.GetState(tty.Fd())
	size := pty.Setsize(ptmx, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)})
	if err := errors.Join(size, dup, state, ptmx.Close(), syscall.SetNonblock(fd, true)); err != nil {
		t.Fatal(err)
	}
	ptmx = os.NewFile(uintptr(fd), "terminal")
	x := &Terminal{TTY: tty, t: t, pty: ptmx, before: before, screen: vt.NewEmulator(w, h)}
	x.taken = sync.NewCond(&x.mu)
	go io.Copy(ptmx, x.screen) // the answers to queries
	go x.read()
	t.Cleanup(x.Close)
	return x
}

func (x *Terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := x.pty.Read(buf)
		if err != nil {
			return
		}
		x.mu.Lock()
		x.stream = append(x.stream, buf[:n]...)
		x.screen.Write(buf[:n])
		for x.frozen && !x.closed {
			x.taken.Wait()
		}
		x.mu.Unlock()
	}
}

// HangUp closes the terminal's own end, so that programs can't read from it any more.
func (x *Terminal) HangUp() { x.pty.Close() }

// Close closes both ends.
func (x *Terminal) Close() {
	x.mu.Lock()
	if x.closed {
		x.mu.Unlock()
		return
	}
	x.closed = true
	x.taken.Broadcast()
	x.mu.Unlock()
	x.TTY.Close()
	x.pty.Close()
	EndInput(x.screen)
}

// EndInput ends the goroutine that reads an emulator's answers, with which the emulator's own Close races.
func EndInput(e *vt.Emulator) {
	if c, ok := e.InputPipe().(io.Closer); ok {
		c.Close()
	}
}

// Freeze has the terminal take no more output, or take it again.
func (x *Terminal) Freeze(on bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.frozen = on
	x.taken.Broadcast()
}

// Type sends keys as a keyboard does.
func (x *Terminal) Type(keys string) {
	if _, err := io.WriteString(x.pty, keys); err != nil {
		x.t.Error(err)
	}
}

// Output returns everything written so far.
func (x *Terminal) Output() []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	return bytes.Clone(x.stream)
}

// Text returns the text on the screen, without colours.
func (x *Terminal) Text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return ansi.Strip(x.screen.Render())
}

// Await waits until the screen shows a text; after 20 seconds it fails the test.
func (x *Terminal) Await(text string) {
	x.t.Helper()
	for seen, end := -1, time.Now().Add(20*time.Second); ; time.Sleep(2 * time.Millisecond) {
		x.mu.Lock()
		n := len(x.stream)
		x.mu.Unlock()
		// Rendering the screen is slow, so it is done only after new output.
		if n != seen && strings.Contains(x.Text(), text) {
			return
		}
		seen = n
		if time.Now().After(end) {
			x.t.Fatalf("the screen never showed %q:\n%s", text, x.Text())
		}
	}
}

// CheckRestored fails the test if the terminal is not in its original state, or shows a panic.
func (x *Terminal) CheckRestored() {
	x.t.Helper()
	after, err := term.GetState(x.TTY.Fd())
	if err != nil {
		x.t.Fatal(err)
	}
	if !reflect.DeepEqual(after, x.before) {
		x.t.Errorf("the terminal was left in the mode %+v, want %+v", after, x.before)
	}
	// The last output may not have been read yet.
	for end := time.Now().Add(time.Second); x.left() != "" && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	out := x.Output()
	if left := x.left(); left != "" {
		x.t.Errorf("the terminal was left with %s, want every mode reset: …%q", left, out[max(0, len(out)-600):])
	}
	if bytes.Contains(out, []byte("panic")) {
		x.t.Errorf("the program panicked: %q", out[bytes.Index(out, []byte("panic")):])
	}
}

// left names the modes that were set and not reset.
func (x *Terminal) left() string {
	out := x.Output()
	var left []string
	for _, m := range []struct{ name, set, reset string }{
		{"the alternate screen", ansi.SetModeAltScreenSaveCursor, ansi.ResetModeAltScreenSaveCursor},
		{"no cursor", ansi.ResetModeTextCursorEnable, ansi.SetModeTextCursorEnable},
		{"bracketed paste", ansi.SetModeBracketedPaste, ansi.ResetModeBracketedPaste},
		{"the mouse", ansi.SetModeMouseButtonEvent, ansi.ResetModeMouseButtonEvent},
		{"all of the mouse", ansi.SetModeMouseAnyEvent, ansi.ResetModeMouseAnyEvent},
		{"the mouse in SGR", ansi.SetModeMouseExtSgr, ansi.ResetModeMouseExtSgr},
		{"synchronized output", ansi.SetModeSynchronizedOutput, ansi.ResetModeSynchronizedOutput},
		{"graphemes", ansi.SetModeUnicodeCore, ansi.ResetModeUnicodeCore},
	} {
		if bytes.LastIndex(out, []byte(m.set)) > bytes.LastIndex(out, []byte(m.reset)) {
			left = append(left, m.name)
		}
	}
	return strings.Join(left, ", ")
}
