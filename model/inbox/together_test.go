package inbox_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

var (
	ada = model.Participant{Kind: "user", ID: "1", Name: "Ada", Role: model.RoleEditor}
	bob = model.Participant{Kind: "user", ID: "2", Name: "Bob", Role: model.RoleViewer}
	eve = model.Participant{Kind: "user", ID: "3", Name: "Eve", Role: model.RoleViewer}
)

// removeBobAndPublish plans to remove Bob and to make the conversation public, which is
// meant only together with the removal.
func removeBobAndPublish(t *testing.T, b *inbox.Inbox, ref model.Ref) []string {
	t.Helper()
	return submit(t, b, ref, append(privacy(model.PrivacyPublic),
		model.Change{Kind: model.EditParticipants, Op: model.OpRemove, People: []model.Participant{bob}}))
}

func withBob(f *fake) {
	f.change("1", func(c *model.Conversation) { c.Privacy, c.Participants = model.PrivacyPrivate, model.SetOf(ada, bob) })
}

// A widening edit is sent after every other edit of its submission is settled, whatever
// their order.
func TestWideningEditIsSentLastAndByItself(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		withBob(f)
		b.Sync(context.Background())
		deliver(t, b, removeBobAndPublish(t, b, f.ref("1")))
		if want := []model.EditKind{model.EditParticipants, model.EditPrivacy}; !slices.Equal(f.sent, want) {
			t.Errorf("the edits were sent in the order %v, want %v", f.sent, want)
		}
		if got := f.get("1"); got.Privacy != model.PrivacyPublic || !model.SamePeople(got.Participants.Items, []model.Participant{ada}) {
			t.Errorf("the conversation is %s with the people %v, want %s with Ada alone", got.Privacy, got.Participants.Items, model.PrivacyPublic)
		}
	})
}

// Making a conversation private again does not wait for the decision that making it public
// waits for; it replaces that edit.
func TestNarrowingEditReplacesAWaitingWideningOne(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		withBob(f)
		b.Sync(ctx)
		ids := removeBobAndPublish(t, b, f.ref("1"))
		f.change("1", func(c *model.Conversation) { c.Participants = model.SetOf(ada, bob, eve) })
		deliver(t, b, ids)
		ids = append(ids, submit(t, b, f.ref("1"), privacy(model.PrivacyPrivate))...)
		deliver(t, b, ids)
		outbox, err := s.Outbox(ctx)
		if err != nil || len(outbox) != 1 || outbox[0].State != model.InConflict {
			t.Errorf("the outbox holds %s, want one edit that is %s, error %v", inWords(outbox...), model.InConflict, err)
		}
		if slices.Contains(f.sent, model.EditPrivacy) || f.get("1").Privacy != model.PrivacyPrivate {
			t.Errorf("the conversation is %s, want %s: the edit that makes it public must not be sent; sent are %v",
				f.get("1").Privacy, model.PrivacyPrivate, f.sent)
		}
	})
}

