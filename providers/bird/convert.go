package bird

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"

	"confab/model"
	"confab/providers"
)

// Groups of facts.
const (
	groupConversation = "Conversation"
	groupPeople       = "People"
	groupLastMessage  = "Last message"
	groupInbox        = "Inbox"
)

// convert turns one conversation of the API into the common form. What has no common field becomes a fact; nothing
// is refused, and no value is guessed. channel names a channel and its platform by its id and may be nil. ok is false
// for what is no object or has no id.
func convert(raw []byte, account string, channel func(id string) (name, platform string)) (model.Conversation, bool) {
	if !json.Valid(raw) {
		return model.Conversation{}, false
	}
	return convertRow(raw, account, channel)
}

// convertRow is convert for what is known to be valid JSON.
func convertRow(raw json.RawMessage, account string, channel func(id string) (name, platform string)) (model.Conversation, bool) {
	o, ok := providers.ObjectOf(raw)
	if !ok {
		return model.Conversation{}, false
	}
	c := model.Conversation{Ref: model.Ref{Account: account, ID: o.Text("id")}, Provider: model.Bird,
		ParticipantCount: -1, Privacy: model.PrivacyUnknown}
	var facts providers.Facts

	c.Title, c.Description = o.Text("name"), o.Text("description")
	c.Status = o.Text("status")
	c.Closed, c.Archived = c.Status == statusClosed, c.Status == statusDeleted
	switch v := o.Text("visibility"); v {
	case string(model.PrivacyPublic), string(model.PrivacyPrivate):
		c.Privacy = model.Privacy(v)
	default:
		facts.Add(groupConversation, "Visibility", v)
	}
	c.Access = o.Text("accessibility")
	style := o.Text("platformStyle")
	if c.Kind = strings.ToLower(style); c.Kind == "" {
		c.Kind = "conversation"
	} else if c.Kind != style {
		facts.Add(groupConversation, "Platform style", style)
	}
	c.Channel.ID = o.Text("channelId")
	if channel != nil && c.Channel.ID != "" {
		var platform string
		c.Channel.Name, platform = channel(c.Channel.ID)
		facts.Add(groupConversation, "Channel platform", platform)
	}
	if held := attributesIn(o.Peek("attributes")); held != nil {
		o.Take("attributes")
		c.Attributes = attributeTexts(held)
	}

	facts.Add(groupConversation, "Style", o.Text("style"))
	facts.Add(groupConversation, "Assignee", o.Text("assigneeId"))
	facts.Add(groupConversation, "Category", o.Text("category"))
	facts.Add(groupConversation, "Directory", o.Text("directory"))
	facts.Add(groupConversation, "Has a draft", o.Text("hasDraft"))

	if featured, ok := o.List("featuredParticipants"); ok {
		for i, f := range featured {
			p := participant(f)
			c.Featured = append(c.Featured, p)
			facts.Rest(groupPeople, labelOf(p, i), f)
		}
	}
	active, pending := count(o, "activeParticipantCount"), count(o, "pendingParticipantCount")
	if active >= 0 {
		c.ParticipantCount = active + max(0, pending)
		facts.Add(groupPeople, "Active", o.Text("activeParticipantCount"))
	}
	if pending >= 0 {
		facts.Add(groupPeople, "Waiting to join", o.Text("pendingParticipantCount"))
	}
	if started := o.Object("initiatingParticipant"); started != nil {
		facts.Add(groupPeople, "Started by", summary(participant(started)))
		facts.Rest(groupPeople, "Started by", started)
	}

	c.Created = o.Time("createdAt")
	c.Updated = lastMessage(o, &c, &facts)
	if changed := o.Peek("updatedAt"); c.Updated.IsZero() {
		c.Updated = o.Time("updatedAt")
	} else {
		o.Take("updatedAt")
		facts.Tree(groupConversation, "Changed", changed)
	}
	facts.Add(groupLastMessage, "Last incoming", o.Text("lastMessageIncomingAt"))
	facts.Add(groupLastMessage, "Last outgoing", o.Text("lastMessageOutgoingAt"))
	facts.Tree("Resource", "", o.Take("resource"))
	facts.Tree(groupInbox, "", o.Take("inbox"))
	facts.Rest(providers.GroupOther, "", o)
	c.Facts = facts.List()
	return c, c.Ref.ID != ""
}

