package bird

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"confab/model"
	"confab/providers"
)

// plan is the part of providers.Adapter that knows Bird: one PATCH carries the fields of the conversation, and each
// participant takes a request.
func (p *provider) plan(fresh model.Conversation) func(model.Edit) providers.Planned {
	held, _ := p.held.Get(fresh.Ref.ID)
	attributes, sure := attributesOf(fresh, held)
	fields := fieldsOf(attributes)
	patch := fields.Write(func(b providers.Body) providers.Call { return p.call(calls.UpdateConversation, fresh.Ref.ID, b) })
	patch.Shows = func(a *providers.Answer) (model.Conversation, providers.Tells, bool) { return p.shown(a, fresh.Ref.ID) }
	return func(e model.Edit) providers.Planned {
		if err := fields.Check(e); err != nil {
			return providers.Refuse(err)
		}
		switch e.Kind {
		case model.EditCreate:
			return p.planCreate(e)
		case model.EditDelete:
			return providers.Change(providers.Single(e.Kind, p.call(calls.DeleteConversation, fresh.Ref.ID, nil)), fresh, e)
		case model.EditParticipants:
			return p.planPeople(fresh, e.Target.Set())
		}
		planned := providers.Change(patch, fresh, e)
		if e.Kind == model.EditAttributes && !sure {
			planned.Stale = &model.Error{Kind: model.Unavailable, Op: e.Kind.Op(),
				Message: "the attributes have just been changed by somebody else: they are read again first"}
		}
		return planned
	}
}

// fieldsOf are the fields that the PATCH carries. One that is not sent keeps its value (the vendor's own example shows
// that, against the defaults its page prints); clearing is done with "", since what null does is not told. Whether the
// map of attributes is merged or replaced is not documented, so the whole map is sent [assumed].
func fieldsOf(attributes map[string]json.RawMessage) providers.Fields {
	return providers.Fields{
		{Kind: model.EditTitle, Names: []string{"name"}},
		{Kind: model.EditDescription, Names: []string{"description"}},
		{Kind: model.EditStatus, Names: []string{"status"}, Check: providers.Among(model.StatusOpen, model.StatusClosed),
			Add: func(b *providers.Body, edits []model.Edit) {
				status := statusActive
				if edits[0].Target.String() == model.StatusClosed {
					status = statusClosed
				}
				b.Add("status", status)
			}},
		{Kind: model.EditPrivacy, Names: []string{"visibility"}, Check: providers.Among(privacies...)},
		{Kind: model.EditAccess, Names: []string{"accessibility"}, Check: providers.Among(service.About.AccessValues...)},
		{Kind: model.EditAttributes, Names: []string{"attributes"},
			Check: func(e model.Edit) *model.Error {
				if e.Key == "" {
					return providers.Invalid(e.Kind.Op(), "the attribute has no name")
				}
				return nil
			},
			Add: func(b *providers.Body, edits []model.Edit) {
				whole := maps.Clone(attributes)
				for _, e := range edits {
					if e.Target.Text == nil {
						delete(whole, e.Key)
					} else {
						whole[e.Key] = quote(*e.Target.Text)
					}
				}
				b.Add("attributes", whole)
			}},
	}
}

func (p *provider) shown(a *providers.Answer, id string) (c model.Conversation, tells providers.Tells, ok bool) {
	o, err := a.Object()
	if err != nil {
		return c, nil, false
	}
	c, ok = p.convert(a.Body, p.channels.Known().name)
	if !ok || !strings.EqualFold(c.Ref.ID, id) {
		return c, nil, false
	}
	c.Ref.ID = id
	p.held.Put(id, attributesIn(o))
	return c, fieldsOf(nil).Tells(o), true
}

// attributesOf returns the attributes as they are to be sent back. held is what the service sent when the conversation
// was last loaded; it counts only where it says the same as fresh, so that values that are no strings stay what they
// are. sure is false where fresh alone cannot tell a string from another value.
func attributesOf(fresh model.Conversation, held map[string]json.RawMessage) (out map[string]json.RawMessage, sure bool) {
	if held != nil && maps.Equal(attributeTexts(held), fresh.Attributes) {
		return held, true
	}
	out, sure = make(map[string]json.RawMessage, len(fresh.Attributes)), true
	for k, v := range fresh.Attributes {
		out[k] = quote(v)
		sure = sure && !json.Valid([]byte(v))
	}
	return out, sure
}

