package inbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

func TestLostCreateIsSearchedForBeforeItIsRepeated(t *testing.T) {
	for name, applied := range map[string]bool{"it was made": true, "it was not": false} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				ctx := context.Background()
				b.Start(ctx)
				time.Sleep(time.Second)
				f.set(func() {
					f.onApply = func() (error, bool) {
						f.onApply = nil
						return &model.Error{Kind: model.UnknownOutcome}, applied
					}
				})
				p, err := b.PlanCreate(ctx, "projects", model.NewConversation{Title: "Lift inspection"}, model.PlanOptions{})
				if err != nil {
					t.Fatalf("planning the new conversation: %v", err)
				}
				if _, err := b.Submit(ctx, p); err != nil {
					t.Fatalf("submitting the plan: %v", err)
				}
				time.Sleep(time.Minute)
				n := 0
				f.set(func() {
					for _, c := range f.convs {
						if c.Title == "Lift inspection" {
							n++
						}
					}
				})
				if n != 1 || len(outbox(t, b)) != 0 {
					t.Errorf("the conversation was made %d times (want once), and the outbox holds %s (want no edit)", n, inWords(outbox(t, b)...))
				}
				if page, _ := b.List(ctx, model.ListRequest{Query: "lift", Limit: 5}); page.Total != 1 {
					t.Errorf("the list has %d rows of the new conversation, want 1", page.Total)
				}
			})
		})
	}
}

func create(t *testing.T, b *inbox.Inbox, title string) []string {
	t.Helper()
	p, err := b.PlanCreate(context.Background(), "projects", model.NewConversation{Title: title}, model.PlanOptions{})
	if err != nil {
		t.Fatalf("planning the new conversation: %v", err)
	}
	ids, err := b.Submit(context.Background(), p)
	if err != nil {
		t.Fatalf("submitting the plan: %v", err)
	}
	return ids
}

func (f *fake) titled(title string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.convs {
		if c.Title == title {
			n++
		}
	}
	return n
}

// First the answer is lost and the list lags behind, then the service can't be reached,
// then the list shows what the first try made.
func TestFailureAfterALostCreateKeepsItsOutcomeUnknown(t *testing.T) {
	f := newFake("projects")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		tries := 0
		f.onApply = func() (error, bool) {
			switch tries++; tries {
			case 1:
				return &model.Error{Kind: model.UnknownOutcome}, false
			case 2:
				return &model.Error{Kind: model.Unavailable}, false
			}
			return nil, true
		}
		ids := create(t, b, "Lift inspection")
		for range 2 {
			b.Deliver(ctx, ids, func(model.DeliveryResult) {})
			time.Sleep(time.Hour)
		}
		f.set(func() { f.add("Lift inspection") })
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if n := f.titled("Lift inspection"); n != 1 {
			t.Errorf("the conversation was made %d times, want once", n)
		}
	})
}

func TestLostCreateIsNotMatchedToAnOlderConversation(t *testing.T) {
	f := newFake("projects")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Deliver(ctx, create(t, b, "Stand-up"), func(model.DeliveryResult) {})
		f.onApply = func() (error, bool) {
			f.onApply = nil
			return &model.Error{Kind: model.UnknownOutcome}, false
		}
		ids := create(t, b, "Stand-up")
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		time.Sleep(time.Minute)
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if n := f.titled("Stand-up"); n != 2 {
			t.Errorf("two creates of one title made %d conversations, want 2", n)
		}
	})
}

// If the list proves nothing, the user decides about a lost create.
func TestLostCreateIsNotRepeatedWithoutACompleteList(t *testing.T) {
	for name, made := range map[string]bool{"made": true, "not made": false} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects")
			f.unsure = true
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
				ctx := context.Background()
				f.onApply = func() (error, bool) { return &model.Error{Kind: model.UnknownOutcome}, made }
				ids := create(t, b, "Lift inspection")
				for range 3 {
					b.Deliver(ctx, ids, func(model.DeliveryResult) {})
					time.Sleep(time.Hour)
				}
				left := outbox(t, b)
				if _, applies := f.count(); applies != 1 || len(left) != 1 || left[0].State != model.OutcomeNotKnown {
					t.Fatalf("a lost create was requested %d times (want once), and the outbox holds %s (want one edit that is %s)",
						applies, inWords(left...), model.OutcomeNotKnown)
				}
				if existing := left[0].Error.Existing; (existing != "") != made {
					t.Errorf("the error names the existing conversation %q, want one named: %t", existing, made)
				}
			})
		})
	}
}

