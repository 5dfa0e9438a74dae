package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBirdPaging(t *testing.T) {
	c := newBirdClient(t, 137)
	if page := c.want(200, "GET", "conversations", ""); len(page["results"].([]any)) != 10 {
		t.Errorf("without a limit, a page has %d rows, want 10", len(page["results"].([]any)))
	}
	var last time.Time
	newestFirst := c.walk("conversations?limit=9", func(row map[string]any) {
		at, err := time.Parse(time.RFC3339Nano, row["createdAt"].(string))
		if err != nil || !last.IsZero() && at.After(last) {
			t.Errorf("a row created at %v follows one of %v, error %v", at, last, err)
		}
		last = at
	})
	if !slices.Equal(newestFirst, c.IDs()) || len(newestFirst) != 137 || c.Len() != 137 {
		t.Errorf("the pages hold %d rows, IDs has %d and Len returns %d; want the same 137", len(newestFirst), len(c.IDs()), c.Len())
	}
	for _, path := range []string{"contacts?limit=100", "channels", "agents", "agents?limit=7"} {
		ids := c.walk(path, nil)
		unique := slices.Clone(ids)
		slices.Sort(unique)
		if len(slices.Compact(unique)) != len(ids) || len(ids) < 11 {
			t.Errorf("%s: %d rows, %d of them different; want over ten, all different", path, len(ids), len(slices.Compact(unique)))
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
		t.Errorf("after two deletes and a create, there are %d conversations, Len returns %d; want 39 and the new one first", len(got), c.Len())
	}
	raw, err := base64.StdEncoding.DecodeString(page["nextPageToken"].(string))
	var pair []string
	if err != nil || json.Unmarshal(raw, &pair) != nil || len(pair) != 2 {
		t.Errorf("a token holds %q, error %v; want a time and an id", raw, err)
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
		t.Errorf("with RepeatPageToken, the next token is %v, want %v again", page["nextPageToken"], token)
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
			t.Fatalf("%s: %d of %d participants are featured, want up to five", id, len(featured), len(people))
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
				t.Errorf("%s: lastMessage has a body", id)
			}
			if docHas(m, "recipients") && m["recipients"] == nil {
				odd["recipients null"]++
			}
			newest := c.want(200, "GET", "conversations/"+id+"/messages?limit=1", "")["results"].([]any)[0].(map[string]any)
			if newest["id"] != m["id"] || newest["createdAt"] != m["createdAt"] {
				t.Errorf("%s: lastMessage is %v, but the newest message is %v", id, m, newest)
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
		t.Errorf("the fractions of a second have the lengths %v, want four or more", precision)
	}
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
			t.Errorf("got the message %v, want one of the conversation with either a body or a template", m)
		}
	})
	unique := slices.Clone(ids)
	slices.Sort(unique)
	if len(ids) < 60 || len(slices.Compact(unique)) != len(ids) || len(ids) != len(c.Messages(id)) {
		t.Errorf("the pages hold %d messages, %d of them different; want all %d, and over 60", len(ids), len(slices.Compact(unique)), len(c.Messages(id)))
	}
	if len(kinds) < 3 {
		t.Errorf("the messages have the kinds %v, want three or more", kinds)
	}
	for i := 1; i < len(times); i++ {
		a, _ := time.Parse(time.RFC3339Nano, times[i-1])
		b, err := time.Parse(time.RFC3339Nano, times[i])
		if err != nil || b.After(a) {
			t.Errorf("message %d of %s is newer than the one before, of %s", i, times[i], times[i-1])
		}
	}
	if got := c.walk(one+"?dateFrom="+url.QueryEscape(times[5]), nil); !slices.Equal(got, ids[:5]) {
		t.Errorf("with dateFrom the time of the sixth message, there are %d messages, want the five newer ones", len(got))
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
				t.Errorf("a search for %v found %v, want contact %d alone", id, rows, n)
			}
		}
		one := c.want(200, "GET", "contacts/"+c.uuid("contact", n), "")
		if docGet(one, "attributes", "timezone") == nil || one["computedDisplayName"] == "" {
			t.Errorf("contact %d is %v, want it with a name and a time zone", n, one)
		}
	}
	if got := c.want(200, "POST", "contacts/search", `{"identifier":{"key":"emailaddress","value":"nobody@nowhere.example"}}`)["results"].([]any); len(got) != 0 {
		t.Errorf("a search for an unknown identifier found %v", got)
	}
	c.want(404, "GET", "contacts/"+c.uuid("user", 0), "")
	c.Set(Switches{"ForbidDirectory": true})
	for _, path := range []string{"contacts", "channels", "agents"} {
		c.want(403, "GET", path, "")
	}
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
		t.Errorf("the %d items of %d conversations are %v; want every kind, and some conversations without an item", items, c.Len(), seen)
	}
	made := c.want(201, "POST", "conversations", `{"name":"x","channelId":"`+c.uuid("channel", 0)+`"}`)["id"].(string)
	if n := len(search("", made)["results"].([]any)); n != 0 {
		t.Error("a new conversation has its item at once")
	}
	*c.clock = c.clock.Add(4 * time.Second)
	if n := len(search("", made)["results"].([]any)); n != 1 {
		t.Error("a new conversation has no item")
	}
	for _, r := range c.s.Requests() {
		if strings.HasSuffix(r.Path, "feed-items") && r.Write {
			t.Fatal("a search counted as a write")
		}
	}
}
