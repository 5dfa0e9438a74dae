package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"confab/model"
	"confab/model/query"
	"confab/model/store"
)

// The newest session of an ended process is resumed, by one process only.
func TestLeftSessionIsResumedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	now := start
	open := func() *store.Store {
		tick := func() time.Time { now = now.Add(time.Second); return now }
		s, err := store.Open(t.Context(), path, store.Options{Host: "laptop", Now: tick})
		if err != nil {
			t.Fatalf("opening the database: error %v, want none", err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	keep := func(s *store.Store, scope, text string) {
		t.Helper()
		if err := s.KeepSession(t.Context(), scope, text); err != nil {
			t.Fatalf("KeepSession: error %v, want none", err)
		}
	}
	left := func(s *store.Store, scope, want string) {
		t.Helper()
		got, err := s.LeftSession(t.Context(), scope)
		if err != nil || got != want {
			t.Fatalf("LeftSession of scope %q is %q, want %q; error %v, want none", scope, got, want, err)
		}
	}
	a, b, c := open(), open(), open()
	left(c, "x", "")
	keep(a, "x", "a")
	keep(b, "x", "b")
	keep(a, "other", "elsewhere")
	left(c, "x", "") // both processes still run
	a.Close()
	left(c, "x", "a")
	left(c, "other", "elsewhere")
	keep(b, "x", "b2")
	left(c, "x", "a") // it is returned until a process continues it
	keep(c, "x", "c")
	left(open(), "x", "") // c continued it
	b.Close()
	c.Close()
	d := open()
	left(d, "x", "c")
	keep(d, "x", "") // the user quit with a key: the next start is fresh, and no older session comes back
	d.Close()
	left(open(), "x", "")
	left(open(), "other", "elsewhere")

	e := open()
	if err := e.Forget(t.Context(), "sales"); err != nil {
		t.Fatalf("Forget: error %v, want none", err)
	}
	left(e, "other", "") // the session may show a conversation of the forgotten account
}

func TestMatchingKeepsTheOrder(t *testing.T) {
	s := fresh(t)
	var refs []model.Ref
	for _, id := range []string{"1", "2", "3"} {
		c := conv(id, "no "+id)
		save(t, s, c)
		refs = append(refs, c.Ref)
	}
	var keys []int64
	for _, i := range []int{2, 0, 1} {
		k, _, err := s.Key(t.Context(), refs[i])
		if err != nil {
			t.Fatalf("Key: error %v, want none", err)
		}
		keys = append(keys, k)
	}
	one := func(sub *query.Subject) bool { return sub.Title != "no 1" }
	got, err := s.Matching(t.Context(), append(keys, 99), one)
	if err != nil || len(got) != 2 || got[0] != keys[0] || got[1] != keys[2] {
		t.Errorf("Matching returned the keys %v of %v, want the first and the third; error %v, want none", got, keys, err)
	}
}
