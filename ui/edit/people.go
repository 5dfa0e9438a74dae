package edit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
)

// People is the table of participants, or of contacts, while it is edited.
type People struct {
	Title string
	Keys  *keymap.Keys
	// Space narrows the directory where it is one of a space.
	Space string

	kind  model.EditKind
	about model.Description
	// several says that the changes are for several conversations: what they hold is
	// not shown, only what is to be added and removed.
	several bool
	// problem is shown in place of the summary.
	problem string

	loaded bool
	base   []model.Participant
	rows   []person
	// rooms are calendar resources, shown apart and left as they are.
	rooms []model.Participant
	bar   layout.Bar
	// draft was restored before the people were there.
	draft string
}

type person struct {
	now  model.Participant
	was  *model.Participant // nil for somebody who is added
	gone bool
}

// NewPeople makes a table that waits for its people, or, for several
// conversations, an empty one.
func NewPeople(title string, kind model.EditKind, about model.Description, several bool) *People {
	return &People{Title: title, kind: kind, about: about, several: several, loaded: several}
}

// Kind returns what is edited.
func (e *People) Kind() model.EditKind { return e.kind }

// Need returns what has to be read of a conversation before its people can be
// edited, 0 for nothing.
func (e *People) Need() model.Need {
	switch {
	case e.loaded:
		return 0
	case e.kind == model.EditContacts:
		return model.NeedContacts | model.NeedParticipants
	}
	return model.NeedParticipants
}

// Loaded brings the conversation of which People.Need was read, and Ready answers
// that its people are there.
type (
	Loaded struct {
		Conversation model.Conversation
		Err          error
	}
	Ready struct{}
)

// Update takes input and Loaded. It returns Ready, keymap.Submit, or the *Picker of
// somebody to add.
func (e *People) Update(msg tea.Msg) any {
	switch msg := msg.(type) {
	case layout.Click:
		if e.loaded {
			e.bar.Click(int(msg)-1, len(e.rows))
		}
	case Loaded:
		return e.takeLoaded(msg)
	}
	switch a := e.Keys.Read(msg, 1, e.move); {
	case a == keymap.Back:
		return a
	case a != "" && e.loaded:
		e.problem = ""
		return e.do(a)
	}
	return nil
}

func (e *People) do(a keymap.Action) any {
	switch a {
	case keymap.AddPerson:
		return e.picker()
	case keymap.RemovePerson:
		e.remove()
	case keymap.RevertPerson:
		e.revert()
	case keymap.RoleNext:
		e.cycle(1)
	case keymap.RolePrev:
		e.cycle(-1)
	case keymap.Submit:
		return a
	}
	return nil
}

func (e *People) takeLoaded(msg Loaded) any {
	switch {
	case e.loaded: // it was asked twice, and may have been edited since the first answer
		return nil
	case msg.Err != nil:
		e.problem = model.Words(msg.Err)
	case !e.take(msg.Conversation):
		e.problem = "the service did not give the full list, so it can't be edited"
	default:
		return Ready{}
	}
	return nil
}

// take takes the people of a conversation; false where they are not known.
func (e *People) take(c model.Conversation) bool {
	v, known := model.Read(c, e.kind, "")
	if !known {
		return false
	}
	e.base, e.rows, e.loaded, e.bar.At = v.Set(), nil, true, 0
	sorted := slices.Clone(e.base)
	model.SortPeople(sorted)
	for _, p := range sorted {
		e.rows = append(e.rows, person{now: p, was: &p})
	}
	if e.kind == model.EditContacts {
		e.rooms = slices.DeleteFunc(slices.Clone(c.Participants.Items), func(p model.Participant) bool { return p.Kind != model.KindRoom })
	}
	draft := e.draft
	e.draft = ""
	e.Restore(draft)
	return true
}

func (e *People) move(by int) {
	if e.loaded {
		e.problem = ""
	}
	e.bar.Move(by, len(e.rows))
}

func (e *People) picker() any {
	kinds := e.about.People
	if e.kind == model.EditContacts {
		kinds = []model.LookupKind{model.LookupContacts}
	}
	if len(kinds) == 0 {
		e.problem = "the service has no directory to add people from"
		return nil
	}
	p := NewPicker("Add", kinds, e.Space, e.add)
	p.has = func(p model.Participant) bool {
		i := e.find(p)
		return i >= 0 && !e.rows[i].gone
	}
	return p
}

func (e *People) find(p model.Participant) int {
	return slices.IndexFunc(e.rows, func(r person) bool { return model.SamePerson(r.now, p) })
}

