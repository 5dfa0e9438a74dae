package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

func privacy(to model.Privacy) []model.Change {
	return []model.Change{{Kind: model.EditPrivacy, Op: model.OpSet, Target: model.TextValue(string(to))}}
}

func undo(t *testing.T, b *inbox.Inbox, id string) (model.Undo, []string) {
	t.Helper()
	u, err := b.PlanUndo(context.Background(), id, model.PlanOptions{})
	if err != nil {
		t.Fatalf("planning the undo: %v", err)
	}
	ids, err := b.ApplyUndo(context.Background(), u)
	if err != nil {
		t.Fatalf("applying the undo: %v", err)
	}
	return u, ids
}

func mark(t *testing.T, b *inbox.Inbox, ref model.Ref, ch model.TriageChange) {
	t.Helper()
	if err := b.Triage(context.Background(), []model.Ref{ref}, ch, nil); err != nil {
		t.Fatalf("changing the marks: %v", err)
	}
}

func row(t *testing.T, b *inbox.Inbox, ref model.Ref) model.Row {
	t.Helper()
	r, ok, err := b.Row(context.Background(), ref)
	if err != nil || !ok {
		t.Fatalf("reading the row of %v: found %t (want true), error %v", ref, ok, err)
	}
	return r
}

func submission(t *testing.T, b *inbox.Inbox, id string) model.Submission {
	t.Helper()
	s, ok, err := b.Submission(context.Background(), id)
	if err != nil || !ok {
		t.Fatalf("reading the submission %s: found %t (want true), error %v", id, ok, err)
	}
	return s
}

// The newest act is undone, whatever it was. A row that became seen by itself is no act.
func TestUndoTakesBackTheNewestAct(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		deliver(t, b, submit(t, b, f.ref("1"), title("mine")))
		yes := true
		mark(t, b, f.ref("2"), model.TriageChange{Done: &yes})
		if err := b.See(ctx, f.ref("1")); err != nil {
			t.Fatalf("marking the row seen: %v", err)
		}
		u, ids := undo(t, b, "")
		if u.Marks != 1 || len(ids) != 0 || u.Sentence != "marked “Budget” done" || row(t, b, f.ref("2")).Triage.Done {
			t.Fatalf("the undo is of %q with %d marks and queues %d edits, want “marked “Budget” done” with 1 mark and no edit; “Budget” is still done: %t (want false)",
				u.Sentence, u.Marks, len(ids), row(t, b, f.ref("2")).Triage.Done)
		}
		if got := f.get("1").Title; got != "mine" {
			t.Fatalf("the undo of the newest act also took back the rename: the service has the title %q, want mine", got)
		}
		if !row(t, b, f.ref("1")).Triage.Seen {
			t.Error("the undo of the newest act made a row unseen that was seen before")
		}
		u, err := b.PlanUndo(ctx, "", model.PlanOptions{})
		if err != nil || !u.Again || !u.Asks() || u.Sentence != "renamed “Kick-off” → “mine”" {
			t.Fatalf("the second undo takes back %q and asks before it changes a service: %t (undo pressed again: %t), error %v; want it to ask about renamed “Kick-off” → “mine”",
				u.Sentence, u.Asks(), u.Again, err)
		}
		submit(t, b, f.ref("2"), title("newer"))
		if u, err := b.PlanUndo(ctx, "", model.PlanOptions{}); err != nil || u.Again {
			t.Errorf("the first undo after another act counts as pressed again: %t (want false), error %v", u.Again, err)
		}
	})
}

func TestUndoRestoresMarks(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Sync(context.Background())
		until := time.Now().Add(time.Hour).Truncate(time.Millisecond)
		later := until.Add(time.Hour)
		yes := true
		mark(t, b, f.ref("1"), model.TriageChange{Snooze: &until, Pinned: &yes})
		mark(t, b, f.ref("1"), model.TriageChange{Snooze: &later})
		undo(t, b, "")
		if got := row(t, b, f.ref("1")).Triage; !got.SnoozedUntil.Equal(until) || !got.Pinned {
			t.Errorf("after the first undo the row is snoozed until %v and pinned: %t, want %v and true", got.SnoozedUntil, got.Pinned, until)
		}
		undo(t, b, "")
		if got := row(t, b, f.ref("1")).Triage; !got.SnoozedUntil.IsZero() || got.Pinned {
			t.Errorf("after the second undo the row is snoozed until %v and pinned: %t, want no snooze and false", got.SnoozedUntil, got.Pinned)
		}
	})
}

