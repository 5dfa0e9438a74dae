//go:build unix

package proof

import (
	"bytes"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"confab/providers/sandbox"
)

// newMixedHome returns a home that has synced conversations in many scripts: wide, right to left, combining, with emoji.
func newMixedHome(t *testing.T) *home {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{Conversations: 240, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	h := newHome(t, configOf(box, server.URL))
	h.also = []string{"COLORTERM=truecolor", "LC_ALL=C.UTF-8"}
	text, err := os.ReadFile(h.config())
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("\n"), []byte("\nrefresh = \"0\"\n"), 1) // nothing changes by itself
	if err := os.WriteFile(h.config(), text, 0o600); err != nil {
		t.Fatal(err)
	}
	h.must("sync")
	return h
}

// frame is what the program writes between the marks of synchronized output, and the screen after it.
type frame struct {
	bytes int
	lines []string
}

// framed is a program on a pseudo-terminal that accepts synchronized output, so that each frame has a beginning and an end.
type framed struct {
	t      *testing.T
	tty    *os.File
	frames chan frame
}

func startFramed(t *testing.T, h *home, width, height int) *framed {
	t.Helper()
	cmd := h.command([]string{"--view", "Inbox"}).cmd // not where an earlier process was killed
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
	if err != nil {
		t.Fatal(err)
	}
	f := &framed{t: t, tty: tty, frames: make(chan frame, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.read(vt.NewEmulator(width, height))
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
	go io.Copy(io.Discard, screen) // its answers
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

// next returns the next frame for which a condition holds.
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
		return slices.ContainsFunc(fr.lines, func(line string) bool { return strings.Contains(line, text) })
	}
}

// TestBytesOnATerminal holds the bounds of what a key may write over a slow link, on rows in mixed scripts.
func TestBytesOnATerminal(t *testing.T) {
	h := newMixedHome(t)
	for _, c := range []struct {
		layout string
		keys   string // that switch to it
		median int
	}{{"off", "v", 256}, {"stacked", "", 320}, {"beside", "vv", 320}} {
		t.Run(c.layout, func(t *testing.T) {
			f := startFramed(t, h, 120, 40)
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
				if i%4 == 3 && c.layout != "off" { // wait for the preview
					rests = append(rests, f.any().bytes)
				}
			}
			t.Log(keys, rests)
			slices.Sort(keys)
			if got := keys[len(keys)/2]; got > c.median {
				t.Errorf("a cursor key writes %d bytes (median), want at most %d", got, c.median)
			}
			if most := slices.Max(append(rests, keys...)); most > 1400 && c.layout != "beside" {
				t.Errorf("a scroll, or the preview's redraw after a rest, writes %d bytes, want at most 1,400", most)
			}
			for key, prompt := range map[string]string{"t": "Rename", ":": ":"} {
				f.press(key)
				f.next("the prompt", shows(prompt))
				var letters []int
				for _, letter := range "budget" {
					f.press(string(letter))
					letters = append(letters, f.any().bytes)
				}
				slices.Sort(letters) // a letter may share its frame with another change
				if got := letters[len(letters)/2]; got > 64 {
					t.Errorf("a letter typed after %q writes %d bytes (median), want at most 64: %v", key, got, letters)
				}
				f.press("\x1b")
				f.next("the list again", func(fr frame) bool { return !shows("budget")(fr) })
			}
			f.filterLetters()
		})
	}
}

// filterLetters types a filter that leaves the rows as they are. The completions change with each letter, and are drawn only once
// typing rests.
func (f *framed) filterLetters() {
	f.t.Helper()
	help := func(fr frame) string { return fr.lines[len(fr.lines)-1] }
	f.press("/")
	f.next("the first completions", func(fr frame) bool { return strings.Contains(help(fr), "account:") })
	f.press("\x1b[200~is:any OR u\x1b[201~")
	f.next("the completions of the pasted text", func(fr frame) bool { return strings.HasPrefix(help(fr), " updated:  is:unseen ") })
	typed := "/is:any OR u"
	var letters []int
	for _, letter := range "pdated" {
		typed += string(letter)
		f.press(string(letter))
		fr := f.next("the letter", func(fr frame) bool { return strings.HasPrefix(fr.lines[len(fr.lines)-2], typed) })
		letters = append(letters, fr.bytes)
	}
	slices.Sort(letters)
	if got := letters[len(letters)/2]; got > 64 {
		f.t.Errorf("a letter of a filter writes %d bytes (median), want at most 64: %v", got, letters)
	}
	f.next("the last completions", func(fr frame) bool { return strings.HasPrefix(help(fr), " updated: (") })
	f.press("\t")
	f.next("the field", shows(typed+":"))
	f.press("\x1b")
	f.next("the list again", func(fr frame) bool { return !shows(typed)(fr) })
}
