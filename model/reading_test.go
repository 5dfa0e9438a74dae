package model

import "testing"

// Contacts that count among the participants: an own edit of them is no news, somebody else's change beside it is.
func TestAnOwnEditOfContactsIsNoNews(t *testing.T) {
	person := func(id string) Participant { return Participant{Kind: KindContact, ID: id, Name: id} }
	of := func(room string, contacts ...string) Conversation {
		var c Conversation
		c.Participants, c.Contacts = SetOf(Participant{Kind: KindRoom, ID: room}), SetOf[Participant]()
		for _, id := range contacts {
			c.Participants.Items = append(c.Participants.Items, person(id))
			c.Contacts.Items = append(c.Contacts.Items, person(id))
		}
		c.ParticipantCount = len(c.Participants.Items)
		return c
	}
	own := []Edit{{Kind: EditContacts, Base: PeopleValue([]Participant{person("wrong"), person("kept")}),
		Target: PeopleValue([]Participant{person("kept"), person("right")})}}
	before := of("hall", "wrong", "kept")
	for _, test := range []struct {
		what  string
		after Conversation
		own   []Edit
		news  bool
	}{
		{"the edit", of("hall", "kept", "right"), own, false},
		{"another room too", of("yard", "kept", "right"), own, true},
		{"another contact too", of("hall", "kept", "right", "guest"), own, true},
		{"the same by somebody else", of("hall", "kept", "right"), nil, true},
	} {
		if got := FindNews(before, test.after, ReadWhole, false, test.own); got.News != test.news {
			t.Errorf("%s: news is %t", test.what, got.News)
		}
	}
}
