package model

import "slices"

// Difference is what a newer reading says to a person who knew the older one.
type Difference struct {
	News    bool // somebody else changed the content, the people, or whether it is open
	Touched bool // no news, and yet a later time of the last change
}

// FindNews returns the difference that a reading r made, merged over what was known. first means that the conversation was
// never read by itself before: what was empty may have been left out. No news are what own edits, which may have been
// sent, wanted, what was not known before, and what services write by themselves: labels, attributes, facts and the owner.
func FindNews(older, merged Conversation, r Reading, first bool, own []Edit) Difference {
	for i := range kinds {
		t, k := &kinds[i], kinds[i].kind
		if t.pairs != nil {
			continue
		}
		was, known := t.read(&older, "")
		is, still := t.read(&merged, "")
		if known && still && k == EditParticipants && edits(own, EditContacts) {
			was, is = besideContacts(was, older), besideContacts(is, merged)
		}
		if !known || !still || was.Equal(is) || wanted(own, k, is) {
			continue
		}
		unsaid := k != EditTitle && was.Text != nil && *was.Text == "" || k == EditPrivacy && older.Privacy == PrivacyUnknown
		if unsaid && first {
			continue
		}
		return Difference{News: true}
	}
	touched := !older.Updated.IsZero() && merged.Updated.After(older.Updated)
	// What reading the messages shows was news when the time moved, if it did.
	shows := r&ReadMessages == 0 || touched
	switch {
	case older.Status != "" && merged.Status != older.Status && !edits(own, EditStatus),
		older.ParticipantCount >= 0 && merged.ParticipantCount != older.ParticipantCount &&
			!(older.Participants.Known && merged.Participants.Known) && !edits(own, EditParticipants),
		shows && older.LastMessage != "" && merged.LastMessage != "" && merged.LastMessage != older.LastMessage,
		shows && merged.Preview != "" && merged.Preview != older.Preview && (older.Preview != "" || !first):
		return Difference{News: true}
	}
	return Difference{Touched: touched}
}

// wanted reports whether a value is what an own edit was to bring, or part of it.
func wanted(own []Edit, k EditKind, is Value) bool {
	return slices.ContainsFunc(own, func(e Edit) bool {
		return e.Kind == k && (is.Equal(e.Target) || IsPartlyApplied(e.Base, e.Target, is))
	})
}

// besideContacts is a set of people without the contacts: what became of those is told with the contacts.
func besideContacts(people Value, c Conversation) Value {
	return PeopleValue(slices.DeleteFunc(slices.Clone(*people.People), func(p Participant) bool {
		return slices.ContainsFunc(c.Contacts.Items, func(q Participant) bool { return SamePerson(p, q) })
	}))
}

func edits(own []Edit, k EditKind) bool {
	return slices.ContainsFunc(own, func(e Edit) bool { return e.Kind == k })
}
