package edit

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

var mono = theme.New(theme.Config{Name: "mono"})

func TestClickGoesToTheFieldThatItIsOn(t *testing.T) {
	f := form(subject())
	for _, h := range []int{60, 12} { // all fields fit, or they are scrolled
		for _, focused := range []int{0, len(f.fields) - 1} {
			f.at = focused
			pic := f.Draw(mono, layout.Rect{W: 80, H: h})
			for y := range pic.Inside.H {
				line := ansi.Strip(pic.Lines[pic.Inside.Y-pic.At.Y+y])
				at := slices.IndexFunc(f.fields, func(fl *field) bool { return strings.Contains(line, " "+fl.kind.Words()+" ") })
				if at < 0 {
					continue
				}
				want := at
				if f.fields[at].off != "" {
					want = focused
				}
				f.at = focused
				if f.Update(layout.Click(y)); f.at != want {
					t.Errorf("%d lines: a click on %q went to field %d, want %d", h, line, f.at, want)
				}
			}
		}
	}
}

// Where a text is taller than the screen, the line that is typed stays in sight.
func TestCursorStaysInSight(t *testing.T) {
	f := form(subject())
	press(f, tea.KeyTab)
	f.Update(tea.PasteMsg{Content: "typed\nhere"})
	for _, h := range []int{4, 5, 6, 7, 8, 9, 30, 4} {
		pic := f.Draw(mono, layout.Rect{W: 60, H: h})
		if y := pic.Cursor.Y - pic.At.Y; y >= len(pic.Lines)-1 || !strings.Contains(ansi.Strip(pic.Lines[y]), "here") {
			t.Errorf("%d lines: the cursor is at line %d of\n%s", h, y, strings.Join(pic.Lines, "\n"))
		}
	}
}

func TestChoiceWithoutAValueGoesToEitherEnd(t *testing.T) {
	s := subject()
	s.Several, s.Kinds = true, []model.EditKind{model.EditPrivacy}
	for code, want := range map[rune]string{tea.KeyRight: "private", tea.KeyLeft: "public"} {
		f := form(s)
		if press(f, code); f.field().Value() != want {
			t.Errorf("%s goes to %q, want %q", string(code), f.field().Value(), want)
		}
	}
}

// What can't be planned stays in the form, with the reason.
func TestFormRefusesWhatCannotBeMeant(t *testing.T) {
	s := subject()
	s.Conversation = model.Conversation{Title: "old", Labels: map[string]string{}}
	for kind, c := range map[model.EditKind]struct{ text, want string }{
		model.EditLabels: {"= won", "needs a name"},
	} {
		s.Kinds = []model.EditKind{kind}
		f := form(s)
		f.field().Set(c.text)
		if ch, err := f.Changes(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: changes %v, error %v; want an error with %q", kind, c.text, ch, err, c.want)
		}
	}
	s.Kinds = []model.EditKind{model.EditLabels}
	f := form(s)
	f.field().Set("stage = won\n\n")
	if ch, err := f.Changes(); err != nil || len(ch) != 1 || ch[0].Key != "stage" || ch[0].Base.Text != nil {
		t.Errorf("the first label: changes %+v, error %v; want one that sets stage", ch, err)
	}
}

func newConversation() *Form {
	about := model.Description{Account: "work", Name: "Kona", NewNeedsSpace: true, People: []model.LookupKind{model.LookupUsers}, DefaultRole: "viewer"}
	f := NewCreate(about, model.Capabilities{model.EditCreate: {State: model.CapabilityAssumed, Reason: "no page says so"}})
	f.Keys = keys.Keys(keymap.Form)
	return f
}

