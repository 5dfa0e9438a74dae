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
	return th.Frame(screen, e.Title, e.footer(), min(screen.W-2, 96), h, theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		if !e.loaded {
			return th.Write(w, e.writeWaiting), nil
		}
		look := theme.Pick(e.problem == "", theme.Dim, theme.Error)
		out := []string{th.Paint(look, cmp.Or(e.problem, e.summary()), w)}
		for _, n := range notes {
			out = append(out, th.Paint(theme.Warning, n, w))
		}
		if h < len(out)+tail+min(len(e.rows), 7) {
			tail = 0
		}
		cells, widths := e.table(th, w)
		for i, end := e.bar.Show(len(e.rows), max(1, h-len(out)-tail)); i < end; i++ {
			out = append(out, e.drawRow(th, i, cells[i], widths))
		}
		if len(e.rows) == 0 {
			out = append(out, th.Paint(theme.Dim, "  nobody yet: "+e.Keys.Of(keymap.AddPerson)+" adds somebody", w))
		}
		if tail > 0 {
			out = append(th.Block(out, w, h-tail), th.Write(w, e.writeTail)...)
		}
		return out, nil
	})
}

func (e *People) footer() []string {
	r, failed := e.row(), len(e.unread) > 0
	switch {
	case !e.loaded:
		return []string{theme.Pick(failed && len(e.of) > 0, "enter", ""), "go on with the others",
			e.Keys.If(failed, keymap.RoleNext), "read again", "esc", "back"}
	case r == nil:
		return []string{e.Keys.Of(keymap.Submit), "review", e.Keys.Of(keymap.AddPerson), "add", "esc", "back"}
	}
	what, _ := e.choices(r.account)
	return []string{e.Keys.Of(keymap.Submit), "review",
		e.Keys.If(what != "", keymap.RoleNext), what, e.Keys.Of(keymap.AddPerson), "add",
		e.Keys.If(len(e.missing(*r)) > 0 && !r.added(), keymap.AddToOthers), theme.Pick(r.toAll, "not to the rest", "add to the rest"),
		e.Keys.Of(keymap.RemovePerson), "remove", e.Keys.Of(keymap.RevertPerson), "as it was", "esc", "back"}
}

func (e *People) writeWaiting(p *theme.Page) {
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
	for _, r := range e.unread {
		p.Add(theme.Text, "", p.Bullet+" "+titleOf(r.Conversation, 60)+": "+model.Words(r.Err))
	}
}

func titleOf(c model.Conversation, most int) string { return theme.TitleOf(c.Title, c.Ref, most) }

// notes say which conversations are left as they are, each reason once.
func (e *People) notes() []string {
	var out []string
	reasons, n := theme.CountEach(slices.Values(e.reasons))
	for i, why := range reasons {
		out = append(out, theme.Number(n[i])+" can't: "+model.CleanLine(why, 200))
	}
	if n := len(e.unread); n > 0 {
		titles := theme.People(e.unread, 3, func(r LoadResult) string { return titleOf(r.Conversation, 40) })
		out = append(out, theme.Number(n)+" left out: "+titles)
	}
	return out
}

// effect is what the edit does to a row.
type effect int

const (
	added effect = iota
	removed
	altered
	kept
)

var effects = []struct {
	word, sign string
	look       theme.Token
}{{"added", "+", theme.Added}, {"removed", "-", theme.Removed}, {"changed", "~", theme.Warning}, {"", " ", theme.Text}}

func (e *People) effectOf(r person) effect {
	switch {
	case r.removed:
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
		n[e.effectOf(r)]++
	}
	all := theme.Count(len(e.of), "conversation")
	if n[kept] < len(e.rows) {
		change := "; " + theme.Number(len(e.changing())) + " of " + all + " change"
		return theme.CountChanges(n[added], n[removed], n[altered], n[kept]) + theme.Pick(e.several, change, "")
	}
	who := theme.Pick(e.kind == model.EditContacts, theme.Count(n[kept], "contact"), headcount(n[kept]))
	return who + theme.Pick(e.several, " in "+all, "")
}

func headcount(n int) string { return theme.Number(n) + theme.Pick(n == 1, " person", " people") }

// writeTail writes the two lines below the people of several conversations: where the person
// under the cursor is, and with which role. For one conversation it lists its rooms.
func (e *People) writeTail(p *theme.Page) {
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
		after, _ := r.after(missing[0])
		as := theme.Around(" as ", theme.Standing(after), "")
		switch {
		case r.toAll:
			out = append(out, "to be added to "+titles(missing)+as)
		case !r.removed:
			out = append(out, "not in "+titles(missing)+" ("+e.Keys.Of(keymap.AddToOthers)+" adds them there"+as+")")
		}
	}
	p.Add(theme.Dim, "", strings.Join(out, "; "))
	p.Lines = p.Lines[:min(2, len(p.Lines))]
}

