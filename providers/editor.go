package providers

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"confab/model"
)

// plan holds what to do about the edits of a conversation. Requests and Apply share it, so that a dry run can't differ.
type plan struct {
	edits    []model.Edit
	verdicts []verdict // of each edit
	requests []request
}

type verdict struct {
	last    int          // the index of the last edit of the same field, which is sent instead
	refused *model.Error // why the edit can't be sent
	stale   *model.Error // why the edit can be shown but not sent
	done    bool         // the conversation already is as intended
}

func (ad *Adapter) plan(fresh model.Conversation, edits []model.Edit) plan {
	p := plan{edits: edits, verdicts: make([]verdict, len(edits))}
	caps, steps := ad.Capabilities(fresh), ad.Plan(fresh)
	var parts []part
	for i, e := range edits {
		v := &p.verdicts[i]
		v.last = lastOf(edits, i)
		switch c := caps.Of(e.Kind); {
		case !c.Can():
			v.refused = Unsupported(e.Kind.Op(), c.Reason)
		case e.Kind == model.EditParticipants && e.Target.People == nil:
			v.refused = Invalid(e.Kind.Op(), "the edit holds no participants")
		case e.Kind == model.EditCreate && e.Target.New == nil:
			v.refused = Invalid(e.Kind.Op(), "the edit holds no conversation")
		}
		if v.refused != nil || v.last != i {
			continue
		}
		var planned Planned
		if now, known := e.Read(fresh); !known || !now.Equal(e.Target) {
			planned = steps(e)
		}
		switch {
		case planned.Refused != nil:
			v.refused = planned.Refused
			continue
		case len(planned.Steps) == 0:
			v.done = true
		default:
			v.stale = planned.Stale
		}
		for _, s := range planned.Steps {
			parts = append(parts, part{edit: i, Step: s})
		}
	}
	p.requests = arrange(parts)
	return p
}

// lastOf returns the index of the last edit of the same field as edits[i].
func lastOf(edits []model.Edit, i int) int {
	e := edits[i]
	for j := len(edits) - 1; j > i; j-- {
		if o := edits[j]; e.Kind != model.EditCreate && o.Kind == e.Kind && o.Field() == e.Field() {
			return j
		}
	}
	return i
}

