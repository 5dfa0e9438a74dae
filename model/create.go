package model

import (
	"slices"
	"strings"
)

// Newest is the head of a list, newest created first.
type Newest struct {
	IDs []string
	// Sure says that the list was in that order and had no gap, so that a later list that reaches one of IDs holds everything
	// created since. A list that was read to its end reaches all.
	Sure bool
}

// FoundCreates is what a look for a lost create met.
type FoundCreates struct {
	// Same are the new conversations that are in every point what was asked for, each just read whole: place, title, people,
	// creator, first message.
	Same   []Conversation
	Marked bool     // the one in Same carries a mark that only this edit sets
	Alike  []string // the ids of all new ones with that title in that place
	Sure   bool     // nothing that was created since is missing
}

// Lacks names what a conversation that was just read does not show of what was asked for. A set that was not read lacks
// nothing.
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
		return !slices.ContainsFunc(c.Participants.Items, func(q Participant) bool { return joined(p, q) })
	}))
	// A service may write a text in another way than it was sent.
	lacks("first message", n.Message != "" && d.Messages.Known && len(d.Messages.Items) == 0)
	return out
}

// Matches reports whether a conversation that was just read with its people and messages is in every point what was asked
// for, with nothing beside it. Whoever created it may be in it too.
func (n NewConversation) Matches(d Detail) bool {
	c := d.Conversation
	if !c.Participants.Known || !d.Messages.Known || d.MoreMessages || len(n.Lacks(d)) > 0 {
		return false
	}
	if (n.Message != "") != (len(d.Messages.Items) > 0) || n.Message != "" && !sameText(d.Messages.Items[0].Text, n.Message) {
		return false
	}
	return !slices.ContainsFunc(c.Participants.Items, func(q Participant) bool {
		return !SamePerson(q, c.Owner) && !slices.ContainsFunc(n.People, func(p Participant) bool { return joined(p, q) })
	})
}

func joined(asked, is Participant) bool {
	if asked.Kind != is.Kind || asked.Role != "" && asked.Role != is.Role {
		return false
	}
	return SamePerson(asked, is) || (asked.ID == "" || is.ID == "") && asked.Email != "" && strings.EqualFold(asked.Email, is.Email)
}

func sameText(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}
