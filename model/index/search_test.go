package index_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"confab/model"
	"confab/model/index"
	"confab/model/query"
)

// A long search is answered with its first rows; the next request waits for its end.
func TestLongSearchIsAnsweredPartially(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, _ := loaded(t, 20_000, true)
		q := mustParse(t, "budget")
		all, err := x.Refs(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		x, _ = loaded(t, 20_000, true)
		end := make(chan struct{})
		x.HoldSearches(end)
		began := time.Now()
		first, err := x.Window(t.Context(), q, index.WindowRequest{Limit: 50})
		if err != nil || !first.Partial || len(first.Keys) != 50 || first.Total < 50 || first.Total > len(all) || time.Since(began) != 15*time.Millisecond {
			t.Fatalf("got %+v, %v after %v, want 50 rows after 15ms", first, err, time.Since(began))
		}
		for i, key := range first.Keys {
			if ref, ok := x.Ref(key); !ok || ref != all[i] {
				t.Fatalf("row %d: got %v, want %v", i, ref, all[i])
			}
		}
		var whole index.Window
		var done bool
		go func() {
			whole, err = x.Window(t.Context(), q, index.WindowRequest{Limit: 50, Anchor: first.Keys[20]})
			done = true
		}()
		time.Sleep(time.Hour)
		if done || x.Searching() != 1 {
			t.Fatalf("before the end: answered %t, %d searches", done, x.Searching())
		}
		close(end)
		synctest.Wait()
		if !done || err != nil || whole.Partial || whole.Total != len(all) || whole.Index != 20 || !slices.Equal(whole.Keys, first.Keys) {
			t.Errorf("after the end: answered %t with %+v, %v", done, whole, err)
		}
	})
}

// The first rows are those around the anchor. A search waits for an anchor far down, but not for one that does not match, and
// for its end if it has another order than the rows it goes through.
func TestPartialAnswerHoldsTheAnchor(t *testing.T) {
	index.SmallBlocks(t)
	synctest.Test(t, func(t *testing.T) {
		x, _ := loaded(t, 20_000, true)
		q := mustParse(t, "budget")
		list, err := x.Window(t.Context(), q, index.WindowRequest{Limit: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		none := int64(1)
		for slices.Contains(list.Keys, none) {
			none++
		}
		for _, c := range []struct {
			order         string
			anchor        int64
			index, offset int
			partial       bool
		}{{"", list.Keys[60], 60, 35, true}, {"", none, -1, 0, true}, {" sort:title", none, -1, 0, false},
			{"", list.Keys[list.Total-1], list.Total - 1, list.Total - 50, false}} {
			x, _ := loaded(t, 20_000, true)
			end := make(chan struct{})
			x.HoldSearches(end)
			time.AfterFunc(time.Second, func() { close(end) })
			w, err := x.Window(t.Context(), mustParse(t, "budget"+c.order), index.WindowRequest{Limit: 50, Anchor: c.anchor})
			if err != nil || w.Partial != c.partial || w.Index != c.index || w.Offset != c.offset || len(w.Keys) != 50 || c.index >= 0 && !slices.Contains(w.Keys, c.anchor) {
				t.Errorf("anchor at %d: got %+v, %v", c.index, w, err)
			}
			time.Sleep(2 * time.Second)
		}
	})
}

// The lists of searches are dropped again, the oldest first.
func TestFewSearchesAreHeld(t *testing.T) {
	x, _ := loaded(t, 100, true)
	before := x.Lists()
	for i := range 20 {
		if _, err := x.Count(t.Context(), mustParse(t, fmt.Sprint("word", i))); err != nil {
			t.Fatal(err)
		}
	}
	if got := x.Lists(); got > before+4 {
		t.Errorf("got %d lists after 20 searches, %d before them", got, before)
	}
}

// A search ends when nobody waits for it. A new search ends those that go on after a partial answer.
func TestAbandonedSearchEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, _ := loaded(t, 20_000, true)
		end := make(chan struct{})
		x.HoldSearches(end)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := x.Count(ctx, mustParse(t, "budget")); !errors.Is(err, context.DeadlineExceeded) || x.Searching() != 0 {
			t.Errorf("after the deadline: got %v, %d searches", err, x.Searching())
		}
		if w, err := x.Window(t.Context(), mustParse(t, "budget"), index.WindowRequest{Limit: 10}); err != nil || !w.Partial || x.Searching() != 1 {
			t.Errorf("got %+v, %v, %d searches, want a partial answer and one search", w, err, x.Searching())
		}
		if w, err := x.Window(t.Context(), mustParse(t, "renewal"), index.WindowRequest{Limit: 10}); err != nil || !w.Partial || x.Searching() != 1 {
			t.Errorf("got %+v, %v, %d searches, want a partial answer and one search", w, err, x.Searching())
		}
		// Load ends a search; its reader gets the answer for the new rows.
		var n int
		var err error
		go func() { n, err = x.Count(t.Context(), mustParse(t, "company7")) }()
		synctest.Wait()
		close(end)
		if err := x.Load(t.Context(), func(func(query.Entry)) error { return nil }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got, _ := x.Count(t.Context(), mustParse(t, "company7")); got != 0 || err != nil {
			t.Errorf("got %d now and %d for the reader that waited (%v), want 0", got, n, err)
		}
	})
}

