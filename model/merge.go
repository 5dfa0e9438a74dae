package model

import (
	"cmp"
	"slices"
)

// Reading says what a reading of a conversation can show to be empty. What it can't show stays as it was.
type Reading uint8

// The parts of a reading; combine with |. ReadRow is none of them: a row of a list may leave out anything, so it only
// fills in. An empty field means not given, whatever was read, where a service never empties it: Kind, Created, Updated,
// Duration, Internal, URL, and whether there are messages, a recording, a transcript.
const (
	ReadRow        Reading = 0
	ReadWhole      Reading = 1 << (iota - 1) // the conversation was read by itself
	ReadMessages                             // its messages were read too
	ReadEverything                           // with all expansions, so its facts and its owner are complete
	ReadNames                                // nothing counts but what people and spaces are called
)

// Reading says what this answer can show to be empty, given what was asked for.
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

// MergeReading lays a newer reading over an older one. Sets and maps that the newer one has not loaded are kept in any case.
func MergeReading(older, newer Conversation, r Reading) Conversation {
	if r&ReadNames != 0 {
		return renamed(older, newer)
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
		keep(&newer.Description, older.Description)
		keep(&newer.Access, older.Access)
		keep(&newer.DefaultRole, older.DefaultRole)
		keep(&newer.ETag, older.ETag)
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

// keep fills in what the newer reading does not have.
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

// renamed takes the names of people and spaces from a newer reading.
func renamed(c, newer Conversation) Conversation {
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

// withNames takes names and addresses from others with the same ids: all names, or only those that are missing. Somebody
// who is there twice and named once has that name, so that the same reading again changes nothing.
func withNames(people, known []Participant, all bool) []Participant {
	missing := func(p Participant) bool { return p.ID != "" && (all || p.Name == "") }
	if len(known) == 0 || !slices.ContainsFunc(people, missing) {
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

// mergeFacts lays the facts of a lesser reading over those that are known: a label that it brings replaces what stood
// under it, others stay. nil means not loaded; a list that is empty says that there are none.
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
