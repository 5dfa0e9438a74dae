package bird

import (
	"fmt"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

// peopleStep is one request about one participant.
type peopleStep struct {
	what   peopleAction
	who    model.Participant // as it will be
	widens bool
}

type peopleAction int

const (
	removePerson peopleAction = iota
	setPerson
	addPerson
)

func (s peopleStep) call(c *client, conversation string) providers.Call {
	switch s.what {
	case removePerson:
		return c.removeParticipant(conversation, s.who.ID)
	case setPerson:
		return c.setParticipant(conversation, s.who.ID, s.who.Status)
	}
	return c.addParticipant(conversation, reference(s.who))
}

// done says in words what the step did.
func (s peopleStep) done() string {
	switch s.what {
	case removePerson:
		return "removed " + s.who.Display()
	case setPerson:
		return "set " + s.who.Display() + " to " + s.who.Status
	}
	return "added " + s.who.Display()
}

// peopleSteps gives the fewest requests that turn the participants of fresh into target: removals, then demotions,
// then what gives people more. It refuses the whole edit where one part of it cannot be sent.
func peopleSteps(fresh model.Conversation, target []model.Participant) ([]peopleStep, *model.Error) {
	const op = "change participants"
	if !fresh.Participants.Known {
		return nil, &model.Error{Kind: model.Malformed, Op: op, Message: "the participants of the conversation are not loaded"}
	}
	d := model.DiffPeople(fresh.Participants.Items, target)
	var steps []peopleStep
	for _, p := range d.Removed {
		if p.ID == "" {
			return nil, &model.Error{Kind: model.Unsupported, Op: op, Message: p.Display() + " has no id, and the service removes by id only"}
		}
		steps = append(steps, peopleStep{what: removePerson, who: p})
	}
	var promotions, additions []peopleStep
	for i, p := range d.Altered {
		was := d.Was[i]
		if p.Status == was.Status || p.Status == "" {
			continue // there are no roles here; a status that is not named stays
		}
		if was.ID == "" {
			return nil, &model.Error{Kind: model.Unsupported, Op: op, Message: was.Display() + " has no id to change the status by"}
		}
		if !slices.Contains(participantStatuses(), p.Status) {
			return nil, invalid(op, fmt.Sprintf("%q is none of %s", p.Status, strings.Join(participantStatuses(), ", ")))
		}
		was.Status = p.Status
		s := peopleStep{what: setPerson, who: was, widens: p.Status == statusActive}
		if s.widens {
			promotions = append(promotions, s)
		} else {
			steps = append(steps, s)
		}
	}
	for _, p := range d.Added {
		if err := addable(p); err != nil {
			return nil, err
		}
		additions = append(additions, peopleStep{what: addPerson, who: p, widens: true})
	}
	return append(append(steps, promotions...), additions...), nil
}

// addable refuses who cannot be added: the service takes users and flows by id, and contacts by id or identifier; an
// access key, a bot or an agent comes in by other ways only.
func addable(p model.Participant) *model.Error {
	const op = "add participant"
	if p.Status != "" && !slices.Contains(participantStatuses(), p.Status) {
		return invalid(op, fmt.Sprintf("%q is none of %s", p.Status, strings.Join(participantStatuses(), ", ")))
	}
	switch p.Kind {
	case model.KindUser, model.KindFlow:
		if p.ID == "" {
			return invalid(op, "a "+p.Kind+" is added by id")
		}
		return nil
	case model.KindContact:
		if p.ID != "" {
			return nil
		}
		if key, value := identifier(p); key == "" || value == "" {
			return invalid(op, "a contact is added by id or by KEY=VALUE (emailaddress=ann@example.com)")
		}
		if p.Status != "" && p.Status != statusActive {
			// The body for a contact by identifier has no status, so it would join as active first.
			return &model.Error{Kind: model.Unsupported, Op: op,
				Message: "a contact named by an identifier joins as active: look it up and add it by id to choose another status"}
		}
		return nil
	}
	return &model.Error{Kind: model.Unsupported, Op: op, Message: fmt.Sprintf("the service adds users, flows and contacts, not a participant of type %q", p.Kind)}
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
		return body, invalid(op, "the service wants a name")
	}
	switch n.Privacy {
	case "", model.PrivacyPrivate, model.PrivacyPublic:
		body.Visibility = string(n.Privacy)
	default:
		return body, invalid(op, fmt.Sprintf("%q is neither private nor public", n.Privacy))
	}
	if n.Access != "" && accessWidth[n.Access] == 0 {
		return body, invalid(op, fmt.Sprintf("%q is none of open, request-to-join, invite-only", n.Access))
	}
	if n.Space != "" || n.DefaultRole != "" {
		return body, invalid(op, "the service has neither spaces nor roles")
	}
	if len(n.People) > maxNewParticipants {
		return body, invalid(op, fmt.Sprintf("a new conversation takes at most %d people: create it, then add the others", maxNewParticipants))
	}
	var recipients []identifierReference
	for _, p := range n.People {
		switch p.Kind {
		case model.KindContact:
			key, value := identifier(p)
			if key == "" || value == "" {
				return body, invalid(op, p.Display()+" has no identifier: a new conversation takes contacts by KEY=VALUE")
			}
			body.Participants = append(body.Participants, newParticipant{Type: p.Kind, Key: key, Value: value})
			recipients = append(recipients, identifierReference{Key: key, Value: value})
		case model.KindUser:
			if p.ID == "" {
				return body, invalid(op, "a user is added by id")
			}
			body.Participants = append(body.Participants, newParticipant{Type: p.Kind, ID: p.ID})
		default:
			return body, invalid(op, fmt.Sprintf("a new conversation takes users and contacts, not a participant of type %q", p.Kind))
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
