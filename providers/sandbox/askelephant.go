package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// AskElephantSwitches are the readings of AskElephant's documentation that can
// be turned: every field's zero value is the default reading.
type AskElephantSwitches struct {
	// NoContactsScope takes contacts:read away: the directory and
	// expand=contacts answer 403. NoUsersScope, NoCompaniesScope and
	// NoTagsScope do the same for theirs, NoWriteScope for replacing contacts.
	NoContactsScope, NoUsersScope, NoCompaniesScope, NoTagsScope, NoWriteScope bool
	// NoPrivateScope takes engagements:private:read away: reading or changing
	// a private engagement answers 403.
	NoPrivateScope bool
	// PrivateHidden, with NoPrivateScope, leaves private engagements out of
	// lists and answers 404 for them.
	PrivateHidden bool
	// ContactsEndpointMissing answers 404 on replacing contacts,
	// ContactsMethodNotAllowed 405.
	ContactsEndpointMissing, ContactsMethodNotAllowed bool
	// ContactsMethod is the method that replaces contacts instead of PUT.
	ContactsMethod string
	// DropExpand leaves contacts out even when asked for; NullExpand sends
	// null for every empty expansion.
	DropExpand, NullExpand bool
	// IgnoreWrite answers a replacement with 200 and changes nothing.
	IgnoreWrite bool
	// AnswerWithContacts shows contacts in the answer to a replacement.
	AnswerWithContacts bool
	// CalendarResourceHidden leaves calendar resources out of contacts;
	// CalendarResourceAsContact shows them as contacts with a cnt_ id that the
	// directory doesn't hold.
	CalendarResourceHidden, CalendarResourceAsContact bool
	// UnknownContact404 answers 404 instead of 422 for an unknown contact id
	// in a replacement.
	UnknownContact404 bool
	// OldSchema leaves out is_private, external_url and crm_association.
	OldSchema bool
	// ForgetCursors refuses every cursor with 400, as after it expired.
	ForgetCursors bool
	// APIVersion is the X-Api-Version header; empty means "2".
	APIVersion string
}

// AskElephant is the stand-in for AskElephant's public API v2. Use
// [Sandbox.AskElephant].
type AskElephant struct {
	data       *seedData
	now        func() time.Time
	key, token string

	// The directories don't change, except for contacts removed.
	contactIDs, companyIDs, userIDs, tagIDs []string
	contactIndex                            map[string]int

	mu       sync.Mutex
	switches AskElephantSwitches
	rows     []elephantRow
	index    map[string]int
	// order is the row numbers by time of change, oldest first; nil after a
	// change until the next list.
	order []int
	// changed holds fields, managed the contact sets that differ from the
	// generated ones.
	changed        map[int]map[string]any
	managed        map[int][]int
	removed        map[int]bool
	contactRemoved map[int]bool
	revoked        bool
	forced         []int
	failures       int
	disturbed      int
}

// elephantRow is what lists need of an engagement without generating it.
type elephantRow struct {
	id               string
	created, updated time.Time
	private          bool
}

