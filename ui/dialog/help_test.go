package dialog

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// allLines scrolls through the help and returns every line that was seen.
func allLines(h *Help, th *theme.Theme, w, height int) string {
	var out []string
	for range 2000 {
		lines := h.Draw(th, layout.Rect{W: w, H: height}).Lines
		out = append(out, lines[1:len(lines)-1]...)
		at := h.Top
		if h.Scroll(h.Rows); h.Top == at {
			break
		}
	}
	return ansi.Strip(strings.Join(out, "\n"))
}

func TestHelpCutsNothingInNarrowTerminals(t *testing.T) {
	keys, _ := keymap.New(nil)
	for _, size := range [][2]int{{20, 6}, {40, 12}, {80, 24}, {140, 45}} {
		h := NewHelp(keys, keymap.List, "1.0")
		lines := h.Draw(th, layout.Rect{W: size[0], H: size[1]}).Lines
		if foot := ansi.Strip(lines[len(lines)-1]); !strings.Contains(foot, "esc close") {
			t.Errorf("%v: footer %q does not name esc", size, foot)
		}
		for _, l := range lines {
			if th.Width(l) != size[0] {
				t.Errorf("%v: a line is %d cells wide, want %d: %q", size, th.Width(l), size[0], l)
			}
		}
		words := strings.Join(strings.Fields(allLines(h, th, size[0], size[1])), " ")
		for _, want := range []string{"first conversation", "toggle privacy (several: make all private)", "an edit needs you", "by action name."} {
			if !strings.Contains(words, want) {
				t.Errorf("%v: no %q in the help", size, want)
			}
		}
	}
}

func TestHelpScrollStopsAtTheEnds(t *testing.T) {
	keys, _ := keymap.New(nil)
	h := NewHelp(keys, keymap.List, "")
	h.Draw(th, layout.Rect{W: 80, H: 24})
	h.Scroll(-3)
	if h.Top != 0 {
		t.Errorf("scrolled above the start: Top = %d, want 0", h.Top)
	}
	h.Scroll(1 << 20)
	if h.Top != h.Lines-h.Rows || h.Page() != 21 {
		t.Errorf("at the end: Top = %d of %d lines, want %d; page of %d, want 21", h.Top, h.Lines, h.Lines-h.Rows, h.Page())
	}
	h.Draw(th, layout.Rect{W: 80, H: 400})
	if h.Top != 0 && h.Lines < 400 {
		t.Errorf("all %d lines fit, but Top = %d, want 0", h.Lines, h.Top)
	}
}
