package outbox

import (
	"context"
	"fmt"
	"slices"
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

// sub makes a submission that is some minutes old, with its edits counted by state.
func sub(id string, minutes, waiting, person, delivered int) model.Submission {
	s := model.Submission{ID: id, Sentence: "made “" + id + "” private", At: now.Add(-time.Duration(minutes) * time.Minute), Waiting: waiting,
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

func TestSubmissionsThatNeedAPersonStandFirstAndTheCursorStays(t *testing.T) {
	var s Screen
	done, old, way, need := sub("done", 1, 0, 0, 2), sub("old", 9, 0, 0, 1), sub("way", 5, 1, 0, 0), sub("need", 7, 0, 2, 73)
	s.Set([]model.Submission{done, way, need, old}, 9)
	text := draw(&s, 100, 24)
	at := -1
	for _, want := range []string{"Needs you 1", "Waiting 1", "History 2", "made “need” private", "73 delivered 11:53, 2 need you", "making “way” private", "queued",
		"made “done” private", "delivered 11:59", "made “old” private"} {
		i := strings.Index(text, want)
		if i <= at {
			t.Errorf("%q is missing or out of order in\n%s", want, text)
		}
		at = i
	}
	s.nextSection()
	if under(&s) != "way" {
		t.Errorf("the next section begins with %s, want way", under(&s))
	}
	way = sub("way", 5, 0, 0, 1) // delivered: it moves to the history
	s.Set([]model.Submission{sub("new", 0, 0, 0, 1), done, way, need, old}, 9)
	if under(&s) != "way" {
		t.Errorf("the cursor went to %s, want way", under(&s))
	}
	s.nextSection()
	s.nextSection()
	if under(&s) != "new" {
		t.Errorf("the history begins with %s, want new", under(&s))
	}
	s.Set(nil, 9)
	if _, _, ok := s.Under(); ok {
		t.Error("something is under the cursor of an empty list")
	}
	s.nextSection()
}

func entry(id string, state model.EditState) model.OutboxEntry {
	return model.OutboxEntry{Edit: model.Edit{ID: id, Kind: model.EditTitle, Target: model.TextValue("x")}, Title: "title " + id, State: state}
}

func edits(waiting []model.OutboxEntry, settled ...model.JournalEntry) Edits {
	return Edits{}.with(model.SubmissionEdits{Outbox: waiting, Journal: settled})
}

func TestSubmissionOpensAndCloses(t *testing.T) {
	var s Screen
	two := sub("two", 1, 1, 1, 1)
	s.Set([]model.Submission{two, sub("one", 2, 0, 0, 1)}, 9)
	s.open("two")
	refused := entry("e2", model.Refused)
	refused.Error = &model.EntryError{Kind: model.Forbidden, Message: "you may\x1b[31m not"}
	done := []model.JournalEntry{{Edit: model.Edit{ID: "e3"}, Title: "title e3", State: model.Done, Undone: "e9"}}
	s.SetEdits("two", edits([]model.OutboxEntry{entry("e1", model.Queued), refused}, done...))
	s.SetEdits("other", Edits{}) // an answer that comes too late
	text := draw(&s, 100, 24)
	for _, want := range []string{"refused    title e2", `refused: "you may not"`, "queued     title e1", "taken back title e3"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	s.move(1)
	if under(&s) != "two/e2" {
		t.Errorf("%s stands first, want the refused edit", under(&s))
	}
	s.move(1)
	s.SetEdits("two", edits([]model.OutboxEntry{refused}, done...)) // e1 is withdrawn
	if under(&s) != "two" {
		t.Errorf("from an edit that is gone the cursor went to %s, want its submission", under(&s))
	}
	s.move(1)
	if !s.close() || under(&s) != "two" || s.close() {
		t.Errorf("closing left the cursor on %s, want two", under(&s))
	}
}

func TestOlderPagesStayAndTheirSubmissionsAreReplaced(t *testing.T) {
	var s Screen
	var page, older []model.Submission
	for i := range 40 {
		p := sub(fmt.Sprintf("s%02d", 80-i), i, 0, 0, 1)
		page = append(page, p)
		older = append(older, sub(fmt.Sprintf("s%02d", 40-i), 40+i, 0, 0, 1))
	}
	s.Set(page, len(page))
	draw(&s, 100, 24)
	if _, ok := s.WantsOlder(); ok {
		t.Error("an older page is wanted at the top")
	}
	s.move(38)
	before, ok := s.WantsOlder()
	if !ok || before != "s41" {
		t.Errorf("WantsOlder() = %q, %v, want s41", before, ok)
	}
	s.AddOlder(older, false)
	s.move(10)
	at := under(&s)
	s.Set(page, len(page))
	if under(&s) != at || !strings.Contains(draw(&s, 100, 24), "History 80 ") {
		t.Errorf("the cursor went from %s to %s, or the older page is gone:\n%s", at, under(&s), draw(&s, 100, 24))
	}
	taken := sub(at, 48, 0, 0, 1)
	taken.At, taken.TakenBackAt = sub(at, 48, 0, 0, 1).At, now
	for _, limit := range []int{0, len(page)} {
		taken.TakenBack++
		changed := append(slices.Clone(page[:limit]), taken, sub("older than all", 99, 0, 0, 1))
		s.more = true
		s.Set(changed, limit)
		if got, _, _ := s.Under(); got.TakenBack != taken.TakenBack {
			t.Errorf("the submission was not replaced: %+v", got)
		}
		if n := len(s.subs); n != 80 {
			t.Errorf("%d submissions are listed, want the 80 of the pages that were read", n)
		}
	}
}

func TestScreenFitsEverySize(t *testing.T) {
	var s Screen
	two := sub("two", 1, 1, 1, 1)
	e := entry("p", model.Refused)
	two.Problem = &e
	s.Set([]model.Submission{two, sub("one", 60*24*40, 0, 0, 1)}, 2)
	s.open("two")
	s.SetEdits("two", edits([]model.OutboxEntry{entry("1", model.RetryAt), entry("2", model.Refused)}, model.JournalEntry{Edit: model.Edit{ID: "9"}, Title: "old"}))
	for range 5 {
		for w := 1; w < 120; w += 7 {
			for h := 1; h < 30; h += 3 {
				lines := lines(&s, w, h)
				if len(lines) != h {
					t.Fatalf("%dx%d: got %d lines", w, h, len(lines))
				}
				for _, l := range lines {
					if th.Width(l) != w {
						t.Fatalf("%dx%d: a line is %d cells wide: %q", w, h, th.Width(l), l)
					}
				}
			}
		}
		s.move(1)
	}
}

// Reading the edits of some conversations again replaces those and leaves the others. If the
// edits then do not agree with their submission, all are read.
func TestEditsAreReplacedByConversation(t *testing.T) {
	ref := func(id string) model.Ref { return model.Ref{Account: "sales", ID: id} }
	waiting := func(id string) model.OutboxEntry {
		return model.OutboxEntry{Edit: model.Edit{ID: id, Ref: ref("c" + id), Submission: "s"}, State: model.Queued}
	}
	done := model.JournalEntry{Edit: model.Edit{ID: "2", Ref: ref("c2"), Submission: "s"}, State: model.Done}
	whole := model.SubmissionEdits{Submission: model.Submission{ID: "s", Edits: 3, Waiting: 3}, Version: 1,
		Outbox: []model.OutboxEntry{waiting("1"), waiting("2"), waiting("3")}}
	two := model.SubmissionEdits{Submission: model.Submission{ID: "s", Edits: 3, Waiting: 2, Delivered: 1}, Version: 2,
		Partial: true, Changed: []model.Ref{ref("c2"), ref("elsewhere")}, Journal: []model.JournalEntry{done}}
	later := model.SubmissionEdits{Submission: model.Submission{ID: "s", Edits: 3, Waiting: 1, Delivered: 2}, Version: 3,
		Partial: true, Changed: []model.Ref{ref("elsewhere")}}
	last := model.SubmissionEdits{Submission: later.Submission, Version: 4, Outbox: []model.OutboxEntry{waiting("1")},
		Journal: []model.JournalEntry{done, {Edit: model.Edit{ID: "3", Ref: ref("c3"), Submission: "s"}, State: model.Done}}}
	var asked []int64
	var s Edits
	for _, step := range []struct {
		answers []model.SubmissionEdits
		asked   []int64
		want    string
	}{{[]model.SubmissionEdits{whole}, []int64{0}, "1 2 3"}, {[]model.SubmissionEdits{two}, []int64{1}, "1 3 2"},
		{[]model.SubmissionEdits{later, last}, []int64{2, 0}, "1 2 3"}} {
		asked = nil
		var err error
		var sub model.Submission
		s, sub, err = s.Read(t.Context(), "s", func(_ context.Context, _ string, since int64) (model.SubmissionEdits, error) {
			asked = append(asked, since)
			return step.answers[len(asked)-1], nil
		})
		var got []string
		for _, e := range s.list {
			got = append(got, e.ID)
		}
		if err != nil || strings.Join(got, " ") != step.want || !slices.Equal(asked, step.asked) || !s.agree(sub) {
			t.Errorf("asked since %v (want %v) and got the edits %v of %+v, want %s; error %v, want none", asked, step.asked, got, sub, step.want, err)
		}
	}
}

// An id is added to conversations that share a title, for submissions as for edits.
func TestNamesakesAreToldApart(t *testing.T) {
	var s Screen
	one, two, alone := sub("Weekly", 1, 0, 0, 1), sub("Weekly", 2, 0, 0, 1), sub("Alone", 3, 0, 0, 1)
	one.ID, one.Ref = "1", model.Ref{Account: "sales", ID: "8f21c0de-0000-4000-8000-00000000000a"}
	two.ID, two.Ref = "2", model.Ref{Account: "sales", ID: "8f21c0de-0000-4000-8000-00000000000b"}
	alone.Ref = model.Ref{Account: "sales", ID: "8f21c0de-0000-4000-8000-00000000000c"}
	many := sub("many", 4, 0, 0, 2)
	s.Set([]model.Submission{one, two, alone, many}, 9)
	for _, w := range []int{60, 80, 140} {
		text := draw(&s, w, 24)
		for id, want := range map[string]bool{"..0000000a": true, "..0000000b": true, "..0000000c": false} {
			if strings.Contains(text, id) != want {
				t.Errorf("%d columns: id %q is shown: %v, want %v, in\n%s", w, id, !want, want, text)
			}
		}
	}
	s.Find("many")
	s.open("many")
	a, b := model.JournalEntry{Title: "Twin"}, model.JournalEntry{Title: "Twin"}
	a.ID, a.Ref, b.ID, b.Ref = "a", one.Ref, "b", two.Ref
	s.Set([]model.Submission{many}, 9)
	s.SetEdits("many", edits(nil, a, b))
	if text := draw(&s, 80, 24); !strings.Contains(text, "..0000000a sales") || !strings.Contains(text, "..0000000b sales") {
		t.Errorf("edits of the same title are not told apart in\n%s", text)
	}
}

// A search goes from match to match in a circle, continues in pages that were not read yet,
// and says if nothing matches.
func TestSearch(t *testing.T) {
	keys, _ := keymap.New(nil)
	s := Screen{Keys: keys.Keys(keymap.Outbox), Now: func() time.Time { return now }}
	page := []model.Submission{sub("zap call", 1, 0, 0, 1), sub("standup", 2, 0, 0, 1), sub("Zap\x1b[2J", 3, 0, 0, 1)}
	s.Set(page, len(page))
	send := func(names ...string) {
		for _, name := range names {
			msg, err := keymap.Press(name)
			if err != nil {
				t.Fatal(err)
			}
			s.Update(msg)
		}
	}
	screen := func() string { return ansi.Strip(strings.Join(s.Draw(th, layout.Rect{W: 80, H: 20}).Lines, "\n")) }
	if !strings.Contains(screen(), "/ find") {
		t.Error("the footer does not name the search:", screen())
	}
	send("/", "z", "a", "x")
	if !s.finder.Typing() || !strings.Contains(screen(), "/zax") {
		t.Error("letters were not typed into the search:", screen())
	}
	if _, older := s.WantsOlder(); !older {
		t.Error("a search without matches does not want the next page")
	}
	s.AddOlder([]model.Submission{sub("zax", 9, 0, 0, 1)}, false)
	if under(&s) != "zax" {
		t.Errorf("the cursor is on %s, want the match in the older page, zax", under(&s))
	}
	send("backspace")
	for _, want := range []string{"zap call", "Zap\x1b[2J", "zax", "zap call"} {
		if send("enter", "n"); under(&s) != want {
			t.Errorf("the next match is %q, want %q", under(&s), want)
		}
	}
	if send("N"); under(&s) != "zax" {
		t.Errorf("the previous match is %q, want zax", under(&s))
	}
	if strings.Contains(screen(), "\x1b") {
		t.Error("an escape sequence of the service reaches the screen")
	}
	send("/", "q", "q")
	if !strings.Contains(screen(), "not here") || under(&s) != "zax" {
		t.Errorf("a search without matches moved the cursor or does not say so:\n%s", screen())
	}
	if send("esc"); s.finder.Shown() {
		t.Error("esc did not end the search")
	}
}

func TestKeysOfTheScreen(t *testing.T) {
	keys, _ := keymap.New(nil)
	s := Screen{Keys: keys.Keys(keymap.Outbox, keymap.Global), Now: func() time.Time { return now }}
	press := func(name string) any {
		msg, err := keymap.Press(name)
		if err != nil {
			t.Fatal(err)
		}
		return s.Update(msg)
	}
	if asks := press("enter"); asks != nil {
		t.Errorf("enter on an empty screen returned %v, want nothing", asks)
	}
	s.Set([]model.Submission{sub("two", 1, 1, 1, 1)}, 9)
	if press("enter") != (Opened{}) || s.Opened() != "two" {
		t.Error("enter did not open the submission")
	}
	waiting := entry("e1", model.Queued)
	s.SetEdits("two", edits([]model.OutboxEntry{waiting, entry("e2", model.Refused)}))
	press("/")
	press("e")
	press("1")
	if press("enter"); under(&s) != "two/e1" {
		t.Errorf("the search went to %s, want the edit e1", under(&s))
	}
	if press("esc") != nil || s.finder.Shown() || s.Opened() != "two" {
		t.Error("the first esc did not only end the search")
	}
	press("k")
	press("k")
	if press("enter") != nil || s.Opened() != "" {
		t.Error("enter did not close the submission")
	}
	for _, key := range []string{"q", "O", "esc"} {
		if asks := press(key); asks != keymap.Back {
			t.Errorf("%s returned %v, want %v", key, asks, keymap.Back)
		}
	}
}

func TestSubmissionsAndEditsShowHowFarTheyAre(t *testing.T) {
	keys, _ := keymap.New(nil)
	s := Screen{Keys: keys.Keys(keymap.Outbox, keymap.Global)}
	slow, gone, archived := sub("slow", 1, 1, 0, 0), sub("gone", 2, 0, 0, 0), sub("archived", 3, 0, 0, 1)
	problem := entry("e1", model.RetryAt)
	problem.Error, problem.NextTry = &model.EntryError{Kind: model.Unavailable, Message: "no route"}, now.Add(time.Minute)
	slow.Problem = &problem
	gone.Edits, gone.Withdrawn = 1, 1
	s.Set([]model.Submission{slow, gone, archived}, 9)
	text := draw(&s, 100, 24)
	for _, want := range []string{"▌ ↻ today 11:59", "    today 11:58", "  ✓ today 11:57"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	s.open("archived")
	s.SetEdits("archived", edits(nil, model.JournalEntry{Edit: model.Edit{ID: "a", Kind: model.EditArchive}, Title: "Talk", State: model.Done}))
	s.Find("a")
	if _, why := model.Undoable(model.EditArchive); !strings.Contains(draw(&s, 100, 24), why) {
		t.Errorf("no %q in\n%s", why, draw(&s, 100, 24))
	}
	s.finder.Query = model.FoldText("NO ROUTE") // the reason of a submission is searched too
	s.search(1)
	if under(&s) != "slow" {
		t.Errorf("the search went to %s, want slow", under(&s))
	}
}

// The footer names what can be done with the line under the cursor.
func TestFooterOfTheScreen(t *testing.T) {
	keys, _ := keymap.New(nil)
	s := Screen{Keys: keys.Keys(keymap.Outbox, keymap.Global)}
	queued, retried, settled := sub("queued", 1, 1, 0, 0), sub("retried", 2, 1, 0, 0), sub("settled", 3, 0, 0, 1)
	retried.Problem = &model.OutboxEntry{State: model.RetryAt}
	back := sub("back", 4, 0, 0, 1)
	back.TakenBack = 1
	s.Set([]model.Submission{queued, retried, settled, back}, 9)
	for id, want := range map[string]string{
		"queued":  "enter open  u take back  x discard  tab next section  / find  esc close",
		"retried": "enter open  r send again  u take back  x discard  tab next section  / find  esc close",
		"settled": "enter open  u take back  tab next section  / find  esc close",
		"back":    "enter open  tab next section  / find  esc close",
	} {
		s.Find(id)
		if got := strings.TrimSpace(ansi.Strip(lines(&s, 120, 24)[23])); got != want {
			t.Errorf("%s: the footer is %q, want %q", id, got, want)
		}
	}
}

// A click opens what it is on, and the cursor stays on its edit while others change.
func TestClicksAndTheCursorOfAnOpenSubmission(t *testing.T) {
	s := Screen{Now: func() time.Time { return now }}
	long := sub("a title so long that the line has no room for it and for what became of it", 1, 0, 2, 1)
	s.Set([]model.Submission{long, sub("other", 2, 0, 0, 1)}, 9)
	if text := draw(&s, 80, 24); !strings.Contains(text, "▌ ! today 11:59") || !strings.Contains(text, "…  1 delivered") {
		t.Errorf("no sign, or no gap before the outcome, in\n%s", text)
	}
	if asks := s.Update(layout.Click(0)); asks != (Opened{}) || s.Opened() != long.ID {
		t.Errorf("a click on the submission returned %v and opened %q", asks, s.Opened())
	}
	failed := []model.OutboxEntry{entry("e1", model.Refused), entry("e2", model.Refused)}
	s.SetEdits(long.ID, edits(failed))
	draw(&s, 80, 24)
	s.move(2)
	s.SetEdits(long.ID, edits(append(failed, entry("e0", model.Refused))))
	if under(&s) != long.ID+"/e2" {
		t.Errorf("the cursor went to %s, want e2", under(&s))
	}
	if asks := s.Update(layout.Click(99)); asks != nil || under(&s) != long.ID+"/e2" {
		t.Errorf("a click below the list returned %v and went to %s", asks, under(&s))
	}
}
