package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bird is a stand-in for Bird's Conversations API (https://api.bird.com, docs.bird.com/api, read 2026-11-20) with
// the neighbours an inbox needs: participants, messages, contacts, channels and agents.
//
// What the vendor documents is refused or answered as documented. Where the vendor is silent, the reading is marked
// [assumed] at the place it matters, and is the stricter of the two.
type Bird struct {
	mu       sync.Mutex
	seed     birdSeed
	now      func() time.Time
	revoked  bool
	switches BirdSwitches
	changed  map[int]*birdConversation // rows that differ from the seeded ones, and the created ones
	created  int                       // how many were created: their rows are seed.conversations, +1, …
	gone     int                       // how many rows can no longer be read
	refs     map[string]bool           // message references in use, unique in a workspace
	sent     int                       // how many messages were sent
	touches  int                       // how often disturb changed something
	forced   []int                     // statuses AnswerNext left to answer with
}

// BirdSwitches choose between readings the vendor leaves open, and produce answers that the vendor lists without
// saying when they come. The zero value is the default behaviour.
type BirdSwitches struct {
	// AttributesMerge makes PATCH merge attributes into the stored ones. By default the sent map replaces the
	// stored one. The vendor says neither.
	AttributesMerge bool
	// AttributesReplace is the default and there to be named; AttributesMerge wins when both are set.
	AttributesReplace bool
	// NullKeepsName makes PATCH ignore a null name or description. By default null clears to "".
	NullKeepsName bool
	// IgnoreVisibility makes PATCH answer 200 and keep the old visibility, as a workspace policy might.
	IgnoreVisibility bool
	// ConflictOnGet answers that many GETs of a conversation or its messages with 409, which the vendor documents
	// without a reason.
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
	// ForbidDirectory answers contacts, channels and agents with 403, as an access key without those roles gets.
	ForbidDirectory bool
}

// birdConversation is one row with everything that can be changed about it.
type birdConversation struct {
	row      int
	doc      map[string]any   // as the API shows it, without featuredParticipants
	people   []map[string]any // every participant, in joining order
	messages []*birdMessage   // sent through the API, oldest first; the seeded ones are derived
	removed  map[string]bool  // ids of deleted messages
	gone     bool
}

const (
	birdWorkspace    = "5f3d1c0a-7b52-4e8e-9a41-2c6d80f1b7e3"
	birdToken        = "bird-sandbox-8Vd2QmXn4TzLrKc7"
	birdMaxToken     = 8000
	birdFeatured     = 5
	birdDefaultLimit = 10
	birdMaxLimit     = 100
)

// Bird returns the stand-in for Bird.
func (s *Sandbox) Bird() *Bird { return serverOf[*Bird](s) }

func newBird(n int, d *seedData, now func() time.Time) *Bird {
	return &Bird{
		seed:    newBirdSeed(d, n),
		now:     now,
		changed: map[int]*birdConversation{},
		refs:    map[string]bool{},
	}
}

var birdVendor = vendor{
	account: "support", provider: "bird", root: "/workspaces/",
	reads: func(path string) bool { return strings.HasSuffix(path, "/search") },
	open:  func(b base) service { return newBird(b.conversations, b.data, b.now) },
}

func (b *Bird) account(a *Account) {
	a.Path, a.Credential = "/bird", birdToken
	a.Settings["workspace_id"], a.Settings["access_key_id"] = birdWorkspace, b.AccessKeyID()
}

// rateLimited is the vendor's 429: the request was not processed.
func (b *Bird) rateLimited(x *exchange) {
	b.mu.Lock()
	bare := b.switches.No429Header
	b.mu.Unlock()
	if bare {
		x.answer.Del("Retry-After")
	}
	birdTooMany().write(x)
}

func birdTooMany() birdAnswer {
	return birdRefusal(http.StatusTooManyRequests, "TooManyRequests", "Too many requests.", nil)
}

// Set changes the switches.
func (b *Bird) Set(f func(*BirdSwitches)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.switches)
}

