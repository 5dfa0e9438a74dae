package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A service that only has a description gets lists, faults, accounts, accessors and the checks of requests.
func TestAServiceNeedsOnlyADescription(t *testing.T) {
	s := newTestSandbox(t, Options{World: "notes", Files: os.DirFS("../conformance/notes"), Conversations: 3})
	n := s.Of("notes")
	if a := s.Accounts(""); len(a) != 1 || a[0].Name != "board" || a[0].Provider != "notes" || a[0].BaseURL != "/notes/v1" {
		t.Errorf("got the accounts %v, want the one of the description", a)
	}
	p := newProbe(t, s, "notes")
	p.key = "X-Key"
	if r := p.want(200, "GET", "/notes?page=1", "").object(t); r["total"] != 3.0 || r["next"] != nil || len(r["notes"].([]any)) != 3 {
		t.Errorf("got the list %v, want a single page of three", r)
	}
	p.want(200, "PUT", "/notes/n1/title", `{"title":"mine"}`)
	if n.JSON("n1")["title"] != "mine" || n.JSON("n7") != nil {
		t.Errorf("n1 is %v and n7 is %v, want a new title and nothing", n.JSON("n1"), n.JSON("n7"))
	}
	for _, tc := range []struct {
		want               int
		method, path, body string
	}{
		{404, "GET", "/notes/", ""}, {404, "GET", "//notes", ""}, {404, "GET", "/notes/../notes", ""}, {404, "GET", "/notes/n1%2Fx", ""},
		{404, "GET", "/notes/n01", ""}, {404, "GET", "/notes/n3", ""}, {404, "GET", "/notes/1", ""},
		{405, "PATCH", "/notes/n1", ""}, {405, "HEAD", "/notes", ""}, {400, "GET", "/notes?page=1&size=1", ""}, {400, "GET", "/notes?page=0", ""},
		{400, "GET", "/notes", ""}, {400, "GET", "/notes?page=1&page=2", ""}, {400, "GET", "/notes?page=1", "{}"},
		{422, "PUT", "/notes/n1/title", `{"title":"x","more":1}`}, {422, "PUT", "/notes/n1/title", `{}`},
		{400, "PUT", "/notes/n1/title", "[]"}, {422, "PUT", "/notes/n1/title", `{"title":null}`},
		{422, "PUT", "/notes/n1/visibility", `{"visibility":"secret"}`}, {422, "PUT", "/notes/n1/people", `{"people":["u40"]}`},
	} {
		r := p.want(tc.want, tc.method, tc.path, tc.body)
		if allow := r.header.Get("Allow"); tc.want == 405 && (allow == "" || strings.Contains(allow, "HEAD")) {
			t.Errorf("%s %s: the header Allow is %q, want the documented methods", tc.method, tc.path, allow)
		}
	}
	s.FailNext("notes", FaultConcurrent, 1)
	n.AnswerNext(403, 1)
	if r := p.want(403, "PUT", "/notes/n0/title", `{"title":"x"}`); r.object(t)["message"] != "Forbidden." || n.JSON("n0")["title"] != "theirs 1" {
		t.Errorf("got %s and the note %v, want a refusal and the title of somebody else", r.text, n.JSON("n0"))
	}
	s.FailNext("notes", Fault429, 1)
	p.want(429, "GET", "/notes?page=1", "")
	n.Set(Switches{"NoPeople": true})
	if r := p.want(200, "GET", "/notes/n1", "").object(t); r["people"] != nil {
		t.Errorf("with NoPeople, the note is %v", r)
	}
	n.Change("n1", "title", "behind")
	n.Remove("n0")
	n.Insert()
	if n.Len() != 3 || n.JSON("n1")["title"] != "behind" || n.IDs()[0] != "n3" {
		t.Errorf("after a change, a removal and an insertion, there are %q, and n1 is %v; want n3 first, n0 gone and another title", n.IDs(), n.JSON("n1"))
	}
	p.want(422, "PUT", "/notes/n1/people", `{"people":7}`)
	last := s.Requests()[len(s.Requests())-1]
	if !last.Write || last.Provider != "notes" || last.Path != "/v1/notes/n1/people" || last.Status != 422 {
		t.Errorf("the refused write is recorded as %+v", last)
	}
	s.Revoke("notes")
	p.want(401, "GET", "/notes?page=1", "")
}

