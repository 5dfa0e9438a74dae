package welcome

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Info is what the screen tells.
type Info struct {
	Version, ConfigPath string
	Services            []Service
}

// Service is a service that an account may be of.
type Service struct {
	Name, Title string   // in the config, and for people
	Required    []string // settings
	SignIn      bool     // in the browser
}

// Screen is what somebody sees who has no config yet.
type Screen struct{ Info }

// Demo asks for the demo, Help how to set confab up.
type (
	Demo struct{}
	Help struct{}
)

// Update returns Demo, Help or keymap.Quit.
func (s *Screen) Update(msg tea.Msg) any {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	switch k.String() {
	case "d", "enter":
		return Demo{}
	case "i":
		return Help{}
	case "q", "esc":
		return keymap.Quit
	}
	return nil
}

// SetUp is the text of the set-up.
func SetUp(in Info) []string {
	path := cmp.Or(in.ConfigPath, "$XDG_CONFIG_HOME/confab/config.toml")
	var names, own []string
	for _, s := range in.Services {
		names = append(names, s.Name)
		if len(s.Required) > 0 {
			own = append(own, s.Title+" needs [account.settings] with "+strings.Join(s.Required, ", ")+".")
		}
		if s.SignIn {
			own = append(own, s.Title+": run confab login ACCOUNT.")
		}
	}
	example := append(names, "NAME")[0]
	return []string{
		"1. Leave with q, and run: confab init",
		"   It writes a starter config to " + model.CleanLine(path, 300) + " and never overwrites one.",
		"",
		"2. Put your accounts into it. One looks like this:",
		"",
		"   [[account]]",
		"   name = \"sales\"",
		fmt.Sprintf("   provider = %-16q # %s", example, strings.Join(names, " ")),
		"   credential = { env = \"" + strings.ToUpper(example) + "_API_KEY\" }",
		"",
		"   A credential comes from env, command, file or keyring; never from the config itself.",
		strings.TrimRight("   "+strings.Join(own, " "), " "),
		"",
		"3. Run: confab config check, then: confab doctor",
		"   doctor tests every account live and changes nothing.",
		"",
		"4. Run: confab",
	}
}

// Draw draws the screen.
func (s *Screen) Draw(th *theme.Theme, r layout.Rect) layout.Picture {
	in := s.Info
	var lines []string
	say := func(look theme.Token, s string) {
		lines = append(lines, th.Wrapped(s, r.W-2, look, "  ")...)
	}
	lines = append(lines, "")
	title := "confab"
	if in.Version != "" {
		title += " " + model.CleanLine(in.Version, 40)
	}
	say(theme.Heading, title)
	say(theme.Dim, "One inbox for the conversations of Attention, Bird, AskElephant and Kona.")
	lines = append(lines, "")
	if in.ConfigPath != "" {
		say(theme.Text, "There is no config at "+model.CleanLine(in.ConfigPath, 300)+" yet.")
		lines = append(lines, "")
	}
	var keys []string
	choices := [][2]string{{"d", "try the demo: made-up conversations, no network, nothing left behind"}, {"i", "how to set it up"}, {"q", "quit"}}
	for _, k := range choices {
		keys = append(keys, th.Hang("  "+th.Say(theme.Key, k[0])+"  ", k[1], r.W-1)...)
	}
	if len(keys) > r.H-1 {
		keys = nil
		for _, k := range choices {
			keys = append(keys, "  "+th.Say(theme.Key, k[0])+"  "+th.Truncate(k[1], max(0, r.W-6), th.Ellipsis))
		}
	}
	// What can be pressed is never what is left out.
	lines = append(lines[:min(len(lines), max(0, r.H-len(keys)))], keys...)
	return layout.Picture{At: r, Lines: th.Block(lines, r.W, r.H)}
}
