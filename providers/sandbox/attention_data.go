package sandbox

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// How a transcript is shown.
type transcriptForm int

const (
	// transcriptText is a plain string, as in lists.
	transcriptText transcriptForm = iota
	// transcriptObject holds the pieces under final, v1.final or v2.final.
	transcriptObject
	// transcriptDetailed is an array of speakers with timed words.
	transcriptDetailed
)

// attentionView says which parts of a conversation an answer shows.
type attentionView struct {
	transcript   transcriptForm
	intelligence bool
	// internal includes the participants of the caller's own organisation.
	internal       bool
	zoom, imported bool
}

// attentionLabels are the label categories of the organisation.
var attentionLabels = []struct {
	name, description string
	options           []string
}{
	{"Outcome", "How the call ended", []string{"Won", "Lost", "Open"}},
	{"Stage", "", []string{"Discovery", "Demo", "Negotiation", "Closed"}},
	{"Call Type", "What kind of call it was", []string{"Sales", "Interview", "Support", "Internal"}},
	{"Регион", "", []string{"Европа", "Азия", "Америка"}},
	{"Priority 🔥", "", []string{"P0", "P1", "P2"}},
	{"Language", "", []string{"English", "Deutsch", "日本語", "العربية"}},
	{"Follow-up", "Does somebody have to act", []string{"yes", "no"}},
	{"Competitor", "", nil},
}

var (
	videoStatuses      = []string{"READY", "ready", "READY", "Ready", "ready"}
	transcriptStatuses = []string{"completed", "COMPLETED", "completed", "reviewed_by_human"}
	exportStatuses     = []string{"exported", "EXPORTED", "", "NONE", "pending", "skipped-by-rule"}
	importStatuses     = []string{"completed", "FINISHED", "NONE", "FINISHED", ""}
	replyStatuses      = []string{"accepted", "accepted", "accepted", "needsAction", "declined", "tentative", "ACCEPTED", ""}
)

