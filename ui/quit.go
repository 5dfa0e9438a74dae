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

// quitting asks what to do about edits that are not delivered, and waits for them, before the program ends.
type quitting struct {
	*overlays
	leaving   bool             // quit once nothing is being submitted
	asking    bool             // the quit dialog is open
	waiting   *dialog.Progress // shows the deliveries that quitting waits for
	waitedFor int              // how many edits needed a person when that wait began
	undecided int              // waiting edits that depend on a decision; read only while leaving
	reader    reader           // of undecided
}

// undelivered counts the waiting edits of accounts that may be written to, and all edits that need a person.
func (q *quitting) undelivered() (waiting, person int) {
	for _, a := range q.accounts() {
		if !a.ReadOnly {
			waiting += a.Waiting
		}
		person += a.NeedPerson
	}
	return waiting, person
}

func (q *quitting) readUndecided() {
	if !q.asking && q.waiting == nil || !q.reader.begin() {
		return
	}
	read(q.loop, q.be.Undecided, func(counts map[string]int, err error) {
		again := q.ended(&q.reader, q.readUndecided)
		if err != nil {
			q.fail("read what is not delivered", err)
			return
		}
		q.undecided = 0
		for _, a := range q.accounts() {
			if !a.ReadOnly {
				q.undecided += counts[a.Name]
			}
		}
		if !again && q.waiting != nil && q.submitting == 0 && q.allUndecided() {
			q.stopWaiting()
			q.openWhenFree(q.askQuit())
		}
	})
}

func (q *quitting) allUndecided() bool {
	n, _ := q.undelivered()
	return n > 0 && q.undecided >= n
}

// leave quits, or asks what to do about edits that are not delivered.
func (q *quitting) leave() {
	n, _ := q.undelivered()
	switch {
	case q.submitting > 0:
		q.leaving = true
		q.say(theme.Dim, "leaving once the edits are on disk")
	case n == 0 || q.opts.ReadOnly:
		q.do(tea.Quit)
	default:
		q.undecided = 0
		q.open(q.askQuit())
		q.readUndecided()
	}
}

func (q *quitting) askQuit() layer {
	q.asking = true
	d := &dialog.Menu{Title: "Quit?"}
	q.offerQuit(d)
	return layer{overlay: d, refresh: func() { q.offerQuit(d) }, handle: func(asks any) {
		q.asking = false
		q.closeOverlay(d)
		i, ok := asks.(dialog.Choice)
		switch {
		case !ok:
		case d.Items[i].Key == "w":
			q.waitForDelivery()
		case d.Items[i].Key == "l":
			q.do(tea.Quit)
		}
	}}
}

func (q *quitting) waitForDelivery() {
	d := &dialog.Progress{Title: "Delivering, then quitting"}
	d.Total, q.waitedFor = q.undelivered()
	q.waiting = d
	q.open(layer{overlay: d, refresh: func() {
		n, _ := q.undelivered()
		d.Total = max(d.Total, n)
		d.Done = d.Total - n
		d.Note = theme.Pick(q.undecided > 0, waitForYou(q.undecided), "")
	}, handle: func(any) { q.waiting = nil }})
	q.ifDelivered()
	q.readUndecided()
}

func (q *quitting) stopWaiting() {
	q.closeOverlay(q.waiting)
	q.waiting = nil
}

// offerQuit updates the choices of the quit dialog. The dialog stays open even when everything is delivered,
// or a key meant for it would reach the list.
func (q *quitting) offerQuit(d *dialog.Menu) {
	key := "s"
	if len(d.Items) > 0 {
		key = d.Items[d.At].Key
	}
	n, person := q.undelivered()
	are, they, them := editsAre(n)
	stay := dialog.Item{Key: "s", Label: "stay"}
	wait := dialog.Item{Key: "w", Label: "wait until " + they + " delivered, then quit"}
	leave := dialog.Item{Key: "l", Label: "leave " + them + " queued: the next confab sends " + them}
	safe, undecided := ", and safe on disk.", " "+strings.ToUpper(they[:1])+they[1:]+" safe on disk."
	if q.opts.Demo {
		leave.Label, safe = "leave: the demo ends, and what is not delivered with it", ". The demo leaves nothing behind."
		undecided = safe[1:]
	}
	d.Text = []string{are + " not delivered yet" + safe}
	switch {
	case n == 0:
		d.Text[0] = theme.Pick(person == 0, "Everything is delivered.", "Nothing is on its way any more. "+needYou(person)+".")
	case q.allUndecided():
		d.Text[0] = waitForYou(n) + "." + undecided
		wait.Label, wait.Off = "wait", "nothing moves until you decide"
		if !q.opts.Demo {
			leave.Label = "leave " + them + " queued until you decide"
		}
	case q.undecided > 0:
		d.Text = append(d.Text, "Of these, "+waitForYou(q.undecided)+".")
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
func (q *quitting) interrupt() {
	if q.asking || q.waiting != nil {
		q.do(tea.Quit)
	} else {
		q.leave()
	}
}

// keyTooSmall handles a key in a terminal that is too small to show anything: only quit works.
func (q *quitting) keyTooSmall(name string) {
	if _, b, r := q.typedKey(name); r == keymap.Match && b.Action == keymap.Quit {
		q.interrupt()
	}
}

func (q *quitting) tooSmallText() string {
	key := cmp.Or(q.keys.KeyOf(keymap.Global, keymap.Quit), q.keys.KeyOf(keymap.Global, keymap.Interrupt))
	if q.asking {
		n, _ := q.undelivered()
		are, _, them := editsAre(n)
		return fmt.Sprintf("%s not delivered. %s again leaves %s.", are, key, them)
	}
	return fmt.Sprintf("Too small: %dx%d. confab needs %dx%d. %s quits.", q.w, q.h, tooSmallW, tooSmallH, key)
}

// ifReady quits if that has been waiting for a submission.
func (q *quitting) ifReady() {
	if q.leaving && q.submitting == 0 {
		q.leaving = false
		q.leave()
	}
}

// ifDelivered quits if that has been waiting for deliveries and they are done. If one needs the person it stays.
func (q *quitting) ifDelivered() {
	n, person := q.undelivered()
	switch more := person - q.waitedFor; {
	case q.waiting == nil || q.submitting > 0 || n > 0:
	case more > 0:
		q.stopWaiting()
		q.say(theme.Warning, needYou(more)+": "+q.keyFor(keymap.Global, keymap.OutboxScreen)+" lists what is not delivered")
	default:
		q.do(tea.Quit)
	}
}
