package store

import (
	"context"
	"strings"
)

// SaveDraft keeps what was typed under a key; an empty text forgets it.
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

// Draft returns what was typed under a key, "" if nothing is kept.
func (s *Store) Draft(ctx context.Context, key string) (string, error) {
	text, _, err := one(ctx, s, "read a draft", column[string], "SELECT text FROM draft WHERE key = ?", key)
	return text, err
}

// Sessions are kept beside the drafts, each under the name of its process and what it is
// the session of.
const sessionKey = "session\n"

type session struct{ key, text string }

// sessions reads the sessions of processes that have ended, the newest first, and
// whether there is one of this process.
func (s *Store) sessions(ctx context.Context, scope string) (left []session, own bool, err error) {
	left, err = all(ctx, s, "read the sessions", func(r row) (l session, ok bool) {
		ok = r.scan(&l.key, &l.text)
		owner, of, _ := strings.Cut(strings.TrimPrefix(l.key, sessionKey), "\n")
		own = own || owner == s.owner.name && of == scope
		return l, ok && of == scope && !s.owner.alive(owner)
	}, "SELECT key, text FROM draft WHERE instr(key, ?) = 1 ORDER BY at DESC", sessionKey)
	return left, own, err
}

// KeepSession keeps where this process is, of a scope such as a config file; an empty
// text forgets that, and what ended processes have left. Of those, one stays until
// somebody goes on with it.
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

// LeftSession returns where the process was that ended last without forgetting it, ""
// for none.
func (s *Store) LeftSession(ctx context.Context, scope string) (string, error) {
	left, _, err := s.sessions(ctx, scope)
	if err != nil || len(left) == 0 {
		return "", err
	}
	s.taken.Store(&left[0].key)
	return left[0].text, nil
}
