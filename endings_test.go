//go:build unix

package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
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

	"confab/providers/sandbox"
)

const (
	// endTime is how long the program may take to end.
	endTime = 2 * time.Second
	// shortRounds is how often it is ended where CONFAB_SOAK sets no time.
	shortRounds = 24
)

// rounds tells whether there is another round: CONFAB_SOAK is for how long to
// go on, such as 60s.
func rounds(t *testing.T, short int) func(n int) bool {
	t.Helper()
	text := os.Getenv("CONFAB_SOAK")
	if text == "" {
		return func(n int) bool { return n < short }
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("CONFAB_SOAK: %v", err)
	}
	end := time.Now().Add(d)
	return func(int) bool { return time.Now().Before(end) }
}

// home is a config, a state directory and a sandbox that several runs share.
type home struct {
	box    *sandbox.Sandbox
	server *httptest.Server
	env    []string
	state  string
}

func newHome(t *testing.T) *home {
	t.Helper()
	b, err := sandbox.New(sandbox.Options{Conversations: 40, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	h := &home{box: b, server: httptest.NewServer(b), state: t.TempDir()}
	t.Cleanup(h.server.Close)
	dir := t.TempDir()
	if _, err := newSandboxAccounts(b, h.server.URL, dir); err != nil {
		t.Fatal(err)
	}
	h.env = []string{"TERM=xterm-256color", "LANG=C.UTF-8", "TZ=UTC", "CONFAB_CONFIG=" + filepath.Join(dir, "sandbox", "config.toml"),
		"XDG_STATE_HOME=" + h.state, "XDG_RUNTIME_DIR=" + t.TempDir(), "HOME=" + t.TempDir()}
	return h
}

func (h *home) query(t *testing.T, q string, args ...any) []string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(h.state, "confab", "confab.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(q, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// session is the program on a terminal of its own, as the leader of its own
// session: what the kernel does to it is what a closed window does.
type session struct {
	t       *testing.T
	cmd     *exec.Cmd
	pty     *os.File
	tty     *os.File
	before  *term.State
	ended   chan error
	drained chan struct{}

	mu     sync.Mutex
	stream []byte
	screen *vt.Emulator
	stuck  bool // nobody reads the terminal
}

func startSession(t *testing.T, env []string, args ...string) *session {
	t.Helper()
	ptmx, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(ptmx, &pty.Winsize{Rows: 40, Cols: 140}); err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, cmd: confab(t, env, args...), pty: ptmx, tty: tty, ended: make(chan error, 1), drained: make(chan struct{}),
		screen: vt.NewEmulator(140, 40)}
	if s.before, err = term.GetState(tty.Fd()); err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = tty, tty, tty
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.cmd.Wait() }()
	go io.Copy(ptmx, s.screen) // what a terminal answers to what it is asked
	go s.read()
	t.Cleanup(s.close)
	return s
}

func (s *session) read() {
	defer close(s.drained)
	buf := make([]byte, 4096)
	for {
		n, err := s.pty.Read(buf)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.stream = append(s.stream, buf[:n]...)
		s.screen.Write(buf[:n])
		s.mu.Unlock()
	}
}

func (s *session) close() {
	s.cmd.Process.Kill()
	s.tty.Close()
	s.pty.Close()
	s.screen.Close()
}

func (s *session) write(keys string) {
	if _, err := io.WriteString(s.pty, keys); err != nil {
		s.t.Fatal(err)
	}
}

// text is what stands on the screen.
func (s *session) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ansi.Strip(s.screen.Render())
}

// await waits until the screen shows a text; false where the program ends.
func (s *session) await(text string) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); !strings.Contains(s.text(), text); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("the screen never showed %q:\n%s", text, s.text())
		}
	}
}

