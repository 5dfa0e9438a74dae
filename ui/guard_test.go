package ui_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/providers/sandbox"
	"confab/ui"
)

// gaps are the times between the keys of a fast typist.
var gaps = []time.Duration{0, 5 * time.Millisecond, 30 * time.Millisecond, 90 * time.Millisecond, 199 * time.Millisecond}

func publicOnly() start {
	return start{options: ui.Options{Views: []ui.View{{Name: "Public", Query: "is:public"}}}}
}

func (f *fake) done() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, r := range f.rows {
		if r.Triage.Done {
			out = append(out, r.Conversation.Ref.ID)
		}
	}
	return out
}

func TestDoubleKeyDoesNotActOnTheRowThatMovedUp(t *testing.T) {
	for _, gap := range gaps {
		t.Run(gap.String(), func(t *testing.T) {
			f := newFake(conversations(60)...)
			with(t, f, publicOnly(), func(a *app) {
				a.Burst(gap, "p", "p")
				a.wantEdits("attention-a:c00000 privacy private")
				if gap > 0 {
					a.Want("nothing was done: ", "came under the cursor just now")
				}
				a.Press("j", "k", "p") // the row has been on screen long enough
				a.Want("can only read privacy")
			})
		})
	}
	withSystem(t, sandbox.Options{}, func(r *system) {
		r.Press("/")
		r.Type("is:public account:sales is:any")
		r.Press("enter")
		r.Wait(time.Second)
		r.sb.ResetRequests()
		r.Burst(30*time.Millisecond, "p", "p", "t", "d")
		r.Wait(5 * time.Second)
		if got := r.writes(); len(got) != 1 {
			r.t.Errorf("sent %v, want one request:\n%s", got, r.Text())
		}
		r.WantNot("Rename")
	})
}

func TestRestOfAWithheldBurstIsDropped(t *testing.T) {
	f := newFake(conversations(60)...)
	with(t, f, publicOnly(), func(a *app) {
		a.Burst(30*time.Millisecond, "p", "p", "d", "t", "D", "x", "q", "N", "s", "p", "V", ":")
		a.wantEdits("attention-a:c00000 privacy private")
		a.Want("nothing was done: ", "1/")
		a.WantNot("Rename", "Delete", "range")
		if done := f.done(); len(done) != 0 {
			t.Errorf("done: %v, want nothing", done)
		}
		a.Press("d")
		if done := f.done(); len(done) != 1 {
			t.Errorf("done: %v, want the row of the key after the pause too", done)
		}
	})
	with(t, newFake(conversations(60)...), publicOnly(), func(a *app) {
		a.Burst(30*time.Millisecond, "p", "p", "j", "j", "j") // keys that move the cursor are not dropped
		a.Want("4/")
	})
}

func TestActOnARowThatNewsMovedUnderTheCursorIsWithheld(t *testing.T) {
	for wait, want := range map[time.Duration]int{199 * time.Millisecond: 0, 200 * time.Millisecond: 1} {
		f := newFake(conversations(60)...)
		with(t, f, start{}, func(a *app) {
			f.change(func(rows []model.Row) []model.Row { return append([]model.Row{conversation(400)}, rows...) })
			a.Wait(wait) // the fake answers at once
			a.Rush("p")
			if got := a.edits(); len(got) != want {
				t.Errorf("after %v submitted %v:\n%s", wait, got, a.Text())
			}
		})
	}
	f := newFake(conversations(60)...)
	with(t, f, start{}, func(a *app) { // a row that came there behind a dialog was not seen
		a.Press("?")
		f.change(func(rows []model.Row) []model.Row { return append([]model.Row{conversation(400)}, rows...) })
		a.Wait(time.Minute)
		a.Burst(30*time.Millisecond, "esc", "p")
		a.Want("came under the cursor just now")
		a.wantEdits()
	})
	f = newFake(conversations(60)...)
	with(t, f, start{}, func(a *app) { // acting on a row that the person moved to is not withheld
		a.Rush("4", "j", "j", "j", "j", "s", "j")
		if got := a.edits(); len(got) != 0 && !slices.Equal(got, []string{"bird-a:c00007 status closed"}) {
			t.Errorf("submitted %v, want nothing or the row moved to", got)
		}
		a.Press("g", "g")
		a.Rush("j", "s")
		a.wantEdits("bird-a:c00001 status closed")
	})
}

