package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What the description of the service says.
const (
	konaClientID     = "kona-sandbox-client"
	konaClientSecret = "kona-sandbox-client-secret"
	konaToken        = "kona-sandbox-access-1"
	konaRefresh      = "kona-sandbox-refresh-1"
)

// konaClient is a plain HTTP client of the stand-in that sets the clock.
type konaClient struct {
	*testing.T
	*Kona
	sandbox *Sandbox
	auth    string
	header  http.Header // of the last answer
	raw     []byte      // body of the last answer
}

func newKonaClient(t *testing.T, conversations int) *konaClient {
	t.Helper()
	clock := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s, err := New(Options{Conversations: 4 * conversations, Seed: 7, Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	return &konaClient{T: t, Kona: s.Kona(), sandbox: s, auth: "Bearer " + konaToken}
}

func (c *konaClient) send(method, path, body string, header http.Header) int {
	c.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(c.Context(), method, "http://sandbox.test/kona/"+path, in)
	if err != nil {
		c.Fatal(err)
	}
	r.Header = header
	resp, err := c.sandbox.Transport().RoundTrip(r)
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	if c.raw, err = io.ReadAll(resp.Body); err != nil {
		c.Fatal(err)
	}
	if c.header = resp.Header; c.header.Get("X-Request-Id") == "" {
		c.Errorf("%s %s: no X-Request-Id", method, path)
	}
	return resp.StatusCode
}

// want sends a request below /kona/api, checks the status and returns the elements of the answer.
func (c *konaClient) want(status int, method, path, body string) []map[string]any {
	c.Helper()
	header := http.Header{"Accept": {"application/json"}}
	if c.auth != "" {
		header.Set("Authorization", c.auth)
	}
	if body != "" {
		header.Set("Content-Type", "application/json")
	}
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
				c.Errorf("%s %s: no %s in %s", method, path, key, c.raw)
			}
		}
		return nil
	}
	if len(out) != 1 {
		c.Fatalf("%s %s: %d keys in %.100s", method, path, len(out), c.raw)
	}
	var items []map[string]any
	for _, raw := range out {
		if err := json.Unmarshal(raw, &items); err != nil || items == nil {
			c.Fatalf("%s %s: not an array: %.100s", method, path, raw)
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
		t.Errorf("expired password: %s", c.raw)
	}
	c.Set(Switches{"ExpiredPassword": false})
	c.AnswerNext(401, 1)
	c.want(401, "GET", "userinfo", "")
	c.want(200, "GET", "userinfo", "")
	c.sandbox.Revoke("kona")
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
		t.Errorf("a refused request changed something:\n%s\n%s", before, after)
	}
	status := c.send("PUT", "api/"+one, "{", http.Header{"Authorization": {c.auth}, "Content-Type": {"application/json"}})
	if status != 400 || !strings.HasPrefix(c.header.Get("Content-Type"), "text/plain") {
		t.Errorf("malformed JSON without Accept: %d %s", status, c.header.Get("Content-Type"))
	}
	if status := c.send("PUT", "api/"+one, `{"conversations":[{"name":"x"}]}`, http.Header{"Authorization": {c.auth}}); status != 400 {
		t.Errorf("no Content-Type: %d", status)
	}
}

