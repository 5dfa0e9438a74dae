package providers

import (
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

// Includes reports whether an answer includes the field of a kind of edit.
type Includes = func(model.EditKind) bool

// Write is a request that changes something. Steps of a plan with the same Write share a request, unless narrowing first and
// widening last requires two. The functions do no I/O.
type Write struct {
	Build func(edits []model.Edit) Call
	// Kinds lists the kinds of edits that a refusal rules out, because they need the same right or the same call.
	Kinds []model.EditKind
	// Shows returns the conversation in the answer. If Shows is nil or ok is false, the caller reads the conversation again.
	Shows func(a *Answer) (c model.Conversation, includes Includes, ok bool)
	// NamesField reports whether a refusal names the field of an edit. Then nothing was changed, and the other edits are sent
	// again without it.
	NamesField func(refusal *model.Error, e model.Edit) bool
	// Learn corrects the kind and the hint of a refusal, and returns what it teaches.
	Learn func(refusal *model.Error) Lesson
	// Assumed is set if the service does not document the call.
	Assumed *Assumption
	// Created returns the id of the conversation that a create made, or "" if the answer does not name it. Nil for other edits.
	Created func(a *Answer) string
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

// Planned is the plan for one edit: its steps in a safe order, or why it can't be sent.
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
	Names []string // the names of its members, in the body and in the answer
	Check func(model.Edit) *model.Error
	// Add adds the members for the edits of this kind; nil adds the target as a text.
	Add func(body *Body, edits []model.Edit)
	// Null says that null in an answer is a value rather than an absent field.
	Null bool
}

// Fields lists the fields that a call can change, in the order of its body.
type Fields []Field

func (fs Fields) Check(e model.Edit) *model.Error {
	if f, ok := find(fs, func(f Field) bool { return f.Kind == e.Kind }); ok && f.Check != nil {
		return f.Check(e)
	}
	return nil
}

// Write returns a Write that changes some of the fields by one call.
func (fs Fields) Write(call func(Body) Call) *Write {
	w := &Write{NamesField: fs.isNamed, Build: func(edits []model.Edit) Call {
		body := Body{}
		for _, f := range fs {
			of := slices.DeleteFunc(slices.Clone(edits), func(e model.Edit) bool { return e.Kind != f.Kind })
			switch {
			case len(of) == 0:
			case f.Add != nil:
				f.Add(&body, of)
			default:
				body.Add(f.Names[0], of[len(of)-1].Target.String())
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

// Includes returns which fields the conversation in an answer includes.
func (fs Fields) Includes(o *Object) Includes {
	return func(k model.EditKind) bool {
		return slices.ContainsFunc(fs, func(f Field) bool {
			return f.Kind == k && !slices.ContainsFunc(f.Names, func(name string) bool { return o.Null(name) && !(f.Null && o.Has(name)) })
		})
	}
}

// TargetIn returns a check that the target of an edit is one of some words.
func TargetIn(words ...string) func(model.Edit) *model.Error {
	return func(e model.Edit) *model.Error { return OneOf(e.Kind.Op(), e.Target.String(), words...) }
}
