package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// birdList is a paged list: positions 0 to n-1 in the API's default order.
type birdList struct {
	n                   int
	defaultLimit, limit int
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
func (b *Bird) page(r birdRequest, l birdList) birdAnswer {
	problems := birdProblems{}
	limit := l.defaultLimit
	if v, ok := r.query["limit"]; ok {
		n, err := strconv.Atoi(v[0])
		if err != nil || n < 1 || n > l.limit {
			problems.add(".limit", "must be an integer from 1 to "+strconv.Itoa(l.limit))
		}
		limit = n
	}
	reverse := false
	if v, ok := r.query["reverse"]; ok {
		reverse = v[0] == "true"
		if !reverse && v[0] != "false" {
			problems.add(".reverse", "must be true or false")
		}
	}
	at, step := 0, 1
	if reverse {
		at, step = l.n-1, -1
	}
	token := ""
	if v, ok := r.query["pageToken"]; ok {
		token = v[0]
		if b.switches.ExpirePageTokens > 0 {
			b.switches.ExpirePageTokens--
			problems.add(".pageToken", "has expired")
		} else if last, ok := birdOpenToken(token, l.find); ok {
			at = last + step
		} else {
			problems.add(".pageToken", "is not valid")
		}
	}
	if len(problems) > 0 {
		return problems.answer()
	}
	results := []any{}
	next, last := "", -1
	for ; at >= 0 && at < l.n; at += step {
		if l.keep != nil && !l.keep(at) {
			continue
		}
		if len(results) == limit {
			created, id := l.key(last)
			next = birdPageToken(created, id)
			break
		}
		results = append(results, l.render(at))
		last = at
	}
	out := map[string]any{"results": results}
	if b.switches.RepeatPageToken && token != "" {
		next = token
	}
	// The token is there only when more rows exist.
	if next != "" {
		out["nextPageToken"] = next
	}
	if l.counted {
		total := l.n
		if l.keep != nil {
			total = 0
			for i := range l.n {
				if l.keep(i) {
					total++
				}
			}
		}
		out["total"], out["totalType"] = total, ""
	}
	return birdOK(out)
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
	if len(token) > birdMaxToken {
		return 0, false
	}
	raw, err := base64.StdEncoding.DecodeString(token)
	var pair []string
	if err != nil || json.Unmarshal(raw, &pair) != nil || len(pair) != 2 {
		return 0, false
	}
	return find(pair[1])
}

// position is the place of a row in the default order, newest created first: the created rows backwards, then the
// seeded ones. row is its inverse, being its own kind of mirror.
func (b *Bird) position(row int) int {
	if row >= b.seed.conversations {
		return b.seed.conversations + b.created - 1 - row
	}
	return row + b.created
}

func (b *Bird) rowAt(position int) int {
	if position < b.created {
		return b.seed.conversations + b.created - 1 - position
	}
	return position - b.created
}

// rows walks the readable rows from a position, in the default order or backwards.
func (b *Bird) rows(from int, reverse bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		step := 1
		if reverse {
			step = -1
		}
		for at := from; at >= 0 && at < b.seed.conversations+b.created; at += step {
			row := b.rowAt(at)
			if c, ok := b.changed[row]; ok && c.gone {
				continue
			}
			if !yield(row) {
				return
			}
		}
	}
}

// conversationList lists the rows that keep accepts; keep also sees deleted rows.
func (b *Bird) conversationList(keep func(row int) bool) birdList {
	return birdList{
		n: b.seed.conversations + b.created, defaultLimit: birdDefaultLimit, limit: birdMaxLimit,
		key: func(at int) (string, string) {
			c := b.at(b.rowAt(at))
			created, _ := c.doc["createdAt"].(string)
			return created, b.seed.conversationID(c.row)
		},
		find: func(id string) (int, bool) {
			row, ok := b.seed.conversationRow(id, b.seed.conversations+b.created)
			return b.position(row), ok
		},
		keep:   func(at int) bool { return keep(b.rowAt(at)) },
		render: func(at int) any { return b.at(b.rowAt(at)).render() },
	}
}

func (b *Bird) isGone(row int) bool {
	c, ok := b.changed[row]
	return ok && c.gone
}

// channelOf is a row's channel id, "" for none.
func (b *Bird) channelOf(row int) string {
	if c, ok := b.changed[row]; ok {
		id, _ := c.doc["channelId"].(string)
		return id
	}
	if f := b.seed.facts(row); f.channel >= 0 {
		return b.seed.channelID(f.channel)
	}
	return ""
}

