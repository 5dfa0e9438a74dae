package ui_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
)

// TestTheWorkOfAKeyDoesNotGrowWithTheMarks counts what Update and View allocate for each key that acts on
// marks, and for the messages after it up to the delivery. For 20,000 marked rows that must be the same as for
// 1,000, except for the bits of the set and the reads of the list meanwhile: less than five bytes per row.
func TestTheWorkOfAKeyDoesNotGrowWithTheMarks(t *testing.T) {
	const marked = 20_000
	more := uint64(5 * marked)
	counted := []string{"key", "planned", "submitted", "told", "triaged", "refs", "marked", "edits"}
	// measure returns how many bytes each message and key of some steps allocates at most.
	measure := func(t *testing.T, n int, steps string) map[string]uint64 {
		v := newHugeEngine(n)
		b := onBench(t, v, true)
		b.press("*")
		b.await("marked")
		if steps != "" && steps[0] == '.' { // there is something to repeat
			b.press("p")
			b.await("planned")
			b.press("y")
			b.await("submitted")
			b.press("esc")
			b.press("*")
			b.await("marked")
		}
		clear(b.spent)
		for step := range strings.FieldsSeq(steps) {
			switch {
			case step == "news":
				b.announce(v)
			case isKind(step):
				b.await(step)
			default:
				b.press(step)
			}
		}
		time.Sleep(time.Minute) // of the bubble's time, in which scheduled work ends
		return b.spent
	}
	for _, steps := range []string{
		"p planned j k y submitted told news told j r edits", "s planned y submitted",
		"A planned y submitted", "D planned x", "t x enter planned j y submitted",
		". planned y submitted", "e tab esc", "P esc", "c", "d triaged", "b triaged", "U triaged", "z enter triaged", "y refs",
		"ctrl+p a", "space space", "V j V", "j k G", "* marked", "esc",
	} {
		var few, many map[string]uint64
		synctest.Test(t, func(t *testing.T) { few = measure(t, 1000, steps) })
		synctest.Test(t, func(t *testing.T) { many = measure(t, marked, steps) })
		for kind := range many {
			if !slices.Contains(counted, kind) {
				continue // its number depends on timing
			}
			if many[kind] > few[kind]+more {
				t.Errorf("%s: %s allocated %d bytes for %d rows, %d for 1,000", steps, kind, many[kind], marked, few[kind])
			}
		}
	}
}

// Rows to be marked beyond the window are read, and actions typed meanwhile are about those marks.
func TestMarksBeyondTheWindow(t *testing.T) {
	slow := func() *fake {
		f := newFake(conversations(400)...)
		f.delay["Select"] = 100 * time.Millisecond
		return f
	}
	marked := func(f *fake, n int) {
		t.Helper()
		f.mu.Lock()
		defer f.mu.Unlock()
		pinned := 0
		for _, r := range f.rows {
			if r.Triage.Pinned {
				pinned++
			}
		}
		if pinned != n {
			t.Errorf("%d rows are pinned, want %d", pinned, n)
		}
	}
	f := slow()
	with(t, f, start{}, func(a *app) { // a count
		a.Press("j")
		a.Rush("3", "0", "0", "space", "b")
		a.Settle()
		a.Want("300 conversations pinned")
		marked(f, 300)
	})
	f = slow()
	with(t, f, start{}, func(a *app) { // a count past the end
		a.Press("1", "0", "0", "0", "space")
		a.Wait(time.Second)
		a.Want("400 marked", "400/400")
	})
	f = slow()
	f.delay["List"] = 50 * time.Millisecond
	with(t, f, start{}, func(a *app) { // a range that ends at a row not in memory, turned into marks
		a.Wait(time.Second)
		a.Press("j", "j")
		a.Rush("V", "G", "V", "b")
		a.Wait(time.Second)
		a.Want("398 conversations pinned")
		marked(f, 398)
	})
	f = slow()
	with(t, f, start{}, func(a *app) { // an upward range, acted on at once
		a.Press("G", "k", "V")
		a.Rush("g", "g", "b")
		a.Wait(time.Second)
		a.Want("399 conversations pinned")
		marked(f, 399)
	})
	f = slow()
	with(t, f, start{}, func(a *app) { // reading the marks fails
		f.fail["Select"] = &model.Error{Kind: model.Local, Message: "the disk is full"}
		a.Press("3", "0", "0", "space")
		a.Wait(time.Second)
		a.Want("could not mark them")
		a.WantNot(" marked")
	})
}

