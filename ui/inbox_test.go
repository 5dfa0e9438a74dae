package ui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/ui"
)

func (a *app) selected() string {
	a.t.Helper()
	for _, l := range a.Lines() {
		if strings.HasPrefix(l, "▌") {
			i := strings.Index(l, "Talk ")
			if i < 0 {
				return l
			}
			return strings.Join(strings.Fields(l[i:])[:2], " ")
		}
	}
	return ""
}

func (a *app) wantSelected(n int) {
	a.t.Helper()
	if want := fmt.Sprintf("Talk %d", n); a.selected() != want {
		a.t.Fatalf("%q is selected, want %q:\n%s", a.selected(), want, a.Text())
	}
}

func TestListShowsRows(t *testing.T) {
	with(t, newFake(conversations(60)...), start{}, func(a *app) {
		a.Want("Inbox 60", "attention-a 15", "○ public   Talk 0 about budgets", "● private  Talk 1 about budgets", "◐ members", "1/60", "Ann Archer")
		a.wantSelected(0)
	})
}

func TestMovementKeysMoveTheCursor(t *testing.T) {
	with(t, newFake(conversations(300)...), start{w: 100, h: 30}, func(a *app) {
		steps := []struct {
			keys []string
			want int
		}{
			{[]string{"j"}, 1}, {[]string{"down"}, 2}, {[]string{"k"}, 1}, {[]string{"up"}, 0}, {[]string{"up"}, 0},
			{[]string{"5", "j"}, 5}, {[]string{"1", "0", "j"}, 15}, {[]string{"2", "k"}, 13},
			{[]string{"G"}, 299}, {[]string{"g", "g"}, 0}, {[]string{"end"}, 299}, {[]string{"home"}, 0},
			{[]string{"1", "2", "0", "G"}, 119}, {[]string{"g", "g"}, 0},
			{[]string{"J"}, 1}, {[]string{"K"}, 0},
		}
		for _, s := range steps {
			a.Press(s.keys...)
			a.wantSelected(s.want)
		}
		a.Press("K")
		a.Want("that was the first one")
		for _, pair := range [][2]string{{"ctrl+d", "ctrl+u"}, {"ctrl+f", "ctrl+b"}, {"pgdown", "pgup"}} {
			a.Press(pair[0])
			if a.selected() == "Talk 0" {
				t.Fatalf("key %s did not move the cursor", pair[0])
			}
			a.Press(pair[1])
			a.wantSelected(0)
		}
	})
}

func TestWindowIsReadAsTheCursorMoves(t *testing.T) {
	with(t, newFake(conversations(5000)...), start{}, func(a *app) {
		for i := range 40 {
			a.Press("ctrl+d")
			if a.selected() == "" || strings.Contains(a.selected(), "…") {
				t.Fatalf("nothing is selected after page %d:\n%s", i, a.Text())
			}
		}
		a.Press("G")
		a.wantSelected(4999)
		a.Want("5,000/5,000")
	})
}

func TestSelectionStaysOnItsConversation(t *testing.T) {
	with(t, newFake(conversations(100)...), start{}, func(a *app) {
		a.Press("5", "j")
		a.change(func(rows []model.Row) []model.Row {
			slices.Reverse(rows[:20])
			return append([]model.Row{conversation(500), conversation(501), conversation(502)}, rows...)
		})
		a.Settle()
		a.wantSelected(5)
		a.Want("18/103")
		a.change(func(rows []model.Row) []model.Row {
			return slices.DeleteFunc(rows, func(r model.Row) bool { return r.Conversation.Ref == ref(5) })
		})
		a.Settle()
		a.wantSelected(4) // the row that was below it
		a.Want("18/102")
	})
}

func TestUntouchedCursorStaysAtTheTop(t *testing.T) {
	with(t, newFake(conversations(10)...), start{}, func(a *app) {
		a.change(func(rows []model.Row) []model.Row { return append([]model.Row{conversation(77)}, rows...) })
		a.Settle()
		a.wantSelected(77)
	})
}

func TestKeyIsAppliedToWhatWasUnderTheCursor(t *testing.T) {
	f := newFake(conversations(40)...)
	with(t, f, start{}, func(a *app) {
		f.mu.Lock()
		f.delay["Plan"] = 5 * time.Second
		f.mu.Unlock()
		a.Press("4", "j", "p") // Talk 4 is private, so p asks
		a.Press("esc")         // stops it
		a.Press("g", "g", "p") // Talk 0 is public
		a.change(func(rows []model.Row) []model.Row { slices.Reverse(rows); return rows })
		a.Wait(20 * time.Second)
		plans := f.submitted()
		if len(plans) != 1 || plans[0].Items[0].Ref != ref(0) {
			t.Fatalf("submitted %v, want one plan for Talk 0", plans)
		}
	})
}

