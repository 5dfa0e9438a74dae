package model_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"confab/model"
)

func named(names ...string) (people []model.Participant) {
	for _, n := range names {
		people = append(people, model.Participant{Kind: model.KindUser, ID: n, Name: n})
	}
	return people
}

func TestRenaming(t *testing.T) {
	c := model.Conversation{Title: "Call with Acme: the call", Companies: []model.Named{{ID: "1", Name: "Acme\nLtd"}, {ID: "2"}},
		Labels: map[string]string{"Type": "Interview", "Round": ""}, Created: time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC),
		Participants: model.SetOf(append(named("Ann", "Bob"), model.Participant{Kind: model.KindRoom, ID: "9", Name: "Room 9"})...)}
	crowd := c
	crowd.Participants = model.SetOf(named("Ann", "Bob", "Cy", "Dee", "Eve", "Fay")...)
	unread := c
	unread.Participants = model.Set[model.Participant]{}
	unread.Featured = named("Ann")
	long := c
	long.Title = strings.Repeat("x", 999)
	longer := c
	longer.Title = strings.Repeat("x", 1500) + "y"
	rome := time.FixedZone("Rome", 3600)
	for _, tc := range []struct {
		of         model.Conversation
		text, want string
		wrong, why string // the errors of parsing and of Title
	}{
		{of: c, text: "s/call/meeting/", want: "Call with Acme: the meeting"},
		{of: c, text: "s/call/meeting", want: "Call with Acme: the meeting"},
		{of: c, text: "s/Acme/A.* {title}/g", want: "Call with A.* {title}: the call"},
		{of: c, text: "s/Call with //", want: "Acme: the call"},
		{of: c, text: "s/nowhere/x/", want: c.Title},
		{of: c, text: `s/: /\/\//`, want: "Call with Acme//the call"},
		{of: c, text: "s/call", wrong: "the new text is missing"},
		{of: c, text: "s/", wrong: "the new text is missing"},
		{of: c, text: "s//x/", wrong: "the old text is missing"},
		{of: c, text: "s/a/b/c", wrong: `a / within a text is \/`},
		{of: c, text: "s/a/b/c/", wrong: `a / within a text is \/`},
		{of: c, text: "s/" + c.Title + "//", why: "nothing would be left of its title"},
		{of: long, text: "s/x/yy/", why: "1,998 characters"},
		{of: long, text: "s/x/" + strings.Repeat("y", 9999) + "/", why: "far too long"},
		{of: longer, text: "s/y//", want: strings.Repeat("x", 1500)},

		{of: c, text: "{title} · {company} · {date}", want: "Call with Acme: the call · Acme Ltd · 2026-03-02"},
		{of: c, text: "{label:Type}: {people}", want: "Interview: Ann, Bob"},
		{of: c, text: "{ Label: type }!", want: "Interview!"},
		{of: crowd, text: "{people}", want: "Ann, Bob, Cy, Dee +2"},
		{of: c, text: "{{title}} }", want: "{title} }"},
		{of: c, text: "{compny}", wrong: "there is no {compny}; did you mean {company}?"},
		{of: c, text: "{qqqq}", wrong: "there are {title} {company}"},
		{of: c, text: "{label}", wrong: "wants the name of a label"},
		{of: c, text: "{title:x}", wrong: "takes no name"},
		{of: c, text: "a {title", wrong: "has no } at its end"},
		{of: c, text: "{label:Round}", why: "it has no label Round"},
		{of: c, text: "{label:Nope} {title}", why: "it has no label Nope"},
		{of: unread, text: "{people}", why: "who is in it is not known yet"},
		{of: model.Conversation{Participants: model.SetOf[model.Participant]()}, text: "{people}", why: "nobody is in it"},
		{of: model.Conversation{}, text: "{title}", why: "it has no title"},
		{of: model.Conversation{}, text: "{company}", why: "no company is known"},
		{of: model.Conversation{}, text: "{date}", why: "it has no date"},
	} {
		r, err := model.ParseRenaming(tc.text, rome)
		if tc.wrong != "" || err != nil {
			if err == nil || tc.wrong == "" || !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("%q: got error %v, want %q", tc.text, err, tc.wrong)
			}
			continue
		}
		got, err := r.Title(&tc.of)
		switch {
		case tc.why != "":
			if err == nil || !strings.Contains(err.Error(), tc.why) {
				t.Errorf("%q: got %q, error %v, want error %q", tc.text, got, err, tc.why)
			}
		case err != nil || got != tc.want:
			t.Errorf("%q: got %q (%v), want %q", tc.text, got, err, tc.want)
		}
	}
}

