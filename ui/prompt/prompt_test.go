package prompt

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"confab/model/query"
	"confab/ui/theme"
)

var keys = map[string]tea.KeyPressMsg{
	"tab": {Code: tea.KeyTab}, "shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift}, "enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape},
	"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "backspace": {Code: tea.KeyBackspace},
	"ctrl+u": {Code: 'u', Mod: tea.ModCtrl},
}

// press types keys, and returns what the last one asks for.
func press(p *Prompt, names ...string) (asks Asks) {
	for _, name := range names {
		k, named := keys[name]
		if !named {
			k = tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
		}
		asks = p.Update(k)
	}
	return asks
}

func answer(p *Prompt, ask *Request, texts ...string) Asks {
	o := Offers{Request: *ask}
	for _, text := range texts {
		o.List = append(o.List, query.Completion{Text: text, End: len(ask.Text)})
	}
	return p.Update(o)
}

// applied returns the filter that is to be applied, "nothing" if none is.
func applied(asks Asks) string {
	if asks.Apply == nil {
		return "nothing"
	}
	return *asks.Apply
}

func TestKeysAfterATabWaitForTheCompletions(t *testing.T) {
	p := New(Filter, "")
	p.Ask()
	asks := press(p, "i", "tab")
	if asks.Offers == nil || asks.Offers.Text != "i" || asks.Offers.Cursor != 1 {
		t.Fatalf("tab asks for completions of %+v, want those of i", asks.Offers)
	}
	if held := press(p, "x", "enter"); held.Done || p.Text() != "i" {
		t.Errorf("keys after the tab acted at once: the text is %q, done %v", p.Text(), held.Done)
	}
	asks = answer(p, asks.Offers, "is:private", "is:public")
	if p.Text() != "is:private" || applied(asks) != "is:private" || len(asks.Held) != 2 {
		t.Errorf("the tab made %q, applied %s and returned %d keys; want is:private twice and both keys", p.Text(), applied(asks), len(asks.Held))
	}
	if press(p, "tab"); p.Text() != "is:public" {
		t.Errorf("a second tab made %q, want the next completion", p.Text())
	}
	if press(p, "shift+tab", "shift+tab"); p.Text() != "is:public" {
		t.Errorf("two steps back made %q, want the last completion", p.Text())
	}
}

func TestATabWhileCompletionsAreRead(t *testing.T) {
	p := New(Filter, "")
	asks := p.Ask()
	if press(p, "shift+tab"); p.Text() != "" {
		t.Errorf("the tab made %q before the completions were there", p.Text())
	}
	p.Update(tea.PasteMsg{Content: " more"})
	early := Offers{Request: *asks.Offers, More: true, List: []query.Completion{{Text: "is:done"}}}
	if p.Update(early); p.Text() != "" {
		t.Errorf("the tab took %q of completions that will be replaced", p.Text())
	}
	asks = answer(p, asks.Offers, "is:private", "is:public")
	if p.Text() != "is:public" || len(asks.Held) != 1 {
		t.Errorf("the tab made %q and returned %d inputs; want the last completion and the pasted text", p.Text(), len(asks.Held))
	}
	none := p.Ask().Offers
	answer(p, none)
	if press(p, "tab"); p.Text() != "is:public" {
		t.Errorf("a tab without completions made %q", p.Text())
	}
}

func TestAnswersToEarlierRequestsAreDropped(t *testing.T) {
	p := New(Command, "")
	first := p.Ask().Offers
	rest := *press(p, "c").Offers
	if answer(p, first, "archive"); len(p.offers) > 0 {
		t.Error("the completions of an earlier text are shown")
	}
	press(p, "o")
	if asks := p.Update(rest); asks.Offers != nil {
		t.Error("completions are asked for although typing went on")
	}
}

