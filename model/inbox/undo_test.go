package inbox_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

func TestUndo(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		// Not yet sent: withdrawn, the service is never asked.
		submit(t, b, f.ref("2"), title("oops"))
		u, err := b.PlanUndo(ctx, "", model.PlanOptions{})
		if err != nil || len(u.Withdraw) != 1 || len(u.Plan.Items) != 0 {
			t.Fatalf("the undo of a queued edit withdraws %d edits (want 1) and plans %d items (want 0), error %v",
				len(u.Withdraw), len(u.Plan.Items), err)
		}
		if _, err := b.ApplyUndo(ctx, u); err != nil {
			t.Fatalf("applying the undo: %v", err)
		}
		if got, _ := shownTitle(t, b, f.ref("2")); got != "Budget" {
			t.Errorf("after the withdrawal the row shows the title %q, want Budget", got)
		}
		// Delivered: the inverse is delivered like any other edit.
		ids := submit(t, b, f.ref("1"), title("mine"))
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		u, err = b.PlanUndo(ctx, "", model.PlanOptions{})
		if err != nil || len(u.Plan.Items) != 1 || u.Plan.Items[0].Title != "mine" || len(u.Titles) != 0 {
			t.Fatalf("the undo of a delivered edit plans %+v and names the withdrawn titles %q, want one item titled mine and no withdrawn title, error %v",
				u.Plan.Items, u.Titles, err)
		}
		ids, err = b.ApplyUndo(ctx, u)
		if err != nil {
			t.Fatalf("applying the undo: %v", err)
		}
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if got := f.get("1").Title; got != "Kick-off" {
			t.Errorf("after the undo the service has the title %q, want Kick-off", got)
		}
		if h := history(t, b); h[len(h)-1].Undone != ids[0] {
			t.Errorf("the history says that the first edit was undone by %q, want %q", h[len(h)-1].Undone, ids[0])
		}
		if _, err := b.PlanUndo(ctx, "", model.PlanOptions{}); model.KindOf(err) != model.NotFound {
			t.Errorf("an undo with nothing left to undo: error %v, want the kind %s", err, model.NotFound)
		}
		// Changed once more since, even by confab: the undo overwrites nothing.
		ids = submit(t, b, f.ref("2"), title("mine"))
		deliver(t, b, ids)
		deliver(t, b, submit(t, b, f.ref("2"), title("newer")))
		_, back := undo(t, b, ids[0])
		if out := deliver(t, b, back); len(out) != 1 || out[0].State != model.InConflict || f.get("2").Title != "newer" {
			t.Errorf("the undo of an edit that a newer one followed ended as %s, want it %s; the service has the title %q, want newer",
				inWords(out...), model.InConflict, f.get("2").Title)
		}
	})
}

// Of the edits that are being sent, one restores what was there before others that it
// replaces. There is nothing to undo of it, which does not hide the undo of the other one.
func TestUndoOfAnEditThatRestores(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		submit(t, b, f.ref("1"), title("Kick-off, moved"))
		ids := submit(t, b, f.ref("1"), append(title("Kick-off"), privacy(model.PrivacyPrivate)...))
		if claimed, err := s.Claim(ctx, "projects", nil); err != nil || len(claimed) != 2 {
			t.Fatalf("claimed are %s, want two edits; error %v", inWords(claimed...), err)
		}
		u, inverse := undo(t, b, "")
		if !u.Asks() || len(inverse) != 1 {
			t.Errorf("the undo asks is %t, want true, since it makes the conversation public; it queued %d edits, want 1", u.Asks(), len(inverse))
		}
		deliver(t, b, append(ids, inverse...))
		if got := f.get("1"); got.Privacy != model.PrivacyPublic || got.Title != "Kick-off" {
			t.Errorf("after the undo, %q is %s, want Kick-off and %s", got.Title, got.Privacy, model.PrivacyPublic)
		}
	})
}

