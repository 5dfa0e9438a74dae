package ui_test

import (
	"strings"
	"testing"
	"time"

	"confab/model"
)

func TestParticipants(t *testing.T) {
	f := newFake(conversations(20)...)
	f.people = []model.Participant{{Kind: "user", ID: "u9", Name: "Zoë Zhang", Email: "zoe@example.com"}, {Kind: "group", ID: "g1", Name: "Everyone in sales"}}
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("3", "j", "P")
		a.Want("Participants: Talk 3", "Ann Archer", "ann@example.com", "editor", "0 added, 0 removed, 2 kept")
		a.Press("j", "r")
		a.Want("collaboration complete", "1 changed")
		a.Press("a")
		a.Type("zo")
		a.Want("Zoë Zhang", "1 found", "users  groups")
		a.Press("tab")
		a.Want("nobody found")
		a.Press("ctrl+u")
		a.Want("Everyone in sales")
		a.Press("shift+tab", "enter")
		a.Want("1 added", "added")
		a.Press("k", "k", "x")
		a.Want("1 removed")
		a.Press("ctrl+s")
		a.Want("+ Zoë Zhang (viewer)", "- Ann Archer (editor)", "~ Bob Baker", "Removes Ann Archer", "no (enter)")
		a.Press("y")
		plans := a.submitted()
		if len(plans) != 1 {
			t.Fatalf("%d plans", len(plans))
		}
		e := plans[0].Edits()[0]
		if len(e.Target.Set()) != 2 || len(e.Base.Set()) != 2 {
			t.Errorf("%+v", e)
		}
		if n := len(f.lookups); n > 6 {
			t.Errorf("the directory was asked %d times", n)
		}
	})
}

func TestLateLookupsAreDropped(t *testing.T) {
	f := newFake(conversations(20)...)
	f.people = []model.Participant{{Kind: "user", ID: "u9", Name: "Zoë Zhang"}, {Kind: "user", ID: "u8", Name: "Ann Other"}}
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("3", "j", "P")
		f.mu.Lock()
		f.delay["Lookup"] = 10 * time.Second
		f.mu.Unlock()
		a.Press("a")
		f.mu.Lock()
		f.delay["Lookup"] = 0
		f.mu.Unlock()
		a.Type("zo")
		a.Want("Zoë Zhang", "1 found")
		a.Wait(20 * time.Second)
		a.Want("1 found")
		a.WantNot("Ann Other")
	})
}

func TestPeopleDraft(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("3", "j", "P", "x", "esc")
		a.Want("kept as a draft")
		a.Press("P")
		a.Want("1 removed")
		a.Press("u", "ctrl+s")
		a.Want("nothing was changed")
		a.wantEdits()
	})
}

func TestContacts(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("j", "j", "c")
		a.Want("Contacts: Talk 2", "Cora Customer", "Calendar resources", "Room Ulm")
		a.Press("x", "j", "x", "ctrl+s")
		a.Want("Clears every contact", "Removes the contact Cora Customer", "0 added, 2 removed, 0 changed, 0 kept")
		a.Press("y")
		a.Want("Really?")
		a.wantEdits()
		a.Press("enter")
		a.wantEdits()
		a.Press("ctrl+s", "y", "y")
		plans := a.submitted()
		if len(plans) != 1 || len(plans[0].Edits()[0].Target.Set()) != 0 {
			t.Errorf("%v", plans)
		}
	})
}

func TestPeopleOfSeveral(t *testing.T) {
	f := newFake(conversations(20)...)
	f.people = []model.Participant{{Kind: "user", ID: "u2", Name: "Bob Baker"}, {Kind: "user", ID: "u9", Name: "Zoë Zhang"}}
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("3", "j", "space", "3", "j", "space", "P")
		a.Want("Participants: 2 conversations")
		a.Press("a", "enter", "r", "a", "down", "enter", "x", "ctrl+s")
		a.Want("2 will change", "Bob Baker: viewer → collaboration complete")
		a.Press("n", "esc")
	})
}

// Roles and ids mean something in one account's directory only: those of the
// first account are never offered for another.
func TestPeopleOfSeveralAccountsAreNotMixed(t *testing.T) {
	with(t, newFake(conversations(20)...), start{w: 110, h: 40}, func(a *app) {
		a.Press("j", "space", "j", "space") // one of Bird, one of Kona
		a.Want("2 marked")
		a.Press("P")
		a.Want("bird-a and kona-a", "one account at a time")
		a.Press("esc", ":")
		a.Type("edit_access")
		a.Press("enter")
		a.Want("no value in common")
		a.Press("e")
		a.Want("Edit: 2 conversations")
		if l := a.Line("participants"); !strings.Contains(l, "off: these conversations are in bird-a and kona-a") {
			t.Errorf("%q", l)
		}
		if l := a.Line("access"); !strings.Contains(l, "off: these accounts") {
			t.Errorf("%q", l)
		}
		a.Press("esc")
		a.wantEdits()
	})
}

func TestPeopleAreNotRepeatedInAnotherAccount(t *testing.T) {
	f := newFake(conversations(20)...)
	f.people = []model.Participant{{Kind: "user", ID: "u9", Name: "Zoë Zhang"}}
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("3", "j", "space", "3", "j", "space", "P", "a", "enter", "ctrl+s", "y", "esc")
		n := len(a.submitted())
		if n != 1 {
			t.Fatalf("%d plans:\n%s", n, a.Text())
		}
		a.Press("g", "g", "j", ".")
		a.Want("the last edit names people of kona-a")
		// Also where the rows were not all of that account.
		a.Press("g", "g", "1", "4", "j", "space", "space", "P", "a", "enter", "ctrl+s", "y", "esc")
		if n = len(a.submitted()); n != 2 {
			t.Fatalf("%d plans:\n%s", n, a.Text())
		}
		a.Press("g", "g", "j", ".")
		a.Want("the last edit names people of kona-a")
		a.Press("1", "0", "j", ".")
		a.Want("Again")
	})
}
