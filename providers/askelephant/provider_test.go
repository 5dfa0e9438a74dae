package askelephant

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

func opened(t *testing.T, f *providertest.Stub, settings map[string]string) *provider {
	t.Helper()
	f.Base, f.Header = "/api", http.Header{"Etag": {`"e1"`}, "X-Api-Version": f.Header["X-Api-Version"]}
	if f.Answers == nil {
		f.Answers = providertest.Answers{}
	}
	p, err := Factory().Open(providers.Account{Name: "ae", Credential: providertest.Credential("sk-apik_1.secret"), Transport: f, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*provider)
}

func fresh() model.Conversation {
	return model.Conversation{Ref: model.Ref{Account: "ae", ID: "ngmt_1"}, Contacts: model.SetOf(contact("cnt_1"))}
}

func TestRefusedExpansions(t *testing.T) {
	for _, tc := range []struct {
		name, says string
		lacks      []string
		requests   int
	}{
		{"one named", "companies:read", []string{expandCompanies}, 2},
		{"one after the other", "contacts:read users:read", []string{expandContacts, expandOwner}, 3},
		{"none named", "", []string{expandContacts, expandCompanies, expandOwner}, 6},
	} {
		needs := map[string]string{"contacts": "contacts:read", "companies": "companies:read", "owner": "users:read"}
		f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/engagements": func(r providertest.Request) (int, string) {
			for _, x := range strings.Split(r.Values.Get("expand"), ",") {
				if tc.says == "" && needs[x] != "" {
					return 403, `{"title":"Forbidden"}`
				}
				if s := needs[x]; s != "" && strings.Contains(tc.says, s) {
					return 403, `{"title":"Forbidden","detail":"missing scope ` + s + `"}`
				}
			}
			return 200, page("")
		}}}
		p := opened(t, f, nil)
		if _, err := p.Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return true, nil }); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if sent := f.Take(); len(sent) != tc.requests {
			t.Errorf("%s: %v", tc.name, sent)
		}
		check := fmt.Sprint(p.Check(context.Background()))
		for _, x := range tc.lacks {
			if !p.lacks(x) || !strings.Contains(check, "{"+x+" false left out") {
				t.Errorf("%s: Check does not name the dropped expansion %s: %s", tc.name, x, check)
			}
		}
		for _, x := range []string{expandContacts, expandCompanies, expandOwner, expandTags} {
			if p.lacks(x) && !slices.Contains(tc.lacks, x) {
				t.Errorf("%s: the expansion %s was dropped", tc.name, x)
			}
		}
		if c := p.Capabilities(fresh())[model.EditContacts]; c.Can() == p.lacks(expandContacts) {
			t.Errorf("%s: %+v", tc.name, c)
		}
	}
	f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/engagements": providertest.Says(403, `{"title":"Forbidden","detail":"missing engagements:read"}`)}}
	_, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return true, nil })
	if model.KindOf(err) != model.Forbidden || !strings.Contains(err.Error(), "engagements:read") || len(f.Take()) != 1 {
		t.Errorf("lacking engagements:read: got %v, want Forbidden after one request", err)
	}
}

func TestExpansionsAreAddedUntilOneFails(t *testing.T) {
	for status, kind := range map[int]model.ErrorKind{403: "", 500: model.Unavailable} {
		f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/engagements/ngmt_1": func(r providertest.Request) (int, string) {
			switch expand := r.Values.Get("expand"); {
			case strings.HasPrefix(expand, "contacts,companies"):
				return 403, "" // all at once, without saying which
			case strings.Contains(expand, "companies"):
				return status, ""
			default:
				return 200, `{"id":"ngmt_1","title":"` + expand + `"}`
			}
		}}}
		d, err := opened(t, f, nil).Load(t.Context(), "ngmt_1", model.NeedEverything)
		if model.KindOf(err) != kind || err == nil && d.Conversation.Title != "action_items,signals,contacts,owner,tags" {
			t.Errorf("%d for the companies: got %q, error %v; want everything else or the error", status, d.Conversation.Title, err)
		}
	}
}

