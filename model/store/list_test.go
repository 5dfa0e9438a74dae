package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

func must(text string) query.Query {
	q, err := query.Parse(text)
	if err != nil {
		panic(err)
	}
	return q
}

// The SQL made from a query selects and orders as query.Match and
// query.Compare do.
func TestSQLAgreesWithMatch(t *testing.T) {
	words := []string{"ada", "Émile", "東京", "call", "a b", "x"}
	pick := func(r *rapid.T, from []string, name string) string { return rapid.SampledFrom(from).Draw(r, name) }
	s := fresh(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		acc := fmt.Sprintf("sales%d", n)
		s.OpenAccount(t.Context(), acc, "x")
		var subjects []*query.Subject
		for i := range rapid.IntRange(1, 8).Draw(r, "rows") {
			c := model.Conversation{Ref: model.Ref{Account: acc, ID: fmt.Sprint(i)}, Provider: pick(r, model.ProviderNames(), "provider"),
				Kind: pick(r, []string{"call", "email"}, "kind"), Title: pick(r, append(words, ""), "title"), ParticipantCount: -1,
				Privacy: model.Privacy(pick(r, []string{"private", "public", "participants", "unknown"}, "privacy")),
				Status:  pick(r, []string{"active", "READY", "Ärger", ""}, "status"), Closed: rapid.Bool().Draw(r, "closed"),
				Archived: rapid.Bool().Draw(r, "archived"), Preview: pick(r, words, "preview"),
				Owner:    model.Participant{Name: pick(r, words, "owner")},
				Duration: time.Duration(rapid.IntRange(0, 3).Draw(r, "duration")) * time.Minute}
			if rapid.Bool().Draw(r, "updated?") {
				c.Updated = start.Add(-time.Duration(rapid.IntRange(0, 20).Draw(r, "updated")) * 24 * time.Hour)
			}
			if rapid.Bool().Draw(r, "labels?") {
				c.Labels = map[string]string{pick(r, words, "label"): pick(r, words, "value")}
			}
			if rapid.Bool().Draw(r, "people?") {
				c.Participants = model.SetOf(model.Participant{Kind: "user", ID: "7", Name: pick(r, words, "who"), Role: pick(r, []string{"editor", "viewer", ""}, "role")})
			}
			if _, err := s.Save(context.Background(), c, model.ReadWhole); err != nil {
				r.Fatal(err)
			}
			row, _, err := s.Row(context.Background(), c.Ref)
			if err != nil {
				r.Fatal(err)
			}
			subjects = append(subjects, query.NewSubject(row))
		}
		terms := []string{"ada", "emile", `"a b"`, "東京", "is:private", "is:public", "is:open", "is:closed", "is:archived", "is:any",
			"has:contacts", "title:a", "with:ada", "with:7", "owner:x", "role:editor", "status:ready", "status:ärger", "kind:call",
			"provider:bird", "label:ada", "label:ada=x", `label:"a b"`, "id:3", "updated:<7d", "updated:<2026-11-10", "updated:>2026-11-10",
			"updated:2026-11", "is:snoozed", "is:unseen", "is:pending"}
		text := "account:" + acc + " ("
		for i := range rapid.IntRange(1, 4).Draw(r, "terms") {
			if i > 0 {
				text += pick(r, []string{" ", " OR "}, "join")
			}
			text += pick(r, []string{"", "-"}, "not") + pick(r, terms, "term")
		}
		text += ") sort:" + pick(r, []string{"", "-"}, "reverse") + pick(r, []string{"updated", "created", "title", "duration", "provider"}, "sort")
		q, err := query.Parse(text)
		if err != nil {
			r.Fatal(err)
		}
		var want []string
		var matching []*query.Subject
		for _, sub := range subjects {
			if q.Match(sub, start, time.UTC) {
				matching = append(matching, sub)
			}
		}
		for len(matching) > 0 {
			first := 0
			for i := range matching {
				if q.Compare(matching[i], matching[first]) < 0 {
					first = i
				}
			}
			want = append(want, matching[first].Ref.ID)
			matching = append(matching[:first], matching[first+1:]...)
		}
		refs, err := s.Refs(context.Background(), q, start, time.UTC)
		if err != nil {
			r.Fatal(err)
		}
		var got []string
		for i, ref := range refs {
			got = append(got, ref.ID)
			p, err := s.List(context.Background(), q, start, time.UTC, 0, 3, ref)
			if err != nil || p.Index != i || p.Total != len(refs) {
				r.Fatalf("%s: anchor %s is at %d of %d, want %d of %d (%v)", text, ref, p.Index, p.Total, i, len(refs), err)
			}
		}
		if !cmp.Equal(got, want) {
			r.Fatalf("%s:\nSQL   %v\nMatch %v", text, got, want)
		}
	})
}