// Such an act counts as used up: the next undo takes the act before it.
func TestUndoSkipsAnActThatCannotBeUndone(t *testing.T) {
	f := newFake("projects", "Kick-off", "Budget")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		deliver(t, b, submit(t, b, f.ref("1"), title("mine")))
		deliver(t, b, submit(t, b, f.ref("2"), []model.Change{{Kind: model.EditArchive, Op: model.OpSet}}))
		u, err := b.PlanUndo(ctx, "", model.PlanOptions{})
		if err != nil || !u.Nothing() || len(u.Blocked) != 1 {
			t.Fatalf("the undo of an archive, which cannot be undone, has nothing to do: %t (want true), names %d edits as blocked (want 1), error %v",
				u.Nothing(), len(u.Blocked), err)
		}
		u, err = b.PlanUndo(ctx, "", model.PlanOptions{})
		if err != nil || u.Plan.Count(model.PlanChange) != 1 || !u.Again {
			t.Fatalf("the undo after the blocked one changes %d conversations (want 1, the rename) and counts as pressed again: %t (want true), error %v",
				u.Plan.Count(model.PlanChange), u.Again, err)
		}
	})
}

// The service refuses one of several inverses.
func TestUndoOfSeveralEditsIsASubmission(t *testing.T) {
	f := newFake("projects", "A", "B", "C")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		refs := []model.Ref{f.ref("1"), f.ref("2"), f.ref("3")}
		p, err := b.Plan(ctx, refs, privacy(model.PrivacyPrivate), model.PlanOptions{})
		if err != nil {
			t.Fatalf("planning the edit: %v", err)
		}
		ids, err := b.Submit(ctx, p)
		if err != nil {
			t.Fatalf("submitting the plan: %v", err)
		}
		deliver(t, b, ids)
		if s := submission(t, b, p.ID); s.Sentence != "made 3 private" || s.Edits != 3 || s.Delivered != 3 || !s.Over() {
			t.Fatalf("the submission of three edits says %q (want made 3 private), has %d edits and %d delivered (want 3 each), and is over: %t (want true)",
				s.Sentence, s.Edits, s.Delivered, s.Over())
		}
		n := 0
		f.onApply = func() (error, bool) {
			if n++; n == 2 {
				return &model.Error{Kind: model.Forbidden, Message: "only the owner may"}, false
			}
			return nil, true
		}
		u, back := undo(t, b, p.ID)
		if out := deliver(t, b, back); len(out) != 3 {
			t.Fatalf("the undo of three edits reported %d results, want 3: %s", len(out), inWords(out...))
		}
		s := submission(t, b, u.Plan.ID)
		if s.Undoes != p.ID || s.Sentence != "took back: made 3 private" || s.Delivered != 2 || s.NeedPerson != 1 ||
			s.Problem == nil || s.Problem.Error.Message != "only the owner may" {
			t.Errorf("the submission of the undo takes back %q (want %q), says %q (want took back: made 3 private), "+
				"has %d delivered (want 2) and %d for a person (want 1), and its problem is %s (want one that says only the owner may)",
				s.Undoes, p.ID, s.Sentence, s.Delivered, s.NeedPerson, problem(s))
		}
		if s := submission(t, b, p.ID); s.TakenBack != 2 {
			t.Errorf("after two of the three inverses were delivered, the first submission counts %d edits as taken back, want 2", s.TakenBack)
		}
	})
}

