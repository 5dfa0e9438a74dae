package edit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// People is the table of the participants, or contacts, of one conversation or
// several while they are edited. Of several it shows the union.
type People struct {
	Title string
	Keys  *keymap.Keys

	kind    model.EditKind
	about   []model.Description // of the accounts in which they can be edited
	several bool
	// problem is shown in place of the summary.
	problem string
	// warned says that giving the changes up was asked about.
	warned bool

	loaded bool
	of     []model.Conversation // whose people are edited
	unread []Held               // whose are not known
	off    []string             // why those of others can't be edited
	rows   []person
	// rooms are calendar resources, shown apart and left as they are.
	rooms []model.Participant
	bar   layout.Bar
	// draft was restored before the people were there.
	draft string
}

// person is a row: somebody of one account.
type person struct {
	model.Member // of the conversations; who is added is in none
	account      string
	// role and status are what was chosen, "" for as it is.
	role, status string
	gone         bool
	// everywhere says that they are to be in all conversations of their account.
	everywhere bool
}

func (r person) added() bool { return len(r.In) == 0 }

// Held is a conversation that was read for its people.
type Held struct {
	Conversation model.Conversation
	// Off is why its people can't be edited, "" if they can; Err is why they could not
	// be read.
	Off string
	Err error
}

// Loaded brings the conversations that People asked for with Load, in any order.
// Ready answers that the people are there.
type (
	Loaded []Held
	Load   struct{ Refs []model.Ref }
	Ready  struct{}
)

// NewPeople makes a table that waits for its people. about describes the accounts in
// which they can be edited.
func NewPeople(title string, kind model.EditKind, several bool, about ...model.Description) *People {
	return &People{Title: title, kind: kind, about: about, several: several}
}

// Need returns what has to be read of a conversation before its people can be
// edited, 0 for nothing.
func (e *People) Need() model.Need {
	if e.loaded {
		return 0
	}
	return model.NeedParticipants | theme.Pick(e.kind == model.EditContacts, model.NeedContacts, 0)
}

func (e *People) Kind() model.EditKind { return e.kind }

func (e *People) Complain(why string) { e.problem = why }

// Update takes input and Loaded. It returns Ready, Load, keymap.Submit, or the *Picker
// of somebody to add.
func (e *People) Update(msg tea.Msg) any {
	switch msg := msg.(type) {
	case layout.Click:
		if e.loaded {
			e.bar.Click(int(msg)-1-len(e.notes()), len(e.rows))
		}
	case Loaded:
		return e.take(msg)
	}
	switch a := e.Keys.Read(msg, 10, e.move); {
	case a == keymap.Back && e.several && e.changed() && !e.warned:
		e.warned, e.problem = true, "esc again gives up what was changed here"
	case a == keymap.Back:
		return a
	case a != "" && e.loaded:
		e.problem, e.warned = "", false
		return e.do(a)
	case len(e.unread) > 0 && a == keymap.Submit && len(e.of) > 0:
		return e.ready()
	case len(e.unread) > 0 && a == keymap.RoleNext:
		var again Load
		for _, h := range e.unread {
			again.Refs = append(again.Refs, h.Conversation.Ref)
		}
		e.unread = nil
		return again
	}
	return nil
}

func (e *People) do(a keymap.Action) any {
	switch r := e.row(); {
	case a == keymap.AddPerson:
		return e.picker()
	case a == keymap.Submit:
		return a
	case a == keymap.RoleNext || a == keymap.RolePrev:
		e.cycle(r, theme.Pick(a == keymap.RoleNext, 1, -1))
	case r == nil:
	case a == keymap.AddToOthers && r.gone:
		e.problem = theme.Name(r.Participant) + " is to be removed: " + e.Keys.Of(keymap.RevertPerson) + " takes that back"
	case a == keymap.AddToOthers && len(e.missing(*r)) == 0:
		e.problem = theme.Name(r.Participant) + " is in all of them already"
	case a == keymap.AddToOthers:
		r.everywhere = r.added() || !r.everywhere
	case r.added() && (a == keymap.RemovePerson || a == keymap.RevertPerson):
		e.rows = slices.Delete(e.rows, e.bar.At, e.bar.At+1)
		e.move(0)
	case a == keymap.RemovePerson:
		r.gone = !r.gone
	case a == keymap.RevertPerson:
		r.role, r.status, r.gone, r.everywhere = "", "", false, false
	}
	return nil
}

