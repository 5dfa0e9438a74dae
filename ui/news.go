package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
)

// subscribe listens to the engine until the inbox is closed.
func (m *Model) subscribe() {
	m.do(func() tea.Msg {
		news, cancel := m.be.Subscribe()
		context.AfterFunc(m.ctx, cancel)
		return after(func() { m.waitForNews(news) })
	})
}

// waitForNews waits for announcements and brings all that have come.
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
	if m.walkedSince() {
		m.reload(false)
	}
	m.doorsMoved()
	m.quitIfDelivered()
	m.readUndecided()
}

// newsOf reads again what of an announcement is on screen.
func (m *Model) newsOf(e model.Event) {
	if e.All || len(e.Refs) > 0 {
		m.reload(false)
		m.recount()
	}
	if e.All {
		m.reloadLedger()
	} else if len(e.Submissions) > 0 {
		m.refreshLedger(e.Submissions, e.Refs)
	}
	named := slices.Contains(e.Submissions, m.told.id)
	if find[*dialog.Results](m) != nil && (e.All || len(e.Submissions) > 0) {
		named = m.told.announced(e, named) || named
	}
	if e.All || named {
		m.readTold()
	}
	if shown := m.detail.Ref(); !shown.IsZero() && (e.All || slices.Contains(e.Refs, shown)) {
		if _, wrong := m.query(); wrong != nil {
			m.readRow(shown) // the list is not read
		} else {
			m.moved = shown
		}
		m.readActivity(shown)
	}
}

// walkedSince reports whether an account was walked whole since the rows on screen were
// read: they tell when.
func (m *Model) walkedSince() bool {
	before := m.swept
	for _, a := range m.accounts() {
		if a.Swept.After(m.swept) {
			m.swept = a.Swept
		}
	}
	return !m.swept.Equal(before)
}

// doorsMoved reads what was submitted again where an account fails, works again or has
// another next try: an edit may wait for that, and no announcement names it.
func (m *Model) doorsMoved() {
	var now strings.Builder
	for _, a := range m.accounts() {
		if a.Error != nil {
			fmt.Fprintf(&now, "%s %s %s %s\n", a.Name, a.Error.Kind, a.Error.Message, a.NextTry)
		}
	}
	if now.String() != m.doors {
		m.doors = now.String()
		m.told.news.all = true
		m.readTold()
		m.reloadLedger()
	}
}
