package ui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"confab/ui/dialog"
	"confab/ui/layout"
	"confab/ui/theme"
)

// undelivered counts the edits on their way.
func (m *Model) undelivered() int {
	n := 0
	if m.facts != nil {
		for _, a := range m.facts.Accounts() {
			n += a.Waiting
		}
	}
	return n
}

// quit leaves, or asks what to do about edits that are not delivered.
func (m *Model) quit() tea.Cmd {
	if m.submitting > 0 {
		m.leaving = true
		m.say(theme.Dim, "leaving once the edits are on disk")
		return nil
	}
	n := m.undelivered()
	if n == 0 || m.opts.ReadOnly {
		return m.leave()
	}
	m.quitting = true
	d := &dialog.Menu{Title: "Quit?", Text: []string{fmt.Sprintf("%d edits are not delivered yet. They are safe on disk.", n)},
		Items: []dialog.Item{
			{Key: "w", Label: "wait until they are delivered, then quit"},
			{Key: "l", Label: "leave them queued: the next confab sends them"},
			{Key: "s", Label: "stay"},
		}}
	d.SetAt(2)
	m.open(&menuOverlay{d: d, cancel: func(m *Model) { m.quitting = false }, choose: func(m *Model, i int) tea.Cmd {
		m.quitting = false
		switch i {
		case 0:
			m.waiting = &waitOverlay{total: m.undelivered()}
			m.open(m.waiting)
			return m.quitIfDelivered()
		case 1:
			return m.leave()
		}
		return nil
	}})
	return nil
}

// leave saves what was typed and ends the program.
func (m *Model) leave() tea.Cmd { return tea.Sequence(m.saveDrafts(), tea.Quit) }

// quitIfReady leaves where quitting only waited for a submission.
func (m *Model) quitIfReady() tea.Cmd {
	if m.leaving && m.submitting == 0 {
		m.leaving = false
		return m.quit()
	}
	return nil
}

// quitIfDelivered leaves where quitting only waited for the deliveries.
func (m *Model) quitIfDelivered() tea.Cmd {
	if m.waiting != nil && m.submitting == 0 && m.undelivered() == 0 {
		return m.leave()
	}
	return nil
}

// waitOverlay shows how many edits are still to be delivered before quitting.
type waitOverlay struct{ total int }

func (o *waitOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	o.total = max(o.total, m.undelivered())
	d := dialog.Progress{Title: "Delivering, then quitting", Done: o.total - m.undelivered(), Total: o.total}
	return d.Draw(m.th, screen)
}

func (o *waitOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "esc" {
		m.waiting = nil
		m.closeOverlay(o)
	}
	return nil
}
