package store

import (
	"context"
	"strings"

	"confab/model"
)

// Marked holds the local marks of a conversation as they were before a change. The caller
// keeps it to take the change back.
type Marked struct {
	Ref        model.Ref
	done, seen string // fingerprints
	pinned     bool
	snoozed    int64
}

// with returns the marks with those that ch names taken from other.
func (m Marked) with(ch model.TriageChange, other Marked) Marked {
	if ch.Done != nil {
		m.done = other.done
	}
	if ch.Seen != nil {
		m.seen = other.seen
	}
	if ch.Pinned != nil {
		m.pinned = other.pinned
	}
	if ch.Snooze != nil {
		m.snoozed = other.snoozed
	}
	return m
}

// TriageEach changes the local marks of cached conversations, in slices. Once a slice is on
// disk it passes the previous marks of that slice to each.
func (s *Store) TriageEach(ctx context.Context, refs []model.Ref, ch model.TriageChange, each func([]Marked)) error {
	return s.remark(ctx, refs, ch, each, func(_ int, k *known) (now Marked, ok bool) {
		if ch.Done != nil && *ch.Done {
			now.done = k.print
		}
		if ch.Seen != nil && *ch.Seen {
			now.seen = k.print
		}
		now.pinned = ch.Pinned != nil && *ch.Pinned
		if ch.Snooze != nil {
			now.snoozed = ms(*ch.Snooze)
		}
		return now, k.key != 0
	})
}

// Restore takes a change of marks back: the marks that ch names become what they were
// before.
func (s *Store) Restore(ctx context.Context, before []Marked, ch model.TriageChange, each func([]Marked)) error {
	refs := make([]model.Ref, len(before))
	for i, m := range before {
		refs[i] = m.Ref
	}
	return s.remark(ctx, refs, ch, each, func(i int, _ *known) (Marked, bool) { return before[i], true })
}

// remark sets the marks that ch names to what to returns; ok is false where nothing should
// change.
func (s *Store) remark(ctx context.Context, refs []model.Ref, ch model.TriageChange, each func([]Marked),
	to func(int, *known) (Marked, bool)) error {
	for from := 0; from < len(refs); from += sliceRows {
		if from > 0 {
			if err := pause(ctx, slicePause); err != nil {
				return err
			}
		}
		some := refs[from:min(len(refs), from+sliceRows)]
		var changed []Marked
		err := s.change(ctx, "mark", func(t *tx) {
			all := t.known(some...)
			for i, ref := range some {
				k := all[ref]
				if now, ok := to(from+i, k); ok {
					changed = append(changed, k.marks)
					t.mark(k, k.marks.with(ch, now))
				}
			}
		})
		if err != nil {
			return err
		}
		each(changed)
	}
	return nil
}

func (t *tx) mark(k *known, m Marked) {
	k.marks = m
	t.exec(`INSERT INTO triage (account, id, done, seen, pinned, snoozed) VALUES (?,?,?,?,?,?)
ON CONFLICT (account, id) DO UPDATE SET done = excluded.done, seen = excluded.seen, pinned = excluded.pinned, snoozed = excluded.snoozed`,
		m.Ref.Account, m.Ref.ID, m.done, m.seen, m.pinned, m.snoozed)
	if c, ok := k.body(); ok && k.key != 0 && !k.gone {
		t.project(k, c)
	}
}

// SaveDraft keeps the text typed under a key; an empty text deletes the draft.
func (s *Store) SaveDraft(ctx context.Context, key, text string) error {
	return s.change(ctx, "save a draft", func(t *tx) { t.saveDraft(key, text) })
}

func (t *tx) saveDraft(key, text string) {
	if text == "" {
		t.exec("DELETE FROM draft WHERE key = ?", key)
		return
	}
	t.exec("INSERT INTO draft (key, text, at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET text = excluded.text, at = excluded.at",
		key, text, ms(t.s.now()))
}

// Draft returns the text kept under a key, or "".
func (s *Store) Draft(ctx context.Context, key string) (string, error) {
	text, _, err := one(ctx, s, "read a draft", column[string], "SELECT text FROM draft WHERE key = ?", key)
	return text, err
}

// sessionKey begins the keys of sessions in the table of drafts. The name of the process
// and the scope follow.
const sessionKey = "session\n"

type session struct{ key, text string }

// sessions returns the sessions left by processes that have ended, newest first, and
// whether this process has one.
func (s *Store) sessions(ctx context.Context, scope string) (left []session, own bool, err error) {
	left, err = all(ctx, s, "read the sessions", func(r row) (l session, ok bool) {
		ok = r.scan(&l.key, &l.text)
		owner, of, _ := strings.Cut(strings.TrimPrefix(l.key, sessionKey), "\n")
		own = own || owner == s.owner.name && of == scope
		return l, ok && of == scope && !s.owner.alive(owner)
	}, "SELECT key, text FROM draft WHERE instr(key, ?) = 1 ORDER BY at DESC", sessionKey)
	return left, own, err
}

// KeepSession keeps what the user is looking at, for a scope such as a config file. An
// empty text deletes this process's session and those that ended processes left. Otherwise
// the newest session of an ended process stays until it is resumed.
func (s *Store) KeepSession(ctx context.Context, scope, text string) error {
	left, own, err := s.sessions(ctx, scope)
	if err != nil || text == "" && len(left) == 0 && !own {
		return err
	}
	if taken := s.taken.Load(); text != "" && len(left) > 0 && (taken == nil || left[0].key != *taken) {
		left = left[1:]
	}
	return s.changeCache(ctx, "keep the session", func(t *tx) {
		for _, l := range left {
			t.exec("DELETE FROM draft WHERE key = ?", l.key)
		}
		t.saveDraft(sessionKey+s.owner.name+"\n"+scope, text)
	})
}

// LeftSession returns the session of the process that ended last without deleting it, or
// "". This process then counts as the one that resumed it.
func (s *Store) LeftSession(ctx context.Context, scope string) (string, error) {
	left, _, err := s.sessions(ctx, scope)
	if err != nil || len(left) == 0 {
		return "", err
	}
	s.taken.Store(&left[0].key)
	return left[0].text, nil
}