// A plan asks twice if conversations get the same title, unless they had the same title before and a rule renames them.
func TestSameTitlesAreAskedAboutTwice(t *testing.T) {
	plan := func(text string, titles ...string) model.Plan {
		r, err := model.ParseRenaming(text, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		var p model.Plan
		changes := []model.Change{r.Change()}
		for _, title := range titles {
			c := model.Conversation{Ref: model.Ref{Account: "a", ID: title}, Title: title}
			p.Items = append(p.Items, model.PlanOne(c, model.Description{}, capabilities(model.CapabilityYes, ""), changes, nil))
		}
		p.AskForSameTitles(changes)
		p.AskForSameTitles(changes)
		return p
	}
	for _, tc := range []struct {
		text   string
		titles []string
		asks   int // the number of conversations with the risk
	}{
		{"Interview", []string{"a", "b", "Interview"}, 2},
		{"Interview", []string{"a", "Interview"}, 0},
		{"Interview", []string{"same", "same"}, 2},
		{"s/sync/call/", []string{"weekly sync", "weekly sync", "daily sync"}, 0},
		{"s/sync/call/", []string{"sync", "sync", "s/sync/"}, 0},
		{"s/ 1/ 2/", []string{"x 1 1", "x 2 1", "y 1", "z"}, 2},
		{"s/nope/x/", []string{"a", "b"}, 0},
	} {
		p := plan(tc.text, tc.titles...)
		asks := 0
		for _, it := range p.Items {
			if len(it.Risks) > 1 {
				t.Errorf("%s: the risk was added twice: %v", tc.text, it.Risks)
			}
			asks += len(it.Risks)
		}
		if asks != tc.asks {
			t.Errorf("%s of %q: got %d conversations with the risk, want %d", tc.text, tc.titles, asks, tc.asks)
		}
	}
}

func TestRenamingWithAMissingValueIsBlocked(t *testing.T) {
	r, err := model.ParseRenaming("{label:Type}: {title}", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	c := model.Conversation{Title: "Dana"}
	it := model.PlanOne(c, model.Description{Name: "Bird"}, capabilities(model.CapabilityYes, ""), []model.Change{r.Change()}, nil)
	if it.State != model.PlanBlocked || it.Reason != "it has no label Type" || len(it.Edits) != 0 {
		t.Errorf("got %+v, want it blocked for the missing label", it)
	}
}

// A template cleans the values that it uses, so a title can't get an escape sequence, a bidirectional override or a line break
// from a name.
func TestTemplateCleansValues(t *testing.T) {
	r, err := model.ParseRenaming("{company} · {label:Type} · {people}", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	c := model.Conversation{Companies: []model.Named{{Name: "Ac\u202eme\x1b]52;c;aGk=\a"}}, Labels: map[string]string{"Type": "a\r\n\tb\x00"},
		Participants: model.SetOf(named("Ann\u2028\u200b Lee")...)}
	if got, err := r.Title(&c); got != "Acme · a b · Ann Lee" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	c.Companies[0].Name = strings.Repeat("x", 10<<20)
	if got, err := r.Title(&c); err == nil {
		t.Errorf("got a title of %d bytes, want an error", len(got))
	}
}

func FuzzParseRenaming(f *testing.F) {
	for _, s := range []string{"s/a/b/", `s/\//{/g`, "{title} · {company} · {date}", "{label:Type}: {people}", "{{x}}", "{", "}", "s/", "s//"} {
		f.Add(s, "a {title} /")
	}
	f.Fuzz(func(t *testing.T, text, title string) {
		r, err := model.ParseRenaming(text, nil)
		if err != nil {
			if msg := err.Error(); msg == "" || utf8.RuneCountInString(msg) > 200 {
				t.Errorf("%q: %q", text, msg)
			}
			return
		}
		c := model.Conversation{Title: title, Created: time.Unix(0, 0), Participants: model.SetOf(named("Ann")...),
			Companies: []model.Named{{Name: "Acme"}}, Labels: map[string]string{"Type": "x"}}
		got, err := r.Title(&c)
		if err != nil {
			return
		}
		if strings.TrimSpace(got) == "" && got != title {
			t.Errorf("%q of %q makes an empty title", text, title)
		}
		if literal, ok := r.Literal(); ok && got != literal {
			t.Errorf("%q: got %q, want the literal %q", text, got, literal)
		}
		if r.Old != "" && got != strings.ReplaceAll(title, r.Old, r.New) {
			t.Errorf("%q of %q: got %q", text, title, got)
		}
	})
}
