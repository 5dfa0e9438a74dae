package inbox_test

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

func TestLostAnswerIsReadBeforeARepeat(t *testing.T) {
	lost := &model.Error{Kind: model.UnknownOutcome, Message: "connection lost"}
	addBob := []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{bob}}}
	for name, tc := range map[string]struct {
		change  []model.Change
		applied bool
		theirs  string
		want    model.EditState
		writes  int
	}{
		"it had taken effect":       {change: title("mine"), applied: true, want: model.Done, writes: 1},
		"all of it had":             {change: addBob, applied: true, want: model.Done, writes: 1},
		"it had not":                {change: title("mine"), applied: false, want: model.Done, writes: 2},
		"somebody changed it since": {change: title("mine"), applied: true, theirs: "third", want: model.OutcomeNotKnown, writes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				ctx := context.Background()
				b.Sync(ctx)
				f.set(func() {
					f.onApply = func() (error, bool) { f.onApply = nil; return lost, tc.applied }
				})
				ids := submit(t, b, f.ref("1"), tc.change)
				var got model.OutboxEntry
				b.Deliver(ctx, ids, func(r model.DeliveryResult) { got = r.Entry })
				if got.State != model.RetryAt {
					t.Fatalf("after the lost answer the edit is %s, want %s: %s", got.State, model.RetryAt, inWords(got))
				}
				if tc.theirs != "" {
					f.change("1", func(c *model.Conversation) { c.Title = tc.theirs })
				}
				time.Sleep(10 * time.Second)
				b.Deliver(ctx, ids, func(r model.DeliveryResult) { got = r.Entry })
				if got.State != tc.want {
					t.Errorf("after the second delivery the edit is %s, want %s: %s", got.State, tc.want, inWords(got))
				}
				if _, applies := f.count(); applies != tc.writes {
					t.Errorf("the service was written to %d times, want %d", applies, tc.writes)
				}
			})
		})
	}
}

// A failed read after a write does not mean that the write was refused.
func TestWriteThatCannotBeReadBackIsUnknown(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.set(func() {
			f.onApply = func() (error, bool) {
				f.onApply = nil
				f.onLoad = func(string) error { return &model.Error{Kind: model.Forbidden, Status: 403, Message: "no"} }
				return &model.Error{Kind: model.UnknownOutcome, Message: "connection lost"}, true
			}
		})
		ids := submit(t, b, f.ref("1"), title("mine"))
		var got model.OutboxEntry
		for range 2 {
			b.Deliver(ctx, ids, func(r model.DeliveryResult) { got = r.Entry })
			time.Sleep(10 * time.Second)
		}
		if got.State != model.OutcomeNotKnown || got.Error == nil || got.Error.Kind != model.UnknownOutcome {
			t.Errorf("a write that cannot be read back ended as %s, want %s with the error kind %s: %s",
				got.State, model.OutcomeNotKnown, model.UnknownOutcome, inWords(got))
		}
		f.set(func() { f.onLoad = nil })
		if _, err := b.Decide(ctx, model.DecideRetry, named(ids[0])...); err != nil {
			t.Fatalf("retrying the edit: %v", err)
		}
		deliver(t, b, ids)
		if _, applies := f.count(); applies != 1 || f.get("1").Title != "mine" {
			t.Errorf("after the retry the service was written to %d times (want once) and has the title %q (want mine)", applies, f.get("1").Title)
		}
	})
}