// An edit that is being sent is undone once it has ended, whatever its outcome.
func TestUndoOfAnEditBeingSent(t *testing.T) {
	for name, tt := range map[string]struct {
		end     error
		applied bool
		outside string // what somebody else sets it to meanwhile
		want    string
		states  int // of the outbox at the end
		ending  string
	}{
		"delivered": {applied: true, want: "Kick-off", ending: "delivered, taken back "},
		"refused":   {end: &model.Error{Kind: model.Forbidden, Message: "no"}, want: "Kick-off", ending: "withdrawn"},
		"lost and applied": {end: &model.Error{Kind: model.UnknownOutcome, Message: "no answer"}, applied: true,
			want: "Kick-off", ending: "delivered, taken back "},
		"lost and not applied": {end: &model.Error{Kind: model.UnknownOutcome, Message: "no answer"}, want: "Kick-off", ending: "withdrawn"},
		"lost, then changed by somebody": {end: &model.Error{Kind: model.UnknownOutcome, Message: "no answer"}, applied: true,
			outside: "theirs", want: "theirs", states: 1, ending: "withdrawn"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			path := filepath.Join(t.TempDir(), "confab.db")
			synctest.Test(t, func(t *testing.T) {
				session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
					ctx := context.Background()
					b.Sync(ctx)
					b.Start(ctx)
					arrived, release := make(chan bool), make(chan bool)
					f.onApply = func() (error, bool) {
						f.onApply = nil
						f.mu.Unlock()
						arrived <- true
						<-release
						f.mu.Lock()
						return tt.end, tt.applied
					}
					submit(t, b, f.ref("1"), title("mine"))
					<-arrived
					u, err := b.PlanUndo(ctx, "", model.PlanOptions{})
					if err != nil || u.InFlight != 1 || len(u.Withdraw) != 0 {
						t.Fatalf("the undo of an edit that is being sent has %d edits in flight (want 1) and withdraws %d (want 0), error %v",
							u.InFlight, len(u.Withdraw), err)
					}
					if _, err := b.ApplyUndo(ctx, u); err != nil {
						t.Fatalf("applying the undo: %v", err)
					}
					if tt.outside != "" {
						f.onLoad = func(string) error { // the first read after the lost answer
							f.onLoad = nil
							c := f.convs["1"]
							c.Title = tt.outside
							f.convs["1"] = c
							return nil
						}
					}
					release <- true
					time.Sleep(time.Minute)
					if got := f.get("1").Title; got != tt.want {
						t.Errorf("once the edit and its undo ended, the service has the title %q, want %q", got, tt.want)
					}
					sub, ok, err := b.Submission(ctx, u.Submission)
					if ended := sub.Ending(func(time.Time) string { return "" }); err != nil || !ok || ended != tt.ending {
						t.Errorf("the submission ended as %q, want %q; found %t, error %v", ended, tt.ending, ok, err)
					}
					if out := outbox(t, b); len(out) != tt.states {
						t.Errorf("once the edit and its undo ended, the outbox holds %d edits, want %d: %s", len(out), tt.states, inWords(out...))
					}
				})
			})
		})
	}
}

// An edit of unknown outcome that was undone is not called withdrawn once its inverse has been delivered: it was sent.
func TestUndoOfAnEditOfUnknownOutcome(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) {
			c := f.convs["1"]
			c.Title = "third"
			f.convs["1"], f.onApply = c, nil
			return &model.Error{Kind: model.UnknownOutcome, Message: "no answer"}, false
		}
		ids := submit(t, b, f.ref("1"), title("mine"))
		deliver(t, b, ids)
		time.Sleep(time.Minute)
		deliver(t, b, ids)
		if out := outbox(t, b); len(out) != 1 || out[0].State != model.OutcomeNotKnown {
			t.Fatalf("the outbox holds %s, want one edit that is %s", inWords(out...), model.OutcomeNotKnown)
		}
		f.change("1", func(c *model.Conversation) { c.Title = "mine" }) // it arrived after all
		u, back := undo(t, b, "")
		deliver(t, b, back)
		sub, ok, err := b.Submission(ctx, u.Submission)
		if ended := sub.Ending(func(time.Time) string { return "" }); err != nil || !ok || ended != "sent and taken back" {
			t.Errorf("the submission ended as %q, want \"sent and taken back\"; found %t, error %v", ended, ok, err)
		}
	})
}

// An edit is claimed between the plan of its undo and the undo: the undo is planned again,
// so that the edit is not left behind.
func TestUndoIsPlannedAgainIfAnEditWasClaimed(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), title("mine"))
		u, err := b.PlanUndo(ctx, "", model.PlanOptions{})
		if err != nil || len(u.Withdraw) != 1 {
			t.Fatalf("the undo of an edit that is not sent withdraws %d edits, want 1, error %v", len(u.Withdraw), err)
		}
		deliver(t, b, ids)
		if _, err := b.ApplyUndo(ctx, u); !errors.Is(err, model.ErrUndoMoved) {
			t.Fatalf("an undo whose edit was delivered after it was planned: error %v, want %v", err, model.ErrUndoMoved)
		}
		_, back := undo(t, b, "")
		deliver(t, b, back)
		if got := f.get("1").Title; got != "Kick-off" {
			t.Errorf("after the undo that was planned again the service has the title %q, want Kick-off", got)
		}
	})
}

