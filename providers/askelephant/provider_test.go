package askelephant

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
)

// fake answers requests by "METHOD path", and records them.
type fake struct {
	mu      sync.Mutex
	answers map[string]func(*http.Request) (int, string)
	version string
	sent    []string // METHOD path?query body
	auth    []string
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	line := r.Method + " " + strings.TrimPrefix(r.URL.EscapedPath(), "/api")
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
	f.auth = append(f.auth, r.Header.Get("Authorization"))
	status, body := 404, `{"title":"Not Found","detail":"no such path","status":404,"request_id":"rid_1"}`
	if a := f.answers[line]; a != nil {
		status, body = a(r)
	}
	h := http.Header{"Content-Type": {"application/json"}, "Etag": {`"e1"`}}
	if f.version != "" {
		h.Set("X-Api-Version", f.version)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (f *fake) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.sent
	f.sent = nil
	return out
}

func says(status int, body string) func(*http.Request) (int, string) {
	return func(*http.Request) (int, string) { return status, body }
}

type credential string

func (c credential) Get(context.Context) (string, error) { return string(c), nil }
func (c credential) Reject(string)                       {}

func opened(t *testing.T, f *fake, settings map[string]string) *provider {
	t.Helper()
	if f.answers == nil {
		f.answers = map[string]func(*http.Request) (int, string){}
	}
	p, err := Factory().Open(providers.Account{Name: "ae", Credential: credential("sk-apik_1.secret"), Transport: f, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*provider)
}

func contact(id string) model.Participant {
	return model.Participant{Kind: model.KindContact, ID: id, Name: id}
}

func replace(ids ...string) model.Edit {
	var people []model.Participant
	for _, id := range ids {
		people = append(people, contact(id))
	}
	return model.Edit{Kind: model.EditContacts, Target: model.PeopleValue(people)}
}

func fresh() model.Conversation {
	return model.Conversation{Ref: model.Ref{Account: "ae", ID: "ngmt_1"}, Contacts: model.SetOf(contact("cnt_1"))}
}

const contactsPath = "/v2/engagements/ngmt_1/contacts"

func TestReplaceContacts(t *testing.T) {
	for _, tc := range []struct {
		name     string
		settings map[string]string
		edit     model.Edit
		answer   string
		want     string
		after    bool
	}{
		{"whole set", nil, replace("cnt_1", "cnt_2", "cnt_1"), `{"object":"engagement","id":"ngmt_1"}`, "PUT " + contactsPath + ` {"contact_ids":["cnt_1","cnt_2"]}`, false},
		{"nobody", nil, replace(), `{"id":"ngmt_1","contacts":null}`, "PUT " + contactsPath + ` {"contact_ids":[]}`, false},
		{"an answer with contacts", nil, replace("cnt_2"), `{"id":"ngmt_1","contacts":[{"id":"cnt_2"}]}`, "PUT " + contactsPath + ` {"contact_ids":["cnt_2"]}`, true},
		{"another engagement answers", nil, replace("cnt_2"), `{"id":"ngmt_2","contacts":[]}`, "PUT " + contactsPath + ` {"contact_ids":["cnt_2"]}`, false},
		{"no answer body", nil, replace("cnt_2"), ``, "PUT " + contactsPath + ` {"contact_ids":["cnt_2"]}`, false},
		{"settings", map[string]string{"replace_contacts_method": "POST", "replace_contacts_path": "/v3/e/{engagement_id}/people"}, replace("cnt_2"), `{}`,
			`POST /v3/e/ngmt_1/people {"contact_ids":["cnt_2"]}`, false},
	} {
		f := &fake{}
		p := opened(t, f, tc.settings)
		line, _, _ := strings.Cut(tc.want, " {")
		f.answers[line] = says(200, tc.answer)
		requests, err := p.Requests(fresh(), []model.Edit{tc.edit})
		if err != nil || len(requests) != 1 || len(f.sent) != 0 {
			t.Fatalf("%s: Requests: got %v, error %v, sent %v", tc.name, requests, err, f.sent)
		}
		r := requests[0]
		if planned := r.Method + " " + strings.TrimPrefix(r.Path, "/api") + " " + string(r.Body); planned != tc.want {
			t.Errorf("%s: Requests: got %s", tc.name, planned)
		}
		out := p.Apply(context.Background(), fresh(), []model.Edit{tc.edit})
		if len(out) != 1 || out[0].Err != nil || (out[0].After != nil) != tc.after {
			t.Errorf("%s: got outcome %+v", tc.name, out)
		}
		if d := cmp.Diff([]string{tc.want}, f.take()); d != "" {
			t.Errorf("%s: requests (-want +got):\n%s", tc.name, d)
		}
		if f.auth[0] != "sk-apik_1.secret" {
			t.Errorf("got credential %q, want the bare key", f.auth[0])
		}
	}
}

func TestRefusedContactsAreNotSent(t *testing.T) {
	unread := fresh()
	unread.Contacts = model.Set[model.Participant]{}
	for _, tc := range []struct {
		name string
		c    model.Conversation
		edit model.Edit
		kind model.ErrorKind
		says string
	}{
		{"contacts that were not read", unread, replace("cnt_1"), model.Unsupported, "wipe"},
		{"a room", fresh(), model.Edit{Kind: model.EditContacts, Target: model.PeopleValue([]model.Participant{{Kind: "room", ID: "res_1", Name: "Room 4"}})}, model.Invalid, "Room 4"},
		{"an address", fresh(), model.Edit{Kind: model.EditContacts, Target: model.PeopleValue([]model.Participant{{Kind: "contact", Identifier: "emailaddress=a@x"}})}, model.Invalid, "a@x"},
		{"an odd id", fresh(), replace("cnt_1/../x"), model.Invalid, "cnt_"},
		{"a title", fresh(), model.Edit{Kind: model.EditTitle, Target: model.TextValue("x")}, model.Unsupported, "can't change"},
		{"privacy", fresh(), model.Edit{Kind: model.EditPrivacy, Target: model.TextValue("private")}, model.Unsupported, "can't change privacy"},
		{"create", model.Conversation{}, model.Edit{Kind: model.EditCreate}, model.Unsupported, "recording"},
	} {
		f := &fake{}
		p := opened(t, f, nil)
		out := p.Apply(context.Background(), tc.c, []model.Edit{tc.edit})
		if len(f.sent) != 0 || model.KindOf(out[0].Err) != tc.kind || !strings.Contains(out[0].Err.Error(), tc.says) {
			t.Errorf("%s: got %v and sent %v, want nothing sent", tc.name, out[0].Err, f.sent)
		}
		if _, err := p.Requests(tc.c, []model.Edit{tc.edit}); model.KindOf(err) != tc.kind {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestReadOnlyAndCapabilities(t *testing.T) {
	f := &fake{}
	p := opened(t, f, nil)
	caps := p.Capabilities(fresh())
	for _, k := range model.EditKinds() {
		if caps[k].Reason == "" || caps[k].Can() != (k == model.EditContacts) {
			t.Errorf("%s: got %+v, want a reason, and yes for contacts alone", k, caps[k])
		}
	}
	if c := caps[model.EditContacts]; c.State != model.CapabilityAssumed || !strings.Contains(c.Reason, "assumed") {
		t.Errorf("contacts: got %+v, want assumed", c)
	}
	q, err := Factory().Open(providers.Account{Credential: credential("x"), Transport: f, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if out := q.Apply(context.Background(), fresh(), []model.Edit{replace()}); model.KindOf(out[0].Err) != model.Unsupported || len(f.sent) != 0 {
		t.Errorf("write on a read-only account: got %v and sent %v, want Unsupported and nothing", out, f.sent)
	}
}

func TestRefusalsOfTheAssumedCall(t *testing.T) {
	for _, tc := range []struct {
		name          string
		write         int
		body          string
		get           int
		kind          model.ErrorKind
		says          string
		learned, gets bool
	}{
		{"405", 405, "", 200, model.Unsupported, "replace_contacts_method", true, false},
		{"404, readable", 404, "", 200, model.Unsupported, "replace_contacts_path", true, true},
		{"404, gone", 404, `{"title":"Not Found","detail":"no engagement"}`, 404, model.NotFound, "no engagement", false, true},
		{"404 for a contact", 404, `{"title":"Not Found","detail":"contact cnt_9 not found"}`, 200, model.Invalid, "cnt_9", false, false},
		{"422", 422, `{"title":"Validation Failed","errors":[{"field":"contact_ids","message":"unknown contact"}],"request_id":"rid_7"}`, 200, model.Invalid, "contact_ids: unknown contact", false, false},
		{"403", 403, `{"title":"Forbidden","detail":"missing engagements:write"}`, 200, model.Forbidden, "engagements:write", true, false},
		{"403 without words", 403, ``, 200, model.Forbidden, "engagements:write", false, false},
		{"500", 500, ``, 200, model.UnknownOutcome, "", false, false},
	} {
		f := &fake{answers: map[string]func(*http.Request) (int, string){
			"PUT " + contactsPath: says(tc.write, tc.body), "GET /v2/engagements/ngmt_1": says(tc.get, `{"id":"ngmt_1"}`)}}
		p := opened(t, f, nil)
		out := p.Apply(context.Background(), fresh(), []model.Edit{replace("cnt_9")})
		if model.KindOf(out[0].Err) != tc.kind || !strings.Contains(out[0].Err.Error(), tc.says) {
			t.Errorf("%s: got %v, want %s with %q", tc.name, out[0].Err, tc.kind, tc.says)
		}
		if sent := f.take(); len(sent) != 1 && !tc.gets || tc.gets && len(sent) != 2 {
			t.Errorf("%s: sent %v", tc.name, sent)
		}
		if p.Capabilities(fresh())[model.EditContacts].Can() == tc.learned {
			t.Errorf("%s: capability afterwards: %+v", tc.name, p.Capabilities(fresh())[model.EditContacts])
		}
	}
}

func row(id, updated string) string {
	return fmt.Sprintf(`{"object":"engagement","id":"%s","title":"t","updated_at":"%s","contacts":[]}`, id, updated)
}

func page(next string, rows ...string) string {
	cursor, more := "null", "false"
	if next != "" {
		cursor, more = `"`+next+`"`, "true"
	}
	return `{"object":"list","data":[` + strings.Join(rows, ",") + `],"has_more":` + more + `,"next_cursor":` + cursor + `}`
}

func collect(out *[]string, until string) func(model.Batch) (bool, error) {
	return func(b model.Batch) (bool, error) {
		more := true
		for _, c := range b.Conversations {
			*out = append(*out, c.Ref.ID)
			more = more && c.Ref.ID != until
		}
		return more, nil
	}
}

const expandAll = "expand=contacts,companies,owner,tags"

func TestHeadWithACheckpointIsIncremental(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/engagements": func(r *http.Request) (int, string) {
		q := r.URL.Query()
		switch {
		case q.Get("filter[updated_at][gte]") != "" && q.Get("cursor") == "":
			return 200, page("n2", row("ngmt_3", "2026-04-03T00:00:00.5Z"), row("ngmt_4", "2026-04-04T00:00:00Z"))
		case q.Get("filter[updated_at][gte]") != "":
			return 200, page("", row("ngmt_4", "2026-04-04T00:00:00Z"), row("ngmt_3", "2026-04-05T00:00:00Z"))
		case q.Get("cursor") == "":
			return 200, page("c2", row("ngmt_3", "2026-04-03T00:00:00.5Z"), row("ngmt_2", "2026-04-02T00:00:00Z"))
		}
		return 200, page("", row("ngmt_1", "2026-04-01T00:00:00Z"))
	}}}
	p := opened(t, f, nil)
	var got []string
	res, err := p.Sync(context.Background(), model.SyncRequest{}, collect(&got, "ngmt_2"))
	if err != nil || res.Complete || res.Cursor != `{"checkpoint":"2026-04-03T00:00:00.5Z"}` || len(got) != 2 {
		t.Fatalf("first head: got %+v, error %v, rows %v", res, err, got)
	}
	if d := cmp.Diff([]string{"GET /v2/engagements?" + expandAll + "&limit=100&order_by=updated_at:desc"}, f.take()); d != "" {
		t.Errorf("first head: requests (-want +got):\n%s", d)
	}
	got = nil
	next, err := p.Sync(context.Background(), model.SyncRequest{Cursor: res.Cursor}, collect(&got, ""))
	if err != nil || !next.Complete || next.Cursor != `{"checkpoint":"2026-04-05T00:00:00Z"}` || strings.Join(got, " ") != "ngmt_3 ngmt_4 ngmt_3" {
		t.Errorf("incremental head: got %+v, error %v, rows %v", next, err, got)
	}
	if d := cmp.Diff([]string{
		"GET /v2/engagements?" + expandAll + "&filter[updated_at][gte]=2026-04-03T00:00:00.5Z&limit=100&order_by=updated_at:asc",
		"GET /v2/engagements?cursor=n2&" + expandAll + "&filter[updated_at][gte]=2026-04-03T00:00:00.5Z&limit=100&order_by=updated_at:asc",
	}, f.take()); d != "" {
		t.Errorf("incremental head: requests (-want +got):\n%s", d)
	}
	// A head that ends early does not move the checkpoint.
	got = nil
	if next, err = p.Sync(context.Background(), model.SyncRequest{Cursor: res.Cursor}, collect(&got, "ngmt_4")); err != nil || next.Complete || next.Cursor != res.Cursor {
		t.Errorf("stopped head: got %+v, %v; want the old checkpoint", next, err)
	}
	boom := fmt.Errorf("disk full")
	if next, err = p.Sync(context.Background(), model.SyncRequest{Cursor: res.Cursor}, func(model.Batch) (bool, error) { return true, boom }); err != boom || next.Cursor != res.Cursor {
		t.Errorf("failed head: got %+v, %v; want the old checkpoint", next, err)
	}
}

func TestFullWalkResumesAndRestarts(t *testing.T) {
	refuse := false
	f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/engagements": func(r *http.Request) (int, string) {
		switch c := r.URL.Query().Get("cursor"); {
		case c != "" && refuse:
			refuse = false
			return 422, `{"title":"Validation Failed","errors":[{"field":"cursor","code":"expired","message":"too old"}]}`
		case c == "":
			return 200, page("c2", row("ngmt_1", "2026-04-01T00:00:00Z"))
		case c == "c2":
			return 200, page("c3", row("ngmt_2", "2026-04-02T00:00:00Z"))
		}
		return 200, page("", row("ngmt_3", "2026-04-03T00:00:00Z"))
	}}}
	p := opened(t, f, nil)
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var got []string
	res, err := p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull, Since: since}, collect(&got, "ngmt_1"))
	if err != nil || res.Complete || res.Cursor == "" {
		t.Fatalf("stopped full walk: got %+v, %v; want a cursor", res, err)
	}
	f.take()
	got = nil
	end, err := p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull, Cursor: res.Cursor, Since: since.Add(time.Hour)}, collect(&got, ""))
	if err != nil || !end.Complete || parsePosition(end.Cursor).Checkpoint != "2026-04-03T00:00:00Z" || strings.Join(got, " ") != "ngmt_2 ngmt_3" {
		t.Errorf("resumed full walk: got %+v, error %v, rows %v", end, err, got)
	}
	if sent := f.take(); sent[0] != "GET /v2/engagements?cursor=c2&"+expandAll+"&filter[updated_at][gte]=2026-01-01T00:00:00Z&limit=100&order_by=updated_at:asc" {
		t.Errorf("resumed full walk: sent %s", sent[0])
	}
	refuse, got = true, nil
	end, err = p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull, Cursor: res.Cursor}, collect(&got, ""))
	if err != nil || !end.Complete || strings.Join(got, " ") != "ngmt_1 ngmt_2 ngmt_3" {
		t.Errorf("refused cursor: got %+v, error %v, rows %v", end, err, got)
	}
	// A page that was not taken is read again.
	res, err = p.Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) {
		if b.Conversations[0].Ref.ID == "ngmt_2" {
			return false, fmt.Errorf("disk full")
		}
		return true, nil
	})
	if err == nil || parsePosition(res.Cursor).Next != "c2" {
		t.Errorf("failed emit: got %+v, %v; want a cursor for the same page", res, err)
	}
}

