package ui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/providers/sandbox"
)

func TestToggleSetsSeveralRowsAlike(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		a.Press("*", "p")
		a.Want("Make 3 private", "privacy: public → private", "already private", "can't: AskElephant's API can only read privacy", "y send 3", "no (enter)")
		a.Press("y")
		for _, e := range a.edits() {
			if !strings.HasSuffix(e, "privacy private") {
				t.Errorf("submitted %s", e)
			}
		}
		if len(a.edits()) == 0 {
			t.Error("nothing was submitted, want edits")
		}
		a.Want("3 on their way", "withdraw the 3 unsent")
		f.deliver()
		a.Settle()
		a.Want("Made 3 private", "delivered 10:00")
		a.Press("w")
		for name, text := range a.saved {
			if !strings.Contains(name, "confab-report-20261120") || !strings.Contains(text, "privacy: public → private") {
				t.Errorf("%s: %s", name, text)
			}
		}
		if len(a.saved) != 1 {
			t.Error("no report was saved, want one")
		}
		a.Press("esc")
		a.WantNot("20 marked")
	})
}

func TestActionTypedWhileMarkingAllActsOnAll(t *testing.T) {
	f := newFake(conversations(20)...)
	f.delay["Select"] = 100 * time.Millisecond
	with(t, f, start{}, func(a *app) {
		a.Rush("*", "p")
		a.Want("Make 3 private", "y send 3", "no (enter)")
		a.wantEdits()
	})
}

func TestMarkingInSightKeepsTheActionThatWaits(t *testing.T) {
	f := newFake(conversations(20)...)
	f.delay["Select"] = 100 * time.Millisecond
	with(t, f, start{}, func(a *app) {
		a.Rush("*", "p", "V", "j", "V")
		a.Want("Make 3 private", "y send 3", "no (enter)")
		a.wantEdits()
	})
}

func TestPlanNamesHiddenMarks(t *testing.T) {
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("space", "j", "space", "j", "space", "/")
		a.Type("Talk 0")
		a.Press("enter")
		a.Want("3 marked")
		a.Press("t", "ctrl+u")
		a.Type("same")
		a.Press("enter")
		a.Want("1 of the 2 is hidden by the filter", "hidden · attention-a")
		a.Press("n")
		a.wantEdits()
	})
}

func TestBulkIsRetriedAndStopped(t *testing.T) {
	f := newFake(conversations(8)...)
	with(t, f, start{}, func(a *app) {
		a.Press("V", "7", "j", "t")
		a.Type("{title} again")
		a.Press("enter", "y")
		n := len(a.edits())
		f.settle(model.Refused, nil)
		a.Settle()
		a.Want("need you", `refused: "you may not"`)
		a.Press("r")
		a.Want(fmt.Sprintf("%d on their way", n))
		a.Press("x")
		a.Want(fmt.Sprintf("%d edits withdrawn", n))
		if len(f.outbox) != 0 {
			t.Errorf("%d edits are still queued, want 0", len(f.outbox))
		}
	})
}

