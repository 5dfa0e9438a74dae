package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// The query parameters of reads of one conversation.
var attentionGetParams = []string{
	"by", "detailedTranscript", "filter[include_internal_participants]", "filter[include_zoom_metadata]", "filter[include_import_metadata]",
}

func (a *Attention) serve(x *exchange) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.forced) > 0 {
		status := a.forced[0]
		a.forced = a.forced[1:]
		if status > http.StatusInternalServerError && a.switches.ErrorShape == 0 {
			x.gatewayError(status)
			return
		}
		a.fail(x, status, strings.ToLower(http.StatusText(status)))
		return
	}
	if len(x.path) < 2 || x.path[0] != "v2" {
		a.fail(x, http.StatusNotFound, "no such path")
		return
	}
	if !a.authorized(x) {
		a.fail(x, http.StatusUnauthorized, "invalid or missing API key")
		return
	}
	if x.badQuery {
		a.fail(x, http.StatusBadRequest, "malformed query")
		return
	}
	rest := x.path[2:]
	switch x.path[1] {
	case "conversations":
		a.conversations(x, rest)
	case "users", "organizations", "teams", "labels":
		a.directory(x, x.path[1], rest)
	default:
		a.fail(x, http.StatusNotFound, "no such path")
	}
}

func (a *Attention) conversations(x *exchange, rest []string) {
	switch {
	case len(rest) == 0:
		if a.allow(x, http.MethodGet) {
			a.list(x, false)
		}
	case len(rest) == 1 && rest[0] == "list" && !a.switches.ListPathMissing:
		if a.allow(x, http.MethodGet) {
			a.list(x, true)
		}
	case len(rest) == 2 && rest[0] == "by-external-id":
		if !a.allow(x, http.MethodGet) || !a.only(x) || !a.bodyless(x) {
			return
		}
		i, ok := a.external[rest[1]]
		if !ok || a.removed[i] {
			a.fail(x, http.StatusNotFound, "conversation not found")
			return
		}
		x.json(http.StatusOK, map[string]any{"conversation_id": a.rows[i].id})
	case len(rest) == 1:
		switch x.method {
		case http.MethodGet:
			a.get(x, rest[0])
		case http.MethodPut:
			a.update(x, rest[0], nil, "title", "labels")
		case http.MethodDelete:
			a.archive(x, rest[0])
		default:
			a.allow(x, http.MethodGet, http.MethodPut, http.MethodDelete)
		}
	case len(rest) == 2 && rest[1] == "title":
		if a.allow(x, http.MethodPut) {
			a.update(x, rest[0], []string{"title"}, "title")
		}
	case len(rest) == 2 && rest[1] == "labels":
		if a.allow(x, http.MethodPut) {
			a.update(x, rest[0], []string{"labels"}, "labels", "skip_analysis")
		}
	case len(rest) == 2 && rest[1] == "change_privacy":
		if a.allow(x, http.MethodPut) {
			a.changePrivacy(x, rest[0])
		}
	case len(rest) == 3 && rest[1] == "media" && rest[2] == "download":
		if a.allow(x, http.MethodPost) {
			a.media(x, rest[0])
		}
	default:
		a.fail(x, http.StatusNotFound, "no such path")
	}
}

// allow refuses other methods with 405.
func (a *Attention) allow(x *exchange, methods ...string) bool {
	if slices.Contains(methods, x.method) {
		return true
	}
	x.answer.Set("Allow", strings.Join(methods, ", "))
	a.fail(x, http.StatusMethodNotAllowed, "method not allowed")
	return false
}

// only refuses query parameters outside names, and repeated ones unless they
// are arrays.
func (a *Attention) only(x *exchange, names ...string) bool {
	for _, k := range slices.Sorted(maps.Keys(x.query)) {
		if !slices.Contains(names, k) {
			a.fail(x, http.StatusBadRequest, "unknown query parameter "+k)
			return false
		}
		if len(x.query[k]) > 1 && !slices.Contains(attentionArrays, k) {
			a.fail(x, http.StatusBadRequest, "query parameter "+k+" given twice")
			return false
		}
	}
	return true
}

// bodyless refuses a body where none belongs.
func (a *Attention) bodyless(x *exchange) bool {
	if len(x.body) == 0 {
		return true
	}
	a.fail(x, http.StatusBadRequest, "unexpected request body")
	return false
}

// flag reads a boolean query parameter.
func (a *Attention) flag(x *exchange, name string, absent bool) (value, ok bool) {
	switch v := x.query[name]; {
	case len(v) == 0:
		return absent, true
	case v[0] == "true":
		return true, true
	case v[0] == "false":
		return false, true
	}
	a.fail(x, http.StatusBadRequest, "query parameter "+name+" must be true or false")
	return false, false
}

