package theme

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// palettes holds the sixteen colours of common terminals in order, and the backgrounds that each is used with.
var palettes = []struct{ name, colors, dark, light string }{
	{"xterm", "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff", "000000", "ffffff"},
	{"Solarized", "073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5 002b36 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3",
		"002b36", "fdf6e3"},
	{"Gruvbox dark", "282828 cc241d 98971a d79921 458588 b16286 689d6a a89984 928374 fb4934 b8bb26 fabd2f 83a598 d3869b 8ec07c ebdbb2",
		"282828", ""},
	{"Gruvbox light", "fbf1c7 cc241d 98971a d79921 458588 b16286 689d6a 7c6f64 928374 9d0006 79740e b57614 076678 8f3f71 427b58 3c3836",
		"", "fbf1c7"},
	{"Tango", "2e3436 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf 555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec",
		"2e3436", "ffffff"},
	{"Linux console", "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
		"000000", "ffffff"},
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex, 16, 24)
	if err != nil {
		t.Fatal(err)
	}
	linear := func(c uint64) float64 {
		v := float64(c&0xff) / 255
		if v <= 0.03928 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(n>>16) + 0.7152*linear(n>>8) + 0.0722*linear(n)
}

// contrast returns the contrast ratio of WCAG 2, from 1 for equal colours to 21.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// foreground returns the colour of a look, "" if it has none. In reverse it becomes the background, with the same ratio.
func foreground(look, palette string) string {
	for _, word := range strings.Fields(look) {
		c, err := color(word)
		if err != nil {
			continue
		}
		if hex, ok := strings.CutPrefix(c, "#"); ok {
			return hex
		}
		n, _ := strconv.Atoi(c)
		return strings.Fields(palette)[n]
	}
	return ""
}

func TestEveryLookStandsOutInEveryPalette(t *testing.T) {
	for _, p := range palettes {
		for theme, background := range map[string]string{"dark": p.dark, "light": p.light} {
			for name, look := range builtIn()[theme] {
				c := foreground(look, p.colors)
				if c == "" || background == "" {
					continue
				}
				if got := contrast(t, c, background); got < 3 {
					t.Errorf("%s on %s: %s (%s) has a contrast of %.1f", theme, p.name, name, look, got)
				}
			}
		}
	}
}

// The named themes have the contrast that WCAG requires of text at level AA, high-contrast that of level AAA. Rules and
// disabled text may be fainter.
func TestTheColoursOfNamedThemesAreReadable(t *testing.T) {
	for theme, backgrounds := range map[string][]string{
		"solarized dark": {"002b36"}, "solarized light": {"fdf6e3", "ffffff"},
		"nord dark": {"2e3440", "000000"}, "nord light": {"eceff4", "ffffff"},
		"high-contrast dark": {"000000", "1c1c1c"}, "high-contrast light": {"ffffff", "eeeeee"},
	} {
		looks := builtIn()[theme]
		for _, background := range backgrounds {
			for name, look := range looks {
				c, want := foreground(look, ""), 4.5
				switch {
				case strings.HasPrefix(theme, "high-contrast"):
					want = 7
				case name == "border" || name == "disabled":
					want = 3
				}
				if c == "" {
					continue
				}
				if got := contrast(t, c, background); got < want {
					t.Errorf("%s on #%s: %s (%s) has a contrast of %.2f, want %.1f", theme, background, name, look, got, want)
				}
			}
		}
	}
}

// A terminal would replace a colour that it doesn't have, possibly by that of the background.
func TestNoLookUsesColoursThatTheTerminalLacks(t *testing.T) {
	own := map[string]map[string]string{"mine": {"dim": "#586e75", "accent": "212 bold", "error": "red"}}
	for _, name := range append(Builtin(), "mine") {
		for _, light := range []bool{false, true} {
			sixteen := New(Config{Name: name, Themes: own, Light: light, Sixteen: true})
			none := New(Config{Name: name, Themes: own, Light: light, NoColor: true})
			for k, style := range sixteen.styles {
				if strings.Contains(style.open, "38;") || strings.Contains(style.open, "48;") {
					t.Errorf("%s in sixteen colours: %q, want one of the sixteen", name, style.open)
				}
				if mono := New(Config{Name: "mono"}).styles[k]; none.styles[k] != mono {
					t.Errorf("%s without colours: %q, want %q", name, none.styles[k].open, mono.open)
				}
			}
		}
	}
	th := New(Config{Name: "mine", Themes: own, Sixteen: true})
	if th.Say(Error, "x") != "\x1b[31mx\x1b[m" || th.Say(Dim, "x") != "\x1b[2mx\x1b[m" || th.Say(Accent, "x") != "\x1b[36mx\x1b[m" {
		t.Errorf("mine in sixteen colours: error %q, dim %q, accent %q; want red, faint, cyan", th.Say(Error, "x"), th.Say(Dim, "x"), th.Say(Accent, "x"))
	}
}

func TestTheConfigCanChangeABuiltInTheme(t *testing.T) {
	c := Config{Name: "nord", Themes: map[string]map[string]string{"nord": {"accent": "bold"}}}
	th, nord := New(c), New(Config{Name: "nord"})
	if th.Say(Accent, "x") != "\x1b[1mx\x1b[m" || th.Say(Error, "x") != nord.Say(Error, "x") || th.Say(Error, "x") == New(Config{}).Say(Error, "x") {
		t.Errorf("accent %q, error %q; want bold, and the error of nord", th.Say(Accent, "x"), th.Say(Error, "x"))
	}
}