func TestRepeatMakesTheSameEditElsewhere(t *testing.T) {
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("p", "8", "j", ".")
		a.wantEdits("attention-a:c00000 privacy private", "attention-a:c00008 privacy private")
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

// The keys to the start and end of a list work in a long plan.
func TestPlanScrollsToItsEnds(t *testing.T) {
	with(t, newFake(conversations(400)...), start{}, func(a *app) {
		a.Press("*", "t")
		a.Type("same")
		a.Press("enter")
		first, last := "title, one by one", "Talk 399 about budgets"
		a.Want(first)
		for _, keys := range [][2][]string{{{"G"}, {"home"}}, {{"end"}, {"home"}}} {
			a.Press(keys[0]...)
			a.Want(last)
			a.WantNot(first)
			a.Press(keys[1]...)
			a.Want(first)
			a.WantNot(last)
		}
		a.Press("n")
		a.WantNot("one by one")
		a.wantEdits()
	})
}

// While a word is being typed, the plan is scrolled with keys that type nothing.
func TestPlanScrollsWhileItsWordIsTyped(t *testing.T) {
	with(t, newFake(conversations(400)...), start{}, func(a *app) {
		a.Press("*", "D")
		a.Want("Delete 200", `Type "delete" to go on:`)
		a.Press("right")
		a.Want("kona-a 100 ▾", "Talk 1 about budgets", "down more")
		a.WantNot("j more")
		a.Press("pgdown", "pgdown", "pgdown", "down")
		a.WantNot("Talk 1 about budgets", "Deletes the conversation")
		a.Press("esc")
		a.wantEdits()
	})
}

// When edits wait because their account fails, no announcement names them.
func TestResultsFollowTheErrorsOfAnAccount(t *testing.T) {
	f := newFake(conversations(20)...)
	account := func(e *model.EntryError) {
		f.mu.Lock()
		for i := range f.accounts {
			f.accounts[i].Error = e
		}
		for i := range f.outbox {
			f.outbox[i].Error = e
		}
		f.mu.Unlock()
		f.news <- model.Event{}
	}
	with(t, f, start{}, func(a *app) {
		a.Press("*", "p", "y")
		a.Want("3 on their way")
		account(&model.EntryError{Kind: model.Unavailable, Message: "the first line is cut"})
		a.Settle()
		a.Want("the first line is cut")
		account(&model.EntryError{Kind: model.Unavailable, Message: "the second line is cut"})
		a.Settle()
		a.Want("the second line is cut")
		a.WantNot("the first line")
		account(nil)
		a.Settle()
		a.Want("3 on their way")
		a.WantNot("line is cut")
	})
}

// A line of the plan can be opened, searched and left out. Text typed to search does not answer the plan.
func TestPlanLinesAreOpenedSearchedAndLeftOut(t *testing.T) {
	with(t, newFake(conversations(60)...), start{w: 100, h: 40}, func(a *app) {
		a.Press("*", "p")
		a.Want("Make 8 private", "privacy: public → private", "8   attention-a ▸")
		a.Press("right")
		a.Want("8   attention-a ▾", "Talk 8 about budgets", "← close")
		a.Press("left")
		a.WantNot("Talk 24 about budgets  attention-a")
		a.Press("/")
		a.Type("yTalk 2")
		a.Want("not here", "no (enter)")
		a.wantEdits()
		a.Press("ctrl+u")
		a.Type("talk 2")
		a.Want("8   attention-a ▾", "22 ▸", "▌  Talk 24 about budgets") // the search opened the line
		a.Press("ctrl+n")
		a.Want("8   attention-a ▸", "22 ▾", "▌  Talk 2")
		a.Press("ctrl+p", "enter")
		a.Want("8   attention-a ▾", "22 ▸", "▌  Talk 24 about budgets")
		a.wantEdits()
		a.Press("x")
		a.Want("Make 7 private", "left out · attention-a", "7   attention-a, 1 left out", "x take it in")
		a.Press("h")
		a.Want("Make 7 private", "▸")
		a.Press("x") // leaves the whole line out
		a.Want("Everything was left out: nothing is sent.", "take these in")
		a.WantNot("Make 0 private")
		a.Press("y")
		a.wantEdits()
		a.Press("x", "/")
		a.Type("talk 40")
		a.Press("enter", "x", "esc") // esc closes the dialog, since the search has ended
		a.Want("nothing was sent")
		a.Press("p", "/")
		a.Type("talk 40")
		a.Press("esc")
		a.Want("Make 8 private") // esc ended the search only
		a.Press("right", "/")
		a.Type("talk 40")
		a.Press("enter", "x", "y")
		if got := a.edits(); len(got) != 7 || strings.Contains(strings.Join(got, " "), "c00040") {
			t.Errorf("submitted %q", got)
		}
	})
}

// The delivered edits are one line that opens, below the failed ones.
func TestResultsListWhatWasDelivered(t *testing.T) {
	withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
		r.Press("/")
		r.Type(`title:"Pipeline review" is:public`)
		r.Press("enter", "*", "p")
		r.Wait(time.Second)
		r.sb.Attention().AnswerNext(403, 1)
		r.Press("y")
		r.Wait(20 * time.Second)
		r.Want("Made private: ", "! Pipeline review", "(403", "✓ ", " delivered", "▸", "r retry the refused")
		r.Press("G", "right")
		r.Wait(time.Second)
		r.Want("▾", "Pipeline review  ..")
		r.Press("r")
		r.Wait(20 * time.Second)
		r.Want("Made ", " private", "delivered")
		r.WantNot("(403")
	})
}

// A screen without room for a border is filled, also by results in which there is nothing yet.
func TestResultsThatAreNotReadYetTakeKeys(t *testing.T) {
	f := newFake(conversations(20)...)
	f.delay["Submission"] = 10 * time.Second
	with(t, f, start{w: 22, h: 10}, func(a *app) {
		a.Press("*", "p", "y")
		a.Wait(time.Second)
		a.Want("On its way")
		a.Press("j", "k", "pgdown", "/", "x", "enter", "n", "right", "left")
		a.Want("On its way")
		a.Wait(time.Minute)
		a.Want("3 on their way")
	})
}
