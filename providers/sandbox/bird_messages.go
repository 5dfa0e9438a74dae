package sandbox

import (
	"encoding/json"
	"maps"
	"time"
)

// birdMessage is a message sent through the API. Its status follows from its age, so nothing has to run.
type birdMessage struct {
	doc    map[string]any
	sent   time.Time
	reason string // not empty: delivery fails in the end
}

// render shows the status a message has reached: accepted, then sent, then delivered or delivery_failed.
func (m *birdMessage) render(now time.Time) map[string]any {
	out := maps.Clone(m.doc)
	switch age := now.Sub(m.sent); {
	case age < time.Second:
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
	if c.row < b.conversations {
		t.facts = b.seed.facts(c.row)
		t.refs = b.seed.people(t.facts)
		for _, ref := range t.refs {
			t.people = append(t.people, b.seed.participant(ref, t.facts.channel))
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

func (b *Bird) listMessages(x *exchange) {
	t := b.thread(b.at(b.wanted(x)))
	b.maybeConflict(&b.switches.ConflictOnGet)
	from := x.bound("dateFrom")
	created := func(i int) string {
		s, _ := t.at(i, x.now)["createdAt"].(string)
		return s
	}
	b.page(x, birdList{
		n:    t.len(),
		key:  func(i int) (string, string) { return created(i), t.id(i) },
		find: t.find,
		keep: func(i int) bool {
			at, err := time.Parse(time.RFC3339Nano, created(i))
			return from.IsZero() || err == nil && at.After(from)
		},
		render: func(i int) any { return t.at(i, x.now) },
	})
}

// initialMessage reads the first message of a new conversation: exactly one of body and template.
func (b *Bird) initialMessage(p problems, raw json.RawMessage) *birdMessage {
	const at = ".initialMessage"
	fields, err := members(raw)
	if err != nil {
		p.add(at, "must be an object")
	}
	p.unknown(at, fields, "recipients", "body", "template", "reference", "sender")
	m := &birdMessage{doc: map[string]any{
		"draft": false, "reference": "", "recipients": nil, "source": "conversations", "interactions": nil,
		"sender": b.seed.participant(birdRef{birdAccessKeyKind, 0, "active"}, -1),
	}}
	template, isTemplate := read[map[string]any](fields["template"])
	body, isBody := read[map[string]json.RawMessage](fields["body"])
	kind, _ := read[string](body["type"])
	content, _ := members(body[kind])
	text, _ := read[string](content["text"])
	switch {
	case isTemplate == isBody:
		p.add(at+".body", "exactly one of body and template is required")
	case isTemplate:
		m.doc["template"] = template
	case content == nil:
		p.add(at+".body."+kind, "is required")
	case (kind == "text" || kind == "html") && text == "":
		p.add(at+".body."+kind+".text", "is required")
	default:
		p.unknown(at+".body", body, "type", kind)
		m.doc["body"] = viaJSON(body)
	}
	return m
}

// deliver puts a message into the thread and on its way.
func (b *Bird) deliver(c *birdConversation, m *birdMessage, now time.Time) {
	b.sent++
	at := stamp(now.Truncate(time.Millisecond))
	m.sent = now
	m.doc["id"], m.doc["conversationId"], m.doc["channelId"] = b.seed.id(birdSentKind, b.sent), b.id(c.row), c.doc["channelId"]
	m.doc["createdAt"], m.doc["updatedAt"] = at, at
	// WhatsApp takes free text for 24 hours after the contact's last message; here nobody has written yet, and it fails
	// without an HTTP error.
	if id, ok := c.doc["channelId"].(string); ok && m.doc["template"] == nil {
		if n, ok := b.seed.number(birdChannelKind, id, len(birdData.Channels)); ok && birdData.Channels[n].Platform == "whatsapp" {
			m.reason = "outside of the 24 hour window"
		}
	}
	c.messages = append(c.messages, m)
	c.doc["lastMessage"] = birdLastMessage(m.render(now))
	c.doc["lastMessageOutgoingAt"] = at
	b.touch(c)
}

// Messages is a copy of all messages of a conversation, newest first.
func (b *Bird) Messages(id string) []map[string]any {
	b.mu.Lock()
	defer b.mu.Unlock()
	row, ok := b.live(id)
	if !ok {
		return nil
	}
	t := b.thread(b.at(row))
	var out []map[string]any
	for i := range t.len() {
		out = append(out, viaJSON(t.at(i, b.now())).(map[string]any))
	}
	return out
}
