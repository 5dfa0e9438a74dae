package askelephant

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"confab/model"
	"confab/providers"
)

// kindOther is a participant who is neither a contact nor recognised.
const kindOther = "other"

// contactID is the one form of an id that may be written.
var contactID = regexp.MustCompile(`^cnt_[A-Za-z0-9]+$`)

// The groups of facts, in the words of the service's own pages.
const (
	groupTimes       = "Times"
	groupLinks       = "Links"
	groupSource      = "Source"
	groupOwner       = "Owner"
	groupContacts    = "Contacts"
	groupPeople      = "People"
	groupCompanies   = "Companies"
	groupCRM         = "CRM"
	groupTags        = "Tags"
	groupActionItems = "Action items"
	groupSignals     = "Signals"
)

// frame is what a conversion knows beside the engagement.
type frame struct {
	account string
	// web is the prefix of the pages of engagements; "" builds no links.
	web string
}

// converted is a conversation and what of its engagement has no place in it.
type converted struct {
	model.Conversation
	transcript string
}

// convert turns an answer into a conversation. It is pure.
func convert(raw []byte, in frame) (converted, error) {
	if !json.Valid(raw) {
		return converted{}, providers.Malformed(endpointGet.Name, "the answer is no engagement")
	}
	return convertRow(raw, in)
}

// convertRow is convert for what is known to be valid JSON.
func convertRow(raw json.RawMessage, in frame) (converted, error) {
	o, ok := providers.ObjectOf(raw)
	if !ok {
		return converted{}, providers.Malformed(endpointGet.Name, "the answer is no engagement")
	}
	id := o.Text("id")
	if id == "" {
		return converted{}, providers.Malformed(endpointGet.Name, "the answer has no id")
	}
	var facts providers.Facts
	out := converted{Conversation: model.Conversation{
		Ref:              model.Ref{Account: in.account, ID: id},
		Provider:         model.AskElephant,
		Privacy:          model.PrivacyUnknown,
		ParticipantCount: -1,
	}}
	c := &out.Conversation
	if object := o.Text("object"); object != "engagement" {
		facts.Add(providers.GroupOther, "object", object)
	}
	c.Title = o.Text("title")
	c.Description = o.Text("description")
	kind := o.Text("engagement_type")
	c.Kind = strings.ToLower(kind)
	c.Status = o.Text("processing_status")
	c.Created, c.Updated = o.Time("created_at"), o.Time("updated_at")
	if private, ok := o.Bool("is_private"); ok {
		c.Privacy = model.PrivacyPublic
		if private {
			c.Privacy = model.PrivacyPrivate
		}
	}
	if internal, ok := o.Bool("is_internal"); ok {
		c.Internal = &internal
	}
	c.Duration, _ = o.Seconds("duration_seconds")
	if in.web != "" {
		c.URL = in.web + url.PathEscape(id)
	}
	for _, t := range []struct{ field, label string }{{"start_at", "Start"}, {"engagement_at", "Engagement"}, {"end_at", "End"}} {
		if at := o.Time(t.field); !at.IsZero() {
			facts.Add(groupTimes, t.label, at.Format("2006-01-02T15:04:05.999999999Z07:00"))
		}
	}
	owner(c, o, &facts)
	people(c, o, &facts)
	companies(c, o, &facts)
	tags(c, o, &facts)

	out.transcript = o.Text("transcript")
	c.HasTranscript = out.transcript != ""
	if o.Has("media_url") {
		// A signed link: that there is one is all that is kept of it.
		c.HasRecording = o.Text("media_url") != ""
		o.Take("media_url")
	}
	facts.Add(groupSource, "Source", o.Text("data_source"))
	facts.Tree(groupLinks, "Meeting", o.Take("meeting_url"))
	facts.Tree(groupLinks, "External", o.Take("external_url"))
	facts.Tree(groupCRM, "", o.Take("crm_association"))
	tree(&facts, groupActionItems, o.Take("action_items"), false)
	// Signals are drawn from what was said and may quote it.
	tree(&facts, groupSignals, o.Take("signals"), true)
	facts.Rest(providers.GroupOther, "", o)
	c.Facts = facts.List()
	return out, nil
}

func tree(facts *providers.Facts, group string, raw json.RawMessage, volatile bool) {
	var inner providers.Facts
	inner.Tree(group, "", raw)
	for _, f := range inner.List() {
		if volatile || f.Volatile {
			facts.AddVolatile(f.Group, f.Label, f.Value)
		} else {
			facts.Add(f.Group, f.Label, f.Value)
		}
	}
}

