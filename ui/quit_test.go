package ui_test

import (
	"testing"
	"time"

	"confab/model"
	"confab/ui"
)

func TestQuit(t *testing.T) {
	with(t, newFake(conversations(5)...), start{}, func(a *app) {
		a.Press("q")
		if !a.Exited() {
			t.Error("q did not quit")
		}
	})
	f := newFake(conversations(5)...)
	with(t, f, start{}, func(a *app) {
		a.Press("p", "q")
		a.Want("1 edit is not delivered yet", "wait until it is", "leave it queued")
		a.Press("enter") // stay
		if a.Exited() {
			t.Fatal("enter quit")
		}
		a.Press("q", "w")
		a.Want("Delivering, then quitting")
		f.deliver()
		a.Settle()
		if !a.Exited() {
			t.Error("it did not quit once all was delivered")
		}
	})
	with(t, newFake(conversations(5)...), start{}, func(a *app) {
		a.Press("p", "q", "l")
		if !a.Exited() {
			t.Error("l did not quit")
		}
	})
	with(t, newFake(conversations(5)...), start{}, func(a *app) {
		a.Press("p", "ctrl+c", "ctrl+c")
		if !a.Exited() {
			t.Error("ctrl+c twice did not quit")
		}
	})
}

func TestTheQuestionOnLeavingCountsDown(t *testing.T) {
	f := newFake(conversations(5)...)
	with(t, f, start{}, func(a *app) {
		a.Press("space", "j", "space", "j", "space", "A", "y", "esc", "q")
		a.Want("2 edits are not delivered yet, and safe on disk", "wait until they are delivered", "leave them queued")
		f.deliverSome(1)
		a.Settle()
		a.Want("1 edit is not delivered yet", "wait until it is delivered", "leave it queued")
		f.deliver()
		a.Settle()
		a.Want("Everything is delivered.")
		if a.Exited() {
			t.Fatal("it quit without having been told to")
		}
		a.Press("l") // struck for the question as it was
		if a.Exited() {
			t.Fatal("a key that is not offered any more quit")
		}
		a.Press("enter") // the bar is still on staying
		if a.Exited() {
			t.Fatal("enter quit")
		}
		a.Press("q")
		if !a.Exited() {
			t.Error("q did not quit")
		}
	})
}

func TestQuittingSpeaksOfADemoAsADemo(t *testing.T) {
	with(t, newFake(conversations(5)...), start{options: ui.Options{Demo: true}}, func(a *app) {
		a.Press("p", "q")
		a.Want("1 edit is not delivered yet. The demo leaves nothing behind.", "leave: the demo ends, and what is not delivered with it")
		a.WantNot("safe on disk", "next confab")
	})
}

func TestWaitingStaysWhereAnEditNeedsThePerson(t *testing.T) {
	f := newFake(conversations(5)...)
	with(t, f, start{}, func(a *app) {
		a.Press("p", "q", "w")
		a.Want("Delivering, then quitting")
		f.settle(model.Refused, nil)
		a.Settle()
		if a.Exited() {
			t.Fatal("it quit over an edit that was refused")
		}
		a.Want("1 edit needs you: O lists what is not delivered")
		a.WantNot("Delivering, then quitting")
	})
	with(t, newFake(conversations(5)...), start{}, func(a *app) {
		a.Press("p", "q", "w", "ctrl+c")
		if !a.Exited() {
			t.Error("ctrl+c does not end the wait")
		}
	})
}

func TestQuitWorksWhereNothingCanBeShown(t *testing.T) {
	small := start{w: 18, h: 3}
	for _, key := range []string{"q", "ctrl+c"} {
		with(t, newFake(conversations(5)...), small, func(a *app) {
			a.Want("q quits")
			a.Press("j", key)
			if !a.Exited() {
				t.Errorf("%s does not quit", key)
			}
		})
	}
	rebound := start{w: 18, h: 3, options: ui.Options{Keys: map[string]map[string][]string{"global": {"quit": {"g x"}}}}}
	with(t, newFake(conversations(5)...), rebound, func(a *app) {
		a.Press("q")
		if a.Exited() {
			t.Fatal("a key that means nothing quits")
		}
		a.Press("g", "x")
		if !a.Exited() {
			t.Error("the key of the config does not quit")
		}
	})
	with(t, newFake(conversations(5)...), start{}, func(a *app) {
		a.Press("p")
		a.Resize(18, 5)
		a.Settle()
		a.Press("q")
		if a.Exited() {
			t.Fatal("it quit without a word about the edit")
		}
		a.Want("1 edit is not", "q again")
		a.Press("q")
		if !a.Exited() {
			t.Error("q again does not quit")
		}
	})
}

func TestQuitWaitsForTheDisk(t *testing.T) {
	f := newFake(conversations(5)...)
	f.delay["Submit"] = 5 * time.Second
	with(t, f, start{}, func(a *app) {
		a.Rush("p")
		a.Press("q")
		if a.Exited() {
			t.Fatal("it quit while an edit was not on disk")
		}
		a.Wait(10 * time.Second)
		a.Want("not delivered yet")
	})
}
