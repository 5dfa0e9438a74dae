package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// birdMessage is a message sent through the API. Its status follows from its age, so nothing has to run.
type birdMessage struct {
	doc    map[string]any
	sent   time.Time // zero: still a draft
	reason string    // not empty: delivery fails in the end
}

// render shows the status a message has reached: accepted, then sent, then delivered or delivery_failed.
func (m *birdMessage) render(now time.Time) map[string]any {
	out := birdCopy(m.doc)
	switch age := now.Sub(m.sent); {
	case m.sent.IsZero() || age < time.Second:
		out["status"] = "accepted"
	case age < 3*time.Second:
		out["status"] = "sent"
	case m.reason != "":
		out["status"], out["reason"] = "delivery_failed", m.reason
	default:
		out["status"] = "delivered"
	}
	return out
}

// birdThread is the messages of a conversation, seeded ones first.
type birdThread struct {
	b      *Bird
	c      *birdConversation
	facts  birdFacts
	refs   []birdRef
	people []map[string]any
}

func (b *Bird) thread(c *birdConversation) birdThread {
	t := birdThread{b: b, c: c}
	if c.row < b.seed.conversations {
		t.facts = b.seed.facts(c.row)
		t.refs = b.seed.people(t.facts)
		t.people = make([]map[string]any, len(t.refs))
		for i, ref := range t.refs {
			t.people[i] = b.seed.participant(ref, t.facts.channel)
		}
	}
	return t
}

func (t birdThread) len() int { return t.facts.messages + len(t.c.messages) }

// at is the message at a position, newest first.
func (t birdThread) at(position int, now time.Time) map[string]any {
	k := t.len() - 1 - position
	if k >= t.facts.messages {
		return t.c.messages[k-t.facts.messages].render(now)
	}
	return t.b.seed.message(t.facts, t.refs, t.people, k)
}

func (t birdThread) id(position int) string {
	k := t.len() - 1 - position
	if k >= t.facts.messages {
		id, _ := t.c.messages[k-t.facts.messages].doc["id"].(string)
		return id
	}
	return t.b.seed.messageID(t.c.row, k)
}

func (t birdThread) find(id string) (int, bool) {
	for i := range t.len() {
		if t.id(i) == id {
			return i, true
		}
	}
	return 0, false
}

func (b *Bird) listMessages(r birdRequest, c *birdConversation) birdAnswer {
	if a, ok := r.only("limit", "pageToken", "reverse", "dateFrom"); !ok {
		return a
	}
	if b.switches.ConflictOnGet > 0 {
		b.switches.ConflictOnGet--
		return birdConflict("Conflict", "The resource is in a conflicting state.", nil)
	}
	var from time.Time
	if r.query.Has("dateFrom") {
		var err error
		if from, err = time.Parse(time.RFC3339Nano, r.query.Get("dateFrom")); err != nil {
			return birdProblem(".dateFrom", "must be an RFC 3339 time")
		}
	}
	t := b.thread(c)
	created := func(i int) string {
		s, _ := t.at(i, r.now)["createdAt"].(string)
		return s
	}
	return b.page(r, birdList{
		n: t.len(), defaultLimit: birdDefaultLimit, limit: birdMaxLimit,
		key:  func(i int) (string, string) { return created(i), t.id(i) },
		find: t.find,
		keep: func(i int) bool {
			if c.removed[t.id(i)] {
				return false
			}
			if from.IsZero() {
				return true
			}
			at, err := time.Parse(time.RFC3339Nano, created(i))
			return err == nil && at.After(from)
		},
		render: func(i int) any { return t.at(i, r.now) },
	})
}

func (b *Bird) getMessage(r birdRequest, c *birdConversation, id string) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	t := b.thread(c)
	i, ok := t.find(id)
	if !ok || c.removed[id] {
		return birdNotFound()
	}
	return birdOK(t.at(i, r.now))
}

func (b *Bird) deleteMessage(r birdRequest, c *birdConversation, id string) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	if _, ok := b.thread(c).find(id); !ok || c.removed[id] {
		return birdNotFound()
	}
	b.keep(c)
	if c.removed == nil {
		c.removed = map[string]bool{}
	}
	c.removed[id] = true
	b.touch(c)
	return birdAnswer{http.StatusNoContent, nil}
}