// lastMessage takes the last message: its preview, and the time that is given.
func lastMessage(o *providers.Object, c *model.Conversation, facts *providers.Facts) time.Time {
	last := o.Object("lastMessage")
	if last == nil {
		return time.Time{}
	}
	c.HasMessages = true
	at := last.Time("createdAt")
	if preview := last.Object("preview"); preview != nil {
		c.Preview = preview.Text("text")
		facts.Rest(groupLastMessage, "preview", preview)
	}
	if sender := last.Object("sender"); sender != nil {
		facts.Add(groupLastMessage, "From", summary(participant(sender)))
		facts.Rest(groupLastMessage, "From", sender)
	}
	if recipients, ok := last.List("recipients"); ok {
		for i, r := range recipients {
			label, who := r.Text("type"), recipient(r)
			if label == "" || len(label) > 20 || who == "" {
				label = "recipient " + strconv.Itoa(i+1)
				r.Put("type")
			}
			facts.Add(groupLastMessage, label, who)
			facts.Rest(groupLastMessage, label, r)
		}
	}
	facts.Add(groupLastMessage, "Type", last.Text("type"))
	facts.Add(groupLastMessage, "Delivery", last.Text("status"))
	c.LastMessage = last.Text("id")
	facts.Add(groupLastMessage, "Id", c.LastMessage)
	facts.Rest(groupLastMessage, "", last)
	return at
}

// recipient says in one line who got a message.
func recipient(o *providers.Object) string {
	var parts []string
	if a := o.Object("contactAnnotation"); a != nil {
		parts = appendText(parts, a.Text("name"))
		for _, f := range a.Facts("", "") {
			parts = appendText(parts, f.Label+" "+f.Value)
		}
	}
	key, value := o.Text("identifierKey"), o.Text("identifierValue")
	parts = appendText(parts, pair(key, value))
	if address := o.Text("platformAddress"); address != value {
		parts = appendText(parts, address)
	}
	return strings.Join(appendText(parts, o.Text("id")), " · ")
}

func appendText(parts []string, s string) []string {
	if s == "" {
		return parts
	}
	return append(parts, s)
}

// pair writes an identifier as confab does, key=value.
func pair(key, value string) string {
	if key == "" || value == "" {
		return key + value
	}
	return key + "=" + value
}

// participant takes one participant: what names it, and what it can do. There are no roles in this service.
func participant(o *providers.Object) model.Participant {
	p := model.Participant{ID: o.Text("id"), Kind: o.Text("type"), Status: o.Text("status"), Name: o.Text("displayName")}
	key, value := "", ""
	if contact := o.Object("contact"); contact != nil {
		key, value = contact.Text("identifierKey"), contact.Text("identifierValue")
		if contact.Text("platformAddress") != value {
			contact.Put("platformAddress")
		}
		if len(contact.Names()) > 0 {
			o.Put("contact") // the rest is shown as facts
		}
	}
	if direct := o.Text("identifierValue"); value == "" {
		value = direct
	} else if direct != value {
		o.Put("identifierValue")
	}
	p.Identifier = pair(key, value)
	if key == keyEmail {
		p.Email = value
	}
	return p
}

// labelOf names a participant in the labels of facts.
func labelOf(p model.Participant, i int) string {
	if d := p.Display(); d != "" {
		return d
	}
	return "participant " + strconv.Itoa(i+1)
}

// summary says in one line all that is known of a participant.
func summary(p model.Participant) string {
	parts := appendText(nil, p.Name)
	parts = appendText(parts, p.Identifier)
	parts = appendText(parts, p.Kind)
	parts = appendText(parts, p.ID)
	return strings.Join(appendText(parts, p.Status), " · ")
}

// count takes a count of people; -1 where there is none that can be one.
func count(o *providers.Object, name string) int {
	n, ok := o.Number(name)
	if !ok {
		return -1
	}
	if n < 0 || n > math.MaxInt32 || n != math.Trunc(n) {
		o.Put(name)
		return -1
	}
	return int(n)
}

// convertParticipants turns the whole list of participants into a set and the facts about them. ok is false where an
// entry cannot be understood, since a set with a hole must never be a base.
func convertParticipants(raw []json.RawMessage) (people []model.Participant, facts []model.Fact, ok bool) {
	people = make([]model.Participant, 0, len(raw))
	var more providers.Facts
	ok = true
	for i, r := range raw {
		o, isObject := providers.ParseObject(r)
		if !isObject {
			more.Tree(groupPeople, "participant "+strconv.Itoa(i+1), r)
			ok = false
			continue
		}
		p := participant(o)
		ok = ok && (p.ID != "" || p.Identifier != "")
		people = append(people, p)
		o.Text("conversationId") // says where it was read from
		more.Rest(groupPeople, labelOf(p, i), o)
	}
	return people, more.List(), ok
}

