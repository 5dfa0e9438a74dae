package ui_test

import (
	"testing"
	"time"

	"confab/model"
)

func TestHiddenMarksAreCountedAndLeftOutWithOneKey(t *testing.T) {
	f := newFake(conversations(60)...)
	with(t, f, start{}, func(a *app) {
		a.Press("space", "3", "j", "space", "3", "j", "space") // Talk 0, 4 and 8, all public, in one account
		a.Want("3 marked")
		a.WantNot("hidden")
		a.Press("/")
		a.Type(`"Talk 8"`)
		a.Press("enter")
		a.Want("3 marked, 2 hidden")
		a.Press("t")
		a.Want("Rename: 3 conversations")
		a.Type("same")
		a.Press("enter")
		a.Want("Rename 3 to “same”", "2 of the 3 are hidden by the filter", "h leaves them out", "h leave the hidden out")
		a.Press("h")
		a.Want("Rename 1 to “same”", "Talk 8", "2 that are hidden by the filter, left out", "h take the hidden in")
		a.Press("h")
		a.Want("Rename 3 to “same”")
		a.Press("h", "y")
		a.wantEdits("attention-a:c00008 title same")
		a.WantNot("marked")
	})
	with(t, newFake(conversations(60)...), start{}, func(a *app) { // the same if the plan asks for a word
		a.Press("j", "space", "3", "j", "space", "/")
		a.Type(`"Talk 5"`)
		a.Press("enter", "D")
		a.Want("1 of the 2 is hidden by the filter", "h leaves it out", "h leave the hidden out")
		a.Press("h")
		a.Type("delete")
		a.Press("enter")
		a.wantEdits("bird-a:c00005 delete deleted")
	})
	with(t, newFake(conversations(60)...), start{}, func(a *app) { // a single hidden row asks, too
		a.Press("space", "/")
		a.Type(`"Talk 8"`)
		a.Press("enter")
		a.Want("1 marked, 1 hidden")
		a.Press("p")
		a.Want("It is hidden by the filter.", "Talk 0 about budgets")
		a.wantEdits()
	})
}

func TestMarkAllMarksRowsNotAQuery(t *testing.T) {
	f := newFake(conversations(60)...)
	with(t, f, publicOnly(), func(a *app) {
		a.Press("*")
		a.Want("23 marked")
		f.change(func(rows []model.Row) []model.Row {
			rows[0].Conversation.Privacy = model.PrivacyPrivate
			return append([]model.Row{conversation(400)}, rows...)
		})
		a.Settle()
		a.Want("23 marked, 1 hidden", "1/23")
		a.Press("*") // marks the rows that came since, too
		a.Want("24 marked, 1 hidden")
		a.Press("*")
		a.Want("1 marked, 1 hidden")
	})
}

func TestMarkingAllOfAViewThatIsLeftSaysSo(t *testing.T) {
	f := newFake(conversations(60)...)
	f.delay["Select"] = 3 * time.Second
	with(t, f, start{}, func(a *app) {
		a.Rush("*", "tab")
		a.Wait(5 * time.Second)
		a.Want("nothing was marked: another view is shown now")
	})
}

// In a range, the mark key marks the range; with a count, V begins a range of so many rows.
func TestRangesAreMarked(t *testing.T) {
	with(t, newFake(conversations(20)...), start{}, func(a *app) {
		a.Press("4", "V")
		a.Want("range of 4")
		a.Press("space")
		a.Want("4 marked")
		a.WantNot("range of")
	})
}