// While many triage marks are being written the list keeps working, and esc stops the writing.
func TestLargeTriageChangeShowsItsProgress(t *testing.T) {
	f := newFake(conversations(60)...)
	f.delay["Triage"] = 10 * time.Second
	with(t, f, start{}, func(a *app) {
		a.Press("*", "d")
		a.Wait(300 * time.Millisecond)
		a.Want("marking 60 conversations: 30 done", "esc stops it")
		a.Press("tab")
		a.Press("?")
		a.Want("Keys")
		a.Press("esc")
		a.Want("marking 60 conversations")
		a.Wait(12 * time.Second)
		a.Want("60 conversations done")
		a.WantNot("esc stops it")
	})
	f = newFake(conversations(400)...)
	f.delay["Triage"] = 10 * time.Second
	with(t, f, start{}, func(a *app) { // the list goes on being read meanwhile, and shows the new marks
		a.Press("*", "d")
		a.Wait(300 * time.Millisecond)
		a.Press("G")
		a.Want("Talk 399 about budgets", "done", "400/400", "marking 400 conversations")
		a.Press("/")
		a.Type("is:any 399")
		a.Press("enter")
		a.Want("Talk 399 about budgets", "done", "1/1")
		a.Press("/", "ctrl+u", "enter")
		a.Wait(12 * time.Second)
		a.Want("Nothing here")
	})
	f = newFake(conversations(60)...)
	f.delay["Triage"] = 10 * time.Second
	with(t, f, start{}, func(a *app) {
		a.Press("*", "b")
		a.Wait(300 * time.Millisecond)
		a.Press("esc")
		a.Want("marking 60 conversations: stopping")
		a.Wait(12 * time.Second)
		a.Want("stopped: 0 of 60 were marked", "1/60")
		if n := slices.IndexFunc(f.rows, func(r model.Row) bool { return r.Triage.Pinned }); n >= 0 {
			t.Errorf("row %d is pinned, want only those written before esc", n)
		}
	})
}

// BenchmarkMarked measures a key that acts on 100,000 marked rows, and the next frame.
func BenchmarkMarked(b *testing.B) {
	for _, key := range []string{"e", "P", "p", "d", "space"} {
		b.Run(key, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				x := onBench(b, newHugeEngine(100_000), false)
				x.press("*")
				x.await("marked")
				b.StartTimer()
				x.press(key)
			}
		})
	}
}

// A plan that is large enough to take a moment says so at once; a small one does not.
func TestALargePlanAnswersAtOnce(t *testing.T) {
	for _, c := range []struct {
		rows    int
		answers bool
	}{{100_000, true}, {40, false}} {
		v := newHugeEngine(c.rows)
		v.guarded = false
		v.delay["Plan"] = 200 * time.Millisecond
		with(t, v.fake, start{backend: v, screen: []Option{ProgramOptions(tea.WithFPS(60))}}, func(a *app) {
			a.Press("*")
			a.Wait(time.Second)
			a.Strike("p")
			a.Wait(40 * time.Millisecond)
			if shown := strings.Contains(a.Text(), "planning 100,000 conversations…"); shown != c.answers {
				a.t.Errorf("%d rows: planning is announced: %v\n%s", c.rows, shown, a.Text())
			}
			a.Wait(time.Second)
			a.Want(" private", "y send")
		})
	}
}