// convertMessage turns one message into the common form; ok is false for what is no object. Incoming is what a
// contact sent: the API has no direction. accessKey is the id of the account's own key, "" where it is not known.
func convertMessage(raw []byte, accessKey string) (model.Message, bool) {
	o, ok := providers.ParseObject(raw)
	if !ok {
		return model.Message{}, false
	}
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
	return m, true
}

// author names a sender: display name, identifier, else type and the beginning of the id.
func author(p model.Participant) string {
	if p.Name != "" || p.Email != "" || p.Identifier != "" || p.ID == "" {
		return p.Display()
	}
	return p.Kind + " " + p.ID[:min(8, len(p.ID))]
}

// messageText reads a body: text and html are shown, anything else is named.
func messageText(body *providers.Object) (text, kind string) {
	kind = body.Text("type")
	content := body.Object(kind)
	switch kind {
	case "text":
		text = inner(content, "text")
	case "html":
		if text = inner(content, "text"); strings.TrimSpace(text) == "" {
			text = stripTags(inner(content, "html"))
		}
	default:
		if text = inner(content, "text"); text == "" {
			text = "[" + nonEmpty(kind, "empty") + " message]"
		}
	}
	if kind == "text" {
		kind = ""
	}
	return text + attachments(content), kind
}

// inner takes a text of an object that may be missing.
func inner(o *providers.Object, name string) string {
	if o == nil {
		return ""
	}
	return o.Text(name)
}

func nonEmpty(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// attachments lists what came with a message by name; its links expire and are left out.
func attachments(content *providers.Object) string {
	if content == nil {
		return ""
	}
	list, _ := content.List("attachments")
	var out strings.Builder
	for _, a := range list {
		fmt.Fprintf(&out, "\n[attachment: %s]", nonEmpty(a.Text("filename"), "unnamed"))
	}
	return out.String()
}

// stripTags is the text of an HTML body that has no plain fallback.
func stripTags(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	var out strings.Builder
	hidden := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(out.String())
		case html.TextToken:
			if hidden == 0 {
				out.Write(z.Text())
			}
		case html.StartTagToken:
			switch name, _ := z.TagName(); string(name) {
			case "script", "style":
				hidden++
			case "br", "p", "div", "tr", "li":
				out.WriteByte('\n')
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); hidden > 0 && (string(name) == "script" || string(name) == "style") {
				hidden--
			}
		case html.SelfClosingTagToken:
			if name, _ := z.TagName(); string(name) == "br" {
				out.WriteByte('\n')
			}
		}
	}
}

// sortMessages puts messages oldest first; those of one moment by id, so that the order is the same each time.
func sortMessages(m []model.Message) {
	sort.SliceStable(m, func(i, j int) bool {
		if !m[i].At.Equal(m[j].At) {
			return m[i].At.Before(m[j].At)
		}
		return m[i].ID < m[j].ID
	})
}

// convertContact turns a contact into who can be added; ok is false without an id.
func convertContact(raw []byte) (model.Participant, bool) {
	o, ok := providers.ParseObject(raw)
	if !ok {
		return model.Participant{}, false
	}
	p := model.Participant{Kind: model.KindContact, ID: o.Text("id"), Name: o.Text("computedDisplayName")}
	list, _ := o.List("featuredIdentifiers")
	for _, id := range list {
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

// convertAgent takes an agent as a participant; ok is false without an id.
func convertAgent(raw []byte) (model.Participant, bool) {
	o, ok := providers.ParseObject(raw)
	if !ok {
		return model.Participant{}, false
	}
	p := model.Participant{Kind: model.KindUser, ID: o.Text("id"), Name: o.Text("displayName"), Email: o.Text("email")}
	return p, p.ID != ""
}

// channel is one channel of the workspace.
type channel struct {
	id, name, platform string
}

// convertChannel takes a channel; ok is false without an id. One without a name is called by its platform.
func convertChannel(raw []byte) (channel, bool) {
	o, ok := providers.ParseObject(raw)
	if !ok {
		return channel{}, false
	}
	c := channel{id: o.Text("id"), name: o.Text("name"), platform: o.Text("platformId")}
	c.name = nonEmpty(c.name, c.platform)
	return c, c.id != ""
}
