package model

import (
	"cmp"
	"slices"
	"strings"
)

// Class is how far a conversation reaches.
type Class string

// The classes, from the widest to the narrowest.
const (
	ClassEveryone Class = "everyone" // everybody in an organisation, a workspace or a space
	ClassGroup    Class = "group"    // groups, and the people in the conversation
	ClassMembers  Class = "members"  // only the people in the conversation
	ClassUnknown  Class = "unknown"
)

// Audience is who can see a conversation. It sums up privacy, access and members.
type Audience struct {
	Class    Class
	Word     string // short form for a list: public, private, members …
	Sentence string // completes "seen by"; remote names in it are cleaned
	Assumed  string // what the vendor leaves open, "" if everything is documented
}

// AudienceRule is the audience that a service gives to conversations with a certain privacy and access. An empty Privacy or
// Access matches any; a rule with Groups matches only conversations that a group is in. In Sentence, {people} stands for the
// people in the conversation, {owner+people} for those and the owner, {space} for its space.
type AudienceRule struct {
	Privacy Privacy
	Access  string
	Groups  bool
	Audience
}

// Audiences are the rules of one service. The first rule that matches applies.
type Audiences []AudienceRule

// Of returns the audience of conversations with this privacy and access. Placeholders in Sentence are not filled in.
func (a Audiences) Of(privacy Privacy, access string, groups bool) Audience {
	for i := range a {
		r := &a[i]
		if (r.Privacy == "" || r.Privacy == privacy) && (r.Access == "" || r.Access == access) && (groups || !r.Groups) {
			return r.Audience
		}
	}
	return Audience{Class: ClassUnknown, Word: string(ClassUnknown)}
}

// For returns the audience of a conversation. Placeholders in Sentence are not filled in.
func (a Audiences) For(c *Conversation) Audience { return a.Of(c.Privacy, c.Access, c.HasGroups()) }

// AudienceOf returns who can see a conversation; given a projected one, who will see it once its edits are delivered.
func (d Description) AudienceOf(c *Conversation) Audience {
	a := d.Audience.For(c)
	if a.Sentence == "" {
		a.Sentence = "whoever " + CleanLine(cmp.Or(d.Name, "the service"), 60) + " lets in; it doesn't say who that is"
	}
	if !strings.Contains(a.Sentence, "{") {
		return a
	}
	people := c.People()
	if o := c.Owner; strings.Contains(a.Sentence, "{owner+people}") && o != (Participant{}) &&
		!slices.ContainsFunc(people, func(p Participant) bool { return sameAddressOrName(p, o) }) {
		people = append([]Participant{o}, people...)
	}
	return a.fillIn(peoplePhrase(people, c.ParticipantCount), c.Space.Name)
}

// AudienceOfNew returns who will see a new conversation.
func (d Description) AudienceOfNew(n NewConversation) Audience {
	return d.AudienceOf(&Conversation{Privacy: cmp.Or(n.Privacy, d.NewPrivacy), Access: cmp.Or(n.Access, d.NewAccess),
		Participants: SetOf(append([]Participant{{Kind: KindUser, Name: "you"}}, n.People...)...), ParticipantCount: -1})
}

// fillIn replaces the placeholders in the sentence.
func (a Audience) fillIn(people, space string) Audience {
	space = CleanLine(cmp.Or(strings.TrimSpace(space), "it is in"), 60)
	a.Sentence = strings.NewReplacer("{people}", people, "{owner+people}", people, "{space}", space).Replace(a.Sentence)
	return a
}

// willBeSeenBy says who will see a conversation after an edit, without naming people; "" if the service has no rule.
func (d Description) willBeSeenBy(e Edit, c Conversation) string {
	switch to := e.Target.String(); {
	case e.Kind == EditPrivacy:
		c.Privacy = Privacy(to)
	case slices.ContainsFunc(d.Audience, func(r AudienceRule) bool { return r.Access == to }):
		c.Access = to
	default: // no rule names this access, and a general rule may promise too narrow an audience
		return ""
	}
	a := d.Audience.For(&c)
	if a.Class == ClassUnknown {
		return ""
	}
	return "will be seen by " + a.fillIn("the people in it", "").Words()
}

