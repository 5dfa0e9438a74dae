package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kona is a stand-in for the Kona API (https://io.kona.com/api, github.com/KonaTeam/kona-api up to 2017-02-02, read
// 2026-11-20): conversations, comments, spaces, users and groups, and the token endpoint.
//
// An update of a conversation is written down nowhere; PUT follows the vendor's general rules for updates [assumed].
type Kona struct {
	mu       sync.Mutex
	seed     konaSeed
	now      func() time.Time
	switches KonaSwitches
	changed  map[int]*konaConversation // rows that differ from the seeded ones, and the created ones
	created  int                       // how many were created: their rows are seed.conversations, +1, …
	gone     int                       // how many rows can no longer be read
	order    []int                     // rows, latest updated first; nil until somebody asks
	tokens   []string                  // valid access tokens
	refresh  string
	codes    map[string]bool // authorization codes not yet used
	issued   int             // tokens and codes handed out
	comments int             // comments posted
	requests uint64
	touches  int   // how often somebody else changed something
	forced   []int // statuses AnswerNext left to answer with
	revoked  bool
}

// KonaSwitches choose between readings the vendor leaves open. The zero value is the default behaviour.
type KonaSwitches struct {
	// NoPut404 and NoPut405 make the server one without an update of conversations.
	NoPut404, NoPut405 bool
	// MergeLists makes PUT add the sent participants and groups to the stored ones instead of replacing them.
	MergeLists bool
	// EmptyListIgnored makes PUT take [] as if it had not been sent, as many Rails versions before 5 do.
	EmptyListIgnored bool
	// ConcurrentOnPut lets somebody else change the conversation right before every PUT is applied.
	ConcurrentOnPut bool
	// ListWithoutPeople leaves participants and groups out of every list answer; GET one has them.
	ListWithoutPeople bool
	// ShiftBetweenPages moves rows whenever a later page of conversations is asked for: the list's last row is
	// updated, or one is created when sorted by creation.
	ShiftBetweenPages bool
	// IgnorePage answers every page with the first one.
	IgnorePage bool
	// ExpireOnRefresh makes the old access tokens worthless when a new one is issued.
	ExpireOnRefresh bool
	// RotateRefresh hands out a new refresh token with each refresh; the old one is then refused. By default it
	// doesn't change, as documented.
	RotateRefresh bool
	// OmitRefresh leaves refresh_token out of token answers.
	OmitRefresh bool
	// ExpiredPassword answers everything but the token endpoint with the Expired Password error as 403.
	ExpiredPassword bool
	// DeleteIgnored answers 204 to a DELETE and keeps the conversation; CreateIgnored answers 201 to a POST with one that
	// is then nowhere.
	DeleteIgnored, CreateIgnored bool
	// ExternalName wants external_object to be written with name (the 2016 text) instead of data (the 2017 text).
	ExternalName bool
	// NoUnreadCount leaves unread_conversation_count out of /userinfo, as before 1.0.13.
	NoUnreadCount bool
}

const (
	konaToken        = "kona-sandbox-access-1"
	konaRefresh      = "kona-sandbox-refresh-1"
	konaClientID     = "kona-sandbox-client"
	konaClientSecret = "kona-sandbox-client-secret"
	konaLifetime     = 604800 // seconds
	konaDefaultPage  = 25
	konaMaxPage      = 100 // not documented; capping silently is [assumed]
	konaHost         = "https://api.kona.com/"
	konaExceptions   = "https://github.com/KonaTeam/kona-api/blob/production/sections/exceptions.md#"
)

// Kona returns the stand-in for Kona.
func (s *Sandbox) Kona() *Kona { return serverOf[*Kona](s) }

func newKona(n int, d *seedData, now func() time.Time) *Kona {
	return &Kona{
		seed: newKonaSeed(d, n), now: now, changed: map[int]*konaConversation{}, tokens: []string{konaToken}, refresh: konaRefresh,
		codes: map[string]bool{}, issued: 1,
	}
}

var konaVendor = vendor{
	account: "projects", provider: "kona", root: "/api/",
	// A token changes no resource.
	reads: func(path string) bool { return strings.HasPrefix(path, "/oauth/") },
	open:  func(b base) service { return newKona(b.conversations, b.data, b.now) },
}

func (k *Kona) account(a *Account) {
	a.Path, a.Credential = "/kona/api", konaToken
	a.Settings["client_id"], a.Settings["token_url"] = konaClientID, "/kona/oauth/token"
	a.Secrets["refresh_token"], a.Secrets["client_secret"] = konaRefresh, konaClientSecret
}

// rateLimited is not documented in any revision; the shape is the ordinary one [assumed].
func (k *Kona) rateLimited(x *exchange) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.headers(x)
	konaProblem(http.StatusTooManyRequests, "too_many_requests", "Too Many Requests", "Slow down.").write(x)
}

