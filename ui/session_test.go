package ui_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/providers/sandbox"
	"confab/ui"
)

// restarted ends a system as a dropped connection does, and starts another one on its database.
func restarted(r *system, path string, o ui.Options) *system {
	r.t.Helper()
	r.close()
	return openSystem(r.t, r.sb, path, 140, 45, o)
}

// pointed returns the line under the cursor.
func (r *system) pointed() string {
	for line := range strings.SplitSeq(r.Text(), "\n") {
		if before, _, ok := strings.Cut(line, "│"); ok && strings.HasPrefix(before, "▌") {
			return before
		}
	}
	r.t.Fatalf("nothing is selected\n%s", r.Text())
	return ""
}

func TestStartAfterADroppedLinkGoesBack(t *testing.T) {
	path := t.TempDir() + "/confab.db"
	synctest.Test(t, func(t *testing.T) {
		r := openSystem(t, newSandbox(t, sandbox.Options{World: sandbox.Northwind, Conversations: 200}), path, 140, 45)
		r.Press("alt+4", "/") // meetings
		r.Type("is:public")
		r.Press("enter", "1", "2", "j")
		r.Wait(2 * time.Second)
		r.Want(" 13/")
		was := r.pointed()

		back := restarted(r, path, ui.Options{})
		back.Want("back where you were: meetings, is:public", " 13/")
		if got := back.pointed(); got != was {
			t.Errorf("the cursor is on\n%s\nwant\n%s", got, was)
		}

		// The command line wins over the session.
		asked := restarted(back, path, ui.Options{InitialView: "sales"})
		asked.WantNot("back where you were", "is:public")
		asked = restarted(asked, path, ui.Options{InitialQuery: "is:private"})
		asked.WantNot("back where you were", "is:public")

		// A start without arguments still finds the session, but not with another config or without its view.
		back = restarted(asked, path, ui.Options{})
		back.Want("back where you were: meetings, is:public")
		other := restarted(back, path, ui.Options{ConfigPath: "elsewhere.toml"})
		other.WantNot("back where you were")
		other = restarted(other, path, ui.Options{Views: []ui.View{{Name: "One"}, {Name: "Two", Query: "is:private"}}})
		other.WantNot("back where you were")
	})
}

// The session is written at most once a second, and an idle inbox writes nothing.
func TestSessionIsWrittenAtMostOncePerSecond(t *testing.T) {
	f := newFake(conversations(400)...)
	with(t, f, start{}, func(a *app) {
		a.Wait(time.Hour)
		if n := f.count("KeepSession"); n != 0 {
			t.Errorf("%d writes before the first key, want 0", n)
		}
		for range 100 {
			a.Strike("j")
			a.Wait(30 * time.Millisecond)
		}
		a.Wait(time.Minute)
		n := f.count("KeepSession")
		if n == 0 || n > 10 {
			t.Errorf("%d writes during some seconds of keys", n)
		}
		a.Wait(time.Hour)
		if f.count("KeepSession") != n {
			t.Error("an idle inbox wrote its session")
		}
	})
	f = newFake(conversations(400)...)
	with(t, f, start{options: ui.Options{Demo: true}}, func(a *app) {
		a.Press("j", "j", "tab")
		if n := f.count("KeepSession") + f.count("LeftSession"); n != 0 {
			t.Errorf("a demo wrote %d sessions, want 0", n)
		}
	})
}

// Before the list is read, the first frame shows the rows of the session with the cursor where it was.
func TestTheFirstFrameIsWhatTheViewShowed(t *testing.T) {
	rows := conversations(400)
	for i := range rows {
		rows[i].Key = int64(i + 1)
	}
	f := newFake(rows...)
	with(t, f, start{}, func(a *app) {
		a.Press("2", "5", "0", "j", "k")
		a.Wait(2 * time.Second)
		if f.session == "" {
			t.Fatal("no session was written")
		}
	})
	var was *model.Session
	f.opening = func(req model.ListRequest) {
		if req.Was != nil {
			was = req.Was
		}
	}
	with(t, f, start{}, func(a *app) {
		if was == nil || was.At != ref(249) || was.Index != 249 || len(was.Keys) < 20 || was.Keys[was.Index-was.Offset] != 250 ||
			was.Top > was.Index || was.Top < was.Offset {
			t.Errorf("Opening was asked for %+v", was)
		}
	})
}
