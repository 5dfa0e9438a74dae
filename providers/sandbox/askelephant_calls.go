package sandbox

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	elephantDefaultLimit = 25
	elephantMaxLimit     = 100
)

var (
	elephantContactID  = regexp.MustCompile(`^cnt_[A-Za-z0-9]+$`)
	elephantExpansions = []string{"companies", "contacts", "owner", "action_items", "signals", "transcript", "media_url", "tags"}
	elephantTypes      = []string{"MEETING", "CALL", "EMAIL", "TASK", "NOTE", "CALENDAR_EVENT", "DOCUMENT"}
	elephantStatuses   = []string{"PENDING", "PROCESSING", "COMPLETED", "FAILED"}
	elephantListParams = []string{
		"limit", "cursor", "order_by", "expand", "filter[updated_at][gte]", "filter[updated_at][lt]", "filter[engagement_type][eq]",
		"filter[engagement_type][in]", "filter[processing_status][eq]", "filter[processing_status][in]", "filter[company_ids][eq]",
	}
)

// elephantPosition is the place of a record in a list.
type elephantPosition struct {
	updated time.Time
	id      string
}

func comparePositions(p, q elephantPosition) int {
	return cmp.Or(p.updated.Compare(q.updated), strings.Compare(p.id, q.id))
}

// elephantCursor is what a cursor holds; to callers it is opaque. It belongs to one traversal: filters may be left out with
// it, or repeated exactly.
type elephantCursor struct {
	Collection string `json:"c"`
	Traversal  string `json:"t"`
	Updated    int64  `json:"u"`
	ID         string `json:"i"`
}

// elephantQuery is a list request. Everything but limit and expand belongs to the traversal a cursor continues.
type elephantQuery struct {
	limit     int
	traversal url.Values
	after     *elephantPosition
}

func (a *AskElephant) query(x *exchange, collection string) elephantQuery {
	q := elephantQuery{limit: elephantDefaultLimit, traversal: url.Values{}}
	if x.query.Has("limit") {
		n, err := strconv.Atoi(x.query.Get("limit"))
		if err != nil || n < 1 || n > elephantMaxLimit {
			x.badField("limit", "invalid_range", "must be an integer from 1 to 100")
		}
		q.limit = n
	}
	for k, v := range x.query {
		if k != "limit" && k != "cursor" && k != "expand" {
			q.traversal[k] = v
		}
	}
	if !x.query.Has("cursor") {
		return q
	}
	raw, err := base64.RawURLEncoding.DecodeString(x.query.Get("cursor"))
	var cur elephantCursor
	if err == nil {
		err = json.Unmarshal(raw, &cur)
	}
	begun, invalid := url.ParseQuery(cur.Traversal)
	switch {
	case err != nil, invalid != nil, cur.Collection != collection, a.switches.ForgetCursors:
		x.badParameter("cursor", "invalid_cursor", "is not valid or has expired")
	case len(q.traversal) > 0 && q.traversal.Encode() != cur.Traversal:
		x.badParameter("cursor", "invalid_cursor", "belongs to a list with other filters")
	}
	q.traversal, q.after = begun, &elephantPosition{time.Unix(0, cur.Updated).UTC(), cur.ID}
	return q
}

// within compiles the filters on the time of change.
func (q elephantQuery) within(x *exchange) func(time.Time) bool {
	bound := func(name string) time.Time {
		if !q.traversal.Has(name) {
			return time.Time{}
		}
		t, err := time.Parse(time.RFC3339Nano, q.traversal.Get(name))
		if _, offset := t.Zone(); err != nil || offset != 0 {
			x.badParameter(name, "invalid_value", "must be an ISO-8601 time in UTC")
		}
		return t
	}
	from, to := bound("filter[updated_at][gte]"), bound("filter[updated_at][lt]")
	return func(at time.Time) bool { return !at.Before(from) && (to.IsZero() || at.Before(to)) }
}

// values reads the two forms of a filter on a set: every form given must hold.
func (q elephantQuery) values(x *exchange, field string, allowed []string) (forms [][]string) {
	for _, op := range []string{"eq", "in"} {
		name := "filter[" + field + "][" + op + "]"
		if !q.traversal.Has(name) {
			continue
		}
		values := []string{q.traversal.Get(name)}
		if op == "in" {
			values = strings.Split(values[0], ",")
		}
		for _, v := range values {
			if !slices.Contains(allowed, v) {
				x.badParameter(name, "invalid_value", fmt.Sprintf("%q is not one of %s", v, strings.Join(allowed, ", ")))
			}
		}
		forms = append(forms, values)
	}
	return forms
}

