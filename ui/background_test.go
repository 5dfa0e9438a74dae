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
	for name, fail := range map[string]error{"a page": nil, "a page that can't be read": errors.New("disk")} {
		t.Run(name, func(t *testing.T) {
			f := newFake(conversations(5)...)
			f.delay["Opening"], f.fail["Opening"] = 10*time.Second, fail
			var began atomic.Int32
			o := ui.Options{Background: func() { began.Add(1) }}
			with(t, f, start{options: o}, func(a *app) {
				if n := began.Load(); n != 0 {
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
