package model

import (
	"cmp"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The names of the four services, as they stand in the config file.
const (
	Attention   = "attention"
	Bird        = "bird"
	AskElephant = "askelephant"
	Kona        = "kona"
)

// Ref names one conversation of one account. ID is the provider's own id, unchanged; it may hold any character.
type Ref struct {
	Account string
	ID      string
}

// String returns "account:id". Account names contain no colon, so ParseRef can read it whatever the id contains.
func (r Ref) String() string { return r.Account + ":" + r.ID }

// IsZero reports whether the ref names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// ErrRef is the error of ParseRef for a text that is not "account:id".
var ErrRef = errors.New(`a conversation is written "account:id"`)

// ParseRef reads what Ref.String wrote.
func ParseRef(s string) (Ref, error) {
	if account, id, _ := strings.Cut(s, ":"); account != "" && id != "" {
		return Ref{Account: account, ID: id}, nil
	}
	return Ref{}, ErrRef
}

// MarshalText makes a Ref a JSON string and a JSON map key.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is the inverse of MarshalText. It accepts an empty id, because the ref of a create names only the account.
func (r *Ref) UnmarshalText(b []byte) (err error) {
	var ok bool
	if r.Account, r.ID, ok = strings.Cut(string(b), ":"); !ok {
		err = ErrRef
	}
	return err
}

// Privacy is who can see a conversation, in words shared by all providers.
type Privacy string

// The privacies. A provider's finer distinctions are kept in Facts.
const (
	PrivacyPrivate      Privacy = "private"
	PrivacyPublic       Privacy = "public"
	PrivacyParticipants Privacy = "participants"
	PrivacyUnknown      Privacy = "unknown"
)

// The roles that a participant may be given (Kona). Other roles are shown, and sent back unchanged.
const (
	RoleEditor   = "editor"
	RoleViewer   = "viewer"
	RoleComplete = "collaboration_complete"
)

// The kinds of participant. Other kinds that a service has are kept as they are.
const (
	KindUser    = "user"
	KindGroup   = "group"
	KindContact = "contact"
	KindRoom    = "room"
	KindFlow    = "flow"
)

// Participant is a person, group, room or bot in a conversation.
type Participant struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	// Identifier is Bird's "key=value" (emailaddress=ann@example.com). It replaces ID for a contact that Bird doesn't know yet.
	Identifier string `json:"identifier"`
	Role       string `json:"role"`
	Status     string `json:"status"`
	Members    int    `json:"-"` // the size of a group, 0 if unknown; for display only, never stored
}

// MarshalJSON writes null for every unknown value.
func (p Participant) MarshalJSON() ([]byte, error) {
	type plain Participant
	return withNulls(plain(p))
}

// Named is an id with its name, which may be empty.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// MarshalJSON writes null for what is unknown.
func (n Named) MarshalJSON() ([]byte, error) {
	type plain Named
	return withNulls(plain(n))
}

// Fact is a labelled value of a conversation for which there is no common field.
type Fact struct {
	Group    string `json:"group"`
	Label    string `json:"label"`
	Value    string `json:"value"`
	Volatile bool   `json:"-"` // shown but never stored: a quotation, a link that expires
}

// GroupRaw is the group of facts that mean nothing to a person. They are shown beside the service's own object.
const GroupRaw = "Raw"

var (
	rawValue = regexp.MustCompile(`^(?:[a-z]{2,8}[_-][0-9A-Za-z]*[0-9][0-9A-Za-z]*|(?:[a-z]+ )?[0-9]{9,})$`)
	aUUID    = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	rawLabel = regexp.MustCompile(`(?:^|[ ._])(?:[Ii][Dd]|(?i:uuid|uid|href|etag|key))$|(?:Id|ID|Uuid|UUID|UID|Url)$`)
)

// maxRaw is the length in bytes above which a text is no id.
const maxRaw = 200

// ForMachines reports whether a fact is an id, or something that a service stores for its own use.
func (f Fact) ForMachines() bool {
	switch {
	case f.Group == GroupRaw:
		return true
	case len(f.Value) > maxRaw:
		return false
	case strings.Contains(f.Value, "://"):
		return strings.HasSuffix(f.Label, "Url")
	}
	return rawLabel.MatchString(f.Label) || rawValue.MatchString(f.Value) || aUUID.MatchString(f.Value) || aUUID.MatchString(f.Label)
}

