package providers

import (
	"slices"
	"strings"

	"confab/model"
)

// Direction says where a step leads: to fewer people who can see or change a conversation, or to more.
type Direction int

// The directions, in the order in which steps are sent.
const (
	Narrows Direction = iota - 1
	Neutral
	Widens
	Ends // leaves nothing to edit: archiving and deleting
)

// Step is one edit, or a part of one, as a request carries it.
type Step struct {
	*Write
	Direction Direction
	// Done says in words what a part of an edit did ("removed Ann"), should the parts after it fail; "" for the only step.
	Done string
}

// Tells reports whether an answer tells about the field of a kind of edit.
type Tells = func(model.EditKind) bool

// Write is a request that changes something. Steps of one plan that name the same Write travel together, as far as narrowing
// first and widening last allow. The functions do no I/O.
type Write struct {
	Build func(edits []model.Edit) Call
	// Kinds are the edits that a refusal rules out: those that need the same right or call.
	Kinds []model.EditKind
	// Shows returns the conversation as the answer shows it. Nil, or ok false, leaves it to a fresh read.
	Shows func(a *Answer) (c model.Conversation, tells Tells, ok bool)
	// Names reports whether a refusal names the field of an edit: nothing was changed, and the others are sent again without it.
	Names func(refusal *model.Error, e model.Edit) bool
	// Reads puts a refusal right: its kind, its hint.
	Reads func(refusal *model.Error) Lesson
	// Assumed is set where the service does not document the call.
	Assumed *Assumption
	// Created returns the id of what a create has made, "" where the answer does not name it. Nil for all but creates.
	Created func(a *Answer) string
}

// Lesson is what a refusal teaches beyond its status.
type Lesson struct {
	Everywhere bool   // it holds for the account, not for the conversation alone
	Reason     string // why the edit is ruled out; "" is made of the service's words
	Nothing    bool   // the next try may well succeed
}

// Assumption is about a call that the service does not document. A 405 or 501, or a 404 for a conversation that can still be
// read, means that there is no such call.
type Assumption struct {
	// Probe reads the conversation, and Proves tells whether the answer is it.
	Probe  Call
	Proves func(*Answer) bool
	// Missing says what to do about it, and why the edits are ruled out for the account.
	Missing func(status int) (hint, reason string)
}

// Planned is what an adapter makes of one edit: steps, in the order in which they are safe, or why it can't be sent.
type Planned struct {
	Steps   []Step
	Refused *model.Error // in place of steps
	Stale   *model.Error // why the steps can be shown but not sent: the conversation must be read again first
}

// Single is a call that carries one edit, and whose refusal rules out the like of it.
func Single(k model.EditKind, call Call) *Write {
	return &Write{Build: func([]model.Edit) Call { return call }, Kinds: []model.EditKind{k}}
}

func One(w *Write, d Direction) Planned { return Planned{Steps: []Step{{Write: w, Direction: d}}} }

// Change plans an edit, other than a create, that takes one step.
func Change(w *Write, fresh model.Conversation, e model.Edit) Planned {
	return One(w, directionOf(fresh, e))
}

func Refuse(err *model.Error) Planned { return Planned{Refused: err} }

// directionOf tells where an edit leads from what the conversation holds now. What widens is what model.Edit.Widens says, for
// every service: the inbox holds back by that, and nothing may be held here and sent there.
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

// PeopleDirection tells where a part of an edit of people leads, which makes after of before.
func PeopleDirection(before, after []model.Participant) Direction {
	return directionOf(model.Conversation{Participants: model.SetOf(before...)},
		model.Edit{Kind: model.EditParticipants, Target: model.PeopleValue(after)})
}

// Field is a field of a conversation that one call changes, others along with it.
type Field struct {
	Kind  model.EditKind
	Names []string // of its members, in a body and in an answer
	Check func(model.Edit) *model.Error
	// Add adds the members for the edits of this kind; nil adds the target as a text.
	Add func(body *Body, edits []model.Edit)
	// Null says that null in an answer is a value.
	Null bool
}

// Fields are those that a call can change, in the order of its body.
type Fields []Field

func (fs Fields) Check(e model.Edit) *model.Error {
	if f, ok := find(fs, func(f Field) bool { return f.Kind == e.Kind }); ok && f.Check != nil {
		return f.Check(e)
	}
	return nil
}

// Write is the call that changes some of the fields.
func (fs Fields) Write(call func(Body) Call) *Write {
	w := &Write{Names: fs.named, Build: func(edits []model.Edit) Call {
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

// named reports whether a refusal names a member of an edit's field, or something in one.
func (fs Fields) named(refusal *model.Error, e model.Edit) bool {
	return slices.ContainsFunc(fs, func(f Field) bool {
		return f.Kind == e.Kind && slices.ContainsFunc(f.Names, func(name string) bool {
			return slices.ContainsFunc(refusal.Fields, func(said model.FieldError) bool {
				rest, ok := strings.CutPrefix(said.Field, name)
				return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
			})
		})
	})
}

// Tells tells which fields an answer holds.
func (fs Fields) Tells(o *Object) Tells {
	return func(k model.EditKind) bool {
		return slices.ContainsFunc(fs, func(f Field) bool {
			return f.Kind == k && !slices.ContainsFunc(f.Names, func(name string) bool { return o.Null(name) && !(f.Null && o.Has(name)) })
		})
	}
}

// Among refuses a target that is none of some words.
func Among(words ...string) func(model.Edit) *model.Error {
	return func(e model.Edit) *model.Error { return OneOf(e.Kind.Op(), e.Target.String(), words...) }
}