func TestKillAtEveryStepLosesAndRepeatsNothing(t *testing.T) {
	// Each step is a state that a killed process can leave behind.
	for name, leave := range map[string]func(*testing.T, *store.Store, *fake, string){
		"queued": func(*testing.T, *store.Store, *fake, string) {},
		"claimed": func(t *testing.T, s *store.Store, f *fake, id string) {
			if out, err := s.Claim(context.Background(), "projects", nil); err != nil || len(out) != 1 {
				t.Fatalf("%d edits were claimed, want 1, error %v", len(out), err)
			}
		},
		"marked as sent, not sent": func(t *testing.T, s *store.Store, f *fake, id string) {
			claimed, _ := s.Claim(context.Background(), "projects", nil)
			s.Sent(context.Background(), claimed, nil, 0)
		},
		"sent, answer not recorded": func(t *testing.T, s *store.Store, f *fake, id string) {
			claimed, _ := s.Claim(context.Background(), "projects", nil)
			s.Sent(context.Background(), claimed, nil, 0)
			f.change("1", func(c *model.Conversation) { c.Title = "mine" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			path := filepath.Join(t.TempDir(), "confab.db")
			synctest.Test(t, func(t *testing.T) {
				session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
					b.Sync(context.Background())
					ids := submit(t, b, f.ref("1"), title("mine"))
					leave(t, s, f, ids[0])
				})
				session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
					b.Start(context.Background())
					time.Sleep(10 * time.Second)
					if got := f.get("1").Title; got != "mine" {
						t.Errorf("after the restart the service has the title %q, want mine", got)
					}
					if n := len(outbox(t, b)); n != 0 {
						t.Errorf("after the restart the outbox holds %d edits, want 0", n)
					}
					if h := history(t, b); len(h) != 1 || h[0].Before.String() != "Kick-off" {
						t.Errorf("after the restart the history is %+v, want one edit whose value before was Kick-off", h)
					}
					if _, applies := f.count(); applies > 1 {
						t.Errorf("the service was written to %d times, want at most once", applies)
					}
				})
			})
		})
	}
}

func TestAcceptedButUnchangedIsUnverified(t *testing.T) {
	f := newFake("projects", "Kick-off")
	f.ignore = true
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		ids := submit(t, b, f.ref("1"), title("mine"))
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.NotVerified || r.Entry.Theirs.String() != "Kick-off" {
				t.Errorf("a write that changed nothing ended as %s, want %s with the service's title Kick-off: %s",
					r.Entry.State, model.NotVerified, inWords(r.Entry))
			}
		})
		if got, st := shownTitle(t, b, f.ref("1")); got != "Kick-off" || st != model.NotVerified {
			t.Errorf("the row shows the title %q with the edit state %q, want Kick-off and %s", got, st, model.NotVerified)
		}
	})
}

func TestErrorKindDecidesTheState(t *testing.T) {
	// sent: it may have taken effect. writes: of two conversations, 1 if the account is paused.
	type outcome struct {
		state  model.EditState
		sent   bool
		writes int
	}
	for kind, want := range map[model.ErrorKind]outcome{
		model.Forbidden: {model.Refused, false, 2}, model.Invalid: {model.Refused, false, 2},
		model.NotFound: {model.Refused, false, 2}, model.Unsupported: {model.Refused, false, 2},
		model.RateLimited: {model.RetryAt, false, 1}, model.Unavailable: {model.RetryAt, false, 1},
		model.Unauthorized: {model.RetryAt, false, 1}, model.NoCredential: {model.RetryAt, false, 1},
		model.Malformed: {model.RetryAt, true, 1}, model.UnknownOutcome: {model.RetryAt, true, 2},
		model.ConflictKind: {model.RetryAt, false, 2}, model.Local: {model.RetryAt, false, 2},
		model.Unverified: {model.NotVerified, true, 2},
	} {
		t.Run(string(kind), func(t *testing.T) {
			f := newFake("projects", "Kick-off", "Budget")
			f.onApply = func() (error, bool) {
				return &model.Error{Kind: kind, Message: "their words", Code: "c1", RequestID: "r1"}, false
			}
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				ctx := context.Background()
				b.Sync(ctx)
				deliver(t, b, append(submit(t, b, f.ref("1"), title("mine")), submit(t, b, f.ref("2"), title("mine"))...))
				first := outbox(t, b)[0]
				if _, writes := f.count(); (outcome{first.State, first.Sent, writes}) != want {
					t.Errorf("an error of the kind %s leaves %s after %d writes, want the edit %+v", kind, inWords(first), writes, want)
				}
				if e := first.Error; e == nil || e.Message != "their words" || e.Code != "c1" || e.RequestID != "r1" {
					t.Errorf("the edit has the error %+v, want the service's words, code c1 and request r1", e)
				}
			})
		})
	}
}

