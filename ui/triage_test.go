package ui_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"confab/model"
)

func TestTriageMarksWorkAtAnySpeed(t *testing.T) {
	for _, gap := range gaps {
		for _, slow := range []time.Duration{0, 400 * time.Millisecond} {
			t.Run(fmt.Sprint(gap, slow), func(t *testing.T) {
				f := newFake(conversations(60)...)
				f.delay["Triage"], f.delay["List"] = slow, slow
				with(t, f, start{}, func(a *app) {
					a.Wait(2 * time.Second)
					a.Burst(gap, "d", "d", "d", "d")
					a.wantSelected(4)
					a.Wait(5 * time.Second)
					if got := f.done(); !slices.Equal(got, []string{"c00000", "c00001", "c00002", "c00003"}) {
						t.Errorf("done: %v, want the first four rows", got)
					}
					a.wantSelected(4)
					a.Burst(gap, "b", "b", "b")
					a.Wait(5 * time.Second)
					if r, _ := f.row(ref(4)); !r.Triage.Pinned {
						t.Error("a row pinned three times is not pinned")
					}
				})
			})
		}
	}
}

func TestTriageMarkThatCannotBeWrittenIsReverted(t *testing.T) {
	f := newFake(conversations(20)...)
	f.fail["Triage"] = &model.Error{Kind: model.Local, Message: "disk full"}
	with(t, f, start{}, func(a *app) {
		a.Press("d")
		a.Want("could not mark it", "disk full", "Talk 0 about budgets", "/20")
	})
}

func TestSnoozeByCommandAndWakingUp(t *testing.T) {
	f := newFake(conversations(6)...)
	f.rows[1].Triage.SnoozedUntil = clock.Add(time.Hour)
	s := start{}
	s.options.InitialQuery = "is:any"
	with(t, f, s, func(a *app) {
		a.Press(":")
		a.Type("snooze so")
		a.Press("enter")
		a.Want(`"so" is no time: try 2h`)
		a.Press(":")
		a.Type("snooze 2")
		a.Press("tab")
		a.Want("snooze 2h")
		a.Press("enter")
		a.Want("snoozed until today 12:00")
		a.Press("j", "z")
		a.Want("awake again")
		if row, _ := f.row(ref(1)); !row.Triage.SnoozedUntil.IsZero() {
			t.Errorf("still snoozed until %v", row.Triage.SnoozedUntil)
		}
	})
}

func TestQuitWaitsForTriageMarks(t *testing.T) {
	f := newFake(conversations(20)...)
	f.delay["Triage"] = 3 * time.Second
	with(t, f, start{}, func(a *app) {
		a.Rush("d", "d", "q")
		a.Wait(time.Minute)
		if !a.Exited() {
			t.Fatalf("the program did not quit:\n%s", a.Text())
		}
		if got := f.done(); !slices.Equal(got, []string{"c00000", "c00001"}) {
			t.Errorf("done: %v, want the first two rows", got)
		}
	})
}

func TestTriageInAnOpenConversationGoesToTheNext(t *testing.T) {
	f := newFake(conversations(6)...)
	with(t, f, start{}, func(a *app) {
		a.Press("enter", "d")
		a.Want("Talk 1 about budgets", "done until something changes", "Seen by")
		a.Press("b")
		a.Want("Talk 2 about budgets")
		a.Press("z", "ctrl+u")
		a.Type("2027-02-01")
		a.Press("esc", "z")
		a.Want("restored from your draft")
		a.Press("enter")
		a.Want("Talk 3 about budgets", "snoozed until Mon 1 Feb 2027 08:00")
		if len(f.drafts) != 1 || f.draft("snooze:askelephant-a:c00002") != "" {
			t.Errorf("drafts: %q, want none", f.drafts)
		}
		a.Press("2", "d")
		a.Want("Talk 5 about budgets")
		a.Burst(30*time.Millisecond, "d")
		a.Want("that was the last one", "1/1")
		if got := f.done(); !slices.Equal(got, []string{"c00000", "c00003", "c00004", "c00005"}) {
			t.Errorf("done: %v, want rows 0, 3, 4 and 5", got)
		}
	})
	f = newFake(conversations(8)...)
	with(t, f, start{}, func(a *app) { // a fast edit key does not act on the next conversation
		a.Press("enter")
		a.Burst(30*time.Millisecond, "d", "d", "d", "p")
		a.Want("Talk 3 about budgets")
		if got := f.done(); len(got) != 3 {
			t.Errorf("done: %v, want three rows", got)
		}
		a.wantEdits()
	})
}
