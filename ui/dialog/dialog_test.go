package dialog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

var th = theme.New(theme.Config{Name: "mono"})

func names(c keymap.Context) keymap.Names {
	m, _ := keymap.New(nil)
	return m.Names(c)
}

func text(p layout.Picture) string { return ansi.Strip(strings.Join(p.Lines, "\n")) }

// key tells where the footer names a key; false where it does not.
func key(p layout.Picture, name string) (layout.KeyHit, bool) {
	for _, k := range p.Keys {
		if k.Key == name {
			return k, true
		}
	}
	return layout.KeyHit{}, false
}

func change(risks ...model.Risk) model.Plan {
	ref := model.Ref{Account: "a", ID: "1"}
	return model.Plan{Title: "Edit", Items: []model.PlanItem{{Ref: ref, Title: "Talk", State: model.PlanChange, Risks: risks,
		Edits: []model.Edit{{Ref: ref, Kind: model.EditTitle, Base: model.TextValue("a"), Target: model.TextValue("b")}}}}}
}

func TestDefaultIsNoForAnythingRiskyOrSeveral(t *testing.T) {
	several := change()
	several.Items = append(several.Items, several.Items[0])
	for name, c := range map[string]struct {
		plan model.Plan
		want bool
	}{"plain": {change(), true}, "risky": {change(model.Risk{Text: "x"}), false}, "several": {several, false}} {
		d := NewPlan(c.plan)
		d.Keys, d.DefaultYes = names(keymap.Dialog), true
		if d.Default() != c.want {
			t.Errorf("%s: enter means %v", name, d.Default())
		}
		if got := strings.Contains(text(d.Draw(th, layout.Rect{W: 80, H: 24})), "yes (enter)"); got != c.want {
			t.Errorf("%s: yes is drawn as the default: %v", name, got)
		}
	}
}

func TestTheSecondQuestion(t *testing.T) {
	if d := NewPlan(change(model.Risk{Text: "removes Ann"})); d.AskAgain() {
		t.Error("what is asked once is asked twice")
	}
	d := NewPlan(change(model.Risk{Text: "clears every contact", Twice: true}))
	d.Keys = names(keymap.Dialog)
	if !d.AskAgain() || !d.Loud() || d.AskAgain() {
		t.Error("it is not asked exactly twice")
	}
	if s := text(d.Draw(th, layout.Rect{W: 80, H: 24})); !strings.Contains(s, "Really?") || !strings.Contains(s, "Are you sure?") {
		t.Error(s)
	}
	d.NeedsWord("Talk", "delete")
	for typed, want := range map[string]bool{"": false, "y": false, "Delete": false, "delete": true, " Talk ": true} {
		d.input.Set("")
		d.Paste(typed)
		if d.Typed() != want {
			t.Errorf("%q is taken: %v", typed, d.Typed())
		}
	}
}

func TestTheQuestionStaysInSightOfALongPlan(t *testing.T) {
	p := change()
	for i := range 60 {
		it := p.Items[0]
		it.Title = fmt.Sprintf("Talk %d", i)
		p.Items = append(p.Items, it)
	}
	d := NewPlan(p)
	d.Keys = names(keymap.Dialog)
	for _, size := range [][2]int{{40, 12}, {80, 24}} {
		at := layout.Rect{W: size[0], H: size[1]}
		for range 3 {
			pic := d.Draw(th, at)
			if s := text(pic); !strings.Contains(s, "Send these 61 changes?") {
				t.Errorf("%v:\n%s", size, s)
			}
			if _, ok := key(pic, "y"); !ok {
				t.Errorf("%v: the answer is not named", size)
			}
			d.Scroll(40)
		}
	}
}

func TestKeysOfTheFooterAreWhereTheyAreDrawn(t *testing.T) {
	d := NewPlan(change())
	d.Keys = names(keymap.Dialog)
	for _, size := range [][2]int{{20, 5}, {40, 12}, {80, 24}} {
		pic := d.Draw(th, layout.Rect{W: size[0], H: size[1]})
		for _, k := range pic.Keys {
			line := ansi.Strip(pic.Lines[k.At.Y-pic.At.Y])
			runes := []rune(line)
			if got := string(runes[k.At.X-pic.At.X:][:len([]rune(k.Key))]); got != k.Key {
				t.Errorf("%v: %q is said to be where %q is", size, k.Key, got)
			}
		}
		if _, ok := key(pic, "n"); !ok {
			t.Errorf("%v: no is not named: %v", size, pic.Keys)
		}
	}
}

