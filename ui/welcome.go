package ui

import (
	tea "charm.land/bubbletea/v2"

	"confab/ui/welcome"
)

func (m *Model) welcomeInfo() welcome.Info {
	return welcome.Info{Version: m.opts.Version, ConfigPath: m.opts.ConfigPath, Services: m.opts.Services}
}

func (m *Model) welcomeKey(name string) tea.Cmd {
	switch name {
	case "d", "enter":
		m.wantDemo = true
		return tea.Quit
	case "i":
		m.showText("Set up", welcome.SetUp(m.welcomeInfo())...)
	case "q", "esc":
		return tea.Quit
	}
	return nil
}
