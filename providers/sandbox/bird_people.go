package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

var birdStatus = map[string]rule{"status": oneOf("pending", "invited", "active")}

// show adds what the API computes.
func (b *Bird) show(row int) map[string]any {
	doc, people := b.doc(row), b.people(row)
	if _, there := doc["initiatingParticipant"]; !there && len(b.record(row).With) > 0 {
		doc["initiatingParticipant"] = b.joinedAtFirst(row, 0)
	}
	if _, there := doc["lastMessage"]; !there && len(b.record(row).Said) > 0 {
		doc["lastMessage"] = birdLastMessage(b.said(row, len(b.record(row).Said)-1))
	}
	doc["featuredParticipants"] = append([]map[string]any{}, people[:min(len(people), birdFeatured)]...)
	return doc
}

// channel is the number of a conversation's channel, -1 for none.
func (b *Bird) channel(row int) int {
	id, _ := b.value(row, "channelId").(string)
	if n, ok := b.number("channel", id, len(b.file.Channels.Rows)); ok {
		return n
	}
	return -1
}

// people is everybody who takes part, in the order they joined.
func (b *Bird) people(row int) []map[string]any {
	if people, ok := b.joined[row]; ok {
		return people
	}
	people := make([]map[string]any, len(b.record(row).With))
	for i := range people {
		people[i] = b.joinedAtFirst(row, i)
	}
	return people
}

// joinedAtFirst is a participant as the data file has it.
func (b *Bird) joinedAtFirst(row, i int) map[string]any {
	entry, scene := b.record(row).With[i], b.scene(row)
	p := b.referred(row, entry["who"].(string))
	scene.words["participant"], scene.words["workspace"] = p["id"], birdWorkspace
	maps.Copy(p, scene.make(nil, entry, []string{"who"}))
	return p
}

// referred is a participant by the words of a record. Rows that repeat the file have contacts of their own: nobody is in two
// active conversations on a channel.
func (b *Bird) referred(row int, who string) map[string]any {
	kind, n := reference(who)
	if kind == "contact" && b.data.recasting == nil {
		n += row / len(b.seeded.Rows) * len(b.data.Contacts)
	}
	return b.participant(kind, n, b.channel(row))
}

// participant is a participant as conversations, messages and the participant list show it.
func (b *Bird) participant(kind string, n, channel int) map[string]any {
	p := map[string]any{"id": b.uuid(kind, n), "type": kind, "status": "active", "avatarUrl": "", "displayName": ""}
	switch kind {
	case "contact":
		id := b.identifier(n, channel)
		contact := map[string]any{"identifierKey": id.key, "identifierValue": id.value, "platformAddress": id.value}
		switch n % 5 {
		case 1:
			contact["platformAddressSelector"] = "identifiers." + id.key
		case 3:
			p["identifierValue"] = id.value
		}
		if n%9 != 5 || !b.data.Odd { // contacts nobody has named yet
			p["displayName"] = b.data.contact(n).name()
		}
		p["contact"] = contact
	case "user":
		p["displayName"] = b.agent(n)["displayName"]
		if n%3 == 0 {
			p["avatarUrl"] = "https://media.example/avatars/" + strconv.Itoa(n) + ".png"
		}
	default:
		if names := b.file.Names[kind]; n < len(names) {
			p["displayName"] = names[n]
		}
	}
	return p
}

func (b *Bird) listParticipants(x *exchange) {
	l := listed(b.people(b.wanted(x)))
	l.counted = true
	b.page(x, l)
}

func (b *Bird) person(row int, id string) (int, bool) { return placed(b.people(row))(id) }

// participantOf finds the conversation and the participant of the route.
func (b *Bird) participantOf(x *exchange) (row, i int) {
	row = b.wanted(x)
	i, ok := b.person(row, x.arg("who"))
	if !ok {
		x.notFound("Participant")
	}
	return row, i
}

