package outbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

var (
	now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	th  = theme.New(theme.Config{Name: "mono"})
)

// sub makes a submission of so many edits, minutes ago.
func sub(id string, ago, waiting, person, delivered int) model.Submission {
	s := model.Submission{ID: id, Sentence: "made “" + id + "” private", At: now.Add(-time.Duration(ago) * time.Minute), Waiting: waiting,
		NeedPerson: person, Delivered: delivered, Edits: waiting + person + delivered}
	if delivered > 0 {
		s.SettledAt = s.At
	}
	return s
}

func lines(s *Screen, w, h int) []string {
	s.Now = func() time.Time { return now }
	return s.Draw(th, layout.Rect{W: w, H: h}).Lines
}

func draw(s *Screen, w, h int) string { return ansi.Strip(strings.Join(lines(s, w, h), "\n")) }

func under(s *Screen) string {
	sub, e, _ := s.Under()
	if e != nil {
		return sub.ID + "/" + e.ID
	}
	return sub.ID
}

func TestWhatNeedsAPersonStandsFirstAndTheCursorStays(t *testing.T) {
	var s Screen
	done, old, way, need := sub("done", 1, 0, 0, 2), sub("old", 9, 0, 0, 1), sub("way", 5, 1, 0, 0), sub("need", 7, 0, 2, 73)
	s.Set([]model.Submission{need, way}, []model.Submission{done, way, need, old}, false)
	text := draw(&s, 100, 24)
	at := -1
	for _, want := range []string{"Needs you 1", "Waiting 1", "History 2", "made “need” private", "73 delivered 11:53, 2 need you", "making “way” private", "queued",
		"made “done” private", "delivered 11:59", "made “old” private"} {
		i := strings.Index(text, want)
		if i <= at {
			t.Errorf("%q is not there, or too early:\n%s", want, text)
		}
		at = i
	}
	s.nextSection()
	if under(&s) != "way" {
		t.Errorf("the next section begins with %s", under(&s))
	}
	way = sub("way", 5, 0, 0, 1) // it is delivered, and goes into the history
	s.Set([]model.Submission{need}, []model.Submission{sub("new", 0, 0, 0, 1), done, way, need, old}, false)
	if under(&s) != "way" {
		t.Errorf("the cursor went to %s", under(&s))
	}
	s.nextSection()
	s.nextSection()
	if under(&s) != "new" {
		t.Errorf("the history begins with %s", under(&s))
	}
	s.Set(nil, nil, false)
	if _, _, ok := s.Under(); ok {
		t.Error("something is under the cursor of an empty list")
	}
	s.nextSection()
}

func entry(id string, state model.EditState) model.OutboxEntry {
	return model.OutboxEntry{Edit: model.Edit{ID: id, Kind: model.EditTitle, Target: model.TextValue("x")}, Title: "title " + id, State: state}
}

