package edit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

func (e *People) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	notes, tail := e.notes(), 0
	if e.several || len(e.rooms) > 0 {
		tail = 2 + theme.Pick(e.several, 0, len(e.rooms))
	}
	h := max(8, min(len(e.rows)+2+len(notes)+tail, screen.H-5))
	return th.Frame(screen, e.Title, e.foot(), min(screen.W-2, 96), h, theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		if !e.loaded {
			return th.Write(w, e.waiting), nil
		}
		look := theme.Pick(e.problem == "", theme.Dim, theme.Error)
		out := []string{th.Paint(look, cmp.Or(e.problem, e.summary()), w)}
		for _, n := range notes {
			out = append(out, th.Paint(theme.Warning, n, w))
		}
		if h < len(out)+tail+min(len(e.rows), 7) {
			tail = 0
		}
		cells, width := e.table(th, w)
		for i, end := e.bar.Show(len(e.rows), max(1, h-len(out)-tail)); i < end; i++ {
			out = append(out, e.draw(th, i, cells[i], width))
		}
		if len(e.rows) == 0 {
			out = append(out, th.Paint(theme.Dim, "  nobody yet: "+e.Keys.Of(keymap.AddPerson)+" adds somebody", w))
		}
		if tail > 0 {
			out = append(th.Block(out, w, h-tail), th.Write(w, e.below)...)
		}
		return out, nil
	})
}

func (e *People) foot() []string {
	r, failed := e.row(), len(e.unread) > 0
	switch {
	case !e.loaded:
		return []string{theme.Pick(failed && len(e.of) > 0, "enter", ""), "go on with the others",
			e.Keys.If(failed, keymap.RoleNext), "read again", "esc", "back"}
	case r == nil:
		return []string{e.Keys.Of(keymap.Submit), "review", e.Keys.Of(keymap.AddPerson), "add", "esc", "back"}
	}
	choose, _ := e.choices(r.account)
	return []string{e.Keys.Of(keymap.Submit), "review",
		e.Keys.If(choose != "", keymap.RoleNext), choose, e.Keys.Of(keymap.AddPerson), "add",
		e.Keys.If(len(e.missing(*r)) > 0 && !r.added(), keymap.AddToOthers), theme.Pick(r.everywhere, "not to the rest", "add to the rest"),
		e.Keys.Of(keymap.RemovePerson), "remove", e.Keys.Of(keymap.RevertPerson), "as it was", "esc", "back"}
}

func (e *People) waiting(p *theme.Page) {
	switch {
	case len(e.unread) == 0:
		p.Add(theme.Dim, "", "Reading from the service"+p.Ellipsis)
		return
	case !e.several:
		p.Add(theme.Error, "", model.Words(e.unread[0].Err))
		return
	}
	p.Add(theme.Error, "", fmt.Sprintf("%s of %s could not be read, so nothing of it is known and nothing is guessed:",
		theme.Number(len(e.unread)), theme.Count(len(e.unread)+len(e.of), "conversation")))
	for _, h := range e.unread {
		p.Add(theme.Text, "", p.Bullet+" "+titleOf(h.Conversation, 60)+": "+model.Words(h.Err))
	}
}

func titleOf(c model.Conversation, most int) string { return theme.TitleOf(c.Title, c.Ref, most) }

// notes say which conversations are left as they are, each reason once.
func (e *People) notes() []string {
	var out []string
	whys, n := theme.Counted(slices.Values(e.off))
	for i, why := range whys {
		out = append(out, theme.Number(n[i])+" can't: "+model.CleanLine(why, 200))
	}
	if n := len(e.unread); n > 0 {
		some := theme.People(e.unread, 3, func(h Held) string { return titleOf(h.Conversation, 40) })
		out = append(out, theme.Number(n)+" left out: "+some)
	}
	return out
}

// What becomes of a row, and how that is shown.
const (
	added = iota
	removed
	altered
	kept
)

var becomings = []struct {
	word, sign string
	look       theme.Token
}{{"added", "+", theme.Added}, {"removed", "-", theme.Removed}, {"changed", "~", theme.Warning}, {"", " ", theme.Text}}

func (e *People) becoming(r person) int {
	switch {
	case r.gone:
		return removed
	case r.added():
		return added
	case len(e.changes(r)) > 0:
		return altered
	}
	return kept
}

func (e *People) summary() string {
	var n [kept + 1]int
	for _, r := range e.rows {
		n[e.becoming(r)]++
	}
	all := theme.Count(len(e.of), "conversation")
	if n[kept] < len(e.rows) {
		change := "; " + theme.Number(len(e.touched())) + " of " + all + " change"
		return theme.Changed(n[added], n[removed], n[altered], n[kept]) + theme.Pick(e.several, change, "")
	}
	who := theme.Pick(e.kind == model.EditContacts, theme.Count(n[kept], "contact"), headcount(n[kept]))
	return who + theme.Pick(e.several, " in "+all, "")
}

func headcount(n int) string { return theme.Number(n) + theme.Pick(n == 1, " person", " people") }

