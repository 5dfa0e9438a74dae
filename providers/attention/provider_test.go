package attention

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
)

// fake answers requests by "METHOD path", and records them.
type fake struct {
	mu      sync.Mutex
	answers map[string]func(*http.Request) (int, string)
	sent    []string // METHOD path?query body
	headers []http.Header
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	line := r.Method + " " + r.URL.EscapedPath()
	full := line
	if q, _ := url.QueryUnescape(r.URL.RawQuery); q != "" {
		full += "?" + q
	}
	if r.Body != nil {
		if b, _ := io.ReadAll(r.Body); len(b) > 0 {
			full += " " + string(b)
		}
	}
	f.sent = append(f.sent, full)
	f.headers = append(f.headers, r.Header.Clone())
	status, body := 404, `{"detail":"no such path"}`
	if a := f.answers[line]; a != nil {
		status, body = a(r)
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// take returns and forgets the requests, except for those for names.
func (f *fake) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, s := range f.sent {
		if !strings.HasPrefix(s, "GET /v2/users") && !strings.HasPrefix(s, "GET /v2/organizations/teams") && !strings.HasPrefix(s, "GET /v2/teams") {
			out = append(out, s)
		}
	}
	f.sent, f.headers = nil, nil
	return out
}

func says(status int, body string) func(*http.Request) (int, string) {
	return func(*http.Request) (int, string) { return status, body }
}

type credential string

func (c credential) Get(context.Context) (string, error) { return string(c), nil }
func (c credential) Reject(string)                       {}

func opened(t *testing.T, f *fake, change func(*providers.Account)) model.Provider {
	t.Helper()
	a := providers.Account{Name: "sales", Credential: credential("eyJ.key"), Transport: f}
	if change != nil {
		change(&a)
	}
	if f.answers == nil {
		f.answers = map[string]func(*http.Request) (int, string){}
	}
	for path, body := range map[string]string{
		"GET /v2/users":               `{"data":[{"uuid":"u1","email":"ann@example.com","firstName":"Ann","lastName":"Lee"},{"uuid":"u2","email":"bo@example.com","firstName":"Bo"}]}`,
		"GET /v2/organizations/teams": `{"data":[{"uuid":"t1","name":"[Org] West"}]}`,
	} {
		if f.answers[path] == nil {
			f.answers[path] = says(200, body)
		}
	}
	p, err := Factory().Open(a)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func text(kind model.EditKind, key, to string) model.Edit {
	return model.Edit{Kind: kind, Key: key, Target: model.TextValue(to)}
}

func fresh() model.Conversation {
	return model.Conversation{Ref: model.Ref{Account: "sales", ID: "c/1"}, Privacy: model.PrivacyPublic, Labels: map[string]string{"Stage": "Demo", "Old": "x"}}
}

func resourceOf(attributes string) string {
	return `{"type":"conversations","id":"c/1","attributes":{"uuid":"c/1"` + attributes + `}}`
}

func TestKeyForms(t *testing.T) {
	for _, tc := range []struct {
		name, key, scheme, accepts string
		first, second              int // requests for a first and a second call
		ok                         bool
	}{
		{"bearer", "k.e.y", "", "Bearer k.e.y", 1, 1, true},
		{"pasted", " bearer k.e.y\n", "", "Bearer k.e.y", 1, 1, true},
		{"raw is wanted", "k.e.y", "", "k.e.y", 2, 1, true},
		{"raw is set", "k.e.y", "raw", "k.e.y", 1, 1, true},
		{"raw is set, bearer is wanted", "k.e.y", "raw", "Bearer k.e.y", 2, 1, true},
		{"neither", "k.e.y", "", "other", 2, 2, false},
	} {
		f := &fake{}
		p := opened(t, f, func(a *providers.Account) {
			a.Credential = credential(tc.key)
			if tc.scheme != "" {
				a.Settings = map[string]string{"auth_scheme": tc.scheme}
			}
		})
		f.answers["PUT /v2/conversations/c%2F1/title"] = func(r *http.Request) (int, string) {
			if r.Header.Get("Authorization") != tc.accepts {
				return 401, `{"message":"Unauthorized"}`
			}
			return 200, resourceOf(`,"title":"x"`)
		}
		for _, want := range []int{tc.first, tc.second} {
			out := p.Apply(context.Background(), fresh(), []model.Edit{text(model.EditTitle, "", "x")})
			if (out[0].Err == nil) != tc.ok || !tc.ok && model.KindOf(out[0].Err) != model.Unauthorized {
				t.Errorf("%s: %v", tc.name, out[0].Err)
			}
			if n := len(f.take()); n != want {
				t.Errorf("%s: got %d requests, want %d", tc.name, n, want)
			}
		}
		f.answers["GET /v2/conversations/c%2F1"] = f.answers["PUT /v2/conversations/c%2F1/title"]
		if _, err := p.Load(context.Background(), "c/1", 0); len(f.take()) != tc.second || (err == nil) != tc.ok {
			t.Errorf("%s: another endpoint: got %v, want the form that was accepted last to be sent first", tc.name, err)
		}
	}
	// A key that was accepted and is refused later is not tried in the other form.
	f := &fake{}
	p := opened(t, f, nil)
	f.answers["GET /v2/conversations/1"] = says(200, `{"id":"1","attributes":{}}`)
	if _, err := p.Load(context.Background(), "1", 0); err != nil {
		t.Fatal(err)
	}
	f.take()
	// Another endpoint may want the other form. Each endpoint keeps its own.
	f.answers["PUT /v2/conversations/c%2F1/title"] = func(r *http.Request) (int, string) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer") {
			return 401, ""
		}
		return 200, resourceOf(`,"title":"x"`)
	}
	for _, want := range []int{2, 1} {
		out := p.Apply(context.Background(), fresh(), []model.Edit{text(model.EditTitle, "", "x")})
		_, err := p.Load(context.Background(), "1", 0)
		if n := len(f.take()); out[0].Err != nil || err != nil || n != want+1 {
			t.Errorf("a call that wants the other form, and a read: got %v, %v after %d requests, want %d", out[0].Err, err, n, want+1)
		}
	}
	f.answers["GET /v2/conversations/1"] = says(401, "")
	if _, err := p.Load(context.Background(), "1", 0); model.KindOf(err) != model.Unauthorized || len(f.take()) != 1 {
		t.Errorf("key refused later: got %v, want Unauthorized after one request", err)
	}
}

