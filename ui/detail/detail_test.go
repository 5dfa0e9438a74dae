package detail

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

var now = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

var described = model.Description{Name: "Bird", Domains: []string{"northwind.example"}, Audience: model.Audiences{
	{Privacy: model.PrivacyPublic, Audience: model.Audience{Class: model.ClassEveryone, Word: "public", Sentence: "everyone in the workspace", Assumed: "nobody says who"}},
	{Audience: model.Audience{Class: model.ClassMembers, Word: "members", Sentence: "{people}"}},
}}

func view() *View {
	v := &View{}
	v.Show(model.Row{Conversation: model.Conversation{Ref: model.Ref{Account: "a", ID: "1"}, Title: "Straße in Zürich", Provider: "bird",
		Labels: map[string]string{"stage": "won"}, Facts: []model.Fact{{Group: "Scorecard", Label: "a very long label of a fact", Value: "7"}, {Label: "odd", Value: "x"}}}},
		described, time.Time{})
	return v
}

func draw(v *View, w, h int) string {
	return strings.Join(v.Draw(theme.New(theme.Config{Name: "mono"}), layout.Rect{W: w, H: h}, now), "\n")
}

func TestOverviewShowsAllFacts(t *testing.T) {
	text := draw(view(), 90, 60)
	for _, want := range []string{"Straße in Zürich", "stage=won", "Scorecard", "a very long label of a fact", "7", "Other", "odd"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestPositionIsInTheFirstFrameOfATab(t *testing.T) {
	v := view()
	position := regexp.MustCompile(` ([0-9]+)/[0-9]+ $`)
	for _, tab := range []Tab{Overview, Activity, Raw, Overview} {
		v.SetTab(tab)
		drawn := v.Draw(theme.New(theme.Config{}), layout.Rect{W: 90, H: 4}, now)
		if m := position.FindStringSubmatch(ansi.Strip(drawn[0])); len(v.lines) > 3 && (m == nil || m[1] != "3") {
			t.Errorf("tab %d: got %q, want position 3/%d", tab, ansi.Strip(drawn[0]), len(v.lines))
		}
	}
	v.Scroll(2)
	if drawn := v.Draw(theme.New(theme.Config{}), layout.Rect{W: 90, H: 4}, now); !strings.Contains(drawn[0], fmt.Sprintf("5/%d", len(v.lines))) {
		t.Errorf("scrolled by two lines: got %q, want position 5/%d", drawn[0], len(v.lines))
	}
}

func TestTabThatIsNotLoadedSaysSo(t *testing.T) {
	v := view()
	for tab, want := range map[Tab]string{People: "not loaded yet", Messages: "not loaded yet", Raw: "not loaded yet", Activity: "Reading"} {
		v.SetTab(tab)
		if s := draw(v, 90, 20); !strings.Contains(s, want) {
			t.Errorf("tab %d: no %q in\n%s", tab, want, s)
		}
	}
	v.SetTab(Messages)
	v.SetReading(Reading{Loading: true})
	if s := draw(v, 90, 20); !strings.Contains(s, "Reading from the service") {
		t.Errorf("messages that are being read: got\n%s", s)
	}
	v.SetDetail(model.Detail{})
	if s := draw(v, 90, 20); !strings.Contains(s, "gave no messages") {
		t.Errorf("messages that the service did not give: got\n%s", s)
	}
	v.SetDetail(model.Detail{Messages: model.SetOf[model.Message]()})
	if s := draw(v, 90, 20); !strings.Contains(s, "No messages.") {
		t.Errorf("an empty list of messages: got\n%s", s)
	}
}

func TestATabThatCouldNotBeReadSaysWhy(t *testing.T) {
	for want, reading := range map[string]Reading{"deleted, or this account may no longer see it": {Gone: true}, "could not be read: it is down": {Problem: "it is down"}} {
		v := view()
		for _, tab := range []Tab{People, Messages, Raw} {
			v.SetTab(tab)
			v.SetReading(reading)
			if s := draw(v, 120, 30); !strings.Contains(s, want) {
				t.Errorf("tab %d: no %q in\n%s", tab, want, s)
			}
		}
	}
	v := view()
	v.SetTab(Raw)
	v.SetDetail(model.Detail{})
	if s := draw(v, 90, 30); !strings.Contains(s, "own answer was not kept") {
		t.Errorf("an answer that was not kept: got\n%s", s)
	}
}

// Of a submission about several conversations the edits of this one are named, those that wait with their reason.
func TestActivityNamesTheEditsThatWait(t *testing.T) {
	v := view()
	edit := func(id, submission, title string) model.Edit {
		return model.Edit{ID: id, Submission: submission, Ref: v.Ref(), Kind: model.EditTitle, Base: model.TextValue("x"), Target: model.TextValue(title)}
	}
	v.SetActivity([]model.Submission{{ID: "s2", Sentence: "renamed 3", Edits: 3, At: now}, {ID: "s1", Sentence: "renamed it", Edits: 1, At: now.Add(-time.Hour)}},
		[]model.OutboxEntry{{Edit: edit("e2", "s2", "refused title"), State: model.Refused, Error: &model.EntryError{Kind: model.Forbidden, Message: "you may not"}},
			{Edit: edit("e1", "s1", "queued title"), State: model.Queued}},
		[]model.JournalEntry{{Edit: edit("e0", "s2", "delivered title"), At: now, State: model.Done}})
	v.SetTab(Activity)
	s := draw(v, 120, 30)
	for _, want := range []string{"renamed 3", "needs you", "you may not", "refused title", "delivered title", "renaming it", "queued"} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q in\n%s", want, s)
		}
	}
	if strings.Contains(s, "queued title") {
		t.Errorf("the only edit of a submission is named beside its sentence in\n%s", s)
	}
}

