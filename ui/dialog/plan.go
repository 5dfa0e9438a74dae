package dialog

import (
	"cmp"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Plan shows what is about to be submitted and asks. Of several conversations, identical
// changes are one line that opens; so is why some are not changed, and why to be careful.
type Plan struct {
	Keys *keymap.Keys
	Now  func() time.Time

	plan model.Plan
	*tally
	sheet
	// DefaultYes makes enter a yes, unless the plan is risky or touches several
	// conversations.
	DefaultYes bool
	// Whole says that nothing can be left out.
	Whole bool
	// Already says what needs no change, such as "already private".
	Already string
	// Question stands above the answers, Verb is what a yes does; "" for what fits.
	Question, Verb string
	// Extra are lines of text beside the conversations, such as what an undo withdraws.
	Extra []string
	// loud asks a second time; words are what must be typed, if any.
	loud  bool
	words []string
	word  theme.Input
}

// NewPlan goes through the whole plan: call it in a command.
func NewPlan(p model.Plan) *Plan {
	d := &Plan{plan: p, tally: count(p.Items), Now: time.Now}
	if p.Title != "" {
		d.sentence = [2]string{}
	}
	d.fill()
	return d
}

// Plan returns the plan that is shown, without what was left out.
func (d *Plan) Plan() model.Plan {
	p := d.plan
	if d.leftOut > 0 {
		p.Items = nil
		for i, it := range d.items {
			if !d.out[i] {
				p.Items = append(p.Items, it)
			}
		}
	}
	return p
}

func (d *Plan) ID() string { return d.plan.ID }

// Name gives the plan a title where it has none.
func (d *Plan) Name(title string) { d.plan.Title = cmp.Or(d.plan.Title, title) }

func (d *Plan) First() (it model.PlanItem, ok bool) {
	if len(d.items) == 0 {
		return it, false
	}
	return d.items[0], true
}

func (d *Plan) Size() int { return len(d.items) }

func (d *Plan) Bulk() bool { return len(d.items) > 1 }

func (d *Plan) Risky() bool { return d.asks(false) }

func (d *Plan) Changes() int { return d.changes }

// HiddenCount returns how many of the conversations that change are out of sight.
func (d *Plan) HiddenCount() int { return d.one(hidden).left }

func (d *Plan) Undoable() bool {
	for i, it := range d.items {
		for _, e := range it.Edits {
			if ok, _ := model.Undoable(e.Kind); ok && it.State == model.PlanChange && !d.out[i] {
				return true
			}
		}
	}
	return false
}

func (d *Plan) possible() bool { return d.changes > 0 || len(d.Extra) > 0 }

// canLeaveHidden reports whether some of the conversations that change are out of sight,
// and may be left out or taken in again.
func (d *Plan) canLeaveHidden() bool {
	l := d.one(hidden)
	return len(l.items) > 0 && !d.Whole && !d.loud && d.word.Value() == "" && (l.left < d.changes || l.left == 0)
}

func (d *Plan) enterIsYes() bool { return d.DefaultYes && !d.Risky() && !d.Bulk() && d.possible() }

func (d *Plan) needsWord() bool { return len(d.words) > 0 }

// NeedsWord asks for one of these words to be typed instead of a yes.
func (d *Plan) NeedsWord(words ...string) {
	for _, w := range words {
		if w = strings.TrimSpace(model.CleanLine(w, 0)); w != "" {
			d.words = append(d.words, w)
		}
	}
	d.word = theme.NewInput("")
}

func (d *Plan) wordTyped() bool {
	return slices.Contains(d.words, strings.TrimSpace(d.word.Value()))
}

// Again is returned by a plan that asks a second time.
type Again struct{}

// Update returns Yes, No, Again, or Back where there was nothing to ask.
func (d *Plan) Update(msg tea.Msg) any {
	if !d.finder.Typing() && d.needsWord() && d.types(msg) {
		return d.typeWord(msg)
	}
	a, took := d.sheet.Update(d.Keys, msg)
	if took {
		return nil
	}
	if a == keymap.Accept {
		a = theme.Pick(d.enterIsYes(), keymap.Yes, keymap.No)
	}
	switch a {
	case keymap.LeaveHidden:
		if !d.shut() && d.canLeaveHidden() {
			d.leaveOut(d.one(hidden).items)
		}
	case keymap.LeaveOut:
		if !d.loud {
			d.leaveOut(d.under())
		}
	case keymap.No, keymap.Back:
		return theme.Pick(d.possible(), keymap.No, keymap.Back)
	case keymap.Yes:
		switch {
		case !d.possible() && d.leftOut > 0:
			return nil
		case !d.possible():
			return keymap.Back
		case d.askAgain():
			return Again{}
		}
		return keymap.Yes
	}
	return nil
}

// under returns the items under the cursor that can be left out.
func (d *Plan) under() []int32 {
	p := d.here()
	for c, lines := range d.lines {
		for _, l := range lines {
			switch {
			case &l.fold != p.fold || d.Whole || class(c) == already || class(c) == blocked:
			case p.at >= 0:
				return l.items[p.at : p.at+1]
			default:
				return l.items
			}
		}
	}
	return nil
}

// types reports whether a message goes into the word that is typed. While none is, keys
// that can't begin it are the keys of the plan.
func (d *Plan) types(msg tea.Msg) bool {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		_, paste := msg.(tea.PasteMsg)
		return paste
	}
	name := k.String()
	switch {
	case slices.Contains([]string{"esc", "up", "down", "pgup", "pgdown", "left", "right"}, name):
		return false
	case name == "enter" || !d.Bulk() || d.word.Value() != "":
		return true
	}
	switch d.Keys.Press(name) {
	case keymap.LeaveHidden, keymap.LeaveOut, keymap.OpenLine, keymap.CloseLine, keymap.Search:
		return slices.ContainsFunc(d.words, func(w string) bool { return strings.HasPrefix(w, name) })
	}
	return true
}

