package sandbox

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// What the description of the service says.
const (
	birdWorkspace = "5f3d1c0a-7b52-4e8e-9a41-2c6d80f1b7e3"
	birdToken     = "bird-sandbox-8Vd2QmXn4TzLrKc7"
)

// birdClient is a probe of the stand-in that sets the clock.
type birdClient struct {
	*testing.T
	*Bird
	probe
	clock *time.Time
}

func newBirdClient(t *testing.T, conversations int) *birdClient {
	t.Helper()
	clock := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := newTestSandbox(t, Options{Conversations: 4 * conversations, Seed: 7, Now: func() time.Time { return clock }})
	return &birdClient{t, s.Bird(), newProbe(t, s, "bird"), &clock}
}

// do sends a request below the workspace (a path without a leading slash) or below /bird, and decodes the answer.
func (c *birdClient) do(method, path, body string) (int, map[string]any) {
	c.Helper()
	if !strings.HasPrefix(path, "/") {
		path = "/workspaces/" + birdWorkspace + "/" + path
	}
	r := c.probe.do(method, path, body)
	if r.text == "" {
		return r.status, nil
	}
	return r.status, r.object(c.T)
}

// want sends a request and checks the status of the answer and the form of an error.
func (c *birdClient) want(status int, method, path, body string) map[string]any {
	c.Helper()
	got, out := c.do(method, path, body)
	if got != status {
		c.Fatalf("%s %s %s: status %d, want %d: %v", method, path, body, got, status, out)
	}
	if status >= 400 && (out["code"] == "" || out["message"] == "" || out["code"] == nil || out["message"] == nil) {
		c.Fatalf("%s %s: error without code or message: %v", method, path, out)
	}
	return out
}

// walk reads all pages of a list and returns the ids.
func (c *birdClient) walk(path string, each func(row map[string]any)) []string {
	c.Helper()
	var ids []string
	next := path
	for pages := 0; ; pages++ {
		if pages > 10_000 {
			c.Fatal("the walk doesn't end")
		}
		page := c.want(200, "GET", next, "")
		rows, ok := page["results"].([]any)
		if !ok {
			c.Fatalf("%s: the page has no list of results: %v", next, page)
		}
		for _, row := range rows {
			m := row.(map[string]any)
			ids = append(ids, m["id"].(string))
			if each != nil {
				each(m)
			}
		}
		token, more := page["nextPageToken"].(string)
		if !more {
			return ids
		}
		if !strings.HasSuffix(token, "=") || len(rows) == 0 {
			c.Fatalf("%s: after %d rows the token is %q, want rows and a token that must be escaped", next, len(rows), token)
		}
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		next = path + sep + "pageToken=" + url.QueryEscape(token)
	}
}

func TestBirdAuthorization(t *testing.T) {
	c := newBirdClient(t, 20)
	for _, auth := range []string{"", birdToken, "Bearer " + birdToken, "accesskey " + birdToken, "AccessKey  " + birdToken, "AccessKey nope"} {
		c.auth = auth
		c.want(401, "GET", "conversations", "")
	}
	c.auth = "AccessKey " + birdToken
	c.want(200, "GET", "conversations", "")
	c.want(404, "GET", "/workspaces/ws_abc/conversations", "")
	c.want(404, "GET", "/workspaces/11111111-1111-4111-8111-111111111111/conversations", "")
	c.s.Revoke("bird")
	c.want(401, "GET", "conversations", "")
}