// listConversations documents limit, pageToken, reverse and resource; channelId is not documented and is honoured
// all the same. A status filter does not exist.
func (b *Bird) listConversations(r birdRequest) birdAnswer {
	if a, ok := r.only("limit", "pageToken", "reverse", "resource", "channelId"); !ok {
		return a
	}
	resource, byResource := "", r.query.Has("resource")
	if byResource {
		resource = r.query.Get("resource")
		kind, id, ok := strings.Cut(resource, ":")
		if len(resource) > 60 || !ok || kind == "" || !birdIsUUID(id) {
			return birdProblem(".resource", "must be type:uuid of at most 60 characters")
		}
	}
	channel, byChannel := r.query.Get("channelId"), r.query.Has("channelId")
	if byChannel && !birdIsUUID(channel) {
		return birdProblem(".channelId", "must be a uuid")
	}
	return b.page(r, b.conversationList(func(row int) bool {
		if b.isGone(row) || byChannel && b.channelOf(row) != channel {
			return false
		}
		if !byResource {
			return true
		}
		if _, ok := b.changed[row]; !ok && !b.seed.facts(row).resource {
			return false
		}
		m, _ := b.at(row).doc["resource"].(map[string]any)
		kind, _ := m["type"].(string)
		id, _ := m["id"].(string)
		return kind+":"+id == resource
	}))
}

func birdIsUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(strings.ToLower(s)) {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
	}
	return true
}

// participantConversations lists the conversations of a participant on one channel.
func (b *Bird) participantConversations(r birdRequest, id string) birdAnswer {
	ref, ok := b.seed.ref(id)
	if !ok {
		return birdNotFound()
	}
	if a, ok := r.only("limit", "pageToken", "reverse", "channelId", "status", "visibility"); !ok {
		return a
	}
	problems := birdProblems{}
	channel := r.query.Get("channelId")
	if !birdIsUUID(channel) {
		problems.add(".channelId", "is required and must be a uuid")
	}
	status := r.query.Get("status")
	if r.query.Has("status") && !slices.Contains([]string{"active", "closed", "deleted"}, status) {
		problems.add(".status", "must be one of active, closed, deleted")
	}
	visibility := r.query.Get("visibility")
	if r.query.Has("visibility") && !slices.Contains([]string{"public", "private", "direct"}, visibility) {
		problems.add(".visibility", "must be one of public, private, direct")
	}
	if len(problems) > 0 {
		return problems.answer()
	}
	return b.page(r, b.conversationList(func(row int) bool {
		if b.channelOf(row) != channel || b.isGone(row) != (status == "deleted") {
			return false
		}
		c, kept := b.changed[row]
		if !kept {
			in := slices.ContainsFunc(b.seed.people(b.seed.facts(row)), func(p birdRef) bool {
				return p.kind == ref.kind && p.number == ref.number
			})
			if !in {
				return false
			}
			c = b.seed.conversation(row)
		}
		return slices.ContainsFunc(c.people, func(p map[string]any) bool { return p["id"] == id }) &&
			(status == "" || c.doc["status"] == status) && (visibility == "" || c.doc["visibility"] == visibility)
	}))
}

// ref names the participant with an id.
func (s birdSeed) ref(id string) (birdRef, bool) {
	limits := map[birdKind]int{
		birdContactKind: s.contacts, birdUserKind: birdUsers, birdFlowKind: birdFlows, birdBotKind: birdBots, birdAccessKeyKind: birdAccessKeys,
		birdChannelKind: len(birdChannels), birdConnectorKind: 1, birdAutomationKind: 2, birdOtherKind: 1,
	}
	for kind, limit := range limits {
		if n, ok := s.number(kind, id, limit); ok {
			return birdRef{kind, n, "active"}, true
		}
	}
	return birdRef{}, false
}

func (b *Bird) getConversation(r birdRequest, c *birdConversation) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	if b.switches.ConflictOnGet > 0 {
		b.switches.ConflictOnGet--
		return birdConflict("Conflict", "The resource is in a conflicting state.", nil)
	}
	return birdOK(c.render())
}

func (b *Bird) deleteConversation(r birdRequest, c *birdConversation) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	if !b.switches.DeleteIgnored {
		b.drop(c)
	}
	return birdAnswer{http.StatusNoContent, nil}
}