// Set is a list that is either known, and then complete, or not loaded. In JSON a set that is not loaded is null, a known
// empty set is [].
type Set[T any] struct {
	Known bool
	Items []T
}

// SetOf returns a known set of the given items.
func SetOf[T any](items ...T) Set[T] { return Set[T]{Known: true, Items: items} }

// MarshalJSON writes null for a set that is not loaded.
func (s Set[T]) MarshalJSON() ([]byte, error) {
	if !s.Known {
		return []byte("null"), nil
	}
	return exactJSON(orEmpty(s.Items))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Set[T]) UnmarshalJSON(b []byte) error {
	*s = Set[T]{}
	err := json.Unmarshal(b, &s.Items)
	s.Known = s.Items != nil
	return err
}

// Conversation is what a provider holds, in words common to all providers. A zero time or an empty string means "not
// given". Sets and maps distinguish "not loaded" (not Known, nil) from "empty".
type Conversation struct {
	Ref         Ref     `json:"ref"`
	Provider    string  `json:"provider"`
	Kind        string  `json:"kind"` // the provider's own kind in lower case: call, email, meeting …
	Title       string  `json:"title"`
	Description string  `json:"description"`
	Privacy     Privacy `json:"privacy"`
	Status      string  `json:"status"` // the provider's own word; Closed and PlainStatus interpret it
	Closed      bool    `json:"closed"`
	Archived    bool    `json:"archived"`
	Access      string  `json:"access,omitempty"`
	DefaultRole string  `json:"default_role,omitempty"`

	Participants Set[Participant] `json:"participants"`
	// ParticipantCount is the provider's own count; -1 if it gives none.
	ParticipantCount int `json:"participant_count"`
	// Featured are the people named in a list row. They are for display only: an edit is never based on them.
	Featured []Participant `json:"featured,omitempty"`
	// Contacts is the set that AskElephant lets users replace. Its calendar resources are Participants.
	Contacts   Set[Participant]  `json:"contacts"`
	Labels     map[string]string `json:"labels"`
	Attributes map[string]string `json:"attributes"`

	Owner     Participant   `json:"owner"`
	Team      Named         `json:"team"`
	Space     Named         `json:"space"`
	Channel   Named         `json:"channel"`
	Companies []Named       `json:"companies,omitempty"`
	Internal  *bool         `json:"internal,omitempty"`
	Empty     bool          `json:"empty,omitempty"`
	Duration  time.Duration `json:"duration,omitempty"`

	HasMessages   bool `json:"has_messages,omitempty"`
	HasRecording  bool `json:"has_recording,omitempty"`
	HasTranscript bool `json:"has_transcript,omitempty"`

	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	// Preview is the beginning of the last message, the only text of a message that is stored.
	Preview     string `json:"preview,omitempty"`
	LastMessage string `json:"last_message,omitempty"` // the last message's id, if it has one: two messages may share a text
	URL         string `json:"url,omitempty"`          // the page in the service's web application
	ETag        string `json:"etag,omitempty"`         // from the last single read; compared, never sent
	Facts       []Fact `json:"facts,omitempty"`
}

// Message is a message, a comment, or what one speaker said at a stretch.
type Message struct {
	ID        string
	Author    string
	At        time.Time
	Offset    time.Duration // from the start of the recording; zero or negative if unknown
	Text      string
	Kind      string // the provider's body type, "" for plain text
	Status    string // of the delivery, "" if the provider gives none
	Reference string // the id that the sender gave it, if any
	Incoming  bool
}

// MarshalJSON writes null for every unknown value, and the offset in seconds.
func (m Message) MarshalJSON() ([]byte, error) {
	return exactJSON(struct {
		ID       *string  `json:"id"`
		Author   *string  `json:"author"`
		At       Stamp    `json:"at"`
		Offset   *float64 `json:"offset"`
		Text     string   `json:"text"`
		Kind     *string  `json:"kind"`
		Status   *string  `json:"status"`
		Incoming bool     `json:"incoming"`
	}{OrNull(m.ID), OrNull(m.Author), Stamp(m.At), OrNull(max(0, m.Offset.Seconds())),
		m.Text, OrNull(m.Kind), OrNull(m.Status), m.Incoming})
}

