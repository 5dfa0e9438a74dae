package model

import (
	"cmp"
	"slices"
	"strings"
)

// SamePerson reports whether two entries name the same participant: by kind and id if both have an id, else by identifier.
// Entries with neither are the same if kind and e-mail agree, or, without an e-mail, kind and name.
func SamePerson(a, b Participant) bool {
	switch {
	case a.ID != "" && b.ID != "":
		return a.Kind == b.Kind && a.ID == b.ID
	case a.Identifier != "" || b.Identifier != "":
		return strings.EqualFold(a.Identifier, b.Identifier)
	case a.ID != "" || b.ID != "" || a.Kind != b.Kind:
		return false
	}
	return strings.EqualFold(a.Email, b.Email) && (a.Email != "" || a.Name == b.Name)
}

func (p Participant) sameTerms(q Participant) bool { return p.Role == q.Role && p.Status == q.Status }

// SamePeople compares two sets by person, role and status.
func SamePeople(a, b []Participant) bool {
	d := DiffPeople(a, b)
	return len(d.Added)+len(d.Removed)+len(d.Altered) == 0
}

func find(in []Participant, p Participant) (Participant, bool) {
	if i := slices.IndexFunc(in, func(q Participant) bool { return SamePerson(p, q) }); i >= 0 {
		return in[i], true
	}
	return Participant{}, false
}

func has(in []Participant, p Participant) bool {
	_, ok := find(in, p)
	return ok
}

func dedupe(in []Participant) []Participant {
	out := make([]Participant, 0, len(in))
	for _, p := range in {
		if !has(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// SortPeople sorts participants for display: by kind, name and id.
func SortPeople(p []Participant) {
	slices.SortStableFunc(p, func(a, b Participant) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(strings.ToLower(a.Display()), strings.ToLower(b.Display())),
			strings.Compare(a.ID, b.ID))
	})
}

// Diff is the difference between two sets of people.
type Diff struct {
	Added, Removed, Kept []Participant
	Altered              []Participant // those whose role or status differs, with the new ones
	Was                  []Participant // the same people as Altered, with the old ones
}

// DiffPeople returns what turns base into target.
func DiffPeople(base, target []Participant) Diff {
	var d Diff
	for _, p := range dedupe(target) {
		was, had := find(base, p)
		switch {
		case !had:
			d.Added = append(d.Added, p)
		case !was.sameTerms(p):
			d.Altered = append(d.Altered, p)
			d.Was = append(d.Was, was)
		default:
			d.Kept = append(d.Kept, p)
		}
	}
	for _, p := range dedupe(base) {
		if !has(target, p) {
			d.Removed = append(d.Removed, p)
		}
	}
	return d
}

// Member is a participant of at least one of several sets.
type Member struct {
	Participant                     // as the first of the sets has them
	In          map[int]Participant // the entry of each set that has them, by the number of the set
}

// Union returns everybody who is in at least one of several sets, in order of first appearance. The sets must come from one
// account, so that equal ids mean equal people.
func Union(sets ...[]Participant) []Member {
	var out []Member
	places := map[[2]string]int{}
	for i, set := range sets {
		for _, p := range set {
			at, ok := places[[2]string{p.Kind, p.ID}]
			if !ok && (p.ID == "" || p.Identifier != "") { // somebody without an id may be listed under another name
				at = slices.IndexFunc(out, func(m Member) bool { return SamePerson(m.Participant, p) })
				ok = at >= 0
			}
			if !ok {
				at, out = len(out), append(out, Member{p, map[int]Participant{}})
				if p.ID != "" {
					places[[2]string{p.Kind, p.ID}] = at
				}
			}
			out[at].In[i] = p
		}
	}
	return out
}

// Terms are a role and a status, and the numbers of the sets in which somebody has them.
type Terms struct {
	Participant
	In []int
}

// Terms returns the roles and statuses that somebody has in the sets, the most frequent first.
func (m Member) Terms() []Terms {
	var out []Terms
	for i, p := range m.In {
		at := slices.IndexFunc(out, func(t Terms) bool { return t.sameTerms(p) })
		if at < 0 {
			at, out = len(out), append(out, Terms{Participant: p})
		}
		out[at].In = append(out[at].In, i)
	}
	for _, t := range out {
		slices.Sort(t.In)
	}
	slices.SortFunc(out, func(a, b Terms) int {
		return cmp.Or(len(b.In)-len(a.In), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Status, b.Status))
	})
	return out
}
