package kona

import (
	"encoding/json"
	"sort"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

// Groups of facts.
const (
	groupConversation = "Conversation"
	groupPeople       = "People"
	groupTags         = "Tags"
	groupExternal     = "External objects"
)

// names gives what ids are called; a nil function knows none. A user's answer may lack a name or an address.
type names struct {
	user  func(id string) model.Participant
	group func(id string) string
	space func(id string) string
}

func (n names) userOf(id string) model.Participant {
	p := model.Participant{}
	if n.user != nil && id != "" {
		p = n.user(id)
	}
	p.Kind, p.ID = model.KindUser, id
	return p
}

func (n names) groupOf(id string) model.Participant {
	p := model.Participant{Kind: model.KindGroup, ID: id}
	if n.group != nil && id != "" {
		p.Name = n.group(id)
	}
	return p
}

func (n names) spaceOf(id string) model.Named {
	s := model.Named{ID: id}
	if n.space != nil && id != "" {
		s.Name = n.space(id)
	}
	return s
}

// mention names what a mention in a text points to.
func (n names) mention(kind, id string) string {
	if kind == model.KindGroup {
		return n.groupOf(id).Name
	}
	return n.userOf(id).Name
}

// convert turns one conversation of the API into the common form. What has no common field becomes a fact; nothing
// is refused. Participants are known only where both lists came and hold nothing that cannot be sent back: null and
// missing are not []. ok is false for what is no object or has no id.
func convert(raw json.RawMessage, account string, n names) (model.Conversation, bool) {
	o, ok := providers.ObjectOf(raw)
	if !ok {
		return model.Conversation{}, false
	}
	c := model.Conversation{Ref: model.Ref{Account: account, ID: o.Text("id")}, Provider: model.Kona, Kind: "conversation",
		Privacy: model.PrivacyParticipants, ParticipantCount: -1}
	var facts providers.Facts
	c.Title, c.Description = o.Text("name"), o.Text("details")
	if id := o.Text("space_id"); id != "" {
		c.Space = n.spaceOf(id)
	}
	if id := o.Text("creator_id"); id != "" {
		c.Owner = n.userOf(id)
	}
	c.Access = accessText(o.Text("stakeholder"))
	c.DefaultRole = roleText(o.Text("default_role"))

	users, usersKnown := members(o, "participants", "user_id", n.userOf, &facts)
	groups, groupsKnown := members(o, "groups", "group_id", n.groupOf, &facts)
	people := append(users, groups...)
	if usersKnown && groupsKnown {
		c.Participants, c.ParticipantCount = model.SetOf(people...), len(people)
	} else {
		c.Featured = people
	}

	c.Created, c.Updated = o.Time("created_at"), o.Time("updated_at")
	facts.Tree(groupTags, "", o.Take("tags"))
	// The vendor's text says external_objects, its samples external_object.
	facts.Tree(groupExternal, "", o.Take("external_object"))
	facts.Tree(groupExternal, "", o.Take("external_objects"))
	facts.Add(groupConversation, "First comment", o.Text("initial_comment"))
	// The address is shown, never followed: it may name another host.
	facts.Add(groupConversation, "API address", o.Text("href"))
	facts.Rest(providers.GroupOther, "", o)
	c.Facts = facts.List()
	return c, c.Ref.ID != ""
}

// members takes a list of ids with roles. known is false where the list is missing or null, or holds an entry that
// could not be sent back.
func members(o *providers.Object, list, key string, who func(id string) model.Participant, facts *providers.Facts) (people []model.Participant, known bool) {
	raw, ok := providers.Elements(o.Peek(list))
	if !ok {
		return nil, false
	}
	entries, _ := o.List(list)
	known = len(entries) == len(raw) // a null among the entries is a hole
	people = make([]model.Participant, 0, len(entries))
	seen := map[string]bool{}
	for i, e := range entries {
		id := e.Text(key)
		if id == "" {
			known = false
			facts.Rest(groupPeople, list+" "+strconv.Itoa(i+1), e)
			continue
		}
		p := who(id)
		p.Role = roleText(e.Text("role"))
		if e.Peek("role") != nil && p.Role == "" && !e.Null("role") {
			known = false
		}
		if seen[id] {
			// Which role wins for somebody listed twice is not documented: the first is kept, the other shown.
			facts.Add(groupPeople, p.Display()+" again", p.Role)
		} else {
			people = append(people, p)
		}
		seen[id] = true
		facts.Rest(groupPeople, p.Display(), e)
	}
	return people, known
}

// convertComment turns a comment into a message; ok is false for what is no object.
func convertComment(raw []byte, n names) (model.Message, bool) {
	o, ok := providers.ParseObject(raw)
	if !ok {
		return model.Message{}, false
	}
	m := model.Message{ID: o.Text("id"), At: o.Time("created_at"), Offset: -1}
	if id := o.Text("creator_id"); id != "" {
		m.Author = n.userOf(id).Display()
	}
	m.Text = nameMentions(plainText(o.Text("content")), n.mention)
	switch priority := o.Text("priority"); priority {
	case "", "0":
	case "1":
		m.Kind = "important"
	default:
		m.Kind = "priority " + priority
	}
	return m, true
}

// sortComments puts comments oldest first; those of one moment by id, as numbers.
func sortComments(m []model.Message) {
	sort.SliceStable(m, func(i, j int) bool {
		a, b := m[i], m[j]
		switch {
		case !a.At.Equal(b.At):
			return a.At.Before(b.At)
		case len(a.ID) != len(b.ID):
			return len(a.ID) < len(b.ID)
		}
		return a.ID < b.ID
	})
}

// convertUser takes a user; somebody invited may have no name yet.
func convertUser(raw []byte) (model.Participant, bool) {
	o, ok := providers.ParseObject(raw)
	if !ok {
		return model.Participant{}, false
	}
	p := model.Participant{Kind: model.KindUser, ID: o.Text("id"), Name: strings.TrimSpace(o.Text("name")), Email: o.Text("email")}
	return p, p.ID != ""
}

// convertGroup takes a group.
func convertGroup(raw []byte) (model.Participant, bool) {
	o, ok := providers.ParseObject(raw)
	if !ok {
		return model.Participant{}, false
	}
	p := model.Participant{Kind: model.KindGroup, ID: o.Text("id"), Name: o.Text("name")}
	return p, p.ID != ""
}

// convertSpace takes a space.
func convertSpace(raw []byte) (model.Participant, bool) {
	o, ok := providers.ParseObject(raw)
	if !ok {
		return model.Participant{}, false
	}
	p := model.Participant{Kind: string(model.LookupSpaces), ID: o.Text("id"), Name: o.Text("name")}
	return p, p.ID != ""
}

// maxPreview bounds the preview of the newest comment, in characters.
const maxPreview = 140

// preview is the beginning of a comment in one line.
func preview(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > maxPreview {
		return string(r[:maxPreview-1]) + "…"
	}
	return text
}
