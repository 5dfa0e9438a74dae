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

// forms opens the forms and tables in which edits are typed, and has what they hold planned.
type forms struct{ *planning }

func (f *forms) formHandler(kind model.EditKind) handler {
	return handler{opens: true, wants: wantsRows, kind: kind, run: func(in intent) { f.openForm(in, kind) }}
}

// openForm opens the edit form, with the single field of kind unless that is "".
func (f *forms) openForm(in intent, kind model.EditKind) {
	all := f.list.samples(in.subjects)
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
	form := edit.NewForm(titleFor("Edit", in), s)
	form.Keys = f.keys.Keys(keymap.Form)
	f.openEditor(form, in, draft, func() (planRequest, error) {
		changes, err := form.Changes()
		return planRequest{title: form.Title, changes: changes, repeatable: true}, err
	})
	f.restoreDraft(form, draft)
}

// openEditor opens a form or a table. filled returns what the person filled in, to be planned and
// shown; nil for a table that only closes when it is submitted, since the form below takes its changes.
func (f *forms) openEditor(o drafted, in intent, draft string, filled func() (planRequest, error)) {
	submit := func() {
		req, err := filled()
		switch {
		case err != nil:
			f.complain(o, err.Error())
		case len(req.changes) == 0 && req.create == nil:
			f.complain(o, "nothing was changed")
		default:
			req.intent, req.draft, req.from, req.review = in, draft, o, true
			f.plan(req)
		}
	}
	f.open(layer{overlay: o, draft: draft, handle: func(asks any) {
		switch asks := asks.(type) {
		case *edit.People:
			f.openTable(asks, in, "", nil)
		case *edit.Picker:
			f.openPicker(asks)
		case edit.Load:
			f.readPeople(o.(*edit.People), in, asks.Refs)
		case edit.Ready:
			f.restoreDraft(o, draft)
		case keymap.Action:
			if asks == keymap.Submit && filled == nil {
				f.closeOverlay(o)
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

func (f *forms) peopleHandler(what string, kind model.EditKind) handler {
	return handler{opens: true, wants: wantsRows, kind: kind, run: func(in intent) { f.openPeople(in, what, kind) }}
}

// openPeople opens the table of the people, or of the contacts, of conversations.
func (f *forms) openPeople(in intent, what string, kind model.EditKind) {
	title := titleFor(what, in)
	if !in.single {
		title = what + " of " + theme.Count(in.size(), "conversation")
	}
	all := f.list.samples(in.subjects).accounts(kind)
	e, draft := edit.NewPeople(title, kind, !in.single, all...), draftOf(string(kind), in)
	f.openTable(e, in, draft, func() (planRequest, error) {
		return planRequest{title: bulkTitle(what, in.size()), changes: e.Changes(), repeatable: !in.single && len(all) == 1}, nil
	})
}

// openTable opens a table of people and reads them from the service.
func (f *forms) openTable(e *edit.People, in intent, draft string, filled func() (planRequest, error)) {
	if n := in.size(); n > maxPeopleOf {
		f.say(theme.Warning, fmt.Sprintf("%s are too many at once: at most %d, since the people of each are read first",
			theme.Number(n), maxPeopleOf))
		return
	}
	e.Keys = f.keys.Keys(keymap.People)
	f.openEditor(e, in, draft, filled)
	if e.Need() != 0 {
		f.readPeople(e, in, nil)
	}
}

// readPeople reads the conversations whose people are edited, a few at a time: refs, or all of in for nil.
func (f *forms) readPeople(e *edit.People, in intent, refs []model.Ref) {
	var op *operation
	if !in.single {
		op = inDialog("Reading the people")
		op.needed = true
	}
	need, kind := e.Need(), e.Kind()
	operate(f.overlays, op, func(ctx context.Context, report func(int, int)) (edit.Loaded, error) {
		if refs == nil {
			var err error
			if refs, err = in.refs(ctx, f.be); err != nil {
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
					out[i] = readForPeople(ctx, f.be, ref, need, kind)
				}
				report(int(done.Add(1)), len(refs))
			})
		}
		readers.Wait()
		return out, ctx.Err()
	}, func(all edit.Loaded, err error) {
		switch {
		case f.layerOf(e) < 0:
		case err != nil:
			f.closeOverlay(e)
			f.fail("read the people", err)
		default:
			f.answerOverlay(e, all)
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

func (f *forms) openPicker(p *edit.Picker) {
	l := layer{overlay: p, handle: func(asks any) {
		ask, ok := asks.(edit.Ask)
		switch {
		case !ok:
		case ask.Wait:
			f.schedule(lookupTime, func() { f.answerOverlay(p, ask) })
		default:
			read(f.loop, bind2(f.be.Lookup, ask.Account, ask.Request), func(page model.LookupPage, err error) {
				f.answerOverlay(p, edit.Found{Ask: ask, Page: page, Err: err})
			})
		}
	}}
	f.open(l)
	l.handle(p.Ask())
}

// creators returns a sample for each account, of a conversation that is still to be created.
func (f *forms) creators() (all samples) {
	for _, a := range f.accounts() {
		all = append(all, sampleOf(f.be, model.Conversation{Ref: model.Ref{Account: a.Name}, Provider: a.Provider}))
	}
	return all
}

func (f *forms) createOff(intent) string {
	all := f.creators()
	switch {
	case f.opts.ReadOnly:
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
func (f *forms) accountHere(in intent) string {
	if account := in.row.Conversation.Ref.Account; account != "" {
		return account
	}
	if accounts := f.list.parsedQuery().Accounts(); len(accounts) == 1 {
		return accounts[0]
	}
	return ""
}

// openCreate opens the form for a new conversation. If there is a choice it asks for the account first, beginning with accountHere.
func (f *forms) openCreate(in intent) {
	all, here := f.creators(), f.accountHere(in)
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
		f.openCreateIn(all[first])
		return
	}
	d.At = max(0, first)
	f.openMenu(d, func(i int) { f.openCreateIn(all[i]) })
}

func (f *forms) openCreateIn(s sample) {
	form, account := edit.NewCreate(s.account, s.can), s.account.Account
	form.Keys = f.keys.Keys(keymap.Form)
	draft := "new:" + account
	f.openEditor(form, intent{action: keymap.NewItem}, draft, func() (planRequest, error) {
		n := form.New()
		return planRequest{title: form.Title, account: account, create: &n, details: form.Review()}, nil
	})
	f.restoreDraft(form, draft)
}

const (
	renamesHelp = "one title, s/old/new/, or {title} {company} {people} {date} {label:NAME}"
	// titlesDraft is the key of the draft for renaming several conversations, whichever they are.
	titlesDraft = "titles"
)

// rename asks for a title, or for a pattern that makes the titles of several conversations.
func (f *forms) rename(in intent) {
	switch {
	case in.arg != "" && (!in.single || strings.HasPrefix(in.arg, "s/")):
		f.renameEach(requestFor(in, "rename"), in.arg)
		return
	case in.arg != "":
		f.set(requestFor(in, "rename"), model.EditTitle, in.arg)
		return
	case !in.single:
		f.askTitles(in)
		return
	}
	req := planRequest{intent: in, title: titleFor("Rename", in), draft: draftOf(string(model.EditTitle), in)}
	d := dialog.NewPrompt(req.title, in.row.Conversation.Title, "ctrl+u clears the line")
	req.from = d
	f.ask(d, req.draft, func(text string) {
		if d.Input.Touched() {
			f.set(req, model.EditTitle, text)
			return
		}
		f.closeOverlay(d)
		f.say(theme.Dim, "the title was left as it is")
		f.clearDraft(req.draft)
	})
}

// askTitles asks for a pattern, and shows its effect once typing rests, so that a typed letter writes few bytes.
func (f *forms) askTitles(in intent) {
	d := dialog.NewPrompt(titleFor("Rename", in), "", renamesHelp)
	d.Live = true
	shown, typing := "", 0
	refresh := func() {
		d.Covered = f.onTop().overlay != overlay(d)
		if text := d.Input.Value(); text != shown && typing == 0 { // the draft was restored
			help := d.Help
			f.previewTitles(in, d)
			d.Help, shown = help, text
		}
	}
	f.open(layer{overlay: d, draft: titlesDraft, refresh: refresh, handle: func(asks any) {
		switch asks := asks.(type) {
		case dialog.Typed:
			f.debounce(&typing, restTime, func() {
				shown, typing = d.Input.Value(), 0
				f.previewTitles(in, d)
			})
		case dialog.Entered:
			f.renameEach(planRequest{intent: in, title: d.Title, draft: titlesDraft, from: d}, string(asks))
		}
	}})
	f.restoreDraft(d, titlesDraft)
}

func (f *forms) renameEach(req planRequest, text string) {
	r, err := model.ParseRenaming(text, f.now().Location())
	if err != nil {
		f.complain(req.from, err.Error())
		return
	}
	if title, literal := r.Literal(); literal && strings.TrimSpace(title) == "" {
		f.complain(req.from, "a title must not be blank")
		return
	}
	req.changes, req.repeatable = []model.Change{r.Change()}, true
	f.plan(req)
}

// previewTitles shows what the pattern makes of the titles in memory. The plan goes through all of them.
func (f *forms) previewTitles(in intent, d *dialog.Prompt) {
	d.Help, d.Examples, d.Note = renamesHelp, nil, ""
	r, err := model.ParseRenaming(d.Input.Value(), f.now().Location())
	if err != nil {
		d.Help = err.Error() // the pattern may be unfinished
	}
	if err != nil || d.Input.Value() == "" {
		return
	}
	change := r.Change()
	var changed, same int
	var left []dialog.Example
	for _, row := range f.list.windowRows(in.subjects) {
		c := &row.Conversation
		e := dialog.Example{Before: c.Title}
		if can := f.be.Capabilities(*c).Of(change.Kind); !can.Can() {
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