// revoke makes the access and the refresh token worthless.
func (k *Kona) revoke() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tokens, k.refresh, k.revoked = nil, "", true
}

// ExpireTokens ends the access tokens' week; the refresh token still works.
func (k *Kona) ExpireTokens() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tokens = nil
}

// IssueCode makes an authorization code, as the vendor's page does after a person agreed. It can be used once.
func (k *Kona) IssueCode() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.issued++
	code := "kona-sandbox-code-" + strconv.Itoa(k.issued)
	k.codes[code] = true
	return code
}

// Me is the id of the user the token belongs to.
func (k *Kona) Me() int64 { return konaUserID(konaMe) }

// Set changes the switches.
func (k *Kona) Set(change func(*KonaSwitches)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(&k.switches)
}

// AnswerNext answers the next n authorized requests with the status, in Kona's shape, without doing anything.
func (k *Kona) AnswerNext(status, n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forced = append(k.forced, slices.Repeat([]int{status}, n)...)
}

// Len is the number of conversations that can be read.
func (k *Kona) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seed.conversations + k.created - k.gone
}

// IDs lists the conversations that can be read, newest created first.
func (k *Kona) IDs() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	ids := make([]string, 0, k.seed.conversations+k.created-k.gone)
	for row := range k.byCreation() {
		if !k.isGone(row) {
			ids = append(ids, strconv.FormatInt(k.seed.conversationID(row), 10))
		}
	}
	return ids
}

// JSON is a conversation as stored, people always included, or nil if it is gone or never was. It is the caller's to
// change.
func (k *Kona) JSON(id string) map[string]any {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.find(id)
	if c == nil {
		return nil
	}
	return viaJSON(c.render(konaStored)).(map[string]any)
}

// Comments are the comments of a conversation, newest first.
func (k *Kona) Comments(id string) []map[string]any {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.find(id)
	if c == nil {
		return nil
	}
	var out []map[string]any
	for i := range k.commentCount(c) {
		out = append(out, viaJSON(k.commentAt(c, i).render()).(map[string]any))
	}
	return out
}

// Change is somebody else's change of one field of a conversation, by its JSON name; null removes a participants or
// groups list. It bumps updated_at. It panics on an unknown id.
func (k *Kona) Change(id, field string, value any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.mustFind(id)
	k.keep(c)
	c.set(field, viaJSON(value))
	k.touch(c)
}

// Remove is somebody else deleting a conversation. It panics on an unknown id.
func (k *Kona) Remove(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop(k.mustFind(id))
}

func (k *Kona) mustFind(id string) *konaConversation {
	c := k.find(id)
	if c == nil {
		panic("sandbox: kona has no conversation " + id)
	}
	return c
}

// find returns a readable conversation: the kept one, or a fresh derivation that keep must store before it is changed.
func (k *Kona) find(id string) *konaConversation {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != id {
		return nil
	}
	row, ok := k.seed.conversationRow(n, k.created)
	if !ok || k.isGone(row) {
		return nil
	}
	return k.at(row)
}

func (k *Kona) at(row int) *konaConversation {
	if c, ok := k.changed[row]; ok {
		return c
	}
	return k.seed.conversation(row)
}

func (k *Kona) isGone(row int) bool {
	c, ok := k.changed[row]
	return ok && c.gone
}

func (k *Kona) keep(c *konaConversation) { k.changed[c.row] = c }

func (k *Kona) drop(c *konaConversation) {
	k.keep(c)
	c.gone = true
	k.gone++
}

// touch bumps updated_at, always forward, and moves the row to the head of that order.
func (k *Kona) touch(c *konaConversation) {
	now := k.now().UTC().Truncate(time.Millisecond)
	if !now.After(c.updated) {
		now = c.updated.Add(time.Millisecond)
	}
	c.updated = now
	if k.order != nil {
		if i := slices.Index(k.order, c.row); i > 0 {
			copy(k.order[1:i+1], k.order[:i])
			k.order[0] = c.row
		}
	}
}

