package inbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// together opens engines of two processes on one database.
func together(t failer, path string, f *fake) (engines []*inbox.Inbox, end func()) {
	ctx := context.Background()
	end = func() {}
	for range 2 {
		s, err := store.Open(ctx, path, store.Options{Host: "laptop"})
		if err != nil {
			t.Fatalf("opening the database: %v", err)
		}
		b, err := inbox.Open(ctx, inbox.Options{Store: s, User: "ada", Location: time.UTC, Patience: -1, Accounts: []inbox.Account{{Provider: f}}})
		if err != nil {
			t.Fatalf("opening the inbox: %v", err)
		}
		engines = append(engines, b)
		before := end
		end = func() {
			b.Close(ctx)
			s.Close()
			before()
		}
	}
	if err := engines[0].Sync(ctx); err != nil {
		t.Fatalf("the first sync: %v", err)
	}
	return engines, end
}

// deliverAll sends what is on its way.
func deliverAll(t failer, b *inbox.Inbox) {
	ctx := context.Background()
	all, err := b.Outbox(ctx)
	var ids []string
	for _, e := range all {
		if e.State.Waiting() {
			ids = append(ids, e.ID)
		}
	}
	if err == nil {
		err = b.Deliver(ctx, ids, func(model.DeliveryResult) {})
	}
	if err != nil {
		t.Fatalf("delivering the waiting edits: %v", err)
	}
}

// withTitle plans a new title of the first conversation.
func withTitle(t failer, b *inbox.Inbox, f *fake, to string) model.Plan {
	t.Helper()
	p, err := b.Plan(context.Background(), []model.Ref{f.ref("1")}, title(to), model.PlanOptions{})
	if err != nil {
		t.Fatalf("planning a new title: %v", err)
	}
	return p
}

func withdrawAll(t *testing.T, b *inbox.Inbox, ids []string) {
	t.Helper()
	if n, err := b.Decide(context.Background(), model.DecideWithdraw, named(ids...)...); err != nil || n != len(ids) {
		t.Fatalf("withdrawing %d edits withdrew %d, want all; error %v", len(ids), n, err)
	}
}

// An edit is planned upon one that another process then withdraws. It gets the value from
// before the withdrawn one as its base, however many are withdrawn, and whether that
// happens before it enters the outbox or after.
func TestEditPlannedUponAWithdrawnOneIsRebased(t *testing.T) {
	for name, steps := range map[string]func(t *testing.T, f *fake, here, there *inbox.Inbox) (base string){
		"before it enters": func(t *testing.T, f *fake, here, there *inbox.Inbox) string {
			first := submit(t, here, f.ref("1"), title("first"))
			p := withTitle(t, there, f, "last")
			withdrawAll(t, here, first)
			enters(t, there, p)
			return "Kick-off"
		},
		"both before it enters": func(t *testing.T, f *fake, here, there *inbox.Inbox) string {
			ids := append(submit(t, here, f.ref("1"), title("first")), submit(t, here, f.ref("1"), title("second"))...)
			p := withTitle(t, there, f, "last")
			withdrawAll(t, here, ids)
			enters(t, there, p)
			return "Kick-off"
		},
		"one of two before it enters": func(t *testing.T, f *fake, here, there *inbox.Inbox) string {
			submit(t, here, f.ref("1"), title("first"))
			second := submit(t, here, f.ref("1"), title("second"))
			p := withTitle(t, there, f, "last")
			withdrawAll(t, here, second)
			enters(t, there, p)
			return "first"
		},
		"the earlier of two, once it is in": func(t *testing.T, f *fake, here, there *inbox.Inbox) string {
			first := submit(t, here, f.ref("1"), title("first"))
			second := submit(t, here, f.ref("1"), title("second"))
			p := withTitle(t, there, f, "last")
			withdrawAll(t, here, second)
			enters(t, there, p)
			withdrawAll(t, here, first)
			return "Kick-off"
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			engines, end := together(t, filepath.Join(t.TempDir(), "confab.db"), f)
			defer end()
			want := steps(t, f, engines[0], engines[1])
			out := outbox(t, engines[0])
			if last := out[len(out)-1]; last.Base.String() != want || last.Target.String() != "last" || last.Or == nil {
				t.Errorf("the last edit in the outbox sets %q upon %q, or %v, want last upon %q, or the base that the person saw",
					last.Target, last.Base, last.Or, want)
			}
			deliverAll(t, engines[0])
			if got := f.get("1").Title; got != "last" || len(outbox(t, engines[0])) != 0 {
				t.Errorf("after the delivery the service has the title %q (want last), and the outbox holds %s (want no edit)",
					got, inWords(outbox(t, engines[0])...))
			}
		})
	}
}