func TestWalkStoppedOnItsLastPageIsIncomplete(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/engagements": says(200, page("", row("ngmt_1", "2026-04-01T00:00:00Z")))}}
	for _, mode := range []model.SyncMode{model.SyncHead, model.SyncFull} {
		res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Mode: mode}, func(model.Batch) (bool, error) { return false, nil })
		if err != nil || res.Complete {
			t.Errorf("got %+v, %v; want incomplete", res, err)
		}
	}
}

func TestSyncOfMalformedLists(t *testing.T) {
	for name, body := range map[string]string{
		"repeats a cursor": page("c1", row("ngmt_1", "2026-04-01T00:00:00Z")), "more, but not where": `{"data":[],"has_more":true}`,
		"no list": `{"data":{"a":1}}`, "a text": `"x"`, "nothing": `{}`, "no envelope": `[]`, "null": `null`,
	} {
		f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/engagements": says(200, body)}}
		res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return true, nil })
		if model.KindOf(err) != model.Malformed || res.Complete {
			t.Errorf("%s: got %+v, %v; want Malformed", name, res, err)
		}
	}
	for body, complete := range map[string]bool{`{"data":null}`: true, `{"data":[null,7,{"id":null}],"has_more":null,"next_cursor":"x"}`: false} {
		f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/engagements": says(200, body)}}
		res, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) { return true, nil })
		if err != nil || res.Complete != complete {
			t.Errorf("%s: got %+v, %v; want complete %t", body, res, err, complete)
		}
	}
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
		f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/engagements": func(r *http.Request) (int, string) {
			for _, x := range strings.Split(r.URL.Query().Get("expand"), ",") {
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
		if sent := f.take(); len(sent) != tc.requests {
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
	f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/engagements": says(403, `{"title":"Forbidden","detail":"missing engagements:read"}`)}}
	_, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{}, func(model.Batch) (bool, error) { return true, nil })
	if model.KindOf(err) != model.Forbidden || !strings.Contains(err.Error(), "engagements:read") || len(f.take()) != 1 {
		t.Errorf("lacking engagements:read: got %v, want Forbidden after one request", err)
	}
}

