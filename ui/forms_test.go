package ui_test

import (
	"testing"

	"confab/model"
	"confab/ui"
)

func TestForm(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 40}, func(a *app) {
		a.Press("j", "e")
		a.Want("Edit: Talk 1", "title", "privacy", "(•) private", "contacts", "off: the service can't do this", "tier = gold")
		a.Press("ctrl+s")
		a.Want("nothing was changed")
		a.Type("!")
		a.Press("tab")
		a.Type("A description")
		a.Press("enter")
		a.Type("of two lines")
		a.Press("tab", "right")
		a.Want("(•) public")
		a.Press("ctrl+s")
		a.Want(`title: "Talk 1 about budgets" → "Talk 1 about budgets!"`, "Will be seen by  everybody", "no (enter)")
		a.Press("enter")
		a.wantEdits()
		a.Want("Edit: Talk 1")
		a.Press("esc")
		a.Want("kept as a draft")
		a.Press("e")
		a.Want("restored from your draft", "of two lines")
		a.Press("ctrl+s", "y")
		a.wantEdits("bird-a:c00001 title Talk 1 about budgets!", "bird-a:c00001 description A description\nof two lines", "bird-a:c00001 privacy public")
		if got := f.draft("form:bird-a:c00001"); got != "" {
			t.Errorf("draft %q", got)
		}
	})
}

func TestFormOfAttributes(t *testing.T) {
	f := newFake(conversations(20)...)
	f.rows[1].Conversation.Attributes = map[string]string{"tier": "gold", "region": "eu", "note": "two\nlines"}
	with(t, f, start{w: 110, h: 40}, func(a *app) {
		a.Press("j", ":")
		a.Type("edit_attributes")
		a.Press("enter")
		a.Want(`note = two\nlines`, "region = eu", "tier = gold")
		a.Press("down", "down", "end")
		a.Type("en")
		a.Press("enter")
		a.Type("owner = ann")
		a.Press("ctrl+s")
		a.Want(`attributes tier: "gold" → "golden"`, `attributes owner: none → "ann"`)
		a.Press("y")
		if got := len(a.edits()); got != 2 {
			t.Errorf("%d edits: %v", got, a.edits())
		}
	})
}

func TestFormOfSeveralChangesOnlyWhatIsFilledIn(t *testing.T) {
	with(t, newFake(conversations(20)...), start{w: 110, h: 40}, func(a *app) {
		a.Press("j", "space", "3", "j", "space", "e")
		a.Want("Edit: 2 conversations", "left as it is")
		a.Press("tab", "tab", "tab", "right", "right", "ctrl+s")
		a.Want("y send 2")
		a.Press("y")
		a.wantEdits("bird-a:c00001 status closed", "bird-a:c00005 status closed")
	})
}

func TestAccessMenu(t *testing.T) {
	with(t, newFake(conversations(20)...), start{w: 110, h: 40}, func(a *app) {
		a.Press("3", "j", ":")
		a.Type("edit_access")
		a.Press("enter")
		a.Want("just me", "group  (now)", "everyone")
		a.Press("1")
		a.wantEdits("kona-a:c00003 access just_me")
		a.Press("ctrl+p")
		a.Type("access")
		a.Press("enter", "3")
		a.Want("Access widens", "no (enter)")
		a.Press("esc")
		a.wantEdits("kona-a:c00003 access just_me")
	})
}

func TestCreate(t *testing.T) {
	f := newFake(conversations(20)...)
	f.people = []model.Participant{{Kind: "space", ID: "s1", Name: "Projects"}, {Kind: "user", ID: "u9", Name: "Zoë Zhang"}}
	with(t, f, start{w: 110, h: 44}, func(a *app) {
		a.Press("N")
		a.Want("which account", "attention-a", "kona-a")
		a.Press("down", "down", "enter")
		a.WantNot("which account")
		a.Want("New conversation in kona-a", "space")
		a.Type("Kick-off")
		a.Press("ctrl+s")
		a.Want("needs a space")
		a.Press("tab", "enter", "enter")
		a.Want("Projects")
		a.Press("ctrl+s")
		a.Want(`create "Kick-off"`, "space: Projects", "y send it (enter)")
		a.Press("enter")
		plans := a.submitted()
		if len(plans) != 1 {
			t.Fatalf("%d plans:\n%s", len(plans), a.Text())
		}
		n := plans[0].Edits()[0].Target.New
		if n.Title != "Kick-off" || n.Space != "s1" {
			t.Errorf("%+v", n)
		}
	})
}

