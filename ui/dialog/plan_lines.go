package dialog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// fill makes the lines of the plan, in the order of what a person has to know.
func (d *Plan) fill() {
	if !d.Bulk() {
		d.folds = []*fold{textual(d.single), textual(d.extra), textual(d.remarks)}
		return
	}
	for _, l := range d.same {
		d.unfold(l, theme.Text, func(th *theme.Theme) string { return d.phrases(th, l) })
	}
	for _, l := range d.risks {
		look := theme.Warning
		if l.twice {
			look = theme.Error
		}
		d.unfold(l, look, func(*theme.Theme) string {
			if l.own {
				return "! Other risks"
			}
			return "! " + sentence(model.CleanLine(l.says, 0))
		})
	}
	d.unfold(&d.outsiders, theme.Text, func(*theme.Theme) string { return d.fromOutside() })
	d.unfold(&d.already, theme.Dim, func(*theme.Theme) string { return cmp.Or(d.Already, "already so") })
	for _, l := range d.blocked {
		d.unfold(l, theme.Dim, func(*theme.Theme) string {
			if l.own {
				return "can't: for other reasons"
			}
			return "can't: " + model.CleanLine(l.says, 0)
		})
	}
	d.unfold(&d.hidden, theme.Warning, func(*theme.Theme) string { return d.outOfSight() })
	d.folds = append(d.folds, textual(d.extra))
	d.each.own, d.each.open = true, true
	d.unfold(&d.each, theme.Text, func(*theme.Theme) string { return d.kinds() + ", one by one" })
	if len(d.each.items) == 1 {
		d.each.head = nil
	}
	d.folds = append(d.folds, textual(d.remarks))
}

// unfold makes a line about items open to them.
func (d *Plan) unfold(l *line, look theme.Token, says func(th *theme.Theme) string) {
	if len(l.items) == 0 {
		return
	}
	changing := slices.Contains(d.about(), l)
	l.n = len(l.items)
	l.words = func(i int) string { return d.items[l.items[i]].Title }
	l.head = func(th *theme.Theme, w int) []string {
		n, tail := l.n, ""
		if changing {
			n, tail = l.left, d.tail(l)
		}
		if l == &d.hidden || l == &d.outsiders {
			n = 0 // it is in the text
		}
		return headed(th, look, says(th), tail, n, &l.fold, w)
	}
	l.row = func(th *theme.Theme, i, w int) []string { return d.item(th, l, i, w) }
	d.folds = append(d.folds, &l.fold)
}

// tail says of what changes in a line which accounts it is in, and how much was left out.
func (d *Plan) tail(l *line) string {
	var out []string
	if slices.Contains(d.same, l) || l == &d.each {
		all := d.perAccount(l)
		for _, a := range all {
			name := model.CleanLine(a.name, 40)
			if len(all) > 1 {
				name += " " + theme.Number(a.n)
			}
			out = append(out, name)
		}
	}
	if l == &d.hidden && d.canLeaveHidden() && l.left > 0 {
		out = append(out, d.Keys.Of(keymap.LeaveHidden)+" leaves them out")
	} else if n := len(l.items) - l.left; n > 0 && l.left > 0 {
		out = append(out, theme.Number(n)+" left out")
	}
	return strings.Join(out, ", ")
}

func (d *Plan) outOfSight() string {
	n := d.hidden.left
	switch {
	case n == 0:
		return theme.Number(len(d.hidden.items)) + " hidden by the filter, left out"
	case n == d.changes:
		return "all of them are hidden by the filter"
	}
	return theme.Number(n) + " of the " + theme.Number(d.changes) + " " + are(n) + " hidden by the filter"
}

func (d *Plan) fromOutside() string {
	switch n := d.outsiders.left; {
	case n == 0:
		return "those with people from outside are left out"
	case n == d.changes && n > 1:
		return "all of them have people from outside"
	case n == 1:
		return "1 of them has people from outside"
	default:
		return theme.Number(n) + " of them have people from outside"
	}
}

// phrases says what the changes of a line are.
func (d *Plan) phrases(th *theme.Theme, l *line) string {
	var out []string
	for _, e := range d.items[l.items[0]].Edits {
		out = append(out, th.Phrase(e))
	}
	return strings.Join(out, "; ")
}