// A create that an earlier version sent has no earlier list to compare with.
func TestLostCreateOfAnEarlierVersionIsNotRepeated(t *testing.T) {
	f := newFake("projects")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		f.onApply = func() (error, bool) { return &model.Error{Kind: model.UnknownOutcome}, false }
		ids := create(t, b, "Lift inspection")
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if err := s.KeepCreation(ctx, ids[0], store.Creation{}); err != nil {
			t.Fatalf("keeping what is known of the new conversation: %v", err)
		}
		time.Sleep(time.Hour)
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		if _, applies := f.count(); applies != 1 || outbox(t, b)[0].State != model.OutcomeNotKnown {
			t.Errorf("a lost create with no earlier list was requested %d times (want once), and the outbox holds %s (want it as %s)",
				applies, inWords(outbox(t, b)...), model.OutcomeNotKnown)
		}
	})
}

// Conversation 1 is there after two lost creates of its title. Of the second it is known what it found before its
// request, and perhaps what it made.
func TestLostCreateDoesNotClaimWhatAnotherMayHaveMade(t *testing.T) {
	for name, tc := range map[string]struct {
		second store.Creation
		ends   model.EditState // of the first
		made   int             // conversations of the title, by then
	}{
		"either may have made it":             {store.Creation{Sure: true}, model.OutcomeNotKnown, 1},
		"the second made it":                  {store.Creation{Sure: true, Made: "1"}, model.Done, 2},
		"the second made another":             {store.Creation{Sure: true, Made: "9"}, model.Done, 1},
		"it was there before the second came": {store.Creation{Sure: true, Known: []string{"1"}}, model.Done, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects")
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
				ctx := context.Background()
				f.onApply = func() (error, bool) { f.onApply = nil; return &model.Error{Kind: model.UnknownOutcome}, false }
				ids := append(create(t, b, "Stand-up"), create(t, b, "Stand-up")...)
				deliver(t, b, ids[:1])
				// As another process would that took it at the same moment.
				other, _, err := s.OutboxEntry(ctx, ids[1])
				must(t, err)
				other.Sent = true
				if ok, err := s.SentCreate(ctx, other, tc.second); err != nil || !ok {
					t.Fatalf("noting the second create as sent: noted %t (want true), error %v", ok, err)
				}
				f.set(func() { f.add("Stand-up") })
				time.Sleep(time.Hour)
				out := deliver(t, b, ids[:1])
				if made := f.titled("Stand-up"); len(out) != 1 || out[0].State != tc.ends || made != tc.made {
					t.Errorf("the first of two lost creates ended as %s, want it %s; %d conversations have its title, want %d",
						inWords(out...), tc.ends, made, tc.made)
				}
			})
		})
	}
}

// The list may lag: what an earlier create made was not in it before a later one was sent.
func TestLostCreateDoesNotClaimWhatAnEarlierOneMade(t *testing.T) {
	f := newFake("projects")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		deliver(t, b, create(t, b, "Stand-up"))
		f.onApply = func() (error, bool) { f.onApply = nil; return &model.Error{Kind: model.UnknownOutcome}, false }
		ids := create(t, b, "Stand-up")
		deliver(t, b, ids)
		must(t, s.KeepCreation(context.Background(), ids[0], store.Creation{Sure: true}))
		time.Sleep(time.Hour)
		if out := deliver(t, b, ids); len(out) != 1 || out[0].State != model.Done || f.titled("Stand-up") != 2 {
			t.Errorf("the second create ended as %s, want it %s; %d conversations have its title, want 2", inWords(out...), model.Done, f.titled("Stand-up"))
		}
	})
}

