package ui_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/providers/sandbox"
)

// What people come for, with the keys counted: a step more is a step too many.

// nextDay closes the program, and opens it on the next morning.
func nextDay(r *road, path string) *road {
	r.t.Helper()
	r.close()
	time.Sleep(15 * time.Hour)
	return openRoad(r.t, r.sb, path, 140, 45)
}

// overnight runs a test on the demo's world, on a database that a later day finds again.
func overnight(t *testing.T, f func(r *road, path string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(16 * time.Hour) // it is afternoon
		f(openRoad(t, newSandbox(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}), path, 140, 45), path)
	})
}

// strike presses at most so many keys.
func (r *road) strike(most int, keys ...string) {
	r.t.Helper()
	if len(keys) > most {
		r.t.Errorf("%d keys, at most %d: %q", len(keys), most, keys)
	}
	r.Press(keys...)
}

func TestRetryWhatFailedLastNightInTwoKeys(t *testing.T) {
	for _, keys := range [][]string{{"O", "r"}, {"!", "r"}} {
		overnight(t, func(r *road, path string) {
			r.sb.Attention().Set(func(s *sandbox.AttentionSwitches) { s.ForbidWrites = true })
			r.Press("/")
			r.Type("account:sales is:public debrief")
			r.Press("enter", "p")
			r.Wait(5 * time.Second)
			r.Want("1 needs you (!)")
			r = nextDay(r, path)
			r.sb.Attention().Set(func(s *sandbox.AttentionSwitches) { s.ForbidWrites = false })
			r.Want("1 needs you (!)")
			r.strike(2, keys[0])
			r.Wait(time.Second)
			r.Want(`"you may not change this conversation" (403)`)
			r.strike(1, keys[1])
			r.Wait(5 * time.Second)
			if out, err := r.inbox.Outbox(context.Background()); err != nil || len(out) > 0 {
				t.Errorf("%q leaves %v %v\n%s", keys, out, err, r.Text())
			}
		})
	}
}

func TestTakeBackYesterdaysBulkInFourKeys(t *testing.T) {
	overnight(t, func(r *road, path string) {
		r.Press("/")
		r.Type(`title:"Pipeline review" is:public`)
		r.Press("enter", "*", "p")
		r.Wait(time.Second)
		r.Want(" private", "privacy: public → private")
		r.Press("y")
		r.Wait(10 * time.Second)
		r.Press("esc", "esc", "esc")
		private := func() int {
			refs, err := r.inbox.Refs(context.Background(), `title:"Pipeline review" is:private`, false)
			if err != nil {
				t.Fatal(err)
			}
			return len(refs)
		}
		if private() < 20 {
			t.Fatalf("%d are private\n%s", private(), r.Text())
		}
		// What failed stands before it, as it may after a bad night.
		r.sb.Attention().Set(func(s *sandbox.AttentionSwitches) { s.ForbidWrites = true })
		r.Press("/")
		r.Type("account:sales is:public debrief")
		r.Press("enter", "p")
		r.Wait(5 * time.Second)
		r = nextDay(r, path)
		r.sb.Attention().Set(func(s *sandbox.AttentionSwitches) { s.ForbidWrites = false })
		r.Press("O")
		r.Wait(time.Second)
		r.Want("Needs you 1", "History 1", "yesterday 16:00", "made ", " private")
		r.strike(2, "tab", "u")
		r.Wait(time.Second)
		r.Want("Take back: made ", "Will be seen by", "y take it back")
		r.strike(1, "y")
		r.Wait(10 * time.Second)
		if n := private(); n != 0 {
			t.Errorf("%d are still private\n%s", n, r.Text())
		}
		r.Want("Took back: made ", "confirmed")
	})
}

func TestThirtyDoneInThirtyKeys(t *testing.T) {
	for name, do := range map[string]func(r *road){
		"at the speed of a machine": func(r *road) {
			for range 30 {
				r.Rush("d")
			}
		},
		"one by one":   func(r *road) { r.Burst(90*time.Millisecond, repeat("d", 30)...) },
		"with a count": func(r *road) { r.strike(3, "3", "0", "d") },
	} {
		drive(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *road) {
			list := func(query string) []model.Ref {
				refs, err := r.inbox.Refs(context.Background(), query, true)
				if err != nil {
					t.Fatal(err)
				}
				return refs
			}
			before := list("")
			do(r)
			r.Wait(2 * time.Second)
			if done, left := list("is:done"), list(""); len(done) != 30 || len(left) != len(before)-30 || left[0] != before[30] {
				t.Errorf("%s: %d are done, %d of %d left\n%s", name, len(done), len(left), len(before), r.Text())
			}
		})
	}
}

func repeat(key string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = key
	}
	return out
}
