package providers

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"confab/model"
)

// plan is what the edits of one conversation come to, for Requests and Apply alike: a dry run can't differ.
type plan struct {
	edits    []model.Edit
	fates    []fate
	requests []request
}

type fate struct {
	by      int          // the edit that is sent for it: of several of a field, the last
	refused *model.Error // why it can't be sent
	stale   *model.Error // why it can be shown and not sent
	same    bool         // the conversation is so already
}

func (ad *Adapter) plan(fresh model.Conversation, edits []model.Edit) plan {
	p := plan{edits: edits, fates: make([]fate, len(edits))}
	caps, steps := ad.Capabilities(fresh), ad.Plan(fresh)
	var parts []part
	for i, e := range edits {
		f := &p.fates[i]
		f.by = lastOf(edits, i)
		switch c := caps.Of(e.Kind); {
		case !c.Can():
			f.refused = Unsupported(e.Kind.Op(), c.Reason)
		case e.Kind == model.EditParticipants && e.Target.People == nil:
			f.refused = Invalid(e.Kind.Op(), "the edit holds no participants")
		case e.Kind == model.EditCreate && e.Target.New == nil:
			f.refused = Invalid(e.Kind.Op(), "the edit holds no conversation")
		}
		if f.refused != nil || f.by != i {
			continue
		}
		var planned Planned
		if now, known := e.Read(fresh); !known || !now.Equal(e.Target) {
			planned = steps(e)
		}
		switch {
		case planned.Refused != nil:
			f.refused = planned.Refused
			continue
		case len(planned.Steps) == 0:
			f.same = true
		default:
			f.stale = planned.Stale
		}
		for _, s := range planned.Steps {
			parts = append(parts, part{edit: i, Step: s})
		}
	}
	p.requests = arrange(parts)
	return p
}

func lastOf(edits []model.Edit, i int) int {
	e := edits[i]
	for j := len(edits) - 1; j > i; j-- {
		if o := edits[j]; e.Kind != model.EditCreate && o.Kind == e.Kind && o.Field() == e.Field() {
			return j
		}
	}
	return i
}

