package edit

import (
	"cmp"
	"maps"
	"slices"

	"confab/model"
	"confab/ui/theme"
)

// terms returns the role and the status that somebody has after the edit in every
// conversation they are in already, "" where these differ.
func (r person) terms() (role, status string) {
	role, status = r.Role, r.Status
	for _, p := range r.In {
		role, status = theme.Pick(p.Role == role, role, ""), theme.Pick(p.Status == status, status, "")
	}
	return cmp.Or(r.role, role), cmp.Or(r.status, status)
}

// becomes returns as what somebody is in a conversation after the edit, and whether.
func (r person) becomes(i int) (p model.Participant, in bool) {
	if p, in = r.In[i]; !in {
		p = r.Participant
		p.Role, p.Status = r.terms()
	}
	p.Role, p.Status = cmp.Or(r.role, p.Role), cmp.Or(r.status, p.Status)
	return p, !r.gone && (in || r.everywhere)
}

func (e *People) target() []model.Participant {
	out := []model.Participant{}
	for _, r := range e.rows {
		if p, in := r.becomes(0); in {
			out = append(out, p)
		}
	}
	return out
}

// changes lists the conversations in which somebody changes.
func (e *People) changes(r person) []int {
	if !r.gone && !r.everywhere && r.role == "" && r.status == "" {
		return nil
	}
	return slices.DeleteFunc(e.all(r.account), func(i int) bool {
		was, had := r.In[i]
		now, has := r.becomes(i)
		return had == has && (!had || was.Role == now.Role && was.Status == now.Status)
	})
}

func (e *People) touched() map[int]bool {
	out := map[int]bool{}
	for _, r := range e.rows {
		for _, i := range e.changes(r) {
			out[i] = true
		}
	}
	return out
}

func (e *People) changed() bool { return len(e.touched()) > 0 }

// Changes returns what the person asked for, of several conversations what of each
// person in which of them, beside what they were looking at.
func (e *People) Changes() (out []model.Change) {
	switch {
	case !e.changed():
		return nil
	case !e.several:
		base := e.base(0)
		return []model.Change{{Kind: e.kind, Op: model.OpSet, Target: model.PeopleValue(e.target()), Base: &base}}
	}
	ask := func(op model.ChangeOp, p model.Participant, where []int) {
		bases := map[model.Ref]model.Value{}
		for _, i := range where {
			bases[e.of[i].Ref] = e.base(i)
		}
		if len(where) > 0 {
			out = append(out, model.Change{Kind: e.kind, Op: op, People: []model.Participant{p}, BaseByRef: bases})
		}
	}
	for _, r := range e.rows {
		given := r.Participant
		given.Role, given.Status = r.role, r.status
		has := slices.Sorted(maps.Keys(r.In))
		switch {
		case r.gone:
			ask(model.OpRemove, r.Participant, has)
			continue
		case r.role != "" || r.status != "":
			ask(model.OpAlter, given, has)
		}
		if r.everywhere {
			given.Role, given.Status = r.terms()
			ask(model.OpAdd, given, e.missing(r))
		}
	}
	return out
}