// sameAddressOrName reports whether two entries are probably one person whom the service lists under two ids.
func sameAddressOrName(p, q Participant) bool {
	if p.Email != "" && q.Email != "" {
		return strings.EqualFold(p.Email, q.Email)
	}
	return p.Name != "" && p.Name == q.Name || SamePerson(p, q)
}

// HasGroups reports whether a group is among the people.
func (c *Conversation) HasGroups() bool {
	is := func(p Participant) bool { return p.Kind == KindGroup }
	return slices.ContainsFunc(c.Participants.Items, is) || !c.Participants.Known && slices.ContainsFunc(c.Featured, is)
}

// peoplePhrase names up to three people and counts more. count is the service's own number of participants, -1 if it gives
// none.
func peoplePhrase(people []Participant, count int) string {
	var names, groups []string
	for _, p := range people {
		switch name := CleanLine(p.Display(), 40); p.Kind {
		case KindRoom:
			count--
		case KindGroup:
			groups = append(groups, strings.TrimPrefix(name, KindGroup+" ")) // a group without a name displays as "group #33"
		default:
			names = append(names, name)
		}
	}
	persons := max(len(names), count-len(groups))
	switch {
	case persons+len(groups) <= 0:
		return "the people in it"
	case len(groups) == 0 && (persons > 3 || persons > len(names)):
		return "the " + Number(persons) + pick(persons == 1, " person", " people") + " in it"
	case persons > len(names), len(groups) > 0 && persons > 2:
		names = []string{Number(persons) + pick(persons == 1, " person", " people")}
	}
	switch len(groups) {
	case 0:
	case 1, 2:
		names = slices.Insert(names, 0, "the group"+pick(len(groups) == 2, "s ", " ")+commaAnd(groups))
	default:
		names = slices.Insert(names, 0, Number(len(groups))+" groups")
	}
	return commaAnd(names)
}

// commaAnd joins words as a sentence lists them: "a, b and c".
func commaAnd(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// AudienceChange is the audience of a conversation before and after an edit.
type AudienceChange struct{ Now, Will Audience }

// Lines says who sees the conversation now, who will see it, and, in a third line, what of that is assumed.
func (c AudienceChange) Lines() []string {
	out := []string{"Now seen by      " + c.Now.Marked(), "Will be seen by  " + c.Will.Marked()}
	if note := joinNotes(c.Now.Assumed, c.Will.Assumed); note != "" {
		out = append(out, "* assumed: "+note)
	}
	return out
}

// joinNotes joins two notes. If both begin "<service> doesn't say", the service, and what it doesn't say, are named once.
func joinNotes(a, b string) string {
	const silent, nor = " doesn't say ", ", nor "
	service, _, _ := strings.Cut(a, silent)
	rest, both := strings.CutPrefix(b, service+silent)
	switch {
	case a == "" || a == b:
		return b
	case !both:
		return strings.TrimSuffix(a+"; "+b, "; ")
	}
	said := strings.Split(strings.TrimPrefix(a, service+silent), nor)
	for what := range strings.SplitSeq(rest, nor) {
		if !slices.Contains(said, what) {
			a += nor + what
		}
	}
	return a
}

// Marked returns the sentence, with a star if part of it is assumed.
func (a Audience) Marked() string { return a.Sentence + pick(a.Assumed == "", "", " *") }

// Words returns the sentence, followed by what of it is assumed.
func (a Audience) Words() string {
	return a.Sentence + pick(a.Assumed == "", "", " (assumed: "+a.Assumed+")")
}

// Exposes reports whether an edit changes who can see a conversation without changing who is in it. An AudienceChange then
// says all that its risks say.
func (k EditKind) Exposes() bool { return k == EditPrivacy || k == EditAccess }

func (d Description) effect(k EditKind, target string) string { return d.Effects[string(k)+":"+target] }

// Effect says what setting a field of a conversation to a value brings about: who will see it, or what else the service
// describes; "" for nothing.
func (d Description) Effect(c Conversation, k EditKind, value string) string {
	if !k.Exposes() {
		return d.effect(k, value)
	}
	after := Project(c, []Edit{{Ref: c.Ref, Kind: k, Target: TextValue(value)}})
	return d.AudienceOf(&after).Words()
}