func quote(s string) json.RawMessage {
	raw, _ := providers.WriteJSON(s) // a string can always be written
	return raw
}

// planPeople returns the fewest requests that turn the participants of fresh into target: removals, then demotions, then
// what gives people more. It refuses the whole edit where one part of it cannot be sent.
func (p *provider) planPeople(fresh model.Conversation, target []model.Participant) (out providers.Planned) {
	op, id := model.EditParticipants.Op(), fresh.Ref.ID
	if !fresh.Participants.Known {
		return providers.Refuse(providers.Malformed(op, "the participants of the conversation are not loaded"))
	}
	add := func(before, after []model.Participant, call providers.Call, done string) {
		w := providers.Single(model.EditParticipants, call)
		if call.Name != calls.AddParticipant.Name {
			// A removal that is refused may be of a protected participant, and says nothing on others.
			w.Reads = func(e *model.Error) providers.Lesson { return providers.Lesson{Nothing: e.Kind != model.Unsupported} }
		}
		out.Steps = append(out.Steps, providers.Step{Write: w, Direction: providers.PeopleDirection(before, after), Done: done})
	}
	d := model.DiffPeople(fresh.Participants.Items, target)
	for _, who := range d.Removed {
		if who.ID == "" {
			return providers.Refuse(providers.Unsupported(op, who.Display()+" has no id, and the service removes by id only"))
		}
		add([]model.Participant{who}, nil, p.participant(calls.RemoveParticipant, id, who.ID, nil), "removed "+who.Display())
	}
	for i, who := range d.Altered {
		was := d.Was[i]
		if who.Status == was.Status || who.Status == "" {
			continue // there are no roles here; a status that is not named stays
		}
		if was.ID == "" {
			return providers.Refuse(providers.Unsupported(op, was.Display()+" has no id to change the status by"))
		}
		if err := providers.OneOf(op, who.Status, service.About.ParticipantStatuses...); err != nil {
			return providers.Refuse(err)
		}
		call := p.participant(calls.SetParticipant, id, was.ID, map[string]string{"status": who.Status})
		add([]model.Participant{was}, []model.Participant{who}, call, "set "+was.Display()+" to "+who.Status)
	}
	for _, who := range d.Added {
		if err := addable(who); err != nil {
			return providers.Refuse(err)
		}
		add(nil, []model.Participant{who}, p.call(calls.AddParticipant, id, reference(who)), "added "+who.Display())
	}
	return out
}

// addable refuses who cannot be added: the service takes users and flows by id, and contacts by id or identifier; an
// access key, a bot or an agent comes in by other ways only.
func addable(p model.Participant) *model.Error {
	op := calls.AddParticipant.Name
	if p.Status != "" {
		if err := providers.OneOf(op, p.Status, service.About.ParticipantStatuses...); err != nil {
			return err
		}
	}
	_, value := identifier(p)
	switch {
	case p.Kind != model.KindUser && p.Kind != model.KindFlow && p.Kind != model.KindContact:
		return providers.Unsupported(op, fmt.Sprintf("the service adds users, flows and contacts, not a participant of type %q", p.Kind))
	case p.ID != "":
		return nil
	case p.Kind != model.KindContact:
		return providers.Invalid(op, "a "+p.Kind+" is added by id")
	case value == "":
		return providers.Invalid(op, "a contact is added by id or by KEY=VALUE (emailaddress=ann@example.com)")
	case p.Status != "" && p.Status != statusActive:
		// The body for a contact by identifier has no status, so it would join as active first.
		return providers.Unsupported(op,
			"a contact named by an identifier joins as active: look it up and add it by id to choose another status")
	}
	return nil
}

