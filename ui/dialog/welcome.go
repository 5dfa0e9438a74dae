package dialog

import (
	"cmp"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Welcome is the first screen, for a person without an account. It does no I/O.
type Welcome struct {
	Version, ConfigPath string
	HasConfig           bool // there is a config, but no account in it
}

// Chosen is what Update of a Welcome returns: the choice made with a key.
type Chosen string

var choices = []struct {
	key    string
	chosen Chosen
	text   string
}{
	{"d", "demo", "look around with a made-up company: nothing is sent, nothing is kept"},
	{"a", "account", "add an account: about a minute, and it is tried before it is saved"},
	{"q", "quit", "quit"},
}

func (s *Welcome) Update(msg tea.Msg) any {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		key := cmp.Or(map[string]string{"enter": "d", "esc": "q"}[k.String()], k.String())
		for _, c := range choices {
			if c.key == key {
				return c.chosen
			}
		}
	}
	return nil
}

func (s *Welcome) Draw(th *theme.Theme, r layout.Rect) layout.Picture {
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
	for _, c := range choices {
		keys = append(keys, th.Hang("  "+th.Say(theme.Key, c.key)+"  ", c.text, r.W-1)...)
	}
	if len(keys) > r.H-1 {
		keys = nil
		for _, c := range choices {
			keys = append(keys, "  "+th.Say(theme.Key, c.key)+"  "+th.Truncate(c.text, max(0, r.W-6), th.Ellipsis))
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
