package query

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// The fields and words that the program names itself. The tables below list all of them.
const (
	FieldAccount  = "account"
	FieldProvider = "provider"
	FieldTitle    = "title"
	FieldWith     = "with"
	FieldLabel    = "label"
	FieldIs       = "is"
	FieldSort     = "sort"

	IsArchived = "archived"
	IsDone     = "done"
	IsSnoozed  = "snoozed"
	IsEmpty    = "empty"
	IsAny      = "any"
)

// comparison is how the value of a term is compared with a conversation.
type comparison int

const (
	byText  comparison = iota // title, people or last message contain it
	byPart                    // the field contains it
	byWhole                   // the field equals it
	byLine                    // a line of the field equals it
	byLabel                   // a label has the name and, if one is given, the value
	byID                      // the id or the ref equals it exactly
	byWord                    // the word of the language applies
	byDate                    // the time lies in the span
	byOrder                   // not at all: it names an order
)

// field describes a field of the language.
type field struct {
	name, help string
	compare    comparison
	text       func(s *Subject) *string                 // the text of the field
	spell      func(c *model.Conversation, to *spelled) // adds what the text is made of
	at         func(s *Subject) int64                   // the time of the field
	words      []word                                   // the only values allowed; nil for any text
	usual      func() []string                          // values offered if no conversation has one
	slips      bool                                     // a value that is almost one of usual is an error

	// narrow returns the part of a filter that lists the possible values of a match (byWhole) or the texts that a match contains
	// (byPart). push adds a term that every match fulfils, with the span of its date, to a filter.
	narrow func(f *model.Filter) *[]string
	push   func(f *model.Filter, t *Term, from, to time.Time)
	others string // other names that people use for the field, for suggestions
}

// word is a word of the language. As a condition, it applies to a conversation if one of flags is set, if none of unset is,
// or if holds returns true. As an order, it sorts by number, the greatest first, or by texts, A to Z.
type word struct {
	name, help   string
	flags, unset Flag
	holds        func(s *Subject, now time.Time) bool
	number       func(s *Subject) int64
	texts        []func(s *Subject) string
}

// freeText is the field of a word or phrase without a field.
var freeText = &field{compare: byText}

// fields are the fields in display order.
var fields = []field{
	{name: FieldIs, help: "a state: private, open, done …", compare: byWord, words: isWords,
		push: func(f *model.Filter, t *Term, _, _ time.Time) { f.External = f.External || t.Value == "external" }},
	{name: FieldWith, help: "a participant's name, e-mail or id", compare: byPart, text: func(s *Subject) *string { return &s.People },
		spell: func(c *model.Conversation, to *spelled) {
			for p := range c.Everybody() {
				to.add(p.ID, p.Name, p.Email, p.Identifier)
			}
		},
		others: "from to who people person participant participants member contact email user"},
	{name: FieldTitle, help: "in the title", compare: byPart, text: func(s *Subject) *string { return &s.Title },
		spell: func(c *model.Conversation, to *spelled) { to.show(c.Title) }, others: "name subject"},
	{name: FieldAccount, help: "one account of the config", compare: byWhole, text: func(s *Subject) *string { return &s.Ref.Account },
		spell: func(c *model.Conversation, to *spelled) { to.show(c.Ref.Account) }},
	{name: FieldProvider, help: "one service", compare: byWhole, text: func(s *Subject) *string { return &s.Provider },
		spell: func(c *model.Conversation, to *spelled) { to.show(c.Provider) },
		usual: serviceNames, slips: true, others: "service"},
	{name: FieldLabel, help: "a label, or NAME=VALUE", compare: byLabel, text: func(s *Subject) *string { return &s.Labels },
		spell: func(c *model.Conversation, to *spelled) {
			for _, k := range slices.Sorted(maps.Keys(c.Labels)) {
				to.show(k + "=" + c.Labels[k])
			}
		},
		others: "tag tags labels"},
	{name: "owner", help: "the owner's name, e-mail or id", compare: byPart, text: func(s *Subject) *string { return &s.Owner },
		spell: func(c *model.Conversation, to *spelled) {
			to.add(c.Owner.ID, cmp.Or(c.Owner.Name, c.Owner.Email))
			to.ids = append(to.ids, c.Owner.Email)
		},
		narrow: func(f *model.Filter) *[]string { return &f.Owner }},
	{name: "status", help: "the service's own word", compare: byWhole, text: func(s *Subject) *string { return &s.Status },
		spell:  func(c *model.Conversation, to *spelled) { to.show(c.Status) },
		narrow: func(f *model.Filter) *[]string { return &f.Status }, others: "state"},
	{name: "kind", help: "call, email, meeting …", compare: byWhole, text: func(s *Subject) *string { return &s.Kind },
		spell:  func(c *model.Conversation, to *spelled) { to.show(c.Kind) },
		narrow: func(f *model.Filter) *[]string { return &f.Kind }, others: "type platform"},
	{name: "has", help: "contacts, messages, outsiders, recording, transcript", compare: byWord, words: hasWords},
	{name: "audience", help: "who can see it: everyone, group, members", compare: byWord, words: audienceWords,
		others: "visibility privacy access seen public"},
	{name: "updated", help: "last change: <7d, >2026-01-31, 2026-01..2026-02", compare: byDate,
		at: func(s *Subject) int64 { return s.Updated }, push: pushUpdated, others: "date after before newer older since"},
	{name: "created", help: "creation: <7d, >2026-01-31, 2026-01..2026-02", compare: byDate,
		at:   func(s *Subject) int64 { return s.Created },
		push: func(f *model.Filter, _ *Term, from, _ time.Time) { f.CreatedFrom = later(f.CreatedFrom, from) }},
	{name: "team", help: "team name", compare: byPart, text: func(s *Subject) *string { return &s.Team },
		spell:  func(c *model.Conversation, to *spelled) { to.named(c.Team) },
		narrow: func(f *model.Filter) *[]string { return &f.Team }},
	{name: "space", help: "space name", compare: byPart, text: func(s *Subject) *string { return &s.Space },
		spell: func(c *model.Conversation, to *spelled) { to.named(c.Space) }, others: "in group"},
	{name: "channel", help: "channel name", compare: byPart, text: func(s *Subject) *string { return &s.Channel },
		spell: func(c *model.Conversation, to *spelled) { to.named(c.Channel) }},
	{name: "company", help: "company name", compare: byPart, text: func(s *Subject) *string { return &s.Company },
		spell:  func(c *model.Conversation, to *spelled) { to.named(c.Companies...) },
		narrow: func(f *model.Filter) *[]string { return &f.Company }},
	{name: "role", help: "somebody has this role: editor, viewer …", compare: byLine, text: func(s *Subject) *string { return &s.Roles },
		spell: func(c *model.Conversation, to *spelled) {
			for p := range c.Everybody() {
				to.show(p.Role)
			}
		},
		usual: func() []string { return []string{model.RoleEditor, model.RoleViewer, model.RoleComplete} }},
	{name: "id", help: "the id or the whole ref", compare: byID, others: "ref"},
	{name: FieldSort, help: "the order; sort:-title reverses", compare: byOrder, words: sortWords, others: "order by"},
}