// take takes the people of all conversations, unless some could not be read.
func (e *People) take(all Loaded) any {
	if e.loaded { // it was asked twice, and may have been edited since the first answer
		return nil
	}
	e.unread = nil
	for _, h := range all {
		if _, known := model.Read(h.Conversation, e.kind, ""); !known && h.Err == nil {
			h.Err = errors.New("the service did not give the full list, so it can't be edited")
		}
		switch {
		case h.Off != "":
			e.off = append(e.off, h.Off)
		case h.Err != nil:
			e.unread = append(e.unread, h)
		default:
			e.of = append(e.of, h.Conversation)
		}
	}
	if len(e.unread) > 0 {
		return nil
	}
	return e.ready()
}

// ready puts the people in order: account by account, groups last, first who is in most
// conversations.
func (e *People) ready() any {
	e.loaded = true
	sets := map[string][][]model.Participant{}
	for i, c := range e.of {
		if sets[c.Ref.Account] == nil {
			sets[c.Ref.Account] = make([][]model.Participant, len(e.of))
		}
		sets[c.Ref.Account][i] = e.base(i).Set()
	}
	for account, some := range sets {
		for _, m := range model.Union(some...) {
			e.rows = append(e.rows, person{Member: m, account: account})
		}
	}
	place := func(r person) int {
		at := slices.IndexFunc(e.about, func(d model.Description) bool { return d.Account == r.account })
		return 2*at + theme.Pick(isPerson(r.Participant), 0, 1)
	}
	slices.SortStableFunc(e.rows, func(a, b person) int {
		return cmp.Or(place(a)-place(b), len(b.In)-len(a.In), strings.Compare(strings.ToLower(a.Display()), strings.ToLower(b.Display())),
			strings.Compare(a.ID, b.ID))
	})
	if e.kind == model.EditContacts && len(e.of) == 1 {
		for _, p := range e.of[0].Participants.Items {
			if p.Kind == model.KindRoom {
				e.rooms = append(e.rooms, p)
			}
		}
	}
	draft := e.draft
	e.draft = ""
	e.Restore(draft)
	return Ready{}
}

func (e *People) base(i int) model.Value {
	v, _ := model.Read(e.of[i], e.kind, "")
	return v
}

func isPerson(p model.Participant) bool {
	return p.Kind == "" || p.Kind == model.KindUser || p.Kind == model.KindContact
}

func (e *People) move(by int) {
	if e.loaded {
		e.problem = ""
	}
	e.bar.Move(by, len(e.rows))
}

// picker offers the directories of the accounts, that of the row under the bar first.
func (e *People) picker() any {
	var places []place
	for _, d := range e.about {
		for _, k := range theme.Pick(e.kind == model.EditContacts, []model.LookupKind{model.LookupContacts}, d.People) {
			places = append(places, place{d.Account, k, e.space(d.Account)})
		}
	}
	if r := e.row(); r != nil {
		elsewhere := func(p place) int { return theme.Pick(p.account == r.account, 0, 1) }
		slices.SortStableFunc(places, func(a, b place) int { return elsewhere(a) - elsewhere(b) })
	}
	if len(places) == 0 {
		e.problem = "the service has no directory to add people from"
		return nil
	}
	title := theme.Pick(e.several, " to "+theme.Count(len(e.of), "conversation"), "")
	p := newPicker("Add"+title, places, e.add)
	p.has = func(account string, p model.Participant) string {
		switch i := e.find(account, p); {
		case i < 0 || e.rows[i].gone:
			return ""
		case e.several && !e.rows[i].added():
			return "(in " + e.share(e.rows[i]) + " already)"
		}
		return "(already in)"
	}
	return p
}

// space returns the space that the conversations of an account have in common, "" for
// none: it narrows a directory that is one of a space.
func (e *People) space(account string) string {
	var spaces []string
	for _, i := range e.all(account) {
		spaces = append(spaces, e.of[i].Space.ID)
	}
	if spaces = slices.Compact(spaces); len(spaces) == 1 {
		return spaces[0]
	}
	return ""
}