func TestASubmissionOpensAndShuts(t *testing.T) {
	var s Screen
	two := sub("two", 1, 1, 1, 1)
	s.Set([]model.Submission{two}, []model.Submission{two, sub("one", 2, 0, 0, 1)}, false)
	s.open("two")
	refused := entry("e2", model.Refused)
	refused.Error = &model.EntryError{Kind: model.Forbidden, Message: "you may\x1b[31m not"}
	done := []model.JournalEntry{{Edit: model.Edit{ID: "e3"}, Title: "title e3", State: model.Done, Undone: "e9"}}
	s.SetEdits("two", nil, []model.OutboxEntry{entry("e1", model.Queued), refused}, done)
	s.SetEdits("other", nil, nil, nil) // comes too late
	text := draw(&s, 100, 24)
	for _, want := range []string{"refused    title e2", `refused: "you may not"`, "queued     title e1", "taken back title e3"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	s.move(1)
	if under(&s) != "two/e2" {
		t.Errorf("%s stands first", under(&s))
	}
	s.move(1)
	s.SetEdits("two", nil, []model.OutboxEntry{refused}, done) // e1 is withdrawn
	if under(&s) != "two" {
		t.Errorf("the cursor went to %s", under(&s))
	}
	s.move(1)
	if !s.close() || under(&s) != "two" || s.close() {
		t.Errorf("shutting left the cursor on %s", under(&s))
	}
}

func TestOlderPagesStayAndWhatIsWatchedIsReadAgain(t *testing.T) {
	var s Screen
	var page, older []model.Submission
	for i := range 40 {
		p := sub(fmt.Sprintf("s%02d", 80-i), i, 0, 0, 1)
		page = append(page, p)
		older = append(older, sub(fmt.Sprintf("s%02d", 40-i), 40+i, 0, 0, 1))
	}
	s.Set(nil, page, true)
	draw(&s, 100, 24)
	if _, ok := s.WantsOlder(); ok {
		t.Error("an older page is wanted at the top")
	}
	s.move(38)
	before, ok := s.WantsOlder()
	if !ok || before != "s41" {
		t.Errorf("wants what is before %q, %v", before, ok)
	}
	s.AddOlder(older, false)
	s.move(10)
	at := under(&s)
	s.Set(nil, page, true)
	if under(&s) != at || !strings.Contains(draw(&s, 100, 24), "History 80 ") {
		t.Errorf("the cursor went from %s to %s\n%s", at, under(&s), draw(&s, 100, 24))
	}
	if got := s.Watched(); len(got) != 1 || got[0] != at {
		t.Errorf("%v is watched, the cursor is on %s", got, at)
	}
	taken := sub(at, 48, 0, 0, 1)
	taken.At, taken.TakenBack, taken.TakenBackAt = sub(at, 48, 0, 0, 1).At, 1, now
	s.Replace(taken)
	if got, _, _ := s.Under(); got.TakenBack != 1 {
		t.Errorf("%+v", got)
	}
}

func TestDrawFits(t *testing.T) {
	var s Screen
	two := sub("two", 1, 1, 1, 1)
	e := entry("p", model.Refused)
	two.Problem = &e
	s.Set([]model.Submission{two}, []model.Submission{two, sub("one", 60*24*40, 0, 0, 1)}, true)
	s.open("two")
	s.SetEdits("two", nil, []model.OutboxEntry{entry("1", model.RetryAt), entry("2", model.Refused)}, []model.JournalEntry{{Edit: model.Edit{ID: "9"}, Title: "old"}})
	for range 5 {
		for w := 1; w < 120; w += 7 {
			for h := 1; h < 30; h += 3 {
				lines := lines(&s, w, h)
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
		s.move(1)
	}
}

// Edits of the open submission that were read again on some conversations take
// the place of those on them, and no others.
func TestEditsAreReadAgainByConversation(t *testing.T) {
	ref := func(id string) model.Ref { return model.Ref{Account: "sales", ID: id} }
	waiting := func(id string) model.OutboxEntry {
		return model.OutboxEntry{Edit: model.Edit{ID: id, Ref: ref("c" + id), Submission: "s"}, State: model.Queued}
	}
	done := model.JournalEntry{Edit: model.Edit{ID: "2", Ref: ref("c2"), Submission: "s"}, State: model.Done}
	var s Screen
	s.Set([]model.Submission{{ID: "s", Edits: 3, Waiting: 3}}, nil, false)
	s.open("s")
	s.SetEdits("s", nil, []model.OutboxEntry{waiting("1"), waiting("2"), waiting("3")}, nil)
	if !s.Agrees() || len(s.Edits().On([]model.Ref{ref("elsewhere")})) > 0 || len(s.Edits().On([]model.Ref{ref("c2")})) == 0 {
		t.Error("the edits at hand are not known")
	}
	s.Replace(model.Submission{ID: "s", Edits: 3, Waiting: 2, Delivered: 1})
	if s.Agrees() {
		t.Error("an edit that has not been read again is not missed")
	}
	s.SetEdits("s", []model.Ref{ref("c2")}, nil, []model.JournalEntry{done})
	var got []string
	for _, e := range s.edits.list {
		got = append(got, e.ID)
	}
	if want := "1 3 2"; strings.Join(got, " ") != want || !s.Agrees() {
		t.Errorf("the edits are %v, want %s", got, want)
	}
}

// Conversations of one title are told apart, as acts and as the edits of one act.
func TestNamesakesAreToldApart(t *testing.T) {
	var s Screen
	one, two, alone := sub("Weekly", 1, 0, 0, 1), sub("Weekly", 2, 0, 0, 1), sub("Alone", 3, 0, 0, 1)
	one.ID, one.Ref = "1", model.Ref{Account: "sales", ID: "8f21c0de-0000-4000-8000-00000000000a"}
	two.ID, two.Ref = "2", model.Ref{Account: "sales", ID: "8f21c0de-0000-4000-8000-00000000000b"}
	alone.Ref = model.Ref{Account: "sales", ID: "8f21c0de-0000-4000-8000-00000000000c"}
	many := sub("many", 4, 0, 0, 2)
	s.Set(nil, []model.Submission{one, two, alone, many}, false)
	for _, w := range []int{60, 80, 140} {
		text := draw(&s, w, 24)
		for id, want := range map[string]bool{"..0000000a": true, "..0000000b": true, "..0000000c": false} {
			if strings.Contains(text, id) != want {
				t.Errorf("%q at %d columns:\n%s", id, w, text)
			}
		}
	}
	s.Find("many")
	s.open("many")
	a, b := model.JournalEntry{Title: "Twin"}, model.JournalEntry{Title: "Twin"}
	a.ID, a.Ref, b.ID, b.Ref = "a", one.Ref, "b", two.Ref
	s.Set(nil, []model.Submission{many}, false)
	s.SetEdits("many", nil, nil, []model.JournalEntry{a, b})
	if text := draw(&s, 80, 24); !strings.Contains(text, "..0000000a sales") || !strings.Contains(text, "..0000000b sales") {
		t.Error(text)
	}
}

// A search goes from match to match in a circle, into pages that are not read yet, and says where nothing matches.
func TestSearch(t *testing.T) {
	keys, _ := keymap.New(nil)
	s := Screen{Keys: keys.Keys(keymap.Outbox), Now: func() time.Time { return now }}
	page := []model.Submission{sub("zap call", 1, 0, 0, 1), sub("standup", 2, 0, 0, 1), sub("Zap\x1b[2J", 3, 0, 0, 1)}
	s.Set(nil, page, true)
	send := func(names ...string) {
		for _, name := range names {
			msg, err := keymap.Press(name)
			if err != nil {
				t.Fatal(err)
			}
			s.Update(msg)
		}
	}
	foot := func() string { return ansi.Strip(strings.Join(s.Draw(th, layout.Rect{W: 80, H: 20}).Lines, "\n")) }
	if !strings.Contains(foot(), "/ find") {
		t.Error("the search is not offered:", foot())
	}
	send("/", "z", "a", "x")
	if !s.finder.Typing() || !strings.Contains(foot(), "/zax") {
		t.Error("letters are no text:", foot())
	}
	if _, older := s.WantsOlder(); !older {
		t.Error("what is older is not looked through")
	}
	s.AddOlder([]model.Submission{sub("zax", 9, 0, 0, 1)}, false)
	if under(&s) != "zax" {
		t.Error("a match that came is not gone to:", under(&s))
	}
	send("backspace")
	for _, want := range []string{"zap call", "Zap\x1b[2J", "zax", "zap call"} {
		if send("enter", "n"); under(&s) != want {
			t.Errorf("the next match is %q, want %q", under(&s), want)
		}
	}
	if send("N"); under(&s) != "zax" {
		t.Error("the match before is", under(&s))
	}
	if strings.Contains(foot(), "\x1b") {
		t.Error("a remote text reaches the screen as it is")
	}
	send("/", "q", "q")
	if !strings.Contains(foot(), "not here") || under(&s) != "zax" {
		t.Error(foot())
	}
	if send("esc"); s.finder.Shown() {
		t.Error("esc leaves the search")
	}
}