func TestLateResultsAreDropped(t *testing.T) {
	f := newFake(conversations(40)...)
	with(t, f, start{}, func(a *app) {
		f.mu.Lock()
		f.delay["List"] = 3 * time.Second
		f.mu.Unlock()
		a.Press("tab") // answers slowly
		f.mu.Lock()
		f.delay["List"] = 0
		f.mu.Unlock()
		a.Press("tab") // the newest, and answers at once
		a.Want("Talk 1 ")
		a.Wait(10 * time.Second)
		a.Want("Talk 1 ")
		a.WantNot("Talk 0 ")
	})
}

func TestViewsKeepTheirCursor(t *testing.T) {
	options := ui.Options{Views: []ui.View{{Name: "Everything"}, {Name: "Private", Query: "is:private"}, {Name: "Bird", Query: "provider:bird sort:title"}}}
	with(t, newFake(conversations(40)...), start{options: options}, func(a *app) {
		a.Want("Everything 40", "Private 2", "Bird 10")
		a.Press("j", "j", "alt+2")
		a.WantNot("○ public")
		a.Press("g", "3")
		a.Want("bird-a")
		a.WantNot("kona-a        ◐")
		a.Press("tab")
		a.wantSelected(2) // each view keeps its cursor
		a.Press("shift+tab")
		a.Want("1/10")
		a.Press("g")
		a.Want("view 1")
		a.Press("9")
		a.Want("there is no such view, only 3 views")
		a.Click(2, 0)
		a.Want("3/40")
	})
}

func TestInitialViewAndQuery(t *testing.T) {
	with(t, newFake(conversations(40)...), start{options: ui.Options{InitialView: "All", InitialQuery: "title:\"Talk 7\""}}, func(a *app) {
		a.wantSelected(7)
		a.Want("/title:", "1/1")
	})
}

func TestMarksAndRange(t *testing.T) {
	with(t, newFake(conversations(40)...), start{}, func(a *app) {
		a.Press("space", "space")
		a.Want("2 marked")
		a.wantSelected(2)
		a.Press("k", "space")
		a.Want("1 marked")
		a.Press("esc")
		a.WantNot("marked")
		a.Press("g", "g", "V", "3", "j")
		a.Want("range of 4")
		a.Press("esc")
		a.WantNot("range of")
		a.Press("g", "g", "V", "j", "V")
		a.Want("2 marked")
		a.Press("*")
		a.Want("40 marked")
		a.Press("*")
		a.WantNot("40 marked")
	})
}

func TestRangeBeyondTheWindow(t *testing.T) {
	f := newFake(conversations(900)...)
	with(t, f, start{}, func(a *app) {
		a.Press("V", "G", "d")
		f.mu.Lock()
		n := 0
		for _, r := range f.rows {
			if r.Triage.Done {
				n++
			}
		}
		f.mu.Unlock()
		if n != 900 {
			t.Fatalf("%d are done, want 900\n%s", n, a.Text())
		}
	})
}

func TestPreviewShowsTheRowUnderTheCursor(t *testing.T) {
	f := newFake(conversations(40)...)
	with(t, f, start{w: 100, h: 30}, func(a *app) {
		a.Want("Overview  People  Messages", "last message")
		a.Press("j")
		a.Want("Seen by     Ann Archer and Bob Baker *")
		a.Press("]")
		a.Want("People (2)", "editor")
		a.Press("[", "v")
		a.WantNot("Overview")
		a.Press("v")
		a.Want("Overview", "│")
		a.Press("v")
		a.Want("────────────")
	})
	with(t, f, start{w: 160, h: 30}, func(a *app) { a.Want("│ Overview") })
	with(t, f, start{w: 160, h: 30, screen: []Option{Environment("TERM=xterm", "SSH_TTY=/dev/pts/1")}}, func(a *app) {
		a.WantNot("│ Overview")
		a.Want(" Overview")
	})
	with(t, f, start{w: 100, h: 19}, func(a *app) { a.WantNot("Overview") })
}

func TestPreviewWaitsForTheCursorToRest(t *testing.T) {
	with(t, newFake(conversations(40)...), start{}, func(a *app) {
		a.Rush("j", "j", "j")
		a.Want("Talk 3 about budgets")
		if n := a.count("Outbox"); n > 3 {
			t.Errorf("the outbox was read %d times after one rest, want 1", n)
		}
	})
}

