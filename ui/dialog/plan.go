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
	// loud asks a second time; words are what must be typed, if any.
	loud  bool
	words []string
	word  theme.Input
	// Extra are lines of text beside the conversations, such as what an undo withdraws.
	Extra []string
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
	if d.leftOut() > 0 {
		p.Items = nil
		for i, it := range d.plan.Items {
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

// Size returns how many conversations the plan is about.
func (d *Plan) Size() int { return len(d.items) }

func (d *Plan) Bulk() bool { return len(d.items) > 1 }

func (d *Plan) Risky() bool { return d.asks(false) }

func (d *Plan) Changes() int { return d.changes }

// HiddenCount returns how many of the conversations that change are out of sight.
func (d *Plan) HiddenCount() int { return d.hidden.left }

func (d *Plan) leftOut() int {
	n := -d.changes
	for _, l := range append(d.same, &d.each) {
		n += len(l.items)
	}
	return n
}

// Undoable reports whether an edit of the plan can be taken back.
func (d *Plan) Undoable() bool {
	for _, l := range append(d.same, &d.each) {
		for _, i := range l.items {
			for _, e := range d.items[i].Edits {
				if ok, _ := model.Undoable(e.Kind); ok && !d.out[i] {
					return true
				}
			}
		}
	}
	return false
}

func (d *Plan) possible() bool { return d.changes > 0 || len(d.Extra) > 0 }

// canLeaveHidden reports whether some of the conversations that change are out of sight,
// and may be left out or taken in again.
func (d *Plan) canLeaveHidden() bool {
	n := len(d.hidden.items)
	return n > 0 && !d.Whole && !d.loud && d.word.Value() == "" && (d.hidden.left < d.changes || d.hidden.left == 0)
}

func (d *Plan) enterIsYes() bool { return d.DefaultYes && !d.Risky() && !d.Bulk() && d.possible() }

func (d *Plan) needsWord() bool { return len(d.words) > 0 }

// NeedsWord asks for one of these words to be typed instead of a yes.
func (d *Plan) NeedsWord(words ...string) {
	d.words = nil
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
		a = keymap.No
		if d.enterIsYes() {
			a = keymap.Yes
		}
	}
	switch a {
	case keymap.LeaveHidden:
		if !d.shut() && d.canLeaveHidden() {
			d.leaveOut(d.hidden.items)
		}
	case keymap.LeaveOut:
		d.leaveOutHere()
	case keymap.No, keymap.Back:
		if d.possible() {
			return keymap.No
		}
		return keymap.Back
	case keymap.Yes:
		switch {
		case !d.possible() && d.leftOut() > 0:
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

// leaveOutHere leaves out what is under the cursor, or takes it in again.
func (d *Plan) leaveOutHere() {
	if d.Whole || d.loud {
		return
	}
	f, row := d.spot(d.at)
	for _, l := range d.about() {
		switch {
		case &l.fold != f:
		case row >= 0:
			d.leaveOut(l.items[row : row+1])
		default:
			d.leaveOut(l.items)
		}
	}
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
	switch msg := msg.(type) {
	case tea.PasteMsg:
		d.word.Paste(msg.Content)
	case tea.KeyPressMsg:
		if msg.String() != "enter" {
			d.word.Key(msg)
		} else if d.wordTyped() && d.possible() {
			return keymap.Yes
		}
	}
	return nil
}

// askAgain asks the second, louder question if there is one.
func (d *Plan) askAgain() bool {
	if d.loud || !d.asks(true) {
		return false
	}
	d.loud, d.at, d.top, d.skip = true, 0, 0, 0
	return true
}

// Draw draws the dialog.
func (d *Plan) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w := min(screen.W-2, 96)
	look := theme.Border
	if d.Risky() {
		look = theme.Warning
	}
	if d.loud || d.needsWord() {
		look = theme.Error
	}
	below := d.below(th, max(1, w-4))
	asked := len(below) + b(d.needsWord()) + b(d.finder.Shown())
	most := screen.H - 3
	lines := d.height(th, max(1, w-4), most+1)
	foot := d.footer(screen.W)
	if lines+asked > most {
		down := d.Keys.Of(keymap.Down)
		if d.needsWord() || d.finder.Typing() {
			down = "down" // a letter would be typed
		}
		foot = slices.Insert(foot, min(2, len(foot)), down, "more")
	}
	return th.Frame(screen, d.heading(), foot, w, min(lines+asked, most), look, func(w, h int) ([]string, *layout.Cursor) {
		below := d.below(th, w)
		// What is asked is always in sight; what it is about scrolls.
		room := max(0, h-asked)
		out := append(th.Block(d.draw(th, w, room), w, room), below...)
		var cursor *layout.Cursor
		if d.needsWord() {
			line, x := d.word.Draw(th, w, theme.Text)
			out = append(out, line)
			cursor = &layout.Cursor{X: x, Y: len(out) - 1}
		}
		if d.finder.Shown() {
			line, at := d.finder.Draw(th, w)
			if out = append(out, line); at != nil {
				cursor = &layout.Cursor{X: at.X, Y: len(out) - 1}
			}
		}
		return out, cursor
	})
}

// below returns the question, or the words to type, under the lines that scroll.
func (d *Plan) below(th *theme.Theme, w int) []string {
	switch {
	case d.needsWord():
		words := make([]string, len(d.words))
		for i, word := range d.words {
			words[i] = `"` + th.Truncate(word, 40, th.Ellipsis) + `"`
		}
		return th.Wrapped("Type "+strings.Join(words, " or ")+" to go on:", w, theme.Warning, "")
	case !d.possible() && d.leftOut() > 0:
		return []string{th.Say(theme.Warning, "Everything was left out: nothing is sent.")}
	case !d.possible():
		return nil
	case d.loud:
		return th.Wrapped("Are you sure? "+capital(d.verb())+"?", w, theme.Heading, "")
	case d.Question != "":
		return []string{th.Say(theme.Heading, d.Question)}
	}
	return []string{""}
}

func (d *Plan) heading() string {
	title := d.plan.Title
	if d.Bulk() {
		title = cmp.Or(d.name(), title)
	}
	if d.loud {
		return "Really? " + title
	}
	return cmp.Or(title, "Plan")
}

// verb is what a yes does.
func (d *Plan) verb() string {
	switch {
	case d.Verb != "":
		return d.Verb
	case d.Bulk():
		return "send " + theme.Number(d.changes)
	}
	if it, ok := d.First(); ok && len(it.Edits) == 1 && it.Edits[0].Kind.Shape() == model.ShapeChoice {
		if order := model.OrderOne(it.Edits[0]); len(order) < 24 {
			return order
		}
	}
	return "send it"
}

// footer names the keys; on a narrow screen those that answer.
func (d *Plan) footer(w int) []string {
	var out []string
	add := func(a keymap.Action, does string) { out = append(out, d.Keys.Of(a), does) }
	if d.possible() && !d.needsWord() {
		if d.enterIsYes() {
			add(keymap.Yes, d.verb()+" (enter)")
		} else {
			add(keymap.Yes, d.verb())
		}
	}
	if d.needsWord() && d.possible() {
		out = append(out, "enter", "go on, once it is typed")
	}
	f, row := d.spot(d.at)
	if d.canLeaveHidden() && (f == nil || !f.open) {
		add(keymap.LeaveHidden, d.hideWord())
	}
	if d.points() && w >= 60 && !d.loud {
		switch {
		case f != nil && f.opens() && row < 0 && !f.open:
			add(keymap.OpenLine, "open")
		case f != nil && f.opens():
			add(keymap.CloseLine, "close")
		}
		if does := d.leaveWord(f, row); does != "" {
			add(keymap.LeaveOut, does)
		}
		add(keymap.Search, "find")
	}
	switch {
	case !d.possible():
		return append(out, "esc", "close")
	case d.needsWord():
		return append(out, "esc", "no")
	case d.enterIsYes():
		add(keymap.No, "no")
	default:
		add(keymap.No, "no (enter)")
	}
	return out
}

func (d *Plan) hideWord() string {
	if d.hidden.left == 0 {
		return "take the hidden in"
	}
	return "leave the hidden out"
}

// leaveWord says what leaving out does under the cursor, "" for nothing.
func (d *Plan) leaveWord(f *fold, row int) string {
	for _, l := range d.about() {
		switch {
		case &l.fold != f || d.Whole:
		case row >= 0 && d.out[l.items[row]]:
			return "take it in"
		case row >= 0:
			return "leave it out"
		case l.left == 0:
			return "take these in"
		default:
			return "leave these out"
		}
	}
	return ""
}