func newAskElephant(n int, d *seedData, now func() time.Time) *AskElephant {
	a := &AskElephant{
		data: d, now: now,
		rows: make([]elephantRow, n), index: make(map[string]int, n), contactIndex: map[string]int{},
		changed: map[int]map[string]any{}, managed: map[int][]int{}, removed: map[int]bool{}, contactRemoved: map[int]bool{},
	}
	r := d.rng(streamAskElephantDirectory, -1)
	// The key depends on the seed alone, so that a config written for a sandbox
	// still fits after it was started again.
	a.key = "sk-apik_" + ulid(r, time.Unix(1_767_225_600, 0)) + "." + strings.ReplaceAll(uuid(r), "-", "")
	a.token = "at_" + strings.ReplaceAll(uuid(r), "-", "")
	fill := func(ids *[]string, prefix string, n int) {
		for i := range n {
			*ids = append(*ids, prefix+ulid(r, elephantDirectoryTime(d, i).Add(-time.Hour)))
		}
	}
	fill(&a.contactIDs, "cnt_", len(d.contacts))
	fill(&a.companyIDs, "cmp_", len(d.companies))
	fill(&a.userIDs, "usr_", len(d.staff))
	fill(&a.tagIDs, "tag_", len(elephantTags))
	for i, id := range a.contactIDs {
		a.contactIndex[id] = i
	}
	for i := range a.rows {
		r := d.rng(streamAskElephant, i)
		created := d.created(i, n).Truncate(time.Millisecond)
		row := elephantRow{id: "ngmt_" + ulid(r, created), created: created, private: chance(r, 0.15)}
		// Most change within the hour they end; some days later.
		change := time.Duration(r.Int64N(int64(100 * time.Minute)))
		if chance(r, 0.1) {
			change = time.Duration(r.Int64N(int64(20 * 24 * time.Hour)))
		}
		row.updated = created.Add(change).Truncate([...]time.Duration{time.Second, time.Millisecond}[i%2])
		if row.updated.After(d.base) || row.updated.Before(created) {
			row.updated = created
		}
		a.rows[i] = row
		a.index[row.id] = i
	}
	return a
}

var elephantVendor = vendor{
	account: "meetings", provider: "askelephant",
	open: func(b base) service { return newAskElephant(b.conversations, b.data, b.now) },
}

// AskElephant returns the state of the AskElephant server.
func (s *Sandbox) AskElephant() *AskElephant { return serverOf[*AskElephant](s) }

func (a *AskElephant) account(acc *Account) { acc.Path, acc.Credential = "/askelephant/api", a.key }

// Token returns an access token, valid with the word Bearer, where the
// account's credential is an API key, valid without it.
func (a *AskElephant) Token() string { return a.token }

func (a *AskElephant) revoke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revoked = true
}

// Set changes the switches.
func (a *AskElephant) Set(change func(*AskElephantSwitches)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.switches)
}

// AnswerNext answers the next n requests with the status without doing
// anything: a problem document, or an HTML page for 502, 503 and 504.
func (a *AskElephant) AnswerNext(status, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forced = append(a.forced, slices.Repeat([]int{status}, n)...)
}

// Len returns the number of engagements, private ones included.
func (a *AskElephant) Len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.rows) - len(a.removed)
}

// IDs returns the ids of all engagements, newest creation first.
func (a *AskElephant) IDs() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	ids := make([]string, 0, len(a.rows))
	for i, row := range a.rows {
		if !a.removed[i] {
			ids = append(ids, row.id)
		}
	}
	return ids
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

// Contacts returns the ids of the managed contacts of an engagement, in the
// directory's order. It panics on an unknown id.
func (a *AskElephant) Contacts(id string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	ids := []string{}
	for _, c := range a.managedContacts(a.mustFind(id)) {
		ids = append(ids, a.contactIDs[c])
	}
	return ids
}

// JSON returns the whole engagement as GET shows it with every expansion,
// whatever the scopes, or nil. It is the caller's to change.
func (a *AskElephant) JSON(id string) map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.find(id)
	if !ok {
		return nil
	}
	return viaJSON(a.engagement(i, elephantExpansions)).(map[string]any)
}

// Change sets a field as somebody else would, behind the client's back, and
// moves updated_at. For "contacts" the value is the ids of the managed set,
// as []string. It panics on an unknown engagement or contact.
func (a *AskElephant) Change(id, field string, value any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := a.mustFind(id)
	if field == "contacts" {
		var set []int
		for _, c := range value.([]string) {
			n, ok := a.contactIndex[c]
			if !ok {
				panic("sandbox: no AskElephant contact " + c)
			}
			set = append(set, n)
		}
		a.setContacts(i, set)
		return
	}
	if a.changed[i] == nil {
		a.changed[i] = map[string]any{}
	}
	a.changed[i][field] = viaJSON(value)
	a.touch(i)
}

// Touch moves updated_at and changes nothing else. It panics on an unknown id.
func (a *AskElephant) Touch(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.touch(a.mustFind(id))
}

