package theme

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"confab/model"
	"confab/ui/layout"
)

func TestBuiltInLooksParse(t *testing.T) {
	for theme, names := range builtIn() {
		for name, look := range names {
			if err := CheckColor(name, look); err != nil {
				t.Errorf("[%s] %s: %v", theme, name, err)
			}
		}
	}
	if got := Builtin(); !slices.Equal(got, []string{"high-contrast", "nord", "solarized"}) {
		t.Errorf("Builtin = %q, want the three named themes", got)
	}
}

func TestMonoHasNoColour(t *testing.T) {
	for name, look := range builtIn()["mono"] {
		for _, word := range strings.Fields(look) {
			if _, err := color(word); err == nil {
				t.Errorf("%s has the colour %s", name, word)
			}
		}
	}
}

func TestInTheListBoldMeansUnseenAlone(t *testing.T) {
	inList := []string{"text", "dim", "selected", "pointer", "marked", "private", "public", "participants", "unknown", "pending", "attention", "error"}
	for theme, names := range builtIn() {
		for _, name := range inList {
			if strings.Contains(names[name], "bold") {
				t.Errorf("%s: %s is bold", theme, name)
			}
		}
		if !strings.Contains(names["unseen"], "bold") {
			t.Errorf("%s: unseen is not bold", theme)
		}
	}
	th := New(Config{Name: "dark"})
	if got := th.Say(SelectedUnseen, "x"); got != "\x1b[1;7mx\x1b[m" {
		t.Errorf("selected and unseen: %q, want bold and reverse", got)
	}
}

// Most rows are public. A colour on each of them would hide the rows that need somebody.
func TestOrdinaryPrivacyIsPlain(t *testing.T) {
	for _, name := range []string{"dark", "light", "solarized", "nord"} {
		th := New(Config{Name: name})
		for _, a := range []model.Audience{{Class: model.ClassEveryone, Word: "public"}, {Class: model.ClassMembers, Word: "members"}} {
			if _, word, look := th.AudienceSign(a); th.Say(look, word) != word {
				t.Errorf("%s: %s is drawn as %q", name, word, th.Say(look, word))
			}
		}
		if _, word, look := th.AudienceSign(model.Audience{Class: model.ClassMembers, Word: "private"}); th.Say(look, word) == word {
			t.Errorf("%s: private does not stand out", name)
		}
	}
}

