package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the description of the service says.
const (
	konaClientID     = "kona-sandbox-client"
	konaClientSecret = "kona-sandbox-client-secret"
	konaToken        = "kona-sandbox-access-1"
	konaRefresh      = "kona-sandbox-refresh-1"
)

// konaClient is a probe of the stand-in that sets the clock.
type konaClient struct {
	*testing.T
	*Kona
	probe
	header http.Header // of the last answer
	raw    []byte      // body of the last answer
}

func newKonaClient(t *testing.T, conversations int) *konaClient {
	t.Helper()
	s := newTestSandbox(t, Options{Conversations: 4 * conversations, Seed: 7})
	p := newProbe(t, s, "kona")
	p.account.BaseURL = "/kona"
	return &konaClient{T: t, Kona: s.Kona(), probe: p}
}

// send sends a request below /kona with these headers alone.
func (c *konaClient) send(method, path, body string, header http.Header) int {
	c.Helper()
	r := c.request(c.Context(), method, "/"+path, body)
	r.Header = header
	answer, err := c.probe.send(r)
	if err != nil {
		c.Fatal(err)
	}
	if c.header, c.raw = answer.header, []byte(answer.text); c.header.Get("X-Request-Id") == "" {
		c.Errorf("%s %s: the answer has no X-Request-Id", method, path)
	}
	return answer.status
}

// want sends a request below /kona/api, checks the status and returns the elements of the answer.
func (c *konaClient) want(status int, method, path, body string) []map[string]any {
	c.Helper()
	header := c.request(c.Context(), method, "/", body).Header
	if got := c.send(method, "api/"+path, body, header); got != status {
		c.Fatalf("%s %s %s: status %d, want %d: %s", method, path, body, got, status, c.raw)
	}
	if len(c.raw) == 0 {
		return nil
	}
	var out map[string]json.RawMessage
	if err := json.Unmarshal(c.raw, &out); err != nil {
		c.Fatalf("%s %s: %v in %s", method, path, err, c.raw)
	}
	if status >= 400 {
		keys := []string{"problemType", "title", "details"}
		if status == 401 {
			keys = []string{"error", "error_description"}
		}
		for _, key := range keys {
			if len(out[key]) < 3 {
				c.Errorf("%s %s: the refusal %s has no %s", method, path, c.raw, key)
			}
		}
		return nil
	}
	if len(out) != 1 {
		c.Fatalf("%s %s: the answer has %d keys, want one: %.100s", method, path, len(out), c.raw)
	}
	var items []map[string]any
	for _, raw := range out {
		if err := json.Unmarshal(raw, &items); err != nil || items == nil {
			c.Fatalf("%s %s: the answer holds %.100s, want an array", method, path, raw)
		}
	}
	return items
}

func konaIDOf(doc map[string]any) string { return strconv.FormatInt(int64(doc["id"].(float64)), 10) }

// walk reads all pages of a list.
func (c *konaClient) walk(path string) []map[string]any {
	c.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	var all []map[string]any
	for page := 1; page < 1000; page++ {
		items := c.want(200, "GET", path+sep+"page="+strconv.Itoa(page), "")
		if len(items) == 0 {
			return all
		}
		all = append(all, items...)
	}
	c.Fatal("the walk doesn't end")
	return nil
}

// editable returns a conversation that the token's user can edit or, if asked for, created.
func (c *konaClient) editable(creator bool) string {
	c.Helper()
	for _, id := range c.IDs() {
		doc := c.JSON(id)
		mine := doc["creator_id"] == float64(c.Me())
		if mine && creator {
			return id
		}
		if !mine && !creator && slices.ContainsFunc(doc["participants"].([]any), func(p any) bool {
			m := p.(map[string]any)
			return m["user_id"] == float64(c.Me()) && m["role"] == 1.0
		}) {
			return id
		}
	}
	c.Fatal("there is no such conversation")
	return ""
}

