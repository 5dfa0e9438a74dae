package query

import (
	"slices"
	"strings"
	"time"

	"confab/model"
)

// The fields, words and orders that code names; fields, isWords, hasWords and
// sortWords list all of them.
const (
	FieldAccount  = "account"
	FieldProvider = "provider"
	FieldTitle    = "title"
	FieldWith     = "with"
	FieldLabel    = "label"
	FieldIs       = "is"
	FieldHas      = "has"
	FieldAudience = "audience"
	FieldUpdated  = "updated"
	FieldCreated  = "created"
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
	byText  comparison = iota // title, people or last message hold it
	byPart                    // what is read holds it
	byWhole                   // what is read equals it
	byLine                    // a line of what is read equals it
	byLabel                   // a label has the name, and the value if one is given
	byID                      // the id, or the whole ref, equals it to the letter
	byWord                    // the word holds
	byDate                    // the time lies within
	byOrder                   // not at all: it is an order
)

// field describes a field of the language.
type field struct {
	name, help string
	compare    comparison
	// read and at give what a conversation is compared by.
	read func(s *Subject) string
	at   func(s *Subject) int64
	// words are all that may follow.
	words []word
	// usual are values that complete it where no conversation holds one. One that
	// is nearly one of them is a slip where slips is set; others may follow too.
	usual func() []string
	slips bool
	// narrow is where a service is told which values a match may have (byWhole), or
	// which texts it holds (byPart). push tells it of a term that every match holds,
	// and of the span of its date.
	narrow func(f *model.Filter) *[]string
	push   func(f *model.Filter, t *Term, from, to time.Time)
	// others are what people call the field elsewhere, for suggestions.
	others string
}

// word is a word of the language with what it means: one of flags is set, none
// of unset is, or holds says so. A word of an order has what it compares: a
// number, the greatest first, or texts, A to Z.
type word struct {
	name, help   string
	flags, unset Flag
	holds        func(s *Subject, now time.Time) bool
	number       func(s *Subject) int64
	texts        []func(s *Subject) string
}

// freeText is what a term without a field looks at.
var freeText = &field{compare: byText}

// fields are the fields in the order of display.
var fields = []field{
	{name: FieldIs, help: "a state: private, open, done …", compare: byWord, words: isWords,
		push: func(f *model.Filter, t *Term, _, _ time.Time) { f.External = f.External || t.Value == "external" }},
	{name: FieldWith, help: "a participant's name, e-mail or id", compare: byPart, read: func(s *Subject) string { return s.People },
		others: "from to who people person participant participants member contact email user"},
	{name: FieldTitle, help: "in the title", compare: byPart, read: func(s *Subject) string { return s.Title }, others: "name subject"},
	{name: FieldAccount, help: "one account of the config", compare: byWhole, read: func(s *Subject) string { return s.Account }},
	{name: FieldProvider, help: "one service", compare: byWhole, read: func(s *Subject) string { return s.Provider },
		usual: serviceNames, slips: true, others: "service"},
	{name: FieldLabel, help: "a label, or NAME=VALUE", compare: byLabel, others: "tag tags labels"},
	{name: "owner", help: "the owner's name, e-mail or id", compare: byPart,
		read: func(s *Subject) string { return s.Owner }, narrow: func(f *model.Filter) *[]string { return &f.Owner }},
	{name: "status", help: "the service's own word", compare: byWhole,
		read: func(s *Subject) string { return s.Status }, narrow: func(f *model.Filter) *[]string { return &f.Status }, others: "state"},
	{name: "kind", help: "call, email, meeting …", compare: byWhole,
		read: func(s *Subject) string { return s.Kind }, narrow: func(f *model.Filter) *[]string { return &f.Kind },
		others: "type platform"},
	{name: FieldHas, help: "contacts, messages, outsiders, recording, transcript", compare: byWord, words: hasWords},
	{name: FieldAudience, help: "who can see it: everyone, group, members", compare: byWord, words: audienceWords,
		others: "visibility privacy access seen public"},
	{name: FieldUpdated, help: "last change: <7d, >2026-01-31, 2026-01..2026-02", compare: byDate,
		at: func(s *Subject) int64 { return s.Updated }, push: pushUpdated, others: "date after before newer older since"},
	{name: FieldCreated, help: "creation: <7d, >2026-01-31, 2026-01..2026-02", compare: byDate,
		at:   func(s *Subject) int64 { return s.Created },
		push: func(f *model.Filter, _ *Term, from, _ time.Time) { f.CreatedFrom = later(f.CreatedFrom, from) }},
	{name: "team", help: "team name", compare: byPart,
		read: func(s *Subject) string { return s.Team }, narrow: func(f *model.Filter) *[]string { return &f.Team }},
	{name: "space", help: "space name", compare: byPart, read: func(s *Subject) string { return s.Space }, others: "in group"},
	{name: "channel", help: "channel name", compare: byPart, read: func(s *Subject) string { return s.Channel }},
	{name: "company", help: "company name", compare: byPart,
		read: func(s *Subject) string { return s.Company }, narrow: func(f *model.Filter) *[]string { return &f.Company }},
	{name: "role", help: "somebody has this role: editor, viewer …", compare: byLine, read: func(s *Subject) string { return s.Roles },
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
		holds: func(s *Subject, _ time.Time) bool { return s.outsiders() }},
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
		texts: []func(*Subject) string{func(s *Subject) string { return s.Provider }, func(s *Subject) string { return s.Account }}},
}

func (w *word) match(s *Subject, now time.Time) bool {
	if w.holds != nil {
		return w.holds(s, now)
	}
	return s.Flags&w.flags != 0 || w.unset != 0 && s.Flags&w.unset == 0
}

// fieldNamed returns the field of a name, nil where there is none.
func fieldNamed(name string) *field {
	if i := slices.IndexFunc(fields, func(f field) bool { return f.name == name }); i >= 0 {
		return &fields[i]
	}
	return nil
}

// nearestField returns the field that somebody may have meant, "" for none.
func nearestField(name string) string {
	var names []string
	for _, f := range fields {
		if slices.Contains(strings.Fields(f.others), name) {
			return f.name
		}
		names = append(names, f.name)
	}
	return nearest(name, names)
}

// word returns a word that may follow the field, nil where it means nothing.
func (f *field) word(name string) *word {
	if i := slices.IndexFunc(f.words, func(w word) bool { return w.name == name }); i >= 0 {
		return &f.words[i]
	}
	return nil
}

// closed returns the words that the field knows, nil where any text may follow.
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
