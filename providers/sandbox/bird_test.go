package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
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

// birdClient is a plain HTTP client of the stand-in that sets the clock.
type birdClient struct {
	*testing.T
	*Bird
	sandbox *Sandbox
	auth    string
	clock   *time.Time
}

func newBirdClient(t *testing.T, conversations int) birdClient {
	t.Helper()
	clock := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s, err := New(Options{Conversations: 4 * conversations, Seed: 7, Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	return birdClient{t, s.Bird(), s, "AccessKey " + birdToken, &clock}
}

// do sends a request below the workspace (a path without a leading slash) or below /bird, and decodes the answer.
func (c birdClient) do(method, path, body string) (int, map[string]any) {
	c.Helper()
	if !strings.HasPrefix(path, "/") {
		path = "/workspaces/" + birdWorkspace + "/" + path
	}
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(c.Context(), method, "http://sandbox.test/bird"+path, in)
	if err != nil {
		c.Fatal(err)
	}
	if c.auth != "" {
		r.Header.Set("Authorization", c.auth)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.sandbox.Transport().RoundTrip(r)
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.Fatal(err)
	}
	var out map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			c.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	return resp.StatusCode, out
}

// want sends a request and checks the status of the answer and the form of an error.
func (c birdClient) want(status int, method, path, body string) map[string]any {
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
func (c birdClient) walk(path string, each func(row map[string]any)) []string {
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
			c.Fatalf("no results array in %v", page)
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
			c.Fatalf("token %q after %d rows", token, len(rows))
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
	c.sandbox.Revoke("bird")
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
		{422, "POST", "conversations", `{}`},
		{422, "POST", "conversations", `{"name":null}`},
		{422, "POST", "conversations", `{"name":"x","title":"y"}`},
		{422, "POST", "conversations", `{"name":"x","channelId":"` + birdWorkspace + `"}`},
		{422, "POST", "conversations", `{"name":"x","participants":[{"type":"contact","id":"` + c.uuid("contact", 0) + `"}]}`},
		{422, "POST", "conversations", `{"name":"x","participants":[{},{},{},{},{},{}]}`},
		{422, "POST", one + "/participants", `{"type":"accessKey","id":"` + c.AccessKeyID() + `"}`},
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
			t.Errorf("%s %s %s: code %v", tt.method, tt.path, tt.body, out["code"])
		}
	}
	out := c.want(422, "PATCH", one, `{"status":"gone","attributes":{"a b":7}}`)
	for _, path := range []string{".status", ".attributes.a b"} {
		if sentences, _ := out["details"].(map[string]any)[path].([]any); len(sentences) == 0 {
			t.Errorf("details %v have no sentences for %s", out["details"], path)
		}
	}
	if after := c.JSON(id); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("a refused request changed the conversation:\n%v\n%v", before, after)
	}
	if status, _ := c.doAs("text/plain", "PATCH", one, `{"name":"x"}`); status != 415 {
		t.Errorf("a body that isn't JSON: status %d", status)
	}
}

