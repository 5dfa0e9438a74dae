package query_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"confab/model/query"
)

func TestNearby(t *testing.T) {
	v := vocabulary{
		"label": values("Call Type", "Call Type=Interview", "Call Type=Internal", "Type", "Type=Renewal", "Stage=Demo", "internal"),
		"with":  values("Grace Chen", "grace@northwind.example", "Owen Park"), "owner": values("Ruth Okafor"),
		"company": values("Acme Ltd"), "status": values("closed", "in progress"), "title": values("Acme renewal: the pricing call"),
	}
	for _, c := range []struct{ text, want string }{
		{"label:Type=Interview", `label:"Call Type"=Interview`},
		{"label:type=renewl", "label:Type=Renewal"},
		{"label:interview", `label:"Call Type"=Interview`},
		{"label:Typo=Renewl", "label:Type=Renewal"},
		{"label:Tyep", "label:Type"},
		{"with:grcae", `with:"Grace Chen"`},
		{"with:acme", `company:"Acme Ltd"`},
		{"owner:owen", `with:"Owen Park"`},
		{"company:okafor", `owner:"Ruth Okafor"`},
		{"status:close", "status:closed"},
		{"interview", `label:"Call Type"=Interview`},
		{"renewla", "renewal"},
		{"is:private label:Type=Interview", `is:private label:"Call Type"=Interview`},
		{"is:private -acme pricing", "is:private -acme"},
	} {
		var got []string
		for _, q := range parse(t, c.text).Nearby(v.source, false) {
			got = append(got, q.String())
		}
		if !slices.Contains(got, c.want) || c.want != "is:private -acme" && got[0] != c.want {
			t.Errorf("%s: got %s, want %s", c.text, strings.Join(got, " | "), c.want)
		}
	}
	if got := parse(t, "acme sort:title").Nearby(v.source, true)[0].String(); got != "acme is:any sort:title" {
		t.Errorf("with inbox: got %s first", got)
	}
	for _, text := range []string{"", "is:private", "-acme", "updated:<7d", "label:colour=Renewl", "label:colour=Type", "label:colour", "kind:cme", "status:og"} {
		if got := parse(t, text).Nearby(v.source, false); len(got) != 0 {
			t.Errorf("%s: got %v, want none", text, got)
		}
	}
}

// A long query costs no more searches than a short one.
func TestNearbyOfALongQueryIsBounded(t *testing.T) {
	var words strings.Builder
	for i := 0; words.Len() < query.MaxLength-20; i++ {
		fmt.Fprintf(&words, "w%d ", i)
	}
	q, err := query.Parse(words.String())
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	near := q.Nearby(func(field string, rank func(string) int, limit int) []query.Value {
		asked++
		return known.source(field, rank, limit)
	}, true)
	if len(near) > 200 || asked > 200 {
		t.Errorf("got %d queries after %d searches, want at most 200", len(near), asked)
	}
}

// Every nearby query can be typed.
func FuzzNearby(f *testing.F) {
	for _, s := range []string{"label:a=b c", "with:x OR (title:y -z)", "status:q sort:-title"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := query.Parse(s)
		if err != nil {
			return
		}
		for _, near := range q.Nearby(known.source, true) {
			text := near.String()
			if again, err := query.Parse(text); len(text) <= query.MaxLength && (err != nil || again.String() != text) {
				t.Errorf("nearby query %q of %q is not valid: %v", text, s, err)
			}
		}
	})
}
