package ui_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/providers/sandbox"
	"confab/ui"
)

func TestQuitAsksAboutUndeliveredEdits(t *testing.T) {
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
			t.Fatal("enter quit, want the default to be staying")
		}
		a.Press("q", "w")
		a.Want("Delivering, then quitting")
		f.deliver()
		a.Settle()
		if !a.Exited() {
			t.Error("the program did not quit once all was delivered")
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

func TestQuitDialogCountsDown(t *testing.T) {
	f := newFake(conversations(5)...)
	with(t, f, start{}, func(a *app) {
		a.Press("space", "j", "space", "j", "space", "A", "y", "esc", "q")
		a.Want("2 edits are not delivered yet, and safe on disk", "wait until they are delivered", "leave them queued")
		f.deliverSome(1)
		a.Settle()
		a.Want("1 edit is not delivered yet", "wait until it is delivered", "leave it queued")
		f.deliver()
		a.Settle()
		a.Want("Everything is delivered.")
		if a.Exited() {
			t.Fatal("the program quit without an answer")
		}
		a.Press("l") // meant for the question before it changed
		if a.Exited() {
			t.Fatal("the key of a choice that is gone quit")
		}
		a.Press("enter") // stay is still chosen
		if a.Exited() {
			t.Fatal("enter quit, want the default to be staying")
		}
		a.Press("q")
		if !a.Exited() {
			t.Error("q did not quit")
		}
	})
}

func TestQuitDialogOfADemo(t *testing.T) {
	with(t, newFake(conversations(5)...), start{options: ui.Options{Demo: true}}, func(a *app) {
		a.Press("p", "q")
		a.Want("1 edit is not delivered yet. The demo leaves nothing behind.", "leave: the demo ends, and what is not delivered with it")
		a.WantNot("safe on disk", "next confab")
	})
}

func TestWaitingToQuitEndsWhenAnEditNeedsThePerson(t *testing.T) {
	f := newFake(conversations(5)...)
	with(t, f, start{}, func(a *app) {
		a.Press("p", "q", "w")
		a.Want("Delivering, then quitting")
		f.settle(model.Refused, nil)
		a.Settle()
		if a.Exited() {
			t.Fatal("the program quit although an edit was refused")
		}
		a.Want("1 edit needs you: O lists what is not delivered")
		a.WantNot("Delivering, then quitting")
	})
	with(t, newFake(conversations(5)...), start{}, func(a *app) {
		a.Press("p", "q", "w", "ctrl+c")
		if !a.Exited() {
			t.Error("ctrl+c did not end the wait")
		}
	})
}

func TestQuitWorksInATerminalThatIsTooSmall(t *testing.T) {
	small := start{w: 18, h: 3}
	for _, key := range []string{"q", "ctrl+c"} {
		with(t, newFake(conversations(5)...), small, func(a *app) {
			a.Want("q quits")
			a.Press("j", key)
			if !a.Exited() {
				t.Errorf("key %s did not quit", key)
			}
		})
	}
	rebound := start{w: 18, h: 3, options: ui.Options{Keys: map[string]map[string][]string{"global": {"quit": {"g x"}}}}}
	with(t, newFake(conversations(5)...), rebound, func(a *app) {
		a.Press("q")
		if a.Exited() {
			t.Fatal("a key without a meaning quit")
		}
		a.Press("g", "x")
		if !a.Exited() {
			t.Error("the quit key of the config did not quit")
		}
	})
	with(t, newFake(conversations(5)...), start{}, func(a *app) {
		a.Press("p")
		a.Resize(18, 5)
		a.Settle()
		a.Press("q")
		if a.Exited() {
			t.Fatal("the program quit without a word about the edit")
		}
		a.Want("1 edit is not", "q again")
		a.Press("q")
		if !a.Exited() {
			t.Error("a second q did not quit")
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
			t.Fatal("the program quit while an edit was not on disk")
		}
		a.Wait(10 * time.Second)
		a.Want("not delivered yet")
	})
}

// Edits that wait for a decision on another edit are never delivered by themselves, so quitting does not wait for them.
func TestQuittingDoesNotWaitForADecision(t *testing.T) {
	t.Parallel()
	stuck := func(t *testing.T, f func(r *system)) {
		withSystem(t, sandbox.Options{}, func(r *system) {
			ctx := context.Background()
			ref := publicCall(t, r.sb)
			title := r.title(ref)
			r.find(ref)
			r.Press("p")
			r.Wait(5 * time.Second)
			p, err := r.inbox.Plan(ctx, []model.Ref{ref}, []model.Change{
				{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue("With new words")},
				{Kind: model.EditPrivacy, Op: model.OpSet, Target: model.TextValue("public")}}, model.PlanOptions{})
			if err != nil {
				t.Fatal(err)
			}
			r.sb.Attention().Set(sandbox.Switches{"ForbidWrites": true})
			if ids, err := r.inbox.Submit(ctx, p); err != nil || len(ids) != 2 {
				t.Fatalf("submitted %v (%s), error %v, want two edits", ids, title, err)
			}
			r.Wait(5 * time.Second)
			all, err := r.inbox.Outbox(ctx)
			if err != nil || len(all) != 2 || all[0].State != model.Refused || all[1].State != model.Queued {
				t.Fatalf("outbox %v, error %v", all, err)
			}
			f(r)
		})
	}
	stuck(t, func(r *system) {
		r.Press("q")
		r.Want("Quit?", "1 edit waits for your decision on another. It is safe on disk.", "leave it queued until you decide")
		r.WantNot("wait until")
		r.Press("enter") // stay is chosen
		if r.Exited() {
			t.Fatal("enter quit, want the default to be staying")
		}
		r.Press("q", "w")
		r.Want("wait: nothing moves until you decide")
		r.Press("l")
		if !r.Exited() {
			t.Error("l did not quit")
		}
	})
	stuck(t, func(r *system) { // q before the reason of the wait is known
		r.Rush("q", "w")
		if r.Exited() {
			t.Fatal("the program quit without a word about the decision")
		}
		r.WantNot("Delivering, then quitting")
		r.Want("Quit?", "1 edit waits for your decision on another")
		r.Press("l")
		if !r.Exited() {
			t.Error("the program could not be left")
		}
	})
	stuck(t, func(r *system) { // another edit is on its way
		r.sb.Attention().Set(sandbox.Switches{"ForbidWrites": false})
		r.sb.SetLatency(4 * time.Second)
		other := r.otherTitled()
		r.Press("q")
		r.Want("2 edits are not delivered yet, and safe on disk.", "Of these, 1 edit waits for your decision on another.", "wait until the rest is delivered")
		r.Press("w")
		r.Want("Delivering, then quitting", "1 edit waits for your decision")
		r.Wait(30 * time.Second)
		if r.Exited() {
			t.Fatal("the program quit without a word about the decision")
		}
		if got := r.title(other); got != "Delivered meanwhile" {
			t.Errorf("the conversation is titled %q", got)
		}
		r.Want("Quit?", "1 edit waits for your decision on another")
		r.sb.SetLatency(0)
		all, err := r.inbox.Outbox(context.Background())
		if err != nil || len(all) != 2 {
			t.Fatalf("outbox %v, error %v", all, err)
		}
		if _, err := r.inbox.Decide(context.Background(), model.DecideDiscard, all[0]); err != nil { // decided elsewhere
			t.Fatal(err)
		}
		r.Wait(30 * time.Second)
		r.Want("Nothing is on its way any more. 1 edit needs you.")
	})
}

// otherTitled submits a rename of a conversation of another service.
func (r *system) otherTitled() model.Ref {
	r.t.Helper()
	ctx := context.Background()
	ref := model.Ref{Account: "support", ID: r.sb.Bird().IDs()[0]}
	p, err := r.inbox.Plan(ctx, []model.Ref{ref},
		[]model.Change{{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue("Delivered meanwhile")}}, model.PlanOptions{})
	if err == nil {
		_, err = r.inbox.Submit(ctx, p)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
	return ref
}
