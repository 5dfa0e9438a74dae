package ui_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"

	"confab/ui/keymap"
	"confab/ui/uitest"
)

// TestMain collects garbage less often than by default, which takes a sixth of the time away.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// framesPerSecond is how often the program under test draws. It is low, since a frame takes real time.
const framesPerSecond = 2

// settleTime is longer than a frame and than every delay that follows a key.
const settleTime = 1100 * time.Millisecond

// Screen is a program in a virtual terminal. Both run inside one synctest bubble, so waiting takes no real
// time. After Press, Type, Paste, Click, Wheel and Resize the program is idle and drawn. Tests compare the
// screen, never the stream of bytes; Bytes only counts those.
type Screen struct {
	t       testing.TB
	program *tea.Program
	model   tea.Model

	mu      sync.Mutex
	term    *vt.Emulator
	counted counting
	bytes   int
	copied  string
	w, h    int

	done chan struct{}
	err  error
}

// Option changes how the program is started.
type Option func(*settings)

type settings struct {
	profile colorprofile.Profile
	env     []string
	options []tea.ProgramOption
}

// Profile sets the colours of the terminal. The default is TrueColor.
func Profile(p colorprofile.Profile) Option { return func(s *settings) { s.profile = p } }

// Environment sets the environment of the terminal.
func Environment(env ...string) Option { return func(s *settings) { s.env = env } }

// ProgramOptions sets further options of the program.
func ProgramOptions(o ...tea.ProgramOption) Option {
	return func(s *settings) { s.options = append(s.options, o...) }
}

// Start runs a model in a terminal of w by h cells and waits until it is idle. When the test ends, the
// program is stopped if it still runs, and a model with a method Close is closed.
func Start(t testing.TB, model tea.Model, w, h int, options ...Option) *Screen {
	t.Helper()
	conf := settings{profile: colorprofile.TrueColor, env: []string{"TERM=xterm-256color"}}
	for _, o := range options {
		o(&conf)
	}
	s := &Screen{t: t, model: model, term: vt.NewEmulator(w, h), w: w, h: h, done: make(chan struct{})}
	all := []tea.ProgramOption{tea.WithInput(nil), tea.WithOutput(s), tea.WithWindowSize(w, h), tea.WithColorProfile(conf.profile),
		tea.WithEnvironment(conf.env), tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond), tea.WithoutCatchPanics()}
	s.program = tea.NewProgram(model, append(all, conf.options...)...)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, s.term)
	}()
	go func() {
		defer close(s.done)
		_, s.err = s.program.Run()
	}()
	t.Cleanup(func() {
		s.Stop()
		if c, ok := s.term.InputPipe().(io.Closer); ok {
			_ = c.Close()
		}
		<-drained
	})
	s.Settle()
	return s
}

// Write takes the output of the program. Since its input is no terminal, the renderer expects a line feed
// to return the carriage, as in a terminal's default mode.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += len(p)
	if m := clipboard.FindSubmatch(p); m != nil {
		text, _ := base64.StdEncoding.DecodeString(string(m[1]))
		s.copied = string(text)
	}
	if err := s.counted.write(s.term, bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// clipboard matches the sequence that sets the clipboard.
var clipboard = regexp.MustCompile("\x1b\\]52;c;([^\a\x1b]*)")

// Copied returns the text put into the clipboard last.
func (s *Screen) Copied() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.copied
}

// Bytes returns how many bytes were written since the last call.
func (s *Screen) Bytes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.bytes
	s.bytes = 0
	return n
}

// Settle lets time pass until the program is idle and drawn.
func (s *Screen) Settle() { s.Wait(settleTime) }

// Wait lets time pass.
func (s *Screen) Wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// Press presses keys one after the other, each written as in the key table:
// "p", "ctrl+d", "enter", "space".
func (s *Screen) Press(keys ...string) {
	s.t.Helper()
	for _, k := range keys {
		s.send(s.key(k))
		s.Settle()
	}
}

// Rush presses keys without waiting in between.
func (s *Screen) Rush(keys ...string) {
	s.t.Helper()
	for _, k := range keys {
		s.send(s.key(k))
	}
	s.Settle()
}

// Strike presses a key without letting time pass.
func (s *Screen) Strike(key string) {
	s.t.Helper()
	s.send(s.key(key))
	synctest.Wait()
}

// Burst presses keys with a gap between them, as a fast typist does.
func (s *Screen) Burst(gap time.Duration, keys ...string) {
	s.t.Helper()
	for i, k := range keys {
		if i > 0 {
			s.Wait(gap)
		}
		s.send(s.key(k))
	}
	s.Settle()
}

