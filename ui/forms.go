package ui

import (
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/dialog"
	"confab/ui/edit"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// formOverlay is the form of a conversation, or of a new one.
type formOverlay struct {
	m     *Model
	f     *edit.Form
	in    intent
	draft string
	// account is set for a new conversation.
	account string
}

// formOf gives a handler that opens the form, narrowed to some fields.
func formOf(kinds ...model.EditKind) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd { return m.openForm(in, kinds) }
}

func (m *Model) openForm(in intent, kinds []model.EditKind) tea.Cmd {
	o := &formOverlay{m: m, in: in}
	title := titled("Edit", in)
	if in.one {
		o.draft = "form:" + in.row.Conversation.Ref.String()
		if len(kinds) == 1 {
			o.draft = string(kinds[0]) + ":" + in.row.Conversation.Ref.String()
		}
	}
	all := m.samples(in.subjects)
	subject := edit.Subject{Capabilities: all.capabilities(), About: all.about(m.facts, model.EditParticipants), Several: !in.one, Kinds: kinds}
	if in.one {
		subject.Conversation = in.row.Conversation
	} else {
		m.narrow(all, &subject)
	}
	o.f = edit.NewForm(title, subject)
	o.f.Keys = m.keys.Names(keymap.Form)
	if !o.f.Editable() {
		o.f.Problem = "nothing of this conversation can be edited"
	}
	m.open(layer{overlay: o})
	return m.restoreDraft(o, o.draft)
}

// narrow leaves of a form for several conversations what means the same in all
// of their accounts.
func (m *Model) narrow(of samples, s *edit.Subject) {
	off := func(kind model.EditKind, why string) {
		s.Capabilities = maps.Clone(s.Capabilities)
		s.Capabilities[kind] = model.Capability{State: model.CapabilityNo, Reason: why}
	}
	for _, kind := range []model.EditKind{model.EditParticipants, model.EditContacts} {
		if why := of.spread(m.facts, kind); why != "" {
			off(kind, why)
		}
	}
	choice := func(kind model.EditKind) []string {
		all := of.accounts(m.facts, kind)
		out := shared(all, kind.Choices)
		if len(all) > 1 && len(out) == 0 {
			off(kind, "these accounts have no value in common: take one account at a time")
		}
		return out
	}
	s.About.AccessValues = choice(model.EditAccess)
	s.About.DefaultRoleValues = choice(model.EditDefaultRole)
}

func (o *formOverlay) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	return o.f.Draw(th, screen)
}
func (o *formOverlay) Complain(text string) { o.f.Problem = text }

func (o *formOverlay) Restore(draft string) {
	if !o.f.Touched() && o.f.Restore(draft) {
		o.f.Note = "restored from your draft; fields with * differ from what is there"
	}
}

func (o *formOverlay) Update(msg tea.Msg) any {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return o.key(o.m, msg)
	case tea.PasteMsg:
		if o.f.Paste(msg.Content) {
			return o.m.draftChanged(o.draft, o.f.Draft())
		}
	case layout.Click:
		o.f.PutAt(int(msg))
	}
	return nil
}

func (o *formOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	if name == "esc" {
		m.closeOverlay(o)
		if o.f.Touched() && o.draft != "" {
			m.say(theme.Dim, "kept as a draft")
		}
		return m.saveDraft(o.draft)
	}
	o.f.Problem = ""
	if o.f.Multiline() && (name == "up" || name == "down" || name == "enter") || (name == "left" || name == "right") && !o.f.Choice() {
		if o.f.Key(k) {
			return m.draftChanged(o.draft, o.f.Draft())
		}
		return nil
	}
	b, r := m.keys.Lookup([]keymap.Context{keymap.Form}, []string{name})
	if r == keymap.Match {
		switch b.Action {
		case keymap.NextField:
			o.f.Move(1)
			return nil
		case keymap.PreviousField:
			o.f.Move(-1)
			return nil
		case keymap.ChoiceNext, keymap.ChoicePrev:
			by := 1
			if b.Action == keymap.ChoicePrev {
				by = -1
			}
			if o.f.Cycle(by) {
				return m.draftChanged(o.draft, o.f.Draft())
			}
			return nil
		case keymap.Accept:
			return o.enter(m)
		case keymap.Submit:
			return o.submit(m)
		}
	}
	if name == "space" && o.f.Cycle(1) || o.f.Key(k) {
		return m.draftChanged(o.draft, o.f.Draft())
	}
	return nil
}

