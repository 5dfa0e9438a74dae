package sandbox

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"
)

// notes is a fifth vendor: all that one has to bring.
type notes struct {
	server[struct{ Frozen bool }]
	titles []string
}

var notesVendor = vendor{account: "notes", provider: "notes", root: "/v1/", one: "/v1/notes/", denied: "Who are you?", open: func(b base) service {
	n := &notes{}
	n.start(b, n, []route{
		{pattern: "GET /v1/notes", query: []string{"page"}, handle: func(x *exchange) {
			items, _, _ := page(n.live(), (x.number("page", 1, 100)-1)*2, 2, func(row int) any { return n.show(row) })
			x.json(http.StatusOK, items)
		}},
		{pattern: "GET /v1/notes/{id}", handle: func(x *exchange) { x.json(http.StatusOK, n.show(n.wanted(x))) }},
		{pattern: "PUT /v1/notes/{id}", fields: []string{"title"}, handle: func(x *exchange) {
			title, ok := read[string](x.fields["title"])
			if !ok || n.switches.Frozen {
				x.badField("title", "invalid", "can't be that")
			}
			n.titles[n.wanted(x)] = title
			x.json(http.StatusOK, n.show(n.wanted(x)))
		}},
	})
	n.contested = []contested{n.numbered("", "title", "theirs %d")}
	for i := range b.conversations {
		n.titles = append(n.titles, b.data.contact(i).name())
	}
	return n
}}

func (n *notes) account(a *Account) { a.Path, a.Credential = "/notes/v1", "key" }
func (n *notes) authorized(x *exchange) bool {
	return !n.revoked && x.header.Get("Authorization") == "key"
}
func (n *notes) form(x *exchange, r refusal) {
	x.json(r.status, map[string]any{"wrong": r.code, "field": r.field})
}
func (n *notes) id(row int) string { return "n" + strconv.Itoa(row) }
func (n *notes) show(row int) map[string]any {
	return map[string]any{"id": n.id(row), "title": n.titles[row]}
}
func (n *notes) set(row int, _ string, v any) { n.titles[row], _ = v.(string) }

func (n *notes) row(id string) (int, bool) {
	for row := range n.titles {
		if n.id(row) == id {
			return row, true
		}
	}
	return 0, false
}

// TestAFifthVendorIsOneLine: listing, faults, accounts, accessors and the checks of requests come with the registration.
func TestAFifthVendorIsOneLine(t *testing.T) {
	s, err := newWith(Options{Conversations: 13}, append(slices.Clip(vendors), notesVendor))
	if err != nil {
		t.Fatal(err)
	}
	n := serverOf[*notes](s)
	if got := [...]int{s.Attention().Len(), s.Bird().Len(), s.AskElephant().Len(), s.Kona().Len(), n.Len()}; got != [...]int{3, 3, 3, 2, 2} {
		t.Errorf("13 conversations are spread as %v", got)
	}
	if a := s.Accounts(); len(a) != 5 || a[4].Name != "notes" || a[4].Provider != "notes" || a[4].Path != "/notes/v1" {
		t.Errorf("accounts %v", a)
	}
	p := newProbe(t, s, "notes")
	p.want(200, "GET", "/notes", "")
	p.want(200, "PUT", "/notes/n1", `{"title":"mine"}`)
	if n.JSON("n1")["title"] != "mine" || n.JSON("n7") != nil {
		t.Errorf("stored %v", n.JSON("n1"))
	}
	for _, tc := range []struct {
		want               int
		method, path, body string
	}{
		{404, "GET", "/notes/", ""}, {404, "GET", "//notes", ""}, {404, "GET", "/notes/../notes", ""}, {404, "GET", "/notes/n1%2Fx", ""},
		{405, "DELETE", "/notes/n1", ""}, {405, "HEAD", "/notes", ""}, {400, "GET", "/notes?size=1", ""}, {400, "GET", "/notes?page=0", ""},
		{400, "GET", "/notes?page=1&page=2", ""}, {400, "GET", "/notes", "{}"}, {422, "PUT", "/notes/n1", `{"title":"x","more":1}`},
		{400, "PUT", "/notes/n1", "[]"}, {422, "PUT", "/notes/n1", `{"title":null}`},
	} {
		r := p.want(tc.want, tc.method, tc.path, tc.body)
		if allow := r.header.Get("Allow"); tc.want == 405 && (allow == "" || allow == "GET, HEAD, PUT") {
			t.Errorf("%s %s: Allow %q", tc.method, tc.path, allow)
		}
	}
	s.FailNext("notes", FaultConcurrent, 1)
	n.AnswerNext(403, 1)
	if r := p.want(403, "PUT", "/notes/n0", `{"title":"x"}`); r.object(t)["wrong"] != "forbidden" || n.JSON("n0")["title"] != "theirs 1" {
		t.Errorf("%s, %v", r.text, n.JSON("n0"))
	}
	s.FailNext("notes", Fault429, 1)
	p.want(429, "GET", "/notes", "")
	n.Set(func(w *struct{ Frozen bool }) { w.Frozen = true })
	p.want(422, "PUT", "/notes/n1", `{"title":"x"}`)
	n.Change("n1", "title", "behind")
	n.Remove("n0")
	if n.Len() != 1 || n.JSON("n1")["title"] != "behind" {
		t.Errorf("%d notes, %v", n.Len(), n.JSON("n1"))
	}
	last := s.Requests()[len(s.Requests())-1]
	if !last.Write || last.Provider != "notes" || last.Path != "/v1/notes/n1" || last.Status != 422 {
		t.Errorf("recorded %+v", last)
	}
	s.Revoke("notes")
	p.want(401, "GET", "/notes", "")
}

// TestRecords: what a data file may say.
func TestRecords(t *testing.T) {
	var c collection
	err := json.Unmarshal([]byte(`{"all":{"id":"{id}","made":"@","kept":[1,null,"{user 3}"],"gone":true},"rows":[
		{"age":"1h","set":{"title":"{title}, {user 7} {other} {{.}}","later":"@+30m","list":{"deep":"@-1h"},"mail":"@home"},"drop":["gone"]},
		{"age":"3h"}
	]}`), &c)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(Hostile, 1, testNow)
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
		t.Errorf("made %v\nwant %v", got, want)
	}
	if a, b := c.age(0, 2), c.age(1, 2); a != time.Hour || b != 3*time.Hour {
		t.Errorf("as many rows as the file has are %v and %v old", a, b)
	}
	if a := c.age(1, 4); a != 2*time.Hour {
		t.Errorf("twice as many are %v apart", a)
	}
	for _, n := range []int{0, 1, 77, 1 << 20} {
		id := w.id("thing", n)
		if got, ok := w.number("thing", id, n+1); !ok || got != n {
			t.Errorf("%s is number %d %v, want %d", id, got, ok, n)
		}
		if _, ok := w.number("thing", id, n); ok {
			t.Errorf("%s is below its own number", id)
		}
		if _, ok := w.number("other", id, 1<<30); ok {
			t.Errorf("%s is of two kinds", id)
		}
	}
	if _, ok := w.number("thing", "", 5); ok {
		t.Error("no id is a number")
	}
}