// Nothing widens while an earlier edit of the submission needs a person, across claims,
// retries and restarts. If that edit is given up, a person decides.
func TestWideningEditWaitsForItsSubmission(t *testing.T) {
	ctx := context.Background()
	refuse := func(f *fake, kind model.ErrorKind) {
		f.onApply = func() (error, bool) { return &model.Error{Kind: kind, Message: "no"}, false }
	}
	for name, spoil := range map[string]func(f *fake){
		"conflict": func(f *fake) {
			f.change("1", func(c *model.Conversation) { c.Participants = model.SetOf(ada, bob, eve) })
		},
		"refused":    func(f *fake) { refuse(f, model.Forbidden) },
		"unverified": func(f *fake) { f.ignore = true },
		"backed off": func(f *fake) { refuse(f, model.UnknownOutcome) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			path := filepath.Join(t.TempDir(), "confab.db")
			synctest.Test(t, func(t *testing.T) {
				var ids []string
				session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
					withBob(f)
					b.Sync(ctx)
					ids = removeBobAndPublish(t, b, f.ref("1"))
					spoil(f)
					deliver(t, b, ids)
				})
				f.set(func() { f.onApply, f.ignore = nil, false })
				session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
					if name == "backed off" {
						f.onLoad = func(string) error { return errDown }
					}
					deliver(t, b, ids[1:])
					if slices.Contains(f.sent, model.EditPrivacy) || f.get("1").Privacy != model.PrivacyPrivate {
						t.Fatalf("the conversation is %s, want %s: the edit that makes it public must wait; sent are %v",
							f.get("1").Privacy, model.PrivacyPrivate, f.sent)
					}
					f.set(func() { f.onLoad = nil })
					if _, err := b.Decide(ctx, model.DecideRetry, named(ids[1])...); err != nil {
						t.Fatalf("retrying the edit: %v", err)
					}
					out := deliver(t, b, ids[1:])
					if slices.Contains(f.sent, model.EditPrivacy) {
						t.Fatalf("a retry sent the edit that makes the conversation public, want it to wait; sent are %v", f.sent)
					}
					if len(out) != 1 || out[0].State != model.Queued || out[0].Error == nil {
						t.Fatalf("the delivery after the retry reported %s, want one edit that is %s with an error that says why",
							inWords(out...), model.Queued)
					}
					if _, err := b.Decide(ctx, model.DecideDiscard, named(ids[0])...); err != nil {
						t.Fatalf("discarding the edits: %v", err)
					}
					out = deliver(t, b, ids[1:])
					if len(out) != 1 || out[0].State != model.Held || slices.Contains(f.sent, model.EditPrivacy) {
						t.Fatalf("after the other edit was given up the delivery reported %s, want one edit that is %s; sent are %v",
							inWords(out...), model.Held, f.sent)
					}
					if _, err := b.Decide(ctx, model.DecideRetry, named(ids[1])...); err != nil {
						t.Fatalf("retrying the edit: %v", err)
					}
					deliver(t, b, ids[1:])
					if f.get("1").Privacy != model.PrivacyPublic {
						t.Errorf("after the user confirmed the edit the conversation is %s, want %s", f.get("1").Privacy, model.PrivacyPublic)
					}
				})
			})
		})
	}
}

// What confab delivered since an edit was made is not somebody else's change.
func TestOwnDeliveryIsNoConflict(t *testing.T) {
	ctx := context.Background()
	f := newFake("projects", "Kick-off")
	f.change("1", func(c *model.Conversation) { c.Access = "everyone" })
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, one *inbox.Inbox, _ *store.Store) {
			session(t, path, []*fake{f}, func(t *testing.T, two *inbox.Inbox, _ *store.Store) {
				one.Sync(ctx)
				plan := func(b *inbox.Inbox, changes ...model.Change) model.Plan {
					p, err := b.Plan(ctx, []model.Ref{f.ref("1")}, changes, model.PlanOptions{})
					if err != nil {
						t.Fatalf("planning the edit: %v", err)
					}
					return p
				}
				send := func(b *inbox.Inbox, p model.Plan) []model.OutboxEntry {
					ids, err := b.Submit(ctx, p)
					if err != nil {
						t.Fatalf("submitting the plan: %v", err)
					}
					return deliver(t, b, ids)
				}
				// Both start from the same base.
				a, b, c := plan(one, title("a")...), plan(two, title("b")...), plan(two, title("c")...)
				send(one, a)
				for _, p := range []model.Plan{b, c} {
					if out := send(two, p); out[0].State != model.Done {
						t.Fatalf("an edit that was planned before an own delivery ended as %s, want %s: %s",
							out[0].State, model.Done, inWords(out[0]))
					}
				}
				if got := f.get("1").Title; got != "c" {
					t.Errorf("the service has the title %q, want c", got)
				}
				add := func(p model.Participant) model.Change {
					return model.Change{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{p}}
				}
				d, e := plan(one, add(bob)), plan(two, add(eve))
				send(one, d)
				send(two, e)
				if got := f.get("1").Participants.Items; !model.SamePeople(got, []model.Participant{ada, bob, eve}) {
					t.Errorf("the service has the people %v, want %v", got, []model.Participant{ada, bob, eve})
				}
				// Nobody has agreed to widen what an own delivery has narrowed.
				access := func(to string) model.Change {
					return model.Change{Kind: model.EditAccess, Target: model.TextValue(to)}
				}
				narrower, narrowest := plan(two, access("group")), plan(one, access("just_me"))
				send(one, narrowest)
				if out := send(two, narrower); out[0].State != model.InConflict || f.get("1").Access != "just_me" ||
					out[0].Error.Words() != "the access has been changed again since" {
					t.Errorf("the service has the access %s, want just_me, and the edit that would widen it ended as %s, want %s: %s",
						f.get("1").Access, out[0].State, model.InConflict, inWords(out[0]))
				}
				// Somebody else's change in between stays one.
				g := plan(two, title("g")...)
				send(one, plan(one, title("f")...))
				f.change("1", func(c *model.Conversation) { c.Title = "theirs" })
				if out := send(two, g); out[0].State != model.InConflict {
					t.Errorf("somebody changed the title in between, and the edit ended as %s, want %s: %s",
						out[0].State, model.InConflict, inWords(out[0]))
				}
			})
		})
	})
}