func TestKonaPaging(t *testing.T) {
	c := newKonaClient(t, 230)
	if n := len(c.want(200, "GET", "conversations", "")); n != 25 {
		t.Errorf("the default page has %d rows", n)
	}
	if n := len(c.want(200, "GET", "conversations?per_page=500", "")); n != 100 {
		t.Errorf("the largest page has %d rows", n)
	}
	want := c.IDs()
	for _, order := range []string{"", "order_by=created_at", "order_by=updated_at"} {
		var ids []string
		var last float64
		for _, doc := range c.walk("conversations?per_page=40&" + order) {
			ids = append(ids, konaIDOf(doc))
			key := strings.TrimPrefix(order, "order_by=")
			if at, ok := doc[key].(float64); ok {
				if last != 0 && at > last {
					t.Errorf("%s: %v follows %v", order, at, last)
				}
				last = at
			}
		}
		sorted := slices.Clone(ids)
		slices.Sort(sorted)
		if len(ids) != 230 || len(slices.Compact(sorted)) != 230 {
			t.Errorf("%q: %d rows, %d different", order, len(ids), len(slices.Compact(sorted)))
		}
		if order == "order_by=created_at" && !slices.Equal(ids, want) {
			t.Error("not in the order of creation")
		}
	}
	for _, tt := range []struct {
		path string
		more int
	}{{"users", 100}, {"groups", 100}, {"spaces", 25}, {"spaces?hidden=true", 1}} {
		seen := map[string]bool{}
		for _, doc := range c.walk(tt.path) {
			if id := konaIDOf(doc); seen[id] {
				t.Errorf("%s: %s is listed twice", tt.path, id)
			} else {
				seen[id] = true
			}
		}
		if len(seen) <= tt.more {
			t.Errorf("%s: %d", tt.path, len(seen))
		}
	}
	c.Set(Switches{"IgnorePage": true})
	if a, b := c.want(200, "GET", "users", ""), c.want(200, "GET", "users?page=2", ""); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Error("page is not ignored")
	}
}

func TestKonaSpaceFilter(t *testing.T) {
	c := newKonaClient(t, 300)
	total := 0
	for _, path := range []string{"spaces", "spaces?hidden=true"} {
		for _, space := range c.walk(path) {
			rows := c.walk("conversations?order_by=created_at&space_id=" + konaIDOf(space))
			for _, doc := range rows {
				if doc["space_id"] != space["id"] {
					t.Errorf("space %v lists a conversation of %v", space["id"], doc["space_id"])
				}
			}
			total += len(rows)
			if strings.Contains(path, "hidden") && len(rows) == 0 {
				t.Errorf("hidden space %v is empty", space["id"])
			}
		}
	}
	if total != 300 {
		t.Errorf("%d conversations over all spaces", total)
	}
}

func TestKonaShiftBetweenPages(t *testing.T) {
	for _, order := range []string{"updated_at", "created_at"} {
		c := newKonaClient(t, 60)
		c.Set(Switches{"ShiftBetweenPages": true})
		seen := map[string]int{}
		for _, doc := range c.walk("conversations?order_by=" + order) {
			seen[konaIDOf(doc)]++
		}
		twice := 0
		for _, n := range seen {
			if n > 1 {
				twice++
			}
		}
		if twice == 0 {
			t.Errorf("%s: no row was seen twice", order)
		}
	}
}

