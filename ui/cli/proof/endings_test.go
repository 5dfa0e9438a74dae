//go:build linux

package proof

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"confab/config"
	"confab/providers/sandbox"
	"confab/ui/uitest"
)

const (
	// endTime bounds how long the program may take to end.
	endTime = 2 * time.Second
	// shortRounds is how often the program is ended if CONFAB_SOAK sets no time.
	shortRounds = 16
)

// moreRounds returns a function that reports whether there is a round n: short rounds, or as many as fit into CONFAB_SOAK.
func moreRounds(short int) func(n int) bool {
	if soak() == 0 {
		return func(n int) bool { return n < short }
	}
	end := time.Now().Add(soak())
	return func(int) bool { return time.Now().Before(end) }
}

// endHome is a config, a state directory and a sandbox that several runs share. The sandbox can hold the answers to writes back.
type endHome struct {
	box   *sandbox.Sandbox
	env   []string
	state string

	mu      sync.Mutex
	holding chan struct{} // closed to release the answers; nil if they are not held back
	held    chan struct{} // receives for each write that was carried out and not answered
}

func newEndHome(t *testing.T) *endHome {
	t.Helper()
	b, err := sandbox.New(sandbox.Options{Conversations: 40, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	h := &endHome{box: b, state: t.TempDir(), held: make(chan struct{}, 100)}
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		h.answer()
		server.CloseClientConnections()
		server.Close()
	})
	dir := t.TempDir()
	if err := config.WriteSandbox(filepath.Join(dir, "sandbox", "config.toml"), configOf(b, server.URL)); err != nil {
		t.Fatal(err)
	}
	h.env = []string{"TERM=xterm-256color", "LANG=C.UTF-8", "TZ=UTC", "CONFAB_CONFIG=" + filepath.Join(dir, "sandbox", "config.toml"),
		"XDG_STATE_HOME=" + h.state, "XDG_RUNTIME_DIR=" + t.TempDir(), "HOME=" + t.TempDir()}
	return h
}

// ServeHTTP carries a request out. A write gets no answer while answers are held back.
func (h *endHome) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	holding := h.holding
	h.mu.Unlock()
	if holding == nil || r.Method == http.MethodGet {
		h.box.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	h.box.ServeHTTP(answer, r)
	h.held <- struct{}{}
	<-holding
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes())
}

func (h *endHome) hold() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holding = make(chan struct{})
}

func (h *endHome) answer() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holding != nil {
		close(h.holding)
		h.holding = nil
	}
}

// query returns the first column of a query of the database.
func (h *endHome) query(t *testing.T, q string, args ...any) []string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.state, "confab", "confab.db"))
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

// run runs a command without a terminal.
func (h *endHome) run(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	raw, err := program(t, h.env, args...).CombinedOutput()
	return string(raw), exitCode(t, err)
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode() // -1 if a signal killed it
	}
	t.Fatal(err)
	return 0
}

// session is the program as the leader of a session on a terminal of its own, which a closed window or a supervisor ends.
type session struct {
	*uitest.Terminal
	t     *testing.T
	cmd   *exec.Cmd
	ended chan error
}

func (h *endHome) start(t *testing.T, args ...string) *session {
	t.Helper()
	return startOn(t, program(t, h.env, args...))
}

func startOn(t *testing.T, cmd *exec.Cmd) *session {
	t.Helper()
	s := &session{Terminal: uitest.OpenTerminal(t, 140, 40), t: t, cmd: cmd, ended: make(chan error, 1)}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = s.TTY, s.TTY, s.TTY
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.cmd.Wait() }()
	t.Cleanup(func() { s.cmd.Process.Kill() })
	return s
}

func (s *session) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// end waits for the program to end, which it must do in time, and restore the terminal.
func (s *session) end(within time.Duration) (code int) {
	s.t.Helper()
	select {
	case err := <-s.ended:
		code = exitCode(s.t, err)
	case <-time.After(within):
		// The stacks show where it hangs.
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
		s.t.Logf("%s %v", raw, err)
		s.cmd.Process.Signal(syscall.SIGQUIT)
		time.Sleep(500 * time.Millisecond)
		s.t.Fatalf("it has not ended after %v: %s", within, s.said())
	}
	s.CheckRestored()
	return code
}

// said returns the output since the screen was left.
func (s *session) said() string {
	out := s.Output()
	return string(out[max(0, bytes.LastIndex(out, []byte("\x1b[?1049l"))):])
}

