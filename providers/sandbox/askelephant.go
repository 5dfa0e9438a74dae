package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// AskElephantSwitches are the readings of AskElephant's documentation that can be turned: every field's zero value is the
// default reading.
type AskElephantSwitches struct {
	// NoContactsScope takes contacts:read away: the directory and expand=contacts answer 403. NoUsersScope,
	// NoCompaniesScope and NoTagsScope do the same for theirs, NoWriteScope for replacing contacts.
	NoContactsScope, NoUsersScope, NoCompaniesScope, NoTagsScope, NoWriteScope bool
	// NoPrivateScope takes engagements:private:read away: reading or changing a private engagement answers 403.
	NoPrivateScope bool
	// PrivateHidden, with NoPrivateScope, leaves private engagements out of lists and answers 404 for them.
	PrivateHidden bool
	// ContactsEndpointMissing answers 404 on replacing contacts, ContactsMethodNotAllowed 405.
	ContactsEndpointMissing, ContactsMethodNotAllowed bool
	// ContactsMethod is the method that replaces contacts instead of PUT.
	ContactsMethod string
	// DropExpand leaves contacts out even when asked for; NullExpand sends null for every empty expansion.
	DropExpand, NullExpand bool
	// IgnoreWrite answers a replacement with 200 and changes nothing.
	IgnoreWrite bool
	// AnswerWithContacts shows contacts in the answer to a replacement.
	AnswerWithContacts bool
	// CalendarResourceHidden leaves calendar resources out of contacts; CalendarResourceAsContact shows them as contacts
	// with a cnt_ id that the directory doesn't hold.
	CalendarResourceHidden, CalendarResourceAsContact bool
	// UnknownContact404 answers 404 instead of 422 for an unknown contact id in a replacement.
	UnknownContact404 bool
	// OldSchema leaves out is_private, external_url and crm_association.
	OldSchema bool
	// ForgetCursors refuses every cursor with 400, as after it expired.
	ForgetCursors bool
	// APIVersion is the X-Api-Version header; empty means "2".
	APIVersion string
}

// AskElephant is the stand-in for AskElephant's public API v2. Use [Sandbox.AskElephant].
type AskElephant struct {
	server[AskElephantSwitches]
	key, token string
	file       *elephantFile
	// managed holds the contact sets that were replaced.
	managed        map[int][]int
	contactRemoved map[int]bool
	failures       int
}

type elephantFile struct{ Contacts, Companies, Users, Tags, Rooms, Engagements collection }

var elephantVendor = vendor{
	account: "meetings", provider: "askelephant", one: "/api/v2/engagements/", denied: "Authentication is required.", open: newAskElephant,
}

// AskElephant returns the state of the AskElephant server.
func (s *Sandbox) AskElephant() *AskElephant { return serverOf[*AskElephant](s) }

func newAskElephant(b base) service {
	secret := strings.ReplaceAll(b.data.id("askelephant key", 0), "-", "")
	a := &AskElephant{
		// The key depends on the seed alone, so that a config written for a sandbox still fits after it was started again.
		key: "sk-apik_" + ulid(elephantEpoch, secret) + "." + secret, token: "at_" + secret,
		file: load[elephantFile](b.data.name, "askelephant"), managed: map[int][]int{}, contactRemoved: map[int]bool{},
	}
	a.start(b, a, a.routes())
	a.before, a.seeded, a.place, a.clock, a.updated = a.version, a.data.dated(&a.file.Engagements), a.placed, elephantTime, "updated_at"
	a.contested = []contested{{"", a.moveContact}}
	return a
}

func (a *AskElephant) account(acc *Account) { acc.Path, acc.Credential = "/askelephant/api", a.key }

func (a *AskElephant) routes() []route {
	routes := []route{
		{pattern: "GET /api/v2/engagements", query: elephantListParams, handle: a.listEngagements},
		{pattern: "GET /api/v2/engagements/{id}", query: []string{"expand"}, handle: a.getEngagement},
		{pattern: "/api/v2/engagements/{id}/contacts", free: true, handle: a.replaceContacts},
		{pattern: "GET /api/v2/contacts/{id}", handle: a.getContact},
	}
	for _, d := range a.directories() {
		params := []string{"limit", "cursor"}
		if d.search != nil {
			params = append(params, "search")
		}
		routes = append(routes, route{pattern: "GET /api/v2/" + d.name, query: params, handle: func(x *exchange) { a.listDirectory(x, d) }})
	}
	return routes
}

// Token returns an access token, valid with the word Bearer, where the account's credential is an API key, valid without
// it.
func (a *AskElephant) Token() string { return a.token }

// authorized knows the two credentials and their two header forms.
func (a *AskElephant) authorized(x *exchange) bool {
	given := x.authorization()
	return !a.revoked && (given == a.key || given == "Bearer "+a.token)
}

// version sets the response header every operation has.
func (a *AskElephant) version(x *exchange) {
	x.answer.Set("X-Api-Version", cmp.Or(a.switches.APIVersion, "2"))
}

