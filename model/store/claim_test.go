package store

import (
	"path/filepath"
	"testing"
)

// Another process looks between the creation of a claim file and its lock, and removes it.
func TestClaimFileRemovedBeforeItsLockIsMadeAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "claims")
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				(&owner{dir: dir}).living()
			}
		}
	}()
	for range 500 {
		o, err := newOwner(dir)
		if err != nil {
			t.Error(err)
			break
		}
		if other := (&owner{dir: dir}); !other.alive(o.name) {
			t.Error("it counts as dead")
			o.close()
			break
		}
		o.close()
	}
	close(stop)
	<-stopped
}
