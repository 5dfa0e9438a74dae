package bird

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

func TestEndpoints(t *testing.T) {
	p, _ := openStub(t, accept)
	c := p
	for _, tt := range []struct {
		call  providers.Call
		write bool
		want  string
	}{
		{c.page(calls.ListConversations, "", 100, ""), false, "GET " + base + "/conversations?limit=100"},
		{c.page(calls.ListConversations, "", 100, "a=+/b"), false, "GET " + base + "/conversations?limit=100&pageToken=a%3D%2B%2Fb"},
		{c.call(calls.GetConversation, "x/y", nil), false, "GET " + base + "/conversations/x%2Fy"},
		{c.call(calls.CreateConversation, "", map[string]string{"name": "n"}), true, "POST " + base + `/conversations {"name":"n"}`},
		{c.call(calls.UpdateConversation, c1, map[string]string{}), true, "PATCH " + one + " {}"},
		{c.call(calls.DeleteConversation, c1, nil), true, "DELETE " + one},
		{c.page(calls.ListMessages, c1, 100, "t"), false, "GET " + one + "/messages?limit=100&pageToken=t"},
		{c.page(calls.ListParticipants, c1, 100, ""), false, "GET " + one + "/participants?limit=100"},
		{c.call(calls.AddParticipant, c1, map[string]string{"id": "u", "type": "user"}), true, "POST " + one + `/participants {"id":"u","type":"user"}`},
		{c.participant(calls.SetParticipant, c1, "p", map[string]string{"status": "active"}), true, "PATCH " + one + `/participants/p {"status":"active"}`},
		{c.participant(calls.RemoveParticipant, c1, "p", nil), true, "DELETE " + one + "/participants/p"},
		{c.page(calls.ListContacts, "", 50, "t"), false, "GET " + base + "/contacts?limit=50&pageToken=t"},
		{c.call(calls.GetContact, "x", nil), false, "GET " + base + "/contacts/x"},
		{c.contactsWith("emailaddress", "a@b.c"), false, "POST " + base + `/contacts/search {"identifier":{"key":"emailaddress","value":"a@b.c"}}`},
		{c.page(calls.ListChannels, "", 1000, ""), false, "GET " + base + "/channels?limit=1000"},
	} {
		r, err := c.Client.Request(tt.call)
		if err != nil {
			t.Fatal(err)
		}
		got := providertest.Request{Method: r.Method, Path: r.Path, Query: r.Query, Body: string(r.Body)}.Line()
		if got != tt.want || tt.call.Write != tt.write {
			t.Errorf("%s: %s (write %v), want %s (write %v)", tt.call.Name, got, tt.call.Write, tt.want, tt.write)
		}
	}
}

func TestHeaders(t *testing.T) {
	p, s := openStub(t, accept)
	p.Apply(t.Context(), fresh(), []model.Edit{edit(model.EditTitle, "t")})
	h := s.Sent[0].Header
	if h.Get("Authorization") != "AccessKey key-of-the-tests" || h.Get("Accept") != "application/json" || h.Get("Content-Type") != "application/json" {
		t.Errorf("got headers %v", h)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   model.Error
	}{
		{404, `{"code":"ResourceNotFound","message":"Gone."}`, model.Error{Kind: model.NotFound, Code: "ResourceNotFound", Message: "Gone."}},
		{422, `{"code":"InvalidPayload","message":"No.","details":{".b[0].c":["one","two"],".a":"three",".n":7}}`, model.Error{Kind: model.Invalid, Code: "InvalidPayload", Message: "No.",
			Fields: []model.FieldError{{Field: "a", Message: "three"}, {Field: "b[0].c", Message: "one; two"}, {Field: "n", Message: "7"}}}},
		{409, `{"code":"ResourceAlreadyExists","message":"Another.","details":{"conversationId":"c2"}}`, model.Error{Kind: model.ConflictKind, Code: "ResourceAlreadyExists", Message: "Another.", Existing: "c2"}},
		{401, `{"code":"Unauthorized","message":"Bad key."}`, model.Error{Kind: model.Unauthorized, Code: "Unauthorized", Message: "Bad key."}},
		{429, `{"code":"TooManyRequests","message":"Slow."}`, model.Error{Kind: model.RateLimited, Code: "TooManyRequests", Message: "Slow."}},
		{409, `{"code":"ResourceAlreadyExists","message":"Another.","details":{"conversationId":[]}}`, model.Error{Kind: model.ConflictKind, Code: "ResourceAlreadyExists", Message: "Another."}},
		{422, `not json`, model.Error{Kind: model.Invalid, Message: "not json"}},
		{403, `{"message":"No.","details":"free text"}`, model.Error{Kind: model.Forbidden, Message: "No."}},
		{500, `{"message":"Oops."}`, model.Error{Kind: model.UnknownOutcome, Message: "Oops."}},
	} {
		p, _ := openStub(t, func(providertest.Request) (int, string) { return tt.status, tt.body })
		_, err := p.Client.Do(t.Context(), p.call(calls.UpdateConversation, c1, map[string]string{}))
		got := *model.AsError(err)
		tt.want.Op, tt.want.Status = "change conversation", tt.status
		got.Hint, got.Err = "", nil
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%d %s (-want +got)\n%s", tt.status, tt.body, d)
		}
	}
}

func TestConflictOnReadIsRepeatedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := 1
		p, s := openStub(t, func(providertest.Request) (int, string) {
			if left--; left >= 0 {
				return 409, `{"code":"Conflict","message":"Busy."}`
			}
			return 200, row(c1, nil)
		})
		start := time.Now()
		if _, err := p.Load(t.Context(), c1, 0); err != nil || time.Since(start) != providers.ConflictPause || len(s.Lines()) != 2 {
			t.Errorf("got %v after %s and %v, want a second request after %s", err, time.Since(start), s.Lines(), providers.ConflictPause)
		}
		left = 9
		_, err := p.Load(t.Context(), c1, 0)
		wantKind(t, err, model.ConflictKind)
		if left != 7 {
			t.Errorf("got %d requests, want 2", 9-left)
		}
	})
}

func collect(rows *[]string, stopAfter int) func(model.Batch) (bool, error) {
	pages := 0
	return func(b model.Batch) (bool, error) {
		for _, c := range b.Conversations {
			*rows = append(*rows, c.Ref.ID)
		}
		pages++
		return pages != stopAfter, nil
	}
}

func TestSync(t *testing.T) {
	pages := func(r providertest.Request) (int, string) {
		switch {
		case strings.Contains(r.Query, "pageToken=old"):
			return 422, `{"code":"InvalidPayload","message":"No such page."}`
		case strings.Contains(r.Query, "pageToken=gone"):
			return 404, `{"code":"ResourceNotFound","message":"No such page."}`
		case strings.Contains(r.Query, "pageToken=other"):
			return 409, `{"message":"The page is of another list."}`
		case strings.Contains(r.Query, "pageToken=t2"):
			return 200, results("", row("c", nil))
		case strings.Contains(r.Query, "pageToken=t1"):
			return 200, results("t2", row("b", nil))
		case strings.Contains(r.Query, "pageToken=loop"):
			return 200, results("loop", row("x", nil))
		}
		return 200, results("t1", row("a", nil))
	}
	for _, tt := range []struct {
		name string
		req  model.SyncRequest
		stop int
		rows string
		want model.SyncResult
		kind model.ErrorKind
	}{
		{"all of it", model.SyncRequest{Mode: model.SyncFull}, 0, "a b c", model.SyncResult{Complete: true}, ""},
		{"the head, stopped", model.SyncRequest{Mode: model.SyncHead}, 1, "a", model.SyncResult{}, ""},
		{"the head, to its end", model.SyncRequest{Mode: model.SyncHead, Cursor: "page:t1"}, 0, "a b c", model.SyncResult{Complete: true}, ""},
		{"stopped in the middle", model.SyncRequest{Mode: model.SyncFull}, 2, "a b", model.SyncResult{Cursor: "page:t2"}, ""},
		{"stopped at the last page", model.SyncRequest{Mode: model.SyncFull}, 3, "a b c", model.SyncResult{}, ""},
		{"resumed", model.SyncRequest{Mode: model.SyncFull, Cursor: "page:t2"}, 0, "c", model.SyncResult{Complete: true}, ""},
		{"a token that has ended", model.SyncRequest{Mode: model.SyncFull, Cursor: "page:old"}, 0, "a b c", model.SyncResult{Complete: true}, ""},
		{"a token that is not found", model.SyncRequest{Mode: model.SyncFull, Cursor: "page:gone"}, 0, "a b c", model.SyncResult{Complete: true}, ""},
		{"a token in conflict", model.SyncRequest{Mode: model.SyncFull, Cursor: "page:other"}, 0, "a b c", model.SyncResult{Complete: true}, ""},
		{"a token that comes twice", model.SyncRequest{Mode: model.SyncFull, Cursor: "page:loop"}, 0, "x", model.SyncResult{}, model.Malformed},
		{"a cursor of another kind", model.SyncRequest{Mode: model.SyncFull, Cursor: "?"}, 0, "a b c", model.SyncResult{Complete: true}, ""},
	} {
		p, s := openStub(t, pages)
		var rows []string
		got, err := p.Sync(t.Context(), tt.req, collect(&rows, tt.stop))
		if strings.Join(rows, " ") != tt.rows || got != tt.want || model.KindOf(err) != tt.kind {
			t.Errorf("%s: got rows %v, %+v, %v", tt.name, rows, got, err)
		}
		for _, l := range s.Lines() {
			if !strings.Contains(l, "limit=100") {
				t.Errorf("%s: sent %s, want limit=100", tt.name, l)
			}
		}
	}
}

