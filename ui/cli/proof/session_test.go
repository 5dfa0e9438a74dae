//go:build unix

package proof

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// Where the link was dropped, however it ends the program, the next start goes back to
// the view, the filter and the conversation; after a q it begins at the top.
func TestADroppedLink(t *testing.T) {
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
		if sig == syscall.SIGKILL { // what can't be caught finds what was written before
			for end := time.Now().Add(10 * time.Second); !strings.Contains(strings.Join(h.query(t,
				"SELECT text FROM draft WHERE key LIKE 'session%'"), ""), `"index":2`); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the place is not written")
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
			t.Errorf("after q it does not begin afresh:\n%s", text)
		}
		s.Type("q")
		s.end(endTime)
		s.Close()
	}
	if left := h.query(t, "SELECT key FROM draft WHERE key LIKE 'session%'"); len(left) != 0 {
		t.Errorf("left in the database: %q", left)
	}
}
