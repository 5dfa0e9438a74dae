package providers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
)

func TestCachedIsReadOnceForAllCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		k := NewCached("list names", 15*time.Minute, func(context.Context) (int, error) {
			time.Sleep(time.Second)
			reads++
			return reads, nil
		})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if v, err := k.Get(t.Context()); v != 1 || err != nil {
					t.Errorf("got %d, %v; want 1", v, err)
				}
			})
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		time.Sleep(time.Microsecond)
		if v, err := k.Get(impatient); v != 0 || model.KindOf(err) != model.Unavailable {
			t.Errorf("caller that gives up: got %d, %v; want 0 and Unavailable", v, err)
		}
		all.Wait()
		time.Sleep(15*time.Minute - time.Second)
		if v, _ := k.Optional(t.Context()); v != 1 || reads != 1 {
			t.Errorf("a fresh value was read again")
		}
		time.Sleep(time.Second)
		if v, _ := k.Optional(t.Context()); v != 2 || k.Known() != 2 {
			t.Errorf("expired value: got %d, want 2", v)
		}
	})
}

func TestCachedPausesAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads, fails := 0, false
		k := NewCached("list names", time.Minute, func(context.Context) (string, error) {
			if reads++; fails {
				return "", errors.New("no")
			}
			return "names", nil
		})
		_, _ = k.Get(t.Context())
		time.Sleep(2 * time.Minute)
		fails = true
		for range 3 {
			if v, err := k.Optional(t.Context()); v != "names" || err == nil {
				t.Errorf("Optional after a failure: got %q, %v; want names and the error", v, err)
			}
		}
		if reads != 2 {
			t.Errorf("Optional: got %d reads, want 1", reads-1)
		}
		if _, err := k.Get(t.Context()); err == nil || reads != 3 {
			t.Errorf("Get after a failure: got %d reads, error %v; want 3 and an error", reads, err)
		}
		fails = false
		time.Sleep(failurePause)
		if v, err := k.Optional(t.Context()); v != "names" || err != nil {
			t.Errorf("Optional after the pause: got %q, %v; want names", v, err)
		}
	})
}

func TestSearch(t *testing.T) {
	directory := []model.Participant{{ID: "u1", Name: "Ann"}, {ID: "u2", Email: "bob@x.test"}, {ID: "u3", Identifier: "phone=49"}, {ID: "u4", Status: "away"}}
	for _, tt := range []struct{ text, cursor, want, next string }{
		{"ann", "", "u1", ""}, {"BOB", "", "u2", ""}, {"=49", "", "u3", ""}, {"away", "", "u4", ""}, {"U3", "", "u3", ""}, {"u", "", "", ""},
		{"", "", "u1u2", "2"}, {"", "2", "u3u4", ""}, {"", "-1", "u1u2", "2"}, {"", "9", "", ""}, {"", "x", "u1u2", "2"},
	} {
		page := Search(directory, model.LookupRequest{Text: tt.text, Cursor: tt.cursor, Limit: 2})
		got := ""
		for _, p := range page.Items {
			got += p.ID
		}
		if got != tt.want || page.Cursor != tt.next || directory[0].ID != "u1" || directory[3].ID != "u4" {
			t.Errorf("%q from %q: got %q and cursor %q, want %q and %q", tt.text, tt.cursor, got, page.Cursor, tt.want, tt.next)
		}
	}
}

func TestRecentKeepsRecentlyUsedValues(t *testing.T) {
	r := NewRecent[int](3)
	r.Put("often", 0)
	for i := 1; i <= 20; i++ {
		r.Put(fmt.Sprint(i), i)
		if _, kept := r.Get("often"); !kept {
			t.Fatalf("after %d others: an often used value is missing", i)
		}
		for j := max(1, i-1); j <= i; j++ {
			if v, kept := r.Get(fmt.Sprint(j)); !kept || v != j {
				t.Errorf("after %d values: %d: got %d, kept %t", i, j, v, kept)
			}
		}
		if n := len(r.young) + len(r.old); n > 6 {
			t.Errorf("after %d values: %d are kept, want at most 6", i, n)
		}
	}
}
