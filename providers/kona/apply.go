package kona

import (
	"maps"
	"net/url"
	"path"
	"slices"

	"confab/model"
	"confab/providers"
)

// plan is the part of providers.Editor that knows Kona: one PUT carries all fields, in full lists.
func (p *provider) plan(fresh model.Conversation) func(model.Edit) providers.Planned {
	update := p.update(fresh)
	return func(e model.Edit) providers.Planned {
		if err := check(fresh, e); err != nil {
			return providers.Refuse(err)
		}
		switch e.Kind {
		case model.EditCreate:
			return p.planCreate(*e.Target.New)
		case model.EditDelete:
			w := providers.Single(e.Kind, deleteConversation.Of(fresh.Ref.ID, nil))
			w.Reads = func(err *model.Error) providers.Lesson {
				if err.Kind == model.Forbidden {
					err.Hint = "only the creator of a conversation can delete it"
				}
				return providers.Lesson{}
			}
			return providers.Change(w, fresh, e)
		}
		return providers.Change(update, fresh, e)
	}
}

// update is the PUT, which no page documents.
func (p *provider) update(fresh model.Conversation) *providers.Write {
	id := fresh.Ref.ID
	return &providers.Write{
		Build: func(edits []model.Edit) providers.Call {
			return updateConversation.Of(id, updateOf(fresh, edits))
		},
		Kinds: slices.Collect(maps.Keys(answerFields)),
		Reads: func(err *model.Error) providers.Lesson {
			if err.Hint == "" && err.Kind == model.Invalid {
				err.Hint = hintUpdate
			}
			return providers.Lesson{}
		},
		Assumed: &providers.Assumption{
			Probe: getConversation.Of(id, nil),
			Proves: func(a *providers.Answer) bool {
				raw, err := first(a, keyConversations)
				return err == nil && idOf(raw) == id
			},
			Missing: noUpdate,
		},
		Shows: p.shown,
	}
}

func (p *provider) shown(a *providers.Answer) (c model.Conversation, tells func(model.EditKind) bool, ok bool) {
	raw, err := first(a, keyConversations)
	if err != nil {
		return c, nil, false
	}
	if c, ok = p.convert(raw); !ok {
		return c, nil, false
	}
	o, _ := providers.ObjectOf(raw)
	return c, func(k model.EditKind) bool {
		return shows(o, k) && (k != model.EditParticipants || c.Participants.Known)
	}, true
}

// answerFields are where an answer tells what an edit of a kind has changed: the edits that hang on the one undocumented
// call.
var answerFields = map[model.EditKind][]string{
	model.EditTitle:        {"name"},
	model.EditDescription:  {"details"},
	model.EditAccess:       {"stakeholder"},
	model.EditDefaultRole:  {"default_role"},
	model.EditParticipants: {"participants", "groups"},
}

func shows(o *providers.Object, k model.EditKind) bool {
	if k == model.EditDescription {
		return o.Has("details") // null is how an empty text may come
	}
	return !slices.ContainsFunc(answerFields[k], o.Null)
}

func (p *provider) planCreate(n model.NewConversation) providers.Planned {
	body, refused := newConversation(n)
	if refused != nil {
		return providers.Refuse(refused)
	}
	w := providers.Single(model.EditCreate, providers.Call{Endpoint: createConversation, Body: body})
	w.Kinds = nil // what one space refuses, another may take
	w.Created = func(a *providers.Answer) string {
		if raw, err := first(a, keyConversations); err == nil {
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
