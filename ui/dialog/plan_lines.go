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
			l.row = func(i, w int) []string { return d.item(l, l.items[i], w) }
			if l.class != each || l.n > 1 {
				l.head = func(w int) []string { return d.head(l, w) }
			}
			d.folds = append(d.folds, &l.fold)
		}
	}
	d.folds = append(d.folds, remarks)
}

func (d *Plan) head(l *line, w int) []string {
	look, n, says := theme.Text, l.left, ""
	switch l.class {
	case alike:
		var phrases []string
		for _, e := range d.items[l.items[0]].Edits {
			phrases = append(phrases, d.th.Phrase(e))
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
	return d.headed(look, says, d.tail(l), n, &l.fold, w)
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
func (d *Plan) item(l *line, i int32, w int) []string {
	th, it, look := d.th, &d.items[i], theme.Text
	var out, marks []string
	if d.out[i] {
		look, marks = theme.Disabled, []string{"left out"}
	} else if it.Hidden && l.class != hidden {
		marks = []string{"hidden"}
	}
	// The account, the time and the people tell it from others of its title.
	info := []string{model.CleanLine(it.Ref.Account, 40), theme.When(it.Updated, d.Now()), model.CleanLine(it.People, 60)}
	info = slices.DeleteFunc(append(marks, info...), func(s string) bool { return s == "" })
	about := strings.Join(info, " "+th.Separator+" ")
	if room := w - 2; room >= 50 {
		forAbout := room * 2 / 5
		title := d.say(look, th.Fit(theme.TitleOf(it.Title, it.Ref, 200), room-forAbout-2, th.Ellipsis))
		out = []string{"  " + title + "  " + th.Say(theme.Dim, th.Fit(about, forAbout, th.Ellipsis))}
	} else {
		out = []string{"  " + d.say(look, th.Truncate(theme.TitleOf(it.Title, it.Ref, 200), max(1, room), th.Ellipsis))}
		if d.titles[it.Title] > 1 || len(marks) > 0 {
			out = append(out, th.Wrapped(about, w, theme.Dim, "    ")...)
		}
	}
	if !l.own {
		return out
	}
	if it.Reason != "" {
		out = append(out, th.Wrapped(sentence(model.CleanLine(it.Reason, 0)), w, theme.Dim, "    ")...)
	}
	if l.class == each {
		return append(out, d.edits(it, w, "    ")...)
	}
	for _, r := range it.Risks {
		out = append(out, th.Wrapped("! "+sentence(model.CleanLine(r.Text, 0)), w, theme.Warning, "    ")...)
	}
	return out
}

func (d *Plan) single(w int) []string {
	it, ok := d.First()
	if !ok {
		return nil
	}
	th := d.th
	title := theme.TitleOf(it.Title, it.Ref, 200)
	out := []string{th.Bullet + " " + th.Say(theme.Heading, th.Truncate(title, max(1, w-2), th.Ellipsis))}
	say := func(look theme.Token, text, indent string) { out = append(out, th.Wrapped(text, w, look, indent)...) }
	if it.Hidden {
		say(theme.Warning, "It is hidden by the filter.", "  ")
	}
	if it.Reason != "" {
		say(theme.Dim, sentence(model.CleanLine(it.Reason, 0)), "  ")
	}
	out = append(out, d.edits(&it, w, "  ")...)
	if len(d.lines[risky]) > 0 {
		out = append(out, "")
	}
	if it.Seen != nil {
		for i, text := range it.Seen.Lines() {
			say([]theme.Token{theme.Text, theme.Warning, theme.Dim}[i], model.CleanLine(text, 0), "")
		}
	}
	for _, l := range d.lines[risky] {
		if it.Seen == nil || !l.exposes {
			say(riskLook(l), "! "+sentence(model.CleanLine(l.says, 0)), "")
		}
	}
	return out
}

func (d *Plan) extra(w int) []string {
	return d.texts(w, theme.Text, "", d.Extra, len(d.items) == 1)
}

func (d *Plan) remarks(w int) []string { return d.texts(w, theme.Dim, "Note: ", d.notes, !d.Bulk()) }

func (d *Plan) texts(w int, look theme.Token, lead string, texts []string, apart bool) []string {
	var out []string
	if apart && len(texts) > 0 {
		out = append(out, "")
	}
	for _, text := range texts {
		if text = model.CleanLine(text, 0); lead != "" {
			text = lead + sentence(text)
		}
		out = append(out, d.th.Wrapped(text, w, look, "")...)
	}
	return out
}

// edits says what the edits of an item are, of a set of people in a line each.
func (d *Plan) edits(it *model.PlanItem, w int, indent string) []string {
	var out []string
	say := func(look theme.Token, text string) { out = append(out, d.th.Wrapped(text, w, look, indent)...) }
	for _, e := range it.Edits {
		if e.Base.People == nil || e.Target.People == nil {
			say(theme.Text, d.th.Phrase(e))
			continue
		}
		diff := model.DiffPeople(e.Base.Set(), e.Target.Set())
		say(theme.Dim, e.Kind.Words()+": "+theme.Changed(len(diff.Added), len(diff.Removed), len(diff.Altered), len(diff.Kept)))
		for _, p := range diff.Added {
			say(theme.Added, "+ "+theme.Person(p))
		}
		for _, p := range diff.Removed {
			say(theme.Removed, "- "+theme.Person(p))
		}
		for i, p := range diff.Altered {
			say(theme.Text, "~ "+d.th.PeopleChange([]model.Participant{diff.Was[i]}, []model.Participant{p}))
		}
	}
	return out
}