// kinds names what changes where each change differs.
func (d *Plan) kinds() string {
	var out []string
	for _, i := range d.each.items[:min(len(d.each.items), linesAtMost)] {
		for _, e := range d.items[i].Edits {
			if name := e.Kind.Words(); !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return strings.Join(out, ", ")
}

// item draws a conversation of a line, and what the line does not say of it.
func (d *Plan) item(th *theme.Theme, l *line, i, w int) []string {
	it := &d.items[l.items[i]]
	look := theme.Text
	title := titleOf(it.Title, it.Ref)
	var marks []string
	if d.out[l.items[i]] {
		look = theme.Disabled
		marks = append(marks, "left out")
	} else if it.Hidden && l != &d.hidden {
		marks = append(marks, "hidden")
	}
	info := strings.Join(append(marks, apart(*it, d.Now())...), " "+th.Separator+" ")
	var out []string
	if room := w - 2; room >= 50 {
		forInfo := room * 2 / 5
		line := d.say(th, look, th.Fit(title, room-forInfo-2, th.Ellipsis))
		out = []string{"  " + line + "  " + th.Say(theme.Dim, th.Fit(info, forInfo, th.Ellipsis))}
	} else {
		out = []string{"  " + d.say(th, look, th.Truncate(title, max(1, room), th.Ellipsis))}
		if d.titles[it.Title] > 1 || len(marks) > 0 {
			out = append(out, th.Wrapped(info, w, theme.Dim, "    ")...)
		}
	}
	if !l.own {
		return out
	}
	if it.Reason != "" {
		out = append(out, th.Wrapped(sentence(model.CleanLine(it.Reason, 0)), w, theme.Dim, "    ")...)
	}
	if l != &d.each {
		for _, r := range it.Risks {
			out = append(out, th.Wrapped("! "+sentence(model.CleanLine(r.Text, 0)), w, theme.Warning, "    ")...)
		}
		return out
	}
	for _, e := range it.Edits {
		out = append(out, edit(th, e, w, "    ")...)
	}
	return out
}

// apart tells a conversation from others of its title.
func apart(it model.PlanItem, now time.Time) []string {
	out := []string{model.CleanLine(it.Ref.Account, 40)}
	if when := theme.When(it.Updated, now); !it.Updated.IsZero() {
		out = append(out, when)
	}
	if it.People != "" {
		out = append(out, model.CleanLine(it.People, 60))
	}
	return out
}

// single is what a plan of one conversation says.
func (d *Plan) single(th *theme.Theme, w int) []string {
	it, ok := d.First()
	if !ok {
		return nil
	}
	title := titleOf(it.Title, it.Ref)
	out := []string{th.Bullet + " " + th.Say(theme.Heading, th.Truncate(title, max(1, w-2), th.Ellipsis))}
	if it.Hidden {
		out = append(out, th.Wrapped("It is hidden by the filter.", w, theme.Warning, "  ")...)
	}
	if it.Reason != "" {
		out = append(out, th.Wrapped(sentence(model.CleanLine(it.Reason, 0)), w, theme.Dim, "  ")...)
	}
	for _, e := range it.Edits {
		out = append(out, edit(th, e, w, "  ")...)
	}
	if len(d.risks) > 0 {
		out = append(out, "")
	}
	if it.Seen != nil {
		for i, text := range it.Seen.Lines() {
			look := []theme.Token{theme.Text, theme.Warning, theme.Dim}[i]
			out = append(out, th.Wrapped(model.CleanLine(text, 0), w, look, "")...)
		}
	}
	for _, l := range d.risks {
		if it.Seen != nil && l.exposes {
			continue
		}
		look := theme.Warning
		if l.twice {
			look = theme.Error
		}
		out = append(out, th.Wrapped("! "+sentence(model.CleanLine(l.says, 0)), w, look, "")...)
	}
	return out
}

func (d *Plan) extra(th *theme.Theme, w int) []string {
	var out []string
	if len(d.Extra) > 0 && !d.Bulk() && len(d.items) > 0 {
		out = append(out, "")
	}
	for _, e := range d.Extra {
		out = append(out, th.Wrapped(model.CleanLine(e, 0), w, theme.Text, "")...)
	}
	return out
}

func (d *Plan) remarks(th *theme.Theme, w int) []string {
	var out []string
	if len(d.notes) > 0 && !d.Bulk() {
		out = append(out, "")
	}
	for _, n := range d.notes {
		out = append(out, th.Wrapped("Note: "+sentence(model.CleanLine(n, 0)), w, theme.Dim, "")...)
	}
	return out
}

func edit(th *theme.Theme, e model.Edit, w int, indent string) []string {
	if e.Base.People == nil || e.Target.People == nil {
		return th.Wrapped(th.Phrase(e), w, theme.Text, indent)
	}
	diff := model.DiffPeople(e.Base.Set(), e.Target.Set())
	var counts []string
	for _, c := range []struct {
		n    int
		word string
	}{{len(diff.Added), "added"}, {len(diff.Removed), "removed"}, {len(diff.Altered), "changed"}, {len(diff.Kept), "kept"}} {
		if c.n > 0 {
			counts = append(counts, theme.Number(c.n)+" "+c.word)
		}
	}
	out := th.Wrapped(fmt.Sprintf("%s: %s", e.Kind.Words(), strings.Join(counts, ", ")), w, theme.Dim, indent)
	for _, p := range diff.Added {
		out = append(out, th.Wrapped("+ "+th.PeopleLine([]model.Participant{p}), w, theme.Added, indent)...)
	}
	for _, p := range diff.Removed {
		out = append(out, th.Wrapped("- "+th.PeopleLine([]model.Participant{p}), w, theme.Removed, indent)...)
	}
	for i, p := range diff.Altered {
		change := th.PeopleChange([]model.Participant{diff.Was[i]}, []model.Participant{p})
		out = append(out, th.Wrapped("~ "+change, w, theme.Text, indent)...)
	}
	return out
}
