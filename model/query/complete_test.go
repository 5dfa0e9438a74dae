package query_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"confab/model"
	"confab/model/query"
)

// vocabulary holds the values of fields.
type vocabulary map[string][]query.Value

func (v vocabulary) source(field string, rank func(string) int, limit int) []query.Value {
	list := slices.Clone(v[field])
	list = slices.DeleteFunc(list, func(v query.Value) bool { return rank(model.FoldText(v.Text)) < 0 })
	slices.SortStableFunc(list, func(a, b query.Value) int {
		return cmp.Or(cmp.Compare(rank(model.FoldText(a.Text)), rank(model.FoldText(b.Text))), cmp.Compare(b.Count, a.Count))
	})
	return list[:min(len(list), limit)]
}

var known = vocabulary{
	"account": values("sales", "support"), "provider": values("bird", "kona"),
	"owner": values("Ann Lee"), "with": values("Bob \"Bobby\" Hart", "Zoë", " spaced ", " "), "team": values("East"), "space": values("Launch (2026)"),
	"channel": values("E-mail"), "company": values("Acme = Co"), "kind": values("call"), "status": values("in progress"),
	"label": values("Deal stage", "Deal stage=Closed won", "Deal stage=Lost", "interview", "Call=Interview"), "title": values("Evil \x1b[31mred\x1b[0m\ntitle", strings.Repeat("long", 100)),
}

func values(texts ...string) []query.Value {
	var out []query.Value
	for _, s := range texts {
		out = append(out, query.Value{Text: s})
	}
	return out
}

// complete returns the texts after each completion; | is the cursor.
func complete(text string) []string {
	before, after, _ := strings.Cut(text, "|")
	s := before + after
	var out []string
	for _, c := range query.Complete(s, len(before), known.source) {
		out = append(out, s[:c.Start]+c.Text+s[c.End:])
	}
	return out
}

func TestComplete(t *testing.T) {
	for _, c := range []struct {
		text  string
		first string
		also  []string
	}{
		{"tit|", "title:", nil},
		{"foo -tit|", "foo -title:", nil},
		{"(tit|)", "(title:)", nil},
		{"t|itle:foo", "team:foo", nil},
		{"pri|", "is:private", nil},
		{"trans|", "has:transcript", nil},
		{"aud|", "audience:", nil},
		{"audience:|", "audience:everyone", []string{"audience:group", "audience:members"}},
		{"every|", "audience:everyone", nil},
		{"outs|", "has:outsiders", nil},
		{"is:|", "is:private", []string{"is:any", "is:snoozed"}},
		{"is:cl|", "is:closed", nil},
		{"is:p|rivate x", "is:public x", nil},
		{"-is:arch| x", "-is:archived x", nil},
		{"account:s|", "account:sales", []string{"account:support"}},
		{"account:port|", "account:support", nil},
		{"SAL|", "account:sales", nil},
		{"provider:|", "provider:bird", []string{"provider:kona"}},
		{"owner:lee|", `owner:"Ann Lee"`, nil},
		{`owner:"ann l|`, `owner:"Ann Lee"`, nil},
		{`owner:"ann |x" b`, `owner:"Ann Lee" b`, nil},
		{`owner:"ann | b`, `owner:"Ann Lee" b`, nil},
		{"with:bob|", `with:"Bob \"Bobby\" Hart"`, nil},
		{"with:zo|", "with:Zoë", nil},
		{"zoe|", "with:Zoë", nil},
		{"zo|", "with:Zoë", nil},
		{"evil|", `title:"Evil red title"`, nil},
		{"own|", "owner:", nil},
		{`with:" sp|`, `with:" spaced "`, nil},
		{`label:"inter|`, "label:interview", nil},
		{"space:lau|", `space:"Launch (2026)"`, nil},
		{"role:e|", "role:editor", nil},
		{"label:d|", `label:"Deal stage"`, nil},
		{"label:|", `label:"Deal stage"`, []string{"label:interview", `label:"Deal stage"=Lost`}},
		{"label:inter|", "label:interview", []string{"label:Call=Interview"}},
		{"interv|", "label:interview", []string{"label:Call=Interview"}},
		{`label:"deal stage"=|`, `label:"Deal stage"="Closed won"`, []string{`label:"Deal stage"=Lost`}},
		{`label:"deal stage"=lo|`, `label:"Deal stage"=Lost`, nil},
		{"title:evil|", `title:"Evil red title"`, nil},
		{"sort:-t|", "sort:-title", nil},
		{"sort:|", "sort:updated", []string{"sort:-created"}},
		{"updated:|", "updated:today", []string{"updated:<7d"}},
		{"updated:>3|", "updated:>3d", []string{"updated:>3mo"}},
		{"created:5|", "created:<5d", nil},
	} {
		got := complete(c.text)
		if len(got) == 0 {
			t.Errorf("%s: got no completions", c.text)
			continue
		}
		if got[0] != c.first {
			t.Errorf("%s: got %q, want %q first", c.text, got, c.first)
		}
		for _, a := range c.also {
			if !slices.Contains(got, a) {
				t.Errorf("%s: got %q, which lacks %q", c.text, got, a)
			}
		}
	}
	for _, text := range []string{`"ti|`, `"a is:|"`, "nosuch:x|", `title:"nothing like it|`, "id:|", "is:pri|vate x", "title|:x",
		"z|", "title:long|", "dura|"} {
		if got := complete(text); len(got) != 0 {
			t.Errorf("%s: got %q, want no completions", text, got)
		}
	}
	if got := query.Complete("priv", 4, nil); len(got) != 1 || got[0].Text != "is:private" {
		t.Errorf("without a source: got %+v, want is:private alone", got)
	}
	if got := complete("|"); len(got) != len(query.Fields()) {
		t.Errorf("empty query: got %q, want all fields", got)
	}
}

