package edit

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

var room = layout.Rect{W: 90, H: 24}

func drawn(p *Picker) string {
	return strings.Join(p.Draw(theme.New(theme.Config{Name: "mono"}), room).Lines, "\n")
}

func page(from, to int, cursor string) model.LookupPage {
	p := model.LookupPage{Cursor: cursor}
	for i := from; i < to; i++ {
		p.Items = append(p.Items, model.Participant{Kind: model.KindUser, ID: fmt.Sprint(i), Name: fmt.Sprintf("Person %d", i), Email: fmt.Sprintf("p%d@example.com", i)})
	}
	return p
}

// picker makes a picker that stores what is chosen.
func picker(chosen *model.Participant, kinds ...model.LookupKind) *Picker {
	var directories []directory
	for _, k := range kinds {
		directories = append(directories, directory{kind: k})
	}
	return newPicker("Add", directories, func(_ string, p model.Participant) { *chosen = p })
}

func answer(p *Picker, asks any, page model.LookupPage) { p.Update(Found{Ask: asks.(Ask), Page: page}) }

// Enter takes nobody who was found for another text than the one typed by now.
func TestPickerWaitsForWhatIsTyped(t *testing.T) {
	var who model.Participant
	p := picker(&who, model.LookupUsers)
	answer(p, p.Ask(), page(0, 3, "next"))
	rest := press(p, 'z')
	if asks := press(p, tea.KeyEnter); asks != nil || who.ID != "" || !strings.Contains(drawn(p), "looking") {
		t.Errorf("enter returned %v and took %+v from\n%s", asks, who, drawn(p))
	}
	if asks := p.Update(layout.Wheel(3)); asks != nil {
		t.Errorf("the next page of the other text is asked for: %+v", asks)
	}
	answer(p, p.Update(rest), page(7, 8, ""))
	if asks := press(p, tea.KeyEnter); asks != keymap.Back || who.ID != "7" {
		t.Errorf("enter returned %v and took %+v, want Person 7", asks, who)
	}
}

func TestPickerReadsTheNextPageNearTheEnd(t *testing.T) {
	var who model.Participant
	p := picker(&who, model.LookupUsers)
	answer(p, p.Ask(), page(0, 3, "next"))
	if text := drawn(p); !strings.Contains(text, "3+ found") || !strings.Contains(text, "down reads more") {
		t.Errorf("the picker does not say that there is more:\n%s", text)
	}
	more, ok := p.Update(layout.Wheel(2)).(Ask)
	if !ok || more.Request.Cursor != "next" {
		t.Fatalf("the end of the list returned %+v, want an Ask for the next page", more)
	}
	if p.Update(layout.Wheel(1)) != nil {
		t.Error("the picker asks again while it waits for the next page")
	}
	if text := drawn(p); !strings.Contains(text, "reading more") {
		t.Errorf("no \"reading more\" in\n%s", text)
	}
	answer(p, more, page(3, 6, ""))
	if asks := press(p, tea.KeyEnter); who.ID != "3" || asks != keymap.Back {
		t.Errorf("enter chose %q and returned %v, want the first entry of the new page, 3", who.ID, asks)
	}
	if p.Update(layout.Wheel(5)) != nil {
		t.Error("the picker asks for a page beyond the last")
	}
	if text := drawn(p); !strings.Contains(text, "6 found") || strings.Contains(text, "more") {
		t.Errorf("want 6 found and nothing more, got\n%s", text)
	}
}

func TestPickerGoesOnAfterAnEmptyPage(t *testing.T) {
	p := picker(&model.Participant{}, model.LookupUsers)
	answer(p, p.Ask(), model.LookupPage{Cursor: "next"})
	if text := drawn(p); !strings.Contains(text, "nothing found so far") {
		t.Errorf("no \"nothing found so far\" in\n%s", text)
	}
	if press(p, tea.KeyDown) == nil {
		t.Error("down does not ask for the next page")
	}
	p.Update(Found{Ask: p.Ask(), Err: errors.New("no route")})
	if asks := press(p, tea.KeyDown); asks != nil {
		t.Errorf("after a first page that could not be read, down asks for a page of what was looked for before: %+v", asks)
	}
}

