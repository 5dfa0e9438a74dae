package ui

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

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
	subject := edit.Subject{Capabilities: all.capabilities(), About: about, Several: !in.one, Kinds: kinds,
		People: func(kind model.EditKind) []model.Description { return all.accounts(m.facts, kind) }}
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
	return m.showForm(f, in, draft, func() tea.Cmd {
		changes, err := f.Changes()
		if err != nil {
			f.Complain(err.Error())
			return nil
		}
		return m.review(purpose{intent: in, title: f.Title, changes: changes, draft: draft, from: f, repeatable: true})
	})
}

// showForm opens a form; submit plans what was filled in.
func (m *Model) showForm(f *edit.Form, in intent, draft string, submit func() tea.Cmd) tea.Cmd {
	f.Keys = m.keys.Keys(keymap.Form)
	m.openEditor(f, in, draft, submit)
	return m.restoreDraft(f, draft)
}

func (m *Model) openEditor(o drafted, in intent, draft string, submit func() tea.Cmd) {
	m.open(layer{overlay: o, draft: draft, act: func(asks any) tea.Cmd {
		switch asks := asks.(type) {
		case *edit.People:
			done := func() tea.Cmd {
				m.closeOverlay(asks)
				return nil
			}
			return m.openTable(asks, in, "", done)
		case *edit.Picker:
			return m.openPicker(asks)
		case edit.Load:
			return m.readPeople(o.(*edit.People), in.one, func(context.Context) ([]model.Ref, error) { return asks.Refs, nil })
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

// maxPeopleOf is of how many conversations the people can be edited at once: each is
// read from its service first, peopleReaders at a time.
const (
	maxPeopleOf   = 500
	peopleReaders = 4
)

// peopleOf returns a handler that opens the table of participants or contacts.
func peopleOf(what string, kind model.EditKind) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd {
		title := titled(what, in)
		if !in.one {
			title = what + " of " + theme.Count(in.size(), "conversation")
		}
		all := m.samples(in.subjects).accounts(m.facts, kind)
		e := edit.NewPeople(title, kind, !in.one, all...)
		draft := draftOf(string(kind), in)
		return m.openTable(e, in, draft, func() tea.Cmd {
			return m.review(purpose{intent: in, title: bulkTitle(what, in.size()), changes: e.Changes(), draft: draft, from: e,
				repeatable: !in.one && len(all) == 1})
		})
	}
}

// openTable opens a table of people. What it needs is always read afresh: what is
// edited is what is there now.
func (m *Model) openTable(e *edit.People, in intent, draft string, submit func() tea.Cmd) tea.Cmd {
	if n := in.size(); n > maxPeopleOf {
		return m.say(theme.Warning, fmt.Sprintf("%s are too many at once: at most %d, since the people of each are read first",
			theme.Number(n), maxPeopleOf))
	}
	e.Keys = m.keys.Keys(keymap.People)
	m.openEditor(e, in, draft, submit)
	if e.Need() == 0 {
		return nil
	}
	return m.readPeople(e, in.one, func(ctx context.Context) ([]model.Ref, error) { return in.refs(ctx, m.be) })
}

// readPeople reads the conversations whose people are edited, a few at a time.
func (m *Model) readPeople(e *edit.People, one bool, of func(context.Context) ([]model.Ref, error)) tea.Cmd {
	need, kind := e.Need(), e.Kind()
	hold := func(ctx context.Context, ref model.Ref) edit.Held {
		h := edit.Held{Conversation: model.Conversation{Ref: ref}}
		row, ok, err := m.be.Row(ctx, ref)
		if ok && err == nil {
			h.Conversation = row.Conversation
			if can := m.facts.Capabilities(row.Conversation).Of(kind); !can.Can() {
				h.Off = cmp.Or(can.Reason, "the service can't do this")
				return h
			}
		}
		d, err := m.be.Load(ctx, ref, need)
		if h.Err = err; err == nil {
			h.Conversation = d.Conversation
		}
		return h
	}
	work := func(ctx context.Context, report func(int, int)) (edit.Loaded, error) {
		refs, err := of(ctx)
		if err != nil {
			return nil, err
		}
		out := make(edit.Loaded, len(refs))
		var done atomic.Int64
		var readers sync.WaitGroup
		places := make(chan struct{}, peopleReaders)
		for i, ref := range refs {
			places <- struct{}{}
			readers.Go(func() {
				defer func() { <-places }()
				if out[i].Err = ctx.Err(); out[i].Err == nil {
					out[i] = hold(ctx, ref)
				}
				report(int(done.Add(1)), len(refs))
			})
		}
		readers.Wait()
		return out, ctx.Err()
	}
	take := func(all edit.Loaded, err error) tea.Cmd {
		switch {
		case !m.isOpen(e):
			return nil
		case err != nil:
			m.closeOverlay(e)
			return m.fail("read the people", err)
		}
		return m.answer(e, all)
	}
	if one {
		return read(m, func(ctx context.Context) (edit.Loaded, error) { return work(ctx, func(int, int) {}) }, take)
	}
	op := inDialog("Reading the people")
	op.needed = true
	return operate(m, op, work, take)
}

// openPicker opens a picker over directories.
func (m *Model) openPicker(p *edit.Picker) tea.Cmd {
	ask := func(asks any) tea.Cmd {
		ask, ok := asks.(edit.Ask)
		switch {
		case !ok:
			return nil
		case ask.Wait:
			return soon(lookupTime, func() tea.Cmd { return m.answer(p, ask) })
		}
		look := func(ctx context.Context) (model.LookupPage, error) { return m.be.Lookup(ctx, ask.Account, ask.Request) }
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
		about, _ := m.facts.Describe(a.Name)
		d.Items = append(d.Items, dialog.Item{Label: a.Name + " (" + cmp.Or(about.Name, a.Provider) + ")", Off: why[a.Name]})
	}
	d.At = max(0, slices.IndexFunc(d.Items, func(it dialog.Item) bool { return it.Off == "" }))
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
	return m.showForm(f, in, draft, func() tea.Cmd {
		n, err := f.New()
		if err != nil {
			f.Complain(err.Error())
			return nil
		}
		return m.plan(purpose{intent: in, title: f.Title, account: account, create: &n, details: f.Review(), draft: draft, review: true, from: f})
	})
}
