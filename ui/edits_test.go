package ui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/ui"
)

// edits gives what was submitted, in words.
func (a *app) edits() []string {
	var out []string
	for _, p := range a.submitted() {
		for _, e := range p.Edits() {
			out = append(out, fmt.Sprintf("%s %s %s", e.Ref, e.Kind, e.Target.String()))
		}
	}
	return out
}

func (a *app) wantEdits(want ...string) {
	a.t.Helper()
	if got := a.edits(); !slices.Equal(got, want) {
		a.t.Fatalf("submitted %q, want %q\n%s", got, want, a.Text())
	}
}

func TestMakingPrivateIsOneKey(t *testing.T) {
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("p")
		a.Want("queued (u undoes): privacy: public → private", "● private Talk 0")
		a.wantEdits("attention-a:c00000 privacy private")
		if b := a.submitted()[0].Edits()[0].Base; b.String() != "public" {
			t.Errorf("base %v", b)
		}
	})
}

func TestMakingPublicShowsTheAudienceAndAsks(t *testing.T) {
	for _, no := range []string{"n", "enter", "esc"} {
		with(t, newFake(conversations(20)...), start{}, func(a *app) {
			a.Press("j", "p")
			a.Want("Everybody at Acme will see it.", "yes", "no (enter)", "privacy: private → public")
			a.Press(no)
			a.Want("nothing was sent")
			a.WantNot("Everybody at Acme")
			a.wantEdits()
		})
	}
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("j", "p", "y")
		a.wantEdits("bird-a:c00001 privacy public")
	})
}

func TestTypingAheadDoesNotConfirm(t *testing.T) {
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("j")
		a.Rush("p", "y")
		a.wantEdits()
		a.Want("Everybody at Acme will see it.")
		for _, key := range []string{"up", "down", "j", "x", "space", "tab", "left"} {
			a.Press(key)
		}
		a.wantEdits()
		a.Want("Everybody at Acme will see it.")
	})
}

func TestTheBaseIsWhatThePersonLookedAt(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		f.mu.Lock() // somebody else was faster, and the screen does not know yet
		f.rows[0].Conversation.Title = "Their title"
		f.mu.Unlock()
		a.Press("t")
		a.Type("!")
		a.Press("enter")
		plans := a.submitted()
		if len(plans) != 1 || plans[0].Edits()[0].Base.String() != "Talk 0 about budgets" {
			t.Fatalf("%+v", plans)
		}
	})
	f = newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		f.mu.Lock()
		f.rows[0].Conversation.Privacy = model.PrivacyUnknown
		f.mu.Unlock()
		a.Press("p")
		plans := a.submitted()
		if len(plans) != 1 || plans[0].Edits()[0].Base.String() != "public" {
			t.Fatalf("%+v", plans)
		}
	})
}

func TestOffKeysSayWhy(t *testing.T) {
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("j", "j", "p")
		a.Want("AskElephant's API can only read privacy")
		a.Press("s")
		a.Want("the service has no call for this")
		a.Press("j", "p")
		a.Want("Kona conversations are always for their participants")
		a.Press(".")
		a.Want("nothing was edited yet")
		a.wantEdits()
	})
}

func TestRename(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		a.Press("t")
		a.Want("Rename", "Talk 0 about budgets")
		a.Press("enter")
		a.Want("the title was left as it is")
		a.wantEdits()
		a.Press("t")
		a.Type(" and more")
		a.Press("enter")
		a.wantEdits("attention-a:c00000 title Talk 0 about budgets and more")
		a.Want("Talk 0 about budgets and more")
		a.Press("t", "ctrl+u", "enter")
		a.Want("a title can't be empty")
		a.Press("esc", "esc")
		if len(a.submitted()) != 1 {
			t.Error("an empty title was submitted")
		}
	})
}

func TestRenameKeepsTheExactTitle(t *testing.T) {
	f := newFake(conversations(4)...)
	f.rows[0].Conversation.Title = "Tab\there \x1b[31mred\u202e"
	with(t, f, start{}, func(a *app) {
		a.Press("t", "enter")
		a.wantEdits()
		a.Press("t")
		a.Type("!")
		a.Press("enter")
		plans := a.submitted()
		if len(plans) != 1 || plans[0].Edits()[0].Base.String() != f.rows[0].Conversation.Title {
			t.Errorf("%v", plans)
		}
	})
}

