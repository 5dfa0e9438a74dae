package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestKonaPaging(t *testing.T) {
	c := newKonaClient(t, 230)
	if n := len(c.want(200, "GET", "conversations", "")); n != 25 {
		t.Errorf("the default page has %d rows, want 25", n)
	}
	if n := len(c.want(200, "GET", "conversations?per_page=500", "")); n != 100 {
		t.Errorf("the largest page has %d rows, want 100", n)
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
					t.Errorf("%s: a row of %v follows one of %v", order, at, last)
				}
				last = at
			}
		}
		sorted := slices.Clone(ids)
		slices.Sort(sorted)
		if len(ids) != 230 || len(slices.Compact(sorted)) != 230 {
			t.Errorf("%q: the pages hold %d rows, %d of them different; want 230", order, len(ids), len(slices.Compact(sorted)))
		}
		if order == "order_by=created_at" && !slices.Equal(ids, want) {
			t.Error("the rows are not in the order of creation")
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
			t.Errorf("%s: the pages hold %d rows, want more than %d", tt.path, len(seen), tt.more)
		}
	}
	c.Set(Switches{"IgnorePage": true})
	if a, b := c.want(200, "GET", "users", ""), c.want(200, "GET", "users?page=2", ""); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Error("with IgnorePage, the second page differs from the first")
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
		t.Errorf("all spaces together have %d conversations, want 300", total)
	}
}

func TestKonaShiftBetweenPages(t *testing.T) {
	for _, order := range []string{"updated_at", "created_at"} {
		c := newKonaClient(t, 60)
		c.Set(Switches{"ShiftBetweenPages": true})
		head := func() string { return konaIDOf(c.want(200, "GET", "conversations?per_page=1&order_by="+order, "")[0]) }
		before, seen := head(), map[string]int{}
		for _, doc := range c.walk("conversations?order_by=" + order) {
			seen[konaIDOf(doc)]++
		}
		if head() == before {
			t.Errorf("in the order of %s, the head of the list is as before", order)
		}
		twice := 0
		for _, n := range seen {
			if n > 1 {
				twice++
			}
		}
		if twice == 0 {
			t.Errorf("in the order of %s, no row moved to a later page", order)
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
		t.Errorf("%d of 100 conversations have times, want 50", odd["with times"])
	}
	c.Set(Switches{"ListWithoutPeople": true})
	for _, row := range c.want(200, "GET", "conversations", "") {
		if docHas(row, "participants") || docHas(row, "groups") {
			t.Errorf("with ListWithoutPeople, the row %v has people", row)
		}
	}
}

func TestKonaComments(t *testing.T) {
	c := newKonaClient(t, 60)
	id := c.IDs()[16] // a long one
	path := "comments?resource_type=conversation&resource_id=" + id
	all := c.walk(path)
	if len(all) < 110 || len(all) != len(c.Comments(id)) {
		t.Fatalf("the pages hold %d comments, want all %d, and over 110", len(all), len(c.Comments(id)))
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
			t.Errorf("a comment names its conversation: %v", m)
		}
	}
	if len(seen) != len(all) {
		t.Errorf("%d of %d comments are different", len(seen), len(all))
	}
	for mark, found := range marks {
		if !found {
			t.Errorf("no comment contains %q", mark)
		}
	}
}

func TestKonaDirectory(t *testing.T) {
	c := newKonaClient(t, 20)
	me := c.want(200, "GET", "userinfo", "")[0]
	if me["id"] != float64(c.Me()) || docGet(me, "current_account", "member") != true || !docHas(me, "unread_conversation_count") {
		t.Errorf("userinfo is %v, want the token's user with the account and the unread count", me)
	}

	email := me["email"].(string)
	found := c.want(200, "GET", "users?like="+url.QueryEscape(strings.ToUpper(email[:4])), "")
	if len(found) == 0 {
		t.Error("the start of an e-mail found nobody")
	}
	for _, u := range found {
		if !strings.HasPrefix(strings.ToLower(u["email"].(string)), email[:4]) && !strings.HasPrefix(strings.ToLower(u["name"].(string)), email[:4]) {
			t.Errorf("a search for %q found %v", email[:4], u)
		}
	}
	if got := c.want(200, "GET", "users?like="+url.QueryEscape(email[1:]), ""); len(got) != 0 {
		t.Errorf("a search for the middle of an e-mail found %v", got)
	}
	members := map[float64]bool{}
	for _, u := range c.walk("users?space_id=40") {
		members[u["id"].(float64)] = true
	}
	if len(members) == 0 || len(members) == len(c.file["users"].Rows) {
		t.Errorf("a space has %d of %d users, want some", len(members), len(c.file["users"].Rows))
	}
	for _, g := range c.walk("groups?space_id=40") {
		if g["space_id"] != 40.0 {
			t.Errorf("space 40 lists the group %v", g)
		}
		for _, id := range g["user_ids"].([]any) {
			if !members[id.(float64)] {
				t.Errorf("group %v has a member who is not in its space", g["id"])
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
		t.Errorf("there are %d spaces and %d hidden ones, want 106 and 4", len(shown), len(hidden))
	}
	for _, id := range c.IDs() {
		space := strconv.FormatInt(int64(c.JSON(id)["space_id"].(float64)), 10)
		c.want(200, "GET", "spaces/"+space, "")
	}
}