func TestAProblemIsShownOnceTypingRests(t *testing.T) {
	th := theme.New(theme.Config{})
	help := func(p *Prompt) string { return ansi.Strip(p.DrawHelp(th, 60, "", query.Completion{})) }
	p := New(Filter, "")
	asks := press(p, "i", "s", ":", "n", "o", "x", "x", " ")
	if applied(asks) != "nothing" {
		t.Errorf("a wrong filter is applied: %s", applied(asks))
	}
	if got := help(p); got[:3] != "   " {
		t.Errorf("a typed letter changed the line below: %q", got)
	}
	answer(p, p.Update(*asks.Offers).Offers)
	if got := help(p); !slices.Contains([]byte(got), '^') {
		t.Errorf("the problem is not shown: %q", got)
	}
	if asks := press(p, "enter"); asks.Done || !p.refused {
		t.Error("enter took a wrong filter")
	}
}

// The sign of a problem stands below the place, whatever is wide before it, scrolled away or too long beside it; and what was
// probably meant is read first.
func TestAProblemPointsAtItsPlace(t *testing.T) {
	th := theme.New(theme.Config{})
	for _, c := range []struct{ text, want string }{
		{"is:opne", "    ^ did you mean is:open? is:opne means n…"},
		{"会議 is:opne", "         ^ did you mean is:open? is:opne me…"},
		{"updated:<7d is:private (renewal", "this parenthesis is ne… ^"},
		{"title:x is:private updated:<2026-01-0 sort:title", " ^ a date is 2026-01-31, 2026-01, 2026, tod…"},
		{"renewal pricing is:private with:grace with:owen is:opne", "                  ^ did you mean is:open? i…"},
	} {
		p := New(Filter, c.text)
		asks := press(p, " ", "backspace")
		if asks.Offers != nil {
			answer(p, p.Update(*asks.Offers).Offers)
		}
		line, _ := p.Draw(th, 44)
		help := strings.TrimRight(ansi.Strip(p.DrawHelp(th, 44, "", query.Completion{})), " ")
		if help != c.want {
			t.Errorf("%s\n%s\n%s\nwant\n%s", c.text, ansi.Strip(line), help, c.want)
		}
		press(p, "ctrl+u") // the problem stays until typing rests, beyond the end of the text
		if help = ansi.Strip(p.DrawHelp(th, 44, "", query.Completion{})); !strings.HasPrefix(help, " ^ ") {
			t.Errorf("%s\n%s\nwant the sign at the start of the empty line", c.text, help)
		}
	}
}

func TestArrowsRecallThenMove(t *testing.T) {
	p := New(Filter, "")
	p.Update(Past{"", "is:private", "budget"})
	for _, step := range []struct{ key, text string }{{"up", "budget"}, {"up", "is:private"}, {"up", "is:private"}, {"down", "budget"}, {"down", ""}} {
		if press(p, step.key); p.Text() != step.text {
			t.Errorf("%s shows %q, want %q", step.key, p.Text(), step.text)
		}
	}
	if asks := press(p, "down"); !asks.Down {
		t.Error("down from the present text does not move the cursor of the list")
	}
	p.Update(Moved(1))
	if asks := press(p, "up"); asks.Move != -1 || p.Text() != "" {
		t.Errorf("up after that moves by %d and shows %q, want the cursor to go back", asks.Move, p.Text())
	}
	if press(p, "up"); p.Text() != "budget" {
		t.Errorf("another up shows %q, want the past text", p.Text())
	}
}

func TestASearchAppliesEachLetter(t *testing.T) {
	p := New(Search, "")
	if asks := press(p, "a", "b"); applied(asks) != "ab" || asks.Offers != nil {
		t.Errorf("typing a search applies %s and asks for completions %v; want ab and none", applied(asks), asks.Offers)
	}
	if asks := press(p, "tab"); asks.Offers != nil {
		t.Error("a search asks for completions")
	}
	if !press(p, "esc").Cancelled {
		t.Error("escape does not cancel")
	}
}

// A letter that changes the list brings its completions with the list: a screen that is redrawn anyway is drawn once.
func TestCompletionsComeWithTheList(t *testing.T) {
	p := New(Filter, "")
	if asks := press(p, "b"); asks.Offers == nil || !asks.Offers.Wait {
		t.Errorf("a letter asks for %+v, want completions once typing rests", asks.Offers)
	}
	if asks := p.Update(Resized{}); asks.Offers == nil || asks.Offers.Wait {
		t.Errorf("a list of another size asks for %+v, want completions at once", asks.Offers)
	}
}
