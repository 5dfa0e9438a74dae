package ui

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
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

// finish writes all drafts, unless ctx ends first: the disk may not answer.
func (d *drafts) finish(ctx context.Context) (err error) {
	written := make(chan error, 1)
	go func() { written <- d.writeAll(ctx) }()
	select {
	case err = <-written:
	case <-ctx.Done():
		err = errors.New("the disk did not answer")
	}
	if err != nil {
		err = errors.New("what you typed could not be kept: " + model.Words(err))
	}
	return err
}

// keepTyped is what an error with a draft says could not be done.
const keepTyped = "keep what you typed"

// drafted is an overlay whose input is kept as a draft. Restore takes a draft, while Draft is "", and
// returns a message for the person.
type drafted interface {
	overlay
	Draft() string
	Restore(draft string) (said string)
}

// draftOf returns the key of a draft for the conversations of an intent. It names their accounts, with which it is forgotten.
func draftOf(what string, in intent) string {
	if in.single {
		return what + ":" + in.row.Conversation.Ref.String()
	}
	h := fnv.New64a()
	for account, key := range in.set.Keys() {
		h.Write(binary.AppendVarint([]byte(account), key))
	}
	return fmt.Sprintf("%s:%s:%x", what, strings.Join(in.set.Accounts(), ":"), h.Sum64())
}

func (o *overlays) recordDrafts() {
	for i := range o.layers {
		l := &o.layers[i]
		typed, ok := l.overlay.(drafted)
		if !ok || l.draft == "" || typed.Draft() == l.recorded {
			continue
		}
		l.recorded = typed.Draft()
		key, recorded := l.draft, l.recorded
		o.drafts.put(key, recorded)
		o.schedule(draftTime, func() {
			if o.drafts.get(key).text == recorded {
				o.saveDraft(key)
			}
		})
	}
}

// saveDraft writes a draft. The end of the program does not cancel that.
func (o *overlays) saveDraft(key string) {
	write := func(context.Context) error { return o.drafts.write(context.Background(), key) }
	o.try(keepTyped, write, func() {})
}

func (o *overlays) clearDraft(key string) {
	if key != "" {
		o.drafts.put(key, "")
		o.saveDraft(key)
	}
}

func (o *overlays) restoreDraft(to drafted, key string) {
	if key == "" {
		return
	}
	fetch(o.loop, keepTyped, func(ctx context.Context) (string, error) {
		if kept := o.drafts.get(key); kept != (draft{}) {
			return kept.text, nil
		}
		return o.be.Draft(ctx, key)
	}, func(text string) {
		i := o.layerOf(to)
		if i < 0 || text == "" || to.Draft() != "" {
			return
		}
		if said := to.Restore(text); said != "" {
			o.say(theme.Dim, said)
		}
		if o.layers[i].recorded = to.Draft(); o.layers[i].recorded == "" {
			o.clearDraft(key) // it equals what the form shows
		}
	})
}

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
