package dialog

import (
	"cmp"
	"slices"
	"strings"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/theme"
)

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
			d.folds = append(d.folds, &g.fold)
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
		text, n = d.outsidersText(n), 0
	case already:
		look, text = theme.Dim, cmp.Or(d.Already, "already so")
	case blocked:
		look, text = theme.Dim, "can't: "+theme.Pick(g.ownReasons, "for other reasons", model.CleanLine(g.label, 0))
	case hidden:
		look, text, n = theme.Warning, d.hiddenText(g), 0
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
		names, n := theme.Counted(func(yield func(string) bool) {
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
		out = append(out, d.Keys.Of(keymap.LeaveHidden)+" leaves them out")
	} else if n := len(g.items) - g.included; n > 0 && g.included > 0 {
		out = append(out, theme.Number(n)+" left out")
	}
	return strings.Join(out, ", ")
}

func (d *Plan) hiddenText(g *group) string {
	switch g.included {
	case 0:
		return theme.Number(len(g.items)) + " hidden by the filter, left out"
	case d.changes:
		return "all of them are hidden by the filter"
	}
	verb := theme.Pick(g.included == 1, " is", " are")
	return theme.Number(g.included) + " of the " + theme.Number(d.changes) + verb + " hidden by the filter"
}

func (d *Plan) outsidersText(n int) string {
	switch {
	case n == 0:
		return "those with people from outside are left out"
	case n == 1:
		return "1 of them has people from outside"
	case n == d.changes:
		return "all of them have people from outside"
	}
	return theme.Number(n) + " of them have people from outside"
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
	it, ok := d.First()
	if !ok {
		return
	}
	title := theme.TitleOf(it.Title, it.Ref, 200)
	p.Line(p.Bullet + " " + p.Say(theme.Heading, p.Truncate(title, max(1, p.W-2), p.Ellipsis)))
	if it.Hidden {
		p.Add(theme.Warning, "  ", "It is hidden by the filter.")
	}
	if it.Reason != "" {
		p.Add(theme.Dim, "  ", sentence(it.Reason))
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
		counts := theme.Changed(len(diff.Added), len(diff.Removed), len(diff.Altered), len(diff.Kept))
		p.Add(theme.Dim, indent, e.Kind.Words()+": "+counts)
		for _, q := range diff.Added {
			p.Add(theme.Added, indent, "+ "+theme.Person(q))
		}
		for _, q := range diff.Removed {
			p.Add(theme.Removed, indent, "- "+theme.Person(q))
		}
		for i := range diff.Altered {
			p.Add(theme.Text, indent, "~ "+p.PeopleChange(diff.Was[i:i+1], diff.Altered[i:i+1]))
		}
	}
}
