package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// TestMain collects garbage less often than by default, which takes a seventh of the time away.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

var _ model.Provider = (*fake)(nil)

// run opens an engine over fakes and a real database inside a bubble of fake time, and
// closes everything at the end.
func run(t *testing.T, fakes []*fake, f func(t *testing.T, b *inbox.Inbox, s *store.Store)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) { session(t, path, fakes, f) })
}

func session(t *testing.T, path string, fakes []*fake, f func(t *testing.T, b *inbox.Inbox, s *store.Store)) {
	t.Helper()
	patient(t, -1, path, fakes, f)
}

func patient(t *testing.T, patience time.Duration, path string, fakes []*fake, f func(t *testing.T, b *inbox.Inbox, s *store.Store)) {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, path, store.Options{Host: "laptop"})
	if err != nil {
		t.Fatalf("opening the database: %v", err)
	}
	o := inbox.Options{Store: s, Refresh: 2 * time.Minute, User: "ada", Location: time.UTC, Patience: patience}
	for _, fk := range fakes {
		o.Accounts = append(o.Accounts, inbox.Account{Provider: fk, Since: fk.reach})
	}
	b, err := inbox.Open(ctx, o)
	if err != nil {
		t.Fatalf("opening the inbox: %v", err)
	}
	defer func() {
		if err := b.Close(ctx); err != nil {
			t.Errorf("closing the inbox: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing the database: %v", err)
		}
	}()
	f(t, b, s)
}

func title(s string) []model.Change {
	return []model.Change{{Kind: model.EditTitle, Op: model.OpSet, Target: model.TextValue(s)}}
}

func submit(t *testing.T, b *inbox.Inbox, ref model.Ref, changes []model.Change) []string {
	t.Helper()
	p, err := b.Plan(context.Background(), []model.Ref{ref}, changes, model.PlanOptions{})
	if err != nil {
		t.Fatalf("planning the edit: %v", err)
	}
	ids, err := b.Submit(context.Background(), p)
	if err != nil {
		t.Fatalf("submitting the plan: %v", err)
	}
	if len(ids) == 0 {
		t.Fatalf("the plan queued no edit: %+v", p.Items)
	}
	return ids
}

func shownTitle(t *testing.T, b *inbox.Inbox, ref model.Ref) (string, model.EditState) {
	t.Helper()
	r, ok, err := b.Row(context.Background(), ref)
	if err != nil || !ok {
		t.Fatalf("reading the row of %v: found %t (want true), error %v", ref, ok, err)
	}
	return r.Conversation.Title, r.Worst()
}

func outbox(t *testing.T, b *inbox.Inbox) []model.OutboxEntry {
	t.Helper()
	out, err := b.Outbox(context.Background())
	if err != nil {
		t.Fatalf("reading the outbox: %v", err)
	}
	return out
}

// named returns edits as a decision names them that needs nothing but their ids.
func named(ids ...string) (out []model.OutboxEntry) {
	for _, id := range ids {
		out = append(out, model.OutboxEntry{Edit: model.Edit{ID: id}})
	}
	return out
}

// inWords describes edits of the outbox for the message of a failed test.
func inWords(edits ...model.OutboxEntry) string {
	if len(edits) == 0 {
		return "no edit"
	}
	var out []string
	for _, e := range edits {
		text := fmt.Sprintf("%s of %v to %s, which is %s, sent: %t", e.Kind, e.Ref, inJSON(e.Target), e.State, e.Sent)
		if e.Theirs != nil {
			text += ", the service showed " + inJSON(e.Theirs)
		}
		if e.Error != nil {
			text += fmt.Sprintf(", its error says %q", e.Error.Words())
		}
		out = append(out, "["+text+"]")
	}
	return strings.Join(out, " ")
}

// problem describes the problem of a submission for the message of a failed test.
func problem(s model.Submission) string {
	if s.Problem == nil {
		return "none"
	}
	return inWords(*s.Problem)
}

