package welcome

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"confab/ui/layout"
	"confab/ui/theme"
)

func TestItSaysWhatToDoAtEverySize(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	info := Info{Version: "1.0", ConfigPath: "/home/ann/.config/confab/\x1b[31mconfig.toml"}
	for _, size := range [][2]int{{20, 12}, {40, 12}, {80, 24}, {140, 45}} {
		lines := (&Screen{info}).Draw(th, layout.Rect{W: size[0], H: size[1]}).Lines
		if len(lines) != size[1] {
			t.Fatalf("%v: %d lines", size, len(lines))
		}
		text := strings.Join(lines, "\n")
		for _, l := range lines {
			if th.Width(l) != size[0] {
				t.Errorf("%v: %q", size, l)
			}
		}
		if strings.Contains(text, "\x1b[31m") {
			t.Errorf("the path is drawn raw: %q", text)
		}
		for _, want := range []string{"d  try the demo", "i  how to set", "q  quit"} {
			if !strings.Contains(ansi.Strip(text), want) {
				t.Errorf("%v: %q is not there:\n%s", size, want, ansi.Strip(text))
			}
		}
	}
}

func TestSetUpTellsWhatEachServiceNeeds(t *testing.T) {
	text := strings.Join(SetUp(Info{Services: []Service{{Name: "fifth", Title: "Fifth", Required: []string{"team_id"}, SignIn: true}, {Name: "sixth", Title: "Sixth"}}}), "\n")
	for _, want := range []string{`provider = "fifth"`, "# fifth sixth\n", "FIFTH_API_KEY", "Fifth needs [account.settings] with team_id. Fifth: run confab login ACCOUNT.\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not there:\n%s", want, text)
		}
	}
}

func TestSetUpNamesThePath(t *testing.T) {
	if text := strings.Join(SetUp(Info{ConfigPath: "/x/config.toml"}), "\n"); !strings.Contains(text, "/x/config.toml") || !strings.Contains(text, "confab init") {
		t.Error(text)
	}
	if text := strings.Join(SetUp(Info{}), "\n"); !strings.Contains(text, "$XDG_CONFIG_HOME/confab/config.toml") {
		t.Error(text)
	}
}
