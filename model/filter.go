package model

import (
	"regexp"
	"time"
)

// Filter is the part of a query that services may answer themselves: a necessary
// condition, so that what comes back is still to be matched.
type Filter struct {
	// Kind and Status are folded words, of which a match has one as its whole
	// kind or status; empty is any.
	Kind, Status []string
	// Owner, Team and Company are texts as they were typed. Every one of them
	// stands, folded, in the id or a name of the match's own.
	Owner, Team, Company []string
	// External says that a match is known to be with people from outside.
	External bool
	// A match was created at CreatedFrom or later, and last changed at
	// UpdatedFrom or later and before UpdatedTo; zero is no limit.
	CreatedFrom, UpdatedFrom, UpdatedTo time.Time
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
	// Values matches the values that the service is known to compare as a query
	// does: the words of a closed vocabulary, whole ids. Nil takes any, which
	// suits what has no text. Other values are not passed on.
	Values *regexp.Regexp
}

// EditedBy returns the kind of edit that changes what a part of a filter looks
// at, "" for none. Where such an edit is possible the part must not narrow: a
// conversation whose edit is still on its way matches already, and the service
// would leave it out.
func (f FilterField) EditedBy() EditKind {
	if f == FilterStatus {
		return EditStatus
	}
	return ""
}

// Only returns the filter without what the rules do not take. Of several words
// of which a match has one, all must be taken; of several texts that a match
// holds, one is enough.
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

// first returns the first text that the rule takes.
func (r FilterRule) first(texts []string) []string {
	for i, text := range texts {
		if r.Values == nil || r.Values.MatchString(text) {
			return texts[i : i+1]
		}
	}
	return nil
}

// all returns the words if the rule takes every one of them.
func (r FilterRule) all(words []string) []string {
	for i := range words {
		if len(r.first(words[i:i+1])) == 0 {
			return nil
		}
	}
	return words
}

// IsZero reports whether the filter asks for nothing.
func (f Filter) IsZero() bool {
	return len(f.Kind) == 0 && len(f.Status) == 0 && len(f.Owner) == 0 && len(f.Team) == 0 && len(f.Company) == 0 &&
		!f.External && f.CreatedFrom.IsZero() && f.UpdatedFrom.IsZero() && f.UpdatedTo.IsZero()
}
