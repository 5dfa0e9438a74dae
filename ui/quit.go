package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// undelivered counts the waiting edits of accounts that may be written to, and all edits that need a person.
func (m *Model) undelivered() (waiting, person int) {
	for _, a := range m.accounts() {
		if !a.ReadOnly {
			waiting += a.Waiting
		}
		person += a.NeedPerson
	}
	return waiting, person
}

func (m *Model) readUndecided() {
	if !m.quitting && m.waiting == nil || !m.undecidedReader.begin() {
		return
	}
	read(m.loop, m.be.Undecided, func(counts map[string]int, err error) {
		again := m.ended(&m.undecidedReader, m.readUndecided)
		if err != nil {
			m.fail("read what is not delivered", err)
			return
		}
		m.undecided = 0
		for _, a := range m.accounts() {
			if !a.ReadOnly {
				m.undecided += counts[a.Name]
			}
		}
		if !again && m.waiting != nil && m.submitting == 0 && m.allUndecided() {
			m.stopWaiting()
			m.openWhenFree(m.askQuit())
		}
	})
}

func (m *Model) allUndecided() bool {
	n, _ := m.undelivered()
	return n > 0 && m.undecided >= n
}

// quit leaves, or asks what to do about edits that are not delivered.
func (m *Model) quit() {
	n, _ := m.undelivered()
	switch {
	case m.submitting > 0:
		m.leaving = true
		m.say(theme.Dim, "leaving once the edits are on disk")
	case n == 0 || m.opts.ReadOnly:
		m.do(tea.Quit)
	default:
		m.undecided = 0
		m.open(m.askQuit())
		m.readUndecided()
	}
}

func (m *Model) askQuit() layer {
	m.quitting = true
	d := &dialog.Menu{Title: "Quit?"}
	m.offerQuit(d)
	return layer{overlay: d, refresh: func() { m.offerQuit(d) }, handle: func(asks any) {
		m.quitting = false
		m.closeOverlay(d)
		i, ok := asks.(dialog.Choice)
		switch {
		case !ok:
		case d.Items[i].Key == "w":
			m.waitForDelivery()
		case d.Items[i].Key == "l":
			m.do(tea.Quit)
		}
	}}
}

func (m *Model) waitForDelivery() {
	d := &dialog.Progress{Title: "Delivering, then quitting"}
	d.Total, m.waitedFor = m.undelivered()
	m.waiting = d
	m.open(layer{overlay: d, refresh: func() {
		n, _ := m.undelivered()
		d.Total = max(d.Total, n)
		d.Done = d.Total - n
		d.Note = theme.Pick(m.undecided > 0, waitForYou(m.undecided), "")
	}, handle: func(any) { m.waiting = nil }})
	m.quitIfDelivered()
	m.readUndecided()
}

func (m *Model) stopWaiting() {
	m.closeOverlay(m.waiting)
	m.waiting = nil
}

// offerQuit updates the choices of the quit dialog. The dialog stays open even when everything is delivered,
// or a key meant for it would reach the list.
func (m *Model) offerQuit(d *dialog.Menu) {
	key := "s"
	if len(d.Items) > 0 {
		key = d.Items[d.At].Key
	}
	n, person := m.undelivered()
	are, they, them := editsAre(n)
	stay := dialog.Item{Key: "s", Label: "stay"}
	wait := dialog.Item{Key: "w", Label: "wait until " + they + " delivered, then quit"}
	leave := dialog.Item{Key: "l", Label: "leave " + them + " queued: the next confab sends " + them}
	safe, undecided := ", and safe on disk.", " "+strings.ToUpper(they[:1])+they[1:]+" safe on disk."
	if m.opts.Demo {
		leave.Label, safe = "leave: the demo ends, and what is not delivered with it", ". The demo leaves nothing behind."
		undecided = safe[1:]
	}
	d.Text = []string{are + " not delivered yet" + safe}
	switch {
	case n == 0:
		d.Text[0] = theme.Pick(person == 0, "Everything is delivered.", "Nothing is on its way any more. "+needYou(person)+".")
	case m.allUndecided():
		d.Text[0] = waitForYou(n) + "." + undecided
		wait.Label, wait.Off = "wait", "nothing moves until you decide"
		if !m.opts.Demo {
			leave.Label = "leave " + them + " queued until you decide"
		}
	case m.undecided > 0:
		d.Text = append(d.Text, "Of these, "+waitForYou(m.undecided)+".")
		wait.Label = "wait until the rest is delivered, then quit"
	}
	d.Items = []dialog.Item{wait, leave, stay}
	if n == 0 {
		d.Items = []dialog.Item{{Key: "w", Label: "quit"}, stay}
	}
	at := slices.IndexFunc(d.Items, func(i dialog.Item) bool { return i.Key == key })
	d.At = theme.Pick(at < 0, len(d.Items)-1, at)
}

func waitForYou(n int) string {
	if n == 1 {
		return "1 edit waits for your decision on another"
	}
	return theme.Count(n, "edit") + " wait for your decision on others"
}

func needYou(n int) string {
	return theme.Count(n, "edit") + theme.Pick(n == 1, " needs you", " need you")
}

// editsAre returns "1 edit is" or "2 edits are", and the pronouns for them.
func editsAre(n int) (are, they, them string) {
	if n == 1 {
		return "1 edit is", "it is", "it"
	}
	return theme.Count(n, "edit") + " are", "they are", "them"
}

// interrupt quits. While quitting asks or waits, it leaves at once.
func (m *Model) interrupt() {
	if m.quitting || m.waiting != nil {
		m.do(tea.Quit)
	} else {
		m.quit()
	}
}

// keyTooSmall handles a key in a terminal that is too small to show anything: only quit works.
func (m *Model) keyTooSmall(name string) {
	m.typed = append(m.typed, name)
	b, r := m.keys.Lookup(m.stack(), m.typed)
	if r == keymap.Prefix {
		return
	}
	m.typed, m.count = nil, 0
	if r == keymap.Match && b.Action == keymap.Quit {
		m.interrupt()
	}
}

func (m *Model) tooSmallText() string {
	key := cmp.Or(m.keys.KeyOf(keymap.Global, keymap.Quit), m.keys.KeyOf(keymap.Global, keymap.Interrupt))
	if m.quitting {
		n, _ := m.undelivered()
		are, _, them := editsAre(n)
		return fmt.Sprintf("%s not delivered. %s again leaves %s.", are, key, them)
	}
	return fmt.Sprintf("Too small: %dx%d. confab needs %dx%d. %s quits.", m.w, m.h, tooSmallW, tooSmallH, key)
}

// quitIfReady quits if that has been waiting for a submission.
func (m *Model) quitIfReady() {
	if m.leaving && m.submitting == 0 {
		m.leaving = false
		m.quit()
	}
}

// quitIfDelivered quits if that has been waiting for deliveries and they are done. If one needs the person it stays.
func (m *Model) quitIfDelivered() {
	n, person := m.undelivered()
	switch more := person - m.waitedFor; {
	case m.waiting == nil || m.submitting > 0 || n > 0:
	case more > 0:
		m.stopWaiting()
		m.say(theme.Warning, needYou(more)+": "+m.keys.KeyOf(keymap.Global, keymap.OutboxScreen)+" lists what is not delivered")
	default:
		m.do(tea.Quit)
	}
}