func TestLoad(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/engagements/ngmt_02DEF": says(200, string(fixture(t, "everything.json")))}}
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
		if sent := f.take(); len(sent) != 1 || sent[0] != "GET /v2/engagements/ngmt_02DEF"+want {
			t.Errorf("need %d: sent %v", need, sent)
		}
	}
	if _, err := p.Load(context.Background(), "gone", 0); model.KindOf(err) != model.NotFound || !strings.Contains(err.Error(), "private") || !strings.Contains(err.Error(), "rid_1") {
		t.Errorf("unknown engagement: got %v, want NotFound with a hint and the request id", err)
	}
	f.answers["GET /v2/engagements/x"] = says(200, `{"id":"y"}`)
	if _, err := p.Load(context.Background(), "x", 0); model.KindOf(err) != model.Malformed {
		t.Errorf("another engagement: got %v, want Malformed", err)
	}
	if p.Needs(model.EditTitle) != 0 || p.Needs(model.EditTitle, model.EditContacts) != model.NeedContacts {
		t.Errorf("Needs: want the contacts for contacts alone")
	}
}

func TestFilters(t *testing.T) {
	day := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name string
		f    model.Filter
		want string
	}{
		{"one type", model.Filter{Kind: []string{"meeting"}}, "filter[engagement_type][eq]=MEETING"},
		{"types", model.Filter{Kind: []string{"call", "calendar_event"}}, "filter[engagement_type][in]=CALL,CALENDAR_EVENT"},
		{"a type that is not documented", model.Filter{Kind: []string{"call", "huddle"}}, ""},
		{"status", model.Filter{Status: []string{"failed"}}, "filter[processing_status][eq]=FAILED"},
		{"a company by id", model.Filter{Company: []string{"Acme", "cmp_01ARZ3NDEKTSV4RRFFQ69G5FAV"}}, "filter[company_ids][eq]=cmp_01ARZ3NDEKTSV4RRFFQ69G5FAV"},
		{"a company by name", model.Filter{Company: []string{"Acme"}}, ""},
		{"a piece of an id", model.Filter{Company: []string{"cmp_01ARZ3NDEK"}}, ""},
		{"an id in another case", model.Filter{Company: []string{"cmp_01arz3ndektsv4rrffq69g5fav"}}, ""},
		{"updated", model.Filter{UpdatedFrom: day, UpdatedTo: day}, "filter[updated_at][gte]=2026-03-10T12:00:00Z&filter[updated_at][lt]=2026-03-10T12:00:00Z"},
		{"created", model.Filter{CreatedFrom: day}, "filter[updated_at][gte]=2026-03-09T12:00:00Z"},
		{"what the service has no filter for", model.Filter{Owner: []string{"usr_1"}, Team: []string{"t"}, External: true}, ""},
	} {
		f := &fake{answers: map[string]func(*http.Request) (int, string){"GET /v2/engagements": says(200, page(""))}}
		if _, err := opened(t, f, nil).Sync(context.Background(), model.SyncRequest{Filter: tc.f}, func(model.Batch) (bool, error) { return true, nil }); err != nil {
			t.Fatal(err)
		}
		sent := f.take()
		got, _ := url.ParseQuery(strings.TrimPrefix(sent[len(sent)-1], "GET /v2/engagements?"))
		want, _ := url.ParseQuery(strings.Trim(expandAll+"&limit=100&order_by=updated_at:desc&"+tc.want, "&"))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: requests (-want +got):\n%s", tc.name, d)
		}
	}
}