// birdContent checks the body or template of a message: exactly one of them.
func birdContent(problems birdProblems, at string, members map[string]json.RawMessage, doc map[string]any) {
	_, hasBody := members["body"]
	_, hasTemplate := members["template"]
	if hasBody == hasTemplate {
		problems.add(at+".body", "exactly one of body and template is required")
		return
	}
	if hasTemplate {
		if _, err := birdMembers(members["template"]); err != nil {
			problems.add(at+".template", "must be an object")
			return
		}
		doc["template"] = viaJSON(members["template"])
		return
	}
	body, err := birdMembers(members["body"])
	kind, _ := birdString(body["type"])
	content, contentErr := birdMembers(body[kind])
	switch {
	case err != nil || kind == "":
		problems.add(at+".body.type", "is required")
	case contentErr != nil:
		problems.add(at+".body."+kind, "is required")
	default:
		if text, ok := birdString(content["text"]); (kind == "text" || kind == "html") && (!ok || text == "") {
			problems.add(at+".body."+kind+".text", "is required")
		}
		birdUnknown(problems, at+".body", body, "type", kind)
		doc["body"] = viaJSON(members["body"])
	}
}

// sendMessage answers 201 with status accepted, which doesn't mean delivered.
func (b *Bird) sendMessage(r birdRequest, c *birdConversation) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	members, a, ok := r.object()
	if !ok {
		return a
	}
	problems := birdProblems{}
	birdUnknown(problems, "", members, "participantType", "participantId", "body", "template", "recipients", "addMissingParticipants",
		"draft", "reference", "replyToMessageId", "sender", "participantContactIdentifierKey", "participantContactIdentifierValue")
	m := b.newMessage(c)
	birdContent(problems, "", members, m.doc)
	kind, hasKind := birdEnum(problems, "", members, "participantType", "accessKey", "flow", "contact")
	if !hasKind && problems[".participantType"] == nil {
		problems.add(".participantType", "is required")
	}
	id, _ := birdString(members["participantId"])
	if id == "" {
		problems.add(".participantId", "is required")
	}
	var addMissing, draft bool
	for field, into := range map[string]*bool{"addMissingParticipants": &addMissing, "draft": &draft} {
		if raw, ok := members[field]; ok && (json.Unmarshal(raw, into) != nil || birdIsNull(raw)) {
			problems.add("."+field, "must be a boolean")
		}
	}
	reference := ""
	if raw, ok := members["reference"]; ok {
		var isString bool
		if reference, isString = birdString(raw); !isString {
			problems.add(".reference", "must be a string")
		}
	}
	if len(problems) > 0 {
		return problems.answer()
	}
	ref, ok := b.seed.ref(id)
	// Clients in production send as a flow with the channel's id, and it works.
	asChannel := kind == "flow" && ref.kind == birdChannelKind
	if !ok || birdTypes[ref.kind] != kind && !asChannel {
		return birdProblem(".participantId", "must be the id of a participant of that type")
	}
	if c.doc["status"] == "closed" {
		return birdRefusal(http.StatusUnprocessableEntity, "InvalidPayload", "The conversation is closed.", nil)
	}
	if b.refs[reference] {
		return birdConflict("ResourceAlreadyExists", "A message with this reference already exists.", nil)
	}
	sender := b.seed.participant(ref, -1)
	sender["type"] = kind
	b.keep(c)
	if i, member := c.person(id); member {
		sender = c.people[i]
	} else if !asChannel {
		if !addMissing {
			return birdRefusal(http.StatusForbidden, "Forbidden", "The sender is not a participant of the conversation.", nil)
		}
		c.people = append(slices.Clip(c.people), sender)
		c.count(sender, 1)
	}
	if reference != "" {
		b.refs[reference] = true
	}
	m.doc["sender"], m.doc["reference"], m.doc["draft"] = sender, reference, draft
	if raw, ok := members["recipients"]; ok {
		m.doc["recipients"] = viaJSON(raw)
	}
	if draft {
		m.doc["createdAt"], m.doc["updatedAt"] = stamp(r.now), stamp(r.now)
		c.messages = append(c.messages, m)
		c.doc["hasDraft"] = true
		return birdAnswer{http.StatusCreated, m.render(r.now)}
	}
	b.deliver(c, m, r.now)
	return birdAnswer{http.StatusCreated, m.render(r.now)}
}

func (b *Bird) newMessage(c *birdConversation) *birdMessage {
	b.sent++
	return &birdMessage{doc: map[string]any{
		"id": b.seed.id(birdSentKind, b.sent), "conversationId": b.seed.conversationID(c.row), "channelId": c.doc["channelId"], "reference": "", "draft": false,
		"recipients": nil, "source": "conversations", "interactions": nil,
	}}
}

