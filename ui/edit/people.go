package edit

import (
	"encoding/json"
	"fmt"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// People is the table of participants, or of contacts, while it is edited.
type People struct {
	Title string
	// Problem is shown in place of the summary while it is set.
	Problem string
	// Keys names the keys of the footer.
	Keys keymap.Names

	kind  model.EditKind
	about model.Description
	// several says that the changes are for several conversations: what they
	// hold is not shown, only what is to be added and removed.
	several bool

	loaded    bool
	base      []model.Participant
	rows      []person
	resources []model.Participant
	bar       layout.Bar
	// draft was restored before the people were there.
	draft string
}

type person struct {
	now model.Participant
	was *model.Participant
	// gone is set for somebody who is taken out.
	gone bool
}

// NewPeople makes a table that waits for its people, or, for several
// conversations, an empty one.
func NewPeople(title string, kind model.EditKind, about model.Description, several bool) *People {
	return &People{Title: title, kind: kind, about: about, several: several, loaded: several}
}

// Kind gives what is edited.
func (e *People) Kind() model.EditKind { return e.kind }

// Several reports whether the changes are for several conversations.
func (e *People) Several() bool { return e.several }

// Loaded reports whether the people are there.
func (e *People) Loaded() bool { return e.loaded }

// Load takes the people of a conversation. Calendar resources are shown apart
// and left as they are.
func (e *People) Load(people []model.Participant, resources []model.Participant) {
	e.base = append([]model.Participant(nil), people...)
	e.resources = resources
	e.rows, e.loaded, e.bar.At = nil, true, 0
	sorted := append([]model.Participant(nil), people...)
	model.SortPeople(sorted)
	for _, p := range sorted {
		was := p
		e.rows = append(e.rows, person{now: p, was: &was})
	}
	if e.draft != "" {
		e.Restore(e.draft)
		e.draft = ""
	}
}

// Move moves the bar.
func (e *People) Move(by int) { e.bar.Move(by, len(e.rows)) }

// PutAt puts the bar on the row drawn at a line.
func (e *People) PutAt(line int) {
	if e.loaded {
		e.bar.Click(line-1, len(e.rows))
	}
}

// Add puts somebody in; somebody who was taken out comes back. It reports
// whether anything changed.
func (e *People) Add(p model.Participant) bool {
	for i := range e.rows {
		if model.SamePerson(e.rows[i].now, p) {
			e.bar.At = i
			back := e.rows[i].gone
			e.rows[i].gone = false
			return back
		}
	}
	if e.kind == model.EditParticipants {
		if p.Role == "" {
			p.Role = e.about.DefaultRole
		}
		if p.Status == "" {
			p.Status = e.about.DefaultStatus
		}
	}
	e.rows = append(e.rows, person{now: p})
	e.bar.At = len(e.rows) - 1
	return true
}

// Remove takes out who is under the bar, or takes a removal back. Of several
// conversations, somebody who is to be added is to be removed instead.
func (e *People) Remove() {
	if e.bar.At >= len(e.rows) {
		return
	}
	r := &e.rows[e.bar.At]
	switch {
	case r.was == nil && !e.several:
		e.rows = append(e.rows[:e.bar.At], e.rows[e.bar.At+1:]...)
		e.Move(0)
	default:
		r.gone = !r.gone
	}
}

// Revert puts who is under the bar back to what was.
func (e *People) Revert() {
	if e.bar.At >= len(e.rows) {
		return
	}
	r := &e.rows[e.bar.At]
	if r.was == nil {
		e.rows = append(e.rows[:e.bar.At], e.rows[e.bar.At+1:]...)
		e.Move(0)
		return
	}
	r.now, r.gone = *r.was, false
}

// Cycle gives the next role, or where there are none the next status. It
// reports whether there is anything to choose from.
func (e *People) Cycle(by int) bool {
	if e.bar.At >= len(e.rows) || e.kind != model.EditParticipants || e.rows[e.bar.At].gone {
		return false
	}
	p := &e.rows[e.bar.At].now
	switch {
	case len(e.about.Roles) > 0:
		p.Role = next(e.about.Roles, p.Role, by)
	case len(e.about.ParticipantStatuses) > 0:
		p.Status = next(e.about.ParticipantStatuses, p.Status, by)
	default:
		return false
	}
	return true
}

func next(values []string, now string, by int) string {
	at := -1
	for i, v := range values {
		if v == now {
			at = i
		}
	}
	if at < 0 {
		if by < 0 {
			return values[len(values)-1]
		}
		return values[0]
	}
	return values[((at+by)%len(values)+len(values))%len(values)]
}

// Target gives the people as they are to be.
func (e *People) Target() []model.Participant {
	out := []model.Participant{}
	for _, r := range e.rows {
		if !r.gone {
			out = append(out, r.now)
		}
	}
	return out
}

// Changed reports whether anything differs from what was.
func (e *People) Changed() bool {
	if e.several {
		return len(e.rows) > 0
	}
	return e.loaded && !model.SamePeople(e.base, e.Target())
}

// Changes gives what the person asked for.
func (e *People) Changes() []model.Change {
	if !e.Changed() {
		return nil
	}
	if !e.several {
		base := model.PeopleValue(e.base)
		return []model.Change{{Kind: e.kind, Op: model.OpSet, Target: model.PeopleValue(e.Target()), Base: &base}}
	}
	var add, remove []model.Participant
	for _, r := range e.rows {
		if r.gone {
			remove = append(remove, r.now)
		} else {
			add = append(add, r.now)
		}
	}
	var out []model.Change
	if len(add) > 0 {
		out = append(out, model.Change{Kind: e.kind, Op: model.OpAdd, People: add})
	}
	if len(remove) > 0 {
		out = append(out, model.Change{Kind: e.kind, Op: model.OpRemove, People: remove})
	}
	return out
}

type draftPerson struct {
	Person model.Participant `json:"person"`
	Gone   bool              `json:"gone,omitempty"`
}

// Draft gives what was changed as text, "" for nothing.
func (e *People) Draft() string {
	if !e.Changed() {
		return ""
	}
	var out []draftPerson
	for _, r := range e.rows {
		if r.gone || r.was == nil || r.now != *r.was {
			out = append(out, draftPerson{r.now, r.gone})
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		return ""
	}
	return string(b)
}

// Restore lays a draft over what is there. A text that is no draft is ignored.
func (e *People) Restore(text string) bool {
	var in []draftPerson
	if json.Unmarshal([]byte(text), &in) != nil || len(in) == 0 {
		return false
	}
	if !e.loaded {
		e.draft = text
		return true
	}
	for _, d := range in {
		found := false
		for i := range e.rows {
			if model.SamePerson(e.rows[i].now, d.Person) {
				e.rows[i].now.Role, e.rows[i].now.Status, e.rows[i].gone = d.Person.Role, d.Person.Status, d.Gone
				found = true
			}
		}
		if !found && (!d.Gone || e.several) {
			e.rows = append(e.rows, person{now: d.Person, gone: d.Gone})
		}
	}
	e.Move(0)
	return true
}

// Summary says how many are added, removed, changed and kept.
func (e *People) Summary() string {
	if e.several {
		add, gone := 0, 0
		for _, r := range e.rows {
			if r.gone {
				gone++
			} else {
				add++
			}
		}
		return fmt.Sprintf("%d to add or change, %d to remove", add, gone)
	}
	d := model.DiffPeople(e.base, e.Target())
	s := fmt.Sprintf("%d added, %d removed, %d kept", len(d.Added), len(d.Removed), len(d.Kept))
	if len(d.Altered) > 0 {
		s = fmt.Sprintf("%d added, %d removed, %d changed, %d kept", len(d.Added), len(d.Removed), len(d.Altered), len(d.Kept))
	}
	return s
}

// Draw draws the table.
func (e *People) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	choose := ""
	switch {
	case e.kind != model.EditParticipants:
	case len(e.about.Roles) > 0:
		choose = "role"
	case len(e.about.ParticipantStatuses) > 0:
		choose = "status"
	}
	foot := []string{e.Keys.Of(keymap.Submit), "review", e.Keys.Of(keymap.AddPerson), "add"}
	if choose != "" {
		foot = append(foot, e.Keys.Of(keymap.RoleNext), choose)
	}
	foot = append(foot, e.Keys.Of(keymap.RemovePerson), "remove", e.Keys.Of(keymap.RevertPerson), "as it was", "esc", "back")
	w := min(screen.W-2, 96)
	extra := 0
	if len(e.resources) > 0 {
		extra = len(e.resources) + 2
	}
	h := max(8, min(len(e.rows)+2+extra, screen.H-5))
	return th.Frame(screen, e.Title, foot, w, h, theme.Accent, func(w, h int) ([]string, *layout.Cursor) {
		if !e.loaded {
			look, text := theme.Dim, "Reading from the service"+th.Ellipsis
			if e.Problem != "" {
				look, text = theme.Error, e.Problem
			}
			return th.Wrapped(text, w, look, ""), nil
		}
		head := th.Paint(theme.Dim, e.Summary(), w)
		if e.Problem != "" {
			head = th.Paint(theme.Error, e.Problem, w)
		}
		var tail []string
		if len(e.resources) > 0 && h > extra+3 {
			tail = append(tail, "", th.Say(theme.Dim, "Calendar resources: not contacts, left as they are"))
			for _, p := range e.resources {
				tail = append(tail, "  "+th.Paint(theme.Dim, model.CleanLine(p.Display(), 200), max(0, w-2)))
			}
		}
		rows := max(1, h-1-len(tail))
		out := []string{head}
		for i, end := e.bar.Show(len(e.rows), rows); i < end; i++ {
			out = append(out, e.row(th, i, w))
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

func (e *People) row(th *theme.Theme, i, w int) string {
	r := e.rows[i]
	pointer := "  "
	if i == e.bar.At {
		pointer = th.Say(theme.Pointer, th.PointerSign) + " "
	}
	sign, look, word := " ", theme.Text, ""
	switch {
	case r.gone:
		sign, look, word = "-", theme.Removed, "removed"
	case r.was == nil:
		sign, look, word = "+", theme.Added, "added"
	case r.now != *r.was:
		sign, look, word = "~", theme.Warning, "changed"
	}
	name, mail, standing := nameOf(r.now), mailOf(r.now), standingOf(r.now)
	nameLook := look
	if i == e.bar.At {
		nameLook = theme.Selected
	}
	c := e.columns(th, w)
	line := pointer + th.Say(look, sign) + " " + th.Paint(nameLook, name, c.name)
	if c.mail > 0 {
		line += " " + th.Paint(theme.Dim, mail, c.mail)
	}
	if c.standing > 0 {
		line += " " + th.Fit(standing, c.standing, th.Ellipsis)
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
		need.mail = max(need.mail, th.Width(mailOf(r.now)))
		need.standing = max(need.standing, th.Width(standingOf(r.now)))
	}
	room := w - 4
	var c columns
	take := func(n int) int {
		n = max(0, min(n, room-1-min(need.name, room/2)))
		if n > 0 {
			room -= n + 1
		}
		return n
	}
	if c.standing = take(min(need.standing, 24)); w >= 68 {
		c.word = take(7) // below that the sign says it
	}
	if w >= 44 {
		c.mail = take(need.mail)
	}
	c.name = max(0, room)
	return c
}

func nameOf(p model.Participant) string {
	name := model.CleanLine(p.Display(), 200)
	if p.Kind != "" && p.Kind != model.KindUser && p.Kind != model.KindContact {
		name += " (" + model.CleanLine(p.Kind, 20) + ")"
	}
	return name
}

// mailOf gives the address, "" where it is what the person is called by.
func mailOf(p model.Participant) string {
	mail := model.CleanLine(p.Email, 200)
	if mail == model.CleanLine(p.Display(), 200) {
		return ""
	}
	return mail
}

func standingOf(p model.Participant) string {
	s := model.CleanLine(model.RoleName(p.Role), 40)
	if p.Status != "" {
		if s != "" {
			s += ", "
		}
		s += model.CleanLine(p.Status, 40)
	}
	return s
}