func TestLoad(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){}}
	f.answers["GET /v2/conversations/6f1c0000-0000-4000-8000-000000000001"] = says(200, string(fixture(t, "live.json")))
	p := opened(t, f, nil)
	const id = "6f1c0000-0000-4000-8000-000000000001"
	d, err := p.Load(context.Background(), id, 0)
	if err != nil || d.Messages.Known || d.Conversation.Title != "" || !json.Valid(d.Raw) {
		t.Errorf("without messages: got %+v, %v", d, err)
	}
	d, err = p.Load(context.Background(), id, model.NeedMessages)
	if err != nil || !d.Messages.Known || len(d.Messages.Items) != 2 || d.Messages.Items[0].Author != "Ann" {
		t.Errorf("with messages: got %+v, %v; want two messages", d.Messages, err)
	}
	if d := cmp.Diff([]string{"GET /v2/conversations/" + id + "?detailedTranscript=false&filter[include_internal_participants]=true", "GET /v2/conversations/" + id + "?detailedTranscript=true&filter[include_internal_participants]=true"}, f.take()); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
	// Labels that are no texts are sent back unchanged.
	out, err := p.Requests(d.Conversation, []model.Edit{text(model.EditLabels, "Outcome", "Lost")})
	if err != nil || string(out[0].Body) != `{"labels":{"Gone":null,"Outcome":"Lost","Score":5,"Tags":["a","b"]},"skip_analysis":true}` {
		t.Errorf("labels: sent %s, error %v", out[0].Body, err)
	}
	for _, tc := range []struct {
		body   string
		status int
		want   model.ErrorKind
	}{{`{"id":"other","attributes":{}}`, 200, model.Malformed}, {`{"errors":[{"detail":"conversation not found"}]}`, 404, model.NotFound}, {``, 200, model.Malformed}} {
		f.answers["GET /v2/conversations/x"] = says(tc.status, tc.body)
		if _, err := p.Load(context.Background(), "x", 0); model.KindOf(err) != tc.want {
			t.Errorf("%s: got %v, want %s", tc.body, err, tc.want)
		}
	}
}