// generated builds the attributes of row i as they were at the start, all of
// them, with the internal participants.
func (a *Attention) generated(i int) map[string]any {
	row := a.rows[i]
	d := a.data
	r := d.rng(streamAttention, len(a.rows)+i)

	owner := r.IntN(len(d.staff))
	pending := row.flags&attentionPending != 0
	failed := row.flags&attentionFailed != 0
	duration := 120 + 3600*r.Float64()
	if row.flags&attentionEmpty != 0 {
		duration = 0
	}
	ended := row.created.Add(time.Duration(duration * float64(time.Second))).Truncate(time.Second)
	video, storage, transcript, imported := pick(r, videoStatuses), pick(r, videoStatuses), pick(r, transcriptStatuses), pick(r, importStatuses)
	var finished any = stamp(ended)
	switch {
	case pending:
		video, storage, transcript, imported = pick(r, []string{"PENDING", "IMPORTING", "pending"}), "PENDING", "processing", "IN_PROGRESS"
		finished = []any{nil, ""}[i%2]
	case failed:
		video, storage, transcript, imported = "UNAVAILABLE", "UNAVAILABLE", "failed", pick(r, []string{"FAILED", "DISCARDED"})
	}

	at := map[string]any{
		"uuid":                              row.id,
		"title":                             d.title(r, i),
		"createdAt":                         stamp(row.created),
		"finishedAt":                        finished,
		"liveStreamStartedAt":               stamp(row.created.Truncate(time.Second)),
		"liveStreamEndedAt":                 finished,
		"userUUID":                          a.dir.userIDs[owner],
		"teamUUID":                          a.dir.teamIDs[owner%len(a.dir.teamIDs)],
		"archived":                          row.flags&attentionArchived != 0,
		"referenceable":                     chance(r, 0.5),
		"private":                           row.flags&attentionPrivate != 0,
		"isInternal":                        row.flags&attentionInternal != 0,
		"isEmpty":                           row.flags&attentionEmpty != 0,
		"mediaDuration":                     duration,
		"videoUID":                          "vid-" + digits(r, 9),
		"videoStatus":                       video,
		"mediaStorageStatus":                storage,
		"transcriptStatus":                  transcript,
		"crmExportStatus":                   pick(r, exportStatuses),
		"importStatus":                      imported,
		"dealUUID":                          "",
		"emailTemplateID":                   "",
		"externalIntelligenceOpportunityID": "",
		"zoomMeetingJoinUrl":                "",
		"googleMeetJoinUrl":                 "",
		"microsoftTeamsJoinUrl":             "",
		"webexJoinUrl":                      "",
		"importMetadata":                    map[string]any{},
		"externalOpportunity":               nil,
		"bots":                              []any{},
		"boards":                            []any{},
		"talktracks":                        []any{},
		"scorecardResults":                  []any{},
		"linkedCrmRecords":                  []any{},
		"externalAccounts":                  []any{},
		"externalContacts":                  []any{},
		"labelTagsToFilterIfNA":             []any{},
		"deprecatedLabelCategories":         []any{},
		"extractedIntelligence":             map[string]any{},
		"confirmedExtractedIntelligence":    map[string]any{},
	}
	if i%4 == 0 {
		at["mediaDuration"] = int(duration)
	}
	if i%2 == 0 {
		at["user"] = a.dir.user(owner)
	}
	at[pick(r, []string{"zoomMeetingJoinUrl", "googleMeetJoinUrl", "microsoftTeamsJoinUrl", "webexJoinUrl"})] =
		"https://meet.example/j/" + digits(r, 10)

	a.people(r, at, i, owner, row.flags&attentionInternal != 0)
	at["labels"] = attentionLabelMap(r, i)
	a.crm(r, at)
	if chance(r, 0.3) {
		at["bots"] = []any{map[string]any{"uuid": uuid(r), "meetingUrl": "https://meet.example/j/" + digits(r, 10), "status": map[string]any{
			"code": pick(r, []string{"completed", "in_call", "fatal"}), "message": "Recording uploaded", "createdAt": stamp(row.created),
		}}}
	}
	if chance(r, 0.1) {
		at["boards"] = []any{map[string]any{"uuid": uuid(r), "battlecards": []any{}, "board": map[string]any{
			"uuid": uuid(r), "name": "Sales Playbook", "teamUUID": at["teamUUID"], "columns": []any{},
		}}}
		at["talktracks"] = []any{map[string]any{"uuid": uuid(r), "items": []any{
			map[string]any{"uuid": uuid(r), "activatedItemId": uuid(r), "done": true},
			map[string]any{"uuid": uuid(r), "activatedItemId": uuid(r), "done": false},
		}}}
	}
	if chance(r, 0.25) {
		score := float64(r.IntN(1000)) / 10
		at["scorecardResults"] = []any{map[string]any{
			"uuid": uuid(r), "title": "Sales Discovery Scorecard",
			"items": []any{map[string]any{
				"uuid": uuid(r), "title": "Asked open questions", "description": "", "evidences": []any{sentence(r)},
				"numericResult": map[string]any{"score": r.IntN(6), "min": 0, "max": 5},
			}},
			"summary": map[string]any{"averageScore": score, "min": 0, "max": 100, "summaryText": "Good performance"},
		}}
	}
	switch i % 17 {
	case 3: // fields of a later version
		at["sentimentScore"] = 0.71
		at["aiSummaryV3"] = map[string]any{"bullets": []any{"price", "timeline"}, "model": nil}
	case 5: // nulls where lists are due
		at["attendees"], at["bots"], at["boards"], at["labels"] = nil, nil, nil, nil
	case 7: // older rows lack whole fields
		delete(at, "attendees")
		delete(at, "referenceable")
		delete(at, "labelTagsToFilterIfNA")
		delete(at, "talktracks")
	}
	return at
}

