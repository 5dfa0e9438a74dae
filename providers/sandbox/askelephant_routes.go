package sandbox

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

var elephantContactID = regexp.MustCompile(`^cnt_[A-Za-z0-9]+$`)

func (a *AskElephant) serve(x *exchange) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.forced) > 0 {
		status := a.forced[0]
		a.forced = a.forced[1:]
		if status > http.StatusInternalServerError {
			x.gatewayError(status)
			return
		}
		a.version(x)
		a.problem(x, status, strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), http.StatusText(status)+".")
		return
	}
	a.version(x)
	if !a.authorized(x) {
		a.problem(x, http.StatusUnauthorized, "unauthorized", "Authentication is required.")
		return
	}
	if x.badQuery {
		a.problem(x, http.StatusBadRequest, "bad_request", "Malformed query string.")
		return
	}
	// /api/v2/<collection>[/<id>[/<part>]]
	if len(x.path) < 3 || len(x.path) > 5 || x.path[0] != "api" || x.path[1] != "v2" {
		a.noRoute(x)
		return
	}
	collection, rest := x.path[2], x.path[3:]
	switch {
	case collection == "engagements" && len(rest) == 0:
		if a.allow(x, http.MethodGet) {
			a.listEngagements(x)
		}
	case collection == "engagements" && len(rest) == 1:
		if a.allow(x, http.MethodGet) {
			a.getEngagement(x, rest[0])
		}
	case collection == "engagements" && rest[1] == "contacts" && !a.switches.ContactsEndpointMissing:
		method := http.MethodPut
		if a.switches.ContactsMethod != "" {
			method = a.switches.ContactsMethod
		}
		if a.switches.ContactsMethodNotAllowed {
			x.answer.Set("Allow", http.MethodPost)
			a.problem(x, http.StatusMethodNotAllowed, "method_not_allowed", "Method not allowed.")
			return
		}
		if a.allow(x, method) {
			a.replaceContacts(x, rest[0])
		}
	case collection == "engagements" && rest[1] == "transcript_timeline":
		if a.allow(x, http.MethodGet) {
			a.getTimeline(x, rest[0])
		}
	case len(rest) < 2:
		a.directory(x, collection, rest)
	default:
		a.noRoute(x)
	}
}

func (a *AskElephant) noRoute(x *exchange) {
	a.problem(x, http.StatusNotFound, "not_found", "No such route.")
}

func (a *AskElephant) allow(x *exchange, method string) bool {
	if x.method == method {
		return true
	}
	x.answer.Set("Allow", method)
	a.problem(x, http.StatusMethodNotAllowed, "method_not_allowed", "Method not allowed.")
	return false
}

// only refuses query parameters outside names and repeated ones.
func (a *AskElephant) only(x *exchange, names ...string) bool {
	for _, k := range slices.Sorted(maps.Keys(x.query)) {
		if !slices.Contains(names, k) {
			a.badParameter(x, k, "unknown_parameter", "is not known here")
			return false
		}
		if len(x.query[k]) > 1 {
			a.badParameter(x, k, "duplicate", "given more than once")
			return false
		}
	}
	return true
}

func (a *AskElephant) bodyless(x *exchange) bool {
	if len(x.body) == 0 {
		return true
	}
	a.problem(x, http.StatusBadRequest, "bad_request", "This request takes no body.")
	return false
}

// row finds an engagement the caller may see, or answers.
func (a *AskElephant) row(x *exchange, id string) (int, bool) {
	i, ok := a.find(id)
	private := ok && a.isPrivate(i) && a.switches.NoPrivateScope
	switch {
	case !ok, private && a.switches.PrivateHidden:
		a.problem(x, http.StatusNotFound, "not_found", "Engagement not found.")
		return 0, false
	case private:
		a.missingScope(x, "engagements:private:read")
		return 0, false
	}
	return i, true
}

func (a *AskElephant) isPrivate(i int) bool {
	if v, ok := a.changed[i]["is_private"].(bool); ok {
		return v
	}
	return a.rows[i].private
}

