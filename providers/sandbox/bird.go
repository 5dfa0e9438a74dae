package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bird is a stand-in for Bird's Conversations API (https://api.bird.com, docs.bird.com/api, read 2026-11-20) with the
// neighbours an inbox needs: participants, messages, contacts, channels, agents and the items of inboxes.
//
// What the vendor documents is refused or answered as documented. Where the vendor is silent, the reading is marked
// [assumed] at the place it matters, and is the stricter of the two.
type Bird struct {
	server[BirdSwitches]
	seed    birdSeed
	changed map[int]*birdConversation // rows that differ from the seeded ones, and the created ones
	sent    int                       // how many messages were sent
	keys    map[string][]string       // access keys and the parts of the API their policies leave out
}

// BirdSwitches choose between readings the vendor leaves open, and produce answers that the vendor lists without saying
// when they come. The zero value is the default behaviour.
type BirdSwitches struct {
	// AttributesMerge makes PATCH merge attributes into the stored ones. By default the sent map replaces the stored one.
	// The vendor says neither.
	AttributesMerge bool
	// AttributesReplace is the default and there to be named; AttributesMerge wins when both are set.
	AttributesReplace bool
	// NullKeepsName makes PATCH ignore a null name or description. By default null clears to "".
	NullKeepsName bool
	// IgnoreVisibility makes PATCH answer 200 and keep the old visibility, as a workspace policy might.
	IgnoreVisibility bool
	// ConflictOnGet answers that many GETs of a conversation or its messages with 409, which the vendor documents without a
	// reason.
	ConflictOnGet int
	// ConflictOnPatch answers that many conversation PATCHes with a 409 that has no details.
	ConflictOnPatch int
	// ExpirePageTokens refuses that many requests which carry a pageToken: its lifetime is not documented.
	ExpirePageTokens int
	// RepeatPageToken makes every list answer with the token it was asked with, so that a walk never ends.
	RepeatPageToken bool
	// ForbidRemoval answers every participant removal with 403.
	ForbidRemoval bool
	// TooMany answers that many requests with Bird's own 429: not processed, and without any header.
	TooMany int
	// No429Header keeps injected 429 faults without a Retry-After too, as Bird documents none.
	No429Header bool
	// DeleteIgnored answers 204 to a DELETE of a conversation and keeps it; CreateIgnored answers 201 to a POST with a
	// conversation that is then nowhere.
	DeleteIgnored, CreateIgnored bool
	// DeletedShown answers a GET of a deleted conversation with its status deleted, a word that the vendor lists.
	DeletedShown bool
	// ExistsAnywhere refuses a create that names no channel, too, for a contact who is in an active conversation on any.
	ExistsAnywhere bool
	// ExistsUnnamed answers a create for a contact who is in a conversation with ResourceAlreadyExists and no id.
	ExistsUnnamed bool
	// ForbidDirectory answers contacts, channels, agents and items of inboxes with 403.
	ForbidDirectory bool
	// NoRights answers 401 below these words of a path (messages, participants, contacts, channels, agents, feed-items), as a
	// key without a policy for them is reported to get; with MissingRight403 it is 403. [Bird.KeyWithout] does so for one key.
	NoRights        []string
	MissingRight403 bool
	// FeedsMissing answers the search for items of inboxes, which no page of the vendor shows the path of, with 404.
	FeedsMissing bool
	// BareItems shows of an inbox item only what a client has met: id, feedId and closed.
	BareItems bool
}

// birdConversation is one row with everything that can be changed about it.
type birdConversation struct {
	row      int
	doc      map[string]any   // as the API shows it, without featuredParticipants
	people   []map[string]any // every participant, in joining order
	messages []*birdMessage   // sent through the API, oldest first; the seeded ones are derived
	created  time.Time        // zero: seeded
}

const (
	birdWorkspace    = "5f3d1c0a-7b52-4e8e-9a41-2c6d80f1b7e3"
	birdToken        = "bird-sandbox-8Vd2QmXn4TzLrKc7"
	birdMaxToken     = 8000
	birdFeatured     = 5
	birdDefaultLimit = 10
	birdMaxLimit     = 100
)

var birdVendor = vendor{
	account: "support", provider: "bird", root: "/workspaces/", one: "/workspaces/" + birdWorkspace + "/conversations/",
	reads: func(path string) bool {
		return strings.HasSuffix(path, "/search") || strings.HasSuffix(path, "/search/feed-items")
	},
	open: newBird,
}

// Bird returns the stand-in for Bird.
func (s *Sandbox) Bird() *Bird { return serverOf[*Bird](s) }

func newBird(base base) service {
	b := &Bird{changed: map[int]*birdConversation{}, keys: map[string][]string{birdToken: nil}}
	b.seed = newBirdSeed(base.data, base.conversations)
	b.start(base, b, b.routes())
	return b
}

func (b *Bird) account(a *Account) {
	a.Path, a.Credential = "/bird", birdToken
	a.Settings["workspace_id"], a.Settings["access_key_id"] = birdWorkspace, b.AccessKeyID()
}

