package providers

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"confab/model"
)

// Editor carries out edits for an adapter: it is the one road that a write
// takes. An adapter embeds it and says, by Plan, which steps an edit takes; the
// editor orders them, sends the fewest requests, holds back what widens once
// anything before it has gone wrong, learns from refusals and tells what was not
// sent. Requests and Apply follow the same plan, so that a dry run can't differ.
type Editor struct {
	Client *Client
	// Do sends a call; nil is Client.Do.
	Do func(context.Context, Call) (*Answer, error)
	// Table is what the service can do, whatever the account.
	Table []CapabilityRow
	// Limits rules edits out for one conversation; nil rules out none.
	Limits func(c model.Conversation, no func(k model.EditKind, reason string))
	// Plan gives the steps of each edit, in the order of edits. It does no I/O.
	// It gets no two edits of a field, none that the capabilities say no to, and
	// none whose target fresh already has.
	Plan func(fresh model.Conversation, edits []model.Edit) []Planned
	// Learned is what the service's refusals have taught.
	Learned Learned
}

// Capabilities implements model.Provider.
func (ed *Editor) Capabilities(c model.Conversation) model.Capabilities {
	caps := CapabilitiesOf(ed.Table)
	if ed.Limits != nil {
		ed.Limits(c, func(k model.EditKind, reason string) {
			if caps[k].Can() {
				caps[k] = model.Capability{State: model.CapabilityNo, Reason: reason}
			}
		})
	}
	ed.Learned.Narrow(caps, c.Ref.ID)
	return caps
}

func (ed *Editor) do(ctx context.Context, call Call) (*Answer, error) {
	if ed.Do != nil {
		return ed.Do(ctx, call)
	}
	return ed.Client.Do(ctx, call)
}

// plan is what the edits of one conversation come to.
type plan struct {
	edits []model.Edit
	// of gives for each edit the one that is sent for it: of several edits of a
	// field, the last.
	of       []int
	refused  map[int]*model.Error
	stale    map[int]*model.Error
	same     map[int]bool
	requests []request
}

func (ed *Editor) plan(fresh model.Conversation, edits []model.Edit) plan {
	p := plan{edits: edits, of: last(edits), refused: map[int]*model.Error{}, stale: map[int]*model.Error{}, same: map[int]bool{}}
	caps := ed.Capabilities(fresh)
	var at []int
	var send []model.Edit
	for i, e := range edits {
		if c := caps.Of(e.Kind); !c.Can() {
			p.refused[i] = Unsupported(Op(e.Kind), c.Reason)
		} else if p.of[i] == i {
			if now, known := e.Read(fresh); known && now.Equal(e.Target) {
				p.same[i] = true
				continue
			}
			at, send = append(at, i), append(send, e)
		}
	}
	if len(send) == 0 {
		return p
	}
	var parts []part
	for n, planned := range ed.Plan(fresh, send) {
		i := at[n]
		switch {
		case planned.Refused != nil:
			p.refused[i] = planned.Refused
			continue
		case len(planned.Steps) == 0:
			p.same[i] = true
		case planned.Stale != nil:
			p.stale[i] = planned.Stale
		}
		for _, s := range planned.Steps {
			parts = append(parts, part{edit: i, Step: s})
		}
	}
	p.requests = arrange(parts)
	return p
}

// last gives for each edit the index of the last one of the same field.
func last(edits []model.Edit) []int {
	of := make([]int, len(edits))
	for i, e := range edits {
		of[i] = i
		for j := len(edits) - 1; j > i; j-- {
			if o := edits[j]; e.Kind != model.EditCreate && o.Kind == e.Kind && o.Field() == e.Field() {
				of[i] = j
				break
			}
		}
	}
	return of
}

// Requests implements model.Provider. It shows what Apply sends while nothing
// goes wrong.
func (ed *Editor) Requests(fresh model.Conversation, edits []model.Edit) ([]model.Request, error) {
	p := ed.plan(fresh, edits)
	for i := range edits {
		if err := p.refused[i]; err != nil {
			return nil, err
		}
	}
	out := make([]model.Request, 0, len(p.requests))
	for _, r := range p.requests {
		shown, err := ed.Client.Request(r.write.Build(r.edits(edits)))
		if err != nil {
			return nil, err
		}
		out = append(out, shown)
	}
	return out, nil
}

// Apply implements model.Provider.
func (ed *Editor) Apply(ctx context.Context, fresh model.Conversation, edits []model.Edit) []model.Outcome {
	r := run{ed: ed, fresh: fresh, plan: ed.plan(fresh, edits), out: make([]model.Outcome, len(edits)), done: map[int][]string{}}
	for i := range edits {
		switch {
		case r.refused[i] != nil:
			r.fail(i, r.refused[i])
		case r.stale[i] != nil:
			r.fail(i, r.stale[i])
		case r.same[i]:
			same := fresh.Clone()
			r.out[i].After = &same
		}
	}
	for _, q := range r.requests {
		r.send(ctx, q)
	}
	for i, j := range r.of {
		if i != j && r.refused[i] == nil {
			r.out[i] = r.out[j]
		}
	}
	return r.out
}

// run carries a plan out.
type run struct {
	plan
	ed    *Editor
	fresh model.Conversation
	out   []model.Outcome
	// done says which parts of an edit have been made.
	done map[int][]string
	// wrong is the first thing that went wrong: from then on nothing widens.
	// ended is why nothing more is sent at all.
	wrong, ended *model.Error
}

