package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

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
			t.Errorf("a contact has two active conversations on a channel, %s and %s", other, id)
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
			t.Errorf("after a change, updatedAt went from %s to %s", prev, now)
		}
	}
	if doc := c.want(200, "PATCH", "conversations/"+id, `{"name":null}`); doc["name"] != "" {
		t.Errorf("a null name is stored as %q, want none", doc["name"])
	}
	c.Set(Switches{"NullKeepsName": true})
	if doc := c.want(200, "PATCH", "conversations/"+id, `{"description":null}`); doc["description"] != "d" {
		t.Errorf("with NullKeepsName, a null description made it %q, want d", doc["description"])
	}
	c.want(200, "PATCH", "conversations/"+id, `{"attributes":{"a":"1"}}`)
	if doc := c.want(200, "PATCH", "conversations/"+id, `{"attributes":{"b":"2"}}`); fmt.Sprint(doc["attributes"]) != "map[b:2]" {
		t.Errorf("the attributes are %v, want those of the request alone", doc["attributes"])
	}
	c.Set(Switches{"AttributesMerge": true})
	if doc := c.want(200, "PATCH", "conversations/"+id, `{"attributes":{"c":"3"}}`); fmt.Sprint(doc["attributes"]) != "map[b:2 c:3]" {
		t.Errorf("with AttributesMerge, the attributes are %v, want b and c", doc["attributes"])
	}
	c.Set(Switches{"IgnoreVisibility": true})
	if doc := c.want(200, "PATCH", "conversations/"+id, `{"visibility":"public"}`); doc["visibility"] != "private" {
		t.Errorf("with IgnoreVisibility, the visibility became %v", doc["visibility"])
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
		t.Fatal("there are no two conversations of one contact on a channel")
	}
	if out := c.want(409, "PATCH", "conversations/"+closed, `{"status":"active"}`); out["code"] != "ResourceAlreadyExists" {
		t.Errorf("reopening a second conversation was refused with the code %v", out["code"])
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
		t.Errorf("the new conversation is %v, want it active, private and first, with its message", doc)
	}
	out := c.want(409, "POST", "conversations", body)
	if out["code"] != "ContactAlreadyInConversation" || docGet(out, "details", "conversationId") != created {
		t.Errorf("a second conversation of the contact was refused with %v, want the id of the first", out)
	}
	c.want(200, "PATCH", "conversations/"+created, `{"status":"closed"}`)
	c.want(201, "POST", "conversations", body)
	c.want(204, "DELETE", "conversations/"+created, "")
	c.want(404, "DELETE", "conversations/"+created, "")
	c.want(404, "GET", "conversations/"+created, "")
	if c.JSON(created) != nil || c.Len() != 61 {
		t.Errorf("after two creates and a delete there are %d conversations, want 61 and the deleted one gone", c.Len())
	}
}

// A first message keeps its reference and is sent at once. On WhatsApp it is not delivered, because the contact has not written.
func TestBirdFirstMessage(t *testing.T) {
	platforms := map[bool]string{}
	for channel := range 4 {
		c := newBirdClient(t, 60)
		id := c.identifier(179, channel) // of a contact without conversations
		text := strings.Repeat("é", 200)
		doc := c.want(201, "POST", "conversations", fmt.Sprintf(`{"name":"Hello","channelId":%q,
			"participants":[{"type":"contact","identifierKey":%q,"identifierValue":%q}],
			"initialMessage":{"body":{"type":"text","text":{"text":%q}},"reference":"mine-1"}}`, c.uuid("channel", channel), id.key, id.value, text))
		if preview := docGet(doc, "lastMessage", "preview", "text"); preview != text[:280] {
			t.Errorf("the preview is %q, want the first 140 characters", preview)
		}
		platform := c.platform(channel)
		platforms[platform == "whatsapp"] = platform
		want := []string{"accepted", "sent", "delivered"}
		if platform == "whatsapp" {
			want[2] = "delivery_failed"
		}
		for _, status := range want {
			m := c.Messages(doc["id"].(string))[0]
			_, explained := m["reason"]
			if m["status"] != status || m["reference"] != "mine-1" || docGet(m, "body", "text", "text") != text || explained != (status == "delivery_failed") {
				t.Errorf("%s: the message is %v, want it %s", platform, m, status)
			}
			*c.clock = c.clock.Add(2 * time.Second)
		}
	}
	if len(platforms) != 2 {
		t.Errorf("the test met only the platforms %v, want WhatsApp and another", platforms)
	}
}

