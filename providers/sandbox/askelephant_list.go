package sandbox

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
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
	elephantMaxIDs       = 25
	elephantMaxCRM       = 20
)

// elephantCollection is one kind of record that can be listed.
type elephantCollection struct {
	name string
	ids  []string
	// gettable has a GET by id; forbidden lacks its scope.
	gettable, forbidden bool
	live                func(i int) bool
	show                func(i int) any
	// search is the text a search looks in; nil where there is no search.
	search func(i int) string
	// crm is the CRM object type this collection filters by, and domain its
	// domain filter.
	crm    string
	crmID  func(i int) string
	domain func(i int) string
}

func (a *AskElephant) collection(name string) (elephantCollection, bool) {
	all := func(int) bool { return true }
	crmID := func(m map[string]any) string {
		assoc, _ := m["crm_association"].(map[string]any)
		id, _ := assoc["crm_object_id"].(string)
		return id
	}
	switch name {
	case "contacts":
		return elephantCollection{
			name: name, ids: a.contactIDs, gettable: true, forbidden: a.switches.NoContactsScope,
			live: func(i int) bool { return !a.contactRemoved[i] },
			show: func(i int) any { return a.contact(i) },
			search: func(i int) string {
				first, last := a.names(i)
				text := ""
				for _, part := range []any{first, last} {
					if s, ok := part.(string); ok {
						text += s + " "
					}
				}
				for _, e := range a.emails(i) {
					text += "\n" + e.(map[string]any)["email"].(string)
				}
				return text
			},
			crm: "contact", crmID: func(i int) string { return crmID(a.contact(i)) },
		}, true
	case "companies":
		return elephantCollection{
			name: name, ids: a.companyIDs, forbidden: a.switches.NoCompaniesScope, live: all,
			show:   func(i int) any { return a.company(i) },
			search: func(i int) string { s, _ := a.company(i)["name"].(string); return s },
			crm:    "company", crmID: func(i int) string { return crmID(a.company(i)) },
			domain: func(i int) string { return a.data.companies[i].domain },
		}, true
	case "users":
		return elephantCollection{
			name: name, ids: a.userIDs, gettable: true, forbidden: a.switches.NoUsersScope, live: all,
			show:   func(i int) any { return a.user(i) },
			search: func(i int) string { return a.data.staff[i].name() + "\n" + a.data.staff[i].email },
		}, true
	case "tags":
		return elephantCollection{
			name: name, ids: a.tagIDs, forbidden: a.switches.NoTagsScope, live: all,
			show: func(i int) any { return a.tag(i) },
		}, true
	}
	return elephantCollection{}, false
}

// elephantQuery is a parsed list request. Everything but limit and expand
// belongs to the traversal a cursor continues.
type elephantQuery struct {
	limit     int
	expand    []string
	ascending bool
	search    string
	types     [][]string
	statuses  [][]string
	companies []string
	contacts  []string
	domain    string
	crm       []elephantCRM
	bounds    []elephantBound
	// traversal is the canonical form of what a cursor is bound to.
	traversal string
	after     *elephantPosition
}

type elephantCRM struct {
	ID         string `json:"id"`
	ObjectType string `json:"object_type"`
}

type elephantBound struct {
	field, op string
	t         time.Time
}

func (b elephantBound) holds(t time.Time) bool {
	switch c := t.Compare(b.t); b.op {
	case "gt":
		return c > 0
	case "gte":
		return c >= 0
	case "lt":
		return c < 0
	default:
		return c <= 0
	}
}

// elephantPosition is the last record of a page.
type elephantPosition struct {
	updated time.Time
	id      string
}

// elephantCursor is what a cursor holds; to callers it is opaque.
type elephantCursor struct {
	Collection string `json:"c"`
	Traversal  string `json:"t"`
	Updated    int64  `json:"u"`
	ID         string `json:"i"`
}

var (
	elephantTimeParam = regexp.MustCompile(`^filter\[(updated_at|start_at)\]\[(gt|gte|lt|lte)\]$`)
	elephantSetParam  = regexp.MustCompile(`^filter\[(engagement_type|processing_status|company_ids|contact_ids)\]\[(eq|in)\]$`)
	elephantCRMParam  = regexp.MustCompile(`^filter\[crm_associations\]\[eq\](?:\[(\d{1,3})\]\[(id|object_type)\])?$`)
)

