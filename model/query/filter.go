package query

import (
	"math"
	"time"

	"confab/model"
)

// drift widens the end of a span of time: the rows are matched after the service was asked, and "older than a week" may then
// match more of them.
const drift = 24 * time.Hour

// Filter returns the part of the query that services may evaluate. It contains only what holds for every match: nothing
// that is negated, and of alternatives only words that all of them require for the same field.
//
// It leaves out fields that no service compares as Match does. Match searches for parts of folded texts, and a service that
// compares in its own way would leave out matches. owner, team and company are passed on as typed, for services that
// recognise a whole id.
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
