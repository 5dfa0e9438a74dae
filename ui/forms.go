package ui

import (
	"context"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/dialog"
	"confab/ui/edit"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// formOf returns a handler that opens the form, narrowed to some fields.
func formOf(kinds ...model.EditKind) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd { return m.openForm(in, kinds) }
}

func (m *Model) openForm(in intent, kinds []model.EditKind) tea.Cmd {
	all := m.samples(in.subjects)
	about := all.about(m.facts, model.EditParticipants)
	subject := edit.Subject{Capabilities: all.capabilities(), About: about, Several: !in.one, Kinds: kinds}
	draft := draftOf("form", in)
	if len(kinds) == 1 {
		draft = draftOf(string(kinds[0]), in)
	}
	if in.one {
		subject.Conversation = in.row.Conversation
	} else {
		m.narrow(all, &subject)
	}
	f := edit.NewForm(titled("Edit", in), subject)
	return m.showForm(f, in, draft, func(kind model.EditKind) string { return all.about(m.facts, kind).Account },
		func() tea.Cmd {
			changes, err := f.Changes()
			if err != nil {
				f.Complain(err.Error())
				return nil
			}
			return m.review(purpose{intent: in, title: f.Title, changes: changes, draft: draft, from: f, repeatable: true})
		})
}

// showForm opens a form. account returns the account whose directory has the people
// of a field; submit plans what was filled in.
func (m *Model) showForm(f *edit.Form, in intent, draft string, account func(model.EditKind) string, submit func() tea.Cmd) tea.Cmd {
	f.Keys = m.keys.Keys(keymap.Form)
	m.openEditor(f, in, draft, account, submit)
	return m.restoreDraft(f, draft)
}

func (m *Model) openEditor(o drafted, in intent, draft string, account func(model.EditKind) string, submit func() tea.Cmd) {
	m.open(layer{overlay: o, draft: draft, act: func(asks any) tea.Cmd {
		switch asks := asks.(type) {
		case *edit.People:
			done := func() tea.Cmd {
				m.closeOverlay(asks)
				return nil
			}
			return m.openTable(asks, in, "", account(asks.Kind()), done)
		case *edit.Picker:
			return m.openPicker(asks, account(""))
		case edit.Ready:
			return m.restoreDraft(o, draft)
		case keymap.Action:
			if asks == keymap.Submit {
				return submit()
			}
		}
		return nil
	}})
}

// review plans what was filled in, and shows the plan whatever it does.
func (m *Model) review(p purpose) tea.Cmd {
	if len(p.changes) == 0 {
		m.complain(p.from, "nothing was changed")
		return nil
	}
	p.review = true
	return m.plan(p)
}

// narrow leaves of a form for several conversations what means the same in all
// of their accounts.
func (m *Model) narrow(of samples, s *edit.Subject) {
	s.Capabilities = maps.Clone(s.Capabilities)
	off := func(kind model.EditKind, why string) {
		s.Capabilities[kind] = model.Capability{State: model.CapabilityNo, Reason: why}
	}
	for _, kind := range []model.EditKind{model.EditParticipants, model.EditContacts} {
		if why := of.spread(m.facts, kind); why != "" {
			off(kind, why)
		}
	}
	chosen := map[model.EditKind]*[]string{model.EditAccess: &s.About.AccessValues, model.EditDefaultRole: &s.About.DefaultRoleValues}
	for kind, values := range chosen {
		why := ""
		if *values, why = of.choices(m.facts, kind); why != "" {
			off(kind, why)
		}
	}
}

// choices returns the values of a kind that all accounts have in common, and why
// several have none.
func (s samples) choices(facts Facts, kind model.EditKind) (values []string, why string) {
	all := s.accounts(facts, kind)
	values = shared(all, kind.Choices)
	if len(all) > 1 && len(values) == 0 {
		why = "these accounts have no value in common: take one account at a time"
	}
	return values, why
}

