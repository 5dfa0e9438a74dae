package kona

import (
	"context"
	"net/http"
	"net/url"
	"path"

	"confab/model"
)

// Requests implements model.Provider. It shows what Apply sends when each request before succeeds.
func (p *Provider) Requests(fresh model.Conversation, edits []model.Edit) ([]model.Request, error) {
	w := prepare(fresh, edits, p.Capabilities(fresh))
	for _, err := range w.refused {
		if err != nil {
			return nil, err
		}
	}
	calls := w.calls(p.client)
	out := make([]model.Request, 0, len(calls))
	for _, call := range calls {
		r, err := p.client.Request(call)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Apply implements model.Provider. All edits go in one PUT, or in two where some narrow and some widen; where the
// narrowing one fails, the other is not sent.
func (p *Provider) Apply(ctx context.Context, fresh model.Conversation, edits []model.Edit) []model.Outcome {
	out := make([]model.Outcome, len(edits))
	w := prepare(fresh, edits, p.Capabilities(fresh))
	for i := range edits {
		switch {
		case w.refused[i] != nil:
			out[i].Err = w.refused[i]
		case w.same[i]:
			same := fresh.Clone()
			out[i].After = &same
		}
	}
	var failed error
	for _, i := range w.creates {
		out[i] = p.create(ctx, edits[i])
	}
	for _, of := range [][]int{w.first, w.last} {
		if len(of) == 0 {
			continue
		}
		if failed != nil {
			for _, i := range of {
				out[i].Err = notSent(failed, edits[i].Kind)
			}
			continue
		}
		failed = p.update(ctx, w, of, out)
	}
	for n, i := range w.deletes {
		switch {
		case n > 0:
			out[i] = out[w.deletes[0]]
		case failed != nil && stops(failed):
			out[i].Err = notSent(failed, model.EditDelete)
		default:
			out[i].Err = p.remove(ctx, w.id)
		}
	}
	return out
}

// stops reports whether a failure says that nothing else can be sent either.
func stops(err error) bool {
	switch model.KindOf(err) {
	case model.Unauthorized, model.NoCredential, model.Unavailable, model.UnknownOutcome, model.RateLimited, model.Canceled, model.Local:
		return true
	}
	return false
}

// update sends one PUT. A 404 or 405 for a conversation that can still be read means that the server has no update.
func (p *Provider) update(ctx context.Context, w *work, of []int, out []model.Outcome) error {
	answer, err := p.client.Do(ctx, p.client.updateConversation(w.id, w.update(of)))
	if status := seenStatus(err); status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		if read, readErr := p.client.Do(ctx, p.client.getConversation(w.id)); readErr == nil {
			if raw, oneErr := one(read, "conversations"); oneErr == nil && idOf(raw) == w.id {
				err = p.learnNoUpdate(*model.AsError(err))
			}
		}
	}
	if err != nil {
		for _, i := range of {
			e := *model.AsError(err)
			e.Op = op(w.edits[i].Kind)
			if e.Hint == "" && e.Kind == model.Invalid {
				e.Hint = hintUpdate
			}
			out[i].Err = &e
		}
		if model.KindOf(err) == model.Forbidden {
			for _, k := range putKinds() {
				p.learned.Note(k, w.id, err)
			}
		}
		return err
	}
	raw, err := one(answer, "conversations")
	if err != nil || idOf(raw) != w.id {
		return nil // accepted; what it holds now is for the caller to read
	}
	c, ok := convert(raw, p.account.Name, p.directory.names())
	if !ok {
		return nil
	}
	p.ageOf(&c)
	for _, i := range of {
		if !shows(raw, w.edits[i].Kind) || w.edits[i].Kind == model.EditParticipants && !c.Participants.Known {
			continue
		}
		after := c.Clone()
		out[i].After = &after
	}
	return nil
}

// remove deletes the conversation.
func (p *Provider) remove(ctx context.Context, id string) error {
	_, err := p.client.Do(ctx, p.client.deleteConversation(id))
	switch model.KindOf(err) {
	case model.Forbidden:
		e := *model.AsError(err)
		e.Hint = "only the creator of a conversation can delete it"
		p.learned.Note(model.EditDelete, id, &e)
		return &e
	case model.Unsupported:
		p.learned.Note(model.EditDelete, id, err)
	}
	return err
}

func (p *Provider) create(ctx context.Context, e model.Edit) model.Outcome {
	body, refused := newConversation(*e.Target.New)
	if refused != nil {
		return model.Outcome{Err: refused}
	}
	answer, err := p.client.Do(ctx, p.client.createConversation(body))
	if err != nil {
		return model.Outcome{Err: err}
	}
	raw, err := one(answer, "conversations")
	if err == nil {
		if id := idOf(raw); id != "" {
			return model.Outcome{Created: id}
		}
	}
	if id := idIn(answer.Header.Get("Location")); id != "" {
		return model.Outcome{Created: id}
	}
	return model.Outcome{Err: &model.Error{Kind: model.UnknownOutcome, Op: op(e.Kind), Status: answer.Status,
		Message: "the service accepted, and its answer does not name the new conversation"}}
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

// notSent is the outcome of an edit that was left out because of an earlier failure. Nothing is known to be wrong with
// it, so where the earlier one may pass, so may this.
func notSent(cause error, k model.EditKind) error {
	c := model.AsError(cause)
	e := &model.Error{Kind: c.Kind, Op: op(k), Message: "not sent, because an earlier change to the conversation failed: " + c.Message,
		RetryAt: c.RetryAt, Hint: c.Hint}
	if c.Kind == model.UnknownOutcome || c.Kind == model.Malformed {
		e.Kind = model.Unavailable
	}
	return e
}
