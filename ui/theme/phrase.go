package theme

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// Phrase says what an edit does, in one line: "privacy: public → private".
func (t *Theme) Phrase(e model.Edit) string {
	name := e.Kind.Words()
	switch e.Kind.Shape() {
	case model.ShapeAct:
		if e.Target.New != nil {
			name += " " + t.Value(e.Kind, e.Target)
		}
		return name
	case model.ShapePeople:
		base, target := e.Base.Set(), e.Target.Set()
		return name + ": " + t.Changes(model.DiffPeople(base, target), Naming(base, target))
	}
	if e.Key != "" {
		name += " " + model.CleanLine(e.Key, 60)
	}
	return name + ": " + t.Value(e.Kind, e.Base) + " " + t.Arrow + " " + t.Value(e.Kind, e.Target)
}

// Value writes the value of a field in one line.
func (t *Theme) Value(k model.EditKind, v model.Value) string {
	switch shape := k.Shape(); {
	case v.People != nil:
		return Set(*v.People, Naming(*v.People))
	case v.New != nil:
		return quote(v.New.Title)
	case v.Text == nil:
		return "none"
	case shape == model.ShapeLine || shape == model.ShapeText || shape == model.ShapePairs:
		return quote(*v.Text)
	case k == model.EditDefaultRole:
		return model.CleanLine(model.RoleName(*v.Text), 60)
	}
	return cmp.Or(model.CleanLine(*v.Text, 80), "none")
}

// People lists the names of people or other things, at most so many.
func People[T any](all []T, most int, name func(T) string) string {
	var out []string
	for i, p := range all {
		if i == most {
			out = append(out, fmt.Sprintf("%d more", len(all)-i))
			break
		}
		out = append(out, name(p))
	}
	return strings.Join(out, ", ")
}

// Changes lists the changes of a set of people: "+Ann (viewer), -Bob, Cy: viewer → editor".
func (t *Theme) Changes(d model.Diff, name func(model.Participant) string) string {
	var out []string
	for _, p := range d.Added {
		out = append(out, "+"+name(p)+Stands(p))
	}
	for _, p := range d.Removed {
		out = append(out, "-"+name(p))
	}
	for i, p := range d.Altered {
		out = append(out, fmt.Sprintf("%s: %s %s %s", name(p), Standing(d.Was[i]), t.Arrow, Standing(p)))
	}
	return cmp.Or(strings.Join(out, ", "), "no change")
}

// Set lists a set of people with role and status.
func Set(people []model.Participant, name func(model.Participant) string) string {
	return cmp.Or(People(people, 12, func(p model.Participant) string { return name(p) + Stands(p) }), "nobody")
}

// Name returns the name of a person for use in a sentence.
func Name(p model.Participant) string { return model.CleanLine(p.Display(), 60) }

// Naming returns the name of everybody in some sets; of people who share a name also the address, or without one the id.
func Naming(sets ...[]model.Participant) func(model.Participant) string {
	last, shared := map[string]model.Participant{}, map[string]bool{}
	for _, p := range slices.Concat(sets...) {
		name := Name(p)
		if other, ok := last[name]; ok && !model.SamePerson(other, p) {
			shared[name] = true
		}
		last[name] = p
	}
	return func(p model.Participant) string {
		return Pick(shared[Name(p)], Addressed(p), Name(p))
	}
}

// Addressed returns the name of a person with the address, or without one the id.
func Addressed(p model.Participant) string {
	return Name(p) + Around(" <", model.CleanLine(cmp.Or(Mail(p), p.Identifier, p.ID), 80), ">")
}

// Stands returns the role and status of a person in parentheses, to follow a name.
func Stands(p model.Participant) string { return Around(" (", Standing(p), ")") }

// Standing returns the role and the status of a person.
func Standing(p model.Participant) string {
	return Commas(model.CleanLine(model.RoleName(p.Role), 40), model.CleanLine(model.RoleName(p.Status), 40))
}

// Terms returns the roles and statuses of a person in several conversations: "viewer", or, where they differ, "1 editor,
// 2 viewer".
func Terms(m model.Member) string {
	all := m.Terms()
	return People(all, len(all), func(t model.Terms) string {
		if len(all) == 1 {
			return Standing(t.Participant)
		}
		return Number(len(t.In)) + " " + cmp.Or(Standing(t.Participant), "without a role")
	})
}

// Mail returns the address of a person, "" if it is the person's name too.
func Mail(p model.Participant) string {
	if p.Email == p.Display() {
		return ""
	}
	return model.CleanLine(p.Email, 200)
}

func quote(s string) string {
	return cmp.Or(Around(`"`, model.CleanLine(s, 120), `"`), "empty")
}

// sweepTime is the longest time that a complete read of a list may take. The read is dated by its end, but each row by
// the page that brought it.
const sweepTime = time.Hour

