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
	// find is the position of the row with an id, gone rows included.
	find func(id string) (int, bool)
	// keep filters; nil keeps all.
	keep   func(position int) bool
	render func(position int) map[string]any
	// counted adds total and totalType, which some answers have.
	counted bool
}

// listed are objects that are all at hand.
func listed(all []map[string]any) birdList {
	return birdList{n: len(all), find: placed(all), render: func(i int) map[string]any { return all[i] }}
}

// page answers a list request; limit and pageToken are read from the query.
func (b *Bird) page(x *exchange, l birdList) {
	limit := x.number("limit", max(l.defaultLimit, birdDefaultLimit), max(l.limit, birdMaxLimit))
	from, token := 0, x.query.Get("pageToken")
	if x.query.Has("pageToken") {
		last, ok := birdOpenToken(token, l.find)
		switch {
		case b.switches.ExpirePageTokens > 0:
			b.switches.ExpirePageTokens--
			x.badParameter("pageToken", "expired", "has expired")
		case !ok:
			x.badParameter("pageToken", "invalid", "is not valid")
		}
		from = last + 1
	}
	keep := func(i int) bool { return i >= from && (l.keep == nil || l.keep(i)) }
	results, _, more := page(where(upTo(l.n), keep), 0, limit, func(i int) any { return l.render(i) })
	out := map[string]any{"results": results}
	// The token is there only when more rows exist.
	if more {
		last := results[len(results)-1].(map[string]any)
		out["nextPageToken"] = birdPageToken(last["createdAt"], last["id"])
	}
	if b.switches.RepeatPageToken && token != "" {
		out["nextPageToken"] = token
	}
	if l.counted {
		out["total"], out["totalType"] = l.n, ""
	}
	x.answerBird(http.StatusOK, out)
}

func (x *exchange) answerBird(status int, v any) { x.jsonAs(status, "application/json", v) }

