package ui_test

import (
	"context"
	"flag"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/model/query"
	"confab/providers/sandbox"
	"confab/ui"
	"confab/ui/uitest"
)

var update = flag.Bool("update", false, "write the screens of testdata/screens anew, to be looked at before they are committed")

const screensDir = "testdata/screens"

// size is the size of a terminal.
type size struct{ w, h int }

var (
	everySize = []size{{40, 12}, {60, 20}, {80, 24}, {100, 30}, {120, 40}, {140, 45}, {200, 50}}
	someSizes = []size{{40, 12}, {80, 24}, {140, 45}}
	usual     = []size{{80, 24}}
)

// goldens compares the screens of the demo with the reviewed ones in testdata.
type goldens struct {
	t    *testing.T
	seen map[string]bool
}

// show compares a screen at some sizes, and resets the usual size.
func (g *goldens) show(s *Screen, name, look string, sizes ...size) {
	g.t.Helper()
	for _, z := range sizes {
		s.Resize(z.w, z.h)
		g.hold(fmt.Sprintf("%s-%dx%d-%s", name, z.w, z.h, look), s.snapshot())
	}
	s.Resize(usual[0].w, usual[0].h)
}

func (g *goldens) hold(name, got string) {
	g.t.Helper()
	file := filepath.Join(screensDir, name+".txt")
	g.seen[file] = true
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			g.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		g.t.Fatal(err)
	}
	if string(want) == got {
		return
	}
	was, now := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	var out strings.Builder
	for i := range max(len(was), len(now)) {
		a, b := append(was, make([]string, len(now))...)[i], append(now, make([]string, len(was))...)[i]
		if a != b {
			fmt.Fprintf(&out, "%3d was %s\n    now %s\n", i+1, a, b)
		}
	}
	g.t.Errorf("%s differs from the reviewed screen; if that is intended: go test ./ui -run TestScreens -update\n%s", name, out.String())
}

// closed fails the test if a golden file was not compared.
func (g *goldens) closed() {
	files, err := filepath.Glob(filepath.Join(screensDir, "*.txt"))
	if err != nil {
		g.t.Fatal(err)
	}
	for _, f := range files {
		if g.seen[f] {
			continue
		}
		if !*update {
			g.t.Errorf("%s belongs to no screen of this test", f)
		} else if err := os.Remove(f); err != nil {
			g.t.Error(err)
		}
	}
}

// snapshot returns a screen as its text, followed by the looks of its lines as runs of cells and a legend.
// "0 3a 12." means that the first line has three cells of look a and twelve plain ones.
func (s *Screen) snapshot() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var text, runs, legend strings.Builder
	letters := map[string]rune{"": '.'}
	for y := range s.h {
		line, looks := "", []rune(nil)
		for x := 0; x < s.w; {
			c := uv.EmptyCell
			if p := s.term.CellAt(x, y); p != nil && p.Content != "" {
				c = uitest.Seen(*p)
			}
			style := styleOf(c.Style)
			if _, ok := letters[style]; !ok {
				letters[style] = rune('a' + len(letters) - 1)
				fmt.Fprintf(&legend, "%c %s\n", letters[style], style)
			}
			line += c.Content
			for range max(1, c.Width) {
				looks = append(looks, letters[style])
			}
			x += max(1, c.Width)
		}
		text.WriteString(strings.TrimRight(line, " ") + "\n")
		if all := strings.TrimRight(string(looks), "."); all != "" {
			fmt.Fprintf(&runs, "%d%s\n", y, inRuns(all))
		}
	}
	return text.String() + "\x0c\n" + runs.String() + legend.String()
}

func inRuns(letters string) string {
	var out strings.Builder
	for from := 0; from < len(letters); {
		to := from
		for to < len(letters) && letters[to] == letters[from] {
			to++
		}
		fmt.Fprintf(&out, " %d%c", to-from, letters[from])
		from = to
	}
	return out.String()
}

func styleOf(s uv.Style) string {
	var out []string
	for _, a := range []struct {
		bit  uint8
		name string
	}{{uv.AttrBold, "bold"}, {uv.AttrFaint, "faint"}, {uv.AttrItalic, "italic"}, {uv.AttrReverse, "reverse"}} {
		if s.Attrs&a.bit != 0 {
			out = append(out, a.name)
		}
	}
	if s.Underline != uv.UnderlineNone {
		out = append(out, "underline")
	}
	switch c := s.Fg.(type) {
	case nil:
	case ansi.BasicColor:
		out = append(out, fmt.Sprint(int(c)))
	case ansi.IndexedColor:
		out = append(out, fmt.Sprint(int(c)))
	default:
		r, g, b, _ := c.RGBA()
		out = append(out, fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8))
	}
	return strings.Join(out, " ")
}

// under puts the cursor on a conversation of the list.
func (s *Screen) under(title string) {
	s.t.Helper()
	s.Press("g", "g")
	for range 60 {
		if strings.Contains(s.Line("▌"), title) {
			return
		}
		s.Press("j")
	}
	s.t.Fatalf("%q is not in the list:\n%s", title, s.Text())
}

