package ui_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"confab/model"
)

// At 80 columns a message keeps what it says; of the title that it quotes, as much as there is room for.
func TestALongMessageCutsTheTitleInIt(t *testing.T) {
	f := newFake(conversations(2)...)
	sentence := "removed Bo Aldridge from the contacts of “Engagement 6: review of the quarter”"
	f.undo = func(string) (model.Undo, error) { return model.Undo{Sentence: sentence}, nil }
	with(t, f, start{w: 80, h: 24}, func(a *app) {
		a.Press("u")
		a.Want("nothing was changed, so there is nothing to take back: removed Bo")
		sentence = "archived “Engagement 6: review of the quarter, of last year and of the next”"
		f.undo = func(string) (model.Undo, error) {
			return model.Undo{Sentence: sentence, Blocked: []model.Blocked{{Why: "it is gone"}}}, nil
		}
		a.Press("u")
		a.Want("archived “Engagement 6: review of the ", "”: can't be taken back: it is gone")
	})
}

func TestUndoWithdrawsAQueuedEdit(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		a.Press("u")
		a.Want("nothing was changed, so there is nothing to take back")
		a.Press("p", "u")
		a.Want("withdrawn, nothing was changed: made “Talk 0 about budgets” private", "○ public   Talk 0")
		a.WantNot("queued", "making")
		if len(f.applied) != 1 {
			t.Error("no undo was applied")
		}
	})
}

// An undo key right after another key takes back what that key did, and nothing older.
func TestUndoInABurstTakesBackTheKeyBeforeIt(t *testing.T) {
	f := newFake(conversations(20)...)
	f.delay["Plan"], f.delay["Submit"] = 100*time.Millisecond, 100*time.Millisecond
	with(t, f, start{}, func(a *app) {
		a.Press("j", "t")
		a.Type("!")
		a.Press("enter", "k")
		a.Rush("p", "u")
		a.Want("withdrawn, nothing was changed: made “Talk 0 about budgets” private")
		if len(f.applied) != 1 || len(f.outbox) != 1 {
			t.Errorf("%d undos applied, %d edits left in the outbox", len(f.applied), len(f.outbox))
		}
	})
	f = newFake(conversations(20)...)
	f.delay["Plan"] = 100 * time.Millisecond
	with(t, f, start{}, func(a *app) {
		a.Press("t")
		a.Type("!")
		a.Press("enter", "j")
		a.Rush("p", "u") // p asks, so u waits for the answer
		a.Want("Will be seen by  everybody at Acme")
		a.Press("n")
		if len(f.applied) != 0 {
			t.Error("an older act was undone")
		}
	})
}

func TestRiskyUndoAsks(t *testing.T) {
	f := newFake(conversations(20)...)
	f.undo = func(string) (model.Undo, error) {
		r, _ := f.row(ref(1))
		d, _ := f.Describe("bird-a")
		it := model.PlanOne(r.Conversation, d, f.Capabilities(r.Conversation), []model.Change{{Kind: model.EditPrivacy, Target: model.TextValue("public")}}, nil)
		return model.Undo{Sentence: "made 3 private", Plan: model.Plan{ID: "u1", Items: []model.PlanItem{it}}, Titles: []string{"Talk 1 about budgets"},
			Blocked: []model.Blocked{{Title: "Talk 3", Why: "deleting cannot be undone"}}}, nil
	}
	with(t, f, start{}, func(a *app) {
		a.Press("u")
		a.Want("Take back: made 3 private", "Take this back?", "Talk 1 about budgets", "Can't be taken back: Talk 3", "Will be seen by  everybody")
		a.Press("enter")
		if len(f.applied) != 0 {
			t.Fatal("enter confirmed a risky undo")
		}
		a.Press("u", "y")
		if len(f.applied) != 1 {
			t.Error("y did not confirm a risky undo")
		}
	})
}

