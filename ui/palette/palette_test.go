package palette

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"confab/ui/layout"
	"confab/ui/theme"
)

func entries() []Entry {
	return []Entry{
		{Name: "down", Help: "next conversation", Key: "j", Plain: true},
		{Name: "rename", Help: "rename", Key: "t"},
		{Name: "archive", Help: "archive", Key: "A", Off: "the service has no call for this"},
		{Name: "edit_form", Help: "edit everything, also to rename", Key: "e"},
	}
}

func draw(p *Palette, w, h int) string {
	return ansi.Strip(strings.Join(p.Draw(theme.New(theme.Config{Name: "mono"}), layout.Rect{W: w, H: h}).Lines, "\n"))
}

func (p *Palette) names() string {
	var out []string
	for _, i := range p.shown {
		out = append(out, p.entries[i].Name)
	}
	return strings.Join(out, " ")
}

func TestOrder(t *testing.T) {
	p := New(entries())
	if got := p.names(); got != "rename archive edit_form down" {
		t.Errorf("untyped: %s", got)
	}
	for text, want := range map[string]string{"rename": "rename edit_form", "CONV next": "down", "ar": "archive", "no such": ""} {
		p := New(entries())
		p.Paste(text)
		if got := p.names(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
		if (p.Chosen() < 0) != (want == "") {
			t.Errorf("%q: %d is chosen", text, p.Chosen())
		}
	}
}

func TestTheBarStaysInside(t *testing.T) {
	p := New(entries())
	p.Move(-5)
	if p.Chosen() != 1 {
		t.Error(p.Chosen())
	}
	p.Move(50)
	if p.Chosen() != 0 {
		t.Error(p.Chosen())
	}
	if p.PutAt(0) || p.PutAt(9) || p.Chosen() != 0 {
		t.Error("a click beside the rows chose one")
	}
	draw(p, 80, 20)
	if p.PutAt(2) || p.Chosen() != 2 || !p.PutAt(2) {
		t.Error("a click does not put the bar on its row")
	}
}

func TestEveryActionIsReadableInANarrowTerminal(t *testing.T) {
	text := draw(New(entries()), 40, 12)
	for _, want := range []string{"rename", "next conversation", "archive (off: the", "edit everything, also to"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if text := draw(New(entries()), 100, 20); !strings.Contains(text, "off: the service has no call for this") || !strings.Contains(text, "Actions (4)") {
		t.Error(text)
	}
}
