package ui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"confab/model"
	"confab/ui"
)

// parts are pieces of text in many scripts.
var parts = []string{"Renewal", "budget ", " – ", "世界", "株式会社さくら", "한빛소프트", "שלום", "שָׁלוֹם", "محمد منصور", "प्रिया", "क्षितिज", "กำหนดการ", "நிதி", "Größe",
	"e\u0301e\u0301", "🚀", "🏳\ufe0f\u200d🌈", "👨\u200d👩\u200d👧", "👩🏽", "🏽", "❤\ufe0f", "1\ufe0f\u20e3", "🇩🇪", "🇩", "ℹ\ufe0f", "ﷺ", "می\u200cخواهم", " ", "…"}

// mixed returns conversations whose texts mix many scripts.
func mixed(t *rapid.T, n int) []model.Row {
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 1, 9).Draw(t, "parts"), "")
	})
	some := rapid.SliceOfN(text, 12, 12).Draw(t, "texts")
	out := conversations(n)
	for i := range out {
		c := &out[i].Conversation
		c.Title, c.Status, c.Preview, c.Description = some[i%12], some[i/2%12], some[i/3%12], some[i/5%12]+"\n"+some[i%12]
		c.Featured = []model.Participant{{Kind: model.KindUser, ID: "u", Name: some[i/7%12]}, {Kind: model.KindUser, ID: "v", Name: some[(i+5)%12]}}
		out[i].Triage.Seen = i%3 == 0
	}
	return out
}

// TestAnyWayThereShowsTheSame moves at random over rows in many scripts, in a terminal that measures rune by
// rune and in one that measures clusters. However the screen came about, it equals a full redraw.
func TestAnyWayThereShowsTheSame(t *testing.T) {
	t.Parallel()
	keys := []string{"j", "j", "j", "k", "k", "ctrl+d", "ctrl+u", "G", "g", "v", "]", "enter", "esc", "space", "V", "pgdown", "pgup", "t", "?", "/", "P", "x"}
	rapid.Check(t, func(rt *rapid.T) {
		rows := mixed(rt, rapid.IntRange(0, 90).Draw(rt, "rows"))
		clusters := rapid.Bool().Draw(rt, "clusters")
		steps := rapid.SliceOfN(rapid.SampledFrom(append(keys, "size", "redraw", "redraw")), 4, 24).Draw(rt, "steps")
		sizes := rapid.SliceOfN(rapid.IntRange(24, 130), len(steps), len(steps)).Draw(rt, "sizes")
		wrong := ""
		with(t, newFake(rows...), start{w: 100, h: 30, screen: []Option{ProgramOptions(tea.WithFPS(20))}}, func(a *app) {
			if clusters {
				a.Send(tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: ansi.ModeReset})
			}
			for i, s := range append(steps, "redraw") {
				switch s {
				case "size":
					a.Resize(sizes[i], 5+sizes[i]/3)
				case "redraw":
					shown := a.Picture()
					a.Send(tea.ClearScreen())
					if wrong = differences(shown, a.Picture()); wrong != "" {
						wrong = fmt.Sprintf("after %d steps, %dx%d\n%s", i, len(shown[0]), len(shown), wrong)
						return
					}
				default:
					a.Rush(s)
				}
			}
		})
		if wrong != "" {
			rt.Fatal("unlike a full redraw: ", wrong)
		}
	})
}

// differences returns the lines in which two pictures differ.
func differences(shown, redrawn []string) string {
	var out strings.Builder
	for i := range redrawn {
		if i >= len(shown) || shown[i] != redrawn[i] {
			fmt.Fprintf(&out, "line %d\n shown   %q\n redrawn %q\n", i, shown[i], redrawn[i])
		}
	}
	return out.String()
}

// Suspending the program has the terminal stop measuring clusters; continuing it turns that on again.
func TestGraphemeModeIsSetAgainAfterASuspend(t *testing.T) {
	rows := conversations(20)
	for i := range rows {
		rows[i].Conversation.Title = "👩‍💻 pairing, 👍🏽 and 🇩🇪, part " + string(rune('a'+i))
	}
	with(t, newFake(rows...), start{w: 100, h: 30}, func(a *app) {
		a.Send(tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: ansi.ModeReset})
		a.Send(tea.ClearScreen())
		before := a.Picture()
		if _, err := a.Write([]byte(ansi.ResetModeUnicodeCore)); err != nil {
			t.Fatal(err)
		}
		a.Send(tea.ResumeMsg{})
		if wrong := differences(before, a.Picture()); wrong != "" {
			t.Error("after the suspend:", wrong)
		}
		a.Send(tea.ClearScreen())
		if wrong := differences(before, a.Picture()); wrong != "" {
			t.Error("redrawn:", wrong)
		}
	})
}

// The terminal is asked for its modes over SSH, too.
func TestTerminalModesAreRequestedOverSSH(t *testing.T) {
	m := ui.New(ui.Options{Backend: newFake(conversations(2)...), Now: func() time.Time { return clock }})
	defer m.Close()
	_, cmd := m.Update(tea.EnvMsg{"SSH_TTY=/dev/pts/1"})
	if said := fmt.Sprint(cmd()); !strings.Contains(said, ansi.RequestModeSynchronizedOutput) || !strings.Contains(said, ansi.RequestModeUnicodeCore) {
		t.Errorf("the requests are %q, want both modes", said)
	}
}
