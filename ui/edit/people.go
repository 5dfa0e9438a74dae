package edit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// People is the table in which the participants, or the contacts, of one conversation or
// several are edited. For several it shows the union.
type People struct {
	Title string
	Keys  *keymap.Keys

	kind    model.EditKind
	about   []model.Description // the accounts in which they can be edited
	several bool
	problem string // shown in place of the summary

	loaded  bool
	of      []model.Conversation // whose people are edited
	unread  []LoadResult         // whose people could not be read
	reasons []string             // why the people of other conversations can't be edited
	rows    []person
	rooms   []model.Participant // calendar resources, shown apart and left as they are
	bar     layout.Bar
	draft   string // restored once the people are loaded
}

// person is somebody of one account, a row of the table.
type person struct {
	model.Member // in no conversation if added here
	account      string
	role, status string // as chosen, "" for unchanged
	removed      bool
	toAll        bool // add them to all conversations of their account
}

func (r person) added() bool { return len(r.In) == 0 }

// LoadResult is a conversation that was read for its people.
type LoadResult struct {
	Conversation model.Conversation
	Off          string // why its people can't be edited, "" if they can
	Err          error  // why they could not be read
}

type (
	// Loaded brings People the conversations, in any order.
	Loaded []LoadResult
	// Load is what People returns to have conversations read again.
	Load struct{ Refs []model.Ref }
	// Ready is what People returns once the table is filled.
	Ready struct{}
)

// NewPeople makes a table that waits for Loaded. about describes the accounts in which the people can be edited.
func NewPeople(title string, kind model.EditKind, several bool, about ...model.Description) *People {
	return &People{Title: title, kind: kind, about: about, several: several}
}

// Need returns what has to be read of a conversation before its people can be edited, 0 once the table is filled.
func (e *People) Need() model.Need {
	if e.loaded {
		return 0
	}
	return model.NeedParticipants | theme.Pick(e.kind == model.EditContacts, model.NeedContacts, 0)
}

func (e *People) Kind() model.EditKind { return e.kind }

func (e *People) Complain(problem string) { e.problem = problem }

