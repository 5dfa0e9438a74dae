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

// press sends keys to an overlay and returns what the last one made it return.
func press(o interface{ Update(tea.Msg) any }, codes ...rune) (asks any) {
	for _, code := range codes {
		k := tea.KeyPressMsg{Code: code}
		if code >= ' ' && code < tea.KeyBackspace {
			k.Text = string(code)
		}
		asks = o.Update(k)
	}
	return asks
}

func TestUntouchedTableMakesNoChange(t *testing.T) {
	e := people()
	if e.changed() || e.Changes() != nil || e.Draft() != "" {
		t.Error("an untouched table has a change or a draft")
	}
	press(e, tea.KeyRight, tea.KeyLeft, 'x', 'x')
	if e.changed() {
		t.Error("a role and a removal taken back are a change")
	}
}

// A table that was closed and opened again while it was being read gets two answers.
func TestTableKeepsItsChangesWhenASecondAnswerComes(t *testing.T) {
	e := people()
	press(e, 'x')
	if asks := e.Update(loaded(ann, bob)); asks != nil {
		t.Errorf("the second answer returned %v, want nothing", asks)
	}
	e.Update(Loaded{{Err: errors.New("gone")}})
	if got := e.target(); len(got) != 1 || got[0].ID != bob.ID || e.problem != "" {
		t.Errorf("the second answer undid a change: got %+v, problem %q", got, e.problem)
	}
}

func TestTableChangesOneConversation(t *testing.T) {
	e := people()
	press(e, 'x', tea.KeyDown, tea.KeyRight) // from viewer to more rights
	e.add("", model.Participant{Kind: "user", ID: "3", Name: "Cy"})
	e.add("", bob)
	if len(e.rows) != 3 {
		t.Errorf("got %d rows, want 3: nobody twice", len(e.rows))
	}
	ch := e.Changes()
	if len(ch) != 1 || ch[0].Op != model.OpSet || len(ch[0].Base.Set()) != 2 {
		t.Fatalf("got %+v, want one set with its base", ch)
	}
	want := []model.Participant{{Kind: "user", ID: "2", Name: "Bob", Role: "editor"}, {Kind: "user", ID: "3", Name: "Cy", Role: "viewer"}}
	if !model.SamePeople(ch[0].Target.Set(), want) {
		t.Errorf("got %+v, want %+v", ch[0].Target.Set(), want)
	}
	if got, want := e.summary(), "1 added, 1 removed, 1 changed"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	again := people()
	if again.Restore(e.Draft()) == "" || !reflect.DeepEqual(again.target(), e.target()) {
		t.Errorf("restored from the draft: got %+v, want %+v", again.target(), e.target())
	}
	early := NewPeople("x", model.EditParticipants, false, kona)
	early.Restore(e.Draft())
	early.Update(loaded(ann, bob))
	if !model.SamePeople(early.target(), e.target()) {
		t.Errorf("restored before the people came: got %+v, want %+v", early.target(), e.target())
	}
	for _, bad := range []string{"", "nonsense", "{}", "[1]", "null"} {
		if people().Restore(bad) != "" {
			t.Errorf("Restore took %q for a draft", bad)
		}
	}
	off := NewPeople("x", model.EditParticipants, false, kona)
	off.Update(Loaded{{Off: "no call for it"}})
	if off.Restore(e.Draft()); len(off.rows) > 0 {
		t.Errorf("restored where nothing can be edited: %+v", off.rows)
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

// plan returns the phrase of the edit that a table makes of conversation i, or the state of an
// item without one.
func plan(e *People, i int) string {
	it := model.PlanOne(e.of[i], kona, model.Capabilities{model.EditParticipants: {State: model.CapabilityYes}}, e.Changes(), nil)
	if len(it.Edits) != 1 {
		return string(it.State)
	}
	return theme.New(theme.Config{Name: "mono"}).Phrase(it.Edits[0])
}

func TestTableOfSeveralPlansEachConversation(t *testing.T) {
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
		press(e, []rune(c.keys)...)
		e.add("", model.Participant{Kind: "user", ID: "3", Name: "Cy"})
		again := several()
		again.Restore(e.Draft())
		if !reflect.DeepEqual(again.Changes(), e.Changes()) {
			t.Errorf("%s: restored from the draft: got %+v, want %+v", c.name, again.Changes(), e.Changes())
		}
		press(e, 'x') // Cy
		for i, want := range c.want {
			if got := plan(e, i); got != want {
				t.Errorf("%s: conversation %d: got %q, want %q", c.name, i, got, want)
			}
		}
		text := ansi.Strip(strings.Join(e.Draw(theme.New(theme.Config{Name: "mono"}), layout.Rect{W: 100, H: 30}).Lines, "\n"))
		if !strings.Contains(strings.Join(strings.Fields(text), " "), c.shown) {
			t.Errorf("%s: no %q in\n%s", c.name, c.shown, text)
		}
	}
}

func TestMemberOfSomeIsAddedToTheOthersOnlyByTheKey(t *testing.T) {
	e := several()
	e.add("", ann)
	if e.changed() || !strings.Contains(e.problem, "Ann is in 2 of 3 already: f adds to the rest") {
		t.Errorf("adding a member of some: got changes %+v, problem %q", e.Changes(), e.problem)
	}
	press(e, 'f')
	if got, want := plan(e, 2), "participants: +Ann (viewer)"; got != want {
		t.Errorf("after f: got %q, want %q", got, want)
	}
	e.add("", model.Participant{Kind: "user", ID: "3", Name: "Cy"})
	if got, want := plan(e, 0), "participants: +Cy (viewer)"; got != want {
		t.Errorf("somebody new: got %q, want %q", got, want)
	}
	press(e, 'x')
	if got, want := plan(e, 0), "already"; got != want {
		t.Errorf("somebody new, removed again: got %q, want %q", got, want)
	}
}

func TestGroupsWithOneNameAreToldApart(t *testing.T) {
	group := func(id string, size int) model.Participant {
		return model.Participant{Kind: model.KindGroup, ID: id, Name: "Finance and legal, all of Europe", Members: size, Role: "viewer"}
	}
	e := NewPeople("x", model.EditParticipants, true, kona)
	e.Update(Loaded{{Conversation: model.Conversation{Ref: model.Ref{Account: kona.Account, ID: "1"},
		Participants: model.SetOf(group("7", 9), group("8", 18), group("9", 18))}}})
	for _, w := range []int{60, 80, 140} {
		text := ansi.Strip(strings.Join(e.Draw(mono, layout.Rect{W: w, H: 20}).Lines, "\n"))
		for _, want := range []string{" group, 9 people ", "group, 18 people 8", "group, 18 people 9"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d columns: no %q in\n%s", w, want, text)
			}
		}
	}
}