func TestDrafts(t *testing.T) {
	f := newFake(conversations(20)...)
	key := "title:attention-a:c00000"
	with(t, f, start{}, func(a *app) {
		a.Press("t")
		a.Type("!")
		if got := f.draft(key); got != "Talk 0 about budgets!" {
			t.Errorf("draft while typing: %q", got)
		}
		a.Rush("?", "esc")
		if got := f.draft(key); got != "Talk 0 about budgets!?" {
			t.Errorf("draft after esc: %q", got)
		}
		a.Press("t")
		a.Want("Talk 0 about budgets!?", "restored from your draft")
		a.Press("esc")
	})
	with(t, f, start{}, func(a *app) { // another run of the program
		a.Press("t")
		a.Want("Talk 0 about budgets!?")
		a.Press("enter")
		a.wantEdits("attention-a:c00000 title Talk 0 about budgets!?")
		if got := f.draft(key); got != "" {
			t.Errorf("draft after submitting: %q", got)
		}
	})
}

func TestAFailedSubmitKeepsWhatWasTyped(t *testing.T) {
	f := newFake(conversations(20)...)
	f.fail["Submit"] = &model.Error{Kind: model.Local, Message: "disk full"}
	with(t, f, start{}, func(a *app) {
		a.Press("t")
		a.Type("!")
		a.Press("enter")
		a.Want("nothing was queued", "disk full", "Talk 0 about budgets!")
		if f.draft("title:attention-a:c00000") == "" {
			t.Error("the draft is gone")
		}
	})
}

func TestCloseAndReopen(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		a.Press("j", "s")
		a.wantEdits("bird-a:c00001 status closed")
		a.Press("s")
		if got := a.edits(); len(got) != 2 || got[1] != "bird-a:c00001 status open" {
			t.Errorf("%v", got)
		}
	})
}

func TestArchiveAndDelete(t *testing.T) {
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("A")
		a.Want("Archives the conversation", "cannot be undone", "no (enter)")
		a.Press("enter")
		a.wantEdits()
		a.Press("A", "y")
		a.wantEdits("attention-a:c00000 archive archived")
	})
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("j", "D")
		a.Want("Deletes the conversation for everybody", `"delete"`, "Talk 1 about budgets")
		a.Press("y", "enter")
		a.wantEdits()
		a.Press("ctrl+u")
		a.Type("delet")
		a.Press("enter")
		a.wantEdits()
		a.Type("e")
		a.Press("enter")
		a.wantEdits("bird-a:c00001 delete deleted")
	})
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("j", "D")
		a.Paste("Talk 1 about budgets\n")
		a.wantEdits()
		a.Press("enter")
		a.wantEdits("bird-a:c00001 delete deleted")
	})
}

func TestSeveralNeverFlipRowByRow(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		a.Press("*", "p")
		a.Want("will change", "already so", "can't", "Can't be done", "AskElephant's API can only read privacy", "no (enter)")
		a.Press("y")
		for _, e := range a.edits() {
			if !strings.HasSuffix(e, "privacy private") {
				t.Errorf("submitted %s", e)
			}
		}
		if len(a.edits()) == 0 {
			t.Error("nothing was submitted")
		}
		a.Want("on their way", "hide")
		f.deliver()
		a.Settle()
		a.Want("3 done")
		a.Press("w")
		for name, text := range a.saved {
			if !strings.Contains(name, "confab-report-20261120") || !strings.Contains(text, "privacy: public → private") {
				t.Errorf("%s: %s", name, text)
			}
		}
		if len(a.saved) != 1 {
			t.Error("no report was saved")
		}
		a.Press("esc")
		a.WantNot("20 marked")
	})
}

func TestActingRightAfterMarkingAllMeansAll(t *testing.T) {
	f := newFake(conversations(20)...)
	f.delay["Refs"] = 100 * time.Millisecond
	with(t, f, start{}, func(a *app) {
		a.Rush("*", "p")
		a.Want("Make private: 20 conversations", "no (enter)")
		a.wantEdits()
	})
}

