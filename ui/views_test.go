package ui_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"confab/ui"
)

// memoryKeeper is a Keeper in memory.
type memoryKeeper struct {
	mu    sync.Mutex // views may be removed at once
	views []ui.View
	err   error
}

func (s *memoryKeeper) Keep(name, query string) error {
	if s.err == nil {
		s.views = append(s.views, ui.View{Name: name, Query: query})
	}
	return s.err
}

func (s *memoryKeeper) Drop(name string) error {
	time.Sleep(settleTime / 10)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, v := range s.views {
		if v.Name == name {
			s.views = append(s.views[:i:i], s.views[i+1:]...)
		}
	}
	return s.err
}

func (s *memoryKeeper) Written() (string, error) {
	text := ""
	for _, v := range s.views {
		text += "[[view]]\nname = '" + v.Name + "'\nquery = '" + v.Query + "'\n"
	}
	return text, s.err
}

func command(a *app, text string) {
	a.Press(":")
	a.Type(text)
	a.Press("enter")
}

func filter(a *app, text string) {
	a.Press("/", "ctrl+e", "ctrl+u")
	a.Type(text)
	a.Press("enter")
}

// Up recalls what was typed before, newest first, in this run and the next.
func TestPromptsRecallEarlierTexts(t *testing.T) {
	f := newFake(conversations(60)...)
	with(t, f, start{}, func(a *app) {
		filter(a, "Talk 1")
		filter(a, "Talk 2")
		filter(a, "Talk 1")
		filter(a, "")
		a.Press("/")
		a.Type("Ta")
		a.Press("up")
		a.Want("/Talk 1")
		a.WantNot("Talk 33 about")
		a.Press("up")
		a.Want("/Talk 2")
		a.Press("up") // no older text
		a.Want("/Talk 2")
		a.Press("down", "down")
		a.Want("/Ta")
		a.wantSelected(0)
		a.Press("down", "down", "up") // below the newest text, down and up move in the list
		a.wantSelected(1)
		a.Press("ctrl+n")
		a.wantSelected(2)
		a.Press("ctrl+p")
		a.wantSelected(1)
		a.Press("ctrl+u")
		a.Want("Talk 13 about")
		a.Press("esc")
		command(a, "sort title")
		command(a, "sort -created")
		a.Press(":", "up", "up")
		a.Want(":sort title")
		a.Press("esc")
	})
	with(t, f, start{}, func(a *app) {
		a.Press("/", "up", "up")
		a.Want("/Talk 2")
		a.Press("esc", ":", "up")
		a.Want(":sort -created")
	})
}

