package detail

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

var now = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func view() *View {
	v := &View{}
	v.Show(model.Row{Conversation: model.Conversation{Ref: model.Ref{Account: "a", ID: "1"}, Title: "Straße in Zürich", Provider: "bird",
		Labels: map[string]string{"stage": "won"}, Facts: []model.Fact{{Group: "Scorecard", Label: "a very long label of a fact", Value: "7"}, {Label: "odd", Value: "x"}}}},
		model.Capabilities{model.EditTitle: {State: model.CapabilityAssumed, Reason: "no vendor page"}}, time.Time{})
	return v
}

func draw(v *View, w, h int) string {
	return strings.Join(v.Draw(theme.New(theme.Config{Name: "mono"}), layout.Rect{W: w, H: h}, now), "\n")
}

func TestOverviewHoldsEverything(t *testing.T) {
	text := draw(view(), 90, 60)
	for _, want := range []string{"Straße in Zürich", "stage", "won", "Scorecard", "a very long label of a fact", "7", "Other", "odd", "assumed: no vendor page", "a:1"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
}

func TestThePositionIsThereAtOnce(t *testing.T) {
	v := view()
	position := regexp.MustCompile(` ([0-9]+)/[0-9]+ $`)
	for _, tab := range []Tab{Overview, Activity, Raw, Overview} {
		v.SetTab(tab)
		drawn := v.Draw(theme.New(theme.Config{}), layout.Rect{W: 90, H: 4}, now)
		if m := position.FindStringSubmatch(ansi.Strip(drawn[0])); len(v.lines) > 3 && (m == nil || m[1] != "3") {
			t.Errorf("tab %d: %q, want 3 of %d", tab, ansi.Strip(drawn[0]), len(v.lines))
		}
	}
	v.Scroll(2)
	if drawn := v.Draw(theme.New(theme.Config{}), layout.Rect{W: 90, H: 4}, now); !strings.Contains(drawn[0], fmt.Sprintf("5/%d", len(v.lines))) {
		t.Errorf("after two lines: %q", drawn[0])
	}
}

func TestNotLoadedIsNeverEmpty(t *testing.T) {
	v := view()
	for tab, want := range map[Tab]string{People: "not loaded yet", Messages: "not loaded yet", Raw: "not loaded yet", Activity: "Reading"} {
		v.SetTab(tab)
		if s := draw(v, 90, 20); !strings.Contains(s, want) {
			t.Errorf("%d:\n%s", tab, s)
		}
	}
	v.SetTab(Messages)
	v.SetDetail(model.Detail{})
	if s := draw(v, 90, 20); !strings.Contains(s, "gave no messages") {
		t.Error(s)
	}
	v.SetDetail(model.Detail{Messages: model.SetOf[model.Message]()})
	if s := draw(v, 90, 20); !strings.Contains(s, "No messages.") {
		t.Error(s)
	}
}

func TestStaleRowsSaySo(t *testing.T) {
	v := view()
	r := v.Row()
	r.Checked = now.Add(-48 * time.Hour)
	v.Show(r, nil, now)
	if s := draw(v, 90, 40); !strings.Contains(s, "before the last sweep") {
		t.Error(s)
	}
}

func TestSearchIsFolded(t *testing.T) {
	v := view()
	draw(v, 90, 20)
	if n := v.Search("ZURICH"); n != 1 {
		t.Errorf("%d lines match", n)
	}
	if s := draw(v, 90, 20); !strings.Contains(s, "\x1b[7mZürich\x1b[m") {
		t.Errorf("%q", s)
	}
	if n := v.Search("nothing at all"); n != 0 {
		t.Errorf("%d lines match", n)
	}
	if at, of := v.Next(1); at != 0 || of != 0 {
		t.Error("a match of nothing")
	}
}

func TestScrollStaysInBounds(t *testing.T) {
	v := view()
	draw(v, 40, 8)
	v.Scroll(1000)
	last := draw(v, 40, 8)
	v.Scroll(1)
	if draw(v, 40, 8) != last {
		t.Error("it scrolled past the end")
	}
	v.Scroll(-5000)
	if !strings.Contains(draw(v, 40, 8), "Straße") {
		t.Error("it is not back at the start")
	}
}

func FuzzMessages(f *testing.F) {
	f.Add("plain", "Ann", 20)
	f.Add("\x1b[2J\u202e世界\n\n", "", 3)
	f.Fuzz(func(t *testing.T, text, author string, w int) {
		w = 1 + (w%120+120)%120
		v := view()
		v.SetTab(Messages)
		v.SetDetail(model.Detail{Raw: []byte(text), Messages: model.SetOf(model.Message{Author: author, Text: text})})
		th := theme.New(theme.Config{Name: "mono"})
		for _, tab := range []Tab{Messages, Raw} {
			v.SetTab(tab)
			for _, l := range v.Draw(th, layout.Rect{W: w, H: 12}, now) {
				if th.Width(l) != w {
					t.Fatalf("%d cells, want %d: %q", th.Width(l), w, l)
				}
			}
		}
		v.Search(author)
		v.Draw(th, layout.Rect{W: w, H: 12}, now)
	})
}

func TestAssumedIsSaidOnce(t *testing.T) {
	var v View
	v.Show(model.Row{Conversation: model.Conversation{Ref: model.Ref{Account: "a", ID: "1"}, Title: "x"}},
		model.Capabilities{model.EditTitle: {State: model.CapabilityAssumed, Reason: "assumed: not documented"}}, time.Time{})
	text := strings.Join(v.Draw(theme.New(theme.Config{Name: "mono"}), layout.Rect{W: 80, H: 40}, time.Unix(0, 0)), "\n")
	if !strings.Contains(text, "assumed: not documented") || strings.Contains(text, "assumed: assumed") {
		t.Error(text)
	}
}
