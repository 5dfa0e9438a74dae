package model

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Submission is what one act put into the outbox, one edit or many, and how far they have come. It is listed, reported and
// taken back as one.
type Submission struct {
	ID       string
	Sentence string // what was asked for, cleaned and bounded: "made 75 private"
	At       time.Time
	User     string
	Undoes   string // the id of the submission that this one takes back, or ""
	Ref      Ref    // the conversation, if the submission has one edit; else zero

	Edits      int // all edits; 0 if this was to undo a submission that had changed nothing
	Waiting    int // edits that will be delivered without anybody's help
	Sending    int // those of Waiting that are being sent right now
	NeedPerson int // edits that wait for a decision
	Delivered  int // edits that the service confirmed
	Already    int // edits that needed no request
	Withdrawn  int // edits taken back that are not among those delivered
	Reverted   int // those of Withdrawn that had been sent, and whose inverse was delivered
	Discarded  int // edits that a person gave up
	Replaced   int // edits in whose place a newer edit of the same field came
	TakenBack  int // those of Delivered that a later edit took back

	SettledAt   time.Time    // when the last edit was delivered; zero if none was
	TakenBackAt time.Time    // when the last edit was taken back; zero if none was
	Problem     *OutboxEntry // the first edit that needs a person, else the first with an error
}

// SubmissionEdits is a submission with its edits, or with those that may have changed since an earlier version.
type SubmissionEdits struct {
	Submission Submission // its ID is "" if there is no such submission
	Version    int64
	Partial    bool           // the edits are those on Changed, and replace the earlier ones
	Changed    []Ref          // conversations
	Outbox     []OutboxEntry  // with why they wait
	Journal    []JournalEntry // the settled ones
}

// Settled reports whether no edit of the submission is still to be delivered by itself.
func (s Submission) Settled() bool { return s.Waiting == 0 }

// Over reports whether no edit of the submission is in the outbox any more.
func (s Submission) Over() bool { return s.Waiting == 0 && s.NeedPerson == 0 }

// Ending says in one phrase how a submission ended, or how far it has come: "73 delivered 12:54, 2 need you". clock formats a
// time.
func (s Submission) Ending(clock func(time.Time) string) string {
	if s.Edits == 0 {
		return "nothing had been changed"
	}
	if s.TakenBack > 0 && s.TakenBack == s.Edits {
		return "delivered, taken back " + clock(s.TakenBackAt)
	}
	var out []string
	say := func(n int, phrase string) {
		if n > 0 {
			out = append(out, pick(n == s.Edits, "", Number(n)+" ")+phrase)
		}
	}
	timed := func(what string, at time.Time) string { return strings.TrimSuffix(what+" "+clock(at), " ") }
	say(s.Delivered, timed(pick(s.Undoes != "", "confirmed", "delivered"), s.SettledAt))
	say(s.Already, "already so")
	say(s.TakenBack, timed("taken back", s.TakenBackAt))
	say(s.Withdrawn-s.Reverted, "withdrawn")
	say(s.Reverted, "sent and taken back")
	say(s.Discarded, "given up")
	say(s.Replaced, "replaced by a newer edit")
	say(s.Sending, "being sent")
	say(s.Waiting-s.Sending, "waiting")
	if n := s.NeedPerson; n > 1 {
		out = append(out, Number(n)+" need you")
	} else {
		say(n, "needs you")
	}
	return strings.Join(out, ", ")
}

// Words returns the sentence. It is in the past tense once all edits are settled and one is confirmed, else in the present:
// "making 75 private".
func (s Submission) Words() string {
	if s.Settled() && (s.Delivered+s.Already > 0 || s.Edits == 0) {
		return s.Sentence
	}
	return withVerbs(s.Sentence, 0, s.Undoes == "")
}

// withVerbs replaces the verbs of a sentence by another form of them: either the first verb or all.
func withVerbs(sentence string, form int, all bool) string {
	return verb.ReplaceAllStringFunc(sentence, func(match string) string {
		word, later := strings.CutPrefix(match, ", ")
		if forms, ok := verbs[word]; ok && !later {
			return forms[form]
		} else if ok && all {
			return ", " + forms[form]
		}
		return match
	})
}

// Imperative says what to do with several conversations, in the words before and after their number: "make ", " private". Of
// equal edits it needs only some.
func Imperative(some []OutboxEntry) [2]string {
	const number = "\x00"
	before, after, _ := strings.Cut(withVerbs(sentence(some, number), 1, true), number)
	return [2]string{before, after}
}

