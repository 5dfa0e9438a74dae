package query

import (
	"math"
	"time"

	"confab/model"
)

// drift widens the end of a span of time: Match is asked later than the
// service, and until then "older than a week" takes more.
const drift = 24 * time.Hour

// Filter returns the part of the query that services may answer themselves: only
// what must hold of every match, so nothing from under NOT, and from under OR
// only words that each of its sides names for the same field.
//
// Fields that no service can answer as Match does have no part in it: it matches
// folded pieces of texts, and a service that compares in its own way would leave
// matches out. owner, team and company are handed on as typed, for a service that
// can tell a whole id.
func (q Query) Filter(now time.Time, loc *time.Location) model.Filter {
	var f model.Filter
	for _, of := range fields {
		if of.narrow != nil && of.compare == byWhole {
			*of.narrow(&f) = q.root.limit(of.name)
		}
	}
	if q.root == nil {
		return f
	}
	terms := []*Node{q.root}
	if q.root.Op == And {
		terms = q.root.Kids
	}
	for _, n := range terms {
		t := &n.Term
		switch {
		case n.Op != Leaf:
		case t.of.push != nil:
			var from, to time.Time
			first, end := t.Date.Bounds(now, loc)
			if first != math.MinInt64 {
				from = time.UnixMilli(first).UTC()
			}
			if end != math.MaxInt64 {
				to = time.UnixMilli(end).Add(drift).UTC()
			}
			t.of.push(&f, t, from, to)
		case t.of.narrow != nil && t.of.compare == byPart:
			texts := t.of.narrow(&f)
			*texts = append(*texts, t.Raw)
		}
	}
	return f
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func pushUpdated(f *model.Filter, _ *Term, from, to time.Time) {
	f.UpdatedFrom = later(f.UpdatedFrom, from)
	if !to.IsZero() && (f.UpdatedTo.IsZero() || to.Before(f.UpdatedTo)) {
		f.UpdatedTo = to
	}
}
