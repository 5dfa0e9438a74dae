package ui

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/ui/theme"
)

// sessionTime is the least time between two writes of the session.
const sessionTime = time.Second

// session keeps where the person is, so that the next start after a dropped connection goes back there.
type session struct {
	// scope identifies the config and its accounts: with others there are other views and rows.
	scope    string
	recorded position
	writing  bool // a write is scheduled
}

// position is a place in the inbox.
type position struct {
	tab           int
	filter, order string
	at            model.Ref
}

// sessionKey is the key of the draft that holds the session.
const sessionKey = "session"

// setUpDrafts has the engine store drafts and the session. Errors with the session are ignored:
// without it the next start begins at the top.
func (m *Model) setUpDrafts(be Backend) {
	m.drafts.save = func(ctx context.Context, key, text string) error {
		if key != sessionKey {
			return be.SaveDraft(ctx, key, text)
		}
		be.KeepSession(ctx, m.session.scope, text)
		return nil
	}
	scope := []string{m.opts.ConfigPath}
	for _, a := range be.Accounts() {
		scope = append(scope, a.Name)
	}
	if !m.opts.Demo {
		m.session.scope = strings.Join(scope, " ")
	}
}

// resumeSession goes back to where a dropped connection left the inbox, unless the command line names a query or view.
func (m *Model) resumeSession() {
	if m.session.scope == "" || m.opts.InitialQuery != "" || m.opts.InitialView != "" {
		m.list.start()
		return
	}
	read(m.loop, bind(m.be.LeftSession, m.session.scope), func(text string, err error) {
		var was model.Session
		if err == nil && text != "" && json.Unmarshal([]byte(text), &was) == nil && m.prompt == nil && len(m.layers) == 0 {
			m.restoreSession(was)
		}
		m.list.start()
	})
}

func (m *Model) restoreSession(was model.Session) {
	tab := slices.IndexFunc(m.list.tabs, func(t tab) bool { return t.Name == was.View })
	if tab < 0 || tab == 0 && was.Filter == "" && was.Order == "" && was.Index == 0 {
		return
	}
	if _, err := combine(m.list.tabs[tab].Query, was.Filter, was.Order); err != nil {
		return
	}
	m.list.tab, m.list.tabs[tab].filter, m.list.tabs[tab].order = tab, was.Filter, was.Order
	m.list.ResetTo(was.At, was.Index, was.Top)
	m.list.previous = &was
	said := "back where you were: " + model.CleanLine(was.View, 60) + theme.Around(", ", model.CleanLine(was.Filter, 200), "")
	if m.notice.text == "" {
		m.say(theme.Dim, said)
	} else {
		m.notice.text += "; " + said
	}
}

func (m *Model) recordSession() {
	s, t := &m.session, m.list.currentTab()
	now := position{m.list.tab, t.filter, t.order, m.list.Ref()}
	if s.scope == "" || now == s.recorded || !m.list.Loaded() || m.list.Total() > 0 && now.at.IsZero() {
		return
	}
	first := s.recorded == position{}
	s.recorded = now
	top := now.tab == 0 && now.filter == "" && now.order == "" && m.list.Cursor() <= 0
	if first || top && m.drafts.get(sessionKey).text == "" {
		return // the start position is not worth a write
	}
	rows, offset, line := m.list.Showing()
	was := model.Session{View: t.Name, Filter: now.filter, Order: now.order, At: now.at, Index: max(0, m.list.Cursor()), Top: line,
		Offset: offset, Total: m.list.Total(), Seen: m.now()}
	for i := range rows {
		was.Keys = append(was.Keys, rows[i].Key)
	}
	text, err := json.Marshal(was)
	if err != nil {
		return
	}
	m.drafts.put(sessionKey, string(text))
	if s.writing {
		return
	}
	s.writing = true
	m.schedule(sessionTime, func() {
		s.writing = false
		m.saveDraft(sessionKey)
	})
}

// endSession keeps the session if the connection was dropped, and forgets it otherwise.
func (m *Model) endSession(dropped bool) {
	text := m.drafts.get(sessionKey).text
	switch {
	case m.session.scope == "":
	case !dropped:
		m.drafts.put(sessionKey, "")
	case text != "":
		m.drafts.put(sessionKey, text) // written again: of several processes the last one to end counts
	}
}
