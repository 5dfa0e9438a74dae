package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

var birdStatuses = []string{"pending", "invited", "active"}

func (b *Bird) listParticipants(x *exchange) {
	c := b.at(b.wanted(x))
	created, _ := c.doc["createdAt"].(string)
	b.page(x, birdList{
		n: len(c.people), counted: true,
		key: func(i int) (string, string) {
			id, _ := c.people[i]["id"].(string)
			return created, id
		},
		find:   c.person,
		render: func(i int) any { return c.people[i] },
	})
}

func (c *birdConversation) person(id string) (int, bool) {
	i := slices.IndexFunc(c.people, func(p map[string]any) bool { return p["id"] == id })
	return i, i >= 0
}

// participant finds the participant of the route.
func (b *Bird) participant(x *exchange) (*birdConversation, int) {
	c := b.at(b.wanted(x))
	i, ok := c.person(x.arg("who"))
	if !ok {
		x.notFound("Participant")
	}
	return c, i
}

// patchParticipant changes the status, the only thing about a participant that can be.
func (b *Bird) patchParticipant(x *exchange) {
	c, i := b.participant(x)
	p := problems{}
	status, ok := p.enum(x.fields, "status", birdStatuses...)
	if !ok && len(p) == 0 {
		p.add(".status", "is required")
	}
	p.refuse()
	c.count(c.people[i], -1)
	// A copy: the same participant may be the sender of a message or the initiating one.
	person := maps.Clone(c.people[i])
	person["status"] = status
	if old, ok := person["updatedAt"]; ok {
		person["updatedAt"] = b.later(old)
	}
	c.people[i] = person
	c.count(person, 1)
	b.changed[c.row] = c
	b.touch(c)
	x.jsonAs(http.StatusOK, "application/json", person)
}

// count keeps the conversation's counters, wrong ones included, in step with a change.
func (c *birdConversation) count(p map[string]any, by int) {
	field := "pendingParticipantCount"
	if p["status"] == "active" {
		field = "activeParticipantCount"
	}
	if n, ok := c.doc[field].(int); ok {
		c.doc[field] = max(0, n+by)
	}
}

// removeParticipant refuses to take the last contact out: the vendor documents "removal not allowed" without saying when, so
// this case is [assumed].
func (b *Bird) removeParticipant(x *exchange) {
	c, i := b.participant(x)
	contacts := 0
	for _, p := range c.people {
		if p["type"] == "contact" {
			contacts++
		}
	}
	if b.switches.ForbidRemoval || c.people[i]["type"] == "contact" && contacts == 1 {
		x.refuse(http.StatusForbidden, "Forbidden", "This participant can not be removed from the conversation.")
	}
	c.count(c.people[i], -1)
	c.people = slices.Delete(slices.Clone(c.people), i, i+1)
	b.changed[c.row] = c
	b.touch(c)
	x.raw(http.StatusNoContent, "", nil)
}

// addParticipant ensures that somebody takes part: 201 when added, 200 when already there. accessKey is not among the three
// documented forms.
func (b *Bird) addParticipant(x *exchange) {
	c := b.at(b.wanted(x))
	id, _ := c.doc["channelId"].(string)
	channel, ok := b.seed.number(birdChannelKind, id, len(birdData.Channels))
	if !ok {
		channel = -1
	}
	person := b.newParticipant(x, channel)
	if i, there := c.person(person["id"].(string)); there {
		x.jsonAs(http.StatusOK, "application/json", c.people[i])
		return
	}
	c.people = append(slices.Clip(c.people), person)
	c.count(person, 1)
	b.changed[c.row] = c
	b.touch(c)
	x.jsonAs(http.StatusCreated, "application/json", person)
}

