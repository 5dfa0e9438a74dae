package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
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
	if e.All {
		m.reloadOutbox()
	} else if len(e.Submissions) > 0 {
		m.refreshOutbox(e.Submissions, e.Refs)
	}
	f, refs := &m.followed, e.Refs
	named := slices.Contains(e.Submissions, f.id)
	if findOverlay[*dialog.Results](m.overlays) != nil && (e.All || len(e.Submissions) > 0) {
		if !named { // an edit may wait for an edit of another submission
			refs = f.edits.On(refs)
		}
		f.news.announced(refs, named)
		f.news.all = f.news.all || e.All
		named = named || len(refs) > 0
	}
	if e.All || named {
		m.readFollowed()
	}
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
		m.followed.news.all = true
		m.readFollowed()
		m.reloadOutbox()
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
