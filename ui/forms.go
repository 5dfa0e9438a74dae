package ui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/edit"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// formHandler opens the edit form, with the single field of kind unless that is "".
func formHandler(kind model.EditKind) handler {
	return handler{opens: true, wants: wantsRows, kind: kind, run: func(m *Model, in intent) {
		all := m.list.samples(in.subjects)
		s := edit.Subject{Capabilities: model.Capabilities{}, About: all.account(model.EditParticipants),
			Several: !in.single, People: all.accounts}
		for _, one := range all { // what any of them allows; the plan says where it can't be done
			for k, v := range one.can {
				if was, ok := s.Capabilities[k]; !ok || !was.Can() && v.Can() {
					s.Capabilities[k] = v
				}
			}
		}
		draft := draftOf(cmp.Or(string(kind), "form"), in)
		if kind != "" {
			s.Kinds = []model.EditKind{kind}
		}
		if in.single {
			s.Conversation = in.row.Conversation
		} else { // only values that all accounts have can be set
			for kind, values := range map[model.EditKind]*[]string{
				model.EditAccess: &s.About.AccessValues, model.EditDefaultRole: &s.About.DefaultRoleValues} {
				why := ""
				if *values, why = all.choices(kind); why != "" {
					s.Capabilities[kind] = model.Capability{State: model.CapabilityNo, Reason: why}
				}
			}
		}
		f := edit.NewForm(titleFor("Edit", in), s)
		f.Keys = m.keys.Keys(keymap.Form)
		m.openEditor(f, in, draft, func() (planRequest, error) {
			changes, err := f.Changes()
			return planRequest{title: f.Title, changes: changes, repeatable: true}, err
		})
		m.restoreDraft(f, draft)
	}}
}

// openEditor opens a form or a table. filled returns what the person filled in, to be planned and
// shown; nil for a table that only closes when it is submitted, since the form below takes its changes.
func (m *Model) openEditor(o drafted, in intent, draft string, filled func() (planRequest, error)) {
	submit := func() {
		req, err := filled()
		switch {
		case err != nil:
			m.complain(o, err.Error())
		case len(req.changes) == 0 && req.create == nil:
			m.complain(o, "nothing was changed")
		default:
			req.intent, req.draft, req.from, req.review = in, draft, o, true
			m.plan(req)
		}
	}
	m.open(layer{overlay: o, draft: draft, handle: func(asks any) {
		switch asks := asks.(type) {
		case *edit.People:
			m.openTable(asks, in, "", nil)
		case *edit.Picker:
			m.openPicker(asks)
		case edit.Load:
			m.readPeople(o.(*edit.People), in, asks.Refs)
		case edit.Ready:
			m.restoreDraft(o, draft)
		case keymap.Action:
			if asks == keymap.Submit && filled == nil {
				m.closeOverlay(o)
			} else if asks == keymap.Submit {
				submit()
			}
		}
	}})
}

const (
	// maxPeopleOf is how many conversations' people can be edited at once: each is read first.
	maxPeopleOf   = 500
	peopleReaders = 4
)

func peopleHandler(what string, kind model.EditKind) handler {
	return handler{opens: true, wants: wantsRows, kind: kind, run: func(m *Model, in intent) {
		title := titleFor(what, in)
		if !in.single {
			title = what + " of " + theme.Count(in.size(), "conversation")
		}
		all := m.list.samples(in.subjects).accounts(kind)
		e, draft := edit.NewPeople(title, kind, !in.single, all...), draftOf(string(kind), in)
		m.openTable(e, in, draft, func() (planRequest, error) {
			return planRequest{title: bulkTitle(what, in.size()), changes: e.Changes(), repeatable: !in.single && len(all) == 1}, nil
		})
	}}
}

// openTable opens a table of people and reads them from the service.
func (m *Model) openTable(e *edit.People, in intent, draft string, filled func() (planRequest, error)) {
	if n := in.size(); n > maxPeopleOf {
		m.say(theme.Warning, fmt.Sprintf("%s are too many at once: at most %d, since the people of each are read first",
			theme.Number(n), maxPeopleOf))
		return
	}
	e.Keys = m.keys.Keys(keymap.People)
	m.openEditor(e, in, draft, filled)
	if e.Need() != 0 {
		m.readPeople(e, in, nil)
	}
}

