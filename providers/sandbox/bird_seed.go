package sandbox

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// birdSeed derives every seeded thing of Bird from its number, so that nothing has to be stored. Where something odd
// should be met even in a small sandbox, the row number decides, not chance.
type birdSeed struct {
	*seedData
	conversations int
	// talking is how many contacts start conversations. Row i belongs to contact i % talking, and only the newest
	// row of a contact can be active: a contact has at most one active conversation on a channel.
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
	birdUsers      = 34 // more than a default page of agents
	birdFlows      = 3
	birdBots       = 2
	birdAccessKeys = 3
	birdTeams      = 4
)

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

// birdMix spreads a number over 64 bits (splitmix64).
func birdMix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// The first 32 bits of an id hold its number, multiplied by an odd constant; birdUnmul is that constant's inverse.
const (
	birdMul   uint32 = 0x9e3779b1
	birdUnmul uint32 = 0x0e8b2f51
)

func (s birdSeed) id(kind birdKind, number int) string {
	var raw [16]byte
	h := birdMix(s.seed ^ uint64(kind)<<40 ^ uint64(uint32(number)))
	binary.BigEndian.PutUint32(raw[:], uint32(number)*birdMul^uint32(birdMix(s.seed+uint64(kind))))
	binary.BigEndian.PutUint64(raw[4:], h)
	binary.BigEndian.PutUint32(raw[12:], uint32(birdMix(h)))
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
	n := (uint32(head) ^ uint32(birdMix(s.seed+uint64(kind)))) * birdUnmul
	if uint64(n) >= uint64(max(limit, 0)) || s.id(kind, int(n)) != strings.ToLower(id) {
		return 0, false
	}
	return int(n), true
}

func (s birdSeed) conversationID(row int) string { return s.id(birdConversationKind, row) }
func (s birdSeed) contactID(i int) string        { return s.id(birdContactKind, i) }
func (s birdSeed) userID(i int) string           { return s.id(birdUserKind, i) }
func (s birdSeed) accessKeyID(i int) string      { return s.id(birdAccessKeyKind, i) }
func (s birdSeed) channelID(i int) string        { return s.id(birdChannelKind, i) }

func (s birdSeed) conversationRow(id string, limit int) (int, bool) {
	return s.number(birdConversationKind, id, limit)
}

// spaced returns the creation time of row i of n, newest first. Neighbours are at least a second apart for any n a
// sandbox is made with, so that no precision of writing the time changes their order.
func (d *seedData) spaced(i, n int) time.Time {
	x := (float64(i) + 0.5*float64(birdMix(d.seed^uint64(i))>>11)/(1<<53)) / float64(max(n, 1))
	age := (0.9*math.Pow(x, 1.8) + 0.1*x) * float64(seedSpan)
	return d.base.Add(-3*time.Hour - time.Duration(age))
}

// birdPrecision makes the fractions of a second come in all lengths, none included.
var birdPrecision = [...]time.Duration{
	time.Millisecond, 10 * time.Millisecond, time.Second, time.Microsecond, 100 * time.Millisecond, 1,
}

func birdTime(t time.Time, i int) string {
	return stamp(t.Truncate(birdPrecision[i%len(birdPrecision)]))
}

// birdChannel is one place conversations come in.
type birdChannel struct{ name, platform, style, identifier string }

var birdChannels = []birdChannel{
	{"Support mailbox", "email", "email", "support@northwind.example"},
	{"WhatsApp Europe", "whatsapp", "direct", "+3197010255001"},
	{"Sales mailbox", "email", "email", "sales@northwind.example"},
	{"SMS United Kingdom", "sms-messagebird", "direct", "+447400100200"},
	{"Facebook page", "facebook", "direct", "100423"},
	{"WhatsApp Brasil", "whatsapp", "direct", "+5511940000017"},
	{"Instagram @northwind", "instagram", "direct", "178414"},
	{"Returns – Rücksendungen", "email", "email", "returns@northwind.example"},
	{"Viber Україна", "viber", "direct", "northwind-ua"},
	{"Apple Messages", "apple-messages", "direct", "2f1d7a7e-6a6f-4d0c-9a35-5e0d1c7f2b11"},
	{"Website chat", "messenger-livechat", "livechat", "web-1"},
	{"RCS Deutschland", "rcs", "direct", "northwind_rcs_de"},
	{"Запись на сервис", "whatsapp", "direct", "+74950000011"},
	{"", "email", "email", "no-name@northwind.example"},
}

