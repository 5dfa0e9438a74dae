package store

import (
	"path/filepath"
	"testing"
)

// Another process sees a claim file after its creation and before its lock, and removes it.
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
			t.Errorf("creating a claim file while another process removes those without a lock: %v", err)
			break
		}
		if other := (&owner{dir: dir}); !other.alive(o.name) {
			t.Errorf("the process that holds the claim file %s counts as dead, want alive", o.name)
			o.release()
			break
		}
		o.release()
	}
	close(stop)
	<-stopped
}
