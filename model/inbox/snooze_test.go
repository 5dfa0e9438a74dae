package inbox_test

import (
	"context"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

func snooze(t *testing.T, b *inbox.Inbox, r model.Ref, until time.Time) {
	t.Helper()
	if err := b.Triage(context.Background(), []model.Ref{r}, model.TriageChange{Snooze: &until}, nil); err != nil {
		t.Fatalf("changing the marks: %v", err)
	}
}

// woken waits for an announcement of a conversation and returns its time.
func woken(t *testing.T, events <-chan model.Event, r model.Ref) time.Time {
	t.Helper()
	over := time.After(24 * time.Hour)
	for {
		select {
		case e := <-events:
			if slices.Contains(e.Refs, r) {
				return time.Now()
			}
		case <-over:
			t.Fatalf("no event named %v within 24 hours, want one when its snooze ends", r)
		}
	}
}

func TestListWakesWhenASnoozeEnds(t *testing.T) {
	f := newFake("projects", "a", "b", "c")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Start(ctx)
		time.Sleep(90 * time.Second) // between two refreshes
		first, second := time.Now().Add(9*time.Minute+300*time.Millisecond), time.Now().Add(18*time.Minute)
		snooze(t, b, f.ref("1"), second)
		snooze(t, b, f.ref("2"), first)
		events, end := b.Subscribe()
		defer end()
		if n, _ := b.Count(ctx, "", true); n != 1 {
			t.Fatalf("with two of three rows snoozed the inbox has %d rows, want 1", n)
		}
		if at := woken(t, events, f.ref("2")); !at.Equal(first.Truncate(time.Millisecond)) && at.Sub(first).Abs() > time.Millisecond {
			t.Errorf("row 2 woke %s after the end of its snooze, want within a millisecond", at.Sub(first))
		}
		if n, _ := b.Count(ctx, "", true); n != 2 {
			t.Errorf("after the end of the first snooze the inbox has %d rows, want 2", n)
		}
		if row, _, _ := b.Row(ctx, f.ref("2")); !row.Triage.SnoozedUntil.IsZero() {
			t.Errorf("a row that woke is still snoozed until %s, want no snooze", row.Triage.SnoozedUntil)
		}
		if at := woken(t, events, f.ref("1")); at.Sub(second).Abs() > time.Millisecond {
			t.Errorf("row 1 woke %s after the end of its snooze, want within a millisecond", at.Sub(second))
		}
		// One that is put off, or ended by hand, does not wake at its old time.
		later := time.Now().Add(5 * time.Minute)
		snooze(t, b, f.ref("1"), later)
		snooze(t, b, f.ref("1"), later.Add(5*time.Minute))
		synctest.Wait()
		for len(events) > 0 {
			<-events
		}
		if at := woken(t, events, f.ref("1")); at.Sub(later.Add(5*time.Minute)).Abs() > time.Millisecond {
			t.Errorf("a row that was put off by five minutes woke %s after its first end, want five minutes", at.Sub(later))
		}
	})
}

func TestSnoozeOfAnotherProcessEndsHereToo(t *testing.T) {
	f := newFake("projects", "a", "b")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			b.Start(context.Background())
			time.Sleep(90 * time.Second)
			if _, err := b.Counts(context.Background(), []string{""}); err != nil { // as the screen does for its tabs
				t.Fatalf("counting the views: %v", err)
			}
			session(t, path, []*fake{f}, func(t *testing.T, other *inbox.Inbox, _ *store.Store) {
				until := time.Now().Add(30*time.Minute + 500*time.Millisecond)
				snooze(t, other, f.ref("1"), until)
				time.Sleep(2 * time.Second) // the inbox looks for changes of other processes once a second
				events, end := b.Subscribe()
				defer end()
				if at := woken(t, events, f.ref("1")); at.Sub(until).Abs() > time.Millisecond {
					t.Errorf("a row that another process snoozed woke %s after the end, want within a millisecond", at.Sub(until))
				}
			})
		})
	})
}

// A snooze that ended while the program did not run is over at once and not announced
// again; one that has not ended ends in time.
func TestSnoozeOutlivesTheProgram(t *testing.T) {
	f := newFake("projects", "a", "b")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			if err := b.Sync(context.Background()); err != nil {
				t.Fatalf("syncing: %v", err)
			}
			snooze(t, b, f.ref("1"), begin.Add(time.Hour))
			snooze(t, b, f.ref("2"), begin.Add(3*time.Hour))
		})
		time.Sleep(2 * time.Hour)
		session(t, path, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
			events, end := b.Subscribe()
			defer end()
			b.Start(context.Background())
			if n, _ := b.Count(context.Background(), "", true); n != 1 {
				t.Errorf("after the restart the inbox has %d rows, want the 1 whose snooze is over", n)
			}
			if at := woken(t, events, f.ref("2")); at.Sub(begin.Add(3*time.Hour)).Abs() > time.Millisecond {
				t.Errorf("after the restart the other row woke %s after the end of its snooze, want within a millisecond",
					at.Sub(begin.Add(3*time.Hour)))
			}
		})
	})
}

// Sleep moves the clock but not the timers.
func TestSnoozeThatEndedWhileTheMachineSleptWakesWithinASecond(t *testing.T) {
	f := newFake("projects", "a")
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		var slept atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(slept.Load())) }
		s, err := store.Open(ctx, path, store.Options{Host: "laptop", Now: now})
		if err != nil {
			t.Fatalf("opening the database: %v", err)
		}
		b, err := inbox.Open(ctx, inbox.Options{Store: s, Accounts: []inbox.Account{{Provider: f}}, Now: now, Location: time.UTC})
		if err != nil {
			t.Fatalf("opening the inbox: %v", err)
		}
		defer func() { b.Close(ctx); s.Close() }()
		b.Start(ctx)
		time.Sleep(time.Minute)
		if _, err := b.Counts(ctx, []string{""}); err != nil { // as the screen does for its tabs
			t.Fatalf("counting the views: %v", err)
		}
		snooze(t, b, f.ref("1"), now().Add(time.Hour))
		synctest.Wait()
		events, end := b.Subscribe()
		defer end()
		slept.Store(int64(2 * time.Hour))
		began := time.Now()
		if at := woken(t, events, f.ref("1")); at.Sub(began) > time.Second {
			t.Errorf("after the machine slept the row woke %s later, want at most one second", at.Sub(began))
		}
	})
}
