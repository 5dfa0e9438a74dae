package ui_test

import (
	"context"
	"testing"
	"time"

	"confab/model"
)

// Marking that waits for the list says so after a quarter of a second, and esc stops it.
func TestWaitingForTheListIsShown(t *testing.T) {
	f := newFake(conversations(400)...)
	f.delay["Select"] = 3 * time.Second
	with(t, f, start{}, func(a *app) {
		a.Strike("*")
		a.Wait(200 * time.Millisecond)
		a.WantNot("esc stops it")
		a.Wait(300 * time.Millisecond)
		a.Want("marking…  esc stops it")
		a.Press("esc")
		a.Want("marking: stopping")
		a.Wait(4 * time.Second)
		a.Want("stopped: nothing was marked")
		a.WantNot("400 marked")
		a.Press("3", "0", "0", "b")
		a.Wait(300 * time.Millisecond)
		a.Want("reading the rows…  esc stops it")
		a.Press("esc")
		a.Wait(4 * time.Second)
		a.Want("stopped: nothing was done")
		if n := f.count("Triage"); n > 0 {
			t.Errorf("%d changes of marks", n)
		}
	})
	f = newFake(conversations(400)...)
	with(t, f, start{}, func(a *app) {
		f.delay["List"] = 2 * time.Second
		a.Strike("G")
		a.Wait(200 * time.Millisecond)
		a.WantNot("reading the list")
		a.Wait(300 * time.Millisecond)
		a.Want("reading the list…", "400/400")
		a.Wait(3 * time.Second)
		a.WantNot("reading the list")
		a.Want("Talk 399 about budgets")
		a.Press("/")
		a.Type("zzz")
		a.Wait(300 * time.Millisecond)
		a.Want("reading the list…")
		a.WantNot("400 found") // that count belongs to another filter
		a.Wait(4 * time.Second)
		a.Want("0 found", "Nothing matches zzz")
	})
}

// lastShown is an engine that knows how its views were shown last.
type lastShown struct {
	*fake
	// total is the number of rows, -1 if unknown.
	total int
}

func (k *lastShown) Opening(_ context.Context, req model.ListRequest) (model.Page, error) {
	all, err := k.find(req.Query, req.Inbox)
	p := model.Page{Total: k.total, Index: -1}
	if k.total > 0 {
		p.AsOf = clock.Add(-time.Hour)
	}
	p.Rows = all[:min(len(all), req.Limit)]
	return p, err
}

// Before the list is read every view is shown as it was last, and G goes to the end of the list once its length is known.
func TestViewsAreShownBeforeTheListIsRead(t *testing.T) {
	k := &lastShown{fake: newFake(conversations(400)...), total: 390}
	k.delay["List"] = 2 * time.Second
	k.delay["Counts"] = 2 * time.Second
	with(t, k.fake, start{backend: k}, func(a *app) {
		a.Want("Talk 0 about budgets", "1/390 as of 09:00")
		a.Press("tab")
		a.Want("Talk 0 about budgets", "1/390 as of 09:00")
		a.WantNot("Talk 1 about budgets", "Nothing")
		a.Wait(5 * time.Second)
		a.Want("1/100")
		a.WantNot("as of")
	})
	k = &lastShown{fake: newFake(conversations(400)...), total: -1}
	k.delay["List"] = 3 * time.Second // longer than the first frames need
	with(t, k.fake, start{backend: k}, func(a *app) {
		a.Press("G")
		a.Want("100/100+")
		a.Wait(300 * time.Millisecond)
		a.Want("reading the list…")
		a.Wait(5 * time.Second)
		a.Want("400/400", "Talk 399 about budgets")
	})
}

// More than a terminal accepts for its clipboard is not sent to it.
func TestTooManyRefsAreNotCopied(t *testing.T) {
	with(t, newFake(conversations(5000)...), start{}, func(a *app) {
		a.Press("*", "y")
		a.Wait(time.Second)
		a.Want("nothing was copied: 5,000 refs are more than the 74 kB that terminals take; confab list prints them")
	})
}

// Completing a field offers its values at once, and the next tab takes one.
func TestACompletedFieldOffersItsValues(t *testing.T) {
	with(t, newFake(conversations(40)...), start{}, func(a *app) {
		a.Press("/")
		a.Type("statu")
		a.Press("tab")
		a.Want("/status:", "status:completed 20", "status:active 10")
		a.WantNot("needs a value")
		a.Press("tab")
		a.Want("/status:active", "10 found")
	})
}

// A plan shows all its counts on a narrow screen, too.
func TestAPlanOnANarrowScreenTellsAllItsCounts(t *testing.T) {
	with(t, newFake(conversations(4000)...), start{w: 40, h: 14}, func(a *app) {
		a.Press("*", "t")
		a.Type("same")
		a.Press("enter")
		a.Want("Rename 3,000", "title, one by one", "3,000 ▾", "can't: the service can't", "1,000 ▸", "y send 3,000", "n no (enter)")
		a.WantNot("already", " 0 can")
	})
}