// Whoever asked for a create goes away while it is sent: the answer is recorded all the same.
func TestCreateThatIsSentIsRecorded(t *testing.T) {
	f := newFake("projects")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx, leave := context.WithCancel(context.Background())
		f.onApply = func() (error, bool) { leave(); return nil, true }
		b.Deliver(ctx, create(t, b, "Stand-up"), func(model.DeliveryResult) {})
		if out := outbox(t, b); len(out) != 0 || len(history(t, b)) != 1 {
			t.Errorf("the outbox holds %s, want no edit, and the history %d, want the create", inWords(out...), len(history(t, b)))
		}
		if row(t, b, f.ref("1")).Checked.IsZero() {
			t.Error("the new conversation counts as never checked, though it was just read")
		}
	})
}

// A second create of a title waits until the outcome of the first is known.
func TestSecondCreateOfATitleWaits(t *testing.T) {
	f := newFake("projects")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
		ctx := context.Background()
		f.onApply = func() (error, bool) { return &model.Error{Kind: model.UnknownOutcome}, false }
		ids := append(create(t, b, "Stand-up"), create(t, b, "Stand-up")...)
		b.Deliver(ctx, ids, func(model.DeliveryResult) {})
		second, ok, err := s.OutboxEntry(ctx, ids[1])
		if _, applies := f.count(); err != nil || !ok || applies != 1 || second.State != model.RetryAt || second.Sent {
			t.Errorf("%d creates were requested (want 1), error %v; the second is in the outbox: %t, want it as %s and never sent: %s",
				applies, err, ok, model.RetryAt, inWords(second))
		}
	})
}

// Each step of a create may fail. A request that may have left is never repeated before its outcome is known, and
// nothing is made twice once the service answers again.
func TestCreateSurvivesAFailureOfEachStep(t *testing.T) {
	lost := func(f *fake, applied bool) {
		f.onApply = func() (error, bool) { f.onApply = nil; return &model.Error{Kind: model.UnknownOutcome}, applied }
	}
	f := newFake("projects")
	// exists makes the service refuse the request because of the first of these, which are there by then.
	exists := func(titles ...string) {
		f.onApply = func() (error, bool) {
			refusal := &model.Error{Kind: model.ConflictKind, Message: "it exists"}
			for i, title := range titles {
				if id := f.add(title); i == 0 {
					refusal.Existing = id
				}
			}
			f.onApply = nil
			return refusal, false
		}
	}
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		for _, tc := range []struct {
			title   string // and the step that fails
			before  func() // the first delivery, which ends as RetryAt
			tries   int    // how often the first delivery is tried
			writes  int    // to the service by then
			between func() // the first delivery and the second
			then    model.EditState
			words   string // in the error after the second
		}{
			{title: "the list before the request", tries: 1, then: model.Done,
				before:  func() { f.down = true },
				between: func() { f.down = false }},
			{title: "the read back", tries: 6, writes: 1, then: model.Done,
				before:  func() { f.onLoad = func(string) error { return errDown } },
				between: func() { f.onLoad = nil }},
			{title: "the search", tries: 1, writes: 1, then: model.OutcomeNotKnown, words: "it cannot be looked for: no list for you",
				before:  func() { lost(f, true) },
				between: func() { f.findErr = &model.Error{Kind: model.Forbidden, Message: "no list for you"} }},
			{title: "the choice", tries: 1, writes: 1, then: model.OutcomeNotKnown, words: "several new conversations are what was asked for",
				before:  func() { f.findErr = nil; lost(f, true) },
				between: func() { f.add("the choice") }},
			{title: "the search, for now", tries: 1, writes: 1, then: model.RetryAt, words: "connection refused",
				before:  func() { lost(f, true) },
				between: func() { f.findErr = errDown }},
			{title: "the list, but not the mark", tries: 1, writes: 1, then: model.Done,
				before:  func() { f.findErr = nil; lost(f, true) },
				between: func() { f.unsure, f.marked = true, true }},
			{title: "the second request, which finds its own", tries: 1, writes: 1, then: model.Done,
				before:  func() { f.unsure, f.marked = false, false; lost(f, false) },
				between: func() { exists("the second request, which finds its own") }},
			{title: "the second request, which finds another", tries: 1, writes: 1, then: model.Refused, words: "it exists already",
				before:  func() { lost(f, false) },
				between: func() { exists("another", "the second request, which finds another") }},
			{title: "the first request, which finds another", tries: 1, then: model.Refused, words: "it exists already",
				before:  func() { f.down = true },
				between: func() { f.down = false; exists("the first request, which finds another") }},
			{title: "the second request", tries: 1, writes: 1, then: model.OutcomeNotKnown, words: "the service refuses another: it exists",
				before: func() { lost(f, false) },
				between: func() {
					f.onApply = func() (error, bool) { return &model.Error{Kind: model.ConflictKind, Message: "it exists"}, false }
				}},
		} {
			ids := create(t, b, tc.title)
			f.set(tc.before)
			_, before := f.count()
			var out []model.OutboxEntry
			for range tc.tries {
				out = deliver(t, b, ids)
				time.Sleep(time.Hour)
			}
			if _, writes := f.count(); len(out) != 1 || out[0].State != model.RetryAt || writes-before != tc.writes {
				t.Fatalf("the first delivery of %q wrote to the service %d times (want %d) and reported %s, want one edit that is %s",
					tc.title, writes-before, tc.writes, inWords(out...), model.RetryAt)
			}
			f.set(tc.between)
			out = deliver(t, b, ids)
			if len(out) != 1 || out[0].State != tc.then || !strings.Contains(out[0].Error.Words(), tc.words) {
				t.Fatalf("the second delivery reported %s, want one edit that is %s and says %q", inWords(out...), tc.then, tc.words)
			}
			// What was sent is not withdrawn by an undo.
			if left := outbox(t, b); tc.then != model.Done && left[len(left)-1].Sent != (tc.writes > 0) {
				t.Errorf("the create of %q counts as sent: %t, want %t", tc.title, left[len(left)-1].Sent, tc.writes > 0)
			}
			if n := f.titled(tc.title); tc.then == model.Done && n != 1 {
				t.Errorf("the conversation %q was made %d times, want once", tc.title, n)
			}
		}
	})
}

