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
	withSystem(t, sandbox.Options{}, func(r *system) {
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
			r.t.Errorf("the deleted conversation is still listed: %v", err)
		}
		r.Want("Nothing matches")
	})
}

func TestAnEditOfAConversationThatIsGoneShowsHowItEnded(t *testing.T) {
	withSystem(t, sandbox.Options{Conversations: 48}, func(r *system) {
		ref := konaMine(r.t, r.sb)
		name := r.row(ref).Conversation.Title
		r.find(ref)
		r.Press("enter")
		r.Wait(time.Second)
		r.sb.Kona().Remove(ref.ID)
		r.Press("t")
		r.Type(" Z")
		r.Press("enter")
		r.Wait(5 * time.Second)
		r.Want("does not have this conversation any more", "title: refused")
		r.WantNot("title: sending")
		for _, key := range []string{"!", "x", "y"} {
			r.Press(key)
			r.Wait(time.Second)
		}
		r.Want("1 edit discarded", name)
		r.WantNot("title: refused", name+" Z")
	})
}

// A list holds less than a single read, in each service differently. Reading either leaves triage marks
// alone, and a list keeps what a single read has loaded.
func TestReadingAgainKeepsConversationsDone(t *testing.T) {
	t.Parallel()
	withSystem(t, sandbox.Options{Conversations: 48}, func(r *system) {
		ctx := context.Background()
		refs, err := r.inbox.Refs(ctx, "is:any", false)
		if err != nil || len(refs) < 40 {
			r.t.Fatal(len(refs), err)
		}
		yes := true
		if err := r.inbox.Triage(ctx, refs, model.TriageChange{Done: &yes, Seen: &yes}, nil); err != nil {
			r.t.Fatal(err)
		}
		// Our own edits change the update time, at once or in the next list.
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
			time.Sleep(65 * time.Minute) // time for refreshes and a sweep
			for _, ref := range refs {
				row := r.row(ref)
				if !row.Triage.Done || !row.Triage.Seen {
					r.t.Errorf("round %d: the triage marks of %s are %+v", round, ref, row.Triage)
				}
				was := rows[ref].Conversation
				if round > 0 && !cmp.Equal(was, row.Conversation) {
					r.t.Errorf("%s changed when it was read again: %s", ref, cmp.Diff(was, row.Conversation))
				}
				rows[ref] = row
			}
		}
	})
}

func TestADescriptionThatIsClearedIsGoneFromTheOpenConversation(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
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
			r.t.Errorf("the cache still has the description %q", d)
		}
	})
}

// Another process may withdraw the pending edit that a form shows before the form is submitted. That is
// not a conflict.
func TestFormSurvivesTheWithdrawalOfTheEditItShows(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
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
		r.Wait(20 * time.Second) // the edit waits for its next try
		r.Press("e")
		r.Want("First")
		if n, err := r.inbox.Decide(ctx, model.DecideWithdraw, model.OutboxEntry{Edit: model.Edit{ID: ids[0]}}); err != nil || n != 1 {
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
			r.t.Errorf("the title is %q", title)
		}
		if out, err := r.inbox.Outbox(ctx); err != nil || len(out) > 0 {
			r.t.Errorf("the outbox holds %+v, error %v, want nothing", out, err)
		}
	})
}

// One confirmation takes back a bulk that is being delivered, however far it came while the person read the question.
func TestABulkIsTakenBackWhileItIsDelivered(t *testing.T) {
	t.Parallel()
	withSystem(t, sandbox.Options{Conversations: 240, Latency: 300 * time.Millisecond}, func(r *system) {
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
		r.Wait(8 * time.Second) // the delivery goes on while the person reads
		r.Press("y")
		for range 20 {
			r.Wait(time.Minute)
			r.WantNot("Take this back?")
		}
		r.Want("took back")
		out, err := r.inbox.Outbox(context.Background())
		if err != nil || len(out) > 0 {
			t.Errorf("%d edits are waiting, error %v", len(out), err)
		}
		subs, err := r.inbox.Submissions(context.Background(), model.HistoryRequest{Limit: 10})
		if err != nil || len(subs) != 2 {
			t.Fatalf("%d submissions, error %v, want 2", len(subs), err)
		}
		if made := subs[1]; made.Withdrawn == 0 || made.Delivered+made.TakenBack == 0 || made.TakenBack+made.Withdrawn != made.Edits {
			t.Errorf("the bulk is %+v, want each edit withdrawn or taken back", made)
		}
	})
}