// Type types text, letter by letter.
func (s *Screen) Type(text string) {
	s.t.Helper()
	for _, r := range text {
		s.send(s.key(string(r)))
	}
	s.Settle()
}

// Paste pastes text.
func (s *Screen) Paste(text string) { s.Send(tea.PasteMsg{Content: text}) }

// Click clicks with the left button.
func (s *Screen) Click(x, y int) { s.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) }

// Wheel turns the wheel one step.
func (s *Screen) Wheel(x, y int, down bool) {
	b := tea.MouseWheelUp
	if down {
		b = tea.MouseWheelDown
	}
	s.Send(tea.MouseWheelMsg{X: x, Y: y, Button: b})
}

// Resize changes the size of the terminal.
func (s *Screen) Resize(w, h int) {
	s.mu.Lock()
	s.term.Resize(w, h)
	s.w, s.h = w, h
	s.mu.Unlock()
	s.Send(tea.WindowSizeMsg{Width: w, Height: h})
}

// Send sends any message.
func (s *Screen) Send(msg tea.Msg) {
	s.send(msg)
	s.Settle()
}

func (s *Screen) send(msg tea.Msg) { s.program.Send(msg) }

// Stop ends the program and waits for its end.
func (s *Screen) Stop() {
	s.program.Send(tea.QuitMsg{})
	<-s.done
	if c, ok := s.model.(interface{ Close() }); ok {
		c.Close()
	}
	time.Sleep(time.Second) // of the bubble's time, in which scheduled work ends
}

// Exited reports whether the program has ended.
func (s *Screen) Exited() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Err returns the error that the program ended with.
func (s *Screen) Err() error { return s.err }

// Lines returns the lines of the screen without trailing blanks.
func (s *Screen) Lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, s.h)
	for y := range out {
		var b strings.Builder
		for x := 0; x < s.w; {
			c := s.term.CellAt(x, y)
			switch {
			case c == nil || c.Content == "":
				b.WriteByte(' ')
				x++
			default:
				b.WriteString(c.Content)
				x += max(1, c.Width)
			}
		}
		out[y] = strings.TrimRight(b.String(), " ")
	}
	return out
}

// Text returns the screen as one text.
func (s *Screen) Text() string { return strings.Join(s.Lines(), "\n") }

// Render returns the screen with its styles as escape codes.
func (s *Screen) Render() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.term.Render()
}

// Picture returns the lines with their styles. Screens that look equal have equal pictures.
func (s *Screen) Picture() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, s.h)
	for y := range out {
		line := make(uv.Line, s.w)
		for x := range line {
			line[x] = uv.EmptyCell
			if c := s.term.CellAt(x, y); c != nil && (c.Content != "" || c.Width == 0) {
				line[x] = uitest.Seen(*c)
			}
		}
		out[y] = line.Render()
	}
	return out
}

// Cursor returns the position of the cursor.
func (s *Screen) Cursor() (x, y int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.term.CursorPosition()
	return p.X, p.Y
}

// Contains reports whether a text is on the screen.
func (s *Screen) Contains(text string) bool { return strings.Contains(s.Text(), text) }

// Want fails the test unless all texts are on the screen.
func (s *Screen) Want(texts ...string) {
	s.t.Helper()
	screen := s.Text()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			s.t.Fatalf("%q is not on the screen:\n%s", text, screen)
		}
	}
}

// WantNot fails the test if one of the texts is on the screen.
func (s *Screen) WantNot(texts ...string) {
	s.t.Helper()
	screen := s.Text()
	for _, text := range texts {
		if strings.Contains(screen, text) {
			s.t.Fatalf("%q is on the screen:\n%s", text, screen)
		}
	}
}

// WaitFor lets time pass until a text is on the screen, at most d.
func (s *Screen) WaitFor(text string, d time.Duration) {
	s.t.Helper()
	for end := time.Now().Add(d); ; {
		if s.Contains(text) {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("%q did not appear on the screen within %v:\n%s", text, d, s.Text())
		}
		s.Settle()
	}
}

// Line returns the first line that contains a text, "" if none does.
func (s *Screen) Line(text string) string {
	for _, l := range s.Lines() {
		if strings.Contains(l, text) {
			return l
		}
	}
	return ""
}

func (s *Screen) key(name string) tea.KeyPressMsg {
	s.t.Helper()
	k, err := keymap.Press(name)
	if err != nil {
		s.t.Fatal(err)
	}
	return k
}