// people fills participants (invited) and attendees (present).
func (a *Attention) people(r *rand.Rand, at map[string]any, i, owner int, internal bool) {
	d := a.data
	entry := func(p person, organizer bool) map[string]any {
		m := map[string]any{
			"id": uuid(r), "email": p.email, "name": p.name(), "organizer": organizer, "status": pick(r, replyStatuses),
		}
		switch r.IntN(12) {
		case 0:
			m["name"] = ""
		case 1:
			m["type"] = "required"
		case 2:
			m["status"] = "delegated"
		}
		return m
	}
	list := []any{entry(d.staff[owner], true)}
	for _, s := range someOf(r, r.IntN(3), len(d.staff)) {
		if s != owner {
			list = append(list, entry(d.staff[s], false))
		}
	}
	if !internal {
		for _, c := range someOf(r, 1+r.IntN(3), len(d.contacts)) {
			m := entry(d.contacts[c], false)
			if r.IntN(15) == 0 {
				m["email"] = nil
			}
			list = append(list, m)
		}
	}
	if i%41 == 40 {
		// A dial-in with a number for a name and nothing else.
		list = append(list, map[string]any{"id": uuid(r), "name": "+" + digits(r, 11)})
	}
	at["participants"] = list
	at["attendees"] = list[:1+r.IntN(len(list))]
}

func attentionLabelMap(r *rand.Rand, i int) map[string]any {
	labels := map[string]any{}
	for _, n := range someOf(r, r.IntN(4), len(attentionLabels)) {
		if options := attentionLabels[n].options; len(options) > 0 {
			labels[attentionLabels[n].name] = pick(r, options)
		}
	}
	switch i % 29 {
	case 4:
		labels["Competitor"] = []any{"Gong", "Chorus"}
	case 9:
		labels["Follow-up"] = true
	case 14:
		labels["Priority 🔥"] = 2
	case 19:
		labels["Outcome"] = nil
	}
	return labels
}

// crm fills what links a call to a customer-relations system, and what was
// read out of it.
func (a *Attention) crm(r *rand.Rand, at map[string]any) {
	if chance(r, 0.4) {
		code := pick(r, []string{"Account", "companies"})
		at["linkedCrmRecords"] = []any{map[string]any{"id": "001" + strings.ToUpper(digits(r, 9)), "code": code}}
		at["externalAccounts"] = []any{map[string]any{"id": "001" + digits(r, 9), "code": code}}
		at["externalContacts"] = []any{map[string]any{"id": "003" + digits(r, 9), "code": "Contact"}}
	}
	if chance(r, 0.3) {
		at["dealUUID"] = uuid(r)
		at["externalIntelligenceOpportunityID"] = "opp-" + digits(r, 7)
		at["externalOpportunity"] = map[string]any{"uuid": uuid(r), "title": "Enterprise deal – " + pick(r, a.data.companies).name}
	}
	if chance(r, 0.6) {
		item := func(title string, value any) map[string]any {
			return map[string]any{
				"id": uuid(r), "key": strings.ToLower(strings.ReplaceAll(title, " ", "_")), "value": value, "title": title,
				"category": "general", "refreshing": false, "options": nil, "source": "ai", "scope_insight": nil,
			}
		}
		extracted := map[string]any{}
		for _, it := range []map[string]any{item("Call Summary", sentence(r)+" "+sentence(r)), item("Budget", float64(r.IntN(90)*1000))} {
			extracted[it["id"].(string)] = it
		}
		at["extractedIntelligence"] = extracted
		if chance(r, 0.3) {
			it := item("Call Summary", sentence(r))
			at["confirmedExtractedIntelligence"] = map[string]any{it["id"].(string): it}
		}
	}
}