// page walks an ascending order from the cursor and answers with the envelope.
func (a *AskElephant) page(x *exchange, name string, q elephantQuery, order []int, position func(int) elephantPosition,
	match func(int) bool, show func(int) any,
) {
	by := q.traversal.Get("order_by")
	if q.traversal.Has("order_by") && by != "updated_at:desc" && by != "updated_at:asc" {
		x.badParameter("order_by", "invalid_value", "must be updated_at:desc or updated_at:asc")
	}
	compare, order := comparePositions, slices.Clone(order)
	if by != "updated_at:asc" {
		compare = func(p, q elephantPosition) int { return comparePositions(q, p) }
		slices.Reverse(order)
	}
	if q.after != nil {
		order = order[sort.Search(len(order), func(n int) bool { return compare(position(order[n]), *q.after) > 0 }):]
	}
	data, last, more := page(where(slices.Values(order), match), 0, q.limit, show)
	answer := map[string]any{"object": "list", "data": data, "has_more": more, "next_cursor": nil}
	if more {
		at := position(last)
		raw, err := json.Marshal(elephantCursor{name, q.traversal.Encode(), at.updated.UnixNano(), at.id})
		if err != nil {
			panic("sandbox: " + err.Error())
		}
		answer["next_cursor"] = base64.RawURLEncoding.EncodeToString(raw)
	}
	x.json(http.StatusOK, answer)
}

// expand reads the expand parameter; allowed are the ones this operation names.
func (a *AskElephant) expand(x *exchange, allowed []string) []string {
	if !x.query.Has("expand") {
		return nil
	}
	list := strings.Split(x.query.Get("expand"), ",")
	for _, e := range list {
		switch {
		case !slices.Contains(allowed, e):
			x.badParameter("expand", "invalid_value", fmt.Sprintf("%q is not one of %s", e, strings.Join(allowed, ", ")))
		case e == "contacts" && a.switches.NoContactsScope:
			a.missingScope(x, "contacts:read")
		case e == "companies" && a.switches.NoCompaniesScope:
			a.missingScope(x, "companies:read")
		case e == "owner" && a.switches.NoUsersScope:
			a.missingScope(x, "users:read")
		}
	}
	return list
}

// listEngagements answers the list of engagements. It names every expansion but action_items.
func (a *AskElephant) listEngagements(x *exchange) {
	q := a.query(x, "engagements")
	expand := a.expand(x, without(elephantExpansions, "action_items"))
	match := a.filter(x, q)
	position := func(row int) elephantPosition { return elephantPosition{a.updatedAt(row), a.id(row)} }
	a.page(x, "engagements", q, a.byUpdate(), position, match, func(row int) any { return a.engagement(row, expand) })
}

func without(list []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == one })
}

// filter compiles the filters into a test of an engagement.
func (a *AskElephant) filter(x *exchange, q elephantQuery) func(int) bool {
	updated := q.within(x)
	types, statuses := q.values(x, "engagement_type", elephantTypes), q.values(x, "processing_status", elephantStatuses)
	company := q.traversal.Get("filter[company_ids][eq]")
	if !strings.HasPrefix(company, "cmp_") && company != "" {
		x.badParameter("filter[company_ids][eq]", "invalid_id", "must be ids starting with cmp_")
	}
	among := func(forms [][]string, value any) bool {
		s, _ := value.(string)
		return !slices.ContainsFunc(forms, func(want []string) bool { return !slices.Contains(want, s) })
	}
	has := func(row int) bool {
		companies, _ := a.value(row, "companies").([]any)
		return slices.ContainsFunc(companies, func(m any) bool { return m.(map[string]any)["id"] == company })
	}
	return func(row int) bool {
		hidden := a.gone[row] || a.switches.NoPrivateScope && a.switches.PrivateHidden && a.value(row, "is_private") == true
		return !hidden && updated(a.updatedAt(row).Truncate(time.Millisecond)) && among(types, a.value(row, "engagement_type")) &&
			among(statuses, a.value(row, "processing_status")) && (company == "" || has(row))
	}
}

// seen finds an engagement the caller may see.
func (a *AskElephant) seen(x *exchange) int {
	i, ok := a.find(x.arg("id"))
	private := ok && a.value(i, "is_private") == true && a.switches.NoPrivateScope
	switch {
	case !ok, private && a.switches.PrivateHidden:
		x.notFound("Engagement")
	case private:
		a.missingScope(x, "engagements:private:read")
	}
	return i
}

// etag identifies a state of a record.
func etag(id string, updated time.Time) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", id, updated.UnixNano())
	return fmt.Sprintf(`W/"%016x"`, h.Sum64())
}

