package query_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model/query"
)

func parse(t rapid.TB, s string) query.Query {
	t.Helper()
	q, err := query.Parse(s)
	if err != nil {
		t.Fatalf("Parse(%q): %v", s, err)
	}
	return q
}

// same returns the difference between two queries, or "".
func same(a, b query.Query) string {
	return cmp.Diff(a, b, cmp.AllowUnexported(query.Query{}), cmp.Exporter(fromThisModule))
}

func TestParseIsTheInverseOfString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := genText(3).Draw(t, "query")
		if rapid.Bool().Draw(t, "sorted") {
			text += rapid.SampledFrom([]string{" sort:title", " sort:-updated", " sort:updated", " sort:Duration"}).Draw(t, "sort")
		}
		q := parse(t, text)
		again := q.String()
		if len(again) > query.MaxLength {
			return // quoting made it too long
		}
		r := parse(t, again)
		if d := same(q, r); d != "" {
			t.Fatalf("%q is printed as %q, which differs:\n%s", text, again, d)
		}
		if third := r.String(); third != again {
			t.Fatalf("%q is printed as %q", again, third)
		}
	})
}

func TestMatchFollowsLogic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genText(2).Draw(t, "a"), genText(2).Draw(t, "b")
		s := genSubject().Draw(t, "subject")
		match := func(q string) bool { return parse(t, q).Match(s, now, time.UTC) }
		ma, mb := match(a), match(b)
		for _, law := range []struct {
			text string
			want bool
		}{
			{"(" + a + ") (" + b + ")", ma && mb},
			{a + " OR " + b, ma || mb},
			{"-(" + a + ")", !ma},
			{"--(" + a + ")", ma},
			{"-((" + a + ") (" + b + "))", match("-(" + a + ") OR -(" + b + ")")},
			{"-(" + a + " OR " + b + ")", match("-(" + a + ") -(" + b + ")")},
			{"(" + a + ") is:any", ma},
			{"(" + a + ") -is:any", false},
		} {
			if got := match(law.text); got != law.want {
				t.Errorf("%s: got %t, want %t", law.text, got, law.want)
			}
		}
		qa, qb := parse(t, a), parse(t, b)
		if got := qa.And(qb).Match(s, now, time.UTC); got != (ma && mb) {
			t.Errorf("And: got %t, want %t", got, ma && mb)
		}
		qa.Match(s, time.Time{}, nil)
		if got := qa.Match(s, now, time.UTC); ma != got {
			t.Errorf("matched at another moment and again: got %t, want %t", got, ma)
		}
		if qa.Inbox().Match(s, now, time.UTC) && !ma {
			t.Error("Inbox matches what the query does not match")
		}
		if l := qa.Accounts(); ma && l != nil && !slices.Contains(l, s.Ref.Account) {
			t.Errorf("a match is of account %s, but Accounts returned %v", s.Ref.Account, l)
		}
		if l := qa.Providers(); ma && l != nil && !slices.Contains(l, s.Provider) {
			t.Errorf("a match is of provider %s, but Providers returned %v", s.Provider, l)
		}
	})
}

func TestCompareIsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := query.Query{}.WithSort(query.Sort{
			Field:   rapid.SampledFrom([]string{"", "updated", "created", "title", "duration", "provider"}).Draw(t, "field"),
			Reverse: rapid.Bool().Draw(t, "reverse"),
		})
		a, b, c := genSubject().Draw(t, "a"), genSubject().Draw(t, "b"), genSubject().Draw(t, "c")
		ab, bc, ac := q.Compare(a, b), q.Compare(b, c), q.Compare(a, c)
		if ba := q.Compare(b, a); ab*ba > 0 || (ab == 0) != (ba == 0) {
			t.Errorf("Compare(a, b) is %d, Compare(b, a) is %d", ab, ba)
		}
		if ab == 0 && a.Ref != b.Ref {
			t.Error("Compare is 0 for two refs")
		}
		if ab < 0 && bc < 0 && ac >= 0 {
			t.Error("Compare is not transitive")
		}
		if ra, rb := q.Rank(a), q.Rank(b); ra < rb && ab >= 0 || ra > rb && ab <= 0 {
			t.Errorf("the ranks are %x and %x, but Compare is %d", ra, rb, ab)
		}
		if q.Compare(a, a) != 0 {
			t.Error("Compare(a, a) is not 0")
		}
	})
}