func TestCheckColor(t *testing.T) {
	for _, good := range []string{"", "red", "bright-blue bold", "#ff8800", "#abc", "212", "black on yellow", "reverse", "default"} {
		if err := CheckColor("accent", good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"reddish", "256", "#12", "#gggggg", "on", "red on"} {
		if CheckColor("accent", bad) == nil {
			t.Errorf("CheckColor of %q reports no error", bad)
		}
	}
	if CheckColor("nosuch", "red") == nil {
		t.Error("CheckColor of an unknown name reports no error")
	}
}

func TestGlyphsTakeOneCell(t *testing.T) {
	for name, g := range map[string]Glyphs{"unicode": unicodeGlyphs, "ascii": asciiGlyphs} {
		v := reflect.ValueOf(g)
		for i := range v.NumField() {
			s, field := v.Field(i).String(), v.Type().Field(i).Name
			want := 1
			if name == "ascii" && field == "Arrow" {
				want = 2
			}
			if got := (layout.Measure{}).Width(s); got != want {
				t.Errorf("%s %s %q has %d cells, want %d", name, field, s, got, want)
			}
			if name == "ascii" && strings.IndexFunc(s, func(r rune) bool { return r > 126 }) >= 0 {
				t.Errorf("%s %q is not ASCII", field, s)
			}
		}
	}
}

func TestThemesOfTheConfigFallBackToTheBuiltInLooks(t *testing.T) {
	c := Config{Name: "mine", Themes: map[string]map[string]string{"mine": {"accent": "bold", "nosuch": "red", "error": "nonsense"}}}
	th := New(c)
	if th.Say(Accent, "x") != "\x1b[1mx\x1b[m" {
		t.Errorf("accent: %q, want bold", th.Say(Accent, "x"))
	}
	if th.Say(Private, "x") != New(Config{Name: "dark"}).Say(Private, "x") {
		t.Errorf("private, which the theme does not set: %q, want the look of dark", th.Say(Private, "x"))
	}
	if th.Say(Error, "x") != "x" {
		t.Errorf("error, which the theme sets wrongly: %q, want plain text", th.Say(Error, "x"))
	}
}

func TestPhrase(t *testing.T) {
	th := New(Config{Name: "mono"})
	ann := model.Participant{Kind: "user", ID: "1", Name: "Ann", Role: "viewer"}
	bob := model.Participant{Kind: "user", ID: "2", Name: "Bob"}
	better := ann
	better.Role = "editor"
	var many []model.Participant
	for i := range 14 {
		many = append(many, model.Participant{Kind: "user", ID: fmt.Sprint(i), Name: fmt.Sprint("P", i)})
	}
	for want, e := range map[string]model.Edit{
		"access: everyone → none":                     {Kind: model.EditAccess, Base: model.TextValue("everyone"), Target: model.TextValue("")},
		"privacy: public → private":                   {Kind: model.EditPrivacy, Base: model.TextValue("public"), Target: model.TextValue("private")},
		`title: "a" → "b c"`:                          {Kind: model.EditTitle, Base: model.TextValue("a"), Target: model.TextValue("b\nc")},
		`labels stage: none → "won"`:                  {Kind: model.EditLabels, Key: "stage", Target: model.TextValue("won")},
		"participants: -Bob, Ann: viewer → editor":    {Kind: model.EditParticipants, Base: model.PeopleValue([]model.Participant{ann, bob}), Target: model.PeopleValue([]model.Participant{better})},
		"contacts: +Ann (viewer)":                     {Kind: model.EditContacts, Base: model.PeopleValue(nil), Target: model.PeopleValue([]model.Participant{ann})},
		"archive":                                     {Kind: model.EditArchive},
		"delete":                                      {Kind: model.EditDelete},
		`create "x"`:                                  {Kind: model.EditCreate, Target: model.Value{New: &model.NewConversation{Title: "x"}}},
		"default role: none → collaboration complete": {Kind: model.EditDefaultRole, Target: model.TextValue("collaboration_complete")},
	} {
		if got := th.Phrase(e); got != want {
			t.Errorf("Phrase of a %s edit = %q, want %q", e.Kind, got, want)
		}
	}
	if got, want := th.Value(model.EditContacts, model.PeopleValue(many)), "P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, 2 more"; got != want {
		t.Errorf("Value of 14 people = %q, want %q", got, want)
	}
}

func TestEveryStateHasASignAndAWord(t *testing.T) {
	th := New(Config{ASCII: true})
	for _, s := range []model.EditState{model.Queued, model.Sending, model.RetryAt, model.Held, model.InConflict, model.Refused,
		model.NotVerified, model.OutcomeNotKnown, model.Done, model.Withdrawn, model.OutcomeAlreadySet} {
		if sign, word, _ := th.StateSign(s); strings.TrimSpace(sign) == "" || word == "" {
			t.Errorf("StateSign(%s) = %q, %q; want both", s, sign, word)
		}
	}
	seen := map[string]bool{}
	for _, a := range []model.Audience{{Class: model.ClassMembers, Word: "private"}, {Class: model.ClassEveryone, Word: "space"},
		{Class: model.ClassGroup, Word: "group"}, {Class: model.ClassUnknown, Word: "unknown"}, {}} {
		sign, word, _ := th.AudienceSign(a)
		if seen[sign] = true; sign == "" || word == "" {
			t.Errorf("AudienceSign(%+v) = %q, %q; want both", a, sign, word)
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d different signs of who can see a conversation, want 4", len(seen))
	}
}

func TestKeyLineShowsAsManyKeysAsFit(t *testing.T) {
	th := New(Config{Name: "mono"})
	pairs := []string{"a", "first", "", "nothing", "b", "second", "esc", "close"}
	for w := range 40 {
		if got := th.Width(keyLine(th, w, pairs)); got > w {
			t.Errorf("a key line for %d cells takes %d", w, got)
		}
	}
	if s := keyLine(th, 12, pairs); !strings.Contains(s, "close") || strings.Contains(s, "first") {
		t.Errorf("key line in 12 cells: %q, want the last pair", s)
	}
	if s := keyLine(th, 1<<20, pairs); strings.Contains(s, "nothing") {
		t.Errorf("a pair without a key is shown: %q", s)
	}
}

func keyLine(th *Theme, w int, pairs []string) string {
	line, _ := th.KeyLine(layout.Rect{W: w, H: 1}, pairs...)
	return line
}

// A match is marked with the accents of its letters, and never with that of the letter before it.
func TestHighlightKeepsAccentsWithTheirLetters(t *testing.T) {
	th := New(Config{Name: "mono"})
	const accent = "\u0301"
	m := func(s string) string { return th.Say(Match, s) }
	for _, c := range []struct {
		text, query, want string
		most              int
	}{
		{"Cafe" + accent + " bar", "cafe", m("Cafe"+accent) + " bar", 1},
		{"Cafe" + accent + "bar", "bar", "Cafe" + accent + m("bar"), 1},
		{"Georg Öhm", "ohm", "Georg " + m("Öhm"), 1},
		{"banana", "an", "b" + m("an") + "ana", 1},
		{"banana", "an", "b" + m("an") + m("an") + "a", 9},
		{"co", "coo", "co", 1},
		{"o co cool", "coo", "o co " + m("coo") + "l", 1},
		{"cool co", "co", m("co") + "ol " + m("co"), 9},
	} {
		if got := th.Highlight(Text, c.text, c.query, c.most); got != c.want {
			t.Errorf("Highlight(%q, %q, %d) = %q, want %q", c.text, c.query, c.most, got, c.want)
		}
	}
}