func (e *People) find(account string, p model.Participant) int {
	return slices.IndexFunc(e.rows, func(r person) bool { return r.account == account && model.SamePerson(r.Participant, p) })
}

func (e *People) join(account string, p model.Participant) {
	e.rows = append(e.rows, person{Member: model.Member{Participant: p}, account: account, everywhere: true})
}

// add puts somebody in; somebody who was taken out comes back. Who is in some of the
// conversations is not added to the others unless that is asked for.
func (e *People) add(account string, p model.Participant) {
	i := e.find(account, p)
	if i < 0 {
		if d := e.describe(account); e.kind == model.EditParticipants {
			p.Role, p.Status = cmp.Or(p.Role, d.DefaultRole), cmp.Or(p.Status, d.DefaultStatus)
		}
		i = len(e.rows)
		e.join(account, p)
	}
	r := &e.rows[i]
	r.gone, e.bar.At = false, i
	if !r.everywhere && len(e.missing(*r)) > 0 {
		e.problem = theme.Name(r.Participant) + " is in " + e.share(*r) + " already: " + e.Keys.Of(keymap.AddToOthers) + " adds to the rest"
	}
}

func (e *People) describe(account string) model.Description {
	for _, d := range e.about {
		if d.Account == account {
			return d
		}
	}
	return model.Description{}
}

func (e *People) row() *person {
	if e.bar.At >= len(e.rows) {
		return nil
	}
	return &e.rows[e.bar.At]
}

// all lists the conversations of an account, missing those that somebody is not in.
func (e *People) all(account string) []int {
	var out []int
	for i, c := range e.of {
		if c.Ref.Account == account {
			out = append(out, i)
		}
	}
	return out
}

func (e *People) missing(r person) []int {
	return slices.DeleteFunc(e.all(r.account), func(i int) bool { _, in := r.In[i]; return in })
}

// share says in how many of them somebody is: "2 of 3".
func (e *People) share(r person) string {
	return fmt.Sprintf("%d of %d", len(r.In), len(e.all(r.account)))
}

// cycle chooses another role for all conversations, or where there are none another
// status. The next role is the one with more rights, after which it goes on round the
// end; for somebody with several it is the first.
func (e *People) cycle(r *person, by int) {
	if r == nil || r.gone {
		e.problem = "there is nobody here to give a role"
		return
	}
	what, values := e.choices(r.account)
	role, status := r.terms()
	switch what {
	case "role":
		if slices.Contains(values, role) {
			by = -by
		}
		r.role = next(values, role, by)
	case "status":
		r.status = next(values, status, by)
	default:
		e.problem = "there is no role or status to choose here"
	}
}

// choices returns what people of an account have one of, a role or a status, and its
// values.
func (e *People) choices(account string) (what string, values []string) {
	d := e.describe(account)
	switch {
	case e.kind != model.EditParticipants:
	case len(d.Roles) > 0:
		return "role", d.Roles
	case len(d.ParticipantStatuses) > 0:
		return "status", d.ParticipantStatuses
	}
	return "", nil
}

type draftPerson struct {
	Person model.Participant `json:"person"`
	Gone   bool              `json:"gone,omitempty"`
}

// Draft returns what was changed of one conversation as text, "" for nothing.
func (e *People) Draft() string {
	if e.draft != "" || e.several || !e.changed() {
		return e.draft
	}
	var out []draftPerson
	for _, r := range e.rows {
		if len(e.changes(r)) > 0 {
			p, in := r.becomes(0)
			out = append(out, draftPerson{p, !in})
		}
	}
	b, _ := json.Marshal(out) // text alone
	return string(b)
}

// Restore lays a draft over what is there, unless something was changed already. A
// text that is no draft is ignored.
func (e *People) Restore(draft string) (said string) {
	var in []draftPerson
	if e.several || e.changed() || json.Unmarshal([]byte(draft), &in) != nil || len(in) == 0 {
		return ""
	}
	if !e.loaded {
		e.draft = draft
		return ""
	}
	account := e.of[0].Ref.Account
	for _, d := range in {
		if i := e.find(account, d.Person); i >= 0 {
			r := &e.rows[i]
			r.role, r.status, r.gone = d.Person.Role, d.Person.Status, d.Gone
		} else if !d.Gone {
			e.join(account, d.Person)
		}
	}
	e.move(0)
	return "restored from your draft"
}
