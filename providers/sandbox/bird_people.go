package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// show adds the members that the API computes.
func (b *Bird) show(row int) map[string]any {
	doc, people, r := b.doc(row), b.people(row), b.raw(row)
	if _, there := doc["initiatingParticipant"]; !there && len(r.With) > 0 {
		first := people
		if b.joined[row] != nil {
			first = b.joinedAtFirst(row)
		}
		doc["initiatingParticipant"] = first[0]
	}
	if _, there := doc["lastMessage"]; !there && len(r.Said) > 0 {
		doc["lastMessage"] = birdLastMessage(b.message(row, len(r.Said)-1))
	}
	doc["featuredParticipants"] = append([]map[string]any{}, people[:min(len(people), birdFeatured)]...)
	if b.gone[row] {
		doc["status"] = "deleted"
	}
	return doc
}

// channel returns the number of a conversation's channel, or -1.
func (b *Bird) channel(row int) int { return b.channelOf(b.value(row, "channelId")) }

// channelOf returns the number of the channel with an id, or -1.
func (b *Bird) channelOf(id any) int {
	text, _ := id.(string)
	if n, ok := b.numberOf("channel", text); ok {
		return n
	}
	return -1
}

func (b *Bird) platform(channel int) string {
	if channel < 0 {
		return ""
	}
	platform, _ := b.thing("channel", channel)["platformId"].(string)
	return platform
}

// Participants returns a copy of all participants of a conversation, or nil if there is no such conversation.
func (b *Bird) Participants(id string) []map[string]any { return b.copies(id, b.people) }

// people returns all participants in the order in which they joined.
func (b *Bird) people(row int) []map[string]any {
	if people, ok := b.joined[row]; ok {
		return people
	}
	return b.joinedAtFirst(row)
}

// joinedAtFirst returns the participants of the data file.
func (b *Bird) joinedAtFirst(row int) []map[string]any {
	all, scene := []map[string]any{}, b.scene(row)
	for who, members := range b.takingPart(row) {
		p := b.referred(row, who)
		scene.words["participant"], scene.words["workspace_id"] = p["id"], b.Workspace()
		all = append(all, with(p, scene.make(nil, members, nil)))
	}
	return all
}

// referred returns the participant whom a record names. Rows that repeat the file have contacts of their own, because a contact
// can't be in two active conversations on a channel.
func (b *Bird) referred(row int, who string) map[string]any {
	kind, n := reference(who)
	if kind == "contact" && !b.data.retells() {
		n += b.round(row) * len(b.data.Contacts)
	}
	return b.participant(kind, n, b.channel(row))
}

// participant returns a participant as conversations, messages and the participant list show it.
func (b *Bird) participant(kind string, n, channel int) map[string]any {
	p := map[string]any{"id": b.uuid(kind, n), "type": kind, "status": "active", "avatarUrl": "", "displayName": ""}
	switch {
	case kind == "contact":
		id := b.identifier(n, channel)
		p["contact"] = id.shown()
		switch n % 5 {
		case 1:
			p["contact"].(map[string]any)["platformAddressSelector"] = "identifiers." + id.key
		case 3:
			p["identifierValue"] = id.value
		}
		if n%9 != 5 || !b.data.Odd { // contacts nobody has named yet
			p["displayName"] = b.data.contact(n).name()
		}
	case kind != "channel" && n < b.count(kind):
		p["displayName"] = b.thing(kind, n)["displayName"]
	}
	if kind == "user" && n%3 == 0 {
		p["avatarUrl"] = "https://media.example/avatars/" + strconv.Itoa(n) + ".png"
	}
	return p
}

func (b *Bird) listParticipants(x *exchange) {
	people := b.people(x.row)
	b.pageOf(x, map[string]any{"total": len(people), "totalType": ""}, people)
}

// participantOf returns the position of the participant in the path, or refuses with 404.
func (b *Bird) participantOf(x *exchange) int {
	i, ok := placed(b.people(x.row))(x.args["who"])
	if !ok {
		x.notFound("Participant")
	}
	return i
}

