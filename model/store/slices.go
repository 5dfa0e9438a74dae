package store

import (
	"context"
	"time"
)

// A long change is made in slices, so that other writers, of this process and
// others, get their turn in between.
const (
	// sliceRows and sliceTime bound what one slice does.
	sliceRows = 150
	sliceTime = 10 * time.Millisecond
	// slicePause is longer than another process waits between two tries (see busyWait).
	slicePause = 3 * time.Millisecond
)

// slices runs f for 0 to n-1, in as many write transactions as it takes. What
// was done before an error in a later one stays.
func (s *Store) slices(ctx context.Context, op string, n int, f func(t *tx, i int)) error {
	if n == 0 {
		return nil
	}
	i := 0
	return s.repeat(ctx, op, func(t *tx) (done bool) {
		i = t.slice(i, n, f)
		return i == n
	})
}

// repeat runs f in write transactions until it is done.
func (s *Store) repeat(ctx context.Context, op string, f func(t *tx) (done bool)) error {
	for done := false; !done; {
		err := s.change(ctx, op, func(t *tx) { done = f(t) })
		if err == nil && !done {
			err = pause(ctx, slicePause)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// slice runs f from i on until n or the end of a slice, and returns where it goes on.
func (t *tx) slice(i, n int, f func(t *tx, i int)) int {
	began, last := time.Now(), min(n, i+sliceRows)
	for ; i < last && t.err == nil && time.Since(began) < sliceTime; i++ {
		f(t, i)
	}
	return i
}

// pause waits, so that other writers get their turn.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
