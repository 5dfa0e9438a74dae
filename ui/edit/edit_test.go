package edit

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

var (
	ann  = model.Participant{Kind: "user", ID: "1", Name: "Ann", Role: "editor"}
	bob  = model.Participant{Kind: "user", ID: "2", Name: "Bob", Role: "viewer"}
	dee  = model.Participant{Kind: "user", ID: "4", Name: "Dee", Role: "viewer"}
	kona = model.Description{Roles: []string{"editor", "viewer"}, DefaultRole: "viewer"}
)

var keys, _ = keymap.New(nil)

func people() *People {
	e := NewPeople("x", model.EditParticipants, false, kona)
	e.Keys = keys.Keys(keymap.People)
	e.Update(loaded(ann, bob))
	return e
}

func loaded(people ...model.Participant) Loaded {
	return Loaded{{Conversation: model.Conversation{Participants: model.SetOf(people...)}}}
}

func form(s Subject) *Form {
	f := NewForm("x", s)
	f.Keys = keys.Keys(keymap.Form)
	return f
}

func strike(o interface{ Update(tea.Msg) any }, codes ...rune) (asks any) {
	for _, code := range codes {
		k := tea.KeyPressMsg{Code: code}
		if code >= ' ' && code < tea.KeyBackspace {
			k.Text = string(code)
		}
		asks = o.Update(k)
	}
	return asks
}

func TestUntouchedTableGivesNoChange(t *testing.T) {
	e := people()
	if e.changed() || e.Changes() != nil || e.Draft() != "" {
		t.Error("a change without one")
	}
	strike(e, tea.KeyRight, tea.KeyLeft, 'x', 'x')
	if e.changed() {
		t.Error("there and back is a change")
	}
}

// A table that is left and opened again while it is read is read twice.
func TestTableThatIsReadTwiceKeepsItsChanges(t *testing.T) {
	e := people()
	strike(e, 'x')
	if asks := e.Update(loaded(ann, bob)); asks != nil {
		t.Errorf("asked for %v", asks)
	}
	e.Update(Loaded{{Err: errors.New("gone")}})
	if got := e.target(); len(got) != 1 || got[0].ID != bob.ID || e.problem != "" {
		t.Errorf("the second answer undid what was changed: %+v, %q", got, e.problem)
	}
}

func TestTableChanges(t *testing.T) {
	e := people()
	strike(e, 'x', tea.KeyDown, tea.KeyRight) // from viewer to more rights
	e.add("", model.Participant{Kind: "user", ID: "3", Name: "Cy"})
	e.add("", bob)
	if len(e.rows) != 3 {
		t.Error("somebody was added twice")
	}
	ch := e.Changes()
	if len(ch) != 1 || ch[0].Op != model.OpSet || len(ch[0].Base.Set()) != 2 {
		t.Fatalf("%+v", ch)
	}
	want := []model.Participant{{Kind: "user", ID: "2", Name: "Bob", Role: "editor"}, {Kind: "user", ID: "3", Name: "Cy", Role: "viewer"}}
	if !model.SamePeople(ch[0].Target.Set(), want) {
		t.Errorf("%+v", ch[0].Target.Set())
	}
	if e.summary() != "1 added, 1 removed, 1 changed" {
		t.Error(e.summary())
	}
	again := people()
	if again.Restore(e.Draft()) == "" || !reflect.DeepEqual(again.target(), e.target()) {
		t.Errorf("from the draft: %+v", again.target())
	}
	early := NewPeople("x", model.EditParticipants, false, kona)
	early.Restore(e.Draft())
	early.Update(loaded(ann, bob))
	if !model.SamePeople(early.target(), e.target()) {
		t.Errorf("from a draft that came first: %+v", early.target())
	}
	for _, bad := range []string{"", "nonsense", "{}", "[1]", "null"} {
		if people().Restore(bad) != "" {
			t.Errorf("%q was taken for a draft", bad)
		}
	}
}

// several is a table of the people of three conversations: Ann is an editor of the first
// and a viewer of the second, Bob a viewer of both, Dee of the third.
func several() *People {
	e := NewPeople("x", model.EditParticipants, true, kona)
	e.Keys = keys.Keys(keymap.People)
	viewer := ann
	viewer.Role = "viewer"
	var all Loaded
	for i, people := range [][]model.Participant{{ann, bob}, {bob, viewer}, {dee}} {
		c := model.Conversation{Ref: model.Ref{ID: string(rune('a' + i))}, Title: string(rune('A' + i)), Participants: model.SetOf(people...)}
		all = append(all, LoadResult{Conversation: c})
	}
	e.Update(all)
	return e
}