func owner(c *model.Conversation, o *providers.Object, facts *providers.Facts) {
	if id := o.Text("owner_user_id"); id != "" {
		c.Owner = model.Participant{Kind: model.KindUser, ID: id}
	}
	facts.Add(groupOwner, "Host", o.Text("host_user_id"))
	u := o.Object("owner")
	if u == nil {
		return
	}
	p := person(u, model.KindUser, facts, groupOwner)
	if p.ID != c.Owner.ID && c.Owner.ID != "" {
		facts.Add(groupOwner, "id", p.ID)
		p.ID = c.Owner.ID
	}
	c.Owner = p
	if t := u.Text("object"); t != "user" {
		facts.Add(groupOwner, "object", t)
	}
	facts.Rest(groupOwner, "", u)
}

// person reads what contacts and users have in common: there is no name field,
// so it is first and last name. The primary address is the e-mail, further
// ones are facts.
func person(o *providers.Object, kind string, facts *providers.Facts, group string) model.Participant {
	p := model.Participant{Kind: kind, ID: o.Text("id")}
	p.Name = strings.TrimSpace(o.Text("first_name") + " " + o.Text("last_name"))
	if p.Name == "" {
		p.Name = o.Text("name")
	}
	emails, _ := o.List("emails")
	var others []string
	primary := false
	for _, e := range emails {
		address := e.Text("email")
		if address == "" {
			address = e.Text("") // a list of plain texts
		}
		is, _ := e.Bool("is_primary")
		switch {
		case address == "":
		case p.Email == "":
			p.Email, primary = address, is
		case is && !primary:
			others = append(others, p.Email)
			p.Email, primary = address, true
		default:
			others = append(others, address)
		}
	}
	if p.Email == "" {
		p.Email = o.Text("email")
	}
	label := p.Display()
	for _, address := range others {
		facts.Add(group, label+" e-mail", address)
	}
	for _, e := range emails {
		facts.Rest(group, label+" e-mail", e)
	}
	return p
}

// people splits the expanded contacts: those with a cnt_ id are the managed
// set, everybody else is a participant alone. Absent or null contacts are not
// loaded.
func people(c *model.Conversation, o *providers.Object, facts *providers.Facts) {
	list, known := o.List(expandContacts)
	if !known {
		return
	}
	c.Contacts, c.Participants = model.SetOf[model.Participant](), model.SetOf[model.Participant]()
	for _, e := range list {
		group := groupContacts
		object := e.Text("object")
		id := e.Text("id")
		kind := kindOf(id, object, e.Peek("emails"))
		if kind != model.KindContact {
			group = groupPeople
		}
		p := person(e, kind, facts, group)
		if object != "contact" {
			facts.Add(group, p.Display()+".object", object)
		}
		facts.Rest(group, p.Display(), e)
		if p == (model.Participant{Kind: kind}) {
			continue
		}
		c.Participants.Items = append(c.Participants.Items, p)
		if kind == model.KindContact {
			c.Contacts.Items = append(c.Contacts.Items, p)
		}
	}
	c.ParticipantCount = len(c.Participants.Items)
}

// resourceAddress is the host of the addresses of calendar resources.
const resourceAddress = "@resource.calendar."

// kindOf tells who is a managed contact: one with a cnt_ id that is no
// calendar resource, by its kind of object or its address. The rest is for
// display. How the service shows a resource is not documented.
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
		label := n.Name
		if label == "" {
			label = n.ID
		}
		if t := e.Text("object"); t != "engagement_company" && t != "company" {
			facts.Add(groupCompanies, label+".object", t)
		}
		facts.Rest(groupCompanies, label, e)
	}
}

// tags become labels without a value, so that queries find them.
func tags(c *model.Conversation, o *providers.Object, facts *providers.Facts) {
	list, known := o.List(expandTags)
	if !known {
		return
	}
	c.Labels = map[string]string{}
	for _, e := range list {
		id, name := e.Text("id"), e.Text("name")
		if name == "" {
			name = e.Text("") // a list of plain texts
		}
		if name == "" {
			name = id
		}
		if name != "" {
			c.Labels[name] = ""
			facts.Add(groupTags, "Tag", name)
		}
		if id != name {
			facts.Add(groupTags, name+" id", id)
		}
		if t := e.Text("object"); t != "tag" {
			facts.Add(groupTags, name+" object", t)
		}
		facts.Rest(groupTags, name, e)
	}
}
