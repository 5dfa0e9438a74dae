package kona

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"confab/model"
	"confab/providers"
)

// names tells what ids are called; nil knows none. What a user's answer lacks is "".
type names func(single) model.Participant

// of returns somebody or something by its id.
func (n names) of(key resource, id string) model.Participant {
	p := model.Participant{}
	if n != nil && id != "" {
		p = n(single{key, id})
	}
	p.Kind, p.ID = calls.Directories[key].Kind, id
	return p
}

// peopleList is where a conversation holds people of one kind.
type peopleList struct {
	kind, field, id string
	key             resource
}

// lists are the two that hold the participants of a conversation.
var lists = []peopleList{
	{model.KindUser, "participants", "user_id", users}, {model.KindGroup, "groups", "group_id", groups},
}

// convert turns one conversation of the API into the common form. What has no common field becomes a fact; nothing
// is refused. Participants are known only where both lists came and hold nothing that cannot be sent back: null and
// missing are not []. ok is false for what is no object or has no id.
func (p *provider) convert(raw json.RawMessage, n names) (model.Conversation, bool) {
	o, ok := providers.ObjectOf(raw)
	if !ok {
		return model.Conversation{}, false
	}
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
	// The vendor's text says external_objects, its samples external_object.
	facts.Tree("External objects", "", o.Take("external_object"))
	facts.Tree("External objects", "", o.Take("external_objects"))
	// The address is shown, never followed: it may name another host.
	facts.Texts("Conversation", o, "First comment", "initial_comment")
	facts.Texts(model.GroupRaw, o, "API address", "href")
	facts.Rest(providers.GroupOther, "", o)
	c.Facts = facts.List()
	return c, c.Ref.ID != ""
}

// members takes a list of ids with roles. known is false where the list is missing or null, or holds an entry that
// could not be sent back.
func members(o *providers.Object, l peopleList, n names, facts *providers.Facts) (people []model.Participant, known bool) {
	raw, ok := providers.Elements(o.Peek(l.field))
	if !ok {
		return nil, false
	}
	entries, _ := o.List(l.field)
	known = len(entries) == len(raw) // a null among the entries is a hole
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
			// Which role wins for somebody listed twice is not documented: the first is kept, the other shown.
			facts.Add("People", p.Display()+" again", p.Role)
		} else {
			people = append(people, p)
		}
		seen[id] = true
		facts.Rest("People", p.Display(), e)
	}
	return people, known
}

// convertComment turns a comment into a message; ok is false for what is no object.
func convertComment(raw json.RawMessage, n names) (model.Message, bool) {
	o, ok := providers.ObjectOf(raw)
	if !ok {
		return model.Message{}, false
	}
	m := model.Message{ID: o.Text("id"), At: o.Time("created_at"), Offset: -1}
	if id := o.Text("creator_id"); id != "" {
		m.Author = n.of(users, id).Display()
	}
	m.Text = nameMentions(plainText(o.Text("content")), n)
	switch priority := o.Text("priority"); priority {
	case "", "0":
	case "1":
		m.Kind = "important"
	default:
		m.Kind = "priority " + priority
	}
	return m, true
}

// convertNamed takes a user, a group or a space; somebody invited may have no name yet.
func convertNamed(key resource, raw json.RawMessage) (model.Participant, bool) {
	o, _ := providers.ObjectOf(raw)
	p := model.Participant{Kind: calls.Directories[key].Kind, ID: o.Text("id"), Name: o.Text("name")}
	if key == users {
		p.Name, p.Email = strings.TrimSpace(p.Name), o.Text("email")
	}
	members, _ := providers.Elements(o.Peek("user_ids"))
	p.Members = len(members)
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

// maxTextBytes bounds how much of one comment is read.
const maxTextBytes = 256 << 10

// plainText turns the content of a comment, which is HTML-ish, into text: line breaks and the ends of blocks become
// newlines, other tags are dropped, entities are decoded, scripts and styles vanish. A new line is written as <br>
// (comments.md); that other markup comes too is [assumed] from the mentions, which the server turns into some. Text
// that is no HTML comes out as it went in, except that entities in it are decoded.
func plainText(content string) string {
	if len(content) > maxTextBytes {
		content = strings.ToValidUTF8(content[:maxTextBytes], "")
	}
	if !strings.ContainsAny(content, "<&") {
		return strings.TrimSpace(content)
	}
	return manyBlankLines.ReplaceAllString(providers.HTMLText(content, writeTag), "\n\n")
}

func writeTag(out *strings.Builder, name atom.Atom, kind html.TokenType) {
	switch name {
	case atom.Br:
		out.WriteByte('\n')
	case atom.Li:
		endLine(out)
		if kind == html.StartTagToken {
			out.WriteString("- ")
		}
	case atom.P, atom.Div, atom.Ul, atom.Ol, atom.Blockquote, atom.Pre, atom.Table, atom.Tr,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		endLine(out)
	}
}

func endLine(b *strings.Builder) {
	if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
		b.WriteByte('\n')
	}
}

var manyBlankLines = regexp.MustCompile(`\n{3,}`)

// commentText is what a person typed, in the form the API takes: markup characters escaped, new lines as <br>
// (comments.md for the <br>; the escaping, and that a first comment follows the same rules, is [assumed]).
// A mention (@user:12) is left as it is, so that the server makes it one.
func commentText(typed string) string {
	typed = strings.ReplaceAll(typed, "\r\n", "\n")
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", "<br>").Replace(typed)
}

var mention = regexp.MustCompile(`@(user|group):([0-9]{1,19})\b`)

// nameMentions puts names in place of the ids of mentions; an id without a known name stays.
func nameMentions(text string, n names) string {
	return mention.ReplaceAllStringFunc(text, func(m string) string {
		part := mention.FindStringSubmatch(m)
		if name := n.of(resource(part[1]+"s"), part[2]).Name; name != "" {
			return "@" + name
		}
		return m
	})
}
