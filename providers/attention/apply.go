package attention

import (
	"encoding/json"
	"net/url"

	"confab/model"
	"confab/providers"
)

// plan is the part of providers.Adapter that knows Attention: one call a field, and one for all labels.
func (p *provider) plan(fresh model.Conversation) func(model.Edit) providers.Planned {
	id := fresh.Ref.ID
	labels := p.write(model.EditLabels, providers.Call{}, func(c converted) bool { return c.Labels != nil })
	labels.Build = func(edits []model.Edit) providers.Call {
		whole := p.wholeLabels(fresh)
		for _, e := range edits {
			if e.Target.Text == nil {
				delete(whole, e.Key)
			} else {
				whole[e.Key] = *e.Target.Text
			}
		}
		return calls.Labels.Of(id, providers.Body{{Name: "labels", Value: whole}, {Name: "skip_analysis", Value: true}})
	}
	return func(e model.Edit) providers.Planned {
		var w *providers.Write
		text := e.Target.String()
		switch e.Kind {
		case model.EditPrivacy:
			if to := model.Privacy(text); to != model.PrivacyPublic && to != model.PrivacyPrivate {
				return providers.Refuse(providers.Unsupported(e.Kind.Op(), "Attention knows private and public alone"))
			}
			call := calls.Privacy.Of(id, nil)
			call.Query = url.Values{"privacy": {text}}
			w = p.write(e.Kind, call, func(c converted) bool { return c.Privacy != model.PrivacyUnknown })
		case model.EditTitle:
			call := calls.Title.Of(id, map[string]string{"title": text})
			w = p.write(e.Kind, call, func(c converted) bool { return c.said("title") })
		case model.EditLabels:
			if fresh.Labels == nil {
				return providers.Refuse(providers.Invalid(e.Kind.Op(), "the labels were not read, and writing replaces all of them"))
			}
			w = labels
		case model.EditArchive:
			w = p.write(e.Kind, calls.Archive.Of(id, nil), func(c converted) bool { return c.Archived })
		default:
			return providers.Refuse(providers.Unsupported(e.Kind.Op(), "Attention can't do this"))
		}
		return providers.Change(w, fresh, e)
	}
}

// write is a call for edits of one kind. tells reports whether an answer holds the new value.
func (p *provider) write(k model.EditKind, call providers.Call, tells func(converted) bool) *providers.Write {
	w := providers.Single(k, call)
	w.Shows = func(a *providers.Answer) (model.Conversation, providers.Tells, bool) {
		raw, _ := a.JSON()
		c, err := p.convert(raw, p.directory.Known())
		if err == nil && c.labels != nil {
			p.remember(c.Ref.ID, c.labels)
		}
		return c.Conversation, func(model.EditKind) bool { return tells(c) }, err == nil
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
