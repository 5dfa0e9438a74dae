package model_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
)

type selected struct {
	Account string
	Key     int64
}

// A selection holds the same as a map after random changes.
func TestSelectionIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.Custom(func(t *rapid.T) selected {
			return selected{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "account"), rapid.Int64Range(-1, 200).Draw(t, "key")}
		})
		rows := rapid.SliceOfN(row, 0, 30)
		make := func(rows []selected) (model.Selection, map[selected]bool) {
			var s model.Selection
			m := map[selected]bool{}
			for _, r := range rows {
				s.Add(r.Account, r.Key)
				if r.Key > 0 {
					m[r] = true
				}
			}
			return s, m
		}
		s, want := make(rows.Draw(t, "rows"))
		other, others := make(rows.Draw(t, "others"))
		kept := s.Clone()
		before := map[selected]bool{}
		for r := range want {
			before[r] = true
		}
		switch rapid.SampledFrom([]string{"add", "remove", "one", "none"}).Draw(t, "change") {
		case "add":
			s.AddAll(other)
			for r := range others {
				want[r] = true
			}
		case "remove":
			s.RemoveAll(other)
			for r := range others {
				delete(want, r)
			}
		case "one":
			r := row.Draw(t, "row")
			var one model.Selection
			one.Add(r.Account, r.Key)
			s.RemoveAll(one)
			delete(want, r)
		}
		got := map[selected]bool{}
		for account, key := range s.Keys() {
			got[selected{account, key}] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got): %s", diff)
		}
		missing := 0
		accounts := map[string]bool{}
		for r := range want {
			accounts[r.Account] = true
			if !others[r] {
				missing++
			}
			if !s.Has(r.Account, r.Key) {
				t.Fatalf("Has does not find %v", r)
			}
		}
		if n := s.Count("a") + s.Count("b"); n != s.Len() || s.Count("c") != 0 {
			t.Fatalf("the accounts have %d rows, the set %d", n, s.Len())
		}
		if s.Len() != len(want) || s.Missing(other) != missing || len(s.Accounts()) != len(accounts) {
			t.Fatalf("got len %d, missing %d, accounts %v; want %d, %d, %v", s.Len(), s.Missing(other), s.Accounts(), len(want), missing, accounts)
		}
		for account, key := range kept.Keys() {
			if !before[selected{account, key}] {
				t.Fatalf("a later change added %s %d to the clone", account, key)
			}
		}
		if kept.Len() != len(before) {
			t.Fatalf("a later change reached the clone: got %d rows, want %d", kept.Len(), len(before))
		}
	})
}
