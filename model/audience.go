package model

import (
	"cmp"
	"slices"
	"strings"
)

// Class says how far a conversation reaches.
type Class string

// The classes.
const (
	ClassEveryone Class = "everyone" // everybody of an organisation, a workspace or a space
	ClassGroup    Class = "group"    // groups, and the people in it
	ClassMembers  Class = "members"  // the people in it alone
	ClassUnknown  Class = "unknown"
)

// Audience is who can see a conversation: one answer for its privacy, its access and its people together.
type Audience struct {
	Class    Class
	Word     string // the answer in a list: public, private, members …
	Sentence string // goes on after "seen by"; it names remote people, cleaned
	Assumed  string // what the vendor leaves open about it, "" where it says all
}

// AudienceRule is the answer of a service for conversations of a privacy and an access, of any where these are empty; with
// Groups only for those that a group is in. In Sentence {people} stands for the people of the conversation,
// {owner+people} for these and its owner, {space} for its space.
type AudienceRule struct {
	Privacy Privacy
	Access  string
	Groups  bool
	Audience
}

// Audiences are the rules of a service. The first that fits counts.
type Audiences []AudienceRule

// Of returns the answer for a conversation without what depends on who is in it: Sentence is as the rule has it.
func (a Audiences) Of(privacy Privacy, access string, groups bool) Audience {
	for i := range a {
		r := &a[i]
		if (r.Privacy == "" || r.Privacy == privacy) && (r.Access == "" || r.Access == access) && (groups || !r.Groups) {
			return r.Audience
		}
	}
	return Audience{Class: ClassUnknown, Word: string(ClassUnknown)}
}

// For returns the answer for a conversation, likewise.
func (a Audiences) For(c *Conversation) Audience { return a.Of(c.Privacy, c.Access, c.HasGroups()) }

// AudienceOf says who can see a conversation as it is given: of a projected one, who will.
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
		!slices.ContainsFunc(people, func(p Participant) bool { return alike(p, o) }) {
		people = append([]Participant{o}, people...)
	}
	return a.naming(everybody(people, c.ParticipantCount), c.Space.Name)
}

func (a Audience) naming(people, space string) Audience {
	space = CleanLine(cmp.Or(strings.TrimSpace(space), "it is in"), 60)
	a.Sentence = strings.NewReplacer("{people}", people, "{owner+people}", people, "{space}", space).Replace(a.Sentence)
	return a
}

// willSee says who will see a conversation after an edit, whoever is in it; "" where the service has no rule.
func (d Description) willSee(e Edit, c Conversation) string {
	switch to := e.Target.String(); {
	case e.Kind == EditPrivacy:
		c.Privacy = Privacy(to)
	case slices.ContainsFunc(d.Audience, func(r AudienceRule) bool { return r.Access == to }):
		c.Access = to
	default: // a general rule may say less than is true of a word that none is about
		return ""
	}
	a := d.Audience.For(&c)
	if a.Class == ClassUnknown {
		return ""
	}
	return "will be seen by " + a.naming("the people in it", "").Words()
}

// alike reports whether a participant is somebody that the service knows under another id elsewhere.
func alike(p, q Participant) bool {
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

// everybody names few people and counts many. count is how many the service says there are, -1 where it doesn't.
func everybody(people []Participant, count int) string {
	var names, groups []string
	for _, p := range people {
		switch name := CleanLine(p.Display(), 40); p.Kind {
		case KindRoom:
			count--
		case KindGroup:
			groups = append(groups, strings.TrimPrefix(name, KindGroup+" ")) // one without a name is "group #33"
		default:
			names = append(names, name)
		}
	}
	persons := max(len(names), count-len(groups))
	said := listed(names)
	switch {
	case persons+len(groups) <= 0:
		return "the people in it"
	case len(groups) == 0 && (persons > 3 || persons > len(names)):
		return "the " + Number(persons) + " people in it"
	case persons == 1 && len(names) == 0:
		said = "1 person"
	case persons > len(names), len(groups) > 0 && persons > 2:
		said = Number(persons) + " people"
	}
	them := ""
	switch len(groups) {
	case 0:
		return said
	case 1, 2:
		them = "the group" + pick(len(groups) == 2, "s ", " ") + listed(groups)
	default:
		them = Number(len(groups)) + " groups"
	}
	return them + pick(said == "", "", " and "+said)
}

func listed(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// AudienceChange is how the audience of a conversation changes.
type AudienceChange struct{ Now, Will Audience }

// Lines says who sees the conversation now, who will, and in one line what is assumed about that.
func (c AudienceChange) Lines() []string {
	out := []string{"Now seen by      " + c.Now.Marked(), "Will be seen by  " + c.Will.Marked()}
	if note := bothNotes(c.Now.Assumed, c.Will.Assumed); note != "" {
		out = append(out, "* assumed: "+note)
	}
	return out
}

// bothNotes says two notes in one sentence, and names the service once where both are about what it doesn't say.
func bothNotes(a, b string) string {
	if a == "" || a == b {
		return b
	}
	const silent = " doesn't say "
	who, _, _ := strings.Cut(a, silent)
	if rest, alike := strings.CutPrefix(b, who+silent); alike {
		return a + ", nor " + rest
	}
	return strings.TrimSuffix(a+"; "+b, "; ")
}

// Marked returns the sentence, with a star where some of it is assumed.
func (a Audience) Marked() string { return a.Sentence + pick(a.Assumed == "", "", " *") }

// Exposes reports whether a risk is what AudienceChange says in full.
func (r Risk) Exposes() bool { return r.Kind.exposes() }

// exposes reports whether an edit changes who can see a conversation without changing who is in it.
func (k EditKind) exposes() bool { return k == EditPrivacy || k == EditAccess }

func (d Description) effect(k EditKind, target string) string { return d.Effects[string(k)+":"+target] }

// Effect says what comes of giving a field of a conversation a value: who will see it, or what else the service says of
// it; "" for nothing.
func (d Description) Effect(c Conversation, k EditKind, value string) string {
	if !k.exposes() {
		return d.effect(k, value)
	}
	after := Project(c, []Edit{{Ref: c.Ref, Kind: k, Target: TextValue(value)}})
	return d.AudienceOf(&after).Words()
}

// Words returns the sentence with what of it is assumed behind it.
func (a Audience) Words() string {
	return a.Sentence + pick(a.Assumed == "", "", " (assumed: "+a.Assumed+")")
}
