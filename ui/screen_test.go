package ui_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"confab/ui"
)

// app is the inbox on a virtual screen, with an engine in memory.
type app struct {
	*Screen
	*fake
	t      *testing.T
	model  *ui.Model
	opened []string
	saved  map[string]string
}

type start struct {
	w, h    int
	options ui.Options
	screen  []Option
	watch   *watch
	backend ui.Backend // replaces the engine in memory
}

// watch records the last view of a model, before a terminal shows it.
type watch struct {
	*ui.Model
	mu   sync.Mutex
	last string
}

func (w *watch) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := w.Model.Update(msg)
	return w, cmd
}

func (w *watch) View() tea.View {
	v := w.Model.View()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = v.Content
	return v
}

// drawn returns the text of the last view.
func (w *watch) drawn() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return ansi.Strip(w.last)
}

// usualViews adds the views of a config that names none.
func usualViews(o ui.Options) ui.Options {
	if len(o.Views) > 0 || o.Backend == nil {
		return o
	}
	o.Views = []ui.View{{Name: "Inbox"}}
	for _, a := range o.Backend.Accounts() {
		o.Views = append(o.Views, ui.View{Name: a.Name, Query: "account:" + a.Name})
	}
	o.Views = append(o.Views, ui.View{Name: "All", Query: "is:any"})
	return o
}

// with runs a test of the whole inbox in a synctest bubble.
func with(t *testing.T, f *fake, s start, test func(a *app)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := &app{fake: f, t: t, saved: map[string]string{}}
		if s.w == 0 {
			s.w, s.h = 100, 30
		}
		o := s.options
		o.Backend = f
		if s.backend != nil {
			o.Backend = s.backend
		}
		began := time.Now()
		o.Now = func() time.Time { return clock.Add(time.Since(began)) }
		if o.Open == nil {
			o.Open = func(url string) error { a.opened = append(a.opened, url); return nil }
		}
		o.Save = func(name, text string) (string, error) { a.saved[name] = text; return "/tmp/" + name, nil }
		f.news = make(chan chanEvent, 64)
		a.model = ui.New(usualViews(o))
		var m tea.Model = a.model
		if s.watch != nil {
			s.watch.Model = a.model
			m = s.watch
		}
		a.Screen = Start(t, m, s.w, s.h, s.screen...)
		test(a)
		a.Stop()
	})
}
