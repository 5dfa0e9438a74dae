package ui_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"

	"confab/providers/sandbox"
)

func TestAConversationThatIsDeletedWhileItIsOpenSaysSo(t *testing.T) {
	drive(t, sandbox.Options{}, func(r *road) {
		ref := konaMine(r.t, r.sb)
		name := r.row(ref).Conversation.Title
		r.find(ref)
		r.Press("enter")
		r.Wait(time.Second)
		r.Want(name)
		r.sb.Kona().Remove(ref.ID)
		r.Press("r")
		r.Wait(time.Second)
		r.Want("does not have this conversation any more", name)
		r.Press("esc")
		r.Wait(time.Second)
		if _, ok, err := r.inbox.Row(context.Background(), ref); err != nil || ok {
			r.t.Errorf("it is still listed: %v", err)
		}
		r.Want("Nothing matches")
	})
}

// Lists bring less than single reads, and differently in each service: neither
// changes what is done, and what a single read brought stays.
func TestReadingAgainChangesNothingThatIsDone(t *testing.T) {
	t.Parallel()
	drive(t, sandbox.Options{Conversations: 48}, func(r *road) {
		ctx := context.Background()
		refs, err := r.inbox.Refs(ctx, "is:any", false)
		if err != nil || len(refs) < 40 {
			r.t.Fatal(len(refs), err)
		}
		yes := true
		if err := r.inbox.Triage(ctx, refs, model.TriageChange{Done: &yes, Seen: &yes}, nil); err != nil {
			r.t.Fatal(err)
		}
		// Own edits move the time of the last change, at once or in the next list.
		plan, err := r.inbox.Plan(ctx, refs, []model.Change{{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue("Ours")}}, model.PlanOptions{})
		if err != nil || plan.Count(model.PlanChange) < 20 {
			r.t.Fatal(plan.Count(model.PlanChange), err)
		}
		ids, err := r.inbox.Submit(ctx, plan)
		if err != nil {
			r.t.Fatal(err)
		}
		if err := r.inbox.Deliver(ctx, ids, func(model.DeliveryResult) {}); err != nil {
			r.t.Fatal(err)
		}
		rows := map[model.Ref]model.Row{}
		rounds := 2
		if testing.Short() {
			rounds = 1
		}
		for round := range rounds {
			for _, ref := range refs {
				if _, err := r.inbox.Load(ctx, ref, model.NeedParticipants|model.NeedContacts|model.NeedMessages|model.NeedEverything); err != nil {
					r.t.Fatal(err)
				}
			}
			time.Sleep(65 * time.Minute) // refreshes and a sweep
			for _, ref := range refs {
				row := r.row(ref)
				if !row.Triage.Done || !row.Triage.Seen {
					r.t.Errorf("round %d: %s is %+v", round, ref, row.Triage)
				}
				was := rows[ref].Conversation
				if round > 0 && !cmp.Equal(was, row.Conversation) {
					r.t.Errorf("%s is another after reading it again: %s", ref, cmp.Diff(was, row.Conversation))
				}
				rows[ref] = row
			}
		}
	})
}

func TestADescriptionThatIsClearedIsGoneFromTheOpenConversation(t *testing.T) {
	drive(t, sandbox.Options{}, func(r *road) {
		ctx := context.Background()
		ref := konaMine(r.t, r.sb)
		r.sb.Kona().Change(ref.ID, "details", "Rather unlikely words")
		r.find(ref)
		r.Press("enter")
		r.Wait(time.Second)
		r.Want("Rather unlikely words")
		plan, err := r.inbox.Plan(ctx, []model.Ref{ref}, []model.Change{{Kind: model.EditDescription, Op: model.OpSet, Target: model.TextValue("")}}, model.PlanOptions{})
		if err != nil {
			r.t.Fatal(err)
		}
		if ids, err := r.inbox.Submit(ctx, plan); err != nil || len(ids) != 1 {
			r.t.Fatal(ids, err)
		}
		r.Wait(time.Second)
		r.WantNot("Rather unlikely words")
		r.Wait(time.Minute)
		r.WantNot("Rather unlikely words")
		if d := r.row(ref).Conversation.Description; d != "" {
			r.t.Errorf("the cache still has %q", d)
		}
	})
}

// What a form was opened with may be withdrawn by another process before the form
// is submitted: that is nobody else's change.
func TestAFormOutlivesTheEditThatItWasOpenedUpon(t *testing.T) {
	drive(t, sandbox.Options{}, func(r *road) {
		ctx := context.Background()
		ref := konaMine(r.t, r.sb)
		r.find(ref)
		r.sb.SetOffline(model.Kona, true)
		plan, err := r.inbox.Plan(ctx, []model.Ref{ref}, []model.Change{{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue("First")}}, model.PlanOptions{})
		if err != nil {
			r.t.Fatal(err)
		}
		ids, err := r.inbox.Submit(ctx, plan)
		if err != nil || len(ids) != 1 {
			r.t.Fatal(ids, err)
		}
		r.Wait(20 * time.Second) // it is between two tries
		r.Press("e")
		r.Want("First")
		if n, err := r.inbox.Withdraw(ctx, ids...); err != nil || n != 1 {
			r.t.Fatal(n, err)
		}
		r.sb.SetOffline(model.Kona, false)
		r.Wait(time.Second)
		r.Type(" and second")
		r.Press("ctrl+s")
		r.Wait(time.Second)
		r.Press("y")
		r.Wait(10 * time.Minute)
		if title := r.row(ref).Conversation.Title; title != "First and second" {
			r.t.Errorf("it is called %q", title)
		}
		if out, err := r.inbox.Outbox(ctx); err != nil || len(out) > 0 {
			r.t.Errorf("outbox %+v, %v", out, err)
		}
	})
}

// A bulk that is being delivered is taken back by one yes, however far it has come
// while the person read what that means.
func TestABulkIsTakenBackWhileItIsDelivered(t *testing.T) {
	t.Parallel()
	conversations, minutes := 800, 60
	if testing.Short() {
		conversations, minutes = 240, 20
	}
	drive(t, sandbox.Options{Conversations: conversations, Latency: 300 * time.Millisecond}, func(r *road) {
		r.Press("/")
		r.Type("is:public (account:sales OR account:support)")
		r.Press("enter")
		r.Wait(5 * time.Second)
		r.Press("*", "p")
		r.Want("y send")
		r.Wait(time.Second)
		r.Press("y")
		r.Wait(2 * time.Second)
		r.Press("esc", "u")
		r.Wait(time.Second)
		r.Want("Take this back?", "Not sent yet, and withdrawn")
		r.Wait(8 * time.Second) // it goes on while it is read
		r.Press("y")
		for range minutes {
			r.Wait(time.Minute)
			r.WantNot("Take this back?")
		}
		r.Want("took back")
		out, err := r.inbox.Outbox(context.Background())
		if err != nil || len(out) > 0 {
			t.Errorf("%d edits wait, %v", len(out), err)
		}
		subs, err := r.inbox.Submissions(context.Background(), model.HistoryRequest{Limit: 10})
		if err != nil || len(subs) != 2 {
			t.Fatalf("%d submissions, %v", len(subs), err)
		}
		if made := subs[1]; made.Withdrawn == 0 || made.Delivered+made.TakenBack == 0 || made.TakenBack+made.Withdrawn != made.Edits {
			t.Errorf("%+v", made)
		}
	})
}
