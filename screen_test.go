//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"confab/config"
	"confab/providers/sandbox"
	"confab/ui/uitest"
)

// oddRows gives the environment of a confab that has read conversations in many
// scripts: wide, right to left, combining, with emoji.
func oddRows(t *testing.T) []string {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{Conversations: 240, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	path := filepath.Join(dir, "config.toml")
	if err := config.WriteSandbox(path, sandboxAccounts(box, server.URL)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("\n"), []byte("\nrefresh = \"0\"\n"), 1) // nothing moves by itself
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TZ=UTC", "CONFAB_CONFIG=" + path}
	for name, sub := range map[string]string{"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state", "XDG_RUNTIME_DIR": "run", "HOME": "home", "TMPDIR": "tmp"} {
		env = append(env, name+"="+filepath.Join(dir, sub))
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	sync := confab(t, nil, "sync")
	sync.Env = env
	if out, err := sync.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return env
}

// frame is what the program wrote at once, and what the screen shows after it.
type frame struct {
	bytes int
	lines []string
}

// line gives the number of the first line that matches, -1 if none does.
func (f frame) line(match func(string) bool) int { return slices.IndexFunc(f.lines, match) }

// framed is a program on a pseudo-terminal that takes synchronized output: every
// frame then has a beginning and an end.
type framed struct {
	t      *testing.T
	tty    *os.File
	frames chan frame
}

func startFramed(t *testing.T, env []string, w, h int) *framed {
	t.Helper()
	cmd := confab(t, nil)
	cmd.Env = env
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)})
	if err != nil {
		t.Fatal(err)
	}
	f := &framed{t: t, tty: tty, frames: make(chan frame, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.read(vt.NewEmulator(w, h))
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = tty.Close()
		<-done
	})
	return f
}

func (f *framed) read(screen *vt.Emulator) {
	defer close(f.frames)
	go io.Copy(io.Discard, screen) // what it would answer
	defer func() {
		if c, ok := screen.InputPipe().(io.Closer); ok {
			c.Close()
		}
	}()
	begin, end := []byte(ansi.SetModeSynchronizedOutput), []byte(ansi.ResetModeSynchronizedOutput)
	var pending []byte
	asked := false
	for buf := make([]byte, 1<<16); ; {
		n, err := f.tty.Read(buf)
		if err != nil {
			return // the terminal is closed when the program ends
		}
		pending = append(pending, buf[:n]...)
		if !asked && bytes.Contains(pending, []byte(ansi.RequestModeSynchronizedOutput)) {
			asked = true
			io.WriteString(f.tty, "\x1b[?2026;2$y")
		}
		for {
			from := bytes.Index(pending, begin)
			to := bytes.Index(pending, end)
			if from < 0 || to < from {
				break
			}
			screen.Write(pending[:to])
			f.frames <- frame{to - from - len(begin), strings.Split(ansi.Strip(screen.Render()), "\n")}
			pending = pending[to+len(end):]
		}
	}
}

// next gives the next frame for which a condition holds.
func (f *framed) next(what string, holds func(frame) bool) frame {
	f.t.Helper()
	var last frame
	for limit := time.After(20 * time.Second); ; {
		select {
		case fr, ok := <-f.frames:
			if !ok {
				f.t.Fatalf("the program ended before %s:\n%s", what, strings.Join(last.lines, "\n"))
			}
			if last = fr; holds(fr) {
				return fr
			}
		case <-limit:
			f.t.Fatalf("%s never came:\n%s", what, strings.Join(last.lines, "\n"))
		}
	}
}

func (f *framed) any() frame { return f.next("a frame", func(frame) bool { return true }) }

func (f *framed) press(keys string) {
	if _, err := io.WriteString(f.tty, keys); err != nil {
		f.t.Fatal(err)
	}
}

func shows(text string) func(frame) bool {
	return func(fr frame) bool {
		return fr.line(func(l string) bool { return strings.Contains(l, text) }) >= 0
	}
}

// TestBytesOnATerminal holds the ceilings of what a key may write over a slow
// link, on rows in mixed scripts.
func TestBytesOnATerminal(t *testing.T) {
	env := oddRows(t)
	for _, c := range []struct {
		layout string
		keys   string // that lead to it
		median int
	}{{"off", "v", 256}, {"stacked", "", 320}, {"beside", "vv", 320}} {
		t.Run(c.layout, func(t *testing.T) {
			f := startFramed(t, env, 120, 40)
			f.next("the list", shows(" 1/"))
			for range c.keys {
				f.press("v")
				f.next("the layout", shows("preview:"))
			}
			f.press("j")
			f.next("the second row", shows(" 2/"))
			var keys, rests []int
			for i := range 56 {
				f.press("j")
				fr := f.next("the cursor's frame", shows(fmt.Sprintf(" %d/", i+3)))
				keys = append(keys, fr.bytes)
				if i%4 == 3 && c.layout != "off" { // it rests
					rests = append(rests, f.any().bytes)
				}
			}
			t.Log(keys, rests)
			slices.Sort(keys)
			if got := keys[len(keys)/2]; got > c.median {
				t.Errorf("a cursor key writes %d bytes, want %d", got, c.median)
			}
			if most := slices.Max(append(rests, keys...)); most > 1400 && c.layout != "beside" {
				t.Errorf("a scroll, or the preview's redraw after a rest, writes %d bytes, want 1,400", most)
			}
			for key, prompt := range map[string]string{"t": "Rename", ":": ":"} {
				f.press(key)
				f.next("the prompt", shows(prompt))
				for _, letter := range "budget" {
					f.press(string(letter))
					if fr := f.any(); fr.bytes > 64 {
						t.Errorf("a letter typed after %q writes %d bytes, want 64", key, fr.bytes)
					}
				}
				f.press("\x1b")
				f.next("the list again", func(fr frame) bool { return !shows("budget")(fr) })
			}
		})
	}
}

