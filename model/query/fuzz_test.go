package query_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"confab/model/query"
)

func seeds(f *testing.F) {
	for _, s := range []string{
		"", "acme deal", `"quoted \" text"`, "a OR b c", "-(a OR -b)", "((()))", "-", "--", "- a", "OR", "a OR", `label:"Deal stage"="Closed won"`,
		"label:=", "is:private has:recording", "updated:<7d created:2026-01..2026-02", "created:..", "sort:-title", "(sort:title)", "-sort:x",
		"http://example.com", "id:sales:1", "\"", "title:\"", "\\", "a\u200bb", "\u202eabc", "a\x00b", "\xff\xfe", "İ:x", "ſort:title", "updated:٣d",
		"K:x", "title:\u0301", "updated:<9999999999999999999999d", "=\"=\"=", strings.Repeat("(", 80), strings.Repeat("-(", 40),
	} {
		f.Add(s)
	}
}

func FuzzParse(f *testing.F) {
	seeds(f)
	subject := &query.Subject{Title: "acme deal", People: "ann\nbob", Labels: "deal stage=closed won", Created: now.UnixMilli(), Updated: now.UnixMilli()}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := query.Parse(s)
		if err != nil {
			var e *query.Error
			if !errors.As(err, &e) || e.Pos < 0 || e.End < e.Pos || e.End > len(s) || e.Message == "" {
				t.Fatalf("%q: incomplete error %#v", s, err)
			}
			if q.Root() != nil || q.Sorted() {
				t.Fatal("Parse returned a query together with an error")
			}
			return
		}
		text := q.String()
		if len(text) <= query.MaxLength {
			again, err := query.Parse(text)
			if err != nil {
				t.Fatalf("%q is printed as %q, which is not valid: %v", s, text, err)
			}
			if d := same(q, again); d != "" {
				t.Fatalf("%q is printed as %q, which differs:\n%s", s, text, d)
			}
		}
		got := q.Match(subject, now, time.UTC)
		q.Match(subject, now.AddDate(1, 1, 1), time.Local)
		if again := q.Match(subject, now, time.UTC); again != got {
			t.Fatalf("%q: matches %t, and %t after it was matched at another moment", s, got, again)
		}
		q.Inbox().Filter(now, nil)
		q.Accounts()
	})
}

func FuzzComplete(f *testing.F) {
	for _, s := range []string{"", "ti", "title:", `with:"Bo`, `label:"deal stage"=`, "updated:<3", "is:pri", "-(so", `"a \" b`, "ü:\xff"} {
		f.Add(s, len(s))
		f.Add(s, 1)
		f.Add(s, -3)
	}
	f.Fuzz(func(t *testing.T, s string, cursor int) {
		checkCompletions(t, s, query.Complete(s, cursor, known.source))
	})
}