// plan says what the changes of a table make of a conversation.
func plan(e *People, i int) string {
	it := model.PlanOne(e.of[i], kona, model.Capabilities{model.EditParticipants: {State: model.CapabilityYes}}, e.Changes())
	if len(it.Edits) != 1 {
		return string(it.State)
	}
	return theme.New(theme.Config{Name: "mono"}).Phrase(it.Edits[0])
}

func TestTableOfSeveral(t *testing.T) {
	for _, c := range []struct {
		name, keys, shown string
		want              [3]string
	}{
		{"nothing", "", "Ann 1 editor, 1 viewer 2 of 3", [3]string{"already", "already", "already"}},
		{"one role", "r", "Ann 1 editor, 1 viewer → editor 2 of 3", [3]string{"already", "participants: Ann: viewer → editor", "already"}},
		{"added to the rest", "f", "Ann 1 editor, 1 viewer 2 of 3 +1", [3]string{"already", "already", "participants: +Ann (viewer)"}},
		{"both", "rf", "Ann 1 editor, 1 viewer → editor 2 of 3 +1",
			[3]string{"already", "participants: Ann: viewer → editor", "participants: +Ann (editor)"}},
		{"removed", "x", "Ann 1 editor, 1 viewer removed", [3]string{"participants: -Ann", "participants: -Ann", "already"}},
		{"two people at once", "xjr", "Bob viewer → editor 2 of 3",
			[3]string{"participants: -Ann, Bob: viewer → editor", "participants: -Ann, Bob: viewer → editor", "already"}},
		{"as it was", "rfxu", "Ann 1 editor, 1 viewer 2 of 3", [3]string{"already", "already", "already"}},
	} {
		e := several()
		strike(e, []rune(c.keys)...)
		for i, want := range c.want {
			if got := plan(e, i); got != want {
				t.Errorf("%s: of conversation %d: %q, want %q", c.name, i, got, want)
			}
		}
		text := ansi.Strip(strings.Join(e.Draw(theme.New(theme.Config{Name: "mono"}), layout.Rect{W: 100, H: 30}).Lines, "\n"))
		if !strings.Contains(strings.Join(strings.Fields(text), " "), c.shown) {
			t.Errorf("%s: no %q in\n%s", c.name, c.shown, text)
		}
	}
}

// Who is in some of the conversations is added to the others only where that is asked.
func TestSomebodyWhoIsThereIsNotAddedToTheOthers(t *testing.T) {
	e := several()
	e.add("", ann)
	if e.changed() || !strings.Contains(e.problem, "Ann is in 2 of 3 already: f adds to the rest") {
		t.Errorf("%q %+v", e.problem, e.Changes())
	}
	strike(e, 'f')
	if got := plan(e, 2); got != "participants: +Ann (viewer)" {
		t.Error(got)
	}
	e.add("", model.Participant{Kind: "user", ID: "3", Name: "Cy"})
	if got := plan(e, 0); got != "participants: +Cy (viewer)" {
		t.Error(got)
	}
	strike(e, 'x')
	if got := plan(e, 0); got != "already" {
		t.Error(got)
	}
}

// Who look the same are told apart, also where there is no room for addresses or signs.
func TestNamesakesAreToldApart(t *testing.T) {
	for _, th := range []*theme.Theme{theme.New(theme.Config{Name: "mono"}), theme.New(theme.Config{Name: "mono", ASCII: true})} {
		e := NewPeople("x", model.EditParticipants, false, kona)
		e.Update(loaded(model.Participant{Kind: "user", ID: "71", Name: "三浦", Email: "m@a.example"}, model.Participant{Kind: "user", ID: "72", Name: "三浦"}, bob))
		for _, w := range []int{40, 100} {
			text := ansi.Strip(strings.Join(e.Draw(th, layout.Rect{W: w, H: 20}).Lines, "\n"))
			for _, want := range []string{"m@a.example", " 72 "} {
				if !strings.Contains(text, want) {
					t.Errorf("%d cells: no %q in\n%s", w, want, text)
				}
			}
		}
	}
}

