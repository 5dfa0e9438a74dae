package sandbox

import (
	"maps"
	"net/http"
	"net/url"
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

// attentionArrays are the query parameters that may be repeated. Values joined with commas are one value: OpenAPI's default
// is repetition.
var attentionArrays = []string{
	"filter[owner.id]", "filter[owner.email]", "filter[participants.email]", "filter[external_opportunity.id]",
	"filter[crm_field.values]", "filter[team.id]",
}

// attentionListFlags are the boolean parameters of both lists; attentionBatchedParams belong to /conversations/list.
var (
	attentionListFlags = []string{
		"filter[hide_internal]", "filter[hide_non_analyzed]", "filter[analyzed]", "filter[hide_pending]", "filter[hide_transcript]",
		"filter[hide_failed]", "filter[include_internal_participants]", "filter[include_zoom_metadata]", "filter[include_import_metadata]",
		"detailedTranscript",
	}
	attentionListParams = slices.Concat(attentionArrays, attentionListFlags, []string{
		"fromDateTime", "toDateTime", "page", "size", "filter[title]", "filter[crm_field.entity_code]", "filter[crm_field.field_name]",
	})
	attentionBatchedParams = append(slices.Clone(attentionListParams), "withCrmRecords", "withIntelligenceItems")
	attentionEntityCodes   = []string{
		"companies", "contacts", "deals", "owners", "pipelines", "users", "account", "contact", "lead", "opportunity", "user",
	}
)

// view reads what a read of conversations asks to be shown.
func (a *Attention) view(x *exchange, plain transcriptForm) attentionView {
	v := attentionView{
		transcript:   plain,
		intelligence: true,
		internal:     x.flag("filter[include_internal_participants]", a.switches.InternalByDefault),
		zoom:         x.flag("filter[include_zoom_metadata]", false),
		imported:     x.flag("filter[include_import_metadata]", false),
	}
	if x.flag("detailedTranscript", false) {
		v.transcript = transcriptDetailed
	}
	return v
}

func (a *Attention) listAll(x *exchange)     { a.page(x, false) }
func (a *Attention) listBatched(x *exchange) { a.page(x, true) }

// page answers either list. The batched one includes empty conversations and leaves the two intelligence maps out unless
// asked.
func (a *Attention) page(x *exchange, batched bool) {
	if batched && a.switches.ListPathMissing {
		x.notFound("Path")
	}
	view := a.view(x, transcriptText)
	view.intelligence = x.flag("withCrmRecords", false) || !batched
	x.flag("withIntelligenceItems", false)
	number := x.number("page", 1, 1_000_000)
	most := 1_000_000
	if batched {
		most = attentionMaxPage
	}
	size := min(x.number("size", attentionDefaultPage, most), attentionMaxPage)
	if a.switches.MaxPage > 0 {
		size = min(size, a.switches.MaxPage)
	}
	rows := slices.Collect(where(a.live(), a.filter(x, batched)))
	pages := (len(rows) + size - 1) / size
	if number > max(pages, 1) && a.switches.NotFoundPastEnd {
		x.notFound("Page")
	}
	data, _, _ := page(slices.Values(rows), (number-1)*size, size, func(i int) any { return a.resource(i, view) })
	if a.switches.BareArrayList {
		x.json(http.StatusOK, data)
		return
	}
	links := map[string]any{"self": "/v2/conversations?page=" + strconv.Itoa(number)}
	if number < pages {
		// The next page, under the other list's path even from this one.
		links["related"] = "/v2/conversations?page=" + strconv.Itoa(number+1)
	}
	answer := map[string]any{"data": data, "links": links}
	if len(data) == 0 && a.switches.NullLists {
		answer["data"] = nil
	}
	switch {
	case a.switches.NoMeta:
	case a.switches.MetaTotalOnly:
		answer["meta"] = map[string]any{"totalRecords": len(rows)}
	default:
		answer["meta"] = map[string]any{"pageCount": pages, "totalRecords": len(rows), "pageNumber": number, "pageSize": size}
	}
	x.json(http.StatusOK, answer)
}

// bound reads a time of the list's window; absent is the zero time.
func (x *exchange) bound(name string) time.Time {
	if !x.query.Has(name) {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, x.query.Get(name))
	if err != nil {
		x.badParameter(name, "invalid_value", "must be an ISO 8601 time")
	}
	return t
}

// filter compiles the query into a test of one row, cheap parts first.
func (a *Attention) filter(x *exchange, batched bool) func(int) bool {
	from, to := x.bound("fromDateTime"), x.bound("toDateTime")
	x.choice("filter[crm_field.entity_code]", attentionEntityCodes...)
	if len(x.query["filter[crm_field.values]"]) > 10 {
		x.badParameter("filter[crm_field.values]", "too_many", "takes at most 10 values")
	}
	hide := map[string]bool{}
	for _, name := range []string{"hide_internal", "hide_non_analyzed", "analyzed", "hide_transcript", "hide_pending", "hide_failed"} {
		hide[name] = x.flag("filter["+name+"]", false)
	}
	unready := hide["hide_non_analyzed"] || hide["analyzed"] || hide["hide_transcript"]
	detail := slices.ContainsFunc(append([]string{"filter[title]", "filter[crm_field.field_name]"}, attentionArrays...), x.query.Has)
	return func(row int) bool {
		created, is := a.createdAt(row), func(field string) bool { return a.value(row, field) == true }
		pending, failed := a.value(row, "transcriptStatus") == "processing", a.value(row, "transcriptStatus") == "failed"
		switch {
		case !from.IsZero() && created.Before(from),
			!to.IsZero() && created.After(to),
			!batched && is("isEmpty"),
			a.switches.ArchivedHidden && is("archived"),
			hide["hide_internal"] && is("isInternal"),
			pending && (unready || hide["hide_pending"]),
			failed && (unready || hide["hide_failed"]),
			unready && is("isEmpty"):
			return false
		}
		return !detail || a.matches(row, x.query)
	}
}

// matches tests what needs the whole conversation.
func (a *Attention) matches(row int, q url.Values) bool {
	at := a.attributes(row)
	among := func(name string, value any) bool {
		s, _ := value.(string)
		return !q.Has(name) || slices.ContainsFunc(q[name], func(w string) bool { return strings.EqualFold(w, s) })
	}
	owner := 0
	for at["userUUID"] != a.placed(-1, "user", owner) && owner < len(a.data.Staff)-1 {
		owner++
	}
	title, _ := at["title"].(string)
	opportunity, _ := at["externalOpportunity"].(map[string]any)
	people, _ := at["participants"].([]any)
	found, _ := at["extractedIntelligence"].(map[string]any)
	is := func(list []any, test func(m map[string]any) bool) bool {
		return slices.ContainsFunc(list, func(item any) bool { m, _ := item.(map[string]any); return test(m) })
	}
	return strings.Contains(strings.ToLower(title), strings.ToLower(q.Get("filter[title]"))) &&
		among("filter[owner.id]", at["userUUID"]) && among("filter[owner.email]", a.data.Staff[owner].Email) &&
		among("filter[team.id]", at["teamUUID"]) && among("filter[external_opportunity.id]", opportunity["uuid"]) &&
		(!q.Has("filter[participants.email]") ||
			is(people, func(m map[string]any) bool { return among("filter[participants.email]", m["email"]) })) &&
		(!q.Has("filter[crm_field.field_name]") || is(slices.Collect(maps.Values(found)), func(m map[string]any) bool {
			return m["title"] == q.Get("filter[crm_field.field_name]") && among("filter[crm_field.values]", m["value"])
		}))
}

// single answers with one conversation, bare or wrapped.
func (a *Attention) single(x *exchange, resource map[string]any) {
	contentType := "application/json; charset=utf-8"
	wrap := a.switches.WrapData
	if accept := x.header.Get("Accept"); strings.Contains(accept, "vnd.api+json") && !strings.Contains(accept, "application/json") {
		contentType, wrap = "application/vnd.api+json", true
	}
	if wrap {
		resource = map[string]any{"data": resource}
	}
	x.jsonAs(http.StatusOK, contentType, resource)
}

func (a *Attention) get(x *exchange) {
	view := a.view(x, transcriptObject)
	a.single(x, a.resource(a.wanted(x), view))
}

// written answers a write with the conversation as it is now. The vendor's sample of such an answer shows internal people
// too.
func (a *Attention) written(x *exchange, i int) {
	res := a.resource(i, attentionView{transcript: transcriptObject, intelligence: true, internal: true})
	if a.switches.PrivacyOmitted {
		delete(res["attributes"].(map[string]any), "private")
	}
	a.single(x, res)
}

// writable is what all writes check after their own arguments.
func (a *Attention) writable(x *exchange) int {
	i := a.wanted(x)
	if a.switches.ForbidWrites {
		x.refuse(http.StatusForbidden, "forbidden", "you may not change this conversation")
	}
	return i
}

func (a *Attention) changePrivacy(x *exchange) {
	privacy := x.choice("privacy", "public", "private")
	if privacy == "" {
		x.badParameter("privacy", "required", "is required")
	}
	i := a.writable(x)
	if !a.switches.PrivacyIgnored {
		a.edit(i, "private", privacy == "private")
	}
	a.written(x, i)
}

func (a *Attention) archive(x *exchange) {
	i := a.writable(x)
	if !a.switches.ArchiveIgnored {
		a.edit(i, "archived", true)
	}
	a.written(x, i)
}

func (a *Attention) rename(x *exchange) {
	title, ok := read[string](x.fields["title"])
	if !ok {
		x.badField("title", "invalid_type", "must be a string")
	}
	i := a.writable(x)
	a.edit(i, "title", title)
	a.written(x, i)
}

func (a *Attention) label(x *exchange) {
	labels, ok := read[map[string]any](x.fields["labels"])
	if !ok {
		x.badField("labels", "invalid_type", "must be an object")
	}
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if !slices.ContainsFunc(a.file.Labels.Rows, func(l record) bool { return l.Set["name"] == k }) {
			x.badField("labels", "unknown_label", "unknown label category "+k)
		}
	}
	if raw, given := x.fields["skip_analysis"]; given {
		if _, ok := read[bool](raw); !ok {
			x.badField("skip_analysis", "invalid_type", "must be true or false")
		}
	}
	i := a.writable(x)
	if old, ok := a.value(i, "labels").(map[string]any); ok && a.switches.LabelsMerged {
		labels = with(old, labels)
	}
	a.edit(i, "labels", labels)
	a.written(x, i)
}

// download answers with a presigned address; without a recording the service says 403 or 404, and both mean the same.
func (a *Attention) download(x *exchange) {
	i := a.wanted(x)
	ready := func(field string) bool {
		s, _ := a.value(i, field).(string)
		return strings.EqualFold(s, "ready")
	}
	switch {
	case a.switches.UserLevelKey:
		x.refuse(http.StatusForbidden, "forbidden", "an organization-level key is needed")
	case !ready("videoStatus") && !ready("mediaStorageStatus"):
		x.refuse(http.StatusNotFound, "not_found", "no recording")
	case a.value(i, "isEmpty") == true:
		x.refuse(http.StatusForbidden, "forbidden", "an organization-level key is needed")
	}
	x.json(http.StatusOK, map[string]any{
		"url": "https://media.attention.example/" + a.id(i) + ".mp4?X-Expires=900&X-Signature=5f1d" + a.id(i)[:8],
	})
}
