package attention

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// roleOrganizer is the role of whoever called the meeting.
const roleOrganizer = "organizer"

// kindPerson is the kind of all participants, because the service does not reliably say who is a colleague.
const kindPerson = "person"

// converted is a conversation with those parts of its resource that model.Conversation does not hold.
type converted struct {
	model.Conversation
	raw, transcript json.RawMessage
	// rawLabels holds the values of the labels as the service sent them, to be written back; nil if it sent no map of labels.
	rawLabels map[string]json.RawMessage
}

// resource is a conversation as the service sent it: bare, or inside "data".
type resource struct {
	id              string
	raw             json.RawMessage   // without its envelope
	outer           *providers.Object // nil if absent
	top, attributes *providers.Object
}

// readResource finds the attributes of a resource. Without them it says nothing, rather than that every field is empty.
func readResource(raw json.RawMessage) (resource, error) {
	r := resource{raw: raw}
	r.top, _ = providers.ObjectOf(raw)
	if inner, ok := providers.ObjectOf(r.top.Peek("data")); ok && r.top.Null("attributes") {
		r.raw = r.top.Take("data")
		r.outer, r.top = r.top, inner
	}
	if r.attributes = r.top.Object("attributes"); r.attributes == nil {
		return r, providers.Malformed(calls.Get.Name, "the answer is no conversation")
	}
	if r.id = cmp.Or(r.top.Text("id"), r.attributes.Text("uuid")); r.id == "" {
		return r, providers.Malformed(calls.Get.Name, "the answer has no id")
	}
	return r, nil
}

// convert converts a resource. It is pure.
func (p *provider) convert(raw json.RawMessage, names directory) (converted, error) {
	r, err := readResource(raw)
	if err != nil {
		return converted{}, err
	}
	a := r.attributes
	var facts providers.Facts
	out := converted{
		Conversation: p.Conversation(r.id, "call"),
		raw:          r.raw,
		transcript:   a.Take("transcript"),
	}
	c := &out.Conversation
	if uuid := a.Text("uuid"); uuid != r.id {
		facts.Add(providers.GroupOther, "uuid", uuid)
	}
	c.Title = a.Text("title")
	c.Privacy = a.Privacy("private")
	c.Archived, _ = a.Bool("archived")
	c.Empty, _ = a.Bool("isEmpty")
	c.Internal = a.Maybe("isInternal")
	c.Duration, _ = a.Seconds("mediaDuration")
	c.Created = a.Time("createdAt")
	c.Updated = a.Time("finishedAt")
	if c.Updated.IsZero() {
		c.Updated = c.Created
	}
	owner(c, a, names, &facts)
	if id := a.Text("teamUUID"); id != "" {
		c.Team = model.Named{ID: id, Name: names[id].Name}
	}
	people(c, a, &facts)
	statuses(c, a, &facts)
	c.HasTranscript = c.HasTranscript || !slices.Contains([]string{"", "null", `""`, "{}", "[]"}, string(bytes.TrimSpace(out.transcript)))
	c.Labels, out.rawLabels = labels(a)

	facts.AddTime("Times", "Live stream started at", a.Time("liveStreamStartedAt"))
	facts.AddTime("Times", "Live stream ended at", a.Time("liveStreamEndedAt"))
	facts.Add("Recording", "Video id", a.Text("videoUID"))
	if v, _ := a.Bool("referenceable"); v {
		facts.Add(model.GroupRaw, "Referenceable", "yes") // what it means is not documented
	}
	facts.Trees("Links", a, "Zoom meeting join url", "zoomMeetingJoinUrl", "Google meet join url", "googleMeetJoinUrl",
		"Microsoft teams join url", "microsoftTeamsJoinUrl", "Webex join url", "webexJoinUrl")
	o := a.Object("externalOpportunity")
	facts.Texts("Opportunity", o, "Title", "title", "Id", "uuid")
	facts.Rest("Opportunity", "", o)
	facts.Texts("Opportunity", a, "External intelligence id", "externalIntelligenceOpportunityID")
	facts.Texts("CRM", a, "Deal", "dealUUID")
	facts.Texts(providers.GroupOther, a, "E-mail template", "emailTemplateID")
	crm(a, &facts)
	bots(a, &facts)
	boards(a, &facts)
	talkTracks(a, &facts)
	scorecards(a, &facts)
	intelligence(a, &facts)
	facts.Tree("Import", "", a.Take("importMetadata"))
	facts.Tree("Zoom", "", a.Take("zoomMetadata"))
	facts.Trees(model.GroupRaw, a, "Tags to filter if not applicable", "labelTagsToFilterIfNA",
		"Deprecated label categories", "deprecatedLabelCategories")

	if t := r.top.Text("type"); t != "conversations" {
		facts.Add(providers.GroupOther, "type", t)
	}
	facts.Tree(model.GroupRaw, "API", r.top.Take("links"))
	for _, o := range []*providers.Object{a, r.top, r.outer} {
		facts.Rest(providers.GroupOther, "", o)
	}
	c.Facts = facts.List()
	return out, nil
}