// readPeople reads the conversations whose people are edited, a few at a time: refs, or all of in for nil.
func (m *Model) readPeople(e *edit.People, in intent, refs []model.Ref) {
	var op *operation
	if !in.single {
		op = inDialog("Reading the people")
		op.needed = true
	}
	need, kind := e.Need(), e.Kind()
	operate(m.overlays, op, func(ctx context.Context, report func(int, int)) (edit.Loaded, error) {
		if refs == nil {
			var err error
			if refs, err = in.refs(ctx, m.be); err != nil {
				return nil, err
			}
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
					out[i] = readForPeople(ctx, m.be, ref, need, kind)
				}
				report(int(done.Add(1)), len(refs))
			})
		}
		readers.Wait()
		return out, ctx.Err()
	}, func(all edit.Loaded, err error) {
		switch {
		case m.layerOf(e) < 0:
		case err != nil:
			m.closeOverlay(e)
			m.fail("read the people", err)
		default:
			m.answerOverlay(e, all)
		}
	})
}

// readForPeople reads a conversation for a table of people, unless its people can't be edited.
func readForPeople(ctx context.Context, be Backend, ref model.Ref, need model.Need, kind model.EditKind) edit.LoadResult {
	h := edit.LoadResult{Conversation: model.Conversation{Ref: ref}}
	if row, ok, err := be.Row(ctx, ref); ok && err == nil {
		h.Conversation = row.Conversation
		if can := be.Capabilities(row.Conversation).Of(kind); !can.Can() {
			h.Off = cmp.Or(can.Reason, "the service can't do this")
			return h
		}
	}
	d, err := be.Load(ctx, ref, need)
	if h.Err = err; err == nil {
		h.Conversation = d.Conversation
	}
	return h
}

func (m *Model) openPicker(p *edit.Picker) {
	l := layer{overlay: p, handle: func(asks any) {
		ask, ok := asks.(edit.Ask)
		switch {
		case !ok:
		case ask.Wait:
			m.schedule(lookupTime, func() { m.answerOverlay(p, ask) })
		default:
			read(m.loop, bind2(m.be.Lookup, ask.Account, ask.Request), func(page model.LookupPage, err error) {
				m.answerOverlay(p, edit.Found{Ask: ask, Page: page, Err: err})
			})
		}
	}}
	m.open(l)
	l.handle(p.Ask())
}

// creators returns a sample for each account, of a conversation that is still to be created.
func (m *Model) creators() (all samples) {
	for _, a := range m.accounts() {
		all = append(all, sampleOf(m.be, model.Conversation{Ref: model.Ref{Account: a.Name}, Provider: a.Provider}))
	}
	return all
}

func createOff(m *Model, _ intent) string {
	all := m.creators()
	switch {
	case m.opts.ReadOnly:
		return readOnly
	case len(all.accounts(model.EditCreate)) > 0:
		return ""
	}
	var why []string
	for _, s := range all {
		why = append(why, s.account.Account+": "+s.off(model.EditCreate))
	}
	return strings.Join(why, "; ")
}

// accountHere returns the account of the row under the cursor, else the account that the query names, "" if none.
func (m *Model) accountHere(in intent) string {
	if account := in.row.Conversation.Ref.Account; account != "" {
		return account
	}
	q, _ := m.list.parsedQuery()
	if accounts := q.Accounts(); len(accounts) == 1 {
		return accounts[0]
	}
	return ""
}

// openCreate opens the form for a new conversation. If there is a choice it asks for the account first, beginning with accountHere.
func (m *Model) openCreate(in intent) {
	all, here := m.creators(), m.accountHere(in)
	slices.SortStableFunc(all, func(a, b sample) int {
		order := func(s sample) int { return theme.Pick(strings.EqualFold(s.account.Account, here), 0, 1) }
		return order(a) - order(b)
	})
	d := &dialog.Menu{Title: "New conversation in which account?"}
	for _, s := range all {
		label := s.account.Account + " (" + cmp.Or(s.account.Name, s.account.Provider) + ")"
		d.Items = append(d.Items, dialog.Item{Label: label, Off: s.off(model.EditCreate)})
	}
	first := slices.IndexFunc(d.Items, func(it dialog.Item) bool { return it.Off == "" })
	if len(all.accounts(model.EditCreate)) == 1 {
		m.openCreateIn(all[first])
		return
	}
	d.At = max(0, first)
	m.openMenu(d, func(i int) { m.openCreateIn(all[i]) })
}

func (m *Model) openCreateIn(s sample) {
	f, account := edit.NewCreate(s.account, s.can), s.account.Account
	f.Keys = m.keys.Keys(keymap.Form)
	draft := "new:" + account
	m.openEditor(f, intent{action: keymap.NewItem}, draft, func() (planRequest, error) {
		n, err := f.New()
		return planRequest{title: f.Title, account: account, create: &n, details: f.Review()}, err
	})
	m.restoreDraft(f, draft)
}