// adding plans somebody more in the first conversation.
func adding(t failer, b *inbox.Inbox, f *fake, id string) model.Plan {
	t.Helper()
	who := []model.Participant{{Kind: "user", ID: id, Role: model.RoleViewer}}
	p, err := b.Plan(context.Background(), []model.Ref{f.ref("1")}, []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: who}}, model.PlanOptions{})
	if err != nil {
		t.Fatalf("planning to add the person %s: %v", id, err)
	}
	return p
}

// wantPeople checks that the service has exactly these people in the first conversation.
func wantPeople(t *testing.T, f *fake, ids ...string) {
	t.Helper()
	var have []string
	for _, p := range f.get("1").Participants.Items {
		have = append(have, p.ID)
	}
	slices.Sort(have)
	if !slices.Equal(have, ids) {
		t.Errorf("the service has the people %v, want %v", have, ids)
	}
}

// Two processes plan upon the same edit. If one of their edits replaces it, the other
// is not lost, and does not undo the first.
func TestEditPlannedUponAReplacedOneKeepsBothChanges(t *testing.T) {
	f := newFake("projects", "Kick-off")
	engines, end := together(t, filepath.Join(t.TempDir(), "confab.db"), f)
	defer end()
	enters(t, engines[0], adding(t, engines[0], f, "2"))
	enters(t, engines[1], adding(t, engines[1], f, "3"))
	here, there := adding(t, engines[0], f, "4"), adding(t, engines[1], f, "5")
	enters(t, engines[0], here)
	enters(t, engines[1], there)
	deliverAll(t, engines[0])
	wantPeople(t, f, "1", "2", "3", "4", "5")
	if out := outbox(t, engines[0]); len(out) > 0 {
		t.Errorf("after the delivery the outbox holds %s, want no edit", inWords(out...))
	}
}

// Two processes add somebody each, and a third edit is planned upon the second while it still waits. Each process delivers
// its own: none of that is somebody else's change.
func TestEditPlannedUponOneThatGetsAnotherBaseIsRebased(t *testing.T) {
	f := newFake("projects", "Kick-off")
	engines, end := together(t, filepath.Join(t.TempDir(), "confab.db"), f)
	defer end()
	here, there := adding(t, engines[0], f, "2"), adding(t, engines[1], f, "3")
	first, second := enters(t, engines[0], here), enters(t, engines[1], there)
	last := enters(t, engines[0], adding(t, engines[0], f, "4"))
	for _, ids := range [][]string{first, second, last} {
		if err := engines[0].Deliver(context.Background(), ids, func(model.DeliveryResult) {}); err != nil {
			t.Fatalf("delivering %v: %v", ids, err)
		}
	}
	wantPeople(t, f, "1", "2", "3", "4")
	if out := outbox(t, engines[0]); len(out) > 0 {
		t.Errorf("after the deliveries the outbox holds %s, want no edit", inWords(out...))
	}
}

// An edit is planned upon one that the service refuses, accepts and ignores, or does not
// answer, while that one is being sent. It is delivered without the other one, or upon it if
// that was done all the same.
func TestEditPlannedUponARefusedOneIsRebased(t *testing.T) {
	lost := &model.Error{Kind: model.UnknownOutcome, Message: "no answer"}
	for _, tc := range []struct {
		state   model.EditState
		answer  error
		applied bool
	}{
		{state: model.Refused, answer: &model.Error{Kind: model.Forbidden, Message: "no"}},
		{state: model.NotVerified},
		{state: model.RetryAt, answer: lost},
		{state: model.RetryAt, answer: lost, applied: true},
	} {
		f := newFake("projects", "Kick-off")
		f.single = true
		engines, end := together(t, filepath.Join(t.TempDir(), "confab.db"), f)
		defer end()
		var first, last model.Plan
		first = adding(t, engines[0], f, "2")
		enters(t, engines[0], first)
		f.onApply = func() (error, bool) {
			f.onApply = nil
			f.mu.Unlock()
			last = adding(t, engines[1], f, "3") // while it is being sent
			enters(t, engines[1], last)
			f.mu.Lock()
			return tc.answer, tc.applied
		}
		deliverAll(t, engines[0])
		if out := outbox(t, engines[0]); len(out) == 0 || out[0].State != tc.state || out[0].Submission != first.ID {
			t.Errorf("the outbox holds %s, want an edit of the submission %s, which is %s", inWords(out...), first.ID, tc.state)
		} else if tc.state == model.RetryAt { // which the other one would wait for
			if _, err := engines[0].Decide(context.Background(), model.DecideDiscard, out[0]); err != nil {
				t.Fatalf("discarding the first edit: %v", err)
			}
		}
		deliverAll(t, engines[1])
		if tc.applied {
			wantPeople(t, f, "1", "2", "3")
		} else {
			wantPeople(t, f, "1", "3")
		}
		out := slices.DeleteFunc(outbox(t, engines[0]), func(e model.OutboxEntry) bool { return e.Submission == first.ID })
		if len(out) != 0 {
			t.Errorf("after the delivery the outbox holds %s, want no edit but the first", inWords(out...))
		}
	}
}

