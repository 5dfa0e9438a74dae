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

// page returns the window that the engine would read.
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
		l.SetPage(page(order, offset, limit, l.Anchor()))
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
			l.SetPage(page(order, offset, limit, anchor))
			if !anchor.IsZero() && l.Ref() != before {
				t.Fatalf("the cursor is on %v, want it still on %v", l.Ref(), before)
			}
			if r, ok := l.Selected(); !ok || r.Conversation.Ref != l.Ref() {
				t.Fatalf("Selected = %v, %v; want the row of %v", r.Conversation.Ref, ok, l.Ref())
			}
			if row(order[l.Cursor()]).Conversation.Ref != l.Ref() {
				t.Fatalf("the cursor is on index %d, which is not %v", l.Cursor(), l.Ref())
			}
			if l.bar.At < l.bar.Top || l.bar.At >= l.bar.Top+l.Height() {
				t.Fatalf("the cursor %d is out of sight: the screen shows %d rows from %d on", l.bar.At, l.Height(), l.bar.Top)
			}
			if _, _, missing := l.Window(); missing {
				t.Fatal("the window does not hold the rows in sight")
			}
		}
	})
}

func TestCursorKeepsMovingWhileAWindowIsRead(t *testing.T) {
	order := make([]int, 50)
	for i := range order {
		order[i] = i
	}
	var l List
	l.SetHeight(10)
	l.SetPage(page(order, 0, 30, model.Ref{}))
	l.MoveTo(5)
	anchor := l.Anchor()
	late := page(order, 0, 30, anchor)
	l.Move(3)
	l.SetPage(late)
	if l.Ref() != row(8).Conversation.Ref || l.Cursor() != 8 {
		t.Errorf("the cursor is on %v at %d, want row 8 at 8", l.Ref(), l.Cursor())
	}
}

func TestMarksAndRanges(t *testing.T) {
	var l List
	l.SetHeight(5)
	l.SetPage(page([]int{0, 1, 2, 3, 4, 5, 6, 7}, 0, 20, model.Ref{}))
	l.ToggleMark()
	l.Move(2)
	l.ToggleMark()
	l.Move(-2)
	l.ToggleMark()
	if m := l.Marks; m.Len() != 1 || !m.Has("a", 3) {
		t.Errorf("marks: %v, want key 3 alone", m)
	}
	l.StartRange()
	l.Move(3)
	if rows, whole := l.Rows(l.RangeRequest()); !whole || rows.Len() != 4 {
		t.Errorf("the rows of the range: %v, whole %v; want all four", rows, whole)
	}
	before := l.Marks
	var others model.Selection
	others.Add("b", 77)
	l.ToggleMarks(others)
	if !l.Marks.Has("b", 77) || l.Marks.Len() != 2 {
		t.Errorf("marks: %v, want the one before and the added one", l.Marks)
	}
	if before.Len() != 1 || before.Has("b", 77) {
		t.Errorf("a set that was returned earlier has changed: %v", before)
	}
	if l.ToggleMarks(others) || l.Marks.Len() != 1 || !l.Marks.Has("a", 3) {
		t.Errorf("marks after toggling again: %v, want key 3 alone", l.Marks)
	}
	if rows, whole := l.Rows(model.SelectRequest{First: row(6).Conversation.Ref, N: 5}); rows.Len() != 2 || !whole {
		t.Errorf("from the last but one: %v, whole %v; want both rows", rows, whole)
	}
}

func TestARowWithoutAKeyCannotBeMarked(t *testing.T) {
	r := row(1)
	r.Key = 0
	var l List
	l.SetHeight(3)
	l.SetPage(model.Page{Rows: []model.Row{r}, Total: 1})
	l.ToggleMark()
	l.StartRange()
	if rows, _ := l.Rows(l.RangeRequest()); l.Marks.Len() != 0 || rows.Len() != 0 || l.marked(&r) {
		t.Errorf("%d rows are marked and %d in the range, want none", l.Marks.Len(), rows.Len())
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
		l.SetPage(model.Page{Rows: []model.Row{r}, Total: 2})
		w := rapid.IntRange(1, 200).Draw(t, "width")
		for _, line := range l.Draw(th, layout.Rect{W: w, H: 3}, Options{Now: time.Unix(0, 0), Account: 12}) {
			if th.Width(line) != w {
				t.Fatalf("line of %d cells, want %d: %q", th.Width(line), w, line)
			}
		}
	})
}