// standing says which role and status somebody has and will have: "1 editor, 2 viewer → editor".
func (r person) standing(th *theme.Theme) string {
	before := theme.Terms(r.Member)
	role, status := r.terms()
	after := theme.Standing(model.Participant{Role: role, Status: status})
	if r.added() || !r.removed && (r.role != "" || r.status != "") && after != before {
		return theme.Around("", before, " "+th.Arrow+" ") + after
	}
	return before
}

// change says what the edit does to a row; for several conversations also in how many of them the person is.
func (e *People) change(r person, short bool) string {
	n, missing := len(r.In), len(e.missing(r))
	switch {
	case r.removed || !e.several:
		return effects[e.effectOf(r)].word
	case r.added():
		return fmt.Sprintf("new in %d", missing)
	}
	more := theme.Pick(r.toAll, fmt.Sprintf(" +%d", missing), "")
	return theme.Pick(short, fmt.Sprintf("%d/%d", n, n+missing), e.share(r)) + more
}

// The columns of the table.
const (
	nameColumn = iota
	mailColumn
	accountColumn
	standingColumn
	changeColumn
	columns
)

// table fills the columns and shares the width out by what they hold: no name is cut while
// the column beside it has room. An id follows those who look the same.
func (e *People) table(th *theme.Theme, w int) (cells [][columns]string, widths [columns]int) {
	var need [columns]int
	narrow := w < 44
	alike := map[string]int{}
	look := func(row *[columns]string) string { // names that differ may look the same in ASCII
		return th.Truncate(row[nameColumn], 60, "") + theme.Around("\n", row[mailColumn], "")
	}
	for _, r := range e.rows {
		row := [columns]string{model.CleanLine(r.Display(), 200), cmp.Or(kindOf(r.Participant), theme.Mail(r.Participant)),
			r.account, r.standing(th), e.change(r, w < 60)}
		if narrow {
			row[nameColumn], row[mailColumn] = nameOf(r.Participant), ""
		}
		cells = append(cells, row)
		if alike[look(&row)]++; row[mailColumn] != "" {
			alike[look(&[columns]string{row[nameColumn]})]++
		}
	}
	for i, r := range e.rows {
		row := &cells[i]
		if alike[look(row)] > 1 {
			id := model.CleanLine(cmp.Or(theme.Pick(narrow, r.Email, ""), r.Identifier, r.ID), 80)
			into := &row[theme.Pick(narrow, nameColumn, mailColumn)]
			*into = strings.TrimSpace(*into + " " + id)
		}
		for i, text := range row {
			need[i] = max(need[i], th.Width(text)+theme.Pick(i == nameColumn && !narrow, 1, 0))
		}
	}
	room := w - 4
	for _, c := range []struct{ column, minWidth, most int }{ // minWidth of the table
		{changeColumn, theme.Pick(e.several, 0, 68), w}, // below it the sign has to do
		{standingColumn, 0, 36}, {accountColumn, 44, theme.Pick(len(e.about) > 1, 16, 0)}, {mailColumn, 0, w},
	} {
		n := min(c.most, need[c.column], room-1-min(need[nameColumn], room/2))
		if n > 0 && w >= c.minWidth {
			widths[c.column] = n
			room -= n + 1
		}
	}
	if spare := room - need[nameColumn]; spare > 0 && widths[mailColumn] > 0 { // the address stands close to the name
		room -= spare
		widths[mailColumn] += spare
	}
	widths[nameColumn] = max(0, room)
	return cells, widths
}

func (e *People) drawRow(th *theme.Theme, i int, cells [columns]string, widths [columns]int) string {
	r, selected := e.rows[i], i == e.bar.At
	effect := effects[e.effectOf(r)]
	standing := cells[standingColumn]
	if i := strings.LastIndex(standing, th.Arrow); i > 0 && th.Width(standing) > widths[standingColumn] {
		cells[standingColumn] = standing[i:] // the new role matters most
	}
	line := th.Pointer(selected) + " " + th.Say(effect.look, effect.sign)
	for c, look := range []theme.Token{theme.Pick(selected, theme.Selected, effect.look), theme.Dim, theme.Dim, theme.Text, effect.look} {
		text := th.Fit(cells[c], widths[c], th.Ellipsis)
		switch {
		case c == standingColumn && widths[c] > 0:
			line += " " + text
		case c == nameColumn || widths[c] > 0:
			line += " " + th.Say(look, text)
		}
	}
	return line
}

// kindOf returns what a participant is, for a group with its size; "" for a person.
func kindOf(p model.Participant) string {
	if p.Kind == "" || p.Kind == model.KindUser || p.Kind == model.KindContact {
		return ""
	}
	return theme.Commas(model.CleanLine(p.Kind, 20), theme.Pick(p.Members > 0, headcount(p.Members), ""))
}

// nameOf returns the name of a participant, for others than persons with the kind.
func nameOf(p model.Participant) string {
	return model.CleanLine(p.Display(), 200) + theme.Around(" (", kindOf(p), ")")
}