func TestKonaOddRows(t *testing.T) {
	c := newKonaClient(t, 100)
	odd := map[string]int{}
	for _, row := range c.walk("conversations?per_page=100") {
		id := konaIDOf(row)
		doc := c.want(200, "GET", "conversations/"+id, "")[0]
		people, _ := doc["participants"].([]any)
		groups, _ := doc["groups"].([]any)
		for _, p := range append(slices.Clone(people), groups...) {
			m := p.(map[string]any)
			if m["role"].(float64) > 3 {
				odd["unknown role"]++
			}
			if m["role"] == 3.0 {
				odd["role 3"]++
			}
			if m["user_id"] == float64(990017) {
				odd["unknown user"]++
			}
		}
		for what, yes := range map[string]bool{
			"people null in the list":       docHas(row, "participants") && row["participants"] == nil,
			"people missing in the list":    !docHas(row, "participants") && !docHas(row, "groups"),
			"people null alone":             docHas(doc, "participants") && doc["participants"] == nil,
			"people in the list":            row["participants"] != nil,
			"groups empty":                  doc["groups"] != nil && len(groups) == 0,
			"groups":                        len(groups) > 0,
			"unknown stakeholder":           doc["stakeholder"].(float64) > 2,
			"unknown default role":          doc["default_role"].(float64) > 3,
			"just me":                       doc["stakeholder"] == 0.0,
			"everyone":                      doc["stakeholder"] == 2.0,
			"external object with name":     docGet(doc, "external_object", "name") != nil,
			"external object with data":     docGet(doc, "external_object", "data") != nil,
			"external objects":              docHas(doc, "external_objects"),
			"tags":                          fmt.Sprint(doc["tags"]) != "[]" && doc["tags"] != nil,
			"tags null":                     doc["tags"] == nil,
			"details null":                  doc["details"] == nil,
			"with times":                    docHas(doc, "created_at") && docHas(doc, "updated_at"),
			"without times":                 !docHas(doc, "created_at") && !docHas(doc, "updated_at"),
			"own":                           doc["creator_id"] == float64(c.Me()),
			"somebody else's":               doc["creator_id"] != float64(c.Me()),
			"extra field":                   docHas(doc, "muted"),
			"escape bytes":                  strings.Contains(doc["name"].(string), "\x1b"),
			"an id of thirteen digits":      len(id) == 13,
			"href on the vendor's old host": strings.HasPrefix(doc["href"].(string), konaHost),
		} {
			if yes {
				odd[what]++
			} else if _, ok := odd[what]; !ok {
				odd[what] = 0
			}
		}
	}
	for _, what := range []string{"unknown role", "role 3", "unknown user"} {
		odd[what] += 0
	}
	for what, n := range odd {
		if n == 0 {
			t.Errorf("no conversation has %s", what)
		}
	}
	if odd["with times"] != 50 {
		t.Errorf("%d of 100 with times", odd["with times"])
	}
	c.Set(Switches{"ListWithoutPeople": true})
	for _, row := range c.want(200, "GET", "conversations", "") {
		if docHas(row, "participants") || docHas(row, "groups") {
			t.Errorf("people in %v", row)
		}
	}
}

func TestKonaUpdateIsAPatch(t *testing.T) {
	c := newKonaClient(t, 60)
	id := c.editable(true)
	before := c.JSON(id)
	doc := c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"name":"Lift inspection","details":null}]}`)[0]
	if doc["name"] != "Lift inspection" || doc["details"] != nil || fmt.Sprint(doc["participants"]) != fmt.Sprint(before["participants"]) || fmt.Sprint(doc["groups"]) != fmt.Sprint(before["groups"]) {
		t.Errorf("updated %v", doc)
	}
	byUpdate := c.walk("conversations?order_by=updated_at")
	late := konaIDOf(byUpdate[len(byUpdate)-1])
	for i := len(byUpdate) - 1; byUpdate[i]["creator_id"] != float64(c.Me()); i-- {
		late = konaIDOf(byUpdate[i-1])
	}
	c.want(200, "PUT", "conversations/"+late, `{"conversations":[{"name":"to the head"}]}`)
	if first := c.want(200, "GET", "conversations?order_by=updated_at&per_page=1", "")[0]; konaIDOf(first) != late {
		t.Errorf("latest updated is %v, want %s", first["id"], late)
	}
	me := c.Me()
	doc = c.want(200, "PUT", "conversations/"+id, fmt.Sprintf(`{"conversations":[{"participants":[{"user_id":%d,"role":1},{"user_id":13,"role":2}]}]}`, me))[0]
	if got := fmt.Sprint(doc["participants"]); got != fmt.Sprintf("[map[role:1 user_id:%d] map[role:2 user_id:13]]", me) {
		t.Errorf("replaced participants: %s", got)
	}
	if fmt.Sprint(doc["groups"]) != fmt.Sprint(before["groups"]) {
		t.Error("groups changed with the participants")
	}
	group := c.number("group", int(doc["space_id"].(float64)-40)/11)
	doc = c.want(200, "PUT", "conversations/"+id, fmt.Sprintf(`{"conversations":[{"groups":[{"group_id":%d,"role":2}],"stakeholder":2,"default_role":3}]}`, group))[0]
	if fmt.Sprint(doc["groups"]) != fmt.Sprintf("[map[group_id:%d role:2]]", group) || doc["stakeholder"] != 2.0 || doc["default_role"] != 3.0 {
		t.Errorf("groups and audience: %v", doc)
	}
	c.Set(Switches{"MergeLists": true})
	doc = c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"participants":[{"user_id":16,"role":1}]}]}`)[0]
	if len(doc["participants"].([]any)) != 3 {
		t.Errorf("merged participants: %v", doc["participants"])
	}
	c.Set(Switches{"MergeLists": false, "EmptyListIgnored": true})
	doc = c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"participants":[]}]}`)[0]
	if len(doc["participants"].([]any)) != 3 {
		t.Errorf("[] was not ignored: %v", doc["participants"])
	}
	c.Set(Switches{"EmptyListIgnored": false})
	doc = c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"participants":[],"groups":[]}]}`)[0]
	if len(doc["participants"].([]any)) != 0 || len(doc["groups"].([]any)) != 0 {
		t.Errorf("emptied lists: %v", doc)
	}
}

