package model

import (
	"regexp"
	"slices"
	"time"
)

// Filter is the part of a query that a service can evaluate. Every match fulfils it, but not everything that fulfils it is a
// match, so the rows that a service returns must still be matched.
type Filter struct {
	Kind, Status         []string  // folded words; the whole kind or status of a match is one of them, or any if there are none
	Owner, Team, Company []string  // texts as typed; folded, each is contained in the id or name that the match has there
	External             bool      // a match is known to include people from outside
	CreatedFrom          time.Time // a match was created then or later; zero is no limit
	UpdatedFrom          time.Time // a match was last changed then or later; zero is no limit
	UpdatedTo            time.Time // a match was last changed before; zero is no limit
}

// FilterField is a part of a Filter.
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
	// ids. Nil matches any. Other values are not sent.
	Values *regexp.Regexp
}

// Only returns the part of the filter that the rules cover. Kind and Status are kept only if the rules match all their words,
// since a match may have any of them. Of Owner, Team and Company the first text that matches is enough.
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

func (r FilterRule) matches(text string) bool { return r.Values == nil || r.Values.MatchString(text) }

// first returns the first text that matches, if any.
func (r FilterRule) first(texts []string) []string {
	if i := slices.IndexFunc(texts, r.matches); i >= 0 {
		return texts[i : i+1]
	}
	return nil
}

// all returns the words if all of them match.
func (r FilterRule) all(words []string) []string {
	if slices.ContainsFunc(words, func(w string) bool { return !r.matches(w) }) {
		return nil
	}
	return words
}

// IsZero reports whether the filter is empty, so that everything fulfils it.
func (f Filter) IsZero() bool {
	return len(f.Kind)+len(f.Status)+len(f.Owner)+len(f.Team)+len(f.Company) == 0 &&
		!f.External && f.CreatedFrom.IsZero() && f.UpdatedFrom.IsZero() && f.UpdatedTo.IsZero()
}