// birdPerson is a contact's name and addresses.
type birdPerson struct{ first, last, email, phone, zone, company string }

func (p birdPerson) name() string { return strings.TrimSpace(p.first + " " + p.last) }

func (s birdSeed) contact(i int) birdPerson {
	if i < len(s.seedData.contacts) {
		p := s.seedData.contacts[i]
		return birdPerson{p.first, p.last, p.email, p.phone, p.zone, s.companies[p.company].name}
	}
	r := s.rng(streamBirdDirectory, i)
	from := pick(r, words.Scripts)
	first, last, at := pick(r, from.First), pick(r, from.Last), pick(r, s.companies)
	return birdPerson{
		first[0], last[0], first[1] + "." + last[1] + "." + strconv.Itoa(i) + "@" + at.domain,
		fmt.Sprintf("+3161%07d", i), pick(r, from.Zones), at.name,
	}
}

// displayName is empty for contacts nobody has named yet.
func (s birdSeed) displayName(i int, p birdPerson) string {
	if i%9 == 5 {
		return ""
	}
	return p.name()
}

// birdIdentifier is one way to reach a contact.
type birdIdentifier struct{ key, value string }

// identifier is how a contact is known on a channel; channel -1 is none in particular.
func (s birdSeed) identifier(i int, p birdPerson, channel int) birdIdentifier {
	if channel < 0 {
		return birdIdentifier{"emailaddress", p.email}
	}
	switch c := birdChannels[channel]; c.platform {
	case "whatsapp":
		if i%12 == 7 {
			return birdIdentifier{"whatsappusername", "wa." + strconv.Itoa(i)}
		}
		return birdIdentifier{"phonenumber", p.phone}
	case "sms-messagebird", "viber", "rcs":
		return birdIdentifier{"phonenumber", p.phone}
	case "facebook", "instagram":
		return birdIdentifier{"facebookid-" + c.identifier, strconv.Itoa(4_000_000_000 + i)}
	case "apple-messages":
		return birdIdentifier{"applebc-" + c.identifier, "urn:mbid:" + strconv.Itoa(i)}
	default:
		return birdIdentifier{"emailaddress", p.email}
	}
}

// contactByIdentifier finds the contact that has an identifier.
func (s birdSeed) contactByIdentifier(key, value string) (int, bool) {
	if i, ok := s.known[key+"\x00"+value]; ok {
		return i, true
	}
	var digits string
	base := 0
	switch {
	case key == "emailaddress":
		local, _, _ := strings.Cut(value, "@")
		digits = local[strings.LastIndexByte(local, '.')+1:]
	case key == "phonenumber":
		digits = strings.TrimPrefix(value, "+3161")
	case key == "whatsappusername":
		digits = strings.TrimPrefix(value, "wa.")
	case strings.HasPrefix(key, "facebookid-"):
		digits, base = value, 4_000_000_000
	case strings.HasPrefix(key, "applebc-"):
		digits = strings.TrimPrefix(value, "urn:mbid:")
	}
	i, err := strconv.Atoi(digits)
	i -= base
	if err != nil || i < 0 || i >= s.contacts {
		return 0, false
	}
	p := s.contact(i)
	for channel := range birdChannels {
		if s.identifier(i, p, channel) == (birdIdentifier{key, value}) {
			return i, true
		}
	}
	if (key == "emailaddress" && value == p.email) || (key == "phonenumber" && value == p.phone) {
		return i, true
	}
	return 0, false
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
	h := birdMix(s.seed ^ 0xb1d0<<32 ^ uint64(row))
	f := birdFacts{row: row, contact: row % s.talking, status: "active", created: s.spaced(row, s.conversations)}
	f.channel = int(birdMix(s.seed^0xc4a1<<32^uint64(f.contact)) % uint64(len(birdChannels)))
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
		add(birdAccessKeyKind, r.IntN(birdAccessKeys))
	}
	if r.IntN(6) == 0 {
		add(birdFlowKind, r.IntN(birdFlows))
	}
	if r.IntN(10) == 0 {
		add(birdBotKind, r.IntN(birdBots))
	}
	if f.channel >= 0 && birdChannels[f.channel].platform == "instagram" {
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
		p["displayName"] = s.staff[ref.number%len(s.staff)].name()
		if ref.number >= len(s.staff) {
			p["displayName"] = "Desk " + strconv.Itoa(ref.number-len(s.staff)+1)
		}
		if ref.number%3 == 0 {
			p["avatarUrl"] = "https://media.example/avatars/" + strconv.Itoa(ref.number) + ".png"
		}
	case birdFlowKind:
		p["displayName"] = [...]string{"Out of office", "Nach Feierabend", ""}[ref.number]
	case birdBotKind:
		p["displayName"] = [...]string{"Nordy 🤖", "FAQ bot"}[ref.number]
	case birdAccessKeyKind:
		p["displayName"] = [...]string{"confab sandbox key", "Order sync", "Старий ключ"}[ref.number]
	case birdOtherKind:
		p["displayName"] = "Shift supervisor"
	default:
		p["displayName"] = ""
	}
	return p
}