// Workspace is the id of the only workspace.
func (b *Bird) Workspace() string { return birdWorkspace }

// AccessKeyID is the id (not the secret) of the configured access key, as participants and senders name it.
func (b *Bird) AccessKeyID() string { return b.seed.accessKeyID(0) }

// Len is the number of conversations that can be read.
func (b *Bird) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seed.conversations + b.created - b.gone
}

// IDs lists the conversations that can be read, in the order of the API: newest created first.
func (b *Bird) IDs() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	ids := make([]string, 0, b.seed.conversations+b.created-b.gone)
	for row := range b.rows(0, false) {
		ids = append(ids, b.seed.conversationID(row))
	}
	return ids
}

// AnswerNext answers the next n authorized requests with the status, in Bird's shape, without doing anything.
func (b *Bird) AnswerNext(status, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forced = append(b.forced, slices.Repeat([]int{status}, n)...)
}

// JSON is a conversation as GET shows it, or nil if it is gone or never was. It is the caller's to change. Participants
// beyond the featured five are in Participants.
func (b *Bird) JSON(id string) map[string]any {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.find(id)
	if c == nil {
		return nil
	}
	return viaJSON(c.render()).(map[string]any)
}

// Participants is the full participant list of a conversation, nil if it is gone or never was.
func (b *Bird) Participants(id string) []map[string]any {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.find(id)
	if c == nil {
		return nil
	}
	out := make([]map[string]any, 0, len(c.people))
	for _, p := range c.people {
		out = append(out, viaJSON(p).(map[string]any))
	}
	return out
}

// Change is somebody else's change of one field of a conversation, by its JSON name; "participants" replaces the full
// participant list. It bumps updatedAt. It panics on an unknown id.
func (b *Bird) Change(id, field string, value any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.mustFind(id)
	b.keep(c)
	if plain := viaJSON(value); field == "participants" {
		c.setPeople(plain)
	} else {
		c.doc[field] = plain
	}
	b.touch(c)
}

// Remove is somebody else deleting a conversation. It panics on an unknown id.
func (b *Bird) Remove(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop(b.mustFind(id))
}

func (b *Bird) mustFind(id string) *birdConversation {
	c := b.find(id)
	if c == nil {
		panic("sandbox: bird has no conversation " + id)
	}
	return c
}

// disturb makes a colleague's change, to the field a write is about; a read finds the conversation renamed.
func (b *Bird) disturb(x *exchange) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(x.path) < 4 || x.path[1] != birdWorkspace || x.path[2] != "conversations" || !b.authorized(x) {
		return
	}
	c := b.find(x.path[3])
	if c == nil {
		return
	}
	b.keep(c)
	b.touches++
	n := strconv.Itoa(b.touches)
	other := func(field string, values ...string) {
		i := slices.Index(values, fmt.Sprint(c.doc[field]))
		c.doc[field] = values[(i+1)%len(values)]
	}
	members, _ := birdMembers(x.body)
	switch has := func(field string) bool { return members[field] != nil }; {
	case len(x.path) > 4 && x.path[4] == "participants":
		for i := range birdUsers {
			if _, there := c.person(b.seed.userID(i)); !there {
				p := b.seed.participant(birdRef{birdUserKind, i, "active"}, -1)
				c.people = append(slices.Clip(c.people), p)
				c.count(p, 1)
				break
			}
		}
	case has("visibility"):
		other("visibility", "public", "private")
	case has("status"):
		other("status", "active", "closed")
	case has("accessibility"):
		other("accessibility", "open", "invite-only", "request-to-join")
	case has("attributes"):
		old, _ := c.doc["attributes"].(map[string]any)
		changed := maps.Clone(old)
		if changed == nil {
			changed = map[string]any{}
		}
		changed["colleague"] = n
		c.doc["attributes"] = changed
	case has("description"):
		c.doc["description"] = "Taken over at the desk, note " + n
	default:
		c.doc["name"] = "Renamed by a colleague (" + n + ")"
	}
	b.touch(c)
}

