package bird

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

// plan is the part of providers.Editor that knows Bird: one PATCH carries the fields of the conversation, and each
// participant takes a request.
func (p *Provider) plan(fresh model.Conversation, edits []model.Edit) []providers.Planned {
	attributes, sure := p.heldFor(fresh)
	patch := p.patch(fresh.Ref.ID, attributes)
	out := make([]providers.Planned, len(edits))
	for i, e := range edits {
		if err := check(e); err != nil {
			out[i] = providers.Refuse(err)
			continue
		}
		switch e.Kind {
		case model.EditCreate:
			out[i] = p.planCreate(e)
		case model.EditDelete:
			out[i] = providers.Change(providers.Single(e.Kind, p.client.deleteConversation(fresh.Ref.ID)), fresh, e)
		case model.EditParticipants:
			out[i] = p.planPeople(fresh, e.Target.Set())
		default:
			out[i] = providers.Change(patch, fresh, e)
			if e.Kind == model.EditAttributes && !sure {
				out[i].Stale = &model.Error{Kind: model.Unavailable, Op: providers.Op(e.Kind),
					Message: "the attributes have just been changed by somebody else: they are read again first"}
			}
		}
	}
	return out
}

// patch is the one call that changes the fields of a conversation.
func (p *Provider) patch(id string, attributes map[string]json.RawMessage) *providers.Write {
	return &providers.Write{
		Build: func(edits []model.Edit) providers.Call {
			return p.client.updateConversation(id, patchOf(edits, attributes))
		},
		Kinds: patched(),
		Names: func(err *model.Error, e model.Edit) bool {
			field := answerField[e.Kind]
			return slices.ContainsFunc(err.Fields, func(f model.FieldError) bool {
				return f.Field == field || strings.HasPrefix(f.Field, field+".") || strings.HasPrefix(f.Field, field+"[")
			})
		},
		Shows: func(a *providers.Answer) (model.Conversation, func(model.EditKind) bool, bool) {
			c, tells, ok := p.shown(a, id)
			if ok {
				p.held.put(id, rawAttributes(a.Body))
			}
			return c, tells, ok
		},
	}
}

// answerField is where an answer shows what an edit of a kind has changed.
var answerField = map[model.EditKind]string{
	model.EditPrivacy:     "visibility",
	model.EditTitle:       "name",
	model.EditDescription: "description",
	model.EditStatus:      "status",
	model.EditAccess:      "accessibility",
	model.EditAttributes:  "attributes",
}

// shown reads the conversation of an answer.
func (p *Provider) shown(a *providers.Answer, id string) (c model.Conversation, tells func(model.EditKind) bool, ok bool) {
	o, ok := providers.ParseObject(a.Body)
	if !ok {
		return c, nil, false
	}
	c, ok = convert(a.Body, p.account.Name, p.channels.Known().name)
	if !ok || !strings.EqualFold(c.Ref.ID, id) {
		return c, nil, false
	}
	c.Ref.ID = id
	return c, func(k model.EditKind) bool { return !o.Null(answerField[k]) }, true
}

// heldFor gives the attributes to send back. sure is false where a value may be a string or not: "5" or 5.
func (p *Provider) heldFor(fresh model.Conversation) (attributes map[string]json.RawMessage, sure bool) {
	held, _ := p.held.get(fresh.Ref.ID)
	return attributesOf(fresh, held)
}

// attributesOf gives the attributes as they are to be sent back. held is what the service sent when the conversation
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

// patchOf is the body for some edits: only what they change.
func patchOf(edits []model.Edit, attributes map[string]json.RawMessage) patchBody {
	var body patchBody
	for _, e := range edits {
		text := e.Target.String()
		switch e.Kind {
		case model.EditTitle:
			body.Name = &text
		case model.EditDescription:
			body.Description = &text
		case model.EditStatus:
			status := statusActive
			if text == model.StatusClosed {
				status = statusClosed
			}
			body.Status = &status
		case model.EditPrivacy:
			body.Visibility = &text
		case model.EditAccess:
			body.Accessibility = &text
		case model.EditAttributes:
			// Whether PATCH merges or replaces the map is not documented, so the whole map is sent [assumed].
			if body.Attributes == nil {
				body.Attributes = make(map[string]json.RawMessage, len(attributes)+1)
				maps.Copy(body.Attributes, attributes)
			}
			if e.Target.Text == nil {
				delete(body.Attributes, e.Key)
			} else {
				body.Attributes[e.Key] = quote(text)
			}
		}
	}
	return body
}

func (p *Provider) planCreate(e model.Edit) providers.Planned {
	body, refused := newConversation(*e.Target.New, e.ID)
	if refused != nil {
		return providers.Refuse(refused)
	}
	w := providers.Single(e.Kind, p.client.createConversation(body))
	w.Reads = func(*model.Error) providers.Lesson { return providers.Lesson{Everywhere: true} }
	w.Created = func(a *providers.Answer) string {
		c, _ := convert(a.Body, p.account.Name, nil)
		return c.Ref.ID
	}
	return providers.One(w, providers.Neutral)
}
