package bird

import (
	"fmt"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

// planPeople gives the fewest requests that turn the participants of fresh into target: removals, then demotions, then
// what gives people more. It refuses the whole edit where one part of it cannot be sent.
func (p *Provider) planPeople(fresh model.Conversation, target []model.Participant) providers.Planned {
	op := providers.Op(model.EditParticipants)
	if !fresh.Participants.Known {
		return providers.Refuse(providers.Malformed(op, "the participants of the conversation are not loaded"))
	}
	id := fresh.Ref.ID
	d := model.DiffPeople(fresh.Participants.Items, target)
	var out providers.Planned
	add := func(before, after []model.Participant, call providers.Call, done string) {
		w := providers.Single(model.EditParticipants, call)
		if call.Name != addParticipantEndpoint.Name {
			// A removal that is refused may be of a protected participant, and says nothing on others.
			w.Reads = func(e *model.Error) providers.Lesson { return providers.Lesson{Nothing: e.Kind != model.Unsupported} }
		}
		out.Steps = append(out.Steps, providers.Step{Write: w, Direction: providers.PeopleDirection(before, after), Done: done})
	}
	for _, who := range d.Removed {
		if who.ID == "" {
			return providers.Refuse(providers.Unsupported(op, who.Display()+" has no id, and the service removes by id only"))
		}
		add([]model.Participant{who}, nil, p.client.removeParticipant(id, who.ID), "removed "+who.Display())
	}
	for i, who := range d.Altered {
		was := d.Was[i]
		if who.Status == was.Status || who.Status == "" {
			continue // there are no roles here; a status that is not named stays
		}
		if was.ID == "" {
			return providers.Refuse(providers.Unsupported(op, was.Display()+" has no id to change the status by"))
		}
		if !slices.Contains(participantStatuses(), who.Status) {
			return providers.Refuse(providers.Invalid(op, fmt.Sprintf("%q is none of %s", who.Status, strings.Join(participantStatuses(), ", "))))
		}
		add([]model.Participant{was}, []model.Participant{who}, p.client.setParticipant(id, was.ID, who.Status), "set "+was.Display()+" to "+who.Status)
	}
	for _, who := range d.Added {
		if err := addable(who); err != nil {
			return providers.Refuse(err)
		}
		add(nil, []model.Participant{who}, p.client.addParticipant(id, reference(who)), "added "+who.Display())
	}
	return out
}

// addable refuses who cannot be added: the service takes users and flows by id, and contacts by id or identifier; an
// access key, a bot or an agent comes in by other ways only.
func addable(p model.Participant) *model.Error {
	const op = "add participant"
	if p.Status != "" && !slices.Contains(participantStatuses(), p.Status) {
		return providers.Invalid(op, fmt.Sprintf("%q is none of %s", p.Status, strings.Join(participantStatuses(), ", ")))
	}
	switch p.Kind {
	case model.KindUser, model.KindFlow:
		if p.ID == "" {
			return providers.Invalid(op, "a "+p.Kind+" is added by id")
		}
		return nil
	case model.KindContact:
		if p.ID != "" {
			return nil
		}
		if key, value := identifier(p); key == "" || value == "" {
			return providers.Invalid(op, "a contact is added by id or by KEY=VALUE (emailaddress=ann@example.com)")
		}
		if p.Status != "" && p.Status != statusActive {
			// The body for a contact by identifier has no status, so it would join as active first.
			return providers.Unsupported(op, "a contact named by an identifier joins as active: look it up and add it by id to choose another status")
		}
		return nil
	}
	return providers.Unsupported(op, fmt.Sprintf("the service adds users, flows and contacts, not a participant of type %q", p.Kind))
}

// identifier gives key and value of how a contact is known; an e-mail address alone will do.
func identifier(p model.Participant) (key, value string) {
	if k, v, ok := strings.Cut(p.Identifier, "="); ok {
		return k, v
	}
	if p.Email != "" {
		return keyEmail, p.Email
	}
	return "", ""
}

// reference is the body that adds a participant, in one of the three documented shapes.
func reference(p model.Participant) participantBody {
	if p.Kind == model.KindContact && p.ID == "" {
		key, value := identifier(p)
		return participantBody{Type: p.Kind, Contact: &contactBody{Key: key, Value: value}}
	}
	return participantBody{ID: p.ID, Type: p.Kind, Status: p.Status}
}

// maxNewParticipants is how many a create may name.
const maxNewParticipants = 5

// messageReference is the reference of the first message of a create.
func messageReference(editID string) string { return "confab-" + editID }

// newConversation is the body of a create. A message gets a reference made from the id of the edit: references are
// unique in a workspace, so a create that is sent twice cannot send its message twice [assumed].
func newConversation(n model.NewConversation, editID string) (createBody, *model.Error) {
	const op = "create conversation"
	body := createBody{Name: n.Title, Description: n.Description, Accessibility: n.Access, ChannelID: n.Channel}
	if strings.TrimSpace(n.Title) == "" {
		return body, providers.Invalid(op, "the service wants a name")
	}
	switch n.Privacy {
	case "", model.PrivacyPrivate, model.PrivacyPublic:
		body.Visibility = string(n.Privacy)
	default:
		return body, providers.Invalid(op, fmt.Sprintf("%q is neither private nor public", n.Privacy))
	}
	if n.Access != "" && !slices.Contains(accesses(), n.Access) {
		return body, providers.Invalid(op, fmt.Sprintf("%q is none of open, request-to-join, invite-only", n.Access))
	}
	if n.Space != "" || n.DefaultRole != "" {
		return body, providers.Invalid(op, "the service has neither spaces nor roles")
	}
	if len(n.People) > maxNewParticipants {
		return body, providers.Invalid(op, fmt.Sprintf("a new conversation takes at most %d people: create it, then add the others", maxNewParticipants))
	}
	var recipients []identifierReference
	for _, p := range n.People {
		switch p.Kind {
		case model.KindContact:
			key, value := identifier(p)
			if key == "" || value == "" {
				return body, providers.Invalid(op, p.Display()+" has no identifier: a new conversation takes contacts by KEY=VALUE")
			}
			body.Participants = append(body.Participants, newParticipant{Type: p.Kind, Key: key, Value: value})
			recipients = append(recipients, identifierReference{Key: key, Value: value})
		case model.KindUser:
			if p.ID == "" {
				return body, providers.Invalid(op, "a user is added by id")
			}
			body.Participants = append(body.Participants, newParticipant{Type: p.Kind, ID: p.ID})
		default:
			return body, providers.Invalid(op, fmt.Sprintf("a new conversation takes users and contacts, not a participant of type %q", p.Kind))
		}
	}
	if n.Message != "" {
		body.InitialMessage = &initialMessage{Recipients: recipients, Body: textMessage(n.Message)}
		if editID != "" {
			body.InitialMessage.Reference = messageReference(editID)
		}
	}
	return body, nil
}
