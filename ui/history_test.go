package ui_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"confab/model"
)

// renaming returns an edit of a row that is not delivered.
func renaming(i int, submission string, state model.EditState) model.OutboxEntry {
	c := conversation(i).Conversation
	return model.OutboxEntry{Title: c.Title, State: state, Edit: model.Edit{ID: fmt.Sprint("e", i), Submission: submission, Ref: c.Ref,
		Kind: model.EditTitle, Base: model.TextValue(c.Title), Target: model.TextValue(fmt.Sprint("New ", i)), Created: clock.Add(-time.Hour)}}
}

// The history is read a page at a time: the next page when the cursor comes to its end, or a search finds nothing before.
func TestOlderHistoryIsReadOnTheWay(t *testing.T) {
	f := newFake(conversations(4)...)
	for i := range 450 {
		e := renaming(i, fmt.Sprintf("s%03d", i), model.Done).Edit
		e.Created = clock.Add(-time.Duration(i) * time.Hour)
		f.history = append(f.history, model.JournalEntry{Edit: e, Title: conversation(i).Conversation.Title, Before: e.Base, After: e.Target, At: e.Created, State: model.Done})
	}
	with(t, f, start{}, func(a *app) {
		a.Press("O")
		a.Want("History 200+")
		a.Press("G")
		a.Want("History 400+", "“New 199”")
		a.Press("G", "G")
		a.Want("History 450", "“New 449”")
		a.Press("esc", "O", "/")
		a.Paste("talk 420")
		a.Want("“New 420”")
		a.Press("enter")
		f.fail["Submissions"] = &model.Error{Kind: model.Local, Message: "the disk is full"}
		a.Press("esc", "esc", "O", "G")
		a.Want("could not read older submissions: the disk is full")
	})
}

// A key on the line of an edit is about that edit, on the line of its submission about all of it.
func TestKeysOnAnEditOfTheOutbox(t *testing.T) {
	f := newFake(conversations(20)...)
	f.outbox = []model.OutboxEntry{renaming(0, "s1", model.Refused), renaming(1, "s1", model.Refused), renaming(2, "s2", model.Refused)}
	f.outbox[1].Sent = true
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("O", "?")
		a.Want("j k scroll  esc close")
		a.Press("esc", "g", "g", "j", "enter", "j", "j", "!")
		a.Want("Refused: Talk 1 about budgets")
		a.Press("esc", "r")
		state := func(i int) model.EditState { return f.outbox[i].State }
		if state(0) != model.Refused || state(1) != model.Queued || state(2) != model.Refused {
			t.Fatalf("sending again one edit left them %s %s %s\n%s", state(0), state(1), state(2), a.Text())
		}
		a.Press("R")
		a.Want("2 edits queued again")
		if state(0) != model.Queued || state(2) != model.Queued {
			t.Errorf("sending all again left them %s %s", state(0), state(2))
		}
		a.Press("x")
		a.Want("Discard this edit?", "A request for it has left already")
		a.Press("y")
		if len(f.outbox) != 2 || slices.ContainsFunc(f.outbox, func(e model.OutboxEntry) bool { return e.ID == "e1" }) {
			t.Errorf("left are %v, want all but the discarded one", f.outbox)
		}
	})
}

// What widens who can see a conversation shows and asks again before it is sent again, from wherever that is asked for.
func TestSendingAgainWhatWidensAsks(t *testing.T) {
	for _, from := range [][]string{{"!", "r"}, {"O", "r"}, {"O", "enter", "j", "r"}, {"O", "R"}} {
		f := newFake(conversations(20)...)
		public := renaming(1, "s1", model.Refused)
		public.Kind, public.Base, public.Target = model.EditPrivacy, model.TextValue("private"), model.TextValue("public")
		f.outbox = []model.OutboxEntry{public}
		with(t, f, start{w: 110, h: 34}, func(a *app) {
			a.Press(from...)
			a.Want("everybody at Acme", "no (enter)")
			a.Press("enter")
			if f.count("Decide retry") != 0 {
				t.Fatalf("%v: sent again without a yes", from)
			}
			a.Press(from[len(from)-1], "y")
			if f.outbox[0].State != model.Queued {
				t.Errorf("%v: not sent again after a yes:\n%s", from, a.Text())
			}
		})
	}
}

// Of the edits that need a person the next one down the list comes first, then the first of the list, then one that is
// not in the list.
func TestSettleTakesTheNextInTheList(t *testing.T) {
	f := newFake(conversations(300)...)
	theirs := model.TextValue("Theirs")
	for _, i := range []int{400, 3, 250, 10} {
		e := renaming(i, fmt.Sprint("s", i), model.InConflict)
		e.Theirs = &theirs
		f.outbox = append(f.outbox, e)
	}
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		settled := func(i int) {
			t.Helper()
			a.Press("!")
			a.Want(fmt.Sprintf("\"New %d\"", i))
			a.Press("t") // theirs is kept
			if i < 300 {
				a.wantSelected(i)
			}
		}
		a.Press("5", "j")
		settled(10)
		settled(250)
		settled(3)
		settled(400)
		a.Press("!")
		a.Want("nothing needs you")
	})
}

// Nothing is sent to a read-only account, whatever a person decides; what sends nothing can be decided.
func TestDecisionsUnderReadOnlySendNothing(t *testing.T) {
	f := newFake(conversations(20)...)
	theirs := model.TextValue("Theirs")
	f.outbox = []model.OutboxEntry{renaming(0, "s1", model.InConflict)}
	f.outbox[0].Theirs = &theirs
	for i := range f.accounts { // those of a program under --read-only are too
		f.accounts[i].ReadOnly = true
	}
	with(t, f, start{w: 110, h: 34}, func(a *app) {
		a.Press("!", "m")
		a.Want("read-only: nothing is sent", "send mine")
		a.Press("t")
		if !slices.Equal(f.resolved, []model.Decision{model.DecideTheirs}) {
			t.Errorf("resolved as %v, want theirs alone", f.resolved)
		}
		f.outbox = []model.OutboxEntry{renaming(1, "s2", model.Refused)}
		a.Press("O", "R")
		a.Want("read-only: nothing is sent")
		if n := f.count("Decide " + string(model.DecideRetry)); n != 0 {
			t.Errorf("%d retries, want none", n)
		}
	})
}