func TestKonaAuthorization(t *testing.T) {
	c := newKonaClient(t, 20)
	for _, auth := range []string{"", konaToken, "AccessKey " + konaToken, "Bearer nope", "bearer " + konaToken} {
		c.auth = auth
		c.want(401, "GET", "userinfo", "")
		c.want(401, "GET", "nothing", "")
	}
	c.auth = "Bearer " + konaToken
	c.want(200, "GET", "userinfo", "")
	c.Set(Switches{"ExpiredPassword": true})
	c.want(403, "GET", "userinfo", "")
	if !strings.Contains(string(c.raw), "#expired") {
		t.Errorf("with ExpiredPassword, the refusal is %s", c.raw)
	}
	c.Set(Switches{"ExpiredPassword": false})
	c.AnswerNext(401, 1)
	c.want(401, "GET", "userinfo", "")
	c.want(200, "GET", "userinfo", "")
	c.s.Revoke("kona")
	c.want(401, "GET", "userinfo", "")
}

func TestKonaRefusesWhatIsNotDocumented(t *testing.T) {
	c := newKonaClient(t, 60)
	id := c.editable(true)
	one := "conversations/" + id
	tests := []struct {
		status             int
		method, path, body string
	}{
		{404, "GET", "nothing", ""},
		{404, "GET", "conversations/", ""},
		{404, "GET", one + "/comments", ""},
		{404, "GET", "conversations/1", ""},
		{404, "GET", "conversations/0" + id, ""},
		{404, "GET", "conversations/abc", ""},
		{405, "PATCH", one, `{"conversations":[{"name":"x"}]}`},
		{405, "DELETE", "conversations", ""},
		{405, "POST", "users", `{"users":[{}]}`},
		{400, "GET", "conversations?page=0", ""},
		{400, "GET", "conversations?page=one", ""},
		{400, "GET", "conversations?per_page=0", ""},
		{400, "GET", "conversations?order_by=name", ""},
		{400, "GET", "conversations?order_by=created_at&order_by=updated_at", ""},
		{400, "GET", "conversations?limit=5", ""},
		{400, "GET", "conversations?since=1", ""},
		{400, "GET", "conversations?space_id=x", ""},
		{404, "GET", "conversations?space_id=1", ""},
		{400, "GET", one + "?include=participants", ""},
		{400, "GET", "comments", ""},
		{400, "GET", "comments?resource_type=conversation", ""},
		{400, "GET", "comments?resource_id=" + id, ""},
		{400, "GET", "comments?resource_type=chat&resource_id=" + id, ""},
		{404, "GET", "comments?resource_type=task&resource_id=" + id, ""},
		{404, "GET", "comments?resource_type=conversation&resource_id=1", ""},
		{404, "GET", "comments/1", ""},
		{400, "GET", "spaces?include=users", ""},
		{400, "GET", "spaces?hidden=yes", ""},
		{404, "GET", "spaces/1", ""},
		{405, "POST", "comments", `{"comments":[{"content":"x"}]}`},
		{404, "GET", "users/990017", ""},
		{404, "GET", "groups/1", ""},
		{400, "PUT", one, `nope`},
		{400, "PUT", one, `{"name":"x"}`},
		{400, "PUT", one, `{"conversations":{"name":"x"}}`},
		{400, "PUT", one, `{"conversations":[{"name":"x"}],"more":1}`},
		{422, "PUT", one, `{"conversations":[]}`},
		{422, "PUT", one, `{"conversations":[{"name":"x"},{"name":"y"}]}`},
		{422, "PUT", one, `{"conversations":[{"id":` + id + `,"name":"x"}]}`},
		{422, "PUT", one, `{"conversations":[{"href":"x"}]}`},
		{422, "PUT", one, `{"conversations":[{"creator_id":10}]}`},
		{422, "PUT", one, `{"conversations":[{"tags":[]}]}`},
		{422, "PUT", one, `{"conversations":[{"updated_at":1}]}`},
		{422, "PUT", one, `{"conversations":[{"initial_comment":"x"}]}`},
		{422, "PUT", one, `{"conversations":[{"space_id":1}]}`},
		{422, "PUT", one, `{"conversations":[{"visibility":"private"}]}`},
		{422, "PUT", one, `{"conversations":[{"name":""}]}`},
		{422, "PUT", one, `{"conversations":[{"name":null}]}`},
		{422, "PUT", one, `{"conversations":[{"stakeholder":3}]}`},
		{422, "PUT", one, `{"conversations":[{"default_role":0}]}`},
		{422, "PUT", one, `{"conversations":[{"participants":null}]}`},
		{422, "PUT", one, `{"conversations":[{"participants":[{"user_id":10}]}]}`},
		{422, "PUT", one, `{"conversations":[{"participants":[{"user_id":10,"role":9}]}]}`},
		{422, "PUT", one, `{"conversations":[{"participants":[{"user_id":10,"role":1,"name":"x"}]}]}`},
		{422, "PUT", one, `{"conversations":[{"participants":[{"user_id":990017,"role":1}]}]}`},
		{422, "PUT", one, `{"conversations":[{"participants":[{"user_id":10,"role":1},{"user_id":10,"role":2}]}]}`},
		{422, "PUT", one, `{"conversations":[{"groups":[{"group_id":1,"role":1}]}]}`},
		{422, "PUT", one, `{"conversations":[{"external_object":{"id":"7","data":"x"}}]}`},
		{422, "PUT", one, `{"conversations":[{"participants":[{"user_id":"10","role":1}]}]}`},
		{422, "PUT", one, `{"conversations":[{"participants":[{"user_id":1e1,"role":1}]}]}`},
		{422, "PUT", one, `{"conversations":[{"participants":[{"user_id":10,"role":"1"}]}]}`},
		{422, "PUT", one, `{"conversations":[{"groups":[{"group_id":5.0,"role":1}]}]}`},
		{422, "PUT", one, `{"conversations":[{"stakeholder":"2"}]}`},
		{422, "POST", "conversations", `{"conversations":[{"name":"x","space_id":"40"}]}`},
		{422, "POST", "conversations", `{"conversations":[{"name":"x","space_id":4e1}]}`},
		{404, "GET", "users/abc", ""},
		{404, "GET", "users/1e1", ""},
		{404, "GET", "users/+10", ""},
		{404, "GET", "users/010", ""},
		{404, "GET", "spaces/..%2F40", ""},
		{404, "GET", "users/../users", ""},
		{422, "POST", "conversations", `{"conversations":[{"space_id":40}]}`},
		{422, "POST", "conversations", `{"conversations":[{"name":"x"}]}`},
		{422, "POST", "conversations", `{"conversations":[{"name":"x","space_id":1}]}`},
		{422, "POST", "conversations", `{"conversations":[{"name":"x","space_id":40,"tags":["a"]}]}`},
	}
	before := fmt.Sprint(c.JSON(id), len(c.Comments(id)))
	for _, tt := range tests {
		c.want(tt.status, tt.method, tt.path, tt.body)
	}
	if after := fmt.Sprint(c.JSON(id), len(c.Comments(id))); after != before || c.Len() != 60 {
		t.Errorf("a refused request changed or made a conversation:\n%s\n%s", before, after)
	}
	status := c.send("PUT", "api/"+one, "{", http.Header{"Authorization": {c.auth}, "Content-Type": {"application/json"}})
	if status != 400 || !strings.HasPrefix(c.header.Get("Content-Type"), "text/plain") {
		t.Errorf("malformed JSON from a client without Accept: got status %d and the type %s, want 400 and plain text", status, c.header.Get("Content-Type"))
	}
	if status := c.send("PUT", "api/"+one, `{"conversations":[{"name":"x"}]}`, http.Header{"Authorization": {c.auth}}); status != 400 {
		t.Errorf("a body without a Content-Type: the status is %d, want 400", status)
	}
}

func TestKonaEveryConversationIsVisible(t *testing.T) {
	c := newKonaClient(t, 500)
	for _, id := range c.IDs() {
		if see, _ := c.access(c.must(id)); !see {
			t.Errorf("the token's user can't see %v", c.JSON(id))
		}
	}
}