// patchConversation changes what is given and keeps the rest, whatever defaults the vendor's page prints.
func (b *Bird) patchConversation(r birdRequest, c *birdConversation) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	members, a, ok := r.object()
	if !ok {
		return a
	}
	problems := birdProblems{}
	birdUnknown(problems, "", members, "name", "description", "status", "visibility", "accessibility", "attributes")
	set := map[string]any{}
	for _, field := range []string{"name", "description"} {
		raw, ok := members[field]
		switch s, isString := birdString(raw); {
		case !ok:
		case isString:
			set[field] = s
		case !birdIsNull(raw):
			problems.add("."+field, "must be a string or null")
		case !b.switches.NullKeepsName:
			// What null does is not documented; that it clears is [assumed].
			set[field] = ""
		}
	}
	// The values are not printed on the vendor's page; active and closed are the sound pair [assumed].
	if s, ok := birdEnum(problems, "", members, "status", "active", "closed"); ok {
		set["status"] = s
	}
	if s, ok := birdEnum(problems, "", members, "visibility", "public", "private"); ok && !b.switches.IgnoreVisibility {
		set["visibility"] = s
	}
	if s, ok := birdEnum(problems, "", members, "accessibility", "open", "invite-only", "request-to-join"); ok {
		set["accessibility"] = s
	}
	if raw, ok := members["attributes"]; ok {
		attributes := birdAttributes(problems, raw)
		if old, ok := c.doc["attributes"].(map[string]any); ok && b.switches.AttributesMerge {
			merged := birdCopy(old)
			for k, v := range attributes {
				merged[k] = v
			}
			attributes = merged
		}
		set["attributes"] = attributes
	}
	if len(problems) > 0 {
		return problems.answer()
	}
	if b.switches.ConflictOnPatch > 0 {
		b.switches.ConflictOnPatch--
		return birdConflict("Conflict", "The resource is in a conflicting state.", nil)
	}
	if set["status"] == "active" && c.doc["status"] != "active" {
		channel, _ := c.doc["channelId"].(string)
		if contact := firstContact(c.people); contact != "" && channel != "" {
			if _, taken := b.activeOn(contact, channel, c.row); taken {
				return birdConflict("ResourceAlreadyExists", "There is another active conversation for this contact on the channel.", nil)
			}
		}
	}
	b.keep(c)
	for field, v := range set {
		c.doc[field] = v
	}
	b.touch(c)
	return birdOK(c.render())
}