// The answer of a search includes changes of rows and of the time during the search.
func TestSearchIncludesChangesDuringIt(t *testing.T) {
	index.SmallBlocks(t)
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		m.load(t)
		m.keep(t)
		q := m.query(t)
		if rapid.Bool().Draw(t, "timed") {
			q = mustParse(t, rapid.SampledFrom([]string{"is:any updated:<7d", "updated:<7d", "-is:snoozed sort:title"}).Draw(t, "query"))
		}
		end := make(chan struct{})
		began, done := m.index.HoldSearches(end), make(chan struct{})
		var refs []model.Ref
		var err error
		go func() {
			defer close(done)
			refs, err = m.index.Refs(context.Background(), q)
		}()
		select {
		case <-began:
			m.apply(t)
			if rapid.Bool().Draw(t, "moved") {
				m.move(t)
				m.apply(t)
			}
		case <-done: // the list existed
		}
		close(end)
		<-done
		if want := m.refs(m.list(q)); err != nil || !slices.Equal(refs, want) {
			t.Fatalf("%s: got %v (%v), want %v", q, refs, err, want)
		}
		m.read(t)
	})
}

// A search answers for the rows and the time at its end: for a clock that was set back meanwhile, and for a row that changed
// twice, which leaves the list when its time comes.
func TestSearchSeesWhatChangedMeanwhile(t *testing.T) {
	row := func(age int) query.Entry {
		return query.Entry{Key: 1, Subject: query.Subject{Ref: model.Ref{Account: "sales", ID: "1"}, Updated: start.AddDate(0, 0, -age).UnixMilli()}}
	}
	week := mustParse(t, "updated:<7d")
	count := func(x *index.Index) int {
		n, err := x.Count(t.Context(), week)
		if err != nil {
			t.Error(err)
		}
		return n
	}
	for name, c := range map[string]struct {
		age    int
		change func(x *index.Index, now *time.Time)
	}{
		"clock": {8, func(_ *index.Index, now *time.Time) { *now = start.AddDate(0, 0, -2) }},
		"row":   {100, func(x *index.Index, _ *time.Time) { x.Apply([]query.Entry{row(99)}); x.Apply([]query.Entry{row(6)}) }},
	} {
		now := start
		x := index.New(time.UTC, func() time.Time { return now })
		x.Apply([]query.Entry{row(c.age)})
		end, found := make(chan struct{}), make(chan int)
		began := x.HoldSearches(end)
		go func() { found <- count(x) }()
		<-began
		c.change(x, &now)
		close(end)
		if n := <-found; n != 1 {
			t.Errorf("%s: got %d rows of the last 7 days, want one", name, n)
		}
		now = now.AddDate(0, 0, 8)
		x.Advance()
		if n := count(x); n != 0 {
			t.Errorf("%s: got %d rows 8 days later, want none", name, n)
		}
	}
}
