package list

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

func row(id int) model.Row {
	return model.Row{Key: int64(id + 1), Conversation: model.Conversation{Ref: model.Ref{Account: "a", ID: fmt.Sprint(id)}, Provider: "bird", Title: fmt.Sprintf("row %d", id)}}
}

// page answers a request for a window as the engine does.
func page(order []int, offset, limit int, anchor model.Ref) model.Page {
	p := model.Page{Total: len(order), Index: -1}
	for i, id := range order {
		if row(id).Conversation.Ref == anchor {
			p.Index = i
			offset = max(0, i-limit/2)
		}
	}
	p.Offset = min(offset, len(order))
	for _, id := range order[p.Offset:min(len(order), p.Offset+limit)] {
		p.Rows = append(p.Rows, row(id))
	}
	return p
}

func TestCursorStaysOnItsConversation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 80).Draw(t, "rows")
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		var l List
		l.SetHeight(rapid.IntRange(1, 12).Draw(t, "height"))
		offset, limit, _ := l.Window()
		l.SetPage(page(order, offset, limit, l.Anchor()), l.Anchor())
		for range rapid.IntRange(1, 15).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				l.Move(rapid.IntRange(-20, 20).Draw(t, "by"))
			case 1:
				order = rapid.Permutation(order).Draw(t, "order")
			case 2:
				l.MoveTo(rapid.IntRange(0, n).Draw(t, "to"))
			}
			before := l.Ref()
			anchor := l.Anchor()
			offset, limit, _ := l.Window()
			l.SetPage(page(order, offset, limit, anchor), anchor)
			if !anchor.IsZero() && l.Ref() != before {
				t.Fatalf("the cursor went from %v to %v", before, l.Ref())
			}
			if r, ok := l.Selected(); !ok || r.Conversation.Ref != l.Ref() {
				t.Fatalf("what is selected is not at hand: %v", l.Ref())
			}
			if row(order[l.Cursor()]).Conversation.Ref != l.Ref() {
				t.Fatalf("the cursor is at %d, which is not %v", l.Cursor(), l.Ref())
			}
			if l.bar.At < l.bar.Top || l.bar.At >= l.bar.Top+l.Height() {
				t.Fatalf("the cursor %d is out of sight: %d+%d", l.bar.At, l.bar.Top, l.height)
			}
			if _, _, missing := l.Window(); missing {
				t.Fatal("the window does not hold what is seen")
			}
		}
	})
}

func TestMovingOnWhileAWindowIsRead(t *testing.T) {
	order := make([]int, 50)
	for i := range order {
		order[i] = i
	}
	var l List
	l.SetHeight(10)
	l.SetPage(page(order, 0, 30, model.Ref{}), model.Ref{})
	l.MoveTo(5)
	anchor := l.Anchor()
	late := page(order, 0, 30, anchor)
	l.Move(3)
	l.SetPage(late, anchor)
	if l.Ref() != row(8).Conversation.Ref || l.Cursor() != 8 {
		t.Errorf("the cursor is on %v", l.Ref())
	}
}

func TestMarks(t *testing.T) {
	var l List
	l.SetHeight(5)
	l.SetPage(page([]int{0, 1, 2, 3, 4, 5, 6, 7}, 0, 20, model.Ref{}), model.Ref{})
	l.ToggleMark()
	l.Move(2)
	l.ToggleMark()
	l.Move(-2)
	l.ToggleMark()
	if m := l.Marks(); m.Len() != 1 || !m.Has("a", 3) {
		t.Errorf("%v", m)
	}
	l.StartRange()
	l.Move(3)
	if rows, whole := l.Range(); !whole || rows.Len() != 4 {
		t.Errorf("%v %v", rows, whole)
	}
	before := l.Marks()
	var others model.Selection
	others.Add("b", 77)
	l.ToggleMarks(others)
	if !l.Marks().Has("b", 77) || l.MarkCount() != 2 {
		t.Error("marking all did not add to what is marked")
	}
	if before.Len() != 1 || before.Has("b", 77) {
		t.Error("a set that was handed out has changed")
	}
	if l.ToggleMarks(others) || l.MarkCount() != 1 || !l.Marks().Has("a", 3) {
		t.Errorf("marking all again left %v", l.Marks())
	}
	if rows, here, whole := l.From(row(6).Conversation.Ref, 5); rows.Len() != 2 || !here || !whole {
		t.Errorf("from the last but one: %v %v %v", rows, here, whole)
	}
}

