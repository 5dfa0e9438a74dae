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
		t.Fatalf("counting the conversations: %v", err)
	}
	return n
}

func TestLoadOfAGoneConversationHidesItsRow(t *testing.T) {
	f := newFake("projects", "a", "b", "c")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		if err := b.Sync(ctx); err != nil {
			t.Fatalf("syncing: %v", err)
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
			t.Errorf("loading a deleted conversation: error %v, want the kind %s", err, model.NotFound)
		}
		if n := rows(t, b); n != 2 {
			t.Errorf("after the load of a deleted conversation there are %d rows, want 2", n)
		}
		if e := <-events; len(e.Refs) != 1 || e.Refs[0] != f.ref("2") {
			t.Errorf("the load of a deleted conversation was announced as %+v, want only %v", e, f.ref("2"))
		}
		if text, _ := b.Draft(ctx, "rename:projects:2"); text != "half" {
			t.Errorf("the draft of the deleted conversation reads %q, want half", text)
		}
		// It was restored: a list that shows it brings it back, with its marks.
		time.Sleep(time.Minute)
		f.set(func() { f.convs["2"] = kept })
		if err := b.Sync(ctx); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		if row, ok, _ := b.Row(ctx, f.ref("2")); !ok || !row.Triage.Pinned {
			t.Errorf("the restored conversation is in the list: %t, and pinned: %t, want both", ok, row.Triage.Pinned)
		}
	})
}

func TestOlderPageDoesNotRestoreAGoneConversation(t *testing.T) {
	f := newFake("projects", "a", "b")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		if err := b.Sync(ctx); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		time.Sleep(time.Minute)
		f.onPage = func() { // the answer is on its way, and the row is deleted and read
			f.onPage = nil
			time.Sleep(time.Second)
			f.set(func() { delete(f.convs, "2") })
			if _, err := b.Load(ctx, f.ref("2"), 0); model.KindOf(err) != model.NotFound {
				t.Errorf("loading a deleted conversation: error %v, want the kind %s", err, model.NotFound)
			}
		}
		if err := b.Sync(ctx); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		if n := rows(t, b); n != 1 {
			t.Errorf("after a page that is older than the deletion there are %d rows, want 1", n)
		}
	})
}

func TestDeliveryToAGoneConversationHidesItsRow(t *testing.T) {
	f := newFake("projects", "a", "b")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		if err := b.Sync(ctx); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		plan, err := b.Plan(ctx, []model.Ref{f.ref("2")}, title("x"), model.PlanOptions{})
		if err != nil {
			t.Fatalf("planning the edit: %v", err)
		}
		ids, err := b.Submit(ctx, plan)
		if err != nil {
			t.Fatalf("submitting the plan: %v", err)
		}
		f.set(func() { delete(f.convs, "2") })
		var state model.EditState
		if err := b.Deliver(ctx, ids, func(r model.DeliveryResult) { state = r.Entry.State }); err != nil {
			t.Fatalf("delivering the edits: %v", err)
		}
		if n := rows(t, b); n != 1 || state != model.Refused {
			t.Errorf("after the delivery to a deleted conversation there are %d rows (want 1), and the edit is %s (want %s)", n, state, model.Refused)
		}
		if out, _ := b.Outbox(ctx); len(out) != 1 {
			t.Errorf("the outbox holds %d edits, want the refused one: %s", len(out), inWords(out...))
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
				t.Fatalf("reading the conversation: %v", err)
			}
			b.Sync(ctx)
			if row, _, _ := b.Row(ctx, f.ref("1")); row.Conversation.Description != "about" || row.Conversation.Owner.Name != "Olga" {
				t.Fatalf("after a list, the row has the description %q and the owner %q, want about and Olga",
					row.Conversation.Description, row.Conversation.Owner.Name)
			}
		}
		f.change("1", func(c *model.Conversation) {
			c.Description, c.Access, c.Owner, c.Facts = "", "", model.Participant{}, []model.Fact{}
		})
		if _, err := b.Load(ctx, f.ref("1"), everything); err != nil {
			t.Fatalf("reading the conversation: %v", err)
		}
		row, _, _ := b.Row(ctx, f.ref("1"))
		if c := row.Conversation; c.Description != "" || c.Access != "" || c.Owner.ID != "" || len(c.Facts) != 0 || !c.Participants.Known {
			t.Errorf("after a whole read of emptied fields, the row has the description %q, access %q, owner %q and %d facts (want none of them), and its people are known: %t (want true)",
				c.Description, c.Access, c.Owner.ID, len(c.Facts), c.Participants.Known)
		}
	})
}
