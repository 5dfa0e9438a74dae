package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kona is a stand-in for the Kona API (https://io.kona.com/api, github.com/KonaTeam/kona-api up to 2017-02-02, read
// 2026-11-20): conversations, comments, spaces, users and groups, and the OAuth endpoints.
//
// An update of a conversation is written down nowhere; PUT follows the vendor's general rules for updates [assumed].
type Kona struct {
	server[KonaSwitches]
	file     *konaFile
	spaces   int                    // the last konaHiddenSpaces of them are hidden
	posted   map[int]map[string]any // the first comments of created conversations
	tokens   []string               // valid access tokens
	refresh  string
	codes    map[string]konaCode // not yet used
	issued   int                 // tokens and codes handed out
	redirect string              // registered with the application
	signsIn  int                 // the user who agrees, by its place
	users    map[string]int      // of access tokens that are not konaMe's
	requests uint64
}

type konaFile struct{ Users, Spaces, Groups, Conversations collection }

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
	// ShiftBetweenPages moves rows whenever a later page of conversations is asked for: the list's last row is updated, or
	// one is created when sorted by creation.
	ShiftBetweenPages bool
	// IgnorePage answers every page with the first one.
	IgnorePage bool
	// ExpireOnRefresh makes the old access tokens worthless when a new one is issued.
	ExpireOnRefresh bool
	// RotateRefresh hands out a new refresh token with each refresh; the old one is then refused. By default it doesn't
	// change, as documented.
	RotateRefresh bool
	// OmitRefresh leaves refresh_token out of token answers.
	OmitRefresh bool
	// ExpiredPassword answers everything but the token endpoint with the Expired Password error as 403.
	ExpiredPassword bool
	// DeleteIgnored answers 204 to a DELETE and keeps the conversation; CreateIgnored answers 201 to a POST with one that
	// is then nowhere.
	DeleteIgnored, CreateIgnored bool
	// NoConsent has the person refuse to let an application in.
	NoConsent bool
	// QueryOnly has the token endpoint look for its parameters in the query alone, as the samples show it.
	QueryOnly bool
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

var konaVendor = vendor{
	account: "projects", provider: "kona", root: "/api/", one: "/api/conversations/",
	denied: "The access token is missing, wrong or expired.",
	// A token changes no resource.
	reads: func(path string) bool { return strings.HasPrefix(path, "/oauth/") },
	open:  newKona,
}

// Kona returns the stand-in for Kona.
func (s *Sandbox) Kona() *Kona { return serverOf[*Kona](s) }

func newKona(b base) service {
	k := &Kona{
		file: load[konaFile](b.data.name, "kona"), posted: map[int]map[string]any{}, tokens: []string{konaToken}, refresh: konaRefresh,
		codes: map[string]konaCode{}, issued: 1, redirect: konaRedirect, signsIn: konaMe, users: map[string]int{},
	}
	k.spaces = len(k.file.Spaces.Rows)
	k.start(b, k, slices.Concat(k.routes(), k.directoryRoutes(), k.oauthRoutes()))
	k.gate = k.enter
	k.before, k.seeded, k.place, k.updated = k.headers, k.data.dated(&k.file.Conversations), k.placed, "updated_at"
	k.clock, k.contested = func(t time.Time) any { return t.UnixMilli() }, k.contests()
	return k
}

func (k *Kona) account(a *Account) {
	a.Path, a.Credential = "/kona/api", konaToken
	a.Settings["client_id"], a.Settings["token_url"], a.Settings["redirect_url"] = konaClientID, "/kona/oauth/token", k.redirect
	a.Secrets["refresh_token"], a.Secrets["client_secret"] = konaRefresh, konaClientSecret
}

func (k *Kona) routes() []route {
	return []route{
		{pattern: "GET /api/userinfo", handle: k.userinfo},
		{pattern: "GET /api/conversations", query: []string{"space_id", "order_by", "page", "per_page"}, handle: k.listConversations},
		{pattern: "POST /api/conversations", free: true, handle: k.createConversation},
		{pattern: "GET /api/conversations/{id}", handle: k.getConversation},
		{pattern: "PUT /api/conversations/{id}", free: true, handle: k.updateConversation},
		{pattern: "DELETE /api/conversations/{id}", handle: k.deleteConversation},
		{pattern: "GET /api/comments", query: []string{"resource_type", "resource_id", "page", "per_page"}, handle: k.listComments},
	}
}

// headers are those of the one answer the vendor printed.
func (k *Kona) headers(x *exchange) {
	k.requests++
	x.answer.Set("X-Request-Id", fmt.Sprintf("%016x", mix(k.data.seed^k.requests<<20)))
	x.answer.Set("X-Runtime", "0.004242")
	x.answer.Set("X-Api-Version", "web")
	x.answer.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	x.answer.Set("Pragma", "no-cache")
}

func (k *Kona) authorized(x *exchange) bool {
	token, ok := strings.CutPrefix(x.authorization(), "Bearer ")
	return ok && slices.Contains(k.tokens, token) && !k.revoked
}

func (k *Kona) enter(x *exchange) {
	if k.switches.ExpiredPassword {
		x.refuse(http.StatusForbidden, "expired", "Your password has expired, change it on the web site.")
	}
}

// form answers in one of the two shapes: everything about authentication has that of OAuth.
func (k *Kona) form(x *exchange, r refusal) {
	if plain, _ := r.details.(bool); plain {
		x.raw(r.status, "text/plain; charset=utf-8", []byte(r.detail))
		return
	}
	anchor, title, details := "server_error", http.StatusText(r.status), r.detail
	if r.field != "" {
		details = strings.ReplaceAll(strings.ToUpper(r.field[:1])+r.field[1:], "_", " ") + " " + r.detail + "."
	}
	switch r.status {
	case http.StatusUnauthorized:
		if r.code == "unauthorized" {
			r.code = "unauthenticated"
		}
	case http.StatusBadRequest, http.StatusUnsupportedMediaType:
		r.status, anchor, title = http.StatusBadRequest, "bad_request", "Bad Request"
	case http.StatusMethodNotAllowed:
		anchor = "bad_request"
	case http.StatusForbidden:
		anchor = "render_forbidden"
		if r.code == "expired" {
			anchor, title = "expired", "Expired Password"
		}
	case http.StatusNotFound:
		anchor, details = "not_found", "It does not exist or you can not see it."
	case http.StatusUnprocessableEntity:
		anchor = "unprocessable_entity"
	case http.StatusTooManyRequests:
		anchor = "too_many_requests" // documented in no revision [assumed]
	}
	if oauth := strings.HasPrefix(x.rest, "/oauth/") && r.status != http.StatusNotFound && r.status != http.StatusMethodNotAllowed; oauth ||
		r.status == http.StatusUnauthorized {
		x.json(r.status, map[string]any{"error": r.code, "error_description": details})
		return
	}
	x.json(r.status, map[string]any{"problemType": konaExceptions + anchor, "title": title, "details": details})
}

// ExpireTokens ends the access tokens' week; the refresh token still works.
func (k *Kona) ExpireTokens() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tokens = nil
}