// row finds the conversation or answers 404.
func (a *Attention) row(x *exchange, id string) (int, bool) {
	i, ok := a.find(id)
	if !ok {
		a.fail(x, http.StatusNotFound, "conversation not found")
	}
	return i, ok
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

func (a *Attention) get(x *exchange, id string) {
	if !a.only(x, attentionGetParams...) || !a.bodyless(x) {
		return
	}
	view := attentionView{transcript: transcriptObject, intelligence: true}
	detailed, ok := a.flag(x, "detailedTranscript", false)
	if !ok {
		return
	}
	if detailed {
		view.transcript = transcriptDetailed
	}
	if view.internal, ok = a.flag(x, "filter[include_internal_participants]", a.switches.InternalByDefault); !ok {
		return
	}
	if view.zoom, ok = a.flag(x, "filter[include_zoom_metadata]", false); !ok {
		return
	}
	if view.imported, ok = a.flag(x, "filter[include_import_metadata]", false); !ok {
		return
	}
	switch by := x.query.Get("by"); {
	case !x.query.Has("by"), by == "id":
	case by == "external_id":
		i, ok := a.external[id]
		if !ok {
			a.fail(x, http.StatusNotFound, "conversation not found")
			return
		}
		id = a.rows[i].id
	default:
		a.fail(x, http.StatusBadRequest, "by must be id or external_id")
		return
	}
	if i, ok := a.row(x, id); ok {
		a.single(x, a.resource(i, view))
	}
}

// written answers a write with the conversation as it is now. The vendor's
// sample of such an answer shows internal people too.
func (a *Attention) written(x *exchange, i int) {
	res := a.resource(i, attentionView{transcript: transcriptObject, intelligence: true, internal: true})
	if a.switches.PrivacyOmitted {
		delete(res["attributes"].(map[string]any), "private")
	}
	a.single(x, res)
}

// writable is what all writes check before their own arguments.
func (a *Attention) writable(x *exchange, id string) (int, bool) {
	i, ok := a.row(x, id)
	if ok && a.switches.ForbidWrites {
		a.fail(x, http.StatusForbidden, "you may not change this conversation")
		return 0, false
	}
	return i, ok
}

func (a *Attention) changePrivacy(x *exchange, id string) {
	if !a.only(x, "privacy") || !a.bodyless(x) {
		return
	}
	want := x.query.Get("privacy")
	if want != "public" && want != "private" {
		a.fail(x, http.StatusBadRequest, "privacy must be public or private")
		return
	}
	i, ok := a.writable(x, id)
	if !ok {
		return
	}
	if !a.switches.PrivacyIgnored {
		a.set(i, "private", want == "private")
	}
	a.written(x, i)
}

func (a *Attention) archive(x *exchange, id string) {
	if !a.only(x) || !a.bodyless(x) {
		return
	}
	if i, ok := a.writable(x, id); ok {
		if !a.switches.ArchiveIgnored {
			a.set(i, "archived", true)
		}
		a.written(x, i)
	}
}

// update sets title and labels from a JSON body with the allowed fields, of
// which the required ones must be there.
func (a *Attention) update(x *exchange, id string, required []string, allowed ...string) {
	if !a.only(x) {
		return
	}
	media, _, err := mime.ParseMediaType(x.header.Get("Content-Type"))
	if err != nil || media != "application/json" && media != "application/vnd.api+json" {
		a.fail(x, http.StatusUnsupportedMediaType, "the body must be application/json")
		return
	}
	fields, err := decodeObject(x.body)
	if err != nil {
		a.fail(x, http.StatusBadRequest, "malformed body: "+err.Error())
		return
	}
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(allowed, k) {
			a.fail(x, http.StatusBadRequest, "unknown field "+k)
			return
		}
	}
	for _, k := range required {
		if fields[k] == nil {
			a.fail(x, http.StatusBadRequest, k+" is required")
			return
		}
	}
	var title *string
	if raw, ok := fields["title"]; ok && (json.Unmarshal(raw, &title) != nil || title == nil) {
		a.fail(x, http.StatusBadRequest, "title must be a string")
		return
	}
	var labels map[string]any
	if raw, ok := fields["labels"]; ok && (json.Unmarshal(raw, &labels) != nil || labels == nil) {
		a.fail(x, http.StatusBadRequest, "labels must be an object")
		return
	}
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if !isAttentionLabel(k) {
			a.fail(x, http.StatusBadRequest, "unknown label category "+k)
			return
		}
	}
	var skip *bool
	if raw, ok := fields["skip_analysis"]; ok && (json.Unmarshal(raw, &skip) != nil || skip == nil) {
		a.fail(x, http.StatusBadRequest, "skip_analysis must be true or false")
		return
	}
	i, ok := a.writable(x, id)
	if !ok {
		return
	}
	if title != nil {
		a.set(i, "title", *title)
	}
	if labels != nil {
		if a.switches.LabelsMerged {
			merged := map[string]any{}
			if old, ok := a.attribute(i, "labels").(map[string]any); ok {
				maps.Copy(merged, old)
			}
			maps.Copy(merged, labels)
			labels = merged
		}
		a.set(i, "labels", labels)
	}
	a.written(x, i)
}

func isAttentionLabel(name string) bool {
	for _, l := range attentionLabels {
		if l.name == name {
			return true
		}
	}
	return false
}

// media answers with a presigned address; without a recording the service
// says 403 or 404, and both mean the same.
func (a *Attention) media(x *exchange, id string) {
	if !a.only(x) || !a.bodyless(x) {
		return
	}
	i, ok := a.row(x, id)
	if !ok {
		return
	}
	ready := func(field string) bool {
		s, _ := a.attribute(i, field).(string)
		return strings.EqualFold(s, "ready")
	}
	switch {
	case !ready("videoStatus") && !ready("mediaStorageStatus"):
		a.fail(x, http.StatusNotFound, "no recording")
	case a.rows[i].flags&attentionEmpty != 0:
		a.fail(x, http.StatusForbidden, "an organization-level key is needed")
	default:
		x.json(http.StatusOK, map[string]any{
			"url": "https://media.attention.example/" + a.rows[i].id + ".mp4?X-Expires=900&X-Signature=5f1d" + a.rows[i].id[:8],
		})
	}
}

// decodeObject reads one JSON object and nothing after it.
func decodeObject(body []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	var fields map[string]json.RawMessage
	if err := dec.Decode(&fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, errors.New("an object is expected")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	return fields, nil
}