// muxed is a program in tmux, a real terminal that counts cells in its own way.
type muxed struct {
	t      *testing.T
	env    []string
	socket string
}

func startMuxed(t *testing.T, env []string) *muxed {
	t.Helper()
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "confab")
	if err := os.Symlink(exe, program); err != nil { // the name says what it is to be
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "tmux.conf")
	if err := os.WriteFile(conf, []byte("set -g status off\nset -g escape-time 0\nset -g default-terminal tmux-256color\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &muxed{t: t, env: env, socket: filepath.Join(dir, "socket")}
	t.Cleanup(func() { m.command("kill-server") })
	m.must("-f", conf, "new-session", "-d", "-x", "120", "-y", "40", program)
	return m
}

func (m *muxed) command(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-u", "-S", m.socket}, args...)...)
	cmd.Env = m.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (m *muxed) must(args ...string) string {
	m.t.Helper()
	out, err := m.command(args...)
	if err != nil {
		m.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return out
}

// rested gives the screen, styles too, once it is filled to its last line, nothing
// is being read, and it has not changed for a while, as a person waits who looks
// before striking a key.
func (m *muxed) rested() string {
	m.t.Helper()
	const quiet = 250 * time.Millisecond
	last, since := "", time.Now()
	limit := since.Add(10 * time.Second)
	for time.Since(since) < quiet {
		now := m.must("capture-pane", "-p", "-e")
		lines := strings.Split(strings.TrimSuffix(now, "\n"), "\n")
		busy := strings.Contains(now, "reading…") || strings.Contains(now, "↓") || lines[len(lines)-1] == ""
		if now != last || busy && time.Now().Before(limit) {
			last, since = now, time.Now()
		}
		time.Sleep(25 * time.Millisecond)
	}
	return cells(last)
}

// cells writes a picture so that equal pictures are equal texts: a style that
// only blanks at the end of a line have doesn't count.
func cells(picture string) string {
	var out strings.Builder
	screen := uv.NewScreenBuffer(200, 60)
	screen.Method = ansi.WcWidth
	uv.NewStyledString(picture).Draw(screen, screen.Bounds())
	for _, line := range screen.Lines {
		for i := range line {
			line[i] = uitest.Seen(line[i])
		}
		for len(line) > 0 && line[len(line)-1].Content == " " && line[len(line)-1].Style.IsZero() {
			line = line[:len(line)-1]
		}
		out.WriteString(line.Render() + "\n")
	}
	return out.String()
}

// TestTmuxShowsWhatARedrawShows walks at random over rows in mixed scripts. What
// stands on the screen is what a full redraw writes there. Its size stays: a tmux
// that nobody looks at may never tell a program of another.
func TestTmuxShowsWhatARedrawShows(t *testing.T) {
	t.Parallel() // it mostly waits for the screen to rest
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Log("tmux is not here: TestAnyWayThereShowsTheSame in ui stands for it")
		return
	}
	m := startMuxed(t, oddRows(t))
	for end := time.Now().Add(20 * time.Second); !strings.Contains(m.rested(), "public"); {
		if time.Now().After(end) {
			t.Fatalf("the list never came:\n%s", m.rested())
		}
	}
	seed, err := strconv.ParseUint(os.Getenv("CONFAB_SEED"), 10, 64)
	if err != nil {
		seed = 17
	}
	r := rand.New(rand.NewPCG(seed, 7))
	keys := []string{"j", "j", "j", "k", "k", "J", "K", "C-d", "C-u", "G", "g g", "v", "]", "Enter j j", "Escape", "Space", "V", "PageDown", "PageUp"}
	rounds := 12
	if d, err := time.ParseDuration(os.Getenv("CONFAB_SOAK")); err == nil {
		rounds += int(d / time.Second)
	}
	var done []string
	for range rounds {
		for range 1 + r.IntN(8) {
			k := keys[r.IntN(len(keys))]
			done = append(done, k)
			m.must(append([]string{"send-keys"}, strings.Fields(k)...)...)
		}
		shown := m.rested()
		m.must("send-keys", "C-l")
		if redrawn := m.rested(); shown != redrawn {
			t.Fatalf("after %q\n%s", done[max(0, len(done)-12):], differences(shown, redrawn))
		}
	}
}

// differences gives the lines in which two pictures differ.
func differences(shown, redrawn string) string {
	a, b := strings.Split(shown, "\n"), strings.Split(redrawn, "\n")
	var out strings.Builder
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			fmt.Fprintf(&out, "line %d\n shown   %q\n redrawn %q\n", i, a[min(i, len(a)-1)], b[min(i, len(b)-1)])
		}
	}
	return out.String()
}
