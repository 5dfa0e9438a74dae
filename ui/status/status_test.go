package status

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/theme"
)

func TestLineHasExactlyTheWidthAndKeepsUrgentPieces(t *testing.T) {
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
		if w >= 20 && !strings.Contains(s, "1 needs you") || w >= 60 && !strings.Contains(s, "read-only") {
			t.Fatalf("%d cells: something that must be shown is missing: %q", w, s)
		}
	}
	const want = "1 needs you · read-only · 2 waiting · 3 marked · ! b asks to wait, never read, next try 11:00"
	if s := ansi.Strip(Draw(th, 160, in)); !strings.Contains(s, want) {
		t.Errorf("got %q, want it to contain %q", s, want)
	}
}

func TestFailuresAreShortenedBeforeTheyAreLeftOut(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	in := Info{Now: now, Position: "1/9", Accounts: []model.AccountState{
		{Name: "sales", Checked: now.Add(-time.Hour), NextTry: now.Add(time.Minute), Error: &model.EntryError{Kind: model.Unavailable, Message: "no \x1b[31mroute"}},
		{Name: "support", Checked: now.Add(-2 * time.Hour), NextTry: now.Add(time.Hour), Error: &model.EntryError{Kind: model.RateLimited, Message: "slow down"}}}}
	for w, want := range map[int][]string{
		160: {"sales offline since 09:00, next try 10:01 (no route)", "support asks to wait since 08:00, next try 11:00 (slow down)"},
		110: {"sales offline since 09:00, next try 10:01 ", "support asks to wait since 08:00, next try 11:00 "},
		80:  {"sales offline, next try 10:01", "support asks to wait, next try 11:00"},
		40:  {"sales", "support"},
	} {
		s := Draw(th, w, in)
		for _, text := range want {
			if !strings.Contains(ansi.Strip(s), text) {
				t.Errorf("%d cells: %q is not in %q", w, text, s)
			}
		}
		if strings.Contains(s, "\x1b[31m") {
			t.Errorf("%d cells: the service's words are drawn raw: %q", w, s)
		}
	}
}

// A failure of this machine is shown once, shortened to fit.
func TestFailureOfThisMachineIsShownOnce(t *testing.T) {
	failed := &model.EntryError{Kind: model.Local, Message: "the database is damaged, and nothing more is written: end every confab"}
	in := Info{Position: "1/9", Now: time.Now(),
		Accounts: []model.AccountState{{Name: "sales", Error: failed}, {Name: "support", Error: failed}}}
	for w, want := range map[int]string{
		100: " ! the database is damaged, and nothing more is written: end every confab",
		70:  " ! the database is damaged, and nothing more is written",
		40:  " ! the database is damaged",
	} {
		line := ansi.Strip(Draw(theme.New(theme.Config{ASCII: true}), w, in))
		if got := strings.TrimRight(strings.TrimSuffix(line, "1/9 "), " "); got != want {
			t.Errorf("%d cells: got %q, want %q", w, got, want)
		}
	}
	in.Accounts[1].Error = nil
	line := ansi.Strip(Draw(theme.New(theme.Config{ASCII: true}), 100, in))
	if !strings.Contains(line, "sales this machine failed") || !strings.Contains(line, "support") {
		t.Errorf("one failing account: got %q, want both accounts named", line)
	}
}

// Accounts that are well share a piece. Each piece is whole or absent, and separated from the next.
func TestAccountsThatAreWellShareAPiece(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	well := func(name string) model.AccountState { return model.AccountState{Name: name, Checked: now} }
	offline := model.AccountState{Name: "support", Checked: now.AddDate(0, 0, -1), Error: &model.EntryError{Kind: model.Unavailable}}
	reading := func(name string, read, total int) model.AccountState {
		return model.AccountState{Name: name, Syncing: true, Read: read, Total: total}
	}
	for want, accounts := range map[string][]model.AccountState{
		"sales ok":      {well("sales")},
		"3 accounts ok": {well("a"), well("b"), well("c")},
		"✕ support offline since Thu 10:00 · 2 others ok": {well("a"), offline, well("c")},
		"✕ support offline since Thu 10:00 · a ok":        {well("a"), offline},
		"↓ 2 accounts 40/80 ████░░░░ · b ok":              {reading("a", 10, 40), well("b"), reading("c", 30, 40)},
		"↓ 2 accounts 40":                        {reading("a", 10, 40), reading("c", 30, -1)},
		"✕ all accounts offline since Thu 10:00": {offline, offline},
		"2 accounts not read yet":                {{Name: "a"}, {Name: "b"}},
		"a read-only · 2 accounts ok":            {{Name: "a", Checked: now, ReadOnly: true}, well("b")},
	} {
		in := Info{Now: now, Position: "1/9", Accounts: accounts}
		if got := strings.TrimRight(strings.TrimSuffix(ansi.Strip(Draw(th, 90, in)), "1/9 "), " "); got != " "+want {
			t.Errorf("got %q, want %q", got, want)
		}
		for w := range 90 {
			line := ansi.Strip(Draw(th, w, in))
			for _, piece := range strings.Split(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), "1/9")), " · ") {
				if piece = strings.TrimSpace(piece); piece != "ok" && !strings.Contains(want, piece) {
					t.Errorf("%d cells: the piece %q is cut or not separated: %q", w, piece, line)
				}
			}
		}
	}
}

func TestReadOnlyIsShownOnce(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	in := Info{ReadOnly: true, Accounts: []model.AccountState{{Name: "a", ReadOnly: true}, {Name: "b", ReadOnly: true}}}
	if s := Draw(th, 100, in); strings.Count(s, "read-only") != 1 {
		t.Errorf("read-only program: got %q, want read-only once", s)
	}
	in.ReadOnly = false
	if s := Draw(th, 100, in); strings.Count(s, "read-only") != 2 {
		t.Errorf("two read-only accounts: got %q, want read-only twice", s)
	}
}