func TestLookup(t *testing.T) {
	f := &fake{answers: map[string]func(*http.Request) (int, string){
		"GET /v2/contacts":       says(200, page("n", `{"id":"cnt_1","first_name":"Ida","last_name":"Berg","emails":[{"email":"i@x"}]}`)),
		"GET /v2/contacts/cnt_9": says(200, `{"id":"cnt_9","first_name":"Nine"}`),
		"GET /v2/users":          says(200, page("", `{"id":"usr_1","first_name":"Ula"}`)),
		"GET /v2/companies":      says(200, page("", `{"id":"cmp_1","name":"Acme"}`)),
		"GET /v2/tags":           says(200, page("", `{"id":"t1","name":"Renewal"}`, `{"id":"t2","name":"Churn"}`)),
	}}
	p := opened(t, f, nil)
	for _, tc := range []struct {
		req        model.LookupRequest
		want, sent string
	}{
		{model.LookupRequest{Kind: model.LookupContacts, Text: "ida", Limit: 500, Cursor: "m"}, "contact cnt_1 Ida Berg i@x +n", "GET /v2/contacts?cursor=m&limit=100&search=ida"},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "cnt_9"}, "contact cnt_9 Nine  +", "GET /v2/contacts/cnt_9"},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "cnt_0"}, "+", "GET /v2/contacts/cnt_0"},
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
		if sent := f.take(); len(sent) != 1 || sent[0] != tc.sent {
			t.Errorf("%+v: sent %v, want %s", tc.req, sent, tc.sent)
		}
	}
	if _, err := p.Lookup(context.Background(), model.LookupRequest{Kind: model.LookupTeams}); model.KindOf(err) != model.Unsupported {
		t.Errorf("unknown directory: got %v, want Unsupported", err)
	}
}

