package model

import (
	"cmp"
	"slices"
	"strings"
)

// EditKind is what an edit changes.
type EditKind string

// The kinds of edit; the table kinds describes each. Labels and attributes are edited one key at a time, so that somebody
// else's change to another key is no conflict. Adapters merge the keys into the whole map that the service expects.
const (
	EditPrivacy      EditKind = "privacy"
	EditTitle        EditKind = "title"
	EditDescription  EditKind = "description"
	EditStatus       EditKind = "status"
	EditAccess       EditKind = "access"
	EditDefaultRole  EditKind = "default_role"
	EditParticipants EditKind = "participants"
	EditContacts     EditKind = "contacts"
	EditLabels       EditKind = "labels"
	EditAttributes   EditKind = "attributes"
	EditArchive      EditKind = "archive"
	EditDelete       EditKind = "delete"
	EditCreate       EditKind = "create"
)

// Shape is how the value of an edit is entered and shown.
type Shape int

// The shapes.
const (
	ShapeLine   Shape = iota // a text of one line
	ShapeText                // a text of several lines
	ShapeChoice              // one of EditKind.Choices
	ShapePeople              // a set of participants or contacts
	ShapePairs               // a name and its value
	ShapeAct                 // no value: the conversation is created, archived or deleted
)

type kindRow struct {
	kind  EditKind
	shape Shape
	// text, people or pairs points to the place where a conversation holds the value; other kinds have get and set.
	text   func(c *Conversation) *string
	people func(c *Conversation) *Set[Participant]
	pairs  func(c *Conversation) *map[string]string
	get    func(c *Conversation) string
	set    func(c *Conversation, to string)
	blank  bool // an empty text means empty, not unknown

	choices     func(d Description) []string // the values to choose from
	target      string                       // the only possible value
	sharedField string                       // what Edit.Field returns for several kinds, whose edits wait for each other

	noun   string                                 // completes "changed the …"; "" for the kind's name
	whole  string                                 // completes "the current …"; "" for the kind's name
	op     string                                 // Error.Op in adapters; "" for "change" and the kind's name
	past   func(e Edit, object, to string) string // says what the edit did; to is its cleaned target
	widens func(e Edit) bool                      // whether more people will see or change the conversation

	// risk says why to ask before an edit that widens, or before any edit if widens is nil. A service may have a better sentence,
	// see Description.Audience and Effects. risks adds several reasons.
	risk         func(e Edit) string
	twice        bool // ask a second time
	risks        func(e Edit, c Conversation, d Description, add addRisk)
	irreversible string // why a delivered edit can't be taken back
}

// kinds describes every kind of edit, in display order.
var kinds = []kindRow{
	{kind: EditPrivacy, shape: ShapeChoice,
		// Any word that the service has is a valid base: otherwise a conversation that is neither private nor public could never be
		// made private.
		text:    func(c *Conversation) *string { return (*string)(&c.Privacy) },
		choices: func(Description) []string { return []string{string(PrivacyPrivate), string(PrivacyPublic)} },
		past:    func(_ Edit, object, to string) string { return "made " + object + " " + to },
		widens:  func(e Edit) bool { return e.Target.String() != string(PrivacyPrivate) },
		risk:    func(Edit) string { return "will be seen by everybody in the workspace (assumed)" }},
	{kind: EditTitle, op: "rename", blank: true,
		text: func(c *Conversation) *string { return &c.Title },
		past: func(e Edit, object, _ string) string {
			return "renamed " + object + " to " + quoteTitle(e.Target.String())
		}},
	{kind: EditDescription, shape: ShapeText, blank: true,
		text: func(c *Conversation) *string { return &c.Description },
		past: func(e Edit, object, to string) string {
			if to == "" {
				return "cleared the description of " + object
			}
			return "described " + object + " as " + quoteTitle(e.Target.String())
		}},
	{kind: EditStatus, shape: ShapeChoice,
		get: func(c *Conversation) string {
			return pick(c.Status == "", "", pick(c.Closed, StatusClosed, StatusOpen))
		},
		set: func(c *Conversation, to string) {
			c.Closed = to == StatusClosed
			c.Status = pick(c.Closed, StatusClosed, "active") // Bird's word; no other service's status can be edited
		},
		choices: func(Description) []string { return []string{StatusOpen, StatusClosed} },
		past: func(_ Edit, object, to string) string {
			return pick(to == StatusClosed, "closed ", "reopened ") + object
		}},
	{kind: EditAccess, shape: ShapeChoice,
		text:    func(c *Conversation) *string { return &c.Access },
		choices: func(d Description) []string { return d.AccessValues },
		widens:  func(e Edit) bool { return allowsMore(accessRanks, e.Base.String(), e.Target.String()) },
		risk:    func(e Edit) string { return "access widens to " + e.Target.String() }},
	{kind: EditParticipants, shape: ShapePeople, noun: "people", whole: "list of participants",
		people: func(c *Conversation) *Set[Participant] { return &c.Participants },
		past:   peopleSentence, widens: widensPeople, risks: participantRisks},
	{kind: EditDefaultRole, shape: ShapeChoice,
		text:    func(c *Conversation) *string { return &c.DefaultRole },
		choices: func(d Description) []string { return d.DefaultRoleValues },
		widens:  func(e Edit) bool { return allowsMore(roleRanks, e.Base.String(), e.Target.String()) },
		risks:   defaultRoleRisks},
	{kind: EditContacts, shape: ShapePeople, whole: "set of contacts", op: "replace contacts",
		people: func(c *Conversation) *Set[Participant] { return &c.Contacts },
		past:   peopleSentence, risks: contactRisks},
	{kind: EditLabels, shape: ShapePairs, op: "change label",
		pairs: func(c *Conversation) *map[string]string { return &c.Labels }, past: pairSentence},
	{kind: EditAttributes, shape: ShapePairs, op: "change attribute",
		pairs: func(c *Conversation) *map[string]string { return &c.Attributes }, past: pairSentence},
	{kind: EditArchive, shape: ShapeAct, sharedField: "existence", noun: "existence", whole: "conversation", op: "archive conversation",
		get:          func(c *Conversation) string { return pick(c.Archived, "archived", "present") },
		set:          func(c *Conversation, to string) { c.Archived = to == "archived" },
		target:       "archived",
		risk:         func(Edit) string { return "archives the conversation; this cannot be undone" },
		irreversible: "the service can't unarchive"},
	{kind: EditDelete, shape: ShapeAct, sharedField: "existence", noun: "existence", whole: "conversation", op: "delete conversation",
		get:          func(*Conversation) string { return "present" },
		target:       "deleted",
		risk:         func(Edit) string { return "deletes the conversation for everybody; this cannot be undone" },
		twice:        true,
		irreversible: "the service keeps nothing to restore"},
	{kind: EditCreate, shape: ShapeAct, noun: "existence", whole: "conversation", op: "create conversation", risks: createRisks,
		irreversible: "delete the new conversation instead"},
}