func TestKonaKeepsUnknownRoles(t *testing.T) {
	c := newKonaClient(t, 200)
	done := false
	for _, id := range c.IDs() {
		doc := c.want(200, "GET", "conversations/"+id, "")[0]
		people, _ := json.Marshal(doc["participants"])
		if !strings.Contains(string(people), `"role":7`) {
			continue
		}
		done = true
		after := c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"participants":`+string(people)+`}]}`)[0]
		if fmt.Sprint(after["participants"]) != fmt.Sprint(doc["participants"]) {
			t.Errorf("%v became %v", doc["participants"], after["participants"])
		}
		break
	}
	if !done {
		t.Error("no conversation with role 7")
	}
}

func TestKonaWithoutUpdate(t *testing.T) {
	c := newKonaClient(t, 20)
	id := c.editable(true)
	c.Set(Switches{"NoPut404": true})
	c.want(404, "PUT", "conversations/"+id, `{"conversations":[{"name":"x"}]}`)
	c.Set(Switches{"NoPut405": true})
	c.want(405, "PUT", "conversations/"+id, `{"conversations":[{"name":"x"}]}`)
	c.want(200, "GET", "conversations/"+id, "")
}

func TestKonaRights(t *testing.T) {
	c := newKonaClient(t, 100)
	c.want(403, "DELETE", "conversations/"+c.editable(false), "")
	c.want(200, "PUT", "conversations/"+c.editable(false), `{"conversations":[{"name":"x"}]}`)
	viewers := 0
	for _, id := range c.IDs() {
		if _, edit := c.access(c.must(id)); !edit {
			viewers++
			c.want(403, "PUT", "conversations/"+id, `{"conversations":[{"name":"x"}]}`)
		}
	}
	if viewers == 0 || viewers > 10 {
		t.Errorf("%d of 100 conversations may only be viewed", viewers)
	}
	own := c.editable(true)
	c.want(204, "DELETE", "conversations/"+own, "")
	c.want(404, "DELETE", "conversations/"+own, "")
	c.want(404, "GET", "conversations/"+own, "")
	if c.Len() != 99 || len(c.IDs()) != 99 || slices.Contains(c.IDs(), own) {
		t.Errorf("Len %d", c.Len())
	}
}

func TestKonaUsersCanRemoveThemselves(t *testing.T) {
	c := newKonaClient(t, 60)
	id := c.editable(false)
	c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"participants":[{"user_id":10,"role":1}],"groups":[],"stakeholder":1}]}`)
	c.want(404, "GET", "conversations/"+id, "")
}