// birdAttributes reads a map of strings; a value of another type is refused, null too.
func birdAttributes(problems birdProblems, raw json.RawMessage) map[string]any {
	members, err := birdMembers(raw)
	if err != nil {
		problems.add(".attributes", "must be an object")
		return nil
	}
	out := make(map[string]any, len(members))
	for k, v := range members {
		s, ok := birdString(v)
		if !ok {
			problems.add(".attributes."+k, "must be a string")
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

// activeOn finds the active conversation a contact already has on a channel, apart from one row.
func (b *Bird) activeOn(contact, channel string, except int) (row int, found bool) {
	if n, ok := b.seed.number(birdContactKind, contact, b.seed.contacts); ok && n < min(b.seed.talking, b.seed.conversations) && n != except {
		if _, kept := b.changed[n]; !kept && b.seed.facts(n).status == "active" && b.channelOf(n) == channel {
			return n, true
		}
	}
	best := -1
	for row, c := range b.changed {
		if row != except && !c.gone && c.doc["status"] == "active" && c.doc["channelId"] == channel && firstContact(c.people) == contact {
			best = max(best, row)
		}
	}
	return best, best >= 0
}

// createConversation answers 201, or 409 when the contact already has an active conversation on the channel.
func (b *Bird) createConversation(r birdRequest) birdAnswer {
	if a, ok := r.only(); !ok {
		return a
	}
	members, a, ok := r.object()
	if !ok {
		return a
	}
	problems := birdProblems{}
	birdUnknown(problems, "", members, "name", "description", "style", "visibility", "accessibility", "participants", "initiatingParticipant",
		"channelId", "initialMessage", "attributes", "resource")
	now := r.now.Truncate(time.Millisecond)
	row := b.seed.conversations + b.created
	doc := map[string]any{
		"id": b.seed.conversationID(row), "description": "", "status": "active", "visibility": "public", "accessibility": "open",
		"style": "default", "channelId": nil, "platformStyle": "direct", "attributes": map[string]any{},
		"createdAt": stamp(now), "updatedAt": stamp(now),
	}
	name, named := birdString(members["name"])
	if !named {
		problems.add(".name", "is required and must be a string")
	}
	doc["name"] = name
	if raw, ok := members["description"]; ok && !birdIsNull(raw) {
		s, isString := birdString(raw)
		if !isString {
			problems.add(".description", "must be a string")
		}
		doc["description"] = s
	}
	for field, allowed := range map[string][]string{
		"style":         {"default", "directMessage", "chatChannel", "personalInbox", "resource"},
		"visibility":    {"public", "private"},
		"accessibility": {"open", "invite-only", "request-to-join"},
	} {
		if s, ok := birdEnum(problems, "", members, field, allowed...); ok {
			doc[field] = s
		}
	}
	channel := -1
	if raw, ok := members["channelId"]; ok && !birdIsNull(raw) {
		id, _ := birdString(raw)
		if channel, ok = b.seed.number(birdChannelKind, id, len(birdChannels)); ok {
			doc["channelId"], doc["platformStyle"] = id, birdChannels[channel].style
		} else {
			channel = -1
			problems.add(".channelId", "must be the id of a channel of this workspace")
		}
	}
	if raw, ok := members["attributes"]; ok {
		doc["attributes"] = birdAttributes(problems, raw)
	}
	if raw, ok := members["resource"]; ok {
		resource, err := birdMembers(raw)
		kind, okKind := birdString(resource["type"])
		id, okID := birdString(resource["id"])
		if err != nil || !okKind || !okID || !birdIsUUID(id) {
			problems.add(".resource", "must have a type and an id")
		}
		doc["resource"] = map[string]any{"type": kind, "id": id}
	}
	c := &birdConversation{row: row, doc: doc}
	if raw, ok := members["participants"]; ok {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil || birdIsNull(raw) {
			problems.add(".participants", "must be an array")
		}
		if len(list) > birdFeatured {
			problems.add(".participants", "must have at most 5 items")
		}
		for i, item := range list {
			at := ".participants[" + strconv.Itoa(i) + "]"
			if p, ok := b.reference(problems, at, item, channel); ok && !slices.ContainsFunc(c.people, func(q map[string]any) bool { return q["id"] == p["id"] }) {
				c.people = append(c.people, p)
			}
		}
	}
	if raw, ok := members["initiatingParticipant"]; ok {
		if p, ok := b.reference(problems, ".initiatingParticipant", raw, channel); ok {
			doc["initiatingParticipant"] = p
		}
	} else if len(c.people) > 0 {
		doc["initiatingParticipant"] = c.people[0]
	}
	doc["activeParticipantCount"], doc["pendingParticipantCount"] = len(c.people), 0
	var first *birdMessage
	if raw, ok := members["initialMessage"]; ok {
		first = b.initialMessage(problems, raw)
	}
	if len(problems) > 0 {
		return problems.answer()
	}
	if contact := firstContact(c.people); contact != "" && (channel >= 0 || b.switches.ExistsAnywhere) {
		for i := range birdChannels {
			other, taken := b.activeOn(contact, b.seed.channelID(i), -1)
			if !taken || channel >= 0 && i != channel {
				continue
			}
			if b.switches.ExistsUnnamed {
				return birdConflict("ResourceAlreadyExists", "There is another active conversation for this contact on the channel.", nil)
			}
			return birdConflict("ContactAlreadyInConversation", "The contact is already in a conversation on this channel.",
				map[string]any{"conversationId": b.seed.conversationID(other)})
		}
	}
	if b.switches.CreateIgnored {
		return birdAnswer{http.StatusCreated, c.render()}
	}
	b.created++
	b.keep(c)
	if first != nil {
		b.deliver(c, first, now)
	}
	return birdAnswer{http.StatusCreated, c.render()}
}

// reference resolves one of the two documented forms: {"type":"user","id"} or {"type":"contact","identifierKey",
// "identifierValue"}.
func (b *Bird) reference(problems birdProblems, at string, raw json.RawMessage, channel int) (map[string]any, bool) {
	members, err := birdMembers(raw)
	if err != nil {
		problems.add(at, "must be an object")
		return nil, false
	}
	switch kind, _ := birdString(members["type"]); kind {
	case "user":
		birdUnknown(problems, at, members, "type", "id")
		id, _ := birdString(members["id"])
		n, ok := b.seed.number(birdUserKind, id, birdUsers)
		if !ok {
			problems.add(at+".id", "must be the id of a user")
			return nil, false
		}
		return b.seed.participant(birdRef{birdUserKind, n, "active"}, channel), true
	case "contact":
		birdUnknown(problems, at, members, "type", "identifierKey", "identifierValue")
		key, _ := birdString(members["identifierKey"])
		value, _ := birdString(members["identifierValue"])
		n, ok := b.seed.contactByIdentifier(key, value)
		if !ok {
			// Whether an unknown identifier makes a new contact is not documented; refusing it is [assumed].
			problems.add(at+".identifierValue", "no contact has this identifier")
			return nil, false
		}
		p := b.seed.participant(birdRef{birdContactKind, n, "active"}, channel)
		p["contact"] = map[string]any{"identifierKey": key, "identifierValue": value, "platformAddress": value}
		return p, true
	}
	problems.add(at+".type", "must be one of user, contact")
	return nil, false
}