// Stale reports whether the last complete read of the account, which ended at swept, did not bring a row.
func Stale(row model.Row, swept time.Time) bool {
	return !swept.IsZero() && !row.Checked.IsZero() && row.Checked.Before(swept.Add(-sweepTime))
}

// Namesakes finds conversations that share a title. It holds the only conversation with a title, or the zero Ref if
// several have it.
type Namesakes map[string]model.Ref

// Add adds a conversation. It may be added again.
func (n Namesakes) Add(title string, ref model.Ref) {
	if first, ok := n[title]; ok && first != ref {
		ref = model.Ref{}
	}
	n[title] = ref
}

// Apart returns a text after lead that tells a conversation from others with its title, "" if there are none: its id and
// its account, the id first because the end of the text may be cut. Of a long id it is the end, because ids often begin
// alike.
func (n Namesakes) Apart(title string, ref model.Ref, lead string) string {
	if only, ok := n[title]; !ok || only == ref {
		return ""
	}
	account, id := model.CleanLine(ref.Account, 20), []rune(model.CleanLine(ref.ID, 200))
	if len(id) > 12 {
		lead, id = lead+"..", id[len(id)-8:]
	}
	return lead + string(id) + " " + account
}

// Reason says why an edit needs a person, or what it waits for, quoting the service. It is "" for an edit that is just
// being delivered.
func (t *Theme) Reason(e model.OutboxEntry, now time.Time) string {
	said, theirs := e.Error.Words(), ""
	if e.Theirs != nil {
		theirs = ": now " + t.Value(e.Kind, *e.Theirs)
	}
	switch e.State {
	case model.Refused:
		if said = cmp.Or(e.Error.Quote(), said); said != "" {
			said = ": " + said
		}
		return "refused" + said
	case model.Held:
		return said
	case model.InConflict:
		return cmp.Or(said, "somebody else changed it meanwhile") + theirs
	case model.NotVerified:
		return cmp.Or(said, "the service accepted the change but does not show it") + theirs
	case model.OutcomeNotKnown:
		return cmp.Or(said, "it left without a clear answer, and may have arrived")
	case model.RetryAt, model.Queued:
		return waits(e, said, now)
	}
	return ""
}

// LeftAlready warns that to discard edits takes back no request that has left for them. It is "" if none has.
func LeftAlready(edits []model.OutboxEntry) string {
	left := slices.DeleteFunc(slices.Clone(edits), model.OutboxEntry.Unsent)
	which := Pick(len(edits) == 1, "A request for it has", "Requests for "+Number(len(left))+" of them have")
	return Pick(len(left) > 0, which+" left already: discarding does not take that back.", "")
}

// Ending says how a submission ended, or how far its delivery is.
func (t *Theme) Ending(s model.Submission, now time.Time) string {
	if s.Waiting > 0 && s.Waiting == s.Edits && s.Sending == 0 && s.Problem == nil {
		return "queued"
	}
	return s.Ending(func(at time.Time) string { return When(at, now) })
}

// Progress is Ending with the reason why edits wait or need a person.
func (t *Theme) Progress(s model.Submission, now time.Time) string {
	reason := ""
	if s.Problem != nil {
		reason = t.Reason(*s.Problem, now)
	}
	switch {
	case reason == "":
		return t.Ending(s, now)
	case s.Waiting == s.Edits:
		return reason
	}
	return t.Ending(s, now) + ": " + strings.TrimPrefix(reason, "waits: ")
}

// waiting holds what an account does that an edit waits for, for errors whose own words are longer.
var waiting = map[model.ErrorKind]string{
	model.Unavailable:  " can't be reached",
	model.RateLimited:  " asked to wait",
	model.Unauthorized: " does not take the credential",
	model.ConflictKind: " refused it as things are now",
}

// waits says what an edit waits for, when it is tried again, and what the service said.
func waits(e model.OutboxEntry, said string, now time.Time) string {
	if e.Error == nil || e.State == model.Queued && e.NextTry.IsZero() {
		return said // what it waits for in this program, such as an earlier edit
	}
	next := When(e.NextTry, now)
	if words, ok := waiting[e.Error.Kind]; ok {
		said = model.CleanLine(e.Ref.Account, 40) + words
	}
	switch {
	case e.Error.Kind == model.UnknownOutcome:
		said = "no clear answer yet"
		if next != "" {
			said += ": it is read again " + next
		}
	case next != "":
		said += ", next try " + next
	}
	if text := model.CleanLine(e.Error.Message, 300); text != "" && e.Error.Status != nil {
		said += `: "` + text + `"`
		if hint := model.CleanLine(e.Error.Hint, 200); hint != "" {
			said += ", " + hint
		}
	}
	return "waits: " + said
}
