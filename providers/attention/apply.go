package attention

import (
	"net/url"

	"confab/model"
	"confab/providers"
)

// plan implements providers.Adapter.Plan: one call for each field, and one for all labels.
func (p *provider) plan(fresh model.Conversation) func(model.Edit) providers.Planned {
	id := fresh.Ref.ID
	read, _ := p.rawLabels.Get(id)
	labels := p.write(model.EditLabels, providers.Call{})
	labels.Build = func(edits []model.Edit) providers.Call {
		all, _ := providers.Written(fresh.Labels, read)
		for name, raw := range read {
			if !isSet(raw) {
				all[name] = raw
			}
		}
		all = providers.Edited(all, edits)
		return calls.Labels.Of(id, providers.Body{{Name: "labels", Value: all}, {Name: "skip_analysis", Value: true}})
	}
	return func(e model.Edit) providers.Planned {
		var w *providers.Write
		text := e.Target.String()
		switch e.Kind {
		case model.EditPrivacy:
			call := calls.Privacy.Of(id, nil)
			call.Query = url.Values{"privacy": {text}}
			w = p.write(e.Kind, call)
		case model.EditTitle:
			call := calls.Title.Of(id, map[string]string{"title": text})
			w = p.write(e.Kind, call)
		case model.EditLabels:
			w = labels
		case model.EditArchive:
			w = p.write(e.Kind, calls.Archive.Of(id, nil))
		default:
			return providers.Refuse(providers.Unsupported(e.Kind.Op(), "Attention can't do this"))
		}
		return providers.Change(w, fresh, e)
	}
}

// write returns a call for edits of one kind.
func (p *provider) write(k model.EditKind, call providers.Call) *providers.Write {
	w := providers.Single(k, call)
	w.Shows = func(a *providers.Answer) (model.Conversation, bool) {
		c, err := p.convert(a.Body, p.directory.Known())
		return c.Conversation, err == nil
	}
	return w
}
