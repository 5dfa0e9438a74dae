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

// What the lists know. Values joined with commas are one value: OpenAPI's default is repetition.
var (
	attentionList = []string{
		"fromDateTime", "page", "size", "detailedTranscript", "filter[include_internal_participants]", "filter[hide_internal]",
		"filter[owner.id]", "filter[team.id]",
	}
	attentionRepeated = []string{"filter[owner.id]", "filter[team.id]"}
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

// page answers either list. The batched one includes empty conversations and leaves the two intelligence maps out.
func (a *Attention) page(x *exchange, batched bool) {
	if batched && a.switches.ListPathMissing {
		x.notFound("Path")
	}
	view := a.view(x, transcriptText)
	view.intelligence = !batched
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

// filter compiles the query into a test of one row.
func (a *Attention) filter(x *exchange, batched bool) func(int) bool {
	from, external := x.bound("fromDateTime"), x.flag("filter[hide_internal]", false)
	is := func(row int, field string) bool { return a.value(row, field) == true }
	among := func(row int, name, field string) bool {
		if !x.query.Has(name) {
			return true
		}
		s, _ := a.value(row, field).(string)
		return slices.ContainsFunc(x.query[name], func(w string) bool { return strings.EqualFold(w, s) })
	}
	return func(row int) bool {
		return (from.IsZero() || !a.createdAt(row).Before(from)) && (batched || !is(row, "isEmpty")) && !(external && is(row, "isInternal")) &&
			among(row, "filter[owner.id]", "userUUID") && among(row, "filter[team.id]", "teamUUID")
	}
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

// change sets an attribute, or only says so, after the caller checked its own arguments.
func (a *Attention) change(x *exchange, field string, value any, ignored bool) {
	row := a.wanted(x)
	switch old, _ := a.value(row, field).(map[string]any); {
	case a.switches.ForbidWrites:
		x.refuse(http.StatusForbidden, "forbidden", "you may not change this conversation")
	case ignored:
	case a.switches.LabelsMerged && field == "labels":
		a.edit(row, field, with(old, value.(map[string]any)))
	default:
		a.edit(row, field, value)
	}
	a.written(x, row)
}

func (a *Attention) changePrivacy(x *exchange) {
	privacy := x.choice("privacy", "public", "private")
	if privacy == "" {
		x.badParameter("privacy", "required", "is required")
	}
	a.change(x, "private", privacy == "private", a.switches.PrivacyIgnored)
}

func (a *Attention) archive(x *exchange) { a.change(x, "archived", true, a.switches.ArchiveIgnored) }

func (a *Attention) rename(x *exchange) {
	a.change(x, "title", x.member("title", must[string]("must be a string")), false)
}

func (a *Attention) label(x *exchange) {
	labels := x.member("labels", must[map[string]any]("must be an object")).(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if !slices.ContainsFunc(a.file.Labels.Rows, func(l record) bool { return l.Set["name"] == k }) {
			x.badField("labels", "unknown_label", "unknown label category "+k)
		}
	}
	if x.fields["skip_analysis"] != nil {
		x.member("skip_analysis", must[bool]("must be true or false"))
	}
	a.change(x, "labels", labels, false)
}

// download answers with a presigned address; without a recording the service says 403 or 404, and both mean the same.
func (a *Attention) download(x *exchange) {
	i := a.wanted(x)
	ready := func(field string) bool {
		s, _ := a.value(i, field).(string)
		return strings.EqualFold(s, "ready")
	}
	switch {
	case !ready("videoStatus") && !ready("mediaStorageStatus"):
		x.refuse(http.StatusNotFound, "not_found", "no recording")
	case a.value(i, "isEmpty") == true:
		x.refuse(http.StatusForbidden, "forbidden", "an organization-level key is needed")
	}
	x.json(http.StatusOK, map[string]any{
		"url": "https://media.attention.example/" + a.id(i) + ".mp4?X-Expires=900&X-Signature=5f1d" + a.id(i)[:8],
	})
}