var birdReasons = []string{"recipient is not reachable", "outside of the 24 hour window", "mailbox full"}

// conversation derives a seeded row in full.
func (s birdSeed) conversation(row int) *birdConversation {
	f := s.facts(row)
	r := s.rng(streamBird, row*8+2)
	refs := s.people(f)
	c := &birdConversation{row: row, people: make([]map[string]any, len(refs))}
	active := 0
	id := s.conversationID(row)
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
	pending := len(refs) - active
	if row%13 == 6 {
		// The counters and the listed participants don't have to agree, as the vendor's own example shows.
		active, pending = active-1, pending+1
	}
	style := "direct"
	var channel any
	if f.channel >= 0 {
		channel, style = s.channelID(f.channel), birdChannels[f.channel].style
	}
	name := s.title(r, row)
	if style != "email" && row%500 >= 80 && r.IntN(3) == 0 {
		name = ""
	}
	updated := f.last.Add(time.Duration(r.IntN(90)) * time.Second)
	doc := map[string]any{
		"id": id, "name": name, "description": "", "status": f.status,
		"visibility": "public", "accessibility": "open",
		"activeParticipantCount": active, "pendingParticipantCount": pending,
		"initiatingParticipant": c.people[0], "channelId": channel,
		"createdAt": birdTime(f.created, row), "updatedAt": birdTime(updated, row+2), "platformStyle": style,
	}
	if r.IntN(4) == 0 {
		doc["description"] = pick(r, words.Sentences)
	}
	switch n := r.IntN(10); {
	case row%31 == 7:
		doc["visibility"] = "direct"
	case n < 3:
		doc["visibility"] = "private"
		doc["accessibility"] = "invite-only"
	case n < 5:
		doc["accessibility"] = "request-to-join"
	}
	switch {
	case f.resource:
		doc["style"] = "resource"
		doc["resource"] = map[string]any{"type": "task", "id": s.id(birdOtherKind, row)}
	case row%37 == 11:
		doc["style"] = "broadcastRoom"
	case r.IntN(3) > 0:
		doc["style"] = [...]string{"default", "default", "default", "directMessage", "chatChannel", "personalInbox"}[r.IntN(6)]
	}
	switch {
	case row%43 == 12:
		doc["attributes"] = nil
	case row%47 == 13:
	case row%23 == 10:
		// The older pages call attributes a free-form object.
		doc["attributes"] = map[string]any{"vip": true, "score": 3, "origin": map[string]any{"campaign": "spring", "tags": []any{"a", nil}}}
	default:
		doc["attributes"] = s.attributes(r)
	}
	if row%7 == 1 {
		doc["assigneeId"] = s.userID(r.IntN(birdUsers))
		doc["hasDraft"] = row%14 == 1
		doc["category"] = pick(r, []string{"support", "sales", ""})
		doc["directory"] = "inbox"
		doc["inbox"] = map[string]any{"id": s.id(birdTeamKind, row%birdTeams)}
		doc["participants"] = nil
	}
	if row%19 == 8 {
		doc["sentimentScore"] = 0.37
		doc["experiments"] = map[string]any{"threading": "v2", "flags": []any{"a", 1, nil}}
		doc["retiredAt"] = nil
	}
	if f.messages > 0 {
		doc["lastMessage"] = s.lastMessage(f, refs, c.people)
		if row%3 != 0 {
			in, out := -1, -1
			for k := f.messages - 1; k >= 0 && (in < 0 || out < 0) && k > f.messages-6; k-- {
				if s.sender(refs, k) == 0 {
					in = max(in, k)
				} else {
					out = max(out, k)
				}
			}
			if in >= 0 {
				doc["lastMessageIncomingAt"] = birdTime(f.messageTime(in), row+in)
			}
			if out >= 0 {
				doc["lastMessageOutgoingAt"] = birdTime(f.messageTime(out), row+out)
			}
		}
	} else if row%2 == 0 {
		doc["lastMessage"] = nil
	}
	c.doc = doc
	return c
}