func TestKonaCreate(t *testing.T) {
	c := newKonaClient(t, 60)
	body := `{"conversations":[{"name":"Budget","space_id":40,"participants":[{"user_id":13,"role":2}],"groups":[{"group_id":5,"role":2}],"initial_comment":"Tuesday or Thursday?"}]}`
	doc := c.want(201, "POST", "conversations", body)[0]
	id := konaIDOf(doc)
	if doc["creator_id"] != float64(c.Me()) || doc["stakeholder"] != 1.0 || doc["default_role"] != 2.0 || docHas(doc, "initial_comment") {
		t.Errorf("created %v", doc)
	}
	if got := c.header.Get("Location"); !strings.HasSuffix(got, "/conversations/"+id) {
		t.Errorf("Location %q", got)
	}
	comments := c.want(200, "GET", "comments?resource_type=conversation&resource_id="+id, "")
	if len(comments) != 1 || comments[0]["content"] != "Tuesday or Thursday?" {
		t.Errorf("comments %v", comments)
	}
	for _, order := range []string{"created_at", "updated_at"} {
		if first := c.want(200, "GET", "conversations?per_page=1&order_by="+order, "")[0]; konaIDOf(first) != id {
			t.Errorf("%s: first is %v", order, first["id"])
		}
	}
	second := c.want(201, "POST", "conversations", `{"conversations":[{"name":"All","space_id":51,"stakeholder":2}]}`)[0]
	if c.Len() != 62 || c.IDs()[0] != konaIDOf(second) || c.IDs()[1] != id {
		t.Errorf("Len %d, newest %v", c.Len(), c.IDs()[:2])
	}
}

func TestKonaComments(t *testing.T) {
	c := newKonaClient(t, 60)
	id := c.IDs()[16] // a long one
	path := "comments?resource_type=conversation&resource_id=" + id
	all := c.walk(path)
	if len(all) < 110 || len(all) != len(c.Comments(id)) {
		t.Fatalf("%d comments", len(all))
	}
	seen := map[string]bool{}
	marks := map[string]bool{"<br>": false, "&amp;": false, "mention": false, "\x1b": false}
	for i, m := range all {
		seen[konaIDOf(m)] = true
		if i > 0 && m["created_at"].(float64) > all[i-1]["created_at"].(float64) {
			t.Errorf("comment %d is newer than the one before", i)
		}
		for mark := range marks {
			marks[mark] = marks[mark] || strings.Contains(m["content"].(string), mark)
		}
		if docHas(m, "resource_id") {
			t.Errorf("comment %v", m)
		}
	}
	if len(seen) != len(all) {
		t.Errorf("%d of %d comments are different", len(seen), len(all))
	}
	for mark, found := range marks {
		if !found {
			t.Errorf("no comment with %q", mark)
		}
	}
}

func TestKonaDirectory(t *testing.T) {
	c := newKonaClient(t, 20)
	me := c.want(200, "GET", "userinfo", "")[0]
	if me["id"] != float64(c.Me()) || docGet(me, "current_account", "member") != true || !docHas(me, "unread_conversation_count") {
		t.Errorf("userinfo %v", me)
	}
	c.Set(Switches{"NoUnreadCount": true})
	if docHas(c.want(200, "GET", "userinfo", "")[0], "unread_conversation_count") {
		t.Error("userinfo has the unread count")
	}
	email := me["email"].(string)
	found := c.want(200, "GET", "users?like="+url.QueryEscape(strings.ToUpper(email[:4])), "")
	if len(found) == 0 {
		t.Error("the start of an e-mail found nobody")
	}
	for _, u := range found {
		if !strings.HasPrefix(strings.ToLower(u["email"].(string)), email[:4]) && !strings.HasPrefix(strings.ToLower(u["name"].(string)), email[:4]) {
			t.Errorf("found %v", u)
		}
	}
	if got := c.want(200, "GET", "users?like="+url.QueryEscape(email[1:]), ""); len(got) != 0 {
		t.Errorf("the middle of an e-mail found %v", got)
	}
	members := map[float64]bool{}
	for _, u := range c.walk("users?space_id=40") {
		members[u["id"].(float64)] = true
	}
	if len(members) == 0 || len(members) == len(c.file["users"].Rows) {
		t.Errorf("%d of %d users in a space", len(members), len(c.file["users"].Rows))
	}
	for _, g := range c.walk("groups?space_id=40") {
		if g["space_id"] != 40.0 {
			t.Errorf("group %v", g)
		}
		for _, id := range g["user_ids"].([]any) {
			if !members[id.(float64)] {
				t.Errorf("group %v has a member from outside", g["id"])
			}
		}
	}
	for _, s := range c.want(200, "GET", "spaces?hidden=true", "") {
		c.want(200, "GET", "spaces/"+konaIDOf(s), "")
	}
}

