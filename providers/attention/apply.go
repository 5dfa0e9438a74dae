package attention

import (
	"encoding/json"
	"net/url"

	"confab/model"
	"confab/providers"
)

// plan is the part of providers.Editor that knows Attention: one call a field,
// and one for all labels.
func (p *provider) plan(fresh model.Conversation) func(model.Edit) providers.Planned {
	id := fresh.Ref.ID
	labels := p.writeLabels(fresh)
	return func(e model.Edit) providers.Planned {
		text := e.Target.String()
		switch e.Kind {
		case model.EditPrivacy:
			if to := model.Privacy(text); to != model.PrivacyPublic && to != model.PrivacyPrivate {
				return providers.Refuse(providers.Unsupported(e.Kind.Op(), "Attention knows private and public alone"))
			}
			call := endpointPrivacy.Of(id, nil)
			call.Query = url.Values{"privacy": {text}}
			return providers.Change(p.write(e.Kind, call, func(c converted) bool { return c.Privacy != model.PrivacyUnknown }), fresh, e)
		case model.EditTitle:
			call := endpointTitle.Of(id, titleBody{Title: text})
			return providers.Change(p.write(e.Kind, call, func(c converted) bool { return c.said("title") }), fresh, e)
		case model.EditLabels:
			if fresh.Labels == nil {
				return providers.Refuse(providers.Invalid(e.Kind.Op(), "the labels were not read, and writing replaces all of them"))
			}
			return providers.Change(labels, fresh, e)
		case model.EditArchive:
			call := endpointArchive.Of(id, nil)
			return providers.Change(p.write(e.Kind, call, func(c converted) bool { return c.Archived }), fresh, e)
		}
		return providers.Refuse(providers.Unsupported(e.Kind.Op(), "Attention can't do this"))
	}
}

// write is a call for edits of one kind. tells reports whether an answer holds
// the new value.
func (p *provider) write(k model.EditKind, call providers.Call, tells func(converted) bool) *providers.Write {
	w := providers.Single(k, call)
	w.Shows = func(a *providers.Answer) (model.Conversation, func(model.EditKind) bool, bool) {
		c, err := convert(a.Body, p.frame(p.directory.Known()))
		if err == nil && c.labels != nil {
			p.remember(c.Ref.ID, c.labels)
		}
		return c.Conversation, func(model.EditKind) bool { return tells(c) }, err == nil
	}
	return w
}

// writeLabels is the call that replaces the whole map of labels, without running
// the analysis again.
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
		return endpointLabels.Of(fresh.Ref.ID, labelsBody{Labels: whole, SkipAnalysis: true})
	}
	return w
}

// wholeLabels is the map as it must be written back. A value that came as
// something else than a text, and has not changed since, keeps its form.
func (p *provider) wholeLabels(fresh model.Conversation) map[string]any {
	out := make(map[string]any, len(fresh.Labels))
	for name, text := range fresh.Labels {
		out[name] = text
	}
	odd, _ := p.odd.Get(fresh.Ref.ID)
	for name, raw := range odd {
		text, set := labelText(raw)
		if now, there := fresh.Labels[name]; set == there && text == now {
			out[name] = raw
		}
	}
	return out
}

// remember keeps labels that texts alone cannot hold.
func (p *provider) remember(id string, labels map[string]json.RawMessage) {
	for _, raw := range labels {
		if raw[0] != '"' {
			p.odd.Put(id, labels)
			return
		}
	}
	p.odd.Forget(id)
}
