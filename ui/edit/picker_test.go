package edit

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

var room = layout.Rect{W: 90, H: 24}

func drawn(p *Picker) string {
	return strings.Join(p.Draw(theme.New(theme.Config{Name: "mono"}), room, nil).Lines, "\n")
}

func found(from, to int, cursor string) model.LookupPage {
	page := model.LookupPage{Cursor: cursor}
	for i := from; i < to; i++ {
		page.Items = append(page.Items, model.Participant{Kind: model.KindUser, ID: fmt.Sprint(i), Name: fmt.Sprintf("Person %d", i), Email: fmt.Sprintf("p%d@example.com", i)})
	}
	return page
}

func TestPickerPagesOn(t *testing.T) {
	p := NewPicker("Add", []model.LookupKind{model.LookupUsers}, "")
	p.Request(false)
	p.Take(found(0, 3, "next"), false, "")
	if text := drawn(p); !strings.Contains(text, "3+ found") || !strings.Contains(text, "down reads more") {
		t.Error(text)
	}
	if !p.Move(2) {
		t.Fatal("the end of the list does not ask for more")
	}
	if req := p.Request(true); req.Cursor != "next" {
		t.Errorf("%+v", req)
	}
	if p.Move(1) {
		t.Error("it asks again while the next page is on its way")
	}
	if text := drawn(p); !strings.Contains(text, "reading more") {
		t.Error(text)
	}
	p.Take(found(3, 6, ""), true, "")
	if q, _ := p.Chosen(); q.ID != "3" {
		t.Errorf("the bar is on %s, not on the first of the new page", q.ID)
	}
	if p.Move(5) {
		t.Error("it asks beyond the end")
	}
	if text := drawn(p); !strings.Contains(text, "6 found") || strings.Contains(text, "more") {
		t.Error(text)
	}
}

func TestPickerGoesOnWhereAPageHasNothing(t *testing.T) {
	p := NewPicker("Add", []model.LookupKind{model.LookupUsers}, "")
	p.Take(model.LookupPage{Cursor: "next"}, false, "")
	if text := drawn(p); !strings.Contains(text, "nothing found so far") {
		t.Error(text)
	}
	if !p.Move(1) {
		t.Error("there is no way to the next page")
	}
}

func TestPickerShowsWhereItMatched(t *testing.T) {
	p := NewPicker("Add", []model.LookupKind{model.LookupUsers}, "")
	p.Paste("ÖHM")
	p.Take(model.LookupPage{Items: []model.Participant{{ID: "1", Name: "Ann"}, {ID: "2", Name: "Georg Öhm", Email: "georg@ohm.example"}, {ID: "3", Name: "Bob"}}}, false, "")
	th := theme.New(theme.Config{Name: "mono"})
	text := drawn(p)
	for _, want := range []string{th.Say(theme.Match, "Öhm"), th.Say(theme.Match, "ohm")} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not marked in\n%s", want, text)
		}
	}
	for _, l := range p.Draw(th, room, nil).Lines {
		if th.Width(l) != room.W {
			t.Errorf("%d cells: %q", th.Width(l), ansi.Strip(l))
		}
	}
}

func TestCreateOffersAChannelOnlyWhereThereAreChannels(t *testing.T) {
	for provider, want := range map[string]bool{"one with channels": true, "one without": false} {
		f := NewCreate(model.Description{Name: provider, NewTakesChannel: want}, model.Capabilities{})
		f.Paste("A title")
		f.Move(1)
		kind, ok := f.Pick()
		if ok != want {
			t.Fatalf("%s: a channel can be picked: %v", provider, ok)
		}
		if !ok {
			continue
		}
		f.Picked(model.Participant{Kind: string(kind), ID: "ch1", Name: "Mail"})
		if n, err := f.New(); kind != model.LookupChannels || n.Channel != "ch1" || err != nil {
			t.Errorf("%s: %+v, %v", kind, n, err)
		}
		backspace := tea.KeyPressMsg{Code: tea.KeyBackspace}
		if !f.Key(backspace) {
			t.Error("what was picked can't be taken back")
		}
		if n, err := f.New(); n.Channel != "" || err != nil {
			t.Errorf("%+v, %v", n, err)
		}
	}
}

func TestASpaceIsRequiredWhereTheServiceNeedsOne(t *testing.T) {
	f := NewCreate(model.Description{Provider: model.Kona, Name: "Kona", NewNeedsSpace: true}, model.Capabilities{})
	f.Paste("A title")
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
	p := NewPicker("Add", []model.LookupKind{model.LookupUsers, model.LookupFlows}, "")
	p.NextKind(1)
	for text, want := range map[string]string{"": "", "0d5f1c0a": "", "user:0d5f1c0a": "", "flow:": "", "flow:0d5f1c0a": "0d5f1c0a"} {
		p.input = theme.NewInput("")
		p.Paste(text)
		p.Request(false)
		p.Take(model.LookupPage{}, false, "")
		q, ok := p.Chosen()
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
	p.Take(found(0, 2, ""), false, "")
	if q, _ := p.Chosen(); q.ID != "0" {
		t.Errorf("what the directory found gives way to %+v", q)
	}
}