func (d *Plan) typeWord(msg tea.Msg) any {
	if k, ok := msg.(tea.KeyPressMsg); !ok || k.String() != "enter" {
		d.word.Update(msg)
	} else if d.wordTyped() && d.possible() {
		return keymap.Yes
	}
	return nil
}

func (d *Plan) askAgain() bool {
	if d.loud || !d.asks(true) {
		return false
	}
	d.loud, d.at, d.top, d.skip = true, 0, 0, 0
	return true
}

func (d *Plan) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	look := theme.Pick(d.Risky(), theme.Warning, theme.Border)
	if d.loud || d.needsWord() {
		look = theme.Error
	}
	word, more := theme.Pick(d.needsWord(), &d.word, nil), d.Keys.Of(keymap.Down)
	if d.needsWord() || d.finder.Typing() {
		more = "down" // a letter would be typed
	}
	return d.frame(th, screen, d.heading(), 96, look, more, d.footer, func(*theme.Page) {}, d.below, word)
}

func (d *Plan) below(p *theme.Page) {
	switch {
	case d.needsWord():
		words := make([]string, len(d.words))
		for i, word := range d.words {
			words[i] = `"` + p.Truncate(word, 40, p.Ellipsis) + `"`
		}
		p.Add(theme.Warning, "", "Type "+strings.Join(words, " or ")+" to go on:")
	case !d.possible() && d.leftOut > 0:
		p.Line(p.Say(theme.Warning, "Everything was left out: nothing is sent."))
	case !d.possible():
	case d.loud:
		p.Add(theme.Heading, "", "Are you sure? "+capital(d.verb())+"?")
	default:
		p.Line(p.Say(theme.Heading, d.Question))
	}
}

func (d *Plan) heading() string {
	return theme.Pick(d.loud, "Really? ", "") + cmp.Or(d.name(), d.plan.Title, "Plan")
}

func (d *Plan) verb() string {
	switch {
	case d.Verb != "":
		return d.Verb
	case d.Bulk():
		return "send " + theme.Number(d.changes)
	}
	if it, ok := d.First(); ok && len(it.Edits) == 1 && it.Edits[0].Kind.Shape() == model.ShapeChoice {
		if order := model.ImperativeOne(it.Edits[0]); len(order) < 24 {
			return order
		}
	}
	return "send it"
}

// footer names the keys; on a narrow screen those that answer.
func (d *Plan) footer(w int) []string {
	can, typed, p, items := d.possible(), d.needsWord(), d.here(), d.under()
	wide := d.points() && w >= 60 && !d.loud
	enter, them := theme.Pick(d.enterIsYes(), " (enter)", ""), theme.Pick(p.at < 0, "these", "it")
	hide := theme.Pick(d.HiddenCount() == 0, "take the hidden in", "leave the hidden out")
	no := theme.Pick(typed || d.enterIsYes(), "no", "no (enter)")
	return []string{
		d.Keys.If(can && !typed, keymap.Yes), d.verb() + enter,
		theme.Pick(can && typed, "enter", ""), "go on, once it is typed",
		d.Keys.If(d.canLeaveHidden() && !p.open, keymap.LeaveHidden), hide,
		d.Keys.If(wide && p.opens() && !p.open, keymap.OpenLine), "open",
		d.Keys.If(wide && p.opens() && p.open, keymap.CloseLine), "close",
		d.Keys.If(wide && len(items) > 0, keymap.LeaveOut), theme.Pick(d.anyIn(items), "leave "+them+" out", "take "+them+" in"),
		d.Keys.If(wide, keymap.Search), "find",
		theme.Pick(can && !typed, d.Keys.Of(keymap.No), "esc"), theme.Pick(can, no, "close"),
	}
}
