package bird

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"confab/model"
	"confab/providers"
)

// Requests implements model.Provider. It shows what Apply sends when each request before succeeds. Where the
// attributes of fresh were not read by Load in this run, Apply may read them once more to tell "5" from 5.
func (p *Provider) Requests(fresh model.Conversation, edits []model.Edit) ([]model.Request, error) {
	attributes, _ := p.heldFor(fresh, edits)
	w := prepare(fresh, edits, attributes, p.Capabilities(fresh))
	for _, err := range w.refused {
		if err != nil {
			return nil, err
		}
	}
	calls, failed := w.calls(p.client)
	if failed != nil {
		return nil, failed
	}
	out := make([]model.Request, 0, len(calls))
	for _, call := range calls {
		r, err := p.client.http.Request(call)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (p *Provider) heldFor(fresh model.Conversation, edits []model.Edit) (map[string]json.RawMessage, bool) {
	if !changesAttributes(edits) {
		return nil, true
	}
	held, _ := p.held.get(fresh.Ref.ID)
	return attributesOf(fresh, held)
}

// attributesFor gives the attributes to send back, read again where fresh leaves it open whether a value is a string.
func (p *Provider) attributesFor(ctx context.Context, fresh model.Conversation, edits []model.Edit) (map[string]json.RawMessage, error) {
	attributes, sure := p.heldFor(fresh, edits)
	if sure || p.account.ReadOnly {
		return attributes, nil
	}
	answer, err := p.client.do(ctx, p.client.getConversation(fresh.Ref.ID))
	if err != nil {
		return nil, err
	}
	now := rawAttributes(answer.Body)
	if !maps.Equal(attributeTexts(now), fresh.Attributes) {
		return nil, &model.Error{Kind: model.ConflictKind, Op: "change attribute", Message: "the attributes have just been changed by somebody else"}
	}
	return now, nil
}

// Apply implements model.Provider. What narrows is sent first and what widens last, in as few requests as that order
// allows. Where something that narrows fails, nothing that widens is sent.
func (p *Provider) Apply(ctx context.Context, fresh model.Conversation, edits []model.Edit) []model.Outcome {
	out := make([]model.Outcome, len(edits))
	attributes, readErr := p.attributesFor(ctx, fresh, edits)
	w := prepare(fresh, edits, attributes, p.Capabilities(fresh))
	for i := range edits {
		switch {
		case w.refused[i] != nil:
			out[i].Err = w.refused[i]
		case w.same[i]:
			same := fresh.Clone()
			out[i].After = &same
		}
	}
	if readErr != nil {
		w.drop(model.EditAttributes, func(i int) { out[i].Err = forEdit(readErr, edits[i].Kind) })
	}
	r := run{p: p, w: w, out: out}
	for _, i := range w.creates {
		r.create(ctx, i)
	}
	r.patch(ctx, w.first)
	r.people(ctx)
	r.patch(ctx, w.last)
	r.deletes(ctx)
	return out
}

// drop takes the edits of a kind out of the requests.
func (w *work) drop(k model.EditKind, dropped func(i int)) {
	keep := func(in []int) []int {
		var kept []int
		for _, i := range in {
			if w.edits[i].Kind == k {
				dropped(i)
				continue
			}
			kept = append(kept, i)
		}
		return kept
	}
	w.first, w.last = keep(w.first), keep(w.last)
}

// run carries work out.
type run struct {
	p   *Provider
	w   *work
	out []model.Outcome
	// ended is why nothing more can be sent; blocked is why nothing that widens may be.
	ended, blocked error
}

// failed keeps what a failure means for what was to come.
func (r *run) failed(err error, narrowing bool) {
	switch model.KindOf(err) {
	case model.Unauthorized, model.NoCredential, model.Unavailable, model.UnknownOutcome, model.RateLimited, model.Canceled, model.Local:
		r.ended = err
	}
	if narrowing {
		r.blocked = err
	}
}

// patch sends one PATCH for some of the edits.
func (r *run) patch(ctx context.Context, of []int) {
	var send []int
	narrowing := false
	for _, i := range of {
		e := r.w.edits[i]
		switch {
		case r.ended != nil:
			r.out[i].Err = notSent(r.ended, e.Kind)
			continue
		case r.blocked != nil && r.w.dir[i] == wider:
			r.out[i].Err = notSent(r.blocked, e.Kind)
			continue
		}
		narrowing = narrowing || r.w.dir[i] == narrower
		send = append(send, i)
	}
	if len(send) == 0 {
		return
	}
	answer, err := r.p.client.do(ctx, r.p.client.updateConversation(r.w.id, r.w.patch(send)))
	if at, rest := r.w.complaint(err, send); len(at) > 0 && len(rest) > 0 {
		// Nothing was changed, and the service says what is wrong: the rest must not suffer for it.
		for _, i := range at {
			r.out[i].Err = forEdit(err, r.w.edits[i].Kind)
			if r.w.dir[i] == narrower {
				r.failed(err, true)
			}
		}
		r.patch(ctx, rest)
		return
	}
	if err != nil {
		r.failed(err, narrowing)
		for _, k := range patched() {
			r.p.learned.Note(k, r.w.id, err)
		}
		for _, i := range send {
			r.out[i].Err = forEdit(err, r.w.edits[i].Kind)
		}
		return
	}
	for _, i := range send {
		r.out[i].After = r.p.shown(answer, r.w.id, r.w.edits[i].Kind)
	}
	r.p.held.put(r.w.id, rawAttributes(answer.Body))
}

// complaint tells the edits that a refused PATCH names in its details from the others.
func (w *work) complaint(err error, sent []int) (about, rest []int) {
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.Invalid {
		return nil, nil
	}
	for _, i := range sent {
		field := answerField[w.edits[i].Kind]
		if slices.ContainsFunc(e.Fields, func(f model.FieldError) bool {
			return f.Field == field || strings.HasPrefix(f.Field, field+".") || strings.HasPrefix(f.Field, field+"[")
		}) {
			about = append(about, i)
		} else {
			rest = append(rest, i)
		}
	}
	return about, rest
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

// shown gives the conversation of an answer if the answer shows the edited field, else nil.
func (p *Provider) shown(answer *providers.Answer, id string, k model.EditKind) *model.Conversation {
	o, ok := providers.ParseObject(answer.Body)
	if !ok || o.Null(answerField[k]) {
		return nil
	}
	p.channels.mu.Lock()
	at := p.channels.at
	p.channels.mu.Unlock()
	c, ok := convert(answer.Body, p.account.Name, func(id string) (string, string) { return at[id].name, at[id].platform })
	if !ok || !strings.EqualFold(c.Ref.ID, id) {
		return nil
	}
	c.Ref.ID = id
	return &c
}

// people carries out the participants edit, one request a person. Its outcome says how far it came; what became of
// the set is for the caller to read.
func (r *run) people(ctx context.Context) {
	if len(r.w.peopleEdits) == 0 {
		return
	}
	var done []string
	var err error
	for _, s := range r.w.people {
		if r.ended != nil {
			err = notSent(r.ended, model.EditParticipants)
			break
		}
		if s.widens && r.blocked != nil {
			err = notSent(r.blocked, model.EditParticipants)
			break
		}
		call := s.call(r.p.client, r.w.id)
		if _, err = r.p.client.do(ctx, call); err != nil {
			r.failed(err, !s.widens)
			if call.Name == addParticipantEndpoint.Name || model.KindOf(err) == model.Unsupported {
				// A removal that is refused may be of a protected participant, and says nothing on others.
				r.p.learned.Note(model.EditParticipants, r.w.id, err)
			}
			break
		}
		done = append(done, s.done())
	}
	if err != nil {
		err = partly(err, done, len(r.w.people))
	}
	for _, i := range r.w.peopleEdits {
		r.out[i].Err = err
	}
}

// partly adds to an error what had been done before it.
func partly(err error, done []string, of int) error {
	e := *model.AsError(err)
	if len(done) > 0 {
		e.Message = strings.Join(done, ", ") + "; then: " + e.Message
		e.Hint = strings.TrimSpace("some of the changes were made, others not: look at the participants again. " + e.Hint)
	}
	return &e
}

func (r *run) deletes(ctx context.Context) {
	for n, i := range r.w.deletes {
		switch {
		case r.ended != nil:
			r.out[i].Err = notSent(r.ended, model.EditDelete)
		case n > 0:
			r.out[i] = r.out[r.w.deletes[0]]
		default:
			if _, err := r.p.client.do(ctx, r.p.client.deleteConversation(r.w.id)); err != nil {
				r.failed(err, true)
				r.p.learned.Note(model.EditDelete, r.w.id, err)
				r.out[i].Err = err
			}
		}
	}
}

func (r *run) create(ctx context.Context, i int) {
	e := r.w.edits[i]
	body, refused := newConversation(*e.Target.New, e.ID)
	if refused != nil {
		r.out[i].Err = refused
		return
	}
	if r.ended != nil {
		r.out[i].Err = notSent(r.ended, model.EditCreate)
		return
	}
	answer, err := r.p.client.do(ctx, r.p.client.createConversation(body))
	if err != nil {
		r.failed(err, false)
		if e := model.AsError(err); e.Status != 0 && (e.Kind == model.Forbidden || e.Kind == model.Unsupported) {
			r.p.learned.Never(model.EditCreate, "the service refused it: "+e.Message)
		}
		r.out[i].Err = err
		return
	}
	c, ok := convert(answer.Body, r.p.account.Name, nil)
	if !ok {
		r.out[i].Err = &model.Error{Kind: model.UnknownOutcome, Op: op(e.Kind), Status: answer.Status,
			Message: "the service accepted, and its answer does not name the new conversation"}
		return
	}
	r.out[i].Created = c.Ref.ID
}

// forEdit gives an error of a request the name of the edit it was for.
func forEdit(err error, k model.EditKind) error {
	e := *model.AsError(err)
	e.Op = op(k)
	return &e
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
