package dialog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

var th = theme.New(theme.Config{Name: "mono"})

func keysOf(c ...keymap.Context) *keymap.Keys {
	m, _ := keymap.New(nil)
	return m.Keys(c...)
}

func at(now time.Time) func() time.Time { return func() time.Time { return now } }

func text(p layout.Picture) string { return ansi.Strip(strings.Join(p.Lines, "\n")) }

// key returns the place of a key in the footer.
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
		d.Keys, d.DefaultYes = keysOf(keymap.Dialog), true
		if d.enterIsYes() != c.want {
			t.Errorf("%s plan: enterIsYes() = %v, want %v", name, d.enterIsYes(), c.want)
		}
		if got := strings.Contains(text(d.Draw(th, layout.Rect{W: 80, H: 24})), "send it (enter)"); got != c.want {
			t.Errorf("%s plan: yes is drawn as the default: %v, want %v", name, got, c.want)
		}
	}
}

// A group that several risks share is risky as long as one of its items is included, even
// though one of the risks counts only for two conversations or more.
func TestRisksBeyondTheLastGroupStayRisky(t *testing.T) {
	one := change().Items[0]
	p := model.Plan{}
	for i := range maxGroups + 3 {
		one.Risks = []model.Risk{{Text: fmt.Sprintf("risk %d", i)}}
		if i > maxGroups {
			one.Risks = []model.Risk{model.SameTitles}
		}
		p.Items = append(p.Items, one)
	}
	d := NewPlan(p)
	var others []int32
	for i := range p.Items {
		if i != maxGroups {
			others = append(others, int32(i))
		}
	}
	d.toggleLeftOut(others)
	if d.Changes() != 1 || !d.Risky() {
		t.Errorf("of %d changes, risky: %v; want 1 risky change", d.Changes(), d.Risky())
	}
}

func TestRiskThatAsksTwiceIsAskedExactlyTwice(t *testing.T) {
	if d := NewPlan(change(model.Risk{Text: "removes Ann"})); d.askAgain() {
		t.Error("a risk that asks once is asked twice")
	}
	d := NewPlan(change(model.Risk{Text: "clears every contact", Twice: true}))
	d.Keys = keysOf(keymap.Dialog)
	if !d.askAgain() || !d.confirming || d.askAgain() {
		t.Error("a risk that asks twice is not asked exactly twice")
	}
	if s := text(d.Draw(th, layout.Rect{W: 80, H: 24})); !strings.Contains(s, "Really?") || !strings.Contains(s, "Are you sure?") {
		t.Errorf("the second question is not in\n%s", s)
	}
	d.NeedsWord("Talk", "delete")
	for typed, want := range map[string]bool{"": false, "y": false, "Delete": false, "delete": true, " Talk ": true} {
		d.word.Set("")
		d.Update(tea.PasteMsg{Content: typed})
		if d.isWordTyped() != want {
			t.Errorf("typed %q: isWordTyped() = %v, want %v", typed, d.isWordTyped(), want)
		}
	}
}

func TestQuestionStaysInSightBelowALongPlan(t *testing.T) {
	p := change()
	for i := range 60 {
		it := p.Items[0]
		it.Title = fmt.Sprintf("Talk %d", i)
		p.Items = append(p.Items, it)
	}
	d := NewPlan(p)
	d.Keys, d.Verb = keysOf(keymap.Plan, keymap.Dialog), "send 61 at once"
	d.only(alike).open = true
	for _, size := range [][2]int{{40, 12}, {80, 24}} {
		at := layout.Rect{W: size[0], H: size[1]}
		for range 3 {
			pic := d.Draw(th, at)
			if s := text(pic); !strings.Contains(s, "y send 61") {
				t.Errorf("%v: no \"y send 61\" in\n%s", size, s)
			}
			for _, name := range []string{"y", "j", "n"} {
				if _, ok := key(pic, name); !ok {
					t.Errorf("%v: the footer does not name %s:\n%s", size, name, text(pic))
				}
			}
			d.Scroll(40)
		}
	}
}

