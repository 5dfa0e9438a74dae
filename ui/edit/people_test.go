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

// Below the table stands where the person under the cursor is, and what was left out of it.
func TestTableSaysWhereSomebodyIs(t *testing.T) {
	e := several()
	wantText(t, shown(e, 100), "editor in A; viewer in B; not in C (f adds them there)")
	press(e, 'f')
	wantText(t, shown(e, 100), "to be added to C")
	press(e, 'j')
	wantText(t, shown(e, 100), "viewer in A, B; not in C")

	off := NewPeople("x", model.EditParticipants, true, kona)
	off.Update(append(loaded(ann), LoadResult{Off: "no call for it"}))
	wantText(t, shown(off, 80), "1 can't: no call for it")

	contacts := NewPeople("x", model.EditContacts, false, kona)
	room := model.Participant{Kind: model.KindRoom, ID: "9", Name: "Room 4"}
	contacts.Update(Loaded{{Conversation: model.Conversation{Contacts: model.SetOf(ann), Participants: model.SetOf(room)}}})
	wantText(t, shown(contacts, 80), "Calendar resources: not contacts, left as they are", "Room 4")

	groups := NewPeople("x", model.EditParticipants, false, kona)
	groups.Update(loaded(model.Participant{Kind: model.KindGroup, ID: "9", Name: "Sales", Members: 3}))
	wantText(t, shown(groups, 80), "Sales  group, 3 people")
	wantText(t, shown(groups, 40), "Sales (group, 3 people)")
}

func TestTableIsSubmittedAndForgetsWhoWasAddedAndRemoved(t *testing.T) {
	e := people()
	e.add("", dee)
	press(e, 'x')
	if text := shown(e, 80); strings.Contains(text, "Dee") || e.changed() {
		t.Errorf("somebody who was added and removed again is still in\n%s", text)
	}
	if asks := e.Update(tea.KeyPressMsg{Code: 's', Mod: tea.ModCtrl}); asks != keymap.Submit {
		t.Errorf("ctrl+s returned %v, want %v", asks, keymap.Submit)
	}
	plain := NewPeople("x", model.EditParticipants, false, model.Description{})
	plain.Keys = keys.Keys(keymap.People)
	plain.Update(loaded(ann))
	press(plain, 'r')
	wantText(t, shown(plain, 80), "there is no role or status to choose here")
}