// asInTheDemo marks the conversations seen that are seen when a demo starts.
func (r *system) asInTheDemo() {
	r.t.Helper()
	unseen := map[model.Ref]bool{}
	for _, a := range r.sb.Accounts("") {
		for _, id := range a.Unseen {
			unseen[model.Ref{Account: a.Name, ID: id}] = true
		}
	}
	everything, err := query.Parse("is:any")
	if err != nil {
		r.t.Fatal(err)
	}
	ctx := context.Background()
	page, err := r.inbox.List(ctx, model.ListRequest{Query: everything.String(), Limit: 1000})
	for _, row := range page.Rows {
		if ref := row.Conversation.Ref; err == nil && !unseen[ref] {
			err = r.inbox.See(ctx, ref)
		}
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.Settle()
}

// TestScreens compares the screens of the demo, in several sizes and terminals, with reviewed ones.
func TestScreens(t *testing.T) {
	g := &goldens{t: t, seen: map[string]bool{}}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		g.t = t
		time.Sleep(5*24*time.Hour + 11*time.Hour + 12*time.Minute) // a Thursday morning
		sb := newSandbox(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400})
		r := openSystem(t, sb, filepath.Join(dir, "confab.db"), 80, 24)
		r.asInTheDemo()
		g.otherTerminals(r)
		g.theUsual(r)
	})
	g.t = t
	g.closed()
}

// otherTerminals compares the screens in terminals that are light, or have few colours, no colour, or only ASCII.
func (g *goldens) otherTerminals(r *system) {
	for _, c := range []struct {
		name    string
		options ui.Options
		profile colorprofile.Profile
	}{
		{"light", ui.Options{Theme: "light"}, colorprofile.TrueColor},
		{"solarized", ui.Options{Theme: "solarized"}, colorprofile.TrueColor},
		{"sixteen", ui.Options{Theme: "solarized"}, colorprofile.ANSI},
		{"nocolor", ui.Options{Theme: "dark"}, colorprofile.ASCII},
		{"ascii", ui.Options{Theme: "dark", ASCII: true}, colorprofile.TrueColor},
	} {
		c.options.Backend, c.options.Demo = r.inbox, true
		c.options.Now = func() time.Time { return time.Now().UTC() }
		s := Start(g.t, ui.New(usualViews(c.options)), 80, 24, Profile(c.profile))
		s.Settle()
		g.show(s, "inbox", c.name, usual...)
		s.Press("space", "space", "space", "space", "p")
		g.show(s, "plan", c.name, usual...)
		s.Press("esc", "esc")
		s.Stop()
	}
	s := Start(g.t, ui.New(ui.Options{Welcome: true, Now: time.Now, ConfigPath: "~/.config/confab/config.toml", Version: "1.0", Theme: "dark"}), 80, 24)
	g.show(s, "welcome", "dark", someSizes...)
	s.Stop()
}

func (g *goldens) theUsual(r *system) {
	s := Start(g.t, ui.New(usualViews(ui.Options{Backend: r.inbox, Demo: true, Theme: "dark", Now: func() time.Time { return time.Now().UTC() }})), 80, 24)
	s.Press("j", "k")
	g.show(s, "inbox", "dark", everySize...)
	g.show(s, "small", "dark", size{18, 5})
	s.Press("?")
	g.show(s, "help", "dark", someSizes...)
	s.Press("esc", "e")
	g.show(s, "edit", "dark", someSizes...)
	s.Press("esc", "enter")
	g.show(s, "detail", "dark", everySize...)
	s.Press("esc")
	s.under("Acme renewal: who does what")
	s.Press("P")
	g.show(s, "people", "dark", someSizes...)
	s.Press("esc", "g", "g", "space", "space", "space", "space", "p")
	g.show(s, "plan", "dark", someSizes...)
	s.Press("y")
	s.Wait(10 * time.Second)
	g.show(s, "results", "dark", someSizes...)
	s.Press("esc", "O")
	g.show(s, "outbox", "dark", someSizes...)
	s.Stop()
}

// A theme follows the background and the colours that the terminal reports, also over SSH.
func TestThemeFollowsTheTerminal(t *testing.T) {
	const blue, cyan, nord = "\x1b[34m", "\x1b[36m", "\x1b[38;2;136;192;208m"
	for _, c := range []struct {
		theme string
		says  []tea.Msg
		want  string
	}{
		{"auto", nil, cyan},
		{"auto", []tea.Msg{tea.BackgroundColorMsg{Color: color.White}}, blue},
		{"dark", []tea.Msg{tea.BackgroundColorMsg{Color: color.White}}, cyan},
		{"nord", []tea.Msg{tea.BackgroundColorMsg{Color: color.Black}}, nord},
		{"nord", []tea.Msg{tea.ColorProfileMsg{Profile: colorprofile.ANSI}}, cyan},
		{"nord", []tea.Msg{tea.ColorProfileMsg{Profile: colorprofile.ASCII}}, "\x1b[1m"},
	} {
		m := ui.New(ui.Options{Backend: newFake(), Theme: c.theme, SSH: true, Now: func() time.Time { return clock }})
		for _, msg := range append(c.says, tea.WindowSizeMsg{Width: 100, Height: 30}) {
			m.Update(msg)
		}
		if drawn := m.View().Content; !strings.Contains(drawn, c.want+"?") {
			t.Errorf("theme %s draws %q", c.theme, drawn)
		}
		m.Close()
	}
}