// revoke makes the access key worthless, as its deletion in the organisation's settings does.
func (b *Bird) revoke() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.revoked = true
}

// find returns a readable conversation: the kept one, or a fresh derivation that keep must store before it is changed.
func (b *Bird) find(id string) *birdConversation {
	row, ok := b.seed.conversationRow(id, b.seed.conversations+b.created)
	if !ok {
		return nil
	}
	if c := b.at(row); !c.gone {
		return c
	}
	return nil
}

// findDeleted returns a deleted conversation where reads still show it.
func (b *Bird) findDeleted(id string) *birdConversation {
	row, ok := b.seed.conversationRow(id, b.seed.conversations+b.created)
	if !ok || !b.switches.DeletedShown {
		return nil
	}
	return b.at(row)
}

func (b *Bird) at(row int) *birdConversation {
	if c, ok := b.changed[row]; ok {
		return c
	}
	return b.seed.conversation(row)
}

func (b *Bird) keep(c *birdConversation) *birdConversation {
	b.changed[c.row] = c
	return c
}

func (b *Bird) drop(c *birdConversation) {
	b.keep(c).gone = true
	c.doc["status"] = "deleted"
	b.gone++
}

func (b *Bird) touch(c *birdConversation) { c.doc["updatedAt"] = b.stamp(c.doc["updatedAt"]) }

// stamp is the present in milliseconds, but always later than prev.
func (b *Bird) stamp(prev any) string {
	now := b.now().UTC().Truncate(time.Millisecond)
	if s, ok := prev.(string); ok {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil && !now.After(t) {
			now = t.Truncate(time.Millisecond).Add(time.Millisecond)
		}
	}
	return now.Format(time.RFC3339Nano)
}

// render adds what the API computes from the full participant list.
func (c *birdConversation) render() map[string]any {
	out := maps.Clone(c.doc)
	featured := make([]any, 0, birdFeatured)
	for _, p := range c.people[:min(len(c.people), birdFeatured)] {
		featured = append(featured, p)
	}
	out["featuredParticipants"] = featured
	return out
}

func (c *birdConversation) setPeople(v any) {
	list, _ := v.([]any)
	c.people = c.people[:0:0]
	active := 0
	for _, item := range list {
		if p, ok := item.(map[string]any); ok {
			c.people = append(c.people, p)
			if p["status"] == "active" {
				active++
			}
		}
	}
	c.doc["activeParticipantCount"] = active
	c.doc["pendingParticipantCount"] = len(c.people) - active
}

// birdAnswer is a status with a JSON body; a nil body is an empty answer.
type birdAnswer struct {
	status int
	body   any
}

type birdFailure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details any    `json:"details,omitempty"`
}

func birdOK(body any) birdAnswer { return birdAnswer{http.StatusOK, body} }

func birdRefusal(status int, code, message string, details any) birdAnswer {
	return birdAnswer{status, birdFailure{code, message, details}}
}

func birdNotFound() birdAnswer {
	return birdRefusal(http.StatusNotFound, "ResourceNotFound", "The requested resource could not be found.", nil)
}

func birdConflict(code, message string, details any) birdAnswer {
	return birdRefusal(http.StatusConflict, code, message, details)
}

// birdProblems maps a JSON path (".attributes.a") to words.Sentences, as Bird's InvalidPayload details do.
type birdProblems map[string][]string

func (p birdProblems) add(path, sentence string) { p[path] = append(p[path], sentence) }

func (p birdProblems) answer() birdAnswer {
	return birdRefusal(http.StatusUnprocessableEntity, "InvalidPayload", "The request did not pass validation.", p)
}

func birdProblem(path, sentence string) birdAnswer { return birdProblems{path: {sentence}}.answer() }

func (a birdAnswer) write(x *exchange) {
	if a.body == nil {
		x.raw(a.status, "", nil)
		return
	}
	x.jsonAs(a.status, "application/json", a.body)
}

// serve answers one request below /bird.
func (b *Bird) serve(x *exchange) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer(x).write(x)
}