func TestBirdRefusesWhatIsNotDocumented(t *testing.T) {
	c := newBirdClient(t, 60)
	id := c.IDs()[0]
	one := "conversations/" + id
	tests := []struct {
		status             int
		method, path, body string
	}{
		{404, "GET", "nothing", ""},
		{404, "GET", "conversations/", ""},
		{404, "GET", one + "/unknown", ""},
		{404, "GET", "conversations/" + strings.Repeat("0", 36), ""},
		{404, "GET", "conversations/not-a-uuid", ""},
		{405, "PUT", one, "{}"},
		{405, "DELETE", "conversations", ""},
		{422, "GET", "conversations?limit=0", ""},
		{422, "GET", "conversations?limit=101", ""},
		{422, "GET", "conversations?limit=ten", ""},
		{422, "GET", "conversations?limit=5&limit=6", ""},
		{422, "GET", "conversations?status=active", ""},
		{422, "GET", "conversations?reverse=true", ""},
		{422, "GET", "conversations?pageToken=", ""},
		{422, "GET", "conversations?pageToken=QUJD", ""},
		{422, "GET", "conversations?pageToken=" + strings.Repeat("A", 8001), ""},
		{422, "GET", one + "?expand=1", ""},
		{422, "PATCH", one, "nope"},
		{422, "PATCH", one, "[]"},
		{422, "PATCH", one, `null`},
		{422, "PATCH", one, `{"status":"deleted"}`},
		{422, "PATCH", one, `{"status":"snoozed"}`},
		{422, "PATCH", one, `{"status":null}`},
		{422, "PATCH", one, `{"visibility":"direct"}`},
		{422, "PATCH", one, `{"accessibility":"closed"}`},
		{422, "PATCH", one, `{"name":1}`},
		{422, "PATCH", one, `{"id":"x"}`},
		{422, "PATCH", one, `{"updatedAt":"2026-01-01T00:00:00Z"}`},
		{422, "PATCH", one, `{"assigneeId":null}`},
		{422, "PATCH", one, `{"attributes":{"a":1}}`},
		{422, "PATCH", one, `{"attributes":{"a":null}}`},
		{422, "PATCH", one, `{"attributes":null}`},
		{422, "PATCH", one, `{"attributes":7}`},
		{422, "POST", "conversations", `{"name":"x","participants":7}`},
		{422, "POST", "conversations", `{"name":"x","participants":[{"type":"user","id":"nobody"}]}`},
		{422, "POST", "conversations", `{"name":"x","initialMessage":7}`},
		{422, "POST", "conversations", `{"name":"x","initialMessage":{"body":{"type":"text","text":{"text":""}}}}`},
		{422, "POST", "conversations", `{"name":"x","initialMessage":{"body":{"type":"html","html":{"text":"x"}}}}`},
		{422, "POST", "conversations", `{}`},
		{422, "POST", "conversations", `{"name":null}`},
		{422, "POST", "conversations", `{"name":"x","title":"y"}`},
		{422, "POST", "conversations", `{"name":"x","channelId":"` + birdWorkspace + `"}`},
		{422, "POST", "conversations", `{"name":"x","participants":[{"type":"contact","id":"` + c.uuid("contact", 0) + `"}]}`},
		{422, "POST", "conversations", `{"name":"x","participants":[` + strings.Repeat(`{"type":"user","id":"`+c.uuid("user", 1)+`"},`, 5) +
			`{"type":"user","id":"` + c.uuid("user", 2) + `"}]}`},
		{422, "POST", one + "/participants", `{"type":"accessKey","id":"` + c.uuid("accessKey", 0) + `"}`},
		{422, "POST", one + "/participants", `{"type":"user"}`},
		{422, "POST", one + "/participants", `{"type":"user","id":"` + c.uuid("user", 1) + `","role":"admin"}`},
		{422, "POST", one + "/participants", `{"type":"contact","contact":{"identifierKey":"emailaddress","identifierValue":"nobody@nowhere.example"}}`},
		{404, "POST", one + "/participants", `{"type":"user","id":"` + c.uuid("contact", 1) + `"}`},
		{422, "GET", one + "/messages?dateFrom=yesterday", ""},
		{422, "GET", one + "/messages?page=2", ""},
		{422, "GET", "channels?limit=1001", ""},
		{422, "GET", "contacts?name=x", ""},
		{422, "GET", "conversations?resource=task:" + birdWorkspace, ""},
		{405, "POST", one + "/messages", `{}`},
		{405, "GET", one + "/participants/nobody", ""},
		{404, "GET", one + "/", ""},
		{404, "GET", "conversations//" + id, ""},
		{404, "GET", "conversations/a%2F..%2Fb", ""},
		{422, "POST", "search/feed-items", `{"unread":true}`},
		{422, "POST", "search/feed-items", `{"conversationIds":"` + id + `"}`},
		{422, "POST", "contacts/search", `{}`},
		{422, "POST", "contacts/search", `{"identifier":{"key":"emailaddress"}}`},
	}
	before := c.JSON(id)
	for _, tt := range tests {
		out := c.want(tt.status, tt.method, tt.path, tt.body)
		if tt.status == 422 && out["code"] != "InvalidPayload" || tt.status == 404 && out["code"] != "ResourceNotFound" {
			t.Errorf("%s %s %s: a %d has the code %v", tt.method, tt.path, tt.body, tt.status, out["code"])
		}
	}
	out := c.want(422, "PATCH", one, `{"status":"gone","attributes":{"a b":7}}`)
	for _, path := range []string{".status", ".attributes.a b"} {
		if sentences, _ := out["details"].(map[string]any)[path].([]any); len(sentences) == 0 {
			t.Errorf("the details %v have no sentence for %s", out["details"], path)
		}
	}
	if after := c.JSON(id); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("a refused request changed the conversation:\n%v\n%v", before, after)
	}
	req := c.request(t.Context(), "PATCH", "/workspaces/"+birdWorkspace+"/"+one, `{"name":"x"}`)
	req.Header.Set("Content-Type", "text/plain")
	if r, err := c.send(req); err != nil || r.status != 415 {
		t.Errorf("a body of type text/plain: got status %d, error %v; want 415", r.status, err)
	}
}

