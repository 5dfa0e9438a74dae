package bird

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// Words of the API. No page lists the values of status in a PATCH; active and closed are assumed. deleted is documented only in a
// filter, and never sent.
const (
	statusActive  = "active"
	statusClosed  = "closed"
	statusDeleted = "deleted"

	keyEmail      = "emailaddress"
	keyPhone      = "phonenumber"
	kindAccessKey = "accessKey"
)

var privacies = []string{string(model.PrivacyPrivate), string(model.PrivacyPublic)}

// convert converts a conversation; ok is false if it is no object or has no id. channel returns the name and the platform of a
// channel, and may be nil.
func (p *provider) convert(raw json.RawMessage, channel func(id string) (name, platform string)) (model.Conversation, bool) {
	o, _ := providers.ObjectOf(raw)
	style := o.Text("platformStyle")
	c := p.Conversation(o.Text("id"), cmp.Or(strings.ToLower(style), "conversation"))
	var facts providers.Facts
	c.Title, c.Description = o.Text("name"), o.Text("description")
	c.Status = o.Text("status")
	c.Closed, c.Archived = c.Status == statusClosed, c.Status == statusDeleted
	if v := o.Text("visibility"); slices.Contains(privacies, v) {
		c.Privacy = model.Privacy(v)
	} else {
		c.Privacy = model.PrivacyUnknown
		facts.Add("Conversation", "Visibility", v)
	}
	c.Access = o.Text("accessibility")
	if style != "" && c.Kind != style {
		facts.Add("Conversation", "Platform style", style)
	}
	c.Channel.ID = o.Text("channelId")
	if channel != nil && c.Channel.ID != "" {
		var platform string
		c.Channel.Name, platform = channel(c.Channel.ID)
		facts.Add("Conversation", "Channel platform", platform)
	}
	c.Attributes = attributeTexts(o.Map("attributes"))

	facts.Texts(model.GroupRaw, o, "Style", "style")
	facts.Texts("Conversation", o, "Assignee", "assigneeId", "Category", "category", "Directory", "directory",
		"Has a draft", "hasDraft")

	for i, f := range o.Items("featuredParticipants") {
		p := participant(f)
		c.Featured = append(c.Featured, p)
		facts.Rest("People", labelOf(p, i), f)
	}
	active, known := o.Count("activeParticipantCount")
	pending, waiting := o.Count("pendingParticipantCount")
	if known {
		c.ParticipantCount = active + pending
		facts.Texts(model.GroupRaw, o, "Active participants", "activeParticipantCount")
	}
	if waiting {
		group := "People"
		if pending == 0 {
			group = model.GroupRaw
		}
		facts.Texts(group, o, "Waiting to join", "pendingParticipantCount")
	}
	participantFacts(o, "initiatingParticipant", "People", "Started by", &facts)

	c.Created = o.Time("createdAt")
	c.Updated = lastMessage(o, &c, &facts)
	if changed := o.Peek("updatedAt"); c.Updated.IsZero() {
		c.Updated = o.Time("updatedAt")
	} else {
		o.Take("updatedAt")
		facts.Tree("Conversation", "Changed", changed)
	}
	facts.Texts("Last message", o, "Last incoming", "lastMessageIncomingAt", "Last outgoing", "lastMessageOutgoingAt")
	facts.Tree("Resource", "", o.Take("resource"))
	facts.Tree("Inbox", "", o.Take("inbox"))
	facts.Rest(providers.GroupOther, "", o)
	c.Facts = facts.List()
	return c, c.Ref.ID != ""
}