func TestPickerMarksTheMatches(t *testing.T) {
	p := picker(&model.Participant{}, model.LookupUsers)
	p.Update(p.Update(tea.PasteMsg{Content: "ÖHM"}))
	answer(p, p.Ask(), model.LookupPage{Items: []model.Participant{{ID: "1", Name: "Ann"}, {ID: "2", Name: "Georg Öhm", Email: "georg@ohm.example"}, {ID: "3", Name: "Bob"}}})
	th := theme.New(theme.Config{Name: "mono"})
	text := drawn(p)
	for _, want := range []string{th.Say(theme.Match, "Öhm"), th.Say(theme.Match, "ohm")} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, l := range p.Draw(th, room).Lines {
		if th.Width(l) != room.W {
			t.Errorf("a line is %d cells wide, want %d: %q", th.Width(l), room.W, ansi.Strip(l))
		}
	}
}

func TestNewConversationTakesAChannelOnlyWhereThereAreChannels(t *testing.T) {
	for provider, want := range map[string]bool{"one with channels": true, "one without": false} {
		f := NewCreate(model.Description{Name: provider, NewTakesChannel: want}, model.Capabilities{})
		f.Keys = keys.Keys(keymap.Form)
		f.Update(tea.PasteMsg{Content: "A title"})
		p, ok := press(f, tea.KeyTab, tea.KeyEnter).(*Picker)
		if ok != want {
			t.Fatalf("%s: enter opens a picker: %v, want %v", provider, ok, want)
		}
		if !ok {
			continue
		}
		ask := p.Ask()
		answer(p, ask, model.LookupPage{Items: []model.Participant{{Kind: string(ask.Request.Kind), ID: "ch1", Name: "Mail"}}})
		press(p, tea.KeyEnter)
		if n := f.New(); ask.Request.Kind != model.LookupChannels || n.Channel != "ch1" {
			t.Errorf("after choosing from the %s directory: got %+v, want channel ch1", ask.Request.Kind, n)
		}
		press(f, tea.KeyBackspace)
		if n := f.New(); n.Channel != "" {
			t.Errorf("after backspace: got %+v, want no channel", n)
		}
	}
}

func TestNewConversationRequiresASpaceWhereTheServiceNeedsOne(t *testing.T) {
	f := NewCreate(model.Description{Provider: model.Kona, Name: "Kona", NewNeedsSpace: true}, model.Capabilities{})
	f.Update(tea.PasteMsg{Content: "A title"})
	text := strings.Join(f.Draw(theme.New(theme.Config{Name: "mono"}), room).Lines, "\n")
	if !strings.Contains(text, "required: enter looks one up") {
		t.Errorf("the form does not say that a space is required:\n%s", text)
	}
	about := model.Description{Name: "Kona", NewNeedsSpace: true}
	caps := model.Capabilities{model.EditCreate: {State: model.CapabilityYes}}
	if it := model.PlanCreate(about, caps, f.New()); it.State != model.PlanBlocked || !strings.Contains(it.Reason, "needs a space") {
		t.Errorf("a plan without a space is %s: %s", it.State, it.Reason)
	}
}

// A service may have no directory of a kind, or not show it. An entry typed as KIND:ID can be
// chosen unless the directory finds others.
func TestPickerTakesATypedIDThatNoDirectoryShows(t *testing.T) {
	var q model.Participant
	p := picker(&q, model.LookupUsers, model.LookupFlows)
	press(p, tea.KeyTab)
	for text, want := range map[string]string{"": "", "0d5f1c0a": "", "user:0d5f1c0a": "", "flow:": "", "flow:0d5f1c0a": "0d5f1c0a"} {
		p.input = theme.NewInput("")
		p.Update(tea.PasteMsg{Content: text})
		answer(p, p.Ask(), model.LookupPage{})
		q = model.Participant{}
		ok := press(p, tea.KeyEnter) == keymap.Back
		if ok != (want != "") || q.ID != want {
			t.Errorf("typed %q: chose %+v, want %q", text, q, want)
		}
		said := "nobody found; flow:ID names one by id"
		if ok {
			said = "as typed, not looked up"
		}
		if text := drawn(p); !strings.Contains(text, said) {
			t.Errorf("no %q in\n%s", said, text)
		}
	}
	answer(p, p.Ask(), page(0, 2, ""))
	if press(p, tea.KeyEnter); q.ID != "0" {
		t.Errorf("chose %+v, want the first entry that the directory found", q)
	}
}

