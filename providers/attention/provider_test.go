package attention

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

func opened(t *testing.T, f *providertest.Stub, change func(*providers.Account)) model.Provider {
	t.Helper()
	f.Names = func(r providertest.Request) bool {
		return strings.HasPrefix(r.Path, "/v2/users") || strings.HasPrefix(r.Path, "/v2/organizations/teams") || strings.HasPrefix(r.Path, "/v2/teams")
	}
	a := providers.Account{Name: "sales", Credential: providertest.Credential("eyJ.key"), Transport: f}
	if change != nil {
		change(&a)
	}
	if f.Answers == nil {
		f.Answers = providertest.Answers{}
	}
	for path, body := range map[string]string{
		"GET /v2/users":               `{"data":[{"uuid":"u1","email":"ann@example.com","firstName":"Ann","lastName":"Lee"},{"uuid":"u2","email":"bo@example.com","firstName":"Bo"}]}`,
		"GET /v2/organizations/teams": `{"data":[{"uuid":"t1","name":"[Org] West"}]}`,
	} {
		if f.Answers[path] == nil {
			f.Answers[path] = providertest.Says(200, body)
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
		f := &providertest.Stub{}
		p := opened(t, f, func(a *providers.Account) {
			a.Credential = providertest.Credential(tc.key)
			if tc.scheme != "" {
				a.Settings = map[string]string{"auth_scheme": tc.scheme}
			}
		})
		f.Answers["PUT /v2/conversations/c%2F1/title"] = func(r providertest.Request) (int, string) {
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
			if n := len(f.Take()); n != want {
				t.Errorf("%s: got %d requests, want %d", tc.name, n, want)
			}
		}
		f.Answers["GET /v2/conversations/c%2F1"] = f.Answers["PUT /v2/conversations/c%2F1/title"]
		if _, err := p.Load(context.Background(), "c/1", 0); len(f.Take()) != tc.second || (err == nil) != tc.ok {
			t.Errorf("%s: another endpoint: got %v, want the form that was accepted last to be sent first", tc.name, err)
		}
	}
	// A key that was accepted and is refused later is not tried in the other form.
	f := &providertest.Stub{}
	p := opened(t, f, nil)
	f.Answers["GET /v2/conversations/1"] = providertest.Says(200, `{"id":"1","attributes":{}}`)
	if _, err := p.Load(context.Background(), "1", 0); err != nil {
		t.Fatal(err)
	}
	f.Take()
	// Another endpoint may want the other form. Each endpoint keeps its own.
	f.Answers["PUT /v2/conversations/c%2F1/title"] = func(r providertest.Request) (int, string) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer") {
			return 401, ""
		}
		return 200, resourceOf(`,"title":"x"`)
	}
	for _, want := range []int{2, 1} {
		out := p.Apply(context.Background(), fresh(), []model.Edit{text(model.EditTitle, "", "x")})
		_, err := p.Load(context.Background(), "1", 0)
		if n := len(f.Take()); out[0].Err != nil || err != nil || n != want+1 {
			t.Errorf("a call that wants the other form, and a read: got %v, %v after %d requests, want %d", out[0].Err, err, n, want+1)
		}
	}
	f.Answers["GET /v2/conversations/1"] = providertest.Says(401, "")
	if _, err := p.Load(context.Background(), "1", 0); model.KindOf(err) != model.Unauthorized || len(f.Take()) != 1 {
		t.Errorf("key refused later: got %v, want Unauthorized after one request", err)
	}
}

func TestLoad(t *testing.T) {
	f := &providertest.Stub{Answers: providertest.Answers{}}
	f.Answers["GET /v2/conversations/6f1c0000-0000-4000-8000-000000000001"] = providertest.Says(200, string(fixture(t, "live.json")))
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
	if d := cmp.Diff([]string{"GET /v2/conversations/" + id + "?detailedTranscript=false&filter[include_internal_participants]=true", "GET /v2/conversations/" + id + "?detailedTranscript=true&filter[include_internal_participants]=true"}, f.Take()); d != "" {
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
		f.Answers["GET /v2/conversations/x"] = providertest.Says(tc.status, tc.body)
		if _, err := p.Load(context.Background(), "x", 0); model.KindOf(err) != tc.want {
			t.Errorf("%s: got %v, want %s", tc.body, err, tc.want)
		}
	}
}