func TestSyncOfMalformedAnswers(t *testing.T) {
	for _, tt := range []struct {
		body string
		kind model.ErrorKind
		rows int
	}{
		{`{}`, model.Malformed, 0},
		{`{"results":{}}`, model.Malformed, 0},
		{`{"results":null}`, "", 0},
		{`[]`, model.Malformed, 0},
		{`{"results":[null,5,{"id":"a"}]}`, "", 1},
		{`{"results":[],"nextPageToken":"` + strings.Repeat("x", maxToken+1) + `"}`, model.Malformed, 0},
	} {
		p, _ := openStub(t, func(providertest.Request) (int, string) { return 200, tt.body })
		var rows []string
		got, err := p.Sync(t.Context(), model.SyncRequest{Mode: model.SyncFull}, collect(&rows, 0))
		if model.KindOf(err) != tt.kind || len(rows) != tt.rows {
			t.Errorf("%.60s: got rows %v, error %v; want %d rows and kind %q", tt.body, rows, err, tt.rows, tt.kind)
		}
		if got.Complete {
			t.Errorf("%.60s: the walk is complete", tt.body)
		}
	}
}

func TestLookup(t *testing.T) {
	const noContact = "0d5f1c0a-7b52-4e8e-9a41-2c6d80f1b700"
	contact := func(id, name, email string) string {
		return `{"id":"` + id + `","computedDisplayName":"` + name + `","featuredIdentifiers":[{"key":"phonenumber","value":"+1"},{"key":"emailaddress","value":"` + email + `"}]}`
	}
	p, s := openStub(t, func(r providertest.Request) (int, string) {
		switch {
		case strings.HasSuffix(r.Path, "/agents") && strings.Contains(r.Query, "pageToken=refused"):
			return 401, `{"code":"Unauthorized","message":"no AgentViewerPolicy"}`
		case strings.HasSuffix(r.Path, "/agents"):
			return 200, results("", `{"id":"us-1","displayName":"Ann Desk","email":"ann@desk.test"}`, `{"id":"us-2","displayName":"Bob Desk"}`,
				`{"id":"0d5f1c0a-7b52-4e8e-9a41-2c6d80f1b7e3","displayName":"Eve Desk"}`)
		case strings.HasSuffix(r.Path, "/contacts/search") && strings.Contains(r.Body, "alone@"):
			return 200, contact("5", "Al", "alone@example.com")
		case strings.HasSuffix(r.Path, "/contacts/search") && strings.Contains(r.Body, "nobody@"):
			return 404, `{"code":"ResourceNotFound","message":"no"}`
		case strings.HasSuffix(r.Path, "/contacts/search"):
			return 200, results("", contact("1", "Ann", "ann@example.com"))
		case strings.HasSuffix(r.Path, "/contacts") && strings.Contains(r.Query, "pageToken=p2"):
			return 200, results("", contact("4", "Ánna", "x@y.z"))
		case strings.HasSuffix(r.Path, "/contacts"):
			return 200, results("p2", contact("1", "Ann", "a@b.c"), contact("2", "Hannah", "h@b.c"), contact("3", "Bob", "b@b.c"))
		}
		if strings.HasSuffix(r.Path, "/contacts/"+noContact) {
			return 200, `{"computedDisplayName":"without an id"}`
		}
		return 404, `{"code":"ResourceNotFound","message":"no"}`
	})
	for _, tt := range []struct {
		req    model.LookupRequest
		ids    string
		cursor string
		sent   string
	}{
		{model.LookupRequest{Kind: model.LookupContacts, Text: "ann@example.com"}, "1", "", `{"identifier":{"key":"emailaddress","value":"ann@example.com"}}`},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "alone@example.com"}, "5", "", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "nobody@example.com"}, "", "", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "+31 6 1234-5678"}, "1", "", `{"identifier":{"key":"phonenumber","value":"+31612345678"}}`},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "whatsappusername=wa.7"}, "1", "", `{"identifier":{"key":"whatsappusername","value":"wa.7"}}`},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "emailaddress="}, "1 2 3 4", "", "GET " + base + "/contacts?limit=100&pageToken=p2"},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "ann"}, "1 2 4", "", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "ann", Limit: 2}, "1 2", "0:p2", "GET " + base + "/contacts?limit=100"},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "ann", Limit: 1}, "1", "1:", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Text: "ann", Limit: 1, Cursor: "1:"}, "2", "0:p2", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Limit: 2, Cursor: "2:"}, "3 4", "", ""},
		{model.LookupRequest{Kind: model.LookupContacts, Text: c1}, "", "", "GET " + base + "/contacts/" + c1},
		{model.LookupRequest{Kind: model.LookupUsers, Text: c1}, "", "", "GET " + base + "/agents?limit=100"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "0d5f1c0a-7b52-4e8e-9a41-2c6d80f1b7e3"}, "0d5f1c0a-7b52-4e8e-9a41-2c6d80f1b7e3", "", ""},
		{model.LookupRequest{Kind: model.LookupFlows, Text: c1}, "", "", ""},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "ann"}, "us-1", "", "GET " + base + "/agents?limit=50&name=ann"},
		{model.LookupRequest{Kind: model.LookupUsers, Text: "ann@desk.test"}, "us-1", "", "GET " + base + "/agents?email=ann@desk.test&limit=50"},
		{model.LookupRequest{Kind: model.LookupUsers, Limit: 2, Cursor: "refused"}, "", "", ""},
		{model.LookupRequest{Kind: model.LookupFlows, Text: "ann"}, "", "", ""},
		{model.LookupRequest{Kind: model.LookupChannels, Text: "MAIL"}, "ch-1", "", ""},
	} {
		got, err := p.Lookup(t.Context(), tt.req)
		var ids []string
		for _, x := range got.Items {
			ids = append(ids, x.ID)
		}
		if err != nil || strings.Join(ids, " ") != tt.ids || got.Cursor != tt.cursor {
			t.Errorf("%+v: got %v, cursor %q, error %v; want %s, %q", tt.req, ids, got.Cursor, err, tt.ids, tt.cursor)
		}
		if lines := s.Lines(); tt.sent != "" && !strings.HasSuffix(lines[len(lines)-1], tt.sent) {
			t.Errorf("%+v: sent %s, want %s", tt.req, lines[len(lines)-1], tt.sent)
		}
	}
	_, err := p.Lookup(t.Context(), model.LookupRequest{Kind: model.LookupGroups})
	wantKind(t, err, model.Unsupported)
	_, err = p.Lookup(t.Context(), model.LookupRequest{Kind: model.LookupContacts, Text: noContact})
	wantKind(t, err, model.Malformed)
}