func TestRenameInTheBurstOfAnotherAct(t *testing.T) {
	for _, gap := range gaps {
		t.Run(gap.String(), func(t *testing.T) {
			// p makes the row private without asking, and the row leaves the view.
			f := newFake(conversations(60)...)
			with(t, f, start{options: ui.Options{Views: []ui.View{{Name: "Public", Query: "is:public account:attention-a"}}}}, func(a *app) {
				a.Burst(gap, "p", "t", "ctrl+u", "D", "a", "n", "a")
				a.wantEdits("attention-a:c00000 privacy private")
				a.Want("Rename", " Dana")
				a.Press("enter")
				if got := a.edits(); len(got) != 2 || !strings.HasSuffix(got[1], " title Dana") {
					t.Errorf("submitted %v, want the title Dana too:\n%s", got, a.Text())
				}
				if done := f.done(); len(done) != 0 {
					t.Errorf("done: %v, want nothing", done)
				}
			})
			// p asks, and the question waits until the prompt is closed.
			f = newFake(conversations(60)...)
			with(t, f, start{}, func(a *app) {
				a.Press("j")
				a.Burst(gap, "p", "t", "ctrl+u", "D", "a", "n", "y")
				a.Want("Rename", " Dany")
				a.WantNot("Will be seen by  everybody")
				a.Press("enter")
				a.wantEdits("bird-a:c00001 title Dany")
				a.Want("Will be seen by  everybody at Acme")
				a.Press("y")
				a.wantEdits("bird-a:c00001 title Dany", "bird-a:c00001 privacy public")
			})
		})
	}
}

func TestTextForAPromptThatIsOffIsNotReadAsKeys(t *testing.T) {
	f := newFake(conversations(60)...)
	with(t, f, start{}, func(a *app) {
		a.Press("j", "j")
		a.Burst(30*time.Millisecond, "t", "D", "d", "p", "N", "enter")
		a.Want("the service can't do this", "3/60")
		a.wantEdits()
		if done := f.done(); len(done) != 0 {
			t.Errorf("done: %v, want nothing", done)
		}
	})
}

func TestTextForADialogNotYetOpenIsNotReadAsKeys(t *testing.T) {
	for _, slow := range []time.Duration{0, 100 * time.Millisecond} {
		f := newFake(conversations(60)...)
		f.delay["Plan"] = slow
		with(t, f, start{}, func(a *app) {
			a.Press("j")
			a.Burst(30*time.Millisecond, "D", "d", "e", "l", "e", "t", "e", "enter")
			a.Want("Deletes the conversation for everybody", "Talk 1 about budgets")
			a.wantEdits()
			if done := f.done(); len(done) != 0 {
				t.Errorf("done: %v, want nothing", done)
			}
			a.Type("delete")
			a.Press("enter")
			a.wantEdits("bird-a:c00001 delete deleted")
		})
	}
}

func TestAPromptNamesTheRowItIsAbout(t *testing.T) {
	f := newFake(conversations(60)...)
	with(t, f, start{}, func(a *app) {
		a.Press("t", "ctrl+u")
		a.Want("Rename", "Talk 0")
		if !strings.Contains(a.Line("Rename"), "Talk 0 about budgets") {
			t.Errorf("the prompt is titled %q, want the name of the row", a.Line("Rename"))
		}
		a.Press("esc", ":")
		a.Want(`for "Talk 0 about budgets"`)
		a.Press("esc", "ctrl+p")
		if !strings.Contains(a.Line("Actions ("), `for "Talk 0 about budgets"`) {
			t.Errorf("the palette is titled %q, want the name of the row", a.Line("Actions ("))
		}
		a.Press("esc", "z")
		if !strings.Contains(a.Line("Snooze"), "Talk 0 about budgets") {
			t.Errorf("the prompt is titled %q, want the name of the row", a.Line("Snooze"))
		}
	})
}