func TestAFilterIsKeptAsAView(t *testing.T) {
	s := &memoryKeeper{}
	o := ui.Options{Keeper: s, ConfigPath: "/c/config.toml", Views: []ui.View{{Name: "Inbox"}, {Name: "Private", Query: "is:private"}}}
	with(t, newFake(conversations(60)...), start{w: 120, h: 40, options: o}, func(a *app) {
		command(a, "view Mine")
		a.Want("there is no view named Mine; with a filter typed, this keeps it under that name")
		command(a, "view private")
		filter(a, "status:active")
		command(a, "sort title")
		a.Press(":")
		a.Type("view ")
		a.Press("shift+tab") // the last offer: a new view needs a name
		a.Want(":view Private")
		a.Press("ctrl+u")
		a.Type("view Mine")
		a.Want("Mine (a new view of the filter and order)")
		a.Press("enter")
		a.Want("kept as a view", "Mine 15", "Private 37", "1/15")
		a.WantNot("/status")
		if len(s.views) != 1 || s.views[0] != (ui.View{Name: "Mine", Query: "is:private status:active sort:title"}) {
			t.Errorf("kept %+v, want the view Mine", s.views)
		}
		command(a, "view")
		a.Want("[[view]]", "name = 'Mine'", "query = 'is:private status:active sort:title'", "/c/config.toml", "y copy")
		a.Press("y")
		a.Want("copied, as the config would hold them")
		command(a, "view 1")
		a.Press(":")
		a.Type("view mi")
		a.Press("tab")
		a.Want(":view Mine", "Mine 15")
		a.Press("enter")
		a.Want("1/15")
		command(a, "view 1")
		filter(a, "Talk 3")
		command(a, "view mine")
		a.Want("1/15", "Mine was a view before, so what is typed wasn't kept; another name keeps it")
		command(a, "unview private")
		a.Want("Private was not kept by :view, so it is removed in the config: /c/config.toml")
		command(a, "unview")
		a.Want("removed the view Mine: is:private status:active sort:title")
		a.WantNot("Mine 15")
		if len(s.views) != 0 {
			t.Errorf("kept %+v after unview, want none", s.views)
		}
		filter(a, "Talk 2")
		command(a, "view Once")
		a.Rush(":", "u", "n", "v", "i", "e", "w", "enter", ":", "u", "n", "v", "i", "e", "w", " ", "o", "n", "c", "e", "enter")
		a.Want("removed the view Once")
		filter(a, "Talk 2")
		s.err = errors.New("the disk is full")
		command(a, "view Other")
		a.Want("could not keep the view: the disk is full", "/Talk 2")
	})
	o.Kept = []ui.View{{Name: "PRIVATE", Query: "is:public"}, {Name: "Mine", Query: "is:public"}}
	o.InitialView = "mine"
	with(t, newFake(conversations(60)...), start{w: 120, h: 40, options: o}, func(a *app) {
		a.Want("Mine 23", "Private 37", "1/23")
		a.WantNot("PRIVATE")
	})
}

// Keys typed after a tab wait until its completions are read; escape does not wait.
func TestKeysWaitForCompletion(t *testing.T) {
	f := newFake(conversations(60)...)
	with(t, f, start{}, func(a *app) {
		f.mu.Lock()
		f.delay["Complete"] = 5 * settleTime
		f.mu.Unlock()
		a.Press("/")
		a.Rush("a", "c", "c", "o", "u", "n", "t", ":", "b", "tab", "enter")
		a.Want("/account:b")
		a.Want("0 found")
		a.Wait(10 * settleTime)
		a.Want("/account:bird-a", "1/15")
		a.Press("/", "tab", "esc")
		a.Want("1/15")
		a.Wait(10 * settleTime)
	})
}

// The open view is always among those that fit, and the others stay where a click expects them.
func TestTheOpenViewIsInSight(t *testing.T) {
	s := start{w: 43, h: 12}
	for _, name := range []string{"First", "Second", "Third", "Fourth", "Fifth", "Sixth"} {
		s.options.Views = append(s.options.Views, ui.View{Name: name})
	}
	with(t, newFake(conversations(20)...), s, func(a *app) {
		tabs := func(want string) {
			t.Helper()
			if got := a.Lines()[0]; got != want {
				t.Fatalf("the views are %q, want %q", got, want)
			}
		}
		tabs(" First 20  Second 20  Third 20  …")
		a.Press("alt+3")
		tabs(" First 20  Second 20  Third 20  …")
		a.Press("alt+4")
		tabs(" … Second 20  Third 20  Fourth 20  …")
		a.Press("alt+6")
		tabs(" … Fourth 20  Fifth 20  Sixth 20")
		a.Click(3, 0)
		tabs(" … Second 20  Third 20  Fourth 20  …")
		a.Press(":")
		a.Type("sort title")
		a.Press("enter")
		tabs(" … Third 20  Fourth 20  …         by title")
		a.Resize(22, 8)
		tabs(" … Fourth 20  …")
		a.Resize(44, 12)
		a.Press(":")
		a.Type("sort updated")
		a.Press("enter")
		tabs(" … Second 20  Third 20  Fourth 20  …")
		a.Press("alt+1") // four of them fit, but not the sign that there are more
		tabs(" First 20  Second 20  Third 20  …")
	})
}