// newParticipant reads one of the three forms.
func (b *Bird) newParticipant(x *exchange, channel int) map[string]any {
	p, ref, known := problems{}, birdRef{status: "active"}, true
	id, hasID := read[string](x.fields["id"])
	kind, _ := read[string](x.fields["type"])
	var identifier birdIdentifier
	switch kind {
	case "user", "flow":
		p.unknown("", x.fields, "id", "type", "status")
		if !hasID || id == "" {
			p.add(".id", "is required")
		}
		ref.kind = birdUserKind
		limit := birdUsers
		if kind == "flow" {
			ref.kind, limit = birdFlowKind, len(birdData.Flows)
		}
		ref.number, known = b.seed.number(ref.kind, id, limit)
	case "contact":
		ref.kind = birdContactKind
		contact, err := members(x.fields["contact"])
		if x.fields["contact"] != nil && err != nil {
			p.add(".contact", "must be an object")
		}
		if hasID {
			p.unknown("", x.fields, "id", "type", "status", "contact")
			p.unknown(".contact", contact, "platformAddressSelector")
			ref.number, known = b.seed.number(birdContactKind, id, b.seed.contacts)
			break
		}
		p.unknown("", x.fields, "type", "contact")
		identifier = p.identifier(".contact", contact, "identifierKey", "identifierValue")
		if ref.number, known = b.seed.contactByIdentifier(identifier.key, identifier.value); !known {
			// Whether an unknown identifier makes a new contact is not documented; refusing it is [assumed].
			p.add(".contact.identifierValue", "no contact has this identifier")
		}
	default:
		p.add(".type", "must be one of user, flow, contact")
	}
	if s, ok := p.enum(x.fields, "status", birdStatuses...); ok {
		ref.status = s
	}
	p.refuse()
	if !known {
		x.notFound("Participant")
	}
	person := b.seed.participant(ref, channel)
	if contact, ok := person["contact"].(map[string]any); ok && identifier.key != "" {
		contact["identifierKey"], contact["identifierValue"] = identifier.key, identifier.value
		contact["platformAddress"] = identifier.value
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

func (b *Bird) listContacts(x *exchange) {
	b.page(x, birdList{
		n: b.seed.contacts,
		key: func(i int) (string, string) {
			created, _ := b.seed.contactDoc(i)["createdAt"].(string)
			return created, b.seed.id(birdContactKind, i)
		},
		find:   func(id string) (int, bool) { return b.seed.number(birdContactKind, id, b.seed.contacts) },
		render: func(i int) any { return b.seed.contactDoc(i) },
	})
}

func (b *Bird) getContact(x *exchange) {
	i, ok := b.seed.number(birdContactKind, x.arg("who"), b.seed.contacts)
	if !ok {
		x.notFound("Contact")
	}
	x.jsonAs(http.StatusOK, "application/json", b.seed.contactDoc(i))
}

// searchContacts finds by exact identifier or platform address; the answer is a list without paging.
func (b *Bird) searchContacts(x *exchange) {
	p := problems{}
	var wanted []birdIdentifier
	raw, byIdentifier := x.fields["identifier"]
	address, byAddress := x.fields["platformAddress"]
	switch {
	case byIdentifier == byAddress:
		p.add("", "exactly one of identifier and platformAddress is required")
	case byIdentifier:
		fields, _ := members(raw)
		wanted = append(wanted, p.identifier(".identifier", fields, "key", "value"))
	default:
		s, ok := read[string](address)
		if !ok {
			p.add(".platformAddress", "must be a string")
		}
		wanted = append(wanted, birdIdentifier{"emailaddress", s}, birdIdentifier{"phonenumber", s})
	}
	p.refuse()
	results := []any{}
	for _, id := range wanted {
		if i, ok := b.seed.contactByIdentifier(id.key, id.value); ok {
			results = append(results, b.seed.contactDoc(i))
		}
	}
	x.jsonAs(http.StatusOK, "application/json", map[string]any{"results": results})
}

func (b *Bird) listChannels(x *exchange) {
	created := func(i int) string { return birdTime(b.data.base.Add(-seedSpan-time.Duration(i)*31*time.Hour), i) }
	b.page(x, birdList{
		n: len(birdData.Channels), limit: 1000,
		key:  func(i int) (string, string) { return created(i), b.seed.id(birdChannelKind, i) },
		find: func(id string) (int, bool) { return b.seed.number(birdChannelKind, id, len(birdData.Channels)) },
		render: func(i int) any {
			c, status := birdData.Channels[i], "active"
			if i == len(birdData.Channels)-1 {
				status = "inactive"
			}
			return b.seed.cook(nil, i, map[string]any{
				"id": b.seed.id(birdChannelKind, i), "name": c.Name, "platform": c.Platform, "connector": b.seed.id(birdConnectorKind, 0),
				"identifier": c.Identifier, "status": status, "created": created(i),
			}).make(birdData.Channel)
		},
	})
}

// listAgents belongs to another API of the vendor, with another default page.
func (b *Bird) listAgents(x *exchange) {
	created := func(i int) string { return birdTime(b.data.base.Add(-seedSpan-time.Duration(i)*53*time.Hour), i) }
	has := func(text, param string) bool {
		return strings.Contains(strings.ToLower(text), strings.ToLower(x.query.Get(param)))
	}
	email := func(i int) string { return b.data.staff[i%len(b.data.staff)].email }
	b.page(x, birdList{
		n: birdUsers, defaultLimit: 25, keep: func(i int) bool { return has(b.seed.userName(i), "name") && has(email(i), "email") },
		key:  func(i int) (string, string) { return created(i), b.seed.id(birdUserKind, i) },
		find: func(id string) (int, bool) { return b.seed.number(birdUserKind, id, birdUsers) },
		render: func(i int) any {
			team := i % birdTeams
			return b.seed.cook(nil, i, map[string]any{
				"id": b.seed.id(birdUserKind, i), "name": b.seed.userName(i), "email": email(i),
				"team": b.seed.id(birdTeamKind, team), "number": strconv.Itoa(team + 1), "created": created(i),
			}).make(birdData.Agent)
		},
	})
}