// Requests implements model.Provider. It shows what Apply sends while nothing goes wrong.
func (ad *Adapter) Requests(fresh model.Conversation, edits []model.Edit) ([]model.Request, error) {
	p := ad.plan(fresh, edits)
	for _, f := range p.fates {
		if f.refused != nil {
			return nil, f.refused
		}
	}
	out := make([]model.Request, len(p.requests))
	for i, r := range p.requests {
		var err error
		if out[i], err = ad.Client.Request(r.write.Build(r.edits(edits))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Apply implements model.Provider: it sends the fewest requests, holds back what widens once anything before it has gone
// wrong, learns from refusals and tells what was not sent.
func (ad *Adapter) Apply(ctx context.Context, fresh model.Conversation, edits []model.Edit) []model.Outcome {
	r := run{Adapter: ad, fresh: fresh, plan: ad.plan(fresh, edits), out: make([]model.Outcome, len(edits)), done: map[int][]string{}}
	for i, f := range r.fates {
		switch {
		case f.refused != nil || f.stale != nil:
			r.fail(i, cmp.Or(f.refused, f.stale))
		case f.same:
			same := fresh.Clone()
			r.out[i].After = &same
		}
	}
	for _, q := range r.requests {
		r.send(ctx, q)
	}
	for i, f := range r.fates {
		if f.by != i && f.refused == nil {
			r.out[i] = r.out[f.by]
		}
	}
	return r.out
}

type run struct {
	*Adapter
	plan
	fresh model.Conversation
	out   []model.Outcome
	done  map[int][]string // which parts of an edit have been made
	// wrong is the first thing that went wrong: from then on nothing widens. ended is why nothing more is sent.
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
	r.wrong = cmp.Or(r.wrong, err)
	switch err.Kind {
	case model.Unauthorized, model.NoCredential, model.Unavailable, model.UnknownOutcome, model.RateLimited, model.Canceled, model.Local:
		if r.fates[i].stale == nil {
			r.ended = cmp.Or(r.ended, err)
		}
	}
}

// allowed returns the parts of a request that may be sent now, and ends the edits of the others.
func (r *run) allowed(q request) (out []part) {
	for _, p := range q.parts {
		switch {
		case r.out[p.edit].Err != nil: // an earlier part of the same edit failed
		case r.ended != nil || r.wrong != nil && p.Direction == Widens:
			r.fail(p.edit, notSent(cmp.Or(r.ended, r.wrong), r.edits[p.edit].Kind))
		default:
			out = append(out, p)
		}
	}
	return out
}

func (r *run) send(ctx context.Context, q request) {
	q.parts = r.allowed(q)
	if len(q.parts) == 0 {
		return
	}
	edits := q.edits(r.edits)
	answer, err := r.Client.Do(ctx, q.write.Build(edits))
	switch {
	case err != nil:
		r.refuse(ctx, q, model.AsError(err))
		return
	case q.write.Created != nil:
		i := q.parts[0].edit
		if r.out[i].Created = q.write.Created(answer); r.out[i].Created == "" {
			r.fail(i, &model.Error{Kind: model.UnknownOutcome, Op: model.EditCreate.Op(), Status: answer.Status,
				Message: "the service accepted, and its answer does not name the new conversation"})
		}
		return
	}
	after, tells, ok := model.Conversation{}, Tells(nil), false
	if q.write.Shows != nil {
		after, tells, ok = q.write.Shows(answer)
	}
	for n, p := range q.parts {
		if p.Done != "" {
			r.done[p.edit] = append(r.done[p.edit], p.Done)
		}
		if !ok || after.Ref.ID != r.fresh.Ref.ID {
			continue
		}
		if _, known := edits[n].Read(after); known && tells(edits[n].Kind) {
			shown := after.Clone()
			r.out[p.edit].After = &shown
		}
	}
}

// refuse ends the edits of a request that brought no success. Where the service names the fields that it refuses, the others
// are sent again without them.
func (r *run) refuse(ctx context.Context, q request, err *model.Error) {
	if q.write.Names != nil && err.Kind == model.Invalid {
		var named, rest []part
		for _, p := range q.parts {
			if q.write.Names(err, r.edits[p.edit]) {
				named = append(named, p)
			} else {
				rest = append(rest, p)
			}
		}
		if len(named) > 0 && len(rest) > 0 {
			r.failAll(named, err)
			r.send(ctx, request{write: q.write, parts: rest})
			return
		}
	}
	var lesson Lesson
	if q.write.Reads != nil {
		lesson = q.write.Reads(err)
	}
	if a := q.write.Assumed; a != nil && r.missing(ctx, a, err) {
		err.Kind, lesson.Everywhere = model.Unsupported, true
		err.Hint, lesson.Reason = a.Missing(err.Status)
	}
	r.learned.note(q.write.Kinds, r.fresh.Ref.ID, err, lesson)
	r.failAll(q.parts, err)
}

func (r *run) failAll(parts []part, err *model.Error) {
	for _, p := range parts {
		e := *err
		e.Op = r.edits[p.edit].Kind.Op()
		r.fail(p.edit, &e)
	}
}

// missing reports whether a refusal means that the service does not have the call. For a 404 that takes a read of the
// conversation.
func (r *run) missing(ctx context.Context, a *Assumption, err *model.Error) bool {
	switch err.Status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusNotFound, http.StatusGone:
		if err.Kind != model.NotFound {
			return false
		}
		answer, failed := r.Client.Do(ctx, a.Probe)
		return failed == nil && a.Proves(answer)
	}
	return false
}

// notSent is for an edit that was left out because of an earlier failure: where that may pass, so may this.
func notSent(cause *model.Error, k model.EditKind) *model.Error {
	const wasNotSent = "not sent, because an earlier change to the conversation failed: "
	e := &model.Error{Kind: cause.Kind, Op: k.Op(), RetryAt: cause.RetryAt, Hint: cause.Hint,
		Status:  cause.Status, // that of the answer whose words it repeats
		Message: wasNotSent + strings.TrimPrefix(cause.Message, wasNotSent)}
	if e.Kind == model.UnknownOutcome || e.Kind == model.Malformed {
		e.Kind = model.Unavailable // of this edit it is known: nothing was sent
	}
	return e
}

type request struct {
	write *Write
	phase phase
	parts []part
}

type part struct {
	edit int
	Step
}

func (r request) edits(all []model.Edit) []model.Edit {
	out := make([]model.Edit, len(r.parts))
	for i, p := range r.parts {
		out[i] = all[p.edit]
	}
	return out
}

type phase int

const (
	phaseNarrow phase = iota // and what does neither
	phaseFirst               // the first write that widens, with what does neither in it
	phaseWiden
	phaseEnd
)

// arrange puts steps into the fewest requests that have what narrows first and what widens after everything else: no moment
// in between shows a conversation to more people than before and after, and whatever goes wrong is known before anything
// widens. What does neither travels with what narrows, or else in the first request that widens; what ends goes last.
func arrange(parts []part) (out []request) {
	has := func(w *Write, d Direction) bool {
		return slices.ContainsFunc(parts, func(p part) bool { return p.Write == w && p.Direction == d })
	}
	var first *Write // the widening request that takes neutral steps along
	for _, p := range parts {
		if first == nil && p.Direction == Neutral && has(p.Write, Widens) && !has(p.Write, Narrows) {
			first = p.Write
		}
	}
	phaseOf := func(p part) phase {
		switch {
		case p.Direction == Ends:
			return phaseEnd
		case p.Write == first && p.Direction != Narrows:
			return phaseFirst
		case p.Direction == Widens:
			return phaseWiden
		}
		return phaseNarrow
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(phaseOf(a), phaseOf(b)), cmp.Compare(a.Direction, b.Direction))
	})
	for _, p := range parts {
		i := slices.IndexFunc(out, func(r request) bool { return r.write == p.Write && r.phase == phaseOf(p) })
		if i < 0 {
			i, out = len(out), append(out, request{write: p.Write, phase: phaseOf(p)})
		}
		out[i].parts = append(out[i].parts, p)
	}
	for _, r := range out {
		slices.SortStableFunc(r.parts, func(a, b part) int { return cmp.Compare(a.edit, b.edit) })
	}
	return out
}
