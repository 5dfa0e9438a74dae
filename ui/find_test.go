package ui_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/ui"
	"confab/ui/dialog"
	"confab/ui/keymap"
)

func TestFilterAsYouType(t *testing.T) {
	with(t, newFake(conversations(60)...), start{}, func(a *app) {
		a.Press("/")
		a.Type("is:private")
		a.Want("● private")
		a.WantNot("○ public")
		a.Press("enter")
		a.Want("/is:private")
		a.Press("j", "esc")
		a.Want("○ public")
		a.Press("/")
		a.Type("Talk 7")
		a.Want("Talk 7 about")
		a.WantNot("Talk 8 about")
		a.Press("esc")
		a.Want("Talk 8 about")
	})
}

func TestBadQueryKeepsTheLastGoodResult(t *testing.T) {
	with(t, newFake(conversations(60)...), start{}, func(a *app) {
		a.Press("/")
		a.Type("is:private ")
		before := a.count("List")
		a.Type("(colour")
		a.Want("^ ")
		a.WantNot("○ public")
		a.Press("enter")
		a.Want("^ ") // the prompt stays open
		a.Press("ctrl+u")
		a.Type("tilte:x")
		a.Want("did you mean title:")
		if !strings.HasPrefix(a.Lines()[29], " ^") {
			t.Errorf("the help line does not point at the error:\n%s", a.Text())
		}
		if a.count("List") > before+12 {
			t.Error("a wrong query was sent to the engine")
		}
	})
}

func TestFilterCompletes(t *testing.T) {
	with(t, newFake(conversations(60)...), start{}, func(a *app) {
		a.Press("/")
		a.Type("is:pr")
		a.Press("tab")
		a.Want("/is:private")
		a.WantNot("○ public")
		a.Press("ctrl+u")
		a.Type("account:b")
		a.Press("tab")
		a.Want("account:bird-a")
		a.Press("ctrl+u")
		a.Type("is:p")
		a.Press("tab")
		first := a.Lines()[28]
		a.Press("tab")
		if a.Lines()[28] == first {
			t.Error("a second tab did not take the next completion")
		}
		a.Press("shift+tab")
		if a.Lines()[28] != first {
			t.Error("shift+tab did not take the previous completion")
		}
	})
}

// Completions are drawn when typing rests. A key that needs them earlier uses those of the current text.
func TestCompletionsFollowWhenTypingRests(t *testing.T) {
	rested := func(a *app, keys ...string) string {
		a.Press("/")
		a.Rush(keys...)
		lines := a.Lines()
		return strings.TrimSpace(lines[len(lines)-2]) + " | " + strings.Fields(lines[len(lines)-1])[0]
	}
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"i", "s", ":", "a", "n"}, "/is:an | is:any"},
		{[]string{"i", "s", ":", "a", "n", "tab"}, "/is:any | is:any"},
		{[]string{"i", "s", ":", "p", "r", "left", "left", "tab"}, "/is:private | is:private"},
		{[]string{"a", "c", "tab", "b", "tab"}, "/account:bird-a | account:bird-a"},
		{[]string{"(", "i", "s", ":", "a", "n", "y", ")", ")"}, "/(is:any)) | ^"},
		{[]string{"i", "s", ":", "x", "enter"}, "/is:x | ^"},
		{[]string{"i", "s", ":", "enter"}, "/is: | ^"},
	} {
		with(t, newFake(conversations(60)...), start{}, func(a *app) {
			if got := rested(a, c.keys...); got != c.want {
				t.Errorf("after %q the help line is %q, want %q:\n%s", c.keys, got, c.want, a.Text())
			}
		})
	}
	with(t, newFake(conversations(60)...), start{w: 120, h: 40}, func(a *app) {
		help := func() string { return strings.TrimSpace(a.Lines()[39]) }
		a.Press("/")
		a.Type("is:")
		before := help()
		for _, letter := range "privat" { // longer than two frames
			a.Strike(string(letter))
			a.Wait(119 * time.Millisecond)
		}
		if got := help(); got != before {
			t.Errorf("the help line is %q while typing goes on, want %q", got, before)
		}
		a.Settle()
		if got := help(); !strings.HasPrefix(got, "is:private") {
			t.Errorf("the help line is %q when typing has ended", got)
		}
	})
}

func TestSearchHasNoCompletions(t *testing.T) {
	f := newFake(conversations(3)...)
	with(t, f, start{}, func(a *app) {
		a.Press("enter", "/")
		a.Rush("i", "s", "left")
		a.Settle()
		if n := f.calls["Complete"]; n != 0 {
			t.Errorf("moving the cursor in a search completed queries %d times, want 0:\n%s", n, a.Text())
		}
	})
}

func TestFilterNarrowsTheView(t *testing.T) {
	o := ui.Options{Views: []ui.View{{Name: "Two", Query: "provider:bird OR provider:kona"}}}
	with(t, newFake(conversations(60)...), start{options: o}, func(a *app) {
		a.Press("/")
		a.Type("Talk 4 OR Talk 5")
		a.WantNot("attention-a  ", "Talk 4 about")
		a.Want("Talk 5 about")
	})
}

