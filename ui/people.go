package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/edit"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// peopleOverlay is the table of participants or contacts.
type peopleOverlay struct {
	e     *edit.People
	in    intent
	draft string
	// inForm is set where the table belongs to a form: it then closes with what
	// was changed kept there.
	inForm *formOverlay
}

func (m *Model) editParticipants(in intent) tea.Cmd {
	return m.openPeople(in, "Participants", model.EditParticipants)
}

func (m *Model) editContacts(in intent) tea.Cmd {
	return m.openPeople(in, "Contacts", model.EditContacts)
}

func (m *Model) openPeople(in intent, what string, kind model.EditKind) tea.Cmd {
	all := m.samples(in.subjects)
	if why := all.spread(m.facts, kind); why != "" {
		m.open(&textOverlay{&dialog.Text{Title: bulkTitle(what, in.size()), Lines: []string{"Nothing was changed: " + why + "."}}})
		return nil
	}
	o := &peopleOverlay{in: in}
	title := titled(what, in)
	if in.one {
		o.draft = string(kind) + ":" + in.row.Conversation.Ref.String()
	}
	o.e = edit.NewPeople(title, kind, all.about(m.facts, kind), !in.one)
	o.e.Keys = m.keys.Names(keymap.People)
	m.open(o)
	if !in.one {
		return nil
	}
	return m.loadPeople(o, in.row.Conversation)
}

// loadPeople reads the full list from the service, always afresh: what is
// edited is what is there now.
func (m *Model) loadPeople(o *peopleOverlay, c model.Conversation) tea.Cmd {
	need := model.NeedParticipants
	if o.e.Kind() == model.EditContacts {
		need = model.NeedContacts | model.NeedParticipants
	}
	be, ctx, ref := m.be, m.ctx, c.Ref
	return func() tea.Msg {
		d, err := be.Load(ctx, ref, need)
		return peopleMsg{owner: o, detail: d, err: err}
	}
}

func (o *peopleOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	return o.e.Draw(m.th, screen)
}
func (o *peopleOverlay) scroll(_ *Model, by int) tea.Cmd { o.e.Move(by); return nil }
func (o *peopleOverlay) complain(text string)            { o.e.Problem = text }

func (o *peopleOverlay) line(_ *Model, line int) tea.Cmd {
	o.e.PutAt(line)
	return nil
}

func (o *peopleOverlay) receive(m *Model, msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case peopleMsg:
		if msg.err != nil {
			o.e.Problem = model.Words(msg.err)
			return nil
		}
		c := msg.detail.Conversation
		set := c.Participants
		if o.e.Kind() == model.EditContacts {
			set = c.Contacts
		}
		if !set.Known {
			o.e.Problem = "the service did not give the full list, so it can't be edited"
			return nil
		}
		var rooms []model.Participant
		if o.e.Kind() == model.EditContacts {
			for _, p := range c.Participants.Items {
				if p.Kind == model.KindRoom {
					rooms = append(rooms, p)
				}
			}
		}
		o.e.Load(set.Items, rooms)
		if o.inForm == nil {
			return m.restoreDraft(o, o.draft)
		}
	case draftMsg:
		if msg.text != "" && !o.e.Changed() && o.e.Restore(msg.text) {
			m.say(theme.Dim, "restored from your draft")
			o.e.Problem = ""
		}
	}
	return nil
}

func (o *peopleOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	if name == "esc" {
		m.closeOverlay(o)
		if o.inForm != nil {
			return m.draftChanged(o.inForm.draft, o.inForm.f.Draft())
		}
		if o.e.Changed() && o.draft != "" {
			m.say(theme.Dim, "kept as a draft")
		}
		return m.saveDraft(o.draft)
	}
	b, r := m.keys.Lookup([]keymap.Context{keymap.People}, []string{name})
	if r != keymap.Match || !o.e.Loaded() {
		return nil
	}
	o.e.Problem = ""
	switch b.Action {
	case keymap.Down:
		o.e.Move(1)
		return nil
	case keymap.Up:
		o.e.Move(-1)
		return nil
	case keymap.AddPerson:
		return o.add(m)
	case keymap.RemovePerson:
		o.e.Remove()
	case keymap.RevertPerson:
		o.e.Revert()
	case keymap.RoleNext:
		o.cycle(1)
	case keymap.RolePrev:
		o.cycle(-1)
	case keymap.Submit:
		return o.submit(m)
	}
	return o.changed(m)
}

func (o *peopleOverlay) changed(m *Model) tea.Cmd {
	if o.inForm != nil {
		return nil
	}
	return m.draftChanged(o.draft, o.e.Draft())
}

func (o *peopleOverlay) cycle(by int) {
	if !o.e.Cycle(by) {
		o.e.Problem = "there is no role or status to choose here"
	}
}

