package dialog

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// whole scrolls through the screen and gives every line that was seen.
func whole(h *Help, th *theme.Theme, w, height int) string {
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

func TestNothingIsCutInNarrowTerminals(t *testing.T) {
	keys, _ := keymap.New(nil)
	for _, size := range [][2]int{{20, 6}, {40, 12}, {80, 24}, {140, 45}} {
		h := NewHelp(keys, "1.0")
		lines := h.Draw(th, layout.Rect{W: size[0], H: size[1]}).Lines
		if foot := ansi.Strip(lines[len(lines)-1]); !strings.Contains(foot, "esc close") {
			t.Errorf("%v: the footer is cut: %q", size, foot)
		}
		for _, l := range lines {
			if th.Width(l) != size[0] {
				t.Errorf("%v: %d cells: %q", size, th.Width(l), l)
			}
		}
		words := strings.Join(strings.Fields(whole(h, th, size[0], size[1])), " ")
		for _, want := range []string{"first conversation", "toggle privacy (several: make all private)", "an edit needs you", "by action name."} {
			if !strings.Contains(words, want) {
				t.Errorf("%v: %q is not there", size, want)
			}
		}
	}
}

func TestScrollingStopsAtTheEnds(t *testing.T) {
	keys, _ := keymap.New(nil)
	h := NewHelp(keys, "")
	h.Draw(th, layout.Rect{W: 80, H: 24})
	h.Scroll(-3)
	if h.Top != 0 {
		t.Error(h.Top)
	}
	h.Scroll(1 << 20)
	if h.Top != h.Lines-h.Rows || h.Page() != 21 {
		t.Errorf("%d of %d, page %d", h.Top, h.Lines, h.Page())
	}
	h.Draw(th, layout.Rect{W: 80, H: 400})
	if h.Top != 0 && h.Lines < 400 {
		t.Errorf("%d lines fit, and yet it starts at %d", h.Lines, h.Top)
	}
	if NewHelp(keys, "").Draw(th, layout.Rect{}).Lines != nil {
		t.Error("something is drawn in no room")
	}
}
