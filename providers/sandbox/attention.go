package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// AttentionSwitches are the readings of Attention's documentation that can be
// turned: every field's zero value is the default reading.
type AttentionSwitches struct {
	// WrapData wraps a single conversation in {"data": …}; the default is the
	// bare resource. Callers that accept only application/vnd.api+json get
	// the wrapped form anyway.
	WrapData bool
	// ListPathMissing answers 404 on /conversations/list.
	ListPathMissing bool
	// RawKeyOnly refuses "Bearer <key>", BearerOnly the key alone; the
	// default accepts both.
	RawKeyOnly, BearerOnly bool
	// NullLists sends null for every empty list and map.
	NullLists bool
	// UpperStatuses and LowerStatuses fold all statuses to one case; the
	// default mixes them as met in the field.
	UpperStatuses, LowerStatuses bool
	// BareArrayList sends a list as an array without data, links or meta.
	BareArrayList bool
	// MetaTotalOnly sends only meta.totalRecords, NoMeta no meta at all.
	MetaTotalOnly, NoMeta bool
	// NotFoundPastEnd answers 404 for a page after the last one. By default it
	// is empty.
	NotFoundPastEnd bool
	// MaxPage, when positive, silently caps the rows of a page below the size
	// asked for.
	MaxPage int
	// PrivacyIgnored answers a change of privacy with 200 and changes nothing.
	PrivacyIgnored bool
	// ArchiveIgnored answers an archiving with 200 and changes nothing.
	ArchiveIgnored bool
	// PrivacyOmitted leaves attributes.private out of the answers to writes.
	PrivacyOmitted bool
	// LabelsMerged adds to the label map; the default replaces it.
	LabelsMerged bool
	// ForbidWrites answers every change of a conversation with 403.
	ForbidWrites bool
	// ArchivedHidden leaves archived conversations out of lists.
	ArchivedHidden bool
	// InternalByDefault includes internal participants unless told not to;
	// the default leaves them out of lists and reads unless asked for.
	InternalByDefault bool
	// IDInAttributesOnly leaves the resource's id out, so that only
	// attributes.uuid names it.
	IDInAttributesOnly bool
	// ErrorShape chooses the form of error bodies, 0 to 4: title, detail and
	// code; a JSON:API errors array; message; error; plain text.
	ErrorShape int
}

// Attention is the stand-in for Attention's API v2. Use [Sandbox.Attention].
type Attention struct {
	data *seedData
	now  func() time.Time
	key  string
	dir  attentionDirectory

	mu       sync.Mutex
	switches AttentionSwitches
	rows     []attentionRow
	index    map[string]int
	external map[string]int
	// changed holds attributes that differ from the generated ones.
	changed map[int]map[string]any
	removed map[int]bool
	revoked bool
	// forced holds statuses to answer instead of handling.
	forced []int
	// disturbed counts somebody else's changes, to make each different.
	disturbed int
}

// attentionRow is what lists need of a conversation without generating it.
type attentionRow struct {
	id      string
	created time.Time
	flags   attentionFlags
}

type attentionFlags uint16

const (
	attentionPrivate attentionFlags = 1 << iota
	attentionInternal
	attentionEmpty
	attentionArchived
	attentionPending
	attentionFailed
	attentionImported
)

func newAttention(n int, d *seedData, now func() time.Time) *Attention {
	a := &Attention{
		data: d, now: now,
		rows: make([]attentionRow, n), index: make(map[string]int, n), external: map[string]int{},
		changed: map[int]map[string]any{}, removed: map[int]bool{},
	}
	r := d.rng(streamAttentionDirectory, -1)
	// Keys are described as JWTs: long and dotted.
	a.key = "eyJhbGciOiJIUzI1NiJ9.c2FuZGJveA" + digits(r, 20) + "." + strings.ReplaceAll(uuid(r), "-", "")
	a.dir = newAttentionDirectory(d)
	for i := range a.rows {
		r := d.rng(streamAttention, i)
		row := attentionRow{id: uuid(r), created: d.created(i, n)}
		for _, f := range []struct {
			flag attentionFlags
			p    float64
		}{
			{attentionPrivate, 0.22},
			{attentionInternal, 0.15},
			{attentionEmpty, 0.04},
			{attentionArchived, 0.05},
			{attentionPending, 0.04},
			{attentionFailed, 0.03},
			{attentionImported, 0.06},
		} {
			if chance(r, f.p) {
				row.flags |= f.flag
			}
		}
		a.rows[i] = row
		a.index[row.id] = i
		if row.flags&attentionImported != 0 {
			a.external[attentionExternalID(i)] = i
		}
	}
	return a
}

// attentionExternalID is the id another application gave an imported call; it
// is the caller's free text, so one may hold a slash or a space.
func attentionExternalID(i int) string {
	switch i % 3 {
	case 0:
		return "crm/2026/" + strconv.Itoa(i)
	case 1:
		return "call " + strconv.Itoa(i) + "?é"
	}
	return "ext-" + strconv.Itoa(i)
}

func (a *Attention) provider() string { return providerAttention }

