package inbox_test

import (
	"context"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

func rows(t *testing.T, b *inbox.Inbox) int {
	t.Helper()
	n, err := b.Count(context.Background(), "is:any", false)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLoadOfAGoneConversationHidesItsRow(t *testing.T) {
	f := newFake("projects", "a", "b", "c")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		if err := b.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		yes := true
		b.Triage(ctx, []model.Ref{f.ref("2")}, model.TriageChange{Pinned: &yes}, nil)
		b.SaveDraft(ctx, "rename:projects:2", "half")
		kept := f.get("2")
		f.set(func() { delete(f.convs, "2") })
		events, end := b.Subscribe()
		defer end()
		_, err := b.Load(ctx, f.ref("2"), model.NeedParticipants)
		if model.KindOf(err) != model.NotFound {
			t.Errorf("the person is told %v", err)
		}
		if n := rows(t, b); n != 2 {
			t.Errorf("%d rows (want 2)", n)
		}
		if e := <-events; len(e.Refs) != 1 || e.Refs[0] != f.ref("2") {
			t.Errorf("announced %+v", e)
		}
		if text, _ := b.Draft(ctx, "rename:projects:2"); text != "half" {
			t.Error("the draft is lost")
		}
		// It was restored: a list that shows it brings it back, with its marks.
		time.Sleep(time.Minute)
		f.set(func() { f.convs["2"] = kept })
		if err := b.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if row, ok, _ := b.Row(ctx, f.ref("2")); !ok || !row.Triage.Pinned {
			t.Errorf("back: %v, pinned: %v", ok, row.Triage.Pinned)
		}
	})
}

func TestOlderPageDoesNotRestoreAGoneConversation(t *testing.T) {
	f := newFake("projects", "a", "b")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		if err := b.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		f.onPage = func() { // the answer is on its way, and the row is deleted and read
			f.onPage = nil
			time.Sleep(time.Second)
			f.set(func() { delete(f.convs, "2") })
			if _, err := b.Load(ctx, f.ref("2"), 0); model.KindOf(err) != model.NotFound {
				t.Error(err)
			}
		}
		if err := b.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if n := rows(t, b); n != 1 {
			t.Errorf("%d rows (want 1)", n)
		}
	})
}

func TestDeliveryToAGoneConversationHidesItsRow(t *testing.T) {
	f := newFake("projects", "a", "b")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		if err := b.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		plan, err := b.Plan(ctx, []model.Ref{f.ref("2")}, title("x"), model.PlanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ids, err := b.Submit(ctx, plan)
		if err != nil {
			t.Fatal(err)
		}
		f.set(func() { delete(f.convs, "2") })
		var state model.EditState
		if err := b.Deliver(ctx, ids, func(r model.DeliveryResult) { state = r.Entry.State }); err != nil {
			t.Fatal(err)
		}
		if n := rows(t, b); n != 1 || state != model.Refused {
			t.Errorf("%d rows (want 1), the edit is %s", n, state)
		}
		if out, _ := b.Outbox(ctx); len(out) != 1 {
			t.Errorf("%d edits (want 1) are kept", len(out))
		}
	})
}

func TestWholeReadEmptiesFields(t *testing.T) {
	f := newFake("projects", "a")
	f.short = true
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		f.change("1", func(c *model.Conversation) {
			c.Description, c.Access, c.Owner = "about", "everyone", model.Participant{Kind: "user", ID: "7", Name: "Olga"}
			c.Facts = []model.Fact{{Group: "Tags", Label: "Tag", Value: "late"}}
		})
		everything := model.NeedParticipants | model.NeedMessages | model.NeedEverything
		for range 2 { // a list in between fills in, and empties nothing
			b.Sync(ctx)
			if _, err := b.Load(ctx, f.ref("1"), everything); err != nil {
				t.Fatal(err)
			}
			b.Sync(ctx)
			if row, _, _ := b.Row(ctx, f.ref("1")); row.Conversation.Description != "about" || row.Conversation.Owner.Name != "Olga" {
				t.Fatalf("row.Conversation is %+v", row.Conversation)
			}
		}
		f.change("1", func(c *model.Conversation) {
			c.Description, c.Access, c.Owner, c.Facts = "", "", model.Participant{}, []model.Fact{}
		})
		if _, err := b.Load(ctx, f.ref("1"), everything); err != nil {
			t.Fatal(err)
		}
		row, _, _ := b.Row(ctx, f.ref("1"))
		if c := row.Conversation; c.Description != "" || c.Access != "" || c.Owner.ID != "" || len(c.Facts) != 0 || !c.Participants.Known {
			t.Errorf("c is %+v", c)
		}
	})
}
