package query

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"confab/model"
)

// Flag is a set of yes-or-no properties of a conversation.
type Flag uint32

// The flags. Their numbers are stored: new flags must be added at the end.
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
	FlagTombstone   // the service no longer has the conversation: no query matches it
	FlagGroups      // a group is among the people
	FlagStrangers   // model.Strangers.Some
	FlagUnaddressed // model.Strangers.Unaddressed
)

// MaxDuration is the longest duration that is told apart from longer ones: 49 days, in milliseconds.
const MaxDuration = math.MaxUint32

// Subject is what a query is matched against: a projected conversation with its local marks, prepared for searching. The
// texts from Title on are folded with model.FoldText; those before are as stored. Lists have one item a line.
type Subject struct {
	Ref      model.Ref
	Account  string
	Provider string
	Kind     string
	Status   string
	Privacy  string
	Access   string

	Title   string
	People  string // names, e-mail addresses, identifiers and ids
	Owner   string // name, e-mail address, id
	Team    string // name, id
	Space   string // name, id
	Channel string // name, id
	Company string // name and id of each
	Roles   string
	Preview string
	Labels  string // "name=value"

	Flags        Flag
	SnoozedUntil int64 // Unix milliseconds, 0 if not snoozed
	Created      int64 // Unix milliseconds, 0 if unknown
	Updated      int64 // likewise
	Duration     int64 // milliseconds up to MaxDuration, 0 if unknown
}

// Entry is the searchable part of one conversation. If it is gone, only the ref of the subject counts.
type Entry struct {
	Key, Revision int64
	Gone          bool
	Subject       Subject
}

// NewSubject prepares a row for searching. Texts are cleaned first, so that they are searched as they are shown. The caller
// sets FlagTombstone, which a row does not know.
func NewSubject(r model.Row) *Subject {
	c := &r.Conversation
	s := &Subject{
		Ref: c.Ref, Account: c.Ref.Account, Provider: c.Provider, Kind: c.Kind, Status: c.Status,
		Privacy: string(c.Privacy), Access: c.Access,
		Title: fold(c.Title), Preview: fold(c.Preview),
		Owner: lines(spellings(c, "owner")), Team: lines(spellings(c, "team")), Space: lines(spellings(c, "space")),
		Channel: lines(spellings(c, "channel")), Company: lines(spellings(c, "company")), People: lines(spellings(c, FieldWith)),
		Created: milli(c.Created), Updated: milli(cmp.Or(c.Updated, c.Created)), Duration: min(max(0, c.Duration.Milliseconds()), MaxDuration),
	}
	var roles []string
	for p := range c.Everybody() {
		roles = append(roles, p.Role)
	}
	labels := spellings(c, FieldLabel)
	slices.Sort(labels)
	s.Roles, s.Labels = lines(roles), lines(labels)

	s.flag(FlagClosed, c.Closed)
	s.flag(FlagArchived, c.Archived)
	s.flag(FlagInternal, c.Internal != nil && *c.Internal)
	s.flag(FlagExternal, c.Internal != nil && !*c.Internal)
	s.flag(FlagDone, r.Triage.Done)
	s.flag(FlagPinned, r.Triage.Pinned)
	s.flag(FlagUnseen, !r.Triage.Seen)
	s.SnoozedUntil = milli(r.Triage.SnoozedUntil)
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
		s.flag(FlagFailed, p.State.Failed())
		s.flag(FlagConflict, p.State == model.InConflict)
		s.flag(FlagPending, p.State.Shown())
	}
	return s
}

// spellings returns the texts of a field as the service spells them. Those of labels are "name=value".
func spellings(c *model.Conversation, field string) (out []string) {
	switch field {
	case FieldTitle:
		return []string{c.Title}
	case FieldWith:
		for p := range c.Everybody() {
			out = append(out, p.Name, p.Email, p.Identifier, p.ID)
		}
	case FieldLabel:
		for k, v := range c.Labels {
			out = append(out, k+"="+v)
		}
	case "owner":
		return []string{c.Owner.Name, c.Owner.Email, c.Owner.ID}
	case "team":
		return []string{c.Team.Name, c.Team.ID}
	case "space":
		return []string{c.Space.Name, c.Space.ID}
	case "channel":
		return []string{c.Channel.Name, c.Channel.ID}
	case "company":
		for _, n := range c.Companies {
			out = append(out, n.Name, n.ID)
		}
	}
	return out
}

