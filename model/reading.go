package model

import (
	"cmp"
	"slices"
)

// Reading says how complete a reading of a conversation is. A complete part can show that a field is now empty; in any other
// part an empty field means "not given", and the known value stays.
type Reading uint8

// The parts of a reading; combine them with |. ReadRow is none of them: a row of a list may leave out anything. Some fields
// are never emptied by a service, so empty always means "not given" for them: Kind, Created, Updated, Duration, Internal,
// URL, and whether there are messages, a recording, a transcript.
const (
	ReadRow        Reading = 0
	ReadWhole      Reading = 1 << (iota - 1) // the conversation was read by itself
	ReadMessages                             // its messages were read too
	ReadEverything                           // with all expansions, so its facts and its owner are complete
	ReadNames                                // only the names of people and spaces may be used
)

// Reading returns how complete a Detail is, given what was asked for.
func (d Detail) Reading(need Need) Reading {
	r := ReadWhole
	if d.Messages.Known {
		r |= ReadMessages
	}
	if need.Has(NeedEverything) {
		r |= ReadEverything
	}
	return r
}

// MergeReading returns a newer reading, completed from an older one. Sets and maps that the newer one has not loaded are
// always kept.
func MergeReading(older, newer Conversation, r Reading) Conversation {
	if r&ReadNames != 0 {
		return takeNames(older, newer)
	}
	whole := r&ReadWhole != 0
	newer.Participants.Items = withNames(newer.Participants.Items, older.Participants.Items, false)
	fill(!newer.Participants.Known, &newer.Participants, older.Participants)
	fill(newer.ParticipantCount < 0, &newer.ParticipantCount, older.ParticipantCount)
	fill(len(newer.Featured) == 0, &newer.Featured, older.Featured)
	fill(!newer.Contacts.Known, &newer.Contacts, older.Contacts)
	fill(newer.Labels == nil, &newer.Labels, older.Labels)
	fill(newer.Attributes == nil, &newer.Attributes, older.Attributes)
	fill(newer.Companies == nil, &newer.Companies, older.Companies)
	newer.Owner = mergePerson(older.Owner, newer.Owner, r&ReadEverything != 0)
	newer.Team = mergeNamed(older.Team, newer.Team, whole)
	newer.Space = mergeNamed(older.Space, newer.Space, whole)
	newer.Channel = mergeNamed(older.Channel, newer.Channel, whole)
	if !whole {
		fill(newer.Privacy == PrivacyUnknown, &newer.Privacy, older.Privacy)
		keep(&newer.Description, older.Description)
		keep(&newer.Access, older.Access)
		keep(&newer.DefaultRole, older.DefaultRole)
		keep(&newer.ETag, older.ETag)
		fill(newer.Status == "" && older.Status != "", &newer.Closed, older.Closed)
		keep(&newer.Status, older.Status)
	}
	if r&ReadMessages == 0 || newer.HasMessages {
		keep(&newer.Preview, older.Preview)
		keep(&newer.LastMessage, older.LastMessage)
	}
	if r&ReadEverything == 0 {
		newer.Facts = mergeFacts(older.Facts, newer.Facts)
	}
	keep(&newer.Kind, older.Kind)
	keep(&newer.URL, older.URL)
	keep(&newer.Duration, older.Duration)
	keep(&newer.Internal, older.Internal)
	fill(newer.Created.IsZero(), &newer.Created, older.Created)
	fill(newer.Updated.IsZero(), &newer.Updated, older.Updated)
	newer.HasMessages = newer.HasMessages || older.HasMessages
	newer.HasRecording = newer.HasRecording || older.HasRecording
	newer.HasTranscript = newer.HasTranscript || older.HasTranscript
	return newer
}

// keep fills in the older value if the newer one is zero.
func keep[T comparable](newer *T, older T) { fill(*newer == *new(T), newer, older) }

func fill[T any](so bool, field *T, with T) {
	if so {
		*field = with
	}
}

func mergePerson(older, newer Participant, whole bool) Participant {
	switch {
	case newer.ID == "" && newer.Name == "" && newer.Email == "":
		fill(!whole, &newer, older)
	case newer.ID == older.ID:
		keep(&newer.Name, older.Name)
		keep(&newer.Email, older.Email)
	}
	return newer
}

// takeNames returns a conversation with the names of people and spaces from a newer reading.
func takeNames(c, newer Conversation) Conversation {
	c.Participants.Items = withNames(c.Participants.Items, newer.Participants.Items, true)
	c.Featured = withNames(c.Featured, newer.Featured, true)
	if c.Owner.ID != "" && c.Owner.ID == newer.Owner.ID && newer.Owner.Name != "" {
		c.Owner.Name, c.Owner.Email = newer.Owner.Name, newer.Owner.Email
	}
	if c.Space.ID != "" && c.Space.ID == newer.Space.ID && newer.Space.Name != "" {
		c.Space.Name = newer.Space.Name
	}
	return c
}