func TestLookup(t *testing.T) {
	var searched []string
	f := &fake{answers: map[string]func(*http.Request) (int, string){
		"GET /v2/labels": says(200, `{"data":[{"uuid":"l1","name":"Stage","options":[{"value":"Demo"},"Won"]}]}`),
		"GET /v2/users": func(r *http.Request) (int, string) {
			if address := r.URL.Query().Get("filter[email]"); address != "" {
				searched = append(searched, address)
				return 200, `{"data":[{"type":"users","id":"u9","attributes":{"email":"zoe@example.com"}}]}`
			}
			return 200, `{"data":[{"uuid":"u1","email":"ann@example.com","firstName":"Ann","lastName":"Lee"},{"uuid":"u2","firstName":"Bo"}]}`
		},
	}}
	p := opened(t, f, nil)
	for _, tc := range []struct {
		req  model.LookupRequest
		want string
	}{
		{model.LookupRequest{Kind: model.LookupUsers}, "u1 u2"},
		{model.LookupRequest{Kind: model.LookupUsers, Limit: 1}, "u1 +1"},
		{model.LookupRequest{Kind: model.LookupUsers, Limit: 1, Cursor: "1"}, "u2"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "LEE"}, "u1"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "lée"}, "u1"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "zoe@example.com"}, "u9"},
		{model.LookupRequest{Kind: model.LookupTeams, Text: "west"}, "t1"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "ann@example.com"}, "u1"},
		{model.LookupRequest{Kind: model.LookupTeams, Text: "zoe@example.com"}, ""},
		{model.LookupRequest{Kind: model.LookupLabels}, "l1"},
		{model.LookupRequest{Kind: model.LookupLabels, Scope: "Stage"}, "Demo Won"},
	} {
		page, err := p.Lookup(context.Background(), tc.req)
		if err != nil {
			t.Errorf("%+v: %v", tc.req, err)
		}
		var got []string
		for _, i := range page.Items {
			got = append(got, i.ID)
		}
		if page.Cursor != "" {
			got = append(got, "+"+page.Cursor)
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%+v: got %s, want %s", tc.req, s, tc.want)
		}
	}
	if !slices.Equal(searched, []string{"zoe@example.com"}) {
		t.Errorf("searched by address for %v, want only the user that the directory lacks", searched)
	}
	if _, err := p.Lookup(context.Background(), model.LookupRequest{Kind: model.LookupSpaces}); model.KindOf(err) != model.Unsupported {
		t.Errorf("unknown directory: got %v, want Unsupported", err)
	}
}

// A directory whose answers count pages or users is read to its end, with the filter on each page.
func TestDirectoryWithSeveralPages(t *testing.T) {
	for name, tc := range map[string]struct {
		meta    string
		ignores bool // the service sends its first page whatever page is requested
		users   string
		sent    int
	}{
		"counts pages":         {`{"pageCount":3}`, false, "u1 u2 u3", 3},
		"counts users":         {`{"totalRecords":3}`, false, "u1 u2 u3", 3},
		"counts nothing":       {`{}`, false, "u1", 1},
		"ignores page numbers": {`{"totalRecords":3}`, true, "u1", 2},
	} {
		sent := 0
		f := &fake{answers: map[string]func(*http.Request) (int, string){}}
		f.answers["GET /v2/users"] = func(r *http.Request) (int, string) {
			sent++
			q := r.URL.Query()
			page := q.Get("page")
			if page == "" || tc.ignores {
				page = "1"
			}
			if q.Get("filter[email]") != "all@example.com" {
				t.Errorf("%s: page %s is requested without the filter", name, page)
			}
			return 200, `{"data":[{"uuid":"u` + page + `","email":"all@example.com"}],"meta":` + tc.meta + `}`
		}
		p := opened(t, f, nil).(*provider)
		found, err := p.readAll(context.Background(), calls.Users, url.Values{"filter[email]": {"all@example.com"}}, userOf)
		var got []string
		for _, u := range found {
			got = append(got, u.ID)
		}
		if err != nil || strings.Join(got, " ") != tc.users || sent != tc.sent {
			t.Errorf("%s: got %v, error %v, after %d requests; want %s after %d", name, got, err, sent, tc.users, tc.sent)
		}
	}
}

