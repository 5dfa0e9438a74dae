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

// Plan shows what is about to be submitted, and asks. For several conversations it groups what is the same: identical changes,
// reasons why something can't be changed, risks. Each group is a line that opens.
type Plan struct {
	Keys *keymap.Keys
	Now  func() time.Time

	// DefaultYes makes enter a yes, unless the plan is risky or about several conversations.
	DefaultYes bool
	Whole      bool   // nothing can be left out
	Already    string // describes what needs no change: "already private"
	// Question stands above the answers; Verb is what a yes does, by default that follows from the edits.
	Question, Verb string
	Extra          []string // lines of text beside the conversations, such as what an undo withdraws

	plan model.Plan
	grouping
	sheet
	confirming bool     // the plan asks a second time
	words      []string // one of these must be typed instead of a yes
	word       theme.Input
}

// NewPlan reads the whole plan, which takes time for a long one: call it in a command.
func NewPlan(p model.Plan) *Plan {
	d := &Plan{plan: p, grouping: newGrouping(p.Items), Now: time.Now}
	if p.Title == "" {
		d.sentence = d.order()
	}
	d.addFolds()
	return d
}

// Plan returns the plan without the conversations that were left out.
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

// Name gives the plan a title if it has none.
func (d *Plan) Name(title string) { d.plan.Title = cmp.Or(d.plan.Title, title) }

func (d *Plan) First() (it model.PlanItem, ok bool) {
	if len(d.items) == 0 {
		return it, false
	}
	return d.items[0], true
}

func (d *Plan) Size() int { return len(d.items) }

func (d *Plan) Bulk() bool { return len(d.items) > 1 }

func (d *Plan) Risky() bool { return d.hasRisk(false) }

func (d *Plan) Changes() int { return d.changes }

// HiddenCount returns how many of the conversations that change are hidden by the filter.
func (d *Plan) HiddenCount() int { return d.only(hidden).included }

func (d *Plan) Undoable() bool {
	return slices.ContainsFunc(d.Plan().Edits(), func(e model.Edit) bool { ok, _ := model.Undoable(e.Kind); return ok })
}

// canSend reports whether a yes does anything.
func (d *Plan) canSend() bool { return d.changes > 0 || len(d.Extra) > 0 }

// canLeaveHidden reports whether a key leaves out the hidden conversations, or takes them in again.
func (d *Plan) canLeaveHidden() bool {
	g := d.only(hidden)
	return len(g.items) > 0 && !d.Whole && !d.confirming && d.word.Value() == "" && (g.included < d.changes || g.included == 0)
}

func (d *Plan) enterIsYes() bool { return d.DefaultYes && !d.Risky() && !d.Bulk() && d.canSend() }

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

func (d *Plan) isWordTyped() bool {
	return slices.Contains(d.words, strings.TrimSpace(d.word.Value()))
}

// Again is what Update of a Plan returns when it begins to ask a second time.
type Again struct{}

// Update returns keymap.Yes or No, Again, or keymap.Back where there was nothing to ask.
func (d *Plan) Update(msg tea.Msg) any {
	if !d.finder.Typing() && d.needsWord() && d.goesIntoWord(msg) {
		if k, ok := msg.(tea.KeyPressMsg); !ok || k.String() != "enter" {
			d.word.Update(msg)
		} else if d.isWordTyped() && d.canSend() {
			return keymap.Yes
		}
		return nil
	}
	a, handled := d.sheet.Update(d.Keys, msg)
	if handled {
		return nil
	}
	if a == keymap.Accept {
		a = theme.Pick(d.enterIsYes(), keymap.Yes, keymap.No)
	}
	switch a {
	case keymap.LeaveHidden:
		if !d.close() && d.canLeaveHidden() {
			d.toggleLeftOut(d.only(hidden).items)
		}
	case keymap.LeaveOut:
		if !d.confirming {
			d.toggleLeftOut(d.itemsAtCursor())
		}
	case keymap.No, keymap.Back:
		return theme.Pick(d.canSend(), keymap.No, keymap.Back)
	case keymap.Yes:
		switch {
		case !d.canSend() && d.leftOut > 0:
			return nil
		case !d.canSend():
			return keymap.Back
		case d.askAgain():
			return Again{}
		}
		return keymap.Yes
	}
	return nil
}