// routes are the calls.
func (b *Bird) routes() (all []route) {
	paging := []string{"limit", "pageToken", "reverse"}
	add := func(call string, handle func(*exchange), query, fields []string) {
		method, path, _ := strings.Cut(call, " ")
		all = append(all, route{
			pattern: method + " /workspaces/" + birdWorkspace + "/" + path, query: query, fields: fields,
			handle: handle,
		})
	}
	add("GET conversations", b.listConversations, paging, nil)
	add("POST conversations", b.createConversation, nil, []string{
		"name", "description", "style", "visibility", "accessibility", "participants", "initiatingParticipant", "channelId",
		"initialMessage", "attributes",
	})
	add("GET conversations/{id}", b.getConversation, nil, nil)
	add("PATCH conversations/{id}", b.patchConversation, nil, []string{
		"name", "description", "status", "visibility", "accessibility", "attributes",
	})
	add("DELETE conversations/{id}", b.deleteConversation, nil, nil)
	add("GET conversations/{id}/messages", b.listMessages, append(paging, "dateFrom"), nil)
	add("GET conversations/{id}/participants", b.listParticipants, paging, nil)
	add("POST conversations/{id}/participants", b.addParticipant, nil, []string{"id", "type", "status", "contact"})
	add("PATCH conversations/{id}/participants/{who}", b.patchParticipant, nil, []string{"status"})
	add("DELETE conversations/{id}/participants/{who}", b.removeParticipant, nil, nil)
	add("GET contacts", b.listContacts, paging, nil)
	add("GET contacts/{who}", b.getContact, nil, nil)
	add("POST contacts/search", b.searchContacts, nil, []string{"identifier", "platformAddress"})
	add("GET channels", b.listChannels, paging, nil)
	add("GET agents", b.listAgents, append(paging, "name", "email"), nil)
	add("POST search/feed-items", b.searchItems, paging, []string{"conversationIds"})
	return all
}

// KeyWithout returns an access key without a policy for what is below some words of a path, as in NoRights; "writes" is every
// call that isn't a read.
func (b *Bird) KeyWithout(words ...string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := birdToken + "-without-" + strings.Join(words, "-")
	b.keys[key] = words
	return key
}

// allow refuses what the key has no policy for.
func (b *Bird) allow(x *exchange) {
	below := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(x.path[2:], w) })
	}
	without := b.keys[b.token(x)]
	switch lacks := below(b.switches.NoRights...) || below(without...) || b.vendor.writes(x) && slices.Contains(without, "writes"); {
	case lacks && b.switches.MissingRight403, b.switches.ForbidDirectory && below("contacts", "channels", "agents", "feed-items"):
		x.refuse(http.StatusForbidden, "Forbidden", "The access key has no policy that allows this.")
	case lacks:
		x.refuse(http.StatusUnauthorized, "Unauthorized", "The access key is not valid.")
	}
}

// token is the access key of the header, which must be exactly "AccessKey <token>": Bearer belongs to other products.
func (b *Bird) token(x *exchange) string {
	auth := x.header.Values("Authorization")
	if len(auth) != 1 {
		return ""
	}
	token, _ := strings.CutPrefix(auth[0], "AccessKey ")
	return token
}

func (b *Bird) authorized(x *exchange) bool {
	_, known := b.keys[b.token(x)]
	return known && !b.revoked && strings.HasPrefix(x.header.Get("Authorization"), "AccessKey ")
}