var isWords = []word{
	{name: "private", help: "private, or seen by participants only", holds: func(s *Subject, _ time.Time) bool {
		return s.Privacy == string(model.PrivacyPrivate) || s.Privacy == string(model.PrivacyParticipants)
	}},
	{name: "public", help: "public", holds: func(s *Subject, _ time.Time) bool { return s.Privacy == string(model.PrivacyPublic) }},
	{name: "open", help: "neither closed nor archived", unset: FlagClosed | FlagArchived},
	{name: "closed", help: "closed", flags: FlagClosed},
	{name: IsArchived, help: "archived", flags: FlagArchived},
	{name: "internal", help: "people of the own company only", flags: FlagInternal},
	{name: "external", help: "with people from outside", flags: FlagExternal},
	{name: IsDone, help: "marked done here", flags: FlagDone},
	{name: IsSnoozed, help: "snoozed here, and not due yet",
		holds: func(s *Subject, now time.Time) bool { return s.SnoozedUntil > now.UnixMilli() }},
	{name: "pinned", help: "pinned here", flags: FlagPinned},
	{name: "unseen", help: "not looked at since it changed", flags: FlagUnseen},
	{name: "pending", help: "an edit is on its way, or held", flags: FlagPending},
	{name: "failed", help: "an edit was refused, unverified, or its outcome is unknown", flags: FlagFailed},
	{name: "conflict", help: "an edit met somebody else's change", flags: FlagConflict},
	{name: IsEmpty, help: "nothing in it yet", flags: FlagEmpty},
	{name: IsAny, help: "everything, also what the inbox leaves out", holds: func(*Subject, time.Time) bool { return true }},
}

var hasWords = []word{
	{name: "contacts", help: "contacts are set", flags: FlagContacts},
	{name: "messages", help: "messages or comments", flags: FlagMessages},
	{name: "outsiders", help: "people of no mail domain of ours ([ui] domains, else the owner's)",
		holds: func(s *Subject, _ time.Time) bool { return s.hasOutsiders() }},
	{name: "recording", help: "a recording", flags: FlagRecording},
	{name: "transcript", help: "a transcript", flags: FlagTranscript},
}

