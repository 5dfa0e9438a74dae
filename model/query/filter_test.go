package query_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
	"confab/model/query"
)

func TestFilterHoldsOnlyNecessaryConditions(t *testing.T) {
	day := func(m, d int) time.Time { return time.Date(2026, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		query string
		want  model.Filter
	}{
		{"", model.Filter{}},
		{"Acme renewal title:Acme with:ann@example.com space:Launch channel:x label:a id:b has:contacts", model.Filter{}},
		{"kind:Meeting", model.Filter{Kind: []string{"meeting"}}},
		{"kind:meeting OR kind:call", model.Filter{Kind: []string{"call", "meeting"}}},
		{"kind:meeting OR status:failed", model.Filter{}},
		{"kind:meeting OR x", model.Filter{}},
		{"-kind:meeting -(status:failed)", model.Filter{}},
		{"x (status:FAILED OR status:pending) kind:call", model.Filter{Kind: []string{"call"}, Status: []string{"failed", "pending"}}},
		{"owner:usr_01X owner:Ann team:12 company:Acme", model.Filter{Owner: []string{"usr_01X", "Ann"}, Team: []string{"12"}, Company: []string{"Acme"}}},
		{"owner:a OR owner:b", model.Filter{}},
		{"is:external", model.Filter{External: true}},
		{"is:external is:open", model.Filter{External: true}},
		{"-is:internal", model.Filter{}},
		{"is:internal", model.Filter{}},
		{"created:2026-01..2026-02", model.Filter{CreatedFrom: day(1, 1)}},
		{"created:>2026-01-31 created:<2026-03 created:>2025", model.Filter{CreatedFrom: day(2, 1)}},
		{"updated:2026-01..2026-02 updated:<2027", model.Filter{UpdatedFrom: day(1, 1), UpdatedTo: day(3, 2)}},
		{"created:today -updated:<2020", model.Filter{CreatedFrom: day(2, 15)}},
	} {
		if d := cmp.Diff(c.want, parse(t, c.query).Filter(now, time.UTC), cmp.Transformer("nil", func(l []string) []string { return append([]string{}, l...) })); d != "" {
			t.Errorf("%q (-want +got): %s", c.query, d)
		}
	}
}

// Whatever a query matches, now or some hours later, fulfils its filter as a service would evaluate it.
func TestMatchesFulfilTheFilter(t *testing.T) {
	terms := rapid.SampledFrom([]string{"kind:acme", "kind:bird", "status:editor", "status:x=y", "owner:an", "team:acme", "company:acme", "is:external",
		"-is:internal", "updated:<7d", "updated:>7d", "created:>2026-01-31", "updated:2026-02"})
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		for range rapid.IntRange(1, 4).Draw(t, "terms") {
			text.WriteString(rapid.SampledFrom([]string{" ", " ", " OR ", " -"}).Draw(t, "joined by"))
			text.WriteString(rapid.OneOf(terms, genTerm(), rapid.Custom(func(t *rapid.T) string { return "(" + genText(1).Draw(t, "part") + ")" })).Draw(t, "term"))
		}
		q, err := query.Parse(strings.TrimPrefix(text.String(), " OR "))
		if err != nil {
			return // not a valid query
		}
		s := genSubject().Draw(t, "subject")
		f := q.Filter(now, time.UTC)
		if q.Match(s, now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "hours"))*time.Hour), time.UTC) && !fulfils(s, f) {
			t.Errorf("%q matches %+v, which does not fulfil its filter %+v", q, s, f)
		}
	})
}

func fulfils(s *query.Subject, f model.Filter) bool {
	oneOf := func(words []string, word string) bool {
		return len(words) == 0 || slices.Contains(words, model.FoldText(word))
	}
	held := func(texts []string, in string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(in, model.FoldText(text)) })
	}
	after := func(at int64, from time.Time) bool { return from.IsZero() || at >= from.UnixMilli() }
	return oneOf(f.Kind, s.Kind) && oneOf(f.Status, s.Status) && held(f.Owner, s.Owner) && held(f.Team, s.Team) && held(f.Company, s.Company) &&
		(!f.External || s.Flags&query.FlagExternal != 0) && after(s.Created, f.CreatedFrom) && after(s.Updated, f.UpdatedFrom) &&
		(f.UpdatedTo.IsZero() || s.Updated < f.UpdatedTo.UnixMilli())
}