func (b *Bird) gate(x *exchange) {
	if !b.authorized(x) {
		x.refuse(http.StatusUnauthorized, "Unauthorized", "The access key is not valid.")
	}
	if len(x.path) < 2 || x.path[1] != birdWorkspace {
		x.notFound("Workspace")
	}
	b.allow(x)
	if b.switches.TooMany > 0 {
		b.switches.TooMany--
		x.refuse(http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
	}
}

// form answers with code, message and details; what doesn't validate is 422 wherever it stands.
func (b *Bird) form(x *exchange, r refusal) {
	body := map[string]any{"message": r.detail, "code": strings.ReplaceAll(http.StatusText(r.status), " ", "")}
	switch {
	case r.status == http.StatusUnprocessableEntity || r.status == http.StatusBadRequest && r.code != "bad_request":
		r.status = http.StatusUnprocessableEntity
		body["code"], body["message"] = "InvalidPayload", "The request did not pass validation."
		if r.details == nil {
			r.details = map[string]any{strings.TrimSuffix("."+r.field, "."): []string{r.detail}}
		}
	case r.status == http.StatusNotFound:
		body["code"], body["message"] = "ResourceNotFound", "The requested resource could not be found."
	case r.status == http.StatusConflict:
		body["code"] = r.code
	case r.status == http.StatusTooManyRequests && b.switches.No429Header:
		x.answer.Del("Retry-After")
	}
	if r.details != nil {
		body["details"] = r.details
	}
	x.jsonAs(r.status, "application/json", body)
}

// problems maps a JSON path (".attributes.a") to sentences, as Bird's InvalidPayload details do.
type problems map[string][]string

func (p problems) add(path, sentence string) { p[path] = append(p[path], sentence) }

func (p problems) refuse() {
	if len(p) > 0 {
		panic(refusal{status: http.StatusUnprocessableEntity, detail: "The request did not pass validation.", details: p})
	}
}

// unknown reports members that the schema doesn't have: extra properties are rejected.
func (p problems) unknown(at string, fields map[string]json.RawMessage, known ...string) {
	for name := range fields {
		if !slices.Contains(known, name) {
			p.add(at+"."+name, "additional properties are not allowed")
		}
	}
}

// enum reads an optional enumerated member.
func (p problems) enum(fields map[string]json.RawMessage, name string, allowed ...string) (string, bool) {
	raw, given := fields[name]
	s, ok := read[string](raw)
	if given && (!ok || !slices.Contains(allowed, s)) {
		p.add("."+name, "must be one of "+strings.Join(allowed, ", "))
		return "", false
	}
	return s, given
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

func conflict(code, detail string, details any) {
	panic(refusal{status: http.StatusConflict, code: code, detail: detail, details: details})
}

// Workspace is the id of the only workspace.
func (b *Bird) Workspace() string { return birdWorkspace }

// AccessKeyID is the id (not the secret) of the configured access key, as participants and senders name it.
func (b *Bird) AccessKeyID() string { return b.seed.id(birdAccessKeyKind, 0) }

// Participants is the full participant list of a conversation, nil if it is gone or never was.
func (b *Bird) Participants(id string) []map[string]any {
	b.mu.Lock()
	defer b.mu.Unlock()
	row, ok := b.live(id)
	if !ok {
		return nil
	}
	out := []map[string]any{}
	for _, p := range b.at(row).people {
		out = append(out, viaJSON(p).(map[string]any))
	}
	return out
}

func (b *Bird) row(id string) (int, bool) {
	return b.seed.number(birdConversationKind, id, b.conversations+b.created)
}

func (b *Bird) id(row int) string { return b.seed.conversationID(row) }

func (b *Bird) show(row int) map[string]any { return b.at(row).render() }

// set changes a field by its JSON name and bumps updatedAt.
func (b *Bird) set(row int, field string, value any) {
	c := b.keep(row)
	c.doc[field] = value
	b.touch(c)
}

// colleague changes the field a write is about; a read finds the conversation renamed.
func (b *Bird) colleague(x *exchange, row, n int) {
	c := b.keep(row)
	fields, _ := members(x.body)
	if len(x.path) > 4 && x.path[4] == "participants" {
		for i := range birdUsers {
			if _, there := c.person(b.seed.id(birdUserKind, i)); !there {
				p := b.seed.participant(birdRef{birdUserKind, i, "active"}, -1)
				c.people = append(slices.Clip(c.people), p)
				c.count(p, 1)
				break
			}
		}
		b.touch(c)
		return
	}
	for field, values := range map[string][]string{
		"visibility": {"public", "private"}, "status": {"active", "closed"}, "accessibility": {"open", "invite-only", "request-to-join"},
	} {
		if fields[field] != nil {
			c.doc[field] = values[(slices.Index(values, fmt.Sprint(c.doc[field]))+1)%len(values)]
			b.touch(c)
			return
		}
	}
	switch {
	case fields["attributes"] != nil:
		attributes := map[string]any{}
		if old, ok := c.doc["attributes"].(map[string]any); ok {
			maps.Copy(attributes, old)
		}
		attributes["colleague"] = strconv.Itoa(n)
		c.doc["attributes"] = attributes
	case fields["description"] != nil:
		c.doc["description"] = "Taken over at the desk, note " + strconv.Itoa(n)
	default:
		c.doc["name"] = "Renamed by a colleague (" + strconv.Itoa(n) + ")"
	}
	b.touch(c)
}

// at returns a row as it is: the kept one, or a fresh derivation, which keep stores so that it can be changed.
func (b *Bird) at(row int) *birdConversation {
	if c, ok := b.changed[row]; ok {
		return c
	}
	return b.seed.conversation(row)
}

func (b *Bird) keep(row int) *birdConversation {
	c := b.at(row)
	b.changed[row] = c
	return c
}

func (b *Bird) touch(c *birdConversation) { c.doc["updatedAt"] = b.later(c.doc["updatedAt"]) }

// later is the present in milliseconds, but always later than prev.
func (b *Bird) later(prev any) string {
	now := b.now().UTC().Truncate(time.Millisecond)
	if s, ok := prev.(string); ok {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil && !now.After(t) {
			now = t.Truncate(time.Millisecond).Add(time.Millisecond)
		}
	}
	return stamp(now)
}

// render adds what the API computes from the full participant list.
func (c *birdConversation) render() map[string]any {
	out := maps.Clone(c.doc)
	out["featuredParticipants"] = append([]map[string]any{}, c.people[:min(len(c.people), birdFeatured)]...)
	return out
}