// resource builds a conversation as an answer shows it.
func (a *Attention) resource(i int, v attentionView) map[string]any {
	row := a.rows[i]
	at := a.generated(i)
	at["transcript"] = a.transcript(i, v.transcript)
	for k, value := range a.changed[i] {
		at[k] = value
	}
	if !v.intelligence {
		delete(at, "extractedIntelligence")
		delete(at, "confirmedExtractedIntelligence")
	}
	if !v.internal {
		at["participants"] = withoutInternal(at["participants"])
		if _, ok := at["attendees"]; ok {
			at["attendees"] = withoutInternal(at["attendees"])
		}
	}
	if v.zoom && i%3 == 0 {
		at["zoomMetadata"] = map[string]any{
			"calleeName": a.data.contacts[i%contactCount].name(), "calleeNumber": a.data.contacts[i%contactCount].phone,
			"callerName": "", "callerNumber": "+4420" + strconv.Itoa(7_000_000+i),
		}
	}
	if v.imported && row.flags&attentionImported != 0 {
		at["importMetadata"] = map[string]any{"batch": i % 7, "extra": map[string]any{"dialer": "aircall"}}
	}
	if a.switches.UpperStatuses || a.switches.LowerStatuses {
		fold := strings.ToUpper
		if a.switches.LowerStatuses {
			fold = strings.ToLower
		}
		for _, k := range []string{"videoStatus", "mediaStorageStatus", "transcriptStatus", "crmExportStatus", "importStatus"} {
			if s, ok := at[k].(string); ok {
				at[k] = fold(s)
			}
		}
	}
	if a.switches.NullLists {
		at = nullEmpty(at).(map[string]any)
	}
	res := map[string]any{
		"type": "conversations", "id": row.id, "attributes": at,
		"links": map[string]any{"self": "/v2/conversations/" + row.id},
	}
	if a.switches.IDInAttributesOnly {
		delete(res, "id")
	}
	return res
}

// nullEmpty replaces empty lists and maps inside v by null, at any depth.
func nullEmpty(v any) any {
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			return nil
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = nullEmpty(v[i])
		}
		return out
	case map[string]any:
		if len(v) == 0 {
			return nil
		}
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = nullEmpty(v[k])
		}
		return out
	}
	return v
}

// withoutInternal drops the people of the caller's own organisation, told by
// mail domain.
func withoutInternal(list any) any {
	people, ok := list.([]any)
	if !ok {
		return list
	}
	kept := []any{}
	for _, p := range people {
		m, _ := p.(map[string]any)
		if email, _ := m["email"].(string); !strings.HasSuffix(email, "@"+ownDomain) {
			kept = append(kept, p)
		}
	}
	return kept
}

// transcript builds the transcript of row i; without one it is {} or null.
func (a *Attention) transcript(i int, form transcriptForm) any {
	row := a.rows[i]
	if row.flags&(attentionEmpty|attentionPending|attentionFailed) != 0 {
		if i%2 == 0 {
			return nil
		}
		return map[string]any{}
	}
	r := a.data.rng(streamAttention, -1-i)
	speakers := []person{a.data.staff[r.IntN(staffCount)], a.data.contacts[r.IntN(contactCount)]}
	pieces := 4 + r.IntN(8)
	if i%97 == 50 {
		pieces = 400
	}
	var text strings.Builder
	var detailed, flat []any
	at := 0.4
	for range pieces {
		who := r.IntN(2)
		p := speakers[who]
		said := sentence(r)
		start := at
		end := start + 0.05*float64(len(said))
		at = end + 0.3
		switch form {
		case transcriptText:
			text.WriteString(p.name() + ": " + said + "\n")
		case transcriptDetailed:
			speaker := map[string]any{"id": strconv.Itoa(who), "name": p.name(), "email": p.email}
			if who == 1 && i%5 == 0 {
				speaker = map[string]any{"email": p.email}
			}
			if who == 1 && i%7 == 0 {
				speaker = map[string]any{}
			}
			detailed = append(detailed, map[string]any{"speaker": speaker, "words": spokenWords(said, start, end, i%3 == 1)})
		case transcriptObject:
			piece := map[string]any{"speaker": p.name(), "startTimestamp": start, "endTimestamp": end}
			if i%2 == 0 {
				piece["sentence"] = said
			} else {
				piece = map[string]any{"speaker": p.name(), "words": spokenWords(said, start, end, i%3 == 1)}
			}
			flat = append(flat, piece)
		}
	}
	switch form {
	case transcriptText:
		return text.String()
	case transcriptDetailed:
		return detailed
	}
	switch i % 3 {
	case 0:
		return map[string]any{"final": flat}
	case 1:
		return map[string]any{"v1": map[string]any{"final": flat}}
	}
	return map[string]any{"v2": map[string]any{"final": flat, "pieceInFlux": nil}}
}

// spokenWords splits a sentence into timed tokens. Tokens carry their own
// spaces, or none at all when bare.
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
