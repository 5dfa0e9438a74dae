package theme

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"confab/model"
)

// Phrase says in one line what an edit does: "privacy: public → private".
func (t *Theme) Phrase(e model.Edit) string {
	name := e.Kind.Words()
	switch e.Kind.Shape() {
	case model.ShapeAct:
		if e.Target.New != nil {
			name += " " + t.Value(e.Kind, e.Target)
		}
		return name
	case model.ShapePeople:
		return name + ": " + t.PeopleChange(e.Base.Set(), e.Target.Set())
	}
	if e.Key != "" {
		name += " " + model.CleanLine(e.Key, 60)
	}
	return name + ": " + t.Value(e.Kind, e.Base) + " " + t.Arrow + " " + t.Value(e.Kind, e.Target)
}

// Value says what a field holds, in one line.
func (t *Theme) Value(k model.EditKind, v model.Value) string {
	switch shape := k.Shape(); {
	case v.People != nil:
		return t.PeopleLine(*v.People)
	case v.New != nil:
		return quote(v.New.Title)
	case v.Text == nil:
		return "none"
	case shape == model.ShapeLine || shape == model.ShapeText || shape == model.ShapePairs:
		return quote(*v.Text)
	case k == model.EditDefaultRole:
		return model.CleanLine(model.RoleName(*v.Text), 60)
	case *v.Text == "":
		return "none"
	}
	return model.CleanLine(*v.Text, 80)
}

// PeopleLine names a set of people.
func (t *Theme) PeopleLine(people []model.Participant) string {
	if len(people) == 0 {
		return "nobody"
	}
	return People(people, 12, Person)
}

// People lists people, or what else has names, as name calls them, at most so many.
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

// PeopleChange says how a set changes: "+Ann (viewer), -Bob, Cy: viewer → editor".
func (t *Theme) PeopleChange(base, target []model.Participant) string {
	d := model.DiffPeople(base, target)
	var out []string
	for _, p := range d.Added {
		out = append(out, "+"+Person(p))
	}
	for _, p := range d.Removed {
		out = append(out, "-"+Name(p))
	}
	for i, p := range d.Altered {
		out = append(out, fmt.Sprintf("%s: %s %s %s", Name(p), Standing(d.Was[i]), t.Arrow, Standing(p)))
	}
	if len(out) == 0 {
		return "no change"
	}
	return strings.Join(out, ", ")
}

// Name returns what to call a person within a sentence.
func Name(p model.Participant) string { return model.CleanLine(p.Display(), 60) }

// Person names a person with role and status.
func Person(p model.Participant) string {
	if s := Standing(p); s != "" {
		return Name(p) + " (" + s + ")"
	}
	return Name(p)
}

// Standing returns the role and the status of a person.
func Standing(p model.Participant) string {
	var out []string
	for _, s := range []string{p.Role, p.Status} {
		if s != "" {
			out = append(out, model.CleanLine(model.RoleName(s), 40))
		}
	}
	return strings.Join(out, ", ")
}

// Terms says as what somebody is in several conversations: "viewer", or where that
// differs "1 editor, 2 viewer".
func Terms(m model.Member) string {
	all := m.Terms()
	return People(all, len(all), func(t model.Terms) string {
		if len(all) == 1 {
			return Standing(t.Participant)
		}
		return Number(len(t.In)) + " " + cmp.Or(Standing(t.Participant), "without a role")
	})
}

// Mail returns the address of a person, "" where it is what the person is called.
func Mail(p model.Participant) string {
	if p.Email == p.Display() {
		return ""
	}
	return model.CleanLine(p.Email, 200)
}

func quote(s string) string {
	s = model.CleanLine(s, 120)
	if s == "" {
		return "empty"
	}
	return `"` + s + `"`
}

// sweepTime is how long a complete walk may take: a walk is dated by its end,
// while every row is dated by the page that brought it.
const sweepTime = time.Hour

// Stale reports whether the last complete walk of the account, which ended at
// swept, did not show a row.
func Stale(row model.Row, swept time.Time) bool {
	return !swept.IsZero() && !row.Checked.IsZero() && row.Checked.Before(swept.Add(-sweepTime))
}

// Namesakes tells conversations apart that share a title. It holds the one that has a
// title, and none where several do.
type Namesakes map[string]model.Ref

func (n Namesakes) Add(title string, ref model.Ref) {
	if was, ok := n[title]; ok && was != ref {
		ref = model.Ref{}
	}
	n[title] = ref
}

// Apart returns what to say of a conversation behind lead, "" where no other has its title.
// Of an id it is the end, since ids that begin alike are common; it stands first, so that
// what is cut is the account.
func (n Namesakes) Apart(title string, ref model.Ref, lead string) string {
	if was, ok := n[title]; !ok || was == ref {
		return ""
	}
	account, id := model.CleanLine(ref.Account, 20), []rune(model.CleanLine(ref.ID, 200))
	if len(id) > 12 {
		lead, id = lead+"..", id[len(id)-8:]
	}
	return lead + string(id) + " " + account
}
