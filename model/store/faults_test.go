package store_test

import (
	"testing"

	"confab/model/query"
	"confab/model/store"
)

func count(t *testing.T, s *store.Store, q query.Query) int {
	t.Helper()
	n, err := s.Count(t.Context(), q, start, start.Location())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDiscardingAnEditThatWasSetAsideLeavesTheNewRowsAlone(t *testing.T) {
	s := fresh(t)
	save(t, s, conv("1", "old"))
	ids := enqueue(t, s, rename("1", "old", "mine"))
	if _, _, err := s.OpenAccount(t.Context(), "sales", "attention https://other.example"); err != nil {
		t.Fatal(err)
	}
	save(t, s, conv("1", "new"))
	if err := s.Discard(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, must("account:sales title:new")); n != 1 {
		t.Errorf("the row of the new identity is found %d times by its title", n)
	}
	if n := count(t, s, must("account:sales title:old")); n != 0 {
		t.Error("the row of the new identity carries the title of the old one")
	}
}
