package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// birdList is a paged list: positions 0 to n-1 in the API's default order.
type birdList struct {
	n                   int
	defaultLimit, limit int // 0: the usual ones
	// key is what a page token holds of a row; find is the position of the row with that id, gone rows included.
	key  func(position int) (created, id string)
	find func(id string) (int, bool)
	// keep filters; nil keeps all.
	keep   func(position int) bool
	render func(position int) any
	// counted adds total and totalType, which some answers have.
	counted bool
}

// page answers a list request; limit, pageToken and reverse are read from the query.
func (b *Bird) page(x *exchange, l birdList) {
	limit := x.number("limit", max(l.defaultLimit, birdDefaultLimit), max(l.limit, birdMaxLimit))
	at, step := 0, 1
	if x.flag("reverse", false) {
		at, step = l.n-1, -1
	}
	token := x.query.Get("pageToken")
	if x.query.Has("pageToken") {
		last, ok := birdOpenToken(token, l.find)
		switch {
		case b.switches.ExpirePageTokens > 0:
			b.switches.ExpirePageTokens--
			x.badParameter("pageToken", "expired", "has expired")
		case !ok:
			x.badParameter("pageToken", "invalid", "is not valid")
		}
		at = last + step
	}
	rows := where(func(yield func(int) bool) {
		for ; at >= 0 && at < l.n && yield(at); at += step {
		}
	}, func(i int) bool { return l.keep == nil || l.keep(i) })
	results, last, more := page(rows, 0, limit, l.render)
	out := map[string]any{"results": results}
	// The token is there only when more rows exist.
	if more {
		out["nextPageToken"] = birdPageToken(l.key(last))
	}
	if b.switches.RepeatPageToken && token != "" {
		out["nextPageToken"] = token
	}
	if l.counted {
		out["total"], out["totalType"] = l.n, ""
	}
	x.jsonAs(http.StatusOK, "application/json", out)
}