// change replaces n participants from place i on, and keeps the conversation's counters, wrong ones included, in step.
func (b *Bird) change(row, i, n int, by ...map[string]any) {
	people := b.people(row)
	count := func(p map[string]any, by int) {
		field := "pendingParticipantCount"
		if p["status"] == "active" {
			field = "activeParticipantCount"
		}
		switch was := b.value(row, field).(type) {
		case float64:
			b.edit(row, field, max(0, int(was)+by))
		case int:
			b.edit(row, field, max(0, was+by))
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

// patchParticipant changes the status, the only thing about a participant that can be.
func (b *Bird) patchParticipant(x *exchange) {
	row, i := b.participantOf(x)
	p := problems{}
	set := p.values(x.fields, birdStatus)
	if len(set) == 0 && len(p) == 0 {
		p.add(".status", "is required")
	}
	p.refuse()
	// A copy: the same participant may be the sender of a message or the initiating one.
	person := with(b.people(row)[i], set)
	if _, ok := person["updatedAt"]; ok {
		person["updatedAt"] = stamp(b.now().Truncate(time.Millisecond))
	}
	b.change(row, i, 1, person)
	x.answerBird(http.StatusOK, person)
}

// removeParticipant refuses to take the last contact out: the vendor documents "removal not allowed" without saying when, so
// this case is [assumed].
func (b *Bird) removeParticipant(x *exchange) {
	row, i := b.participantOf(x)
	people, contacts := b.people(row), 0
	for _, p := range people {
		contacts += btoi(p["type"] == "contact")
	}
	if b.switches.ForbidRemoval || people[i]["type"] == "contact" && contacts == 1 {
		x.refuse(http.StatusForbidden, "Forbidden", "This participant can not be removed from the conversation.")
	}
	b.change(row, i, 1)
	x.raw(http.StatusNoContent, "", nil)
}

// addParticipant ensures that somebody takes part: 201 when added, 200 when already there. accessKey is not among the three
// documented forms.
func (b *Bird) addParticipant(x *exchange) {
	row := b.wanted(x)
	person := b.newParticipant(x, b.channel(row))
	if i, there := b.person(row, person["id"].(string)); there {
		x.answerBird(http.StatusOK, b.people(row)[i])
		return
	}
	b.join(row, person)
	x.answerBird(http.StatusCreated, person)
}

// newParticipant reads one of the three forms.
func (b *Bird) newParticipant(x *exchange, channel int) map[string]any {
	p, n, known := problems{}, 0, true
	id, hasID := read[string](x.fields["id"])
	kind, _ := read[string](x.fields["type"])
	ids := map[string]int{"user": len(b.file.Agents.Rows), "flow": len(b.file.Names["flow"]), "contact": b.contacts()}
	limit, takesPart := ids[kind]
	var identifier birdIdentifier
	switch {
	case !takesPart:
		p.add(".type", "must be one of user, flow, contact")
	case hasID || kind != "contact":
		p.unknown("", x.fields, "id", "type", "status")
		if id == "" {
			p.add(".id", "is required")
		}
		n, known = b.number(kind, id, limit)
	default:
		p.unknown("", x.fields, "type", "contact")
		contact, _ := members(x.fields["contact"])
		identifier, n = b.identified(p, ".contact", contact)
	}
	set := p.values(x.fields, birdStatus)
	p.refuse()
	if !known {
		x.notFound("Participant")
	}
	return with(b.participantBy(kind, n, channel, identifier), set)
}

// identified reads an identifier and finds its contact.
func (b *Bird) identified(p problems, at string, fields map[string]json.RawMessage, others ...string) (birdIdentifier, int) {
	id := p.identifier(at, fields, "identifierKey", "identifierValue", others...)
	n, known := b.contactBy(id)
	if !known {
		// Whether an unknown identifier makes a new contact is not documented; refusing it is [assumed].
		p.add(at+".identifierValue", "no contact has this identifier")
	}
	return id, n
}

// participantBy is a participant who was added, a contact perhaps by an identifier.
func (b *Bird) participantBy(kind string, n, channel int, id birdIdentifier) map[string]any {
	person := b.participant(kind, n, channel)
	if id.key != "" {
		person["contact"] = map[string]any{"identifierKey": id.key, "identifierValue": id.value, "platformAddress": id.value}
	}
	return person
}

// identifier reads a key and a value.
func (p problems) identifier(at string, fields map[string]json.RawMessage, key, value string, others ...string) birdIdentifier {
	p.unknown(at, fields, append(others, key, value)...)
	k, _ := read[string](fields[key])
	v, _ := read[string](fields[value])
	if k == "" || v == "" {
		p.add(at, key+" and "+value+" are required")
	}
	return birdIdentifier{k, v}
}