// owner reads the user object, and looks up in the directory what it lacks.
func owner(c *model.Conversation, a *providers.Object, names directory, facts *providers.Facts) {
	o := model.Participant{ID: a.Text("userUUID")}
	if u := a.Object("user"); u != nil {
		id := u.Text("uuid")
		if o.ID = cmp.Or(o.ID, id); id != o.ID {
			facts.Add("Owner", "uuid", id)
		}
		o.Name, o.Email = fullName(u), u.Text("email")
		facts.Rest("Owner", "", u)
	}
	o.Name, o.Email = cmp.Or(o.Name, names[o.ID].Name), cmp.Or(o.Email, names[o.ID].Email)
	if o != (model.Participant{}) {
		o.Kind = model.KindUser
		c.Owner = o
	}
}

func fullName(u *providers.Object) string {
	return strings.TrimSpace(u.Text("firstName") + " " + u.Text("lastName"))
}

// people sets the participants to the people invited or, if there are none, to those who attended. Who attended is also a fact.
func people(c *model.Conversation, a *providers.Object, facts *providers.Facts) {
	invited, hasInvited := a.List("participants")
	attendees, hasAttendees := a.List("attendees")
	if !hasInvited && !hasAttendees {
		return
	}
	shown := invited
	if len(invited) == 0 {
		shown = attendees
	}
	c.Participants = model.SetOf[model.Participant]()
	for _, o := range shown {
		p := person(o)
		if organizer, _ := o.Bool("organizer"); organizer {
			p.Role = roleOrganizer
		}
		facts.Rest("People", p.Display(), o)
		if p != (model.Participant{Kind: kindPerson}) {
			c.Participants.Items = append(c.Participants.Items, p)
		}
	}
	c.ParticipantCount = len(c.Participants.Items)
	for _, o := range attendees {
		attended(c.Participants.Items, o, facts)
	}
}

func person(o *providers.Object) model.Participant {
	return model.Participant{Kind: kindPerson, ID: o.Text("id"), Name: o.Text("name"), Email: o.Text("email"), Status: o.Text("status")}
}

// attended adds the fact that somebody attended. Only for somebody who was not invited does it stand outside of the group Raw.
func attended(invited []model.Participant, o *providers.Object, facts *providers.Facts) {
	who := person(o)
	if slices.ContainsFunc(invited, func(p model.Participant) bool { p.Role = ""; return p == who }) {
		facts.Add(model.GroupRaw, "Attended", who.Display())
	} else {
		known := slices.DeleteFunc([]string{who.Name, who.Email, who.ID, who.Status}, func(s string) bool { return s == "" })
		facts.Add("People", "Attended", strings.Join(known, ", "))
	}
	o.Bool("organizer")
	facts.Rest("People", "Attended: "+who.Display(), o)
}

// statusFields lists the fields that hold a status, in the order of preference.
var statusFields = []string{"transcriptStatus", "importStatus", "mediaStorageStatus", "videoStatus"}

// statuses sets the status to one of the service's words: the first that means a failure, else the first that means processing,
// else the first of all. The status of the CRM export does not count, because it concerns another system.
func statuses(c *model.Conversation, a *providers.Object, facts *providers.Facts) {
	finished := func(field string) bool { // the meaning of these words is assumed
		return slices.Contains([]string{"READY", "COMPLETED", "FINISHED", "DONE", "EXPORTED"}, strings.ToUpper(a.Text(field)))
	}
	c.HasRecording = finished("mediaStorageStatus") || finished("videoStatus")
	c.HasTranscript = finished("transcriptStatus")
	for _, wanted := range []string{model.StatusFailed, model.StatusProcessing, model.StatusOpen} {
		for _, f := range statusFields {
			if w := a.Text(f); c.Status == "" && !strings.EqualFold(w, "NONE") && w != "" && model.StatusOf(w) == wanted {
				c.Status = w
			}
		}
	}
	facts.Texts(model.GroupRaw, a, "Transcript status", "transcriptStatus", "Import status", "importStatus",
		"Media storage status", "mediaStorageStatus", "Video status", "videoStatus", "Crm export status", "crmExportStatus")
}