func (a *Attention) account() Account {
	return Account{
		Name: "sales", Provider: providerAttention, Path: "/attention/v2", Credential: a.key,
		Settings: map[string]string{}, Secrets: map[string]string{},
	}
}

func (a *Attention) revoke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revoked = true
}

// Set changes the switches.
func (a *Attention) Set(change func(*AttentionSwitches)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.switches)
}

// AnswerNext answers the next n requests with the status, in the form
// ErrorShape says, without doing anything. 502, 503 and 504 are HTML pages
// under ErrorShape 0 as a gateway sends them.
func (a *Attention) AnswerNext(status, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forced = append(a.forced, slices.Repeat([]int{status}, n)...)
}

// Len returns the number of conversations, archived ones included.
func (a *Attention) Len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.rows) - len(a.removed)
}

// IDs returns the ids of all conversations, newest first.
func (a *Attention) IDs() []string {
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

// JSON returns the whole resource as GET shows it with everything asked for
// (detailed transcript, internal participants, metadata), or nil. It is the
// caller's to change.
func (a *Attention) JSON(id string) map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.find(id)
	if !ok {
		return nil
	}
	return viaJSON(a.resource(i, attentionView{
		transcript: transcriptDetailed, intelligence: true, internal: true, zoom: true, imported: true,
	})).(map[string]any)
}

// Change sets an attribute as somebody else would, behind the client's back.
// The service has no time of last change. It panics on an unknown id.
func (a *Attention) Change(id, field string, value any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.set(a.mustFind(id), field, value)
}

// Remove makes a conversation unknown. It panics on an unknown id.
func (a *Attention) Remove(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.removed[a.mustFind(id)] = true
}

// ExternalIDs returns the ids other applications gave to imported calls, by
// conversation id.
func (a *Attention) ExternalIDs() map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	ids := make(map[string]string, len(a.external))
	for ext, i := range a.external {
		ids[a.rows[i].id] = ext
	}
	return ids
}

func (a *Attention) find(id string) (int, bool) {
	i, ok := a.index[id]
	return i, ok && !a.removed[i]
}

func (a *Attention) mustFind(id string) int {
	i, ok := a.find(id)
	if !ok {
		panic("sandbox: no Attention conversation " + id)
	}
	return i
}

func (a *Attention) set(i int, field string, value any) {
	if a.changed[i] == nil {
		a.changed[i] = map[string]any{}
	}
	a.changed[i][field] = viaJSON(value)
}

// has tells a flag, unless the attribute that shows it was changed.
func (a *Attention) has(i int, flag attentionFlags, field string) bool {
	if v, ok := a.changed[i][field].(bool); ok {
		return v
	}
	return a.rows[i].flags&flag != 0
}

func (a *Attention) isWrite(method string, path []string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	case http.MethodPost:
		// The media call is a POST that changes nothing.
		return len(path) == 0 || path[len(path)-1] != "download"
	}
	return true
}

func (a *Attention) rateLimited(x *exchange) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fail(x, http.StatusTooManyRequests, "too many requests")
}

// fail answers with an error in the form chosen. The vendor documents none.
func (a *Attention) fail(x *exchange, status int, detail string) {
	title := http.StatusText(status)
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

func (a *Attention) authorized(x *exchange) bool {
	values := x.header.Values("Authorization")
	if a.revoked || len(values) != 1 {
		return false
	}
	key, bearer := strings.CutPrefix(values[0], "Bearer ")
	switch {
	case bearer && a.switches.RawKeyOnly, !bearer && a.switches.BearerOnly:
		return false
	}
	return key == a.key
}

// disturb makes somebody else's change, to the field a write is about.
func (a *Attention) disturb(x *exchange) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(x.path) < 3 || x.path[1] != "conversations" || !a.authorized(x) {
		return
	}
	i, ok := a.find(x.path[2])
	if !ok {
		return
	}
	a.disturbed++
	what := ""
	if len(x.path) > 3 {
		what = x.path[3]
	}
	switch what {
	case "change_privacy":
		a.set(i, "private", !a.has(i, attentionPrivate, "private"))
	case "labels":
		labels, _ := a.attribute(i, "labels").(map[string]any)
		labels = maps.Clone(labels)
		if labels == nil {
			labels = map[string]any{}
		}
		labels["Stage"] = attentionLabels[1].options[a.disturbed%len(attentionLabels[1].options)]
		a.set(i, "labels", labels)
	case "", "title":
		title, _ := a.attribute(i, "title").(string)
		a.set(i, "title", strings.TrimSpace(title+" (rev. "+strconv.Itoa(a.disturbed)+")"))
	}
}

// attribute returns the current value of one attribute.
func (a *Attention) attribute(i int, field string) any {
	if v, ok := a.changed[i][field]; ok {
		return v
	}
	return a.generated(i)[field]
}

// viaJSON turns any value into the maps, slices, strings, float64 and bools it
// is in JSON, sharing nothing with it.
func viaJSON(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		panic("sandbox: " + err.Error())
	}
	return out
}