// lastMessage reads the last message and returns its time.
func lastMessage(o *providers.Object, c *model.Conversation, facts *providers.Facts) time.Time {
	last := o.Object("lastMessage")
	if last == nil {
		return time.Time{}
	}
	c.HasMessages = true
	at := last.Time("createdAt")
	preview := last.Object("preview")
	c.Preview = preview.Text("text")
	facts.Rest("Last message", "preview", preview)
	participantFacts(last, "sender", "Last message", "From", facts)
	for i, r := range last.Items("recipients") {
		label, who := r.Text("type"), recipient(r)
		if label == "" || len(label) > 20 || who == "" {
			label = "recipient " + strconv.Itoa(i+1)
			r.PutBack("type")
		}
		facts.Add("Last message", label, who)
		facts.Rest("Last message", label, r)
	}
	facts.Texts(model.GroupRaw, last, "Last message type", "type")
	facts.Texts("Last message", last, "Delivery", "status")
	c.LastMessage = last.Text("id")
	facts.Add(model.GroupRaw, "Last message", c.LastMessage)
	facts.Rest("Last message", "", last)
	return at
}

// participantFacts adds the facts of a field that holds one participant.
func participantFacts(o *providers.Object, field, group, label string, facts *providers.Facts) {
	if who := o.Object(field); who != nil {
		p := participant(who)
		facts.Add(group, label, cmp.Or(p.Name, p.Identifier, p.Kind))
		facts.Add(model.GroupRaw, group+": "+label, joined(p.Identifier, p.Kind, p.ID, p.Status))
		facts.Rest(group, label, who)
	}
}

