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

// drafts is what was typed and not submitted yet. Commands write it side by side, and the end
// of the program does what a stuck model could not.
type drafts struct {
	save func(ctx context.Context, key, text string) error
	// writing orders the writes: an older text never follows a newer one.
	writing sync.Mutex
	kept    sync.Map // of draft, by key
}

type draft struct {
	text  string
	dirty bool // newer than on disk
}

func (d *drafts) get(key string) draft {
	v, _ := d.kept.Load(key)
	kept, _ := v.(draft)
	return kept
}

func (d *drafts) put(key, text string) { d.kept.Store(key, draft{text, true}) }

// write brings a draft to disk. One that fails is written with the next change, or at the end.
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

// drafted is an overlay of which what was typed is kept. Restore takes it unless something was
// typed since, and returns what the message line says.
type drafted interface {
	overlay
	Draft() string
	Restore(draft string) (said string)
}

// draftOf returns the key of what is typed for one conversation, "" for several.
func draftOf(what string, in intent) string {
	if !in.one {
		return ""
	}
	return what + ":" + in.row.Conversation.Ref.String()
}

func (m *Model) noteDrafts() {
	for i := range m.layers {
		l := &m.layers[i]
		o, ok := l.overlay.(drafted)
		if !ok || l.draft == "" || o.Draft() == l.noted {
			continue
		}
		l.noted = o.Draft()
		key, noted := l.draft, l.noted
		m.drafts.put(key, noted)
		m.soon(draftTime, func() {
			if m.drafts.get(key).text == noted {
				m.saveDraft(key)
			}
		})
	}
}

// saveDraft writes a draft now, even while the program ends.
func (m *Model) saveDraft(key string) {
	m.saving(func() error { return m.drafts.write(context.Background(), key) })
}

func (m *Model) saving(write func() error) {
	m.try("keep what you typed", func(context.Context) error { return write() }, func() {})
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
	fetch(m, "keep what you typed", func(ctx context.Context) (string, error) {
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
		if m.layers[i].noted = to.Draft(); m.layers[i].noted == "" {
			m.clearDraft(key) // it is what is there
		}
	})
}

// sessionTime spaces the writes of where the person is: a key costs none.
const sessionTime = time.Second

// session keeps where the person is, for the start after a dropped link.
type session struct {
	// scope is the config and its accounts: elsewhere are other views and rows.
	scope string
	noted spot
	// due says that a write is on its way; was is where the inbox was left, until shown.
	due bool
	was *model.Session
}

// spot is what a session is about.
type spot struct {
	tab           int
	filter, order string
	at            model.Ref
}

// sessionKey is the draft in which a session is kept.
const sessionKey = "session"

// keepWith has the engine keep drafts and session. Without its session, the next start begins
// at the top: that is no failure.
func (m *Model) keepWith(be Backend) {
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

// resume goes back to where a dropped link left the inbox, unless it was started for something.
func (m *Model) resume() {
	if m.session.scope == "" || m.opts.InitialQuery != "" || m.opts.InitialView != "" {
		m.start()
		return
	}
	read(m, with(m.be.LeftSession, m.session.scope), func(text string, err error) {
		var was model.Session
		if err == nil && text != "" && json.Unmarshal([]byte(text), &was) == nil && m.prompt == nil && len(m.layers) == 0 {
			m.goBackTo(was)
		}
		m.start()
	})
}

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

func (m *Model) noteSession() {
	s, t := &m.session, m.here()
	now := spot{m.tab, t.filter, t.order, m.list.Ref()}
	if s.scope == "" || now == s.noted || !m.list.Loaded() || m.list.Total() > 0 && now.at.IsZero() {
		return
	}
	first := s.noted == spot{}
	s.noted = now
	top := now.tab == 0 && now.filter == "" && now.order == "" && m.list.Cursor() <= 0
	if first || top && m.drafts.get(sessionKey).text == "" {
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
	m.drafts.put(sessionKey, string(text))
	if s.due {
		return
	}
	s.due = true
	m.soon(sessionTime, func() {
		s.due = false
		m.saveDraft(sessionKey)
	})
}

// endSession keeps the session where the link was dropped, and else forgets it.
func (m *Model) endSession(dropped bool) {
	text := m.drafts.get(sessionKey).text
	switch {
	case m.session.scope == "":
	case !dropped:
		m.drafts.put(sessionKey, "")
	case text != "":
		m.drafts.put(sessionKey, text) // anew: the last to end is gone back to
	}
}