// parse reads a list request, or answers why not. A cursor belongs to one
// traversal: filters may be left out with it, or repeated exactly.
func (a *AskElephant) parse(x *exchange, c elephantCollection) (q elephantQuery, ok bool) {
	if !a.bodyless(x) {
		return q, false
	}
	q.limit = elephantDefaultLimit
	own := url.Values{}
	for _, k := range slices.Sorted(maps.Keys(x.query)) {
		if len(x.query[k]) > 1 {
			a.badParameter(x, k, "duplicate", "given more than once")
			return q, false
		}
		v := x.query.Get(k)
		switch k {
		case "limit":
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 || n > elephantMaxLimit {
				a.invalid(x, "limit", "invalid_range", "must be an integer from 1 to 100")
				return q, false
			}
			q.limit = n
		case "cursor":
		case "expand":
			if c.name != "engagements" {
				a.badParameter(x, k, "unknown_parameter", "is not known here")
				return q, false
			}
			// Lists name every expansion but action_items.
			allowed := slices.DeleteFunc(slices.Clone(elephantExpansions), func(e string) bool { return e == "action_items" })
			if q.expand, ok = a.expansions(x, allowed); !ok {
				return q, false
			}
		default:
			own.Set(k, v)
		}
	}
	q.traversal = own.Encode()
	if x.query.Has("cursor") {
		raw, err := base64.RawURLEncoding.DecodeString(x.query.Get("cursor"))
		var cur elephantCursor
		if err != nil || json.Unmarshal(raw, &cur) != nil || cur.Collection != c.name || a.switches.ForgetCursors {
			a.badParameter(x, "cursor", "invalid_cursor", "is not valid or has expired")
			return q, false
		}
		if len(own) > 0 && q.traversal != cur.Traversal {
			a.badParameter(x, "cursor", "invalid_cursor", "belongs to a list with other filters")
			return q, false
		}
		q.traversal = cur.Traversal
		if own, err = url.ParseQuery(cur.Traversal); err != nil {
			a.badParameter(x, "cursor", "invalid_cursor", "is not valid or has expired")
			return q, false
		}
		q.after = &elephantPosition{time.Unix(0, cur.Updated).UTC(), cur.ID}
	}
	return q, a.parseFilters(x, c, own, &q)
}

// parseFilters reads what belongs to the traversal.
func (a *AskElephant) parseFilters(x *exchange, c elephantCollection, own url.Values, q *elephantQuery) bool {
	engagements := c.name == "engagements"
	indexed := map[int]*elephantCRM{}
	for _, k := range slices.Sorted(maps.Keys(own)) {
		v := own.Get(k)
		crm, set, bound := elephantCRMParam.FindStringSubmatch(k), elephantSetParam.FindStringSubmatch(k), elephantTimeParam.FindStringSubmatch(k)
		switch {
		case k == "order_by":
			if v != "updated_at:desc" && v != "updated_at:asc" {
				a.badParameter(x, k, "invalid_value", "must be updated_at:desc or updated_at:asc")
				return false
			}
			q.ascending = v == "updated_at:asc"
		case k == "search" && (engagements || c.search != nil):
			q.search = strings.ToLower(v)
		case bound != nil && (engagements || bound[1] == "updated_at"):
			t, err := time.Parse(time.RFC3339Nano, v)
			if _, offset := t.Zone(); err != nil || offset != 0 {
				a.badParameter(x, k, "invalid_value", "must be an ISO-8601 time in UTC")
				return false
			}
			q.bounds = append(q.bounds, elephantBound{bound[1], bound[2], t})
		case k == "filter[domain][eq]" && c.domain != nil:
			q.domain = strings.ToLower(strings.TrimSuffix(v, "."))
		case set != nil && engagements:
			if !a.parseSet(x, k, set[1], set[2], v, q) {
				return false
			}
		case crm != nil && (engagements || c.crm != ""):
			if !parseCRM(crm, v, q, indexed) {
				a.badParameter(x, k, "invalid_value", "must be up to 20 objects of id and object_type")
				return false
			}
		default:
			a.badParameter(x, k, "unknown_parameter", "is not known here")
			return false
		}
	}
	for _, i := range slices.Sorted(maps.Keys(indexed)) {
		q.crm = append(q.crm, *indexed[i])
	}
	if len(q.crm) > elephantMaxCRM {
		a.badParameter(x, "filter[crm_associations][eq]", "too_many", "takes at most 20 objects")
		return false
	}
	types := []string{"company", "contact", "deal"}
	if c.crm != "" {
		types = []string{c.crm}
	}
	for _, o := range q.crm {
		if o.ID == "" || !slices.Contains(types, o.ObjectType) {
			a.badParameter(x, "filter[crm_associations][eq]", "invalid_value", "object_type must be one of "+strings.Join(types, ", "))
			return false
		}
	}
	return true
}