// Undoing an undo restores the first edit.
func TestUndoOfAnUndo(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Sync(context.Background())
		deliver(t, b, submit(t, b, f.ref("1"), title("mine")))
		u, ids := undo(t, b, "")
		deliver(t, b, ids)
		_, ids = undo(t, b, u.Plan.ID)
		deliver(t, b, ids)
		if got := f.get("1").Title; got != "mine" {
			t.Errorf("after the undo of the undo the service has the title %q, want mine", got)
		}
		h := history(t, b)
		if first := h[len(h)-1]; first.Undone != "" {
			t.Errorf("the undo was undone, but the history says that the first rename was taken back by %q, want by none", first.Undone)
		}
		_, ids = undo(t, b, h[0].Submission)
		deliver(t, b, ids)
		h = history(t, b)
		if first := h[len(h)-1]; first.Undone != h[len(h)-2].ID || submission(t, b, first.Submission).TakenBack != 1 {
			t.Errorf("the undo holds again, and the history says that the first rename was taken back by %q, want by %s; taken back are %d, want 1",
				first.Undone, h[len(h)-2].ID, submission(t, b, first.Submission).TakenBack)
		}
	})
}

// An edit is undone while it is read before sending, and then meets somebody else's change,
// perhaps to the same value. Neither it nor its inverse is sent, and there is nothing to decide.
func TestUndoOfAnEditThatEndsInConflict(t *testing.T) {
	for _, theirs := range []string{"theirs", "mine"} {
		t.Run(theirs, func(t *testing.T) { undoWhileReading(t, theirs) })
	}
}

func undoWhileReading(t *testing.T, theirs string) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			ctx := context.Background()
			b.Sync(ctx)
			b.Start(ctx)
			time.Sleep(time.Minute)
			arrived, release := make(chan bool), make(chan bool)
			f.set(func() {
				f.onLoad = func(string) error {
					f.onLoad = nil
					f.mu.Unlock()
					arrived <- true
					<-release
					f.mu.Lock()
					return nil
				}
			})
			submit(t, b, f.ref("1"), title("mine"))
			<-arrived
			undo(t, b, "")
			f.change("1", func(c *model.Conversation) { c.Title = theirs })
			release <- true
			time.Sleep(time.Minute)
			if _, applies := f.count(); applies != 0 || len(outbox(t, b)) != 0 || f.get("1").Title != theirs {
				t.Errorf("an edit that met a conflict after its undo: %d writes (want 0), the service has the title %q (want %q), the outbox holds %s (want no edit)",
					applies, f.get("1").Title, theirs, inWords(outbox(t, b)...))
			}
		})
	})
}

// After the undo of one edit of an act, the rest of the act can still be undone.
func TestUndoOfOneEditKeepsTheActUndoable(t *testing.T) {
	f := newFake("projects", "A", "B", "C")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		deliver(t, b, submit(t, b, f.ref("3"), title("older")))
		p, err := b.Plan(ctx, []model.Ref{f.ref("1"), f.ref("2")}, privacy(model.PrivacyPrivate), model.PlanOptions{})
		if err != nil {
			t.Fatalf("planning the edit: %v", err)
		}
		ids, err := b.Submit(ctx, p)
		if err != nil {
			t.Fatalf("submitting the plan: %v", err)
		}
		deliver(t, b, ids)
		undo(t, b, ids[0])
		if u, _ := undo(t, b, ""); u.Submission != p.ID {
			t.Errorf("after the undo of one edit of an act, the next undo took back %q, want the rest of that act", u.Sentence)
		}
		if u, _ := undo(t, b, ""); u.Sentence != "renamed “C” → “older”" {
			t.Errorf("the undo after that took back %q, want renamed “C” → “older”", u.Sentence)
		}
		// The only edit of an act is the act.
		ids = submit(t, b, f.ref("3"), title("newer"))
		deliver(t, b, ids)
		undo(t, b, ids[0])
		if u, err := b.PlanUndo(ctx, "", model.PlanOptions{}); model.KindOf(err) != model.NotFound {
			t.Errorf("after the undo of the only edit of the last act, the next undo takes back %q, error %v, want the kind %s", u.Sentence, err, model.NotFound)
		}
	})
}