func TestLateDialogNeitherCoversAPromptNorTakesItsKeys(t *testing.T) {
	f := newFake(conversations(60)...)
	f.delay["Plan"] = 2 * time.Second
	with(t, f, start{}, func(a *app) {
		a.Press("j")
		a.Rush("p", "t")
		a.Type("yyy") // the progress of the plan does not cover the prompt either
		a.Wait(5 * time.Second)
		a.Type("zzz")
		a.Want("budgetsyyyzzz")
		a.WantNot("Will be seen by  everybody", "working")
		a.Press("esc")
		a.Want("Will be seen by  everybody at Acme")
		a.Press("n")
		for _, key := range []string{"/", ":"} {
			a.Rush("p", key)
			a.Wait(5 * time.Second)
			a.WantNot("Will be seen by  everybody")
			a.Press("esc")
			a.Want("Will be seen by  everybody at Acme")
			a.Press("esc")
		}
		a.wantEdits()
	})
	for wait, want := range map[time.Duration]int{199 * time.Millisecond: 0, 200 * time.Millisecond: 1} {
		for _, keys := range [][]string{{"y"}, {"n", "y"}, {"enter", "y"}, {"ctrl+s", "y"}} {
			f := newFake(conversations(60)...)
			with(t, f, start{}, func(a *app) {
				a.Press("j")
				a.Rush("p")
				a.Press("n")
				f.mu.Lock()
				f.delay["Plan"] = 60 * time.Millisecond
				f.mu.Unlock()
				a.Burst(60*time.Millisecond+wait, append([]string{"p"}, keys[:1]...)...)
				got := len(a.edits())
				if keys[0] == "y" && got != want {
					t.Errorf("y %v after the question opened submitted %d edits", wait, got)
				}
				if open := a.Contains("Will be seen by  everybody"); open != (want == 0) && keys[0] != "ctrl+s" {
					t.Errorf("%s %v after the question opened left it open: %v", keys[0], wait, open)
				}
			})
		}
	}
}

func TestEscAlwaysClosesADialog(t *testing.T) {
	with(t, newFake(conversations(60)...), start{}, func(a *app) {
		a.Press("j")
		a.Burst(20*time.Millisecond, "p", "esc")
		a.WantNot("Will be seen by  everybody")
		a.wantEdits()
	})
}

func TestCountActsOnThatManyRows(t *testing.T) {
	f := newFake(conversations(60)...)
	with(t, f, start{}, func(a *app) {
		a.Press("5", "d")
		a.Want("5 conversations done until something changes", "1/55")
		a.wantSelected(5)
		if n := len(f.done()); n != 5 {
			t.Errorf("%d rows are done, want 5", n)
		}
		a.Press("3", "b", "2", "U")
		if n := len(f.triaged); n != 3 {
			t.Errorf("%d triage changes were made, want 3", n)
		}
		a.Press("4", "z")
		a.Want("Snooze until: 4 conversations")
		a.Press("enter")
		a.wantSelected(9)
		a.Press("4", "p")
		a.Want("Make private: 4 conversations", "already private", "esc close")
		a.Press("esc", "2", "t")
		a.Want("Rename: 2 conversations")
		a.Press("esc", "3", "y")
		a.Want("copied 3 refs")
		a.Press("3", "enter")
		a.Want("open takes one conversation at a time, not 3")
		a.Press("3", "space")
		a.Want("3 marked")
		a.Press("2", "d")
		a.Want("a count means rows from the cursor")
		a.Press("esc", "G", "3", "k", "9", "d") // only the rows that there are
		a.Want("4 conversations done", "/47")
	})
	with(t, newFake(conversations(900)...), start{}, func(a *app) {
		a.Press("5", "0", "0", "d")
		a.Want("500 conversations done", "1/400")
		a.wantSelected(500)
	})
}

