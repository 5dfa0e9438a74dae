package model

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Privacy says who can see a conversation, in words shared by all providers.
type Privacy string

// The privacy of a conversation. Another word of a provider is kept in Facts.
const (
	PrivacyPrivate      Privacy = "private"
	PrivacyPublic       Privacy = "public"
	PrivacyParticipants Privacy = "participants"
	PrivacyUnknown      Privacy = "unknown"
)

// Roles a participant may be given (Kona). Others are shown and sent back as they came.
const (
	RoleEditor   = "editor"
	RoleViewer   = "viewer"
	RoleComplete = "collaboration_complete"
)

// Kinds of participant; others that a service has are kept.
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
	// Identifier is Bird's "key=value" (emailaddress=ann@example.com). It stands in for ID where a contact is added that has
	// none yet.
	Identifier string `json:"identifier"`
	Role       string `json:"role"`
	Status     string `json:"status"`
	Members    int    `json:"-"` // of a group, 0 where that is not known; for display, never kept
}

// MarshalJSON writes null for what is not known.
func (p Participant) MarshalJSON() ([]byte, error) {
	type plain Participant
	return withNulls(plain(p))
}

// Named is an id with the name it resolved to; Name may be empty.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Fact is one labelled value of a conversation that has no common field.
type Fact struct {
	Group    string `json:"group"`
	Label    string `json:"label"`
	Value    string `json:"value"`
	Volatile bool   `json:"-"` // shown and never stored: a quotation, a link that expires
}

// Conversation is one row: what a provider holds, in common words. Zero times and empty strings mean "not given"; sets and
// maps tell "not loaded" (not Known, nil) from "empty".
type Conversation struct {
	Ref      Ref    `json:"ref"`
	Provider string `json:"provider"`
	// Kind is the provider's own kind in lower case: call, email, meeting …
	Kind        string  `json:"kind"`
	Title       string  `json:"title"`
	Description string  `json:"description"`
	Privacy     Privacy `json:"privacy"`
	// Status is the provider's own word; Closed is its meaning.
	Status      string `json:"status"`
	Closed      bool   `json:"closed"`
	Archived    bool   `json:"archived"`
	Access      string `json:"access,omitempty"`
	DefaultRole string `json:"default_role,omitempty"`

	Participants Set[Participant] `json:"participants"`
	// ParticipantCount is what the provider says; -1 where it says nothing.
	ParticipantCount int `json:"participant_count"`
	// Featured are people that a list row names, for display alone, never a base.
	Featured []Participant `json:"featured,omitempty"`
	// Contacts is the managed set of AskElephant; calendar resources are participants.
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
	// Preview of the last message is the only message text that is ever stored.
	Preview     string `json:"preview,omitempty"`
	LastMessage string `json:"last_message,omitempty"` // its id, where there is one: two messages may have the same text
	URL         string `json:"url,omitempty"`          // the page in the service's web application
	ETag        string `json:"etag,omitempty"`         // of the last single read; compared, never sent
	Facts       []Fact `json:"facts,omitempty"`
}

// Message is one message, comment or run of transcript of one speaker.
type Message struct {
	ID        string
	Author    string
	At        time.Time
	Offset    time.Duration // from the start of a recording; not positive if unknown
	Text      string
	Kind      string // the provider's body type where it is not plain text
	Status    string // of delivery, where there is one
	Reference string // the sender's own id of it, where there is one
	Incoming  bool
}

// MarshalJSON writes null for what is not known and the offset in seconds.
func (m Message) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID       *string  `json:"id"`
		Author   *string  `json:"author"`
		At       Stamp    `json:"at"`
		Offset   *float64 `json:"offset"`
		Text     string   `json:"text"`
		Kind     *string  `json:"kind"`
		Status   *string  `json:"status"`
		Incoming bool     `json:"incoming"`
	}{orNull(m.ID), orNull(m.Author), Stamp(m.At), orNull(max(0, m.Offset.Seconds())),
		m.Text, orNull(m.Kind), orNull(m.Status), m.Incoming})
}

// Detail is one conversation read afresh with everything that was asked for.
type Detail struct {
	Conversation Conversation
	Messages     Set[Message]    // oldest first
	MoreMessages bool            // older ones exist beyond those loaded
	Raw          json.RawMessage // the answer as it came: shown, and never stored, since it may hold bodies and links
}

// People lists whom to show for a conversation: the contacts where they are loaded, with the participants that are none
// (rooms); else the participants where loaded; else those a list row brought.
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

// Display returns what to call a participant: name, else e-mail, else the value of the identifier, else kind and id
// ("user #12").
func (p Participant) Display() string {
	switch {
	case p.Name != "" || p.Email != "":
		return cmp.Or(p.Name, p.Email)
	case p.Identifier != "":
		return p.Identifier[strings.IndexByte(p.Identifier, '=')+1:]
	}
	return p.Kind + pick(p.ID == "", "", " #"+p.ID)
}

// Clone returns a deep copy: changing one never shows in the other.
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

// maxPreview bounds the stored preview, in runes: a longer one is a body.
const maxPreview = 200

// Stored returns the conversation as it may be written to disk: without the volatile facts, and without times that no JSON
// holds (a service that mixes up seconds and milliseconds), which would fail the page they came on.
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
