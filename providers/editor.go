package providers

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"confab/model"
)

// Direction says whether a step lets fewer or more people see or change a conversation.
type Direction int

// The directions, in the order in which steps are sent.
const (
	Narrows Direction = iota - 1
	Neutral
	Widens
	Ends // archives or deletes the conversation
)

// Step is an edit, or a part of one, that one request makes.
type Step struct {
	*Write
	Direction Direction
	// Done tells the person what this part of an edit did ("removed Ann") if a later part fails; "" for an only step.
	Done string
}

// Write is a request that changes something. Steps of a plan with the same Write share a request, unless narrowing first and
// widening last requires two. The functions do no I/O.
type Write struct {
	Build func(edits []model.Edit) Call
	// Kinds lists the kinds of edits that a refusal rules out, because they need the same right or the same call.
	Kinds []model.EditKind
	// Shows returns the conversation in the answer. If Shows is nil or ok is false, the caller reads the conversation again.
	Shows func(a *Answer) (c model.Conversation, ok bool)
	// Learn corrects the kind and the hint of a refusal, and returns what it teaches.
	Learn func(refusal *model.Error) Lesson
	// Assumed is set if the service does not document the call.
	Assumed *Assumption
	// Created returns the id of the conversation that a create made, or "" if the answer does not name it. Nil for other edits.
	Created func(a *Answer) string

	// fields are those that the call changes along with others. If a refusal names some of them, nothing was changed, and the
	// others are sent again without them.
	fields Fields
}

// Lesson is what a refusal teaches beyond its status.
type Lesson struct {
	Everywhere bool   // the refusal holds for the whole account, not only for the conversation
	Reason     string // why the edit is ruled out; "" takes the service's words
	Ignore     bool   // the refusal rules out nothing, because the next try may succeed
}

// Assumption describes a call that the service does not document. A 405 or 501, or a 404 for a conversation that can still be
// read, means that the call does not exist.
type Assumption struct {
	// Probe reads the conversation, and Proves reports whether the answer is that conversation.
	Probe  Call
	Proves func(*Answer) bool
	// Missing returns a hint for the person, and the reason why the edits are ruled out for the account.
	Missing func(status int) (hint, reason string)
}

// Planned is the plan for one edit: its steps in a safe order, or why it can't be sent. Without either, the edit is in effect.
type Planned struct {
	Steps   []Step
	Refused *model.Error // instead of steps
	Stale   *model.Error // the steps can be shown but not sent, because the conversation must be read again first
}

// Single returns a Write that makes one edit, and whose refusal rules out edits of its kind.
func Single(k model.EditKind, call Call) *Write {
	return &Write{Build: func([]model.Edit) Call { return call }, Kinds: []model.EditKind{k}}
}

// Change plans an edit that takes one step.
func Change(w *Write, fresh model.Conversation, e model.Edit) Planned {
	return Planned{Steps: []Step{{Write: w, Direction: directionOf(fresh, e)}}}
}

func Refuse(err *model.Error) Planned { return Planned{Refused: err} }

// directionOf compares the target of an edit with the fresh conversation. model.Edit.Widens decides what widens, for every
// service, because the inbox holds edits back by the same rule and the two must agree.
func directionOf(fresh model.Conversation, e model.Edit) Direction {
	switch e.Kind {
	case model.EditArchive, model.EditDelete:
		return Ends
	case model.EditPrivacy, model.EditAccess, model.EditDefaultRole, model.EditParticipants:
	default:
		return Neutral
	}
	if now, known := e.Read(fresh); known {
		e.Base = now
	}
	if e.Widens() {
		return Widens
	}
	return Narrows
}

// PeopleDirection returns the direction of a part of an edit of participants, which replaces before by after.
func PeopleDirection(before, after []model.Participant) Direction {
	return directionOf(model.Conversation{Participants: model.SetOf(before...)},
		model.Edit{Kind: model.EditParticipants, Target: model.PeopleValue(after)})
}

// Field is a field of a conversation that a call changes along with others.
type Field struct {
	Kind  model.EditKind
	Names []string // the names of its members, in the body and in refusals
	// Add adds the members for the edits of this kind; nil adds the target as a text.
	Add func(body *Body, edits []model.Edit)
}

// Fields lists the fields that a call can change, in the order of its body.
type Fields []Field

// Write returns a Write that changes some of the fields by one call.
func (fs Fields) Write(call func(Body) Call) *Write {
	w := &Write{fields: fs, Build: func(edits []model.Edit) Call {
		body := Body{}
		for _, f := range fs {
			of := slices.DeleteFunc(slices.Clone(edits), func(e model.Edit) bool { return e.Kind != f.Kind })
			switch {
			case len(of) == 0:
			case f.Add != nil:
				f.Add(&body, of)
			default:
				body.Add(f.Names[0], of[0].Target.String())
			}
		}
		return call(body)
	}}
	for _, f := range fs {
		w.Kinds = append(w.Kinds, f.Kind)
	}
	return w
}

