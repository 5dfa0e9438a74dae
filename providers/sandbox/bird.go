package sandbox

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Bird is a stand-in for Bird's Conversations API (https://api.bird.com, docs.bird.com/api, read 2026-11-20) and the other APIs
// that an inbox needs: participants, messages, contacts, channels, agents and the items of inboxes.
//
// Where the vendor's documentation is silent, the server takes the stricter reading, marked [assumed] in the code.
type Bird struct {
	*server
	joined   map[int][]map[string]any // the participants of a row, if they differ from the data file
	sent     map[int][]*birdMessage   // messages sent through the API by row, oldest first
	messaged int                      // the number of messages sent
	known    map[birdIdentifier]int   // contacts by identifier; nil until needed
}

const (
	birdMaxToken = 8000
	birdFeatured = 5
	birdTeams    = 4
)

// Bird returns the stand-in for Bird.
func (s *Sandbox) Bird() *Bird { return serviceOf[*Bird](s) }

func newBird(s *server) {
	b := &Bird{server: s, joined: map[int][]map[string]any{}, sent: map[int][]*birdMessage{}}
	b.readers = map[string]reader{
		"participant": b.readParticipant, "participants": b.readParticipants, "message": readMessage,
		"attributes": readAttributes, "identifier": readIdentifier,
	}
	b.start(b, map[string]func(*exchange){
		"list": b.list, "create": b.createConversation, "patch": b.patch, "messages": b.messages,
		"participants": b.listParticipants, "add": b.addParticipant, "admit": b.patchParticipant, "expel": b.removeParticipant,
		"search": b.searchContacts, "items": b.searchItems,
		"another": func(x *exchange) { b.joinAnother(x.row) },
	})
}

// enter refuses other workspaces and calls for which the key has no policy.
func (b *Bird) enter(x *exchange) {
	if root := "/workspaces/" + b.Workspace(); x.rest != root && !strings.HasPrefix(x.rest, root+"/") {
		x.notFound("Workspace")
	}
	below := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(x.rest+"/", "/"+w+"/") })
	}
	without, _ := b.reading("NoRights").([]string)
	if b.on("ForbidDirectory") && below("contacts", "channels", "agents", "feed-items") {
		x.refuse(http.StatusForbidden, "Forbidden", "The access key has no policy that allows this.")
	}
	if below(without...) {
		x.refuse(http.StatusUnauthorized, "Unauthorized", b.Denied)
	}
}

// Workspace returns the id of the only workspace.
func (b *Bird) Workspace() string { return b.Settings["workspace_id"] }

func (b *Bird) uuid(kind string, n int) string { return b.idOf(kind, n).(string) }

// page answers with the rows after the one that the token names, which find looks up by its id.
func (b *Bird) page(x *exchange, out map[string]any, rows []int, find func(id string) (int, bool), keep func(int) bool,
	show func(int) map[string]any,
) {
	token, given := x.param["pageToken"].(string)
	if given {
		var pair []any
		id := ""
		raw, err := base64.StdEncoding.DecodeString(token)
		if err == nil && len(token) <= birdMaxToken && json.Unmarshal(raw, &pair) == nil && len(pair) == 2 {
			id, _ = pair[1].(string)
		}
		last, ok := find(id)
		switch {
		case b.spend("ExpirePageTokens"):
			x.badParameter("pageToken", "expired", "has expired")
		case !ok:
			x.badParameter("pageToken", "invalid", "is not valid")
		}
		rows = rows[slices.Index(rows, last)+1:]
	}
	results, _, more := page(rows, 0, x.number("limit"), keep, show)
	out["results"] = results
	if more {
		last := results[len(results)-1].(map[string]any)
		out["nextPageToken"] = birdPageToken(last["createdAt"], last["id"])
	}
	if b.on("RepeatPageToken") && token != "" {
		out["nextPageToken"] = token
	}
	b.ok(x, out)
}

