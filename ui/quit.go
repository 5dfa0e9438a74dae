package ui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// undelivered counts the edits on their way, and those that need a person.
func (m *Model) undelivered() (waiting, person int) {
	if m.facts != nil {
		for _, a := range m.facts.Accounts() {
			waiting += a.Waiting
			person += a.NeedPerson
		}
	}
	return waiting, person
}

// quit leaves, or asks what to do about edits that are not delivered.
func (m *Model) quit() tea.Cmd {
	if m.submitting > 0 {
		m.leaving = true
		m.say(theme.Dim, "leaving once the edits are on disk")
		return nil
	}
	if n, _ := m.undelivered(); n == 0 || m.opts.ReadOnly {
		return tea.Quit
	}
	m.quitting = true
	d := &dialog.Menu{Title: "Quit?"}
	m.offerQuit(d)
	m.open(&menuOverlay{d: d, refresh: func(m *Model) { m.offerQuit(d) }, cancel: func(m *Model) { m.quitting = false },
		choose: func(m *Model, i int) tea.Cmd {
			m.quitting = false
			switch d.Items[i].Key {
			case "w":
				n, person := m.undelivered()
				m.waiting = &waitOverlay{total: n, person: person}
				m.open(m.waiting)
				return m.quitIfDelivered()
			case "l":
				return tea.Quit
			}
			return nil
		}})
	return nil
}

// offerQuit says what is not delivered now, and what can be done about it. It
// never answers by itself: a key on its way to the dialog would hit the list.
func (m *Model) offerQuit(d *dialog.Menu) {
	key := "s"
	if len(d.Items) > 0 {
		key = d.Items[d.At()].Key
	}
	n, _ := m.undelivered()
	is, they, it := editsAre(n)
	stay := dialog.Item{Key: "s", Label: "stay"}
	wait := dialog.Item{Key: "w", Label: "wait until " + they + " delivered, then quit"}
	switch {
	case n == 0:
		d.Text = []string{"Everything is delivered."}
		d.Items = []dialog.Item{{Key: "w", Label: "quit"}, stay}
	case m.opts.Demo:
		d.Text = []string{is + " not delivered yet. The demo leaves nothing behind."}
		d.Items = []dialog.Item{wait, {Key: "l", Label: "leave: the demo ends, and what is not delivered with it"}, stay}
	default:
		d.Text = []string{is + " not delivered yet, and safe on disk."}
		d.Items = []dialog.Item{wait, {Key: "l", Label: "leave " + it + " queued: the next confab sends " + it}, stay}
	}
	at := slices.IndexFunc(d.Items, func(i dialog.Item) bool { return i.Key == key })
	if at < 0 {
		at = len(d.Items) - 1
	}
	d.SetAt(at)
}

// editsAre gives "1 edit is" or "2 edits are", and the pronouns that follow.
func editsAre(n int) (is, they, it string) {
	if n == 1 {
		return "1 edit is", "it is", "it"
	}
	return theme.Count(n, "edit") + " are", "they are", "them"
}

// interrupt quits; asked for again, it leaves what is not delivered.
func (m *Model) interrupt() tea.Cmd {
	if m.quitting || m.waiting != nil {
		return tea.Quit
	}
	return m.quit()
}

// keyUnseen takes a key while the terminal is too small to show anything: no
// question can be answered then, but whoever wants to leave can.
func (m *Model) keyUnseen(name string) tea.Cmd {
	m.typed = append(m.typed, name)
	b, r := m.keys.Lookup(m.stack(), m.typed)
	if r == keymap.Prefix {
		return nil
	}
	m.typed, m.count = nil, 0
	if r == keymap.Match && b.Action == keymap.Quit {
		return m.interrupt()
	}
	return nil
}

// tooSmallText is the screen of a terminal that is too small for any other.
func (m *Model) tooSmallText() string {
	key := m.keys.KeyOf(keymap.Global, keymap.Quit)
	if key == "" {
		key = m.keys.KeyOf(keymap.Global, keymap.Interrupt)
	}
	if m.quitting {
		n, _ := m.undelivered()
		is, _, it := editsAre(n)
		return fmt.Sprintf("%s not delivered. %s again leaves %s.", is, key, it)
	}
	return fmt.Sprintf("Too small: %dx%d. confab needs %dx%d. %s quits.", m.w, m.h, tooSmallW, tooSmallH, key)
}

// quitIfReady leaves where quitting only waited for a submission.
func (m *Model) quitIfReady() tea.Cmd {
	if m.leaving && m.submitting == 0 {
		m.leaving = false
		return m.quit()
	}
	return nil
}

// quitIfDelivered leaves where quitting only waited for the deliveries. It
// stays where one of them turned out to need the person.
func (m *Model) quitIfDelivered() tea.Cmd {
	if m.waiting == nil || m.submitting > 0 {
		return nil
	}
	n, person := m.undelivered()
	switch {
	case n > 0:
		return nil
	case person > m.waiting.person:
		more := person - m.waiting.person
		m.closeOverlay(m.waiting)
		m.waiting = nil
		need := "1 edit needs"
		if more > 1 {
			need = theme.Count(more, "edit") + " need"
		}
		m.say(theme.Warning, need+" you: "+m.keys.KeyOf(keymap.Global, keymap.OutboxScreen)+" lists what is not delivered")
		return nil
	}
	return tea.Quit
}

// waitOverlay shows how many edits are still to be delivered before quitting.
type waitOverlay struct {
	total int
	// person is how many needed a person when the wait began.
	person int
}

func (o *waitOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	n, _ := m.undelivered()
	o.total = max(o.total, n)
	d := dialog.Progress{Title: "Delivering, then quitting", Done: o.total - n, Total: o.total}
	return d.Draw(m.th, screen)
}

func (o *waitOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "esc" {
		m.waiting = nil
		m.closeOverlay(o)
	}
	return nil
}
