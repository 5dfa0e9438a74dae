package ui_test

import (
	"fmt"
	"slices"
	"testing"

	"confab/model"
	"confab/ui"
)

// edits returns the submitted edits in words.
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
		a.Want("making “Talk 0 about budgets” private · queued", "● private  Talk 0")
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
			a.Want("Will be seen by  everybody at Acme", "y make it public", "no (enter)", "privacy: private → public")
			a.Press(no)
			a.Want("nothing was sent")
			a.WantNot("Will be seen by  everybody")
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
		a.Want("Will be seen by  everybody at Acme")
		for _, key := range []string{"up", "down", "j", "x", "space", "tab", "left"} {
			a.Press(key)
		}
		a.wantEdits()
		a.Want("Will be seen by  everybody at Acme")
	})
}

func TestBaseIsTheValueOnTheScreen(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		f.mu.Lock() // somebody else made the change, and the screen does not know yet
		f.rows[0].Conversation.Title = "Their title"
		f.mu.Unlock()
		a.Press("t")
		a.Type("!")
		a.Press("enter")
		plans := a.submitted()
		if len(plans) != 1 || plans[0].Edits()[0].Base.String() != "Talk 0 about budgets" {
			t.Fatalf("submitted %+v, want one edit based on the value on the screen", plans)
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
			t.Fatalf("submitted %+v, want one edit based on the value on the screen", plans)
		}
	})
}

func TestOffKeysSayWhy(t *testing.T) {
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("j", "j", "p")
		a.Want("AskElephant's API can only read privacy")
		a.Press("s")
		a.Want("the service can't do this")
		a.Press("j", "p")
		a.Want("Kona conversations are always for their participants")
		a.Press(".")
		a.Want("nothing was edited yet")
		a.wantEdits()
	})
}

func TestRenameSubmitsTheTypedTitle(t *testing.T) {
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
		a.Want("needs a title")
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
			t.Errorf("submitted %v, want one edit based on the exact title", plans)
		}
	})
}

func TestDraftOfATitleSurvivesEscape(t *testing.T) {
	f := newFake(conversations(20)...)
	key := "title:attention-a:c00000"
	with(t, f, start{}, func(a *app) {
		a.Press("t")
		a.Type("!")
		if got := f.draft(key); got != "Talk 0 about budgets!" {
			t.Errorf("draft while typing is %q", got)
		}
		a.Rush("?", "esc")
		if got := f.draft(key); got != "Talk 0 about budgets!?" {
			t.Errorf("draft after esc is %q", got)
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
			t.Errorf("draft after submitting is %q, want none", got)
		}
	})
}

func TestAFailedPlanOrSubmitKeepsWhatWasTyped(t *testing.T) {
	for step, says := range map[string]string{"Plan": "disk full", "Submit": "nothing was queued: disk full"} {
		f := newFake(conversations(20)...)
		f.fail[step] = &model.Error{Kind: model.Local, Message: "disk full"}
		with(t, f, start{}, func(a *app) {
			a.Press("t")
			a.Type("!")
			a.Press("enter")
			a.Want(says, "Talk 0 about budgets!")
			if f.draft("title:attention-a:c00000") == "" {
				t.Errorf("the draft is gone after a failed %s", step)
			}
		})
	}
}

func TestCloseAndReopen(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		a.Press("j", "s")
		a.wantEdits("bird-a:c00001 status closed")
		a.Press("s")
		if got := a.edits(); len(got) != 2 || got[1] != "bird-a:c00001 status open" {
			t.Errorf("submitted %v, want a close and a reopen", got)
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
		a.Want("yes") // warns of the conflicting keys
		a.Press("p", "t")
		a.wantEdits()
		a.Press("g", "p")
		a.wantEdits("attention-a:c00000 privacy private")
		a.Press("esc")
		a.Want("ctrl+x privacy")
	})
}
