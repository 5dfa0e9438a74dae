package ui

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
)

// subscription is where news come in. The lock is needed because the program may end while
// the command that subscribes runs.
type subscription struct {
	mu     sync.Mutex
	ch     <-chan model.Event
	cancel func()
	closed bool
}

func (m *Model) subscribe() tea.Cmd {
	s := &m.events
	return func() tea.Msg {
		ch, cancel := m.be.Subscribe()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			cancel()
			return nil
		}
		s.ch, s.cancel = ch, cancel
		return after(m.waitForNews)
	}
}

func (s *subscription) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
}

// waitForNews waits for announcements and brings all that have come.
func (m *Model) waitForNews() tea.Cmd {
	m.events.mu.Lock()
	ch := m.events.ch
	m.events.mu.Unlock()
	ctx := m.ctx
	return func() tea.Msg {
		var events []model.Event
		open := true
		select {
		case e, ok := <-ch:
			if open = ok; ok {
				events = append(events, e)
			}
		case <-ctx.Done():
			return nil
		}
		for more := open; more; {
			select {
			case e, ok := <-ch:
				if open, more = ok, ok; ok {
					events = append(events, e)
				}
			default:
				more = false
			}
		}
		return after(func() tea.Cmd { return m.news(events, open) })
	}
}

func (m *Model) news(events []model.Event, open bool) tea.Cmd {
	var cmds []tea.Cmd
	if open {
		cmds = append(cmds, m.waitForNews())
	}
	for _, e := range events {
		cmds = append(cmds, m.newsOf(e)...)
	}
	if m.walkedSince() {
		cmds = append(cmds, m.reload(false))
	}
	return tea.Batch(append(cmds, m.doorsMoved(), m.quitIfDelivered(), m.readUndecided())...)
}

// newsOf reads again what of an announcement is on screen.
func (m *Model) newsOf(e model.Event) []tea.Cmd {
	var cmds []tea.Cmd
	if e.All || len(e.Refs) > 0 {
		cmds = append(cmds, m.reload(false), m.recount())
	}
	if e.All {
		cmds = append(cmds, m.reloadLedger())
	} else if len(e.Submissions) > 0 {
		cmds = append(cmds, m.refreshLedger(e.Submissions, e.Refs))
	}
	named := slices.Contains(e.Submissions, m.told.id)
	if find[*dialog.Results](m) != nil && (e.All || len(e.Submissions) > 0) {
		named = m.told.announced(e, named) || named
	}
	if e.All || named {
		cmds = append(cmds, m.readTold())
	}
	if shown := m.detail.Ref(); !shown.IsZero() && (e.All || slices.Contains(e.Refs, shown)) {
		if _, wrong := m.query(); wrong != nil {
			cmds = append(cmds, m.readRow(shown)) // the list is not read
		} else {
			m.moved = shown
		}
		cmds = append(cmds, m.readActivity(shown))
	}
	return cmds
}

// walkedSince reports whether an account was walked whole since the rows on screen were
// read: they tell when.
func (m *Model) walkedSince() bool {
	before := m.swept
	for _, a := range m.facts.Accounts() {
		if a.Swept.After(m.swept) {
			m.swept = a.Swept
		}
	}
	return !m.swept.Equal(before)
}

// doorsMoved reads what was submitted again where an account fails, works again or has
// another next try: an edit may wait for that, and no announcement names it.
func (m *Model) doorsMoved() tea.Cmd {
	var now strings.Builder
	for _, a := range m.facts.Accounts() {
		if a.Error != nil {
			fmt.Fprintf(&now, "%s %s %s %s\n", a.Name, a.Error.Kind, a.Error.Message, a.NextTry)
		}
	}
	if now.String() == m.doors {
		return nil
	}
	m.doors = now.String()
	m.told.news.all = true
	return tea.Batch(m.readTold(), m.reloadLedger())
}