func history(t *testing.T, b *inbox.Inbox) []model.JournalEntry {
	t.Helper()
	out, err := b.History(context.Background(), model.HistoryRequest{})
	if err != nil {
		t.Fatalf("reading the history: %v", err)
	}
	return out
}

func TestEditReachesTheServiceAndTheJournal(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget", "Retro")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Start(context.Background())
		time.Sleep(time.Second)
		page, err := b.List(context.Background(), model.ListRequest{Inbox: true, Limit: 10})
		if err != nil || page.Total != 3 {
			t.Fatalf("after the first sync the list has %d rows, want 3, error %v", page.Total, err)
		}
		submit(t, b, f.ref("1"), title("Kick-off with Ada"))
		if got, st := shownTitle(t, b, f.ref("1")); got != "Kick-off with Ada" || st == "" {
			t.Errorf("right after the submit the row shows the title %q with the edit state %q, want Kick-off with Ada and a state", got, st)
		}
		time.Sleep(time.Second)
		if got := f.get("1").Title; got != "Kick-off with Ada" {
			t.Errorf("after the delivery the service has the title %q, want Kick-off with Ada", got)
		}
		if got, st := shownTitle(t, b, f.ref("1")); got != "Kick-off with Ada" || st != "" {
			t.Errorf("after the delivery the row shows the title %q with the edit state %q, want Kick-off with Ada and no state", got, st)
		}
		h := history(t, b)
		if len(h) != 1 || h[0].Before.String() != "Kick-off" || h[0].After.String() != "Kick-off with Ada" || h[0].User != "ada" || h[0].State != model.Done {
			t.Errorf("the history is %+v, want one edit of ada that is %s, from Kick-off to Kick-off with Ada", h, model.Done)
		}
	})
}

func TestSomebodyElsesChangeIsAConflict(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		if err := b.Sync(ctx); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		ids := submit(t, b, f.ref("1"), title("mine"))
		f.change("1", func(c *model.Conversation) { c.Title = "theirs" })
		var got model.DeliveryResult
		if err := b.Deliver(ctx, ids, func(r model.DeliveryResult) { got = r }); err != nil {
			t.Fatalf("delivering the edits: %v", err)
		}
		if got.Entry.State != model.InConflict || got.Entry.Theirs.String() != "theirs" {
			t.Fatalf("the edit ended as %s, want %s with the service's title theirs: %s", got.Entry.State, model.InConflict, inWords(got.Entry))
		}
		if f.get("1").Title != "theirs" {
			t.Errorf("somebody else's title was overwritten: the service has %q, want theirs", f.get("1").Title)
		}
		if got, st := shownTitle(t, b, f.ref("1")); got != "theirs" || st != model.InConflict {
			t.Errorf("the row shows the title %q with the edit state %q, want theirs and %s", got, st, model.InConflict)
		}
		for d, want := range map[model.Decision]model.ErrorKind{model.DecideMerged: model.Invalid, model.DecideMine: model.NotFound} {
			e := map[model.Decision][]model.OutboxEntry{model.DecideMerged: outbox(t, b), model.DecideMine: named("nosuchedit")}[d]
			if _, err := b.Decide(ctx, d, e...); model.KindOf(err) != want {
				t.Errorf("the decision %s about the edit %s: error %v, want the kind %s", d, e[0].ID, err, want)
			}
		}
		if _, err := b.Decide(ctx, model.DecideMine, outbox(t, b)...); err != nil {
			t.Fatalf("resolving the conflict: %v", err)
		}
		if err := b.Deliver(ctx, ids, func(r model.DeliveryResult) { got = r }); err != nil || got.Entry.State != model.Done {
			t.Fatalf("after the conflict was resolved for mine, the edit ended as %s, want %s, error %v: %s",
				got.Entry.State, model.Done, err, inWords(got.Entry))
		}
		if f.get("1").Title != "mine" {
			t.Errorf("after the conflict was resolved for mine, the service has the title %q, want mine", f.get("1").Title)
		}
	})
}

