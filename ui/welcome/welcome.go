package welcome

import (
	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Screen is the welcome screen.
type Screen struct {
	Version, ConfigPath string
	// HasConfig says that there is a config without an account.
	HasConfig bool
}

// Choice is what the person chose.
type Choice string

const (
	Demo    Choice = "demo"
	Account Choice = "account"
	Quit    Choice = "quit"
)

// Update returns the Choice made with a key, else nil.
func (s *Screen) Update(msg tea.Msg) any {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	switch k.String() {
	case "d", "enter":
		return Demo
	case "a":
		return Account
	case "q", "esc":
		return Quit
	}
	return nil
}

var choices = [][2]string{
	{"d", "look around with a made-up company: nothing is sent, nothing is kept"},
	{"a", "add an account: about a minute, and it is tried before it is saved"},
	{"q", "quit"},
}

func (s *Screen) Draw(th *theme.Theme, r layout.Rect) layout.Picture {
	lines := th.Write(r.W-2, func(p *theme.Page) {
		p.Line("")
		p.Add(theme.Heading, "  ", "confab: one inbox for Attention, Bird, AskElephant and Kona")
		p.Line("")
		if s.HasConfig {
			p.Add(theme.Text, "  ", "No account yet: a adds one.")
			p.Line("")
		}
	})
	var keys []string
	for _, k := range choices {
		keys = append(keys, th.Hang("  "+th.Say(theme.Key, k[0])+"  ", k[1], r.W-1)...)
	}
	if len(keys) > r.H-1 {
		keys = nil
		for _, k := range choices {
			keys = append(keys, "  "+th.Say(theme.Key, k[0])+"  "+th.Truncate(k[1], max(0, r.W-6), th.Ellipsis))
		}
	}
	// Without room for everything, the keys stay.
	lines = append(lines[:min(len(lines), max(0, r.H-len(keys)))], keys...)
	lines = append(lines, "")
	for _, about := range [][2]string{{"config: ", model.CleanLine(s.ConfigPath, 300)}, {"version: ", model.CleanLine(s.Version, 40)}} {
		more := th.Write(r.W-2, func(p *theme.Page) { p.Add(theme.Dim, "  ", about[0]+about[1]) })
		if about[1] != "" && len(lines)+len(more) <= r.H { // a path that is cut misleads
			lines = append(lines, more...)
		}
	}
	return layout.Picture{At: r, Lines: th.Block(lines[:min(len(lines), r.H)], r.W, r.H)}
}
