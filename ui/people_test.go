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
		a.Want("People: Talk 3", "Ann Archer", "ann@example.com", "editor", "2 people")
		a.Press("j", "r")
		a.Want("viewer → editor", "1 changed, 1 kept")
		a.Press("r")
		a.Want("viewer → collaboration complete")
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
		a.Want("+ Zoë Zhang <zoe@example.com> (viewer)", "- Ann Archer (editor)", "~ Bob Baker", "Removes Ann Archer", "no (enter)")
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
		a.Want("Clears every contact", "Removes the contact Cora Customer", "contacts: 2 removed")
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
		a.Want("People of 2 conversations", "2 people in 2 conversations", "Ann Archer", "2 of 2")
		a.Press("a")
		a.Want("Bob Baker", "(in 2 of 2 already)")
		a.Press("down", "enter", "k", "r")
		a.Want("new in 2", "viewer → editor", "1 added, 1 changed, 1 kept; 2 of 2 conversations change")
		a.Press("esc")
		a.Want("kept as a draft")
		a.Press("P") // of the same two, so what was chosen is there again
		a.Want("new in 2", "viewer → editor", "1 added, 1 changed, 1 kept; 2 of 2 conversations change", "restored from your draft")
		a.Press("esc", "k", "space", "3", "j", "space", "P") // of others
		a.WantNot("new in", "restored")
		for key := range f.drafts {
			if !strings.HasPrefix(key, "participants:kona-a:") {
				t.Errorf("the draft %q is not that of the account, with which it is forgotten", key)
			}
		}
		a.Press("esc", "k", "space", "5", "k", "space", "P", "ctrl+s")
		a.Want("y send 2", "Bob Baker: viewer → editor", "+Zoë Zhang (viewer)")
		a.Press("y")
		if got := a.edits(); len(got) != 2 {
			t.Errorf("%v", got)
		}
	})
}

// Contacts of several are edited as the union too, and a form of several opens the same
// table.
func TestContactsOfSeveral(t *testing.T) {
	f := newFake(conversations(20)...)
	f.rows[6].Conversation.Contacts = model.SetOf(model.Participant{Kind: "contact", ID: "c9", Name: "Gus Guest"})
	with(t, f, start{w: 110, h: 44}, func(a *app) {
		a.Press("j", "j", "space", "3", "j", "space", "c")
		a.Want("Contacts of 2 conversations", "Gus Guest", "Cora Customer", "1 of 2", "not in Talk 6 about budgets (f adds them there)", "f add to the rest")
		a.Press("f")
		a.Want("1 of 2 +1", "1 of 2 conversations change", "f not to the rest")
		a.Press("u", "x", "ctrl+s")
		a.Want("─ Contacts: Talk 2 about budgets ─", "Removes the contact Cora Customer")
		a.Press("n", "esc", "e")
		a.Want("Edit: 2 conversations", "not loaded yet")
		a.Press("tab", "enter")
		a.Want("Cora Customer", "in 2 conversations")
		a.Press("x", "ctrl+s")
		a.Want("1 removed", "1 of 2 conversations change", "(enter opens the table)")
		a.Press("ctrl+s", "y")
		p := a.submitted()
		if len(p) != 1 || len(p[0].Edits()) != 1 || p[0].Edits()[0].Kind != model.EditContacts {
			t.Errorf("%+v\n%s", p, a.Text())
		}
	})
}

// What somebody else changed since the table was read is no part of what the person
// was looking at.
func TestPeopleOfSeveralAreChangedFromWhatWasSeen(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("3", "j", "space", "3", "j", "space", "P", "x")
		f.mu.Lock()
		for i := range f.rows {
			f.rows[i].Conversation.Participants = model.SetOf(model.Participant{Kind: "user", ID: "u9", Name: "Zoë Zhang"})
		}
		f.mu.Unlock()
		a.Press("ctrl+s", "y")
		for _, e := range a.submitted()[0].Edits() {
			if len(e.Base.Set()) != 2 || len(e.Target.Set()) != 1 {
				t.Errorf("from %v to %v", e.Base.Set(), e.Target.Set())
			}
		}
	})
}