// identifier returns key and value of how a contact is known; an e-mail address alone will do. Both are "" where one
// is missing.
func identifier(p model.Participant) (key, value string) {
	k, v, ok := strings.Cut(p.Identifier, "=")
	if !ok {
		k, v = keyEmail, p.Email
	}
	if k == "" || v == "" {
		return "", ""
	}
	return k, v
}

func identified(key, value string) (b providers.Body) {
	b.Add("identifierKey", key)
	b.Add("identifierValue", value)
	return b
}

// reference is the body that adds a participant, in one of the three documented shapes.
func reference(p model.Participant) (b providers.Body) {
	if p.Kind == model.KindContact && p.ID == "" {
		b.Add("type", p.Kind)
		b.Add("contact", identified(identifier(p)))
		return b
	}
	b.AddText("id", p.ID)
	b.Add("type", p.Kind)
	b.AddText("status", p.Status)
	return b
}

func (p *provider) planCreate(e model.Edit) providers.Planned {
	body, refused := newConversation(*e.Target.New, e.ID)
	if refused != nil {
		return providers.Refuse(refused)
	}
	w := providers.Single(e.Kind, p.call(calls.CreateConversation, "", body))
	w.Reads = func(*model.Error) providers.Lesson { return providers.Lesson{Everywhere: true} }
	w.Created = func(a *providers.Answer) string {
		o, _ := a.Object()
		return o.Text("id")
	}
	return providers.One(w, providers.Neutral)
}

// maxNewParticipants is how many a create may name.
const maxNewParticipants = 5

// messageReference is the reference of the first message of a create: unique in a workspace, so that a create that is
// sent twice cannot send its message twice [assumed].
func messageReference(editID string) string {
	if editID == "" {
		return ""
	}
	return "confab-" + editID
}

// newConversation is the body of a create: of the documented fields those that confab fills; others are refused.
func newConversation(n model.NewConversation, editID string) (body providers.Body, refused *model.Error) {
	op := calls.CreateConversation.Name
	bad := func(format string, args ...any) (providers.Body, *model.Error) {
		return nil, providers.Invalid(op, fmt.Sprintf(format, args...))
	}
	switch {
	case strings.TrimSpace(n.Title) == "":
		return bad("the service wants a name")
	case n.Space != "" || n.DefaultRole != "":
		return bad("the service has neither spaces nor roles")
	case len(n.People) > maxNewParticipants:
		return bad("a new conversation takes at most %d people: create it, then add the others", maxNewParticipants)
	case n.Privacy != "":
		refused = providers.OneOf(op, string(n.Privacy), privacies...)
	}
	if n.Access != "" && refused == nil {
		refused = providers.OneOf(op, n.Access, service.About.AccessValues...)
	}
	if refused != nil {
		return nil, refused
	}
	var people, recipients []providers.Body
	for _, p := range n.People {
		key, value := identifier(p)
		who := providers.Body{{Name: "type", Value: p.Kind}}
		switch {
		case p.Kind == model.KindContact && key == "":
			return bad("%s has no identifier: a new conversation takes contacts by KEY=VALUE", p.Display())
		case p.Kind == model.KindContact:
			who = append(who, identified(key, value)...)
			recipients = append(recipients, identified(key, value))
		case p.Kind != model.KindUser:
			return bad("a new conversation takes users and contacts, not a participant of type %q", p.Kind)
		case p.ID == "":
			return bad("a user is added by id")
		default:
			who.Add("id", p.ID)
		}
		people = append(people, who)
	}
	body.Add("name", n.Title)
	body.AddText("description", n.Description)
	body.AddText("visibility", string(n.Privacy))
	body.AddText("accessibility", n.Access)
	if len(people) > 0 {
		body.Add("participants", people)
	}
	body.AddText("channelId", n.Channel)
	if n.Message != "" {
		var message, text providers.Body
		if len(recipients) > 0 {
			message.Add("recipients", recipients)
		}
		text.Add("type", "text")
		text.Add("text", map[string]string{"text": n.Message})
		message.Add("body", text)
		message.AddText("reference", messageReference(editID))
		body.Add("initialMessage", message)
	}
	return body, nil
}