// Each case is a state that a killed process leaves behind.
func TestKillAtEveryStepOfACreateMakesItOnce(t *testing.T) {
	for name, tc := range map[string]struct{ sent, made, named bool }{
		"claimed":                {},
		"noted, not sent":        {sent: true},
		"made, not answered":     {sent: true, made: true},
		"answered and noted":     {sent: true, made: true, named: true},
		"named, but never there": {sent: true, named: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("projects", "Kick-off")
			run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, s *store.Store) {
				ctx := context.Background()
				ids := create(t, b, "Lift inspection")
				claimed, err := s.Claim(ctx, "projects", ids)
				if err != nil || len(claimed) != 1 {
					t.Fatalf("%d edits were claimed, want 1, error %v", len(claimed), err)
				}
				newest, err := f.Newest(ctx, *claimed[0].Target.New)
				if err != nil {
					t.Fatalf("reading the newest conversations: %v", err)
				}
				kept := store.Creation{Known: newest.IDs, Sure: newest.Sure}
				if tc.sent {
					if ok, err := s.SentCreate(ctx, claimed[0], kept); err != nil || !ok {
						t.Fatalf("noting the create as sent: noted %t (want true), error %v", ok, err)
					}
				}
				if kept.Made = "99"; tc.made {
					f.set(func() { kept.Made = f.add("Lift inspection") })
				}
				if tc.named {
					if err := s.KeepCreation(ctx, ids[0], kept); err != nil {
						t.Fatalf("keeping what is known of the new conversation: %v", err)
					}
				}
				b.Deliver(ctx, ids, func(model.DeliveryResult) {})
				want := 1
				if tc.named && !tc.made {
					want = 0 // and it is asked for once only
				}
				if n := f.titled("Lift inspection"); n != want || len(outbox(t, b)) != 1-want {
					t.Errorf("the conversation was made %d times (want %d), and the outbox holds %s (want %d edits)",
						n, want, inWords(outbox(t, b)...), 1-want)
				}
			})
		})
	}
}