// Detail is a conversation that was just read by itself, with everything that was asked for.
type Detail struct {
	Conversation Conversation
	Messages     Set[Message]    // oldest first
	MoreMessages bool            // there are older messages that were not loaded
	Raw          json.RawMessage // the unchanged answer: shown but never stored, since it may hold bodies and links
}

// People returns the people to show for a conversation: if the contacts are loaded, these and the participants that are no
// contacts (rooms); else the participants, if they are loaded; else the people that a list row named.
func (c *Conversation) People() []Participant {
	if c.Contacts.Known {
		contact := func(p Participant) bool { return p.Kind == KindContact }
		others := slices.DeleteFunc(slices.Clone(c.Participants.Items), contact)
		if out := slices.Concat(c.Contacts.Items, others); len(out) > 0 {
			return out
		}
	}
	if c.Participants.Known && len(c.Participants.Items) > 0 {
		return c.Participants.Items
	}
	return c.Featured
}

// Everybody yields the participants, the contacts and the featured people. Somebody may be in more than one of these.
func (c *Conversation) Everybody() iter.Seq[*Participant] {
	return func(yield func(*Participant) bool) {
		for _, list := range [...][]Participant{c.Participants.Items, c.Contacts.Items, c.Featured} {
			for i := range list {
				if !yield(&list[i]) {
					return
				}
			}
		}
	}
}

// Display returns what to call a participant: the name, else the e-mail address, else the value of the identifier, else
// kind and id ("user #12").
func (p Participant) Display() string {
	switch {
	case p.Name != "" || p.Email != "":
		return cmp.Or(p.Name, p.Email)
	case p.Identifier != "":
		return p.Identifier[strings.IndexByte(p.Identifier, '=')+1:]
	}
	return p.Kind + pick(p.ID == "", "", " #"+p.ID)
}

// Clone returns a deep copy.
func (c Conversation) Clone() Conversation {
	c.Participants.Items = slices.Clone(c.Participants.Items)
	c.Contacts.Items = slices.Clone(c.Contacts.Items)
	c.Featured = slices.Clone(c.Featured)
	c.Labels = maps.Clone(c.Labels)
	c.Attributes = maps.Clone(c.Attributes)
	c.Companies = slices.Clone(c.Companies)
	c.Facts = slices.Clone(c.Facts)
	if c.Internal != nil {
		c.Internal = new(*c.Internal)
	}
	return c
}

// maxPreview bounds the stored preview, in runes.
const maxPreview = 200

// Stored returns the conversation as it may be written to disk: without the volatile facts, and without times that JSON
// can't represent. A service that mixes up seconds and milliseconds sends such times, and one of them would make writing
// the whole page fail.
func (c Conversation) Stored() Conversation {
	for _, t := range []*time.Time{&c.Created, &c.Updated} {
		if y := t.UTC().Year(); y < 1 || y > 9998 {
			*t = time.Time{}
		}
	}
	if r := []rune(c.Preview); len(r) > maxPreview {
		c.Preview = string(r[:maxPreview-1]) + "…"
	}
	c.Facts = slices.DeleteFunc(slices.Clone(c.Facts), func(f Fact) bool { return f.Volatile })
	return c
}

// The status of a conversation in words shared by all providers. The first two are also the targets of a status edit.
const (
	StatusOpen       = "open" // or finished: nothing unusual
	StatusClosed     = "closed"
	StatusProcessing = "processing"
	StatusFailed     = "failed"
)

// statusWords maps the services' own words. The vendors list them without explaining them; the mapping is assumed.
var statusWords = map[string]string{
	"PENDING": StatusProcessing, "IMPORTING": StatusProcessing, "IN_PROGRESS": StatusProcessing, "PROCESSING": StatusProcessing,
	"FAILED": StatusFailed, "UNAVAILABLE": StatusFailed, "DISCARDED": StatusFailed, "ERROR": StatusFailed,
}

// StatusOf returns the shared word for a service's own word; an unknown word counts as open.
func StatusOf(word string) string { return cmp.Or(statusWords[strings.ToUpper(word)], StatusOpen) }

// PlainStatus returns the status of a conversation in one of the four shared words.
func (c *Conversation) PlainStatus() string {
	if c.Closed {
		return StatusClosed
	}
	return StatusOf(c.Status)
}
