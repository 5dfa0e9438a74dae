package ui_test

import (
	"testing"
	"time"
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
