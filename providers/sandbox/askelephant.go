package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
)

// AskElephant is the stand-in for AskElephant's public API v2. Use [Sandbox.AskElephant].
type AskElephant struct {
	*server
	token    string
	managed  map[int][]int // replaced contact sets by row
	failures int           // the number of refusals so far
}

// AskElephant returns the state of the AskElephant server.
func (s *Sandbox) AskElephant() *AskElephant { return serviceOf[*AskElephant](s) }

func newAskElephant(s *server) {
	secret := strings.ReplaceAll(s.data.id("askelephant key", 0), "-", "")
	// The key depends on the seed alone, so that a config that was written for a sandbox still fits after a restart.
	s.key = "sk-apik_" + ulid(epoch, secret) + "." + secret
	a := &AskElephant{server: s, token: "at_" + secret, managed: map[int][]int{}}
	a.start(a, map[string]func(*exchange){
		"list": a.list, "read": a.read, "replace": a.replaceContacts, "contact": func(x *exchange) { a.moveContact(x.row) },
	})
	a.keys["Bearer "+a.token] = nil
}

// Token returns an access token, which needs the word Bearer, unlike the API key that is the account's credential.
func (a *AskElephant) Token() string { return a.token }

// greet sets the header that every answer has.
func (a *AskElephant) greet(x *exchange) {
	x.answer.Set("X-Api-Version", fmt.Sprint(a.reading("APIVersion")))
}

func (a *AskElephant) blame(x *exchange, words map[string]any) {
	a.failures++
	words["request"] = "rid_" + ulid(x.now, a.data.id("askelephant failure", a.failures))
}

func (a *AskElephant) missingScope(x *exchange, scope string) {
	x.refuse(http.StatusForbidden, "forbidden", "Missing required scope: "+scope)
}

var elephantContactID = regexp.MustCompile(`^cnt_[A-Za-z0-9]+$`)

