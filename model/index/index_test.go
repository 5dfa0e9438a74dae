package index_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"confab/model"
	"confab/model/index"
	"confab/model/query"
)

// A change of a row matches only that row, once for each list. Reading a kept list matches nothing.
func TestApplyMatchesOnlyTheChangedRow(t *testing.T) {
	for _, n := range []int{100, 20_000} {
		x, w := loaded(t, n, true)
		if got := x.Lists(); got != 1+len(tabs(t)) {
			t.Fatalf("got %d lists, want one for each tab and one of all rows", got)
		}
		before := x.Matched()
		for range 10 {
			x.Apply([]query.Entry{w.entry(7)})
		}
		if got := x.Matched() - before; got != int64(10*x.Lists()) {
			t.Errorf("%d rows: 10 changes of a row were matched %d times with %d lists", n, got, x.Lists())
		}
		before = x.Matched()
		for _, q := range tabs(t) {
			if _, err := x.Count(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			if _, err := x.Window(t.Context(), q, index.WindowRequest{Limit: 50, Offset: n / 3}); err != nil {
				t.Fatal(err)
			}
		}
		if got := x.Matched() - before; got != 0 {
			t.Errorf("%d rows: reading kept lists matched %d rows", n, got)
		}
	}
}

// A longer search text is matched only against what the shorter one found.
func TestTypingOnSearchesTheLastResult(t *testing.T) {
	x, _ := loaded(t, 20_000, true)
	total, err := x.Count(t.Context(), mustParse(t, "budget"))
	if err != nil || total == 0 || total > 10_000 {
		t.Fatalf("got %d matches, %v", total, err)
	}
	before := x.Matched()
	if _, err := x.Count(t.Context(), mustParse(t, "budget renew")); err != nil {
		t.Fatal(err)
	}
	if got := x.Matched() - before; got != int64(total) {
		t.Errorf("matched %d rows, but the search before found %d", got, total)
	}
	before = x.Matched()
	if _, err := x.Window(t.Context(), mustParse(t, "budget"), index.WindowRequest{Offset: total / 2, Limit: 20}); err != nil || x.Matched() != before {
		t.Errorf("paging through the result matched %d rows, %v", x.Matched()-before, err)
	}
}

// Advance matches rows only when one is due, computes that list once, and returns those that entered or left it.
func TestAdvanceReturnsRowsThatMoved(t *testing.T) {
	now := start
	x := index.New(time.UTC, func() time.Time { return now })
	inbox, week := query.Query{}.Inbox(), mustParse(t, "is:any updated:<7d")
	x.Keep([]query.Query{inbox, week})
	err := x.Load(t.Context(), func(add func(query.Entry)) error {
		for i := range int64(1000) {
			e := query.Entry{Key: i + 1, Subject: query.Subject{Ref: model.Ref{Account: "sales", ID: fmt.Sprint(i)}, Updated: start.Add(-time.Duration(i) * time.Hour).UnixMilli()}}
			if i < 3 {
				e.Subject.SnoozedUntil = start.Add(time.Hour).UnixMilli() + i
			}
			add(e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	count := func(q query.Query) int {
		n, err := x.Count(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if count(inbox) != 997 || count(week) != 168 {
		t.Fatalf("got %d in the inbox, %d of the week", count(inbox), count(week))
	}
	if got := x.Advance(); len(got) != 0 {
		t.Errorf("nothing is due, but Advance returned %v", got)
	}
	refs := func(keys ...int64) (out []model.Ref) {
		for _, key := range keys {
			ref, _ := x.Ref(key)
			out = append(out, ref)
		}
		return out
	}
	var changed []model.Ref
	for steps := 0; now.Before(start.Add(time.Hour + time.Millisecond)); steps++ {
		if steps > 4 {
			t.Fatal("Advance has something to do too often")
		}
		now = x.Next().Add(-time.Millisecond)
		before := x.Matched()
		if moved := x.Advance(); len(moved) > 0 || x.Matched() != before {
			t.Fatalf("before the next moment, %v: %v moved, %d rows were matched", now, moved, x.Matched()-before)
		}
		now = x.Next()
		changed = append(changed, x.Advance()...)
		if got := x.Matched() - before; got != 1000 && got != 2000 {
			t.Fatalf("Advance matched %d rows at %v, want each once for each list that is due", got, now)
		}
	}
	if want := refs(1, 168, 2); !slices.Equal(changed, want) || count(inbox) != 999 || count(week) != 167 {
		t.Errorf("got %v moved, want %v; %d in the inbox, %d of the week", changed, want, count(inbox), count(week))
	}
	// A search brings the lists to the present, too. What moved with it is left to Advance.
	now = now.Add(time.Minute)
	if count(mustParse(t, "nothing")); !x.Next().Equal(now) {
		t.Errorf("after a search found that rows are due, Next returned %v, want the present, %v", x.Next(), now)
	}
	if got, want := x.Advance(), refs(3); !slices.Equal(got, want) {
		t.Errorf("after the search: got %v moved, want %v", got, want)
	}
	now = start
	if got, want := x.Advance(), refs(1, 2, 3, 168); !slices.Equal(got, want) || count(inbox) != 997 || count(week) != 168 {
		t.Errorf("after the clock was set back: got %v moved, want %v; %d in the inbox, %d of the week", got, want, count(inbox), count(week))
	}
}

// After a change of any time of a row, Advance follows the new time.
func TestAdvanceFollowsChangedTimes(t *testing.T) {
	now := start
	x := index.New(time.UTC, func() time.Time { return now })
	week, day, inbox := mustParse(t, "is:any updated:<7d"), mustParse(t, "is:any created:<1d"), query.Query{}.Inbox()
	x.Keep([]query.Query{week, day, inbox})
	e := query.Entry{Key: 1, Subject: query.Subject{Ref: model.Ref{Account: "sales", ID: "1"}}}
	x.Apply([]query.Entry{e})
	for _, change := range []func(*query.Subject){
		func(s *query.Subject) { s.Updated = now.UnixMilli() },
		func(s *query.Subject) { s.Created = now.UnixMilli() },
		func(s *query.Subject) { s.SnoozedUntil = now.Add(time.Hour).UnixMilli() },
	} {
		change(&e.Subject)
		x.Apply([]query.Entry{e})
		now = now.AddDate(0, 0, 8)
		x.Advance()
		for _, c := range []struct {
			q    query.Query
			want int
		}{{week, 0}, {day, 0}, {inbox, 1}} {
			if n, err := x.Count(t.Context(), c.q); n != c.want || err != nil {
				t.Errorf("%s: got %d (%v), want %d", c.q, n, err, c.want)
			}
		}
	}
}

// A list that was searched in a wider one learns the times of a row that enters the wider one later.
func TestAdvanceKnowsRowsThatEnteredAWiderList(t *testing.T) {
	now := start
	x := index.New(time.UTC, func() time.Time { return now })
	inbox, week := query.Query{}.Inbox(), mustParse(t, "updated:<7d").Inbox()
	e := query.Entry{Key: 1, Subject: query.Subject{Ref: model.Ref{Account: "sales", ID: "1"}, Updated: now.UnixMilli(), Flags: query.FlagArchived}}
	x.Apply([]query.Entry{e})
	x.Keep([]query.Query{inbox, week})
	e.Subject.Flags = 0
	x.Apply([]query.Entry{e})
	for _, want := range []int{1, 0} {
		if n, err := x.Count(t.Context(), week); n != want || err != nil {
			t.Errorf("at %s: got %d rows (%v), want %d", now, n, err, want)
		}
		now = now.AddDate(0, 0, 8)
		x.Advance()
	}
}

func TestFailedLoadChangesNothing(t *testing.T) {
	x, w := loaded(t, 100, true)
	fault := errors.New("disk")
	err := x.Load(t.Context(), func(add func(query.Entry)) error {
		add(w.entry(5000))
		if n, err := x.Count(t.Context(), query.Query{}); n != 100 || err != nil {
			t.Errorf("during the load: got %d rows, %v", n, err)
		}
		return fault
	})
	if n, lost := x.Count(t.Context(), query.Query{}); !errors.Is(err, fault) || n != 100 || lost != nil {
		t.Errorf("got error %v, then %d rows, %v", err, n, lost)
	}
}

func TestNewIndexIsEmpty(t *testing.T) {
	x := index.New(time.UTC, func() time.Time { return start })
	if w, err := x.Window(t.Context(), mustParse(t, "a"), index.WindowRequest{Limit: 10}); err != nil || w.Total != 0 || w.Index != -1 {
		t.Errorf("got %+v, %v", w, err)
	}
	for range 2 {
		if err := x.Load(t.Context(), func(func(query.Entry)) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTombstoneKeepsItsRef(t *testing.T) {
	x, w := loaded(t, 10, false)
	e := w.entry(3)
	ref, _ := x.Ref(3)
	e.Subject.Ref, e.Gone = ref, true
	x.Apply([]query.Entry{e})
	if got, ok := x.Ref(3); !ok || got != ref {
		t.Errorf("got %v, %t, want %v", got, ok, ref)
	}
	if _, ok := x.Ref(11); ok {
		t.Error("found a row 11 that was never added")
	}
	if n, err := x.Count(t.Context(), query.Query{}); n != 9 || err != nil {
		t.Errorf("got %d rows (%v), want 9", n, err)
	}
}

// Readers read while rows and tabs change and everything is loaded again. Each answer is consistent, and the final ones are
// right.
func TestConcurrentReadersAndWriters(t *testing.T) {
	x, w := loaded(t, 3000, true)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for reader := range 2 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				q := mustParse(t, []string{"", "budget", "budg", "updated:<7d", "with:anna sort:title"}[(i+reader)%5])
				win, err := x.Window(context.Background(), q, index.WindowRequest{Offset: i % 100, Limit: 20, Anchor: int64(i % 300)})
				if err != nil || win.Offset+len(win.Keys) > win.Total || win.Index >= win.Total || len(win.Keys) != len(win.Revisions) {
					t.Errorf("%s: inconsistent window %+v, %v", q, win, err)
				}
				s, err := x.Select(context.Background(), q, 0, 0, 0)
				if err != nil || len(x.RefsOf(s)) > s.Len() {
					t.Errorf("%s: RefsOf returned more than the selection has, or %v", q, err)
				}
				if i%20 == 0 {
					_, _ = x.Values(context.Background(), "with", holding("a"), 20)
					x.Next()
				}
			}
		})
	}
	for i := range 200 {
		changed := make([]query.Entry, 1+i%7)
		for j := range changed {
			changed[j] = w.entry(1 + int64(w.random.IntN(3500)))
			changed[j].Gone = w.random.IntN(10) == 0
		}
		x.Apply(changed)
		switch i % 50 {
		case 10:
			x.Keep(tabs(t)[:i/50+2])
		case 20:
			x.Advance()
		case 30:
			err := x.Load(t.Context(), func(add func(query.Entry)) error {
				for k := range 2000 {
					add(w.entry(int64(k + 1)))
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	close(stop)
	wg.Wait()
	for _, text := range []string{"", "budget", "sort:title", "updated:<7d"} {
		q := mustParse(t, text)
		held, err := x.Refs(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		x.Keep(nil)
		for i := range 6 {
			if _, err := x.Count(t.Context(), mustParse(t, fmt.Sprint("nosuch", i))); err != nil {
				t.Fatal(err)
			}
		}
		if fresh, err := x.Refs(t.Context(), q); err != nil || !slices.Equal(held, fresh) {
			t.Errorf("%s: the list has %d, a new search found %d, %v", q, len(held), len(fresh), err)
		}
	}
}
