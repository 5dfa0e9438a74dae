package bird

import (
	"encoding/json"
	"fmt"
	"strings"

	"confab/model"
	"confab/providers"
)

// plan implements providers.Adapter.Plan: one PATCH for all fields of the conversation, and a request for each participant.
func (p *provider) plan(fresh model.Conversation) func(model.Edit) providers.Planned {
	read, _ := p.rawAttributes.Get(fresh.Ref.ID)
	attributes, sure := providers.Written(fresh.Attributes, read)
	patch := fieldsOf(attributes).Write(func(b providers.Body) providers.Call { return p.call(calls.UpdateConversation, fresh.Ref.ID, b) })
	patch.Shows = func(a *providers.Answer) (model.Conversation, bool) {
		return p.convert(a.Body, p.channels.Known().name)
	}
	return func(e model.Edit) providers.Planned {
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

// fieldsOf returns the fields that the PATCH can change. A field that is not sent keeps its value: the vendor's example shows
// that, although the reference prints defaults. A field is cleared with "", because the effect of null is not documented. The map
// of attributes is sent whole, because it is not documented whether the service merges or replaces it [assumed].
func fieldsOf(attributes map[string]json.RawMessage) providers.Fields {
	return providers.Fields{
		{Kind: model.EditTitle, Names: []string{"name"}},
		{Kind: model.EditDescription, Names: []string{"description"}},
		{Kind: model.EditStatus, Names: []string{"status"},
			Add: func(b *providers.Body, edits []model.Edit) {
				status := statusActive
				if edits[0].Target.String() == model.StatusClosed {
					status = statusClosed
				}
				b.Add("status", status)
			}},
		{Kind: model.EditPrivacy, Names: []string{"visibility"}},
		{Kind: model.EditAccess, Names: []string{"accessibility"}},
		{Kind: model.EditAttributes, Names: []string{"attributes"},
			Add: func(b *providers.Body, edits []model.Edit) { b.Add("attributes", providers.Edited(attributes, edits)) }},
	}
}

// planPeople plans the fewest requests that change the participants of fresh into target: removals, then changes of status, then
// additions. It refuses the whole edit if one part of it can't be sent.
func (p *provider) planPeople(fresh model.Conversation, target []model.Participant) (out providers.Planned) {
	op, id := model.EditParticipants.Op(), fresh.Ref.ID
	add := func(before, after []model.Participant, call providers.Call, done string) {
		w := providers.Single(model.EditParticipants, call)
		if call.Name != calls.AddParticipant.Name {
			// The refusal may concern a protected participant, so it rules out nothing for others. A participant who is not found
			// may have left meanwhile: the participants are read again.
			w.Learn = func(e *model.Error) providers.Lesson {
				if e.Kind == model.NotFound {
					e.Kind = model.ConflictKind
				}
				return providers.Lesson{Ignore: e.Kind != model.Unsupported}
			}
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
			continue // the service has no roles, and an empty status means no change
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
		if err := checkAddable(who); err != nil {
			return providers.Refuse(err)
		}
		add(nil, []model.Participant{who}, p.call(calls.AddParticipant, id, reference(who)), "added "+who.Display())
	}
	return out
}

// checkAddable refuses participants that can't be added. The service adds users and flows by id, and contacts by id or
// identifier. Access keys, bots and agents join in other ways only.
func checkAddable(p model.Participant) *model.Error {
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
		// The body that names a contact by identifier has no status, so the contact would first join as active.
		return providers.Unsupported(op,
			"a contact named by an identifier joins as active: look it up and add it by id to choose another status")
	}
	return nil
}

// identifier returns the key and the value that identify a contact; both are "" if either is missing.
func identifier(p model.Participant) (key, value string) {
	if k, v, _ := strings.Cut(p.Identifier, "="); k != "" && v != "" {
		return k, v
	}
	return "", ""
}

func identifierBody(key, value string) (b providers.Body) {
	b.Add("identifierKey", key)
	b.Add("identifierValue", value)
	return b
}

// reference returns the body that adds a participant, in one of the three documented shapes.
func reference(p model.Participant) (b providers.Body) {
	if p.Kind == model.KindContact && p.ID == "" {
		b.Add("type", p.Kind)
		b.Add("contact", identifierBody(identifier(p)))
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
	w.Learn = func(*model.Error) providers.Lesson { return providers.Lesson{Everywhere: true} }
	w.Created = func(a *providers.Answer) string {
		o, _ := a.Object()
		return o.Text("id")
	}
	return providers.Change(w, model.Conversation{}, e)
}

// maxNewParticipants is the number of participants that a create may name.
const maxNewParticipants = 5

// messageReference returns the reference of the first message of a create. References are unique in a workspace, so a create that
// is sent twice can't send its message twice [assumed].
func messageReference(editID string) string { return "confab-" + editID }

// newConversation returns the body of a create. It refuses what the service can't take.
func newConversation(n model.NewConversation, editID string) (body providers.Body, refused *model.Error) {
	op := calls.CreateConversation.Name
	bad := func(format string, args ...any) (providers.Body, *model.Error) {
		return nil, providers.Invalid(op, fmt.Sprintf(format, args...))
	}
	switch {
	case n.Space != "" || n.DefaultRole != "":
		return bad("the service has neither spaces nor roles")
	case len(n.People) > maxNewParticipants:
		return bad("a new conversation takes at most %d people: create it, then add the others", maxNewParticipants)
	}
	var people, recipients []providers.Body
	for _, p := range n.People {
		key, value := identifier(p)
		who := providers.Body{{Name: "type", Value: p.Kind}}
		switch {
		case p.Kind == model.KindContact && key == "":
			return bad("%s has no identifier: a new conversation takes contacts by KEY=VALUE", p.Display())
		case p.Kind == model.KindContact:
			who = append(who, identifierBody(key, value)...)
			recipients = append(recipients, identifierBody(key, value))
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