// itemsAtCursor returns the items under the cursor, if they can be left out.
func (d *Plan) itemsAtCursor() []int32 {
	p := d.current()
	for _, g := range d.all() {
		switch {
		case &g.fold != p.fold || d.Whole || g.class == already || g.class == blocked:
		case p.i >= 0:
			return g.items[p.i : p.i+1]
		default:
			return g.items
		}
	}
	return nil
}

// goesIntoWord reports whether a message is part of the word that has to be typed. Until
// the first letter, keys that can't begin the word keep their meaning.
func (d *Plan) goesIntoWord(msg tea.Msg) bool {
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

// askAgain begins the second question if a risk needs one and it was not asked yet.
func (d *Plan) askAgain() bool {
	if d.confirming || !d.hasRisk(true) {
		return false
	}
	d.confirming, d.at, d.top, d.skip = true, 0, 0, 0
	return true
}

func (d *Plan) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	title := theme.Pick(d.confirming, "Really? ", "") + cmp.Or(d.title(), d.plan.Title, "Plan")
	look := theme.Pick(d.Risky(), theme.Warning, theme.Border)
	if d.confirming || d.needsWord() {
		look = theme.Error
	}
	word := theme.Pick(d.needsWord(), &d.word, nil)
	return d.frame(th, screen, title, 96, look, d.footer, func(*theme.Page) {}, d.question, word)
}

func (d *Plan) question(p *theme.Page) {
	switch {
	case d.needsWord():
		words := make([]string, len(d.words))
		for i, word := range d.words {
			words[i] = `"` + p.Truncate(word, 40, p.Ellipsis) + `"`
		}
		if p.W < 32 { // the last is the shortest
			p.Line(p.Say(theme.Warning, "Type "+words[len(words)-1]+":"))
			return
		}
		p.Add(theme.Warning, "", "Type "+strings.Join(words, " or ")+" to go on:")
	case !d.canSend() && d.leftOut > 0:
		p.Line(p.Say(theme.Warning, "Everything was left out: nothing is sent."))
	case !d.canSend():
	case d.confirming:
		p.Add(theme.Heading, "", "Are you sure? "+capital(d.verb())+"?")
	default:
		p.Line(p.Say(theme.Heading, d.Question))
	}
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

// footer names the keys; on a narrow screen only those that answer or, if the plan is taller than the box, show more of it.
func (d *Plan) footer(w int, taller bool) []string {
	can, typed, p, items := d.canSend(), d.needsWord(), d.current(), d.itemsAtCursor()
	wide := d.hasCursor() && w >= 60 && !d.confirming
	enter, them := theme.Pick(d.enterIsYes(), " (enter)", ""), theme.Pick(p.i < 0, "these", "it")
	hide := theme.Pick(d.HiddenCount() == 0, "take the hidden in", "leave the hidden out")
	crowded := taller && w < len(d.verb())+27
	no := theme.Pick(typed || crowded || d.enterIsYes(), "no", "no (enter)")
	more := theme.Pick(typed || d.finder.Typing(), "down", d.Keys.Of(keymap.Down)) // a letter would be typed
	return []string{
		d.Keys.If(can && !typed, keymap.Yes), d.verb() + enter,
		theme.Pick(can && typed, "enter", ""), theme.Pick(w < 60, "go on", "go on, once it is typed"),
		theme.Pick(taller, more, ""), "more",
		d.Keys.If(d.canLeaveHidden() && !p.open, keymap.LeaveHidden), hide,
		d.Keys.If(wide && p.opens() && !p.open, keymap.OpenLine), "open",
		d.Keys.If(wide && p.opens() && p.open, keymap.CloseLine), "close",
		d.Keys.If(wide && len(items) > 0, keymap.LeaveOut), theme.Pick(d.anyIncluded(items), "leave "+them+" out", "take "+them+" in"),
		d.Keys.If(wide, keymap.Search), "find",
		theme.Pick(can && !typed, d.Keys.Of(keymap.No), "esc"), theme.Pick(can, no, "close"),
	}
}