// birdPageToken is Base64 of [time, id], as the vendor's example tokens decode, and always ends in "=": tokens must be
// escaped in a query.
func birdPageToken(created, id string) string {
	raw, _ := json.Marshal([]string{created, id})
	if len(raw)%3 == 0 {
		raw = append(raw, '\n')
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func birdOpenToken(token string, find func(string) (int, bool)) (int, bool) {
	raw, err := base64.StdEncoding.DecodeString(token)
	var pair []string
	if len(token) > birdMaxToken || err != nil || json.Unmarshal(raw, &pair) != nil || len(pair) != 2 {
		return 0, false
	}
	return find(pair[1])
}

// listConversations documents limit, pageToken, reverse and resource. A status filter does not exist.
func (b *Bird) listConversations(x *exchange) {
	b.page(x, birdList{
		n: b.conversations + b.created,
		key: func(at int) (string, string) {
			c := b.at(b.rowAt(at))
			created, _ := c.doc["createdAt"].(string)
			return created, b.id(c.row)
		},
		find: func(id string) (int, bool) {
			row, ok := b.row(id)
			return b.place(row), ok
		},
		keep:   func(at int) bool { return !b.gone[b.rowAt(at)] },
		render: func(at int) any { return b.at(b.rowAt(at)).render() },
	})
}

func (b *Bird) getConversation(x *exchange) {
	row, ok := b.row(x.arg("id"))
	if !ok || b.gone[row] && !b.switches.DeletedShown {
		x.notFound("Conversation")
	}
	b.maybeConflict(&b.switches.ConflictOnGet)
	doc := b.at(row).render()
	if b.gone[row] {
		doc["status"] = "deleted"
	}
	x.jsonAs(http.StatusOK, "application/json", doc)
}

func (b *Bird) maybeConflict(left *int) {
	if *left > 0 {
		*left--
		conflict("Conflict", "The resource is in a conflicting state.", nil)
	}
}

func (b *Bird) deleteConversation(x *exchange) {
	row := b.wanted(x)
	if !b.switches.DeleteIgnored {
		b.gone[row] = true
	}
	x.raw(http.StatusNoContent, "", nil)
}

// patchConversation changes what is given and keeps the rest, whatever defaults the vendor's page prints.
func (b *Bird) patchConversation(x *exchange) {
	c := b.at(b.wanted(x))
	p, set := problems{}, map[string]any{}
	for _, field := range []string{"name", "description"} {
		raw, given := x.fields[field]
		s, isString := read[string](raw)
		switch {
		case given && !isString && !isNull(raw):
			p.add("."+field, "must be a string or null")
		case given && (isString || !b.switches.NullKeepsName):
			// What null does is not documented; that it clears is [assumed].
			set[field] = s
		}
	}
	// The values of status are not printed on the vendor's page; active and closed are the sound pair [assumed].
	for field, allowed := range map[string][]string{
		"status": {"active", "closed"}, "visibility": {"public", "private"}, "accessibility": {"open", "invite-only", "request-to-join"},
	} {
		if s, ok := p.enum(x.fields, field, allowed...); ok && (field != "visibility" || !b.switches.IgnoreVisibility) {
			set[field] = s
		}
	}
	if raw, ok := x.fields["attributes"]; ok {
		attributes := map[string]any{}
		if old, ok := c.doc["attributes"].(map[string]any); ok && b.switches.AttributesMerge {
			maps.Copy(attributes, old)
		}
		maps.Copy(attributes, p.attributes(raw))
		set["attributes"] = attributes
	}
	p.refuse()
	b.maybeConflict(&b.switches.ConflictOnPatch)
	channel, _ := c.doc["channelId"].(string)
	if contact := firstContact(c.people); set["status"] == "active" && c.doc["status"] != "active" && contact != "" && channel != "" {
		if _, taken := b.activeOn(contact, channel, c.row); taken {
			conflict("ResourceAlreadyExists", "There is another active conversation for this contact on the channel.", nil)
		}
	}
	c = b.keep(c.row)
	maps.Copy(c.doc, set)
	b.touch(c)
	x.jsonAs(http.StatusOK, "application/json", c.render())
}

// attributes reads a map of strings; a value of another type is refused, null too.
func (p problems) attributes(raw json.RawMessage) map[string]any {
	fields, err := members(raw)
	if err != nil {
		p.add(".attributes", "must be an object")
	}
	out := make(map[string]any, len(fields))
	for k, v := range fields {
		s, ok := read[string](v)
		if !ok {
			p.add(".attributes."+k, "must be a string")
		}
		out[k] = s
	}
	return out
}

// firstContact is the contact a conversation belongs to.
func firstContact(people []map[string]any) string {
	for _, p := range people {
		if p["type"] == "contact" {
			id, _ := p["id"].(string)
			return id
		}
	}
	return ""
}

// activeOn finds the active conversation a contact already has on a channel, apart from one row; channel "" is any.
func (b *Bird) activeOn(contact, channel string, except int) (row int, found bool) {
	on := func(id any) bool { return id == channel || channel == "" && id != nil }
	n, ok := b.seed.number(birdContactKind, contact, b.seed.contacts)
	if _, kept := b.changed[n]; ok && !kept && !b.gone[n] && n < min(b.seed.talking, b.conversations) && n != except {
		if f := b.seed.facts(n); f.status == "active" && f.channel >= 0 && on(b.seed.id(birdChannelKind, f.channel)) {
			return n, true
		}
	}
	best := -1
	for row, c := range b.changed {
		if row != except && !b.gone[row] && c.doc["status"] == "active" && on(c.doc["channelId"]) && firstContact(c.people) == contact {
			best = max(best, row)
		}
	}
	return best, best >= 0
}

// createConversation answers 201, or 409 when the contact already has an active conversation on the channel.
func (b *Bird) createConversation(x *exchange) {
	p, now := problems{}, x.now.Truncate(time.Millisecond)
	row := b.conversations + b.created
	doc := map[string]any{
		"id": b.id(row), "description": "", "status": "active", "visibility": "public", "accessibility": "open",
		"style": "default", "channelId": nil, "platformStyle": "direct", "attributes": map[string]any{},
		"createdAt": stamp(now), "updatedAt": stamp(now),
	}
	name, named := read[string](x.fields["name"])
	if !named {
		p.add(".name", "is required and must be a string")
	}
	doc["name"] = name
	if raw, ok := x.fields["description"]; ok && !isNull(raw) {
		if doc["description"], ok = read[string](raw); !ok {
			p.add(".description", "must be a string")
		}
	}
	for field, allowed := range map[string][]string{
		"style":      {"default", "directMessage", "chatChannel", "personalInbox", "resource"},
		"visibility": {"public", "private"}, "accessibility": {"open", "invite-only", "request-to-join"},
	} {
		if s, ok := p.enum(x.fields, field, allowed...); ok {
			doc[field] = s
		}
	}
	channel := -1
	if raw, ok := x.fields["channelId"]; ok && !isNull(raw) {
		id, _ := read[string](raw)
		if n, ok := b.seed.number(birdChannelKind, id, len(birdData.Channels)); ok {
			channel = n
			doc["channelId"], doc["platformStyle"] = id, birdData.Channels[channel].Style
		} else {
			p.add(".channelId", "must be the id of a channel of this workspace")
		}
	}
	if raw, ok := x.fields["attributes"]; ok {
		doc["attributes"] = p.attributes(raw)
	}
	c := &birdConversation{row: row, doc: doc, created: x.now, people: b.references(p, x.fields["participants"], channel)}
	if raw, ok := x.fields["initiatingParticipant"]; ok {
		doc["initiatingParticipant"] = b.reference(p, ".initiatingParticipant", raw, channel)
	} else if len(c.people) > 0 {
		doc["initiatingParticipant"] = c.people[0]
	}
	doc["activeParticipantCount"], doc["pendingParticipantCount"] = len(c.people), 0
	var first *birdMessage
	if raw, ok := x.fields["initialMessage"]; ok {
		first = b.initialMessage(p, raw)
	}
	p.refuse()
	b.refuseSecond(c, channel)
	if !b.switches.CreateIgnored {
		b.created++
		b.changed[row] = c
		if first != nil {
			b.deliver(c, first, now)
		}
	}
	x.jsonAs(http.StatusCreated, "application/json", c.render())
}

// refuseSecond refuses a second active conversation of a contact on a channel.
func (b *Bird) refuseSecond(c *birdConversation, channel int) {
	contact, on := firstContact(c.people), ""
	if channel >= 0 {
		on = b.seed.id(birdChannelKind, channel)
	}
	if contact == "" || on == "" && !b.switches.ExistsAnywhere {
		return
	}
	other, taken := b.activeOn(contact, on, -1)
	switch {
	case taken && b.switches.ExistsUnnamed:
		conflict("ResourceAlreadyExists", "There is another active conversation for this contact on the channel.", nil)
	case taken:
		conflict("ContactAlreadyInConversation", "The contact is already in a conversation on this channel.",
			map[string]any{"conversationId": b.id(other)})
	}
}

// references reads the participants of a new conversation.
func (b *Bird) references(p problems, raw json.RawMessage, channel int) (people []map[string]any) {
	list, ok := read[[]json.RawMessage](raw)
	if raw != nil && !ok {
		p.add(".participants", "must be an array")
	}
	if len(list) > birdFeatured {
		p.add(".participants", "must have at most 5 items")
	}
	for i, item := range list {
		person := b.reference(p, ".participants["+strconv.Itoa(i)+"]", item, channel)
		if person != nil && !slices.ContainsFunc(people, func(q map[string]any) bool { return q["id"] == person["id"] }) {
			people = append(people, person)
		}
	}
	return people
}

// reference resolves one of the two documented forms: {"type":"user","id"} or {"type":"contact","identifierKey",
// "identifierValue"}.
func (b *Bird) reference(p problems, at string, raw json.RawMessage, channel int) map[string]any {
	fields, _ := members(raw)
	switch kind, _ := read[string](fields["type"]); kind {
	case "user":
		p.unknown(at, fields, "type", "id")
		id, _ := read[string](fields["id"])
		if n, ok := b.seed.number(birdUserKind, id, birdUsers); ok {
			return b.seed.participant(birdRef{birdUserKind, n, "active"}, channel)
		}
		p.add(at+".id", "must be the id of a user")
	case "contact":
		id := p.identifier(at, fields, "identifierKey", "identifierValue", "type")
		if n, ok := b.seed.contactByIdentifier(id.key, id.value); ok {
			person := b.seed.participant(birdRef{birdContactKind, n, "active"}, channel)
			person["contact"] = map[string]any{"identifierKey": id.key, "identifierValue": id.value, "platformAddress": id.value}
			return person
		}
		// Whether an unknown identifier makes a new contact is not documented; refusing it is [assumed].
		p.add(at+".identifierValue", "no contact has this identifier")
	default:
		p.add(at+".type", "must be one of user, contact")
	}
	return nil
}