func TestPickerIsClosedAndClicked(t *testing.T) {
	var who model.Participant
	p := picker(&who, model.LookupUsers)
	answer(p, p.Ask(), page(0, 3, ""))
	pic := p.Draw(mono, room)
	for y := range pic.Inside.H {
		if strings.Contains(ansi.Strip(pic.Lines[pic.Inside.Y-pic.At.Y+y]), "Person 2") {
			if p.Update(layout.Click(y)) != nil || p.Update(layout.Click(y)) != keymap.Back || who.ID != "2" {
				t.Errorf("a second click chose %+v, want Person 2", who)
			}
		}
	}
	who = model.Participant{}
	if press(p, tea.KeyTab) != nil || press(p, tea.KeyEscape) != keymap.Back || who.ID != "" {
		t.Errorf("tab without a second directory, or esc, chose %+v", who)
	}
}

// The last line of a screen of 20 by 4 is for an entry, unless the directory can't be read.
func TestPickerOnALowScreen(t *testing.T) {
	var who model.Participant
	p := picker(&who, model.LookupUsers)
	low := func() string {
		return ansi.Strip(strings.Join(p.Draw(mono, layout.Rect{W: 20, H: 4}).Lines, "\n"))
	}
	wantText(t, low(), "looking")
	answer(p, p.Ask(), page(0, 3, ""))
	p.Update(layout.Wheel(1))
	wantText(t, low(), "/", "Person 1")
	if p.Update(layout.Click(1)) != keymap.Back || who.ID != "1" {
		t.Errorf("a click on the only entry in sight chose %+v, want Person 1", who)
	}
	p.Update(Found{Ask: p.Ask(), Err: errors.New("no route")})
	wantText(t, low(), "no route")
}

// The directories of several accounts stand under their accounts.
func TestPickerSaysWhereItLooksAndWhatItFinds(t *testing.T) {
	choose := func(string, model.Participant) {}
	p := newPicker("Add", []directory{{"work", model.LookupUsers, ""}, {"work", model.LookupGroups, ""}, {"home", model.LookupUsers, ""}}, choose)
	wantText(t, ansi.Strip(drawn(p)), "work: users  groups  home: users  looking")
	p = newPicker("Add", []directory{{"work", model.LookupUsers, ""}, {"work", model.LookupGroups, ""}}, choose)
	wantText(t, ansi.Strip(drawn(p)), "│ users  groups  looking")
	answer(p, p.Ask(), page(0, 2, ""))
	p.Update(Found{Ask: p.Ask(), Err: errors.New("no route")})
	wantText(t, ansi.Strip(drawn(p)), "users  groups  no route", "Person 1")
	p = newPicker("Choose a channel", []directory{{"work", model.LookupChannels, ""}}, choose)
	answer(p, p.Ask(), model.LookupPage{})
	if text := ansi.Strip(drawn(p)); !strings.Contains(text, "channels  nothing found") || strings.Contains(text, "by id") {
		t.Errorf("want only \"nothing found\" in\n%s", text)
	}
}

// What is typed is looked up once typing rests, for the text as it is then.
func TestPickerAsksWhenTypingRests(t *testing.T) {
	p := picker(nil, model.LookupUsers)
	first, second := press(p, 'a').(Ask), press(p, 'n').(Ask)
	if asks := p.Update(first); asks != nil || !first.Wait {
		t.Errorf("a rest before the last letter returned %v, want nothing", asks)
	}
	if ask, ok := p.Update(second).(Ask); !ok || ask.Wait || ask.Request.Text != "an" {
		t.Errorf("a rest after the last letter returned %+v, want a request for %q", ask, "an")
	}
}
