package ui_test

import (
	"slices"
	"testing"

	"confab/model"
)

func TestUndo(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		a.Press("u")
		a.Want("nothing to undo")
		a.Press("p", "u")
		a.Want("undone: Talk 0 about budgets", "○ public  Talk 0")
		if len(f.applied) != 1 {
			t.Error("nothing was undone")
		}
	})
}

func TestRiskyUndoAsks(t *testing.T) {
	f := newFake(conversations(20)...)
	f.undo = func(string) (model.Undo, error) {
		r, _ := f.row(ref(1))
		d, _ := f.Describe("bird-a")
		it := model.PlanOne(r.Conversation, d, f.Capabilities(r.Conversation), []model.Change{{Kind: model.EditPrivacy, Target: model.TextValue("public")}})
		return model.Undo{Plan: model.Plan{Items: []model.PlanItem{it}}, Titles: []string{"Talk 1 about budgets"}, Blocked: []string{"Talk 3: deleting cannot be undone"}}, nil
	}
	with(t, f, start{}, func(a *app) {
		a.Press("u")
		a.Want("Undo this?", "Talk 1 about budgets", "Can't be undone: Talk 3", "Everybody at Acme")
		a.Press("enter")
		if len(f.applied) != 0 {
			t.Fatal("enter confirmed")
		}
		a.Press("u", "y")
		if len(f.applied) != 1 {
			t.Error("y did not")
		}
	})
}

func TestOutboxScreen(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 30}, func(a *app) {
		a.Press("p", "j", "s", "O")
		a.Want("Outbox 2", "History 0", "queued", "privacy: public → private", "status: open → closed")
		f.settle(model.Refused, nil)
		a.Settle()
		a.Want("refused", `the service does not allow it: "you may not"`)
		a.Press("r")
		a.Want("queued again")
		a.Press("j", "x")
		a.Want("Discard this edit?")
		a.Press("enter")
		if len(f.outbox) != 2 {
			t.Fatal("enter discarded")
		}
		a.Press("x", "y")
		if len(f.outbox) != 1 {
			t.Fatal("y did not discard")
		}
		f.settle(model.Queued, nil)
		f.deliver()
		a.Settle()
		a.Want("Outbox 0", "History 1", "Nothing is on its way")
		a.Press("tab")
		a.Want("done")
		a.Press("enter")
		a.Want("before:", "after:")
		a.Press("esc", "u")
		if a.count("PlanUndo") != 1 {
			t.Error("u did not undo")
		}
		a.Press("esc")
		a.Want("Inbox 20")
	})
}

func TestConflict(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("t")
		a.Type("!")
		a.Press("enter")
		theirs := model.TextValue("Their title")
		f.settle(model.InConflict, &theirs)
		a.Settle()
		a.Want("conflict", "1 needs you")
		a.Press("O", "enter")
		a.Want("Somebody else changed this", "base:", "mine:", "theirs:", `"Their title"`, "send mine", "keep theirs")
		a.WantNot("merged")
		a.Press("g", "enter", "y")
		if len(f.resolved) != 0 {
			t.Fatal("settled by a key that means nothing here")
		}
		a.Press("t")
		if !slices.Equal(f.resolved, []model.Resolution{model.ResolveTheirs}) {
			t.Errorf("%v", f.resolved)
		}
	})
}

func TestConflictOfSetsCanBeMerged(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 40}, func(a *app) {
		a.Press("3", "j", "P", "x", "ctrl+s", "y")
		theirs := model.PeopleValue([]model.Participant{{Kind: "user", ID: "u1", Name: "Ann Archer", Role: "editor"}, {Kind: "user", ID: "u7", Name: "New One"}})
		f.settle(model.InConflict, &theirs)
		a.Settle()
		a.Press(":")
		a.Type("resolve")
		a.Press("enter")
		a.Want("merged: theirs, with your changes on top", "New One")
		a.Press("g")
		if !slices.Equal(f.resolved, []model.Resolution{model.ResolveMerged}) {
			t.Errorf("%v", f.resolved)
		}
	})
}

// Whatever is taken back from the history is named.
func TestUndoFromTheHistoryNamesWhat(t *testing.T) {
	f := newFake(conversations(20)...)
	asked := ""
	f.undo = func(id string) (model.Undo, error) {
		asked = id
		r := ref(0)
		return model.Undo{Titles: []string{"privacy of Talk 0"}, Plan: model.Plan{Items: []model.PlanItem{{Ref: r, Title: "Talk 0 about budgets", State: model.PlanChange,
			Edits: []model.Edit{{Ref: r, Kind: model.EditPrivacy, Base: model.TextValue("private"), Target: model.TextValue("public")}},
			Risks: []model.Risk{{Text: "everybody at Acme will see it"}}}}}}, nil
	}
	with(t, f, start{}, func(a *app) {
		a.Press("O", "tab", "u")
		a.Want("there is nothing to undo")
		a.Press("esc", "p")
		f.deliver()
		a.Settle()
		a.Press("O", "tab", "u")
		a.Want("privacy of Talk 0", "Everybody at Acme will see it", "Undo this?", "no (enter)")
		if asked != "e0001" {
			t.Errorf("%q was to be undone", asked)
		}
		a.Press("y")
		a.Want("undone: privacy of Talk 0")
	})
}