func (s birdSeed) attributes(r *rand.Rand) map[string]any {
	out := map[string]any{}
	for range r.IntN(4) {
		switch r.IntN(5) {
		case 0:
			out["order"] = "NW-" + digits(r, 6)
		case 1:
			out["language"] = pick(r, []string{"de", "en", "uk", "ja", "ar"})
		case 2:
			out["tier"] = pick(r, []string{"gold", "silver", ""})
		case 3:
			out["my-attribute"] = digits(r, 3)
		case 4:
			out["заметка"] = pick(r, words.Sentences)
		}
	}
	return out
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
	r := s.rng(streamBird, (f.row*256+k)*8+3)
	at := f.messageTime(k)
	from := s.sender(refs, k)
	incoming := refs[from].kind == birdContactKind
	m := map[string]any{
		"id": s.messageID(f.row, k), "conversationId": s.conversationID(f.row), "reference": "", "sender": people[from], "draft": false,
		"status": "delivered", "source": "conversations", "interactions": nil, "meta": map[string]any{"extraInformation": map[string]any{}},
		"createdAt": birdTime(at, f.row+k), "updatedAt": birdTime(at.Add(2*time.Second), f.row+k+1),
	}
	if incoming {
		m["source"] = "channels"
	} else {
		switch r.IntN(14) {
		case 0:
			m["status"], m["reason"] = "delivery_failed", pick(r, birdReasons)
		case 1:
			m["status"], m["reason"] = "sending_failed", pick(r, birdReasons)
		case 2:
			m["status"] = "sent"
		case 3:
			m["status"] = "read"
		case 4:
			m["status"] = "escalated"
		}
	}
	if f.row%11 != 2 && k%4 != 1 {
		m["recipients"] = s.recipients(refs, people, from)
	} else if k%2 == 1 || f.row%2 == 0 {
		m["recipients"] = nil
	}
	text := s.sentence(r)
	kind := "text"
	switch n := r.IntN(30); {
	case f.channel >= 0 && birdChannels[f.channel].platform == "email" && n < 20:
		kind = "html"
		m["body"] = map[string]any{"type": kind, kind: map[string]any{"text": text, "html": "<p>" + text + "</p>"}}
		m["meta"] = map[string]any{"email": map[string]any{"subject": "Re: your request", "headers": map[string]any{}}}
	case n == 20:
		kind = "image"
		m["body"] = map[string]any{"type": kind, kind: map[string]any{"images": []any{map[string]any{"mediaUrl": "https://media.example/1.jpg", "altText": ""}}}}
	case n == 21:
		kind = "listPicker"
		m["body"] = map[string]any{"type": kind, kind: map[string]any{"sections": []any{}, "header": text}}
	case n == 22:
		kind = "template"
		m["template"] = map[string]any{"projectId": s.id(birdOtherKind, k), "version": "latest", "locale": "en"}
	default:
		m["body"] = map[string]any{"type": kind, kind: map[string]any{"text": text}}
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
		how := "to"
		if len(out) > 0 {
			how = [...]string{"cc", "bcc"}[len(out)-1]
		}
		out = append(out, map[string]any{
			"type": how, "id": people[i]["id"], "identifierKey": contact["identifierKey"], "identifierValue": contact["identifierValue"],
			"platformAddress": contact["platformAddress"], "contactAnnotation": map[string]any{"name": people[i]["displayName"]},
		})
	}
	return out
}

func (s birdSeed) lastMessage(f birdFacts, refs []birdRef, people []map[string]any) map[string]any {
	return birdLastMessage(s.message(f, refs, people, f.messages-1))
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