func count(t *testing.T, s *store.Store, q query.Query) int {
	t.Helper()
	n, err := s.Count(t.Context(), q, start, start.Location())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCompletionOffersWhatTheListsShow(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "a"))
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://other.example"); err != nil {
		t.Fatal(err)
	}
	s.Scope([]string{"sales"})
	if v, err := s.Vocabulary(t.Context()); err != nil || len(v.Accounts)+len(v.Kinds) != 0 {
		t.Errorf("offers %+v, %v", v, err)
	}
	save(t, s, conv("1", "a"))
	if v, err := s.Vocabulary(t.Context()); err != nil || len(v.Accounts) != 1 || len(v.Kinds) != 1 {
		t.Errorf("offers %+v, %v", v, err)
	}
}

// What a query finds follows every change of the outbox, not only what a row shows.
func TestQueriesFollowEveryChangeOfTheOutbox(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "before"))
	ids := enqueue(t, s, rename("1", "before", "after"))
	found := func(step, word, title string) {
		t.Helper()
		for _, is := range []string{"is:pending", "is:failed", "is:conflict"} {
			want := 0
			if is == word {
				want = 1
			}
			if n := count(t, s, must(is)); n != want {
				t.Errorf("%s: %s finds %d", step, is, n)
			}
		}
		if n := count(t, s, must("title:"+title)); n != 1 {
			t.Errorf("%s: title:%s finds %d", step, title, n)
		}
	}
	found("queued", "is:pending", "after")
	claim(t, s, nil)
	found("claimed", "is:pending", "after")
	park(t, s, ids[0], model.Refused, time.Time{})
	found("refused", "is:failed", "before")
	if err := s.Requeue(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	found("queued again", "is:pending", "after")
	claim(t, s, nil)
	park(t, s, ids[0], model.InConflict, time.Time{})
	found("in conflict", "is:conflict", "before")
	if err := s.Rebase(t.Context(), ids[0], model.TextValue("before"), model.TextValue("resolved")); err != nil {
		t.Fatal(err)
	}
	found("resolved", "is:pending", "resolved")
	if _, err := s.HoldOld(t.Context(), start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	found("held", "is:pending", "resolved")
	if got, err := s.Withdraw(t.Context(), ids); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	found("withdrawn", "", "before")
	ids = enqueue(t, s, rename("1", "before", "after"))
	if err := s.Discard(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	found("discarded", "", "before")
	yes := true
	if _, err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Done: &yes, Seen: &yes}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, must("is:done -is:unseen")); n != 1 {
		t.Errorf("marked: found %d times", n)
	}
	// Folding at the claim.
	enqueue(t, s, rename("1", "before", "between"), rename("1", "between", "last"))
	if got := claim(t, s, nil); len(got) != 1 {
		t.Fatalf("claimed %+v", got)
	}
	found("folded", "is:pending", "last")
	if err := s.Bury(t.Context(), model.Ref{Account: "sales", ID: "1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Triage(t.Context(), []model.Ref{{Account: "sales", ID: "1"}}, model.TriageChange{Pinned: &yes}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, query.Query{}); n != 0 {
		t.Error("a mark brought a tombstone back")
	}
	save(t, s, conv("1", "before"))
	if n := count(t, s, must("is:pinned is:done")); n != 1 {
		t.Errorf("back from the dead with its marks, found %d times", n)
	}
}