func TestWideningUndoAsks(t *testing.T) {
	f := newFake("projects", "Kick-off")
	f.assumed = true
	f.desc.Audience = model.Audiences{{Privacy: model.PrivacyPublic, Audience: model.Audience{Class: model.ClassEveryone, Sentence: "everyone"}}}
	f.change("1", func(c *model.Conversation) {
		c.Participants = model.SetOf(ada, model.Participant{Kind: model.KindContact, Identifier: "phonenumber=+4930123456"})
	})
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), append(privacy(model.PrivacyPrivate), title("mine")...))
		// What is withdrawn may be sent before that, and its undo then widens.
		u, err := b.PlanUndo(ctx, "", model.PlanOptions{})
		if want := []model.Risk{{Kind: model.EditPrivacy, Text: "will be seen by everyone"}}; err != nil || len(u.Withdraw) != 2 || !slices.Equal(u.Later, want) {
			t.Errorf("the undo of queued edits withdraws %d (want 2) and later risks %+v, want %+v, error %v", len(u.Withdraw), u.Later, want, err)
		}
		deliver(t, b, ids)
		for name, id := range map[string]string{"that makes a conversation public again": ids[0], "of everything submitted with it": ""} {
			u, err := b.PlanUndo(ctx, id, model.PlanOptions{})
			if err != nil || !u.Plan.Risky() || u.Plan.Items[0].Audience == nil || !u.Plan.Items[0].Outsiders {
				t.Errorf("the undo %s counts as risky: %t (want true), error %v; the plan is %+v, want it to say who will see the conversation, and that outsiders are in it",
					name, u.Plan.Risky(), err, u.Plan)
			}
			// A widening edit waits for those before it in its submission.
			if edits := u.Plan.Edits(); len(edits) > 1 && edits[1].Kind != model.EditPrivacy {
				t.Errorf("the undo %s changes the %s last, want the privacy", name, edits[1].Kind)
			}
			if notes := u.Plan.Items[0].Notes; len(notes) != len(u.Plan.Edits()) {
				t.Errorf("the undo %s notes %q, want a note for each assumed edit", name, notes)
			}
		}
	})
}

func TestUndoRevertsOnlyConfabsChanges(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget", "Retro")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		// The service had the title already when the edit was delivered: nothing to take back.
		already := submit(t, b, f.ref("1"), title("theirs"))
		f.change("1", func(c *model.Conversation) { c.Title = "theirs" })
		b.Deliver(ctx, already, func(model.DeliveryResult) {})
		if u, err := b.PlanUndo(ctx, already[0], model.PlanOptions{}); err != nil || len(u.Plan.Items)+len(u.Withdraw) != 0 {
			t.Errorf("the undo of an edit that changed nothing plans %d items and withdraws %d edits, want none, error %v",
				len(u.Plan.Items), len(u.Withdraw), err)
		}
		// The edit may have been sent: its inverse waits until its outcome is known.
		f.onApply = func() (error, bool) { f.onApply = nil; return &model.Error{Kind: model.UnknownOutcome}, true }
		lost := submit(t, b, f.ref("2"), title("mine"))
		b.Deliver(ctx, lost, func(model.DeliveryResult) {})
		if u, err := b.PlanUndo(ctx, lost[0], model.PlanOptions{}); err != nil || len(u.Withdraw) != 0 || u.InFlight != 1 {
			t.Errorf("the undo of an edit that may have been sent withdraws %d edits (want 0) and waits for %d in flight (want 1), error %v",
				len(u.Withdraw), u.InFlight, err)
		}
		// The edit was taken back before: it is not taken back twice.
		ids := submit(t, b, f.ref("3"), title("mine"))
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		u, err := b.PlanUndo(ctx, ids[0], model.PlanOptions{})
		if err != nil {
			t.Fatalf("planning the undo: %v", err)
		}
		back, err := b.ApplyUndo(ctx, u)
		if err != nil {
			t.Fatalf("applying the undo: %v", err)
		}
		if u, err := b.PlanUndo(ctx, ids[0], model.PlanOptions{}); err != nil || !u.Nothing() || len(u.Blocked) != 1 || u.Blocked[0].Why != "it is being taken back already" {
			t.Errorf("while an undo waits, another one of the same edit has nothing to do: %t (want true), and is blocked by %v, want that it is being taken back already; error %v",
				u.Nothing(), u.Blocked, err)
		}
		b.Deliver(ctx, back, func(model.DeliveryResult) {})
		if u, err := b.PlanUndo(ctx, ids[0], model.PlanOptions{}); err != nil || len(u.Plan.Items) != 0 || len(u.Blocked) != 1 {
			t.Errorf("the second undo of one edit plans %d items (want 0) and names %d as blocked (want 1), error %v",
				len(u.Plan.Items), len(u.Blocked), err)
		}
		// The service can't do it any more, or its account is in the config no longer.
		f.unable = model.EditTitle
		elsewhere := model.OutboxEntry{Edit: model.Edit{Ref: model.Ref{Account: "former", ID: "1"}, Kind: model.EditTitle,
			Base: model.TextValue("a"), Target: model.TextValue("b")}}
		ids, err = s.Enqueue(ctx, model.Submission{ID: "s"}, []model.OutboxEntry{elsewhere})
		must(t, err)
		elsewhere.ID = ids[0]
		must(t, s.Settle(ctx, elsewhere, model.JournalEntry{Edit: elsewhere.Edit, State: model.Done, Before: elsewhere.Base, After: elsewhere.Target}, nil, false))
		for id, why := range map[string]string{lost[0]: "not any more", back[0]: "not any more", ids[0]: "confab runs without former"} {
			u, err := b.PlanUndo(ctx, id, model.PlanOptions{})
			if err != nil || !u.Nothing() || u.InFlight != 0 || len(u.Blocked) != 1 || u.Blocked[0].Why != why {
				t.Errorf("the undo of an edit that can't be taken back has nothing to do: %t (want true), waits for %d in flight (want 0) and is blocked by %v, want %s; error %v",
					u.Nothing(), u.InFlight, u.Blocked, why, err)
			}
		}
	})
}