func TestLinksVersionsAndSettings(t *testing.T) {
	f := &fake{version: "2026-01"}
	p := opened(t, f, map[string]string{"workspace_id": "wrks_1"})
	if link, err := p.Link(context.Background(), fresh(), model.LinkWeb); err != nil || link != "https://app.askelephant.ai/workspaces/wrks_1/engagements/ngmt_1" || len(f.sent) != 0 {
		t.Errorf("web page: got %q, error %v, sent %v", link, err, f.sent)
	}
	f.answers["GET /v2/engagements/ngmt_1"] = says(200, `{"id":"ngmt_1","media_url":"https://m.example.com/a?sig=1"}`)
	if link, err := p.Link(context.Background(), fresh(), model.LinkRecording); err != nil || link != "https://m.example.com/a?sig=1" || f.take()[0] != "GET /v2/engagements/ngmt_1?expand=media_url" {
		t.Errorf("recording: got %q, error %v", link, err)
	}
	for body, kind := range map[string]model.ErrorKind{`{"id":"ngmt_1","media_url":null}`: model.NotFound, `{"media_url":"file:///etc/passwd"}`: model.Malformed} {
		f.answers["GET /v2/engagements/ngmt_1"] = says(200, body)
		if _, err := p.Link(context.Background(), fresh(), model.LinkRecording); model.KindOf(err) != kind {
			t.Errorf("recording: got %v, want %s", err, kind)
		}
	}
	f.answers["GET /v2/engagements"] = says(200, page(""))
	if s := fmt.Sprint(p.Check(context.Background())); !strings.Contains(s, "{API version true 2026-01 }") {
		t.Errorf("first version: got %s", s)
	}
	f.version = "2026-02"
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
		"/v2/engagements/{engagement_id}/contacts": true, "/v2/e/{id}": true, "v2/{id}": false, "/v2/contacts": false, "/{id}/../x": false, "/{id}?a=b": false, "//evil/{id}": false, "/{id}/{other}": false, "/{id}/{": false,
	} {
		if err := checkPath(path); (err == nil) != ok {
			t.Errorf("%s: got %v, want success %t", path, err, ok)
		}
	}
	if _, err := Factory().Open(providers.Account{Settings: map[string]string{"replace_contacts_path": "/x"}}); err == nil {
		t.Errorf("Open accepted a path without {engagement_id}")
	}
}
