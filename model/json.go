package model

import (
	"bytes"
	"cmp"
	"encoding/json"
	"time"
)

// The JSON of the command line is a contract, independent of the JSON in the database: keys are in snake_case and never left
// out, times are RFC 3339 in UTC, and what is unknown is null.

// Stamp is a time that is printed as RFC 3339 in UTC with three digits of a second. The zero time is null.
type Stamp time.Time

// MarshalJSON writes the time, or null.
func (s Stamp) MarshalJSON() ([]byte, error) {
	t := time.Time(s)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// RowJSON is a conversation in the form that `confab list --json` prints.
type RowJSON struct {
	Ref          string            `json:"ref"`
	Account      string            `json:"account"`
	Provider     string            `json:"provider"`
	ID           string            `json:"id"`
	Kind         *string           `json:"kind"`
	Title        string            `json:"title"`
	Description  *string           `json:"description"`
	Privacy      Privacy           `json:"privacy"`
	Status       *string           `json:"status"`
	Archived     bool              `json:"archived"`
	Access       *string           `json:"access"`
	DefaultRole  *string           `json:"default_role"`
	Participants Set[Participant]  `json:"participants"`
	Contacts     Set[Participant]  `json:"contacts"`
	Labels       map[string]string `json:"labels"`
	Attributes   map[string]string `json:"attributes"`
	Owner        *Participant      `json:"owner"`
	Team         *Named            `json:"team"`
	Space        *Named            `json:"space"`
	Channel      *Named            `json:"channel"`
	Companies    []string          `json:"companies"` // names, or the id of a company without a name
	Duration     *float64          `json:"duration"`  // seconds
	Created      Stamp             `json:"created"`
	Updated      Stamp             `json:"updated"`
	Checked      Stamp             `json:"checked"`
	URL          *string           `json:"url"`
	Triage       TriageJSON        `json:"triage"`
	Pending      []Pending         `json:"pending"`
	Capabilities Capabilities      `json:"capabilities"`
}

// DetailJSON is a conversation in the form that `confab show --json` prints. Raw is the service's own object.
type DetailJSON struct {
	RowJSON
	Facts    []Fact          `json:"facts"`
	Messages Set[Message]    `json:"messages"`
	Raw      json.RawMessage `json:"raw"`
}

// TriageJSON holds the local marks of a row.
type TriageJSON struct {
	Done    bool  `json:"done"`
	Snoozed Stamp `json:"snoozed"`
	Pinned  bool  `json:"pinned"`
	Seen    bool  `json:"seen"`
}

// ErrorJSON is the error of an edit or an account.
type ErrorJSON struct {
	Kind      ErrorKind `json:"kind"`
	Status    *int      `json:"status"`
	Message   string    `json:"message"`
	Code      *string   `json:"code"`
	RequestID *string   `json:"request_id"`
	Existing  *string   `json:"existing"` // the ref of a conversation to look at
}

// EditJSON is an edit in the outbox. Without an ID, it is something that was asked for and did not become an edit.
type EditJSON struct {
	ID         *string    `json:"id"`
	Submission *string    `json:"submission"`
	Ref        string     `json:"ref"`
	Kind       EditKind   `json:"kind"`
	Key        *string    `json:"key"`
	State      EditState  `json:"state"`
	Base       Value      `json:"base"`
	Target     Value      `json:"target"`
	Theirs     *Value     `json:"theirs"`
	Error      *ErrorJSON `json:"error"`
	NextTry    Stamp      `json:"next_try"`
}

// HistoryJSON is a journal entry in the form that `confab history --json` prints.
type HistoryJSON struct {
	EditJSON
	Before Value   `json:"before"`
	After  Value   `json:"after"`
	At     Stamp   `json:"at"`
	User   *string `json:"user"`
	Undone *string `json:"undone"` // the id of the edit that took this one back
}

// NewRowJSON converts a row for printing. caps may be nil.
func NewRowJSON(r Row, caps Capabilities) RowJSON {
	c := r.Conversation
	out := RowJSON{
		Ref: c.Ref.String(), Account: c.Ref.Account, Provider: c.Provider, ID: c.Ref.ID,
		Kind: OrNull(c.Kind), Title: c.Title, Description: OrNull(c.Description), Privacy: cmp.Or(c.Privacy, PrivacyUnknown),
		Status: OrNull(c.Status), Archived: c.Archived, Access: OrNull(c.Access), DefaultRole: OrNull(c.DefaultRole),
		Participants: c.Participants, Contacts: c.Contacts, Labels: c.Labels, Attributes: c.Attributes,
		Team: OrNull(c.Team), Space: OrNull(c.Space), Channel: OrNull(c.Channel),
		Created: Stamp(c.Created), Updated: Stamp(c.Updated), Checked: Stamp(r.Checked), URL: OrNull(c.URL),
		Triage: TriageJSON{Done: r.Triage.Done, Snoozed: Stamp(r.Triage.SnoozedUntil),
			Pinned: r.Triage.Pinned, Seen: r.Triage.Seen},
		Pending: orEmpty(r.Pending), Capabilities: caps, Duration: OrNull(max(0, c.Duration.Seconds())),
	}
	if c.Owner.ID != "" || c.Owner.Name != "" || c.Owner.Email != "" {
		out.Owner = &c.Owner
	}
	if c.Companies != nil {
		out.Companies = make([]string, len(c.Companies))
		for i, n := range c.Companies {
			out.Companies[i] = cmp.Or(n.Name, n.ID)
		}
	}
	return out
}

// NewDetailJSON converts a conversation that was just read by itself. caps may be nil.
func NewDetailJSON(r Row, caps Capabilities, d Detail) DetailJSON {
	return DetailJSON{RowJSON: NewRowJSON(r, caps), Facts: orEmpty(r.Conversation.Facts), Messages: d.Messages, Raw: d.Raw}
}

// NewErrorJSON converts an error; nil stays nil.
func NewErrorJSON(e *EntryError) *ErrorJSON {
	if e == nil {
		return nil
	}
	message := e.Message
	if message != "" && e.Hint != "" {
		message += " — "
	}
	return &ErrorJSON{Kind: e.Kind, Status: e.Status, Message: message + e.Hint, Code: OrNull(e.Code),
		RequestID: OrNull(e.RequestID), Existing: OrNull(e.Existing)}
}

// NewEditJSON converts an outbox entry.
func NewEditJSON(e OutboxEntry) EditJSON {
	return EditJSON{ID: OrNull(e.ID), Submission: OrNull(e.Submission), Ref: e.Ref.String(), Kind: e.Kind, Key: OrNull(e.Key),
		State: e.State, Base: e.Base, Target: e.Target, Theirs: e.Theirs, Error: NewErrorJSON(e.Error), NextTry: Stamp(e.NextTry)}
}

// NewHistoryJSON converts a journal entry.
func NewHistoryJSON(j JournalEntry) HistoryJSON {
	return HistoryJSON{EditJSON: NewEditJSON(OutboxEntry{Edit: j.Edit, State: j.State}),
		Before: j.Before, After: j.After, At: Stamp(j.At), User: OrNull(j.User), Undone: OrNull(j.Undone)}
}

// OrNull returns a pointer to a value, or nil, which JSON prints as null, if the value is zero.
func OrNull[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}

func orEmpty[T any](list []T) []T { return append([]T{}, list...) }

// withNulls writes a struct with null for every empty text. Quotes inside texts are escaped, so :"" can only be an empty text.
func withNulls(v any) ([]byte, error) {
	b, err := exactJSON(v)
	return bytes.ReplaceAll(b, []byte(`:""`), []byte(":null")), err
}

// exactJSON writes texts as they are, for MarshalJSON: whether & < > are escaped is left to the encoder of the whole.
func exactJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
