package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/prompt"
)

// waitForNews waits for an announcement of the engine, and handles it with those that came by then.
func (m *Model) waitForNews(ch <-chan model.Event) {
	m.do(func() tea.Msg {
		var events []model.Event
		var e model.Event
		var open bool
		select {
		case e, open = <-ch:
		case <-m.ctx.Done():
		}
		for open {
			events = append(events, e)
			select {
			case e, open = <-ch:
			default:
				return after(func() {
					m.waitForNews(ch)
					m.news(events)
				})
			}
		}
		return after(func() { m.news(events) })
	})
}

func (m *Model) news(events []model.Event) {
	for _, e := range events {
		m.newsOf(e)
	}
	if m.list.noteSwept() {
		m.list.reload(false)
	}
	m.rereadIfErrorsChanged()
	m.quit.ifDelivered()
	m.quit.readUndecided()
}

func (m *Model) newsOf(e model.Event) {
	if e.All || len(e.Refs) > 0 {
		m.list.reload(false)
		m.list.recount()
	}
	m.outbox.news(e)
	m.followed.news(e)
	m.detail.news(e)
}

// rereadIfErrorsChanged reads the submissions on screen again when an account begins or stops to
// fail, or is tried at another time: no announcement names the edits that wait for the account.
func (m *Model) rereadIfErrorsChanged() {
	var now strings.Builder
	for _, a := range m.accounts() {
		if a.Error != nil {
			fmt.Fprintf(&now, "%s %s %s %s\n", a.Name, a.Error.Kind, a.Error.Message, a.NextTry)
		}
	}
	if now.String() != m.accountErrors {
		m.accountErrors = now.String()
		m.followed.reread()
		m.outbox.reread()
	}
}

// pageArrived brings what rests on the list up to date with a new page.
func (m *Model) pageArrived(page arrival) {
	if page.resized {
		m.updatePrompt(m.prompt, prompt.Resized{})
	}
	if page.toEnd {
		m.guard.noteMove()
	}
	m.detail.pageArrived(page)
}
