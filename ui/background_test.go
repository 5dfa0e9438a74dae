package ui_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"confab/ui"
)

// Options.Background is called once, after the first page or after the first page has failed.
func TestBackgroundStartsOnceAfterTheFirstPage(t *testing.T) {
	for name, c := range map[string]struct {
		query  string
		fail   error
		atOnce int32
	}{
		"a page":                      {},
		"a page that can't be read":   {fail: errors.New("disk")},
		"a filter that can't be read": {query: "is:nonsense", atOnce: 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(conversations(5)...)
			f.delay["Opening"], f.fail["Opening"] = 10*time.Second, c.fail
			var began atomic.Int32
			o := ui.Options{InitialQuery: c.query, Background: func() { began.Add(1) }}
			with(t, f, start{options: o}, func(a *app) {
				if n := began.Load(); n != c.atOnce {
					t.Errorf("Background was called %d times before the page, want 0", n)
				}
				a.Wait(10 * time.Second)
				a.Press("j", "2", "1") // other pages
				a.Wait(time.Minute)
				if n := began.Load(); n != 1 {
					t.Errorf("Background was called %d times, want 1", n)
				}
			})
		})
	}
}
