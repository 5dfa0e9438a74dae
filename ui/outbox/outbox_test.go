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
