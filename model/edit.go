package model

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Value is what a field holds: a text, a set of people, a whole new conversation, or nothing (a label that is not there).
// At most one of the fields is set.
type Value struct {
	Text   *string
	People *[]Participant
	New    *NewConversation
}

// TextValue returns a value that is a text.
func TextValue(s string) Value { return Value{Text: &s} }

// PeopleValue returns a value that is a set; nil counts as the empty set.
func PeopleValue(p []Participant) Value {
	p = append(make([]Participant, 0, len(p)), p...)
	return Value{People: &p}
}

// String returns the text of a value, or "" where it is none.
func (v Value) String() string {
	if v.Text == nil {
		return ""
	}
	return *v.Text
}

// Set returns the people of a value, or nil.
func (v Value) Set() []Participant {
	if v.People == nil {
		return nil
	}
	return *v.People
}

// MarshalJSON writes a string, an array, an object or null.
func (v Value) MarshalJSON() ([]byte, error) {
	switch {
	case v.Text != nil:
		return json.Marshal(v.Text)
	case v.People != nil:
		return SetOf(*v.People...).MarshalJSON()
	}
	return json.Marshal(v.New) // null where there is none
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(b []byte) error {
	*v = Value{}
	switch b = bytes.TrimSpace(b); {
	case bytes.HasPrefix(b, []byte("[")):
		v.People = &[]Participant{}
		return json.Unmarshal(b, v.People)
	case bytes.HasPrefix(b, []byte("{")):
		return json.Unmarshal(b, &v.New)
	}
	return json.Unmarshal(b, &v.Text) // nil where it is null
}

// Equal compares by value: texts exactly, sets without regard to order and by person, role and status alone (a changed
// display name is no change).
func (v Value) Equal(w Value) bool {
	switch {
	case v.Text != nil || w.Text != nil:
		return v.Text != nil && w.Text != nil && *v.Text == *w.Text
	case v.People != nil || w.People != nil:
		return v.People != nil && w.People != nil && SamePeople(*v.People, *w.People)
	case v.New != nil || w.New != nil:
		return v.New != nil && w.New != nil && v.New.equal(*w.New)
	}
	return true
}

// SamePeople compares two sets by person, role and status.
func SamePeople(a, b []Participant) bool {
	d := DiffPeople(a, b)
	return len(d.Added)+len(d.Removed)+len(d.Altered) == 0
}

// SamePerson reports whether two entries name the same participant: by kind and id where both have an id, else by
// identifier. Entries that have neither are the same if kind and e-mail are, or without an e-mail kind and name.
func SamePerson(a, b Participant) bool {
	switch {
	case a.ID != "" && b.ID != "":
		return a.Kind == b.Kind && a.ID == b.ID
	case a.Identifier != "" || b.Identifier != "":
		return strings.EqualFold(a.Identifier, b.Identifier)
	case a.ID != "" || b.ID != "" || a.Kind != b.Kind:
		return false
	}
	return strings.EqualFold(a.Email, b.Email) && (a.Email != "" || a.Name == b.Name)
}

func dedupe(in []Participant) []Participant {
	out := make([]Participant, 0, len(in))
	for _, p := range in {
		if !has(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// NewConversation is what a create asks for; empty leaves the service's default.
type NewConversation struct {
	Title       string        `json:"title"`
	Description string        `json:"description"`
	Space       string        `json:"space"`
	Channel     string        `json:"channel"`
	Privacy     Privacy       `json:"privacy"`
	Access      string        `json:"access"`
	DefaultRole string        `json:"default_role"`
	People      []Participant `json:"people"`
	Message     string        `json:"message"`
}

// MarshalJSON writes null for what is not given.
func (n NewConversation) MarshalJSON() ([]byte, error) {
	if n.People == nil {
		n.People = []Participant{}
	}
	type plain NewConversation
	return withNulls(plain(n))
}

func (n NewConversation) equal(m NewConversation) bool {
	people := SamePeople(n.People, m.People)
	n.People, m.People = nil, nil
	return people && reflect.DeepEqual(n, m)
}

// Edit is one intended change to one field of one conversation. The Ref of a create has an empty ID.
type Edit struct {
	ID         string    `json:"id"` // sorts by time of submission, unique in the database
	Ref        Ref       `json:"ref"`
	Kind       EditKind  `json:"kind"`
	Key        string    `json:"key,omitempty"` // the label or attribute that is changed
	Base       Value     `json:"base"`
	Target     Value     `json:"target"`
	Submission string    `json:"submission,omitempty"`
	Created    time.Time `json:"created"`
	User       string    `json:"user,omitempty"`
	Undoes     string    `json:"undoes,omitempty"` // the id of the journal entry that this edit takes back
	// Earlier are the edits of the same field that were on their way when this one was planned, oldest first: Base may be the
	// target of one that is withdrawn before this one is submitted. It is not kept.
	Earlier []Edit `json:"-"`
}

// Field names the field an edit changes, unique within a conversation. Edits of one field wait for each other.
func (e Edit) Field() string {
	t := e.Kind.row()
	if t.pairs != nil {
		return string(e.Kind) + ":" + e.Key
	}
	return cmp.Or(t.sharedField, string(e.Kind))
}

// Read returns what a conversation holds in the field of an edit.
func (e Edit) Read(c Conversation) (v Value, ok bool) { return Read(c, e.Kind, e.Key) }

// Read returns the value of a field; ok is false where it is not loaded.
func Read(c Conversation, kind EditKind, key string) (v Value, ok bool) {
	return kind.row().read(&c, key)
}

// Undoable says whether a delivered edit can be taken back, and if not, why.
func Undoable(k EditKind) (bool, string) {
	why := k.row().irreversible
	return why == "", why
}

// Fold joins edits of the same field of one conversation that are all still queued, oldest first: first base, last target.
func Fold(edits []Edit) []Edit {
	var out []Edit
	for _, e := range edits {
		same := func(o Edit) bool { return o.Ref == e.Ref && o.Kind == e.Kind && o.Field() == e.Field() }
		if i := slices.IndexFunc(out, same); i >= 0 && e.Kind != EditCreate {
			out[i].Target = e.Target
		} else {
			out = append(out, e)
		}
	}
	return out
}

// SortPeople orders participants for display: by kind, name and id.
func SortPeople(p []Participant) {
	slices.SortStableFunc(p, func(a, b Participant) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(strings.ToLower(a.Display()), strings.ToLower(b.Display())),
			strings.Compare(a.ID, b.ID))
	})
}
