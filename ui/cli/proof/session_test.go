//go:build linux

package proof

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTheNextStartAfterADroppedLinkResumes holds that after any signal the next start goes back to the view, the filter and the
// conversation, and that after q it begins at the top.
func TestTheNextStartAfterADroppedLinkResumes(t *testing.T) {
	t.Parallel()
	h := newEndHome(t)
	if out, code := h.run(t, "sync"); code != 0 {
		t.Fatalf("sync ended with %d: %s", code, out)
	}
	const said = "back where you were: All, is:public"
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGKILL, syscall.SIGTERM} {
		s := h.start(t)
		s.Await("All 40")
		s.Type("\t\t\t\t\t")
		s.Type("/is:public\r")
		s.Await("/is:public")
		s.Type("jj")
		s.Await(" 3/")
		if sig == syscall.SIGKILL { // it can't be caught: wait until the place is written
			for end := time.Now().Add(10 * time.Second); !strings.Contains(strings.Join(h.query(t,
				"SELECT text FROM draft WHERE key LIKE 'session%'"), ""), `"index":2`); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the place was not written")
				}
			}
			s.signal(sig)
			<-s.ended
		} else {
			s.signal(sig)
			if code := s.end(endTime); code != 130 {
				t.Errorf("%v: ended with %d: %q", sig, code, s.said())
			}
		}
		s.Close()

		s = h.start(t)
		s.Await(said)
		s.Await(" 3/")
		s.Type("q")
		if code := s.end(endTime); code != 0 {
			t.Errorf("ended with %d: %q", code, s.said())
		}
		s.Close()
		s = h.start(t)
		s.Await("All 40")
		s.Await(" 1/")
		if text := s.Text(); strings.Contains(text, "back where") || strings.Contains(text, "is:public") {
			t.Errorf("the start after q does not begin at the top:\n%s", text)
		}
		s.Type("q")
		s.end(endTime)
		s.Close()
	}
	if left := h.query(t, "SELECT key FROM draft WHERE key LIKE 'session%'"); len(left) != 0 {
		t.Errorf("the database still holds %q", left)
	}
}
