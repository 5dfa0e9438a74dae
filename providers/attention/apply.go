package attention

import (
	"bytes"
	"encoding/json"

	"confab/model"
	"confab/providers"
)

// plan is the part of providers.Editor that knows Attention: one call a field,
// and one for all labels.
func (p *provider) plan(fresh model.Conversation, edits []model.Edit) []providers.Planned {
	id := fresh.Ref.ID
	labels := p.writeLabels(fresh)
	out := make([]providers.Planned, len(edits))
	for i, e := range edits {
		text := e.Target.String()
		switch e.Kind {
		case model.EditPrivacy:
			out[i] = p.planPrivacy(fresh, e)
		case model.EditTitle:
			out[i] = providers.Change(p.write(e.Kind, callTitle(id, text), func(c converted) bool { return c.said("title") }), fresh, e)
		case model.EditLabels:
			if fresh.Labels == nil {
				out[i] = providers.Refuse(providers.Invalid(providers.Op(e.Kind), "the labels were not read, and writing replaces all of them"))
			} else {
				out[i] = providers.Change(labels, fresh, e)
			}
		case model.EditArchive:
			out[i] = providers.Change(p.write(e.Kind, callArchive(id), func(c converted) bool { return c.Archived }), fresh, e)
		default:
			out[i] = providers.Refuse(providers.Unsupported(providers.Op(e.Kind), "Attention has no such call"))
		}
	}
	return out
}

func (p *provider) planPrivacy(fresh model.Conversation, e model.Edit) providers.Planned {
	to := model.Privacy(e.Target.String())
	if to != model.PrivacyPublic && to != model.PrivacyPrivate {
		return providers.Refuse(providers.Unsupported(providers.Op(model.EditPrivacy), "Attention knows private and public alone"))
	}
	shows := func(c converted) bool { return c.Privacy != model.PrivacyUnknown }
	return providers.Change(p.write(e.Kind, callPrivacy(fresh.Ref.ID, to), shows), fresh, e)
}

// write is a call for edits of one kind. tells reports whether an answer holds
// the new value.
func (p *provider) write(k model.EditKind, call providers.Call, tells func(converted) bool) *providers.Write {
	w := providers.Single(k, call)
	w.Shows = func(a *providers.Answer) (model.Conversation, func(model.EditKind) bool, bool) {
		c, err := convert(a.Body, p.known())
		if err == nil && c.labels != nil {
			p.remember(c.Ref.ID, c.labels)
		}
		return c.Conversation, func(model.EditKind) bool { return tells(c) }, err == nil
	}
	return w
}

// writeLabels is the call that replaces the whole map of labels.
func (p *provider) writeLabels(fresh model.Conversation) *providers.Write {
	w := p.write(model.EditLabels, providers.Call{}, func(c converted) bool { return c.Labels != nil })
	w.Build = func(edits []model.Edit) providers.Call {
		whole := p.wholeLabels(fresh)
		for _, e := range edits {
			if e.Target.Text == nil {
				delete(whole, e.Key)
			} else {
				whole[e.Key] = *e.Target.Text
			}
		}
		return callLabels(fresh.Ref.ID, whole)
	}
	return w
}

// wholeLabels gives the map as it must be written back. A value that came as
// something else than a text, and has not changed since, keeps its form.
func (p *provider) wholeLabels(fresh model.Conversation) map[string]any {
	p.mu.Lock()
	odd := p.odd[fresh.Ref.ID]
	p.mu.Unlock()
	out := make(map[string]any, len(fresh.Labels))
	for name, text := range fresh.Labels {
		out[name] = text
	}
	for name, raw := range odd {
		text, set := labelText(raw)
		now, there := fresh.Labels[name]
		if set == there && text == now {
			var compact bytes.Buffer
			if json.Compact(&compact, raw) == nil {
				out[name] = json.RawMessage(compact.Bytes())
			}
		}
	}
	return out
}