func (k EditKind) row() *kindRow {
	for i := range kinds {
		if kinds[i].kind == k {
			return &kinds[i]
		}
	}
	return &kindRow{}
}

// EditKinds returns every kind, in display order.
func EditKinds() []EditKind {
	out := make([]EditKind, len(kinds))
	for i, t := range kinds {
		out[i] = t.kind
	}
	return out
}

// Shape returns how the value of an edit is entered and shown.
func (k EditKind) Shape() Shape { return k.row().shape }

// Choices returns the values that an account offers for a kind of ShapeChoice.
func (k EditKind) Choices(d Description) []string { return k.row().choices(d) }

// Words returns the kind in words: "default role".
func (k EditKind) Words() string { return strings.ReplaceAll(string(k), "_", " ") }

// Pair returns the singular of a kind of ShapePairs: "label".
func (k EditKind) Pair() string { return strings.TrimSuffix(string(k), "s") }

// Op returns the name of the edit in errors, see Error.Op.
func (k EditKind) Op() string { return cmp.Or(k.row().op, "change "+k.Words()) }

// FieldName returns a noun for what an edit of this kind changes, for use in sentences.
func FieldName(k EditKind) string { return cmp.Or(k.row().whole, k.Words()) }

// FieldName returns a singular noun for the value that the edit changes, for use in sentences.
func (e Edit) FieldName() string {
	if e.Key == "" {
		return FieldName(e.Kind)
	}
	return "value of the " + e.Kind.Pair() + " " + CleanLine(e.Key, 60)
}

// Pairs returns all labels or all attributes, nil if they are not loaded.
func Pairs(c Conversation, k EditKind) map[string]string { return *k.row().pairs(&c) }

func (t *kindRow) read(c *Conversation, key string) (v Value, known bool) {
	switch {
	case t.text != nil:
		s := *t.text(c)
		return TextValue(s), t.blank || s != ""
	case t.people != nil:
		set := t.people(c)
		return PeopleValue(set.Items), set.Known
	case t.pairs != nil:
		m := *t.pairs(c)
		if s, ok := m[key]; ok {
			v = TextValue(s)
		}
		return v, m != nil
	case t.get != nil:
		s := t.get(c)
		return TextValue(s), s != ""
	}
	return Value{}, true
}

// Project returns the server's state with the pending edits applied in order.
func Project(server Conversation, pending []Edit) Conversation {
	if len(pending) == 0 {
		return server
	}
	c := server.Clone()
	for _, e := range pending {
		apply(&c, e)
	}
	return c
}

func apply(c *Conversation, e Edit) {
	switch t := e.Kind.row(); {
	case t.text != nil:
		*t.text(c) = e.Target.String()
	case t.people != nil:
		*t.people(c) = SetOf(slices.Clone(e.Target.Set())...)
		if e.Kind == EditParticipants {
			c.ParticipantCount = len(c.Participants.Items)
		}
	case t.pairs != nil:
		pairs := t.pairs(c)
		if *pairs == nil {
			*pairs = map[string]string{}
		}
		if (*pairs)[e.Key] = e.Target.String(); e.Target.Text == nil {
			delete(*pairs, e.Key)
		}
	case t.set != nil:
		t.set(c, e.Target.String())
	}
}

// pick returns yes if so is true, else no.
func pick(so bool, yes, no string) string {
	if so {
		return yes
	}
	return no
}