// ImperativeOne says what to do with one conversation: "make it public".
func ImperativeOne(e Edit) string { return withVerbs(doing(e, "it"), 1, true) }

// verb matches a word where a sentence may have a verb. It also matches a whole quoted title, so that no word in it does.
var verb = regexp.MustCompile(`“(?:[^“”]|“[^”]*”)*”|(?:^|, )[a-z]+`)

// verbs maps the past tense of a verb to its present participle and its imperative.
var verbs = map[string][2]string{"made": {"making", "make"}, "renamed": {"renaming", "rename"},
	"described": {"describing", "describe"}, "cleared": {"clearing", "clear"}, "closed": {"closing", "close"},
	"reopened": {"reopening", "reopen"}, "set": {"setting", "set"}, "removed": {"removing", "remove"},
	"added": {"adding", "add"}, "archived": {"archiving", "archive"}, "deleted": {"deleting", "delete"},
	"created": {"creating", "create"}, "changed": {"changing", "change"}, "took": {"taking", "take"}}

// Narrowed returns the submission with counts of the given edits only, such as those of one conversation.
func (s Submission) Narrowed(waiting []OutboxEntry, settled []JournalEntry) Submission {
	out := Submission{ID: s.ID, Sentence: s.Sentence, At: s.At, User: s.User, Undoes: s.Undoes, Edits: len(waiting) + len(settled)}
	for _, e := range waiting {
		switch {
		case e.State.NeedsPerson():
			out.NeedPerson++
		case e.State == Sending:
			out.Sending++
			fallthrough
		default:
			out.Waiting++
		}
		if out.Problem == nil && (e.State.NeedsPerson() || e.Error != nil) {
			out.Problem = &e
		}
	}
	for _, j := range settled {
		if j.State == OutcomeAlreadySet {
			out.Already++
			continue
		}
		out.Delivered++
		if j.Undone != "" {
			out.TakenBack++
		}
		if j.At.After(out.SettledAt) {
			out.SettledAt = j.At
		}
	}
	return out
}

// Sentence says in the past tense what edits submitted together ask for: "made 75 private", "renamed “Renewal” → “Acme
// renewal”".
func Sentence(edits []OutboxEntry) string {
	if len(edits) == 0 {
		return "changed nothing"
	}
	conversations := map[Ref]bool{}
	for _, t := range edits {
		ref := t.Ref
		if t.Kind == EditCreate {
			ref.ID = "new " + t.ID
		}
		conversations[ref] = true
	}
	first := edits[0].Edit
	if len(conversations) > 1 {
		return sentence(edits, Number(len(conversations)))
	}
	object := quoteTitle(edits[0].Title)
	switch {
	case len(edits) == 1 && first.Kind == EditTitle:
		return "renamed " + quoteTitle(first.Base.String()) + " → " + quoteTitle(first.Target.String())
	case len(edits) == 2 && doing(first, object) != doing(edits[1].Edit, object):
		return doing(first, object) + ", " + doing(edits[1].Edit, "it")
	}
	return sentence(edits, object)
}

func sentence(edits []OutboxEntry, object string) string {
	var kinds []EditKind
	phrases := map[string]bool{}
	for _, t := range edits {
		if !slices.Contains(kinds, t.Kind) {
			kinds = append(kinds, t.Kind)
		}
		phrases[doing(t.Edit, "\x00")] = true
	}
	switch {
	case len(phrases) == 1:
		return doing(edits[0].Edit, object)
	case len(kinds) == 1 && kinds[0] == EditTitle:
		return "renamed " + object
	}
	nouns := make([]string, len(kinds))
	for i, k := range kinds {
		nouns[i] = changedNoun(k)
	}
	if len(nouns) > 3 {
		nouns = append(nouns[:3], "more")
	}
	return "changed the " + commaAnd(nouns) + " of " + object
}

// doing says what one edit does to an object: "made 3 private".
func doing(e Edit, object string) string {
	t, to := e.Kind.row(), cleanWord(e.Target.String())
	switch {
	case t.past != nil:
		return t.past(e, object, to)
	case t.shape == ShapeAct:
		return string(e.Kind) + "d " + object
	}
	return "set the " + e.Kind.Words() + " of " + object + " to " + RoleName(to)
}

func pairSentence(e Edit, object, to string) string {
	pair := e.Kind.Pair() + " " + cleanWord(e.Key)
	switch {
	case e.Target.Text == nil:
		return "removed the " + pair + " from " + object
	case to == "":
		return "cleared the " + pair + " of " + object
	}
	return "set the " + pair + " of " + object + " to " + quoteTitle(e.Target.String())
}