// Requests implements model.Provider. It returns what Apply sends if nothing goes wrong.
func (ad *Adapter) Requests(fresh model.Conversation, edits []model.Edit) ([]model.Request, error) {
	p := ad.plan(fresh, edits)
	for _, v := range p.verdicts {
		if v.refused != nil {
			return nil, v.refused
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

// Apply implements model.Provider. It sends the fewest requests, sends nothing that widens once anything has failed, learns from
// refusals, and reports what was not sent.
func (ad *Adapter) Apply(ctx context.Context, fresh model.Conversation, edits []model.Edit) []model.Outcome {
	r := run{Adapter: ad, fresh: fresh, plan: ad.plan(fresh, edits), out: make([]model.Outcome, len(edits)), done: map[int][]string{}}
	for i, v := range r.verdicts {
		switch {
		case v.refused != nil || v.stale != nil:
			r.fail(i, cmp.Or(v.refused, v.stale))
		case v.done:
			after := fresh.Clone()
			r.out[i].After = &after
		}
	}
	for _, q := range r.requests {
		r.send(ctx, q)
	}
	for i, v := range r.verdicts {
		if v.last != i && v.refused == nil {
			r.out[i] = r.out[v.last]
		}
	}
	return r.out
}

// run is one Apply.
type run struct {
	*Adapter
	plan
	fresh model.Conversation
	out   []model.Outcome
	done  map[int][]string // Step.Done of the parts of each edit that have been made
	// failed is the first failure: after it, nothing that widens is sent. ended is the failure after which nothing is sent.
	failed, ended *model.Error
}

// fail ends an edit with an error, which also names the parts of the edit that have been made.
func (r *run) fail(i int, err *model.Error) {
	if done := r.done[i]; len(done) > 0 {
		e := *err
		e.Message = strings.Join(done, ", ") + "; then: " + e.Message
		e.Hint = strings.TrimSpace("some of the changes were made, others not: look at it again. " + e.Hint)
		err = &e
	}
	r.out[i] = model.Outcome{Err: err}
	r.failed = cmp.Or(r.failed, err)
	switch err.Kind {
	case model.Unauthorized, model.NoCredential, model.Unavailable, model.UnknownOutcome, model.RateLimited, model.Canceled, model.Local:
		if r.verdicts[i].stale == nil {
			r.ended = cmp.Or(r.ended, err)
		}
	}
}

// allowed returns the parts of a request that may be sent now, and fails the edits of the other parts.
func (r *run) allowed(q request) (out []part) {
	for _, p := range q.parts {
		switch {
		case r.out[p.edit].Err != nil: // an earlier part of the same edit failed
		case r.ended != nil || r.failed != nil && p.Direction == Widens:
			r.fail(p.edit, notSent(cmp.Or(r.ended, r.failed), r.edits[p.edit].Kind))
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
	after, includes, ok := model.Conversation{}, Includes(nil), false
	if q.write.Shows != nil {
		after, includes, ok = q.write.Shows(answer)
	}
	for n, p := range q.parts {
		if p.Done != "" {
			r.done[p.edit] = append(r.done[p.edit], p.Done)
		}
		if !ok || after.Ref.ID != r.fresh.Ref.ID {
			continue
		}
		if _, known := edits[n].Read(after); known && includes(edits[n].Kind) {
			shown := after.Clone()
			r.out[p.edit].After = &shown
		}
	}
}

// refuse fails the edits of a request that was refused. If the service names the fields that it refuses, the other edits are sent
// again without them.
func (r *run) refuse(ctx context.Context, q request, err *model.Error) {
	if q.write.NamesField != nil && err.Kind == model.Invalid {
		var named, rest []part
		for _, p := range q.parts {
			if q.write.NamesField(err, r.edits[p.edit]) {
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
	if q.write.Learn != nil {
		lesson = q.write.Learn(err)
	}
	if a := q.write.Assumed; a != nil && r.missing(ctx, a, err) {
		err.Kind, lesson.Everywhere = model.Unsupported, true
		err.Hint, lesson.Reason = a.Missing(err.Status)
	}
	r.lessons.add(q.write.Kinds, r.fresh.Ref.ID, err, lesson)
	r.failAll(q.parts, err)
}

func (r *run) failAll(parts []part, err *model.Error) {
	for _, p := range parts {
		e := *err
		e.Op = r.edits[p.edit].Kind.Op()
		r.fail(p.edit, &e)
	}
}

// missing reports whether a refusal means that the service does not have the call. After a 404, it reads the conversation to find
// out.
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

// notSent returns the error of an edit that was not sent because of an earlier failure. It has the kind of that failure, so that
// it is retried under the same conditions.
func notSent(cause *model.Error, k model.EditKind) *model.Error {
	const wasNotSent = "not sent, because an earlier change to the conversation failed: "
	e := &model.Error{Kind: cause.Kind, Op: k.Op(), RetryAt: cause.RetryAt, Hint: cause.Hint,
		Status:  cause.Status,
		Message: wasNotSent + strings.TrimPrefix(cause.Message, wasNotSent)}
	if e.Kind == model.UnknownOutcome || e.Kind == model.Malformed {
		e.Kind = model.Unavailable // this edit certainly changed nothing
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
	phaseNarrow phase = iota // narrowing and neutral steps
	phaseFirst               // the first widening request, if neutral steps share it
	phaseWiden
	phaseEnd
)

// arrange combines steps into the fewest requests that narrow first and widen last. So the conversation is at no time visible to
// more people than both before and after, and a failure is known before anything widens. Neutral steps share a request with
// narrowing steps, or else with the first that widens. Steps that end the conversation come last.
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
