package index_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"confab/model"
	"confab/model/index"
	"confab/model/query"
)

// holding returns a rank that puts values that begin with a text before those that contain it.
func holding(typed string) func(string) int {
	return func(text string) int { return strings.Index(text, typed) }
}

// values returns the values of a field that contain a text, in one line.
func values(t testing.TB, x *index.Index, field, typed string) string {
	t.Helper()
	list, err := x.Values(context.Background(), field, holding(typed), 50)
	if err != nil {
		t.Error(err)
	}
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprint(v.Text, " ", v.Count))
		if _, ok := x.Ref(v.Key); !ok {
			t.Errorf("%s: there is no conversation %d", v.Text, v.Key)
		}
	}
	return strings.Join(out, ", ")
}

var valueFields = []string{"account", "provider", "kind", "owner", "company", "role", "title", "with", "label"}

func call(key int64, title, people, labels string) query.Entry {
	return query.Entry{Key: key, Subject: query.Subject{Ref: model.Ref{Account: "Sales", ID: fmt.Sprint(key)}, Provider: "bird", Kind: "call",
		Title: title, People: people, Owner: "ann lee\n\x00usr_01abc\nann@x.example", Company: "7-eleven\n\x00cmp_01abcdefghijklmn", Labels: labels, Roles: "editor\nviewer"}}
}

func load(t interface {
	Helper()
	Fatal(...any)
}, entries ...query.Entry) *index.Index {
	t.Helper()
	x := index.New(time.UTC, func() time.Time { return start })
	err := x.Load(context.Background(), func(add func(query.Entry)) error {
		for _, e := range entries {
			add(e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestValuesAreCounted(t *testing.T) {
	x := load(t, call(1, "budget", "bob\nbob@x.example\n\x00usr_02", "stage=won\ntop="), call(2, "budget", "bob\nzoe", "stage=lost"),
		call(3, "plan", "zoe\nbob", "stage=won"))
	check := func(want ...string) {
		t.Helper()
		for i, field := range valueFields {
			if got := values(t, x, field, ""); got != want[i] {
				t.Errorf("%s: got %q, want %q", field, got, want[i])
			}
		}
	}
	check("sales 3", "bird 3", "call 3", "ann lee 3", "7-eleven 3", "editor 3, viewer 3", "budget 2, plan 1", "bob 3, zoe 2, bob@x.example 1", "stage 3, stage=won 2, stage=lost 1, top 1")
	gone := call(3, "", "", "")
	gone.Gone = true
	x.Apply([]query.Entry{gone})
	check("sales 2", "bird 2", "call 2", "ann lee 2", "7-eleven 2", "editor 2, viewer 2", "budget 2", "bob 2, bob@x.example 1, zoe 1", "stage 2, stage=lost 1, stage=won 1, top 1")
	if got, want := values(t, x, "with", "o"), "zoe 1, bob 2, bob@x.example 1"; got == want {
		t.Errorf("got %q, but the rank comes before the count", got)
	}
	x.Apply([]query.Entry{call(4, "budget", "zoe", ""), call(2, "budget", "bob", "")})
	if got, err := x.Values(t.Context(), "with", holding("zoe"), 1); err != nil || got[0].Key != 4 {
		t.Errorf("got %v, %v; only conversation 4 has this value now", got, err)
	}
}

// Values that were updated with the rows equal those that are counted anew.
func TestValuesAreUpdatedWithTheRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
		rows := map[int64]query.Entry{}
		var all []query.Entry
		draw := func() query.Entry {
			e := call(rapid.Int64Range(1, 12).Draw(t, "key"), some("title", "a", "b"), some("people", "", "bob", "bob\nzoe", "zoe\nann"),
				some("labels", "", "stage=won", "stage=lost\ntop=", "top=\nzone=b"))
			e.Subject.Kind, e.Subject.Company = some("kind", "call", "mail"), some("company", "", "acme", "acme\nzeta")
			e.Gone = rapid.IntRange(0, 4).Draw(t, "gone") == 0
			rows[e.Key] = e
			return e
		}
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			all = append(all, draw())
		}
		x := load(t, all...)
		for range rapid.IntRange(0, 6).Draw(t, "changes") {
			if rapid.Bool().Draw(t, "asked") {
				if _, err := x.Values(context.Background(), "with", holding(""), 1); err != nil {
					t.Fatal(err)
				}
			}
			x.Apply([]query.Entry{draw(), draw()})
		}
		all = nil
		for _, e := range rows {
			all = append(all, e)
		}
		fresh := load(t, all...)
		for _, field := range valueFields {
			got, err := x.Values(context.Background(), field, holding(""), 50)
			want, _ := fresh.Values(context.Background(), field, holding(""), 50)
			if err != nil || texts(got) != texts(want) {
				t.Errorf("%s: got %q, want %q, %v", field, texts(got), texts(want), err)
			}
		}
	})
}

func texts(list []index.Value) string {
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprint(v.Text, " ", v.Count))
	}
	return strings.Join(out, ", ")
}