// recipient returns everything that identifies a recipient of a message.
func recipient(o *providers.Object) string {
	var parts []string
	if a := o.Object("contactAnnotation"); a != nil {
		parts = append(parts, a.Text("name"))
		for _, f := range a.Facts("", "") {
			parts = append(parts, f.Label+" "+f.Value)
		}
	}
	key, value := o.Text("identifierKey"), o.Text("identifierValue")
	parts = append(parts, pair(key, value))
	if address := o.Text("platformAddress"); address != value {
		parts = append(parts, address)
	}
	return joined(append(parts, o.Text("id"))...)
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

func pair(key, value string) string {
	if key == "" || value == "" {
		return key + value
	}
	return key + "=" + value
}

// participant reads a participant. The service has no roles.
func participant(o *providers.Object) model.Participant {
	p := model.Participant{ID: o.Text("id"), Kind: o.Text("type"), Status: o.Text("status"), Name: o.Text("displayName")}
	contact := o.Object("contact")
	key, value := contact.Text("identifierKey"), contact.Text("identifierValue")
	if contact.Text("platformAddress") != value {
		contact.PutBack("platformAddress")
	}
	if len(contact.Names()) > 0 {
		o.PutBack("contact") // the remaining fields become facts
	}
	if direct := o.Text("identifierValue"); value == "" {
		value = direct
	} else if direct != value {
		o.PutBack("identifierValue")
	}
	p.Identifier = pair(key, value)
	if key == keyEmail {
		p.Email = value
	}
	return p
}

func labelOf(p model.Participant, i int) string {
	return cmp.Or(p.Display(), "participant "+strconv.Itoa(i+1))
}

// convertParticipants converts the list of participants. ok is false if an entry can't be understood, because an incomplete set
// must never be the base of an edit.
func convertParticipants(raw []json.RawMessage, facts *providers.Facts) (people []model.Participant, ok bool) {
	ok = true
	for i, r := range raw {
		o, isObject := providers.ObjectOf(r)
		if !isObject {
			facts.Tree("People", "participant "+strconv.Itoa(i+1), r)
			ok = false
			continue
		}
		p := participant(o)
		ok = ok && (p.ID != "" || p.Identifier != "")
		people = append(people, p)
		o.Text("conversationId") // known already
		facts.Rest("People", labelOf(p, i), o)
	}
	return people, ok
}

// convertMessage converts a message; ok is false if it is no object. A message from a contact counts as incoming, because the API
// has no direction. accessKey is the id of the account's own access key, or "" if that is unknown.
func convertMessage(raw json.RawMessage, accessKey string) (model.Message, bool) {
	o, ok := providers.ObjectOf(raw)
	m := model.Message{ID: o.Text("id"), At: o.Time("createdAt"), Offset: -1, Status: o.Text("status"), Reference: o.Text("reference")}
	if sender := o.Object("sender"); sender != nil {
		p := participant(sender)
		m.Incoming = p.Kind == model.KindContact
		m.Author = author(p)
		if p.Name == "" && p.Kind == kindAccessKey && p.ID == accessKey && accessKey != "" {
			m.Author = "this access key"
		}
	}
	if reason := o.Text("reason"); reason != "" {
		m.Status = strings.TrimLeft(m.Status+": "+reason, ": ")
	}
	if draft, _ := o.Bool("draft"); draft {
		m.Status = "draft"
	}
	switch body := o.Object("body"); {
	case body != nil:
		m.Text, m.Kind = messageText(body)
	case !o.Null("template"):
		m.Text, m.Kind = "[template]", "template"
	}
	return m, ok
}

// author returns the name or the identifier of a sender, or else the kind of sender, because an id tells a person nothing.
func author(p model.Participant) string {
	if p.Name != "" || p.Email != "" || p.Identifier != "" || p.ID == "" {
		return p.Display()
	}
	if p.Kind == kindAccessKey {
		return "an access key"
	}
	return p.Kind
}

// messageText returns the text of a body of type text or html, and otherwise names the type. It lists attachments by name, without
// their links, which expire.
func messageText(body *providers.Object) (text, kind string) {
	kind = body.Text("type")
	content := body.Object(kind)
	text = content.Text("text")
	switch {
	case kind == "html" && strings.TrimSpace(text) == "":
		text = providers.HTMLText(content.Text("html"))
	case kind != "text" && text == "":
		text = "[" + cmp.Or(kind, "empty") + " message]"
	}
	for _, a := range content.Items("attachments") {
		text += "\n[attachment: " + cmp.Or(a.Text("filename"), "unnamed") + "]"
	}
	if kind == "text" {
		kind = ""
	}
	return text, kind
}

func convertContact(raw json.RawMessage) (model.Participant, bool) {
	o, _ := providers.ObjectOf(raw)
	p := model.Participant{Kind: model.KindContact, ID: o.Text("id"), Name: o.Text("computedDisplayName")}
	for _, id := range o.Items("featuredIdentifiers") {
		key, value := id.Text("key"), id.Text("value")
		if key == keyEmail && p.Email == "" {
			p.Email = value
		}
		if key != "" && value != "" && (p.Identifier == "" || key == keyEmail && !strings.HasPrefix(p.Identifier, keyEmail+"=")) {
			p.Identifier = pair(key, value)
		}
	}
	return p, p.ID != ""
}

func convertAgent(raw json.RawMessage) (model.Participant, bool) {
	o, _ := providers.ObjectOf(raw)
	p := model.Participant{Kind: model.KindUser, ID: o.Text("id"), Name: o.Text("displayName"), Email: o.Text("email")}
	return p, p.ID != ""
}

// convertChannel converts a channel. Its platform becomes the status, and also the name if there is none.
func convertChannel(raw json.RawMessage) (model.Participant, bool) {
	o, _ := providers.ObjectOf(raw)
	c := model.Participant{Kind: string(model.LookupChannels), ID: o.Text("id"), Name: o.Text("name"), Status: o.Text("platformId")}
	c.Name = cmp.Or(c.Name, c.Status)
	return c, c.ID != ""
}

// attributeTexts returns attributes as texts. A value that is no string is shown as JSON.
func attributeTexts(raw map[string]json.RawMessage) map[string]string {
	if raw == nil {
		return nil
	}
	out := make(map[string]string, len(raw))
	for k, v := range raw {
		if out[k] = providers.TextOf(v); string(v) == "null" {
			out[k] = "null"
		}
	}
	return out
}
