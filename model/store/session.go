package store

import (
	"context"
	"slices"
	"strings"
	"sync"

	"confab/model/query"
)

// Sessions are kept beside the drafts, each under the name of its process and what it is
// the session of.
const sessionKey = "session\n"

// sessionState is what a process knows of the sessions.
type sessionState struct {
	mu sync.Mutex
	// kept says that its own is on disk, taken is the key of the one that it goes on with.
	kept  bool
	taken string
}

// KeepSession keeps where this process is, of a scope such as a config file; an empty
// text forgets that, and what ended processes have left. Of those, one stays until
// somebody goes on with it.
func (s *Store) KeepSession(ctx context.Context, scope, text string) error {
	s.session.mu.Lock()
	defer s.session.mu.Unlock()
	left, err := s.leftSessions(ctx, scope)
	if err != nil || text == "" && len(left) == 0 && !s.session.kept {
		return err
	}
	err = s.changeCache(ctx, "keep the session", func(t *tx) {
		for i, l := range left {
			if text == "" || i > 0 || l.key == s.session.taken {
				t.exec("DELETE FROM draft WHERE key = ?", l.key)
			}
		}
		t.saveDraft(sessionKey+s.owner.name+"\n"+scope, text)
	})
	s.session.kept = s.session.kept || err == nil
	return err
}

// LeftSession returns where the process was that ended last without forgetting it, ""
// for none.
func (s *Store) LeftSession(ctx context.Context, scope string) (string, error) {
	left, err := s.leftSessions(ctx, scope)
	if err != nil || len(left) == 0 {
		return "", err
	}
	s.session.mu.Lock()
	defer s.session.mu.Unlock()
	s.session.taken = left[0].key
	return left[0].text, nil
}

type leftSession struct{ key, text string }

// leftSessions lists the sessions of processes that have ended, the newest first.
func (s *Store) leftSessions(ctx context.Context, scope string) ([]leftSession, error) {
	found, err := all(ctx, s, "read the sessions", func(r row) (l leftSession, ok bool) {
		ok = r.scan(&l.key, &l.text)
		return l, ok
	}, "SELECT key, text FROM draft WHERE instr(key, ?) = 1 ORDER BY at DESC", sessionKey)
	return slices.DeleteFunc(found, func(l leftSession) bool {
		owner, of, _ := strings.Cut(strings.TrimPrefix(l.key, sessionKey), "\n")
		return of != scope || s.owner.alive(owner)
	}), err
}

// Matching returns those of some rows that are there and match, in their order.
func (s *Store) Matching(ctx context.Context, keys []int64, match func(*query.Subject) bool) ([]int64, error) {
	return read(ctx, s, "read rows", func(t *tx) []int64 { return t.matching(keys, match) })
}

func (t *tx) matching(keys []int64, match func(*query.Subject) bool) (out []int64) {
	matches := map[int64]bool{}
	for some := range slices.Chunk(keys, rowsAtOnce) {
		t.entries(func(e Indexed) error {
			matches[e.Key] = match(&e.Subject)
			return nil
		}, indexedColumns+" FROM conversation WHERE gone = 0 AND key IN (SELECT value FROM json_each(?))", asList(some))
	}
	for _, k := range keys {
		if matches[k] {
			out = append(out, k)
		}
	}
	return out
}
