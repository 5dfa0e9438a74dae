package providers

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
)

func TestKeptIsReadOnceForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		k := NewKept("list names", 15*time.Minute, func(context.Context) (int, error) {
			time.Sleep(time.Second)
			reads++
			return reads, nil
		})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if v, err := k.Get(t.Context()); v != 1 || err != nil {
					t.Errorf("%d, %v", v, err)
				}
			})
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		time.Sleep(time.Microsecond)
		if v, err := k.Get(impatient); v != 0 || model.KindOf(err) != model.Unavailable {
			t.Errorf("who does not wait gets %d, %v", v, err)
		}
		all.Wait()
		time.Sleep(15*time.Minute - time.Second)
		if v, _ := k.Names(t.Context()); v != 1 || reads != 1 {
			t.Errorf("it is read again while it is fresh")
		}
		time.Sleep(time.Second)
		if v, _ := k.Names(t.Context()); v != 2 || k.Known() != 2 {
			t.Errorf("it is kept for longer than its age: %d", v)
		}
	})
}

func TestKeptLeavesAFailureAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads, fails := 0, false
		k := NewKept("list names", time.Minute, func(context.Context) (string, error) {
			if reads++; fails {
				return "", errors.New("no")
			}
			return "names", nil
		})
		_, _ = k.Get(t.Context())
		time.Sleep(2 * time.Minute)
		fails = true
		for range 3 {
			if v, err := k.Names(t.Context()); v != "names" || err == nil {
				t.Errorf("after a failure: %q, %v", v, err)
			}
		}
		if reads != 2 {
			t.Errorf("%d reads for names", reads-1)
		}
		if _, err := k.Get(t.Context()); err == nil || reads != 3 {
			t.Errorf("who needs it is not served: %d reads, %v", reads, err)
		}
		fails = false
		time.Sleep(keptPause)
		if v, err := k.Names(t.Context()); v != "names" || err != nil {
			t.Errorf("after the pause: %q, %v", v, err)
		}
	})
}
