package model

import (
	"cmp"
	"slices"
)

// Member is somebody who is in some of several sets of people.
type Member struct {
	Participant                     // as the first of the sets has them
	In          map[int]Participant // which sets have them, and as what
}

// Union returns everybody who is in one of several sets, in the order in which they are met. The sets are of one account,
// whose ids they name people by.
func Union(sets ...[]Participant) []Member {
	var out []Member
	places := map[[2]string]int{}
	for i, set := range sets {
		for _, p := range set {
			at, ok := places[[2]string{p.Kind, p.ID}]
			if !ok && (p.ID == "" || p.Identifier != "") { // who has no id yet may be there by another name
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

// Terms are a role and a status, and the sets in which somebody has them.
type Terms struct {
	Participant
	In []int
}

// Terms tell as what somebody is in how many of the sets, the most frequent first.
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
