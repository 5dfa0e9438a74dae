package model

import (
	"regexp"
	"slices"
	"time"
)

// Filter is the part of a query that services may answer themselves: a necessary condition, so that what comes back is
// still to be matched.
type Filter struct {
	Kind, Status         []string  // folded words, of which a match has one as its whole kind or status; empty is any
	Owner, Team, Company []string  // as typed: each stands, folded, in the id or a name of the match's own
	External             bool      // a match is known to be with people from outside
	CreatedFrom          time.Time // a match was created then or later; zero is no limit
	UpdatedFrom          time.Time // a match changed last then or later, and before UpdatedTo
	UpdatedTo            time.Time
}

// FilterField names a part of a Filter.
type FilterField string

// The parts of a Filter.
const (
	FilterKind     FilterField = "kind"
	FilterStatus   FilterField = "status"
	FilterOwner    FilterField = "owner"
	FilterTeam     FilterField = "team"
	FilterCompany  FilterField = "company"
	FilterExternal FilterField = "external"
	FilterCreated  FilterField = "created"
	FilterUpdated  FilterField = "updated"
)

// FilterRule says that a service can narrow its list by a part of a Filter.
type FilterRule struct {
	Field FilterField
	// Values matches the values that the service is known to compare as a query does: the words of a closed vocabulary, whole
	// ids. Nil takes any. Other values are not passed on.
	Values *regexp.Regexp
}

// Only returns the filter without what the rules do not take. Of several words of which a match has one, all must be
// taken; of several texts that a match holds, one is enough.
func (f Filter) Only(rules []FilterRule) Filter {
	var out Filter
	for _, r := range rules {
		switch r.Field {
		case FilterKind:
			out.Kind = r.all(f.Kind)
		case FilterStatus:
			out.Status = r.all(f.Status)
		case FilterOwner:
			out.Owner = r.first(f.Owner)
		case FilterTeam:
			out.Team = r.first(f.Team)
		case FilterCompany:
			out.Company = r.first(f.Company)
		case FilterExternal:
			out.External = f.External
		case FilterCreated:
			out.CreatedFrom = f.CreatedFrom
		case FilterUpdated:
			out.UpdatedFrom, out.UpdatedTo = f.UpdatedFrom, f.UpdatedTo
		}
	}
	return out
}

func (r FilterRule) takes(text string) bool { return r.Values == nil || r.Values.MatchString(text) }

func (r FilterRule) first(texts []string) []string {
	if i := slices.IndexFunc(texts, r.takes); i >= 0 {
		return texts[i : i+1]
	}
	return nil
}

func (r FilterRule) all(words []string) []string {
	if slices.ContainsFunc(words, func(w string) bool { return !r.takes(w) }) {
		return nil
	}
	return words
}

// IsZero reports whether the filter asks for nothing.
func (f Filter) IsZero() bool {
	return len(f.Kind)+len(f.Status)+len(f.Owner)+len(f.Team)+len(f.Company) == 0 &&
		!f.External && f.CreatedFrom.IsZero() && f.UpdatedFrom.IsZero() && f.UpdatedTo.IsZero()
}