// withNames fills in the names and addresses of people from entries with the same ids. With all, it also replaces names that
// are there. An entry without a name also takes it from another entry of people, so that merging a reading twice changes
// nothing.
func withNames(people, known []Participant, all bool) []Participant {
	missing := func(p Participant) bool { return p.ID != "" && (all || p.Name == "") }
	if !slices.ContainsFunc(people, missing) {
		return people
	}
	if !all {
		known = slices.Concat(people, known)
	}
	names := make(map[[2]string]Participant, len(known))
	for _, p := range known {
		n := names[[2]string{p.Kind, p.ID}]
		keep(&n.Name, p.Name)
		keep(&n.Email, p.Email)
		names[[2]string{p.Kind, p.ID}] = n
	}
	people = slices.Clone(people)
	for i, p := range people {
		if n := names[[2]string{p.Kind, p.ID}]; missing(p) {
			people[i].Name, people[i].Email = cmp.Or(n.Name, p.Name), cmp.Or(p.Email, n.Email)
		}
	}
	return people
}

func mergeNamed(older, newer Named, whole bool) Named {
	if newer == (Named{}) && !whole || newer.ID == older.ID && newer.ID != "" && newer.Name == "" {
		return older
	}
	return newer
}

// mergeFacts merges the facts of an incomplete reading into the known ones: facts with a label that it has are replaced,
// others stay. nil means "not loaded"; an empty list means that there are none.
func mergeFacts(older, newer []Fact) []Fact {
	if newer == nil {
		return older
	}
	if len(newer) == 0 || len(older) == 0 || slices.Equal(older, newer) {
		return newer
	}
	brought := make(map[[2]string]bool, len(newer))
	for _, f := range newer {
		brought[[2]string{f.Group, f.Label}] = true
	}
	others := slices.DeleteFunc(slices.Clone(older), func(f Fact) bool { return brought[[2]string{f.Group, f.Label}] })
	return slices.Concat(newer, others)
}

// Difference is what a new reading means to a person who knows the older one.
type Difference struct {
	News    bool // somebody else changed the content, the people, or whether the conversation is open
	Touched bool // the time of the last change is later, but there is no news
}

// FindNews returns the difference between what was known and the result of merging a reading r into it. With first, the
// conversation was never read by itself before, so values that were empty may just have been left out. These are no news:
// what our own edits (which may have been sent) ask for, what was unknown before, and what services change by themselves:
// labels, attributes, facts and the owner.
func FindNews(older, merged Conversation, r Reading, first bool, own []Edit) Difference {
	for i := range kinds {
		t, k := &kinds[i], kinds[i].kind
		if t.pairs != nil {
			continue
		}
		was, known := t.read(&older, "")
		is, still := t.read(&merged, "")
		if known && still && k == EditParticipants && hasEditOf(own, EditContacts) {
			was, is = withoutContacts(was, older), withoutContacts(is, merged)
		}
		if !known || !still || was.Equal(is) || isWanted(own, k, is) {
			continue
		}
		unknown := k != EditTitle && was.Text != nil && *was.Text == "" || k == EditPrivacy && older.Privacy == PrivacyUnknown
		if unknown && first {
			continue
		}
		return Difference{News: true}
	}
	touched := !older.Updated.IsZero() && merged.Updated.After(older.Updated)
	// A last message that only reading the messages showed is no news unless the time moved: it was there before.
	showsMessages := r&ReadMessages == 0 || touched
	switch {
	case older.Status != "" && merged.Status != older.Status && !hasEditOf(own, EditStatus),
		older.ParticipantCount >= 0 && merged.ParticipantCount != older.ParticipantCount &&
			!(older.Participants.Known && merged.Participants.Known) && !hasEditOf(own, EditParticipants),
		showsMessages && older.LastMessage != "" && merged.LastMessage != "" && merged.LastMessage != older.LastMessage,
		showsMessages && merged.Preview != "" && merged.Preview != older.Preview && (older.Preview != "" || !first):
		return Difference{News: true}
	}
	return Difference{Touched: touched}
}

// isWanted reports whether a value is the target of one of our own edits, or partly so.
func isWanted(own []Edit, k EditKind, is Value) bool {
	return slices.ContainsFunc(own, func(e Edit) bool {
		return e.Kind == k && (is.Equal(e.Target) || IsPartlyApplied(e.Base, e.Target, is))
	})
}

// withoutContacts returns a set of people without the contacts, whose changes are found with the contacts.
func withoutContacts(people Value, c Conversation) Value {
	return PeopleValue(slices.DeleteFunc(slices.Clone(*people.People), func(p Participant) bool {
		return slices.ContainsFunc(c.Contacts.Items, func(q Participant) bool { return SamePerson(p, q) })
	}))
}

func hasEditOf(own []Edit, k EditKind) bool {
	return slices.ContainsFunc(own, func(e Edit) bool { return e.Kind == k })
}