func (a *AskElephant) parseSet(x *exchange, name, field, op, v string, q *elephantQuery) bool {
	values := []string{v}
	if op == "in" {
		values = strings.Split(v, ",")
	}
	fixed := map[string][]string{"engagement_type": elephantTypes, "processing_status": elephantStatuses}[field]
	prefix := map[string]string{"company_ids": "cmp_", "contact_ids": "cnt_"}[field]
	for _, one := range values {
		if fixed != nil && !slices.Contains(fixed, one) {
			a.badParameter(x, name, "invalid_value", fmt.Sprintf("%q is not one of %s", one, strings.Join(fixed, ", ")))
			return false
		}
		if prefix != "" && !strings.HasPrefix(one, prefix) {
			a.badParameter(x, name, "invalid_id", "must be ids starting with "+prefix)
			return false
		}
	}
	if prefix != "" && len(values) > elephantMaxIDs {
		a.badParameter(x, name, "too_many", "takes at most 25 ids")
		return false
	}
	switch field {
	case "engagement_type":
		q.types = append(q.types, values)
	case "processing_status":
		q.statuses = append(q.statuses, values)
	case "company_ids":
		q.companies = append(q.companies, values...)
	case "contact_ids":
		q.contacts = append(q.contacts, values...)
	}
	return true
}

// parseCRM reads either form: a JSON array, or one field of one object by
// index.
func parseCRM(m []string, v string, q *elephantQuery, indexed map[int]*elephantCRM) bool {
	if m[1] == "" {
		return json.Unmarshal([]byte(v), &q.crm) == nil
	}
	i, err := strconv.Atoi(m[1])
	if err != nil || i >= elephantMaxCRM {
		return false
	}
	if indexed[i] == nil {
		indexed[i] = &elephantCRM{}
	}
	if m[2] == "id" {
		indexed[i].ID = v
	} else {
		indexed[i].ObjectType = v
	}
	return true
}

// listEngagements answers the list of engagements.
func (a *AskElephant) listEngagements(x *exchange) {
	q, ok := a.parse(x, elephantCollection{name: "engagements"})
	if !ok {
		return
	}
	if a.order == nil {
		a.order = make([]int, len(a.rows))
		for i := range a.order {
			a.order[i] = i
		}
		slices.SortFunc(a.order, func(i, j int) int {
			return comparePositions(a.position(i), a.position(j))
		})
	}
	a.page(x, "engagements", q, a.order, a.position,
		func(i int) bool { return !a.removed[i] && a.matches(i, q) },
		func(i int) any { return a.engagement(i, q.expand) })
}

func (a *AskElephant) position(i int) elephantPosition {
	return elephantPosition{a.rows[i].updated, a.rows[i].id}
}

func comparePositions(p, q elephantPosition) int {
	return cmp.Or(p.updated.Compare(q.updated), strings.Compare(p.id, q.id))
}

// list answers the list of a directory.
func (a *AskElephant) list(x *exchange, c elephantCollection) {
	q, ok := a.parse(x, c)
	if !ok {
		return
	}
	position := func(i int) elephantPosition {
		return elephantPosition{elephantDirectoryTime(a.data, i), c.ids[i]}
	}
	order := make([]int, len(c.ids))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return comparePositions(position(i), position(j)) })
	match := func(i int) bool {
		if !c.live(i) || q.domain != "" && c.domain(i) != q.domain {
			return false
		}
		if q.search != "" && !strings.Contains(strings.ToLower(c.search(i)), q.search) {
			return false
		}
		for _, b := range q.bounds {
			if !b.holds(position(i).updated) {
				return false
			}
		}
		return len(q.crm) == 0 || slices.ContainsFunc(q.crm, func(o elephantCRM) bool { return o.ID == c.crmID(i) })
	}
	a.page(x, c.name, q, order, position, match, c.show)
}