// authorized wants the header to be exactly "AccessKey <token>"; Bearer belongs to other products of the vendor.
func (b *Bird) authorized(x *exchange) bool {
	auth := x.header.Values("Authorization")
	return !b.revoked && len(auth) == 1 && auth[0] == "AccessKey "+birdToken
}

// birdRequest is a request that passed routing.
type birdRequest struct{ *exchange }

type birdHandler func(birdRequest) birdAnswer

func (b *Bird) answer(x *exchange) birdAnswer {
	if len(x.path) < 3 || x.path[0] != "workspaces" {
		return birdNotFound()
	}
	if !b.authorized(x) {
		return birdRefusal(http.StatusUnauthorized, "Unauthorized", "The access key is not valid.", nil)
	}
	if x.path[1] != birdWorkspace {
		return birdNotFound()
	}
	if len(b.forced) > 0 {
		status := b.forced[0]
		b.forced = b.forced[1:]
		return birdRefusal(status, strings.ReplaceAll(http.StatusText(status), " ", ""), http.StatusText(status)+".", nil)
	}
	if b.switches.TooMany > 0 {
		b.switches.TooMany--
		return birdTooMany()
	}
	if x.badQuery {
		return birdProblem("", "the query string could not be parsed")
	}
	methods := b.route(x.path[2:])
	if methods == nil {
		return birdNotFound()
	}
	handle, ok := methods[x.method]
	if !ok {
		x.answer.Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
		return birdRefusal(http.StatusMethodNotAllowed, "MethodNotAllowed", "The method is not allowed here.", nil)
	}
	return handle(birdRequest{x})
}

// route returns the handlers of a path by method, nil for an unknown path.
func (b *Bird) route(path []string) map[string]birdHandler {
	at := func(i int) string {
		if i < len(path) {
			return path[i]
		}
		return ""
	}
	if slices.Contains(path, "") || len(path) == 0 {
		return nil
	}
	switch n := len(path); path[0] {
	case "conversations":
		if n == 1 {
			return map[string]birdHandler{"GET": b.listConversations, "POST": b.createConversation}
		}
		on := func(f func(birdRequest, *birdConversation) birdAnswer) birdHandler {
			return func(r birdRequest) birdAnswer {
				c := b.find(at(1))
				if c == nil && n == 2 && r.method == "GET" {
					c = b.findDeleted(at(1))
				}
				if c == nil {
					return birdNotFound()
				}
				return f(r, c)
			}
		}
		with := func(arg string, f func(birdRequest, *birdConversation, string) birdAnswer) birdHandler {
			return on(func(r birdRequest, c *birdConversation) birdAnswer { return f(r, c, arg) })
		}
		switch {
		case n == 2:
			return map[string]birdHandler{"GET": on(b.getConversation), "PATCH": on(b.patchConversation), "DELETE": on(b.deleteConversation)}
		case n == 3 && path[2] == "messages":
			return map[string]birdHandler{"GET": on(b.listMessages), "POST": on(b.sendMessage)}
		case n == 4 && path[2] == "messages":
			return map[string]birdHandler{"GET": with(path[3], b.getMessage), "PATCH": with(path[3], b.patchMessage), "DELETE": with(path[3], b.deleteMessage)}
		case n == 3 && path[2] == "participants":
			return map[string]birdHandler{"GET": on(b.listParticipants), "POST": on(b.addParticipant)}
		case n == 4 && path[2] == "participants":
			return map[string]birdHandler{
				"GET":    with(path[3], b.participantByID(b.getParticipant)),
				"PATCH":  with(path[3], b.participantByID(b.patchParticipant)),
				"DELETE": with(path[3], b.participantByID(b.removeParticipant)),
			}
		case n == 5 && path[2] == "participants":
			who := path[3] + "\x00" + path[4]
			return map[string]birdHandler{
				"GET":   with(who, b.participantByIdentifier(b.getParticipant)),
				"PATCH": with(who, b.participantByIdentifier(b.patchParticipant)),
			}
		}
	case "participants":
		switch {
		case n == 3 && path[2] == "conversations":
			return map[string]birdHandler{"GET": func(r birdRequest) birdAnswer { return b.participantConversations(r, at(1)) }}
		case n == 4 && path[3] == "conversations":
			return map[string]birdHandler{"GET": func(r birdRequest) birdAnswer {
				contact, ok := b.seed.contactByIdentifier(at(1), at(2))
				if !ok {
					return birdNotFound()
				}
				return b.participantConversations(r, b.seed.contactID(contact))
			}}
		}
	case "contacts":
		switch {
		case n == 1:
			return map[string]birdHandler{"GET": b.directory(b.listContacts)}
		case n == 2 && path[1] == "search":
			return map[string]birdHandler{"POST": b.directory(b.searchContacts)}
		case n == 2:
			return map[string]birdHandler{"GET": b.directory(func(r birdRequest) birdAnswer { return b.getContact(r, at(1)) })}
		}
	case "channels":
		if n == 1 {
			return map[string]birdHandler{"GET": b.directory(b.listChannels)}
		}
	case "agents":
		if n == 1 {
			return map[string]birdHandler{"GET": b.directory(b.listAgents)}
		}
	}
	return nil
}