// Also without room for addresses, and in ASCII, where different names may look the same.
func TestNamesakesAreToldApart(t *testing.T) {
	for _, th := range []*theme.Theme{theme.New(theme.Config{Name: "mono"}), theme.New(theme.Config{Name: "mono", ASCII: true})} {
		e := NewPeople("x", model.EditParticipants, false, kona)
		e.Update(loaded(model.Participant{Kind: "user", ID: "71", Name: "三浦", Email: "m@a.example"}, model.Participant{Kind: "user", ID: "72", Name: "三浦"}, bob))
		for _, w := range []int{40, 100} {
			text := ansi.Strip(strings.Join(e.Draw(th, layout.Rect{W: w, H: 20}).Lines, "\n"))
			for _, want := range []string{"m@a.example", " 72 "} {
				if !strings.Contains(text, want) {
					t.Errorf("%d columns: no %q in\n%s", w, want, text)
				}
			}
		}
	}
}

func TestUnreadConversationIsNamedAndLeftOutOnlyByChoice(t *testing.T) {
	e := NewPeople("x", model.EditParticipants, true, kona)
	e.Keys = keys.Keys(keymap.People)
	b := model.Conversation{Ref: model.Ref{ID: "b"}, Title: "Beta"}
	e.Update(Loaded{{Conversation: model.Conversation{Ref: model.Ref{ID: "a"}, Participants: model.SetOf(ann)}}, {Conversation: b}})
	text := func() string {
		return ansi.Strip(strings.Join(e.Draw(theme.New(theme.Config{Name: "mono"}), layout.Rect{W: 90, H: 30}).Lines, "\n"))
	}
	if got := text(); e.loaded || !strings.Contains(got, "Beta: the service did not give the full list") || !strings.Contains(got, "r read again") {
		t.Errorf("the table does not wait, or does not say why:\n%s", got)
	}
	if again, ok := press(e, 'r').(Load); !ok || len(again.Refs) != 1 || again.Refs[0] != b.Ref {
		t.Errorf("r returned %+v, want a Load of %v", again, b.Ref)
	}
	e.Update(Loaded{{Conversation: b, Err: errors.New("gone")}})
	press(e, tea.KeyEnter)
	if got := text(); !e.loaded || len(e.of) != 1 || !strings.Contains(got, "1 left out: Beta") {
		t.Errorf("enter did not go on with the others:\n%s", got)
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

func TestUntouchedFormMakesNoChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := subject()
		s.Conversation = model.Conversation{Title: rapid.String().Draw(t, "title"), Description: rapid.String().Draw(t, "description"),
			Privacy: model.Privacy(rapid.SampledFrom([]string{"", "private", "odd"}).Draw(t, "privacy")),
			Labels:  rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "labels"), Attributes: map[string]string{"a=b": "\\n\n=", "": "x"},
			Participants: model.SetOf(ann)}
		f := form(s)
		if f.touched() || f.Draft() != "" {
			t.Fatal("an untouched form has a draft")
		}
		if ch, err := f.Changes(); err != nil || len(ch) != 0 {
			t.Fatalf("an untouched form makes the changes %v, %v", ch, err)
		}
	})
}