func TestChangeOfAnotherFieldIsNoConflict(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), title("mine"))
		f.change("1", func(c *model.Conversation) { c.Privacy = model.PrivacyPrivate; c.Updated = time.Now() })
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.Done {
				t.Errorf("the edit ended as %s, want %s: %s", r.Entry.State, model.Done, inWords(r.Entry))
			}
		})
		if c := f.get("1"); c.Title != "mine" || c.Privacy != model.PrivacyPrivate {
			t.Errorf("the service has the title %q and the privacy %s, want mine and somebody else's %s", c.Title, c.Privacy, model.PrivacyPrivate)
		}
	})
}

func TestResolveMergedMergesRoles(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		eve := model.Participant{Kind: "user", ID: "9", Name: "Eve"}
		ids := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{eve}}})
		f.change("1", func(c *model.Conversation) {
			c.Participants = model.SetOf(model.Participant{Kind: "user", ID: "1", Role: model.RoleViewer}, model.Participant{Kind: "user", ID: "2", Role: model.RoleViewer})
		})
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if _, err := b.Decide(ctx, model.DecideMerged, outbox(t, b)...); err != nil {
			t.Fatalf("resolving the conflict: %v", err)
		}
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		want := []model.Participant{{Kind: "user", ID: "1", Role: model.RoleViewer}, {Kind: "user", ID: "2", Role: model.RoleViewer}, {Kind: "user", ID: "9", Role: model.RoleViewer}}
		if got := f.get("1").Participants.Items; !model.SamePeople(got, want) {
			t.Errorf("the conflict was merged into the people %+v, want %+v", got, want)
		}
	})
}

func TestPlanReadsBasesThatTheCacheLacks(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		if loads, _ := f.count(); loads != 0 {
			t.Fatalf("the sync read %d conversations by themselves, want 0", loads)
		}
		p, err := b.Plan(ctx, []model.Ref{f.ref("1"), f.ref("404")}, []model.Change{{Kind: model.EditParticipants, Op: model.OpAlter,
			People: []model.Participant{{Kind: "user", ID: "1", Role: model.RoleViewer}}}}, model.PlanOptions{})
		if err != nil {
			t.Fatalf("planning the edit: %v", err)
		}
		if it := p.Items[0]; it.State != model.PlanChange || it.Edits[0].Base.Set()[0].Role != model.RoleEditor {
			t.Errorf("the plan for a cached row is %s with the edits %+v (%s), want %s with a base that was read, in which Ada is an editor",
				it.State, it.Edits, it.Reason, model.PlanChange)
		}
		if it := p.Items[1]; it.State != model.PlanBlocked || !strings.Contains(it.Reason, "gone") {
			t.Errorf("the plan for a missing conversation is %s (%s), want %s with a reason that says gone", it.State, it.Reason, model.PlanBlocked)
		}
		p, _ = b.Plan(ctx, []model.Ref{f.ref("1")}, []model.Change{{Kind: model.EditContacts, Op: model.OpSet, Target: model.PeopleValue(nil)}}, model.PlanOptions{})
		if it := p.Items[0]; it.State != model.PlanBlocked || it.Reason != "no contacts here" {
			t.Errorf("the plan of an edit that the service cannot do is %s (%s), want %s (no contacts here)", it.State, it.Reason, model.PlanBlocked)
		}
		before, _ := f.count()
		for _, ch := range []model.Change{title("Kick-off")[0], {Kind: model.EditParticipants, Op: model.OpRemove, People: []model.Participant{{Kind: "user", ID: "7"}}}} {
			p, err = b.Plan(ctx, []model.Ref{f.ref("1")}, []model.Change{ch}, model.PlanOptions{Sure: true})
			if loads, _ := f.count(); err != nil || p.Items[0].State != model.PlanAlready || loads != before+1 {
				t.Errorf("%s, already so for sure: %+v after %d reads, error %v; want one read", ch.Kind, p.Items[0], loads-before, err)
			}
			before++
		}
		canceled, stop := context.WithCancel(ctx)
		stop()
		if _, err := b.Plan(canceled, []model.Ref{f.ref("1")}, title("x"), model.PlanOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("a plan with a cancelled context: error %v, want %v", err, context.Canceled)
		}
	})
}
