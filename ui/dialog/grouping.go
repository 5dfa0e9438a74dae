package dialog

import (
	"hash/maphash"
	"slices"

	"confab/model"
	"confab/ui/theme"
)

// maxGroups bounds the groups of a class; items beyond share the last one.
const maxGroups = 30

// class is what a group has in common. The groups stand in the order of their classes.
type class int

const (
	alike     class = iota // the changes are identical
	risky                  // a risk
	outsiders              // people from outside take part
	already                // no change is needed
	blocked                // the reason why a change is impossible
	hidden                 // the filter hides the conversation
	mixed                  // changes that few or no other items share
	classes
)

// group holds the items of a plan about which the same is said.
type group struct {
	fold
	class
	label    string
	items    []int32
	included int // the items that were not left out
	// ownReasons makes each row give its own reason: the items differ.
	ownReasons bool
	// For a risk: it asks twice; the sentence about the audience says it already; it counts
	// only while two of its conversations are included.
	twice, exposes, several bool
}

func (g *group) changes() bool { return g.class == alike || g.class == mixed }

func (g *group) first() []int32 { return g.items[:min(len(g.items), maxGroups)] }

// grouping sorts the items of a plan into groups. An item with several risks is in several.
type grouping struct {
	items    []model.PlanItem
	out      []bool // the items that were left out
	groups   [classes][]*group
	byKey    map[[2]any]*group // by class and what tells its groups apart
	notes    []string
	accounts int
	titles   map[string]int32 // how many conversations have a title
	// changes and leftOut count the items that change.
	changes, leftOut int
	sentence         [2]string // what the plan does, before and after the number of conversations
}

func newGrouping(items []model.PlanItem) grouping {
	t := grouping{items: items, out: make([]bool, len(items)), byKey: map[[2]any]*group{}, titles: make(map[string]int32, len(items))}
	seed, digests, times := maphash.MakeSeed(), make([]uint64, len(items)), make(map[uint64]int32, len(items))
	accounts, notes := map[string]bool{}, map[string]bool{}
	for i := range items {
		t.titles[items[i].Title]++
		accounts[items[i].Ref.Account] = true
		if items[i].State == model.PlanChange {
			digests[i] = digest(seed, items[i].Edits)
			times[digests[i]]++
		}
	}
	t.accounts = len(accounts)
	for i := range items {
		it := &items[i]
		switch it.State {
		case model.PlanAlready:
			t.add(i, already, nil, "")
			continue
		case model.PlanBlocked:
			t.add(i, blocked, it.Reason, it.Reason)
			continue
		}
		full := len(t.groups[alike]) == maxGroups && t.byKey[[2]any{alike, digests[i]}] == nil
		if times[digests[i]] < 2 || full {
			t.add(i, mixed, nil, "").ownReasons = true
		} else {
			t.add(i, alike, digests[i], "")
		}
		if it.Hidden {
			t.add(i, hidden, nil, "")
		}
		if it.Outsiders {
			t.add(i, outsiders, nil, "")
		}
		for _, r := range it.Risks {
			g := t.add(i, risky, r, r.Text)
			g.twice, g.exposes, g.several = g.twice || r.Twice, g.exposes || r.Kind.Exposes(), r == model.SameTitles
		}
		for _, note := range it.Notes {
			if !notes[note] {
				notes[note] = true
				t.notes = append(t.notes, note)
			}
		}
	}
	t.recount()
	return t
}

// digest returns a number that identical edits share.
func digest(seed maphash.Seed, edits []model.Edit) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, e := range edits {
		maphash.WriteComparable(&h, [2]string{string(e.Kind), e.Key})
		if e.Base.People == nil || e.Target.People == nil {
			maphash.WriteComparable(&h, [2]string{e.Base.String(), e.Target.String()})
			continue
		}
		d := model.DiffPeople(e.Base.Set(), e.Target.Set())
		for i, people := range [][]model.Participant{d.Added, d.Removed, d.Was, d.Altered} {
			maphash.WriteComparable(&h, i)
			for _, p := range people {
				maphash.WriteComparable(&h, [4]string{p.Display(), p.Email, p.Role, p.Status})
			}
		}
	}
	return h.Sum64()
}

// add puts an item into the group of a class and a key, which it makes if need be.
func (t *grouping) add(item int, c class, key any, label string) *group {
	id, groups := [2]any{c, key}, t.groups[c]
	g := t.byKey[id]
	if g == nil && len(groups) == maxGroups {
		g = groups[maxGroups-1]
		g.ownReasons = true
	} else if g == nil {
		g = &group{class: c, label: label}
		t.groups[c] = append(groups, g)
	}
	t.byKey[id] = g
	if n := len(g.items); n == 0 || g.items[n-1] != int32(item) {
		g.items = append(g.items, int32(item))
	}
	return g
}

func (t *grouping) all() []*group { return slices.Concat(t.groups[:]...) }

// only returns the group of a class that has at most one, an empty group if it has none.
func (t *grouping) only(c class) *group {
	if len(t.groups[c]) == 0 {
		return &group{}
	}
	return t.groups[c][0]
}

func (t *grouping) recount() {
	t.changes, t.leftOut = 0, 0
	for _, g := range t.all() {
		g.included = 0
		for _, i := range g.items {
			g.included += b(!t.out[i])
		}
		if g.changes() {
			t.changes += g.included
			t.leftOut += len(g.items) - g.included
		}
		if g.several && g.included < 2 {
			g.included = 0
		}
	}
}

// toggleLeftOut leaves items out, or includes them again if all of them are left out.
func (t *grouping) toggleLeftOut(items []int32) {
	out := t.anyIncluded(items)
	for _, i := range items {
		t.out[i] = out
	}
	t.recount()
}

func (t *grouping) anyIncluded(items []int32) bool {
	return slices.ContainsFunc(items, func(i int32) bool { return !t.out[i] })
}

// hasRisk reports whether an included item has a risk, or with twice one that asks twice.
func (t *grouping) hasRisk(twice bool) bool {
	return slices.ContainsFunc(t.groups[risky], func(g *group) bool { return g.included > 0 && (g.twice || !twice) })
}

// order words the whole plan from some of its edits, around the number of conversations.
func (t *grouping) order() (sentence [2]string) {
	var some []int32
	for _, g := range t.groups[alike] {
		some = append(some, g.items[0])
	}
	var edits []model.Titled
	for _, i := range append(some, t.only(mixed).first()...) {
		for _, e := range t.items[i].Edits {
			edits = append(edits, model.Titled{Edit: e, Title: t.items[i].Title})
		}
	}
	if len(edits) > 0 {
		sentence = model.Imperative(edits)
	}
	return sentence
}

// title describes a plan for several conversations with their number as it is now; "" for a
// plan that changes nothing or has a title of its own.
func (t *grouping) title() string {
	if t.sentence == [2]string{} || t.changes == 0 || len(t.items) == 1 {
		return ""
	}
	return capital(t.sentence[0] + theme.Number(t.changes) + t.sentence[1])
}
