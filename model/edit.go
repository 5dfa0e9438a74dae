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

// Value is what a field holds: a text, a set of people, a whole new conversation, or nothing (a label that does not exist).
// At most one of its fields is set.
type Value struct {
	Text   *string
	People *[]Participant
	New    *NewConversation
}

// TextValue returns a Value that holds a text.
func TextValue(s string) Value { return Value{Text: &s} }

// PeopleValue returns a Value that holds a copy of a set; nil is the empty set.
func PeopleValue(p []Participant) Value {
	p = append(make([]Participant, 0, len(p)), p...)
	return Value{People: &p}
}

// String returns the text of a value, or "" if it holds none.
func (v Value) String() string {
	if v.Text == nil {
		return ""
	}
	return *v.Text
}

// Set returns the people of a value, or nil if it holds none.
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
		return exactJSON(v.Text)
	case v.People != nil:
		return SetOf(*v.People...).MarshalJSON()
	}
	return exactJSON(v.New) // null if it is nil
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
	return json.Unmarshal(b, &v.Text) // null leaves it nil
}

// Equal compares texts exactly, and sets by person, role and status, regardless of order. A different display name makes no
// difference.
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

// NewConversation is what a create asks for. For an empty field the service chooses.
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

// MarshalJSON writes null for every field that is not given.
func (n NewConversation) MarshalJSON() ([]byte, error) {
	n.People = orEmpty(n.People)
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
	ID         string    `json:"id"` // unique in the database; sorts by time of submission
	Ref        Ref       `json:"ref"`
	Kind       EditKind  `json:"kind"`
	Key        string    `json:"key,omitempty"` // the name of the label or attribute
	Base       Value     `json:"base"`
	Target     Value     `json:"target"`
	Submission string    `json:"submission,omitempty"`
	Created    time.Time `json:"created"`
	User       string    `json:"user,omitempty"`
	Undoes     string    `json:"undoes,omitempty"` // the id of the journal entry that this edit takes back
	Or         *Value    `json:"or,omitempty"`     // the base that the person saw, if Base is another: a lost edit may have set it
	// Earlier are the edits of the same field that were pending when this one was planned, oldest first. Base may be the target
	// of one of them, which matters if that one is withdrawn before this edit is submitted. Earlier is not stored.
	Earlier []Edit `json:"-"`
}

// Field returns a name for the edited field that is unique within a conversation. Edits of one field wait for each other.
func (e Edit) Field() string {
	t := e.Kind.row()
	if t.pairs != nil {
		return string(e.Kind) + ":" + e.Key
	}
	return cmp.Or(t.sharedField, string(e.Kind))
}

// Read returns the value of the edited field; ok is false if it is not loaded.
func (e Edit) Read(c Conversation) (v Value, ok bool) { return Read(c, e.Kind, e.Key) }

// Read returns the value of a field; ok is false if it is not loaded.
func Read(c Conversation, kind EditKind, key string) (v Value, ok bool) {
	return kind.row().read(&c, key)
}

// Undoable reports whether a delivered edit can be taken back, and if not, says why.
func Undoable(k EditKind) (bool, string) {
	why := k.row().irreversible
	return why == "", why
}

// Fold makes one edit of all edits of the same field of a conversation: the base of the first, the target of the last. The
// edits come oldest first and must all still be queued.
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

// Lacks names what was asked for and is not in the conversation that was just read. A set that was not read lacks nothing.
func (n NewConversation) Lacks(d Detail) []string {
	c := d.Conversation
	var out []string
	lacks := func(what string, so bool) {
		if so {
			out = append(out, what)
		}
	}
	for _, f := range [][3]string{{FieldName(EditTitle), n.Title, c.Title}, {FieldName(EditDescription), n.Description, c.Description},
		{FieldName(EditPrivacy), string(n.Privacy), string(c.Privacy)}, {FieldName(EditAccess), n.Access, c.Access},
		{FieldName(EditDefaultRole), n.DefaultRole, c.DefaultRole}, {"space", n.Space, c.Space.ID}} {
		lacks(f[0], f[1] != "" && f[1] != f[2])
	}
	lacks("channel", n.Channel != "" && !strings.EqualFold(n.Channel, c.Channel.ID))
	lacks(FieldName(EditParticipants), c.Participants.Known && slices.ContainsFunc(n.People, func(p Participant) bool {
		return !slices.ContainsFunc(c.Participants.Items, p.isFulfilledBy)
	}))
	// The text itself is not compared: a service may store it in another form.
	lacks("first message", n.Message != "" && d.Messages.Known && len(d.Messages.Items) == 0)
	return out
}

// Matches reports whether a conversation, just read with its people and messages, is in every point what was asked for and
// holds nothing else, except that its creator may be among the participants.
func (n NewConversation) Matches(d Detail) bool {
	c := d.Conversation
	if !c.Participants.Known || !d.Messages.Known || d.MoreMessages || len(n.Lacks(d)) > 0 {
		return false
	}
	if (n.Message != "") != (len(d.Messages.Items) > 0) || n.Message != "" && !sameText(d.Messages.Items[0].Text, n.Message) {
		return false
	}
	return !slices.ContainsFunc(c.Participants.Items, func(q Participant) bool {
		return !SamePerson(q, c.Owner) && !slices.ContainsFunc(n.People, func(p Participant) bool { return p.isFulfilledBy(q) })
	})
}

// isFulfilledBy reports whether a participant is the one that was asked for, with the role that was asked for.
func (p Participant) isFulfilledBy(is Participant) bool {
	if p.Kind != is.Kind || p.Role != "" && p.Role != is.Role {
		return false
	}
	return SamePerson(p, is) || (p.ID == "" || is.ID == "") && p.Email != "" && strings.EqualFold(p.Email, is.Email)
}

func sameText(a, b string) bool {
	return slices.Equal(strings.Fields(a), strings.Fields(b))
}
