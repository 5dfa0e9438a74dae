package attention

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// roleOrganizer is shown for the one who called the meeting.
const roleOrganizer = "organizer"

// kindPerson is the kind of all participants: the service has no reliable sign of who is a colleague.
const kindPerson = "person"

// converted is a conversation and what of its resource has no place in it.
type converted struct {
	model.Conversation
	raw        json.RawMessage
	transcript json.RawMessage
	// labels holds the label values as they came, for writing them back; nil where the resource had no label map.
	labels map[string]json.RawMessage
	// said are the names of the attributes that the resource held.
	said func(name string) bool
}

// resource is one conversation as it came: bare, or inside "data".
type resource struct {
	id         string
	raw        json.RawMessage   // the resource alone, out of its envelope
	outer, top *providers.Object // nil where there is none
	attributes *providers.Object
}

// readResource takes the attributes from wherever they are; a flat object with an id counts as its own attributes.
func readResource(raw json.RawMessage) (resource, error) {
	r := resource{raw: raw}
	top, ok := providers.ObjectOf(raw)
	if !ok {
		return r, providers.Malformed(calls.Get.Name, "the answer is no conversation")
	}
	if inner, ok := providers.ObjectOf(top.Peek("data")); ok && !top.Has("attributes") {
		r.raw = top.Take("data")
		r.outer, top = top, inner
	}
	r.top, r.attributes = top, top.Object("attributes")
	if r.attributes == nil {
		r.attributes, r.top = top, nil
	}
	if r.id = r.top.Text("id"); r.id == "" {
		r.id = r.attributes.FirstText("id", "uuid")
	}
	if r.id == "" {
		return r, providers.Malformed(calls.Get.Name, "the answer has no id")
	}
	return r, nil
}

// convert turns a resource into a conversation. It is pure.
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
		said:         func(name string) bool { return !a.Null(name) },
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
	c.Labels, out.labels = labels(a)

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

	top := cmp.Or(r.top, a)
	if t := top.Text("type"); t != "conversations" {
		facts.Add(providers.GroupOther, "type", t)
	}
	facts.Tree(model.GroupRaw, "API", top.Take("links"))
	for _, o := range []*providers.Object{a, r.top, r.outer} {
		facts.Rest(providers.GroupOther, "", o)
	}
	c.Facts = facts.List()
	return out, nil
}

// owner takes the user object where it is there, else the name of userUUID from the directory.
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
	if o.Name == "" && o.Email == "" {
		o.Name, o.Email = names[o.ID].Name, names[o.ID].Email
	}
	if o != (model.Participant{}) {
		o.Kind = model.KindUser
		c.Owner = o
	}
}

func fullName(u *providers.Object) string {
	return strings.TrimSpace(u.Text("firstName") + " " + u.Text("lastName"))
}

// people shows the invited, or, where none are, those who came; where both are given, those who came are facts.
func people(c *model.Conversation, a *providers.Object, facts *providers.Facts) {
	invited, knownInvited := a.List("participants")
	came, knownCame := a.List("attendees")
	if !knownInvited && !knownCame {
		return
	}
	shown, rest := invited, came
	if len(invited) == 0 {
		shown, rest = came, nil
	}
	c.Participants = model.SetOf[model.Participant]()
	for _, o := range shown {
		p := model.Participant{Kind: kindPerson, ID: o.Text("id"), Name: o.Text("name"), Email: o.Text("email"), Status: o.Text("status")}
		if organizer, ok := o.Bool("organizer"); ok && organizer {
			p.Role = roleOrganizer
		}
		facts.Rest("People", p.Display(), o)
		if p != (model.Participant{Kind: kindPerson}) {
			c.Participants.Items = append(c.Participants.Items, p)
		}
	}
	c.ParticipantCount = len(c.Participants.Items)
	for _, o := range rest {
		attended(c.Participants.Items, o, facts)
	}
}

// attended shows somebody who came without being invited; of who was, that it was so is for Raw.
func attended(invited []model.Participant, o *providers.Object, facts *providers.Facts) {
	who := model.Participant{Kind: kindPerson, ID: o.Text("id"), Name: o.Text("name"), Email: o.Text("email"), Status: o.Text("status")}
	name := cmp.Or(who.Name, who.Email, who.ID)
	known := slices.ContainsFunc(invited, func(p model.Participant) bool {
		p.Role = ""
		return p == who
	})
	if known {
		facts.Add(model.GroupRaw, "Attended", name)
	} else {
		facts.Add("People", "Attended", name)
		for _, field := range []string{"id", "email", "name", "status"} {
			if v := o.Text(field); v != name {
				facts.Add("People", "Attended: "+name+" "+field, v)
			}
		}
	}
	o.Bool("organizer")
	facts.Rest("People", "Attended: "+name, o)
}

// statusFields are the statuses of a conversation, in the order in which one is chosen.
var statusFields = []string{"transcriptStatus", "importStatus", "mediaStorageStatus", "videoStatus"}

// statuses chooses one word, as it came: the first that means a failure, else the first that means work under way, else the
// first that says anything at all. The CRM export has no part in it: it is another system's matter.
func statuses(c *model.Conversation, a *providers.Object, facts *providers.Facts) {
	finished := func(field string) bool { // that these words say so is assumed
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

// labels returns the map as texts and as it came. Null for the map counts as empty (the service writes null for empty
// in other places); an absent map is not loaded, and what is no map is shown under Other. A null label counts as not
// set, and is written back as null.
func labels(a *providers.Object) (map[string]string, map[string]json.RawMessage) {
	if !a.Has("labels") {
		return nil, nil
	}
	raw, ok := providers.Map(a.Peek("labels"))
	if !ok && !a.Null("labels") {
		return nil, nil
	}
	if a.Take("labels"); !ok {
		raw = map[string]json.RawMessage{}
	}
	out := make(map[string]string, len(raw))
	for name, value := range raw {
		if text, set := labelText(value); set {
			out[name] = text
		}
	}
	return out, raw
}

func labelText(value json.RawMessage) (text string, set bool) {
	return providers.TextOf(value), string(value) != "null"
}

// readTranscript returns the messages of a transcript in any of its four shapes: a plain text; an array of segments
// with words; an object holding "final", or "v2" or "v1" with "final", of segments with words or sentences; {} or null
// for none. Consecutive segments of one speaker are merged. "pieceInFlux", an unfinished piece, is left out.
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
		if segments, _ := holder.List("final"); len(segments) > 0 {
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

// segmentText returns the words of a segment and the offset of the first.
func segmentText(s *providers.Object) (string, time.Duration) {
	at := start(s)
	words, _ := s.List("words")
	if len(words) == 0 {
		for _, name := range []string{"sentence", "text", ""} { // "" is an element that is a text by itself
			if text := strings.TrimSpace(s.Text(name)); text != "" {
				return text, at
			}
		}
		return "", at
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

// speaker returns the name, else the e-mail, of a speaker that may be an object or a text.
func speaker(s *providers.Object) string {
	return cmp.Or(s.Text("speaker"), s.Object("speaker").FirstText("name", "email"), "Unknown")
}
