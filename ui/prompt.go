package ui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/prompt"
	"confab/ui/theme"
)

// openPrompt is the open prompt, and what it was opened for.
type openPrompt struct {
	*prompt.Prompt
	// Escape restores the filter before, with the cursor on the conversation from.
	before  string
	from    model.Ref
	applied bool // another filter was, so the cursor may have moved
	// target is the intent from when the command line was opened.
	target intent
}

func (m *Model) openFilter(in intent) {
	if in.arg != "" {
		m.list.applyFilter(in.arg)
		return
	}
	f, from := m.list.currentTab().filter, m.list.Ref()
	if f == "" {
		m.list.currentTab().from = from
	}
	m.showPrompt(&openPrompt{Prompt: prompt.New(prompt.Filter, f), before: f, from: from})
}

func (m *Model) openCommandLine(in intent) {
	m.showPrompt(&openPrompt{Prompt: prompt.New(prompt.Command, ""), target: m.intent(in.action)})
}

func (m *Model) openSearch() { m.prompt = &openPrompt{Prompt: prompt.New(prompt.Search, "")} }

func (m *Model) showPrompt(p *openPrompt) {
	m.prompt = p
	m.promptAsks(p, p.Ask())
	read(m.loop, bind(m.readPast, p.Kind), func(past []string, err error) {
		if err == nil {
			m.updatePrompt(p, prompt.Past(past))
		}
	})
}

// updatePrompt passes input or an answer to a prompt, if it is still open, and does what that asks.
func (m *Model) updatePrompt(p *openPrompt, msg tea.Msg) {
	if p == m.prompt && p != nil {
		m.promptAsks(p, p.Update(msg))
	}
}

func (m *Model) promptAsks(p *openPrompt, asks prompt.Asks) {
	if text := asks.Apply; text != nil && p.Kind == prompt.Search {
		m.detail.Search(*text)
	} else if text != nil {
		p.applied = p.applied || *text != m.list.currentTab().filter
		m.list.applyFilter(*text)
	}
	if ask := asks.Offers; ask != nil && ask.Wait {
		m.schedule(restTime, func() { m.updatePrompt(p, *ask) })
	} else if ask != nil {
		m.readOffers(p, *ask)
	}
	switch before := m.list.Cursor(); {
	case asks.Move != 0:
		m.pick(asks.Move)
	case asks.Down:
		m.pick(1)
		m.updatePrompt(p, prompt.Moved(m.list.Cursor()-before))
	case asks.Cancelled:
		m.prompt = nil
		if p.Kind == prompt.Search {
			m.detail.Search("")
		} else if p.applied {
			m.list.setFilter(p.before, p.from)
		}
	case asks.Done:
		m.prompt = nil
		if text := p.Text(); p.Kind == prompt.Command {
			m.command(p)
		} else if p.Kind == prompt.Search && text != "" && m.detail.Search(text) == 0 {
			m.say(theme.Warning, "not found in this tab: "+text)
		}
		m.remember(p)
	}
	for _, msg := range asks.Held {
		m.update(msg)
	}
}

// readOffers answers a request for completions.
func (m *Model) readOffers(p *openPrompt, ask prompt.Request) {
	offers := prompt.Offers{Request: ask}
	if p.Kind == prompt.Command {
		if offers.List, offers.Start = m.commandOffers(ask.Text[:ask.Cursor]); offers.Start < 0 {
			offers.Start = 0
			m.updatePrompt(p, offers)
			return
		}
	}
	text, cursor := ask.Text[offers.Start:], ask.Cursor-offers.Start
	m.list.complete(text, cursor, func(list []query.Completion, more bool, err error) {
		offers.List, offers.More, offers.Failed = list, more, err != nil
		if near := m.list.nearest(); near.Text != "" && !more && p.Kind == prompt.Filter && text == m.list.currentTab().filter {
			offers.List, offers.Failed = append([]query.Completion{near}, list...), false
		}
		m.updatePrompt(p, offers)
	})
}

// maxPast is how many filters, and how many commands, are remembered.
const maxPast = 100

func (m *Model) readPast(ctx context.Context, kind prompt.Kind) ([]string, error) {
	kept := m.drafts.get(kind.Past)
	text, err := kept.text, error(nil)
	if !kept.dirty { // another process may have added to it
		text, err = m.be.Draft(ctx, kind.Past)
	}
	return strings.Split(text, "\n"), err
}

func (m *Model) remember(p *openPrompt) {
	text := strings.TrimSpace(p.Text())
	if text == "" || p.Past == "" {
		return
	}
	m.try(keepTyped, func(context.Context) error {
		past, err := m.readPast(context.Background(), p.Kind)
		if err != nil {
			return err
		}
		past = append(slices.DeleteFunc(past, func(s string) bool { return s == text || s == "" }), text)
		m.drafts.put(p.Past, strings.Join(past[max(0, len(past)-maxPast):], "\n"))
		return m.drafts.write(context.Background(), p.Past)
	}, func() {})
}

