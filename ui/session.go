package ui

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/theme"
)

// sessionTime spaces the writes of where the person is: a key costs none.
const sessionTime = time.Second

// session keeps where the person is, for the start after a dropped link. Who leaves by a
// key starts afresh.
type session struct {
	// scope is the config and its accounts: elsewhere are other views and rows.
	scope string
	kept  *drafts
	noted spot
	// due says that a write is on its way; was is where the inbox was left, until that
	// is shown.
	due bool
	was *model.Session
}

// spot is what a session is about.
type spot struct {
	tab           int
	filter, order string
	at            model.Ref
}

func newSession(o Options) session {
	if o.Backend == nil || o.Demo {
		return session{}
	}
	scope := []string{o.ConfigPath}
	for _, a := range o.Backend.Accounts() {
		scope = append(scope, a.Name)
	}
	return session{scope: strings.Join(scope, " "), kept: newDrafts(o.Backend.KeepSession)}
}

// resume goes back to where the inbox was left by a dropped link, unless it was started
// for something else, and starts reading.
func (m *Model) resume() {
	if m.session.kept == nil || m.opts.InitialQuery != "" || m.opts.InitialView != "" {
		m.start()
		return
	}
	read(m, func(ctx context.Context) (string, error) { return m.be.LeftSession(ctx, m.session.scope) }, func(text string, err error) {
		var was model.Session
		if err == nil && text != "" && json.Unmarshal([]byte(text), &was) == nil && m.prompt == nil && len(m.layers) == 0 {
			m.goBackTo(was)
		}
		m.start()
	})
}

// goBackTo takes up a session whose view there still is.
func (m *Model) goBackTo(was model.Session) {
	tab := slices.IndexFunc(m.tabs, func(t tab) bool { return t.Name == was.View })
	if tab < 0 || tab == 0 && was.Filter == "" && was.Order == "" && was.Index == 0 {
		return
	}
	if _, err := combine(m.tabs[tab].Query, was.Filter, was.Order); err != nil {
		return
	}
	m.tab, m.tabs[tab].filter, m.tabs[tab].order = tab, was.Filter, was.Order
	m.list.ResetTo(was.At, was.Index, was.Top)
	m.session.was = &was
	said := "back where you were: " + model.CleanLine(was.View, 60)
	if was.Filter != "" {
		said += ", " + model.CleanLine(was.Filter, 200)
	}
	if m.notice.text == "" {
		m.say(theme.Dim, said)
	} else {
		m.notice.text += "; " + said
	}
}

// noteSession notes where the person is, and has it written before long.
func (m *Model) noteSession() {
	s, t := &m.session, m.here()
	now := spot{m.tab, t.filter, t.order, m.list.Ref()}
	if s.kept == nil || now == s.noted || !m.list.Loaded() || m.list.Total() > 0 && now.at.IsZero() {
		return
	}
	first := s.noted == spot{}
	s.noted = now
	top := now.tab == 0 && now.filter == "" && now.order == "" && m.list.Cursor() <= 0
	if first || top && s.kept.get(s.scope).text == "" {
		return // it was not left yet
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
	s.kept.put(s.scope, string(text))
	if s.due {
		return
	}
	s.due = true
	m.soon(sessionTime, func() {
		s.due = false
		m.do(func() tea.Msg {
			s.kept.write(context.Background(), s.scope) // what fails is written with the next, or is not
			return nil
		})
	})
}

// end keeps the session where the link was dropped, and else forgets it.
func (s *session) end(dropped bool) {
	switch {
	case s.kept == nil:
	case !dropped:
		s.kept.put(s.scope, "")
	case s.kept.get(s.scope).text != "":
		s.kept.put(s.scope, s.kept.get(s.scope).text) // anew: the last to end is gone back to
	}
}
