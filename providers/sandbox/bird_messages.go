package sandbox

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
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

// thread is the messages of a conversation, newest first: those sent through the API after those of the data file.
func (b *Bird) thread(row int, now time.Time) (all []map[string]any) {
	for k := range b.record(row).Said {
		all = append(all, b.said(row, k))
	}
	for _, m := range b.sent[row] {
		all = append(all, m.render(now))
	}
	slices.Reverse(all)
	return all
}

// said is a message of the data file, 0 being the oldest.
func (b *Bird) said(row, k int) map[string]any {
	l, scene := b.record(row).Said[k], b.scene(row)
	scene.at, scene.pace = scene.time(time.Duration(l.At)), 1
	maps.Copy(scene.words, map[string]any{
		"message": b.uuid("message", row<<9+k), "sender": b.referred(row, l.By), "text": l.Text, "recipients": b.recipients(row, l.By),
	})
	return scene.make(b.file.Message, l.Set, l.Drop)
}

// recipients are the first contacts but the sender.
func (b *Bird) recipients(row int, by string) []any {
	out := []any{}
	for _, entry := range b.record(row).With {
		who := entry["who"].(string)
		if who == by || !strings.HasPrefix(who, "contact") || len(out) == 3 {
			continue
		}
		p := b.referred(row, who)
		contact := p["contact"].(map[string]any)
		out = append(out, map[string]any{
			"type": [...]string{"to", "cc", "bcc"}[len(out)], "id": p["id"], "identifierKey": contact["identifierKey"],
			"identifierValue": contact["identifierValue"], "platformAddress": contact["platformAddress"],
			"contactAnnotation": map[string]any{"name": p["displayName"]},
		})
	}
	return out
}

// birdLastMessage is the summary of a message that a conversation carries: a preview of at most 140 characters, no body.
func birdLastMessage(m map[string]any) map[string]any {
	kind, text := "template", ""
	if body, ok := m["body"].(map[string]any); ok {
		kind, _ = body["type"].(string)
		if content, ok := body[kind].(map[string]any); ok {
			text, _ = content["text"].(string)
		}
	}
	if runes := []rune(text); len(runes) > 140 {
		text = string(runes[:140])
	}
	return map[string]any{
		"id": m["id"], "type": kind, "preview": map[string]any{"text": text}, "recipients": m["recipients"], "status": m["status"],
		"sender": m["sender"], "createdAt": m["createdAt"],
	}
}

func (b *Bird) listMessages(x *exchange) {
	row := b.wanted(x)
	b.maybeConflict(&b.switches.ConflictOnGet)
	from, l := x.bound("dateFrom"), listed(b.thread(row, x.now))
	l.keep = func(i int) bool {
		created, _ := l.render(i)["createdAt"].(string)
		at, err := time.Parse(time.RFC3339Nano, created)
		return err == nil && at.After(from)
	}
	b.page(x, l)
}

// initialMessage reads the first message of a new conversation, a text.
func (b *Bird) initialMessage(p problems, raw json.RawMessage) *birdMessage {
	const at = ".initialMessage"
	fields, err := members(raw)
	if err != nil {
		p.add(at, "must be an object")
	}
	p.unknown(at, fields, "recipients", "body", "reference")
	body, _ := read[map[string]json.RawMessage](fields["body"])
	kind, _ := read[string](body["type"])
	content, _ := members(body[kind])
	if text, _ := read[string](content["text"]); kind != "text" || text == "" {
		p.add(at+".body.text.text", "is required")
	}
	p.unknown(at+".body", body, "type", "text")
	return &birdMessage{doc: map[string]any{
		"draft": false, "reference": "", "recipients": nil, "source": "conversations", "interactions": nil, "body": viaJSON(body),
		"sender": b.participant("accessKey", 0, -1),
	}}
}

// deliver puts a message into the thread and on its way.
func (b *Bird) deliver(row int, m *birdMessage, now time.Time) {
	b.count++
	at := stamp(now.Truncate(time.Millisecond))
	m.sent = now
	m.doc["id"], m.doc["conversationId"], m.doc["channelId"] = b.uuid("sent", b.count), b.id(row), b.value(row, "channelId")
	m.doc["createdAt"], m.doc["updatedAt"] = at, at
	// WhatsApp takes free text for 24 hours after the contact's last message; here nobody has written yet, and it fails
	// without an HTTP error.
	if b.platform(b.channel(row)) == "whatsapp" {
		m.reason = "outside of the 24 hour window"
	}
	b.sent[row] = append(b.sent[row], m)
	b.edit(row, "lastMessage", birdLastMessage(m.render(now)))
	b.edit(row, "lastMessageOutgoingAt", at)
	b.touch(row)
}

// Messages is a copy of all messages of a conversation, newest first.
func (b *Bird) Messages(id string) []map[string]any {
	return b.list(id, func(row int) []map[string]any { return b.thread(row, b.now()) })
}