func (o *peopleOverlay) add(m *Model) tea.Cmd {
	about := o.about(m)
	kinds := about.People
	if o.e.Kind() == model.EditContacts {
		kinds = []model.LookupKind{model.LookupContacts}
	}
	if len(kinds) == 0 {
		o.e.Problem = "the service has no directory to add people from"
		return nil
	}
	p := &pickerOverlay{p: edit.NewPicker("Add", kinds, o.space()), account: about.Account}
	p.have = func(q model.Participant) bool {
		for _, t := range o.e.Target() {
			if model.SamePerson(t, q) {
				return true
			}
		}
		return false
	}
	p.chosen = func(m *Model, q model.Participant) tea.Cmd {
		o.e.Add(q)
		return o.changed(m)
	}
	m.open(p)
	return p.ask(m, false)
}

func (o *peopleOverlay) submit(m *Model) tea.Cmd {
	if o.inForm != nil {
		m.closeOverlay(o)
		return m.draftChanged(o.inForm.draft, o.inForm.f.Draft())
	}
	changes := o.e.Changes()
	if len(changes) == 0 {
		o.e.Problem = "nothing was changed"
		return nil
	}
	return m.plan(purpose{action: o.in.action, title: o.e.Title, of: o.in.subjects, marked: o.in.marked, changes: changes,
		draft: o.draft, review: true, from: o, repeatable: o.e.Several()})
}

// about gives the account whose directory people are added from.
func (o *peopleOverlay) about(m *Model) model.Description {
	if o.inForm != nil && o.inForm.account != "" {
		d, _ := m.facts.Describe(o.inForm.account)
		return d
	}
	return m.samples(o.in.subjects).about(m.facts, o.e.Kind())
}

// space narrows the directory where it is one of a space.
func (o *peopleOverlay) space() string {
	if o.in.one {
		return o.in.row.Conversation.Space.ID
	}
	return ""
}

// pickerOverlay looks something up in a directory.
type pickerOverlay struct {
	p       *edit.Picker
	account string
	gen     int
	have    func(model.Participant) bool
	chosen  func(m *Model, p model.Participant) tea.Cmd
}

func (o *pickerOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	return o.p.Draw(m.th, screen, o.have)
}
func (o *pickerOverlay) scroll(m *Model, by int) tea.Cmd { return o.move(m, by) }

// line puts the bar on a row; another click chooses it.
func (o *pickerOverlay) line(m *Model, line int) tea.Cmd {
	if again := o.p.PutAt(line); again {
		return o.choose(m)
	}
	return nil
}

// move moves the bar; near the end of what is there the next page is asked for.
func (o *pickerOverlay) move(m *Model, by int) tea.Cmd {
	if o.p.Move(by) {
		return o.ask(m, true)
	}
	return nil
}

func (o *pickerOverlay) choose(m *Model) tea.Cmd {
	p, ok := o.p.Chosen()
	if !ok {
		return nil
	}
	m.closeOverlay(o)
	return o.chosen(m, p)
}

// ask asks the directory now, or for its next page.
func (o *pickerOverlay) ask(m *Model, more bool) tea.Cmd {
	if !more {
		o.gen++
	}
	req, gen, be, ctx, account := o.p.Request(more), o.gen, m.be, m.ctx, o.account
	return func() tea.Msg {
		page, err := be.Lookup(ctx, account, req)
		return lookupMsg{o, gen, more, page, err}
	}
}

// later asks once typing rests.
func (o *pickerOverlay) later() tea.Cmd {
	o.gen++
	gen := o.gen
	return tea.Tick(lookupTime, func(time.Time) tea.Msg { return lookupDueMsg{o, gen} })
}

func (o *pickerOverlay) receive(m *Model, msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case lookupDueMsg:
		if msg.gen == o.gen {
			return o.ask(m, false)
		}
	case lookupMsg:
		if msg.gen == o.gen {
			o.p.Take(msg.page, msg.more, model.Words(msg.err))
		}
	}
	return nil
}

func (o *pickerOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		m.closeOverlay(o)
	case "enter", "ctrl+s":
		return o.choose(m)
	case "up":
		return o.move(m, -1)
	case "down":
		return o.move(m, 1)
	case "pgup":
		return o.move(m, -8)
	case "pgdown":
		return o.move(m, 8)
	case "tab":
		if o.p.NextKind(1) {
			return o.ask(m, false)
		}
	case "shift+tab":
		if o.p.NextKind(-1) {
			return o.ask(m, false)
		}
	default:
		if o.p.Key(k) {
			return o.later()
		}
	}
	return nil
}

func (o *pickerOverlay) paste(_ *Model, text string) tea.Cmd {
	if o.p.Paste(text) {
		return o.later()
	}
	return nil
}