func TestOverviewOfAStaleRowSaysSo(t *testing.T) {
	v := view()
	r := v.Row()
	r.Checked = now.Add(-48 * time.Hour)
	v.Show(r, described, now)
	if s := draw(v, 90, 40); !strings.Contains(s, "before the last sweep") {
		t.Errorf("no \"before the last sweep\" in\n%s", s)
	}
}

func TestSearchIgnoresCaseAndAccents(t *testing.T) {
	v := view()
	draw(v, 90, 20)
	if n := v.Search("ZURICH"); n != 1 {
		t.Errorf("ZURICH matches %d lines, want 1", n)
	}
	if s := draw(v, 90, 20); !strings.Contains(s, "\x1b[7mZürich\x1b[m") {
		t.Errorf("the match is not marked in %q", s)
	}
	if n := v.Search("nothing at all"); n != 0 {
		t.Errorf("a text that is not there matches %d lines", n)
	}
	if at, of := v.Next(1); at != 0 || of != 0 {
		t.Errorf("Next without matches = %d of %d, want 0 of 0", at, of)
	}
}

func TestAMatchOutOfSightIsScrolledTo(t *testing.T) {
	v := view()
	v.SetTab(Messages)
	v.SetDetail(model.Detail{Messages: model.SetOf(model.Message{Author: "Ann", Text: strings.Repeat("a line\n", 40) + "the needle\n" + strings.Repeat("a line\n", 40)})})
	if s := draw(v, 90, 12); strings.Contains(s, "needle") {
		t.Fatalf("the match is in sight already:\n%s", s)
	}
	if n := v.Search("needle"); n != 1 {
		t.Errorf("%d lines match, want 1", n)
	}
	if s := draw(v, 90, 12); !strings.Contains(s, "needle") || !strings.Contains(s, "1 line matches") {
		t.Errorf("the match is out of sight:\n%s", s)
	}
}

// A phrase that the width of the screen breaks is found on the line where it begins; so is one on a single line, once.
func TestAPhraseIsFoundAcrossTheEndOfALine(t *testing.T) {
	for w := 24; w < 70; w++ {
		v := view()
		v.SetTab(Messages)
		text := "It was agreed that the purchase order comes by Friday, and so the invoice goes out with the number on it."
		v.SetDetail(model.Detail{Messages: model.SetOf(model.Message{Author: "Ann", Text: text})})
		draw(v, w, 20)
		for _, phrase := range []string{"purchase order", "Friday, and", "on it", "out with the"} {
			if n := v.Search(phrase); n != 1 {
				t.Errorf("%d cells: %d lines match %q, want 1:\n%s", w, n, phrase, draw(v, w, 20))
			}
			if s := draw(v, w, 20); !strings.Contains(s, "\x1b[7m") {
				t.Errorf("%d cells: %q is not marked in\n%s", w, phrase, s)
			}
		}
	}
}

func TestScrollStopsAtTheEnds(t *testing.T) {
	v := view()
	draw(v, 40, 8)
	v.Scroll(1000)
	last := draw(v, 40, 8)
	v.Scroll(1)
	if draw(v, 40, 8) != last {
		t.Error("the window scrolled past the end")
	}
	v.Scroll(-5000)
	if !strings.Contains(draw(v, 40, 8), "Straße") {
		t.Error("the window did not scroll back to the start")
	}
}

