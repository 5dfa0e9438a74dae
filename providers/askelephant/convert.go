package askelephant

import (
	"bytes"
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

// kindOther is the kind of participants that are not recognised.
const kindOther = "other"

const contactPrefix = "cnt_"

// contactID matches the only ids that may be sent as contacts.
var contactID = regexp.MustCompile(`^` + contactPrefix + `[A-Za-z0-9]+$`)

// converted is a conversation with the transcript, which model.Conversation does not hold.
type converted struct {
	model.Conversation
	transcript string
}

// convert converts an engagement. It is pure.
func (p *provider) convert(raw json.RawMessage) (converted, error) {
	o, ok := providers.ObjectOf(raw)
	if !ok {
		return converted{}, providers.Malformed(calls.Get.Name, "the answer is no engagement")
	}
	id := o.Text("id")
	if id == "" {
		return converted{}, providers.Malformed(calls.Get.Name, "the answer has no id")
	}
	var facts providers.Facts
	out := converted{Conversation: p.Conversation(id, strings.ToLower(o.Text("engagement_type")))}
	c := &out.Conversation
	unusual(&facts, o, providers.GroupOther, "object", "engagement")
	c.Title = o.Text("title")
	c.Description = o.Text("description")
	c.Status = o.Text("processing_status")
	c.Created, c.Updated = o.Time("created_at"), o.Time("updated_at")
	c.Privacy, c.Internal = o.Privacy("is_private"), o.Maybe("is_internal")
	c.Duration, _ = o.Seconds("duration_seconds")
	start := o.Time("start_at")
	facts.AddTime("Times", "Start", start)
	if at := o.Time("engagement_at"); !at.Equal(start) {
		facts.AddTime("Times", "Engagement", at)
	}
	facts.AddTime("Times", "End", o.Time("end_at"))
	owner(c, o, &facts)
	people(c, o, &facts)
	companies(c, o, &facts)
	tags(c, o, &facts)

	out.transcript = o.Text("transcript")
	c.HasTranscript = out.transcript != ""
	// The link is signed, so only its existence is recorded.
	c.HasRecording = o.Text("media_url") != ""
	o.Take("media_url")
	facts.Add("Source", "Source", o.Text("data_source"))
	facts.Tree("Links", "Meeting", o.Take("meeting_url"))
	facts.Tree("Links", "External", o.Take("external_url"))
	actions(o, &facts)
	crm := o.Object("crm_association")
	kind, source := crm.Text("object_type"), crm.Text("source")
	facts.Add("CRM", "Linked", strings.TrimSpace(kind+strings.TrimSuffix(" in "+source, " in ")))
	facts.Rest("CRM", "", crm)
	// Signals may quote the meeting, so they are never stored.
	var signals providers.Facts
	signals.Tree("Signals", "", o.Take("signals"))
	facts.AddAll(signals.List(), true)
	facts.Rest(providers.GroupOther, "", o)
	c.Facts = facts.List()
	return out, nil
}

// actions adds each action item as to do or as done.
func actions(o *providers.Object, facts *providers.Facts) {
	for i, item := range o.Items("action_items") {
		label := "To do " + strconv.Itoa(i+1)
		done, ok := item.Bool("completed")
		if !ok {
			done, _ = item.Bool("done")
		}
		if done {
			label = "Done " + strconv.Itoa(i+1)
		}
		unusual(facts, item, "Action items", label+" object", "action_item")
		facts.Add("Action items", label, item.FirstText("title", "text"))
		facts.Rest("Action items", label, item)
	}
}

// unusual adds the object type, unless it is one of the usual ones.
func unusual(facts *providers.Facts, o *providers.Object, group, label string, usual ...string) {
	if t := o.Text("object"); !slices.Contains(usual, t) {
		facts.Add(group, label, t)
	}
}

func owner(c *model.Conversation, o *providers.Object, facts *providers.Facts) {
	if id := o.Text("owner_user_id"); id != "" {
		c.Owner = model.Participant{Kind: model.KindUser, ID: id}
	}
	facts.Add("Owner", "Host", o.Text("host_user_id"))
	u := o.Object("owner")
	if u == nil {
		return
	}
	p := person(u, model.KindUser, facts, "Owner")
	if p.ID != c.Owner.ID && c.Owner.ID != "" {
		facts.Add("Owner", "id", p.ID)
		p.ID = c.Owner.ID
	}
	c.Owner = p
	unusual(facts, u, "Owner", "object", "user")
	facts.Rest("Owner", "", u)
}

// person reads the fields that contacts and users share. The name consists of first and last name, because the API documents no
// other name. The e-mail is the primary address, or else the first; further addresses become facts.
func person(o *providers.Object, kind string, facts *providers.Facts, group string) model.Participant {
	p := model.Participant{Kind: kind, ID: o.Text("id")}
	p.Name = strings.TrimSpace(o.Text("first_name") + " " + o.Text("last_name"))
	if p.Name == "" {
		p.Name = o.Text("name")
	}
	emails := o.Items("emails")
	var all []string
	hasPrimary := false
	for _, e := range emails {
		address := e.FirstText("email", "") // "" is an element of a list of plain texts
		primary, _ := e.Bool("is_primary")
		switch {
		case address == "":
		case primary && !hasPrimary:
			all, hasPrimary = slices.Insert(all, 0, address), true
		default:
			all = append(all, address)
		}
	}
	if len(all) == 0 {
		p.Email = o.Text("email")
	} else {
		p.Email, all = all[0], all[1:]
	}
	label := p.Display()
	for _, address := range all {
		facts.Add(group, label+" e-mail", address)
	}
	for _, e := range emails {
		facts.Rest(group, label+" e-mail", e)
	}
	return p
}

// people reads the expanded contacts. All of them are participants, and the managed contacts are also the set of contacts. If the
// field is absent or null, both sets stay unknown. The set of contacts also stays unknown if an element is null or may be a contact
// in a form that is not known, because replacing the set would remove that contact.
func people(c *model.Conversation, o *providers.Object, facts *providers.Facts) {
	all, _ := providers.Elements(o.Peek(expandContacts))
	elements := providers.OneOrMore(o.Peek(expandContacts))
	list, known := o.List(expandContacts)
	if !known {
		return
	}
	contacts, unread := model.SetOf[model.Participant](), len(all) > len(elements)
	c.Participants = model.SetOf[model.Participant]()
	for i, e := range list {
		group := "Contacts"
		object := e.Text("object")
		id := e.Text("id")
		kind := kindOf(id, object, e.Peek("emails"))
		if kind != model.KindContact {
			group = "People"
		}
		p := person(e, kind, facts, group)
		if object != "contact" {
			facts.Add(group, p.Display()+".object", object)
		}
		facts.Rest(group, p.Display(), e)
		switch {
		case p == (model.Participant{Kind: kind}):
			unread = true
			continue
		case kind == model.KindContact:
			contacts.Items = append(contacts.Items, p)
		case kind == kindOther:
			unread = unread || id == "" || object == "contact" || bytes.Contains(elements[i], []byte(contactPrefix))
		}
		c.Participants.Items = append(c.Participants.Items, p)
	}
	if !unread {
		c.Contacts = contacts
	}
	c.ParticipantCount = len(c.Participants.Items)
}

const resourceAddress = "@resource.calendar."

// kindOf returns the kind of an expanded contact. A managed contact has a cnt_ id, and is not a calendar resource by its object
// type or its address; how the service marks a resource is not documented. The other kinds are for display.
func kindOf(id, object string, emails json.RawMessage) string {
	object = strings.ToLower(object)
	switch {
	case strings.Contains(object, "resource"), strings.Contains(object, "room"), strings.Contains(object, "calendar"),
		bytes.Contains(emails, []byte(resourceAddress)):
		return model.KindRoom
	case contactID.MatchString(id):
		return model.KindContact
	case strings.HasPrefix(id, "usr_"):
		return model.KindUser
	}
	return kindOther
}

func companies(c *model.Conversation, o *providers.Object, facts *providers.Facts) {
	list, known := o.List(expandCompanies)
	if !known {
		return
	}
	c.Companies = []model.Named{}
	for _, e := range list {
		n := model.Named{ID: e.Text("id"), Name: e.Text("name")}
		if n != (model.Named{}) {
			c.Companies = append(c.Companies, n)
		}
		label := cmp.Or(n.Name, n.ID)
		unusual(facts, e, "Companies", label+".object", "engagement_company", "company")
		facts.Rest("Companies", label, e)
	}
}

// tags turns tags into labels without a value, so that queries find them.
func tags(c *model.Conversation, o *providers.Object, facts *providers.Facts) {
	list, known := o.List(expandTags)
	if !known {
		return
	}
	c.Labels = map[string]string{}
	for _, e := range list {
		id := e.Text("id")
		name := cmp.Or(e.FirstText("name", ""), id) // "" is an element of a list of plain texts
		if name != "" {
			c.Labels[name] = ""
		}
		facts.Add("Tags", name+" id", id)
		unusual(facts, e, "Tags", name+" object", "tag")
		facts.Rest("Tags", name, e)
	}
}