func TestLinks(t *testing.T) {
	f := &fake{}
	p := opened(t, f, nil)
	if link, err := p.Link(context.Background(), fresh(), model.LinkWeb); err != nil || link != "https://app.attention.tech/conversations/all-calls/c%2F1" || len(f.sent) != 0 {
		t.Errorf("web page: got %q, error %v, sent %v", link, err, f.sent)
	}
	for status, hint := range map[int]string{403: "organisation-level", 404: "no recording"} {
		f.answers["POST /v2/conversations/c%2F1/media/download"] = says(status, `{"error":"no"}`)
		_, err := p.Link(context.Background(), fresh(), model.LinkRecording)
		if e := model.AsError(err); !strings.Contains(e.Hint, hint) {
			t.Errorf("%d: got %v, want the hint %q", status, err, hint)
		}
	}
	f.answers["POST /v2/conversations/c%2F1/media/download"] = says(200, `{"url":"javascript:alert(1)"}`)
	if _, err := p.Link(context.Background(), fresh(), model.LinkRecording); model.KindOf(err) != model.Malformed || strings.Contains(err.Error(), "alert") {
		t.Errorf("recording that is no link: got %v, want Malformed", err)
	}
	p = opened(t, f, func(a *providers.Account) { a.BaseURL = "https://other.example.com/v2" })
	if _, err := p.Link(context.Background(), fresh(), model.LinkWeb); model.KindOf(err) != model.Unsupported {
		t.Errorf("web page on another host: got %v, want Unsupported", err)
	}
}

func TestCheck(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){
		"GET /v2/conversations/list": says(200, `{"data":[],"meta":{"totalRecords":7}}`), "GET /v2/users": says(403, `{"error":"admins only"}`)}}
	got := fmt.Sprint(opened(t, f, nil).Check(context.Background()))
	for _, want := range []string{"{conversations true 7 in all }", "sent as bearer", `"admins only" (403) forbidden}`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	raw := opened(t, f, func(a *providers.Account) { a.Settings = map[string]string{"auth_scheme": "raw"} })
	if got := fmt.Sprint(raw.Check(context.Background())); !strings.Contains(got, "sent as raw") {
		t.Errorf("no line on the raw key in %s", got)
	}
	for size, want := range map[int]string{0: "is empty", 3: "3 in all", pageSize: "50 at the head of the list, and more behind"} {
		f.answers["GET /v2/conversations/list"] = pages(size, func(int) string { return "" })
		if r := opened(t, f, nil).Check(context.Background()); !strings.Contains(r[0].Detail, want) {
			t.Errorf("a list of %d that doesn't count itself: got %q, want %q", size, r[0].Detail, want)
		}
	}
	f.answers["GET /v2/conversations/list"] = says(401, "")
	if r := opened(t, f, nil).Check(context.Background()); len(r) != 1 || r[0].OK || r[0].Kind != model.Unauthorized {
		t.Errorf("refused key: got %v, want one line of kind Unauthorized", r)
	}
}

func TestDescribe(t *testing.T) {
	d := opened(t, &fake{}, nil).Describe()
	if d.Identity != "attention https://api.attention.tech/v2" || d.BaseURL != service.DefaultBaseURL || d.Incremental {
		t.Errorf("got %+v", d)
	}
	if _, err := Factory().Open(providers.Account{BaseURL: "http://api.example.com"}); err == nil {
		t.Errorf("Open accepted a base URL without TLS")
	}
}

func TestRefusedDirectoriesLeaveTheOthersNames(t *testing.T) {
	const people, teams = `{"data":[{"uuid":"u1","firstName":"Ann"}]}`, `{"data":[{"uuid":"t1","name":"West"}]}`
	for _, status := range []int{403, 404, 405} {
		f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/users": says(status, ""), "GET /v2/organizations/teams": says(200, teams)}}
		if d := opened(t, f, nil).(*provider).names(t.Context()); d["t1"].Name != "West" {
			t.Errorf("users answered %d: got %v, want the team", status, d)
		}
		f = &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/users": says(200, people),
			"GET /v2/organizations/teams": says(status, ""), "GET /v2/teams": says(200, teams)}}
		if d := opened(t, f, nil).(*provider).names(t.Context()); d["t1"].Name != "West" || d["u1"].Name != "Ann" {
			t.Errorf("teams answered %d: got %v, want the user, and the team of the other list", status, d)
		}
		f.answers["GET /v2/teams"] = says(status, "")
		if d := opened(t, f, nil).(*provider).names(t.Context()); d["u1"].Name != "Ann" {
			t.Errorf("both lists of teams answered %d: got %v, want the user", status, d)
		}
	}
}
