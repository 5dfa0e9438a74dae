package sandbox

import (
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

	// The directories don't change, except for contacts removed.
	contactIDs, companyIDs, userIDs, tagIDs []string
	contactIndex                            map[string]int

	list  []elephantRow
	index map[string]int
	// order is the row numbers by time of change, oldest first; nil after a change until the next list.
	order []int
	// changed holds fields, managed the contact sets that differ from the generated ones.
	changed        map[int]map[string]any
	managed        map[int][]int
	contactRemoved map[int]bool
	failures       int
}

// elephantRow is what lists need of an engagement without generating it.
type elephantRow struct {
	id               string
	created, updated time.Time
	private          bool
}

var elephantVendor = vendor{account: "meetings", provider: "askelephant", one: "/api/v2/engagements/", open: newAskElephant}

// AskElephant returns the state of the AskElephant server.
func (s *Sandbox) AskElephant() *AskElephant { return serverOf[*AskElephant](s) }

func newAskElephant(b base) service {
	a := &AskElephant{
		index: map[string]int{}, contactIndex: map[string]int{},
		changed: map[int]map[string]any{}, managed: map[int][]int{}, contactRemoved: map[int]bool{},
	}
	a.start(b, a, a.routes())
	a.before = a.version
	r := b.data.rng(streamAskElephantDirectory, -1)
	// The key depends on the seed alone, so that a config written for a sandbox still fits after it was started again.
	a.key = "sk-apik_" + ulid(r, time.Unix(1_767_225_600, 0)) + "." + strings.ReplaceAll(uuid(r), "-", "")
	a.token = "at_" + strings.ReplaceAll(uuid(r), "-", "")
	a.fill(r)
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
		params := elephantDirectoryParams
		if d.search == nil {
			params = slices.DeleteFunc(slices.Clone(params), func(p string) bool { return p == "search" })
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
	values := x.header.Values("Authorization")
	return !a.revoked && len(values) == 1 && (values[0] == a.key || values[0] == "Bearer "+a.token)
}

func (a *AskElephant) gate(x *exchange) {
	if !a.authorized(x) {
		x.refuse(http.StatusUnauthorized, "unauthorized", "Authentication is required.")
	}
}

// version sets the response header every operation has.
func (a *AskElephant) version(x *exchange) {
	v := a.switches.APIVersion
	if v == "" {
		v = "2"
	}
	x.answer.Set("X-Api-Version", v)
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
		"request_id": "rid_" + ulid(a.data.rng(streamAskElephantDirectory, -1000-a.failures), x.now),
	}
	if r.field != "" {
		p["errors"] = []any{map[string]any{"field": r.field, "code": r.code, "message": r.detail}}
	}
	x.jsonAs(r.status, "application/problem+json", p)
}

func (a *AskElephant) missingScope(x *exchange, scope string) {
	x.refuse(http.StatusForbidden, "forbidden", "Missing required scope: "+scope)
}

func (a *AskElephant) row(id string) (int, bool) {
	i, ok := a.index[id]
	return i, ok
}

func (a *AskElephant) id(i int) string { return a.list[i].id }

func (a *AskElephant) show(i int) map[string]any { return a.engagement(i, elephantExpansions) }

// set changes a field and moves updated_at. For "contacts" the value is the ids of the managed set. It panics on an unknown
// contact.
func (a *AskElephant) set(i int, field string, value any) {
	if field == "contacts" {
		var set []int
		for _, c := range value.([]any) {
			n, ok := a.contactIndex[c.(string)]
			if !ok {
				panic(fmt.Sprintf("sandbox: no AskElephant contact %v", c))
			}
			set = append(set, n)
		}
		a.setContacts(i, set)
		return
	}
	if a.changed[i] == nil {
		a.changed[i] = map[string]any{}
	}
	a.changed[i][field] = value
	a.touch(i)
}

func (a *AskElephant) colleague(_ *exchange, i, n int) {
	set := a.managedContacts(i)
	if len(set) > 4 {
		a.setContacts(i, set[1:])
		return
	}
	for k := range a.contactIDs {
		c := (n*7 + k) % len(a.contactIDs)
		if !slices.Contains(set, c) && !a.contactRemoved[c] {
			a.setContacts(i, append(slices.Clone(set), c))
			return
		}
	}
}

// ContactIDs returns the ids of the contacts in the directory.
func (a *AskElephant) ContactIDs() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ids []string
	for i, id := range a.contactIDs {
		if !a.contactRemoved[i] {
			ids = append(ids, id)
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
		ids = append(ids, a.contactIDs[c])
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
	i, ok := a.contactIndex[id]
	if !ok {
		panic("sandbox: no AskElephant contact " + id)
	}
	a.contactRemoved[i] = true
}

// touch moves updated_at forward, by a millisecond at least.
func (a *AskElephant) touch(i int) {
	now := a.now().UTC().Truncate(time.Millisecond)
	if least := a.list[i].updated.Add(time.Millisecond); now.Before(least) {
		now = least
	}
	a.list[i].updated = now
	a.order = nil
}

// setContacts replaces the managed set. Sets have no order of their own: they are shown in the directory's.
func (a *AskElephant) setContacts(i int, set []int) {
	set = slices.Clone(set)
	slices.Sort(set)
	a.managed[i] = slices.Compact(set)
	a.touch(i)
}
