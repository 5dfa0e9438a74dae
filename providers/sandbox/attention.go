package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"time"
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
	key  string
	file *attentionFile
}

type attentionFile struct{ Users, Teams, Labels, Conversations collection }

var attentionVendor = vendor{
	account: "sales", provider: "attention", root: "/v2/", one: "/v2/conversations/", denied: "invalid or missing API key",
	// The media call is a POST that changes nothing.
	reads: func(path string) bool { return strings.HasSuffix(path, "/download") },
	open:  newAttention,
}

// Attention returns the state of the Attention server.
func (s *Sandbox) Attention() *Attention { return serverOf[*Attention](s) }

func newAttention(b base) service {
	// Keys are described as JWTs: long and dotted.
	key := "eyJhbGciOiJIUzI1NiJ9.c2FuZGJveA." + strings.ReplaceAll(b.data.id("attention key", 0), "-", "")
	a := &Attention{key: key, file: load[attentionFile](b.data.name, "attention")}
	a.media = []string{"application/json", "application/vnd.api+json"}
	a.start(b, a, a.routes())
	a.seeded, a.place, a.clock = a.data.dated(&a.file.Conversations), a.placed, func(t time.Time) any { return stamp(t) }
	a.contested = []contested{
		{"/change_privacy", func(row, _ int) { a.edit(row, "private", a.value(row, "private") != true) }},
		{"/labels", func(row, n int) {
			labels, _ := a.value(row, "labels").(map[string]any)
			stages := []string{"Discovery", "Demo", "Negotiation", "Closed"}
			a.edit(row, "labels", with(labels, map[string]any{"Stage": stages[n%len(stages)]}))
		}},
		{"", func(row, n int) {
			title, _ := a.value(row, "title").(string)
			a.edit(row, "title", strings.TrimSpace(title+" (rev. "+strconv.Itoa(n)+")"))
		}},
	}
	return a
}

func (a *Attention) account(acc *Account) { acc.Path, acc.Credential = "/attention/v2", a.key }

func (a *Attention) routes() []route {
	read := []string{
		"detailedTranscript", "filter[include_internal_participants]", "filter[include_zoom_metadata]", "filter[include_import_metadata]",
	}
	return []route{
		{pattern: "GET /v2/conversations", query: attentionList, repeated: attentionRepeated, handle: a.listAll},
		{pattern: "GET /v2/conversations/list", query: attentionList, repeated: attentionRepeated, handle: a.listBatched},
		{pattern: "GET /v2/conversations/{id}", query: read, handle: a.get},
		{pattern: "DELETE /v2/conversations/{id}", handle: a.archive},
		{pattern: "PUT /v2/conversations/{id}/title", fields: []string{"title"}, handle: a.rename},
		{pattern: "PUT /v2/conversations/{id}/labels", fields: []string{"labels", "skip_analysis"}, handle: a.label},
		{pattern: "PUT /v2/conversations/{id}/change_privacy", query: []string{"privacy"}, handle: a.changePrivacy},
		{pattern: "POST /v2/conversations/{id}/media/download", handle: a.download},
		{pattern: "GET /v2/users", query: []string{"filter[email]"}, repeated: []string{"filter[email]"}, handle: a.listUsers},
		{pattern: "GET /v2/organizations/teams", handle: a.listTeams},
		{pattern: "GET /v2/teams", handle: a.listTeams},
		{pattern: "GET /v2/labels", handle: a.listLabels},
	}
}

// authorized takes the key with the word Bearer or without.
func (a *Attention) authorized(x *exchange) bool {
	key, bearer := strings.CutPrefix(x.authorization(), "Bearer ")
	return key == a.key && !a.revoked && !(bearer && a.switches.RawKeyOnly) && (bearer || !a.switches.BearerOnly)
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
	return a.data.number("attention conversation", id, a.conversations)
}

func (a *Attention) id(row int) string { return a.data.id("attention conversation", row) }

// placed knows the ids of users, teams, roles and the organization, and the short form of a user inside conversations.
func (a *Attention) placed(_ int, kind string, n int) any {
	if kind == "person" {
		p := a.data.Staff[n]
		return map[string]any{"uuid": a.placed(-1, "user", n), "email": p.Email, "firstName": p.First, "lastName": p.Last}
	}
	return a.data.id("attention "+kind, n)
}

func (a *Attention) show(row int) map[string]any {
	return a.resource(row, attentionView{transcript: transcriptDetailed, intelligence: true, internal: true, zoom: true, imported: true})
}
