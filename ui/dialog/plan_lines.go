package dialog

import (
	"cmp"
	"slices"
	"strings"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// fill makes the lines of the plan, in the order of what a person has to know.
func (d *Plan) fill() {
	extra, remarks := &fold{text: d.extra}, &fold{text: d.remarks}
	if !d.Bulk() {
		d.folds = []*fold{{text: d.single}, extra, remarks}
		return
	}
	for c, lines := range d.lines {
		if class(c) == each {
			d.folds = append(d.folds, extra)
		}
		for _, l := range lines {
			l.n, l.open = len(l.items), l.class == each
			l.words = func(i int) string { return d.items[l.items[i]].Title }
			l.row = func(p *theme.Page, i int) { d.item(p, l, l.items[i]) }
			if l.class != each || l.n > 1 {
				l.head = func(p *theme.Page) { d.head(p, l) }
			}
			d.folds = append(d.folds, &l.fold)
		}
	}
	d.folds = append(d.folds, remarks)
}

func (d *Plan) head(p *theme.Page, l *line) {
	look, n, says := theme.Text, l.left, ""
	switch l.class {
	case alike:
		var phrases []string
		for _, e := range d.items[l.items[0]].Edits {
			phrases = append(phrases, p.Phrase(e))
		}
		says = strings.Join(phrases, "; ")
	case risky:
		look, says = riskLook(l), "! "+theme.Pick(l.own, "Other risks", sentence(model.CleanLine(l.says, 0)))
	case outsiders:
		says, n = d.fromOutside(l.left), 0
	case already:
		look, says = theme.Dim, cmp.Or(d.Already, "already so")
	case blocked:
		look, says = theme.Dim, "can't: "+theme.Pick(l.own, "for other reasons", model.CleanLine(l.says, 0))
	case hidden:
		look, says, n = theme.Warning, d.outOfSight(l), 0
	case each:
		says = d.kinds(l) + ", one by one"
	}
	headed(p, look, says, d.tail(l), n, &l.fold)
}

func riskLook(l *line) theme.Token { return theme.Pick(l.twice, theme.Error, theme.Warning) }

// tail says of what changes in a line which accounts it is in, and how much was left out.
func (d *Plan) tail(l *line) string {
	var out []string
	names, n := theme.Counted(func(yield func(string) bool) {
		for _, i := range l.items {
			if d.accounts > 1 && (l.class == alike || l.class == each) && !d.out[i] && !yield(d.items[i].Ref.Account) {
				return
			}
		}
	})
	for i, name := range names {
		out = append(out, model.CleanLine(name, 40)+theme.Pick(len(names) > 1, " "+theme.Number(n[i]), ""))
	}
	if l.class == hidden && d.canLeaveHidden() && l.left > 0 {
		out = append(out, d.Keys.Of(keymap.LeaveHidden)+" leaves them out")
	} else if n := len(l.items) - l.left; n > 0 && l.left > 0 {
		out = append(out, theme.Number(n)+" left out")
	}
	return strings.Join(out, ", ")
}

func (d *Plan) outOfSight(l *line) string {
	switch l.left {
	case 0:
		return theme.Number(len(l.items)) + " hidden by the filter, left out"
	case d.changes:
		return "all of them are hidden by the filter"
	}
	return theme.Number(l.left) + " of the " + theme.Number(d.changes) + theme.Pick(l.left == 1, " is", " are") + " hidden by the filter"
}

func (d *Plan) fromOutside(n int) string {
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

func (d *Plan) kinds(l *line) string {
	var out []string
	for _, i := range l.first() {
		for _, e := range d.items[i].Edits {
			if name := e.Kind.Words(); !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return strings.Join(out, ", ")
}

// item draws a conversation of a line, and what the line does not say of it.
func (d *Plan) item(p *theme.Page, l *line, i int32) {
	it, look := &d.items[i], theme.Text
	var marks []string
	if d.out[i] {
		look, marks = theme.Disabled, []string{"left out"}
	} else if it.Hidden && l.class != hidden {
		marks = []string{"hidden"}
	}
	// The account, the time and the people tell it from others of its title.
	info := []string{model.CleanLine(it.Ref.Account, 40), theme.When(it.Updated, d.Now()), model.CleanLine(it.People, 60)}
	info = slices.DeleteFunc(append(marks, info...), func(s string) bool { return s == "" })
	about, title := strings.Join(info, " "+p.Separator+" "), theme.TitleOf(it.Title, it.Ref, 200)
	if room := p.W - 2; room >= 50 {
		forAbout := room * 2 / 5
		title = d.say(look, p.Fit(title, room-forAbout-2, p.Ellipsis))
		p.Line("  " + title + "  " + p.Paint(theme.Dim, about, forAbout))
	} else {
		p.Line("  " + d.say(look, p.Truncate(title, max(1, room), p.Ellipsis)))
		if d.titles[it.Title] > 1 || len(marks) > 0 {
			p.Add(theme.Dim, "    ", about)
		}
	}
	if !l.own {
		return
	}
	if it.Reason != "" {
		p.Add(theme.Dim, "    ", sentence(model.CleanLine(it.Reason, 0)))
	}
	if l.class == each {
		edits(p, it, "    ")
		return
	}
	for _, r := range it.Risks {
		p.Add(theme.Warning, "    ", "! "+sentence(model.CleanLine(r.Text, 0)))
	}
}

func (d *Plan) single(p *theme.Page) {
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
		p.Add(theme.Dim, "  ", sentence(model.CleanLine(it.Reason, 0)))
	}
	edits(p, &it, "  ")
	if len(d.lines[risky]) > 0 {
		p.Line("")
	}
	if it.Audience != nil {
		for i, text := range it.Audience.Lines() {
			p.Add([]theme.Token{theme.Text, theme.Warning, theme.Dim}[i], "", model.CleanLine(text, 0))
		}
	}
	for _, l := range d.lines[risky] {
		if it.Audience == nil || !l.exposes {
			p.Add(riskLook(l), "", "! "+sentence(model.CleanLine(l.says, 0)))
		}
	}
}

func (d *Plan) extra(p *theme.Page) {
	if len(d.Extra) > 0 && len(d.items) == 1 {
		p.Line("")
	}
	for _, e := range d.Extra {
		p.Add(theme.Text, "", model.CleanLine(e, 0))
	}
}

func (d *Plan) remarks(p *theme.Page) {
	if len(d.notes) > 0 && !d.Bulk() {
		p.Line("")
	}
	for _, n := range d.notes {
		p.Add(theme.Dim, "", "Note: "+sentence(model.CleanLine(n, 0)))
	}
}

// edits says what the edits of an item are, of a set of people in a line each.
func edits(p *theme.Page, it *model.PlanItem, indent string) {
	for _, e := range it.Edits {
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
		for i, q := range diff.Altered {
			p.Add(theme.Text, indent, "~ "+p.PeopleChange([]model.Participant{diff.Was[i]}, []model.Participant{q}))
		}
	}
}
