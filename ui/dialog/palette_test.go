package dialog

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

func entries() []Entry {
	return []Entry{
		{Binding: keymap.Binding{Action: "down", Help: "next conversation", Keys: []string{"j"}, Section: "Move"}},
		{Binding: keymap.Binding{Action: "rename", Help: "rename", Keys: []string{"t"}}},
		{Binding: keymap.Binding{Action: "archive", Help: "archive", Keys: []string{"A"}}, Off: "the service can't do this"},
		{Binding: keymap.Binding{Action: "edit_form", Help: "edit everything, also to rename", Keys: []string{"e"}}},
	}
}

func drawPalette(p *Palette, w, h int) string {
	return ansi.Strip(strings.Join(p.Draw(theme.New(theme.Config{Name: "mono"}), layout.Rect{W: w, H: h}).Lines, "\n"))
}

func (p *Palette) names() string {
	var out []string
	for _, i := range p.shown {
		out = append(out, string(p.entries[i].Action))
	}
	return strings.Join(out, " ")
}

func TestPaletteOrdersMatches(t *testing.T) {
	p := NewPalette(entries())
	if got := p.names(); got != "rename archive edit_form down" {
		t.Errorf("nothing typed: got %q, want %q", got, "rename archive edit_form down")
	}
	for text, want := range map[string]string{"rename": "rename edit_form", "CONV next": "down", "ar": "archive", "no such": ""} {
		p := NewPalette(entries())
		p.Update(tea.PasteMsg{Content: text})
		if got := p.names(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if (p.choice() == nil) != (want == "") {
			t.Errorf("%q: choice() = %v for the matches %q", text, p.choice(), want)
		}
	}
}

func TestPaletteCursorStaysOnItsEntries(t *testing.T) {
	p := NewPalette(entries())
	p.move(-5)
	if p.choice() != Choice(1) {
		t.Errorf("above the first entry: choice() = %v, want 1", p.choice())
	}
	p.move(50)
	if p.choice() != Choice(0) {
		t.Errorf("below the last entry: choice() = %v, want 0", p.choice())
	}
	for _, k := range []string{"ctrl+k", "ctrl+k", "ctrl+n", "ctrl+k", "ctrl+j"} {
		press(p, k)
	}
	if p.Update(layout.Wheel(-1)); p.choice() != Choice(2) {
		t.Errorf("two rows above the last entry: choice() = %v, want 2", p.choice())
	}
	p.move(50)
	if p.Update(layout.Click(0)) != nil || p.Update(layout.Click(9)) != nil || p.choice() != Choice(0) {
		t.Error("a click beside the entries chose one")
	}
	drawPalette(p, 80, 20)
	if p.Update(layout.Click(2)) != nil || p.choice() != Choice(2) || p.Update(layout.Click(2)) != Choice(2) {
		t.Error("a click does not move to its entry, or a second one does not choose it")
	}
}

func TestPaletteIsReadableInANarrowTerminal(t *testing.T) {
	text := drawPalette(NewPalette(entries()), 40, 12)
	for _, want := range []string{"rename", "next conversation", "archive (off: the", "edit everything, also to"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if text := drawPalette(NewPalette(entries()), 100, 20); !strings.Contains(text, "off: the service can't do this") || !strings.Contains(text, "Actions (4)") {
		t.Errorf("the reason or the count is missing in\n%s", text)
	}
}

func TestPaletteListsMovingAndLookingLast(t *testing.T) {
	table, _ := keymap.New(nil)
	var all []Entry
	for _, b := range table.Bindings(keymap.List) {
		all = append(all, Entry{Binding: b})
	}
	names := NewPalette(all).names()
	for _, last := range []string{"down", "cycle_preview"} {
		if strings.Index(names, last) < strings.Index(names, "toggle_seen") {
			t.Errorf("%s comes before the actions: %s", last, names)
		}
	}
}