// clock shows milliseconds unless they are zero.
func (a *AskElephant) clock(t time.Time) any {
	if t = t.Truncate(time.Millisecond); t.Nanosecond() == 0 {
		return stamp(t)
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// picked returns some members of an object.
func picked(object map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		out[name] = object[name]
	}
	return out
}

// setContacts replaces the managed set, which is kept in the order of the directory.
func (a *AskElephant) setContacts(row int, set []int) {
	a.managed[row] = slices.Compact(slices.Sorted(slices.Values(set)))
	a.touch(row)
}

// moveContact adds a contact to a set, or removes it. Each time it is another one.
func (a *AskElephant) moveContact(row int) {
	set, c := a.managedContacts(row), a.touches*7%a.count("contact")
	if i := slices.Index(set, c); i >= 0 {
		set = slices.Delete(set, i, i+1)
	} else {
		set = append(set, c)
	}
	a.setContacts(row, set)
}

// managedContacts returns the contacts that the API manages, without deleted ones.
func (a *AskElephant) managedContacts(row int) []int {
	set, replaced := a.managed[row]
	if !replaced {
		set = a.taking(row, "contact")
	}
	return slices.DeleteFunc(slices.Clone(set), func(c int) bool { return a.removed[thing{"contact", c}] })
}

// taking returns those of one kind who take part.
func (a *AskElephant) taking(row int, kind string) (set []int) {
	for who := range a.takingPart(row) {
		if k, n := reference(who); k == kind {
			set = append(set, n)
		}
	}
	return set
}

// Contacts returns the ids of an engagement's managed contacts in the order of the directory. It panics on an unknown id.
func (a *AskElephant) Contacts(id string) []string {
	defer a.hold()()
	return a.contactIDs(a.managedContacts(a.must(id)))
}

// ContactIDs returns the ids of all contacts in the directory.
func (a *AskElephant) ContactIDs() []string {
	defer a.hold()()
	return a.contactIDs(slices.DeleteFunc(upTo(a.count("contact")), func(c int) bool { return a.removed[thing{"contact", c}] }))
}

func (a *AskElephant) contactIDs(set []int) []string {
	ids := []string{}
	for _, c := range set {
		ids = append(ids, a.idOf("contact", c).(string))
	}
	return ids
}

// Touch changes updated_at alone. It panics on an unknown id.
func (a *AskElephant) Touch(id string) {
	defer a.hold()()
	a.touch(a.must(id))
}

// RemoveContact removes a contact from the directory and all engagements, as deleting it in the product does. It panics on an
// unknown id.
func (a *AskElephant) RemoveContact(id string) {
	defer a.hold()()
	n, ok := a.numberOf("contact", id)
	if !ok {
		panic("sandbox: no AskElephant contact " + id)
	}
	a.removed[thing{"contact", n}] = true
}

func (a *AskElephant) show(row int) map[string]any { return a.engagement(row, a.Query["expand"].Of) }

// engagement returns an engagement with some expansions.
func (a *AskElephant) engagement(row int, expand []string) map[string]any {
	m := a.doc(row)
	if _, changed := m["contacts"]; !changed && !a.on("DropExpand") {
		m["contacts"] = a.participants(row)
	}
	if said := a.said(row); len(said) > 0 {
		m["transcript"] = a.data.transcript(said)
	}
	for _, e := range a.Query["expand"].Of {
		if list, ok := m[e].([]any); ok && len(list) == 0 && a.on("NullExpand") {
			m[e] = nil
		}
		if !slices.Contains(expand, e) {
			delete(m, e)
		}
	}
	return m
}

// participants returns the managed contacts, any part of whose name may be null, and the rooms, which no replacement removes.
func (a *AskElephant) participants(row int) []any {
	list := []any{}
	for _, c := range a.managedContacts(row) {
		list = append(list, picked(a.thing("contact", c), "object", "id", "first_name", "last_name", "emails"))
	}
	for _, n := range a.taking(row, "room") {
		if a.on("CalendarResourceHidden") {
			break
		}
		room := a.thing("room", n)
		if a.on("CalendarResourceAsContact") {
			id := strings.Replace(room["id"].(string), "clrs_", "cnt_", 1)
			room = map[string]any{"object": "contact", "id": id, "first_name": room["name"], "last_name": nil, "emails": room["emails"]}
		}
		list = slices.Insert(list, len(list)/2, any(room))
	}
	return list
}

// elephantCursor is the content of a cursor, which is opaque to clients. It belongs to one traversal: with a cursor, a request
// leaves the filters out or repeats them exactly.
type elephantCursor struct {
	Path      string `json:"c"`
	Traversal string `json:"t"`
	Updated   int64  `json:"u"`
	ID        string `json:"i"`
}

// traversal returns the part of a query that must not change from page to page.
func traversal(query url.Values) url.Values {
	out := maps.Clone(query)
	maps.DeleteFunc(out, func(name string, _ []string) bool { return name == "limit" || name == "cursor" || name == "expand" })
	return out
}

// enter restores the query of the traversal that a cursor continues.
func (a *AskElephant) enter(x *exchange) {
	if !x.query.Has("cursor") {
		return
	}
	raw, err := base64.RawURLEncoding.DecodeString(x.query.Get("cursor"))
	var cur elephantCursor
	if err == nil {
		err = json.Unmarshal(raw, &cur)
	}
	begun, invalid := url.ParseQuery(cur.Traversal)
	given := traversal(x.query)
	switch {
	case err != nil, invalid != nil, cur.Path != x.rest, a.on("ForgetCursors"):
		x.badParameter("cursor", "invalid_cursor", "is not valid or has expired")
	case len(given) > 0 && given.Encode() != cur.Traversal:
		x.badParameter("cursor", "invalid_cursor", "belongs to a list with other filters")
	}
	maps.Copy(x.query, begun)
	x.after = &place{time.Unix(0, cur.Updated).UTC(), cur.ID}
}

// page answers with a page of rows, which are in ascending order, after the cursor.
func (a *AskElephant) page(x *exchange, order []int, at func(int) place, keep func(int) bool, show func(int) map[string]any) {
	compare, order := place.compare, slices.Clone(order)
	if x.param["order_by"] != "updated_at:asc" {
		compare = func(p, q place) int { return q.compare(p) }
		slices.Reverse(order)
	}
	if x.after != nil {
		order = order[sort.Search(len(order), func(n int) bool { return compare(at(order[n]), *x.after) > 0 }):]
	}
	data, last, more := page(order, 0, x.number("limit"), keep, show)
	answer := map[string]any{"object": "list", "data": data, "has_more": more, "next_cursor": nil}
	if more {
		raw, _ := json.Marshal(elephantCursor{x.rest, traversal(x.query).Encode(), at(last).at.UnixNano(), at(last).id})
		answer["next_cursor"] = base64.RawURLEncoding.EncodeToString(raw)
	}
	a.ok(x, answer)
}

// listed answers with a directory.
func (a *AskElephant) listed(x *exchange, kind string, rows []int) {
	at := func(i int) place { return elephantPlace(a.thing(kind, i)) }
	slices.SortFunc(rows, func(i, j int) int { return at(i).compare(at(j)) })
	a.page(x, rows, at, nil, func(i int) map[string]any { return a.entry(kind, i) })
}

func elephantPlace(m map[string]any) place {
	text, _ := m["updated_at"].(string)
	at, _ := time.Parse(time.RFC3339Nano, text)
	return place{at, m["id"].(string)}
}

// one adds an ETag.
func (a *AskElephant) one(x *exchange, status int, kind string, doc map[string]any) {
	at := elephantPlace(doc)
	if kind == "conversation" {
		at.at = a.updatedAt(x.row)
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", at.id, at.at.UnixNano())
	x.answer.Set("ETag", fmt.Sprintf(`W/"%016x"`, h.Sum64()))
	x.jsonAs(status, a.Answers, doc)
}

func (a *AskElephant) list(x *exchange) {
	expand, _ := x.param["expand"].([]string)
	at := func(row int) place { return place{a.updatedAt(row), a.id(row)} }
	a.page(x, a.byUpdate(), at, a.filter(x), func(row int) map[string]any { return a.engagement(row, expand) })
}

// filter compiles the query into a test of an engagement.
func (a *AskElephant) filter(x *exchange) func(int) bool {
	from, _ := x.param["filter[updated_at][gte]"].(time.Time)
	to, until := x.param["filter[updated_at][lt]"].(time.Time)
	company, filtered := x.param["filter[company_ids][eq]"]
	found := a.found(x)
	has := func(row int) bool {
		companies, _ := a.value(row, "companies").([]any)
		return slices.ContainsFunc(companies, func(m any) bool { return m.(map[string]any)["id"] == company })
	}
	return func(row int) bool {
		at := a.updatedAt(row).Truncate(time.Millisecond)
		return !a.gone[row] && !(a.on("PrivateHidden") && a.unseeable(row)) && !at.Before(from) && (!until || at.Before(to)) &&
			(!filtered || has(row)) &&
			found(func(member string) any { return a.value(row, member) })
	}
}

func (a *AskElephant) unseeable(row int) bool {
	return a.on("NoPrivateScope") && a.value(row, "is_private") == true
}

// seen refuses an engagement that the client may not see.
func (a *AskElephant) seen(x *exchange) {
	if !a.unseeable(x.row) {
		return
	}
	if a.on("PrivateHidden") {
		x.notFound("Engagement")
	}
	a.missingScope(x, "engagements:private:read")
}

func (a *AskElephant) read(x *exchange) {
	a.seen(x)
	expand, _ := x.param["expand"].([]string)
	a.one(x, http.StatusOK, "conversation", a.engagement(x.row, expand))
}

// replaceContacts replaces the managed set. The answer has no contacts, because the call takes no expand. Method and path are not
// documented, so a switch changes the method and another removes the path.
func (a *AskElephant) replaceContacts(x *exchange) {
	if method := fmt.Sprint(a.reading("ContactsMethod")); x.method != method {
		x.methodNotAllowed(method)
	}
	if a.on("NoWriteScope") {
		a.missingScope(x, "engagements:write")
	}
	a.receive(x)
	ids, ok := read[[]*string](x.fields["contact_ids"])
	if !ok {
		x.badField("contact_ids", "invalid_type", "must be a list of strings")
	}
	a.seen(x)
	var set []int
	for n, id := range ids {
		field := fmt.Sprintf("contact_ids[%d]", n)
		if id == nil || !elephantContactID.MatchString(*id) {
			x.badField(field, "invalid_id", "must be a contact id")
		}
		c, known := a.numberOf("contact", *id)
		switch {
		case known:
		case a.on("UnknownContact404"):
			x.notFound("Contact " + *id)
		default:
			x.badField(field, "invalid_id", "unknown contact "+*id)
		}
		if slices.Contains(set, c) {
			x.badField(field, "duplicate", "given more than once")
		}
		set = append(set, c)
	}
	if !a.on("IgnoreWrite") {
		a.setContacts(x.row, set)
	}
	var expand []string
	if a.on("AnswerWithContacts") {
		expand = []string{"contacts"}
	}
	a.ok(x, a.engagement(x.row, expand))
}