func TestLoad(t *testing.T) {
	f := &providertest.Stub{Answers: providertest.Answers{"GET /v2/engagements/ngmt_02DEF": providertest.Says(200, string(fixture(t, "everything.json")))}}
	p := opened(t, f, nil)
	for need, want := range map[model.Need]string{
		0:                    "?expand=contacts",
		model.NeedContacts:   "?expand=contacts",
		model.NeedMessages:   "?expand=contacts,transcript",
		model.NeedEverything: "?expand=contacts,companies,owner,tags,action_items,signals",
		model.NeedEverything | model.NeedMessages: "?expand=contacts,companies,owner,tags,action_items,signals,transcript",
	} {
		d, err := p.Load(context.Background(), "ngmt_02DEF", need)
		if err != nil || d.Conversation.ETag != `"e1"` || d.Messages.Known != need.Has(model.NeedMessages) {
			t.Errorf("need %d: got %+v, %v", need, d, err)
		}
		if need.Has(model.NeedMessages) && (len(d.Messages.Items) != 2 || d.Messages.Items[1].Author != "Ray") {
			t.Errorf("messages: got %+v, want two, the second by Ray", d.Messages)
		}
		if sent := f.Take(); len(sent) != 1 || sent[0] != "GET /v2/engagements/ngmt_02DEF"+want {
			t.Errorf("need %d: sent %v", need, sent)
		}
	}
	if _, err := p.Load(context.Background(), "gone", 0); model.KindOf(err) != model.NotFound || !strings.Contains(err.Error(), "private") || !strings.Contains(err.Error(), "rid_1") {
		t.Errorf("unknown engagement: got %v, want NotFound with a hint and the request id", err)
	}
	f.Answers["GET /v2/engagements/x"] = providertest.Says(200, `{"id":"y"}`)
	if _, err := p.Load(context.Background(), "x", 0); model.KindOf(err) != model.Malformed {
		t.Errorf("another engagement: got %v, want Malformed", err)
	}
	if p.Needs(model.EditTitle) != 0 || p.Needs(model.EditTitle, model.EditContacts) != model.NeedContacts {
		t.Errorf("Needs: want the contacts for contacts alone")
	}
}

func TestLookup(t *testing.T) {
	f := &providertest.Stub{Answers: providertest.Answers{
		"GET /v2/contacts":       providertest.Says(200, page("n", `{"id":"cnt_1","first_name":"Ida","last_name":"Berg","emails":[{"email":"i@x"}]}`)),
		"GET /v2/contacts/cnt_9": providertest.Says(200, `{"id":"cnt_9","first_name":"Nine"}`),
		"GET /v2/users":          providertest.Says(200, page("", `{"id":"usr_1","first_name":"Ula"}`)),
		"GET /v2/companies":      providertest.Says(200, page("", `{"id":"cmp_1","name":"Acme"}`)),
		"GET /v2/tags":           providertest.Says(200, page("", `{"id":"t1","name":"Renewal"}`, `{"id":"t2","name":"Churn"}`)),
	}}
	p := opened(t, f, nil)
	for _, tc := range []struct {
		req        model.LookupRequest
		want, sent string
	}{
		{model.LookupRequest{Kind: model.LookupContacts, Text: "ida", Limit: 500, Cursor: "m"}, "contact cnt_1 Ida Berg i@x +n", "GET /v2/contacts?cursor=m&limit=100&search=ida"},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "cnt_9"}, "contact cnt_9 Nine  +", "GET /v2/contacts/cnt_9"},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "cnt_0"}, "+", "GET /v2/contacts/cnt_0"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "cnt_9"}, "user usr_1 Ula  +", "GET /v2/users?limit=100&search=cnt_9"},
		{model.LookupRequest{Kind: model.LookupUsers, Limit: 5}, "user usr_1 Ula  +", "GET /v2/users?limit=5"},
		{model.LookupRequest{Kind: model.LookupCompany, Text: "ac"}, "company cmp_1 Acme  +", "GET /v2/companies?limit=100&search=ac"},
		{model.LookupRequest{Kind: model.LookupTags, Text: "chu"}, "tag t2 Churn  +", "GET /v2/tags?limit=100"},
	} {
		got, err := p.Lookup(context.Background(), tc.req)
		if err != nil {
			t.Errorf("%+v: %v", tc.req, err)
		}
		s := ""
		for _, i := range got.Items {
			s += i.Kind + " " + i.ID + " " + i.Name + " " + i.Email + " "
		}
		if s += "+" + got.Cursor; s != tc.want {
			t.Errorf("%+v: got %q, want %q", tc.req, s, tc.want)
		}
		if sent := f.Take(); len(sent) != 1 || sent[0] != tc.sent {
			t.Errorf("%+v: sent %v, want %s", tc.req, sent, tc.sent)
		}
	}
	if _, err := p.Lookup(context.Background(), model.LookupRequest{Kind: model.LookupTeams}); model.KindOf(err) != model.Unsupported {
		t.Errorf("unknown directory: got %v, want Unsupported", err)
	}
}