// An undo whose plan is out of date is planned again, and asks again only if the new plan must.
func TestOutdatedUndoIsPlannedAgain(t *testing.T) {
	f := newFake(conversations(20)...)
	asked := []string{}
	f.undo = func(id string) (model.Undo, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		asked = append(asked, id)
		f.fail["ApplyUndo"] = nil
		if len(asked) == 1 {
			f.fail["ApplyUndo"] = model.ErrUndoMoved
		}
		return model.Undo{Act: 7, Submission: "s0001", Sentence: "made “Talk 0” private", Withdraw: []string{"e0001"}}, nil
	}
	with(t, f, start{}, func(a *app) {
		a.Press("u")
		a.Want("withdrawn, nothing was changed: made “Talk 0” private")
		if !slices.Equal(asked, []string{"", "s0001"}) || len(f.applied) != 1 || f.applied[0].Act != 7 {
			t.Errorf("planned undos of %q, applied %+v", asked, f.applied)
		}
	})
}

// The undo of a bulk that is being sent asks no second question about what the person agreed to, however
// far the bulk has come. It asks about what was not on screen, and says why it asks again.
func TestOutdatedUndoAsksOnlyAboutWhatIsNew(t *testing.T) {
	f := newFake(conversations(20)...)
	d, _ := f.Describe("bird-a")
	inverse := func(n ...int) (p model.Plan) {
		for _, i := range n {
			r, _ := f.row(ref(1))
			it := model.PlanOne(r.Conversation, d, f.Capabilities(r.Conversation), []model.Change{{Kind: model.EditPrivacy, Target: model.TextValue("public")}}, nil)
			it.Edits[0].Undoes = "e" + strconv.Itoa(i)
			p.Items = append(p.Items, it)
		}
		return p
	}
	names := []string{"Talk 6", "Talk 7", "Talk 8", "Talk 9", "Talk 10", "Talk 11"}
	withdraw := []string{"e6", "e7", "e8", "e9", "e10", "e11"}
	first := model.Undo{Submission: "s1", Sentence: "made 7 private", Plan: inverse(1), Withdraw: withdraw, Titles: names}
	second := model.Undo{Submission: "s1", Sentence: "made 7 private", Plan: inverse(1, 6), Withdraw: withdraw[1:], Titles: names[1:]}
	more := model.Undo{Submission: "s1", Sentence: "made 7 private", Plan: inverse(1, 2)}
	shown := model.Risk{Kind: model.EditPrivacy, Text: "the whole of Bird will see it"}
	first.Later = []model.Risk{shown}
	third := second // another account is being sent, and an edit can't be taken back any more
	third.Plan = inverse(1, 6)
	third.Plan.Items[1].Risks = []model.Risk{shown}
	third.Blocked = []model.Blocked{{Title: "Talk 7", Why: "\"unknown\" is neither private nor public"}}
	fourth := third // a risk that was not on screen
	fourth.Plan = inverse(1, 6)
	fourth.Plan.Items[1].Risks = []model.Risk{{Kind: model.EditPrivacy, Text: "the whole world will see it"}}
	nothing := model.Undo{Submission: "s1", Sentence: "made 7 private"} // all of it could be withdrawn
	for _, x := range []struct {
		then model.Undo
		asks bool
	}{{second, false}, {more, true}, {third, false}, {fourth, true}, {nothing, false}} {
		asked := 0
		f.applied, f.outbox = nil, nil
		for _, id := range withdraw {
			e := model.Edit{ID: id, Ref: ref(1), Kind: model.EditPrivacy, Target: model.TextValue("private")}
			f.outbox = append(f.outbox, model.OutboxEntry{Edit: e, State: model.Queued})
		}
		f.undo = func(string) (model.Undo, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			asked++
			f.fail["ApplyUndo"] = nil
			if asked == 1 {
				f.fail["ApplyUndo"] = model.ErrUndoMoved
				return first, nil
			}
			return x.then, nil
		}
		with(t, f, start{w: 140, h: 45}, func(a *app) {
			a.Press("u")
			a.Want("6 edits, of Talk 6, Talk 7, Talk 8, Talk 9, 2 more", "taking it back means: the whole of Bird will see it")
			a.WantNot("moved on")
			a.Press("y")
			if x.asks {
				a.Want("Take this back?", "Some of it was sent or settled meanwhile")
				a.Press("y")
			}
			a.WantNot("Take this back?")
			if asked != 2 || len(f.applied) != 1 {
				t.Errorf("planned %d undos, applied %d", asked, len(f.applied))
			}
		})
	}
}

