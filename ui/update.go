package ui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"confab/ui/theme"
)

// Update takes a message. It does no I/O.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.update(msg)
	return m, tea.Batch(cmd, m.follows(), m.nextUndo(), m.noteSession())
}

func (m *Model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		return m.resize(msg.Width, msg.Height)
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.paste(msg)
	case tea.MouseClickMsg:
		return m.click(msg.Mouse())
	case tea.MouseWheelMsg:
		return m.wheel(msg.Mouse())
	case tea.BackgroundColorMsg:
		m.themeConf.Light = !msg.IsDark()
		m.th = theme.New(m.themeConf)
	case tea.ColorProfileMsg:
		m.themeConf.Sixteen = msg.Profile == colorprofile.ANSI
		m.themeConf.NoColor = msg.Profile == colorprofile.ASCII || msg.Profile == colorprofile.NoTTY
		m.th = theme.New(m.themeConf)
	case tea.ModeReportMsg:
		return m.modeReport(msg)
	case tea.EnvMsg:
		return m.environment(msg)
	case tea.ResumeMsg:
		return m.resumed()
	case after:
		return msg()
	}
	return nil
}

// follows reads the window again where it no longer holds what is in sight, and opens what
// waits.
func (m *Model) follows() tea.Cmd {
	if m.be == nil {
		return nil
	}
	m.openWaiting()
	if _, _, missing := m.list.Window(); missing && !m.pages.busy && m.h > 0 && m.list.Loaded() {
		return m.reload(false)
	}
	return nil
}

func (m *Model) resize(w, h int) tea.Cmd {
	wider := m.w > 0 && w > m.w
	m.w, m.h = max(0, w), max(0, h)
	m.arrange()
	var cmds []tea.Cmd
	if m.previewShown() && m.detail.Ref() != m.list.Ref() {
		cmds = append(cmds, m.cursorMoved())
	}
	if wider {
		// The renderer knows nothing of the new columns after its first frame, and
		// cuts a wide character in two that stands across the old edge.
		cmds = append(cmds, soon(restTime, func() tea.Cmd {
			if w != m.w || h != m.h {
				return nil // it has not rested
			}
			return tea.ClearScreen
		}))
	}
	return tea.Batch(cmds...)
}

// modeReport learns that the terminal measures clusters, and draws everything anew: it
// stands where runes were counted.
func (m *Model) modeReport(msg tea.ModeReportMsg) tea.Cmd {
	if msg.Mode != ansi.ModeUnicodeCore || m.th.Graphemes {
		return nil
	}
	if msg.Value != ansi.ModeSet && msg.Value != ansi.ModeReset && msg.Value != ansi.ModePermanentlySet {
		return nil
	}
	m.themeConf.Graphemes = true
	m.th = theme.New(m.themeConf)
	return tea.ClearScreen
}

// environment learns from the environment of the terminal, which over SSH is another.
func (m *Model) environment(env tea.EnvMsg) tea.Cmd {
	if env.Getenv("SSH_TTY") != "" || env.Getenv("SSH_CONNECTION") != "" {
		m.opts.SSH = true
		m.arrange()
	}
	if !m.opts.SSH {
		return nil
	}
	// The library asks for these only outside SSH; without synchronized output a
	// slow link shows half a frame, and whether the terminal measures clusters
	// decides what they are drawn as.
	return tea.Raw(ansi.RequestModeSynchronizedOutput + ansi.RequestModeUnicodeCore)
}

func (m *Model) resumed() tea.Cmd {
	var cmds []tea.Cmd
	if m.th.Graphemes {
		// The library has told the terminal to measure runes again as it stopped, and
		// goes on counting clusters.
		cmds = append(cmds, tea.Sequence(tea.Raw(ansi.SetModeUnicodeCore), tea.ClearScreen))
	}
	if resumed := m.opts.AfterResume; resumed != nil {
		ctx := m.ctx
		cmds = append(cmds, func() tea.Msg { resumed(ctx); return nil })
	}
	return tea.Batch(append(cmds, m.reload(false), m.recount())...)
}
