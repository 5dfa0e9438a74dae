package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// undelivered counts the edits on their way, without accounts that are read-only, and
// those that need a person.
func (m *Model) undelivered() (waiting, person int) {
	if m.facts != nil {
		for _, a := range m.facts.Accounts() {
			if !a.ReadOnly {
				waiting += a.Waiting
			}
			person += a.NeedPerson
		}
	}
	return waiting, person
}

// readUndecided reads how many edits wait for a decision, while the person is leaving.
func (m *Model) readUndecided() tea.Cmd {
	if !m.quitting && m.waiting == nil || !m.deciding.begin() {
		return nil
	}
	return read(m, m.be.Undecided, m.undecidedCame)
}

func (m *Model) undecidedCame(counts map[string]int, err error) tea.Cmd {
	again := m.deciding.end(m.readUndecided)
	if err != nil {
		return m.fail("read what is not delivered", err)
	}
	m.undecided = 0
	for _, a := range m.facts.Accounts() {
		if !a.ReadOnly {
			m.undecided += counts[a.Name]
		}
	}
	if again != nil {
		return again
	}
	if m.waiting != nil && m.submitting == 0 && m.allUndecided() {
		m.closeOverlay(m.waiting)
		m.waiting = nil
		m.openLate(m.askQuit())
	}
	return nil
}

func (m *Model) allUndecided() bool {
	n, _ := m.undelivered()
	return n > 0 && m.undecided >= n
}

// quit leaves, or asks what to do about edits that are not delivered.
func (m *Model) quit() tea.Cmd {
	if m.submitting > 0 {
		m.leaving = true
		return m.say(theme.Dim, "leaving once the edits are on disk")
	}
	if n, _ := m.undelivered(); n == 0 || m.opts.ReadOnly {
		return tea.Quit
	}
	m.undecided = 0
	m.open(m.askQuit())
	return m.readUndecided()
}

func (m *Model) askQuit() layer {
	m.quitting = true
	d := &dialog.Menu{Title: "Quit?"}
	m.offerQuit(d)
	return layer{overlay: d, refresh: func() { m.offerQuit(d) }, act: func(asks any) tea.Cmd {
		m.quitting = false
		m.closeOverlay(d)
		i, ok := asks.(dialog.Choice)
		if !ok {
			return nil
		}
		switch d.Items[i].Key {
		case "w":
			return m.waitForDelivery()
		case "l":
			return tea.Quit
		}
		return nil
	}}
}

func (m *Model) waitForDelivery() tea.Cmd {
	d := &dialog.Progress{Title: "Delivering, then quitting"}
	d.Total, m.waitedFor = m.undelivered()
	m.waiting = d
	refresh := func() {
		n, _ := m.undelivered()
		d.Total = max(d.Total, n)
		d.Done = d.Total - n
		d.Note = ""
		if m.undecided > 0 {
			d.Note = waitForYou(m.undecided)
		}
	}
	m.open(layer{overlay: d, refresh: refresh, act: func(any) tea.Cmd {
		m.waiting = nil
		return nil
	}})
	return tea.Batch(m.quitIfDelivered(), m.readUndecided())
}

// offerQuit says what is not delivered now, and what can be done. It never answers by
// itself: a key on its way to the dialog would hit the list.
func (m *Model) offerQuit(d *dialog.Menu) {
	key := "s"
	if len(d.Items) > 0 {
		key = d.Items[d.At].Key
	}
	n, person := m.undelivered()
	is, they, it := editsAre(n)
	stay := dialog.Item{Key: "s", Label: "stay"}
	wait := dialog.Item{Key: "w", Label: "wait until " + they + " delivered, then quit"}
	leave := dialog.Item{Key: "l", Label: "leave " + it + " queued: the next confab sends " + it}
	safe := ", and safe on disk."
	if m.opts.Demo {
		leave.Label, safe = "leave: the demo ends, and what is not delivered with it", ". The demo leaves nothing behind."
	}
	d.Text, d.Items = []string{is + " not delivered yet" + safe}, []dialog.Item{wait, leave, stay}
	switch {
	case n == 0:
		d.Text, d.Items = []string{"Everything is delivered."}, []dialog.Item{{Key: "w", Label: "quit"}, stay}
		if person > 0 {
			d.Text[0] = "Nothing is on its way any more. " + needYou(person) + "."
		}
	case m.allUndecided():
		d.Text = []string{waitForYou(n) + "."}
		d.Items[0].Label, d.Items[0].Off = "wait", "nothing moves until you decide"
		if m.opts.Demo {
			d.Text[0] += " The demo leaves nothing behind."
		} else {
			d.Text[0] += " " + strings.ToUpper(they[:1]) + they[1:] + " safe on disk."
			d.Items[1].Label = "leave " + it + " queued until you decide"
		}
	case m.undecided > 0:
		d.Text = append(d.Text, "Of these, "+waitForYou(m.undecided)+".")
		d.Items[0].Label = "wait until the rest is delivered, then quit"
	}
	at := slices.IndexFunc(d.Items, func(i dialog.Item) bool { return i.Key == key })
	if at < 0 {
		at = len(d.Items) - 1
	}
	d.At = at
}

func waitForYou(n int) string {
	if n == 1 {
		return "1 edit waits for your decision on another"
	}
	return theme.Count(n, "edit") + " wait for your decision on others"
}

func needYou(n int) string {
	if n == 1 {
		return "1 edit needs you"
	}
	return theme.Count(n, "edit") + " need you"
}

// editsAre returns "1 edit is" or "2 edits are", and the pronouns that follow.
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

// keyUnseen takes a key while the terminal is too small for any question: leaving is all
// that works.
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

// quitIfReady leaves where quitting waited for a submission.
func (m *Model) quitIfReady() tea.Cmd {
	if m.leaving && m.submitting == 0 {
		m.leaving = false
		return m.quit()
	}
	return nil
}

// quitIfDelivered leaves where quitting waited for deliveries. It stays where one of them
// needs the person.
func (m *Model) quitIfDelivered() tea.Cmd {
	if m.waiting == nil || m.submitting > 0 {
		return nil
	}
	n, person := m.undelivered()
	switch {
	case n > 0:
		return nil
	case person > m.waitedFor:
		more := person - m.waitedFor
		m.closeOverlay(m.waiting)
		m.waiting = nil
		return m.say(theme.Warning, needYou(more)+": "+m.keys.KeyOf(keymap.Global, keymap.OutboxScreen)+" lists what is not delivered")
	}
	return tea.Quit
}