// Spelled returns a folded value of a field of a row as its service spells it, or the folded value if the row does not have
// it. A label may be its name alone.
func Spelled(r model.Row, field, folded string) string {
	texts := spellings(&r.Conversation, field)
	if field == FieldLabel {
		texts = slices.AppendSeq(texts, maps.Keys(r.Conversation.Labels))
	}
	for _, text := range texts {
		if fold(text) == folded {
			return model.CleanLine(text, 0)
		}
	}
	return folded
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

// lines folds texts and joins them, leaving out empty ones and repetitions.
func lines(texts []string) string {
	seen := map[string]bool{"": true}
	var out []string
	for _, text := range texts {
		if text = fold(text); !seen[text] {
			seen[text] = true
			out = append(out, text)
		}
	}
	return strings.Join(out, "\n")
}

// LooksLikeID reports whether a text is written like an id (4711, usr_01XYZ, a UUID) rather than like a name.
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

// Service is what the language knows of a provider: its name, and the rules by which audience: matches.
type Service struct {
	Name     string
	Audience model.Audiences
}

var (
	services atomic.Pointer[[]Service] // in the order used everywhere
	domains  atomic.Pointer[[]string]
)

// SetServices sets the providers that exist. It must be called before the first query is parsed: a value of provider: that
// is almost one of these names is an error. Any other name is accepted.
func SetServices(all []Service) { services.Store(&all) }

// SetDomains sets the mail domains that are ours, for has:outsiders. If there are none, the domain of a conversation's owner
// is ours.
func SetDomains(ours []string) { domains.Store(&ours) }

func load[T any](p *atomic.Pointer[[]T]) []T {
	if all := p.Load(); all != nil {
		return *all
	}
	return nil
}

func serviceNames() (names []string) {
	for _, s := range load(&services) {
		names = append(names, s.Name)
	}
	return names
}

func (s *Subject) class() model.Class {
	for _, of := range load(&services) {
		if of.Name == s.Provider {
			return of.Audience.Of(model.Privacy(s.Privacy), s.Access, s.Flags&FlagGroups != 0).Class
		}
	}
	return model.ClassUnknown
}

func (s *Subject) hasOutsiders() bool {
	owner := ""
	for line := range strings.SplitSeq(s.Owner, "\n") {
		if strings.Contains(line, "@") {
			owner = line
		}
	}
	strangers := model.Strangers{Some: s.Flags&FlagStrangers != 0, Unaddressed: s.Flags&FlagUnaddressed != 0}
	return model.Outsiders(strings.SplitSeq(s.People, "\n"), owner, strangers, load(&domains))
}

// FoldVersion is the version of NewSubject and model.FoldText. It must be raised when either makes something else of a row:
// packed subjects of another version are then made anew.
const FoldVersion = 2

// texts returns the texts of a subject in the order in which they are packed. Ref and Account are not packed, because the row
// that stores the packed subject has them.
func (s *Subject) texts() [15]*string {
	return [...]*string{&s.Provider, &s.Kind, &s.Status, &s.Privacy, &s.Title, &s.People, &s.Owner, &s.Team, &s.Space, &s.Channel,
		&s.Company, &s.Roles, &s.Preview, &s.Labels, &s.Access}
}

// numbers returns the numbers of a subject in the order in which they are packed.
func (s *Subject) numbers() [4]*int64 {
	return [...]*int64{&s.SnoozedUntil, &s.Created, &s.Updated, &s.Duration}
}

// Pack returns a subject as it is stored, without its ref and account: the fold version, the flags, the numbers, the length of
// each text, the texts.
func (s *Subject) Pack() []byte {
	dst := []byte{FoldVersion}
	dst = binary.AppendUvarint(dst, uint64(s.Flags))
	for _, n := range s.numbers() {
		dst = binary.AppendVarint(dst, *n)
	}
	texts := s.texts()
	for _, t := range texts {
		dst = binary.AppendUvarint(dst, uint64(len(*t)))
	}
	for _, t := range texts {
		dst = append(dst, *t...)
	}
	return dst
}

// Unpack reads a packed subject. ok is false if there is none, if it is of another version, or if it is damaged. The texts of
// the subject share one string.
func Unpack(packed []byte) (s Subject, ok bool) {
	if len(packed) == 0 || packed[0] != FoldVersion {
		return Subject{}, false
	}
	rest := packed[1:]
	flags, n := binary.Uvarint(rest)
	if n <= 0 || flags > uint64(^Flag(0)) {
		return Subject{}, false
	}
	s.Flags, rest = Flag(flags), rest[n:]
	for _, to := range s.numbers() {
		v, n := binary.Varint(rest)
		if n <= 0 {
			return Subject{}, false
		}
		*to, rest = v, rest[n:]
	}
	texts := s.texts()
	var lengths [len(texts)]int
	for i := range lengths {
		v, n := binary.Uvarint(rest)
		if n <= 0 || v > uint64(len(packed)) {
			return Subject{}, false
		}
		lengths[i], rest = int(v), rest[n:]
	}
	text := string(rest)
	for i, to := range texts {
		if lengths[i] > len(text) {
			return Subject{}, false
		}
		*to, text = text[:lengths[i]], text[lengths[i]:]
	}
	return s, text == ""
}
