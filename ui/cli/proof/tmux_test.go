//go:build unix

package proof

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"confab/ui/uitest"
)

// muxed is a program in tmux, a real terminal that counts cells in its own way.
type muxed struct {
	t      *testing.T
	env    []string
	socket string
}

func startMuxed(t *testing.T, h *home) *muxed {
	t.Helper()
	program := h.command(nil).cmd
	conf := filepath.Join(h.dir, "tmux.conf")
	if err := os.WriteFile(conf, []byte("set -g status off\nset -g escape-time 0\nset -g default-terminal tmux-256color\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &muxed{t: t, env: program.Env, socket: filepath.Join(t.TempDir(), "socket")}
	t.Cleanup(func() { m.command("kill-server") })
	m.must("-f", conf, "new-session", "-d", "-x", "120", "-y", "40", program.Path)
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

// messagesRead is longer than a conversation must be under the cursor before its messages are read, which may move its row.
const messagesRead = 1200 * time.Millisecond

// rested returns the screen with its styles, once it is filled to its last line, nothing is being read, and it has not changed for
// a while. A busy machine gets little done in a fixed time, so the looks count too.
func (m *muxed) rested(quiet time.Duration) string {
	m.t.Helper()
	looks := int(quiet / (60 * time.Millisecond))
	last, since, same := "", time.Now(), 0
	limit := since.Add(10 * time.Second)
	for ; time.Since(since) < quiet || same < looks; same++ {
		now := m.must("capture-pane", "-p", "-e")
		lines := strings.Split(strings.TrimSuffix(now, "\n"), "\n")
		busy := strings.Contains(now, "reading…") || strings.Contains(now, "↓") || lines[len(lines)-1] == ""
		if now != last || busy && time.Now().Before(limit) {
			last, since, same = now, time.Now(), 0
		}
		time.Sleep(25 * time.Millisecond)
	}
	return canonical(last)
}

// canonical writes a picture so that equal pictures are equal texts. The styles of blanks at the end of a line do not count.
func canonical(picture string) string {
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

// TestTmuxShowsWhatARedrawShows walks at random over rows in mixed scripts, and holds that the screen is what a full redraw makes
// of it. The size of the screen does not change: a detached tmux may never report a new one.
func TestTmuxShowsWhatARedrawShows(t *testing.T) {
	t.Parallel() // it mostly waits for the screen to rest
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Log("there is no tmux here; TestAnyWayThereShowsTheSame in ui is like this test")
		return
	}
	m := startMuxed(t, newMixedHome(t))
	for end := time.Now().Add(20 * time.Second); !strings.Contains(m.rested(messagesRead), "public"); {
		if time.Now().After(end) {
			t.Fatalf("the list never came:\n%s", m.rested(messagesRead))
		}
	}
	r := source(seed(t), 7)
	keys := []string{"j", "j", "j", "k", "k", "J", "K", "C-d", "C-u", "G", "g g", "v", "]", "Enter j j", "Escape", "Space", "V", "PageDown", "PageUp"}
	var done []string
	for range 12 + int(soak()/time.Second) {
		for range 1 + r.IntN(8) {
			k := pick(r, keys)
			done = append(done, k)
			m.must(append([]string{"send-keys"}, strings.Fields(k)...)...)
		}
		shown := m.rested(messagesRead)
		m.must("send-keys", "C-l")
		if redrawn := m.rested(messagesRead / 3); shown != redrawn {
			t.Fatalf("after %q\n%s", done[max(0, len(done)-12):], differences(shown, redrawn))
		}
	}
}

// differences returns the lines in which two pictures differ.
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
