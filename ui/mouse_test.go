package ui_test

import (
	"strings"
	"testing"

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