// A row that has no key yet can't be marked, and nothing breaks.
func TestARowWithoutAKey(t *testing.T) {
	r := row(1)
	r.Key = 0
	var l List
	l.SetHeight(3)
	l.SetPage(model.Page{Rows: []model.Row{r}, Total: 1}, model.Ref{})
	l.ToggleMark()
	l.StartRange()
	if rows, _ := l.Range(); l.MarkCount() != 0 || rows.Len() != 0 || l.Marked(&r) {
		t.Errorf("%d are marked", l.MarkCount())
	}
}

func TestLinesHaveExactlyTheWidth(t *testing.T) {
	th := theme.New(theme.Config{})
	rapid.Check(t, func(t *rapid.T) {
		r := row(1)
		r.Conversation.Title = rapid.String().Draw(t, "title")
		r.Conversation.Status = rapid.String().Draw(t, "status")
		r.Conversation.Featured = []model.Participant{{Name: rapid.String().Draw(t, "name")}}
		var l List
		l.SetHeight(3)
		l.SetPage(model.Page{Rows: []model.Row{r}, Total: 2}, model.Ref{})
		w := rapid.IntRange(1, 200).Draw(t, "width")
		for _, line := range l.Draw(th, layout.Rect{W: w, H: 3}, Options{Now: time.Unix(0, 0), Account: 12}) {
			if th.Width(line) != w {
				t.Fatalf("%d cells, want %d: %q", th.Width(line), w, line)
			}
		}
	})
}

func TestColumnsDropByPriority(t *testing.T) {
	for _, c := range []struct {
		w                                      int
		account, privacy, people, status, time bool
	}{{20, false, false, false, false, false}, {30, false, true, false, false, false}, {40, false, true, false, false, true},
		{50, true, true, false, false, true}, {66, true, true, false, true, true}, {80, true, true, true, true, true}} {
		got := columnsFor(c.w, 10)
		if (got.account > 0) != c.account || (got.privacy >= 9) != c.privacy || (got.people > 0) != c.people || (got.status > 0) != c.status || (got.time > 0) != c.time {
			t.Errorf("%d: %+v", c.w, got)
		}
		if got.privacy == 0 || got.title < 10 {
			t.Errorf("%d: %+v", c.w, got)
		}
	}
}

func TestTime(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for in, want := range map[time.Time]string{
		now: "10:00", now.AddDate(0, 0, -1): "19 Nov", now.AddDate(-1, 0, 0): "Nov'25", {}: "",
	} {
		if got := Time(in, now); got != want || len(got) > 6 {
			t.Errorf("%v: %q, want %q", in, got, want)
		}
	}
}

func TestARowTheLastSweepDidNotShowHasASign(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	old, fresh := row(1), row(2)
	old.Checked, fresh.Checked = now.Add(-5*time.Hour), now
	var l List
	l.SetHeight(5)
	l.SetPage(model.Page{Rows: []model.Row{old, fresh}, Total: 2}, model.Ref{})
	for swept, want := range map[time.Time]int{{}: 0, now: 1, now.Add(-2 * time.Hour): 1, now.Add(-6 * time.Hour): 0,
		now.Add(30 * time.Minute): 1 /* the walk that brought the fresh row took that long */} {
		lines := l.Draw(th, layout.Rect{W: 80, H: 5}, Options{Now: now, Swept: map[string]time.Time{"a": swept}})
		if got := strings.Count(strings.Join(lines, ""), th.StaleSign); got != want {
			t.Errorf("swept %v: %d signs", swept, got)
		}
	}
}