func TestCreateOffersTheAccountAtHandFirst(t *testing.T) {
	f := newFake(conversations(20)...)
	f.people = []model.Participant{{Kind: "space", ID: "s1", Name: "Projects"}, {Kind: "channel", ID: "c1", Name: "Front desk"}}
	with(t, f, start{w: 110, h: 44}, func(a *app) {
		a.Press("3", "j", "N", "enter") // on a Kona row
		a.Want("New conversation in kona-a (Kona)", "the service decides")
		a.WantNot("left as it is")
		a.Type("Kick-off")
		a.Press("tab", "enter", "enter", "ctrl+s")
		a.Want("New conversation in kona-a (Kona)", "account: kona-a (Kona)", "space: Projects", "will be seen by: whoever Kona lets in")
		a.Press("n", "esc", "esc")
		a.Press("j", "N", "enter") // an Attention row: the first account that can
		a.Want("New conversation in bird-a (Bird)")
		a.Type("Hello")
		a.Press("tab", "enter", "enter", "tab", "tab", "right", "right", "ctrl+s")
		a.Want("account: bird-a (Bird)", "channel: Front desk", "privacy: public", "will be seen by: everybody at Acme")
		a.Press("esc", "esc")
	})
	with(t, newFake(conversations(20)...), start{options: ui.Options{InitialQuery: "account:kona-a title:nothing"}}, func(a *app) {
		a.Press("N", "enter") // an empty view of one account
		a.Want("New conversation in kona-a (Kona)")
	})
}

func TestCreateWhereNothingCan(t *testing.T) {
	with(t, newFake(conversations(1)...), start{}, func(a *app) {
		a.Press("N")
		a.Want("attention-a: the service can't do this")
	})
}

// The form with all fields says why none of them can be edited, and opens if one of several conversations has one that can.
func TestAFormWithoutAFieldToEditIsNotOpened(t *testing.T) {
	f := newFake(conversations(8)...)
	f.caps = func(c model.Conversation) model.Capabilities {
		out := newFake().Capabilities(c)
		for k := range out {
			if c.Provider != model.Attention {
				break
			}
			out[k] = model.Capability{State: model.CapabilityNo, Reason: "the account is read-only in the config"}
		}
		return out
	}
	with(t, f, start{}, func(a *app) {
		a.Rush("e", "d")
		a.Want("the account is read-only in the config", "1/8")
		a.WantNot("Edit: ")
		if got := f.done(); len(got) != 0 {
			t.Errorf("what was typed for the form marked %v as done", got)
		}
		a.Press("space", "space", "e")
		a.Want("Edit: 2 conversations")
	})
}

func TestReadOnlySaysWhy(t *testing.T) {
	f := newFake(conversations(8)...)
	with(t, f, start{options: ui.Options{ReadOnly: true}}, func(a *app) {
		for _, k := range []string{"p", "t", "s", "P", "c", "A", "D", "N", "e"} {
			a.Press("?", "esc", k) // the help hides the message of the key before
			a.Want("read-only: confab was started so")
		}
		a.Press(":")
		a.Type("retry_failed")
		if a.Press("enter"); !a.Contains("there is nothing to send again") {
			t.Errorf("to retry without a failed edit does not say that there is none:\n%s", a.Text())
		}
		if len(f.submitted()) != 0 || a.count("Plan") != 0 {
			t.Error("a read-only inbox made a plan")
		}
	})
}