func (b *Bird) directory(f birdHandler) birdHandler {
	return func(r birdRequest) birdAnswer {
		if b.switches.ForbidDirectory {
			return birdRefusal(http.StatusForbidden, "Forbidden", "The access key has no policy that allows this.", nil)
		}
		return f(r)
	}
}

// only refuses query parameters that the endpoint doesn't document, and repeated ones.
func (r birdRequest) only(names ...string) (birdAnswer, bool) {
	problems := birdProblems{}
	for name, values := range r.query {
		switch {
		case !slices.Contains(names, name):
			problems.add("."+name, "unknown query parameter")
		case len(values) > 1 && name != "attribute":
			problems.add("."+name, "must be given once")
		}
	}
	if len(problems) > 0 {
		return problems.answer(), false
	}
	return birdAnswer{}, true
}

// object decodes the body into its members, keeping the difference between absent and null.
func (r birdRequest) object() (map[string]json.RawMessage, birdAnswer, bool) {
	// The vendor asks for the header on POST and PATCH; that its absence is refused is [assumed].
	if kind, _, err := mime.ParseMediaType(r.header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, birdRefusal(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The body must be application/json.", nil), false
	}
	members, err := birdMembers(r.body)
	if err != nil {
		return nil, birdProblem("", "the body must be a JSON object"), false
	}
	return members, birdAnswer{}, true
}

func birdMembers(raw []byte) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	if members == nil {
		return nil, errors.New("not an object")
	}
	return members, nil
}

func birdIsNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

func birdString(raw json.RawMessage) (string, bool) {
	var s *string
	if json.Unmarshal(raw, &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}

// birdUnknown reports members that the schema doesn't have: extra properties are rejected.
func birdUnknown(problems birdProblems, at string, members map[string]json.RawMessage, known ...string) {
	for name := range members {
		if !slices.Contains(known, name) {
			problems.add(at+"."+name, "additional properties are not allowed")
		}
	}
}

// birdEnum reads an optional enumerated member.
func birdEnum(problems birdProblems, at string, members map[string]json.RawMessage, name string, allowed ...string) (string, bool) {
	raw, ok := members[name]
	if !ok {
		return "", false
	}
	s, isString := birdString(raw)
	if !isString || !slices.Contains(allowed, s) {
		problems.add(at+"."+name, "must be one of "+strings.Join(allowed, ", "))
		return "", false
	}
	return s, true
}

// birdCopy is a deep copy of plain JSON data.
func birdCopy(m map[string]any) map[string]any { return birdCopyValue(m).(map[string]any) }

func birdCopyValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = birdCopyValue(x)
		}
		return out
	case []any:
		if v == nil {
			return nil
		}
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = birdCopyValue(x)
		}
		return out
	default:
		return v
	}
}
