package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	attentionDefaultPage = 20
	// attentionMaxPage is the documented limit of /conversations/list.
	attentionMaxPage = 50
)

// attentionArrays are the query parameters that may be repeated. Values joined
// with commas are one value: OpenAPI's default is repetition.
var attentionArrays = []string{
	"filter[owner.id]", "filter[owner.email]", "filter[participants.email]", "filter[external_opportunity.id]",
	"filter[crm_field.values]", "filter[team.id]", "filter[id]", "filter[email]",
}

var attentionListParams = append([]string{
	"fromDateTime", "toDateTime", "page", "size", "filter[title]", "filter[crm_field.entity_code]", "filter[crm_field.field_name]",
	"detailedTranscript",
}, attentionArrays[:6]...)

// attentionListFlags are the boolean parameters of both lists;
// attentionBatchedFlags exist on /conversations/list only.
var (
	attentionListFlags = []string{
		"filter[hide_internal]", "filter[hide_non_analyzed]", "filter[analyzed]", "filter[hide_pending]", "filter[hide_transcript]",
		"filter[hide_failed]", "filter[include_internal_participants]", "filter[include_zoom_metadata]", "filter[include_import_metadata]",
		"detailedTranscript",
	}
	attentionBatchedFlags = []string{"withCrmRecords", "withIntelligenceItems"}
)

var attentionEntityCodes = []string{
	"companies", "contacts", "deals", "owners", "pipelines", "users", "account", "contact", "lead", "opportunity", "user",
}

// list answers either list. The batched one includes empty conversations and
// leaves the two intelligence maps out unless asked.
func (a *Attention) list(x *exchange, batched bool) {
	known := slices.Concat(attentionListParams, attentionListFlags)
	if batched {
		known = append(known, attentionBatchedFlags...)
	}
	if !a.only(x, known...) || !a.bodyless(x) {
		return
	}
	flags := map[string]bool{}
	for _, name := range slices.Concat(attentionListFlags, attentionBatchedFlags) {
		v, ok := a.flag(x, name, name == "filter[include_internal_participants]" && a.switches.InternalByDefault)
		if !ok {
			return
		}
		flags[name] = v
	}
	page, ok := a.number(x, "page", 1)
	if !ok {
		return
	}
	size, ok := a.number(x, "size", attentionDefaultPage)
	if !ok {
		return
	}
	if size > attentionMaxPage {
		if batched {
			a.fail(x, http.StatusBadRequest, "size must be at most 50")
			return
		}
		size = attentionMaxPage
	}
	match, ok := a.filter(x, flags, batched)
	if !ok {
		return
	}
	rowsPerPage := size
	if a.switches.MaxPage > 0 {
		rowsPerPage = min(size, a.switches.MaxPage)
	}

	view := attentionView{
		transcript:   transcriptText,
		intelligence: !batched || flags["withCrmRecords"],
		internal:     flags["filter[include_internal_participants]"],
		zoom:         flags["filter[include_zoom_metadata]"],
		imported:     flags["filter[include_import_metadata]"],
	}
	if flags["detailedTranscript"] {
		view.transcript = transcriptDetailed
	}
	first, total := (page-1)*rowsPerPage, 0
	data := []any{}
	for i := range a.rows {
		if !match(i) {
			continue
		}
		if total >= first && total < first+rowsPerPage {
			data = append(data, a.resource(i, view))
		}
		total++
	}

	if a.switches.NotFoundPastEnd && page > 1 && len(data) == 0 {
		a.fail(x, http.StatusNotFound, "page not found")
		return
	}
	if a.switches.BareArrayList {
		x.json(http.StatusOK, data)
		return
	}
	pages := (total + rowsPerPage - 1) / rowsPerPage
	links := map[string]any{"self": "/v2/conversations?page=" + strconv.Itoa(page)}
	if page < pages {
		// The next page, under the other list's path even from this one.
		links["related"] = "/v2/conversations?page=" + strconv.Itoa(page+1)
	}
	answer := map[string]any{"data": data, "links": links}
	if len(data) == 0 && a.switches.NullLists {
		answer["data"] = nil
	}
	switch {
	case a.switches.NoMeta:
	case a.switches.MetaTotalOnly:
		answer["meta"] = map[string]any{"totalRecords": total}
	default:
		answer["meta"] = map[string]any{"pageCount": pages, "totalRecords": total, "pageNumber": page, "pageSize": rowsPerPage}
	}
	x.json(http.StatusOK, answer)
}

