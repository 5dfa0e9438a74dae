package providers

import (
	"cmp"
	"slices"

	"confab/model"
)

type request struct {
	write *Write
	phase phase
	parts []part
}

type part struct {
	edit int
	Step
}

func (r request) edits(all []model.Edit) []model.Edit {
	out := make([]model.Edit, len(r.parts))
	for i, p := range r.parts {
		out[i] = all[p.edit]
	}
	return out
}

type phase int

const (
	phaseNarrow phase = iota // and what does neither
	phaseFirst               // the first write that widens, with what does neither in it
	phaseWiden
	phaseEnd
)

// arrange puts steps into the fewest requests that have what narrows first and what widens after everything else: no moment
// in between shows a conversation to more people than before and after, and whatever goes wrong is known before anything
// widens. What does neither travels with what narrows, or else in the first request that widens; what ends goes last.
func arrange(parts []part) (out []request) {
	has := func(w *Write, d Direction) bool {
		return slices.ContainsFunc(parts, func(p part) bool { return p.Write == w && p.Direction == d })
	}
	var first *Write // the widening request that takes neutral steps along
	for _, p := range parts {
		if first == nil && p.Direction == Neutral && has(p.Write, Widens) && !has(p.Write, Narrows) {
			first = p.Write
		}
	}
	phaseOf := func(p part) phase {
		switch {
		case p.Direction == Ends:
			return phaseEnd
		case p.Write == first && p.Direction != Narrows:
			return phaseFirst
		case p.Direction == Widens:
			return phaseWiden
		}
		return phaseNarrow
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(phaseOf(a), phaseOf(b)), cmp.Compare(a.Direction, b.Direction))
	})
	for _, p := range parts {
		i := slices.IndexFunc(out, func(r request) bool { return r.write == p.Write && r.phase == phaseOf(p) })
		if i < 0 {
			i, out = len(out), append(out, request{write: p.Write, phase: phaseOf(p)})
		}
		out[i].parts = append(out[i].parts, p)
	}
	for _, r := range out {
		slices.SortStableFunc(r.parts, func(a, b part) int { return cmp.Compare(a.edit, b.edit) })
	}
	return out
}
