package sandbox

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// birdSeed derives every seeded thing of Bird from its number, so that nothing has to be stored. Where something odd should
// be met even in a small sandbox, the row number decides, not chance.
type birdSeed struct {
	*seedData
	conversations int
	// talking is how many contacts start conversations. Row i belongs to contact i % talking, and only the newest row of a
	// contact can be active: a contact has at most one active conversation on a channel.
	talking  int
	contacts int
	// known finds the shared contacts by identifier.
	known map[string]int
}

const (
	streamBird          uint64 = 8
	streamBirdDirectory uint64 = 9
)

const (
	birdUsers = 34 // more than a default page of agents
	birdTeams = 4
)

var birdData = load[struct {
	Channels []struct{ Name, Platform, Style, Identifier string }
	// Flows, Bots and AccessKeys are the names of those.
	Flows, Bots, AccessKeys        []string
	Conversation, Message, Contact steps
	Channel, Agent                 recipe
}]("bird")

// birdKind keeps the ids of different kinds of things apart.
type birdKind uint32

const (
	birdConversationKind birdKind = iota + 1
	birdContactKind
	birdUserKind
	birdFlowKind
	birdBotKind
	birdAccessKeyKind
	birdChannelKind
	birdConnectorKind
	birdAutomationKind
	birdOtherKind
	birdMessageKind
	birdTeamKind
	birdSentKind
	birdItemKind
)

var birdTypes = map[birdKind]string{
	birdContactKind: "contact", birdUserKind: "user", birdFlowKind: "flow", birdBotKind: "bot", birdAccessKeyKind: "accessKey",
	birdChannelKind: "channel", birdConnectorKind: "connector", birdAutomationKind: "collaborationAutomation", birdOtherKind: "supervisor",
}

func newBirdSeed(d *seedData, n int) birdSeed {
	s := birdSeed{seedData: d, conversations: n, talking: max(1, n*3/5), known: map[string]int{}}
	s.contacts = max(s.talking, len(d.contacts))
	for i, p := range d.contacts {
		s.known["emailaddress\x00"+p.email] = i
		s.known["phonenumber\x00"+p.phone] = i
	}
	return s
}

// The first 32 bits of an id hold its number, multiplied by an odd constant; birdUnmul is that constant's inverse.
const (
	birdMul   uint32 = 0x9e3779b1
	birdUnmul uint32 = 0x0e8b2f51
)