// awaitSaid waits for words in that output.
func (s *session) awaitSaid(words string) {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); !strings.Contains(s.said(), words); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("it never said %q: %q\n%s", words, s.said(), s.Text())
		}
	}
}

// TestSignalsEndIt ends the inbox by signals at random moments while a title is typed. It must end in time, restore the terminal,
// and keep what was typed.
func TestSignalsEndIt(t *testing.T) {
	h := newEndHome(t)
	if out, code := h.run(t, "sync"); code != 0 {
		t.Fatalf("sync ended with %d: %s", code, out)
	}
	more := moreRounds(shortRounds)
	var mu sync.Mutex
	var took []time.Duration
	var side sync.WaitGroup // rounds run side by side, since they mostly wait
	for worker := range 4 {
		side.Go(func() {
			for n := 0; more(4*n) && !t.Failed(); n++ {
				d := endOnce(t, h, worker, n)
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
			}
		})
	}
	side.Wait()
	if len(took) > 0 {
		t.Logf("%d rounds, the slowest end took %v", len(took), slices.Max(took))
	}
}

// endOnce types a title and ends the program. Each worker has a conversation of its own.
func endOnce(t *testing.T, h *endHome, worker, n int) time.Duration {
	t.Helper()
	sig := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}[rand.N(3)]
	text := fmt.Sprintf("%d%05d-the-quick-brown-fox-jumps", worker, n)
	moment, gap := rand.N(1000*time.Millisecond), rand.N(15*time.Millisecond)
	about := fmt.Sprintf("round %d: %v %v after the first letter, %v between letters", n, sig, moment, gap)
	defer func() {
		if t.Failed() {
			t.Log(about)
		}
	}()
	s := h.start(t)
	defer s.Close()
	s.Await("All 40")
	s.Type("\x1b5") // the fifth tab, in which the round before may have ended
	s.Type("gg")
	s.Await(" 1/10")
	s.Type(strings.Repeat("j", worker))
	s.Await(fmt.Sprintf(" %d/10", worker+1))
	s.Type("t")
	s.Await("Rename")
	s.Type("\x15")
	fire := time.Now().Add(moment)
	for _, r := range text {
		if time.Now().After(fire) {
			break
		}
		s.Type(string(r))
		time.Sleep(gap)
	}
	time.Sleep(time.Until(fire))
	shown := shownPrefix(s.Text(), text)
	began := time.Now()
	s.signal(sig)
	if rand.N(4) == 0 {
		s.cmd.Process.Signal(sig) // it may have ended already
	}
	if code := s.end(endTime); code != 130 {
		t.Errorf("ended with %d: %q", code, s.said())
	}
	took := time.Since(began)
	if shown != "" {
		kept := h.query(t, "SELECT text FROM draft WHERE key LIKE 'title:%'")
		if !slices.ContainsFunc(kept, func(k string) bool { return strings.HasPrefix(k, shown) && strings.HasPrefix(text, k) }) {
			t.Errorf("%q was on the screen, but %q was kept; it said %q", shown, kept, s.said())
		}
	}
	return took
}

// shownPrefix returns the longest prefix of a text that is on the screen.
func shownPrefix(screen, text string) string {
	for n := len(text); n > 6; n-- {
		if strings.Contains(screen, text[:n]) {
			return text[:n]
		}
	}
	return ""
}

// started waits until the service has carried a write out and holds its answer back.
func (h *endHome) started(t *testing.T) {
	t.Helper()
	select {
	case <-h.held:
	case <-time.After(20 * time.Second):
		t.Fatal("no write reached the service")
	}
}

// writes counts the writes that the services got.
func (h *endHome) writes() int {
	n := 0
	for _, r := range h.box.Requests() {
		if r.Write {
			n++
		}
	}
	return n
}

// wantUnknown holds that one edit was left while it was being sent, and that the next start reads what became of it and does not
// send it again.
func (h *endHome) wantUnknown(t *testing.T) {
	t.Helper()
	if got := h.query(t, "SELECT state || sent FROM outbox"); !slices.Equal(got, []string{"sending1"}) {
		t.Fatalf("the outbox holds %v", got)
	}
	h.answer()
	if out, code := h.run(t, "sync"); code != 0 {
		t.Fatalf("sync ended with %d: %s", code, out)
	}
	if got := h.query(t, "SELECT state FROM outbox"); len(got) != 0 {
		t.Errorf("the outbox holds %v after a sync", got)
	}
	if n := h.writes(); n != 1 {
		t.Errorf("%d writes, want 1", n)
	}
}