// birdPageToken is Base64 of [time, id], as the vendor's example tokens decode, and always ends in "=": tokens must be
// escaped in a query.
func birdPageToken(created, id any) string {
	raw, _ := json.Marshal([]any{created, id})
	if len(raw)%3 == 0 {
		raw = append(raw, '\n')
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func birdOpenToken(token string, find func(string) (int, bool)) (int, bool) {
	raw, err := base64.StdEncoding.DecodeString(token)
	var pair []any
	if len(token) > birdMaxToken || err != nil || json.Unmarshal(raw, &pair) != nil || len(pair) != 2 {
		return 0, false
	}
	id, _ := pair[1].(string)
	return find(id)
}

// listConversations documents limit, pageToken, reverse and resource. A status filter does not exist.
func (b *Bird) listConversations(x *exchange) {
	b.page(x, birdList{
		n: b.all(),
		find: func(id string) (int, bool) {
			row, ok := b.row(id)
			return b.position(row), ok
		},
		keep:   func(at int) bool { return !b.gone[b.rowAt(at)] },
		render: func(at int) map[string]any { return b.show(b.rowAt(at)) },
	})
}

func (b *Bird) getConversation(x *exchange) {
	row, ok := b.row(x.arg("id"))
	if !ok || b.gone[row] && !b.switches.DeletedShown {
		x.notFound("Conversation")
	}
	b.maybeConflict(&b.switches.ConflictOnGet)
	doc := b.show(row)
	if b.gone[row] {
		doc["status"] = "deleted"
	}
	x.answerBird(http.StatusOK, doc)
}

func (b *Bird) maybeConflict(left *int) {
	if *left > 0 {
		*left--
		conflict("Conflict", "The resource is in a conflicting state.", nil)
	}
}

func (b *Bird) deleteConversation(x *exchange) {
	row := b.wanted(x)
	b.gone[row] = !b.switches.DeleteIgnored
	x.raw(http.StatusNoContent, "", nil)
}

// What the members of a conversation may be. The values of status are not printed on the vendor's page; active and closed are
// the sound pair [assumed], and so is that null clears.
var (
	birdChoices = map[string][]string{
		"status": {"active", "closed"}, "visibility": {"public", "private"}, "accessibility": {"open", "invite-only", "request-to-join"},
	}
	birdPatch = map[string]rule{
		"name": orNull[string]("must be a string or null"), "description": orNull[string]("must be a string or null"),
		"status": oneOf(birdChoices["status"]...), "visibility": oneOf(birdChoices["visibility"]...),
		"accessibility": oneOf(birdChoices["accessibility"]...),
	}
	birdCreate = map[string]rule{
		"name": must[string]("is required and must be a string"), "description": orNull[string]("must be a string"),
		"visibility": birdPatch["visibility"], "accessibility": birdPatch["accessibility"],
	}
)

// patchConversation changes what is given and keeps the rest, whatever defaults the vendor's page prints.
func (b *Bird) patchConversation(x *exchange) {
	row, p := b.wanted(x), problems{}
	set := p.values(x.fields, birdPatch)
	for _, name := range []string{"name", "description"} {
		if isNull(x.fields[name]) && b.switches.NullKeepsName {
			delete(set, name)
		}
	}
	if b.switches.IgnoreVisibility {
		delete(set, "visibility")
	}
	if raw, ok := x.fields["attributes"]; ok {
		set["attributes"] = p.attributes(raw)
		if old, ok := b.value(row, "attributes").(map[string]any); ok && b.switches.AttributesMerge {
			set["attributes"] = with(old, p.attributes(raw))
		}
	}
	p.refuse()
	b.maybeConflict(&b.switches.ConflictOnPatch)
	channel, _ := b.value(row, "channelId").(string)
	if contact := b.firstContact(row); set["status"] == "active" && b.value(row, "status") != "active" && contact != "" && channel != "" {
		if _, taken := b.activeOn(contact, channel, row); taken {
			conflict("ResourceAlreadyExists", "There is another active conversation for this contact on the channel.", nil)
		}
	}
	for field, v := range set {
		b.edit(row, field, v)
	}
	b.touch(row)
	x.answerBird(http.StatusOK, b.show(row))
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
func (b *Bird) firstContact(row int) string {
	for _, p := range b.people(row) {
		if p["type"] == "contact" {
			id, _ := p["id"].(string)
			return id
		}
	}
	return ""
}

// activeOn finds the active conversation a contact already has on a channel, apart from one row; channel "" is any.
func (b *Bird) activeOn(contact, channel string, except int) (row int, found bool) {
	for row := range b.live() {
		if row == except || b.value(row, "status") != "active" {
			continue
		}
		on := b.value(row, "channelId")
		if (on == channel || channel == "" && on != nil) && b.firstContact(row) == contact {
			return row, true
		}
	}
	return 0, false
}

// createConversation answers 201, or 409 when the contact already has an active conversation on the channel.
func (b *Bird) createConversation(x *exchange) {
	p, channel := problems{}, -1
	set := map[string]any{
		"description": "", "status": "active", "visibility": "public", "accessibility": "open", "style": "default", "channelId": nil,
		"platformStyle": "direct", "attributes": map[string]any{}, "pendingParticipantCount": 0,
	}
	maps.Copy(set, p.values(x.fields, birdCreate))
	if x.fields["name"] == nil {
		p.add(".name", birdCreate["name"].want)
	}
	if raw, ok := x.fields["channelId"]; ok && !isNull(raw) {
		id, _ := read[string](raw)
		if n, ok := b.number("channel", id, len(b.file.Channels.Rows)); ok {
			channel, set["channelId"], set["platformStyle"] = n, id, b.file.Styles[n]
		} else {
			p.add(".channelId", "must be the id of a channel of this workspace")
		}
	}
	people := b.references(p, x.fields["participants"], channel)
	if raw, ok := x.fields["initiatingParticipant"]; ok {
		set["initiatingParticipant"] = b.reference(p, ".initiatingParticipant", raw, channel)
	} else if len(people) > 0 {
		set["initiatingParticipant"] = people[0]
	}
	set["activeParticipantCount"] = len(people)
	var first *birdMessage
	if raw, ok := x.fields["initialMessage"]; ok {
		first = b.initialMessage(p, raw)
	}
	p.refuse()
	b.refuseSecond(people, channel)
	row := b.create(x.now.Truncate(time.Millisecond), map[string]any{"updatedAt": "@"})
	b.edited[row], b.joined[row] = set, people
	if first != nil {
		b.deliver(row, first, x.now)
	}
	x.answerBird(http.StatusCreated, b.show(row))
	if b.switches.CreateIgnored {
		b.gone[row] = true
	}
}

// refuseSecond refuses a second active conversation of a contact on a channel.
func (b *Bird) refuseSecond(people []map[string]any, channel int) {
	on := ""
	if channel >= 0 {
		on = b.uuid("channel", channel)
	}
	first := slices.IndexFunc(people, func(p map[string]any) bool { return p["type"] == "contact" })
	if first < 0 || on == "" && !b.switches.ExistsAnywhere {
		return
	}
	other, taken := b.activeOn(people[first]["id"].(string), on, -1)
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
		if n, ok := b.number("user", id, len(b.file.Agents.Rows)); ok {
			return b.participant("user", n, channel)
		}
		p.add(at+".id", "must be the id of a user")
	case "contact":
		id, n := b.identified(p, at, fields, "type")
		return b.participantBy("contact", n, channel, id)
	default:
		p.add(at+".type", "must be one of user, contact")
	}
	return nil
}