// pageOf answers with a page of objects.
func (b *Bird) pageOf(x *exchange, out map[string]any, all []map[string]any) {
	b.page(x, out, upTo(len(all)), placed(all), nil, func(i int) map[string]any { return all[i] })
}

// birdPageToken returns the Base64 of [time, id], as in the vendor's examples. It always ends in "=", so that a client must escape
// it in a query.
func birdPageToken(created, id any) string {
	raw, _ := json.Marshal([]any{created, id})
	if len(raw)%3 == 0 {
		raw = append(raw, '\n')
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// placed returns a function that finds the position of an object by its id.
func placed(list []map[string]any) func(id string) (int, bool) {
	return func(id string) (int, bool) {
		i := slices.IndexFunc(list, func(m map[string]any) bool { return m["id"] == id })
		return i, i >= 0
	}
}

func (b *Bird) list(x *exchange) {
	find := func(id string) (int, bool) { return b.numberOf("conversation", id) }
	b.page(x, map[string]any{}, b.ordered(), find, func(row int) bool { return !b.gone[row] }, b.show)
}

// listed answers with a directory.
func (b *Bird) listed(x *exchange, kind string, rows []int) {
	find := func(id string) (int, bool) { return b.numberOf(kind, id) }
	keep := func(i int) bool { _, found := slices.BinarySearch(rows, i); return found }
	b.page(x, map[string]any{}, upTo(b.count(kind)), find, keep, func(i int) map[string]any { return b.entry(kind, i) })
}

// patch changes the given members and keeps the others, whatever defaults the vendor's page shows. That page doesn't list the
// values of status: active and closed are [assumed], and so is that null clears.
func (b *Bird) patch(x *exchange) {
	for _, name := range []string{"name", "description"} {
		if isNull(x.fields[name]) && b.on("NullKeepsName") {
			delete(x.set, name)
		}
	}
	if b.on("IgnoreVisibility") {
		delete(x.set, "visibility")
	}
	if sent, ok := x.set["attributes"].(map[string]any); ok && b.on("AttributesMerge") {
		old, _ := b.value(x.row, "attributes").(map[string]any)
		x.set["attributes"] = with(old, sent)
	}
	if x.set["status"] == "active" && b.value(x.row, "status") != "active" {
		b.refuseSecond(x.row, b.people(x.row), b.value(x.row, "channelId"))
	}
	for field, v := range x.set {
		b.edit(x.row, field, v)
	}
	b.touch(x.row)
	b.ok(x, b.show(x.row))
}

// readAttributes reads a map of strings. It refuses values of other types and null.
func readAttributes(x *exchange, at string, raw json.RawMessage) any {
	fields, ok := read[object](raw)
	if !ok {
		x.wrong.add(at, "invalid", "must be an object")
	}
	out := make(map[string]any, len(fields))
	for k, v := range fields {
		s, ok := read[string](v)
		if !ok {
			x.wrong.add(at+"."+k, "invalid", "must be a string")
		}
		out[k] = s
	}
	return out
}

// contactOf returns the id of the first contact among the participants, to whom their conversation belongs, or "".
func contactOf(people []map[string]any) string {
	for _, p := range people {
		if p["type"] == "contact" {
			return p["id"].(string)
		}
	}
	return ""
}

// createConversation answers 201, or 409 if the contact already has an active conversation on the channel.
func (b *Bird) createConversation(x *exchange) {
	people, _ := x.set["participants"].([]map[string]any)
	first, opened := x.set["initialMessage"].(map[string]any)
	set := with(map[string]any{
		"description": "", "status": "active", "visibility": "public", "accessibility": "open", "style": "default", "channelId": nil,
		"attributes": map[string]any{}, "pendingParticipantCount": 0, "activeParticipantCount": len(people),
	}, x.set)
	delete(set, "participants")
	delete(set, "initialMessage")
	if _, named := set["initiatingParticipant"]; !named && people != nil {
		set["initiatingParticipant"] = people[0]
	}
	style := map[string]string{"email": "email", "messenger-livechat": "livechat"}[b.platform(b.channelOf(set["channelId"]))]
	set["platformStyle"] = cmp.Or(style, "direct")
	b.refuseSecond(-1, people, set["channelId"])
	row := b.create(x.now, set)
	b.joined[row] = people
	if opened {
		b.deliver(row, first, x.now)
	}
	x.jsonAs(http.StatusCreated, b.Answers, b.show(row))
	b.gone[row] = b.on("CreateIgnored")
}

// refuseSecond refuses a second active conversation of a contact on a channel. A new conversation has no row yet, -1; another one
// isn't active yet.
func (b *Bird) refuseSecond(row int, people []map[string]any, channel any) {
	contact := contactOf(people)
	for _, other := range b.live() {
		on := b.value(other, "channelId")
		switch {
		case contact == "" || on == nil || b.value(other, "status") != "active":
		case on != channel && !(row < 0 && channel == nil && b.on("ExistsAnywhere")), contactOf(b.people(other)) != contact:
		case row >= 0 || b.on("ExistsUnnamed"):
			panic(refused(http.StatusConflict, "", "ResourceAlreadyExists",
				"There is another active conversation for this contact on the channel."))
		default:
			said := refused(http.StatusConflict, "", "ContactAlreadyInConversation",
				"The contact is already in a conversation on this channel.")
			said.details = map[string]any{"conversationId": b.id(other)}
			panic(said)
		}
	}
}

// birdMessage is a message that was sent through the API. Its status depends on its age.
type birdMessage struct {
	doc    map[string]any
	sent   time.Time
	reason string // why delivery fails in the end; "" if it succeeds
}

// render returns a message with its status: accepted, then sent, then delivered or delivery_failed.
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

// thread returns the messages of a conversation, newest first.
func (b *Bird) thread(row int, now time.Time) (all []map[string]any) {
	for k := range b.raw(row).Said {
		all = append(all, b.message(row, k))
	}
	for _, m := range b.sent[row] {
		all = append(all, m.render(now))
	}
	slices.Reverse(all)
	return all
}

// message returns message k of the data file, 0 being the oldest.
func (b *Bird) message(row, k int) map[string]any {
	l, scene := b.said(row)[k], b.scene(row)
	scene.at, scene.pace = scene.time(time.Duration(l.At)), 1
	maps.Copy(scene.words, map[string]any{
		"message": b.uuid("message", row<<9+k), "sender": b.referred(row, l.By), "text": l.Text, "recipients": b.recipients(row, l.By),
	})
	return scene.make(b.file["message"].All, l.Set, l.Drop)
}

// recipients returns the first three contacts other than the sender.
func (b *Bird) recipients(row int, by string) []any {
	out := []any{}
	for who := range b.takingPart(row) {
		if who == by || !strings.HasPrefix(who, "contact") || len(out) == 3 {
			continue
		}
		p := b.referred(row, who)
		contact := picked(p["contact"].(map[string]any), "identifierKey", "identifierValue", "platformAddress")
		out = append(out, with(contact, map[string]any{
			"type": [...]string{"to", "cc", "bcc"}[len(out)], "id": p["id"], "contactAnnotation": map[string]any{"name": p["displayName"]},
		}))
	}
	return out
}

// birdLastMessage returns the summary of a message inside a conversation, with a preview of at most 140 characters and no body.
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
	return with(picked(m, "id", "recipients", "status", "sender", "createdAt"), map[string]any{
		"type": kind, "preview": map[string]any{"text": text},
	})
}

func (b *Bird) messages(x *exchange) {
	from, _ := x.param["dateFrom"].(time.Time)
	b.pageOf(x, map[string]any{}, slices.DeleteFunc(b.thread(x.row, x.now), func(m map[string]any) bool {
		created, _ := m["createdAt"].(string)
		at, err := time.Parse(time.RFC3339Nano, created)
		return err != nil || !at.After(from)
	}))
}

// readMessage reads the first message of a new conversation, whose body must be a text. It returns the body and the reference.
func readMessage(x *exchange, at string, raw json.RawMessage) any {
	fields, ok := read[object](raw)
	if !ok {
		x.wrong.add(at, "invalid", "must be an object")
	}
	x.wrong.unknown(at, fields, "recipients", "body", "reference")
	body, _ := read[object](fields["body"])
	kind, _ := read[string](body["type"])
	content, _ := read[object](body[kind])
	if text, _ := read[string](content["text"]); kind != "text" || text == "" {
		x.wrong.add(at+".body.text.text", "invalid", "is required")
	}
	x.wrong.unknown(at+".body", body, "type", "text")
	reference, _ := read[string](fields["reference"])
	return map[string]any{"body": viaJSON(body), "reference": reference}
}

// deliver adds a message to a conversation.
func (b *Bird) deliver(row int, message map[string]any, now time.Time) {
	b.messaged++
	at := stamp(now.Truncate(time.Millisecond))
	m := &birdMessage{sent: now, doc: with(map[string]any{
		"draft": false, "recipients": nil, "source": "conversations", "interactions": nil,
		"sender": b.participant("accessKey", 0, -1), "id": b.uuid("sent", b.messaged), "conversationId": b.id(row),
		"channelId": b.value(row, "channelId"), "createdAt": at, "updatedAt": at,
	}, message)}
	// WhatsApp accepts free text for 24 hours after the contact's last message. Here nobody has written yet, so delivery fails, but
	// without an HTTP error.
	if b.platform(b.channel(row)) == "whatsapp" {
		m.reason = "outside of the 24 hour window"
	}
	b.sent[row] = append(b.sent[row], m)
	b.edit(row, "lastMessage", birdLastMessage(m.render(now)))
	b.edit(row, "lastMessageOutgoingAt", at)
	b.touch(row)
}

// Messages returns a copy of all messages of a conversation, newest first.
func (b *Bird) Messages(id string) []map[string]any {
	return b.copies(id, func(row int) []map[string]any { return b.thread(row, b.now()) })
}

// items returns a conversation's places in inboxes: one in the inbox of its channel, and for some conversations a closed one in
// that of a team where it was before. A new conversation gets its item after three seconds.
func (b *Bird) items(row int, now time.Time) []map[string]any {
	channel, _ := b.value(row, "channelId").(string)
	if channel == "" || row >= b.conversations && now.Sub(b.createdAt(row)) < 3*time.Second {
		return nil
	}
	team, agent := b.uuid("team", row%birdTeams), b.value(row, "assigneeId")
	if agent == nil && row%3 == 0 {
		agent = b.uuid("user", row%b.count("user"))
	}
	all := []map[string]any{{
		"id": b.uuid("item", 2*row), "feedId": "channel:" + channel, "closed": b.value(row, "status") == "closed",
		"conversationId": b.id(row), "teamId": team, "agentId": agent, "seen": row%4 != 1,
	}}
	if row%9 == 2 {
		all = append(all, with(all[0], map[string]any{
			"id": b.uuid("item", 2*row+1), "feedId": "team:" + team, "agentId": nil, "closed": true, "seen": true,
		}))
	}
	return all
}

// searchItems answers with the items of named conversations, the only documented filter that is served. The vendor documents the
// call for a saved inbox. The call itself and the members id, feedId and closed of an item were met in the field; the names of the
// other members are those of the filters and of an update [assumed].
func (b *Bird) searchItems(x *exchange) {
	var found []map[string]any
	for _, id := range x.set["conversationIds"].([]string) {
		if row, ok := b.find(id); ok {
			found = append(found, b.items(row, x.now)...)
		}
	}
	b.pageOf(x, map[string]any{}, found)
}