// HaveSpaces sets the number of spaces, hidden ones included. It is for before anything is read.
func (k *Kona) HaveSpaces(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spaces = n
}

// Me is the id of the user the token belongs to.
func (k *Kona) Me() int64 { return konaUserID(konaMe) }

// Comments are the comments of a conversation, newest first.
func (k *Kona) Comments(id string) []map[string]any { return k.list(id, k.thread) }

func (k *Kona) row(id string) (int, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != id {
		return 0, false
	}
	i, ok := konaIndex(n, k.firstID(), konaIDStep, k.all()+1)
	switch {
	case !ok || i == 0:
		return 0, false
	case i <= k.conversations:
		return k.conversations - i, true
	}
	return i - 1, true
}

func (k *Kona) id(row int) string { return strconv.FormatInt(k.conversationID(row), 10) }

func (k *Kona) show(row int) map[string]any { return k.render(row, konaStored) }

func (k *Kona) contests() []contested {
	// add takes in the first of n who isn't there yet.
	add := func(field, key string, n int, id func(row, i int) int64) contested {
		return contested{`"` + field + `"`, func(row, _ int) {
			list := k.members(row, field, key)
			for i := range n {
				if id := id(row, i); !slices.ContainsFunc(list, func(m konaMember) bool { return m.id == id }) {
					k.set(row, field, konaMembers(append(list, konaMember{id, 2}), key))
					return
				}
			}
		}}
	}
	return []contested{
		add("participants", "user_id", len(k.file.Users.Rows), func(_, i int) int64 { return konaUserID(i) }),
		add("groups", "group_id", konaGroupsPerSpace, func(row, i int) int64 { return k.placed(row, "group", i).(int64) }),
		k.cycle("stakeholder", 0, 1, 2), k.cycle("default_role", 1, 2, 3),
		k.numbered(`"details"`, "details", "Note by a colleague (%d)"), k.numbered("", "name", "Renamed by a colleague (%d)"),
	}
}
