package ui_test

import (
	"strings"
	"testing"
	"time"

	"confab/model"
	"confab/ui"
)

// The footer names the keys that work on the row under the cursor, and no others.
func TestFooterNamesOnlyKeysThatWork(t *testing.T) {
	f := newFake(conversations(8)...)
	with(t, f, start{w: 120, h: 30}, func(a *app) {
		foot := func() string { lines := a.Lines(); return lines[len(lines)-2] }
		want := func(where, shown string, hidden ...string) {
			t.Helper()
			if got := foot(); !strings.HasPrefix(got, " "+shown) {
				t.Errorf("%s: the footer is %q, want %q", where, got, shown)
			}
			for _, h := range hidden {
				if strings.Contains(foot(), h) {
					t.Errorf("%s: the footer names %q, want it left out: %q", where, h, foot())
				}
			}
		}
		want("a call", "enter open  space mark  p privacy  t rename  / filter  ctrl+p actions  ? help")
		a.Press("j")
		want("a Bird conversation", "enter open  space mark  p privacy  t rename  P people  s close  / filter  ", "contacts", "undo")
		a.Press("j")
		want("an engagement", "enter open  space mark  c contacts  / filter  ", "rename", "privacy", "people")
		a.Press("j")
		want("a Kona conversation", "enter open  space mark  t rename  P people  / filter  ", "privacy", "contacts", "close")
		a.Press("enter")
		want("an open one", "esc back  ] tab  J next  t rename  P people  / search  ", "privacy", "next match", "filter")
		a.Press("?")
		want("help", "", "esc back", "/ search")
		a.Press("esc", "esc", "g", "g", "space", "space")
		want("marks", "enter open  space mark  p make private  t rename  P people  s close  esc unmark  ")
		a.Press("esc", "g", "g", "p", "esc")
		want("after an act", "enter open  space mark  p privacy  t rename  u undo  / filter  ", "all rows")
		a.Press("u", "j", "k")
		want("once it is taken back", "enter open  space mark  p privacy  t rename  / filter  ")
		a.Press("/")
		a.Type("is:private")
		a.Press("enter", "j", "k")
		want("a filter", "enter open  space mark  p privacy  t rename  P people  s close  esc all rows  / filter  ")
	})
	f = newFake(conversations(2)...)
	f.outbox = []model.OutboxEntry{{Edit: model.Edit{ID: "1", Ref: ref(0), Kind: model.EditTitle, Target: model.TextValue("x")}, State: model.Refused}}
	with(t, f, start{w: 120, h: 30, options: ui.Options{ReadOnly: true}}, func(a *app) {
		a.Want("! settle  enter open  space mark  / filter  ctrl+p actions  ? help")
		a.Press("j")
		a.WantNot("! settle", "rename  ", "u undo")
		a.Press("b", "k")
		a.Want("u undo")
	})
}

// A held key redraws only the rows: the footer follows when the cursor rests.
func TestFooterWaitsForTheCursorToRest(t *testing.T) {
	w := &watch{}
	with(t, newFake(conversations(8)...), start{w: 120, h: 30, options: ui.Options{Layout: "off"}, watch: w}, func(a *app) {
		a.Press("j")
		a.Want("s close")
		a.Strike("j")
		a.Wait(100 * time.Millisecond)
		if drawn := w.drawn(); !strings.Contains(drawn, "3/8") || !strings.Contains(drawn, "s close") {
			t.Errorf("the footer changed before the cursor rested:\n%s", drawn)
		}
		a.Settle()
		a.Want("c contacts")
	})
}