func TestUndoSaysWhatCannotBeUndone(t *testing.T) {
	f := newFake(conversations(20)...)
	f.undo = func(string) (model.Undo, error) {
		const why = "archiving cannot be undone through the API"
		return model.Undo{Sentence: "archived “Talk 0”", Blocked: []model.Blocked{{Title: "Talk 0: a call", Why: why}, {Title: "Talk 1", Why: why}}}, nil
	}
	with(t, f, start{}, func(a *app) {
		a.Press("u")
		a.Want("archived “Talk 0”: can't be taken back: archiving cannot be undone through the API")
		a.WantNot("API; ")
	})
	f.undo = func(string) (model.Undo, error) {
		return model.Undo{}, &model.Error{Kind: model.NotFound, Message: "there is nothing to take back in this session"}
	}
	with(t, f, start{}, func(a *app) {
		a.Press("u")
		a.Want(" there is nothing to take back in this session")
		a.WantNot("not found", "could not")
	})
}

func TestOutboxScreen(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 30}, func(a *app) {
		a.Press("p", "j", "s", "O")
		a.Want("Needs you 0", "Waiting 2", "History 0", "making “Talk 0 about budgets” private", "closing “Talk 1 about budgets”", "queued")
		f.settle(model.Refused, nil)
		a.Settle()
		a.Want("Needs you 2", `needs you: refused: "you may not"`)
		a.Press("r")
		a.Want("1 edit queued again", "Needs you 1", "Waiting 1")
		a.Press("x")
		a.Want("Discard this edit?")
		a.Press("enter")
		if len(f.outbox) != 2 {
			t.Fatal("enter discarded the edit")
		}
		a.Press("x", "y")
		if len(f.outbox) != 1 {
			t.Fatal("y did not discard the edit")
		}
		f.settle(model.Queued, nil)
		f.deliver()
		a.Settle()
		a.Want("Needs you 0", "Waiting 0", "History 1", "delivered 10:00")
		a.Press("enter", "j")
		a.Want("delivered", "privacy: public → private")
		a.Press("enter")
		a.Want("before:", "after:")
		a.Press("esc", "u")
		if a.count("PlanUndo") != 1 {
			t.Error("u applied no undo")
		}
		a.Press("esc") // closes the line
		a.Want("History 1")
		a.Press("esc")
		a.Want("Inbox 20")
	})
}

func TestConflictIsResolvedByAKey(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("t")
		a.Type("!")
		a.Press("enter")
		theirs := model.TextValue("Their title")
		f.settle(model.InConflict, &theirs)
		a.Settle()
		a.Want("conflict", "1 needs you (!)", "! settles it")
		a.Press("!")
		a.Want("Somebody else changed it meanwhile. Nothing was sent.", "it was ", "mine ", "theirs ", `"Their title"`, "send mine", "keep theirs")
		a.WantNot("merged")
		a.Press("g", "enter", "y")
		if len(f.resolved) != 0 {
			t.Fatal("a key without a meaning here resolved the conflict")
		}
		a.Press("t")
		if !slices.Equal(f.resolved, []model.Decision{model.DecideTheirs}) {
			t.Errorf("resolved as %v, want theirs", f.resolved)
		}
		f.outbox = []model.OutboxEntry{renaming(1, "s1", model.InConflict)}
		a.Press("!")
		a.Want("send mine")
		f.outbox[0].State = model.Queued // by another confab, which also delivers it
		f.news <- model.Event{Edits: true}
		a.Settle()
		a.Want("Queued: Talk 1", "On its way.", "send again")
		f.deliver()
		a.Settle()
		a.Press("m", "t", "r", "x")
		a.Want("Settled meanwhile", "Talk 1 about", "There is nothing left to decide.", "esc close")
		a.WantNot("send again", "Discard this edit?")
		if n := f.count("PlanDecision"); n != 0 {
			t.Errorf("%d decisions were planned about a settled edit", n)
		}
	})
}

