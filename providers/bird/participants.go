package bird

import (
	"fmt"
	"strings"

	"confab/model"
	"confab/providers"
)

// planPeople returns the fewest requests that turn the participants of fresh into target: removals, then demotions, then
// what gives people more. It refuses the whole edit where one part of it cannot be sent.
func (p *provider) planPeople(fresh model.Conversation, target []model.Participant) providers.Planned {
	op := model.EditParticipants.Op()
	if !fresh.Participants.Known {
		return providers.Refuse(providers.Malformed(op, "the participants of the conversation are not loaded"))
	}
	id := fresh.Ref.ID
	d := model.DiffPeople(fresh.Participants.Items, target)
	var out providers.Planned
	add := func(before, after []model.Participant, call providers.Call, done string) {
		w := providers.Single(model.EditParticipants, call)
		if call.Name != addParticipant.Name {
			// A removal that is refused may be of a protected participant, and says nothing on others.
			w.Reads = func(e *model.Error) providers.Lesson { return providers.Lesson{Nothing: e.Kind != model.Unsupported} }
		}
		out.Steps = append(out.Steps, providers.Step{Write: w, Direction: providers.PeopleDirection(before, after), Done: done})
	}
	for _, who := range d.Removed {
		if who.ID == "" {
			return providers.Refuse(providers.Unsupported(op, who.Display()+" has no id, and the service removes by id only"))
		}
		add([]model.Participant{who}, nil, p.client.participant(removeParticipant, id, who.ID, nil), "removed "+who.Display())
	}
	for i, who := range d.Altered {
		was := d.Was[i]
		if who.Status == was.Status || who.Status == "" {
			continue // there are no roles here; a status that is not named stays
		}
		if was.ID == "" {
			return providers.Refuse(providers.Unsupported(op, was.Display()+" has no id to change the status by"))
		}
		if err := providers.OneOf(op, who.Status, participantStatuses...); err != nil {
			return providers.Refuse(err)
		}
		call := p.client.participant(setParticipant, id, was.ID, map[string]string{"status": who.Status})
		add([]model.Participant{was}, []model.Participant{who}, call, "set "+was.Display()+" to "+who.Status)
	}
	for _, who := range d.Added {
		if err := addable(who); err != nil {
			return providers.Refuse(err)
		}
		add(nil, []model.Participant{who}, p.client.call(addParticipant, id, nil, reference(who)), "added "+who.Display())
	}
	return out
}

// addable refuses who cannot be added: the service takes users and flows by id, and contacts by id or identifier; an
// access key, a bot or an agent comes in by other ways only.
func addable(p model.Participant) *model.Error {
	op := addParticipant.Name
	if p.Status != "" {
		if err := providers.OneOf(op, p.Status, participantStatuses...); err != nil {
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

// reference is the body that adds a participant, in one of the three documented shapes.
func reference(p model.Participant) participantBody {
	if p.Kind == model.KindContact && p.ID == "" {
		key, value := identifier(p)
		return participantBody{Type: p.Kind, Contact: &identifierReference{Key: key, Value: value}}
	}
	return participantBody{ID: p.ID, Type: p.Kind, Status: p.Status}
}

// maxNewParticipants is how many a create may name.
const maxNewParticipants = 5

// messageReference is the reference of the first message of a create.
func messageReference(editID string) string {
	if editID == "" {
		return ""
	}
	return "confab-" + editID
}

// newConversation is the body of a create. A message gets a reference made from the id of the edit: references are
// unique in a workspace, so a create that is sent twice cannot send its message twice [assumed].
func newConversation(n model.NewConversation, editID string) (createBody, *model.Error) {
	op := createConversation.Name
	body := createBody{Name: n.Title, Description: n.Description, Visibility: string(n.Privacy), Accessibility: n.Access,
		ChannelID: n.Channel}
	if strings.TrimSpace(n.Title) == "" {
		return body, providers.Invalid(op, "the service wants a name")
	}
	if n.Privacy != "" {
		if err := providers.OneOf(op, string(n.Privacy), privacies...); err != nil {
			return body, err
		}
	}
	if n.Access != "" {
		if err := providers.OneOf(op, n.Access, accesses...); err != nil {
			return body, err
		}
	}
	if n.Space != "" || n.DefaultRole != "" {
		return body, providers.Invalid(op, "the service has neither spaces nor roles")
	}
	if len(n.People) > maxNewParticipants {
		return body, providers.Invalid(op,
			fmt.Sprintf("a new conversation takes at most %d people: create it, then add the others", maxNewParticipants))
	}
	var recipients []identifierReference
	for _, p := range n.People {
		key, value := identifier(p)
		switch {
		case p.Kind == model.KindContact && key == "":
			return body, providers.Invalid(op, p.Display()+" has no identifier: a new conversation takes contacts by KEY=VALUE")
		case p.Kind == model.KindContact:
			body.Participants = append(body.Participants, newParticipant{Type: p.Kind, Key: key, Value: value})
			recipients = append(recipients, identifierReference{Key: key, Value: value})
		case p.Kind != model.KindUser:
			return body, providers.Invalid(op, fmt.Sprintf("a new conversation takes users and contacts, not a participant of type %q", p.Kind))
		case p.ID == "":
			return body, providers.Invalid(op, "a user is added by id")
		default:
			body.Participants = append(body.Participants, newParticipant{Type: p.Kind, ID: p.ID})
		}
	}
	if n.Message != "" {
		text := textMessage{Type: "text", Text: map[string]string{"text": n.Message}}
		body.InitialMessage = &initialMessage{Recipients: recipients, Body: text, Reference: messageReference(editID)}
	}
	return body, nil
}