// disturb makes somebody else's change, to the field a write is about; a read finds the conversation renamed.
func (k *Kona) disturb(x *exchange) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(x.path) != 3 || x.path[1] != "conversations" || !k.authorized(x) {
		return
	}
	if c := k.find(x.path[2]); c != nil {
		k.somebodyElse(c, x.body)
	}
}

func (k *Kona) somebodyElse(c *konaConversation, body []byte) {
	k.keep(c)
	k.touches++
	n := strconv.Itoa(k.touches)
	var wrapped map[string][]map[string]any
	_ = json.Unmarshal(body, &wrapped)
	var fields map[string]any
	if len(wrapped["conversations"]) > 0 {
		fields = wrapped["conversations"][0]
	}
	has := func(field string) bool { _, ok := fields[field]; return ok }
	switch {
	case has("participants"):
		for i := range konaUsers {
			if id := konaUserID(i); !slices.ContainsFunc(c.people, func(m konaMember) bool { return m.id == id }) {
				c.people = append(slices.Clip(c.people), konaMember{id, 2})
				break
			}
		}
	case has("groups"):
		for g := range k.seed.groups {
			if id := konaGroupID(g); k.seed.groupSpace(g) == c.space && !slices.ContainsFunc(c.groups, func(m konaMember) bool { return m.id == id }) {
				c.groups = append(slices.Clip(c.groups), konaMember{id, 2})
				break
			}
		}
	case has("stakeholder"):
		c.stakeholder = (c.stakeholder + 1) % 3
	case has("default_role"):
		c.defaultRole = 3 - c.defaultRole%3
	case has("details"):
		s := "Note by a colleague (" + n + ")"
		c.details = &s
	default:
		c.name = "Renamed by a colleague (" + n + ")"
	}
	k.touch(c)
}

// konaAnswer is an answer: a JSON body, or plain text.
type konaAnswer struct {
	status   int
	body     any
	text     string
	location string
}

type konaError struct {
	ProblemType string `json:"problemType"`
	Title       string `json:"title"`
	Details     string `json:"details"`
}

func konaOK(resource string, items ...any) konaAnswer {
	if items == nil {
		items = []any{}
	}
	return konaAnswer{status: http.StatusOK, body: map[string]any{resource: items}}
}

func konaProblem(status int, anchor, title, details string) konaAnswer {
	return konaAnswer{status: status, body: konaError{konaExceptions + anchor, title, details}}
}

func konaNotFound() konaAnswer {
	return konaProblem(http.StatusNotFound, "not_found", "Not Found", "It does not exist or you can not see it.")
}

func konaForbidden(details string) konaAnswer {
	return konaProblem(http.StatusForbidden, "render_forbidden", "Forbidden", details)
}

func konaBad(details string) konaAnswer {
	return konaProblem(http.StatusBadRequest, "bad_request", "Bad Request", details)
}

func konaRule(details string) konaAnswer {
	return konaProblem(http.StatusUnprocessableEntity, "unprocessable_entity", "Unprocessable Entity", details)
}

// konaOAuthError is the other error shape, for everything about authentication.
func konaOAuthError(status int, name, description string) konaAnswer {
	return konaAnswer{status: status, body: map[string]any{"error": name, "error_description": description}}
}

func (a konaAnswer) write(x *exchange) {
	if a.location != "" {
		x.answer.Set("Location", a.location)
	}
	switch {
	case a.body != nil:
		x.json(a.status, a.body)
	case a.text != "":
		x.raw(a.status, "text/plain; charset=utf-8", []byte(a.text))
	default:
		x.raw(a.status, "", nil)
	}
}

// headers are those of the one answer the vendor printed.
func (k *Kona) headers(x *exchange) {
	k.requests++
	x.answer.Set("X-Request-Id", fmt.Sprintf("%016x", mix(k.seed.seed^k.requests<<20)))
	x.answer.Set("X-Runtime", "0.004242")
	x.answer.Set("X-Api-Version", "web")
	x.answer.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	x.answer.Set("Pragma", "no-cache")
}

// serve answers one request below /kona.
func (k *Kona) serve(x *exchange) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.headers(x)
	k.answer(x).write(x)
}