// fail ends an edit. What was made of it before is told along with the reason.
func (r *run) fail(i int, err *model.Error) {
	if done := r.done[i]; len(done) > 0 {
		e := *err
		e.Message = strings.Join(done, ", ") + "; then: " + e.Message
		e.Hint = strings.TrimSpace("some of the changes were made, others not: look at it again. " + e.Hint)
		err = &e
	}
	r.out[i] = model.Outcome{Err: err}
	if r.wrong == nil {
		r.wrong = err
	}
	switch err.Kind {
	case model.Unauthorized, model.NoCredential, model.Unavailable, model.UnknownOutcome, model.RateLimited, model.Canceled, model.Local:
		if r.ended == nil && r.stale[i] == nil {
			r.ended = err
		}
	}
}

// allowed gives the parts of a request that may be sent now, and ends the edits
// of the others.
func (r *run) allowed(q request) []part {
	var out []part
	for _, p := range q.parts {
		switch {
		case r.out[p.edit].Err != nil: // an earlier part of the same edit failed
		case r.ended != nil:
			r.fail(p.edit, notSent(r.ended, r.edits[p.edit].Kind))
		case r.wrong != nil && p.Direction == Widens:
			r.fail(p.edit, notSent(r.wrong, r.edits[p.edit].Kind))
		default:
			out = append(out, p)
		}
	}
	return out
}

// send makes one request of what may be sent of it. Where the service refuses it
// and names the fields that it refuses, the others don't suffer for them.
func (r *run) send(ctx context.Context, q request) {
	q.parts = r.allowed(q)
	if len(q.parts) == 0 {
		return
	}
	edits := q.edits(r.edits)
	answer, err := r.ed.do(ctx, q.write.Build(edits))
	if err != nil {
		r.refuse(ctx, q, model.AsError(err))
		return
	}
	if q.write.Created != nil {
		r.created(q, answer)
		return
	}
	var after model.Conversation
	tells := func(model.EditKind) bool { return false }
	if q.write.Shows != nil {
		if c, told, ok := q.write.Shows(answer); ok && c.Ref.ID == r.fresh.Ref.ID {
			after, tells = c, told
		}
	}
	for n, p := range q.parts {
		if p.Done != "" {
			r.done[p.edit] = append(r.done[p.edit], p.Done)
		}
		if _, known := edits[n].Read(after); known && tells(edits[n].Kind) {
			shown := after.Clone()
			r.out[p.edit].After = &shown
		}
	}
}

// created takes the id of a new conversation from an answer.
func (r *run) created(q request, a *Answer) {
	i := q.parts[0].edit
	if r.out[i].Created = q.write.Created(a); r.out[i].Created == "" {
		r.fail(i, &model.Error{Kind: model.UnknownOutcome, Op: Op(model.EditCreate), Status: a.Status,
			Message: "the service accepted, and its answer does not name the new conversation"})
	}
}

// refuse ends the edits of a request that brought no success.
func (r *run) refuse(ctx context.Context, q request, err *model.Error) {
	if named, rest := q.named(r.edits, err); len(named) > 0 && len(rest) > 0 {
		for _, p := range named {
			r.fail(p.edit, forEdit(err, r.edits[p.edit].Kind))
		}
		r.send(ctx, request{write: q.write, parts: rest})
		return
	}
	lesson := Lesson{}
	if q.write.Reads != nil {
		e := *err
		err = &e
		lesson = q.write.Reads(err)
	}
	if a := q.write.Assumed; a != nil && r.missing(ctx, a, err) {
		e := *err
		e.Kind = model.Unsupported
		lesson.Everywhere = true
		e.Hint, lesson.Reason = a.Missing(err.Status)
		err = &e
	}
	r.ed.Learned.Note(q.write.Kinds, r.fresh.Ref.ID, err, lesson)
	for _, p := range q.parts {
		r.fail(p.edit, forEdit(err, r.edits[p.edit].Kind))
	}
}

// named splits the parts of a refused request into those that the refusal names
// and the others.
func (q request) named(edits []model.Edit, err *model.Error) (named, rest []part) {
	if q.write.Names == nil || err.Kind != model.Invalid {
		return nil, nil
	}
	for _, p := range q.parts {
		if q.write.Names(err, edits[p.edit]) {
			named = append(named, p)
		} else {
			rest = append(rest, p)
		}
	}
	return named, rest
}

// missing reports whether a refusal means that the service does not have the
// call. For a 404 that takes a read of the conversation.
func (r *run) missing(ctx context.Context, a *Assumption, err *model.Error) bool {
	switch err.Status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusNotFound, http.StatusGone:
		if err.Kind != model.NotFound {
			return false
		}
		answer, failed := r.ed.do(ctx, a.Probe)
		return failed == nil && a.Proves(answer)
	}
	return false
}

// forEdit gives an error of a request the name of the edit it was for.
func forEdit(err *model.Error, k model.EditKind) *model.Error {
	e := *err
	e.Op = Op(k)
	return &e
}

// notSent is for an edit that was left out because of an earlier failure.
// Nothing is known to be wrong with it, so where the earlier one may pass, so
// may this.
func notSent(cause *model.Error, k model.EditKind) *model.Error {
	// The status is that of the answer whose words it repeats.
	e := &model.Error{Kind: cause.Kind, Op: Op(k), Status: cause.Status, RetryAt: cause.RetryAt, Hint: cause.Hint}
	e.Message = cause.Message
	if !strings.HasPrefix(e.Message, wasNotSent) {
		e.Message = wasNotSent + e.Message
	}
	if slices.Contains([]model.ErrorKind{model.UnknownOutcome, model.Malformed}, cause.Kind) {
		e.Kind = model.Unavailable // of this edit it is known: nothing was sent
	}
	return e
}

const wasNotSent = "not sent, because an earlier change to the conversation failed: "
