package kona

import (
	"encoding/json"
	"net/url"
	"path"

	"confab/model"
	"confab/providers"
)

// plan is the part of providers.Editor that knows Kona: one PUT carries all fields, in full lists.
func (p *Provider) plan(fresh model.Conversation, edits []model.Edit) []providers.Planned {
	update := p.update(fresh)
	out := make([]providers.Planned, len(edits))
	for i, e := range edits {
		if err := check(fresh, e); err != nil {
			out[i] = providers.Refuse(err)
			continue
		}
		switch e.Kind {
		case model.EditCreate:
			out[i] = p.planCreate(*e.Target.New)
		case model.EditDelete:
			w := providers.Single(e.Kind, p.client.deleteConversation(fresh.Ref.ID))
			w.Reads = func(err *model.Error) providers.Lesson {
				if err.Kind == model.Forbidden {
					err.Hint = "only the creator of a conversation can delete it"
				}
				return providers.Lesson{}
			}
			out[i] = providers.Change(w, fresh, e)
		default:
			out[i] = providers.Change(update, fresh, e)
		}
	}
	return out
}

// update is the PUT, which no page documents.
func (p *Provider) update(fresh model.Conversation) *providers.Write {
	id := fresh.Ref.ID
	return &providers.Write{
		Build: func(edits []model.Edit) providers.Call {
			return p.client.updateConversation(id, updateOf(fresh, edits))
		},
		Kinds: putKinds(),
		Reads: func(err *model.Error) providers.Lesson {
			if err.Hint == "" && err.Kind == model.Invalid {
				err.Hint = hintUpdate
			}
			return providers.Lesson{}
		},
		Assumed: &providers.Assumption{
			Probe: p.client.getConversation(id),
			Proves: func(a *providers.Answer) bool {
				raw, err := one(a, "conversations")
				return err == nil && idOf(raw) == id
			},
			Missing: noUpdate,
		},
		Shows: p.shown,
	}
}

// shown reads the conversation of an answer.
func (p *Provider) shown(a *providers.Answer) (c model.Conversation, tells func(model.EditKind) bool, ok bool) {
	raw, err := one(a, "conversations")
	if err != nil {
		return c, nil, false
	}
	if c, ok = convert(raw, p.account.Name, p.directory.names()); !ok {
		return c, nil, false
	}
	p.ageOf(&c)
	return c, func(k model.EditKind) bool {
		return shows(raw, k) && (k != model.EditParticipants || c.Participants.Known)
	}, true
}

// shows reports whether an answer tells what an edit of a kind has changed.
func shows(raw json.RawMessage, k model.EditKind) bool {
	o, ok := providers.ParseObject(raw)
	if !ok {
		return false
	}
	switch k {
	case model.EditTitle:
		return !o.Null("name")
	case model.EditDescription:
		return o.Has("details") // null is how an empty text may come
	case model.EditAccess:
		return !o.Null("stakeholder")
	case model.EditDefaultRole:
		return !o.Null("default_role")
	case model.EditParticipants:
		return !o.Null("participants") && !o.Null("groups")
	}
	return false
}

func (p *Provider) planCreate(n model.NewConversation) providers.Planned {
	body, refused := newConversation(n)
	if refused != nil {
		return providers.Refuse(refused)
	}
	w := providers.Single(model.EditCreate, p.client.createConversation(body))
	w.Kinds = nil // what one space refuses, another may take
	w.Created = func(a *providers.Answer) string {
		if raw, err := one(a, "conversations"); err == nil {
			if id := idOf(raw); id != "" {
				return id
			}
		}
		return idIn(a.Header.Get("Location"))
	}
	return providers.One(w, providers.Neutral)
}

// idIn takes the id at the end of a location, whose host is not looked at.
func idIn(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	if id := path.Base(u.Path); isID(id) {
		return id
	}
	return ""
}