// Update takes input and Loaded. It returns Ready, Load, keymap.Submit, or a *Picker to add somebody with.
func (e *People) Update(msg tea.Msg) any {
	switch msg := msg.(type) {
	case layout.Click:
		if e.loaded {
			e.bar.Click(int(msg)-1-len(e.notes()), len(e.rows))
		}
	case Loaded:
		return e.load(msg)
	}
	switch a := e.Keys.Read(msg, 10, e.move); {
	case a == keymap.Back:
		return a
	case a != "" && e.loaded:
		e.problem = ""
		return e.do(a)
	case len(e.unread) > 0 && a == keymap.Submit && len(e.of) > 0:
		return e.fill()
	case len(e.unread) > 0 && a == keymap.RoleNext:
		var again Load
		for _, r := range e.unread {
			again.Refs = append(again.Refs, r.Conversation.Ref)
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
	case a == keymap.AddToOthers && r.removed:
		e.problem = theme.Name(r.Participant) + " is to be removed: " + e.Keys.Of(keymap.RevertPerson) + " takes that back"
	case a == keymap.AddToOthers && len(e.missing(*r)) == 0:
		e.problem = theme.Name(r.Participant) + " is in all of them already"
	case a == keymap.AddToOthers:
		r.toAll = r.added() || !r.toAll
	case r.added() && (a == keymap.RemovePerson || a == keymap.RevertPerson):
		e.rows = slices.Delete(e.rows, e.bar.At, e.bar.At+1)
		e.move(0)
	case a == keymap.RemovePerson:
		r.removed = !r.removed
	case a == keymap.RevertPerson:
		r.role, r.status, r.removed, r.toAll = "", "", false, false
	}
	return nil
}

// load takes the people of all conversations. The table is filled unless some could not be read.
func (e *People) load(all Loaded) any {
	if e.loaded { // a second answer must not undo what was edited after the first
		return nil
	}
	e.unread = nil
	for _, r := range all {
		if _, known := model.Read(r.Conversation, e.kind, ""); !known && r.Err == nil {
			r.Err = errors.New("the service did not give the full list, so it can't be edited")
		}
		switch {
		case r.Off != "":
			e.reasons = append(e.reasons, r.Off)
		case r.Err != nil:
			e.unread = append(e.unread, r)
		default:
			e.of = append(e.of, r.Conversation)
		}
	}
	if len(e.unread) > 0 {
		return nil
	}
	return e.fill()
}

// fill makes the rows: account by account, persons before groups, then by the number of conversations they are in.
func (e *People) fill() any {
	e.loaded = true
	sets := map[string][][]model.Participant{}
	for i, c := range e.of {
		if sets[c.Ref.Account] == nil {
			sets[c.Ref.Account] = make([][]model.Participant, len(e.of))
		}
		sets[c.Ref.Account][i] = e.base(i).Set()
	}
	for account, of := range sets {
		for _, m := range model.Union(of...) {
			e.rows = append(e.rows, person{Member: m, account: account})
		}
	}
	rank := func(r person) int {
		at := slices.IndexFunc(e.about, func(d model.Description) bool { return d.Account == r.account })
		return 2*at + theme.Pick(kindOf(r.Participant) == "", 0, 1)
	}
	slices.SortStableFunc(e.rows, func(a, b person) int {
		return cmp.Or(rank(a)-rank(b), len(b.In)-len(a.In), strings.Compare(strings.ToLower(a.Display()), strings.ToLower(b.Display())),
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

// base returns the people of a conversation as they were read.
func (e *People) base(i int) model.Value {
	v, _ := model.Read(e.of[i], e.kind, "")
	return v
}

func (e *People) move(by int) {
	if e.loaded {
		e.problem = ""
	}
	e.bar.Move(by, len(e.rows))
}

// picker offers the directories of the accounts, first those of the row under the cursor.
func (e *People) picker() any {
	var directories []directory
	for _, d := range e.about {
		for _, k := range theme.Pick(e.kind == model.EditContacts, []model.LookupKind{model.LookupContacts}, d.People) {
			directories = append(directories, directory{d.Account, k, e.space(d.Account)})
		}
	}
	if r := e.row(); r != nil {
		rank := func(d directory) int { return theme.Pick(d.account == r.account, 0, 1) }
		slices.SortStableFunc(directories, func(a, b directory) int { return rank(a) - rank(b) })
	}
	if len(directories) == 0 {
		e.problem = "the service has no directory to add people from"
		return nil
	}
	title := theme.Pick(e.several, " to "+theme.Count(len(e.of), "conversation"), "")
	p := newPicker("Add"+title, directories, e.add)
	p.note = func(account string, p model.Participant) string {
		switch i := e.find(account, p); {
		case i < 0 || e.rows[i].removed:
			return ""
		case e.several && !e.rows[i].added():
			return "(in " + e.share(e.rows[i]) + " already)"
		}
		return "(already in)"
	}
	return p
}

// space returns the space that the conversations of an account share, to which their directory may be limited; "" for none.
func (e *People) space(account string) string {
	all := e.all(account)
	if len(all) == 0 || slices.ContainsFunc(all, func(i int) bool { return e.of[i].Space.ID != e.of[all[0]].Space.ID }) {
		return ""
	}
	return e.of[all[0]].Space.ID
}

func (e *People) find(account string, p model.Participant) int {
	return slices.IndexFunc(e.rows, func(r person) bool { return r.account == account && model.SamePerson(r.Participant, p) })
}

func (e *People) appendRow(account string, p model.Participant) {
	e.rows = append(e.rows, person{Member: model.Member{Participant: p}, account: account, toAll: true})
}

// add adds somebody, or takes a removal back. Somebody who is in some of the conversations
// is added to the others only by keymap.AddToOthers.
func (e *People) add(account string, p model.Participant) {
	i := e.find(account, p)
	if i < 0 {
		if d := e.describe(account); e.kind == model.EditParticipants {
			p.Role, p.Status = cmp.Or(p.Role, d.DefaultRole), cmp.Or(p.Status, d.DefaultStatus)
		}
		i = len(e.rows)
		e.appendRow(account, p)
	}
	r := &e.rows[i]
	r.removed, e.bar.At = false, i
	if !r.toAll && len(e.missing(*r)) > 0 {
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

// all lists the conversations of an account, and missing those of them that somebody is not in.
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

// share says in how many conversations of the account somebody is: "2 of 3".
func (e *People) share(r person) string {
	return fmt.Sprintf("%d of %d", len(r.In), len(e.all(r.account)))
}

// cycle chooses another role, or where there are no roles another status. The next role is
// the one with more rights; somebody with several roles begins with the first.
func (e *People) cycle(r *person, by int) {
	if r == nil || r.removed {
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

// choices returns whether people of an account have a role or a status to choose, and its values.
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

// terms returns the role and the status that somebody will have in the conversations they are in already, "" where these differ.
func (r person) terms() (role, status string) {
	role, status = r.Role, r.Status
	for _, p := range r.In {
		role, status = theme.Pick(p.Role == role, role, ""), theme.Pick(p.Status == status, status, "")
	}
	return cmp.Or(r.role, role), cmp.Or(r.status, status)
}

// after returns somebody as they will be in a conversation, and whether they will be in it.
func (r person) after(i int) (p model.Participant, in bool) {
	if p, in = r.In[i]; !in {
		p = r.Participant
		p.Role, p.Status = r.terms()
	}
	p.Role, p.Status = cmp.Or(r.role, p.Role), cmp.Or(r.status, p.Status)
	return p, !r.removed && (in || r.toAll)
}

// target returns the people of the first conversation as they will be.
func (e *People) target() []model.Participant {
	out := []model.Participant{}
	for _, r := range e.rows {
		if p, in := r.after(0); in {
			out = append(out, p)
		}
	}
	return out
}

// changes lists the conversations in which somebody changes.
func (e *People) changes(r person) []int {
	if !r.removed && !r.toAll && r.role == "" && r.status == "" {
		return nil
	}
	return slices.DeleteFunc(e.all(r.account), func(i int) bool {
		was, had := r.In[i]
		now, has := r.after(i)
		return had == has && (!had || was.Role == now.Role && was.Status == now.Status)
	})
}

// changing returns the conversations in which anybody changes.
func (e *People) changing() map[int]bool {
	out := map[int]bool{}
	for _, r := range e.rows {
		for _, i := range e.changes(r) {
			out[i] = true
		}
	}
	return out
}

func (e *People) changed() bool { return len(e.changing()) > 0 }

// Changes returns the new set of one conversation; for several, one change for each thing done to somebody, with the
// conversations it is about. The bases are the people as they were read.
func (e *People) Changes() (out []model.Change) {
	switch {
	case !e.changed():
		return nil
	case !e.several:
		base := e.base(0)
		return []model.Change{{Kind: e.kind, Op: model.OpSet, Target: model.PeopleValue(e.target()), Base: &base}}
	}
	change := func(op model.ChangeOp, p model.Participant, where []int) {
		bases := map[model.Ref]model.Value{}
		for _, i := range where {
			bases[e.of[i].Ref] = e.base(i)
		}
		if len(where) > 0 {
			out = append(out, model.Change{Kind: e.kind, Op: op, People: []model.Participant{p}, BaseByRef: bases})
		}
	}
	for _, r := range e.rows {
		p, in := r.Participant, slices.Sorted(maps.Keys(r.In))
		if r.removed {
			change(model.OpRemove, p, in)
			continue
		}
		p.Role, p.Status = r.role, r.status
		if r.role != "" || r.status != "" {
			change(model.OpAlter, p, in)
		}
		if r.toAll {
			p.Role, p.Status = r.terms()
			change(model.OpAdd, p, e.missing(r))
		}
	}
	return out
}

// draftPerson is stored: its JSON must stay readable.
type draftPerson struct {
	Person  model.Participant `json:"person"`
	Removed bool              `json:"gone,omitempty"`
	Account string            `json:"account,omitempty"` // by default that of the first conversation
	ToAll   bool              `json:"all,omitempty"`
}

// Draft returns the changes as text, "" for none.
func (e *People) Draft() string {
	if e.draft != "" || !e.changed() {
		return e.draft
	}
	var out []draftPerson
	for _, r := range e.rows {
		if len(e.changes(r)) > 0 {
			p := r.Participant
			p.Role, p.Status = r.role, r.status
			if r.added() {
				p.Role, p.Status = r.terms()
			}
			out = append(out, draftPerson{p, r.removed, r.account, r.toAll})
		}
	}
	b, _ := json.Marshal(out) // text can't fail
	return string(b)
}

// Restore applies a draft. It ignores text that is no draft.
func (e *People) Restore(draft string) (message string) {
	var in []draftPerson
	if json.Unmarshal([]byte(draft), &in) != nil || len(in) == 0 {
		return ""
	}
	if !e.loaded {
		e.draft = draft
		return ""
	}
	for _, d := range in {
		if d.Account == "" && len(e.of) > 0 {
			d.Account = e.of[0].Ref.Account
		}
		if i := e.find(d.Account, d.Person); i >= 0 {
			r := &e.rows[i]
			r.role, r.status, r.removed, r.toAll = d.Person.Role, d.Person.Status, d.Removed, d.ToAll
		} else if !d.Removed && len(e.all(d.Account)) > 0 {
			e.appendRow(d.Account, d.Person)
		}
	}
	e.move(0)
	return "restored from your draft"
}
