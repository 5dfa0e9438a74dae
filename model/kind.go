package model

import (
	"cmp"
	"strings"
)

// EditKind names what an edit changes.
type EditKind string

// The kinds of edit; kinds says what each of them is. Labels and attributes are edited one key at a time, so that somebody
// else's change to another key is no conflict; adapters merge the keys into the whole map the service wants.
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

// Shape is how the value of an edit is asked for and shown.
type Shape int

// The shapes.
const (
	ShapeLine   Shape = iota // a text of one line
	ShapeText                // a text of several lines
	ShapeChoice              // one of Choices
	ShapePeople              // a set of participants or contacts
	ShapePairs               // a name and its value
	ShapeAct                 // no value: the conversation itself comes or goes
)

// kindRow describes a kind of edit.
type kindRow struct {
	kind  EditKind
	shape Shape
	// text, people or pairs is where a conversation holds the value; other kinds read it with get and write it with set.
	text   func(c *Conversation) *string
	people func(c *Conversation) *Set[Participant]
	pairs  func(c *Conversation) *map[string]string
	get    func(c *Conversation) string
	set    func(c *Conversation, to string)
	blank  bool // an empty text is a known one
	// choices are the values to choose from; target is the only one there is.
	choices     func(d Description) []string
	target      string
	sharedField string // the field of kinds that wait for each other
	// noun stands in "changed the …", whole in "the current …", op in errors of adapters; where empty they are made of the
	// kind's name. past says what an edit did to an object; to is its target, cleaned.
	noun, whole, op string
	past            func(e Edit, object, to string) string
	widens          func(e Edit) bool // more people see or change the conversation
	// risk says why to ask, where a kind that may widen does, and twice to ask again; a service may have its own sentence, see
	// Description.Audience and Effects. risks adds several reasons.
	risk         func(e Edit) string
	twice        bool
	risks        func(e Edit, c Conversation, d Description, add addRisk)
	irreversible string // why a delivered edit can't be taken back
}

// kinds describes every kind of edit, in the order of display.
var kinds = []kindRow{
	{kind: EditPrivacy, shape: ShapeChoice,
		// A word of the service that is neither private nor public is a base too:
		// otherwise such a conversation could never be made private.
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
		get: func(c *Conversation) string { return pick(c.Closed, StatusClosed, StatusOpen) },
		set: func(c *Conversation, to string) {
			c.Closed = to == StatusClosed
			c.Status = pick(c.Closed, StatusClosed, "active") // Bird's own word, the one service whose status can be edited
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
		set:          func(c *Conversation, _ string) { c.Archived = true },
		target:       "archived",
		risk:         func(Edit) string { return "archives the conversation; this cannot be undone" },
		irreversible: "archiving cannot be undone: the service can't unarchive"},
	{kind: EditDelete, shape: ShapeAct, sharedField: "existence", noun: "existence", whole: "conversation", op: "delete conversation",
		get:          func(*Conversation) string { return "present" },
		target:       "deleted",
		risk:         func(Edit) string { return "deletes the conversation for everybody; this cannot be undone" },
		twice:        true,
		irreversible: "deleting cannot be undone: the service keeps nothing to restore"},
	{kind: EditCreate, shape: ShapeAct, noun: "existence", whole: "conversation", op: "create conversation",
		irreversible: "creating is not undone by itself: delete the new conversation if you want it gone"},
}

func (k EditKind) row() *kindRow {
	for i := range kinds {
		if kinds[i].kind == k {
			return &kinds[i]
		}
	}
	return &kindRow{}
}

// EditKinds lists every kind in the order of display.
func EditKinds() []EditKind {
	out := make([]EditKind, len(kinds))
	for i, t := range kinds {
		out[i] = t.kind
	}
	return out
}

// Shape returns how the value of an edit is asked for and shown.
func (k EditKind) Shape() Shape { return k.row().shape }

// Choices returns the values of a kind that is chosen, in an account that is described.
func (k EditKind) Choices(d Description) []string { return k.row().choices(d) }

// Words returns the kind as it is said: "default role".
func (k EditKind) Words() string { return strings.ReplaceAll(string(k), "_", " ") }

// Pair names one of the pairs that a kind is made of: "label".
func (k EditKind) Pair() string { return strings.TrimSuffix(string(k), "s") }

// Op names an edit in errors.
func (k EditKind) Op() string { return cmp.Or(k.row().op, "change "+k.Words()) }

// FieldName returns a kind of edit as a noun for sentences.
func FieldName(k EditKind) string { return cmp.Or(k.row().whole, k.Words()) }

// Pairs returns all labels or attributes, nil where they are not loaded.
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
		return TextValue(t.get(c)), true
	}
	return Value{}, true
}

// pick returns one of two texts.
func pick(so bool, yes, no string) string {
	if so {
		return yes
	}
	return no
}