// labels returns the labels as texts and as the service sent them. Null instead of the map counts as an empty map, because the
// service writes null for empty elsewhere. An absent map means that the labels are unknown, and a value that is no map becomes a
// fact. A label that is null counts as not set, and is written back as null.
func labels(a *providers.Object) (map[string]string, map[string]json.RawMessage) {
	raw := a.Map("labels")
	if raw == nil {
		return nil, nil
	}
	out := make(map[string]string, len(raw))
	for name, value := range raw {
		if isSet(value) {
			out[name] = providers.TextOf(value)
		}
	}
	return out, raw
}

func isSet(label json.RawMessage) bool { return string(label) != "null" }

// readTranscript reads a transcript in any of its four shapes: a plain text; an array of segments with words; an object whose
// "final", or whose "final" in "v2" or "v1", holds segments with words or sentences; or {} or null for none. It merges
// consecutive segments of one speaker, and leaves out "pieceInFlux", which is unfinished.
func readTranscript(raw json.RawMessage) []model.Message {
	if !json.Valid(raw) {
		return nil
	}
	if raw = bytes.TrimSpace(raw); raw[0] == '"' {
		return providers.SplitTranscript(providers.TextOf(raw))
	}
	if raw[0] == '[' {
		return mergeSegments(providers.Objects(raw))
	}
	o, _ := providers.ObjectOf(raw)
	for _, holder := range []*providers.Object{o, o.Object("v2"), o.Object("v1")} {
		if segments := holder.Items("final"); len(segments) > 0 {
			return mergeSegments(segments)
		}
	}
	return nil
}

func mergeSegments(segments []*providers.Object) []model.Message {
	var out []model.Message
	for _, s := range segments {
		text, at := segmentText(s)
		if text == "" {
			continue
		}
		who := speaker(s)
		if n := len(out); n > 0 && out[n-1].Author == who {
			out[n-1].Text += " " + text
			continue
		}
		out = append(out, model.Message{Author: who, Offset: at, Text: text})
	}
	return out
}

// segmentText returns the text of a segment and the offset at which it begins, or -1.
func segmentText(s *providers.Object) (string, time.Duration) {
	at := start(s)
	words := s.Items("words")
	if len(words) == 0 {
		return strings.TrimSpace(s.FirstText("sentence", "text", "")), at // "" is a segment that is a plain text
	}
	tokens := make([]string, 0, len(words))
	for _, w := range words {
		if at < 0 {
			at = start(w)
		}
		tokens = append(tokens, w.FirstText("text", ""))
	}
	return providers.JoinWords(tokens), at
}

func start(o *providers.Object) time.Duration {
	if at, ok := o.Seconds("startTimestamp"); ok {
		return at
	}
	return -1
}

// speaker returns the name or else the address of the speaker of a segment, who may be an object or a text.
func speaker(s *providers.Object) string {
	return cmp.Or(s.Text("speaker"), s.Object("speaker").FirstText("name", "email"), "Unknown")
}

func crm(a *providers.Object, facts *providers.Facts) {
	for _, kind := range []struct{ field, label string }{
		{"linkedCrmRecords", "Linked"}, {"externalAccounts", "Account"}, {"externalContacts", "Contact"},
	} {
		for _, o := range a.Items(kind.field) {
			code, id := o.Text("code"), o.Text("id")
			facts.Add("CRM", kind.label, strings.TrimSpace(code+" "+id))
			facts.Rest("CRM", kind.label+" "+id, o)
		}
	}
}

func bots(a *providers.Object, facts *providers.Facts) {
	for i, o := range a.Items("bots") {
		label := "Bot " + strconv.Itoa(i+1)
		facts.Texts("Bots", o, label+" uuid", "uuid")
		s := o.Object("status")
		facts.Add("Bots", label, cmp.Or(s.Text("code"), "listed"))
		facts.Add("Bots", label+" says", s.Text("message"))
		facts.Tree("Bots", label+" at", s.Take("createdAt"))
		facts.Rest("Bots", label+" status", s)
		facts.Tree("Bots", label+" meeting", o.Take("meetingUrl"))
		facts.Rest("Bots", label, o)
	}
}

