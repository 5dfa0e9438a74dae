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
func (s *Store) slices(ctx context.Context, n int, f func(t *tx, i int) error) error {
	for i := 0; i < n; {
		err := s.tx(ctx, func(t *tx) (err error) {
			i, err = t.slice(i, n, f)
			return err
		})
		if err != nil {
			return err
		}
		if i < n {
			if err := pause(ctx, slicePause); err != nil {
				return err
			}
		}
	}
	return nil
}

// slice runs f from i on until n or the end of a slice, and returns where it
// goes on.
func (t *tx) slice(i, n int, f func(t *tx, i int) error) (int, error) {
	began, last := time.Now(), min(n, i+sliceRows)
	for ; i < last && time.Since(began) < sliceTime; i++ {
		if err := f(t, i); err != nil {
			return i, err
		}
		if t.err != nil {
			return i, t.err
		}
	}
	return i, nil
}

// pause waits, as between slices, so that other writers get their turn.
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
