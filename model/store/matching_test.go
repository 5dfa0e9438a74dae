package store

import (
	"context"
	"slices"
	"time"

	"confab/model"
	"confab/model/query"
)

// matching returns the conversations that match a query, in its order.
func (s *Store) matching(ctx context.Context, q query.Query, now time.Time, loc *time.Location) ([]query.Entry, error) {
	var out []query.Entry
	_, err := s.Entries(ctx, 0, func(e query.Entry) error {
		if q.Match(&e.Subject, now, loc) {
			out = append(out, e)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b query.Entry) int { return q.Compare(&a.Subject, &b.Subject) })
	return out, err
}

// List reads a window of the rows that match a query, in its order. If anchor is in the
// list, the window is placed around it and Page.Index is its position; otherwise offset
// counts.
func (s *Store) List(ctx context.Context, q query.Query, now time.Time, loc *time.Location, offset, limit int, anchor model.Ref) (model.Page, error) {
	all, err := s.matching(ctx, q, now, loc)
	p := model.Page{Index: -1, Total: len(all)}
	if err != nil {
		return p, err
	}
	if !anchor.IsZero() {
		if p.Index = slices.IndexFunc(all, func(e query.Entry) bool { return e.Subject.Ref == anchor }); p.Index >= 0 {
			offset = p.Index - limit/2
		}
	}
	p.Offset = max(0, min(offset, p.Total-limit))
	var keys []int64
	for _, e := range all[p.Offset:min(p.Offset+max(limit, 0), p.Total)] {
		keys = append(keys, e.Key)
	}
	p.Rows, err = s.Rows(ctx, keys)
	return p, err
}

// Refs returns every conversation that matches a query, in its order.
func (s *Store) Refs(ctx context.Context, q query.Query, now time.Time, loc *time.Location) ([]model.Ref, error) {
	all, err := s.matching(ctx, q, now, loc)
	var out []model.Ref
	for _, e := range all {
		out = append(out, e.Subject.Ref)
	}
	return out, err
}

// Count returns how many conversations match a query.
func (s *Store) Count(ctx context.Context, q query.Query, now time.Time, loc *time.Location) (int, error) {
	all, err := s.matching(ctx, q, now, loc)
	return len(all), err
}

// Triage changes the local marks of conversations and returns what they were.
func (s *Store) Triage(ctx context.Context, refs []model.Ref, ch model.TriageChange) (before []Marked, err error) {
	err = s.TriageEach(ctx, refs, ch, func(some []Marked) { before = append(before, some...) })
	return before, err
}

// Whole reports whether the outbox and the journal could be read to the end.
func (r Rescue) Whole() bool {
	return !slices.Contains(r.Missing, "outbox") && !slices.Contains(r.Missing, "journal")
}

// OpenAgain opens an account as a process does that did not find it a moment before.
func (s *Store) OpenAgain(ctx context.Context, name, identity string) error {
	return s.change(ctx, "", func(t *tx) { t.openAccount(name, identity, nil) })
}
