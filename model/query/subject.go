package query

import (
	"math"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// Flag is a set of yes-or-no facts of a conversation.
type Flag uint32

// The flags. The numbers may be stored: new ones are added at the end.
const (
	FlagClosed Flag = 1 << iota
	FlagArchived
	FlagInternal
	FlagExternal
	FlagDone
	FlagPinned
	FlagUnseen
	FlagPending
	FlagFailed
	FlagConflict
	FlagMessages
	FlagRecording
	FlagTranscript
	FlagContacts
	FlagEmpty
	// FlagTombstone marks what the service no longer has: no query matches it.
	FlagTombstone
	FlagGroups      // a group is among the people
	FlagStrangers   // of model.Strangers
	FlagUnaddressed // likewise
)

// MaxDuration is the longest duration told from longer ones: 49 days in milliseconds.
const MaxDuration = math.MaxUint32

// Subject is what a query looks at: a projected conversation with its local
// marks, made ready for searching. Texts from Title on are folded with
// model.FoldText; those before are as they are stored. Lists are lines.
type Subject struct {
	Ref      model.Ref
	Account  string
	Provider string
	Kind     string
	Status   string
	Privacy  string
	Access   string

	Title   string
	People  string // a line for every name, e-mail and id
	Owner   string // name, e-mail, id
	Team    string // name, id
	Space   string
	Channel string
	Company string // name, id of each
	Roles   string
	Preview string
	Labels  string // lines "name=value"

	Flags        Flag
	SnoozedUntil int64 // Unix milliseconds, 0 for not snoozed
	Created      int64 // Unix milliseconds, 0 for unknown
	Updated      int64
	Duration     int64 // milliseconds up to MaxDuration, 0 for unknown
}

// NewSubject makes a row ready for searching. Texts are searched as they are
// shown, that is, cleaned. FlagTombstone is the caller's to set: a row does
// not know it.
func NewSubject(r model.Row) *Subject {
	c := &r.Conversation
	s := &Subject{
		Ref: c.Ref, Account: c.Ref.Account, Provider: c.Provider, Kind: c.Kind, Status: c.Status,
		Privacy: string(c.Privacy), Access: c.Access,
		Title: fold(c.Title),
		Owner: lines(c.Owner.Name, c.Owner.Email, c.Owner.ID),
		Team:  lines(c.Team.Name, c.Team.ID), Space: lines(c.Space.Name, c.Space.ID), Channel: lines(c.Channel.Name, c.Channel.ID),
		Preview: fold(c.Preview), Created: milli(c.Created), Updated: milli(c.Updated),
		Duration: min(max(0, c.Duration.Milliseconds()), MaxDuration),
	}
	var people, roles, companies, labels []string
	for _, list := range [][]model.Participant{c.Participants.Items, c.Contacts.Items, c.Featured} {
		for _, p := range list {
			people = append(people, p.Name, p.Email, p.Identifier, p.ID)
			roles = append(roles, p.Role)
		}
	}
	for _, n := range c.Companies {
		companies = append(companies, n.Name, n.ID)
	}
	for k, v := range c.Labels {
		labels = append(labels, k+"="+v)
	}
	slices.Sort(labels)
	s.People, s.Roles, s.Company, s.Labels = lines(people...), lines(roles...), lines(companies...), lines(labels...)

	s.flag(FlagClosed, c.Closed)
	s.flag(FlagArchived, c.Archived)
	s.flag(FlagInternal, c.Internal != nil && *c.Internal)
	s.flag(FlagExternal, c.Internal != nil && !*c.Internal)
	s.Mark(r.Triage)
	s.flag(FlagMessages, c.HasMessages)
	s.flag(FlagRecording, c.HasRecording)
	s.flag(FlagTranscript, c.HasTranscript)
	s.flag(FlagContacts, c.Contacts.Known && len(c.Contacts.Items) > 0)
	s.flag(FlagEmpty, c.Empty)
	s.flag(FlagGroups, c.HasGroups())
	strangers := model.StrangersIn(c)
	s.flag(FlagStrangers, strangers.Some)
	s.flag(FlagUnaddressed, strangers.Unaddressed)
	for _, p := range r.Pending {
		s.Flags |= PendingFlag(p.State)
	}
	return s
}

// Spelled returns a value of a field of a row as its service spells it, given as it is searched; the given text where
// the row does not hold it.
func Spelled(r model.Row, field, folded string) string {
	c := &r.Conversation
	var texts []string
	switch field {
	case FieldWith:
		for _, list := range [][]model.Participant{c.Participants.Items, c.Contacts.Items, c.Featured} {
			for _, p := range list {
				texts = append(texts, p.Name, p.Email, p.Identifier)
			}
		}
	case FieldLabel:
		for k, v := range c.Labels {
			texts = append(texts, k, k+"="+v)
		}
	case "company":
		for _, n := range c.Companies {
			texts = append(texts, n.Name)
		}
	default:
		texts = map[string][]string{"owner": {c.Owner.Name, c.Owner.Email, c.Owner.ID}, "team": {c.Team.Name, c.Team.ID},
			"space": {c.Space.Name, c.Space.ID}, "channel": {c.Channel.Name, c.Channel.ID}, FieldTitle: {c.Title}}[field]
	}
	for _, text := range texts {
		if fold(text) == folded {
			return model.CleanLine(text, 0)
		}
	}
	return folded
}

// Mark returns a subject other local marks.
func (s *Subject) Mark(m model.Triage) {
	s.Flags &^= FlagDone | FlagPinned | FlagUnseen
	s.flag(FlagDone, m.Done)
	s.flag(FlagPinned, m.Pinned)
	s.flag(FlagUnseen, !m.Seen)
	s.SnoozedUntil = milli(m.SnoozedUntil)
}

// PendingFlag returns what an edit in this state adds to its conversation's flags.
func PendingFlag(state model.EditState) Flag {
	switch {
	case state.Failed():
		return FlagFailed
	case state == model.InConflict:
		return FlagConflict
	case state.Waiting() || state == model.Held:
		return FlagPending
	}
	return 0
}

func (s *Subject) flag(f Flag, on bool) {
	if on {
		s.Flags |= f
	}
}

func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fold(s string) string {
	if s == "" {
		return ""
	}
	return model.FoldText(model.CleanLine(s, 0))
}

// lines folds each text and joins those that say something, each once.
func lines(parts ...string) string {
	var out []string
	var seen map[string]bool
	for _, p := range parts {
		if p = fold(p); p == "" {
			continue
		}
		if len(parts) > 32 {
			if seen == nil {
				seen = make(map[string]bool, len(parts))
			}
			if seen[p] {
				continue
			}
			seen[p] = true
		} else if slices.Contains(out, p) {
			continue
		}
		out = append(out, p)
	}
	return strings.Join(out, "\n")
}

// LooksLikeID tells 4711, usr_01XYZ and UUIDs from names.
func LooksLikeID(s string) bool {
	digits, separators := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '-' || c == '_':
			separators++
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		default:
			return false
		}
	}
	return digits > 0 && (digits == len(s) || separators > 0 || len(s) >= 12)
}
