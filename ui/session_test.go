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

// restarted ends a road as a dropped link does, and starts another on its database.
func restarted(r *road, path string, o ui.Options) *road {
	r.t.Helper()
	r.close()
	return openRoad(r.t, r.sb, path, 140, 45, o)
}

// pointed returns the line of the list on which the pointer is.
func (r *road) pointed() string {
	for line := range strings.SplitSeq(r.Text(), "\n") {
		if before, _, ok := strings.Cut(line, "│"); ok && strings.HasPrefix(before, "▌") {
			return before
		}
	}
	r.t.Fatalf("nothing is selected\n%s", r.Text())
	return ""
}

func TestADroppedLinkIsGoneBackFrom(t *testing.T) {
	path := t.TempDir() + "/confab.db"
	synctest.Test(t, func(t *testing.T) {
		r := openRoad(t, newSandbox(t, sandbox.Options{World: sandbox.Northwind}), path, 140, 45)
		r.Press("alt+4", "/") // meetings
		r.Type("is:public")
		r.Press("enter", "1", "2", "j")
		r.Wait(2 * time.Second)
		r.Want(" 13/")
		was := r.pointed()

		back := restarted(r, path, ui.Options{})
		back.Want("back where you were: meetings, is:public", " 13/")
		if got := back.pointed(); got != was {
			t.Errorf("the cursor is on\n%s\nand was on\n%s", got, was)
		}

		// What was asked for on the command line wins.
		asked := restarted(back, path, ui.Options{InitialView: "sales"})
		asked.WantNot("back where you were", "is:public")
		asked = restarted(asked, path, ui.Options{InitialQuery: "is:private"})
		asked.WantNot("back where you were", "is:public")

		// It is still there for who asks for nothing, but not in another config, and not
		// where its view is gone.
		back = restarted(asked, path, ui.Options{})
		back.Want("back where you were: meetings, is:public")
		other := restarted(back, path, ui.Options{ConfigPath: "elsewhere.toml"})
		other.WantNot("back where you were")
		other = restarted(other, path, ui.Options{Views: []ui.View{{Name: "One"}, {Name: "Two", Query: "is:private"}}})
		other.WantNot("back where you were")
	})
}

// Keys write nothing by themselves: the place is written once a second at most, and an
// idle inbox writes nothing.
func TestTheSessionIsWrittenSeldom(t *testing.T) {
	f := newFake(conversations(400)...)
	with(t, f, start{}, func(a *app) {
		a.Wait(time.Hour)
		if n := f.count("KeepSession"); n != 0 {
			t.Errorf("%d writes before a key", n)
		}
		for range 100 {
			a.Strike("j")
			a.Wait(30 * time.Millisecond)
		}
		a.Wait(time.Minute)
		n := f.count("KeepSession")
		if n == 0 || n > 10 {
			t.Errorf("%d writes in some seconds of keys", n)
		}
		a.Wait(time.Hour)
		if f.count("KeepSession") != n {
			t.Error("an idle inbox writes")
		}
	})
	f = newFake(conversations(400)...)
	with(t, f, start{options: ui.Options{Demo: true}}, func(a *app) {
		a.Press("j", "j", "tab")
		if n := f.count("KeepSession") + f.count("LeftSession"); n != 0 {
			t.Errorf("%d sessions of a demo", n)
		}
	})
}

// Before the list can be read, the rows that were on screen are shown, with the one
// under the cursor where it was.
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
			t.Fatal("nothing was kept")
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
			t.Errorf("asked for %+v", was)
		}
	})
}