// Only the visible lines of a plan are laid out. They are a window over all lines that holds
// the cursor, whatever was opened, left out or searched for.
func TestPlanDrawsAWindowOverAllItsLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := change()
		p.Items = nil
		for i := range rapid.IntRange(2, 40).Draw(t, "items") {
			it := change().Items[0]
			it.Title = fmt.Sprintf("Talk %d", i)
			it.Edits = slices.Clone(it.Edits)
			it.Edits[0].Base = model.TextValue(rapid.SampledFrom([]string{"a", "b", fmt.Sprint(i), strings.Repeat("long ", 90)}).Draw(t, "base"))
			it.State = rapid.SampledFrom([]model.PlanState{model.PlanChange, model.PlanAlready, model.PlanBlocked}).Draw(t, "state")
			it.Hidden = rapid.Bool().Draw(t, "hidden")
			if it.State == model.PlanBlocked {
				it.Edits, it.Reason = nil, strings.Repeat("because ", rapid.IntRange(1, 30).Draw(t, "words"))
			}
			if rapid.Bool().Draw(t, "risk") {
				it.Risks, it.Notes = []model.Risk{{Text: fmt.Sprintf("risk %d", i%3)}}, []string{fmt.Sprintf("note %d", i%2)}
			}
			p.Items = append(p.Items, it)
		}
		d := NewPlan(p)
		d.Keys = keysOf(keymap.Plan, keymap.Dialog)
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			key := rapid.SampledFrom([]string{"j", "k", "pgdown", "pgup", "G", "home", "right", "left", "h", "x", "/", "2", "enter", "ctrl+n", "ctrl+p", "esc"}).Draw(t, "key")
			if asks := press(d, key); asks != nil && key != "esc" && key != "enter" {
				t.Fatalf("%s returned %v, want nothing", key, asks)
			}
			w, room := rapid.IntRange(8, 90).Draw(t, "w"), rapid.IntRange(1, 30).Draw(t, "room")
			got := d.draw(th, w, room)
			var all []string
			first := map[int]int{}
			for i, p := range d.stops(false) {
				first[i] = len(all)
				all = append(all, d.linesOf(p)...)
			}
			at := first[d.top] + d.skip
			want := slices.Clone(all[at:min(len(all), at+room)])
			for i := range want {
				if d.hasCursor() {
					want[i] = th.Pointer(d.drawn[i] == d.at) + want[i]
				}
			}
			if !slices.Equal(got, want) || len(got) < min(room, len(all)) {
				t.Fatalf("after %s, at line %d of %d, a window of %d is\n%s\nwant\n%s", key, at, len(all), room, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if y := first[d.at] - at; y >= room || y < 0 && d.at != d.top {
				t.Fatalf("after %s the cursor is at line %d of a window of %d", key, y, room)
			}
			left := 0
			for _, it := range d.Plan().Items {
				if left += theme.Pick(it.State == model.PlanChange, 1, 0); it.Hidden && it.State == model.PlanChange && d.HiddenCount() == 0 {
					t.Fatal("a hidden conversation that was left out is in the plan")
				}
			}
			if left != d.Changes() {
				t.Fatalf("Changes() = %d, the plan holds %d", d.Changes(), left)
			}
		}
	})
}

func press(o interface{ Update(tea.Msg) any }, keys ...string) (asks any) {
	for _, name := range keys {
		k, err := keymap.Press(name)
		if err != nil {
			panic(err)
		}
		asks = o.Update(k)
	}
	return asks
}

func TestFooterKeysCanBeClickedWhereTheyAreDrawn(t *testing.T) {
	d := NewPlan(change())
	d.Keys = keysOf(keymap.Dialog)
	for _, size := range [][2]int{{20, 5}, {40, 12}, {80, 24}} {
		pic := d.Draw(th, layout.Rect{W: size[0], H: size[1]})
		for _, k := range pic.Keys {
			line := ansi.Strip(pic.Lines[k.At.Y-pic.At.Y])
			runes := []rune(line)
			if got := string(runes[k.At.X-pic.At.X:][:len([]rune(k.Key))]); got != k.Key {
				t.Errorf("%v: the place of key %q shows %q", size, k.Key, got)
			}
		}
		if _, ok := key(pic, "n"); !ok {
			t.Errorf("%v: the footer does not name n: %v", size, pic.Keys)
		}
	}
}