func TestFormChangesTouchedFields(t *testing.T) {
	s := subject()
	s.Conversation = model.Conversation{Title: "old", Privacy: model.PrivacyPrivate, Labels: map[string]string{"stage": "won"}}
	f := form(s)
	press(f, []rune("er\twords\t")...)
	press(f, tea.KeyRight)
	ch, err := f.Changes()
	if err != nil || len(ch) != 3 || ch[0].Target.String() != "older" || ch[0].Base.String() != "old" || ch[1].Target.String() != "words" || ch[2].Target.String() != "public" {
		t.Fatalf("got %+v, %v, want a title, a description and a privacy", ch, err)
	}
	again := form(s)
	again.Restore(f.Draft())
	if ch2, _ := again.Changes(); !reflect.DeepEqual(ch, ch2) {
		t.Errorf("restored from the draft: got %+v, want %+v", ch2, ch)
	}
}

// The changes of a table stay in the draft of its form while its people are not loaded, even
// when something else is typed.
func TestDraftKeepsATableThatIsNotLoaded(t *testing.T) {
	s := subject()
	s.Conversation.Participants = model.SetOf(ann, bob)
	f := form(s)
	f.fields[slices.Index(Fields, model.EditParticipants)].control.(table).add("", model.Participant{Kind: "user", ID: "3", Name: "Cy"})
	draft := f.Draft()
	s.Conversation.Participants = model.Set[model.Participant]{}
	again := form(s)
	again.Restore(draft)
	press(again, 'x')
	people := again.fields[slices.Index(Fields, model.EditParticipants)].control.(table).People
	if !strings.Contains(again.Draft(), "Cy") {
		t.Errorf("Cy is lost from the draft %s", again.Draft())
	}
	people.Keys = keys.Keys(keymap.People)
	people.Update(loaded(ann, bob))
	if len(people.target()) != 3 {
		t.Errorf("got %+v, want Ann, Bob and Cy", people.target())
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
		press(f, tea.KeyTab)
		if fl := f.field(); fl.kind != model.EditTitle {
			t.Fatalf("tab reached %s, which is off", fl.kind)
		}
	}
	s.Capabilities[model.EditTitle] = model.Capability{State: model.CapabilityNo}
	f = form(s)
	if press(f, 'x') != nil || f.problem != "" || f.field().kind != "" || f.touched() {
		t.Error("a form without an editable field took a key")
	}
}

func TestPairsAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.RuneFrom([]rune("ab=\\ n\nzé"))).Draw(t, "value")
		in := map[string]string{"key": model.Clean(string(text))}
		out, err := parsePairs(formatPairs(in))
		if err != nil {
			t.Fatal(err)
		}
		// The form does not keep spaces around a value.
		if got, want := out["key"], in["key"]; strings.Trim(got, " ") != strings.Trim(want, " ") {
			t.Fatalf("%q became %q", want, got)
		}
	})
	if m, _ := parsePairs(`path = C:\dir`); m["path"] != `C:\dir` {
		t.Errorf("a backslash before a letter became %q", m["path"])
	}
	if _, err := parsePairs("a=1\na=2"); err == nil {
		t.Error("a repeated name is no error")
	}
	if _, err := parsePairs("=1"); err == nil {
		t.Error("a missing name is no error")
	}
}

func TestChangedPairMakesOneChange(t *testing.T) {
	s := subject()
	s.Conversation = model.Conversation{Attributes: map[string]string{"a": "1", "b": " spaced ", "c\x1b": "3"}}
	s.Kinds = []model.EditKind{model.EditAttributes}
	f := form(s)
	fl := f.field()
	fl.Set("a = 1\nb = spaced\nc = 4\nd = new")
	ch, err := f.Changes()
	if err != nil || len(ch) != 2 {
		t.Fatalf("got %+v, %v, want two changes", ch, err)
	}
	if ch[0].Key != "c\x1b" || ch[0].Base.String() != "3" || ch[0].Target.String() != "4" || ch[1].Key != "d" || ch[1].Base.Text != nil {
		t.Errorf("got %+v, want c, under its exact name, and d", ch)
	}
	fl.Set("b = spaced\nc = 3")
	if ch, _ := f.Changes(); len(ch) != 1 || ch[0].Key != "a" || ch[0].Target.Text != nil {
		t.Errorf("got %+v, want the removal of a", ch)
	}
}

// At every usable size the footer names the key that submits, and no reason is cut.
func TestFormThatFitsAgainIsShownFromItsTop(t *testing.T) {
	th, f := theme.New(theme.Config{Name: "mono"}), form(subject())
	for range 8 {
		press(f, tea.KeyTab)
	}
	f.Draw(th, layout.Rect{W: 40, H: 12})
	if text := ansi.Strip(strings.Join(f.Draw(th, layout.Rect{W: 80, H: 50}).Lines, "\n")); f.top != 0 || !strings.Contains(text, "title") {
		t.Errorf("after the window grew, the form is shown from line %d:\n%s", f.top, text)
	}
}

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
				t.Errorf("%d columns: the footer lacks ctrl+s or esc:\n%s", w, text)
			}
		}
		if !strings.Contains(form, "for it") {
			t.Errorf("%d columns: the reason is cut:\n%s", w, form)
		}
		if w >= 80 && (!strings.Contains(table, "Finance and Legal department  group ") || !strings.Contains(table, "al@example.com")) {
			t.Errorf("%d columns: a name or an address is cut:\n%s", w, table)
		}
	}
}
