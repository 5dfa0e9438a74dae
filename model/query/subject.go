package query

import (
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
// texts from Provider on are folded with model.FoldText; those before are as stored. A text of several items has one a line,
// first those that are shown, then ids, see shown.
type Subject struct {
	Ref     model.Ref
	Privacy string
	Access  string

	Provider string
	Kind     string
	Status   string

	Title   string
	People  string
	Owner   string
	Team    string
	Space   string
	Channel string
	Company string
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
		Privacy: string(c.Privacy), Access: c.Access, Preview: fold(c.Preview),
		Created: milli(c.Created), Updated: milli(c.Updated), Duration: min(max(0, c.Duration.Milliseconds()), MaxDuration),
	}
	for i := range fields {
		if f := &fields[i]; f.spell != nil {
			*f.text(s) = f.spelled(c).folded()
		}
	}
	s.Ref = c.Ref // the account as it is

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

// spelled are the texts of a field as the service spells them.
type spelled struct {
	shown []string // by which a person knows it
	ids   []string // and others by which a query for the field finds it
}

// shown returns the part of a text of a Subject that is shown. A line that begins with a zero byte is the first of the ids.
func shown(text string) string {
	if at := strings.IndexByte(text, 0); at > 0 {
		return text[:at-1]
	}
	return text
}

// folded returns the folded texts, one a line, without empty ones and repetitions.
func (t spelled) folded() string {
	seen := map[string]bool{"": true}
	lines := func(texts []string) string {
		var out []string
		for _, text := range texts {
			if text = fold(text); !seen[text] {
				seen[text] = true
				out = append(out, text)
			}
		}
		return strings.Join(out, "\n")
	}
	names, ids := lines(t.shown), lines(t.ids)
	if ids == "" {
		return names
	}
	return names + "\n\x00" + ids
}

// add adds names and an id. Without a name, the id is what is shown.
func (t *spelled) add(id string, names ...string) {
	if strings.Join(names, "") == "" {
		names = []string{id}
	}
	t.shown, t.ids = append(t.shown, names...), append(t.ids, id)
}

func (t *spelled) named(all ...model.Named) {
	for _, n := range all {
		t.add(n.ID, n.Name)
	}
}

func (t *spelled) show(text string) { t.shown = append(t.shown, text) }

func (f *field) spelled(c *model.Conversation) (t spelled) {
	f.spell(c, &t)
	return t
}

// Spelled returns a folded value of a field of a row as its service spells it, or the folded value if the row does not have
// it. A label may be its name alone.
func Spelled(r model.Row, field, folded string) string {
	texts := fieldNamed(field).spelled(&r.Conversation).shown
	if field == FieldLabel {
		texts = slices.AppendSeq(texts, maps.Keys(r.Conversation.Labels))
	}
	for _, text := range texts {
		if fold(text) == folded {
			return text
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
	return model.Outsiders(strings.SplitSeq(shown(s.People), "\n"), owner, strangers, load(&domains))
}

// FoldVersion is the version of NewSubject and model.FoldText. It must be raised when either makes something else of a row:
// packed subjects of another version are then made anew.
const FoldVersion = 3

// texts returns the texts of a subject in the order in which they are packed. Ref is not packed, because the row that
// stores the packed subject has it.
func (s *Subject) texts() [15]*string {
	return [...]*string{&s.Provider, &s.Kind, &s.Status, &s.Privacy, &s.Title, &s.People, &s.Owner, &s.Team, &s.Space, &s.Channel,
		&s.Company, &s.Roles, &s.Preview, &s.Labels, &s.Access}
}

// numbers returns the numbers of a subject in the order in which they are packed.
func (s *Subject) numbers() [4]*int64 {
	return [...]*int64{&s.SnoozedUntil, &s.Created, &s.Updated, &s.Duration}
}

// Pack returns a subject as it is stored, without its ref: the fold version, the flags, the numbers, the length of
// each text, the texts.
func (s *Subject) Pack() []byte {
	dst := []byte{FoldVersion}
	dst = binary.AppendUvarint(dst, uint64(s.Flags))
	for _, n := range s.numbers() {
		dst = binary.AppendUvarint(dst, uint64(*n))
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
		return s, false
	}
	rest, ok := packed[1:], true
	next := func() uint64 {
		v, n := binary.Uvarint(rest)
		ok, rest = ok && n > 0, rest[max(0, n):]
		return v
	}
	s.Flags = Flag(next())
	for _, to := range s.numbers() {
		*to = int64(next())
	}
	texts := s.texts()
	var lengths [len(texts)]uint64
	for i := range lengths {
		lengths[i] = next()
	}
	text := string(rest)
	for i, to := range texts {
		n := min(lengths[i], uint64(len(text)))
		ok = ok && n == lengths[i]
		*to, text = text[:n], text[n:]
	}
	return s, ok && text == ""
}