// number reads a positive whole number.
func (a *Attention) number(x *exchange, name string, absent int) (int, bool) {
	if !x.query.Has(name) {
		return absent, true
	}
	n, err := strconv.Atoi(x.query.Get(name))
	if err != nil || n < 1 || n > 1_000_000 {
		a.fail(x, http.StatusBadRequest, name+" must be a positive integer")
		return 0, false
	}
	return n, true
}

// filter compiles the query into a test of one row, cheap parts first.
func (a *Attention) filter(x *exchange, flags map[string]bool, batched bool) (func(int) bool, bool) {
	var from, to time.Time
	for name, t := range map[string]*time.Time{"fromDateTime": &from, "toDateTime": &to} {
		if !x.query.Has(name) {
			continue
		}
		parsed, err := time.Parse(time.RFC3339Nano, x.query.Get(name))
		if err != nil {
			a.fail(x, http.StatusBadRequest, name+" must be an ISO 8601 time")
			return nil, false
		}
		*t = parsed
	}
	if code := x.query.Get("filter[crm_field.entity_code]"); code != "" && !slices.Contains(attentionEntityCodes, code) {
		a.fail(x, http.StatusBadRequest, "filter[crm_field.entity_code] is not one of "+strings.Join(attentionEntityCodes, ", "))
		return nil, false
	}
	if len(x.query["filter[crm_field.values]"]) > 10 {
		a.fail(x, http.StatusBadRequest, "filter[crm_field.values] takes at most 10 values")
		return nil, false
	}
	q := maps.Clone(x.query)
	title := strings.ToLower(q.Get("filter[title]"))
	detail := title != ""
	for _, name := range append([]string{"filter[crm_field.field_name]"}, attentionArrays[:6]...) {
		detail = detail || q.Has(name)
	}
	// hide collects what the row's fixed flags decide.
	const unready = attentionEmpty | attentionPending | attentionFailed
	var hide attentionFlags
	for name, f := range map[string]attentionFlags{
		"filter[hide_non_analyzed]": unready, "filter[analyzed]": unready, "filter[hide_transcript]": unready,
		"filter[hide_pending]": attentionPending, "filter[hide_failed]": attentionFailed,
	} {
		if flags[name] {
			hide |= f
		}
	}
	hideInternal := flags["filter[hide_internal]"]

	return func(i int) bool {
		row := a.rows[i]
		switch {
		case a.removed[i],
			!from.IsZero() && row.created.Before(from),
			!to.IsZero() && row.created.After(to),
			!batched && a.has(i, attentionEmpty, "isEmpty"),
			a.switches.ArchivedHidden && a.has(i, attentionArchived, "archived"),
			hideInternal && a.has(i, attentionInternal, "isInternal"),
			row.flags&hide != 0:
			return false
		}
		return !detail || a.matchDetail(i, title, q)
	}, true
}

// matchDetail tests what needs the whole conversation.
func (a *Attention) matchDetail(i int, title string, q map[string][]string) bool {
	at := a.generated(i)
	maps.Copy(at, a.changed[i])
	text := func(v any) string {
		s, _ := v.(string)
		return s
	}
	among := func(name, value string) bool {
		want, ok := q[name]
		return !ok || slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(w, value) })
	}
	if !strings.Contains(strings.ToLower(text(at["title"])), title) ||
		!among("filter[owner.id]", text(at["userUUID"])) || !among("filter[team.id]", text(at["teamUUID"])) ||
		!among("filter[owner.email]", a.dir.emailOf(text(at["userUUID"]))) {
		return false
	}
	opportunity, _ := at["externalOpportunity"].(map[string]any)
	if !among("filter[external_opportunity.id]", text(opportunity["uuid"])) {
		return false
	}
	if _, ok := q["filter[participants.email]"]; ok {
		people, _ := at["participants"].([]any)
		if !slices.ContainsFunc(people, func(p any) bool {
			m, _ := p.(map[string]any)
			return among("filter[participants.email]", text(m["email"]))
		}) {
			return false
		}
	}
	if names, ok := q["filter[crm_field.field_name]"]; ok {
		found := false
		items, _ := at["extractedIntelligence"].(map[string]any)
		for _, v := range items {
			m, _ := v.(map[string]any)
			found = found || text(m["title"]) == names[0] && (len(q["filter[crm_field.values]"]) == 0 ||
				among("filter[crm_field.values]", text(m["value"])))
		}
		return found
	}
	return true
}
