package outbox

import (
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

func entry(id string, s model.EditState) model.OutboxEntry {
	return model.OutboxEntry{Edit: model.Edit{ID: id, Kind: model.EditTitle, Target: model.TextValue("x")}, Title: "title " + id, State: s}
}

func TestWhatNeedsAPersonStandsFirstAndTheCursorStays(t *testing.T) {
	var s Screen
	s.Set([]model.OutboxEntry{entry("1", model.Queued), entry("2", model.Refused), entry("3", model.InConflict)}, nil)
	if e, _ := s.Waiting(); e.ID != "3" {
		t.Errorf("%s stands first", e.ID)
	}
	s.Move(2)
	if e, _ := s.Waiting(); e.ID != "1" {
		t.Errorf("%s is last", e.ID)
	}
	s.Set([]model.OutboxEntry{entry("1", model.InConflict), entry("2", model.Refused)}, nil)
	if e, _ := s.Waiting(); e.ID != "1" {
		t.Errorf("the cursor went to %s", e.ID)
	}
	if f := s.Failed(); len(f) != 1 || f[0] != "2" {
		t.Errorf("%v can be sent again", f)
	}
	s.Set(nil, nil)
	if _, ok := s.Waiting(); ok {
		t.Error("something is under the cursor of an empty list")
	}
}

func TestDrawFits(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	var s Screen
	s.Set([]model.OutboxEntry{entry("1", model.RetryAt), entry("2", model.Refused)}, []model.JournalEntry{{Edit: model.Edit{ID: "9"}, Title: "old"}})
	for range 2 {
		for w := 1; w < 120; w += 7 {
			for h := 1; h < 30; h += 3 {
				lines := s.Draw(th, layout.Rect{W: w, H: h}, time.Unix(0, 0), "footer")
				if len(lines) != h {
					t.Fatalf("%dx%d: %d lines", w, h, len(lines))
				}
				for _, l := range lines {
					if th.Width(l) != w {
						t.Fatalf("%dx%d: %q", w, h, l)
					}
				}
			}
		}
		s.Switch()
	}
	if text := strings.Join(s.Draw(th, layout.Rect{W: 100, H: 10}, time.Unix(0, 0), ""), "\n"); !strings.Contains(text, "will retry") {
		t.Error(text)
	}
}

func TestWhyAnEditWaits(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	first, second, later, other := entry("1", model.Refused), entry("2", model.Queued), entry("3", model.RetryAt), entry("4", model.Queued)
	for _, e := range []*model.OutboxEntry{&first, &second, &later, &other} {
		e.Ref = model.Ref{Account: "sales", ID: "c1"}
	}
	first.Target = model.TextValue("first")
	later.Ref.ID, later.NextTry = "c2", now.Add(75*time.Second)
	later.Error = &model.EntryError{Kind: model.Unavailable, Message: "no \x1b[31mroute"}
	other.Ref.ID = "c3"
	var s Screen
	s.Set([]model.OutboxEntry{first, second, later, other}, nil)
	s.SetAccounts([]model.AccountState{{Name: "sales", Error: &model.EntryError{Kind: model.RateLimited, Message: "slow down"}, NextTry: now.Add(time.Minute)}}, false)
	want := map[string]string{
		"2": "waits for the edit before it (refused): title: none → \"first\"",
		"3": "next try at 10:01:15: the service can't be reached: no route",
		"4": "waits: the service asks to wait: slow down, next try at 10:01:00",
	}
	for range 4 {
		e, _ := s.Waiting()
		text := strings.Join(s.Draw(th, layout.Rect{W: 100, H: 24}, now, ""), "\n")
		if !strings.Contains(text, want[e.ID]) || strings.Contains(text, "\x1b[31m") {
			t.Errorf("%s: %q is not in\n%s", e.ID, want[e.ID], text)
		}
		if !strings.Contains(text, "waits") || !strings.Contains(text, th.RetrySign+"10:01") {
			t.Errorf("the rows do not say that they wait, and until when:\n%s", text)
		}
		s.Move(1)
	}
	s.SetAccounts(nil, true)
	if text := strings.Join(s.Draw(th, layout.Rect{W: 100, H: 24}, now, ""), "\n"); !strings.Contains(text, "while it is read-only") {
		t.Error(text)
	}
}