// An edit widens who can see the conversation only because the one that it was planned
// upon was withdrawn. It waits for a person, since nobody has agreed to that.
func TestAnEditThatWidensOnlyOnItsNewBaseIsHeld(t *testing.T) {
	for _, before := range []bool{true, false} {
		f := newFake("projects", "Kick-off")
		f.change("1", func(c *model.Conversation) { c.Access = "just_me" })
		engines, end := together(t, filepath.Join(t.TempDir(), "confab.db"), f)
		defer end()
		access := func(b *inbox.Inbox, to string) model.Plan {
			p, err := b.Plan(context.Background(), []model.Ref{f.ref("1")},
				[]model.Change{{Kind: model.EditAccess, Op: model.OpSet, Target: model.TextValue(to)}}, model.PlanOptions{})
			if err != nil {
				t.Fatalf("planning the edit: %v", err)
			}
			return p
		}
		wide, err := engines[0].Submit(context.Background(), access(engines[0], "everyone"))
		if err != nil {
			t.Fatalf("submitting the plan: %v", err)
		}
		p := access(engines[1], "group")
		if p.Risky() {
			t.Fatal("planning an access that is narrower than the pending one counts as risky, want that nobody is asked")
		}
		if before {
			withdrawAll(t, engines[0], wide)
		}
		enters(t, engines[1], p)
		if !before {
			withdrawAll(t, engines[0], wide)
		}
		deliverAll(t, engines[0])
		if got := f.get("1").Access; got != "just_me" {
			t.Errorf("upon an edit that was withdrawn before this one entered the outbox (%t): the service has the access %s, want just_me",
				before, got)
		}
		out := outbox(t, engines[0])
		if len(out) != 1 || out[0].State != model.Held || out[0].Base.String() != "just_me" || out[0].Error == nil {
			t.Errorf("upon an edit that was withdrawn before this one entered the outbox (%t): the outbox holds %s, want one edit upon just_me that is %s with an error",
				before, inWords(out...), model.Held)
		}
	}
}

func enters(t *testing.T, b *inbox.Inbox, p model.Plan) []string {
	t.Helper()
	ids, err := b.Submit(context.Background(), p)
	if err != nil || len(ids) != 1 {
		t.Fatalf("submitting a plan of one edit queued %d, want 1, error %v", len(ids), err)
	}
	return ids
}

// crew is two processes that edit one conversation. Nobody else changes it.
type crew struct {
	*rapid.T
	f       *fake
	engines []*inbox.Inbox
	plans   [2]model.Plan
	undos   [2]model.Undo
	n       int
	steps   []string
	maybe   map[string]bool // what edits may have set whose request left without an answer
}