func TestLinksVersionsAndSettings(t *testing.T) {
	f := &providertest.Stub{Header: http.Header{"X-Api-Version": {"2026-01"}}}
	p := opened(t, f, map[string]string{"workspace_id": "wrks_1"})
	if link, err := p.Link(context.Background(), fresh(), model.LinkWeb); err != nil || link != "https://app.askelephant.ai/workspaces/wrks_1/engagements/ngmt_1" || len(f.Sent) != 0 {
		t.Errorf("web page: got %q, error %v, sent %v", link, err, f.Sent)
	}
	f.Answers["GET /v2/engagements/ngmt_1"] = providertest.Says(200, `{"id":"ngmt_1","media_url":"https://m.example.com/a?sig=1"}`)
	if link, err := p.Link(context.Background(), fresh(), model.LinkRecording); err != nil || link != "https://m.example.com/a?sig=1" || f.Take()[0] != "GET /v2/engagements/ngmt_1?expand=media_url" {
		t.Errorf("recording: got %q, error %v", link, err)
	}
	for body, kind := range map[string]model.ErrorKind{`{"id":"ngmt_1","media_url":null}`: model.NotFound, `{"media_url":"file:///etc/passwd"}`: model.Malformed} {
		f.Answers["GET /v2/engagements/ngmt_1"] = providertest.Says(200, body)
		if _, err := p.Link(context.Background(), fresh(), model.LinkRecording); model.KindOf(err) != kind {
			t.Errorf("recording: got %v, want %s", err, kind)
		}
	}
	f.Answers["GET /v2/engagements"] = providertest.Says(200, page(""))
	if s := fmt.Sprint(p.Check(context.Background())); !strings.Contains(s, "{API version true 2026-01 }") {
		t.Errorf("first version: got %s", s)
	}
	f.Header.Set("X-Api-Version", "2026-02")
	if s := fmt.Sprint(p.Check(context.Background())); !strings.Contains(s, "{API version false changed from 2026-01 to 2026-02") {
		t.Errorf("changed version: got %s", s)
	}
	if _, err := opened(t, f, nil).Link(context.Background(), fresh(), model.LinkWeb); model.KindOf(err) != model.Unsupported {
		t.Errorf("web page without workspace_id: got %v, want Unsupported", err)
	}
	if d := p.Describe(); d.Identity != "askelephant https://app.askelephant.ai/api wrks_1" || !d.Incremental || d.MinRefresh != time.Minute {
		t.Errorf("Describe: got %+v", d)
	}
	for path, ok := range map[string]bool{
		"/v2/engagements/{engagement_id}/contacts": true, "/v2/e/{id}": true, "v2/{id}": false, "/v2/contacts": false, "/{id}/../x": false, "/{id}/./x": false, "/{id}/..": false, "/{id}//x": false, "/{id}/": true, "/{id}?a=b": false, "//evil/{id}": false, "/{id}/{other}": false, "/{id}/{": false,
		"/{id}/%zz": false, "/{id}/%2e%2E/x": false, "/{id}/\n": false, "/{id}/a%20b": true,
	} {
		if err := checkPath(path); (err == nil) != ok {
			t.Errorf("%s: got %v, want success %t", path, err, ok)
		}
	}
	if _, err := Factory().Open(providers.Account{Settings: map[string]string{"replace_contacts_path": "/x"}}); err == nil {
		t.Errorf("Open accepted a path without {engagement_id}")
	}
	for id, ok := range map[string]bool{"wrks_1-a": true, "wrks 1": false, "wrks/1": false, "https://app.askelephant.ai/workspaces/wrks_1": false} {
		if _, err := Factory().Open(providers.Account{Credential: providertest.Credential("key"), Settings: map[string]string{"workspace_id": id}}); (err == nil) != ok {
			t.Errorf("workspace_id %q: got %v, want success %t", id, err, ok)
		}
	}
}