func TestHiddenMarksAreNamed(t *testing.T) {
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("space", "j", "space", "j", "space", "/")
		a.Type("Talk 0")
		a.Press("enter")
		a.Want("3 marked")
		a.Press("t", "ctrl+u")
		a.Type("same")
		a.Press("enter")
		a.Want("hidden by the filter", "(hidden)")
		a.Press("n")
		a.wantEdits()
	})
}

func TestBulkRetryAndStop(t *testing.T) {
	f := newFake(conversations(8)...)
	with(t, f, start{}, func(a *app) {
		a.Press("V", "7", "j", "t")
		a.Type("same")
		a.Press("enter", "y")
		n := len(a.edits())
		f.settle(model.Refused, nil)
		a.Settle()
		a.Want(fmt.Sprintf("%d need you", n), "you may not")
		a.Press("r")
		a.Want(fmt.Sprintf("%d on their way", n))
		a.Press("x")
		a.Want("withdrawn")
		if len(f.outbox) != 0 {
			t.Errorf("%d edits are still queued", len(f.outbox))
		}
	})
}

func TestRepeat(t *testing.T) {
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("p", "8", "j", ".")
		a.wantEdits("attention-a:c00000 privacy private", "attention-a:c00008 privacy private")
	})
}

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
		return model.Undo{Plan: model.Plan{Items: []model.PlanItem{it}}, What: "Talk 1 about budgets", Blocked: []string{"Talk 3: deleting cannot be undone"}}, nil
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

func TestForm(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 40}, func(a *app) {
		a.Press("j", "e")
		a.Want("Edit: Talk 1", "title", "privacy", "(•) private", "contacts", "off: the service has no call for this", "tier = gold")
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
		a.Want(`title: "Talk 1 about budgets" → "Talk 1 about budgets!"`, "Everybody at Acme", "no (enter)")
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
		a.Want("2 will change")
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
		a.Want(`create "Kick-off"`, "yes (enter)")
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

func TestCreateWhereNothingCan(t *testing.T) {
	with(t, newFake(conversations(1)...), start{}, func(a *app) {
		a.Press("N")
		a.Want("attention-a: the service has no call for this")
	})
}

func TestSlowPlanShowsProgressAndCanBeStopped(t *testing.T) {
	f := newFake(conversations(20)...)
	f.delay["Plan"] = time.Minute
	with(t, f, start{}, func(a *app) {
		a.Press("p")
		a.Want("Make private", "stop")
		a.Press("esc")
		a.Want("stopped: nothing was sent")
		a.Wait(2 * time.Minute)
		a.wantEdits()
	})
}

func TestOutboxScreen(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 30}, func(a *app) {
		a.Press("p", "j", "s", "O")
		a.Want("Outbox 2", "History 0", "queued", "privacy: public → private", "status: open → closed")
		f.settle(model.Refused, nil)
		a.Settle()
		a.Want("refused", "forbidden: you may not")
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
		a.Want("conflict", "1 need you")
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
		a.Want("1 edits are not delivered yet", "wait until", "leave them queued")
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

func TestPasteIsNeverKeys(t *testing.T) {
	with(t, newFake(conversations(5)...), start{}, func(a *app) {
		a.Paste("p\ny\nq")
		a.Want("pasted text was ignored")
		a.wantEdits()
		a.Press("t")
		a.Paste("one\ntwo\x1b[31m\r\nthree")
		a.Want("one two")
		a.wantEdits()
	})
}

func TestRebinding(t *testing.T) {
	o := ui.Options{Keys: map[string]map[string][]string{"list": {"toggle_privacy": {"ctrl+x", "g p"}, "rename": {}},
		"dialog": {"yes": {"j"}}}}
	with(t, newFake(conversations(5)...), start{options: o}, func(a *app) {
		a.Want("yes") // the conflict is named
		a.Press("p", "t")
		a.wantEdits()
		a.Press("g", "p")
		a.wantEdits("attention-a:c00000 privacy private")
		a.Press("esc")
		a.Want("ctrl+x privacy")
	})
}
