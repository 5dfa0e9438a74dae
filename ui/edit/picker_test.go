package edit

import (
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

func found(from, to int, cursor string) model.LookupPage {
	page := model.LookupPage{Cursor: cursor}
	for i := from; i < to; i++ {
		page.Items = append(page.Items, model.Participant{Kind: model.KindUser, ID: fmt.Sprint(i), Name: fmt.Sprintf("Person %d", i), Email: fmt.Sprintf("p%d@example.com", i)})
	}
	return page
}

// picker is a picker that puts who is chosen into who.
func picker(who *model.Participant, kinds ...model.LookupKind) *Picker {
	var directories []directory
	for _, k := range kinds {
		directories = append(directories, directory{kind: k})
	}
	return newPicker("Add", directories, func(_ string, p model.Participant) { *who = p })
}

// answer answers what a picker asks for.
func answer(p *Picker, asks any, page model.LookupPage) { p.Update(Found{Ask: asks.(Ask), Page: page}) }

func TestPickerPagesOn(t *testing.T) {
	var who model.Participant
	p := picker(&who, model.LookupUsers)
	answer(p, p.Ask(), found(0, 3, "next"))
	if text := drawn(p); !strings.Contains(text, "3+ found") || !strings.Contains(text, "down reads more") {
		t.Error(text)
	}
	more, ok := p.Update(layout.Wheel(2)).(Ask)
	if !ok || more.Request.Cursor != "next" {
		t.Fatalf("the end of the list does not ask for more: %+v", more)
	}
	if p.Update(layout.Wheel(1)) != nil {
		t.Error("it asks again while the next page is on its way")
	}
	if text := drawn(p); !strings.Contains(text, "reading more") {
		t.Error(text)
	}
	answer(p, more, found(3, 6, ""))
	if asks := strike(p, tea.KeyEnter); who.ID != "3" || asks != keymap.Back {
		t.Errorf("the bar is on %s, not on the first of the new page: %v", who.ID, asks)
	}
	if p.Update(layout.Wheel(5)) != nil {
		t.Error("it asks beyond the end")
	}
	if text := drawn(p); !strings.Contains(text, "6 found") || strings.Contains(text, "more") {
		t.Error(text)
	}
}

func TestPickerGoesOnWhereAPageHasNothing(t *testing.T) {
	p := picker(&model.Participant{}, model.LookupUsers)
	answer(p, p.Ask(), model.LookupPage{Cursor: "next"})
	if text := drawn(p); !strings.Contains(text, "nothing found so far") {
		t.Error(text)
	}
	if strike(p, tea.KeyDown) == nil {
		t.Error("there is no way to the next page")
	}
}

func TestPickerShowsWhereItMatched(t *testing.T) {
	p := picker(&model.Participant{}, model.LookupUsers)
	p.Update(p.Update(tea.PasteMsg{Content: "ÖHM"}))
	answer(p, p.Ask(), model.LookupPage{Items: []model.Participant{{ID: "1", Name: "Ann"}, {ID: "2", Name: "Georg Öhm", Email: "georg@ohm.example"}, {ID: "3", Name: "Bob"}}})
	th := theme.New(theme.Config{Name: "mono"})
	text := drawn(p)
	for _, want := range []string{th.Say(theme.Match, "Öhm"), th.Say(theme.Match, "ohm")} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not marked in\n%s", want, text)
		}
	}
	for _, l := range p.Draw(th, room).Lines {
		if th.Width(l) != room.W {
			t.Errorf("%d cells: %q", th.Width(l), ansi.Strip(l))
		}
	}
}

func TestCreateOffersAChannelOnlyWhereThereAreChannels(t *testing.T) {
	for provider, want := range map[string]bool{"one with channels": true, "one without": false} {
		f := NewCreate(model.Description{Name: provider, NewTakesChannel: want}, model.Capabilities{})
		f.Keys = keys.Keys(keymap.Form)
		f.Update(tea.PasteMsg{Content: "A title"})
		p, ok := strike(f, tea.KeyTab, tea.KeyEnter).(*Picker)
		if ok != want {
			t.Fatalf("%s: a channel can be picked: %v", provider, ok)
		}
		if !ok {
			continue
		}
		ask := p.Ask()
		answer(p, ask, model.LookupPage{Items: []model.Participant{{Kind: string(ask.Request.Kind), ID: "ch1", Name: "Mail"}}})
		strike(p, tea.KeyEnter)
		if n, err := f.New(); ask.Request.Kind != model.LookupChannels || n.Channel != "ch1" || err != nil {
			t.Errorf("%s: %+v, %v", ask.Request.Kind, n, err)
		}
		strike(f, tea.KeyBackspace)
		if n, err := f.New(); n.Channel != "" || err != nil {
			t.Errorf("%+v, %v", n, err)
		}
	}
}

func TestASpaceIsRequiredWhereTheServiceNeedsOne(t *testing.T) {
	f := NewCreate(model.Description{Provider: model.Kona, Name: "Kona", NewNeedsSpace: true}, model.Capabilities{})
	f.Update(tea.PasteMsg{Content: "A title"})
	text := strings.Join(f.Draw(theme.New(theme.Config{Name: "mono"}), room).Lines, "\n")
	if !strings.Contains(text, "required: enter looks one up") {
		t.Error(text)
	}
	if _, err := f.New(); err == nil || !strings.Contains(err.Error(), "needs a space") {
		t.Errorf("%v", err)
	}
}

// A service may have no directory of a kind, or not show it: who is named by
// kind and id is taken at that word, and nobody else is offered.
func TestPickerTakesAnIDThatNoDirectoryShows(t *testing.T) {
	var q model.Participant
	p := picker(&q, model.LookupUsers, model.LookupFlows)
	strike(p, tea.KeyTab)
	for text, want := range map[string]string{"": "", "0d5f1c0a": "", "user:0d5f1c0a": "", "flow:": "", "flow:0d5f1c0a": "0d5f1c0a"} {
		p.input = theme.NewInput("")
		p.Update(tea.PasteMsg{Content: text})
		answer(p, p.Ask(), model.LookupPage{})
		q = model.Participant{}
		ok := strike(p, tea.KeyEnter) == keymap.Back
		if ok != (want != "") || q.ID != want {
			t.Errorf("%q: %+v", text, q)
		}
		said := "nobody found; flow:ID names one by id"
		if ok {
			said = "as typed, not looked up"
		}
		if text := drawn(p); !strings.Contains(text, said) {
			t.Error(text)
		}
	}
	answer(p, p.Ask(), found(0, 2, ""))
	if strike(p, tea.KeyEnter); q.ID != "0" {
		t.Errorf("what the directory found gives way to %+v", q)
	}
}
