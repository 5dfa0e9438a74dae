package sandbox

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Attention is the stand-in for Attention's API v2. Use [Sandbox.Attention].
type Attention struct{ *server }

// Attention returns the state of the Attention server.
func (s *Sandbox) Attention() *Attention { return serviceOf[*Attention](s) }

func newAttention(s *server) {
	// The vendor describes keys as JWTs: long, with dots.
	s.key = "eyJhbGciOiJIUzI1NiJ9.c2FuZGJveA." + strings.ReplaceAll(s.data.id("attention key", 0), "-", "")
	a := &Attention{s}
	a.start(a, map[string]func(*exchange){
		"list": a.list, "read": a.read, "label": a.label, "download": a.download,
		"teams":   func(x *exchange) { a.ok(x, rowsOrNull(a.teams(nil))) },
		"archive": func(x *exchange) { a.change(x, "archived", true, a.on("ArchiveIgnored")) },
		"rename":  func(x *exchange) { a.change(x, "title", x.set["title"], false) },
		"privacy": func(x *exchange) { a.change(x, "private", x.param["privacy"] == "private", a.on("PrivacyIgnored")) },
	})
}

// The forms of a transcript.
const (
	transcriptText     = iota // a string, as in lists
	transcriptObject          // pieces under final, v1.final or v2.final
	transcriptDetailed        // an array of speakers with timed words
)

// list answers both list calls. The batched one includes empty conversations and leaves the two intelligence maps out.
func (a *Attention) list(x *exchange) {
	size := min(x.number("size"), 50)
	if most, capped := a.reading("MaxPage").(int); capped {
		size = min(size, most)
	}
	rows := slices.DeleteFunc(a.live(), a.hides(x))
	words := numbered(x, rows, size, func(row int) map[string]any { return a.resource(x, row, transcriptText) })
	number, pages := x.number("page"), (len(rows)+size-1)/size
	if number > max(pages, 1) && a.on("NotFoundPastEnd") {
		x.notFound("Page")
	}
	words["pages"], words["size"], words["data"], words["related"] = pages, size, words["rows"], nothing{}
	if number < pages {
		// The vendor names the same path for both lists.
		words["related"] = "/v2/conversations?page=" + strconv.Itoa(number+1)
	}
	if number > pages && a.on("NullLists") {
		words["data"] = nil
	}
	a.ok(x, a.listForm(words))
}

// hides compiles the query into a test that reports whether the list leaves a row out.
func (a *Attention) hides(x *exchange) func(int) bool {
	from, _ := x.param["fromDateTime"].(time.Time)
	external, found := x.param["filter[hide_internal]"] == true, a.found(x)
	return func(row int) bool {
		return a.createdAt(row).Before(from) || x.call.Of != "batch" && a.value(row, "isEmpty") == true ||
			external && a.value(row, "isInternal") == true || !found(func(member string) any { return a.value(row, member) })
	}
}

// single answers with a conversation, bare or wrapped in data.
func (a *Attention) single(x *exchange, resource map[string]any) {
	contentType, wrap := a.Answers, a.on("WrapData")
	if accept := x.header.Get("Accept"); strings.Contains(accept, "vnd.api+json") && !strings.Contains(accept, "application/json") {
		contentType, wrap = "application/vnd.api+json", true
	}
	if wrap {
		resource = map[string]any{"data": resource}
	}
	x.jsonAs(http.StatusOK, contentType, resource)
}

func (a *Attention) read(x *exchange) { a.single(x, a.resource(x, x.row, transcriptObject)) }

// change sets an attribute, unless the change is to be ignored, and answers with the conversation.
func (a *Attention) change(x *exchange, field string, value any, ignored bool) {
	if !ignored {
		a.edit(x.row, field, value)
	}
	res := a.resource(x, x.row, transcriptObject)
	if a.on("PrivacyOmitted") {
		delete(res["attributes"].(map[string]any), "private")
	}
	a.single(x, res)
}

func (a *Attention) label(x *exchange) {
	labels := x.set["labels"].(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if !slices.ContainsFunc(a.file["labels"].Rows, func(l record) bool { return l.Set["name"] == k }) {
			x.badField("labels", "unknown_label", "unknown label category "+k)
		}
	}
	if old, ok := a.value(x.row, "labels").(map[string]any); ok && a.on("LabelsMerged") {
		labels = with(old, labels)
	}
	a.change(x, "labels", labels, false)
}

// download answers with a presigned address. The service answers both 403 and 404 if there is no recording.
func (a *Attention) download(x *exchange) {
	ready := func(field string) bool {
		s, _ := a.value(x.row, field).(string)
		return strings.EqualFold(s, "ready")
	}
	switch {
	case !ready("videoStatus") && !ready("mediaStorageStatus"):
		x.refuse(http.StatusNotFound, "not_found", "no recording")
	case a.value(x.row, "isEmpty") == true:
		x.refuse(http.StatusForbidden, "forbidden", "an organization-level key is needed")
	}
	id := a.id(x.row)
	a.ok(x, map[string]any{"url": "https://media.attention.example/" + id + ".mp4?X-Expires=900&X-Signature=5f1d" + id[:8]})
}

func (a *Attention) show(row int) map[string]any { return a.resource(nil, row, transcriptDetailed) }

// attributes returns all of a conversation but the transcript. Participants were invited, attendees were present.
func (a *Attention) attributes(row int) map[string]any {
	at, people := a.doc(row), []any{}
	for who, members := range a.takingPart(row) {
		m := map[string]any{"id": a.data.id("attention participant", row<<6+len(people))}
		if who != "" {
			p := a.data.person(who)
			m["email"], m["name"], m["organizer"], m["status"] = p.Email, p.name(), len(people) == 0, "accepted"
		}
		people = append(people, with(m, members))
	}
	if n, ok := at["attendees"].(float64); ok {
		at["attendees"] = people[:int(n)]
	}
	at["participants"] = people
	maps.Copy(at, a.edited[row])
	return at
}