func TestDetailOpensSearchesAndCloses(t *testing.T) {
	f := newFake(conversations(40)...)
	f.details[ref(1)] = model.Detail{Messages: model.SetOf(
		model.Message{Author: "Ann Archer", At: clock, Text: "First line\nsecond line with needle"},
		model.Message{Author: "Bob Baker", At: clock, Text: strings.Repeat("long words ", 40) + "needle"}),
		MoreMessages: true, Raw: []byte(`{"b":1,"secret":"none"}`)}
	with(t, f, start{}, func(a *app) {
		a.Press("j", "enter")
		a.Want("Talk 1 about budgets", "Seen by     Ann Archer and Bob Baker *", "10:00 Ann  First line second line", "* assumed: nobody says it")
		a.Press("l", "l")
		a.Want("Ann Archer", "second line with needle", "Older messages exist")
		a.Press("/")
		a.Type("needle")
		a.Press("enter")
		a.Want("2 lines match")
		a.Press("n")
		a.Want("match 2 of 2")
		a.Press("N")
		a.Want("match 1 of 2")
		a.Press("4", "N", "7", "N") // more often than there are matches
		a.Want("match 2 of 2")
		a.Press("esc", "l")
		a.Want("No edits of this conversation")
		a.Press("l")
		a.Want(`"secret": "none"`)
		a.Press("J", "[", "[", "[", "[")
		a.Want("Talk 2 about budgets")
		a.Press("K")
		a.Want("Talk 1 about budgets")
		a.Press("h")
		a.Want("Inbox 40", "2/40")
		if a.count("Load") < 2 {
			t.Error("opening a conversation did not load it from the service")
		}
	})
}

func TestDetailOfAServiceThatFails(t *testing.T) {
	f := newFake(conversations(4)...)
	f.fail["Load"] = &model.Error{Kind: model.Unavailable, Message: "connection refused"}
	with(t, f, start{}, func(a *app) {
		a.Press("enter")
		a.Want("Could not be read again", "connection refused", "Talk 0 about budgets")
	})
}

func TestOpeningMarksSeen(t *testing.T) {
	f := newFake(conversations(4)...)
	with(t, f, start{}, func(a *app) {
		a.Press("j", "k", "v")
		if len(f.triaged) != 0 {
			t.Fatal("the preview marked a conversation seen")
		}
		a.Press("enter")
		if len(f.triaged) != 1 || f.triaged[0].Seen == nil || !*f.triaged[0].Seen {
			t.Fatalf("triage changes %v, want one that marks seen", f.triaged)
		}
	})
}

func TestTriageKeys(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		a.Press("b")
		a.Want("pinned", "★")
		a.Press("U")
		a.Want("seen")
		a.Press("d")
		a.Want("done until something changes", "1/19")
		a.wantSelected(1)
		a.Press("z")
		a.Want("Snooze until", "tomorrow")
		a.Press("ctrl+u")
		a.Type("3 moons")
		a.Press("enter")
		a.Want("is no time")
		a.Press("ctrl+u")
		a.Type("2d")
		a.Press("enter")
		a.Want("snoozed until Sun 22 Nov")
		last := f.triaged[len(f.triaged)-1]
		if last.Snooze == nil || last.Snooze.Sub(clock).Round(time.Hour) != 48*time.Hour {
			t.Errorf("snoozed until %v", last.Snooze)
		}
	})
}

func TestCopyAndOpen(t *testing.T) {
	f := newFake(conversations(20)...)
	with(t, f, start{}, func(a *app) {
		a.Press("y")
		a.Want("copied: attention-a:c00000")
		a.Press("Y")
		a.Want("copied: https://example.com/c/0")
		a.Press("o")
		a.Want("opened in the browser")
		if !slices.Equal(a.opened, []string{"https://example.com/c/0"}) {
			t.Errorf("opened the links %v", a.opened)
		}
		for _, bad := range []string{"javascript:alert(1)", "file:///etc/passwd", "", "https://"} {
			f.mu.Lock()
			f.rows[0].Conversation.URL = bad
			f.mu.Unlock()
			a.Press("o")
			a.Want("could not open it")
		}
		if len(a.opened) != 1 {
			t.Errorf("opened the links %v", a.opened)
		}
	})
}

func TestRefreshAndRedraw(t *testing.T) {
	f := newFake(conversations(5)...)
	with(t, f, start{}, func(a *app) {
		a.Press("r")
		if f.refreshs != 1 {
			t.Errorf("refreshed %d times, want 1", f.refreshs)
		}
		f.announce() // of something else: the accounts were not read since
		a.Settle()
		a.Want("refreshing")
		for i := range f.accounts {
			f.accounts[i].Checked = clock.Add(time.Hour)
		}
		f.announce()
		a.Settle()
		a.WantNot("refreshing")
		a.Press("ctrl+l")
		a.Want("Talk 0 about budgets")
	})
}