func (c birdClient) doAs(kind, method, path, body string) (int, error) {
	r, err := http.NewRequestWithContext(c.Context(), method, "http://sandbox.test/bird/workspaces/"+birdWorkspace+"/"+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", c.auth)
	r.Header.Set("Content-Type", kind)
	resp, err := c.sandbox.Transport().RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func TestBirdPaging(t *testing.T) {
	c := newBirdClient(t, 137)
	if page := c.want(200, "GET", "conversations", ""); len(page["results"].([]any)) != 10 {
		t.Errorf("default page of %d rows", len(page["results"].([]any)))
	}
	var last time.Time
	newestFirst := c.walk("conversations?limit=9", func(row map[string]any) {
		at, err := time.Parse(time.RFC3339Nano, row["createdAt"].(string))
		if err != nil || !last.IsZero() && at.After(last) {
			t.Errorf("a row of %v follows one of %v: %v", at, last, err)
		}
		last = at
	})
	if !slices.Equal(newestFirst, c.IDs()) || len(newestFirst) != 137 || c.Len() != 137 {
		t.Errorf("%d rows by paging, %d ids, Len %d", len(newestFirst), len(c.IDs()), c.Len())
	}
	for _, path := range []string{"contacts?limit=100", "channels", "agents", "agents?limit=7"} {
		ids := c.walk(path, nil)
		unique := slices.Clone(ids)
		slices.Sort(unique)
		if len(slices.Compact(unique)) != len(ids) || len(ids) < 11 {
			t.Errorf("%s: %d rows, %d different", path, len(ids), len(slices.Compact(unique)))
		}
	}
}

func TestBirdPageBoundarySurvivesChanges(t *testing.T) {
	c := newBirdClient(t, 40)
	ids := c.IDs()
	page := c.want(200, "GET", "conversations?limit=10", "")
	token := url.QueryEscape(page["nextPageToken"].(string))
	c.want(204, "DELETE", "conversations/"+ids[9], "") // the row that the token names
	c.want(204, "DELETE", "conversations/"+ids[10], "")
	c.want(201, "POST", "conversations", `{"name":"new"}`)
	page = c.want(200, "GET", "conversations?limit=10&pageToken="+token, "")
	if first := page["results"].([]any)[0].(map[string]any)["id"]; first != ids[11] {
		t.Errorf("the second page starts with %v, want %v", first, ids[11])
	}
	if got := c.IDs(); len(got) != 39 || c.Len() != 39 || got[1] != ids[0] {
		t.Errorf("%d rows, Len %d", len(got), c.Len())
	}
	raw, err := base64.StdEncoding.DecodeString(page["nextPageToken"].(string))
	var pair []string
	if err != nil || json.Unmarshal(raw, &pair) != nil || len(pair) != 2 {
		t.Errorf("token holds %q: %v", raw, err)
	}
}

func TestBirdTokenSwitches(t *testing.T) {
	c := newBirdClient(t, 40)
	token := c.want(200, "GET", "conversations", "")["nextPageToken"].(string)
	c.Set(Switches{"ExpirePageTokens": 1})
	c.want(422, "GET", "conversations?pageToken="+url.QueryEscape(token), "")
	c.Set(Switches{"RepeatPageToken": true})
	page := c.want(200, "GET", "conversations?pageToken="+url.QueryEscape(token), "")
	if page["nextPageToken"] != token {
		t.Errorf("token %v, want %v again", page["nextPageToken"], token)
	}
}

func TestBirdOddRows(t *testing.T) {
	c := newBirdClient(t, 100)
	odd := map[string]int{}
	precision := map[int]int{}
	for _, id := range c.IDs() {
		doc := c.want(200, "GET", "conversations/"+id, "")
		people := c.Participants(id)
		featured := doc["featuredParticipants"].([]any)
		if len(featured) != min(5, len(people)) {
			t.Fatalf("%s: %d featured of %d", id, len(featured), len(people))
		}
		active := 0
		for _, p := range people {
			if p["status"] == "active" {
				active++
			}
			if p["displayName"] == "" {
				odd["empty display name"]++
			}
			if p["type"] == "supervisor" {
				odd["unknown participant type"]++
			}
		}
		for what, yes := range map[string]bool{
			"fourteen participants":   len(people) == 14,
			"wrong counts":            doc["activeParticipantCount"] != float64(active),
			"channelId null":          doc["channelId"] == nil && docHas(doc, "channelId"),
			"unknown visibility":      doc["visibility"] == "direct",
			"unknown style":           doc["style"] == "broadcastRoom",
			"extra field":             docHas(doc, "experiments"),
			"newer schema":            docHas(doc, "assigneeId"),
			"attributes null":         docHas(doc, "attributes") && doc["attributes"] == nil,
			"attributes missing":      !docHas(doc, "attributes"),
			"no last message":         !docHas(doc, "lastMessage"),
			"last message null":       docHas(doc, "lastMessage") && doc["lastMessage"] == nil,
			"empty name":              doc["name"] == "",
			"escape bytes in a name":  strings.Contains(doc["name"].(string), "\x1b"),
			"closed":                  doc["status"] == "closed",
			"active":                  doc["status"] == "active",
			"unknown status":          doc["status"] == "snoozed",
			"private":                 doc["visibility"] == "private",
			"email":                   doc["platformStyle"] == "email",
			"attributes not a string": fmt.Sprintf("%T", docGet(doc, "attributes", "vip")) == "bool",
		} {
			if yes {
				odd[what]++
			}
		}
		if m, ok := doc["lastMessage"].(map[string]any); ok {
			if docHas(m, "body") {
				t.Error("lastMessage has a body")
			}
			if docHas(m, "recipients") && m["recipients"] == nil {
				odd["recipients null"]++
			}
			newest := c.want(200, "GET", "conversations/"+id+"/messages?limit=1", "")["results"].([]any)[0].(map[string]any)
			if newest["id"] != m["id"] || newest["createdAt"] != m["createdAt"] {
				t.Errorf("%s: last message %v is not the newest %v", id, m, newest)
			}
		}
		at := doc["createdAt"].(string)
		_, fraction, _ := strings.Cut(strings.TrimSuffix(at, "Z"), ".")
		precision[len(fraction)]++
	}
	for _, what := range []string{
		"empty display name", "unknown participant type", "fourteen participants", "wrong counts", "channelId null", "unknown visibility",
		"unknown style", "extra field", "newer schema", "attributes null", "attributes missing", "no last message", "last message null",
		"empty name", "escape bytes in a name", "closed", "active", "unknown status", "private", "email", "attributes not a string", "recipients null",
	} {
		if odd[what] == 0 {
			t.Errorf("no conversation has %s", what)
		}
	}
	if len(precision) < 4 {
		t.Errorf("the fractions of a second have the lengths %v", precision)
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

func TestBirdOneActiveConversationPerContactAndChannel(t *testing.T) {
	c := newBirdClient(t, 500)
	owner := map[string]string{}
	for _, id := range c.IDs() {
		doc := c.JSON(id)
		if doc["status"] != "active" || doc["channelId"] == nil {
			continue
		}
		key := fmt.Sprint(doc["channelId"], docGet(doc, "initiatingParticipant", "id"))
		if other, taken := owner[key]; taken {
			t.Errorf("%s and %s are both active for a contact on a channel", other, id)
		}
		owner[key] = id
	}
}

func TestBirdPatch(t *testing.T) {
	c := newBirdClient(t, 60)
	id := c.IDs()[1]
	before := c.JSON(id)
	after := c.want(200, "PATCH", "conversations/"+id, `{"visibility":"private","name":"new name"}`)
	want := maps.Clone(before)
	want["visibility"], want["name"], want["updatedAt"] = "private", "new name", after["updatedAt"]
	if fmt.Sprint(after) != fmt.Sprint(want) || fmt.Sprint(c.JSON(id)) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", after, want)
	}
	for range 3 { // without moving the clock
		prev := c.JSON(id)["updatedAt"].(string)
		now := c.want(200, "PATCH", "conversations/"+id, `{"description":"d"}`)["updatedAt"].(string)
		a, _ := time.Parse(time.RFC3339Nano, prev)
		b, err := time.Parse(time.RFC3339Nano, now)
		if err != nil || !b.After(a) {
			t.Errorf("updatedAt %s after %s", now, prev)
		}
	}
	if doc := c.want(200, "PATCH", "conversations/"+id, `{"name":null}`); doc["name"] != "" {
		t.Errorf("a null name is stored as %q", doc["name"])
	}
	c.Set(Switches{"NullKeepsName": true})
	if doc := c.want(200, "PATCH", "conversations/"+id, `{"description":null}`); doc["description"] != "d" {
		t.Errorf("with NullKeepsName, the description is %q", doc["description"])
	}
	c.want(200, "PATCH", "conversations/"+id, `{"attributes":{"a":"1"}}`)
	if doc := c.want(200, "PATCH", "conversations/"+id, `{"attributes":{"b":"2"}}`); fmt.Sprint(doc["attributes"]) != "map[b:2]" {
		t.Errorf("replaced attributes are %v", doc["attributes"])
	}
	c.Set(Switches{"AttributesMerge": true})
	if doc := c.want(200, "PATCH", "conversations/"+id, `{"attributes":{"c":"3"}}`); fmt.Sprint(doc["attributes"]) != "map[b:2 c:3]" {
		t.Errorf("merged attributes are %v", doc["attributes"])
	}
	c.Set(Switches{"IgnoreVisibility": true})
	if doc := c.want(200, "PATCH", "conversations/"+id, `{"visibility":"public"}`); doc["visibility"] != "private" {
		t.Errorf("visibility is %v", doc["visibility"])
	}
}

func TestBirdReopeningConflict(t *testing.T) {
	c := newBirdClient(t, 300)
	var closed, active string
	for _, id := range c.IDs()[60:] {
		doc := c.JSON(id)
		for _, other := range c.IDs()[:60] {
			o := c.JSON(other)
			if o["status"] == "active" && doc["channelId"] != nil && o["channelId"] == doc["channelId"] &&
				docGet(o, "initiatingParticipant", "id") == docGet(doc, "initiatingParticipant", "id") {
				closed, active = id, other
			}
		}
		if closed != "" {
			break
		}
	}
	if closed == "" {
		t.Fatal("no pair of conversations of one contact")
	}
	if out := c.want(409, "PATCH", "conversations/"+closed, `{"status":"active"}`); out["code"] != "ResourceAlreadyExists" {
		t.Errorf("code %v", out["code"])
	}
	c.want(200, "PATCH", "conversations/"+active, `{"status":"closed"}`)
	c.want(200, "PATCH", "conversations/"+closed, `{"status":"active"}`)
	c.want(409, "PATCH", "conversations/"+active, `{"status":"active"}`)
}

func TestBirdCreate(t *testing.T) {
	c := newBirdClient(t, 60)
	n := 179 // a contact without conversations
	id := c.identifier(n, 0)
	body := fmt.Sprintf(`{"name":"Hello","visibility":"private","channelId":%q,"participants":[{"type":"contact","identifierKey":%q,"identifierValue":%q},{"type":"user","id":%q}],"initialMessage":{"body":{"type":"text","text":{"text":"Hi"}}}}`,
		c.uuid("channel", 0), id.key, id.value, c.uuid("user", 3))
	doc := c.want(201, "POST", "conversations", body)
	created := doc["id"].(string)
	if doc["status"] != "active" || doc["visibility"] != "private" || doc["accessibility"] != "open" || doc["activeParticipantCount"] != 2.0 ||
		docGet(doc, "lastMessage", "preview", "text") != "Hi" || c.IDs()[0] != created {
		t.Errorf("created %v", doc)
	}
	out := c.want(409, "POST", "conversations", body)
	if out["code"] != "ContactAlreadyInConversation" || docGet(out, "details", "conversationId") != created {
		t.Errorf("conflict %v", out)
	}
	c.want(200, "PATCH", "conversations/"+created, `{"status":"closed"}`)
	c.want(201, "POST", "conversations", body)
	c.want(204, "DELETE", "conversations/"+created, "")
	c.want(404, "DELETE", "conversations/"+created, "")
	c.want(404, "GET", "conversations/"+created, "")
	if c.JSON(created) != nil || c.Len() != 61 {
		t.Errorf("Len %d after two creates and a delete", c.Len())
	}
}

func TestBirdParticipants(t *testing.T) {
	c := newBirdClient(t, 60)
	id := c.IDs()[4] // fourteen participants
	one := "conversations/" + id + "/participants"
	all := c.walk(one+"?limit=4", nil)
	if len(all) != 14 {
		t.Fatalf("%d participants", len(all))
	}
	before := c.JSON(id)
	var user string
	for n := range c.file["agents"].Rows {
		if !slices.Contains(all, c.uuid("user", n)) {
			user = c.uuid("user", n)
		}
	}
	added := c.want(201, "POST", one, fmt.Sprintf(`{"type":"user","id":%q,"status":"invited"}`, user))
	if added["status"] != "invited" || added["displayName"] == nil {
		t.Errorf("added %v", added)
	}
	again := c.want(200, "POST", one, fmt.Sprintf(`{"type":"user","id":%q}`, user))
	if again["status"] != "invited" {
		t.Errorf("adding somebody who takes part answered %v", again)
	}
	after := c.JSON(id)
	if after["pendingParticipantCount"] != before["pendingParticipantCount"].(float64)+1 || after["updatedAt"] == before["updatedAt"] {
		t.Errorf("the count of pending participants is %v, before it was %v", after["pendingParticipantCount"], before["pendingParticipantCount"])
	}
	c.want(422, "PATCH", one+"/"+user, `{"status":"gone"}`)
	c.want(422, "PATCH", one+"/"+user, `{}`)
	c.want(422, "PATCH", one+"/"+user, `{"status":"active","displayName":"x"}`)
	if p := c.want(200, "PATCH", one+"/"+user, `{"status":"active"}`); p["status"] != "active" {
		t.Errorf("patched %v", p)
	}
	c.want(204, "DELETE", one+"/"+user, "")
	c.want(404, "DELETE", one+"/"+user, "")
	c.want(404, "PATCH", one+"/"+user, `{"status":"active"}`)

	for _, body := range []string{
		fmt.Sprintf(`{"type":"contact","id":%q}`, c.uuid("contact", 178)),
		fmt.Sprintf(`{"type":"contact","contact":{"identifierKey":"emailaddress","identifierValue":%q}}`, c.data.contact(177).Email),
		fmt.Sprintf(`{"type":"flow","id":%q}`, c.uuid("flow", 2)),
	} {
		if status, out := c.do("POST", one, body); status != 201 && status != 200 {
			t.Errorf("%s: %d %v", body, status, out)
		}
	}
	c.Set(Switches{"ForbidRemoval": true})
	c.want(403, "DELETE", one+"/"+c.uuid("contact", 177), "")
}

func TestBirdLastContactIsProtected(t *testing.T) {
	c := newBirdClient(t, 60)
	for _, id := range c.IDs() {
		people := c.Participants(id)
		contacts := 0
		for _, p := range people {
			if p["type"] == "contact" {
				contacts++
			}
		}
		if contacts == 1 {
			c.want(403, "DELETE", "conversations/"+id+"/participants/"+people[0]["id"].(string), "")
			return
		}
	}
	t.Fatal("no conversation with one contact")
}

func TestBirdMessages(t *testing.T) {
	c := newBirdClient(t, 60)
	id := c.IDs()[20] // a long one
	one := "conversations/" + id + "/messages"
	var times []string
	kinds := map[string]bool{}
	ids := c.walk(one+"?limit=7", func(m map[string]any) {
		times = append(times, m["createdAt"].(string))
		kind, _ := docGet(m, "body", "type").(string)
		kinds[kind] = true
		if docHas(m, "body") == docHas(m, "template") || m["conversationId"] != id || docHas(m, "interactions") && m["interactions"] != nil {
			t.Errorf("message %v", m)
		}
	})
	unique := slices.Clone(ids)
	slices.Sort(unique)
	if len(ids) < 60 || len(slices.Compact(unique)) != len(ids) || len(ids) != len(c.Messages(id)) {
		t.Errorf("%d messages, %d different", len(ids), len(slices.Compact(unique)))
	}
	if len(kinds) < 3 {
		t.Errorf("kinds %v", kinds)
	}
	for i := 1; i < len(times); i++ {
		a, _ := time.Parse(time.RFC3339Nano, times[i-1])
		b, err := time.Parse(time.RFC3339Nano, times[i])
		if err != nil || b.After(a) {
			t.Errorf("message %d of %s is newer than the one before, of %s", i, times[i], times[i-1])
		}
	}
	if got := c.walk(one+"?dateFrom="+url.QueryEscape(times[5]), nil); !slices.Equal(got, ids[:5]) {
		t.Errorf("dateFrom the sixth message: %d messages", len(got))
	}
}

func TestBirdContacts(t *testing.T) {
	c := newBirdClient(t, 500)
	for _, n := range []int{0, 7, 42, 179, 180, 211, 299} {
		for channel := range c.file["channels"].Rows {
			id := c.identifier(n, channel)
			out := c.want(200, "POST", "contacts/search", fmt.Sprintf(`{"identifier":{"key":%q,"value":%q}}`, id.key, id.value))
			rows := out["results"].([]any)
			if len(rows) != 1 || rows[0].(map[string]any)["id"] != c.uuid("contact", n) {
				t.Errorf("contact %d by %v: %v", n, id, rows)
			}
		}
		one := c.want(200, "GET", "contacts/"+c.uuid("contact", n), "")
		if docGet(one, "attributes", "timezone") == nil || one["computedDisplayName"] == "" {
			t.Errorf("contact %v", one)
		}
	}
	if got := c.want(200, "POST", "contacts/search", `{"identifier":{"key":"emailaddress","value":"nobody@nowhere.example"}}`)["results"].([]any); len(got) != 0 {
		t.Errorf("an unknown identifier found %v", got)
	}
	c.want(404, "GET", "contacts/"+c.uuid("user", 0), "")
	c.Set(Switches{"ForbidDirectory": true})
	for _, path := range []string{"contacts", "channels", "agents"} {
		c.want(403, "GET", path, "")
	}
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
		c.auth = "AccessKey " + c.KeyWithout(part)
		check(401, part)
	}
	c.auth = "AccessKey " + c.KeyWithout(all...)
	check(401, all...)
	c.auth = "AccessKey " + c.KeyWithout("writes")
	check(401)
	for _, call := range [][3]string{
		{"PATCH", one, `{"name":"x"}`}, {"DELETE", one, ""}, {"POST", "conversations", `{"name":"x"}`},
		{"POST", one + "/participants", `{"type":"user","id":"` + c.uuid("user", 1) + `"}`},
	} {
		c.want(401, call[0], call[1], call[2])
	}
	if c.JSON(id)["name"] == "x" || c.Len() != 20 {
		t.Error("a key without a policy for writes changed something")
	}
	c.auth = "AccessKey " + c.KeyWithout("conversations")
	c.want(401, "GET", "conversations", "")
	c.want(401, "GET", one, "")
	c.want(200, "GET", "channels", "")
	c.auth = "AccessKey " + birdToken
	c.Set(Switches{"NoRights": []string{"messages", "agents"}})
	check(401, "messages", "agents")
	c.Set(Switches{"NoRights": nil, "ForbidDirectory": true})
	check(403, "contacts", "channels", "agents", "feed-items")
}

// The assignee and the read state belong to the items of inboxes, which have ids of their own.
func TestBirdItems(t *testing.T) {
	c := newBirdClient(t, 120)
	search := func(query string, ids ...string) map[string]any {
		t.Helper()
		body, err := json.Marshal(map[string]any{"conversationIds": ids})
		if err != nil {
			t.Fatal(err)
		}
		return c.want(200, "POST", "search/feed-items"+query, string(body))
	}
	seen, items, next := map[string]int{}, 0, "?limit=50"
	perConversation := map[any]int{}
	for next != "" {
		page := search(next, c.IDs()...)
		next = ""
		if token, ok := page["nextPageToken"].(string); ok {
			next = "?limit=50&pageToken=" + url.QueryEscape(token)
		}
		for _, row := range page["results"].([]any) {
			i := row.(map[string]any)
			items++
			perConversation[i["conversationId"]]++
			for what, yes := range map[string]bool{
				"assigned": i["agentId"] != nil, "unassigned": i["agentId"] == nil, "seen": i["seen"] == true, "unseen": i["seen"] == false,
				"closed": i["closed"] == true, "open": i["closed"] == false, "twice": perConversation[i["conversationId"]] == 2,
				"own id": i["id"] != i["conversationId"],
			} {
				if yes {
					seen[what]++
				}
			}
		}
	}
	if len(seen) != 8 || seen["own id"] != items || len(perConversation) >= c.Len() {
		t.Errorf("%d items: %v", items, seen)
	}
	made := c.want(201, "POST", "conversations", `{"name":"x","channelId":"`+c.uuid("channel", 0)+`"}`)["id"].(string)
	if n := len(search("", made)["results"].([]any)); n != 0 {
		t.Error("a new conversation has its item at once")
	}
	*c.clock = c.clock.Add(4 * time.Second)
	if n := len(search("", made)["results"].([]any)); n != 1 {
		t.Error("a new conversation has no item")
	}
	for _, r := range c.sandbox.Requests() {
		if strings.HasSuffix(r.Path, "feed-items") && r.Write {
			t.Fatal("a search counted as a write")
		}
	}
}

func TestBirdConflictAndLimitSwitches(t *testing.T) {
	c := newBirdClient(t, 20)
	id := c.IDs()[0]
	c.Set(Switches{"ConflictOnGet": 2, "ConflictOnPatch": 1})
	c.want(409, "GET", "conversations/"+id, "")
	c.want(409, "GET", "conversations/"+id+"/messages", "")
	c.want(200, "GET", "conversations/"+id, "")
	if out := c.want(409, "PATCH", "conversations/"+id, `{"name":"x"}`); docHas(out, "details") {
		t.Errorf("details %v", out)
	}
	c.want(200, "PATCH", "conversations/"+id, `{"name":"x"}`)
	c.Set(Switches{"TooMany": 1})
	c.want(429, "GET", "conversations", "")
	c.want(200, "GET", "conversations", "")
	c.AnswerNext(500, 1)
	c.want(500, "GET", "conversations", "")
	c.want(200, "GET", "conversations", "")
}

func TestBirdInjected429CanLackTheHeader(t *testing.T) {
	c := newBirdClient(t, 20)
	for _, bare := range []bool{false, true} {
		c.Set(Switches{"No429Header": bare})
		c.sandbox.FailNext("bird", Fault429, 1)
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://sandbox.test/bird/workspaces/"+birdWorkspace+"/conversations", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", c.auth)
		resp, err := c.sandbox.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Retry-After"); resp.StatusCode != 429 || (got == "") != bare {
			t.Errorf("bare %v: status %d, Retry-After %q", bare, resp.StatusCode, got)
		}
	}
}

func TestBirdSomebodyElse(t *testing.T) {
	c := newBirdClient(t, 20)
	id := c.IDs()[0]
	before := c.JSON(id)
	c.Change(id, "visibility", "private")
	doc := c.want(200, "GET", "conversations/"+id, "")
	if doc["visibility"] != "private" || doc["updatedAt"] == before["updatedAt"] {
		t.Errorf("changed %v", doc)
	}
	c.sandbox.FailNext("bird", FaultConcurrent, 1)
	doc = c.want(200, "PATCH", "conversations/"+id, `{"description":"mine"}`)
	if doc["description"] != "mine" {
		t.Errorf("after a colleague's change: %v", doc)
	}
	c.sandbox.SetFault(FaultConcurrent, 1)
	a := c.want(200, "GET", "conversations/"+id, "")
	b := c.want(200, "GET", "conversations/"+id, "")
	if a["name"] == b["name"] || a["updatedAt"] == b["updatedAt"] {
		t.Errorf("two reads with concurrent changes both show %q at %v", a["name"], a["updatedAt"])
	}
	c.sandbox.SetFault(FaultConcurrent, 0)
	c.Remove(id)
	c.want(404, "GET", "conversations/"+id, "")
	if c.Len() != 19 || len(c.IDs()) != 19 || c.JSON(id) != nil {
		t.Errorf("Len %d", c.Len())
	}
}

func TestBirdCopiesAreDeep(t *testing.T) {
	c := newBirdClient(t, 20)
	id := c.IDs()[0]
	c.Change(id, "attributes", map[string]any{"a": "1"})
	c.JSON(id)["attributes"].(map[string]any)["a"] = "2"
	c.Participants(id)[0]["status"] = "broken"
	if got := docGet(c.JSON(id), "attributes", "a"); got != "1" || c.Participants(id)[0]["status"] == "broken" {
		t.Errorf("changing a copy changed the conversation: %v", got)
	}
}

func TestBirdIsTheSameForTheSameSeed(t *testing.T) {
	a, b := newBirdClient(t, 50), newBirdClient(t, 50)
	for _, id := range a.IDs() {
		if fmt.Sprint(a.JSON(id)) != fmt.Sprint(b.JSON(id)) || fmt.Sprint(a.Messages(id)) != fmt.Sprint(b.Messages(id)) {
			t.Fatalf("%s differs between sandboxes of the same seed", id)
		}
	}
}

func TestBirdEmptyAndTiny(t *testing.T) {
	for n := range 3 {
		clock := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		d := newWorld(nil, Hostile, 1, clock)
		b := newService("bird", n, d, func() time.Time { return clock }).(*Bird)
		if b.Len() != n || len(b.IDs()) != n {
			t.Errorf("%d: Len %d, %d ids", n, b.Len(), len(b.IDs()))
		}
		for _, id := range b.IDs() {
			if b.JSON(id) == nil {
				t.Errorf("%d: no %s", n, id)
			}
		}
	}
}

func FuzzBirdRequests(f *testing.F) {
	d := newWorld(nil, Hostile, 1, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	b := newService("bird", 12, d, time.Now).(*Bird)
	at := "/workspaces/" + birdWorkspace
	one := at + "/conversations/" + b.id(3)
	f.Add("GET", at+"/conversations", "limit=3&pageToken=WyIiLCIiXQ%3D%3D", "")
	f.Add("PATCH", one, "", `{"name":null,"status":"closed","attributes":{"a":"b"}}`)
	f.Add("PATCH", one, "", `{"attributes":null,"status":null}`)
	f.Add("POST", at+"/conversations", "", `{"name":"x","participants":[null,{"type":"contact"}],"resource":null,"initialMessage":{"body":null}}`)
	f.Add("POST", one+"/participants", "", `{"type":"contact","id":"`+b.uuid("contact", 9)+`","contact":null}`)
	f.Add("POST", at+"/search/feed-items", "limit=1", `{"conversationIds":["x"]}`)
	f.Add("DELETE", one+"/participants/"+b.uuid("contact", 3), "", "")
	f.Add("POST", at+"/contacts/search", "", `{"identifier":{"key":"facebookid-","value":"-1"}}`)
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		fuzzService(t, "bird", "AccessKey "+birdToken, method, path, query, body)
	})
}

func BenchmarkBirdList(b *testing.B) {
	s, err := New(Options{Conversations: 100_000})
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.Context(), "GET", "http://sandbox.test/bird/workspaces/"+birdWorkspace+"/conversations?limit=100", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "AccessKey "+birdToken)
	for b.Loop() {
		resp, err := s.Transport().RoundTrip(r)
		if err != nil || resp.StatusCode != 200 {
			b.Fatal(err, resp.StatusCode)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/row")
}
