package model

import (
	"slices"
	"strings"
)

// Newest is the beginning of a list that is sorted by creation, newest first.
type Newest struct {
	IDs []string
	// Sure says that the list was in that order and complete. If a later list reaches one of IDs, it then holds everything that
	// was created since.
	Sure bool
}

// FoundCreates is the result of searching for a conversation whose create was sent and not answered.
type FoundCreates struct {
	// Same are the new conversations that equal what was asked for in every point: place, title, people, creator, first
	// message. Each was just read whole.
	Same   []Conversation
	Marked bool     // the conversation in Same carries a mark that only this edit sets
	Alike  []string // the ids of all new conversations with that title in that place
	Sure   bool     // every conversation created since was examined
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