func (k *Kona) authorized(x *exchange) bool {
	auth := x.header.Values("Authorization")
	if len(auth) != 1 {
		return false
	}
	token, ok := strings.CutPrefix(auth[0], "Bearer ")
	return ok && slices.Contains(k.tokens, token)
}

type konaHandler func(x *exchange) konaAnswer

func (k *Kona) answer(x *exchange) konaAnswer {
	if len(x.path) > 0 && x.path[0] == "oauth" {
		if len(x.path) != 2 || x.path[1] != "token" {
			return konaNotFound()
		}
		if x.method != http.MethodPost {
			x.answer.Set("Allow", http.MethodPost)
			return konaProblem(http.StatusMethodNotAllowed, "bad_request", "Method Not Allowed", "Use POST.")
		}
		return k.token(x)
	}
	if len(x.path) < 2 || x.path[0] != "api" {
		return konaNotFound()
	}
	if !k.authorized(x) {
		return konaOAuthError(http.StatusUnauthorized, "unauthenticated", "The access token is missing, wrong or expired.")
	}
	if k.switches.ExpiredPassword {
		return konaProblem(http.StatusForbidden, "expired", "Expired Password", "Your password has expired, change it on the web site.")
	}
	if len(k.forced) > 0 {
		status := k.forced[0]
		k.forced = k.forced[1:]
		if status == http.StatusUnauthorized {
			return konaOAuthError(status, "unauthenticated", "The access token is missing, wrong or expired.")
		}
		return konaProblem(status, "server_error", http.StatusText(status), "Something went wrong.")
	}
	if x.badQuery {
		return konaBad("The query string could not be parsed.")
	}
	methods := k.route(x.path[1:])
	if methods == nil {
		return konaNotFound()
	}
	handle, ok := methods[x.method]
	if !ok {
		x.answer.Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
		return konaProblem(http.StatusMethodNotAllowed, "bad_request", "Method Not Allowed", "There is no such method here.")
	}
	return handle(x)
}

// route returns the handlers of a path by method, nil for an unknown path.
func (k *Kona) route(path []string) map[string]konaHandler {
	one := len(path) == 2
	if len(path) > 2 || one && path[1] == "" {
		return nil
	}
	get := func(list konaHandler, show func(x *exchange, id string) konaAnswer) map[string]konaHandler {
		if one {
			return map[string]konaHandler{"GET": func(x *exchange) konaAnswer { return show(x, path[1]) }}
		}
		return map[string]konaHandler{"GET": list}
	}
	switch path[0] {
	case "userinfo":
		if !one {
			return map[string]konaHandler{"GET": k.userinfo}
		}
	case "conversations":
		if !one {
			return map[string]konaHandler{"GET": k.listConversations, "POST": k.createConversation}
		}
		on := func(f func(*exchange, *konaConversation) konaAnswer) konaHandler {
			return func(x *exchange) konaAnswer {
				c := k.find(path[1])
				if c == nil {
					return konaNotFound()
				}
				return f(x, c)
			}
		}
		methods := map[string]konaHandler{"GET": on(k.getConversation), "PUT": on(k.updateConversation), "DELETE": on(k.deleteConversation)}
		if k.switches.NoPut405 {
			delete(methods, "PUT")
		} else if k.switches.NoPut404 {
			methods["PUT"] = func(*exchange) konaAnswer { return konaNotFound() }
		}
		return methods
	case "comments":
		methods := get(k.listComments, k.getComment)
		if !one {
			methods["POST"] = k.postComment
		}
		return methods
	case "spaces":
		return get(k.listSpaces, k.getSpace)
	case "users":
		return get(k.listUsers, k.getUser)
	case "groups":
		return get(k.listGroups, k.getGroup)
	}
	return nil
}

// konaOnly refuses unknown and repeated query parameters.
func konaOnly(x *exchange, names ...string) (konaAnswer, bool) {
	for name, values := range x.query {
		if !slices.Contains(names, name) {
			return konaBad("Unknown parameter " + name + "."), false
		}
		if len(values) > 1 {
			return konaBad("Parameter " + name + " was given more than once."), false
		}
	}
	return konaAnswer{}, true
}