// Nothing is known of a conversation that could not be read, such as how many requests a change of its people takes.
func TestChangeOfPeopleWaitsForTheRead(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		b.Sync(context.Background())
		ids := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditParticipants, Op: model.OpAdd, People: []model.Participant{bob}}})
		f.set(func() { f.down = true })
		if out := deliver(t, b, ids); len(out) != 1 || out[0].State != model.RetryAt || out[0].Sent {
			t.Errorf("the delivery reported %s, want one edit that is %s and was never sent", inWords(out...), model.RetryAt)
		}
	})
}

func TestRetryOfALostAnswerIsNoConflict(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) {
			f.onApply = nil
			return &model.Error{Kind: model.UnknownOutcome}, true
		}
		ids := submit(t, b, f.ref("1"), title("mine"))
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if _, err := b.Decide(ctx, model.DecideRetry, named(ids...)...); err != nil {
			t.Fatalf("retrying the edit: %v", err)
		}
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.Done || r.Journal.Before.String() != "Kick-off" {
				t.Errorf("the retry of a lost write ended as %s, want %s with Kick-off as the value before; the history has %+v",
					r.Entry.State, model.Done, r.Journal)
			}
		})
	})
}

func TestSlowWriteIsRecorded(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) {
			f.onApply = nil
			time.Sleep(4 * time.Minute)
			return nil, true
		}
		ids := submit(t, b, f.ref("1"), title("mine"))
		err := b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.Done {
				t.Errorf("a write that took four minutes ended as %s, want %s", r.Entry.State, model.Done)
			}
		})
		if err != nil || len(outbox(t, b)) != 0 {
			t.Errorf("after a write that took four minutes: error %v, the outbox holds %s, want no edit", err, inWords(outbox(t, b)...))
		}
	})
}

// A Close that could not wait for a write leaves it running, and no other begins.
func TestNoDeliveryBeginsAfterAClose(t *testing.T) {
	f := newFake("projects", "a", "b", "c", "d", "e", "f", "g", "h")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		began := make(chan bool, 1)
		f.onApply = func() (error, bool) {
			f.onApply = nil
			began <- true
			time.Sleep(10 * time.Second)
			return nil, true
		}
		var ids []string
		for i := range 8 {
			ids = append(ids, submit(t, b, f.ref(strconv.Itoa(i+1)), title("mine"))...)
		}
		delivered := make(chan error, 1)
		go func() { delivered <- b.Deliver(ctx, ids, func(model.DeliveryResult) {}) }()
		<-began
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := b.Close(short); err == nil {
			t.Error("Close with a deadline returned no error while a write was on its way, want one")
		}
		<-delivered
		if _, applies := f.count(); applies != 1 {
			t.Errorf("the service was written to %d times, want only the write that had begun before the close", applies)
		}
	})
}

func TestUnrecordedOutcomeIsReadAgain(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		submit(t, b, f.ref("1"), title("mine"))
		// What a full disk leaves behind: sent, and still claimed by this process.
		claimed, err := s.Claim(ctx, "projects", nil)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("%d edits were claimed, want 1, error %v", len(claimed), err)
		}
		if _, err := s.Sent(ctx, claimed, nil, 0); err != nil {
			t.Fatalf("noting the edits as sent: %v", err)
		}
		f.change("1", func(c *model.Conversation) { c.Title = "mine" })
		b.Start(ctx)
		time.Sleep(10 * time.Second)
		if h := history(t, b); len(h) != 1 || h[0].State != model.Done || h[0].Before.String() != "Kick-off" {
			t.Errorf("the history is %+v, want one edit that is %s and had Kick-off before; the outbox holds %s",
				h, model.Done, inWords(outbox(t, b)...))
		}
		if _, applies := f.count(); applies != 0 {
			t.Errorf("the edit was written %d times more, want 0: the service has it already", applies)
		}
	})
}

