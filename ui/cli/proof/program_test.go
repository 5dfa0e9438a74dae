//go:build unix

package proof

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"confab/config"
	"confab/model/store"
	"confab/providers/sandbox"
)

// home is where a confab keeps its files.
type home struct {
	t   testing.TB
	dir string
	// also is added to its environment.
	also []string
}

func newHome(t testing.TB, accounts []config.SandboxAccount) *home {
	t.Helper()
	h := &home{t: t, dir: t.TempDir()}
	if err := config.WriteSandbox(filepath.Join(h.dir, "sandbox", "config.toml"), accounts); err != nil {
		t.Fatal(err)
	}
	return h
}

// copied returns a home with a copy of the database and the same services.
func (h *home) copied(t testing.TB) *home {
	t.Helper()
	out := &home{t: t, dir: t.TempDir()}
	for _, part := range []string{"sandbox", "state"} {
		if err := os.CopyFS(filepath.Join(out.dir, part), os.DirFS(filepath.Join(h.dir, part))); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(out.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o600)
		if d.IsDir() {
			mode = 0o700
		}
		return os.Chmod(path, mode)
	})
	if err != nil {
		t.Fatal(err)
	}
	// The config still names the credential files of the first home.
	return out
}

func (h *home) database() string { return filepath.Join(h.dir, "state", "confab", "confab.db") }

func (h *home) env() []string {
	out := []string{"CONFAB_CONFIG=" + filepath.Join(h.dir, "sandbox", "config.toml"),
		"LANG=C.UTF-8", "TZ=UTC", "TERM=xterm-256color",
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + h.dir}
	for name, dir := range map[string]string{
		"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state", "XDG_RUNTIME_DIR": "runtime", "HOME": "home",
	} {
		path := filepath.Join(h.dir, dir)
		if err := os.MkdirAll(path, 0o700); err != nil {
			h.t.Fatal(err)
		}
		out = append(out, name+"="+path)
	}
	return append(out, h.also...)
}

// patience is the time after which a process counts as hung.
const patience = 60 * time.Second

// process is a running confab.
type process struct {
	args     []string
	cmd      *exec.Cmd
	out, err bytes.Buffer
	tty      *terminal
	ended    chan struct{}
	hung     bool
}

func (h *home) command(args []string) *process {
	h.t.Helper()
	path, err := binary()
	if err != nil {
		h.t.Fatal(err)
	}
	p := &process{args: args, cmd: exec.Command(path, args...), ended: make(chan struct{})}
	p.cmd.Env = h.env()
	return p
}

// prepare makes a process that start begins, so that a hook can know it before.
func (h *home) prepare(args ...string) *process {
	p := h.command(args)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	return p
}

func (p *process) start(t testing.TB) *process {
	t.Helper()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.await(nil)
	return p
}

func (p *process) await(after func()) {
	limit := time.AfterFunc(patience, func() {
		p.hung = true
		p.kill()
	})
	go func() {
		_ = p.cmd.Wait()
		limit.Stop()
		if after != nil {
			after()
		}
		close(p.ended)
	}()
}

// kill is kill -9. It returns when the process is gone.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

func (p *process) killed() {
	p.kill()
	<-p.ended
}

// wait waits for the end and returns the exit status, -1 for a process that was killed.
func (p *process) wait(t testing.TB) int {
	t.Helper()
	<-p.ended
	if p.hung {
		t.Errorf("confab %s hung\n%s%s", strings.Join(p.args, " "), p.out.String(), p.err.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) String() string {
	return fmt.Sprintf("confab %s: exit %d\n%s%s", strings.Join(p.args, " "), p.cmd.ProcessState.ExitCode(), p.out.String(), p.err.String())
}

// run runs a command to its end.
func (h *home) run(args ...string) *process {
	h.t.Helper()
	p := h.prepare(args...).start(h.t)
	p.wait(h.t)
	return p
}

// must runs a command that must succeed.
func (h *home) must(args ...string) *process {
	h.t.Helper()
	p := h.run(args...)
	if p.cmd.ProcessState.ExitCode() != 0 {
		h.t.Fatal(p)
	}
	return p
}

// terminal is a pseudo-terminal and what was written to it.
type terminal struct {
	file *os.File
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

// screen starts confab on a terminal of its own.
func (h *home) screen(args ...string) *process {
	h.t.Helper()
	p := h.command(args)
	file, err := pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 40, Cols: 140})
	if err != nil {
		h.t.Fatal(err)
	}
	p.tty = &terminal{file: file, more: make(chan struct{}, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for buf := make([]byte, 8192); ; {
			n, err := file.Read(buf)
			p.tty.mu.Lock()
			p.tty.text.Write(buf[:n])
			p.tty.mu.Unlock()
			select {
			case p.tty.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	p.await(func() {
		select {
		case <-read: // the end of what it wrote
		case <-time.After(endTime): // a child that it left behind holds the terminal
		}
		_ = file.Close()
		<-read
	})
	return p
}

// sees waits until the program has written a text after position from. It returns the position after the text, or false if the
// process ended first.
func (p *process) sees(from int, text string) (int, bool) {
	for ended := false; ; {
		p.tty.mu.Lock()
		i := bytes.Index(p.tty.text.Bytes()[from:], []byte(text))
		p.tty.mu.Unlock()
		if i >= 0 {
			return from + i + len(text), true
		}
		if ended {
			return from, false
		}
		select {
		case <-p.tty.more:
		case <-p.ended: // all that it wrote is there now, and looked at once more
			ended = true
		}
	}
}

// rest waits until the screen has not changed for a while. It returns false if the process ended.
func (p *process) rest() bool {
	const quiet = 300 * time.Millisecond
	for {
		select {
		case <-p.tty.more:
		case <-p.ended:
			return false
		case <-time.After(quiet):
			return true
		}
	}
}

func (p *process) keys(text string) { _, _ = io.WriteString(p.tty.file, text) }

func (p *process) screenText() string {
	p.tty.mu.Lock()
	defer p.tty.mu.Unlock()
	return p.tty.text.String()
}

// read reads the database of a home. No process may be sending meanwhile.
func (h *home) read() kept {
	h.t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, h.database(), store.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	k, err := readStore(ctx, s)
	if err := errors.Join(err, s.Close()); err != nil {
		h.t.Fatal(err)
	}
	return k
}

// stage is a set of services behind a proxy, with a confab that has synced them.
type stage struct {
	t     testing.TB
	proxy *proxy
	root  string
	box   *sandbox.Sandbox
	born  time.Time
	seed  uint64
	// first is the home of a confab that has synced; other homes are copies of it.
	first *home
}

func newStage(t *testing.T, seed uint64) *stage {
	t.Helper()
	s := &stage{t: t, seed: seed, born: time.Now().Add(-time.Hour).Truncate(time.Second)}
	s.proxy, s.root = serve(t)
	s.box = newBox(t, seed, s.born)
	s.proxy.open(s.box, hooks{})
	s.first = newHome(t, configOf(s.box, s.root))
	s.first.must("sync")
	return s
}

// again puts fresh services behind the proxy and returns a fresh home.
func (s *stage) again(t testing.TB) *home {
	t.Helper()
	s.box = newBox(t, s.seed, s.born)
	s.proxy.open(s.box, hooks{})
	return s.first.copied(t)
}

// program returns the built program as a command with its environment.
func program(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), env...)
	return cmd
}
