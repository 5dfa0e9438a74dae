package query

import (
	"math"
	"time"

	"confab/model"
)

// drift widens the end of a span of time: Match is asked later than the
// service, and until then "older than a week" takes more.
const drift = 24 * time.Hour

// Filter gives the part of the query that services may answer themselves: only
// what must hold of every match, so nothing from under NOT, and from under OR
// only words that each of its sides names for the same field.
//
// Fields that no service can answer as Match does have no part in it. Words,
// title, with, space and channel match folded pieces of texts (case and accents
// taken away, invisible characters dropped), and labels and ids are looked for
// in what only this program knows; a service that compares in its own way would
// leave matches out. owner, team and company match pieces too: they are handed on
// as typed, for a service that can tell a whole id.
func (q Query) Filter(now time.Time, loc *time.Location) model.Filter {
	f := model.Filter{Kind: q.root.limit(FieldKind), Status: q.root.limit(FieldStatus)}
	if q.root == nil {
		return f
	}
	terms := []*Node{q.root}
	if q.root.Op == And {
		terms = q.root.Kids
	}
	later := func(at *time.Time, ms int64) {
		if t := time.UnixMilli(ms); ms != math.MinInt64 && t.After(*at) {
			*at = t.UTC()
		}
	}
	for _, n := range terms {
		if n.Op != Leaf {
			continue
		}
		t := &n.Term
		switch t.Field {
		case FieldOwner:
			f.Owner = append(f.Owner, t.Raw)
		case FieldTeam:
			f.Team = append(f.Team, t.Raw)
		case FieldCompany:
			f.Company = append(f.Company, t.Raw)
		case FieldIs:
			f.External = f.External || t.Value == IsExternal
		case FieldCreated:
			from, _ := t.Date.Bounds(now, loc)
			later(&f.CreatedFrom, from)
		case FieldUpdated:
			from, to := t.Date.Bounds(now, loc)
			later(&f.UpdatedFrom, from)
			if at := time.UnixMilli(to).Add(drift).UTC(); to != math.MaxInt64 && (f.UpdatedTo.IsZero() || at.Before(f.UpdatedTo)) {
				f.UpdatedTo = at
			}
		}
	}
	return f
}