// The list of spaces is longer than the largest page.
func TestKonaManySpaces(t *testing.T) {
	c := newKonaClient(t, 20)
	c.Set(Switches{"Spaces": 110})
	if shown, hidden := c.walk("spaces?per_page=100"), c.walk("spaces?hidden=true"); len(shown) != 106 || len(hidden) != 4 {
		t.Errorf("%d spaces, %d hidden", len(shown), len(hidden))
	}
	for _, id := range c.IDs() {
		space := strconv.FormatInt(int64(c.JSON(id)["space_id"].(float64)), 10)
		c.want(200, "GET", "spaces/"+space, "")
	}
}

// A token belongs to the user who agreed. With QueryOnly, a form is ignored.
func TestKonaSignedInAs(t *testing.T) {
	c := newKonaClient(t, 20)
	c.Set(Switches{"SignsIn": 7})
	body := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {konaClientID}, "client_secret": {konaClientSecret}, "code": {c.IssueCode()},
	}
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	var out struct {
		Access string `json:"access_token"`
	}
	if status := c.send("POST", "oauth/token", body.Encode(), form); status != 200 || json.Unmarshal(c.raw, &out) != nil {
		t.Fatalf("%d %s", status, c.raw)
	}
	c.auth = "Bearer " + out.Access
	if me := c.want(200, "GET", "userinfo", "")[0]; me["id"] != float64(c.number("user", 7)) {
		t.Errorf("signed in as %v", me["id"])
	}
	c.Set(Switches{"QueryOnly": true})
	if status := c.send("POST", "oauth/token", body.Encode(), form); status != 401 {
		t.Errorf("a form with QueryOnly: %d", status)
	}
	if status := c.send("GET", "oauth/elsewhere", "", http.Header{}); status != 404 {
		t.Errorf("another path: %d", status)
	}
}

