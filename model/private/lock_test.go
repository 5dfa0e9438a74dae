package private

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A process may wait for the lock of a file that its holder removes. Then the lock of that file excludes nobody.
func TestLockExcludesWhoWaitedForARemovedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var held atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				unlock, err := Lock(t.Context(), path, time.Microsecond)
				if err != nil {
					t.Error(err)
					return
				}
				if n := held.Add(1); n != 1 {
					t.Errorf("%d hold the lock, want 1", n)
				}
				held.Add(-1)
				unlock()
			}
		})
	}
	group.Wait()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file of the lock is left: %v", err)
	}
	unlock, err := Lock(t.Context(), path, time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, path, time.Microsecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a lock that is held: got %v, want to wait until the deadline", err)
	}
}
