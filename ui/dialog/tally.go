package dialog

import (
	"slices"
	"strings"

	"confab/model"
	"confab/ui/theme"
)

// tally is what is said of a plan as a whole, counted once.
type tally struct {
	counts   map[model.PlanState]int
	accounts []accountCount // of what changes, in the order of the plan
	risks    []model.Risk
	notes    []string
	hidden   int // of what changes
	twice    bool
	// shown are the items in the order in which they are drawn.
	shown []int32
}

type accountCount struct {
	name string
	n    int
}

// groups are the parts of a plan, and what stands above them.
var groups = []struct {
	state model.PlanState
	head  string
}{{model.PlanChange, "Changes"}, {model.PlanBlocked, "Can't be done"}, {model.PlanAlready, "Already so"}}

// count counts a plan, with or without what is out of sight.
func count(items []model.PlanItem, withHidden bool) *tally {
	t := &tally{counts: map[model.PlanState]int{}}
	at := map[string]int{}
	risks, notes := map[model.Risk]bool{}, map[string]bool{}
	for i := range items {
		it := &items[i]
		if it.Hidden && !withHidden {
			continue
		}
		t.counts[it.State]++
		if it.State != model.PlanChange {
			continue
		}
		if it.Hidden {
			t.hidden++
		}
		if _, ok := at[it.Ref.Account]; !ok {
			at[it.Ref.Account] = len(t.accounts)
			t.accounts = append(t.accounts, accountCount{name: it.Ref.Account})
		}
		t.accounts[at[it.Ref.Account]].n++
		for _, r := range it.Risks {
			if !risks[r] {
				risks[r] = true
				t.risks = append(t.risks, r)
			}
		}
		for _, n := range it.Notes {
			if !notes[n] {
				notes[n] = true
				t.notes = append(t.notes, n)
			}
		}
	}
	if t.counts[model.PlanChange] < 2 { // the others were left out
		t.risks = slices.DeleteFunc(t.risks, func(r model.Risk) bool { return r == model.SameTitles })
	}
	t.twice = slices.ContainsFunc(t.risks, func(r model.Risk) bool { return r.Twice })
	for _, g := range groups {
		for i := range items {
			if items[i].State == g.state && (withHidden || !items[i].Hidden) {
				t.shown = append(t.shown, int32(i))
			}
		}
	}
	return t
}

// size returns how many items there are.
func (t *tally) size() int { return len(t.shown) }

// perAccount says how many change in which account, "" where there is one.
func (t *tally) perAccount() string {
	if len(t.accounts) < 2 {
		return ""
	}
	out := make([]string, len(t.accounts))
	for i, a := range t.accounts {
		out[i] = a.name + " " + theme.Number(a.n)
	}
	return strings.Join(out, ", ")
}