// peopleSentence says how a set of people changes. It names up to three people.
func peopleSentence(e Edit, object, _ string) string {
	d := DiffPeople(e.Base.Set(), e.Target.Set())
	if n := len(d.Added) + len(d.Removed) + len(d.Altered); n == 0 || n > 3 {
		return "changed the " + pick(e.Kind == EditContacts, "contacts", "people") + " of " + object
	}
	var out []string
	preposition := " in "
	for _, p := range d.Added {
		role := pick(p.Role == "", "", " ("+RoleName(cleanWord(p.Role))+")")
		out, preposition = append(out, "added "+cleanWord(p.Display())+role), " to "
	}
	for _, p := range d.Removed {
		out, preposition = append(out, "removed "+cleanWord(p.Display())), " from "
	}
	for i, p := range d.Altered {
		word := RoleName(cleanWord(p.Role))
		if p.Role == RoleEditor || p.Role == RoleViewer {
			word = pick(p.Role == RoleEditor, "an ", "a ") + word
		}
		if p.Role == d.Was[i].Role {
			word = cleanWord(p.Status)
		}
		out, preposition = append(out, "made "+cleanWord(p.Display())+" "+cmp.Or(word, "a member without a role")), " in "
	}
	if len(out) > 1 {
		preposition = " in "
	}
	if e.Kind == EditContacts {
		preposition += "the contacts of "
	}
	return strings.Join(out, ", ") + preposition + object
}

func changedNoun(k EditKind) string { return cmp.Or(k.row().noun, k.Words()) }

func cleanWord(s string) string { return CleanLine(s, 60) }

// Number writes a count with commas: "5,869".
func Number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func quoteTitle(s string) string {
	if s = CleanLine(s, 60); s == "" {
		return "a conversation without a title"
	}
	return "“" + s + "”"
}

// Widens reports whether an edit lets more people see or change a conversation. Such an edit waits until every earlier edit of
// the conversation in its submission is settled. A target that confab does not know counts as widening.
func (e Edit) Widens() bool {
	widens := e.Kind.row().widens
	return widens != nil && widens(e)
}

func widensPeople(e Edit) bool {
	d := DiffPeople(e.Base.Set(), e.Target.Set())
	for i, p := range d.Altered {
		if p.gainsRole(d.Was[i]) || p.gainsStatus(d.Was[i]) {
			return true
		}
	}
	return len(d.Added) > 0
}

// StatusJoined is the status of a participant who takes part.
const StatusJoined = "active"

// The ranks of access values, roles and statuses: a higher one allows more. Somebody pending waits to be let in, somebody
// invited may come in. What the role collaboration_complete allows is not documented; it is assumed to be more than viewing.
var (
	accessRanks = map[string]int{"just_me": 1, "invite-only": 1, "group": 2, "request-to-join": 2, "everyone": 3, "open": 3}
	roleRanks   = map[string]int{RoleViewer: 1, RoleComplete: 2, RoleEditor: 3}
	statusRanks = map[string]int{"pending": 1, "invited": 2, StatusJoined: 3}
)

// allowsMore reports whether a change allows more. An unknown word counts as more, so that the person is asked.
func allowsMore(ranks map[string]int, from, to string) bool {
	return ranks[to] == 0 || ranks[to] > ranks[from]
}

// gainsRole reports whether somebody gets a role that allows more than the former one.
func (p Participant) gainsRole(was Participant) bool {
	return p.Role != was.Role && allowsMore(roleRanks, was.Role, p.Role)
}

// gainsStatus reports whether somebody gets a status closer to taking part. An empty status means no change.
func (p Participant) gainsStatus(was Participant) bool {
	return p.Status != was.Status && p.Status != "" && allowsMore(statusRanks, was.Status, p.Status)
}

// InSendingOrder returns the edits of one conversation in the order in which to send them: first those that widen nothing,
// then those that both remove and add people, then those that only widen, and archiving or deleting last.
func InSendingOrder(edits []Edit) []Edit {
	rank := func(e Edit) int {
		switch {
		case e.Kind == EditArchive || e.Kind == EditDelete:
			return 3
		case !e.Widens():
			return 0
		case e.Kind == EditParticipants && len(DiffPeople(e.Base.Set(), e.Target.Set()).Removed) > 0:
			return 1
		}
		return 2
	}
	out := slices.Clone(edits)
	slices.SortStableFunc(out, func(a, b Edit) int { return rank(a) - rank(b) })
	return out
}