// resource returns a conversation as the answer to a request shows it, or everything if x is nil. Reads leave internal people out,
// those of the caller's organisation; the vendor's sample of the answer to a write includes them.
func (a *Attention) resource(x *exchange, row, form int) map[string]any {
	at, id := a.attributes(row), a.id(row)
	shows := func(name string) bool { return x == nil || x.param[name] == true }
	if shows("detailedTranscript") {
		form = transcriptDetailed
	}
	if said := a.said(row); len(said) > 0 {
		at["transcript"] = cmp.Or(a.edited[row]["transcript"], a.transcript(row, said, form))
	}
	if x != nil && x.call.Of == "batch" {
		delete(at, "extractedIntelligence")
		delete(at, "confirmedExtractedIntelligence")
	}
	if internal := "filter[include_internal_participants]"; !shows(internal) && x.method == http.MethodGet &&
		(x.param[internal] != nil || !a.on("InternalByDefault")) {
		at["participants"], at["attendees"] = withoutInternal(at["participants"]), withoutInternal(at["attendees"])
	}
	if !shows("filter[include_zoom_metadata]") {
		delete(at, "zoomMetadata")
	}
	if _, ok := at["importMetadata"]; ok && !shows("filter[include_import_metadata]") {
		at["importMetadata"] = map[string]any{}
	}
	for k, value := range at {
		s, ok := value.(string)
		switch {
		case !ok || !strings.HasSuffix(k, "Status"):
		case a.on("LowerStatuses"):
			at[k] = strings.ToLower(s)
		case a.on("UpperStatuses"):
			at[k] = strings.ToUpper(s)
		}
	}
	if a.on("NullLists") {
		at = rebuilt(at, nullEmpty).(map[string]any)
	}
	res := map[string]any{"type": "conversations", "id": id, "attributes": at, "links": map[string]any{"self": "/v2/conversations/" + id}}
	if a.on("IDInAttributesOnly") {
		delete(res, "id")
	}
	return res
}

// nullEmpty returns nil for an empty list or map and v for anything else.
func nullEmpty(v any) any {
	list, isList := v.([]any)
	object, isObject := v.(map[string]any)
	if isList && len(list) == 0 || isObject && len(object) == 0 {
		return nil
	}
	return v
}

// withoutInternal removes the people of the caller's organisation, whom it knows by their mail domain.
func withoutInternal(people any) any {
	list, ok := people.([]any)
	if !ok {
		return people
	}
	return slices.DeleteFunc(slices.Clone(list), func(p any) bool {
		m, _ := p.(map[string]any)
		email, _ := m["email"].(string)
		return strings.HasSuffix(email, "@northwind.example")
	})
}

// transcript returns what was said in one of the forms. Some speakers lack a name or everything.
func (a *Attention) transcript(row int, said []line, form int) any {
	if form == transcriptText {
		return a.data.transcript(said)
	}
	var detailed, flat []any
	end := 0.1
	for _, l := range said {
		start := max(end+0.3, time.Duration(l.At).Seconds())
		end = start + 0.05*float64(len(l.Text))
		p, staff := a.data.person(l.By), strings.HasPrefix(l.By, "staff")
		spoken := spokenWords(l.Text, start, end, row%3 == 1)
		speaker := map[string]any{"id": "1", "name": p.name(), "email": p.Email}
		switch {
		case staff:
			speaker["id"] = "0"
		case a.data.Odd && row%7 == 0:
			speaker = map[string]any{}
		case a.data.Odd && row%5 == 0:
			speaker = map[string]any{"email": p.Email}
		}
		detailed = append(detailed, map[string]any{"speaker": speaker, "words": spoken})
		piece := map[string]any{"speaker": p.name(), "words": spoken}
		if row%2 == 0 {
			piece = map[string]any{"speaker": p.name(), "startTimestamp": start, "endTimestamp": end, "sentence": l.Text}
		}
		flat = append(flat, piece)
	}
	final := map[string]any{"final": flat}
	switch {
	case form == transcriptDetailed:
		return detailed
	case row%3 == 1:
		return map[string]any{"v1": final}
	case row%3 == 2:
		return map[string]any{"v2": map[string]any{"final": flat, "pieceInFlux": nil}}
	}
	return final
}

// spokenWords splits a sentence into timed words, which keep the space that follows unless they are bare.
func spokenWords(said string, start, end float64, bare bool) []any {
	tokens := strings.SplitAfter(said, " ")
	step := (end - start) / float64(len(tokens))
	words := make([]any, len(tokens))
	for k, t := range tokens {
		if bare {
			t = strings.TrimSpace(t)
		}
		words[k] = map[string]any{"text": t, "startTimestamp": start + step*float64(k), "endTimestamp": start + step*float64(k+1)}
	}
	return words
}

// teams returns the teams below another, with those below them.
func (a *Attention) teams(parent any) []any {
	list := []any{}
	for i := range a.count("team") {
		if team := a.entry("team", i); team["parentTeamUUID"] == parent {
			team["children"] = a.teams(team["uuid"])
			list = append(list, team)
		}
	}
	return list
}

func (a *Attention) listed(x *exchange, kind string, rows []int) {
	a.ok(x, rowsOrNull(a.entriesOf(kind, rows)))
}

// rowsOrNull wraps a directory list. An empty one is null, as met in the field.
func rowsOrNull(rows []any) map[string]any {
	if len(rows) == 0 {
		return map[string]any{"data": nil}
	}
	return map[string]any{"data": rows}
}