// page walks an ascending order from the cursor and answers with the envelope.
func (a *AskElephant) page(x *exchange, name string, q elephantQuery, order []int,
	position func(int) elephantPosition, match func(int) bool, show func(int) any,
) {
	next, step := len(order)-1, -1
	if q.ascending {
		next, step = 0, 1
	}
	if q.after != nil {
		// at is the first row not before the cursor's.
		at := sort.Search(len(order), func(n int) bool { return comparePositions(position(order[n]), *q.after) >= 0 })
		next = at - 1
		if q.ascending {
			next = at
			if at < len(order) && comparePositions(position(order[at]), *q.after) == 0 {
				next++
			}
		}
	}
	data := []any{}
	var last elephantPosition
	more := false
	for ; next >= 0 && next < len(order); next += step {
		i := order[next]
		if !match(i) {
			continue
		}
		if len(data) == q.limit {
			more = true
			break
		}
		data = append(data, show(i))
		last = position(i)
	}
	answer := map[string]any{"object": "list", "data": data, "has_more": more, "next_cursor": nil}
	if more {
		raw, err := json.Marshal(elephantCursor{name, q.traversal, last.updated.UnixNano(), last.id})
		if err != nil {
			panic("sandbox: " + err.Error())
		}
		answer["next_cursor"] = base64.RawURLEncoding.EncodeToString(raw)
	}
	x.json(http.StatusOK, answer)
}

// matches tests an engagement, cheap parts first. Company ids and CRM
// companies are one bucket, contact ids and CRM contacts a second, CRM deals a
// third: inside a bucket any match will do, and every filled bucket must.
func (a *AskElephant) matches(i int, q elephantQuery) bool {
	if a.switches.NoPrivateScope && a.switches.PrivateHidden && a.isPrivate(i) {
		return false
	}
	starts := false
	for _, b := range q.bounds {
		if b.field == "start_at" {
			starts = true
		} else if !b.holds(a.rows[i].updated) {
			return false
		}
	}
	if !starts && q.search == "" && len(q.types)+len(q.statuses)+len(q.companies)+len(q.contacts)+len(q.crm) == 0 {
		return true
	}
	f := a.facts(i)
	current := a.engagement(i, nil)
	text := func(k string) string { s, _ := current[k].(string); return s }
	if !strings.Contains(strings.ToLower(text("title")), q.search) {
		return false
	}
	for _, want := range q.types {
		if !slices.Contains(want, text("engagement_type")) {
			return false
		}
	}
	for _, want := range q.statuses {
		if !slices.Contains(want, text("processing_status")) {
			return false
		}
	}
	if starts {
		t, err := time.Parse(time.RFC3339Nano, text("start_at"))
		for _, b := range q.bounds {
			if b.field == "start_at" && (err != nil || !b.holds(t)) {
				return false
			}
		}
	}
	crm := func(kind string) (ids []string) {
		for _, o := range q.crm {
			if o.ObjectType == kind {
				ids = append(ids, o.ID)
			}
		}
		return ids
	}
	bucket := func(ids, objects []string, members []int, all []string, crmID func(int) string) bool {
		if len(ids)+len(objects) == 0 {
			return true
		}
		return slices.ContainsFunc(members, func(m int) bool {
			return slices.Contains(ids, all[m]) || slices.Contains(objects, crmID(m))
		})
	}
	contacts, _ := a.collection("contacts")
	companies, _ := a.collection("companies")
	deals := crm("deal")
	return bucket(q.companies, crm("company"), f.companies, a.companyIDs, companies.crmID) &&
		bucket(q.contacts, crm("contact"), a.managedContacts(i), a.contactIDs, contacts.crmID) &&
		(len(deals) == 0 || slices.Contains(deals, f.deal))
}