// A misspelt name in a description would disable a check.
func TestDescriptionsUseKnownNames(t *testing.T) {
	for _, s := range newTestSandbox(t, Options{}).services {
		raw, err := files.ReadFile("data/services/" + s.Provider + ".json")
		if err != nil {
			t.Fatal(err)
		}
		strict := json.NewDecoder(bytes.NewReader(raw))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&spec{}); err != nil {
			t.Errorf("%s: %v", s.Provider, err)
		}
		guards, rules := slices.Clone(s.Refuse), slices.Collect(maps.Values(s.Query))
		for _, e := range s.Errors {
			guards = append(guards, guard{When: e.When})
		}
		for pattern, c := range s.Calls {
			if s.do[c.Do] == nil || c.Of != "" && c.Of != "batch" && s.Directories[c.Of] == nil {
				t.Errorf("%s: %s names no known handler or directory", s.Provider, pattern)
			}
			guards = append(append(guards, c.Refuse...), guard{When: c.Gone})
			for _, name := range c.Query {
				if s.rule(c, name) == nil {
					t.Errorf("%s: %s has no rule for %s", s.Provider, pattern, name)
				}
			}
			rules = slices.Concat(rules, slices.Collect(maps.Values(c.Params)), slices.Collect(maps.Values(c.Body)))
		}
		for _, r := range rules {
			known := []string{"", "number", "flag", "time", "utc", "list", "id", "prefix", "string", "text", "object", "texts", "ids", "any", "never"}
			if !slices.Contains(known, r.Is) && s.readers[r.Is] == nil {
				t.Errorf("%s: a rule has the unknown type %q", s.Provider, r.Is)
			}
		}
		for _, g := range guards {
			if g.When != "" && s.Switches[g.When] == "" {
				t.Errorf("%s has no switch %q", s.Provider, g.When)
			}
		}
		if last := len(s.Contests) - 1; last < 0 || s.Contests[last].Sign != "" {
			t.Errorf("%s: no contest applies to every request", s.Provider)
		}
		for _, c := range s.Contests {
			if c.Do != "" && s.do[c.Do] == nil {
				t.Errorf("%s: a contest names no known handler: %q", s.Provider, c.Do)
			}
		}
	}
}

func TestRecordsAreFilledIn(t *testing.T) {
	var c collection
	err := json.Unmarshal([]byte(`{"all":{"id":"{id}","made":"@","kept":[1,null,"{user 3}"],"gone":true},"rows":[
		{"age":"1h","set":{"title":"{title}, {user 7} {other} {{.}}","later":"@+30m","list":{"deep":"@-1h"},"mail":"@home"},"drop":["gone"]},
		{"age":"3h"}
	]}`), &c)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(nil, Hostile, 1, testNow)
	s := &scene{
		at: testNow, pace: 0.5, clock: func(at time.Time) any { return stamp(at) }, words: map[string]any{"id": 12, "title": "Hello {id}"},
		place: func(kind string, n int) any { return kind + strconv.Itoa(n) },
	}
	got := s.make(c.All, c.Rows[0].Set, c.Rows[0].Drop)
	want := map[string]any{
		"id": 12, "made": stamp(testNow), "kept": []any{1.0, nil, "user3"}, "title": "Hello {id}, user7 {other} {{.}}",
		"later": stamp(testNow.Add(15 * time.Minute)), "list": map[string]any{"deep": stamp(testNow.Add(-time.Hour))}, "mail": "@home",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if a, b := c.age(0, 2), c.age(1, 2); a != time.Hour || b != 3*time.Hour {
		t.Errorf("the rows of the file are %v and %v old, want 1h and 3h", a, b)
	}
	if a := c.age(1, 4); a != 2*time.Hour {
		t.Errorf("of twice as many rows, the second is %v old, want 2h", a)
	}
	for _, n := range []int{0, 1, 77, 1 << 20} {
		id := w.id("thing", n)
		if got, ok := w.number("thing", id, n+1); !ok || got != n {
			t.Errorf("%s has the number %d, known %t; want %d", id, got, ok, n)
		}
		if _, ok := w.number("thing", id, n); ok {
			t.Errorf("%s has a number below %d", id, n)
		}
		if _, ok := w.number("other", id, 1<<30); ok {
			t.Errorf("%s is an id of two kinds", id)
		}
	}
	if _, ok := w.number("thing", "", 5); ok {
		t.Error("an empty id has a number")
	}
}
