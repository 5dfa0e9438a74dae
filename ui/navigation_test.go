package ui_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/ui"
)

// An act in a range takes the marked rows too: a range is marks that are still being made.
func TestAnActInARangeTakesTheMarksToo(t *testing.T) {
	for _, beyond := range []string{"j", "G"} { // the range is in memory, or must be read
		f := newFake(conversations(400)...)
		with(t, f, start{}, func(a *app) {
			a.Press("space", "2", "space", "1", "0", "g", "g", "V", beyond, "b")
			a.Wait(2 * time.Second)
			want := map[string]string{"j": "5 conversations pinned", "G": "394 conversations pinned"}[beyond]
			a.Want(want)
			a.WantNot("marked")
		})
	}
}

// The preview of another row begins with the overview; from one open conversation to the next the tab stays.
func TestAnotherTabIsKeptAmongOpenConversationsAlone(t *testing.T) {
	for _, size := range []start{{}, {w: 60, h: 16}} { // with a preview and without
		with(t, newFake(conversations(40)...), size, func(a *app) {
			a.Press("enter", "[")
			a.Want("Provider ")
			a.Press("J")
			a.Want("Provider ")
			a.Press("h", "j", "enter")
			a.WantNot("Provider ")
			a.Want("Talk 2 about budgets", "Seen by")
		})
	}
	with(t, newFake(conversations(40)...), start{}, func(a *app) {
		a.Press("[")
		a.Want("Provider ")
		a.Press("j")
		a.WantNot("Provider ")
	})
}

// A screen without a line for messages shows them instead of the status.
func TestFourLinesShowMessages(t *testing.T) {
	with(t, newFake(conversations(40)...), start{w: 30, h: 4}, func(a *app) {
		a.Press("w")
		a.Want("w means nothing here")
		a.Press("j")
		a.Want("2/40")
	})
}

// A list that changed while a read of it failed is read again.
func TestNewsDuringAFailedReadAreRead(t *testing.T) {
	f := newFake(conversations(40)...)
	with(t, f, start{}, func(a *app) {
		f.mu.Lock()
		f.delay["List"], f.fail["List"] = 2*time.Second, errors.New("out of order")
		f.mu.Unlock()
		f.announce()
		a.Wait(time.Second)
		f.mu.Lock()
		f.delay["List"] = 0
		f.mu.Unlock()
		f.change(func(rows []model.Row) []model.Row { return rows[:39] })
		a.Wait(500 * time.Millisecond)
		f.mu.Lock()
		delete(f.fail, "List")
		f.mu.Unlock()
		a.Wait(3 * time.Second)
		a.Want("out of order", "1/39")
	})
}

// The nearest query of an earlier filter, which is found late, does not replace that of the filter now.
func TestTheNearestQueryIsThatOfTheFilterNow(t *testing.T) {
	f := newFake(conversations(40)...)
	with(t, f, start{}, func(a *app) {
		a.Press("/")
		f.mu.Lock()
		f.delay["Nearest"] = 5 * time.Second
		f.mu.Unlock()
		a.Type("status:opx")
		f.mu.Lock()
		f.delay["Nearest"] = 0
		f.mu.Unlock()
		a.Press("backspace")
		a.Type("e")
		a.Want("nearest: status:active, 15")
		a.Wait(10 * time.Second)
		a.Press("enter")
		a.Want("Nearest: status:active, 15")
	})
}

// Where not all tabs fit, the open one is shown, and a click takes the tab under it.
func TestTheOpenTabIsShownInNarrowTerminals(t *testing.T) {
	with(t, newFake(conversations(40)...), start{w: 40, h: 12}, func(a *app) {
		a.Press("enter")
		a.Want(" Overview  People  Messages  Activity  …")
		a.Press("[")
		a.Want(" … People  Messages  Activity  Raw")
		a.clickOn("Messages")
		a.Want(" Overview  People  Messages  Activity  …")
		a.Press("esc", "O")
		a.Want(" Needs you 0  Waiting 0  History 0")
	})
}

// Help begins with the keys of the screen that it was asked for on.
func TestHelpBeginsWithTheKeysHere(t *testing.T) {
	with(t, newFake(conversations(40)...), start{}, func(a *app) {
		for _, c := range []struct {
			keys []string
			want string
		}{{nil, "Move"}, {[]string{"enter"}, "Move (in a conversation)"}, {[]string{"esc", "O"}, "Outbox and history"}} {
			a.Press(append(c.keys, "?")...)
			if got := strings.TrimSpace(a.Lines()[1]); got != c.want {
				t.Errorf("help begins with %q, want %q:\n%s", got, c.want, a.Text())
			}
			a.Press("G", "k")
			if strings.TrimSpace(a.Lines()[1]) == c.want {
				t.Errorf("help does not scroll:\n%s", a.Text())
			}
			a.Press("esc")
		}
	})
}

// What is about one conversation is about the one under the cursor, also where another one is marked.
func TestOneMarkedRowIsNotTheOneUnderTheCursor(t *testing.T) {
	f := newFake(conversations(40)...)
	for _, n := range []int{0, 5} {
		f.outbox = append(f.outbox, model.OutboxEntry{Edit: model.Edit{ID: fmt.Sprint(n), Ref: ref(n), Kind: model.EditTitle,
			Target: model.TextValue("x")}, Title: fmt.Sprint("Talk ", n), State: model.Refused})
	}
	with(t, f, start{}, func(a *app) {
		a.Press("space", "4", "j")
		a.Want("! settle")
		a.Press("!")
		a.Want("Refused: Talk 5")
		a.Press("esc", "enter")
		a.Want("Overview", "example.com/c/5")
		a.WantNot("Talk 0 ")
		a.Press("esc", "3", "space")
		a.Want("4 marked")
		a.Press("esc")
		a.wantSelected(8)
	})
}

// Messages name the keys that the config sets.
func TestMessagesNameTheKeysOfTheConfig(t *testing.T) {
	keys := map[string]map[string][]string{"list": {"mark_range": {"R"}, "cycle_preview": {"w"}, "refresh": {"f5"}},
		"global": {"help": {"f1"}, "palette": {"P P"}}, "detail": {"search": {"f2"}}}
	with(t, newFake(conversations(5)...), start{options: ui.Options{Keys: keys}}, func(a *app) {
		for _, c := range [][]string{{"X means nothing here; f1 lists the keys", "X"}, {"range of 1: move on, then act; R marks it", "R"},
			{"no preview is shown: w shows it", "esc", "w", "]"},
			{"there is no action named x; P P lists them", ":", "x", "enter"}, {"nothing is searched for: f2 starts", "enter", "n"}} {
			a.Press(c[1:]...)
			a.Want(c[0])
		}
	})
}

// A count is of rows of the list, so it means nothing in an open conversation that left the list.
func TestNothingIsCountedFromAConversationOutsideTheList(t *testing.T) {
	f := newFake(conversations(40)...)
	with(t, f, start{}, func(a *app) {
		a.Press("/")
		a.Type("title:\"Talk 5 \"")
		a.Press("enter", "enter")
		f.change(func(rows []model.Row) []model.Row {
			rows[5].Conversation.Title = "Renamed elsewhere"
			return rows
		})
		a.Settle()
		a.Press("3", "b")
		a.Want("this conversation is not in the list, so nothing can be counted from it")
		a.Press("b")
		a.Want("pinned")
	})
}