// enter opens what the field opens, or goes on to the next.
func (o *formOverlay) enter(m *Model) tea.Cmd {
	if p := o.f.People(); p != nil {
		t := &peopleOverlay{m: m, e: p, in: o.in, inForm: o}
		p.Keys = m.keys.Names(keymap.People)
		m.open(layer{overlay: t})
		if !p.Loaded() {
			return m.loadPeople(t, o.in.row.Conversation)
		}
		return nil
	}
	if kind, ok := o.f.Pick(); ok {
		account := o.account
		if account == "" {
			account = m.samples(o.in.subjects).about(m.facts, model.EditParticipants).Account
		}
		p := &pickerOverlay{m: m, p: edit.NewPicker("Choose a "+string(kind), []model.LookupKind{kind}, ""), account: account}
		p.chosen = func(m *Model, q model.Participant) tea.Cmd {
			o.f.Picked(q)
			return m.draftChanged(o.draft, o.f.Draft())
		}
		m.open(layer{overlay: p})
		return p.ask(m, false)
	}
	o.f.Move(1)
	return nil
}

func (o *formOverlay) submit(m *Model) tea.Cmd {
	if o.account != "" {
		n, err := o.f.New()
		if err != nil {
			o.f.Problem = err.Error()
			return nil
		}
		return m.plan(purpose{action: keymap.NewItem, title: o.f.Title, account: o.account, create: &n, details: o.f.Review(),
			draft: o.draft, review: true, from: o})
	}
	changes, err := o.f.Changes()
	switch {
	case err != nil:
		o.f.Problem = err.Error()
		return nil
	case len(changes) == 0:
		o.f.Problem = "nothing was changed"
		return nil
	}
	return m.plan(purpose{action: o.in.action, title: o.f.Title, of: o.in.subjects, marked: o.in.marked, changes: changes,
		draft: o.draft, review: true, from: o, repeatable: true})
}

// creators lists the accounts in which a conversation can be created, and why
// the others can't.
func (m *Model) creators() (can []string, why map[string]string) {
	why = map[string]string{}
	for _, a := range m.facts.Accounts() {
		c := m.facts.Capabilities(model.Conversation{Ref: model.Ref{Account: a.Name}, Provider: a.Provider}).Of(model.EditCreate)
		if c.Can() {
			can = append(can, a.Name)
		} else {
			why[a.Name] = model.CleanLine(c.Reason, 200)
		}
	}
	return can, why
}

func cannotCreate(m *Model, _ intent) string {
	if m.opts.ReadOnly {
		return "read-only: confab was started so that it changes nothing"
	}
	can, why := m.creators()
	if len(can) > 0 {
		return ""
	}
	var out []string
	for _, a := range m.facts.Accounts() {
		out = append(out, a.Name+": "+why[a.Name])
	}
	return strings.Join(out, "; ")
}

// here gives the account that the person looks at: that of the row under the
// cursor, else that of the view if it is of one account.
func (m *Model) here(in intent) string {
	if account := in.row.Conversation.Ref.Account; account != "" {
		return account
	}
	text, _ := m.query()
	if q, err := query.Parse(text); err == nil {
		if accounts := q.Accounts(); len(accounts) == 1 {
			return accounts[0]
		}
	}
	return ""
}

// openCreate asks for the account, where there is a choice, and opens the form. The
// account at hand is offered first.
func (m *Model) openCreate(in intent) tea.Cmd {
	can, why := m.creators()
	if len(can) == 1 {
		return m.openCreateIn(can[0])
	}
	d := &dialog.Menu{Title: "New conversation in which account?"}
	accounts, first := slices.Clone(m.facts.Accounts()), m.here(in)
	slices.SortStableFunc(accounts, func(a, b model.AccountState) int {
		switch isA, isB := strings.EqualFold(a.Name, first), strings.EqualFold(b.Name, first); {
		case isA && !isB:
			return -1
		case isB && !isA:
			return 1
		}
		return 0
	})
	var names []string
	for _, a := range accounts {
		names = append(names, a.Name)
		d.Items = append(d.Items, dialog.Item{Label: a.Name + " (" + a.Provider + ")", Off: why[a.Name]})
	}
	for i := range d.Items {
		if d.Items[i].Off == "" {
			d.SetAt(i)
			break
		}
	}
	m.openMenu(d, func(i int) tea.Cmd { return m.openCreateIn(names[i]) })
	return nil
}

func (m *Model) openCreateIn(account string) tea.Cmd {
	about, ok := m.facts.Describe(account)
	if !ok {
		m.say(theme.Error, "there is no account named "+account)
		return nil
	}
	caps := m.facts.Capabilities(model.Conversation{Ref: model.Ref{Account: account}, Provider: about.Provider})
	o := &formOverlay{m: m, f: edit.NewCreate(about, caps), account: account, draft: "new:" + account}
	o.f.Keys = m.keys.Names(keymap.Form)
	m.open(layer{overlay: o})
	return m.restoreDraft(o, o.draft)
}