// A draft brings back everything that was filled in, also what was looked up.
func TestNewConversationIsReviewedAndRestored(t *testing.T) {
	f := newConversation()
	if s := ansi.Strip(strings.Join(f.Draw(mono, room).Lines, "\n")); !strings.Contains(s, "0 people  (enter opens the table)") ||
		!strings.Contains(s, "no page says so") {
		t.Errorf("what is assumed is not said in\n%s", s)
	}
	press(f, tea.KeyTab)
	p := press(f, tea.KeyEnter).(*Picker)
	answer(p, p.Ask(), model.LookupPage{Items: []model.Participant{{Kind: "space", ID: "s1", Name: "Projects"}}})
	press(p, tea.KeyEnter)
	press(f, tea.KeyTab)
	f.Update(tea.PasteMsg{Content: "A description"})
	press(f, tea.KeyTab)
	people := press(f, tea.KeyEnter).(*People)
	people.add("work", model.Participant{Kind: "user", ID: "7", Name: "Cy"})
	people.add("work", model.Participant{Kind: "group", ID: "8", Name: "Sales", Role: "editor"})
	if people.Need() != 0 {
		t.Error("the people of a conversation that is still to be created are to be read")
	}
	again := newConversation()
	again.Restore(f.Draft())
	for _, f := range []*Form{f, again} {
		f.at = 0 // the title
		f.Update(tea.PasteMsg{Content: "Kick-off"})
		n := f.New()
		if n.Title != "Kick-off" || n.Space != "s1" || n.Description != "A description" || len(n.People) != 2 || n.People[0].Role != "viewer" {
			t.Errorf("New() = %+v", n)
		}
		review := strings.Join(f.Review(), "\n")
		if strings.Contains(review, "message") {
			t.Errorf("an empty field is in the review\n%s", review)
		}
		for _, want := range []string{"account: work (Kona)", "space: Projects", "description: A description", "people: Cy (viewer), Sales (group) (editor)"} {
			if !strings.Contains(review, want) {
				t.Errorf("no %q in the review\n%s", want, review)
			}
		}
	}
	again = newConversation()
	for _, bad := range []string{"nonsense", "[1]", `{"title": 1}`} {
		if again.Restore(bad); again.touched() || strings.Contains(again.note, "draft") {
			t.Errorf("Restore took %q for a draft", bad)
		}
	}
}

// What was changed in a table of a form stays a part of the form.
func TestEscFromATableOfAFormKeepsItsChanges(t *testing.T) {
	s := subject()
	s.Several, s.Kinds = true, []model.EditKind{model.EditParticipants}
	f := form(s)
	e := press(f, tea.KeyEnter).(*People)
	e.Keys = keys.Keys(keymap.People)
	e.Update(loaded(ann, bob))
	if asks := press(e, 'x', tea.KeyEscape); asks != keymap.Back {
		t.Errorf("esc returned %v and says %q, want %v", asks, e.problem, keymap.Back)
	}
	if ch, _ := f.Changes(); len(ch) != 1 || ch[0].Op != model.OpRemove {
		t.Errorf("the form has the changes %+v, want the removal", ch)
	}
}

// Every option of a choice is in sight, however narrow the screen, and what is assumed is said for the field that takes keys.
func TestChoicesAreDrawnWhole(t *testing.T) {
	s := subject()
	s.Kinds = []model.EditKind{model.EditDefaultRole, model.EditPrivacy}
	s.About.DefaultRoleValues = []string{"editor", "viewer", "collaboration_complete"}
	s.Conversation.DefaultRole = "collaboration_complete"
	s.Capabilities[model.EditDefaultRole] = model.Capability{State: model.CapabilityAssumed, Reason: "no page says so"}
	f := form(s)
	press(f, tea.KeyTab)
	for _, w := range []int{140, 60, 40} {
		shown := ansi.Strip(strings.Join(f.Draw(mono, layout.Rect{W: w, H: 20}).Lines, "\n"))
		for _, want := range []string{"( ) editor", "( ) viewer", "(•) collaboration co", "no page says so"} {
			if !strings.Contains(shown, want) {
				t.Errorf("%d columns: no %q in\n%s", w, want, shown)
			}
		}
	}
	f.Update(tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift})
	if shown := strings.Join(f.Draw(mono, room).Lines, "\n"); strings.Contains(shown, "no page says so") {
		t.Errorf("what is assumed of another field is said for the privacy in\n%s", shown)
	}
}
