package status

import (
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/ui/theme"
)

func TestLineHasExactlyTheWidthAndKeepsWhatMatters(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	in := Info{ReadOnly: true, Position: "12/3,402", Marked: 3, Filter: "is:private", Now: now, Accounts: []model.AccountState{
		{Name: "a", Checked: now, Waiting: 2, NeedPerson: 1}, {Name: "b", Error: &model.EntryError{Kind: model.RateLimited}, NextTry: now.Add(time.Hour)},
		{Name: "c", Syncing: true, Read: 3, Total: 0}, {Name: "d", Syncing: true, Read: 30, Total: 10}}}
	for w := range 200 {
		s := Draw(th, w, in)
		if got := th.Width(s); got != w {
			t.Fatalf("%d cells, want %d: %q", got, w, s)
		}
		if w >= 60 && (!strings.Contains(s, "read-only") || !strings.Contains(s, "1 need you")) {
			t.Fatalf("%d: %q", w, s)
		}
	}
	if s := Draw(th, 160, in); !strings.Contains(s, "b rate limited, again 11:00") {
		t.Error(s)
	}
}