func TestMenuChoosesByKeyAndLine(t *testing.T) {
	d := &Menu{Title: "Which?", Text: []string{"A question", "of two lines"}}
	for i := range 12 {
		d.Items = append(d.Items, Item{Key: fmt.Sprint(i), Label: fmt.Sprintf("choice %d", i)})
	}
	if d.Update(tea.KeyPressMsg{Code: tea.KeyUp}); d.At != 11 {
		t.Errorf("up from the first item goes to %d, want the last, 11", d.At)
	}
	for key, want := range map[rune]any{'7': Choice(7), 'x': nil} {
		if got := d.Update(tea.KeyPressMsg{Code: key, Text: string(key)}); got != want {
			t.Errorf("%c returned %v, want %v", key, got, want)
		}
	}
	pic := d.Draw(th, layout.Rect{W: 40, H: 10})
	if s := text(pic); !strings.Contains(s, "choice 11") {
		t.Errorf("the item under the cursor is out of sight:\n%s", s)
	}
	for y := range pic.Inside.H {
		line := ansi.Strip(pic.Lines[pic.Inside.Y-pic.At.Y+y])
		if i, ok := d.itemAt(y); ok && !strings.Contains(line, fmt.Sprintf("choice %d", i)) {
			t.Errorf("line %d shows %q, want choice %d", y, line, i)
		}
	}
	for _, y := range []int{-1, 40} {
		if i, ok := d.itemAt(y); ok {
			t.Errorf("line %d chooses item %d, want none", y, i)
		}
	}
}

func result(id string, state model.EditState, cause *model.EntryError) model.OutboxEntry {
	return model.OutboxEntry{Edit: model.Edit{ID: id, Kind: model.EditPrivacy, Target: model.TextValue("private")}, Title: "Talk " + id + "\x1b[31m", State: state, Error: cause}
}

// Edits that need a person come first, with the service's own words; the successful ones are
// one line that opens.
func TestResultsShowFailuresFirst(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 54, 0, 0, time.UTC)
	no := &model.EntryError{Kind: model.Forbidden, Message: "Only the owner\x1b[2J may", RequestID: "7f3a"}
	waiting := []model.OutboxEntry{result("1", model.Queued, nil), result("2", model.Refused, no), result("3", model.Refused, no),
		result("4", model.RetryAt, &model.EntryError{Kind: model.UnknownOutcome})}
	waiting[3].Sent, waiting[3].NextTry = true, now.Add(time.Minute)
	settled := []model.JournalEntry{{Edit: model.Edit{ID: "5", Kind: model.EditPrivacy}, Title: "Talk 5", State: model.Done, At: now},
		{Edit: model.Edit{ID: "6", Kind: model.EditPrivacy}, Title: "Talk 6", State: model.OutcomeAlreadySet, At: now}}
	d := Results{Keys: keysOf(keymap.Results, keymap.Dialog), Now: at(now)}
	sub := model.Submission{ID: "s", Sentence: "made 6 private"}.Narrowed(waiting, settled)
	d.Set(sub, SortUnsettled(slices.Values(waiting)))
	pic := d.Draw(th, layout.Rect{W: 100, H: 24})
	for _, k := range []string{"r", "x", "w", "esc"} {
		if _, ok := key(pic, k); !ok {
			t.Errorf("the footer does not name %s", k)
		}
	}
	s := text(pic)
	at := -1
	for _, want := range []string{"Talk 2", `refused: "Only the owner may" (request 7f3a)`, "Talk 3", `refused: "Only the owner may" (request 7f3a)`, "Talk 4", "waits: no clear answer yet: it is read again 12:55",
		"1 on its way", "1 delivered 12:54, 1 already so"} {
		i := at + 1 + strings.Index(s[at+1:], want)
		if i <= at {
			t.Errorf("%q is missing or out of order in\n%s", want, s)
		}
		at = i
	}
	for _, s := range []string{s, Report(th, model.SubmissionEdits{Submission: sub, Outbox: waiting, Journal: settled}, now)} {
		if !strings.Contains(s, "Only the owner") || strings.ContainsAny(s, "\x1b\x07") {
			t.Errorf("the service's words are missing or not cleaned: %q", s)
		}
	}
	if d.unsettled.refused != 2 || d.unsettled.unsent != 1 {
		t.Errorf("got %d refused and %d unsent, want 2 and 1", d.unsettled.refused, d.unsettled.unsent)
	}
}