func TestLookup(t *testing.T) {
	var searched []string
	f := &providertest.Stub{Answers: providertest.Answers{
		"GET /v2/labels": providertest.Says(200, `{"data":[{"uuid":"l1","name":"Stage","options":[{"value":"Demo"},"Won"]}]}`),
		"GET /v2/users": func(r providertest.Request) (int, string) {
			if address := r.Values.Get("filter[email]"); address != "" {
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
		f := &providertest.Stub{Answers: providertest.Answers{}}
		f.Answers["GET /v2/users"] = func(r providertest.Request) (int, string) {
			sent++
			q := r.Values
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
	f := &providertest.Stub{}
	p := opened(t, f, nil)
	if link, err := p.Link(context.Background(), fresh(), model.LinkWeb); err != nil || link != "https://app.attention.tech/conversations/all-calls/c%2F1" || len(f.Sent) != 0 {
		t.Errorf("web page: got %q, error %v, sent %v", link, err, f.Sent)
	}
	for status, hint := range map[int]string{403: "organisation-level", 404: "no recording"} {
		f.Answers["POST /v2/conversations/c%2F1/media/download"] = providertest.Says(status, `{"error":"no"}`)
		_, err := p.Link(context.Background(), fresh(), model.LinkRecording)
		if e := model.AsError(err); !strings.Contains(e.Hint, hint) {
			t.Errorf("%d: got %v, want the hint %q", status, err, hint)
		}
	}
	f.Answers["POST /v2/conversations/c%2F1/media/download"] = providertest.Says(200, `{"url":"javascript:alert(1)"}`)
	if _, err := p.Link(context.Background(), fresh(), model.LinkRecording); model.KindOf(err) != model.Malformed || strings.Contains(err.Error(), "alert") {
		t.Errorf("recording that is no link: got %v, want Malformed", err)
	}
	p = opened(t, f, func(a *providers.Account) { a.BaseURL = "https://other.example.com/v2" })
	if _, err := p.Link(context.Background(), fresh(), model.LinkWeb); model.KindOf(err) != model.Unsupported {
		t.Errorf("web page on another host: got %v, want Unsupported", err)
	}
}

func TestCheck(t *testing.T) {
	f := &providertest.Stub{Answers: providertest.Answers{
		"GET /v2/conversations/list": providertest.Says(200, `{"data":[],"meta":{"totalRecords":7}}`), "GET /v2/users": providertest.Says(403, `{"error":"admins only"}`)}}
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
		f.Answers["GET /v2/conversations/list"] = pages(size, func(int) string { return "" })
		if r := opened(t, f, nil).Check(context.Background()); !strings.Contains(r[0].Detail, want) {
			t.Errorf("a list of %d that doesn't count itself: got %q, want %q", size, r[0].Detail, want)
		}
	}
	f.Answers["GET /v2/conversations/list"] = providertest.Says(401, "")
	if r := opened(t, f, nil).Check(context.Background()); len(r) != 1 || r[0].OK || r[0].Kind != model.Unauthorized {
		t.Errorf("refused key: got %v, want one line of kind Unauthorized", r)
	}
}

func TestDescribe(t *testing.T) {
	d := opened(t, &providertest.Stub{}, nil).Describe()
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
		f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/users": providertest.Says(status, ""), "GET /v2/organizations/teams": providertest.Says(200, teams)}}
		if d := opened(t, f, nil).(*provider).names(t.Context()); d["t1"].Name != "West" {
			t.Errorf("users answered %d: got %v, want the team", status, d)
		}
		f = &providertest.Stub{Answers: providertest.Answers{"GET /v2/users": providertest.Says(200, people),
			"GET /v2/organizations/teams": providertest.Says(status, ""), "GET /v2/teams": providertest.Says(200, teams)}}
		if d := opened(t, f, nil).(*provider).names(t.Context()); d["t1"].Name != "West" || d["u1"].Name != "Ann" {
			t.Errorf("teams answered %d: got %v, want the user, and the team of the other list", status, d)
		}
		f.Answers["GET /v2/teams"] = providertest.Says(status, "")
		if d := opened(t, f, nil).(*provider).names(t.Context()); d["u1"].Name != "Ann" {
			t.Errorf("both lists of teams answered %d: got %v, want the user", status, d)
		}
	}
}