// The conflict of a create with an existing conversation leads to that conversation.
func TestConflictOfACreateLeadsToTheExistingConversation(t *testing.T) {
	f := newFake(conversations(20)...)
	at := ref(7)
	f.outbox = append(f.outbox, model.OutboxEntry{Edit: model.Edit{ID: "e0001", Submission: "s0001", Ref: model.Ref{Account: at.Account}, Kind: model.EditCreate},
		State: model.Refused, Error: &model.EntryError{Kind: model.ConflictKind, Existing: at.String()}})
	for _, from := range []string{"!", "O!"} {
		with(t, f, start{}, func(a *app) {
			for _, key := range from {
				a.Press(string(key))
			}
			a.Want("enter show that one", "r send again")
			a.Press("enter")
			a.Want("/is:any id:"+at.ID, "Talk 7 about budgets")
			a.WantNot("send again", "Talk 8")
		})
	}
}

func TestConflictOfSetsCanBeMerged(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{w: 110, h: 40}, func(a *app) {
		a.Press("3", "j", "P", "x", "ctrl+s", "y")
		theirs := model.PeopleValue([]model.Participant{{Kind: "user", ID: "u1", Name: "Ann Archer", Role: "editor"}, {Kind: "user", ID: "u7", Name: "New One"}})
		f.settle(model.InConflict, &theirs)
		a.Settle()
		a.Press(":")
		a.Type("settle")
		a.Press("enter")
		a.Want("both        ", "New One")
		f.delay["PlanDecision"] = 100 * time.Millisecond
		a.Rush("g", "g") // which removes people, so it asks, once
		a.Want("- Ann Archer", "no (enter)")
		a.Press("enter")
		a.Want("both        ", "nothing was sent")
		a.Rush("g", "esc")
		a.WantNot("both        ", "no (enter)")
		if len(f.resolved) != 0 {
			t.Fatalf("resolved as %v without a yes", f.resolved)
		}
		a.Press("!")
		a.Press("g", "y")
		a.WantNot("both        ", "no (enter)")
		if !slices.Equal(f.resolved, []model.Decision{model.DecideMerged}) {
			t.Errorf("resolved as %v, want merged", f.resolved)
		}
	})
}

// Undo on the line of a submission takes back the submission, on the line of an edit only that edit.
func TestUndoFromTheHistory(t *testing.T) {
	f := newFake(conversations(20)...)
	var asked []string
	f.undo = func(id string) (model.Undo, error) {
		asked = append(asked, id)
		r := ref(0)
		return model.Undo{Sentence: "made 2 private", Titles: []string{"Talk 0 about budgets"}, Plan: model.Plan{ID: "u1", Items: []model.PlanItem{{Ref: r,
			Title: "Talk 0 about budgets", State: model.PlanChange,
			Edits: []model.Edit{{Ref: r, Kind: model.EditPrivacy, Base: model.TextValue("private"), Target: model.TextValue("public")}},
			Risks: []model.Risk{{Text: "everybody at Acme will see it"}}}}}}, nil
	}
	with(t, f, start{}, func(a *app) {
		a.Press("O", "u")
		a.Want("there is nothing to take back", "Nothing was submitted")
		a.Press("esc", "p")
		f.deliver()
		a.Settle()
		a.Press("O", "u")
		a.Want("Talk 0 about budgets", "Everybody at Acme will see it", "Take this back?", "no (enter)")
		a.Press("n", "enter", "j", "u", "n")
		if !slices.Equal(asked, []string{"s0001", "e0001"}) {
			t.Errorf("planned undos of %q, want the submission and then the edit", asked)
		}
		a.Press("u", "y")
		if len(f.applied) != 1 {
			t.Errorf("applied %+v, want one undo", f.applied)
		}
	})
}