const waiting = "confab: waiting for 1 edit that is being sent; ctrl-c does not wait: what became of it is read at the next start"

// TestLeavingWhileSending quits while a service holds its answer to a write back.
func TestLeavingWhileSending(t *testing.T) {
	t.Parallel()
	const public = "account:sales is:public"
	inbox := func(*testing.T, *endHome) []string { return []string{"--query", public} }
	edit := func(t *testing.T, h *endHome) []string {
		list, _ := h.run(t, "list", "--limit", "1", public)
		ref, _, _ := strings.Cut(list, "\t")
		return []string{"edit", ref, "--private", "--yes"}
	}
	// private makes the conversation under the cursor private.
	private := func(s *session, h *endHome) {
		s.Await("4 accounts ok")           // all accounts are read, so that no row moves
		time.Sleep(500 * time.Millisecond) // an act on a row that has just moved under the cursor is withheld
		s.Type("p")
		h.started(s.t)
	}
	quit := func(s *session, h *endHome) {
		private(s, h)
		s.Type("q")
		s.Await("1 edit is not delivered yet")
		s.Type("l")
		s.awaitSaid(waiting)
	}
	for name, c := range map[string]struct {
		args func(*testing.T, *endHome) []string
		end  func(s *session, h *endHome)
		code int
		left bool
	}{
		"it waits and says so": {inbox, func(s *session, h *endHome) { quit(s, h); h.answer() }, 0, false},
		"ctrl-c ends the wait": {inbox, func(s *session, h *endHome) { quit(s, h); s.Type("\x03") }, 130, true},
		"a second SIGINT ends the wait": {inbox, func(s *session, h *endHome) {
			private(s, h)
			s.signal(os.Interrupt)
			s.awaitSaid(waiting)
			s.signal(os.Interrupt)
		}, 130, true},
		"SIGTERM does not wait":        {inbox, func(s *session, h *endHome) { private(s, h); s.signal(syscall.SIGTERM) }, 130, true},
		"a hang-up does not wait":      {inbox, func(s *session, h *endHome) { private(s, h); s.signal(syscall.SIGHUP) }, 130, true},
		"a command waits and says so":  {edit, func(s *session, h *endHome) { h.started(s.t); s.Type("\x03"); s.awaitSaid(waiting); h.answer() }, 130, false},
		"ctrl-c ends a command's wait": {edit, func(s *session, h *endHome) { h.started(s.t); s.Type("\x03"); s.awaitSaid(waiting); s.Type("\x03") }, 130, true},
		"SIGTERM does not let it wait": {edit, func(s *session, h *endHome) { h.started(s.t); s.signal(syscall.SIGTERM) }, 130, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEndHome(t)
			if out, code := h.run(t, "sync"); code != 0 {
				t.Fatalf("sync ended with %d: %s", code, out)
			}
			args := c.args(t, h)
			h.hold()
			s := h.start(t, args...)
			c.end(s, h)
			if code := s.end(endTime); code != c.code {
				t.Errorf("ended with %d: %q", code, s.said())
			}
			if c.left {
				h.wantUnknown(t)
			} else if got := h.query(t, "SELECT state FROM outbox"); len(got) != 0 {
				t.Errorf("the outbox holds %v", got)
			}
		})
	}
}

// TestAStoppedJobEnds ends the inbox while it is a stopped job of a shell. It must not write to the terminal of the shell, or it
// would be stopped again.
func TestAStoppedJobEnds(t *testing.T) {
	t.Parallel()
	h := newEndHome(t)
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("sh", "-i")
	shell.Env = append(append(os.Environ(), h.env...), "PATH="+filepath.Dir(path)+":"+os.Getenv("PATH"), "PS1=ready> ", "ENV=")
	s := startOn(t, shell)
	s.Await("ready>")
	s.Type("confab\n")
	s.Await("All 40")
	s.Type("\x1a")
	s.awaitSaid("Stopped")
	job := s.job()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGCONT} { // the signals by which a shell ends a stopped job
		if err := syscall.Kill(-job, sig); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(endTime); runs(job); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it has not ended: %s", s.said())
		}
	}
}

// runs reports whether a process exists, running or stopped.
func runs(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(raw), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}

// job returns the process id of the only job of a shell.
func (s *session) job() int {
	s.t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		s.t.Fatal(err)
	}
	return pid
}
