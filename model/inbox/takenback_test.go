package inbox_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

// whileSending submits changes of the first conversation and calls f2 once the first write
// has arrived at the service, which answers with an error and changes nothing. It calls
// after an hour later, when everything has settled.
func whileSending(t *testing.T, f *fake, answer error, changes []model.Change, f2 func(b *inbox.Inbox, ids []string), after func(b *inbox.Inbox)) {
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
				return answer, false
			}
			ids := submit(t, b, f.ref("1"), changes)
			<-arrived
			f2(b, ids)
			release <- true
			time.Sleep(time.Hour)
			after(b)
		})
	})
}

// An edit that was undone while it was being sent, and changed nothing, is not sent again
// only to be undone then.
func TestUndoneEditIsNotSentAgain(t *testing.T) {
	const nothing = "nothing had been changed"
	for name, tc := range map[string]struct {
		answer error
		undo   string // how it ends
	}{
		"not reached": {errDown, nothing},
		"no answer":   {&model.Error{Kind: model.UnknownOutcome, Message: "no answer"}, "already so"},
		"in between":  {&model.Error{Kind: model.ConflictKind, Message: "not now"}, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			var u model.Undo
			whileSending(t, f, tc.answer, title("mine"), func(b *inbox.Inbox, _ []string) { u, _ = undo(t, b, "") }, func(b *inbox.Inbox) {
				if ending := submission(t, b, u.Plan.ID).Ending(time.Time.String); ending != tc.undo {
					t.Errorf("the undo ended as %q, want %q", ending, tc.undo)
				}
				if _, applies := f.count(); applies != 1 {
					t.Errorf("the service was written to %d times, want once: an undone edit is not sent again", applies)
				}
				if out := outbox(t, b); len(out) != 0 {
					t.Errorf("the outbox holds %s, want no edit", inWords(out...))
				}
				if got := f.get("1").Title; got != "Kick-off" {
					t.Errorf("the service has the title %q, want Kick-off", got)
				}
			})
		})
	}
}

// A widening edit waits for one that is undone while it is being sent and changes nothing.
// Sending it would widen what was never narrowed, so a person decides.
func TestWideningEditIsHeldWhenItsBlockerIsUndone(t *testing.T) {
	for name, kind := range map[string]model.ErrorKind{"refused": model.Forbidden, "lost": model.UnknownOutcome} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			withBob(f)
			changes := append(privacy(model.PrivacyPublic),
				model.Change{Kind: model.EditParticipants, Op: model.OpRemove, People: []model.Participant{bob}})
			whileSending(t, f, &model.Error{Kind: kind, Message: "no"}, changes, func(b *inbox.Inbox, ids []string) { undo(t, b, ids[0]) },
				func(b *inbox.Inbox) {
					if slices.Contains(f.sent, model.EditPrivacy) || f.get("1").Privacy != model.PrivacyPrivate {
						t.Fatalf("the conversation is %s, want %s: the edit that makes it public must not be sent; sent are %v",
							f.get("1").Privacy, model.PrivacyPrivate, f.sent)
					}
					if out := outbox(t, b); len(out) != 1 || out[0].State != model.Held {
						t.Errorf("the outbox holds %s, want one edit that is %s", inWords(out...), model.Held)
					}
				})
		})
	}
}

// Another process undoes a bulk edit, which leaves the outbox in slices. Deliver reports
// how the edits ended, not that they wait.
func TestDeliverWaitsForASubmissionThatIsLeaving(t *testing.T) {
	f := newFake("projects", "Kick-off")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		patient(t, time.Minute, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			ctx := context.Background()
			b.Sync(ctx)
			p, err := b.Plan(ctx, []model.Ref{f.ref("1")}, title("mine"), model.PlanOptions{})
			if err != nil {
				t.Fatalf("planning the edit: %v", err)
			}
			ids, err := b.Submit(ctx, p)
			if err != nil {
				t.Fatalf("submitting the plan: %v", err)
			}
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatalf("opening the database with SQL: %v", err)
			}
			defer db.Close()
			if _, err := db.Exec("INSERT INTO entering (submission, claim, leaves) VALUES (?, 'another', 1)", p.ID); err != nil {
				t.Fatalf("executing the SQL statement: %v", err)
			}
			told := make(chan model.EditState, 1)
			go b.Deliver(ctx, ids, func(r model.DeliveryResult) { told <- r.Entry.State })
			time.Sleep(10 * time.Second)
			if len(told) > 0 {
				t.Errorf("the edit was reported as %s while its submission was leaving the outbox, want no report yet", <-told)
			}
			if n, err := b.Decide(ctx, model.DecideWithdraw, named(ids...)...); err != nil || n != 1 {
				t.Fatalf("%d edits were withdrawn, want 1, error %v", n, err)
			}
			if _, err := db.Exec("DELETE FROM entering"); err != nil {
				t.Fatalf("executing the SQL statement: %v", err)
			}
			time.Sleep(time.Second)
			if len(told) != 1 || <-told != model.Withdrawn {
				t.Errorf("after its submission had left the outbox the edit was not reported exactly once as %s", model.Withdrawn)
			}
			if _, applies := f.count(); applies != 0 {
				t.Errorf("the service was written to %d times, want 0", applies)
			}
		})
	})
}