// change replaces n participants from position i on and adjusts the conversation's counters, which may have been wrong before.
func (b *Bird) change(row, i, n int, by ...map[string]any) {
	people := b.people(row)
	count := func(p map[string]any, by int) {
		field := "pendingParticipantCount"
		if p["status"] == "active" {
			field = "activeParticipantCount"
		}
		if was := b.value(row, field); was != nil {
			b.edit(row, field, max(0, int(integer(was))+by))
		}
	}
	for _, p := range people[i : i+n] {
		count(p, -1)
	}
	for _, p := range by {
		count(p, 1)
	}
	b.joined[row] = slices.Replace(slices.Clone(people), i, i+n, by...)
	b.touch(row)
}

func (b *Bird) join(row int, p map[string]any) { b.change(row, len(b.people(row)), 0, p) }

// joinAnother adds the first user who doesn't take part yet.
func (b *Bird) joinAnother(row int) {
	for i := range b.count("user") {
		if _, there := placed(b.people(row))(b.uuid("user", i)); !there {
			b.join(row, b.participant("user", i, -1))
			return
		}
	}
}

// patchParticipant changes the status of a participant.
func (b *Bird) patchParticipant(x *exchange) {
	i := b.participantOf(x)
	// A copy, because the same object may be the sender of a message or the initiating participant.
	person := with(b.people(x.row)[i], x.set)
	if _, ok := person["updatedAt"]; ok {
		person["updatedAt"] = stamp(b.now().Truncate(time.Millisecond))
	}
	b.change(x.row, i, 1, person)
	b.ok(x, person)
}

// removeParticipant refuses to remove the last contact. The vendor documents "removal not allowed" without saying when; this case
// is [assumed].
func (b *Bird) removeParticipant(x *exchange) {
	i, people := b.participantOf(x), b.people(x.row)
	others := slices.Concat(people[:i], people[i+1:])
	if people[i]["type"] == "contact" && contactOf(others) == "" {
		x.refuse(http.StatusForbidden, "Forbidden", "This participant can not be removed from the conversation.")
	}
	b.change(x.row, i, 1)
	x.raw(http.StatusNoContent, "", nil)
}

// addParticipant answers 201 for somebody new and 200 for somebody who takes part already. The vendor documents the three types;
// accessKey is not among them.
func (b *Bird) addParticipant(x *exchange) {
	var person map[string]any
	id, hasID := read[string](x.fields["id"])
	kind, _ := read[string](x.fields["type"])
	n, known := b.numberOf(kind, id)
	switch {
	case !slices.Contains([]string{"user", "flow", "contact"}, kind):
		x.badField("type", "invalid", "must be one of user, flow, contact")
	case hasID || kind != "contact":
		x.wrong.unknown("", x.fields, "id", "type", "status")
		if id == "" {
			x.wrong.add("id", "invalid", "is required")
		}
		person = b.participant(kind, n, b.channel(x.row))
	default:
		x.wrong.unknown("", x.fields, "type", "contact")
		contact, _ := read[object](x.fields["contact"])
		person, known = b.identified(x, "contact", contact, b.channel(x.row)), true
	}
	x.wrong.refuse()
	if !known {
		x.notFound("Participant")
	}
	if status := x.set["status"]; status != nil {
		person["status"] = status
	}
	people, status := b.people(x.row), http.StatusCreated
	if i, there := placed(people)(person["id"].(string)); there {
		person, status = people[i], http.StatusOK
	} else {
		b.join(x.row, person)
	}
	x.jsonAs(status, b.Answers, person)
}

// readParticipants reads the participants of a new conversation. Members are read in the order of their names, so x.set already has
// the channel.
func (b *Bird) readParticipants(x *exchange, at string, raw json.RawMessage) any {
	list, ok := read[[]json.RawMessage](raw)
	if !ok {
		x.wrong.add(at, "invalid", "must be an array")
	}
	if len(list) > birdFeatured {
		x.wrong.add(at, "invalid", "must have at most 5 items")
	}
	var people []map[string]any
	for i, item := range list {
		person := b.readParticipant(x, at+"["+strconv.Itoa(i)+"]", item).(map[string]any)
		if _, twice := placed(people)(fmt.Sprint(person["id"])); !twice {
			people = append(people, person)
		}
	}
	return people
}