// add puts somebody in; somebody who was taken out comes back.
func (e *People) add(p model.Participant) {
	i := e.find(p)
	if i < 0 {
		if e.kind == model.EditParticipants {
			p.Role, p.Status = cmp.Or(p.Role, e.about.DefaultRole), cmp.Or(p.Status, e.about.DefaultStatus)
		}
		i, e.rows = len(e.rows), append(e.rows, person{now: p})
	}
	e.rows[i].gone = false
	e.bar.At = i
}

// row returns who is under the bar, nil for nobody.
func (e *People) row() *person {
	if e.bar.At >= len(e.rows) {
		return nil
	}
	return &e.rows[e.bar.At]
}

// remove takes out who is under the bar, or takes a removal back. Of several
// conversations, somebody who is to be added is to be removed instead.
func (e *People) remove() {
	switch r := e.row(); {
	case r == nil:
	case r.was == nil && !e.several:
		e.revert()
	default:
		r.gone = !r.gone
	}
}

func (e *People) revert() {
	switch r := e.row(); {
	case r == nil:
	case r.was == nil:
		e.rows = slices.Delete(e.rows, e.bar.At, e.bar.At+1)
		e.move(0)
	default:
		r.now, r.gone = *r.was, false
	}
}

// cycle returns the next role, or where there are none the next status.
func (e *People) cycle(by int) {
	_, values := e.choices()
	r := e.row()
	if r == nil || r.gone || len(values) == 0 {
		e.problem = "there is no role or status to choose here"
	} else if p := &r.now; len(e.about.Roles) > 0 {
		p.Role = next(values, p.Role, by)
	} else {
		p.Status = next(values, p.Status, by)
	}
}

// choices returns what people have one of, a role or a status, and its values.
func (e *People) choices() (what string, values []string) {
	switch {
	case e.kind != model.EditParticipants:
	case len(e.about.Roles) > 0:
		return "role", e.about.Roles
	case len(e.about.ParticipantStatuses) > 0:
		return "status", e.about.ParticipantStatuses
	}
	return "", nil
}

// Complain says above the people what is wrong.
func (e *People) Complain(why string) { e.problem = why }

func (e *People) target() []model.Participant { return e.those(false) }

func (e *People) those(gone bool) []model.Participant {
	out := []model.Participant{}
	for _, r := range e.rows {
		if r.gone == gone {
			out = append(out, r.now)
		}
	}
	return out
}

func (e *People) changed() bool {
	if e.several {
		return len(e.rows) > 0
	}
	return e.loaded && !model.SamePeople(e.base, e.target())
}

// Changes returns what the person asked for.
func (e *People) Changes() []model.Change {
	if !e.changed() {
		return nil
	}
	if !e.several {
		base := model.PeopleValue(e.base)
		return []model.Change{{Kind: e.kind, Op: model.OpSet, Target: model.PeopleValue(e.target()), Base: &base}}
	}
	changes := []model.Change{{Kind: e.kind, Op: model.OpAdd, People: e.target()}, {Kind: e.kind, Op: model.OpRemove, People: e.those(true)}}
	return slices.DeleteFunc(changes, func(c model.Change) bool { return len(c.People) == 0 })
}

type draftPerson struct {
	Person model.Participant `json:"person"`
	Gone   bool              `json:"gone,omitempty"`
}

// Draft returns what was changed as text, "" for nothing.
func (e *People) Draft() string {
	if e.draft != "" || !e.changed() {
		return e.draft
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

// Restore lays a draft over what is there, unless something was changed already. A
// text that is no draft is ignored.
func (e *People) Restore(draft string) (said string) {
	var in []draftPerson
	if e.changed() || json.Unmarshal([]byte(draft), &in) != nil || len(in) == 0 {
		return ""
	}
	if !e.loaded {
		e.draft = draft
		return ""
	}
	for _, d := range in {
		if i := e.find(d.Person); i >= 0 {
			r := &e.rows[i]
			r.now.Role, r.now.Status, r.gone = d.Person.Role, d.Person.Status, d.Gone
		} else if !d.Gone || e.several {
			e.rows = append(e.rows, person{now: d.Person, gone: d.Gone})
		}
	}
	e.move(0)
	return "restored from your draft"
}

func (e *People) summary() string {
	if e.several {
		return fmt.Sprintf("%d to add or change, %d to remove", len(e.target()), len(e.those(true)))
	}
	d := model.DiffPeople(e.base, e.target())
	changed := ""
	if len(d.Altered) > 0 {
		changed = fmt.Sprintf("%d changed, ", len(d.Altered))
	}
	return fmt.Sprintf("%d added, %d removed, %s%d kept", len(d.Added), len(d.Removed), changed, len(d.Kept))
}
