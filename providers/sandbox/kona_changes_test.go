package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestKonaUpdateIsAPatch(t *testing.T) {
	c := newKonaClient(t, 60)
	id := c.editable(true)
	before := c.JSON(id)
	doc := c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"name":"Lift inspection","details":null}]}`)[0]
	if doc["name"] != "Lift inspection" || doc["details"] != nil || fmt.Sprint(doc["participants"]) != fmt.Sprint(before["participants"]) || fmt.Sprint(doc["groups"]) != fmt.Sprint(before["groups"]) {
		t.Errorf("after a change of the name and the details, the conversation is %v, want everything else unchanged", doc)
	}
	byUpdate := c.walk("conversations?order_by=updated_at")
	late := konaIDOf(byUpdate[len(byUpdate)-1])
	for i := len(byUpdate) - 1; byUpdate[i]["creator_id"] != float64(c.Me()); i-- {
		late = konaIDOf(byUpdate[i-1])
	}
	c.want(200, "PUT", "conversations/"+late, `{"conversations":[{"name":"to the head"}]}`)
	if first := c.want(200, "GET", "conversations?order_by=updated_at&per_page=1", "")[0]; konaIDOf(first) != late {
		t.Errorf("the conversation updated last is %v, want %s", first["id"], late)
	}
	me := c.Me()
	doc = c.want(200, "PUT", "conversations/"+id, fmt.Sprintf(`{"conversations":[{"participants":[{"user_id":%d,"role":1},{"user_id":13,"role":2}]}]}`, me))[0]
	if got := fmt.Sprint(doc["participants"]); got != fmt.Sprintf("[map[role:1 user_id:%d] map[role:2 user_id:13]]", me) {
		t.Errorf("the participants are %s, want those of the request", got)
	}
	if fmt.Sprint(doc["groups"]) != fmt.Sprint(before["groups"]) {
		t.Errorf("with the participants, the groups changed to %v", doc["groups"])
	}
	group := c.number("group", int(doc["space_id"].(float64)-40)/11)
	doc = c.want(200, "PUT", "conversations/"+id, fmt.Sprintf(`{"conversations":[{"groups":[{"group_id":%d,"role":2}],"stakeholder":2,"default_role":3}]}`, group))[0]
	if fmt.Sprint(doc["groups"]) != fmt.Sprintf("[map[group_id:%d role:2]]", group) || doc["stakeholder"] != 2.0 || doc["default_role"] != 3.0 {
		t.Errorf("the conversation is %v, want the groups, stakeholder and default_role of the request", doc)
	}
	c.Set(Switches{"MergeLists": true})
	doc = c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"participants":[{"user_id":16,"role":1}]}]}`)[0]
	if len(doc["participants"].([]any)) != 3 {
		t.Errorf("with MergeLists, the participants are %v, want three", doc["participants"])
	}
	c.Set(Switches{"MergeLists": false, "EmptyListIgnored": true})
	doc = c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"participants":[]}]}`)[0]
	if len(doc["participants"].([]any)) != 3 {
		t.Errorf("with EmptyListIgnored, [] made the participants %v, want three", doc["participants"])
	}
	c.Set(Switches{"EmptyListIgnored": false})
	doc = c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"participants":[],"groups":[]}]}`)[0]
	if len(doc["participants"].([]any)) != 0 || len(doc["groups"].([]any)) != 0 {
		t.Errorf("after [] for both lists, the conversation is %v", doc)
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
			t.Errorf("sent back unchanged, the participants %v became %v", doc["participants"], after["participants"])
		}
		break
	}
	if !done {
		t.Error("no conversation has somebody with role 7")
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
		t.Errorf("%d of 100 conversations may only be viewed, want 1 to 10", viewers)
	}
	own := c.editable(true)
	c.want(204, "DELETE", "conversations/"+own, "")
	c.want(404, "DELETE", "conversations/"+own, "")
	c.want(404, "GET", "conversations/"+own, "")
	if c.Len() != 99 || len(c.IDs()) != 99 || slices.Contains(c.IDs(), own) {
		t.Errorf("after a delete there are %d conversations, want 99 and that one gone", c.Len())
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
		t.Errorf("the new conversation is %v, want it one's own, with the defaults and without its comment", doc)
	}
	if got := c.header.Get("Location"); !strings.HasSuffix(got, "/conversations/"+id) {
		t.Errorf("the Location is %q, want it to end with the id %s", got, id)
	}
	comments := c.want(200, "GET", "comments?resource_type=conversation&resource_id="+id, "")
	if len(comments) != 1 || comments[0]["content"] != "Tuesday or Thursday?" {
		t.Errorf("the new conversation has the comments %v, want the first one", comments)
	}
	for _, order := range []string{"created_at", "updated_at"} {
		if first := c.want(200, "GET", "conversations?per_page=1&order_by="+order, "")[0]; konaIDOf(first) != id {
			t.Errorf("in the order of %s, the first conversation is %v, want the new one", order, first["id"])
		}
	}
	second := c.want(201, "POST", "conversations", `{"conversations":[{"name":"All","space_id":51,"stakeholder":2}]}`)[0]
	if c.Len() != 62 || c.IDs()[0] != konaIDOf(second) || c.IDs()[1] != id {
		t.Errorf("after two creates there are %d conversations, the newest %v; want 62 and the two", c.Len(), c.IDs()[:2])
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
		t.Errorf("after changes by somebody else, the conversation is %v", doc)
	}
	if first := c.want(200, "GET", "conversations?order_by=updated_at&per_page=1", "")[0]; konaIDOf(first) != id {
		t.Errorf("the conversation updated last is %v, want %s", first["id"], id)
	}
	c.Change(id, "participants", nil)
	if doc := c.want(200, "GET", "conversations/"+id, "")[0]; doc["participants"] != nil {
		t.Errorf("changed to null, the participants are %v", doc["participants"])
	}
	c.Set(Switches{"ConcurrentOnPut": true})
	doc = c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"details":"mine"}]}`)[0]
	if doc["details"] != "mine" {
		t.Errorf("after a colleague's change, one's own made the details %v, want mine", doc["details"])
	}
	c.Set(Switches{"ConcurrentOnPut": true, "MergeLists": true})
	doc = c.want(200, "PUT", "conversations/"+id, fmt.Sprintf(`{"conversations":[{"participants":[{"user_id":%d,"role":1}]}]}`, c.Me()))[0]
	if len(doc["participants"].([]any)) != 2 {
		t.Errorf("with a colleague's participant and merged lists, the participants are %v, want two", doc["participants"])
	}
	groups := len(c.JSON(id)["groups"].([]any))
	doc = c.want(200, "PUT", "conversations/"+id, `{"conversations":[{"groups":[]}]}`)[0]
	if len(doc["groups"].([]any)) != groups+1 {
		t.Errorf("with a colleague's group and merged lists, the groups are %v, want %d", doc["groups"], groups+1)
	}
	c.s.SetFault(FaultConcurrent, 1)
	a := c.want(200, "GET", "conversations/"+id, "")[0]
	b := c.want(200, "GET", "conversations/"+id, "")[0]
	if a["name"] == b["name"] {
		t.Errorf("two reads with concurrent changes both show %q", a["name"])
	}
	c.s.SetFault(FaultConcurrent, 0)
	c.Remove(id)
	c.want(404, "GET", "conversations/"+id, "")
	if c.Len() != 39 || c.JSON(id) != nil {
		t.Errorf("after a removal there are %d conversations, want 39 and that one gone", c.Len())
	}
}
