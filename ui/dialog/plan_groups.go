package dialog

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"

	"confab/model"
	"confab/ui/keymap"
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
	accounts := map[string]bool{}
	for i := range items {
		t.titles[items[i].Title]++
		accounts[items[i].Ref.Account] = true
		digests[i] = digest(seed, items[i].Edits)
		times[digests[i]]++
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
			g.twice, g.exposes = g.twice || r.Twice, g.exposes || r.Kind.Exposes()
			g.several = r == model.SameTitles && !g.ownReasons
		}
		for _, note := range it.Notes {
			if !slices.Contains(t.notes, note) {
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
			g.included += theme.Pick(!t.out[i], 1, 0)
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
	var edits []model.OutboxEntry
	for _, i := range append(some, t.only(mixed).first()...) {
		for _, e := range t.items[i].Edits {
			edits = append(edits, model.OutboxEntry{Edit: e, Title: t.items[i].Title})
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

// addFolds makes the lines of the plan, the most important first.
func (d *Plan) addFolds() {
	extra, notes := &fold{text: d.writeExtra}, &fold{text: d.writeNotes}
	if !d.Bulk() {
		d.folds = []*fold{{text: d.writeSingle}, extra, notes}
		return
	}
	for c, groups := range d.groups {
		if class(c) == mixed {
			d.folds = append(d.folds, extra)
		}
		for _, g := range groups {
			g.n, g.open = len(g.items), g.class == mixed
			g.words = func(i int) string { return d.items[g.items[i]].Title }
			g.row = func(p *theme.Page, i int) { d.writeItem(p, g, g.items[i]) }
			if g.class != mixed || g.n > 1 {
				g.head = func(p *theme.Page) { d.writeHead(p, g) }
			}
			at := theme.Pick(g.changes() && d.changes == 1, 0, len(d.folds)) // the only change stands first
			d.folds = slices.Insert(d.folds, at, &g.fold)
		}
	}
	d.folds = append(d.folds, notes)
}

func (d *Plan) writeHead(p *theme.Page, g *group) {
	look, n, text := theme.Text, g.included, ""
	switch g.class {
	case alike:
		var phrases []string
		for _, e := range d.items[g.items[0]].Edits {
			phrases = append(phrases, p.Phrase(e))
		}
		text = strings.Join(phrases, "; ")
	case risky:
		look, text = riskLook(g), "! "+theme.Pick(g.ownReasons, "Other risks", sentence(g.label))
	case outsiders:
		text, n = d.share(g, "has people from outside", "have people from outside"), 0
	case already:
		look, text = theme.Dim, cmp.Or(d.Already, "already so")
	case blocked:
		look, text = theme.Dim, "can't: "+theme.Pick(g.ownReasons, "for other reasons", model.CleanLine(g.label, 0))
	case hidden:
		look, text, n = theme.Warning, d.share(g, "is hidden by the filter", "are hidden by the filter"), 0
	case mixed:
		text = d.kinds(g) + ", one by one"
	}
	drawHead(p, look, text, d.tail(g), n, &g.fold)
}

func riskLook(g *group) theme.Token { return theme.Pick(g.twice, theme.Error, theme.Warning) }

// tail names the accounts of a group of changes, and how many of its items were left out.
func (d *Plan) tail(g *group) string {
	var out []string
	if d.accounts > 1 && g.changes() {
		names, n := theme.CountEach(func(yield func(string) bool) {
			for _, i := range g.items {
				if !d.out[i] && !yield(d.items[i].Ref.Account) {
					return
				}
			}
		})
		for i, name := range names {
			out = append(out, model.CleanLine(name, 40)+theme.Pick(len(names) > 1, " "+theme.Number(n[i]), ""))
		}
	}
	if g.class == hidden && d.canLeaveHidden() && g.included > 0 {
		out = append(out, d.Keys.Of(keymap.LeaveHidden)+theme.Pick(g.included == 1, " leaves it out", " leaves them out"))
	} else if n := len(g.items) - g.included; n > 0 && g.included > 0 {
		out = append(out, theme.Number(n)+" left out")
	}
	return strings.Join(out, ", ")
}

// share says of how many of the conversations that change something is so.
func (d *Plan) share(g *group, is, are string) string {
	of := theme.Number(g.included) + " of the " + theme.Number(d.changes) + " "
	switch g.included {
	case 0:
		return theme.Number(len(g.items)) + " that " + are + ", left out"
	case d.changes:
		return "all of them " + are
	case 1:
		return of + is
	}
	return of + are
}

func (d *Plan) kinds(g *group) string {
	var out []string
	for _, i := range g.first() {
		for _, e := range d.items[i].Edits {
			if name := e.Kind.Words(); !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return strings.Join(out, ", ")
}

// writeItem writes the row of a conversation, and what the head of its group leaves open.
func (d *Plan) writeItem(p *theme.Page, g *group, i int32) {
	it, look := &d.items[i], theme.Text
	var marks []string
	if d.out[i] {
		look, marks = theme.Disabled, []string{"left out"}
	} else if it.Hidden && g.class != hidden {
		marks = []string{"hidden"}
	}
	// Account, time and people tell apart conversations of the same title.
	info := append(marks, model.CleanLine(it.Ref.Account, 40), theme.When(it.Updated, d.Now()), model.CleanLine(it.People, 60))
	info = slices.DeleteFunc(info, func(s string) bool { return s == "" })
	about, title := strings.Join(info, " "+p.Separator+" "), theme.TitleOf(it.Title, it.Ref, 200)
	if room := p.W - 2; room >= 50 {
		aboutW := room * 2 / 5
		title = d.highlight(look, p.Fit(title, room-aboutW-2, p.Ellipsis))
		p.Line("  " + title + "  " + p.Paint(theme.Dim, about, aboutW))
	} else {
		p.Line("  " + d.highlight(look, p.Truncate(title, max(1, room), p.Ellipsis)))
		if d.titles[it.Title] > 1 || len(marks) > 0 {
			p.Add(theme.Dim, "    ", about)
		}
	}
	if !g.ownReasons {
		return
	}
	if it.Reason != "" {
		p.Add(theme.Dim, "    ", sentence(it.Reason))
	}
	if g.class == mixed {
		writeEdits(p, it.Edits, "    ")
		return
	}
	for _, r := range it.Risks {
		p.Add(theme.Warning, "    ", "! "+sentence(r.Text))
	}
}

// writeSingle writes the plan for one conversation.
func (d *Plan) writeSingle(p *theme.Page) {
	it := d.items[0]
	title := theme.TitleOf(it.Title, it.Ref, 200)
	p.Line(p.Bullet + " " + p.Say(theme.Heading, p.Truncate(title, max(1, p.W-2), p.Ellipsis)))
	if it.Hidden {
		p.Add(theme.Warning, "  ", "It is hidden by the filter.")
	}
	writeEdits(p, it.Edits, "  ")
	if len(d.groups[risky]) > 0 {
		p.Line("")
	}
	if it.Audience != nil {
		for i, text := range it.Audience.Lines() {
			p.Add([]theme.Token{theme.Text, theme.Warning, theme.Dim}[i], "", model.CleanLine(text, 0))
		}
	}
	for _, g := range d.groups[risky] {
		if it.Audience == nil || !g.exposes {
			p.Add(riskLook(g), "", "! "+sentence(g.label))
		}
	}
}

func (d *Plan) writeExtra(p *theme.Page) {
	if len(d.Extra) > 0 && len(d.items) == 1 {
		p.Line("")
	}
	for _, e := range d.Extra {
		p.Add(theme.Text, "", model.CleanLine(e, 0))
	}
}

func (d *Plan) writeNotes(p *theme.Page) {
	if len(d.notes) > 0 && !d.Bulk() {
		p.Line("")
	}
	for _, n := range d.notes {
		p.Add(theme.Dim, "", "Note: "+sentence(n))
	}
}

// writeEdits writes a line for each edit; for a set of people one for each person.
func writeEdits(p *theme.Page, edits []model.Edit, indent string) {
	for _, e := range edits {
		if e.Base.People == nil || e.Target.People == nil {
			p.Add(theme.Text, indent, p.Phrase(e))
			continue
		}
		diff := model.DiffPeople(e.Base.Set(), e.Target.Set())
		name := theme.Naming(e.Base.Set(), e.Target.Set())
		counts := theme.CountChanges(len(diff.Added), len(diff.Removed), len(diff.Altered), len(diff.Kept))
		p.Add(theme.Dim, indent, e.Kind.Words()+": "+counts)
		for _, q := range diff.Added { // of whom there may be namesakes elsewhere
			p.Add(theme.Added, indent, "+ "+theme.Pick(theme.Mail(q) != "", theme.Addressed(q), name(q))+theme.Stands(q))
		}
		for _, q := range diff.Removed {
			p.Add(theme.Removed, indent, "- "+name(q)+theme.Stands(q))
		}
		for i := range diff.Altered {
			p.Add(theme.Text, indent, "~ "+p.Changes(model.Diff{Was: diff.Was[i : i+1], Altered: diff.Altered[i : i+1]}, name))
		}
	}
}