func TestRefusalAfterALostAnswerIsUnknown(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		f.onApply = func() (error, bool) {
			f.onApply = nil
			return &model.Error{Kind: model.UnknownOutcome}, true
		}
		ids := submit(t, b, f.ref("1"), title("mine"))
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		time.Sleep(time.Minute)
		f.onLoad = func(string) error { f.onLoad = nil; return &model.Error{Kind: model.Forbidden} }
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.OutcomeNotKnown {
				t.Fatalf("an edit whose read is refused after a lost answer is %s, want %s: %s",
					r.Entry.State, model.OutcomeNotKnown, inWords(r.Entry))
			}
		})
		if st := b.Accounts()[0]; st.Error != nil {
			t.Errorf("the account counts as failing because one conversation can't be read: %q, want no error", st.Error.Words())
		}
		if _, err := b.Decide(ctx, model.DecideRetry, named(ids...)...); err != nil {
			t.Fatalf("retrying the edit: %v", err)
		}
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.Done || r.Journal.Before.String() != "Kick-off" {
				t.Errorf("the retry ended as %s, want %s with Kick-off as the value before; the history has %+v",
					r.Entry.State, model.Done, r.Journal)
			}
		})
	})
}

func TestConflictAnsweredByTheServiceIsTriedOnceMore(t *testing.T) {
	for name, tc := range map[string]struct {
		existing string
		writes   int
	}{"once more": {"", 2}, "not where it names what stands in the way": {"7", 1}} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			f.onApply = func() (error, bool) { return &model.Error{Kind: model.ConflictKind, Existing: tc.existing}, false }
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				b.Start(context.Background())
				time.Sleep(time.Second)
				submit(t, b, f.ref("1"), title("mine"))
				time.Sleep(time.Hour)
				if out := outbox(t, b); len(out) != 1 || out[0].State != model.Refused {
					t.Errorf("after an hour the outbox holds %s, want one edit that is %s", inWords(out...), model.Refused)
				}
				if _, applies := f.count(); applies != tc.writes {
					t.Errorf("the service was written to %d times, want %d", applies, tc.writes)
				}
			})
		})
	}
}

func TestDeleteOfAGoneConversationIsDone(t *testing.T) {
	f := newFake("projects", "Kick-off")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		// The service may answer that it doesn't exist, and show it all the same.
		f.onApply = func() (error, bool) {
			f.onApply = nil
			return &model.Error{Kind: model.NotFound, Message: "no such thing"}, false
		}
		refused := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditDelete}})
		if out := deliver(t, b, refused); len(out) != 1 || out[0].State != model.Refused || out[0].Error.Message != "no such thing" || rows(t, b) != 1 {
			t.Errorf("while the list has %d rows (want 1), the delivery reported %s, want one edit that is %s in the service's words",
				rows(t, b), inWords(out...), model.Refused)
		}
		_, err := b.Decide(ctx, model.DecideDiscard, named(refused...)...)
		must(t, err)
		ids := submit(t, b, f.ref("1"), []model.Change{{Kind: model.EditDelete}})
		f.set(func() { delete(f.convs, "1") })
		b.Deliver(ctx, ids, func(r model.DeliveryResult) {
			if r.Entry.State != model.OutcomeAlreadySet {
				t.Errorf("the delete of a missing conversation ended as %s, want %s: %s", r.Entry.State, model.OutcomeAlreadySet, inWords(r.Entry))
			}
		})
		if _, ok, _ := b.Row(ctx, f.ref("1")); ok || len(outbox(t, b)) != 0 {
			t.Errorf("after the delete of a missing conversation its row is shown: %t (want false), and the outbox holds %s (want no edit)",
				ok, inWords(outbox(t, b)...))
		}
		// An archive is done too if reading answers so afterwards, whether its own answer was lost or not.
		for _, lost := range []error{nil, &model.Error{Kind: model.UnknownOutcome, Message: "connection lost"}} {
			ref := f.ref(f.add("Kick-off"))
			b.Sync(ctx)
			f.onApply = func() (error, bool) {
				delete(f.convs, ref.ID)
				return lost, false
			}
			archived := deliver(t, b, submit(t, b, ref, []model.Change{{Kind: model.EditArchive}}))
			time.Sleep(time.Minute)
			b.Deliver(ctx, []string{archived[0].ID}, func(model.DeliveryResult) {})
			if _, ok, _ := b.Row(ctx, ref); ok || len(outbox(t, b)) != 0 {
				t.Errorf("an archived conversation that can't be read any more is shown: %t (want false), and the outbox holds %s (want no edit)",
					ok, inWords(outbox(t, b)...))
			}
		}
	})
}