const (
	renamesHelp = "one title, s/old/new/, or {title} {company} {people} {date} {label:NAME}"
	// titlesDraft is the key of the draft for renaming several conversations, whichever they are.
	titlesDraft  = "titles"
	noEmptyTitle = "a title can't be empty"
)

// rename asks for a title, or for a pattern that makes the titles of several conversations.
func (m *Model) rename(in intent) {
	switch {
	case in.arg != "" && (!in.single || strings.HasPrefix(in.arg, "s/")):
		m.renameEach(requestFor(in, "rename"), in.arg)
		return
	case in.arg != "":
		m.set(requestFor(in, "rename"), model.EditTitle, in.arg)
		return
	case !in.single:
		m.askTitles(in)
		return
	}
	req := planRequest{intent: in, title: titleFor("Rename", in), draft: draftOf(string(model.EditTitle), in)}
	d := dialog.NewPrompt(req.title, in.row.Conversation.Title, "ctrl+u clears the line")
	req.from = d
	m.ask(d, req.draft, func(text string) {
		switch {
		case strings.TrimSpace(text) == "":
			d.Complain(noEmptyTitle)
		case !d.Input.Touched():
			m.closeOverlay(d)
			m.say(theme.Dim, "the title was left as it is")
			m.clearDraft(req.draft)
		default:
			m.set(req, model.EditTitle, text)
		}
	})
}

// askTitles asks for a pattern, and shows its effect once typing rests, so that a typed letter writes few bytes.
func (m *Model) askTitles(in intent) {
	d := dialog.NewPrompt(titleFor("Rename", in), "", renamesHelp)
	d.Live = true
	shown, typing := "", 0
	refresh := func() {
		d.Covered = m.onTop().overlay != overlay(d)
		if text := d.Input.Value(); text != shown && typing == 0 { // the draft was restored
			help := d.Help
			m.previewTitles(in, d)
			d.Help, shown = help, text
		}
	}
	m.open(layer{overlay: d, draft: titlesDraft, refresh: refresh, handle: func(asks any) {
		switch asks := asks.(type) {
		case dialog.Typed:
			m.debounce(&typing, restTime, func() {
				shown, typing = d.Input.Value(), 0
				m.previewTitles(in, d)
			})
		case dialog.Entered:
			m.renameEach(planRequest{intent: in, title: d.Title, draft: titlesDraft, from: d}, string(asks))
		}
	}})
	m.restoreDraft(d, titlesDraft)
}

func (m *Model) renameEach(req planRequest, text string) {
	r, err := model.ParseRenaming(text, m.now().Location())
	if err != nil {
		m.complain(req.from, err.Error())
		return
	}
	if title, literal := r.Literal(); literal && strings.TrimSpace(title) == "" {
		m.complain(req.from, noEmptyTitle)
		return
	}
	req.changes, req.repeatable = []model.Change{r.Change()}, true
	m.plan(req)
}

// previewTitles shows what the pattern makes of the titles in memory. The plan goes through all of them.
func (m *Model) previewTitles(in intent, d *dialog.Prompt) {
	d.Help, d.Examples, d.Note = renamesHelp, nil, ""
	r, err := model.ParseRenaming(d.Input.Value(), m.now().Location())
	if err != nil {
		d.Help = err.Error() // the pattern may be unfinished
	}
	if err != nil || d.Input.Value() == "" {
		return
	}
	change := r.Change()
	var changed, same int
	var left []dialog.Example
	for _, row := range m.list.windowRows(in.subjects) {
		c := &row.Conversation
		e := dialog.Example{Before: c.Title}
		if can := m.be.Capabilities(*c).Of(change.Kind); !can.Can() {
			e.Why = "left out: " + can.Reason
		} else if len(change.Reads(c)) > 0 {
			e.After = "its people are read first"
		} else if e.After, err = r.Title(c); err != nil {
			e.Why = "left out: " + err.Error()
		}
		switch {
		case e.Why != "":
			left = append(left, e)
		case e.After == c.Title:
			same++
		default:
			changed++
			if len(d.Examples) < dialog.MostExamples {
				d.Examples = append(d.Examples, e)
			}
		}
	}
	if len(left) > 0 {
		d.Examples = append(d.Examples[:min(len(d.Examples), dialog.MostExamples-1)], left[0])
	}
	d.Note = titlesNote(changed, same, len(left), in.size())
}

// titlesNote counts what a pattern makes of the titles in memory, and the conversations that are not.
func titlesNote(changed, same, left, all int) string {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, theme.Number(n)+what)
		}
	}
	add(changed, " get a new title")
	add(same, " already so")
	add(left, " left out")
	note := strings.Join(parts, ", ")
	if more := all - changed - same - left; more > 0 && note != "" {
		note += "; " + theme.Number(more) + " more are in the plan"
	}
	return note
}