func docHas(m map[string]any, key string) bool { _, ok := m[key]; return ok }

func docGet(m map[string]any, path ...string) any {
	var v any = m
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// An access key without a policy for a part of the API gets 401 there and nowhere else.
func TestBirdKeysWithPartialRights(t *testing.T) {
	c := newBirdClient(t, 20)
	id := c.IDs()[0]
	one := "conversations/" + id
	calls := map[string][3]string{
		"messages": {"GET", one + "/messages", ""}, "participants": {"GET", one + "/participants", ""}, "contacts": {"GET", "contacts", ""},
		"channels": {"GET", "channels", ""}, "agents": {"GET", "agents", ""},
		"feed-items": {"POST", "search/feed-items", `{"conversationIds":["` + id + `"]}`},
	}
	check := func(status int, denied ...string) {
		t.Helper()
		for part, call := range calls {
			want := 200
			if slices.Contains(denied, part) {
				want = status
			}
			c.want(want, call[0], call[1], call[2])
		}
		c.want(200, "GET", "conversations", "")
		c.want(200, "GET", one, "")
	}
	all := slices.Collect(maps.Keys(calls))
	for _, part := range all {
		c.Set(Switches{"NoRights": []string{part}})
		check(401, part)
	}
	c.Set(Switches{"NoRights": all})
	check(401, all...)
	c.Set(Switches{"NoRights": []string{"conversations"}})
	c.want(401, "GET", "conversations", "")
	c.want(401, "GET", one, "")
	c.want(200, "GET", "channels", "")
	c.Set(Switches{"NoRights": nil, "ForbidDirectory": true})
	check(403, "contacts", "channels", "agents", "feed-items")
}

func TestBirdConflictSwitches(t *testing.T) {
	c := newBirdClient(t, 20)
	id := c.IDs()[0]
	c.Set(Switches{"ConflictOnGet": 2, "ConflictOnPatch": 1})
	c.want(409, "GET", "conversations/"+id, "")
	c.want(409, "GET", "conversations/"+id+"/messages", "")
	c.want(200, "GET", "conversations/"+id, "")
	if out := c.want(409, "PATCH", "conversations/"+id, `{"name":"x"}`); docHas(out, "details") {
		t.Errorf("a conflict without a known cause has details: %v", out)
	}
	c.want(200, "PATCH", "conversations/"+id, `{"name":"x"}`)
	c.AnswerNext(500, 1)
	c.want(500, "GET", "conversations", "")
	c.want(200, "GET", "conversations", "")
}
