package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/edit"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// peopleOverlay is the table of participants or contacts.
type peopleOverlay struct {
	m     *Model
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
		m.showText(bulkTitle(what, in.size()), "Nothing was changed: "+why+".")
		return nil
	}
	o := &peopleOverlay{m: m, in: in}
	title := titled(what, in)
	if in.one {
		o.draft = string(kind) + ":" + in.row.Conversation.Ref.String()
	}
	o.e = edit.NewPeople(title, kind, all.about(m.facts, kind), !in.one)
	o.e.Keys = m.keys.Names(keymap.People)
	m.open(layer{overlay: o})
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
		return answerMsg{o, peopleMsg{d, err}}
	}
}

func (o *peopleOverlay) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	return o.e.Draw(th, screen)
}
func (o *peopleOverlay) Complain(text string) { o.e.Problem = text }

func (o *peopleOverlay) Restore(draft string) {
	if !o.e.Changed() && o.e.Restore(draft) {
		o.m.say(theme.Dim, "restored from your draft")
		o.e.Problem = ""
	}
}

func (o *peopleOverlay) Update(msg tea.Msg) any {
	m := o.m
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return o.key(m, msg)
	case layout.Wheel:
		o.e.Move(int(msg))
	case layout.Click:
		o.e.PutAt(int(msg))
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
	p := &pickerOverlay{m: m, p: edit.NewPicker("Add", kinds, o.space()), account: about.Account}
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
	m.open(layer{overlay: p})
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
	m       *Model
	p       *edit.Picker
	account string
	gen     int
	have    func(model.Participant) bool
	chosen  func(m *Model, p model.Participant) tea.Cmd
}

func (o *pickerOverlay) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	return o.p.Draw(th, screen, o.have)
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
		return answerMsg{o, lookupMsg{gen, more, page, err}}
	}
}

// later asks once typing rests.
func (o *pickerOverlay) later() tea.Cmd {
	o.gen++
	gen := o.gen
	return tea.Tick(lookupTime, func(time.Time) tea.Msg { return answerMsg{o, lookupDueMsg{gen}} })
}

func (o *pickerOverlay) Update(msg tea.Msg) any {
	m := o.m
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return o.key(m, msg)
	case tea.PasteMsg:
		if o.p.Paste(msg.Content) {
			return o.later()
		}
	case layout.Wheel:
		return o.move(m, int(msg))
	case layout.Click: // on a row puts the bar there; another one chooses it
		if again := o.p.PutAt(int(msg)); again {
			return o.choose(m)
		}
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