func inJSON(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

func (c *crew) did(format string, args ...any) {
	c.steps = append(c.steps, fmt.Sprintf(format, args...))
}

func (c *crew) could(err error) {
	c.Helper()
	if kind := model.KindOf(err); err != nil && kind != model.NotFound && kind != model.Invalid && !errors.Is(err, model.ErrUndoMoved) {
		c.Fatalf("a step failed: %v\nafter the steps\n%s", err, strings.Join(c.steps, "\n"))
	}
}

// some returns one of the edits in the outbox that nobody is sending.
func (c *crew) some() (e model.OutboxEntry, ok bool) {
	all, err := c.engines[0].Outbox(context.Background())
	c.could(err)
	if len(all) == 0 {
		return e, false
	}
	return all[rapid.IntRange(0, len(all)-1).Draw(c.T, "edit")], true
}

func (c *crew) step() {
	ctx := context.Background()
	who := rapid.IntRange(0, 1).Draw(c.T, "who")
	b := c.engines[who]
	step := rapid.SampledFrom([]string{"plan", "plan", "submit", "submit", "submit", "undo", "take back", "withdraw", "discard", "deliver",
		"deliver", "refuse", "lose", "retry"}).Draw(c.T, "what")
	switch step {
	case "plan":
		c.n++
		to := title(fmt.Sprint("title ", c.n))
		if rapid.Bool().Draw(c.T, "people") {
			to = []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{{Kind: "user", ID: fmt.Sprint(c.n + 1),
				Role: model.RoleViewer}}}}
		}
		var err error
		c.plans[who], err = b.Plan(ctx, []model.Ref{c.f.ref("1")}, to, model.PlanOptions{})
		c.could(err)
		for _, e := range c.plans[who].Edits() {
			c.did("%d plans %s: %s → %s", who, e.Kind, inJSON(e.Base), inJSON(e.Target))
		}
	case "submit":
		if c.plans[who].Count(model.PlanChange) > 0 {
			ids, err := b.Submit(ctx, c.plans[who])
			c.could(err)
			c.did("%d submits %v", who, ids)
			c.plans[who] = model.Plan{}
		}
	case "undo":
		subs, err := b.Submissions(ctx, model.HistoryRequest{Limit: 3})
		c.could(err)
		if len(subs) > 0 {
			id := subs[rapid.IntRange(0, len(subs)-1).Draw(c.T, "submission")].ID
			c.undos[who], err = b.PlanUndo(ctx, id, model.PlanOptions{})
			c.could(err)
		}
	case "take back":
		if u := c.undos[who]; !u.Nothing() {
			ids, err := b.ApplyUndo(ctx, u)
			c.could(err)
			c.did("%d takes back %s: withdraws %v, queues %v: %v", who, u.Submission, u.Withdraw, ids, err)
			c.undos[who] = model.Undo{}
		}
	case "withdraw", "discard":
		if e, ok := c.some(); ok {
			how := model.DecideDiscard
			if e.State.Waiting() && !e.Sent {
				how = model.DecideWithdraw
			}
			_, err := b.Decide(ctx, how, e)
			c.did("%d gives up %s: %v", who, e.ID, err)
		}
	case "deliver":
		c.deliver(b)
	case "refuse", "lose":
		kind := map[string]model.ErrorKind{"refuse": model.Forbidden, "lose": model.UnknownOutcome}[step]
		applied := step == "lose" && rapid.Bool().Draw(c.T, "applied")
		c.did("the service answers the next write with %s, applied: %t", kind, applied)
		c.f.set(func() {
			c.f.onApply = func() (error, bool) {
				c.f.onApply = nil
				return &model.Error{Kind: kind, Message: "no"}, applied
			}
		})
	case "retry":
		if e, ok := c.some(); ok && (e.State == model.Refused || e.State == model.RetryAt) {
			_, err := b.Decide(ctx, model.DecideRetry, e)
			c.did("%d retries %s: %v", who, e.ID, err)
		}
	}
}

func (c *crew) deliver(b *inbox.Inbox) {
	deliverAll(c, b)
	c.did("delivered: the service has %q and %d people", c.f.get("1").Title, c.f.get("1").ParticipantCount)
}

func (c *crew) judge() {
	all, err := c.engines[0].Outbox(context.Background())
	c.could(err)
	for _, e := range all {
		c.maybe[inJSON(e.Target)] = c.maybe[inJSON(e.Target)] || e.Sent
	}
	if i := slices.IndexFunc(all, func(e model.OutboxEntry) bool {
		return e.State == model.InConflict && e.Undoes == "" && !c.maybe[inJSON(e.Theirs)]
	}); i >= 0 {
		e := all[i]
		c.Fatalf("the edit %s of the %s from %s to %s is in conflict, want none: nobody but confab changed anything, and the service has %s",
			e.ID, e.Kind,
			inJSON(e.Base), inJSON(e.Target), inJSON(e.Theirs))
	}
}

// However two processes plan, submit, take back, give up and deliver, and
// whatever the service refuses, only somebody else's change makes a conflict.
func TestOnlySomebodyElseMakesAConflict(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		c := &crew{T: rt, f: newFake("projects", "Kick-off"), maybe: map[string]bool{}}
		c.f.single = true
		inner := filepath.Join(dir, fmt.Sprint(n))
		if err := os.Mkdir(inner, 0o700); err != nil {
			rt.Fatalf("making the folder: %v", err)
		}
		defer func() {
			if rt.Failed() {
				for _, s := range c.steps {
					rt.Log(s)
				}
			}
		}()
		engines, end := together(rt, filepath.Join(inner, "confab.db"), c.f)
		defer end()
		c.engines = engines
		for range rapid.IntRange(5, 30).Draw(rt, "steps") {
			c.step()
			c.judge()
		}
		c.deliver(c.engines[0])
		c.judge()
	})
}
