package ui_test

import (
	"testing"
	"testing/synctest"
	"time"

	"confab/ui"
	"confab/ui/uitest"
)

// app is the inbox on a screen, over an engine in memory.
type app struct {
	*uitest.Screen
	*fake
	t      *testing.T
	model  *ui.Model
	opened []string
	saved  map[string]string
}

type start struct {
	w, h    int
	options ui.Options
	screen  []uitest.Option
}

// with runs a test of the whole inbox in a bubble of its own.
func with(t *testing.T, f *fake, s start, test func(a *app)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := &app{fake: f, t: t, saved: map[string]string{}}
		if s.w == 0 {
			s.w, s.h = 100, 30
		}
		o := s.options
		o.Backend = f
		began := time.Now()
		o.Now = func() time.Time { return clock.Add(time.Since(began)) }
		if o.Open == nil {
			o.Open = func(url string) error { a.opened = append(a.opened, url); return nil }
		}
		o.Save = func(name, text string) (string, error) { a.saved[name] = text; return "/tmp/" + name, nil }
		f.news = make(chan chanEvent, 64)
		a.model = ui.New(o)
		a.Screen = uitest.Start(t, a.model, s.w, s.h, s.screen...)
		test(a)
		a.Stop()
	})
}