// An id is added to conversations that share a title, and to no others.
func TestResultsTellNamesakesApart(t *testing.T) {
	no := &model.EntryError{Kind: model.Forbidden}
	var waiting []model.OutboxEntry
	for i, title := range []string{"Weekly", "Weekly", "Alone"} {
		e := result(fmt.Sprint(i), model.Refused, no)
		e.Title, e.Ref = title, model.Ref{Account: "sales", ID: "8f21c0de-0000-4000-8000-00000000000" + fmt.Sprint(i)}
		waiting = append(waiting, e)
	}
	settled := []model.JournalEntry{{Edit: model.Edit{ID: "9", Ref: model.Ref{Account: "sales", ID: "short-\x1b[31m"}}, Title: "Weekly", State: model.Done}}
	d := Results{Keys: keysOf(keymap.Results, keymap.Dialog), Now: at(time.Time{})}
	d.Set(model.Submission{ID: "s", Sentence: "made 4 private"}.Narrowed(waiting, settled), SortUnsettled(slices.Values(waiting)))
	d.Draw(th, layout.Rect{W: 80, H: 24})
	press(&d, "down", "down", "down", "right")
	d.SetSettled(settled)
	for _, w := range []int{40, 80} {
		s := text(d.Draw(th, layout.Rect{W: w, H: 40}))
		for _, want := range []string{"..00000000", "..00000001", "short- "} {
			if !strings.Contains(s, want) {
				t.Errorf("%d columns: no %q in\n%s", w, want, s)
			}
		}
		if strings.Contains(s, "..00000002") || strings.Contains(s, "\x1b") {
			t.Errorf("an id that nobody needs, or an escape sequence, in\n%q", s)
		}
	}
}

// Taking an undo back would make the change again, which its results must not offer.
func TestResultsOfAnUndoOfferNoUndo(t *testing.T) {
	for _, undoes := range []string{"", "earlier"} {
		d := Results{Keys: keysOf(keymap.Results, keymap.Dialog), Now: at(time.Time{})}
		d.Set(model.Submission{ID: "s", Sentence: "took back 9", Undoes: undoes, Edits: 9, Delivered: 9}, Unsettled{})
		_, offered := key(d.Draw(th, layout.Rect{W: 80, H: 24}), "u")
		if asked := press(&d, "u") == keymap.Undo; offered != (undoes == "") || asked != offered {
			t.Errorf("undo of %q: the footer names u: %v, u undoes: %v, want both %v", undoes, offered, asked, undoes == "")
		}
		if undoes != "" && !strings.Contains(text(d.Draw(th, layout.Rect{W: 80, H: 24})), "outbox and history can") {
			t.Error("u on the results of an undo does not say where it can be taken back")
		}
	}
}

func TestResultsBeforeTheFirstReadSayNothingOfAnEnding(t *testing.T) {
	d := Results{Now: at(time.Time{})}
	if s := text(d.Draw(th, layout.Rect{W: 80, H: 24})); strings.Contains(s, "nothing had been changed") || !strings.Contains(s, "On its way") {
		t.Errorf("want only \"On its way\", got\n%s", s)
	}
}