// konaPage reads page and per_page; skip is how many items come before the page.
func (k *Kona) page(x *exchange) (skip, size int, a konaAnswer, ok bool) {
	page, size := 1, konaDefaultPage
	for name, into := range map[string]*int{"page": &page, "per_page": &size} {
		if !x.query.Has(name) {
			continue
		}
		n, err := strconv.Atoi(x.query.Get(name))
		if err != nil || n < 1 {
			return 0, 0, konaBad(name + " must be a positive integer."), false
		}
		*into = min(n, 1<<30)
	}
	size = min(size, konaMaxPage)
	if k.switches.IgnorePage {
		page = 1
	}
	return (page - 1) * size, size, konaAnswer{}, true
}

// element decodes a wrapped body with exactly one element: {"conversations":[{…}]}.
func konaElement(x *exchange, resource string) (map[string]json.RawMessage, konaAnswer, bool) {
	if kind, _, err := mime.ParseMediaType(x.header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, konaBad("The body must be application/json."), false
	}
	var wrapped map[string]json.RawMessage
	if !json.Valid(x.body) {
		// Without the header the vendor answers malformed JSON in plain text.
		if !strings.Contains(x.header.Get("Accept"), "application/json") {
			return nil, konaAnswer{status: http.StatusBadRequest, text: "There was a problem in the JSON you submitted"}, false
		}
		return nil, konaBad("There was a problem in the JSON you submitted."), false
	}
	var list []map[string]json.RawMessage
	if json.Unmarshal(x.body, &wrapped) != nil || len(wrapped) != 1 || wrapped[resource] == nil || json.Unmarshal(wrapped[resource], &list) != nil {
		return nil, konaBad("The body must be an object with the key " + resource + " holding an array."), false
	}
	if len(list) != 1 || list[0] == nil {
		return nil, konaRule("Exactly one element is expected in " + resource + "."), false
	}
	return list[0], konaAnswer{}, true
}

func konaInt(raw json.RawMessage) (int64, error) {
	var n *int64
	if err := json.Unmarshal(raw, &n); err != nil {
		return 0, err
	}
	if n == nil {
		return 0, errors.New("null")
	}
	return *n, nil
}

// token is the OAuth token endpoint. Parameters come as a form body or, as the vendor's samples show, in the query.
func (k *Kona) token(x *exchange) konaAnswer {
	params := url.Values{}
	if kind, _, _ := mime.ParseMediaType(x.header.Get("Content-Type")); kind == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(x.body))
		if err != nil {
			return konaOAuthError(http.StatusBadRequest, "invalid_request", "The form could not be parsed.")
		}
		params = form
	} else if len(x.body) > 0 {
		return konaOAuthError(http.StatusBadRequest, "invalid_request", "The body must be a form.")
	}
	for name, values := range x.query {
		params[name] = append(params[name], values...)
	}
	for name, values := range params {
		if !slices.Contains([]string{"grant_type", "refresh_token", "code", "client_id", "client_secret", "redirect_uri"}, name) || len(values) != 1 {
			return konaOAuthError(http.StatusBadRequest, "invalid_request", "Parameter "+name+" is unknown or repeated.")
		}
	}
	if params.Get("client_id") != konaClientID || params.Get("client_secret") != konaClientSecret {
		return konaOAuthError(http.StatusUnauthorized, "invalid_client", "Client authentication failed.")
	}
	switch params.Get("grant_type") {
	case "refresh_token":
		if k.revoked || params.Get("refresh_token") != k.refresh {
			return konaOAuthError(http.StatusBadRequest, "invalid_grant", "The refresh token is invalid or was revoked.")
		}
	case "authorization_code":
		code := params.Get("code")
		if k.revoked || !k.codes[code] {
			return konaOAuthError(http.StatusBadRequest, "invalid_grant", "The authorization code is invalid or was used.")
		}
		delete(k.codes, code)
	default:
		return konaOAuthError(http.StatusBadRequest, "unsupported_grant_type", "The grant type is not supported.")
	}
	k.issued++
	access := "kona-sandbox-access-" + strconv.Itoa(k.issued)
	if k.switches.ExpireOnRefresh {
		k.tokens = nil
	}
	k.tokens = append(k.tokens, access)
	if k.switches.RotateRefresh {
		k.refresh = "kona-sandbox-refresh-" + strconv.Itoa(k.issued)
	}
	out := map[string]any{"access_token": access, "token_type": "bearer", "expires_in": konaLifetime, "refresh_token": k.refresh}
	if k.switches.OmitRefresh {
		delete(out, "refresh_token")
	}
	return konaAnswer{status: http.StatusOK, body: out}
}