func boards(a *providers.Object, facts *providers.Facts) {
	for _, o := range a.Items("boards") {
		b := o.Object("board")
		name := cmp.Or(b.Text("name"), b.Text("uuid"), o.Text("uuid"), "board")
		facts.Add("Boards", "Board", name)
		facts.Rest("Boards", name+".board", b)
		facts.Tree("Boards", name+".uuid", o.Take("uuid"))
		facts.Tree("Boards", name+".board.uuid", b.Take("uuid"))
		facts.Rest("Boards", name, o)
	}
}

func talkTracks(a *providers.Object, facts *providers.Facts) {
	for i, o := range a.Items("talktracks") {
		label := "Talk track " + strconv.Itoa(i+1)
		facts.Texts("Talk tracks", o, label+" uuid", "uuid")
		items := o.Items("items")
		for i, item := range items {
			state := "listed"
			if done, ok := item.Bool("done"); ok {
				state = map[bool]string{true: "done", false: "open"}[done]
			}
			part := label + " item " + strconv.Itoa(i+1)
			facts.Add("Talk tracks", part, state)
			facts.Texts("Talk tracks", item, part+" uuid", "uuid")
			facts.Rest("Talk tracks", label, item)
		}
		if len(items) == 0 {
			facts.Add("Talk tracks", label, "no items")
		}
		facts.Rest("Talk tracks", label, o)
	}
}

func scorecards(a *providers.Object, facts *providers.Facts) {
	for _, o := range a.Items("scorecardResults") {
		id := o.Text("uuid")
		name := cmp.Or(o.Text("title"), id, "Scorecard")
		s := o.Object("summary")
		facts.Add("Scorecards", name, score(s, "averageScore"))
		facts.Add("Scorecards", name+": summary", s.Text("summaryText"))
		facts.Rest("Scorecards", name+".summary", s)
		if id != name {
			facts.Add("Scorecards", name+".uuid", id)
		}
		for _, item := range o.Items("items") {
			label := name + ": " + cmp.Or(item.FirstText("title", "uuid"), "item")
			r := item.Object("numericResult")
			facts.Add("Scorecards", label, score(r, "score"))
			facts.Rest("Scorecards", label+".numericResult", r)
			// Evidence quotes the call, so it is never stored.
			for _, q := range item.Items("evidences") {
				facts.AddAll(q.Facts("Scorecards", label+" evidence"), true)
			}
			facts.Rest("Scorecards", label, item)
		}
		facts.Rest("Scorecards", name, o)
	}
}

// score returns "7 (0 to 100)", or the number alone if its bounds are unknown.
func score(o *providers.Object, field string) string {
	score := o.Text(field)
	if score == "" {
		return "no score"
	}
	low, high := o.Text("min"), o.Text("max")
	if low == "" && high == "" {
		return score
	}
	return score + " (" + low + " to " + high + ")"
}

// intelligence adds each insight as it was confirmed, or else as it was extracted. If the two differ, it adds both.
func intelligence(a *providers.Object, facts *providers.Facts) {
	extracted, confirmed := a.Map("extractedIntelligence"), a.Map("confirmedExtractedIntelligence")
	all := map[string]json.RawMessage{}
	maps.Copy(all, extracted)
	maps.Copy(all, confirmed)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if value, ok := confirmed[key]; ok {
			insight(value, key, " (confirmed)", facts)
			if also, ok := extracted[key]; ok && !bytes.Equal(also, value) {
				insight(also, key, " (as extracted)", facts)
			}
			continue
		}
		insight(extracted[key], key, "", facts)
	}
}

func insight(raw json.RawMessage, key, note string, facts *providers.Facts) {
	o, ok := providers.ObjectOf(raw)
	if !ok {
		facts.Add("Intelligence", key+note, providers.TextOf(raw))
		return
	}
	label := cmp.Or(o.Text("title"), key)
	facts.Add("Intelligence", label+note, providers.TextOf(o.Take("value")))
	if label != key {
		facts.Add(model.GroupRaw, label+note+".in map as", key)
	}
	facts.Rest(model.GroupRaw, label+note, o)
}
