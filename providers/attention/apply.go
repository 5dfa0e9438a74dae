package attention

import (
	"bytes"
	"context"
	"encoding/json"
	"sort"

	"confab/model"
	"confab/providers"
)

// step is one request and the edits that it makes.
type step struct {
	call   providers.Call
	edits  []int
	widens bool
	// shows reports whether an answer tells the new value.
	shows func(converted) bool
}

// The order of steps: what narrows who can see comes first, what widens last.
const (
	orderNarrow = iota
	orderTitle
	orderLabels
	orderArchive
	orderWiden
	orders
)

// plan gives the requests for the edits, in order. refused holds an error for
// each edit that no request is made for. It does no I/O. caps
// say what may be sent.
func (p *provider) plan(fresh model.Conversation, edits []model.Edit, caps model.Capabilities) (steps []step, refused map[int]error) {
	refused = map[int]error{}
	var by [orders]*step
	id := fresh.Ref.ID
	set := func(order, edit int, call providers.Call, shows func(converted) bool) {
		if by[order] == nil {
			by[order] = &step{shows: shows, widens: order == orderWiden}
		}
		by[order].call = call
		by[order].edits = append(by[order].edits, edit)
	}
	var labels []int
	for i, e := range edits {
		if c := caps.Of(e.Kind); !c.Can() {
			refused[i] = unsupported("change "+string(e.Kind), c.Reason)
			continue
		}
		switch e.Kind {
		case model.EditPrivacy:
			switch to := model.Privacy(e.Target.String()); to {
			case model.PrivacyPrivate:
				set(orderNarrow, i, callPrivacy(id, to), func(c converted) bool { return c.Privacy != model.PrivacyUnknown })
			case model.PrivacyPublic:
				set(orderWiden, i, callPrivacy(id, to), func(c converted) bool { return c.Privacy != model.PrivacyUnknown })
			default:
				refused[i] = unsupported("change privacy", "Attention knows private and public alone")
			}
		case model.EditTitle:
			set(orderTitle, i, callTitle(id, e.Target.String()), func(c converted) bool { return c.said("title") })
		case model.EditLabels:
			labels = append(labels, i)
		case model.EditArchive:
			set(orderArchive, i, callArchive(id), func(c converted) bool { return c.Archived })
		default:
			refused[i] = unsupported("change "+string(e.Kind), "Attention has no such call")
		}
	}
	if len(labels) > 0 && fresh.Labels == nil {
		for _, i := range labels {
			refused[i] = &model.Error{Kind: model.Invalid, Op: endpointLabels.Name,
				Message: "the labels were not read, and writing replaces all of them"}
		}
		labels = nil
	}
	if len(labels) > 0 {
		whole := p.wholeLabels(fresh)
		for _, i := range labels {
			if e := edits[i]; e.Target.Text == nil {
				delete(whole, e.Key)
			} else {
				whole[e.Key] = *e.Target.Text
			}
			set(orderLabels, i, callLabels(id, whole), func(c converted) bool { return c.Labels != nil })
		}
	}
	for _, s := range by {
		if s != nil {
			sort.Ints(s.edits)
			steps = append(steps, *s)
		}
	}
	return steps, refused
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

// Requests implements model.Provider.
func (p *provider) Requests(fresh model.Conversation, edits []model.Edit) ([]model.Request, error) {
	steps, refused := p.plan(fresh, edits, p.Capabilities(fresh))
	for i := range edits {
		if err := refused[i]; err != nil {
			return nil, err
		}
	}
	var out []model.Request
	for _, s := range steps {
		r, err := p.client.http.Request(s.call)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Apply implements model.Provider.
func (p *provider) Apply(ctx context.Context, fresh model.Conversation, edits []model.Edit) []model.Outcome {
	out := make([]model.Outcome, len(edits))
	steps, refused := p.plan(fresh, edits, p.Capabilities(fresh))
	for i, err := range refused {
		out[i].Err = err
	}
	var stop, failed error
	for i := range refused {
		failed = refused[i]
	}
	for _, s := range steps {
		if stop == nil && s.widens && failed != nil {
			stop = notSent(failed)
		}
		if stop != nil {
			for _, i := range s.edits {
				out[i].Err = stop
			}
			continue
		}
		after, err := p.send(ctx, fresh.Ref.ID, s)
		for _, i := range s.edits {
			out[i] = model.Outcome{After: after, Err: err}
			p.learned.Note(edits[i].Kind, fresh.Ref.ID, err)
		}
		stop = stopping(err)
		if err != nil {
			failed = err
		}
	}
	return out
}

// notSent is for a change that widens who can see the conversation, after
// another one of the same submission has failed: whoever meant both meant them
// together.
func notSent(cause error) error {
	e := *model.AsError(cause)
	e.Op = endpointPrivacy.Name
	e.Message = "not sent, because an earlier change of the same conversation failed: " + e.Message
	if e.Kind == model.UnknownOutcome {
		e.Kind = model.Unavailable // of this change it is known: nothing was sent
	}
	return &e
}

// stopping gives the error that the edits after this one get without being
// tried: one that says that no request would fare better now.
func stopping(err error) error {
	e := model.AsError(err)
	if e == nil {
		return nil
	}
	switch e.Kind {
	case model.Unauthorized, model.NoCredential, model.RateLimited, model.Unavailable, model.Canceled, model.Local:
		return e
	}
	return nil
}

// send makes one request. The conversation is given only where the answer
// tells the new value; an answer without a resource is read again by the
// caller.
func (p *provider) send(ctx context.Context, id string, s step) (*model.Conversation, error) {
	a, err := p.client.http.Do(ctx, s.call)
	if err != nil {
		return nil, err
	}
	c, err := convert(a.Body, p.known())
	if err != nil || c.Ref.ID != id || !s.shows(c) {
		return nil, nil
	}
	p.remember(id, c.labels)
	return &c.Conversation, nil
}