func TestTypingFastShowsTheLastResult(t *testing.T) {
	f := newFake(conversations(60)...)
	with(t, f, start{}, func(a *app) {
		f.mu.Lock()
		f.delay["List"] = 200 * time.Millisecond
		f.mu.Unlock()
		a.Press("/")
		for _, r := range "title:\"Talk 33\"" {
			a.Rush(map[rune]string{' ': "space"}[r] + map[bool]string{true: "", false: string(r)}[r == ' '])
		}
		a.Wait(5 * time.Second)
		a.Want("Talk 33 about", "1 found")
	})
}

func TestEmptyResultSaysHowToGoOn(t *testing.T) {
	with(t, newFake(conversations(6)...), start{}, func(a *app) {
		a.Press("/")
		a.Type("nosuchthing")
		a.Press("enter")
		a.Want("Nothing matches nosuchthing", "esc clears the filter")
		a.Press("esc")
		a.Want("Talk 0")
	})
}

func TestEscapeGoesBackStepByStep(t *testing.T) {
	with(t, newFake(conversations(60)...), start{}, func(a *app) {
		a.Press("/")
		a.Type("Talk")
		a.Press("enter", "space", "V", "j", "/")
		a.Press("esc")
		a.Want("range of 2")
		a.Press("esc")
		a.WantNot("range of")
		a.Want("1 marked", "/Talk")
		a.Press("esc")
		a.WantNot("1 marked")
		a.Want("/Talk")
		a.Press("esc")
		a.WantNot("/Talk")
		a.Press("esc")
		if a.Exited() {
			t.Error("esc quit the program")
		}
	})
}

func TestPaletteListsEverythingAndWhyItIsOff(t *testing.T) {
	with(t, newFake(conversations(60)...), start{w: 120, h: 40}, func(a *app) {
		a.Press("j", "j", "ctrl+p")
		a.Want("Actions", "filter as you type")
		a.Type("privacy")
		a.Want("toggle_privacy", "off: AskElephant's API can only read privacy")
		a.Press("enter") // an action that is off says why and does nothing
		a.wantEdits()
		a.Press("ctrl+p")
		a.Type("help")
		a.Press("enter")
		a.Want("Keys")
	})
	with(t, newFake(conversations(60)...), start{w: 120, h: 40}, func(a *app) {
		a.Press("ctrl+p")
		a.Type("make private")
		a.Press("enter")
		a.wantEdits("attention-a:c00000 privacy private")
	})
}

func TestPaletteActsOnWhatWasSelected(t *testing.T) {
	f := newFake(conversations(60)...)
	with(t, f, start{w: 120, h: 40}, func(a *app) {
		a.Press("ctrl+p")
		a.change(func(rows []model.Row) []model.Row {
			rows[0], rows[8] = rows[8], rows[0]
			return rows
		})
		a.Settle()
		a.Type("make private")
		a.Press("enter")
		a.wantEdits("attention-a:c00000 privacy private")
	})
}

func TestCommandLineRunsActions(t *testing.T) {
	with(t, newFake(conversations(60)...), start{w: 120, h: 40}, func(a *app) {
		a.Press(":")
		a.Type("ren")
		a.Press("tab")
		a.Want(":rename")
		a.Type(" A new name")
		a.Press("enter")
		a.wantEdits("attention-a:c00000 title A new name")
		a.Press(":")
		a.Type("view kona-a")
		a.Press("enter")
		a.Want("1/15")
		a.Press(":")
		a.Type("filter Talk 3")
		a.Press("enter")
		a.Want("Talk 3 about")
		a.Press(":")
		a.Type("nonsense")
		a.Press("enter")
		a.Want("there is no action named nonsense")
		a.Press(":")
		a.Type("filter is:nonsense")
		a.Press("enter")
		a.Want("that query is wrong at")
		a.Press(":")
		a.Type("q")
		a.Press("enter")
		a.Want("not delivered yet")
	})
}

func TestHelpListsEveryBinding(t *testing.T) {
	with(t, newFake(conversations(6)...), start{w: 110, h: 250, options: ui.Options{Version: "1.2.3"}}, func(a *app) {
		a.Press("?")
		a.Want("confab 1.2.3")
		keys, _ := keymap.New(nil)
		text := strings.Join(strings.Fields(a.Text()), " ")
		for _, b := range keys.Bindings() {
			if !strings.Contains(text, b.Help) {
				t.Errorf("action %s is not in the help: %s", b.Action, b.Help)
			}
			if k := b.AllKeys(); k != "" && !strings.Contains(text, strings.Join(strings.Fields(k), " ")) {
				t.Errorf("the keys of %s are not in the help: %s", b.Action, k)
			}
		}
		a.Press("esc")
		a.Want("Inbox 6")
	})
}