// below tells, under the people of several conversations, in which of them somebody is
// as what; under the contacts of one, its rooms.
func (e *People) below(p *theme.Page) {
	r := e.row()
	switch {
	case !e.several:
		p.Line("", p.Say(theme.Dim, "Calendar resources: not contacts, left as they are"))
		for _, room := range e.rooms {
			p.Line("  " + p.Paint(theme.Dim, model.CleanLine(room.Display(), 200), max(0, p.W-2)))
		}
		return
	case r == nil:
		return
	}
	titles := func(where []int) string {
		if n := len(where); n > 1 && n == len(e.all(r.account)) {
			return "all " + theme.Number(n)
		}
		return theme.People(where, 4, func(i int) string { return titleOf(e.of[i], 40) })
	}
	var out []string
	for _, t := range r.Terms() {
		out = append(out, strings.TrimSpace(theme.Standing(t.Participant)+" in "+titles(t.In)))
	}
	if missing := e.missing(*r); len(missing) > 0 {
		now, _ := r.becomes(missing[0])
		as := theme.Around(" as ", theme.Standing(now), "")
		switch {
		case r.everywhere:
			out = append(out, "to be added to "+titles(missing)+as)
		case !r.gone:
			out = append(out, "not in "+titles(missing)+" ("+e.Keys.Of(keymap.AddToOthers)+" adds them there"+as+")")
		}
	}
	p.Add(theme.Dim, "", strings.Join(out, "; "))
	p.Lines = p.Lines[:min(2, len(p.Lines))]
}

// standing says as what somebody is, and is to be: "1 editor, 2 viewer → editor".
func (r person) standing(th *theme.Theme) string {
	was := theme.Terms(r.Member)
	role, status := r.terms()
	to := theme.Standing(model.Participant{Role: role, Status: status})
	if r.added() || !r.gone && (r.role != "" || r.status != "") && to != was {
		return theme.Around("", was, " "+th.Arrow+" ") + to
	}
	return was
}

// word says in how many conversations somebody is, and what becomes of that.
func (e *People) word(r person, short bool) string {
	n, missing := len(r.In), len(e.missing(r))
	switch {
	case r.gone || !e.several:
		return becomings[e.becoming(r)].word
	case r.added():
		return fmt.Sprintf("new in %d", missing)
	}
	more := theme.Pick(r.everywhere, fmt.Sprintf(" +%d", missing), "")
	return theme.Pick(short, fmt.Sprintf("%d/%d", n, n+missing), e.share(r)) + more
}

// The columns of the table.
const (
	nameColumn = iota
	mailColumn
	accountColumn
	standingColumn
	wordColumn
	columns
)

// table fills the columns, and shares the width out by what is there: no name is cut where
// the column beside it is empty. Who look the same are told apart by their names.
func (e *People) table(th *theme.Theme, w int) (cells [][columns]string, width [columns]int) {
	var need [columns]int
	alike := map[string]int{}
	drawn := func(r person) string { return th.Truncate(nameOf(r.Participant), 60, "") }
	for _, r := range e.rows {
		alike[drawn(r)]++
	}
	for _, r := range e.rows {
		row := [columns]string{nameOf(r.Participant), theme.Mail(r.Participant), r.account, r.standing(th), e.word(r, w < 60)}
		if alike[drawn(r)] > 1 {
			row[nameColumn] += " " + model.CleanLine(cmp.Or(r.Email, r.Identifier, r.ID), 80)
		}
		for i, text := range row {
			need[i] = max(need[i], th.Width(text))
		}
		cells = append(cells, row)
	}
	room := w - 4
	for _, c := range []struct{ column, from, most int }{
		{wordColumn, theme.Pick(e.several, 0, 68), w}, // else the sign says it
		{standingColumn, 0, 36}, {accountColumn, 44, theme.Pick(len(e.about) > 1, 16, 0)}, {mailColumn, 44, w},
	} {
		n := min(c.most, need[c.column], room-1-min(need[nameColumn], room/2))
		if n > 0 && w >= c.from {
			width[c.column] = n
			room -= n + 1
		}
	}
	if spare := room - need[nameColumn]; spare > 0 && width[mailColumn] > 0 { // an address stands by its name
		room -= spare
		width[mailColumn] += spare
	}
	width[nameColumn] = max(0, room)
	return cells, width
}

func (e *People) draw(th *theme.Theme, i int, cells [columns]string, width [columns]int) string {
	r := e.rows[i]
	as := becomings[e.becoming(r)]
	if width[mailColumn] > 0 && r.Email != "" {
		cells[nameColumn] = nameOf(r.Participant) // the address tells who it is
	}
	standing := cells[standingColumn]
	if i := strings.LastIndex(standing, th.Arrow); i > 0 && th.Width(standing) > width[standingColumn] {
		cells[standingColumn] = standing[i:] // what it will be matters most
	}
	line := th.Pointer(i == e.bar.At) + " " + th.Say(as.look, as.sign)
	for c, look := range []theme.Token{theme.Pick(i == e.bar.At, theme.Selected, as.look), theme.Dim, theme.Dim, theme.Text, as.look} {
		text := th.Fit(cells[c], width[c], th.Ellipsis)
		switch {
		case c == standingColumn && width[c] > 0:
			line += " " + text
		case c == nameColumn || width[c] > 0:
			line += " " + th.Say(look, text)
		}
	}
	return line
}

// nameOf is what somebody is called: with the kind, where it is no person, and the size
// of a group.
func nameOf(p model.Participant) string {
	name, size := model.CleanLine(p.Display(), 200), ""
	if p.Members > 0 {
		size = ", " + headcount(p.Members)
	}
	return name + theme.Pick(isPerson(p), "", " ("+model.CleanLine(p.Kind, 20)+size+")")
}