// Remove makes an engagement unknown. It panics on an unknown id.
func (a *AskElephant) Remove(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.removed[a.mustFind(id)] = true
}

// RemoveContact takes a contact out of the directory and of all engagements,
// as deleting it in the product does. It panics on an unknown id.
func (a *AskElephant) RemoveContact(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.contactIndex[id]
	if !ok {
		panic("sandbox: no AskElephant contact " + id)
	}
	a.contactRemoved[i] = true
}

func (a *AskElephant) find(id string) (int, bool) {
	i, ok := a.index[id]
	return i, ok && !a.removed[i]
}

func (a *AskElephant) mustFind(id string) int {
	i, ok := a.find(id)
	if !ok {
		panic("sandbox: no AskElephant engagement " + id)
	}
	return i
}

// touch moves updated_at forward, by a millisecond at least.
func (a *AskElephant) touch(i int) {
	now := a.now().UTC().Truncate(time.Millisecond)
	if least := a.rows[i].updated.Add(time.Millisecond); now.Before(least) {
		now = least
	}
	a.rows[i].updated = now
	a.order = nil
}

// setContacts replaces the managed set. Sets have no order of their own: they
// are shown in the directory's.
func (a *AskElephant) setContacts(i int, set []int) {
	set = slices.Clone(set)
	slices.Sort(set)
	a.managed[i] = slices.Compact(set)
	a.touch(i)
}

func (a *AskElephant) rateLimited(x *exchange) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version(x)
	a.problem(x, http.StatusTooManyRequests, "rate_limited", "Too many requests, slow down.")
}

// version sets the response header every operation has.
func (a *AskElephant) version(x *exchange) {
	v := a.switches.APIVersion
	if v == "" {
		v = "2"
	}
	x.answer.Set("X-Api-Version", v)
}

// fieldError is one entry of a problem's errors.
type fieldError struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// problem answers with an RFC 9457 document.
func (a *AskElephant) problem(x *exchange, status int, slug, detail string, fields ...fieldError) {
	a.failures++
	p := map[string]any{
		"type": "https://app.askelephant.ai/errors/" + slug, "title": http.StatusText(status), "status": status, "detail": detail,
		"request_id": "rid_" + ulid(a.data.rng(streamAskElephantDirectory, -1000-a.failures), x.now),
	}
	if len(fields) > 0 {
		p["errors"] = fields
	}
	x.jsonAs(status, "application/problem+json", p)
}

func (a *AskElephant) badParameter(x *exchange, name, code, message string) {
	a.problem(x, http.StatusBadRequest, "bad_request", fmt.Sprintf("Query parameter %s: %s.", name, message), fieldError{name, code, message})
}

func (a *AskElephant) invalid(x *exchange, field, code, message string) {
	a.problem(x, http.StatusUnprocessableEntity, "validation_failed", "Request validation failed.", fieldError{field, code, message})
}

func (a *AskElephant) missingScope(x *exchange, scope string) {
	a.problem(x, http.StatusForbidden, "forbidden", "Missing required scope: "+scope)
}

// authorized knows the two credentials and their two header forms.
func (a *AskElephant) authorized(x *exchange) bool {
	values := x.header.Values("Authorization")
	return !a.revoked && len(values) == 1 && (values[0] == a.key || values[0] == "Bearer "+a.token)
}

// disturb makes somebody else's change of the contacts.
func (a *AskElephant) disturb(x *exchange) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(x.path) < 4 || x.path[2] != "engagements" || !a.authorized(x) {
		return
	}
	i, ok := a.find(x.path[3])
	if !ok {
		return
	}
	a.disturbed++
	set := a.managedContacts(i)
	if len(set) > 4 {
		a.setContacts(i, set[1:])
		return
	}
	for n := range a.contactIDs {
		c := (a.disturbed*7 + n) % len(a.contactIDs)
		if !slices.Contains(set, c) && !a.contactRemoved[c] {
			a.setContacts(i, append(slices.Clone(set), c))
			return
		}
	}
}