// drawPrompt draws the prompt and the line below.
func (m *Model) drawPrompt(w int) (lines []string, cursor int) {
	p, about := m.prompt, ""
	switch reading := m.list.readingText(); {
	case p.Kind == prompt.Filter && reading != "":
		about = " " + reading + " "
	case p.Kind == prompt.Filter && m.list.Loaded():
		about = " " + m.list.countText() + " found "
	case p.Kind == prompt.Command && p.target.size() > 0:
		about = " for " + nameOrCount(p.target) + " "
	}
	line, cursor := p.Draw(m.th, w)
	return []string{line, p.DrawHelp(m.th, w, about, m.list.nearest())}, cursor
}

func (o *overlays) openHelp(at keymap.Context) {
	o.open(layer{overlay: dialog.NewHelp(o.keys, at, o.opts.Version)})
}

func (m *Model) openPalette(in intent) {
	target := m.intent(in.action)
	var list []dialog.Entry
	for _, b := range m.actionsHere() {
		in := target
		in.action = b.Action
		list = append(list, dialog.Entry{Binding: b, Off: m.off(in)})
	}
	d := dialog.NewPalette(list)
	if target.size() > 0 {
		d.For = nameOrCount(target)
	}
	m.openMenu(d, func(i int) {
		in := target
		in.action = list[i].Action
		m.run(in)
	})
}

func (m *Model) actionsHere() []keymap.Binding {
	var out []keymap.Binding
	seen := map[keymap.Action]bool{keymap.Palette: true}
	for _, c := range m.contexts() {
		for _, b := range m.keys.Bindings(c) {
			if _, ok := m.handlers[b.Action]; ok && !seen[b.Action] {
				out = append(out, b)
			}
			seen[b.Action] = true
		}
	}
	return out
}

var shortCommands = map[keymap.Action]keymap.Action{"q": keymap.Quit, "quit!": keymap.Quit, "h": keymap.Help, "w": keymap.Refresh}

func (m *Model) command(p *openPrompt) {
	verb, arg, _ := strings.Cut(strings.TrimSpace(p.Text()), " ")
	in, name := p.target, keymap.Action(strings.ReplaceAll(strings.ToLower(verb), "-", "_"))
	in.action, in.arg = cmp.Or(shortCommands[name], name), strings.TrimSpace(arg)
	if _, ok := m.handlers[in.action]; ok {
		m.run(in)
	} else if in.action != "" {
		m.say(theme.Warning, "there is no action named "+string(in.action)+"; "+m.keyFor(keymap.Global, keymap.Palette)+" lists them")
	}
}

// commandOffers completes actions and their arguments. start is the byte at which a query begins, -1 if none does.
func (m *Model) commandOffers(head string) (out []query.Completion, start int) {
	verb, arg, typed := strings.Cut(head, " ")
	var all []query.Completion
	switch action := keymap.Action(verb); {
	case !typed:
		arg = strings.ReplaceAll(verb, "-", "_")
		for _, b := range m.actionsHere() {
			all = append(all, query.Completion{Text: string(b.Action), Help: b.Help})
		}
	case action == keymap.Filter:
		return nil, len(verb) + 1
	case action == keymap.ViewNamed, action == keymap.Unview:
		all = m.list.completions(action == keymap.Unview)
		if _, ok := m.list.viewNamed(arg); !ok && arg != "" && action == keymap.ViewNamed && m.list.narrowed() {
			all = append(all, query.Completion{Text: arg, Help: "a new view of the filter and order"})
		}
	case action == keymap.Sort:
		for _, w := range query.Words(query.FieldSort) {
			all = append(all, query.Completion{Text: w.Name, Help: w.Help},
				query.Completion{Text: "-" + w.Name, Help: "the other way round"})
		}
	case action == keymap.Copy:
		for _, c := range copyFormats {
			all = append(all, query.Completion{Text: c.name, Help: "copy the " + c.noun})
		}
	case action == keymap.Snooze:
		all = []query.Completion{{Text: "2h", Help: "hours"}, {Text: "3d", Help: "days"}, {Text: "2w", Help: "weeks"},
			{Text: "14:30", Help: "today, else tomorrow"}, {Text: "tomorrow"}, {Text: "monday"}, {Text: "2026-12-31", Help: "a day"}}
	}
	for _, c := range all {
		if strings.HasPrefix(strings.ToLower(c.Text), strings.ToLower(arg)) {
			c.Start, c.End = len(head)-len(arg), len(head)
			out = append(out, c)
		}
	}
	return out, -1
}