func TestOpen(t *testing.T) {
	good := providers.Account{BaseURL: "https://x.example", Credential: providertest.Credential("12345678"), Settings: map[string]string{settingWorkspace: workspace}}
	if _, err := Factory().Open(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*providers.Account){
		"no workspace":   func(a *providers.Account) { a.Settings = nil },
		"a short name":   func(a *providers.Account) { a.Settings = map[string]string{settingWorkspace: "ws_abc"} },
		"no credential":  func(a *providers.Account) { a.Credential = nil },
		"a path in it":   func(a *providers.Account) { a.Settings = map[string]string{settingWorkspace: "a/b"} },
		"plain http":     func(a *providers.Account) { a.BaseURL = "http://x.example" },
		"not an address": func(a *providers.Account) { a.BaseURL = "::" },
	} {
		a := good
		change(&a)
		if _, err := Factory().Open(a); err == nil {
			t.Errorf("%s: Open accepted it", name)
		}
	}
	p, err := Factory().Open(providers.Account{Credential: providertest.Credential("k"), Settings: map[string]string{settingWorkspace: "w"}})
	if err != nil || p.Describe().Identity != "bird https://api.bird.com w" {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestEveryCapabilityHasAReason(t *testing.T) {
	p, _ := openStub(t, accept)
	caps := p.Capabilities(fresh())
	for _, k := range model.EditKinds() {
		if c, ok := caps[k]; !ok || c.Reason == "" || c.State == model.CapabilityAssumed && !strings.Contains(c.Reason, "assumed") {
			t.Errorf("%s: got %+v", k, c)
		}
	}
	for _, row := range service.Table {
		if row.State != model.CapabilityNo && row.Call == "" {
			t.Errorf("%s names no call", row.Kind)
		}
	}
	if p.Needs(model.EditTitle) != 0 || p.Needs(model.EditTitle, model.EditParticipants) != model.NeedParticipants {
		t.Errorf("Needs: want the participants for participants alone")
	}
}

func TestCheck(t *testing.T) {
	p, _ := openStub(t, func(r providertest.Request) (int, string) {
		if strings.HasSuffix(r.Path, "/contacts") {
			return http.StatusForbidden, `{"code":"Forbidden","message":"No policy."}`
		}
		return 200, results("")
	})
	got := p.Check(t.Context())
	want := []string{"conversations", "channels", "contacts", "users"} // the other checks need a conversation
	for i, name := range want {
		if i >= len(got) || got[i].Name != name || got[i].OK == (name == "contacts") {
			t.Fatalf("line %d: got %+v, want %s", i, got, name)
		}
	}
	if !strings.Contains(got[2].Detail, "No policy.") || got[2].Kind != model.Forbidden {
		t.Errorf("contacts: got %+v, want Forbidden", got)
	}
}

// Inboxes are known from other programs alone. A workspace without them, or a key without a right to them, is well; a service that
// fails is not.
func TestCheckOfInboxes(t *testing.T) {
	for status, want := range map[int]string{
		200: "who has it", 401: "not shown: the access key has no right", 403: "not shown: No.", 404: "not shown: the service has none",
		405: "not shown: the service has none", 422: "", 500: "",
	} {
		p, _ := openStub(t, func(r providertest.Request) (int, string) {
			switch {
			case status != 200 && strings.HasSuffix(r.Path, "/feed-items"):
				return status, `{"code":"No","message":"No."}`
			case strings.HasSuffix(r.Path, "/conversations"):
				return 200, results("", row(c1, nil))
			}
			return 200, results("")
		})
		got := p.Check(t.Context())[3]
		if got.Name != "inboxes" || got.OK != (want != "") || !strings.HasPrefix(got.Detail, want) {
			t.Errorf("%d: got %+v, want %q", status, got, want)
		}
	}
}