// An edit that confab never delivered, because it was withdrawn, given up or replaced, makes
// no conflict of the edits that were planned upon it.
func TestUndeliveredEditIsNoConflict(t *testing.T) {
	ctx := context.Background()
	for name, lose := range map[string]func(b *inbox.Inbox, first []string) error{
		"taken back": func(b *inbox.Inbox, first []string) error {
			for _, id := range first {
				u, err := b.PlanUndo(ctx, id, model.PlanOptions{})
				if err != nil {
					return err
				}
				if _, err := b.ApplyUndo(ctx, u); err != nil {
					return err
				}
			}
			return nil
		},
		"given up": func(b *inbox.Inbox, first []string) error {
			_, err := b.Decide(ctx, model.DecideDiscard, named(first...)...)
			return err
		},
		"replaced": func(*inbox.Inbox, []string) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				b.Sync(ctx)
				add := func(p model.Participant) []model.Change {
					return []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{p}}}
				}
				var ids []string
				put := func(p model.Plan) []string {
					got, err := b.Submit(ctx, p)
					if err != nil {
						t.Fatalf("submitting the plan: %v", err)
					}
					ids = append(ids, got...)
					return got
				}
				plan := func(changes []model.Change) model.Plan {
					p, err := b.Plan(ctx, []model.Ref{f.ref("1")}, changes, model.PlanOptions{})
					if err != nil {
						t.Fatalf("planning the edit: %v", err)
					}
					return p
				}
				lost := append(put(plan(title("first"))), put(plan(add(bob)))...)
				// Several are made on top of it at the same moment.
				var plans []model.Plan
				for _, text := range []string{"second", "third", "fourth"} {
					plans = append(plans, plan(title(text)))
				}
				plans = append(plans, plan(add(eve)))
				for _, p := range plans {
					put(p)
				}
				if err := lose(b, lost); err != nil {
					t.Fatalf("losing the first edits: %v", err)
				}
				for _, e := range deliver(t, b, ids) {
					if e.State.NeedsPerson() {
						t.Errorf("an edit that was planned upon an undelivered one needs a person, want none that does: %s", inWords(e))
					}
				}
				if got := f.get("1").Title; got != "fourth" {
					t.Errorf("the service has the title %q, want fourth", got)
				}
				want := []model.Participant{ada, bob, eve}
				if name != "replaced" {
					want = []model.Participant{ada, eve}
				}
				if got := f.get("1").Participants.Items; !model.SamePeople(got, want) {
					t.Errorf("the service has the people %v, want %v", got, want)
				}
			})
		})
	}
}

// An old delivery of confab is no reason to overwrite somebody who makes the same change
// again.
func TestOldOwnDeliveryDoesNotExcuseAConflict(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		deliver(t, b, submit(t, b, f.ref("1"), title("Kick-off, moved")))
		f.change("1", func(c *model.Conversation) { c.Title = "Kick-off" })
		time.Sleep(time.Hour)
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), title("mine"))
		f.change("1", func(c *model.Conversation) { c.Title = "Kick-off, moved" })
		if out := deliver(t, b, ids); len(out) != 1 || out[0].State != model.InConflict {
			t.Errorf("somebody changed the title, and the delivery reported %s, want one edit that is %s", inWords(out...), model.InConflict)
		}
		if got := f.get("1").Title; got != "Kick-off, moved" {
			t.Errorf("the service has the title %q, want somebody else's, Kick-off, moved", got)
		}
	})
}