// A conversation that could not be read is named, and left out only by choice.
func TestAConversationThatCouldNotBeRead(t *testing.T) {
	e := NewPeople("x", model.EditParticipants, true, kona)
	e.Keys = keys.Keys(keymap.People)
	b := model.Conversation{Ref: model.Ref{ID: "b"}, Title: "Beta"}
	e.Update(Loaded{{Conversation: model.Conversation{Ref: model.Ref{ID: "a"}, Participants: model.SetOf(ann)}}, {Conversation: b}})
	text := func() string {
		return ansi.Strip(strings.Join(e.Draw(theme.New(theme.Config{Name: "mono"}), layout.Rect{W: 90, H: 30}).Lines, "\n"))
	}
	if got := text(); e.loaded || !strings.Contains(got, "Beta: the service did not give the full list") || !strings.Contains(got, "r read again") {
		t.Error(got)
	}
	if again, ok := strike(e, 'r').(Load); !ok || len(again.Refs) != 1 || again.Refs[0] != b.Ref {
		t.Errorf("asked for %+v", again)
	}
	e.Update(Loaded{{Conversation: b, Err: errors.New("gone")}})
	strike(e, tea.KeyEnter)
	if got := text(); !e.loaded || len(e.of) != 1 || !strings.Contains(got, "1 left out: Beta") {
		t.Error(got)
	}
}

func subject() Subject {
	caps := model.Capabilities{}
	for _, k := range model.EditKinds() {
		caps[k] = model.Capability{State: model.CapabilityYes}
	}
	caps[model.EditAccess] = model.Capability{State: model.CapabilityNo, Reason: "no call"}
	return Subject{Capabilities: caps, About: kona, People: func(model.EditKind) []model.Description { return []model.Description{kona} }}
}

func TestUntouchedFormGivesNoChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := subject()
		s.Conversation = model.Conversation{Title: rapid.String().Draw(t, "title"), Description: rapid.String().Draw(t, "description"),
			Privacy: model.Privacy(rapid.SampledFrom([]string{"", "private", "odd"}).Draw(t, "privacy")),
			Labels:  rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "labels"), Attributes: map[string]string{"a=b": "\\n\n=", "": "x"},
			Participants: model.SetOf(ann)}
		f := form(s)
		if f.touched() || f.Draft() != "" {
			t.Fatal("touched without a touch")
		}
		if ch, err := f.Changes(); err != nil || len(ch) != 0 {
			t.Fatalf("%v %v", ch, err)
		}
	})
}

func TestFormChanges(t *testing.T) {
	s := subject()
	s.Conversation = model.Conversation{Title: "old", Privacy: model.PrivacyPrivate, Labels: map[string]string{"stage": "won"}}
	f := form(s)
	strike(f, []rune("er\twords\t")...)
	strike(f, tea.KeyRight)
	ch, err := f.Changes()
	if err != nil || len(ch) != 3 || ch[0].Target.String() != "older" || ch[0].Base.String() != "old" || ch[1].Target.String() != "words" || ch[2].Target.String() != "public" {
		t.Fatalf("%+v %v", ch, err)
	}
	again := form(s)
	again.Restore(f.Draft())
	if ch2, _ := again.Changes(); !reflect.DeepEqual(ch, ch2) {
		t.Errorf("from the draft: %+v", ch2)
	}
}

// What was changed in a table stays in the draft of its form while the people are
// not there yet, whatever else is typed.
func TestADraftKeepsATableThatIsNotLoaded(t *testing.T) {
	s := subject()
	s.Conversation.Participants = model.SetOf(ann, bob)
	f := form(s)
	f.fields[slices.Index(formKinds, model.EditParticipants)].control.(table).add("", model.Participant{Kind: "user", ID: "3", Name: "Cy"})
	draft := f.Draft()
	s.Conversation.Participants = model.Set[model.Participant]{}
	again := form(s)
	again.Restore(draft)
	strike(again, 'x')
	people := again.fields[slices.Index(formKinds, model.EditParticipants)].control.(table).People
	if !strings.Contains(again.Draft(), "Cy") {
		t.Errorf("lost: %s", again.Draft())
	}
	people.Keys = keys.Keys(keymap.People)
	people.Update(loaded(ann, bob))
	if len(people.target()) != 3 {
		t.Errorf("%+v", people.target())
	}
}