// isNamed reports whether a refusal names a member of an edit's field, or something inside such a member.
func (fs Fields) isNamed(refusal *model.Error, e model.Edit) bool {
	return slices.ContainsFunc(fs, func(f Field) bool {
		return f.Kind == e.Kind && slices.ContainsFunc(f.Names, func(name string) bool {
			return slices.ContainsFunc(refusal.Fields, func(said model.FieldError) bool {
				rest, ok := strings.CutPrefix(said.Field, name)
				return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
			})
		})
	})
}

// plan holds what to do about the edits of a conversation. Requests and Apply share it, so that a dry run can't differ.
type plan struct {
	edits    []model.Edit
	planned  []Planned // of each edit
	requests []request
}

func (ad *Adapter) plan(fresh model.Conversation, edits []model.Edit) plan {
	p := plan{edits: edits, planned: make([]Planned, len(edits))}
	caps, steps := ad.Capabilities(fresh), ad.Plan(fresh)
	var parts []part
	for i, e := range edits {
		p.planned[i] = ad.planOne(fresh, e, caps, steps)
		for _, s := range p.planned[i].Steps {
			parts = append(parts, part{edit: i, Step: s})
		}
	}
	p.requests = arrange(parts)
	return p
}

func (ad *Adapter) planOne(fresh model.Conversation, e model.Edit, caps model.Capabilities, steps func(model.Edit) Planned) Planned {
	now, known := e.Read(fresh)
	switch c := caps.Of(e.Kind); {
	case !c.Can():
		return Refuse(Unsupported(e.Kind.Op(), c.Reason))
	case e.Kind == model.EditParticipants && e.Target.People == nil:
		return Refuse(Invalid(e.Kind.Op(), "the edit holds no participants"))
	case e.Kind == model.EditCreate && e.Target.New == nil:
		return Refuse(Invalid(e.Kind.Op(), "the edit holds no conversation"))
	case known && now.Equal(e.Target):
		return Planned{}
	}
	if refused := ad.checkValue(e, known, caps); refused != nil {
		return Refuse(refused)
	}
	return steps(e)
}

// Requests implements model.Provider. It returns what Apply sends if nothing goes wrong.
func (ad *Adapter) Requests(fresh model.Conversation, edits []model.Edit) ([]model.Request, error) {
	p := ad.plan(fresh, edits)
	for _, planned := range p.planned {
		if planned.Refused != nil {
			return nil, planned.Refused
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
	for i, planned := range r.planned {
		switch {
		case planned.Refused != nil:
			r.fail(i, planned.Refused)
		case len(planned.Steps) == 0:
			after := fresh.Clone()
			r.out[i].After = &after
		case planned.Stale != nil:
			r.fail(i, planned.Stale)
		}
	}
	for _, q := range r.requests {
		r.send(ctx, q)
	}
	return r.out
}

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
		if r.planned[i].Stale == nil {
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
	after, ok := model.Conversation{}, false
	if q.write.Shows != nil {
		after, ok = q.write.Shows(answer)
	}
	for n, p := range q.parts {
		if p.Done != "" {
			r.done[p.edit] = append(r.done[p.edit], p.Done)
		}
		if !ok || after.Ref.ID != r.fresh.Ref.ID {
			continue
		}
		// An answer that shows something else proves nothing: some services answer with the conversation as it was before. Nor does
		// an empty text, since a field that the answer lacks is read as one.
		if is, known := edits[n].Read(after); known && is.Equal(edits[n].Target) && (is.Text == nil || *is.Text != "") {
			shown := after.Clone()
			r.out[p.edit].After = &shown
		}
	}
}

// refuse fails the edits of a request that was refused. If the service names the fields that it refuses, the other edits are sent
// again without them.
func (r *run) refuse(ctx context.Context, q request, err *model.Error) {
	if err.Kind == model.Invalid {
		var named, rest []part
		for _, p := range q.parts {
			if q.write.fields.isNamed(err, r.edits[p.edit]) {
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

// missing reports whether a refusal means that the service does not have the call. If the conversation was not found, it reads it
// to find out.
func (r *run) missing(ctx context.Context, a *Assumption, err *model.Error) bool {
	if err.Kind != model.NotFound {
		return err.Kind == model.Unsupported && err.Status != 0
	}
	answer, failed := r.Client.Do(ctx, a.Probe)
	return failed == nil && a.Proves(answer)
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
	phase int // requests are sent in this order, see arrange
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
	phase := func(p part) int {
		switch {
		case p.Direction == Ends:
			return 3
		case p.Direction == Widens && p.Write != first:
			return 2
		case p.Write == first && p.Direction != Narrows:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(phase(a), phase(b)), cmp.Compare(a.Direction, b.Direction))
	})
	for _, p := range parts {
		i := slices.IndexFunc(out, func(r request) bool { return r.write == p.Write && r.phase == phase(p) })
		if i < 0 {
			i, out = len(out), append(out, request{write: p.Write, phase: phase(p)})
		}
		out[i].parts = append(out[i].parts, p)
	}
	for _, r := range out {
		slices.SortStableFunc(r.parts, func(a, b part) int { return cmp.Compare(a.edit, b.edit) })
	}
	return out
}