// end waits for the end, which must come within d, with the terminal as it was.
func (s *session) end(d time.Duration) (code int) {
	s.t.Helper()
	var err error
	select {
	case err = <-s.ended:
	case <-time.After(d):
		s.cmd.Process.Signal(syscall.SIGQUIT)
		time.Sleep(300 * time.Millisecond)
		s.t.Fatalf("it goes on after %v:\n%s", d, s.output())
	}
	after, gone := term.GetState(s.tty.Fd())
	if gone != nil {
		s.t.Fatal(gone)
	}
	if !reflect.DeepEqual(after, s.before) {
		s.t.Errorf("the terminal was left in another mode: %+v, was %+v", after, s.before)
	}
	// What was written last may not have been read yet.
	for end := time.Now().Add(time.Second); s.modes() != "" && time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
	}
	if left := s.modes(); left != "" {
		out := s.output()
		s.t.Errorf("the terminal was left with %s: …%q", left, out[max(0, len(out)-600):])
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	s.t.Fatal(err)
	return 0
}

func (s *session) output() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.stream)
}

// modes names the modes that were set and not reset after that.
func (s *session) modes() string {
	out := s.output()
	var left []string
	for _, m := range []struct{ name, set, reset string }{
		{"the alternate screen", "\x1b[?1049h", "\x1b[?1049l"}, {"no cursor", "\x1b[?25l", "\x1b[?25h"},
		{"bracketed paste", "\x1b[?2004h", "\x1b[?2004l"}, {"the mouse", "\x1b[?1002h", "\x1b[?1002l"},
		{"the mouse in SGR", "\x1b[?1006h", "\x1b[?1006l"}, {"graphemes", "\x1b[?2027h", "\x1b[?2027l"},
		{"synchronized output", "\x1b[?2026h", "\x1b[?2026l"},
	} {
		if bytes.LastIndex(out, []byte(m.set)) > bytes.LastIndex(out, []byte(m.reset)) {
			left = append(left, m.name)
		}
	}
	return strings.Join(left, ", ")
}

// TestSignalsEndIt ends the inbox by signals at random moments while a title is
// typed: it ends in time, the terminal is as it was, and what stood on the
// screen is kept.
func TestSignalsEndIt(t *testing.T) {
	h := newHome(t)
	s := startSession(t, h.env)
	s.await("All 40")
	s.write("q")
	if code := s.end(10 * time.Second); code != 0 {
		t.Fatalf("q ended with %d:\n%s", code, s.output())
	}
	more, n := rounds(t, shortRounds), 0
	var slowest time.Duration
	for ; more(n); n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			slowest = max(slowest, endOnce(t, h, n))
		})
	}
	t.Logf("%d rounds, the slowest end took %v", n, slowest)
}

func endOnce(t *testing.T, h *home, n int) time.Duration {
	t.Helper()
	sig := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}[rand.N(2)]
	marker := fmt.Sprintf("%05d-the-quick-brown-fox-jumps", n)
	moment := rand.N(1200 * time.Millisecond)
	gap := rand.N(15 * time.Millisecond)
	t.Logf("round %d: %v %v after the first letter, %v between letters", n, sig, moment, gap)
	s := startSession(t, h.env)
	defer s.close()
	s.await("All 40")
	s.write("\x1b5")
	s.await(" 1/10")
	s.write("t")
	s.await("Rename")
	s.write("\x15")
	fire := time.Now().Add(moment)
	for _, r := range marker {
		if time.Now().After(fire) {
			break
		}
		s.write(string(r))
		time.Sleep(gap)
	}
	time.Sleep(time.Until(fire))
	seen := shownPrefix(s.text(), marker)
	began := time.Now()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	if code := s.end(endTime); code != 130 {
		t.Errorf("ended with %d:\n%s", code, s.output())
	}
	took := time.Since(began)
	if seen != "" {
		kept := h.query(t, "SELECT text FROM draft WHERE text LIKE ?", seen+"%")
		if len(kept) != 1 || !strings.HasPrefix(marker, kept[0]) {
			t.Errorf("%q was on the screen, kept are %q of %q", seen, kept, h.query(t, "SELECT text FROM draft"))
		}
	}
	return took
}

// shownPrefix gives the longest start of a text that stands on the screen.
func shownPrefix(screen, text string) string {
	for n := len(text); n > 6; n-- {
		if strings.Contains(screen, text[:n]) {
			return text[:n]
		}
	}
	return ""
}