// What can't be edited is said once, with its reason.
func TestPeopleOfSeveralServices(t *testing.T) {
	with(t, newFake(conversations(20)...), start{w: 110, h: 40}, func(a *app) {
		a.Press("space", "space", "space", "space") // one of each service
		a.Want("4 marked")
		a.Press("P")
		a.Want("People of 4 conversations", "2 can't: the service can't do this", "bird-a", "kona-a", "1 of 1")
		a.Press("r", "G", "r", "ctrl+s")
		a.Want("y send 2", "can't: the service can't do this", "Ann Archer: editor → editor, active", "Bob Baker: viewer → editor")
		a.Press("n", "esc", "P", "ctrl+s") // again, from the draft
		a.Want("y send 2", "Ann Archer: editor → editor, active", "Bob Baker: viewer → editor")
		a.Press("n", "esc", ":")
		a.Type("edit_access")
		a.Press("enter")
		a.Want("no value in common")
		a.Press("e")
		a.Want("Edit: 4 conversations")
		if l := a.Line("access"); !strings.Contains(l, "off: these accounts") {
			t.Errorf("%q", l)
		}
		a.Type("One title")
		a.Press("esc", "e")
		a.Want("One title", "restored from your draft")
		a.Press("esc")
		a.wantEdits()
	})
}

// A conversation whose people can't be read is named, read again, or left out by choice.
func TestPeopleThatCannotBeRead(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("3", "j", "space", "3", "j", "space")
		f.mu.Lock()
		f.fail["Load"] = &model.Error{Kind: model.Unavailable, Message: "no route"}
		f.mu.Unlock()
		a.Press("P")
		a.Want("2 of 2 conversations could not be read", "Talk 3 about budgets: ", "no route", "r read again")
		a.Press("enter")
		a.Want("could not be read") // there are no others to go on with
		f.mu.Lock()
		f.fail["Load"] = nil
		f.mu.Unlock()
		a.Press("r")
		a.Want("2 people in 2 conversations")
		f.mu.Lock()
		f.rows[7].Conversation.Participants = model.Set[model.Participant]{}
		f.mu.Unlock()
		a.Press("esc", "P")
		a.Want("1 of 2 conversations could not be read", "Talk 7 about budgets: the service did not give the full list")
		a.Press("enter")
		a.Want("2 people in 1 conversation", "1 left out: Talk 7 about budgets")
		a.Press("x", "ctrl+s", "y")
		if p := a.submitted(); len(p) != 1 || len(p[0].Edits()) != 1 || p[0].Edits()[0].Ref != ref(3) {
			t.Errorf("%+v", p)
		}
	})
}

// Reading can be stopped: then nothing is open and nothing was changed.
func TestReadingThePeopleOfManyIsStopped(t *testing.T) {
	f := newFake(conversations(100)...)
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		f.mu.Lock()
		f.delay["Load"] = 10 * time.Second
		f.mu.Unlock()
		a.Press("*", "P")
		a.Wait(15 * time.Second)
		a.Want("Reading the people", "of 100")
		a.Press("esc")
		a.WantNot("Reading the people", "People of")
		a.Want("stopped: nothing was sent")
		n := f.count("Load")
		a.Wait(time.Hour)
		if got := f.count("Load"); got > n+4 || got > 20 {
			t.Errorf("%d were read, %d of them after it was stopped", got, got-n)
		}
	})
}

// Of very many conversations the people can't be read: that is said at once.
func TestPeopleOfTooMany(t *testing.T) {
	f := newFake(conversations(600)...)
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("*", "P")
		a.Want("600 are too many at once: at most 500")
		if n := f.count("Load"); n > 1 {
			t.Errorf("%d were read", n)
		}
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

// Closing the table of people stops the reading of the people.
func TestClosingThePeopleStopsTheirReading(t *testing.T) {
	f := newFake(conversations(100)...)
	f.delay["Load"] = time.Second
	with(t, f, start{}, func(a *app) {
		a.Press("*", ":")
		a.Type("edit_participants")
		a.Strike("enter")
		a.Wait(100 * time.Millisecond)
		before := a.count("Load")
		a.Strike("esc")
		a.Wait(time.Minute)
		if n := a.count("Load"); before == 0 || n > before {
			t.Errorf("%d conversations were read before esc and %d after it, want some and none", before, n-before)
		}
	})
}