func TestFieldsThatAreOffCannotBeReached(t *testing.T) {
	s := subject()
	for k := range s.Capabilities {
		if k != model.EditTitle {
			s.Capabilities[k] = model.Capability{State: model.CapabilityNo, Reason: "no"}
		}
	}
	f := form(s)
	for range 5 {
		strike(f, tea.KeyTab)
		if fl := f.field(); fl.kind != model.EditTitle {
			t.Fatalf("%+v", fl)
		}
	}
	s.Capabilities[model.EditTitle] = model.Capability{State: model.CapabilityNo}
	f = form(s)
	if strike(f, 'x') != nil || f.problem != "" || f.field().kind != "" || f.touched() {
		t.Error("a form without fields took a key")
	}
}

func TestPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.RuneFrom([]rune("ab=\\ n\nzé"))).Draw(t, "value")
		in := map[string]string{"key": model.Clean(string(text))}
		out, err := parsePairs(formatPairs(in))
		if err != nil {
			t.Fatal(err)
		}
		// Blanks around a value are not kept by the form.
		if got, want := out["key"], in["key"]; trim(got) != trim(want) {
			t.Fatalf("%q became %q", want, got)
		}
	})
	if m, _ := parsePairs(`path = C:\dir`); m["path"] != `C:\dir` {
		t.Errorf("a backslash before a letter became %q", m["path"])
	}
	if _, err := parsePairs("a=1\na=2"); err == nil {
		t.Error("a name twice was taken")
	}
	if _, err := parsePairs("=1"); err == nil {
		t.Error("no name was taken")
	}
}

func trim(s string) string {
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}

func TestOneChangedPairIsOneChange(t *testing.T) {
	s := subject()
	s.Conversation = model.Conversation{Attributes: map[string]string{"a": "1", "b": " spaced ", "c\x1b": "3"}}
	s.Kinds = []model.EditKind{model.EditAttributes}
	f := form(s)
	fl := f.field()
	fl.Set("a = 1\nb = spaced\nc = 4\nd = new")
	ch, err := f.Changes()
	if err != nil || len(ch) != 2 {
		t.Fatalf("%+v %v", ch, err)
	}
	if ch[0].Key != "c\x1b" || ch[0].Base.String() != "3" || ch[0].Target.String() != "4" || ch[1].Key != "d" || ch[1].Base.Text != nil {
		t.Errorf("%+v", ch)
	}
	fl.Set("b = spaced\nc = 3")
	if ch, _ := f.Changes(); len(ch) != 1 || ch[0].Key != "a" || ch[0].Target.Text != nil {
		t.Errorf("%+v", ch)
	}
}

// What submits is among the keys that are named at every usable size, and no
// reason is cut where there is room to go on.
func TestFormsNameTheirKeysAndReasonsInNarrowTerminals(t *testing.T) {
	th := theme.New(theme.Config{Name: "mono"})
	why := "the service can't do this kind of change, and none is planned for it"
	caps := model.Capabilities{model.EditTitle: {State: model.CapabilityYes}, model.EditPrivacy: {State: model.CapabilityNo, Reason: why}}
	f := form(Subject{Capabilities: caps, Kinds: []model.EditKind{model.EditTitle, model.EditPrivacy}})
	e := NewPeople("People", model.EditParticipants, false, model.Description{Roles: []string{"editor", "viewer"}})
	e.Keys = keys.Keys(keymap.People)
	e.Update(loaded(model.Participant{Kind: model.KindGroup, ID: "1", Name: "Finance and Legal department", Role: "editor"},
		model.Participant{ID: "2", Name: "Al", Email: "al@example.com"}))
	for _, w := range []int{40, 80, 140} {
		at := layout.Rect{W: w, H: 12}
		form, table := ansi.Strip(strings.Join(f.Draw(th, at).Lines, "\n")), ansi.Strip(strings.Join(e.Draw(th, at).Lines, "\n"))
		for _, text := range []string{form, table} {
			if !strings.Contains(text, "ctrl+s review") || !strings.Contains(text, "esc back") {
				t.Errorf("%d:\n%s", w, text)
			}
		}
		if !strings.Contains(form, "for it") {
			t.Errorf("%d: the reason is cut:\n%s", w, form)
		}
		if w >= 80 && (!strings.Contains(table, "Finance and Legal department (group)") || !strings.Contains(table, "al@example.com")) {
			t.Errorf("%d: a name is cut where there is room:\n%s", w, table)
		}
	}
}
