package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// AttentionSwitches are the readings of Attention's documentation that can be turned: every field's zero value is the
// default reading.
type AttentionSwitches struct {
	// WrapData wraps a single conversation in {"data": …}; the default is the bare resource. Callers that accept only
	// application/vnd.api+json get the wrapped form anyway.
	WrapData bool
	// ListPathMissing answers 404 on /conversations/list.
	ListPathMissing bool
	// RawKeyOnly refuses "Bearer <key>", BearerOnly the key alone; the default accepts both.
	RawKeyOnly, BearerOnly bool
	// NullLists sends null for every empty list and map.
	NullLists bool
	// UpperStatuses and LowerStatuses fold all statuses to one case; the default mixes them as met in the field.
	UpperStatuses, LowerStatuses bool
	// BareArrayList sends a list as an array without data, links or meta.
	BareArrayList bool
	// MetaTotalOnly sends only meta.totalRecords, NoMeta no meta at all.
	MetaTotalOnly, NoMeta bool
	// NotFoundPastEnd answers 404 for a page after the last one. By default it is empty. The vendor says neither.
	NotFoundPastEnd bool
	// MaxPage, when positive, silently caps the rows of a page below the size asked for.
	MaxPage int
	// PrivacyIgnored answers a change of privacy with 200 and changes nothing, ArchiveIgnored an archiving.
	PrivacyIgnored, ArchiveIgnored bool
	// PrivacyOmitted leaves attributes.private out of the answers to writes.
	PrivacyOmitted bool
	// LabelsMerged adds to the label map; the default replaces it.
	LabelsMerged bool
	// ForbidWrites answers every change of a conversation with 403.
	ForbidWrites bool
	// UserLevelKey makes the key one of a user instead of the organisation: recordings answer 403.
	UserLevelKey bool
	// ArchivedHidden leaves archived conversations out of lists.
	ArchivedHidden bool
	// InternalByDefault includes internal participants unless told not to; the default leaves them out of lists and
	// reads unless asked for.
	InternalByDefault bool
	// IDInAttributesOnly leaves the resource's id out, so that only attributes.uuid names it.
	IDInAttributesOnly bool
	// ErrorShape chooses the form of error bodies, 0 to 4: title, detail and code; a JSON:API errors array; message;
	// error; plain text.
	ErrorShape int
}

// Attention is the stand-in for Attention's API v2. Use [Sandbox.Attention].
type Attention struct {
	server[AttentionSwitches]
	key   string
	dir   attentionDirectory
	list  []attentionRow
	index map[string]int
	// changed holds attributes that differ from the generated ones.
	changed map[int]map[string]any
}

var attentionVendor = vendor{
	account: "sales", provider: "attention", root: "/v2/", one: "/v2/conversations/",
	// The media call is a POST that changes nothing.
	reads: func(path string) bool { return strings.HasSuffix(path, "/download") },
	open:  newAttention,
}

// Attention returns the state of the Attention server.
func (s *Sandbox) Attention() *Attention { return serverOf[*Attention](s) }

func newAttention(b base) service {
	a := &Attention{index: map[string]int{}, changed: map[int]map[string]any{}}
	a.media = []string{"application/json", "application/vnd.api+json"}
	a.start(b, a, a.routes())
	r := b.data.rng(streamAttentionDirectory, -1)
	// Keys are described as JWTs: long and dotted.
	a.key = "eyJhbGciOiJIUzI1NiJ9.c2FuZGJveA" + digits(r, 20) + "." + strings.ReplaceAll(uuid(r), "-", "")
	a.dir = newAttentionDirectory(b.data)
	a.fill()
	return a
}

func (a *Attention) account(acc *Account) { acc.Path, acc.Credential = "/attention/v2", a.key }

