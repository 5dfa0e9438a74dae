package ui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"confab/ui/theme"
)

// Update takes a message. It does no I/O.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.update(msg)
	if m.be != nil {
		m.openWaiting()
		if _, _, missing := m.list.Window(); missing && !m.pages.busy && m.h > 0 && m.list.Loaded() {
			m.reload(false)
		}
	}
	m.nextUndo()
	m.noteSession()
	return m, m.begun()
}

func (m *Model) update(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
	case tea.KeyPressMsg:
		m.key(msg)
	case tea.PasteMsg:
		m.paste(msg)
	case tea.MouseClickMsg:
		m.click(msg.Mouse())
	case tea.MouseWheelMsg:
		m.wheel(msg.Mouse())
	case tea.BackgroundColorMsg:
		m.themeConf.Light = !msg.IsDark()
		m.th = theme.New(m.themeConf)
	case tea.ColorProfileMsg:
		m.themeConf.Sixteen = msg.Profile == colorprofile.ANSI
		m.themeConf.NoColor = msg.Profile == colorprofile.ASCII || msg.Profile == colorprofile.NoTTY
		m.th = theme.New(m.themeConf)
	case tea.ModeReportMsg:
		known := msg.Value == ansi.ModeSet || msg.Value == ansi.ModeReset || msg.Value == ansi.ModePermanentlySet
		if msg.Mode == ansi.ModeUnicodeCore && known && !m.th.Graphemes {
			// It measures clusters: what was placed by runes is drawn anew.
			m.themeConf.Graphemes = true
			m.th = theme.New(m.themeConf)
			m.do(tea.ClearScreen)
		}
	case tea.EnvMsg: // over SSH it is that of the terminal
		if msg.Getenv("SSH_TTY") != "" || msg.Getenv("SSH_CONNECTION") != "" {
			m.opts.SSH = true
			m.arrange()
		}
		if m.opts.SSH {
			// The library asks only outside SSH. Without synchronized output a slow link shows half a
			// frame, and clusters are drawn as the terminal measures them.
			m.do(tea.Raw(ansi.RequestModeSynchronizedOutput + ansi.RequestModeUnicodeCore))
		}
	case tea.ResumeMsg:
		m.resumed()
	case after:
		msg()
	}
}

func (m *Model) resize(w, h int) {
	wider := m.w > 0 && w > m.w
	m.w, m.h = max(0, w), max(0, h)
	m.arrange()
	if m.previewShown() && m.detail.Ref() != m.list.Ref() {
		m.cursorMoved()
	}
	if wider {
		// The renderer does not know the new columns: it would cut a wide character at the old edge.
		m.soon(restTime, func() {
			if w == m.w && h == m.h {
				m.do(tea.ClearScreen)
			}
		})
	}
}

func (m *Model) resumed() {
	if m.th.Graphemes {
		// The library goes on counting clusters but told the terminal to count runes.
		m.do(tea.Sequence(tea.Raw(ansi.SetModeUnicodeCore), tea.ClearScreen))
	}
	if resumed := m.opts.AfterResume; resumed != nil {
		ctx := m.ctx
		m.do(func() tea.Msg { resumed(ctx); return nil })
	}
	m.reload(false)
	m.recount()
}