// An act whose account was forgotten can't be taken back. It does not stand before the acts before it.
func TestUndoOfAForgottenActIsSpent(t *testing.T) {
	f, other := newFake("projects", "A"), newFake("support", "B")
	run(t, []*fake{f, other}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		deliver(t, b, submit(t, b, f.ref("1"), title("mine")))
		deliver(t, b, submit(t, b, other.ref("1"), title("mine")))
		must(t, b.Forget(ctx, "support"))
		if _, err := b.PlanUndo(ctx, "", model.PlanOptions{}); model.KindOf(err) != model.NotFound {
			t.Errorf("the undo of a forgotten act: error %v, want the kind %s", err, model.NotFound)
		}
		if u, err := b.PlanUndo(ctx, "", model.PlanOptions{}); err != nil || u.Sentence != "renamed “A” → “mine”" {
			t.Errorf("the undo after that takes back %q, error %v, want renamed “A” → “mine”", u.Sentence, err)
		}
	})
}

// Two processes plan the undo of the same edit. The second finds that it was taken back.
func TestUndoIsOutOfDateOnceAnotherDidIt(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), title("mine"))
		deliver(t, b, ids)
		u, err := b.PlanUndo(ctx, ids[0], model.PlanOptions{})
		must(t, err)
		_, back := undo(t, b, ids[0])
		deliver(t, b, back)
		if _, err := b.ApplyUndo(ctx, u); !errors.Is(err, model.ErrUndoMoved) || len(outbox(t, b)) != 0 {
			t.Errorf("the second undo: error %v, want %v; the outbox holds %s, want no edit", err, model.ErrUndoMoved, inWords(outbox(t, b)...))
		}
	})
}

// An interrupted change of many marks says what it did, and exactly that is undone.
func TestUndoOfAnInterruptedTriage(t *testing.T) {
	titles := make([]string, 900)
	for i := range titles {
		titles[i] = fmt.Sprint("Call ", i)
	}
	f := newFake("calls", titles...)
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		if err := b.Sync(context.Background()); err != nil {
			t.Fatalf("syncing: %v", err)
		}
		refs, err := b.Refs(context.Background(), "is:any", false)
		if err != nil || len(refs) != len(titles) {
			t.Fatalf("all conversations are listed as %d refs, want %d, error %v", len(refs), len(titles), err)
		}
		count := func(query string, want int) {
			t.Helper()
			if n, err := b.Count(context.Background(), query, false); err != nil || n != want {
				t.Errorf("the query %q has %d rows, want %d, error %v", query, n, want, err)
			}
		}
		yes, no := true, false
		mark(t, b, refs[3], model.TriageChange{Done: &yes})
		ctx, cancel := context.WithCancel(context.Background())
		var told []int
		err = b.Triage(ctx, refs, model.TriageChange{Done: &yes, Pinned: &yes}, func(done, total int) {
			if told = append(told, done); total != len(refs) {
				t.Errorf("the progress says %d of %d conversations, want a total of %d", done, total, len(refs))
			}
			if len(told) == 2 {
				cancel()
			}
		})
		if len(told) != 2 || told[1] <= told[0] || told[1] >= len(refs) {
			t.Fatalf("the change of marks told its progress as %v, want two growing numbers below %d", told, len(refs))
		}
		if !errors.Is(err, context.Canceled) || model.Words(err) != fmt.Sprintf("stopped: %d of 900 were marked", told[1]) {
			t.Errorf("the interrupted change of marks says %q (error %v), want %q and a cancelled context",
				model.Words(err), err, fmt.Sprintf("stopped: %d of 900 were marked", told[1]))
		}
		count("is:done", told[1])
		count("is:pinned", told[1])
		mark(t, b, refs[5], model.TriageChange{Pinned: &no}) // a later change of one row is not part of the interrupted one
		undo(t, b, "")
		u, err := b.PlanUndo(context.Background(), "", model.PlanOptions{})
		must(t, err)
		if _, err := b.ApplyUndo(ctx, u); !errors.Is(err, context.Canceled) {
			t.Errorf("an undo that is stopped: error %v, want %v", err, context.Canceled)
		}
		if u, _ := undo(t, b, ""); u.Marks != told[1] {
			t.Errorf("the undo of the interrupted change restored %d marks, want the %d that it had made", u.Marks, told[1])
		}
		count("is:done", 1)
		count("is:pinned", 0)
		if !row(t, b, refs[3]).Triage.Done {
			t.Error("a row that was marked done before the interrupted change is not done after its undo")
		}
	})
}
