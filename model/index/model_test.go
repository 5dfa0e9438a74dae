package index_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"confab/model"
	"confab/model/index"
	"confab/model/query"
)

// naive defines what the index must answer: it has the rows by key, and matches and sorts all of them for every answer.
type naive struct {
	loc  *time.Location
	now  time.Time
	rows map[int64]*query.Entry
}

func (n *naive) list(q query.Query) []int64 {
	var keys []int64
	for key, e := range n.rows {
		if !e.Gone && q.Match(&e.Subject, n.now, n.loc) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b int64) int { return q.Compare(&n.rows[a].Subject, &n.rows[b].Subject) })
	return keys
}

func (n *naive) window(q query.Query, w index.WindowRequest) index.Window {
	keys := n.list(q)
	out := index.Window{Total: len(keys), Offset: w.Offset, Index: slices.Index(keys, w.Anchor)}
	if out.Index >= 0 {
		out.Offset = out.Index - w.Limit/2
	}
	out.Offset = max(0, min(out.Offset, out.Total-w.Limit))
	for _, key := range keys[out.Offset:min(out.Offset+w.Limit, len(keys))] {
		out.Keys = append(out.Keys, key)
		out.Revisions = append(out.Revisions, n.rows[key].Revision)
	}
	return out
}

func (n *naive) selection(q query.Query, first, last int64, count int) model.Selection {
	var out model.Selection
	keys := n.list(q)
	from, to := 0, len(keys)
	if first != 0 {
		if from = slices.Index(keys, first); from < 0 {
			return out
		}
		if to = min(from+count, len(keys)); count <= 0 {
			at := slices.Index(keys, last)
			if at < 0 {
				return out
			}
			from, to = min(from, at), max(from, at)+1
		}
	}
	for _, key := range keys[from:to] {
		out.Add(n.rows[key].Subject.Ref.Account, key)
	}
	return out
}

func (n *naive) refs(keys []int64) []model.Ref {
	out := []model.Ref{}
	for _, key := range keys {
		out = append(out, n.rows[key].Subject.Ref)
	}
	return out
}

var start = time.Date(2026, 2, 15, 12, 30, 0, 0, time.UTC)

// genQuery draws queries that many rows match, few, or none; some depend on the time.
func genQuery() *rapid.Generator[string] {
	term := rapid.SampledFrom([]string{"acme", "ac", "ann", "budget", "title:bud", "with:bo", "owner:ann", "account:sales", "provider:bird", "kind:call",
		"label:stage", "label:stage=won", "is:done", "is:snoozed", "is:pinned", "is:unseen", "-is:done", "is:any", "updated:<7d", "updated:<7d", "updated:>2h",
		"created:today", "updated:<1mo", "created:2026-02", "nothing", "acme OR ann", "-(acme OR budget)", "-bob"})
	order := rapid.SampledFrom([]string{"", "", "", " sort:title", " sort:-updated", " sort:created", " sort:duration", " sort:-provider"})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(term, 0, 3).Draw(t, "terms"), " ") + order.Draw(t, "order")
	})
}

func genEntry(key *rapid.Generator[int64], now time.Time) *rapid.Generator[query.Entry] {
	word := rapid.SampledFrom([]string{"", "acme", "ann lee", "bob", "budget", "budget acme", "é"})
	return rapid.Custom(func(t *rapid.T) query.Entry {
		at := rapid.Custom(func(t *rapid.T) int64 {
			if rapid.IntRange(0, 5).Draw(t, "known") == 0 {
				return 0
			}
			return now.Add(time.Duration(rapid.Int64Range(-40*24, 48).Draw(t, "hours")) * time.Hour).UnixMilli()
		})
		k := key.Draw(t, "key")
		return query.Entry{Key: k, Revision: rapid.Int64Range(1, 1000).Draw(t, "revision"), Gone: rapid.IntRange(0, 7).Draw(t, "gone") == 0, Subject: query.Subject{
			Ref: model.Ref{Account: account(k), ID: fmt.Sprint("c", k)}, Provider: rapid.SampledFrom([]string{"bird", "kona"}).Draw(t, "provider"),
			Kind: rapid.SampledFrom([]string{"", "call"}).Draw(t, "kind"), Privacy: "private",
			Title: word.Draw(t, "title"), People: word.Draw(t, "people"), Preview: word.Draw(t, "preview"), Owner: word.Draw(t, "owner"),
			Labels: rapid.SampledFrom([]string{"", "stage=won", "stage=lost"}).Draw(t, "labels"),
			Flags:  query.Flag(rapid.Uint32Range(0, 1<<15-1).Draw(t, "flags")), SnoozedUntil: at.Draw(t, "snoozed"),
			Created: at.Draw(t, "created"), Updated: at.Draw(t, "updated"), Duration: rapid.Int64Range(0, 2).Draw(t, "duration"),
		}}
	})
}