func TestKonaToken(t *testing.T) {
	c := newKonaClient(t, 20)
	form := func(more ...string) string {
		v := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {konaRefresh}, "client_id": {konaClientID}, "client_secret": {konaClientSecret}}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return v.Encode()
	}
	post := func(body, query string) (int, map[string]any) {
		t.Helper()
		h := http.Header{}
		if body != "" {
			h.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		path := "oauth/token"
		if query != "" {
			path += "?" + query
		}
		status := c.send("POST", path, body, h)
		var out map[string]any
		if err := json.Unmarshal(c.raw, &out); err != nil {
			t.Fatalf("%s: %v", c.raw, err)
		}
		return status, out
	}
	for _, tt := range []struct {
		status int
		name   string
		body   string
	}{
		{401, "invalid_client", form("client_secret", "wrong")},
		{401, "invalid_client", form("client_id", "")},
		{400, "invalid_grant", form("refresh_token", "wrong")},
		{400, "unsupported_grant_type", form("grant_type", "password")},
		{400, "invalid_grant", form("grant_type", "authorization_code", "code", "wrong")},
		{400, "invalid_request", form("scope", "all")},
	} {
		if status, out := post(tt.body, ""); status != tt.status || out["error"] != tt.name || out["error_description"] == nil {
			t.Errorf("%s: %d %v", tt.body, status, out)
		}
	}
	for _, how := range []string{"form", "query"} {
		body, query := form(), ""
		if how == "query" {
			body, query = "", form()
		}
		status, out := post(body, query)
		if status != 200 || out["token_type"] != "bearer" || out["expires_in"] != 604800.0 || out["refresh_token"] != konaRefresh {
			t.Fatalf("%s: %d %v", how, status, out)
		}
		c.want(200, "GET", "userinfo", "") // the old token still works
		c.auth = "Bearer " + out["access_token"].(string)
		c.want(200, "GET", "userinfo", "")
	}
	c.Set(Switches{"ExpireOnRefresh": true, "RotateRefresh": true})
	_, out := post(form(), "")
	c.want(401, "GET", "userinfo", "")
	c.auth = "Bearer " + out["access_token"].(string)
	c.want(200, "GET", "userinfo", "")
	if out["refresh_token"] == konaRefresh {
		t.Error("the refresh token didn't change")
	}
	if status, out := post(form(), ""); status != 400 || out["error"] != "invalid_grant" {
		t.Errorf("the old refresh token: %d %v", status, out)
	}
	c.ExpireTokens()
	c.want(401, "GET", "userinfo", "")
	c.Set(Switches{"OmitRefresh": true})
	code := c.IssueCode()
	status, out := post(form("grant_type", "authorization_code", "code", code, "redirect_uri", "http://localhost:3000/callback"), "")
	if status != 200 || docHas(out, "refresh_token") {
		t.Errorf("code: %d %v", status, out)
	}
	if status, _ := post(form("grant_type", "authorization_code", "code", code), ""); status != 400 {
		t.Errorf("a code that was used before: %d", status)
	}
	for _, r := range c.sandbox.Requests() {
		if strings.HasPrefix(r.Path, "/oauth") && r.Write {
			t.Error("a token request counts as a write")
		}
	}
	c.sandbox.Revoke("kona")
	if status, out := post(form("refresh_token", fmt.Sprint(out["refresh_token"])), ""); status != 400 {
		t.Errorf("after revocation: %d %v", status, out)
	}
	if status := c.send("GET", "oauth/token", "", http.Header{}); status != 405 {
		t.Errorf("GET of a token: %d", status)
	}
}