func TestMenu(t *testing.T) {
	d := &Menu{Title: "Which?", Text: []string{"A question", "of two lines"}}
	for i := range 12 {
		d.Items = append(d.Items, Item{Key: fmt.Sprint(i), Label: fmt.Sprintf("choice %d", i)})
	}
	d.Move(-1)
	if d.At() != 11 || d.Find("7") != 7 || d.Find("x") != -1 {
		t.Error("moving or finding went wrong")
	}
	pic := d.Draw(th, layout.Rect{W: 40, H: 10})
	if s := text(pic); !strings.Contains(s, "choice 11") {
		t.Errorf("what is under the bar is out of sight:\n%s", s)
	}
	for y := range pic.Inside.H {
		line := ansi.Strip(pic.Lines[pic.Inside.Y-pic.At.Y+y])
		if i, ok := d.ItemAt(y); ok && !strings.Contains(line, fmt.Sprintf("choice %d", i)) {
			t.Errorf("line %d is %q, not choice %d", y, line, i)
		}
	}
	for _, y := range []int{-1, 40} {
		if i, ok := d.ItemAt(y); ok {
			t.Errorf("line %d is choice %d", y, i)
		}
	}
}

func TestResultsCountAndReport(t *testing.T) {
	d := Results{Title: "Make private", Keys: names(keymap.Dialog), Items: []Result{
		{Title: "one", State: model.Done}, {Title: "two\x1b[31m", State: model.Refused, Error: &model.EntryError{Kind: model.Forbidden, Message: "you may\x1b[2J not"}},
		{Title: "three", State: model.RetryAt}}}
	if got := d.Line(); got != "1 done, 1 need you, 1 on their way" {
		t.Error(got)
	}
	pic := d.Draw(th, layout.Rect{W: 80, H: 24})
	for _, k := range []string{"r", "x", "w", "esc"} {
		if _, ok := key(pic, k); !ok {
			t.Errorf("%s is not offered", k)
		}
	}
	for _, s := range []string{text(pic), d.Report(th)} {
		if !strings.Contains(s, "you may") || strings.ContainsAny(s, "\x1b\x07") {
			t.Errorf("%q", s)
		}
	}
}

func TestConflictOffersOnlyWhatThereIs(t *testing.T) {
	theirs := model.TextValue("theirs")
	e := model.OutboxEntry{Edit: model.Edit{Kind: model.EditTitle, Base: model.TextValue("a"), Target: model.TextValue("b")}, Title: "Talk", State: model.InConflict, Theirs: &theirs}
	d := NewConflict(e)
	d.Keys, d.OutboxKeys = names(keymap.Dialog), names(keymap.Outbox)
	pic := d.Draw(th, layout.Rect{W: 80, H: 24})
	if _, ok := key(pic, "g"); ok || d.CanMerge() {
		t.Error("a title can be merged")
	}
	if s := text(pic); !strings.Contains(s, "theirs") || !strings.Contains(s, "Somebody else changed this") {
		t.Error(s)
	}
	e.State = model.Refused
	d = NewConflict(e)
	d.Keys, d.OutboxKeys = names(keymap.Dialog), names(keymap.Outbox)
	pic = d.Draw(th, layout.Rect{W: 80, H: 24})
	if _, ok := key(pic, "m"); ok {
		t.Error("a refused edit can be settled as if it were a conflict")
	}
	if _, ok := key(pic, "x"); !ok {
		t.Error("a refused edit can't be discarded")
	}
}

func TestEveryDialogFitsEverySize(t *testing.T) {
	keys := names(keymap.Dialog)
	plan := NewPlan(change(model.Risk{Text: strings.Repeat("a long risk ", 20), Twice: true}))
	plan.Keys = keys
	typing := NewPlan(change())
	typing.NeedsWord("delete")
	prompt := NewPrompt("Rename", "世界 🧑‍🚀 title", "help")
	menu := &Menu{Title: "t", Items: []Item{{Label: "a", Off: "why"}}}
	results := &Results{Items: []Result{{Title: "x", State: model.Done}}, Keys: keys}
	textual := &Text{Title: "t", Lines: []string{"some lines"}}
	for name, draw := range map[string]func(*theme.Theme, layout.Rect) layout.Picture{"plan": plan.Draw, "typing": typing.Draw,
		"prompt": prompt.Draw, "menu": menu.Draw, "results": results.Draw, "text": textual.Draw, "progress": (&Progress{Title: "t", Total: 9}).Draw} {
		for w := 1; w < 130; w += 3 {
			for h := 1; h < 30; h += 2 {
				p := draw(th, layout.Rect{W: w, H: h})
				if p.At.W > w || p.At.H > h || len(p.Lines) != p.At.H {
					t.Fatalf("%s at %dx%d is %dx%d with %d lines", name, w, h, p.At.W, p.At.H, len(p.Lines))
				}
				for _, l := range p.Lines {
					if th.Width(l) > w {
						t.Fatalf("%s at %dx%d: %q", name, w, h, l)
					}
				}
			}
		}
	}
}