func TestLongAnswerHidesNoResults(t *testing.T) {
	d := Results{Keys: keysOf(keymap.Results, keymap.Dialog), Now: at(time.Time{})}
	d.Set(model.Submission{ID: "s", Sentence: "made 3 private", Edits: 3, Delivered: 3}, Unsettled{})
	d.Answer(theme.Dim, strings.Repeat("a long answer ", 20))
	if s := text(d.Draw(th, layout.Rect{W: 80, H: 24})); !strings.Contains(s, "delivered") {
		t.Errorf("no \"delivered\" in\n%s", s)
	}
}

func TestResultsListABoundedNumberOfEdits(t *testing.T) {
	var waiting []model.OutboxEntry
	for i := range 3 * maxListed {
		waiting = append(waiting, result(fmt.Sprint(i), model.Queued, nil))
		if i%2 == 0 {
			waiting[i].State = model.Refused
		}
	}
	d := Results{Keys: keysOf(keymap.Results, keymap.Dialog), Now: at(time.Time{})}
	d.Set(model.Submission{ID: "s", Sentence: "made many private"}.Narrowed(waiting, nil), SortUnsettled(slices.Values(waiting)))
	s := text(d.Draw(th, layout.Rect{W: 80, H: 40}))
	for _, want := range []string{"! refused", "500 ▸", "250 more need you", "750 on their way"} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q in\n%s", want, s)
		}
	}
	press(&d, "right")
	if d.Draw(th, layout.Rect{W: 80, H: 40}); len(d.stops(false)) > maxListed+10 || len(d.stops(false)) < maxListed {
		t.Errorf("%d lines, want about %d", len(d.stops(false)), maxListed)
	}
}

func TestConflictOffersOnlyPossibleDecisions(t *testing.T) {
	theirs := model.TextValue("theirs")
	e := model.OutboxEntry{Edit: model.Edit{Kind: model.EditTitle, Base: model.TextValue("a"), Target: model.TextValue("b")}, Title: "Talk", State: model.InConflict, Theirs: &theirs,
		Error: &model.EntryError{Kind: model.ConflictKind, Message: "the title was changed by somebody else meanwhile"}}
	d := &Conflict{Entry: e, Keys: keysOf(keymap.Dialog), OutboxKeys: keysOf(keymap.Outbox), Now: at(time.Time{})}
	pic := d.Draw(th, layout.Rect{W: 80, H: 24})
	if _, ok := key(pic, "g"); ok || d.CanMerge() {
		t.Error("merging is offered for a title")
	}
	if s := text(pic); !strings.Contains(s, "theirs") || !strings.Contains(s, "The title was changed by somebody else meanwhile. Nothing was sent.") {
		t.Errorf("their value or the explanation is missing in\n%s", s)
	}
	d.Entry.State = model.Refused
	pic = d.Draw(th, layout.Rect{W: 80, H: 24})
	if _, ok := key(pic, "m"); ok {
		t.Error("a refused edit offers the decisions of a conflict")
	}
	if _, ok := key(pic, "x"); !ok {
		t.Error("a refused edit does not offer discard")
	}
	// An edit of an account that was set aside is not sent, whatever the person says.
	e.State, e.Orphaned, e.Error = model.Held, true, &model.EntryError{Kind: model.Invalid, Message: model.OrphanedMeans}
	d.Entry = e
	if s := text(d.Draw(th, layout.Rect{W: 80, H: 24})); !strings.Contains(s, "another identity now") || strings.Contains(s, "It is sent once you say so") {
		t.Errorf("the dialog does not say why the edit is not sent, or says that it is sent, in\n%s", s)
	}
}

