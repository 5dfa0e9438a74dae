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
func (p *provider) plan(fresh model.Conversation) func(model.Edit) providers.Planned {
	held, _ := p.held.Get(fresh.Ref.ID)
	attributes, sure := attributesOf(fresh, held)
	patch := p.patch(fresh.Ref.ID, attributes)
	return func(e model.Edit) providers.Planned {
		if err := check(e); err != nil {
			return providers.Refuse(err)
		}
		switch e.Kind {
		case model.EditCreate:
			return p.planCreate(e)
		case model.EditDelete:
			return providers.Change(providers.Single(e.Kind, p.client.call(deleteConversation, fresh.Ref.ID, nil, nil)), fresh, e)
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

// check refuses targets that the service is known not to take, before anything is sent.
func check(e model.Edit) *model.Error {
	target := e.Target.String()
	switch e.Kind {
	case model.EditPrivacy:
		return providers.OneOf(e.Kind.Op(), target, privacies...)
	case model.EditStatus:
		return providers.OneOf(e.Kind.Op(), target, model.StatusOpen, model.StatusClosed)
	case model.EditAccess:
		return providers.OneOf(e.Kind.Op(), target, accesses...)
	case model.EditAttributes:
		if e.Key == "" {
			return providers.Invalid(e.Kind.Op(), "the attribute has no name")
		}
	}
	return nil
}

func (p *provider) patch(id string, attributes map[string]json.RawMessage) *providers.Write {
	return &providers.Write{
		Build: func(edits []model.Edit) providers.Call {
			return p.client.call(updateConversation, id, nil, patchOf(edits, attributes))
		},
		Kinds: slices.Collect(maps.Keys(answerField)),
		Names: func(err *model.Error, e model.Edit) bool {
			field := answerField[e.Kind]
			return slices.ContainsFunc(err.Fields, func(f model.FieldError) bool {
				return f.Field == field || strings.HasPrefix(f.Field, field+".") || strings.HasPrefix(f.Field, field+"[")
			})
		},
		Shows: func(a *providers.Answer) (model.Conversation, func(model.EditKind) bool, bool) { return p.shown(a, id) },
	}
}

// answerField is where an answer shows what an edit of a kind has changed: the edits that the PATCH carries.
var answerField = map[model.EditKind]string{
	model.EditPrivacy:     "visibility",
	model.EditTitle:       "name",
	model.EditDescription: "description",
	model.EditStatus:      "status",
	model.EditAccess:      "accessibility",
	model.EditAttributes:  "attributes",
}

func (p *provider) shown(a *providers.Answer, id string) (c model.Conversation, tells func(model.EditKind) bool, ok bool) {
	o, err := a.Object()
	if err != nil {
		return c, nil, false
	}
	c, ok = convert(a.Body, p.account.Name, p.channels.Known().name)
	if !ok || !strings.EqualFold(c.Ref.ID, id) {
		return c, nil, false
	}
	c.Ref.ID = id
	p.held.Put(id, attributesIn(o))
	return c, func(k model.EditKind) bool { return !o.Null(answerField[k]) }, true
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

func (p *provider) planCreate(e model.Edit) providers.Planned {
	body, refused := newConversation(*e.Target.New, e.ID)
	if refused != nil {
		return providers.Refuse(refused)
	}
	w := providers.Single(e.Kind, p.client.call(createConversation, "", nil, body))
	w.Reads = func(*model.Error) providers.Lesson { return providers.Lesson{Everywhere: true} }
	w.Created = func(a *providers.Answer) string {
		o, _ := a.Object()
		return o.Text("id")
	}
	return providers.One(w, providers.Neutral)
}
