//go:build unix

package proof

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
)

func TestInterruptedSandboxEndsWith130(t *testing.T) {
	t.Parallel()
	cmd := program(t, nil, "sandbox", "--listen", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.Contains(line, "http://127.0.0.1:") {
		t.Fatalf("the first line is %q: %v; want an address", line, err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("ended with %v, want status 130", err)
	}
}

// TestATerminalIsAskedNothing holds that wrong usage, and help for a terminal that knows no escape sequences, write none: a
// question that the terminal does not answer costs seconds.
func TestATerminalIsAskedNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		term, args, want string
		code             int
	}{
		{"xterm-256color", "list --bogus", "Try: confab list --help", 2},
		{"xterm-256color", "lst", "did you mean", 2},
		{"xterm-256color", "outbox resolve 1", "say how: --mine", 2},
		{"dumb", "list --help", "--columns", 0},
		{"dumb", "help outbox resolve", "--theirs", 0},
	} {
		s := startOn(t, program(t, []string{"TERM=" + c.term}, strings.Fields(c.args)...))
		s.awaitSaid(c.want)
		if code := s.end(patience); code != c.code || bytes.Contains(s.Output(), []byte("\x1b")) {
			t.Errorf("TERM=%s confab %s: exit %d, want %d and no escape\n%q", c.term, c.args, code, c.code, s.Output())
		}
	}
}

// TestDemoLeavesNothingBehind opens the demo on a terminal, quits, and looks into the directories that it may have used.
func TestDemoLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dirs := map[string]string{}
	env := []string{"TERM=xterm-256color", "LANG=C.UTF-8", "CONFAB_CONFIG="}
	for _, name := range []string{"XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME", "TMPDIR"} {
		dirs[name] = t.TempDir()
		env = append(env, name+"="+dirs[name])
	}
	cmd := program(t, env, "demo", "--conversations", "8")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	seen := make([]byte, 0, 1<<16)
	quit := false
	for buf := make([]byte, 4096); ; {
		n, err := tty.Read(buf)
		seen = append(seen, buf[:n]...)
		if !quit && bytes.Contains(seen, []byte("Inbox")) && bytes.Contains(seen, []byte("Try / label:interview enter")) {
			quit = true
			if _, err := io.WriteString(tty, "q"); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break // the terminal is closed when the program ends
		}
	}
	if err := cmd.Wait(); err != nil || !bytes.Contains(seen, []byte("The demo is over, and nothing of it is kept.")) {
		t.Errorf("the demo ended with %v and wrote\n%q", err, seen)
	}
	for name, dir := range dirs {
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("%s holds %v afterwards: %v; want nothing", name, left, err)
		}
	}
}
