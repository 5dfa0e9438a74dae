package ui_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"confab/model"
)

// clickOn clicks on the middle of the first place where a text is drawn.
func (a *app) clickOn(text string) {
	a.t.Helper()
	for y, l := range a.Lines() {
		if i := strings.Index(l, text); i >= 0 {
			a.Click(len([]rune(l[:i]))+len([]rune(text))/2, y)
			return
		}
	}
	a.t.Fatalf("%q is not on the screen:\n%s", text, a.Text())
}

func TestClickingAnAnswer(t *testing.T) {
	with(t, newFake(conversations(8)...), start{}, func(a *app) {
		a.Press("j", "p")
		a.Want("y make it public")
		a.clickOn("Will be seen by  everybody")
		a.clickOn("Talk 4")
		a.Want("y make it public")
		a.clickOn("n no")
		a.WantNot("y make it public")
		if n := len(a.submitted()); n != 0 {
			t.Fatalf("%d plans were submitted", n)
		}
		a.Press("p")
		a.clickOn("y make it public")
		a.wantEdits("bird-a:c00001 privacy public")
	})
}

func TestClickingRows(t *testing.T) {
	with(t, newFake(conversations(8)...), start{}, func(a *app) {
		a.clickOn("ctrl+p actions")
		a.Want("Actions")
		a.Type("rename")
		a.clickOn("t            rename")
		a.Want("Rename")
		a.clickOn("esc back")
		a.WantNot("Rename ─")

		a.Press("j", "j", "j", "P", "G")
		a.clickOn("Bob Baker")
		a.clickOn("x remove")
		a.Want("1 removed")
		a.Press("esc")
		a.Press(":")
		a.Type("edit_access")
		a.Press("enter")
		a.Want("Who has access")
		a.clickOn("everyone")
		a.Want("Who has access")
		a.clickOn("everyone")
		a.WantNot("Who has access")
	})
}

func TestClickingInTheOutbox(t *testing.T) {
	f := newFake(conversations(8)...)
	for i := range 3 {
		f.outbox = append(f.outbox, model.OutboxEntry{Edit: model.Edit{ID: string(rune('a' + i)), Submission: "s", Ref: ref(i), Kind: model.EditTitle,
			Target: model.TextValue("x")}, Title: "Talk of row " + string(rune('0'+i)), State: model.Refused})
	}
	with(t, f, start{}, func(a *app) {
		a.Press("O")
		a.clickOn("renaming 3")
		a.clickOn("Talk of row 2")
		a.Want("Needs you 1")
		a.clickOn("Talk of row 2")
		a.Want("Refused: Talk of row 2")
		a.clickOn("esc close")
		a.clickOn("esc close")
		a.clickOn("esc close")
		a.Want("Inbox 8")
	})
}

// A click where a menu has no line changes nothing.
func TestClickingBesideTheLinesOfAMenu(t *testing.T) {
	with(t, newFake(conversations(5)...), start{}, func(a *app) {
		a.Press("ctrl+p")
		a.Type("archiv")
		a.clickOn(": archiv") // above the lines
		a.Click(20, 15)       // below them
		a.Want("Actions (1 of ")
		a.Press("enter")
		a.Want("Archive")
		a.WantNot("Actions")
	})
}

// The wheel scrolls what is under the pointer: the overlay on top, the preview, else the list.
func TestWheelScrollsWhatIsUnderThePointer(t *testing.T) {
	f := newFake(conversations(60)...)
	f.rows[0].Conversation.Description = strings.Repeat("a line\n", 40)
	with(t, f, start{w: 160, h: 30}, func(a *app) {
		a.Wheel(150, 10, true)
		a.WantNot("call, attention-a") // the first lines of the preview
		a.wantSelected(0)
		a.Send(tea.MouseClickMsg{X: 5, Y: 6, Button: tea.MouseRight})
		a.wantSelected(0)
		a.Wheel(5, 10, true)
		a.wantSelected(3)
		a.Press("?")
		before := a.Text()
		a.Wheel(5, 10, true)
		if a.Text() == before {
			t.Errorf("the wheel did not scroll the help:\n%s", before)
		}
		a.Press("esc")
		a.wantSelected(3)
	})
}