func TestPlanAndConflictTellPeopleOfOneNameApart(t *testing.T) {
	anna, other := model.Participant{Kind: model.KindUser, ID: "14", Name: "Anna", Email: "a@x.example"}, model.Participant{Kind: model.KindUser, ID: "18", Name: "Anna"}
	plan, theirs := change(), model.PeopleValue([]model.Participant{other})
	e := model.Edit{Kind: model.EditParticipants, Base: model.PeopleValue([]model.Participant{anna, other}), Target: model.PeopleValue(nil)}
	plan.Items[0].Edits = []model.Edit{e}
	d := NewPlan(plan)
	d.Keys = keysOf(keymap.Dialog)
	if s := text(d.Draw(th, layout.Rect{W: 80, H: 24})); !strings.Contains(s, "- Anna <a@x.example>") || !strings.Contains(s, "- Anna <18>") {
		t.Errorf("the plan does not tell them apart:\n%s", s)
	}
	c := &Conflict{Entry: model.OutboxEntry{Edit: e, State: model.InConflict, Theirs: &theirs}, Keys: keysOf(keymap.Dialog), OutboxKeys: keysOf(keymap.Outbox), Now: at(time.Time{})}
	if s := text(c.Draw(th, layout.Rect{W: 80, H: 24})); !strings.Contains(s, "theirs      Anna <18>") || !strings.Contains(s, "-Anna <a@x.example>") {
		t.Errorf("the conflict does not tell them apart:\n%s", s)
	}
}

func TestNarrowConflictNamesEveryChoiceAndThatThereIsMore(t *testing.T) {
	people := make([]model.Participant, 30)
	for i := range people {
		people[i] = model.Participant{Kind: model.KindUser, ID: strconv.Itoa(i), Name: "Person " + strconv.Itoa(i)}
	}
	theirs := model.PeopleValue(people[1:])
	e := model.Edit{Kind: model.EditParticipants, Base: model.PeopleValue(people), Target: model.PeopleValue(people[2:])}
	d := &Conflict{Entry: model.OutboxEntry{Edit: e, State: model.InConflict, Theirs: &theirs}, Keys: keysOf(keymap.Dialog), OutboxKeys: keysOf(keymap.Outbox), Now: at(time.Time{})}
	pic := d.Draw(th, layout.Rect{W: 40, H: 12})
	for _, name := range []string{"m", "t", "g", "j"} {
		if _, ok := key(pic, name); !ok {
			t.Errorf("%s is not named in\n%s", name, text(pic))
		}
	}
}

func TestEveryDialogFitsEverySize(t *testing.T) {
	keys := keysOf(keymap.Dialog)
	plan := NewPlan(change(model.Risk{Text: strings.Repeat("a long risk ", 20), Twice: true}))
	plan.Keys = keys
	typing := NewPlan(change())
	typing.NeedsWord("delete")
	prompt := NewPrompt("Rename", "世界 🧑‍🚀 title", "help")
	menu := &Menu{Title: "t", Items: []Item{{Label: "a", Off: "why"}}}
	results := &Results{Keys: keys, Now: at(time.Time{})}
	failed := []model.OutboxEntry{result("1", model.Refused, nil)}
	results.Set(model.Submission{Sentence: "made 1 private"}.Narrowed(failed, nil), SortUnsettled(slices.Values(failed)))
	conflict := &Conflict{Entry: failed[0], Now: at(time.Time{})}
	plain := &Text{Title: "t", Lines: []string{"some lines"}}
	for name, draw := range map[string]func(*theme.Theme, layout.Rect) layout.Picture{"plan": plan.Draw, "typing": typing.Draw,
		"prompt": prompt.Draw, "menu": menu.Draw,
		"results": results.Draw, "conflict": conflict.Draw, "text": plain.Draw, "progress": (&Progress{Title: "t", Total: 9}).Draw} {
		for w := 1; w < 130; w += 3 {
			for h := 1; h < 30; h += 2 {
				p := draw(th, layout.Rect{W: w, H: h})
				if p.At.W > w || p.At.H > h || len(p.Lines) != p.At.H {
					t.Fatalf("%s on %dx%d: got %dx%d with %d lines", name, w, h, p.At.W, p.At.H, len(p.Lines))
				}
				for _, l := range p.Lines {
					if th.Width(l) > w {
						t.Fatalf("%s on %dx%d: a line is %d cells wide: %q", name, w, h, th.Width(l), l)
					}
				}
			}
		}
	}
}