// peopleOf returns a handler that opens the table of participants or contacts.
func peopleOf(what string, kind model.EditKind) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd {
		all := m.samples(in.subjects)
		if why := all.spread(m.facts, kind); why != "" {
			m.showText(bulkTitle(what, in.size()), "Nothing was changed: "+why+".")
			return nil
		}
		about := all.about(m.facts, kind)
		e := edit.NewPeople(titled(what, in), kind, about, !in.one)
		if in.one {
			e.Space = in.row.Conversation.Space.ID
		}
		draft := draftOf(string(kind), in)
		return m.openTable(e, in, draft, about.Account, func() tea.Cmd {
			return m.review(purpose{intent: in, title: e.Title, changes: e.Changes(), draft: draft, from: e, repeatable: !in.one})
		})
	}
}

// openTable opens a table of people of an account. What it needs is always read
// afresh: what is edited is what is there now.
func (m *Model) openTable(e *edit.People, in intent, draft, account string, submit func() tea.Cmd) tea.Cmd {
	e.Keys = m.keys.Keys(keymap.People)
	m.openEditor(e, in, draft, func(model.EditKind) string { return account }, submit)
	need := e.Need()
	if need == 0 {
		return nil
	}
	load := func(ctx context.Context) (model.Detail, error) { return m.be.Load(ctx, in.row.Conversation.Ref, need) }
	return read(m, load, func(d model.Detail, err error) tea.Cmd {
		return m.answer(e, edit.Loaded{Conversation: d.Conversation, Err: err})
	})
}

// openPicker opens a picker over the directories of an account.
func (m *Model) openPicker(p *edit.Picker, account string) tea.Cmd {
	ask := func(asks any) tea.Cmd {
		ask, ok := asks.(edit.Ask)
		switch {
		case !ok:
			return nil
		case ask.Wait:
			return soon(lookupTime, func() tea.Cmd { return m.answer(p, ask) })
		}
		look := func(ctx context.Context) (model.LookupPage, error) { return m.be.Lookup(ctx, account, ask.Request) }
		return read(m, look, func(page model.LookupPage, err error) tea.Cmd {
			return m.answer(p, edit.Found{Ask: ask, Page: page, Err: err})
		})
	}
	m.open(layer{overlay: p, act: ask})
	return ask(p.Ask())
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
		return readOnly
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

// accountHere returns the account that the person looks at: that of the row under
// the cursor, else that of the view if it is of one account.
func (m *Model) accountHere(in intent) string {
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
	accounts, here := slices.Clone(m.facts.Accounts()), m.accountHere(in)
	if i := slices.IndexFunc(accounts, func(a model.AccountState) bool { return strings.EqualFold(a.Name, here) }); i > 0 {
		first := accounts[i]
		accounts = slices.Insert(slices.Delete(accounts, i, i+1), 0, first)
	}
	d := &dialog.Menu{Title: "New conversation in which account?"}
	for _, a := range accounts {
		d.Items = append(d.Items, dialog.Item{Label: a.Name + " (" + a.Provider + ")", Off: why[a.Name]})
	}
	d.SetAt(slices.IndexFunc(d.Items, func(it dialog.Item) bool { return it.Off == "" }))
	m.openMenu(d, func(i int) tea.Cmd { return m.openCreateIn(accounts[i].Name) })
	return nil
}

func (m *Model) openCreateIn(account string) tea.Cmd {
	about, ok := m.facts.Describe(account)
	if !ok {
		return m.say(theme.Error, "there is no account named "+account)
	}
	f := edit.NewCreate(about, m.facts.Capabilities(model.Conversation{Ref: model.Ref{Account: account}, Provider: about.Provider}))
	in, draft := intent{action: keymap.NewItem}, "new:"+account
	return m.showForm(f, in, draft, func(model.EditKind) string { return account }, func() tea.Cmd {
		n, err := f.New()
		if err != nil {
			f.Complain(err.Error())
			return nil
		}
		return m.plan(purpose{intent: in, title: f.Title, account: account, create: &n, details: f.Review(), draft: draft, review: true, from: f})
	})
}