// A word is completed to what tells rows apart, which a role hardly does.
func TestAWordIsNotCompletedToARole(t *testing.T) {
	from := vocabulary{"role": values("collaboration_complete"), "company": values("Collab Ltd")}.source
	var got []string
	for _, c := range query.Complete("colla", 5, from) {
		got = append(got, c.Text)
	}
	if want := []string{`company:"Collab Ltd"`}; !slices.Equal(got, want) {
		t.Errorf("colla is completed to %q, want %q", got, want)
	}
}

func TestCompletionsAreValidQueries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(genText(2), rapid.SampledFrom([]string{"ti", "label:", "label:\"deal stage\"=", "with:\"", "updated:<3", "sort:-", "is:"})).Draw(t, "text")
		cursor := rapid.IntRange(0, len(s)).Draw(t, "cursor")
		checkCompletions(t, s, query.Complete(s, cursor, known.source))
	})
}

func checkCompletions(t interface {
	Helper()
	Errorf(string, ...any)
}, s string, list []query.Completion) {
	t.Helper()
	if len(list) > query.MaxCompletions {
		t.Errorf("got %d completions, want at most %d", len(list), query.MaxCompletions)
	}
	for _, c := range list {
		if c.Start < 0 || c.End < c.Start || c.End > len(s) || c.Help == "" {
			t.Errorf("%q: bad span or no help: %+v", s, c)
			continue
		}
		if strings.HasSuffix(c.Text, ":") {
			c.Text += "x" // a field needs a value
			if strings.HasPrefix(c.Text, "is:") || strings.HasPrefix(c.Text, "audience:") || strings.HasPrefix(c.Text, "has:") || strings.HasPrefix(c.Text, "provider:") ||
				strings.HasPrefix(c.Text, "sort:") || strings.HasPrefix(c.Text, "updated:") || strings.HasPrefix(c.Text, "created:") {
				continue
			}
		}
		if _, err := query.Parse(c.Text); err != nil {
			t.Errorf("%q: completion %q is no valid query: %v", s, c.Text, err)
		}
	}
}

// Values that begin with the typed text come before those that contain it; among them, the one that more conversations have
// comes first, with its count. A label is also found by its value.
func TestCompletionsAreSortedByFrequency(t *testing.T) {
	v := vocabulary{
		"owner":    []query.Value{{Text: "Ann", Count: 1}, {Text: "Anders", Count: 30}, {Text: "Joan", Count: 90}},
		"provider": []query.Value{{Text: "bird", Count: 7}},
		"label":    []query.Value{{Text: "stage", Count: 9}, {Text: "stage=lost", Count: 2}, {Text: "stage=won", Count: 7}, {Text: "Past stage=won", Count: 30}},
	}
	for _, c := range []struct{ text, want string }{
		{"owner:an", "owner:Anders 30, owner:Ann 1, owner:Joan 90"},
		{"provider:", "provider:bird 7"},
		{"label:", `label:"Past stage"=won 30, label:stage 9, label:stage=won 7, label:stage=lost 2`},
		{"label:stage=", `label:stage=won 7, label:stage=lost 2, label:"Past stage"=won 30`},
		{"label:wo", `label:"Past stage"=won 30, label:stage=won 7`},
		{"won", `label:"Past stage"=won 30, label:stage=won 7`},
	} {
		var got []string
		for _, o := range query.Complete(c.text, len(c.text), v.source) {
			got = append(got, fmt.Sprint(o.Text, " ", o.Count))
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.text, s, c.want)
		}
	}
}
