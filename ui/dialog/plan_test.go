package dialog

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
)

func bulk(n int, alter func(i int, it *model.PlanItem)) *Plan {
	p := model.Plan{Title: "Edit"}
	for i := range n {
		it := change().Items[0]
		it.Title = fmt.Sprintf("Talk %d", i)
		alter(i, &it)
		p.Items = append(p.Items, it)
	}
	d := NewPlan(p)
	d.Keys = keysOf(keymap.Plan, keymap.Dialog)
	return d
}

func TestPlanCountsThePeopleFromOutside(t *testing.T) {
	for want, c := range map[string]struct {
		outsiders int
		out       []int32
	}{
		"all of them have people from outside":      {3, nil},
		"2 of the 3 have people from outside":       {2, nil},
		"1 of the 2 has people from outside":        {2, []int32{0}},
		"2 that have people from outside, left out": {2, []int32{0, 1}},
	} {
		d := bulk(3, func(i int, it *model.PlanItem) { it.Outsiders = i < c.outsiders })
		d.toggleLeftOut(c.out)
		if s := text(d.Draw(th, layout.Rect{W: 80, H: 24})); !strings.Contains(s, want) {
			t.Errorf("no %q in\n%s", want, s)
		}
	}
}

// Where there are more reasons or risks than groups, the rows of the last group give their own.
func TestRowsOfTheLastGroupGiveTheirOwnReason(t *testing.T) {
	const most = maxGroups + 2
	d := bulk(2*most, func(i int, it *model.PlanItem) {
		if i < most {
			*it = it.Blocked(fmt.Sprintf("reason %d", i))
		} else {
			it.Risks = []model.Risk{{Text: fmt.Sprintf("risk %d", i)}}
		}
	})
	for _, g := range d.all() {
		g.open = true
	}
	s := text(d.Draw(th, layout.Rect{W: 80, H: 400}))
	for _, want := range []string{"can't: reason 0", "can't: for other reasons", "Reason 31.", "! Risk 32.", "! Other risks", "! Risk 63."} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q in\n%s", want, s)
		}
	}
	if strings.Contains(s, "Reason 0.") {
		t.Errorf("a row repeats what the head of its group says:\n%s", s)
	}
}

func TestTheOnlyChangeStandsFirst(t *testing.T) {
	d := bulk(9, func(i int, it *model.PlanItem) {
		if i != 4 {
			*it = it.Blocked(fmt.Sprintf("reason %d", i))
		}
	})
	if s := text(d.Draw(th, layout.Rect{W: 40, H: 12})); !strings.Contains(s, "Talk 4") {
		t.Errorf("the only change is not in sight:\n%s", s)
	}
}

// A plan that has nothing to send is only closed, unless that is because everything was left out.
func TestYesSendsNothingWhereNothingChanges(t *testing.T) {
	already := func(_ int, it *model.PlanItem) { it.State, it.Edits = model.PlanAlready, nil }
	if asks := press(bulk(2, already), "y"); asks != keymap.Back {
		t.Errorf("y on a plan without changes returned %v, want %v", asks, keymap.Back)
	}
	d := bulk(2, func(int, *model.PlanItem) {})
	d.toggleLeftOut([]int32{0, 1})
	if asks := press(d, "y"); asks != nil {
		t.Errorf("y on a plan of which everything was left out returned %v, want nothing", asks)
	}
}

// On the smallest screen the question names the shortest word, and what is typed stays in sight below it.
func TestTypedWordIsInSightOnSmallScreens(t *testing.T) {
	d := NewPlan(change())
	d.Keys = keysOf(keymap.Dialog)
	d.NeedsWord("Invoices without the VAT number since October", "delete")
	d.Update(tea.PasteMsg{Content: "delet"})
	for _, size := range [][2]int{{20, 4}, {30, 6}, {40, 12}} {
		pic := d.Draw(th, layout.Rect{W: size[0], H: size[1]})
		if s := text(pic); !strings.Contains(s, `"delete"`) || !strings.Contains(s, "Type ") {
			t.Errorf("%v: the question is not in\n%s", size, s)
		}
		if _, ok := key(pic, "enter"); !ok && size[0] >= 40 {
			t.Errorf("%v: enter is not named in\n%s", size, text(pic))
		}
		if line := ansi.Strip(pic.Lines[pic.Cursor.Y-pic.At.Y]); !strings.Contains(line, "delet ") {
			t.Errorf("%v: the cursor is at %q, not behind the word, in\n%s", size, line, text(pic))
		}
	}
}