func TestEveryActionHasAHandlerOrAScreen(t *testing.T) {
	// Every action of the inbox is run on a row: it must do something or say why not.
	keys, _ := keymap.New(nil)
	tried := []keymap.Action{keymap.Quit, keymap.Interrupt, keymap.Suspend}
	for _, b := range keys.Bindings(keymap.List, keymap.Global, keymap.Detail) {
		if slices.Contains(tried, b.Action) {
			continue
		}
		tried = append(tried, b.Action)
		with(t, newFake(conversations(30)...), start{}, func(a *app) {
			a.Press("j")
			before := a.Text()
			a.Press(":")
			a.Type(string(b.Action))
			a.Press("enter")
			if strings.Contains(a.Text(), "there is no action") {
				t.Errorf("%s: %s", b.Action, a.Lines()[28])
			}
			switch b.Action {
			case keymap.Redraw, keymap.Back, keymap.ClearMarks, "view_1", keymap.LoadMore, keymap.Open:
			default:
				if a.Text() == before {
					t.Errorf("%s changed nothing on the screen", b.Action)
				}
			}
		})
	}
}

func TestWelcomeReturnsTheChoice(t *testing.T) {
	o := ui.Options{Welcome: true, ConfigPath: "/home/ann/.config/confab/config.toml", Version: "1.0"}
	for key, want := range map[string]dialog.Chosen{"d": "demo", "a": "account", "q": "quit"} {
		with(t, newFake(), start{options: o}, func(a *app) {
			a.Want("confab: one inbox", "a made-up company", "add an account", "config: /home/ann", "version: 1.0")
			a.WantNot("No account yet")
			a.Press("j", "p", "/", "?")
			a.Want("add an account")
			a.Press(key)
			if !a.Exited() || a.model.Chosen() != want {
				t.Errorf("key %s chose %q, want it to end the program with its choice", key, a.model.Chosen())
			}
			if a.count("List")+a.count("Subscribe") != 0 {
				t.Error("the welcome screen called the engine")
			}
		})
	}
	o.HasConfig = true
	with(t, newFake(), start{options: o}, func(a *app) { a.Want("No account yet: a adds one.") })
}

// Clearing a filter keeps the cursor on the conversation that was found.
func TestClearingAFilterStaysOnTheConversation(t *testing.T) {
	for name, slow := range map[string]time.Duration{"at once": 0, "enter before the list came": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			with(t, newFake(conversations(300)...), start{}, func(a *app) {
				a.Press("j", "j", "j")
				a.fake.delay["List"] = slow
				a.Rush("/", "t", "a", "l", "k", "space", "2", "1", "7", "enter")
				a.WaitFor("1/1", 10*time.Second)
				a.wantSelected(217)
				a.Rush("esc")
				a.WaitFor("218/300", 10*time.Second)
				a.wantSelected(217)
			})
		})
	}
}

// Clearing a filter before its result is there has the same effect as after.
func TestClearingAFilterBeforeItsResultCame(t *testing.T) {
	with(t, newFake(conversations(300)...), start{}, func(a *app) {
		a.Press("j", "j", "j")
		a.fake.delay["List"] = 3 * time.Second
		a.Rush("/", "t", "a", "l", "k", "space", "2", "1", "7", "enter", "esc")
		a.WaitFor("218/300", 10*time.Second)
		a.wantSelected(217)
		a.Wait(time.Minute) // longer than the pause after a slow read
	})
}

func TestAFilterThatFoundNothingGoesBackToWhereItBegan(t *testing.T) {
	with(t, newFake(conversations(300)...), start{}, func(a *app) {
		a.Press("j", "j", "j", "/")
		a.Type("nothing like it")
		a.Press("enter")
		a.Want("Nothing matches")
		a.Press("esc")
		a.wantSelected(3)
	})
}

// Esc goes back to where the filter was begun, even if what was typed is deleted by then.
func TestEscapeFromAFilterThatWasDeletedGoesBack(t *testing.T) {
	with(t, newFake(conversations(300)...), start{}, func(a *app) {
		a.Press("j", "j", "j", "/")
		a.Type("Talk 7")
		a.wantSelected(7)
		a.Press("ctrl+u")
		a.wantSelected(0)
		a.Press("esc")
		a.wantSelected(3)
	})
}

// A change that takes the open conversation out of the filtered list is shown nevertheless.
func TestOpenConversationIsUpdatedAfterItLeftTheList(t *testing.T) {
	with(t, newFake(conversations(60)...), start{}, func(a *app) {
		a.Press("/")
		a.Type("title:\"Talk 5 \"")
		a.Press("enter", "enter")
		a.Want("Talk 5 about")
		a.change(func(rows []model.Row) []model.Row {
			for i := range rows {
				if strings.HasPrefix(rows[i].Conversation.Title, "Talk 5 ") {
					rows[i].Conversation.Title = "Renamed elsewhere"
				}
			}
			return rows
		})
		a.Settle()
		a.Want("Renamed elsewhere")
	})
}

// Before the first list is there, the words of the query language are completed without the engine.
func TestCompletionsDoNotWaitForTheList(t *testing.T) {
	f := newFake(conversations(20)...)
	f.delay["List"], f.delay["Complete"] = time.Minute, time.Minute
	with(t, f, start{}, func(a *app) {
		a.Press("/")
		a.Type("is:arch")
		a.Want("archived")
		a.Wait(2 * time.Minute)
		a.Press("esc")
		a.Wait(2 * time.Minute) // the list without the filter
	})
}
