package kona

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

// names returns what is known of an entity. A nil names knows nothing.
type names func(entity) model.Participant

// of returns the user, group or space with an id.
func (n names) of(key resource, id string) model.Participant {
	p := model.Participant{}
	if n != nil && id != "" {
		p = n(entity{key, id})
	}
	p.Kind, p.ID = calls.Directories[key].Kind, id
	return p
}

// peopleList describes one list of participants in a conversation.
type peopleList struct {
	kind, field, id string
	key             resource
}

// lists holds the two lists of participants.
var lists = []peopleList{
	{model.KindUser, "participants", "user_id", users}, {model.KindGroup, "groups", "group_id", groups},
}

// convert converts a conversation; ok is false if it is no object or has no id. The participants are known only if both lists are
// present and contain nothing that could not be sent back. Null and a missing list do not count as [].
func (p *provider) convert(raw json.RawMessage, n names) (model.Conversation, bool) {
	o, _ := providers.ObjectOf(raw)
	c := p.Conversation(o.Text("id"), "conversation")
	c.Privacy = model.PrivacyParticipants
	var facts providers.Facts
	c.Title, c.Description = o.Text("name"), o.Text("details")
	if id := o.Text("space_id"); id != "" {
		c.Space = model.Named{ID: id, Name: n.of(spaces, id).Name}
	}
	if id := o.Text("creator_id"); id != "" {
		c.Owner = n.of(users, id)
	}
	c.Access = access.text(o.Text("stakeholder"))
	c.DefaultRole = role.text(o.Text("default_role"))

	known := true
	var people []model.Participant
	for _, l := range lists {
		some, whole := members(o, l, n, &facts)
		people, known = append(people, some...), known && whole
	}
	if known {
		c.Participants, c.ParticipantCount = model.SetOf(people...), len(people)
	} else {
		c.Featured = people
	}

	c.Created, c.Updated = o.Time("created_at"), o.Time("updated_at")
	for _, tag := range providers.OneOrMore(o.Take("tags")) {
		facts.Tree("Tags", "Tag", tag)
	}
	// The vendor's text has external_objects, its samples external_object.
	facts.Tree("External objects", "", o.Take("external_object"))
	facts.Tree("External objects", "", o.Take("external_objects"))
	facts.Texts("Conversation", o, "First comment", "initial_comment")
	facts.Texts(model.GroupRaw, o, "API address", "href") // never followed, since it may name another host
	facts.Rest(providers.GroupOther, "", o)
	c.Facts = facts.List()
	return c, c.Ref.ID != ""
}

// members reads a list of ids with roles. known is false if the list is missing or null, or has an entry that could not be sent
// back.
func members(o *providers.Object, l peopleList, n names, facts *providers.Facts) (people []model.Participant, known bool) {
	raw, ok := providers.Elements(o.Peek(l.field))
	if !ok {
		return nil, false
	}
	entries := o.Items(l.field)
	known = len(entries) == len(raw) // entries lacks those that are null
	people = make([]model.Participant, 0, len(entries))
	seen := map[string]bool{}
	for i, e := range entries {
		id := e.Text(l.id)
		if id == "" {
			known = false
			facts.Rest("People", l.field+" "+strconv.Itoa(i+1), e)
			continue
		}
		p := n.of(l.key, id)
		p.Role = role.text(e.Text("role"))
		if e.Peek("role") != nil && p.Role == "" && !e.Null("role") {
			known = false
		}
		if seen[id] {
			// Which role of a person who is listed twice applies is not documented. The first is used, the other becomes a fact.
			facts.Add("People", p.Display()+" again", p.Role)
		} else {
			people = append(people, p)
		}
		seen[id] = true
		facts.Rest("People", p.Display(), e)
	}
	return people, known
}

// convertComment converts a comment; ok is false if it is no object. A newline in its content is documented as <br> (comments.md).
// Other markup is [assumed], because the server converts mentions to markup.
func convertComment(raw json.RawMessage, n names) (model.Message, bool) {
	o, ok := providers.ObjectOf(raw)
	m := model.Message{ID: o.Text("id"), At: o.Time("created_at"), Offset: -1}
	if id := o.Text("creator_id"); id != "" {
		m.Author = n.of(users, id).Display()
	}
	m.Text = nameMentions(providers.HTMLText(o.Text("content")), n)
	switch priority := o.Text("priority"); priority {
	case "", "0":
	case "1":
		m.Kind = "important"
	default:
		m.Kind = "priority " + priority
	}
	return m, ok
}

// convertEntity converts a user, a group or a space; ok is false if it has no id. An invited user may have no name yet.
func convertEntity(key resource, raw json.RawMessage) (model.Participant, bool) {
	o, _ := providers.ObjectOf(raw)
	p := model.Participant{Kind: calls.Directories[key].Kind, ID: o.Text("id"), Name: strings.TrimSpace(o.Text("name")), Email: o.Text("email")}
	members, _ := providers.Elements(o.Peek("user_ids"))
	p.Members = len(members)
	return p, p.ID != ""
}

// commentText converts a text that a person typed to the form of the API: newlines become <br> (comments.md), and markup characters
// are escaped. The escaping, and that the same rules hold for the first comment, is [assumed]. A mention (@user:12) stays as it
// is, so that the server recognises it.
func commentText(typed string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r\n", "<br>", "\n", "<br>").Replace(typed)
}

var mention = regexp.MustCompile(`@(user|group):([0-9]{1,19})\b`)

// nameMentions replaces the ids in mentions by names, where a name is known.
func nameMentions(text string, n names) string {
	return mention.ReplaceAllStringFunc(text, func(m string) string {
		part := mention.FindStringSubmatch(m)
		if name := n.of(resource(part[1]+"s"), part[2]).Name; name != "" {
			return "@" + name
		}
		return m
	})
}