func TestUnknownKeySaysSo(t *testing.T) {
	with(t, newFake(conversations(5)...), start{}, func(a *app) {
		a.Press("X")
		a.Want("X means nothing here")
		a.Press("g", "x")
		a.Want("g x means nothing here")
	})
}

func TestMouseSelectsAndScrolls(t *testing.T) {
	with(t, newFake(conversations(60)...), start{w: 100, h: 30}, func(a *app) {
		a.Click(30, 4)
		a.wantSelected(3)
		a.Wheel(10, 5, true)
		a.wantSelected(6)
		a.Wheel(10, 5, false)
		a.wantSelected(3)
		a.Click(12, 19)
		a.Want("People (2)")
		a.Click(30, 4)
		a.Want("esc back", "Overview")
	})
}

func TestEmptyAndUnreadLists(t *testing.T) {
	f := newFake()
	f.accounts = []model.AccountState{{Name: "sales", Provider: model.Attention}}
	with(t, f, start{}, func(a *app) {
		a.Want("the services are being read", "sales not read yet")
		a.Press("p", "t", "e", "P", "c", "D", "enter", "y", "space", "j", "G", "d")
		a.Want("nothing selected")
	})
}

func TestStatusLineShowsReadOnlyAndPending(t *testing.T) {
	f := newFake(conversations(8)...)
	f.accounts[0].Error = &model.EntryError{Kind: model.Unavailable, Message: "no route"}
	f.accounts[1].Syncing, f.accounts[1].Read, f.accounts[1].Total = true, 30, 60
	f.accounts[2].ReadOnly = true
	f.outbox = []model.OutboxEntry{{Edit: model.Edit{ID: "1", Ref: ref(0), Kind: model.EditTitle, Target: model.TextValue("x")}, State: model.Refused},
		{Edit: model.Edit{ID: "2", Ref: ref(1), Kind: model.EditTitle, Target: model.TextValue("x")}, State: model.Queued}}
	with(t, f, start{w: 160, h: 30, options: ui.Options{ReadOnly: true, Demo: true}}, func(a *app) {
		a.Want("read-only", "1 needs you (!)", "1 waiting", "demo", "attention-a offline since 09:00", "bird-a 30/60", "1/8")
		a.Want("refused", "queued")
	})
}

func TestReadOnlyOffersNoEdits(t *testing.T) {
	for readOnly, want := range map[bool]bool{true: false, false: true} {
		with(t, newFake(conversations(8)...), start{options: ui.Options{ReadOnly: readOnly}}, func(a *app) {
			if got := a.Contains("p privacy") && a.Contains("t rename"); got != want {
				t.Errorf("read-only %v, but the footer names edits:\n%s", readOnly, a.Text())
			}
			a.Want("enter open", "? help")
		})
	}
}

func TestIdleWritesNothing(t *testing.T) {
	f := newFake(conversations(60)...)
	with(t, f, start{w: 120, h: 40}, func(a *app) {
		a.Press("j")
		a.Bytes()
		before := a.count("List")
		a.Wait(3 * time.Hour)
		if n := a.Bytes(); n != 0 {
			t.Errorf("%d bytes were written while idle, want 0", n)
		}
		if a.count("List") != before {
			t.Error("the list was read while idle")
		}
	})
}

func TestBytesOfAKey(t *testing.T) {
	measure := func(layout string) (median, most int) {
		with(t, newFake(conversations(1000)...), start{w: 120, h: 40, options: ui.Options{Layout: layout}}, func(a *app) {
			a.Press("j")
			var keys []int
			a.Bytes()
			for range 60 {
				a.Rush("j")
				keys = append(keys, a.Bytes())
			}
			t.Log(layout, keys)
			slices.Sort(keys)
			median, most = keys[len(keys)/2], keys[len(keys)-1]
		})
		return median, most
	}
	if median, most := measure("off"); median > 256 || most > 1400 {
		t.Errorf("list alone: a cursor key writes %d bytes, at most %d; want 256 and 1,400", median, most)
	}
	if _, most := measure("bottom"); most > 1400 {
		t.Errorf("stacked: a cursor key with its preview writes up to %d bytes, want 1,400", most)
	}
	with(t, newFake(conversations(10)...), start{w: 120, h: 40}, func(a *app) {
		a.Press("t")
		a.Bytes()
		a.Type("x")
		if n := a.Bytes(); n > 64 {
			t.Errorf("a typed letter wrote %d bytes, want at most 64", n)
		}
	})
}