func TestColumnsDropByPriority(t *testing.T) {
	for _, c := range []struct {
		w                              int
		privacy, people, account, time bool
		title                          int
	}{{20, false, false, false, false, 14}, {30, true, false, false, false, 16}, {40, true, false, false, true, 19}, {60, true, false, false, true, 36},
		{66, true, false, false, true, 42}, {80, true, true, false, true, 38}, {87, true, true, true, true, 36}, {120, true, true, true, true, 59},
		{200, true, true, true, true, 128}} {
		got := columnsFor(c.w, 8)
		if (got.privacy >= 9) != c.privacy || (got.people > 0) != c.people || (got.account > 0) != c.account || (got.time > 0) != c.time {
			t.Errorf("columns for %d cells: %+v, want %+v", c.w, got, c)
		}
		if got.privacy == 0 || got.title != c.title {
			t.Errorf("columns for %d cells: %+v, want a privacy and a title of %d", c.w, got, c.title)
		}
	}
	if got := columnsFor(140, 0); got.account != 0 {
		t.Errorf("a single account has a column: %+v", got)
	}
}

func TestAStatusIsShownOnlyIfItIsNotOrdinary(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	edit := func(s model.EditState) []model.Pending { return []model.Pending{{State: s}} }
	for want, change := range map[string]func(r *model.Row){
		"":             func(r *model.Row) { r.Conversation.Status = "COMPLETED" },
		" ":            func(r *model.Row) { r.Conversation.Status = "reviewed_by_human" },
		"processing":   func(r *model.Row) { r.Conversation.Status = "IN_PROGRESS" },
		"failed":       func(r *model.Row) { r.Conversation.Status = "failed" },
		"closed":       func(r *model.Row) { r.Conversation.Closed = true },
		"archived":     func(r *model.Row) { r.Conversation.Archived = true },
		"done":         func(r *model.Row) { r.Triage.Done = true },
		"refused (!)":  func(r *model.Row) { r.Pending = edit(model.Refused) },
		"conflict (!)": func(r *model.Row) { r.Pending = edit(model.InConflict) },
		"queued":       func(r *model.Row) { r.Pending = edit(model.Queued) },
	} {
		r := row(1)
		change(&r)
		if got, _ := status(th, &r, "!"); got != strings.TrimSpace(want) {
			t.Errorf("status = %q, want %q", got, strings.TrimSpace(want))
		}
	}
	r := row(1)
	r.Conversation.Status = "PROCESSING"
	var l List
	l.SetHeight(1)
	l.SetPage(model.Page{Rows: []model.Row{r}, Total: 1})
	for w, said := range map[int]bool{40: false, 80: true, 140: true} {
		if line := l.Draw(th, layout.Rect{W: w, H: 1}, Options{Account: 8})[0]; strings.Contains(line, "processing") != said {
			t.Errorf("at %d cells the status is shown: %v, want %v: %q", w, strings.Contains(line, "processing"), said, line)
		}
	}
}

func TestAsManyPeopleAreNamedAsFit(t *testing.T) {
	th := theme.New(theme.Config{})
	c := model.Conversation{ParticipantCount: 5}
	if got := people(th, &c, 20); got != "" {
		t.Errorf("people of nobody = %q, want none", got)
	}
	for _, name := range []string{"Grace Chen", "Owen Park", "Marta Núñez"} {
		c.Featured = append(c.Featured, model.Participant{Name: name})
	}
	for w, want := range map[int]string{40: "Grace Chen, Owen Park, Marta Núñez +2", 30: "Grace Chen, Owen Park +3", 16: "Grace Chen +4", 10: "Grace … +4"} {
		if got := people(th, &c, w); got != want {
			t.Errorf("people in %d cells = %q, want %q", w, got, want)
		}
	}
	c.ParticipantCount = -1
	if got := people(th, &c, 16); got != "Grace Chen +2" {
		t.Errorf("people with an unknown count = %q, want %q", got, "Grace Chen +2")
	}
}

func TestARowThatTheLastCompleteReadDidNotShowHasASign(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	old, fresh := row(1), row(2)
	old.Checked, fresh.Checked = now.Add(-5*time.Hour), now
	var l List
	l.SetHeight(5)
	l.SetPage(model.Page{Rows: []model.Row{old, fresh}, Total: 2})
	for swept, want := range map[time.Time]int{{}: 0, now: 1, now.Add(-2 * time.Hour): 1, now.Add(-6 * time.Hour): 0,
		now.Add(30 * time.Minute): 1 /* the read that brought the fresh row took that long */} {
		lines := l.Draw(th, layout.Rect{W: 80, H: 5}, Options{Now: now, Swept: map[string]time.Time{"a": swept}})
		if got := strings.Count(strings.Join(lines, ""), th.StaleSign); got != want {
			t.Errorf("swept at %v: %d signs, want %d", swept, got, want)
		}
	}
}