func TestBirdParticipants(t *testing.T) {
	c := newBirdClient(t, 60)
	id := c.IDs()[4] // fourteen participants
	one := "conversations/" + id + "/participants"
	all := c.walk(one+"?limit=4", nil)
	if len(all) != 14 {
		t.Fatalf("the pages hold %d participants, want 14", len(all))
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
		t.Errorf("added %v, want somebody invited, with a name", added)
	}
	again := c.want(200, "POST", one, fmt.Sprintf(`{"type":"user","id":%q}`, user))
	if again["status"] != "invited" {
		t.Errorf("adding somebody who takes part already is answered with %v, want no change", again)
	}
	after := c.JSON(id)
	if after["pendingParticipantCount"] != before["pendingParticipantCount"].(float64)+1 || after["updatedAt"] == before["updatedAt"] {
		t.Errorf("the count of pending participants went from %v to %v, want one more and another updatedAt",
			before["pendingParticipantCount"], after["pendingParticipantCount"])
	}
	c.want(422, "PATCH", one+"/"+user, `{"status":"gone"}`)
	c.want(422, "PATCH", one+"/"+user, `{}`)
	c.want(422, "PATCH", one+"/"+user, `{"status":"active","displayName":"x"}`)
	if p := c.want(200, "PATCH", one+"/"+user, `{"status":"active"}`); p["status"] != "active" {
		t.Errorf("made active, the participant is %v", p)
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
			t.Errorf("adding %s: got %d %v, want 200 or 201", body, status, out)
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
	t.Fatal("there is no conversation with one contact")
}

// Where no contact takes part, users can be removed.
func TestBirdUserOfAConversationWithoutContactsIsNotProtected(t *testing.T) {
	c := newBirdClient(t, 10)
	user := c.uuid("user", 1)
	made := c.want(201, "POST", "conversations", `{"name":"x","participants":[{"type":"user","id":"`+user+`"}]}`)
	c.want(204, "DELETE", "conversations/"+made["id"].(string)+"/participants/"+user, "")
}

func TestBirdSomebodyElse(t *testing.T) {
	c := newBirdClient(t, 20)
	id := c.IDs()[0]
	before := c.JSON(id)
	c.Change(id, "visibility", "private")
	doc := c.want(200, "GET", "conversations/"+id, "")
	if doc["visibility"] != "private" || doc["updatedAt"] == before["updatedAt"] {
		t.Errorf("after a colleague's change, the conversation is %v, want it private with another updatedAt", doc)
	}
	c.s.FailNext("bird", FaultConcurrent, 1)
	doc = c.want(200, "PATCH", "conversations/"+id, `{"description":"mine"}`)
	if doc["description"] != "mine" {
		t.Errorf("after a colleague's change, one's own made the description %q, want mine", doc["description"])
	}
	c.s.rates[FaultConcurrent] = 1
	a := c.want(200, "GET", "conversations/"+id, "")
	b := c.want(200, "GET", "conversations/"+id, "")
	if a["name"] == b["name"] || a["updatedAt"] == b["updatedAt"] {
		t.Errorf("two reads with concurrent changes both show %q at %v", a["name"], a["updatedAt"])
	}
	c.s.rates[FaultConcurrent] = 0
	c.Remove(id)
	c.want(404, "GET", "conversations/"+id, "")
	if c.Len() != 19 || len(c.IDs()) != 19 || c.JSON(id) != nil {
		t.Errorf("after a removal there are %d conversations, want 19 and that one gone", c.Len())
	}
}
