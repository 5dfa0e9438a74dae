package ui

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"confab/model"
	"confab/ui/theme"
)

// sessionTime is the least time between two writes of the session.
const sessionTime = time.Second

// session keeps where the person is, so that the next start after a dropped connection goes back there.
type session struct {
	*overlays
	list *listing
	// scope identifies the config and its accounts: with others there are other views and rows.
	scope    string
	recorded place
	writing  bool // a write is scheduled
}

// place is a place in the inbox.
type place struct {
	tab           int
	filter, order string
	at            model.Ref
}

// sessionKey is the key of the draft that holds the session.
const sessionKey = "session"

func newSession(o *overlays, list *listing) *session {
	s := &session{overlays: o, list: list}
	scope := []string{o.opts.ConfigPath}
	for _, a := range o.accounts() {
		scope = append(scope, a.Name)
	}
	if !o.opts.Demo && o.be != nil {
		s.scope = strings.Join(scope, " ")
	}
	return s
}

// store stores a draft, or the session. Errors with the session are ignored: without it the next start begins
// at the top.
func (s *session) store(ctx context.Context, key, text string) error {
	if key != sessionKey {
		return s.be.SaveDraft(ctx, key, text)
	}
	s.be.KeepSession(ctx, s.scope, text)
	return nil
}

// resume goes back to where a dropped connection left the inbox, unless the command line names a query or view, or
// something was opened by then; then it starts reading.
func (s *session) resume(opened func() bool) {
	if s.scope == "" || s.opts.InitialQuery != "" || s.opts.InitialView != "" {
		s.list.start()
		return
	}
	read(s.loop, bind(s.be.LeftSession, s.scope), func(text string, err error) {
		var was model.Session
		if err == nil && text != "" && json.Unmarshal([]byte(text), &was) == nil && !opened() {
			s.restore(was)
		}
		s.list.start()
	})
}

func (s *session) restore(was model.Session) {
	if !s.list.goBackTo(was) {
		return
	}
	said := "back where you were: " + model.CleanLine(was.View, 60) + theme.Around(", ", model.CleanLine(was.Filter, 200), "")
	if s.notice.text == "" {
		s.say(theme.Dim, said)
	} else {
		s.notice.text += "; " + said
	}
}

func (s *session) record() {
	now, known := s.list.place()
	if s.scope == "" || now == s.recorded || !known {
		return
	}
	first := s.recorded == place{}
	s.recorded = now
	top := now.tab == 0 && now.filter == "" && now.order == "" && s.list.Cursor() <= 0
	if first || top && s.drafts.get(sessionKey).text == "" {
		return // the start position is not worth a write
	}
	text, err := json.Marshal(s.list.session())
	if err != nil {
		return
	}
	s.drafts.put(sessionKey, string(text))
	if s.writing {
		return
	}
	s.writing = true
	s.schedule(sessionTime, func() {
		s.writing = false
		s.saveDraft(sessionKey)
	})
}

// end keeps the session if the connection was dropped, and forgets it otherwise.
func (s *session) end(dropped bool) {
	text := s.drafts.get(sessionKey).text
	switch {
	case s.scope == "":
	case !dropped:
		s.drafts.put(sessionKey, "")
	case text != "":
		s.drafts.put(sessionKey, text) // written again: of several processes the last one to end counts
	}
}
