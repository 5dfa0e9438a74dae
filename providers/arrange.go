package providers

import (
	"cmp"
	"slices"

	"confab/model"
)

// request is one request of a plan, with the steps that travel in it.
type request struct {
	write *Write
	parts []part
}

// part is a step of an edit; the edit is named by its index.
type part struct {
	edit int
	Step
}

// edits gives the edits that a request carries.
func (r request) edits(all []model.Edit) []model.Edit {
	out := make([]model.Edit, len(r.parts))
	for i, p := range r.parts {
		out[i] = all[p.edit]
	}
	return out
}

// arrange puts steps into the fewest requests that have what narrows first and
// what widens after everything else: no moment in between shows a conversation
// to more people than before and after, and whatever goes wrong is known before
// anything widens. What does neither travels with what narrows. With what widens
// it travels only in the first request that does, and what ends goes last.
func arrange(parts []part) []request {
	var out []request
	at := map[*Write]int{} // the latest request of a write
	add := func(p part) {
		i, ok := at[p.Write]
		if !ok {
			i = len(out)
			out = append(out, request{write: p.Write})
			at[p.Write] = i
		}
		out[i].parts = append(out[i].parts, p)
	}
	only := func(d Direction, then func(part)) {
		for _, p := range parts {
			if p.Direction == d {
				then(p)
			}
		}
	}
	only(Narrows, add)
	widening := map[*Write]bool{}
	only(Widens, func(p part) { widening[p.Write] = true })
	var first *Write // the widening request that takes neutral steps along
	only(Neutral, func(p part) {
		if _, narrows := at[p.Write]; !narrows && widening[p.Write] && first == nil {
			first = p.Write
		}
		if p.Write != first {
			add(p)
		}
	})
	clear(at)
	for _, p := range parts {
		if p.Write == first && first != nil && (p.Direction == Neutral || p.Direction == Widens) {
			add(p)
		}
	}
	only(Widens, func(p part) {
		if p.Write != first {
			add(p)
		}
	})
	clear(at)
	only(Ends, add)
	for _, r := range out {
		slices.SortStableFunc(r.parts, func(a, b part) int { return cmp.Compare(a.edit, b.edit) })
	}
	return out
}