func (a *AskElephant) getEngagement(x *exchange) {
	expand := a.expand(x, elephantExpansions)
	i := a.seen(x)
	x.answer.Set("ETag", etag(a.id(i), a.updatedAt(i)))
	x.json(http.StatusOK, a.engagement(i, expand))
}

// replaceContacts sets the whole managed set. The answer has no contacts, because the call takes no expand. Method and path
// are documented nowhere, so both can be turned.
func (a *AskElephant) replaceContacts(x *exchange) {
	method := http.MethodPut
	if a.switches.ContactsMethod != "" {
		method = a.switches.ContactsMethod
	}
	switch {
	case a.switches.ContactsEndpointMissing:
		x.notFound("Path")
	case a.switches.ContactsMethodNotAllowed:
		x.methodNotAllowed(http.MethodPost)
	case x.method != method:
		x.methodNotAllowed(method)
	case a.switches.NoWriteScope:
		a.missingScope(x, "engagements:write")
	}
	x.only(nil, nil)
	x.object([]string{"contact_ids"}, a.media...)
	ids, ok := read[[]*string](x.fields["contact_ids"])
	if !ok {
		x.badField("contact_ids", "invalid_type", "must be a list of strings")
	}
	i := a.seen(x)
	var set []int
	for n, id := range ids {
		field := fmt.Sprintf("contact_ids[%d]", n)
		if id == nil || !elephantContactID.MatchString(*id) {
			x.badField(field, "invalid_id", "must be a contact id")
		}
		c, known := a.contactNumber(*id)
		switch {
		case known:
		case a.switches.UnknownContact404:
			x.notFound("Contact " + *id)
		default:
			x.badField(field, "invalid_id", "unknown contact "+*id)
		}
		if slices.Contains(set, c) {
			x.badField(field, "duplicate", "given more than once")
		}
		set = append(set, c)
	}
	if !a.switches.IgnoreWrite {
		a.setContacts(i, set)
	}
	var expand []string
	if a.switches.AnswerWithContacts {
		expand = []string{"contacts"}
	}
	x.json(http.StatusOK, a.engagement(i, expand))
}

// elephantDirectory is a list of records that don't change.
type elephantDirectory struct {
	name  string
	n     func() int
	lacks *bool // whether its scope is missing
	show  func(i int) map[string]any
	// search is the text a search looks in; nil where there is no search.
	search func(i int) string
}

func (a *AskElephant) directories() []elephantDirectory {
	w, f := &a.switches, a.file
	companyText := func(i int) string { s, _ := a.company(i)["name"].(string); return s }
	userText := func(i int) string { return a.data.Staff[i].name() + "\n" + a.data.Staff[i].Email }
	return []elephantDirectory{
		{"contacts", a.contacts, &w.NoContactsScope, a.contact, a.contactText},
		{"companies", a.companies, &w.NoCompaniesScope, a.company, companyText},
		{"users", func() int { return len(f.Users.Rows) }, &w.NoUsersScope, a.user, userText},
		{"tags", func() int { return len(f.Tags.Rows) }, &w.NoTagsScope, a.tag, nil},
	}
}

func (a *AskElephant) listDirectory(x *exchange, d elephantDirectory) {
	if *d.lacks {
		a.missingScope(x, d.name+":read")
	}
	q, docs := a.query(x, d.name), make([]map[string]any, d.n())
	for i := range docs {
		docs[i] = d.show(i)
	}
	search := strings.ToLower(q.traversal.Get("search"))
	position := func(i int) elephantPosition { return elephantPositionOf(docs[i]) }
	order := slices.SortedFunc(upTo(len(docs)), func(i, j int) int { return comparePositions(position(i), position(j)) })
	a.page(x, d.name, q, order, position, func(i int) bool {
		return (d.name != "contacts" || !a.contactRemoved[i]) && (search == "" || strings.Contains(strings.ToLower(d.search(i)), search))
	}, func(i int) any { return docs[i] })
}

func elephantPositionOf(m map[string]any) elephantPosition {
	text, _ := m["updated_at"].(string)
	at, _ := time.Parse(time.RFC3339Nano, text)
	id, _ := m["id"].(string)
	return elephantPosition{at, id}
}

func (a *AskElephant) getContact(x *exchange) {
	if a.switches.NoContactsScope {
		a.missingScope(x, "contacts:read")
	}
	i, ok := a.contactNumber(x.arg("id"))
	if !ok {
		x.notFound("Contact")
	}
	m := a.contact(i)
	x.answer.Set("ETag", etag(x.arg("id"), elephantPositionOf(m).updated))
	x.json(http.StatusOK, m)
}