// expansions reads the expand parameter; allowed are the ones this operation
// names.
func (a *AskElephant) expansions(x *exchange, allowed []string) ([]string, bool) {
	if !x.query.Has("expand") {
		return nil, true
	}
	var expand []string
	for e := range strings.SplitSeq(x.query.Get("expand"), ",") {
		switch {
		case !slices.Contains(allowed, e):
			a.badParameter(x, "expand", "invalid_value", fmt.Sprintf("%q is not one of %s", e, strings.Join(allowed, ", ")))
			return nil, false
		case e == "contacts" && a.switches.NoContactsScope:
			a.missingScope(x, "contacts:read")
			return nil, false
		case e == "companies" && a.switches.NoCompaniesScope:
			a.missingScope(x, "companies:read")
			return nil, false
		case e == "owner" && a.switches.NoUsersScope:
			a.missingScope(x, "users:read")
			return nil, false
		}
		expand = append(expand, e)
	}
	return expand, true
}

// etag identifies a state of a record.
func etag(id string, updated time.Time) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", id, updated.UnixNano())
	return fmt.Sprintf(`W/"%016x"`, h.Sum64())
}

func (a *AskElephant) getEngagement(x *exchange, id string) {
	if !a.only(x, "expand") || !a.bodyless(x) {
		return
	}
	expand, ok := a.expansions(x, elephantExpansions)
	if !ok {
		return
	}
	if i, ok := a.row(x, id); ok {
		x.answer.Set("ETag", etag(id, a.rows[i].updated))
		x.json(http.StatusOK, a.engagement(i, expand))
	}
}

func (a *AskElephant) getTimeline(x *exchange, id string) {
	if !a.only(x) || !a.bodyless(x) {
		return
	}
	i, ok := a.row(x, id)
	if !ok {
		return
	}
	if a.facts(i).status != "COMPLETED" {
		a.problem(x, http.StatusNotFound, "not_found", "Transcript timeline not found.")
		return
	}
	x.json(http.StatusOK, a.timeline(i))
}

// replaceContacts sets the whole managed set. The answer has no contacts,
// because the call takes no expand.
func (a *AskElephant) replaceContacts(x *exchange, id string) {
	if a.switches.NoWriteScope {
		a.missingScope(x, "engagements:write")
		return
	}
	if !a.only(x) {
		return
	}
	if media, _, err := mime.ParseMediaType(x.header.Get("Content-Type")); err != nil || media != "application/json" {
		a.problem(x, http.StatusUnsupportedMediaType, "unsupported_media_type", "The body must be application/json.")
		return
	}
	fields, err := members(x.body)
	if err != nil {
		a.problem(x, http.StatusBadRequest, "bad_request", "Malformed JSON body.")
		return
	}
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		if k != "contact_ids" {
			a.invalid(x, k, "unknown_field", "is not known here")
			return
		}
	}
	var ids []*string
	if json.Unmarshal(fields["contact_ids"], &ids) != nil || ids == nil {
		a.invalid(x, "contact_ids", "invalid_type", "must be a list of strings")
		return
	}
	i, ok := a.row(x, id)
	if !ok {
		return
	}
	var set []int
	for n, cid := range ids {
		field := fmt.Sprintf("contact_ids[%d]", n)
		if cid == nil || !elephantContactID.MatchString(*cid) {
			a.invalid(x, field, "invalid_id", "must be a contact id")
			return
		}
		c, known := a.contactIndex[*cid]
		switch {
		case !known || a.contactRemoved[c]:
			if a.switches.UnknownContact404 {
				a.problem(x, http.StatusNotFound, "not_found", "Contact "+*cid+" not found.")
				return
			}
			a.invalid(x, field, "invalid_id", "unknown contact "+*cid)
			return
		case slices.Contains(set, c):
			a.invalid(x, field, "duplicate", "given more than once")
			return
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

// directory answers contacts, companies, users and tags.
func (a *AskElephant) directory(x *exchange, collection string, rest []string) {
	c, ok := a.collection(collection)
	if !ok || len(rest) == 1 && !c.gettable {
		a.noRoute(x)
		return
	}
	if !a.allow(x, http.MethodGet) {
		return
	}
	if c.forbidden {
		a.missingScope(x, collection+":read")
		return
	}
	if len(rest) == 0 {
		a.list(x, c)
		return
	}
	if !a.only(x) || !a.bodyless(x) {
		return
	}
	i := slices.Index(c.ids, rest[0])
	if i < 0 || !c.live(i) {
		a.problem(x, http.StatusNotFound, "not_found", strings.ToUpper(collection[:1])+collection[1:len(collection)-1]+" not found.")
		return
	}
	x.answer.Set("ETag", etag(rest[0], elephantDirectoryTime(a.data, i)))
	x.json(http.StatusOK, c.show(i))
}