var audienceWords = []word{
	audienceWord(model.ClassEveryone, "everybody of the organisation, workspace or space"),
	audienceWord(model.ClassGroup, "groups, and the people in it"),
	audienceWord(model.ClassMembers, "the people in it alone"),
}

func audienceWord(c model.Class, help string) word {
	return word{name: string(c), help: help, holds: func(s *Subject, _ time.Time) bool { return s.class() == c }}
}

var sortWords = []word{
	{name: "updated", help: "newest change first", number: func(s *Subject) int64 { return s.Updated }},
	{name: "created", help: "newest first", number: func(s *Subject) int64 { return s.Created }},
	{name: "title", help: "A to Z", texts: []func(*Subject) string{func(s *Subject) string { return s.Title }}},
	{name: "duration", help: "longest first", number: func(s *Subject) int64 { return s.Duration }},
	{name: "provider", help: "by service, then account",
		texts: []func(*Subject) string{func(s *Subject) string { return s.Provider }, func(s *Subject) string { return s.Ref.Account }}},
}

func (w *word) match(s *Subject, now time.Time) bool {
	if w.holds != nil {
		return w.holds(s, now)
	}
	return s.Flags&w.flags != 0 || w.unset != 0 && s.Flags&w.unset == 0
}

// fieldNamed returns the field with a name, or nil.
func fieldNamed(name string) *field {
	if i := slices.IndexFunc(fields, func(f field) bool { return f.name == name }); i >= 0 {
		return &fields[i]
	}
	return nil
}

// nearestField returns the name of the field that was probably meant, or "".
func nearestField(name string) string {
	var names []string
	for _, f := range fields {
		if slices.Contains(strings.Fields(f.others), name) {
			return f.name
		}
		names = append(names, f.name)
	}
	return model.Nearest(name, names)
}

// word returns the word with a name that may follow the field, or nil.
func (f *field) word(name string) *word {
	if i := slices.IndexFunc(f.words, func(w word) bool { return w.name == name }); i >= 0 {
		return &f.words[i]
	}
	return nil
}

// closed returns the names of the values that the field knows, or nil if it knows none.
func (f *field) closed() []string {
	if f.slips {
		return f.usual()
	}
	var out []string
	for _, w := range f.words {
		out = append(out, w.name)
	}
	return out
}

// Vocabulary is a field with values that can be kept and counted. Text returns the text of a subject that has them.
type Vocabulary struct {
	Field string
	Text  func(*Subject) *string
	pairs bool // the values are labels
}

// Vocabularies returns the fields whose values can be kept: all that have a text, but the title, which has too many.
func Vocabularies() (out []Vocabulary) {
	for _, f := range fields {
		if f.text != nil && f.name != FieldTitle {
			out = append(out, Vocabulary{f.name, f.text, f.compare == byLabel})
		}
	}
	return out
}

// Each calls add for every folded value in a text, also for an empty one. A label gives its name, and the name with its value.
func (v Vocabulary) Each(text string, add func(value string)) {
	for line := range strings.SplitSeq(shown(text), "\n") {
		if v.pairs {
			name, value, _ := strings.Cut(line, "=")
			if add(name); value == "" {
				continue
			}
		}
		add(model.FoldText(line))
	}
}

// Word is a word or an example of the language, as the reference lists it.
type Word struct{ Name, Help string }

// Fields returns the fields in display order, including sort.
func Fields() []Word {
	out := make([]Word, len(fields))
	for i, f := range fields {
		out[i] = Word{f.name, f.help}
	}
	return out
}

// Words returns what may follow a field that takes only words: is, has, audience and sort.
func Words(field string) (out []Word) {
	for _, w := range fieldNamed(field).words {
		out = append(out, Word{w.name, w.help})
	}
	return out
}

// DateWords returns words and common ages that may follow updated: and created:.
func DateWords() []Word {
	return []Word{
		{"today", "since midnight"}, {"yesterday", "the day before"},
		{"<24h", "younger than 24 hours"}, {"<7d", "younger than 7 days"}, {"<30d", "younger than 30 days"},
		{">7d", "older than 7 days"}, {">30d", "older than 30 days"}, {">90d", "older than 90 days"},
	}
}

// DateUnits returns the units of an age.
func DateUnits() []Word {
	out := make([]Word, len(units))
	for i, u := range units {
		out[i] = Word{u.name, u.help}
	}
	return out
}

// DateForms returns examples of calendar dates.
func DateForms() []Word {
	return []Word{
		{"2026-01-31", "on that day; also 2026-01, 2026"},
		{"<2026-01-31", "before it"},
		{">2026-01-31", "after it"},
		{">=2026-01-31", "on it or after it; also <="},
		{"2026-01..2026-02", "from the start of the one to the end of the other"},
	}
}
