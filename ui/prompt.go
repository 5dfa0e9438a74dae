package ui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/prompt"
	"confab/ui/theme"
)

// openPrompt is the open prompt, and what it was opened for.
type openPrompt struct {
	*prompt.Prompt
	// Escape restores the filter before, with the cursor on the conversation from.
	before string
	from   model.Ref
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
		m.list.applyFilter(*text)
	}
	if asks.Rest != 0 {
		m.schedule(restTime, func() { m.updatePrompt(p, asks.Rest) })
	}
	if asks.Offers != nil {
		m.readOffers(p, *asks.Offers)
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
		} else if p.Kind == prompt.Filter && m.list.currentTab().filter != p.before {
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
		near, ok := m.list.nearest()
		if ok && !more && p.Kind == prompt.Filter && text == m.list.currentTab().filter {
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
		about = " " + m.list.count() + " found "
	case p.Kind == prompt.Command && p.target.size() > 0:
		about = " for " + nameOrCount(p.target) + " "
	}
	near, found := m.list.nearest()
	line, cursor := p.Draw(m.th, w)
	return []string{line, p.DrawHelp(m.th, w, about, near, found)}, cursor
}
