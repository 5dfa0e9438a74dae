package model

import (
	"encoding/json"
	"time"
)

// The JSON of the command line is a contract of its own, apart from what the
// database keeps: snake_case, times in RFC 3339 UTC, unknown is null.

// RowJSON is a conversation as `confab list --json` prints it.
type RowJSON struct {
	Ref          string             `json:"ref"`
	Account      string             `json:"account"`
	Provider     string             `json:"provider"`
	ID           string             `json:"id"`
	Kind         *string            `json:"kind"`
	Title        string             `json:"title"`
	Description  *string            `json:"description"`
	Privacy      Privacy            `json:"privacy"`
	Status       *string            `json:"status"`
	Archived     bool               `json:"archived"`
	Access       *string            `json:"access"`
	DefaultRole  *string            `json:"default_role"`
	Participants Set[Participant]   `json:"participants"`
	Contacts     Set[Participant]   `json:"contacts"`
	Labels       *map[string]string `json:"labels"`
	Attributes   *map[string]string `json:"attributes"`
	Owner        *Participant       `json:"owner"`
	Created      *time.Time         `json:"created"`
	Updated      *time.Time         `json:"updated"`
	URL          *string            `json:"url"`
	Triage       TriageJSON         `json:"triage"`
	Pending      []Pending          `json:"pending"`
	Capabilities Capabilities       `json:"capabilities"`
	Checked      *time.Time         `json:"checked"`
}

// DetailJSON is a conversation as `confab show --json` prints it.
type DetailJSON struct {
	RowJSON
	Facts    []Fact          `json:"facts"`
	Messages Set[Message]    `json:"messages"`
	Raw      json.RawMessage `json:"raw"`
}

// TriageJSON is the local marks of a row.
type TriageJSON struct {
	Done    bool       `json:"done"`
	Snoozed *time.Time `json:"snoozed"`
	Pinned  bool       `json:"pinned"`
	Seen    bool       `json:"seen"`
}

// EditJSON is an edit of the outbox as it is printed, and what was asked for
// and did not become an edit: that has no ID.
type EditJSON struct {
	ID      *string     `json:"id"`
	Ref     string      `json:"ref"`
	Kind    EditKind    `json:"kind"`
	Key     string      `json:"key,omitempty"`
	State   EditState   `json:"state"`
	Base    Value       `json:"base"`
	Target  Value       `json:"target"`
	Theirs  *Value      `json:"theirs,omitempty"`
	Error   *EntryError `json:"error"`
	NextTry *time.Time  `json:"next_try"`
}

// HistoryJSON is a journal entry as `confab history --json` prints it.
type HistoryJSON struct {
	EditJSON
	Before Value      `json:"before"`
	After  Value      `json:"after"`
	At     *time.Time `json:"at"`
	User   string     `json:"user"`
	Undone *string    `json:"undone"`
}

// NewRowJSON converts a row for printing. caps may be nil.
func NewRowJSON(r Row, caps Capabilities) RowJSON {
	c := r.Conversation
	out := RowJSON{
		Ref: c.Ref.String(), Account: c.Ref.Account, Provider: c.Provider, ID: c.Ref.ID,
		Kind: orNull(c.Kind), Title: c.Title, Description: orNull(c.Description), Privacy: c.Privacy,
		Status: orNull(c.Status), Archived: c.Archived, Access: orNull(c.Access), DefaultRole: orNull(c.DefaultRole),
		Participants: c.Participants, Contacts: c.Contacts,
		Created: timeOrNull(c.Created), Updated: timeOrNull(c.Updated), URL: orNull(c.URL),
		Triage: TriageJSON{Done: r.Triage.Done, Snoozed: timeOrNull(r.Triage.SnoozedUntil),
			Pinned: r.Triage.Pinned, Seen: r.Triage.Seen},
		Pending: r.Pending, Capabilities: caps, Checked: timeOrNull(r.Checked),
	}
	if out.Privacy == "" {
		out.Privacy = PrivacyUnknown
	}
	if c.Labels != nil {
		out.Labels = &c.Labels
	}
	if c.Attributes != nil {
		out.Attributes = &c.Attributes
	}
	if c.Owner.ID != "" || c.Owner.Name != "" || c.Owner.Email != "" {
		o := c.Owner
		out.Owner = &o
	}
	if out.Pending == nil {
		out.Pending = []Pending{}
	}
	return out
}

// NewDetailJSON converts a conversation that was read afresh.
func NewDetailJSON(r Row, caps Capabilities, d Detail) DetailJSON {
	out := DetailJSON{RowJSON: NewRowJSON(r, caps), Facts: r.Conversation.Facts, Messages: d.Messages, Raw: d.Raw}
	if out.Facts == nil {
		out.Facts = []Fact{}
	}
	if len(out.Raw) == 0 {
		out.Raw = json.RawMessage("null")
	}
	return out
}

// NewEditJSON converts an outbox entry.
func NewEditJSON(e OutboxEntry) EditJSON {
	return EditJSON{ID: orNull(e.ID), Ref: refText(e.Ref), Kind: e.Kind, Key: e.Key, State: e.State, Base: e.Base,
		Target: e.Target, Theirs: e.Theirs, Error: e.Error, NextTry: timeOrNull(e.NextTry)}
}

// NewHistoryJSON converts a journal entry.
func NewHistoryJSON(j JournalEntry) HistoryJSON {
	return HistoryJSON{
		EditJSON: EditJSON{ID: orNull(j.ID), Ref: refText(j.Ref), Kind: j.Kind, Key: j.Key, State: j.State,
			Base: j.Base, Target: j.Target},
		Before: j.Before, After: j.After, At: timeOrNull(j.At), User: j.User, Undone: orNull(j.Undone),
	}
}

// refText keeps "account:" for a create, which has no id yet.
func refText(r Ref) string { return r.String() }

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
