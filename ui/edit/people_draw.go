package edit

import (
	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Draw draws the table.
func (e *People) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	foot := []string{e.Keys.Of(keymap.Submit), "review", e.Keys.Of(keymap.AddPerson), "add"}
	if choose, _ := e.choices(); choose != "" {
		foot = append(foot, e.Keys.Of(keymap.RoleNext), choose)
	}
	foot = append(foot, e.Keys.Of(keymap.RemovePerson), "remove", e.Keys.Of(keymap.RevertPerson), "as it was", "esc", "back")
	extra := 0
	if len(e.rooms) > 0 {
		extra = len(e.rooms) + 2
	}
	h := max(8, min(len(e.rows)+2+extra, screen.H-5))
	return th.Frame(screen, e.Title, foot, min(screen.W-2, 96), h, theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		look, text := theme.Dim, "Reading from the service"+th.Ellipsis
		if e.loaded {
			text = e.summary()
		}
		if e.problem != "" {
			look, text = theme.Error, e.problem
		}
		if !e.loaded {
			return th.Wrapped(text, w, look, ""), nil
		}
		var tail []string
		if extra > 0 && h > extra+3 {
			tail = append(tail, "", th.Say(theme.Dim, "Calendar resources: not contacts, left as they are"))
			for _, p := range e.rooms {
				tail = append(tail, "  "+th.Paint(theme.Dim, model.CleanLine(p.Display(), 200), max(0, w-2)))
			}
		}
		out := []string{th.Paint(look, text, w)}
		c := e.columns(th, w)
		for i, end := e.bar.Show(len(e.rows), max(1, h-1-len(tail))); i < end; i++ {
			out = append(out, e.rows[i].draw(th, i == e.bar.At, c))
		}
		if len(e.rows) == 0 {
			text := "nobody yet: a adds somebody"
			if e.several {
				text = "a names somebody to add; x then turns that into a removal"
			}
			out = append(out, th.Paint(theme.Dim, "  "+text, w))
		}
		return append(out, tail...), nil
	})
}

func (r person) draw(th *theme.Theme, selected bool, c columns) string {
	sign, look, word := " ", theme.Text, ""
	switch {
	case r.gone:
		sign, look, word = "-", theme.Removed, "removed"
	case r.was == nil:
		sign, look, word = "+", theme.Added, "added"
	case r.now != *r.was:
		sign, look, word = "~", theme.Warning, "changed"
	}
	nameLook := look
	if selected {
		nameLook = theme.Selected
	}
	line := th.Pointer(selected) + " " + th.Say(look, sign) + " " + th.Paint(nameLook, nameOf(r.now), c.name)
	if c.mail > 0 {
		line += " " + th.Paint(theme.Dim, theme.Mail(r.now), c.mail)
	}
	if c.standing > 0 {
		line += " " + th.Fit(theme.Standing(r.now), c.standing, th.Ellipsis)
	}
	if c.word > 0 {
		line += " " + th.Paint(look, word, c.word)
	}
	return line
}

type columns struct{ name, mail, standing, word int }

// columns shares the width out by what is there: no name is cut where the
// column beside it is empty.
func (e *People) columns(th *theme.Theme, w int) columns {
	var need columns
	for _, r := range e.rows {
		need.name = max(need.name, th.Width(nameOf(r.now)))
		need.mail = max(need.mail, th.Width(theme.Mail(r.now)))
		need.standing = max(need.standing, th.Width(theme.Standing(r.now)))
	}
	var c columns
	c.name = w - 4
	take := func(n int) int {
		n = max(0, min(n, c.name-1-min(need.name, c.name/2)))
		if n > 0 {
			c.name -= n + 1
		}
		return n
	}
	if c.standing = take(min(need.standing, 24)); w >= 68 {
		c.word = take(7) // below that the sign says it
	}
	if w >= 44 {
		c.mail = take(need.mail)
	}
	c.name = max(0, c.name)
	return c
}

// nameOf is what the table calls somebody: with the kind, where it is no person.
func nameOf(p model.Participant) string {
	name := model.CleanLine(p.Display(), 200)
	if p.Kind != "" && p.Kind != model.KindUser && p.Kind != model.KindContact {
		name += " (" + model.CleanLine(p.Kind, 20) + ")"
	}
	return name
}
