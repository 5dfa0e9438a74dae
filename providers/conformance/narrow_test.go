package conformance_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"confab/model"
	"confab/model/query"
	"confab/providers/conformance"
)

// A list that is narrowed for a query must have every conversation of the whole
// list that matches the query, with or without pending edits.
func TestANarrowedListHasEverythingThatMatches(t *testing.T) {
	for _, s := range services() {
		t.Run(s.Provider, func(t *testing.T) {
			a := s.Open(t, conformance.Options{Conversations: 40, Log: func(string, ...any) {}, Wrap: func(next http.RoundTripper) http.RoundTripper { return next }}).Account
			list := func(t rapid.TB, f model.Filter) map[string]model.Conversation {
				out := map[string]model.Conversation{}
				if _, err := a.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull, Filter: f}, func(b model.Batch) (bool, error) {
					for _, c := range b.Conversations {
						out[c.Ref.ID] = c
					}
					return true, nil
				}); err != nil {
					t.Fatalf("the list narrowed by %+v: %v", f, err)
				}
				return out
			}
			whole := list(t, model.Filter{})
			terms := vocabulary(whole)
			narrowed, less := 0, 0
			rapid.Check(t, func(t *rapid.T) {
				q := drawQuery(t, terms)
				now := time.Now()
				f := q.Filter(now, time.UTC).Only(a.Describe().Filters)
				if f.IsZero() {
					return // no filter
				}
				got := list(t, f)
				if narrowed++; len(got) < len(whole) {
					less++
				}
				edit := drawEdit(t)
				for id, c := range whole {
					for _, pending := range [][]model.Edit{nil, {edit}} {
						shown := model.Project(c, pending)
						if _, ok := got[id]; !ok && q.Match(query.NewSubject(model.Row{Conversation: shown}), now, time.UTC) {
							t.Fatalf("%q matches %+v, which the list narrowed by %+v lacks", q, shown, f)
						}
					}
				}
			})
			if rules := a.Describe().Filters; len(rules) > 0 && less < narrowed/4 {
				t.Errorf("%d lists were narrowed, %d of them shorter than the whole; want some of both", narrowed, less)
			}
		})
	}
}

// vocabulary returns query terms that match conversations of a list.
func vocabulary(list map[string]model.Conversation) []string {
	seen := map[string]bool{"is:external": true, "-is:internal": true, "is:internal": true, "updated:<90d": true, "updated:>90d": true, "created:<180d": true,
		"created:>30d": true, "updated:today": true, "kind:huddle": true, "title:a": true, "a": true, "with:a": true, "is:private": true}
	add := func(field string, values ...string) {
		for _, v := range values {
			if v != "" && !strings.ContainsAny(v, `"\`) {
				seen[field+`:"`+v+`"`] = true
				seen[field+`:"`+strings.ToLower(v[:(len(v)+1)/2])+`"`] = true
				seen[field+`:"`+strings.ToUpper(v)+`"`] = true
			}
		}
	}
	for _, c := range list {
		add("kind", c.Kind)
		add("status", c.Status)
		add("owner", c.Owner.ID, c.Owner.Name, c.Owner.Email)
		add("team", c.Team.ID, c.Team.Name)
		add("space", c.Space.ID)
		for _, n := range c.Companies {
			add("company", n.ID, n.Name)
		}
		if !c.Updated.IsZero() {
			add("updated", c.Updated.Format(time.DateOnly), ">"+c.Updated.Format(time.DateOnly), "<="+c.Updated.Format("2006-01"))
			add("created", ">="+c.Created.Format(time.DateOnly), c.Created.Format("2006-01"))
		}
	}
	var out []string
	for text := range seen {
		if _, err := query.Parse(text); err == nil {
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return out
}

// drawQuery combines a few terms in every way; most of them narrow.
func drawQuery(t *rapid.T, terms []string) query.Query {
	var text strings.Builder
	for i := range rapid.IntRange(1, 4).Draw(t, "terms") {
		if i > 0 {
			text.WriteString(rapid.SampledFrom([]string{" ", " ", " ", " OR ", " -"}).Draw(t, "joined by"))
		}
		text.WriteString(strings.TrimPrefix(rapid.SampledFrom(terms).Draw(t, "term"), "-"))
	}
	q, err := query.Parse(text.String())
	if err != nil {
		t.Fatalf("the drawn query %s cannot be parsed: %v", text.String(), err)
	}
	return q
}

// drawEdit returns a pending edit of any conversation.
func drawEdit(t *rapid.T) model.Edit {
	return rapid.SampledFrom([]model.Edit{
		{Kind: model.EditTitle, Target: model.TextValue("a")},
		{Kind: model.EditPrivacy, Target: model.TextValue("private")},
		{Kind: model.EditArchive, Target: model.TextValue("archived")},
		{Kind: model.EditLabels, Key: "a", Target: model.TextValue("a")},
		{Kind: model.EditContacts, Target: model.PeopleValue([]model.Participant{{Kind: model.KindContact, ID: "cnt_a", Name: "a"}})},
		{Kind: model.EditParticipants, Target: model.PeopleValue([]model.Participant{{Kind: model.KindUser, ID: "a", Name: "a"}})},
	}).Draw(t, "edit")
}

// A field that an account can edit must not narrow its list, because the service would leave out a conversation that matches
// only with its pending edit.
func TestNoFilterIsOfWhatCanBeEdited(t *testing.T) {
	for _, s := range services() {
		a := s.Open(t, conformance.Options{Conversations: 5, Log: func(string, ...any) {}, Wrap: func(next http.RoundTripper) http.RoundTripper { return next }}).Account
		if a.Describe().Filters["status"] != nil && a.Capabilities(model.Conversation{}).Of(model.EditStatus).Can() {
			t.Errorf("%s narrows by status, which an edit of %s changes", s.Provider, model.EditStatus)
		}
	}
}
