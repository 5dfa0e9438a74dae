package dialog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
)

// lineOf returns the place of a text inside the border of a picture, as a click has it.
func lineOf(t *testing.T, p layout.Picture, text string) layout.Click {
	t.Helper()
	for y := range p.Inside.H {
		if strings.Contains(ansi.Strip(p.Lines[p.Inside.Y-p.At.Y+y]), text) {
			return layout.Click(y)
		}
	}
	t.Fatalf("no %q in\n%s", text, strings.Join(p.Lines, "\n"))
	return 0
}

// While edits are delivered a bar stands above the list, and after a key an answer.
func TestClickOpensTheLineThatItIsOn(t *testing.T) {
	room := layout.Rect{W: 80, H: 30}
	d := Results{Keys: keysOf(keymap.Results, keymap.Dialog), Now: at(time.Time{})}
	var waiting []model.OutboxEntry
	for i := range 2 * (maxSeparate + 1) {
		reason := []string{"you may not", "it is locked"}[i%2]
		waiting = append(waiting, result(fmt.Sprint(i), model.Refused, &model.EntryError{Kind: model.Forbidden, Message: reason}))
	}
	waiting = append(waiting, result("way", model.Queued, nil))
	d.Set(model.Submission{ID: "s", Sentence: "made many private"}.Narrowed(waiting, nil), SortUnsettled(slices.Values(waiting)))
	d.Answer("", "an answer")
	for _, opened := range []bool{true, false} {
		d.Draw(th, room)
		for range 2 {
			d.Update(lineOf(t, d.Draw(th, room), "it is locked"))
		}
		if s := text(d.Draw(th, room)); strings.Contains(s, "Talk 1") != opened || strings.Contains(s, "Talk 0") {
			t.Errorf("want the locked ones open: %v, and the others closed, in\n%s", opened, s)
		}
		d.at = 0
	}
}

// A search looks at the titles in closed groups too, opens the group of its match, and closes it when it moves on.
func TestSearchOpensTheGroupOfItsMatch(t *testing.T) {
	room := layout.Rect{W: 80, H: 30}
	d := Results{Keys: keysOf(keymap.Results, keymap.Dialog), Now: at(time.Time{})}
	var waiting []model.OutboxEntry
	for i := range maxSeparate + 1 {
		waiting = append(waiting, result(fmt.Sprint(i), model.Refused, &model.EntryError{Kind: model.Forbidden}))
	}
	settled := make([]model.JournalEntry, maxListed+2)
	for i := range settled {
		settled[i] = model.JournalEntry{Edit: model.Edit{ID: fmt.Sprint("s", i), Ref: model.Ref{Account: "a", ID: fmt.Sprint(i)}}, Title: fmt.Sprintf("Standup %d", i), State: model.Done}
	}
	settled[0].State, settled[1].Undone = model.OutcomeAlreadySet, "e9"
	d.Set(model.Submission{ID: "s", Sentence: "made many private"}.Narrowed(waiting, settled), SortUnsettled(slices.Values(waiting)))
	d.SetSettled(settled)
	d.Draw(th, room)
	for _, c := range []struct{ typed, shown, hidden string }{
		{"talk 2", "Talk 2", "Standup 0"},
		{"standup 1", "Standup 1  a, taken back", "Talk 2"},
		{"standup 0", "Standup 0  a, already so", "Talk 2"},
		{"nothing like it", "not here", "Talk 2"},
	} {
		press(&d, "enter", "/")
		d.Update(tea.PasteMsg{Content: c.typed})
		if s := text(d.Draw(th, room)); !strings.Contains(s, c.shown) || strings.Contains(s, c.hidden) {
			t.Errorf("typed %q: want %q and no %q in\n%s", c.typed, c.shown, c.hidden, s)
		}
	}
	press(&d, "enter", "G")
	if s := text(d.Draw(th, room)); !strings.Contains(s, "2 more: the report lists them all") {
		t.Errorf("the end of the list does not count the others:\n%s", s)
	}
}

// The arrows open and close a group, and the search goes from match to match.
func TestGroupsOpenAndCloseByKey(t *testing.T) {
	room := layout.Rect{W: 80, H: 30}
	d := bulk(4, func(i int, it *model.PlanItem) { it.Notes = []string{"assumed: no page says so"} })
	if s := text(d.Draw(th, room)); strings.Count(s, "no page says so") != 1 || !strings.Contains(s, `title: "a" → "b"`) || strings.Contains(s, "Talk") {
		t.Fatalf("want one line for all changes and one note in\n%s", s)
	}
	press(d, "right")
	if s := text(d.Draw(th, room)); !strings.Contains(s, "Talk 3") || !strings.Contains(s, "▾") {
		t.Errorf("the group is not open in\n%s", s)
	}
	press(d, "down", "down", "left")
	if s := text(d.Draw(th, room)); strings.Contains(s, "Talk") || d.at != 0 {
		t.Errorf("the group is not closed in\n%s", s)
	}
	press(d, "/", "T", "a", "l", "k", "enter")
	if first := d.current(); first.i != 0 {
		t.Errorf("the search is at row %d, want the first", first.i)
	}
}

// A row that is taller than its window is scrolled by lines, and is whole again in a wider one.
func TestATallRowSurvivesAWiderWindow(t *testing.T) {
	d := NewPlan(change(model.Risk{Text: strings.Repeat("a long risk ", 40)}, model.Risk{Text: strings.Repeat("another ", 60)}))
	d.Keys = keysOf(keymap.Plan, keymap.Dialog)
	rows := bulk(2, func(_ int, it *model.PlanItem) {
		it.State, it.Reason = model.PlanBlocked, strings.Repeat("a long reason ", 40)
	})
	for _, d := range []*Plan{d, rows} {
		d.Draw(th, layout.Rect{W: 24, H: 10})
		for range 12 {
			press(d, "down")
			d.Draw(th, layout.Rect{W: 24, H: 10})
		}
		if s := text(d.Draw(th, layout.Rect{W: 120, H: 30})); !strings.Contains(strings.ToLower(s), "a long r") {
			t.Errorf("the first lines are out of sight in\n%s", s)
		}
	}
}

// Failures of the same reason are one line, whatever the id of the request.
func TestFailuresAreGroupedByReason(t *testing.T) {
	d := Results{Keys: keysOf(keymap.Results, keymap.Dialog), Now: at(time.Time{})}
	var failed []model.OutboxEntry
	for i := range maxSeparate + 2 {
		failed = append(failed, result(fmt.Sprint(i), model.Refused, &model.EntryError{Kind: model.Forbidden, Message: "you may not", RequestID: fmt.Sprint("r", i)}))
	}
	d.Set(model.Submission{ID: "s", Sentence: "made 5 private", Edits: 5, NeedPerson: 5}.Narrowed(failed, nil), SortUnsettled(slices.Values(failed)))
	if s := text(d.Draw(th, layout.Rect{W: 80, H: 30})); strings.Count(s, "you may not") != 1 || strings.Contains(s, "r0") || !strings.Contains(s, "Making private: 0 of 5") {
		t.Errorf("want one line for the reason in\n%s", s)
	}
	press(&d, "right")
	if s := text(d.Draw(th, layout.Rect{W: 80, H: 30})); !strings.Contains(s, "r0") || !strings.Contains(s, "r4") {
		t.Errorf("the ids of the requests are missing in\n%s", s)
	}
}
