package query_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// If a query narrows another, both match what it matches. And and Inbox narrow the queries that they are made from.
func TestNarrowsImpliesMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genText(2).Draw(t, "a")
		b := rapid.OneOf(genText(2), rapid.Just(a+" acme"), rapid.Just(a+" OR acme"), rapid.Just("-("+a+")")).Draw(t, "b")
		qa, qb := parse(t, a), parse(t, b)
		s := genSubject().Draw(t, "subject")
		if qa.Narrows(qb) && qa.Match(s, now, time.UTC) && !qb.Match(s, now, time.UTC) {
			t.Errorf("%q narrows %q but matches more", a, b)
		}
		if both := qa.And(qb); !both.Narrows(qa) || !both.Narrows(qb) || !qa.Inbox().Narrows(qa) || !qa.Narrows(qa) {
			t.Errorf("And or Inbox of %q and %q does not narrow them", a, b)
		}
	})
}

func TestNarrows(t *testing.T) {
	for _, c := range []struct {
		older, newer string
		want         bool
	}{
		{"", "a", true},
		{"bud", "budg", true},
		{"budget", "budget acm", true},
		{"bud", "title:budget", true},
		{"bud", "with:budget", false},
		{"bud", "owner:budget", false},
		{"title:bud", "bud", false},
		{"owner:le", "owner:lee", true},
		{"account:sal", "account:sales", false},
		{"label:stage", "label:stage=won", true},
		{"label:stage=won", "label:stage", false},
		{"-budget", "-bud", true},
		{"-bud", "-budget", false},
		{"a", "a OR b", false},
		{"a OR b", "a", true},
		{"a OR b", "ab -c", true},
		{"-(a b)", "-a", true},
		{"updated:<7d", "updated:<7d x", true},
		{"id:a", "id:a x", true},
		{"id:a", "id:A", false},
		{"updated:<7d", "updated:<3d", false},
		{"is:any", "x", true},
		{"x", "is:any", false},
		{"is:done", "-is:done", false},
	} {
		q, older := parse(t, c.newer), parse(t, c.older)
		if got := q.Narrows(older); got != c.want {
			t.Errorf("%q narrows %q: got %t", c.newer, c.older, got)
		}
		if c.want && !q.Inbox().Narrows(older.Inbox()) {
			t.Errorf("Inbox of %q does not narrow Inbox of %q", c.newer, c.older)
		}
	}
}

func TestNarrowsIsBounded(t *testing.T) {
	var words []string
	for i := range 300 {
		words = append(words, fmt.Sprintf("w%03d", i))
	}
	some := strings.Join(words, " ")
	slices.Reverse(words)
	if parse(t, some).Narrows(parse(t, strings.Join(words, " "))) {
		t.Error("300 words were compared with the same words in reverse, want it given up")
	}
	deep := strings.Repeat("(a OR (b ", 30) + "c" + strings.Repeat("))", 30)
	other := strings.Repeat("(x (y OR ", 30) + "z" + strings.Repeat("))", 30)
	a, b := parse(t, deep), parse(t, other)
	start := time.Now()
	a.Narrows(b)
	b.Narrows(a)
	wide := strings.TrimSpace(strings.Repeat("ab ", 1300))
	parse(t, wide).Narrows(parse(t, strings.ReplaceAll(wide, "a", "c")))
	if took := time.Since(start); took > 20*time.Second { // without a bound it would not end
		t.Errorf("comparing large queries took %v", took)
	}
}