func TestAnEmptyResultPreviewsNothing(t *testing.T) {
	for _, size := range [][2]int{{100, 30}, {160, 40}} {
		fast := []Option{ProgramOptions(tea.WithFPS(60))}
		with(t, newFake(conversations(60)...), start{w: size[0], h: size[1], screen: fast}, func(a *app) {
			a.Press("j", "/")
			a.Strike("ж")
			a.Wait(50 * time.Millisecond) // less than the preview waits for the cursor
			a.Want("Nothing matches")
			a.WantNot("Talk 1 about budgets", "last message", "checked")
			a.Press("enter", "p", "t", "d")
			a.WantNot("Talk 1 about budgets", "Rename")
			a.wantEdits()
			a.Press("esc")
			a.Want("Talk 1 about budgets", "last message")
		})
	}
}

func TestBidiControlsCannotBeTyped(t *testing.T) {
	const bad = "a\u202eb\u2066\u200bc\u061cd\x9b\ufeffe\U000e0041"
	for name, keys := range map[string][]string{"filter": {"/"}, "command": {":"}, "palette": {"ctrl+p"}, "rename": {"t", "ctrl+u"},
		"snooze": {"z", "ctrl+u"}, "search": {"enter", "/"}, "form": {"j", "e", "ctrl+u"}, "description": {"j", "e", "tab"},
		"word": {"j", "D"}, "picker": {"j", "j", "j", "P", "a"}} {
		t.Run(name, func(t *testing.T) {
			screen := &watch{}
			with(t, newFake(conversations(8)...), start{watch: screen}, func(a *app) {
				a.Press(keys...)
				a.Type(bad)
				a.Want("abcde")
				a.Paste(bad)
				for _, r := range screen.drawn() {
					if unicode.Is(unicode.Cf, r) {
						a.t.Fatalf("%U is drawn", r)
					}
				}
			})
		})
	}
	f := newFake(conversations(8)...)
	with(t, f, start{}, func(a *app) { // all other text stays exact
		a.Press("t", "ctrl+u")
		const good = "e\u0301 می\u200cخواهم 👩\u200d💻 שלום"
		a.Type(good)
		a.Press("enter")
		if got := a.submitted(); len(got) != 1 || got[0].Edits()[0].Target.String() != good {
			t.Errorf("submitted %q, want the text without bidi controls, all else unchanged", a.edits())
		}
	})
}

func TestSubmittingAFormTwiceSubmitsOnce(t *testing.T) {
	f := newFake(conversations(20)...)
	f.delay["Plan"] = 100 * time.Millisecond
	with(t, f, start{}, func(a *app) {
		a.Press("V", "4", "j", "t")
		a.Type("{title} again")
		a.Burst(10*time.Millisecond, "enter", "enter", "ctrl+s")
		a.Press("y")
		a.Press("esc")
		a.WantNot("y send")
		if n := len(a.submitted()); n != 1 {
			t.Errorf("%d submissions, want 1", n)
		}
	})
}

// The answer to a late dialog replaces an older message.
func TestAnswerReplacesAnOlderMessage(t *testing.T) {
	f := newFake(conversations(20)...)
	f.delay["Plan"] = time.Second
	with(t, f, start{}, func(a *app) {
		a.Press("j")
		a.Rush("p", "t")
		a.Type("x")
		a.Wait(2 * time.Second)
		a.Press("esc")
		a.Wait(time.Second)
		a.Want("kept as a draft", "Will be seen by  everybody at Acme")
		a.Press("y")
		a.Want("making “Talk 1 about budgets” public")
		a.WantNot("kept as a draft")
	})
}

// Two quick keys on a row that stays make one change: the second one is withheld, since its result is not on screen yet.
func TestDoubleKeyOnOneRowIsOneChange(t *testing.T) {
	f := newFake(conversations(4)...)
	f.delay["Plan"] = 50 * time.Millisecond
	with(t, f, start{}, func(a *app) {
		a.Burst(0, "p", "p")
		time.Sleep(time.Second)
		a.Settle()
		if got := f.submitted(); len(got) != 1 {
			t.Errorf("submitted %+v, want one edit", got)
		}
		a.Want("nothing was done: the change before this one is still being kept")
	})
}