func TestKonaSomebodyElse(t *testing.T) {
	c := newKonaClient(t, 40)
	id := c.editable(true)
	c.Change(id, "participants", []any{map[string]any{"user_id": c.Me(), "role": 1}, map[string]any{"user_id": 19, "role": 9}})
	c.Change(id, "tags", nil)
	c.Change(id, "priority", "high")
	doc := c.want(200, "GET", "conversations/"+id, "")[0]
	if fmt.Sprint(doc["participants"]) != fmt.Sprintf("[map[role:1 user_id:%d] map[role:9 user_id:19]]", c.Me()) || doc["tags"] != nil || doc["priority"] != "high" {
		t.Errorf("changed %v", doc)
	}
	if first := c.want(200, "GET", "conversations?order_by=updated_at&per_page=1", "")[0]; konaIDOf(first) != id {
		t.Errorf("latest updated is %v", first["id"])
	}
	c.Change(id, "participants", nil)
	if doc := c.want(200, "GET", "conversations/"+id, "")[0]; doc["participants"] != nil {
		t.Errorf("participants %v", doc["participants"])
	}
	c.Set(Switches{"ConcurrentOnPut": true})
	doc = c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"details":"mine"}]}`)[0]
	if doc["details"] != "mine" {
		t.Errorf("details %v", doc["details"])
	}
	c.Set(Switches{"ConcurrentOnPut": true, "MergeLists": true})
	doc = c.want(200, "PUT", "conversations/"+id, fmt.Sprintf(`{"conversations":[{"participants":[{"user_id":%d,"role":1}]}]}`, c.Me()))[0]
	if len(doc["participants"].([]any)) != 2 {
		t.Errorf("participants %v", doc["participants"])
	}
	c.sandbox.SetFault(FaultConcurrent, 1)
	a := c.want(200, "GET", "conversations/"+id, "")[0]
	b := c.want(200, "GET", "conversations/"+id, "")[0]
	if a["name"] == b["name"] {
		t.Errorf("two reads with concurrent changes both show %q", a["name"])
	}
	c.sandbox.SetFault(FaultConcurrent, 0)
	c.Remove(id)
	c.want(404, "GET", "conversations/"+id, "")
	if c.Len() != 39 || c.JSON(id) != nil {
		t.Errorf("Len %d", c.Len())
	}
}

func TestKonaEveryConversationIsVisible(t *testing.T) {
	c := newKonaClient(t, 500)
	for _, id := range c.IDs() {
		if see, _ := c.access(c.must(id)); !see {
			t.Errorf("%s: %v", id, c.JSON(id))
		}
	}
}

func TestKonaIsTheSameForTheSameSeed(t *testing.T) {
	a, b := newKonaClient(t, 50), newKonaClient(t, 50)
	for _, id := range a.IDs() {
		if fmt.Sprint(a.JSON(id)) != fmt.Sprint(b.JSON(id)) || fmt.Sprint(a.Comments(id)) != fmt.Sprint(b.Comments(id)) {
			t.Fatalf("%s differs between sandboxes of the same seed", id)
		}
	}
}

func TestKonaEmptyAndTiny(t *testing.T) {
	for n := range 3 {
		clock := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		data := newWorld(nil, Hostile, 1, clock)
		k := newService("kona", n, data, func() time.Time { return clock }).(*Kona)
		if k.Len() != n || len(k.IDs()) != n {
			t.Errorf("%d: Len %d, %d ids", n, k.Len(), len(k.IDs()))
		}
		for _, id := range k.IDs() {
			if k.JSON(id) == nil {
				t.Errorf("%d: no %s", n, id)
			}
		}
	}
}

func FuzzKonaRequests(f *testing.F) {
	f.Add("GET", "/api/conversations", "order_by=updated_at&page=2", "")
	f.Add("PUT", "/api/conversations/1480000000037", "", `{"conversations":[{"participants":[{"user_id":10,"role":1}],"external_object":{}}]}`)
	f.Add("PUT", "/api/conversations/1480000000037", "", `{"conversations":[null]}`)
	f.Add("POST", "/oauth/token", "grant_type=refresh_token", "")
	f.Add("GET", "/api/comments/2000000000000", "", "")
	f.Add("GET", "/api/comments/-9223372036854775808", "", "")
	f.Add("GET", "/api/users", "like=%ff&page=99999999999999999999", "")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		fuzzService(t, "kona", "Bearer "+konaToken, method, path, query, body)
	})
}

// fuzzService sends random requests to a server, which must answer and keep its ids consistent.
func fuzzService(t *testing.T, name, auth, method, path, query, body string) {
	clock := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := newService(name, 12, newWorld(nil, Hostile, 1, clock), func() time.Time { return clock }).own()
	values, err := url.ParseQuery(query)
	header := http.Header{"Authorization": {auth}, "Content-Type": {"application/json"}}
	for range 2 {
		x := &exchange{
			method: method, rest: path, query: values, badQuery: err != nil, header: header, body: []byte(body), now: clock, answer: http.Header{},
		}
		s.writes(x)
		s.disturb(x)
		s.serve(x)
		if x.status < 200 || x.status > 599 {
			t.Fatalf("%s %s?%s %q: status %d", method, path, query, body, x.status)
		}
	}
	if s.Len() != len(s.IDs()) {
		t.Fatalf("Len %d, %d ids", s.Len(), len(s.IDs()))
	}
}

func BenchmarkKonaList(b *testing.B) {
	s, err := New(Options{Conversations: 100_000})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := http.NewRequestWithContext(b.Context(), "GET", "http://sandbox.test/kona/api/conversations?order_by=updated_at&per_page=100&page=200", nil)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+konaToken)
		resp, err := s.Transport().RoundTrip(r)
		if err != nil || resp.StatusCode != 200 {
			b.Fatal(err, resp.StatusCode)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/row")
}