func (s birdSeed) id(kind birdKind, number int) string {
	var raw [16]byte
	h := mix(s.seed ^ uint64(kind)<<40 ^ uint64(uint32(number)))
	binary.BigEndian.PutUint32(raw[:], uint32(number)*birdMul^uint32(mix(s.seed+uint64(kind))))
	binary.BigEndian.PutUint64(raw[4:], h)
	binary.BigEndian.PutUint32(raw[12:], uint32(mix(h)))
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	var out [36]byte
	hex.Encode(out[:8], raw[:4])
	hex.Encode(out[9:13], raw[4:6])
	hex.Encode(out[14:18], raw[6:8])
	hex.Encode(out[19:23], raw[8:10])
	hex.Encode(out[24:], raw[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// number is the inverse of id.
func (s birdSeed) number(kind birdKind, id string, limit int) (int, bool) {
	if len(id) != 36 {
		return 0, false
	}
	head, err := strconv.ParseUint(id[:8], 16, 32)
	if err != nil {
		return 0, false
	}
	n := (uint32(head) ^ uint32(mix(s.seed+uint64(kind)))) * birdUnmul
	if uint64(n) >= uint64(max(limit, 0)) || s.id(kind, int(n)) != strings.ToLower(id) {
		return 0, false
	}
	return int(n), true
}

func (s birdSeed) conversationID(row int) string { return s.id(birdConversationKind, row) }

func (s birdSeed) cook(r *rand.Rand, row int, vars map[string]any) *cook {
	return &cook{d: s.seedData, r: r, row: row, vars: vars}
}

// birdPrecision makes the fractions of a second come in all lengths, none included.
var birdPrecision = [...]time.Duration{
	time.Millisecond, 10 * time.Millisecond, time.Second, time.Microsecond, 100 * time.Millisecond, 1,
}

func birdTime(t time.Time, i int) string {
	return stamp(t.Truncate(birdPrecision[i%len(birdPrecision)]))
}

// birdFacts are what a row is made from, without allocating it.
type birdFacts struct {
	row              int
	contact, channel int // channel -1: channelId is null
	status           string
	created, last    time.Time
	messages         int
	resource         bool
}

func (s birdSeed) facts(row int) birdFacts {
	h := mix(s.seed ^ 0xb1d0<<32 ^ uint64(row))
	f := birdFacts{row: row, contact: row % s.talking, status: "active", created: s.spaced(row, s.conversations)}
	f.channel = int(mix(s.seed^0xc4a1<<32^uint64(f.contact)) % uint64(len(birdData.Channels)))
	switch {
	case row%29 == 3:
		f.channel = -1
	case row%53 == 15:
		f.status = "snoozed"
	}
	if row >= s.talking || (f.status == "active" && h%100 < 33) {
		f.status = "closed"
	}
	f.resource = row%33 == 16
	switch {
	case row%15 == 14:
	case row%50 == 20:
		f.messages = 60 + int(h>>8%100)
	default:
		f.messages = 1 + int(h>>8%40)
	}
	quick := time.Duration(f.messages+1) * 20 * time.Second
	f.last = f.created.Add(quick)
	room := s.base.Add(-2 * time.Minute).Sub(f.last)
	share := float64(h>>16%1000) / 1000
	if h>>32%8 != 0 {
		room = min(room, 40*time.Hour)
	}
	f.last = f.last.Add(time.Duration(share * float64(room)))
	return f
}

// birdRef names a participant.
type birdRef struct {
	kind   birdKind
	number int
	status string
}

// people are the participants of a seeded row; the first is the contact it began with.
func (s birdSeed) people(f birdFacts) []birdRef {
	r := s.rng(streamBird, f.row*8+1)
	out := make([]birdRef, 0, 14)
	add := func(kind birdKind, n int) {
		for _, p := range out {
			if p.kind == kind && p.number == n {
				return
			}
		}
		status := "active"
		if len(out) > 1 {
			switch r.IntN(12) {
			case 0:
				status = "pending"
			case 1:
				status = "invited"
			}
		}
		out = append(out, birdRef{kind, n, status})
	}
	add(birdContactKind, f.contact)
	if f.row%41 == 9 {
		add(birdOtherKind, 0)
	}
	if f.row%10 != 0 {
		add(birdUserKind, r.IntN(birdUsers))
	}
	if r.IntN(3) == 0 {
		add(birdAccessKeyKind, r.IntN(len(birdData.AccessKeys)))
	}
	if r.IntN(6) == 0 {
		add(birdFlowKind, r.IntN(len(birdData.Flows)))
	}
	if r.IntN(10) == 0 {
		add(birdBotKind, r.IntN(len(birdData.Bots)))
	}
	if f.channel >= 0 && birdData.Channels[f.channel].Platform == "instagram" {
		add(birdChannelKind, f.channel)
	}
	if f.row%26 == 18 {
		add(birdConnectorKind, 0)
		add(birdAutomationKind, 1)
	}
	if f.row%17 == 4 {
		for want := 14 - f.row/17%9; len(out) < want; {
			if r.IntN(3) == 0 {
				add(birdUserKind, r.IntN(birdUsers))
			} else {
				add(birdContactKind, r.IntN(s.contacts))
			}
		}
	}
	return out
}

// participant is a participant as conversations, messages and the participant list show it.
func (s birdSeed) participant(ref birdRef, channel int) map[string]any {
	p := map[string]any{"id": s.id(ref.kind, ref.number), "type": birdTypes[ref.kind], "status": ref.status, "avatarUrl": ""}
	switch ref.kind {
	case birdContactKind:
		who := s.contact(ref.number)
		id := s.identifier(ref.number, who, channel)
		contact := map[string]any{"identifierKey": id.key, "identifierValue": id.value, "platformAddress": id.value}
		switch ref.number % 5 {
		case 1:
			contact["platformAddressSelector"] = "identifiers." + id.key
		case 3:
			p["identifierValue"] = id.value
		}
		p["displayName"] = s.displayName(ref.number, who)
		p["contact"] = contact
	case birdUserKind:
		p["displayName"] = s.userName(ref.number)
		if ref.number%3 == 0 {
			p["avatarUrl"] = "https://media.example/avatars/" + strconv.Itoa(ref.number) + ".png"
		}
	case birdFlowKind:
		p["displayName"] = birdData.Flows[ref.number]
	case birdBotKind:
		p["displayName"] = birdData.Bots[ref.number]
	case birdAccessKeyKind:
		p["displayName"] = birdData.AccessKeys[ref.number]
	case birdOtherKind:
		p["displayName"] = "Shift supervisor"
	default:
		p["displayName"] = ""
	}
	return p
}

// userName is the name of a user; the last ones are desks.
func (s birdSeed) userName(i int) string {
	if i >= len(s.staff) {
		return "Desk " + strconv.Itoa(i-len(s.staff)+1)
	}
	return s.staff[i].name()
}

// conversation derives a seeded row in full.
func (s birdSeed) conversation(row int) *birdConversation {
	f := s.facts(row)
	r := s.rng(streamBird, row*8+2)
	refs := s.people(f)
	c := &birdConversation{row: row, people: make([]map[string]any, len(refs))}
	active, id := 0, s.conversationID(row)
	for i, ref := range refs {
		p := s.participant(ref, f.channel)
		if row%7 == 1 {
			p["conversationId"] = id
			p["createdAt"] = birdTime(f.created, row+i)
			p["updatedAt"] = birdTime(f.created.Add(time.Minute), row+i)
			p["resourceUri"] = "/workspaces/" + birdWorkspace + "/conversations/" + id + "/participants/" + p["id"].(string)
		}
		if ref.status == "active" {
			active++
		}
		c.people[i] = p
	}
	waiting := len(refs) - active
	if row%13 == 6 {
		// The counters and the listed participants don't have to agree, as the vendor's own example shows.
		active, waiting = active-1, waiting+1
	}
	vars := map[string]any{
		"id": id, "status": f.status, "active": active, "waiting": waiting, "starter": c.people[0],
		"channel": nil, "platformStyle": "direct",
		"created": birdTime(f.created, row), "resource": f.resource, "task": s.id(birdOtherKind, row),
		"team":    s.id(birdTeamKind, row%birdTeams),
		"user":    func() any { return s.id(birdUserKind, r.IntN(birdUsers)) },
		"updated": func() any { return birdTime(f.last.Add(time.Duration(r.IntN(90))*time.Second), row+2) },
	}
	if f.channel >= 0 {
		vars["channel"], vars["platformStyle"] = s.id(birdChannelKind, f.channel), birdData.Channels[f.channel].Style
	}
	vars["named"] = vars["platformStyle"] != "email" && row%500 >= 80
	c.doc = map[string]any{}
	birdData.Conversation.apply(s.cook(r, row, vars), c.doc)
	s.last(c, f, refs)
	return c
}

// last adds what a conversation says about its newest messages.
func (s birdSeed) last(c *birdConversation, f birdFacts, refs []birdRef) {
	if f.messages == 0 {
		if c.row%2 == 0 {
			c.doc["lastMessage"] = nil
		}
		return
	}
	c.doc["lastMessage"] = birdLastMessage(s.message(f, refs, c.people, f.messages-1))
	if c.row%3 == 0 {
		return
	}
	for k := f.messages - 1; k >= 0 && k > f.messages-6; k-- {
		field := "lastMessageOutgoingAt"
		if s.sender(refs, k) == 0 {
			field = "lastMessageIncomingAt"
		}
		if c.doc[field] == nil {
			c.doc[field] = birdTime(f.messageTime(k), c.row+k)
		}
	}
}

// messageTime is the time of the k-th message, 0 being the oldest.
func (f birdFacts) messageTime(k int) time.Time {
	return f.created.Add(f.last.Sub(f.created) / time.Duration(f.messages) * time.Duration(k+1))
}

// sender is the number of the participant who wrote the k-th message.
func (s birdSeed) sender(refs []birdRef, k int) int {
	if k%2 == 0 || len(refs) == 1 {
		return 0
	}
	return 1 + k/2%(len(refs)-1)
}

// message derives the k-th message, 0 being the oldest.
func (s birdSeed) message(f birdFacts, refs []birdRef, people []map[string]any, k int) map[string]any {
	at, from := f.messageTime(k), s.sender(refs, k)
	c := s.cook(s.rng(streamBird, (f.row*256+k)*8+3), f.row, map[string]any{
		"id": s.messageID(f.row, k), "conversation": s.conversationID(f.row), "sender": people[from],
		"incoming": refs[from].kind == birdContactKind,
		"created":  birdTime(at, f.row+k), "updated": birdTime(at.Add(2*time.Second), f.row+k+1),
		"mail": f.channel >= 0 && birdData.Channels[f.channel].Platform == "email", "project": s.id(birdOtherKind, k),
	})
	m := map[string]any{}
	birdData.Message.apply(c, m)
	if f.row%11 != 2 && k%4 != 1 {
		m["recipients"] = s.recipients(refs, people, from)
	} else if k%2 == 1 || f.row%2 == 0 {
		m["recipients"] = nil
	}
	return m
}

func (s birdSeed) messageID(row, k int) string { return s.id(birdMessageKind, row*256+k) }

func (s birdSeed) recipients(refs []birdRef, people []map[string]any, from int) []any {
	out := []any{}
	for i, ref := range refs {
		if i == from || ref.kind != birdContactKind || len(out) == 3 {
			continue
		}
		contact := people[i]["contact"].(map[string]any)
		out = append(out, map[string]any{
			"type": [...]string{"to", "cc", "bcc"}[len(out)], "id": people[i]["id"], "identifierKey": contact["identifierKey"],
			"identifierValue": contact["identifierValue"], "platformAddress": contact["platformAddress"],
			"contactAnnotation": map[string]any{"name": people[i]["displayName"]},
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