func account(key int64) string { return []string{"sales", "support"}[key%2] }

// machine runs the index and the naive one with the same operations.
type machine struct {
	naive
	index *index.Index
	kept  []query.Query
}

func (m *machine) keys() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64Range(1, 60), rapid.Int64Range(5000, 5010))
}

func (m *machine) query(t *rapid.T) query.Query {
	q, err := query.Parse(genQuery().Draw(t, "query"))
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "inbox") {
		q = q.Inbox()
	}
	return q
}

func (m *machine) load(t *rapid.T) {
	list := rapid.SliceOfN(genEntry(m.keys(), m.now), 0, 60).Draw(t, "rows")
	clear(m.rows)
	err := m.index.Load(t.Context(), func(add func(query.Entry)) error {
		for _, e := range list {
			m.rows[e.Key] = &e
			add(e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (m *machine) apply(t *rapid.T) {
	list := rapid.SliceOfN(genEntry(m.keys(), m.now), 1, rapid.SampledFrom([]int{1, 2, 80}).Draw(t, "most")).Draw(t, "changed")
	for i := range list {
		e := &list[i]
		if was := m.rows[e.Key]; was != nil && !was.Gone && rapid.Bool().Draw(t, "in one thing") {
			m.alter(t, e, was)
		}
		m.rows[e.Key] = e
	}
	m.index.Apply(list)
}

// alter makes an entry equal to the former one except for one property.
func (m *machine) alter(t *rapid.T, e *query.Entry, was *query.Entry) {
	next := *e
	*e = *was
	e.Revision = next.Revision
	switch rapid.IntRange(0, 4).Draw(t, "thing") {
	case 0:
		e.Subject.Flags = next.Subject.Flags
	case 1:
		e.Subject.Updated = next.Subject.Updated
	case 2:
		e.Subject.SnoozedUntil = next.Subject.SnoozedUntil
	case 3:
		e.Subject.Title = next.Subject.Title
	case 4:
		e.Gone = next.Gone
	}
}

func (m *machine) move(t *rapid.T) {
	before := m.now
	next := m.index.Next()
	days := rapid.Map(rapid.SampledFrom([]int64{-8, -7, -1, 1, 7, 8, 30}), func(n int64) int64 { return n * 24 * 3600 })
	by := rapid.OneOf(days, rapid.Int64Range(0, 10), rapid.Int64Range(-20*24*3600, 40*24*3600), rapid.Int64Range(-1000, 100_000)).Draw(t, "seconds")
	m.now = m.now.Add(time.Duration(by) * time.Second)
	if !next.IsZero() && rapid.Bool().Draw(t, "to the next") && next.After(before) {
		m.now = next
	}
	m.index.Advance()
}

func (m *machine) keep(t *rapid.T) {
	var queries []query.Query
	for range rapid.IntRange(0, 5).Draw(t, "tabs") {
		queries = append(queries, m.query(t))
	}
	m.kept = queries
	m.index.Keep(queries)
}

// check compares the kept lists. It runs after every step.
func (m *machine) check(t *rapid.T) {
	for _, q := range m.kept {
		if refs, err := m.index.Refs(t.Context(), q); err != nil || !slices.Equal(refs, m.refs(m.list(q))) {
			t.Fatalf("list of %s: got %v (%v), want %v", q, refs, err, m.refs(m.list(q)))
		}
	}
}

func (m *machine) read(t *rapid.T) {
	q := m.query(t)
	ctx := t.Context()
	if n, err := m.index.Count(ctx, q); err != nil || n != len(m.list(q)) {
		t.Fatalf("%s: got %d (%v), want %d", q, n, err, len(m.list(q)))
	}
	w := index.WindowRequest{Offset: rapid.IntRange(-1, 70).Draw(t, "offset"), Limit: rapid.IntRange(0, 20).Draw(t, "limit")}
	if rapid.Bool().Draw(t, "anchored") {
		w.Anchor = m.keys().Draw(t, "anchor")
	}
	got, err := m.index.Window(ctx, q, w)
	if w.Offset < 0 {
		w.Offset = 0
	}
	if want := m.window(q, w); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%s %+v: got\n%+v, %v, want\n%+v", q, w, got, err, want)
	}
	if refs, err := m.index.Refs(ctx, q); err != nil || !slices.Equal(refs, m.refs(m.list(q))) {
		t.Fatalf("%s: got refs %v, %v", q, refs, err)
	}
	first, last, n := int64(0), m.keys().Draw(t, "last"), rapid.IntRange(0, 5).Draw(t, "n")
	if rapid.Bool().Draw(t, "part") {
		first = m.keys().Draw(t, "first")
		if list := m.list(q); len(list) > 0 && rapid.Bool().Draw(t, "member") {
			first = list[len(list)/2]
			last = list[len(list)/3]
		}
	}
	s, err := m.index.Select(ctx, q, first, last, n)
	if want := m.selection(q, first, last, n); err != nil || s.Len() != want.Len() || s.Missing(want) != 0 {
		t.Fatalf("%s from %d to %d or %d rows: got %v (%v), want %v", q, first, last, n, s, err, want)
	}
	other := m.query(t)
	hidden, err := m.index.Hidden(ctx, other, s)
	if want := s.Missing(m.selection(other, 0, 0, 0)); err != nil || hidden != want {
		t.Fatalf("%s: got %d hidden of %v (%v), want %d", other, hidden, s, err, want)
	}
	all := slices.DeleteFunc(m.list(query.Query{}), func(key int64) bool { return !s.Has(account(key), key) })
	if refs := m.index.RefsOf(s); !slices.Equal(refs, m.refs(all)) {
		t.Fatalf("RefsOf(%v): got %v, want %v", s, refs, m.refs(all))
	}
}

// typing types a query letter by letter and compares the count after each.
func (m *machine) typing(t *rapid.T) {
	text := rapid.SampledFrom([]string{"budget acme", "title:budget ann", "acme OR bob", "-ann bud"}).Draw(t, "typed")
	for i := range len(text) + 1 {
		q, err := query.Parse(text[:i])
		if err != nil {
			continue
		}
		q = q.Inbox()
		if n, err := m.index.Count(context.Background(), q); err != nil || n != len(m.list(q)) {
			t.Fatalf("%s: got %d (%v), want %d", q, n, err, len(m.list(q)))
		}
	}
}

func newMachine(t *rapid.T) *machine {
	loc, err := time.LoadLocation(rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/Havana"}).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{naive: naive{loc: loc, now: start, rows: map[int64]*query.Entry{}}}
	m.index = index.New(loc, func() time.Time { return m.now })
	return m
}

// After random loads, changes, times, tabs and reads, the index answers as the naive one does.
func TestIndexAgreesWithMatch(t *testing.T) {
	index.SmallBlocks(t)
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		t.Repeat(map[string]func(*rapid.T){
			"load": m.load, "apply": m.apply, "apply more": m.apply, "move": m.move, "keep": m.keep, "read": m.read, "read more": m.read, "type": m.typing, "": m.check,
		})
	})
}
