package edit

import (
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
)

func shown(e *People, w int) string {
	return ansi.Strip(strings.Join(e.Draw(mono, layout.Rect{W: w, H: 30}).Lines, "\n"))
}

func wantText(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A key that does nothing says why.
func TestTableSaysWhyAKeyDoesNothing(t *testing.T) {
	empty := NewPeople("x", model.EditContacts, true, model.Description{Account: "a"})
	empty.Keys = keys.Keys(keymap.People)
	noContacts := model.Conversation{Ref: model.Ref{Account: "a"}, Contacts: model.SetOf[model.Participant]()}
	empty.Update(Loaded{{Conversation: noContacts}})
	if press(empty, 'x', 'f', 'u', tea.KeyRight); empty.changed() {
		t.Error("a table without people has changes")
	}
	wantText(t, shown(empty, 80), "nobody yet: a adds somebody", "ctrl+s review  a add  esc back", "there is nobody here to give a role")

	contacts := NewPeople("x", model.EditContacts, false, model.Description{})
	contacts.Keys = keys.Keys(keymap.People)
	contacts.Update(Loaded{{Conversation: model.Conversation{Contacts: model.SetOf(ann)}}})
	press(contacts, 'r')
	wantText(t, shown(contacts, 80), "there is no role or status to choose here")

	alone := people() // kona has no directory here
	if asks := press(alone, 'a'); asks != nil {
		t.Errorf("a without a directory returned %v", asks)
	}
	wantText(t, shown(alone, 80), "the service has no directory to add people from")

	e := several()
	press(e, 'x', 'f')
	wantText(t, shown(e, 80), "Ann is to be removed: u takes that back")
	in := NewPeople("x", model.EditParticipants, true, kona)
	in.Keys = keys.Keys(keymap.People)
	in.Update(append(loaded(ann), loaded(ann)...))
	press(in, 'f')
	wantText(t, shown(in, 80), "Ann is in all of them already")
}

func TestTableThatCouldNotBeReadSaysWhy(t *testing.T) {
	e := NewPeople("x", model.EditParticipants, false, kona)
	e.Keys = keys.Keys(keymap.People)
	e.Update(Loaded{{Err: errors.New("no route")}})
	text := shown(e, 80)
	wantText(t, text, "no route", "r read again")
	if strings.Contains(text, "go on with the others") || strings.Contains(text, "of 1 conversation") {
		t.Errorf("one conversation has no others:\n%s", text)
	}
}

// A directory is limited to the space of the conversations only if they share one.
func TestDirectoriesAreThoseOfTheSpaceInCommon(t *testing.T) {
	about := model.Description{Account: "a", People: []model.LookupKind{model.LookupUsers}}
	other := model.Description{Account: "b", People: about.People}
	for want, spaces := range map[string][]string{"s1": {"s1", "s1"}, "": {"s1", "s2"}} {
		e := NewPeople("x", model.EditParticipants, true, about, other)
		e.Keys = keys.Keys(keymap.People)
		var all Loaded
		for _, space := range spaces {
			c := model.Conversation{Ref: model.Ref{Account: "a"}, Space: model.Named{ID: space}, Participants: model.SetOf(ann)}
			all = append(all, LoadResult{Conversation: c})
		}
		e.Update(all)
		p := press(e, 'a').(*Picker)
		if got := p.Ask().Request.Scope; got != want {
			t.Errorf("spaces %q: the directory is that of %q, want %q", spaces, got, want)
		}
		press(p, tea.KeyTab) // to the account of which no conversation is edited
		if got := p.Ask(); got.Account != "b" || got.Request.Scope != "" {
			t.Errorf("the second directory is asked with %+v", got)
		}
	}
}

// Where there is no room for both roles the new one is shown.
func TestNarrowTableShowsTheNewRole(t *testing.T) {
	e := several()
	press(e, 'r')
	text := shown(e, 40)
	wantText(t, text, "→ editor")
	if strings.Contains(text, "1 editor, 1 viewer →") {
		t.Errorf("want only the new role in\n%s", text)
	}
}