// Somebody else takes back part of an edit before its undo does. That part is not recorded
// as the undo's, so that undoing the undo does not make that change again.
func TestLostUndoIsComparedWithItsOwnEffect(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{bob, eve}}})
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		f.change("1", func(c *model.Conversation) { c.Participants = model.SetOf(ada, eve) })
		u, err := b.PlanUndo(ctx, ids[0], model.PlanOptions{})
		if err != nil {
			t.Fatalf("planning the undo: %v", err)
		}
		back, err := b.ApplyUndo(ctx, u)
		if err != nil {
			t.Fatalf("applying the undo: %v", err)
		}
		f.onApply = func() (error, bool) { f.onApply = nil; return &model.Error{Kind: model.UnknownOutcome}, false }
		b.Deliver(ctx, back, func(model.DeliveryResult) {})
		time.Sleep(time.Minute)
		b.Deliver(ctx, back, func(model.DeliveryResult) {})
		if got := f.get("1").Participants.Items; !model.SamePeople(got, []model.Participant{ada}) {
			t.Fatalf("after the undo the service has the people %v, want Ada alone", got)
		}
		if j := history(t, b)[0]; !model.SamePeople(j.Before.Set(), []model.Participant{ada, eve}) {
			t.Errorf("the history says that before the undo the people were %v, want Ada and Eve", j.Before.Set())
		}
	})
}

// Edits may be delivered faster than their undo is planned. When the undo is planned
// again, it therefore first withdraws what is not sent yet.
func TestAnUndoPlannedAgainWithdrawsFirst(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget", "Retro")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		events, end := b.Subscribe()
		defer end()
		mark(t, b, f.ref("1"), model.TriageChange{Pinned: new(true)})
		p, err := b.Plan(ctx, []model.Ref{f.ref("1"), f.ref("2"), f.ref("3")}, title("mine"), model.PlanOptions{})
		if err != nil {
			t.Fatalf("planning the edit: %v", err)
		}
		ids, err := b.Submit(ctx, p)
		if err != nil {
			t.Fatalf("submitting the plan: %v", err)
		}
		u, err := b.PlanUndo(ctx, "", model.PlanOptions{})
		u.Again = true
		if err != nil || len(u.Withdraw) != 3 {
			t.Fatalf("the undo of three queued edits withdraws %d, want 3, error %v", len(u.Withdraw), err)
		}
		b.Deliver(ctx, ids[:1], func(model.DeliveryResult) {})
		if _, err := b.ApplyUndo(ctx, u); !errors.Is(err, model.ErrUndoMoved) {
			t.Fatalf("an undo after one of its edits was delivered: error %v, want %v", err, model.ErrUndoMoved)
		}
		told := 0
		for len(events) > 0 {
			<-events
		}
		again, err := b.PlanUndo(ctx, p.ID, model.PlanOptions{Was: &u, Progress: func(done, _ int) { told = done }})
		withdrawn := again.Withdrawn
		if err != nil || len(withdrawn) != 2 || slices.Contains(withdrawn, ids[0]) || told != 3 || len(again.Plan.Edits()) != 1 {
			t.Fatalf("the undo that is planned again withdrew %v (want two, without %s), told of %d (want 3) and plans %d inverse edits (want 1), error %v",
				withdrawn, ids[0], told, len(again.Plan.Edits()), err)
		}
		if ev := <-events; !ev.Edits || len(ev.Refs) != 2 {
			t.Errorf("after two edits were withdrawn, the event is %+v, want it to name their conversations", ev)
		}
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if back, err := b.ApplyUndo(ctx, again); err != nil || len(back) != 1 || !again.Again {
			t.Errorf("the undo that was planned again queued %d edits, want 1, and counts as pressed again: %t (want true), error %v", len(back), again.Again, err)
		}
		if u, err := b.PlanUndo(ctx, "", model.PlanOptions{}); err != nil || u.Marks != 1 {
			t.Errorf("the next undo restores %d marks, want those of the act before, error %v", u.Marks, err)
		}
	})
}