// form answers with an RFC 9457 document.
func (a *AskElephant) form(x *exchange, r refusal) {
	a.failures++
	slug, detail := r.code, r.detail
	switch {
	case r.status == http.StatusBadRequest:
		slug = "bad_request"
		if r.field != "" {
			detail = fmt.Sprintf("Query parameter %s: %s.", r.field, r.detail)
		}
	case r.status == http.StatusUnprocessableEntity:
		slug, detail = "validation_failed", "Request validation failed."
	}
	p := map[string]any{
		"type": "https://app.askelephant.ai/errors/" + slug, "title": http.StatusText(r.status), "status": r.status, "detail": detail,
		"request_id": "rid_" + ulid(x.now, a.data.id("askelephant failure", a.failures)),
	}
	if r.field != "" {
		p["errors"] = []any{map[string]any{"field": r.field, "code": r.code, "message": r.detail}}
	}
	x.jsonAs(r.status, "application/problem+json", p)
}

func (a *AskElephant) missingScope(x *exchange, scope string) {
	x.refuse(http.StatusForbidden, "forbidden", "Missing required scope: "+scope)
}

func (a *AskElephant) row(id string) (int, bool) { return a.number("engagement", id, a.conversations) }

func (a *AskElephant) id(row int) string { return a.idOf("engagement", row) }

// elephantPrefixes are what ids begin with; elephantEpoch is the time in those of directories.
var (
	elephantPrefixes = map[string]string{
		"engagement": "ngmt_", "contact": "cnt_", "company": "cmp_", "user": "usr_", "tag": "tag_", "room": "clrs_",
	}
	elephantEpoch = time.Unix(1_767_225_600, 0)
)

func (a *AskElephant) idOf(kind string, n int) string {
	at := elephantEpoch
	if kind == "engagement" {
		at = a.createdAt(n)
	}
	return elephantPrefixes[kind] + ulid(at, a.data.id("askelephant "+kind, n))
}

// number is the inverse of idOf, for numbers below limit.
func (a *AskElephant) number(kind, id string, limit int) (int, bool) {
	tail := strings.TrimPrefix(id, elephantPrefixes[kind])
	n := a.data.decode("askelephant "+kind, tail[min(10, len(tail)):])
	return n, n < limit && a.idOf(kind, n) == id
}

// contactNumber finds a contact that wasn't removed.
func (a *AskElephant) contactNumber(id string) (int, bool) {
	n, ok := a.number("contact", id, a.contacts())
	return n, ok && !a.contactRemoved[n]
}

func (a *AskElephant) show(row int) map[string]any { return a.engagement(row, elephantExpansions) }

// set changes a field and moves updated_at. For "contacts" the value is the ids of the managed set. It panics on an unknown
// contact.
func (a *AskElephant) set(row int, field string, value any) {
	if field != "contacts" {
		a.edit(row, field, value)
		a.touch(row)
		return
	}
	var set []int
	for _, id := range value.([]any) {
		set = append(set, a.mustContact(id.(string)))
	}
	a.setContacts(row, set)
}

func (a *AskElephant) mustContact(id string) int {
	n, ok := a.contactNumber(id)
	if !ok {
		panic("sandbox: no AskElephant contact " + id)
	}
	return n
}

// moveContact takes a contact out of many, or adds one to few.
func (a *AskElephant) moveContact(row, n int) {
	set := a.managedContacts(row)
	if len(set) > 4 {
		a.setContacts(row, set[1:])
		return
	}
	all := a.contacts()
	c := n * 7 % all
	for slices.Contains(set, c) || a.contactRemoved[c] {
		c = (c + 1) % all
	}
	a.setContacts(row, append(set, c))
}

// ContactIDs returns the ids of the contacts in the directory.
func (a *AskElephant) ContactIDs() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ids []string
	for i := range a.contacts() {
		if !a.contactRemoved[i] {
			ids = append(ids, a.idOf("contact", i))
		}
	}
	return ids
}

// Contacts returns the ids of the managed contacts of an engagement, in the directory's order. It panics on an unknown id.
func (a *AskElephant) Contacts(id string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	ids := []string{}
	for _, c := range a.managedContacts(a.must(id)) {
		ids = append(ids, a.idOf("contact", c))
	}
	return ids
}

// Touch moves updated_at and changes nothing else. It panics on an unknown id.
func (a *AskElephant) Touch(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.touch(a.must(id))
}

// RemoveContact takes a contact out of the directory and of all engagements, as deleting it in the product does. It panics
// on an unknown id.
func (a *AskElephant) RemoveContact(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.contactRemoved[a.mustContact(id)] = true
}

// setContacts replaces the managed set. Sets have no order of their own: they are shown in the directory's.
func (a *AskElephant) setContacts(row int, set []int) {
	a.managed[row] = slices.Compact(slices.Sorted(slices.Values(set)))
	a.touch(row)
}