// readParticipant reads one of the two documented forms, {"type":"user","id"} and
// {"type":"contact","identifierKey","identifierValue"}, and returns the participant.
func (b *Bird) readParticipant(x *exchange, at string, raw json.RawMessage) any {
	fields, _ := read[object](raw)
	switch kind, _ := read[string](fields["type"]); kind {
	case "user":
		x.wrong.unknown(at, fields, "type", "id")
		id, _ := read[string](fields["id"])
		n, ok := b.numberOf("user", id)
		if !ok {
			x.wrong.add(at+".id", "invalid", "must be the id of a user")
		}
		return b.participant(kind, n, -1)
	case "contact":
		return b.identified(x, at, fields, b.channelOf(x.set["channelId"]), "type")
	}
	x.wrong.add(at+".type", "invalid", "must be one of user, contact")
	return map[string]any{}
}

// birdIdentifier is a way to reach a contact.
type birdIdentifier struct{ key, value string }

func (id birdIdentifier) shown() map[string]any {
	return map[string]any{"identifierKey": id.key, "identifierValue": id.value, "platformAddress": id.value}
}

// identified reads an identifier and returns its contact as a participant.
func (b *Bird) identified(x *exchange, at string, fields object, channel int, others ...string) map[string]any {
	id := identifierOf(x, at, fields, "identifierKey", "identifierValue", others...)
	n, known := b.contactBy(id)
	if !known {
		// It isn't documented whether an unknown identifier creates a contact; refusing it is [assumed].
		x.wrong.add(at+".identifierValue", "invalid", "no contact has this identifier")
	}
	return with(b.participant("contact", n, channel), map[string]any{"contact": id.shown()})
}

// identifierOf reads an identifier from two members.
func identifierOf(x *exchange, at string, fields object, key, value string, others ...string) birdIdentifier {
	x.wrong.unknown(at, fields, append(others, key, value)...)
	k, _ := read[string](fields[key])
	v, _ := read[string](fields[value])
	if k == "" || v == "" {
		x.wrong.add(at, "invalid", key+" and "+value+" are required")
	}
	return birdIdentifier{k, v}
}

func readIdentifier(x *exchange, at string, raw json.RawMessage) any {
	fields, _ := read[object](raw)
	return identifierOf(x, at, fields, "key", "value")
}

// identifier returns a contact's identifier on a channel, or the general one if channel is -1.
func (b *Bird) identifier(i, channel int) birdIdentifier {
	p, own := b.data.contact(i), ""
	if channel >= 0 {
		own, _ = b.thing("channel", channel)["identifier"].(string)
	}
	switch b.platform(channel) {
	case "whatsapp":
		if i%12 == 7 {
			return birdIdentifier{"whatsappusername", "wa." + strconv.Itoa(i)}
		}
		return birdIdentifier{"phonenumber", p.Phone}
	case "sms-messagebird", "viber", "rcs":
		return birdIdentifier{"phonenumber", p.Phone}
	case "facebook", "instagram":
		return birdIdentifier{"facebookid-" + own, strconv.Itoa(4_000_000_000 + i)}
	case "apple-messages":
		return birdIdentifier{"applebc-" + own, "urn:mbid:" + strconv.Itoa(i)}
	}
	return birdIdentifier{"emailaddress", p.Email}
}

// contactBy returns the contact with an identifier.
func (b *Bird) contactBy(id birdIdentifier) (int, bool) {
	if b.known == nil {
		b.known = map[birdIdentifier]int{}
		for i := range b.count("contact") {
			b.known[birdIdentifier{"phonenumber", b.data.contact(i).Phone}] = i
			for channel := range b.count("channel") {
				b.known[b.identifier(i, channel)] = i
			}
		}
	}
	i, ok := b.known[id]
	return i, ok
}

// searchContacts finds contacts by an exact identifier and answers with a list without paging.
func (b *Bird) searchContacts(x *exchange) {
	results := []any{}
	if i, ok := b.contactBy(x.set["identifier"].(birdIdentifier)); ok {
		results = append(results, b.entry("contact", i))
	}
	b.ok(x, map[string]any{"results": results})
}
