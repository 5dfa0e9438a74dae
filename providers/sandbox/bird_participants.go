package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

var birdStatuses = []string{"pending", "invited", "active"}

func (b *Bird) listParticipants(r birdRequest, c *birdConversation) birdAnswer {
	if a, ok := r.only("limit", "pageToken", "reverse"); !ok {
		return a
	}
	created, _ := c.doc["createdAt"].(string)
	return b.page(r, birdList{
		n: len(c.people), defaultLimit: birdDefaultLimit, limit: birdMaxLimit, counted: true,
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

type birdParticipantHandler func(r birdRequest, c *birdConversation, i int) birdAnswer

func (b *Bird) participantByID(f birdParticipantHandler) func(birdRequest, *birdConversation, string) birdAnswer {
	return func(r birdRequest, c *birdConversation, id string) birdAnswer {
		if i, ok := c.person(id); ok {
			return f(r, c, i)
		}
		return birdNotFound()
	}
}

// participantByIdentifier takes key, a zero byte, value.
func (b *Bird) participantByIdentifier(f birdParticipantHandler) func(birdRequest, *birdConversation, string) birdAnswer {
	return func(r birdRequest, c *birdConversation, who string) birdAnswer {
		key, value, _ := strings.Cut(who, "\x00")
		i := slices.IndexFunc(c.people, func(p map[string]any) bool {
			contact, _ := p["contact"].(map[string]any)
			return contact != nil && contact["identifierKey"] == key && contact["identifierValue"] == value
		})
		if i < 0 {
			return birdNotFound()
		}
		return f(r, c, i)
	}
}

func (b *Bird) getParticipant(r birdRequest, c *birdConversation, i int) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	return birdOK(c.people[i])
}

// patchParticipant changes the status, the only thing about a participant that can be.
func (b *Bird) patchParticipant(r birdRequest, c *birdConversation, i int) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	members, a, ok := r.object()
	if !ok {
		return a
	}
	problems := birdProblems{}
	birdUnknown(problems, "", members, "status")
	status, ok := birdEnum(problems, "", members, "status", birdStatuses...)
	if !ok && len(problems) == 0 {
		problems.add(".status", "is required")
	}
	if len(problems) > 0 {
		return problems.answer()
	}
	b.keep(c)
	c.count(c.people[i], -1)
	// A copy: the same participant may be the sender of a message or the initiating one.
	p := birdCopy(c.people[i])
	p["status"] = status
	if _, ok := p["updatedAt"]; ok {
		p["updatedAt"] = b.stamp(p["updatedAt"])
	}
	c.people[i] = p
	c.count(p, 1)
	b.touch(c)
	return birdOK(p)
}

// count keeps the conversation's counters, wrong ones included, in step with a change.
func (c *birdConversation) count(p map[string]any, by int) {
	field := "pendingParticipantCount"
	if p["status"] == "active" {
		field = "activeParticipantCount"
	}
	switch n := c.doc[field].(type) {
	case int:
		c.doc[field] = max(0, n+by)
	case float64:
		c.doc[field] = max(0, n+float64(by))
	}
}

// removeParticipant refuses to take the last contact out: the vendor documents "removal not allowed" without saying
// when, so this case is [assumed].
func (b *Bird) removeParticipant(r birdRequest, c *birdConversation, i int) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	contacts := 0
	for _, p := range c.people {
		if p["type"] == "contact" {
			contacts++
		}
	}
	if b.switches.ForbidRemoval || c.people[i]["type"] == "contact" && contacts == 1 {
		return birdRefusal(http.StatusForbidden, "Forbidden", "This participant can not be removed from the conversation.", nil)
	}
	b.keep(c)
	c.count(c.people[i], -1)
	c.people = slices.Delete(slices.Clone(c.people), i, i+1)
	b.touch(c)
	return birdAnswer{http.StatusNoContent, nil}
}

// addParticipant ensures that somebody takes part: 201 when added, 200 when already there. accessKey is not among
// the three documented forms.
func (b *Bird) addParticipant(r birdRequest, c *birdConversation) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	members, a, ok := r.object()
	if !ok {
		return a
	}
	channel := -1
	if id, ok := c.doc["channelId"].(string); ok {
		if n, ok := b.seed.number(birdChannelKind, id, len(birdChannels)); ok {
			channel = n
		}
	}
	problems := birdProblems{}
	ref := birdRef{status: "active"}
	known := true
	var identifier *birdIdentifier
	selector := ""
	id, hasID := birdString(members["id"])
	if _, given := members["id"]; given && (!hasID || id == "") {
		problems.add(".id", "must be a non-empty string")
	}
	switch kind, _ := birdString(members["type"]); kind {
	case "user", "flow":
		birdUnknown(problems, "", members, "id", "type", "status")
		if !hasID {
			problems.add(".id", "is required")
		}
		ref.kind = birdUserKind
		limit := birdUsers
		if kind == "flow" {
			ref.kind, limit = birdFlowKind, birdFlows
		}
		ref.number, known = b.seed.number(ref.kind, id, limit)
	case "contact":
		ref.kind = birdContactKind
		contact, err := birdMembers(members["contact"])
		if _, given := members["contact"]; given && err != nil {
			problems.add(".contact", "must be an object")
		}
		if hasID {
			birdUnknown(problems, "", members, "id", "type", "status", "contact")
			birdUnknown(problems, ".contact", contact, "platformAddressSelector")
			selector, _ = birdString(contact["platformAddressSelector"])
			ref.number, known = b.seed.number(birdContactKind, id, b.seed.contacts)
			break
		}
		birdUnknown(problems, "", members, "type", "contact")
		birdUnknown(problems, ".contact", contact, "identifierKey", "identifierValue")
		key, okKey := birdString(contact["identifierKey"])
		value, okValue := birdString(contact["identifierValue"])
		if !okKey || !okValue || key == "" || value == "" {
			problems.add(".contact", "identifierKey and identifierValue are required")
			break
		}
		identifier = &birdIdentifier{key, value}
		ref.number, ok = b.seed.contactByIdentifier(key, value)
		if !ok {
			// Whether an unknown identifier makes a new contact is not documented; refusing it is [assumed].
			problems.add(".contact.identifierValue", "no contact has this identifier")
		}
	default:
		problems.add(".type", "must be one of user, flow, contact")
	}
	if s, ok := birdEnum(problems, "", members, "status", birdStatuses...); ok {
		ref.status = s
	}
	if len(problems) > 0 {
		return problems.answer()
	}
	if !known {
		return birdNotFound()
	}
	p := b.seed.participant(ref, channel)
	if i, there := c.person(p["id"].(string)); there {
		return birdOK(c.people[i])
	}
	if contact, ok := p["contact"].(map[string]any); ok {
		if identifier != nil {
			contact["identifierKey"], contact["identifierValue"], contact["platformAddress"] = identifier.key, identifier.value, identifier.value
		}
		if selector != "" {
			contact["platformAddressSelector"] = selector
		}
	}
	b.keep(c)
	c.people = append(slices.Clip(c.people), p)
	c.count(p, 1)
	b.touch(c)
	return birdAnswer{http.StatusCreated, p}
}