func FuzzMessages(f *testing.F) {
	f.Add("plain", "Ann", 20)
	f.Add("\x1b[2J\u202e世界\n\n", "", 3)
	f.Fuzz(func(t *testing.T, text, author string, w int) {
		w = 1 + (w%120+120)%120
		v := view()
		v.SetTab(Messages)
		v.SetDetail(model.Detail{Raw: []byte(text), Messages: model.SetOf(model.Message{Author: author, Text: text})})
		th := theme.New(theme.Config{Name: "mono"})
		for _, tab := range []Tab{Messages, Raw} {
			v.SetTab(tab)
			for _, l := range v.Draw(th, layout.Rect{W: w, H: 12}, now) {
				if th.Width(l) != w {
					t.Fatalf("%d cells, want %d: %q", th.Width(l), w, l)
				}
			}
		}
		v.Search(author)
		v.Draw(th, layout.Rect{W: w, H: 12}, now)
	})
}

// The overview tells in this order, in words, what a person asks. Ids and time stamps are on
// the Raw tab.
func TestOverviewLeavesMachineValuesToRaw(t *testing.T) {
	no := false
	c := model.Conversation{Ref: model.Ref{Account: "sales", ID: "39e8c131-470d-4118-ac5a-cc2057d8ffe0"}, Provider: "attention", Kind: "call",
		Title: "Acme renewal", Privacy: model.PrivacyPublic, Status: "completed", Duration: 44 * time.Minute, Internal: &no,
		Created: now.Add(-7 * time.Hour), Updated: now.Add(-6 * time.Hour), Owner: model.Participant{Kind: "user", ID: "u-1"},
		Participants: model.SetOf(model.Participant{Kind: "person", ID: "1", Name: "Grace Chen", Email: "grace@northwind.example", Role: "organizer", Status: "accepted"},
			model.Participant{Kind: "person", ID: "2", Name: "Lena Fuchs", Email: "lena@acme.example", Status: "declined"},
			model.Participant{Kind: "person", ID: "3", Name: "Bo Aldridge", Email: "bo@eu.acme.example"}),
		Companies: []model.Named{{ID: "cmp_1", Name: "Acme Ltd"}},
		Labels:    map[string]string{"Type": "Renewal", "Stage": "Negotiation", "urgent": ""},
		Facts: []model.Fact{{Group: "Times", Label: "Live stream started at", Value: "2026-11-20T03:09:00Z"}, {Group: "Raw", Label: "Import status", Value: "NONE"},
			{Group: "Recording", Label: "Video id", Value: "vid-359727969"}, {Group: "People", Label: "Started by", Value: "user #1b66bb73-470d-4118-ac5a-cc2057d8ffe0"},
			{Group: "Source", Label: "Source", Value: "GOOGLE_MEET"}, {Group: "Other", Label: "brand new", Value: "true"}}}
	v := &View{}
	v.Show(model.Row{Conversation: c, Checked: now}, described, time.Time{})
	v.SetDetail(model.Detail{Conversation: c, Raw: []byte(`{"id":"39e8c131"}`), Messages: model.SetOf(
		model.Message{Author: "Owen", At: now.Add(-time.Hour), Text: "The VAT line is what worries me."}, model.Message{Author: "Grace", Offset: 66 * time.Second, Text: "I can."})})
	text := ansi.Strip(draw(v, 90, 60))
	rest := text
	for _, want := range []string{"Acme renewal", "call, sales, today 04:00, 44 min", "Seen by  everyone in the workspace *",
		"People   Grace Chen (host); from Acme Ltd: Lena Fuchs (declined); from eu.acme.example:", "Labels   Stage=Negotiation  Type=Renewal  urgent",
		"09:00 Owen  The VAT line", "1:06 Grace  I can.", "* assumed: nobody says who", "Checked", "today 10:00", "Internal", "no", "Status", "completed",
		"Source", "google meet", "Times", "today 03:09", "Other", "brand new  yes"} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("%q is missing or out of order in\n%s", want, text)
		}
		rest = after
	}
	machines := []string{"39e8c131-470d-4118", "2026-11-20T03:09:00Z", "NONE", "vid-359727969", "1b66bb73", "cmp_1", "u-1"}
	for _, never := range append(machines, "assumed: assumed", "can be edited") {
		if strings.Contains(text, never) {
			t.Errorf("%q belongs on the Raw tab, but is in\n%s", never, text)
		}
	}
	if strings.Count(text, "assumed") != 1 {
		t.Errorf("\"assumed\" appears %d times, want once, in\n%s", strings.Count(text, "assumed"), text)
	}
	v.SetTab(Raw)
	text = ansi.Strip(draw(v, 90, 60))
	for _, want := range append(machines, `"id": "39e8c131"`) {
		if !strings.Contains(text, want) {
			t.Errorf("no %q on the Raw tab:\n%s", want, text)
		}
	}
}
