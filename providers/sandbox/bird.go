package sandbox

import (
	"encoding/json"
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
	file   *birdFile
	joined map[int][]map[string]any // who takes part, where it differs from the data file
	sent   map[int][]*birdMessage   // messages sent through the API, oldest first
	count  int                      // how many messages were sent
	keys   map[string][]string      // access keys and the parts of the API their policies leave out
	// known finds contacts by identifier; nil until somebody asks.
	known map[birdIdentifier]int
}

type birdFile struct {
	Styles                                    []string // of the channels
	Names                                     map[string][]string
	Message                                   map[string]any
	Channels, Agents, Contacts, Conversations collection
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
	// key without a policy for them is reported to get. [Bird.KeyWithout] does so for one key.
	NoRights []string
}

const (
	birdWorkspace    = "5f3d1c0a-7b52-4e8e-9a41-2c6d80f1b7e3"
	birdRoot         = "/workspaces/" + birdWorkspace
	birdToken        = "bird-sandbox-8Vd2QmXn4TzLrKc7"
	birdMaxToken     = 8000
	birdFeatured     = 5
	birdTeams        = 4
	birdDefaultLimit = 10
	birdMaxLimit     = 100
)

var birdVendor = vendor{
	account: "support", provider: "bird", root: "/workspaces/", one: birdRoot + "/conversations/",
	denied: "The access key is not valid.",
	reads: func(path string) bool {
		return strings.HasSuffix(path, "/search") || strings.HasSuffix(path, "/search/feed-items")
	},
	open: newBird,
}

// Bird returns the stand-in for Bird.
func (s *Sandbox) Bird() *Bird { return serverOf[*Bird](s) }

func newBird(base base) service {
	b := &Bird{
		file: load[birdFile](base.data.name, "bird"), joined: map[int][]map[string]any{}, sent: map[int][]*birdMessage{},
		keys: map[string][]string{birdToken: nil},
	}
	b.start(base, b, b.routes())
	b.seeded, b.updated, b.contested = b.data.dated(&b.file.Conversations), "updatedAt", b.contests()
	b.gate = b.enter
	b.clock = func(t time.Time) any { return stamp(t) }
	b.place = func(_ int, kind string, n int) any { return b.uuid(kind, n) }
	return b
}

// uuid is the id of number n of a kind of things, which for participants is also their type; number is its inverse.
func (b *Bird) uuid(kind string, n int) string { return b.data.id("bird "+kind, n) }

func (b *Bird) number(kind, id string, limit int) (int, bool) {
	return b.data.number("bird "+kind, id, limit)
}

func (b *Bird) account(a *Account) {
	a.Path, a.Credential = "/bird", birdToken
	a.Settings["workspace_id"], a.Settings["access_key_id"] = birdWorkspace, b.AccessKeyID()
}

// routes are the calls.
func (b *Bird) routes() (all []route) {
	paging := []string{"limit", "pageToken"}
	add := func(call string, handle func(*exchange), query, fields []string) {
		method, path, _ := strings.Cut(call, " ")
		all = append(all, route{
			pattern: method + " " + birdRoot + "/" + path, query: query, fields: fields,
			handle: handle,
		})
	}
	add("GET conversations", b.listConversations, paging, nil)
	add("POST conversations", b.createConversation, nil, []string{
		"name", "description", "visibility", "accessibility", "participants", "initiatingParticipant", "channelId",
		"initialMessage",
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
	add("POST contacts/search", b.searchContacts, nil, []string{"identifier"})
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
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(x.rest+"/", "/"+w+"/") })
	}
	without := b.keys[b.token(x)]
	switch lacks := below(b.switches.NoRights...) || below(without...) || b.vendor.writes(x) && slices.Contains(without, "writes"); {
	case b.switches.ForbidDirectory && below("contacts", "channels", "agents", "feed-items"):
		x.refuse(http.StatusForbidden, "Forbidden", "The access key has no policy that allows this.")
	case lacks:
		x.refuse(http.StatusUnauthorized, "Unauthorized", b.vendor.denied)
	}
}

// token is the access key of the header, which must be exactly "AccessKey <token>": Bearer belongs to other products.
func (b *Bird) token(x *exchange) string {
	token, ok := strings.CutPrefix(x.authorization(), "AccessKey ")
	if !ok {
		return ""
	}
	return token
}

func (b *Bird) authorized(x *exchange) bool {
	_, known := b.keys[b.token(x)]
	return known && !b.revoked
}

// enter refuses other workspaces and what the key may not do.
func (b *Bird) enter(x *exchange) {
	if x.rest != birdRoot && !strings.HasPrefix(x.rest, birdRoot+"/") {
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

// values reads the members that rules name, as far as they are given.
func (p problems) values(fields map[string]json.RawMessage, rules map[string]rule) map[string]any {
	set := map[string]any{}
	for name, rule := range rules {
		raw, given := fields[name]
		v, ok := rule.read(raw)
		switch {
		case given && ok:
			set[name] = v
		case given:
			p.add("."+name, rule.want)
		}
	}
	return set
}

func conflict(code, detail string, details any) {
	panic(refusal{status: http.StatusConflict, code: code, detail: detail, details: details})
}

// Workspace is the id of the only workspace.
func (b *Bird) Workspace() string { return birdWorkspace }

// AccessKeyID is the id (not the secret) of the configured access key, as participants and senders name it.
func (b *Bird) AccessKeyID() string { return b.uuid("accessKey", 0) }

// Participants is the full participant list of a conversation, nil if it is gone or never was.
func (b *Bird) Participants(id string) []map[string]any { return b.list(id, b.people) }

func (b *Bird) row(id string) (int, bool) { return b.number("conversation", id, b.all()) }

func (b *Bird) id(row int) string { return b.uuid("conversation", row) }

func (b *Bird) contests() []contested {
	return []contested{
		{"/participants", func(row, _ int) {
			for i := range b.file.Agents.Rows {
				if _, there := b.person(row, b.uuid("user", i)); !there {
					b.join(row, b.participant("user", i, -1))
					return
				}
			}
		}},
		b.cycle("visibility", "public", "private"), b.cycle("status", "active", "closed"),
		b.cycle("accessibility", "open", "invite-only", "request-to-join"),
		{`"attributes"`, func(row, n int) {
			attributes, _ := b.value(row, "attributes").(map[string]any)
			b.set(row, "attributes", with(attributes, map[string]any{"colleague": strconv.Itoa(n)}))
		}},
		b.numbered(`"description"`, "description", "Taken over at the desk, note %d"),
		b.numbered("", "name", "Renamed by a colleague (%d)"),
	}
}