func (a *Attention) routes() []route {
	read := []string{
		"detailedTranscript", "filter[include_internal_participants]", "filter[include_zoom_metadata]", "filter[include_import_metadata]",
	}
	return []route{
		{pattern: "GET /v2/conversations", query: attentionListParams, repeated: attentionArrays, handle: a.listAll},
		{pattern: "GET /v2/conversations/list", query: attentionBatchedParams, repeated: attentionArrays, handle: a.listBatched},
		{pattern: "GET /v2/conversations/{id}", query: read, handle: a.get},
		{pattern: "DELETE /v2/conversations/{id}", handle: a.archive},
		{pattern: "PUT /v2/conversations/{id}/title", fields: []string{"title"}, handle: a.rename},
		{pattern: "PUT /v2/conversations/{id}/labels", fields: []string{"labels", "skip_analysis"}, handle: a.label},
		{pattern: "PUT /v2/conversations/{id}/change_privacy", query: []string{"privacy"}, handle: a.changePrivacy},
		{pattern: "POST /v2/conversations/{id}/media/download", handle: a.download},
		{
			pattern: "GET /v2/users", query: []string{"filter[id]", "filter[email]", "teamUUID", "includeDeleted"},
			repeated: []string{"filter[id]", "filter[email]"}, handle: a.listUsers,
		},
		{pattern: "GET /v2/organizations/teams", handle: a.listTeams},
		{pattern: "GET /v2/teams", handle: a.listTeams},
		{pattern: "GET /v2/labels", handle: a.listLabels},
	}
}

// authorized takes the key with the word Bearer or without.
func (a *Attention) authorized(x *exchange) bool {
	values := x.header.Values("Authorization")
	if a.revoked || len(values) != 1 {
		return false
	}
	key, bearer := strings.CutPrefix(values[0], "Bearer ")
	if bearer && a.switches.RawKeyOnly || !bearer && a.switches.BearerOnly {
		return false
	}
	return key == a.key
}

func (a *Attention) gate(x *exchange) {
	if !a.authorized(x) {
		x.refuse(http.StatusUnauthorized, "unauthorized", "invalid or missing API key")
	}
}

// form answers with an error in the shape chosen: the vendor documents none. What is wrong with a body is a bad argument.
func (a *Attention) form(x *exchange, r refusal) {
	status := r.status
	if status == http.StatusUnprocessableEntity {
		status = http.StatusBadRequest
	}
	title, detail := http.StatusText(status), r.field+" "+r.detail
	if r.field == "" {
		detail = strings.ToLower(r.detail[:1]) + strings.TrimSuffix(r.detail[1:], ".")
	}
	switch a.switches.ErrorShape {
	case 0:
		x.json(status, map[string]any{"title": title, "detail": detail, "code": strconv.Itoa(status)})
	case 1:
		x.json(status, map[string]any{"errors": []any{
			map[string]any{"status": strconv.Itoa(status), "title": title, "detail": detail},
		}})
	case 2:
		x.json(status, map[string]any{"message": detail})
	case 3:
		x.json(status, map[string]any{"error": detail})
	default:
		x.raw(status, "text/plain; charset=utf-8", []byte(detail))
	}
}

func (a *Attention) row(id string) (int, bool) {
	i, ok := a.index[id]
	return i, ok
}

func (a *Attention) id(i int) string { return a.list[i].id }

func (a *Attention) show(i int) map[string]any {
	return a.resource(i, attentionView{transcript: transcriptDetailed, intelligence: true, internal: true, zoom: true, imported: true})
}

// set changes an attribute. The service has no time of last change.
func (a *Attention) set(i int, field string, value any) {
	if a.changed[i] == nil {
		a.changed[i] = map[string]any{}
	}
	a.changed[i][field] = value
}

func (a *Attention) colleague(x *exchange, i, n int) {
	what := ""
	if len(x.path) > 3 {
		what = x.path[3]
	}
	switch what {
	case "change_privacy":
		a.set(i, "private", !a.has(i, attentionPrivate, "private"))
	case "labels":
		labels := map[string]any{}
		if old, ok := a.attribute(i, "labels").(map[string]any); ok {
			labels = viaJSON(old).(map[string]any)
		}
		stages := attentionData.Labels[1].Options
		labels["Stage"] = stages[n%len(stages)]
		a.set(i, "labels", labels)
	case "", "title":
		title, _ := a.attribute(i, "title").(string)
		a.set(i, "title", strings.TrimSpace(title+" (rev. "+strconv.Itoa(n)+")"))
	}
}