// The first count includes changes of rows during the count.
func TestValuesIncludeChangesDuringTheCount(t *testing.T) {
	x, w := loaded(t, 20_000, false)
	counted := make(chan string)
	go func() { counted <- values(t, x, "account", "") }()
	for i := range int64(200) {
		x.Apply([]query.Entry{w.entry(30_000 + i), w.entry(i + 1), w.entry(30_000 + i)}) // a row may change twice
	}
	<-counted
	sum := 0
	list, err := x.Values(t.Context(), "account", holding(""), 50)
	for _, v := range list {
		sum += v.Count
	}
	if err != nil || sum != 20_200 {
		t.Errorf("got %d conversations with an account, want 20200, %v", sum, err)
	}
}

// A count of rows that were replaced meanwhile is thrown away.
func TestValuesAreOfTheRowsLoadedMeanwhile(t *testing.T) {
	x, _ := loaded(t, 20_000, false)
	counted := make(chan string, 1)
	go func() { counted <- values(t, x, "account", "") }()
	for !x.Counting() && len(counted) == 0 {
		runtime.Gosched()
	}
	if err := x.Load(t.Context(), func(add func(query.Entry)) error { add(call(1, "", "", "")); return nil }); err != nil {
		t.Fatal(err)
	}
	<-counted
	if got := values(t, x, "account", ""); got != "sales 1" {
		t.Errorf("got %s, want one conversation", got)
	}
}

// Only the newest titles are examined. Then nobody knows how many conversations have a title.
func TestTitlesOfTheNewestConversations(t *testing.T) {
	var all []query.Entry
	for i := range int64(7000) {
		all = append(all, call(i+1, fmt.Sprint("title ", i/2), "", ""))
		all[i].Subject.Updated = i + 1
	}
	x := load(t, all...)
	for typed, want := range map[string]string{"title 3499": "title 3499 0", "title 1100": "title 1100 0", "title 800": ""} {
		if got := values(t, x, "title", typed); got != want {
			t.Errorf("%s: got %q, want %q", typed, got, want)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if got, err := x.Values(ended, "title", holding(""), 5); err == nil || len(got) > 0 {
		t.Errorf("with a context that has ended: got %v, %v, want no values and an error", got, err)
	}
}

// Values beyond the number that is kept are found too, with their counts.
func TestValuesThatAreNotKeptAreFound(t *testing.T) {
	index.FewValues(t)
	var all []query.Entry
	for i := range int64(40) {
		all = append(all, call(i+1, "title", fmt.Sprintf("person %d\nsomebody %d", i, i%10), ""))
	}
	x := load(t, all...)
	if got := values(t, x, "with", "somebody 7"); got != "somebody 7 4" {
		t.Errorf("%q", got)
	}
	if got := values(t, x, "with", "person 39"); got != "person 39 1" {
		t.Errorf("%q", got)
	}
	if got := strings.Count(values(t, x, "with", "person 0"), "person 0"); got != 1 {
		t.Errorf("got a person who is kept %d times, want once", got)
	}
	x.Apply([]query.Entry{call(40, "title", "nobody", "")})
	if got := values(t, x, "with", "person 39"); got != "" {
		t.Errorf("%q is gone", got)
	}
}