// initialMessage reads the first message of a new conversation.
func (b *Bird) initialMessage(problems birdProblems, raw json.RawMessage) *birdMessage {
	members, err := birdMembers(raw)
	if err != nil {
		problems.add(".initialMessage", "must be an object")
		return nil
	}
	birdUnknown(problems, ".initialMessage", members, "recipients", "body", "template", "reference", "sender")
	m := &birdMessage{doc: map[string]any{"draft": false, "reference": "", "recipients": nil, "source": "conversations", "interactions": nil}}
	birdContent(problems, ".initialMessage", members, m.doc)
	m.doc["sender"] = b.seed.participant(birdRef{birdAccessKeyKind, 0, "active"}, -1)
	return m
}

// deliver puts a message into the thread and on its way.
func (b *Bird) deliver(c *birdConversation, m *birdMessage, now time.Time) {
	if m.doc["id"] == nil {
		b.sent++
		m.doc["id"] = b.seed.id(birdSentKind, b.sent)
		m.doc["conversationId"], m.doc["channelId"] = b.seed.conversationID(c.row), c.doc["channelId"]
	}
	at := stamp(now.Truncate(time.Millisecond))
	m.sent = now
	m.doc["draft"], m.doc["createdAt"], m.doc["updatedAt"] = false, at, at
	// WhatsApp takes free text for 24 hours after the contact's last message; later ones fail without an HTTP error.
	if id, ok := c.doc["channelId"].(string); ok && m.doc["template"] == nil {
		if n, ok := b.seed.number(birdChannelKind, id, len(birdChannels)); ok && birdChannels[n].platform == "whatsapp" {
			last, _ := c.doc["lastMessageIncomingAt"].(string)
			if t, err := time.Parse(time.RFC3339Nano, last); err != nil || now.Sub(t) > 24*time.Hour {
				m.reason = "outside of the 24 hour window"
			}
		}
	}
	if !slices.Contains(c.messages, m) {
		c.messages = append(c.messages, m)
	}
	c.doc["lastMessage"] = birdLastMessage(m.render(now))
	c.doc["lastMessageOutgoingAt"] = at
	b.touch(c)
}

// patchMessage changes a draft, or sends it with {"draft":false}. What was sent can't be changed.
func (b *Bird) patchMessage(r birdRequest, c *birdConversation, id string) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	i := slices.IndexFunc(c.messages, func(m *birdMessage) bool { return m.doc["id"] == id })
	if i < 0 || c.removed[id] {
		if _, seeded := b.thread(c).find(id); seeded && !c.removed[id] {
			return birdConflict("Conflict", "Only drafts can be updated.", nil)
		}
		return birdNotFound()
	}
	m := c.messages[i]
	members, a, ok := r.object()
	if !ok {
		return a
	}
	problems := birdProblems{}
	birdUnknown(problems, "", members, "body", "template", "draft", "recipients")
	changes := map[string]any{}
	if members["body"] != nil || members["template"] != nil {
		birdContent(problems, "", members, changes)
	}
	draft := true
	if raw, ok := members["draft"]; ok && (json.Unmarshal(raw, &draft) != nil || birdIsNull(raw)) {
		problems.add(".draft", "must be a boolean")
	}
	if len(problems) > 0 {
		return problems.answer()
	}
	if !m.sent.IsZero() {
		return birdConflict("Conflict", "Only drafts can be updated.", nil)
	}
	b.keep(c)
	for k, v := range changes {
		m.doc[k] = v
	}
	if raw, ok := members["recipients"]; ok {
		m.doc["recipients"] = viaJSON(raw)
	}
	m.doc["updatedAt"] = b.stamp(m.doc["updatedAt"])
	if !draft {
		c.doc["hasDraft"] = false
		b.deliver(c, m, r.now)
	}
	return birdOK(m.render(r.now))
}

// Messages is a copy of all messages of a conversation, newest first.
func (b *Bird) Messages(id string) []map[string]any {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.find(strings.ToLower(id))
	if c == nil {
		return nil
	}
	t := b.thread(c)
	var out []map[string]any
	for i := range t.len() {
		if !c.removed[t.id(i)] {
			out = append(out, birdCopy(t.at(i, b.now())))
		}
	}
	return out
}
