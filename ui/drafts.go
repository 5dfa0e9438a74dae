package ui

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"confab/model"
	"confab/ui/theme"
)

// drafts holds what was typed and not submitted yet. Commands write it concurrently; Run writes
// it at the end, even if the program is stuck.
type drafts struct {
	save func(ctx context.Context, key, text string) error
	// writing orders the writes, so that no older text replaces a newer one.
	writing sync.Mutex
	kept    sync.Map // key to draft
}

type draft struct {
	text  string
	dirty bool // not on disk yet
}

func (d *drafts) get(key string) draft {
	v, _ := d.kept.Load(key)
	kept, _ := v.(draft)
	return kept
}

func (d *drafts) put(key, text string) { d.kept.Store(key, draft{text, true}) }

// write writes a draft to disk. After an error it stays dirty: the next change or the end writes it.
func (d *drafts) write(ctx context.Context, key string) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	now := d.get(key)
	if !now.dirty {
		return nil
	}
	err := d.save(ctx, key, now.text)
	if err == nil {
		d.kept.CompareAndSwap(key, now, draft{text: now.text})
	}
	return err
}

func (d *drafts) writeAll(ctx context.Context) error {
	var errs []error
	d.kept.Range(func(key, _ any) bool {
		errs = append(errs, d.write(ctx, key.(string)))
		return true
	})
	return errors.Join(errs...)
}

// keepTyped is what an error with a draft says could not be done.
const keepTyped = "keep what you typed"

// drafted is an overlay whose input is kept as a draft. Restore takes the draft unless something was
// typed by then, and returns a message for the person.
type drafted interface {
	overlay
	Draft() string
	Restore(draft string) (said string)
}

// draftOf returns the key of a draft for a single conversation, "" for several.
func draftOf(what string, in intent) string {
	return theme.Pick(in.single, what+":"+in.row.Conversation.Ref.String(), "")
}

func (m *Model) recordDrafts() {
	for i := range m.layers {
		l := &m.layers[i]
		o, ok := l.overlay.(drafted)
		if !ok || l.draft == "" || o.Draft() == l.recorded {
			continue
		}
		l.recorded = o.Draft()
		key, recorded := l.draft, l.recorded
		m.drafts.put(key, recorded)
		m.schedule(draftTime, func() {
			if m.drafts.get(key).text == recorded {
				m.saveDraft(key)
			}
		})
	}
}

// saveDraft writes a draft. The end of the program does not cancel that.
func (m *Model) saveDraft(key string) {
	write := func(context.Context) error { return m.drafts.write(context.Background(), key) }
	m.try(keepTyped, write, func() {})
}

func (m *Model) clearDraft(key string) {
	if key != "" {
		m.drafts.put(key, "")
		m.saveDraft(key)
	}
}

func (m *Model) restoreDraft(to drafted, key string) {
	if key == "" {
		return
	}
	fetch(m, keepTyped, func(ctx context.Context) (string, error) {
		if kept := m.drafts.get(key); kept != (draft{}) {
			return kept.text, nil
		}
		return m.be.Draft(ctx, key)
	}, func(text string) {
		i := m.layerOf(to)
		if i < 0 || text == "" || to.Draft() != "" {
			return
		}
		if said := to.Restore(text); said != "" {
			m.say(theme.Dim, said)
		}
		if m.layers[i].recorded = to.Draft(); m.layers[i].recorded == "" {
			m.clearDraft(key) // it equals what the form shows
		}
	})
}

// sessionTime is the least time between two writes of the session.
const sessionTime = time.Second

// session keeps where the person is, so that the next start after a dropped connection goes back there.
type session struct {
	// scope identifies the config and its accounts: with others there are other views and rows.
	scope    string
	recorded position
	writing  bool // a write is scheduled
	// previous is the session that this run goes back to, until its rows are shown.
	previous *model.Session
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
		m.start()
		return
	}
	read(m, bind(m.be.LeftSession, m.session.scope), func(text string, err error) {
		var was model.Session
		if err == nil && text != "" && json.Unmarshal([]byte(text), &was) == nil && m.prompt == nil && len(m.layers) == 0 {
			m.restoreSession(was)
		}
		m.start()
	})
}

func (m *Model) restoreSession(was model.Session) {
	tab := slices.IndexFunc(m.tabs, func(t tab) bool { return t.Name == was.View })
	if tab < 0 || tab == 0 && was.Filter == "" && was.Order == "" && was.Index == 0 {
		return
	}
	if _, err := combine(m.tabs[tab].Query, was.Filter, was.Order); err != nil {
		return
	}
	m.tab, m.tabs[tab].filter, m.tabs[tab].order = tab, was.Filter, was.Order
	m.list.ResetTo(was.At, was.Index, was.Top)
	m.session.previous = &was
	said := "back where you were: " + model.CleanLine(was.View, 60) + theme.Around(", ", model.CleanLine(was.Filter, 200), "")
	if m.notice.text == "" {
		m.say(theme.Dim, said)
	} else {
		m.notice.text += "; " + said
	}
}

func (m *Model) recordSession() {
	s, t := &m.session, m.currentTab()
	now := position{m.tab, t.filter, t.order, m.list.Ref()}
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
