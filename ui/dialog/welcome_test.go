package dialog

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"confab/ui/layout"
	"confab/ui/theme"
)

func TestWelcomeNamesItsKeysAtEverySize(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	screen := &Welcome{Version: "1.0", HasConfig: true, ConfigPath: "/home/ann/.config/confab/\x1b[31mconfig.toml"}
	for _, size := range [][2]int{{20, 12}, {40, 10}, {40, 11}, {40, 12}, {40, 13}, {40, 14}, {80, 24}, {140, 45}} {
		lines := screen.Draw(th, layout.Rect{W: size[0], H: size[1]}).Lines
		if len(lines) != size[1] {
			t.Fatalf("%v: got %d lines, want %d", size, len(lines), size[1])
		}
		text := strings.Join(lines, "\n")
		for _, l := range lines {
			if th.Width(l) != size[0] {
				t.Errorf("%v: a line has %d cells, want %d: %q", size, th.Width(l), size[0], l)
			}
		}
		if strings.Contains(text, "\x1b[31m") {
			t.Errorf("%v: the path is drawn raw: %q", size, text)
		}
		if plain := ansi.Strip(text); strings.Contains(plain, "config: ") != strings.Contains(plain, "config.toml") {
			t.Errorf("%v: the path is cut:\n%s", size, plain)
		}
		for _, want := range []string{"d  look around", "a  add an acc", "q  quit"} {
			if !strings.Contains(ansi.Strip(text), want) {
				t.Errorf("%v: %q is missing:\n%s", size, want, ansi.Strip(text))
			}
		}
	}
}
