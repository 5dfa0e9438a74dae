package dialog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Plan shows what is about to be submitted and asks: counts first, then risks, then every
// conversation with what it becomes.
type Plan struct {
	Keys *keymap.Keys

	plan model.Plan
	*tally
	// rest is the tally without what is out of sight, nil where there is none.
	rest *tally
	// DefaultYes makes enter a yes, unless the plan is risky or touches several
	// conversations.
	DefaultYes bool
	// Question replaces the question that fits the plan.
	Question string
	// loud asks a second time; words are what must be typed, if any.
	loud  bool
	words []string
	input theme.Input
	// Extra are lines shown above the conversations, such as what an undo withdraws.
	Extra []string

	// Lines are laid out only where they are drawn: at is the block at the top, line its
	// first line in sight. by is how far to scroll in the next frame.
	at, line, by int
	head         []string // the first block, as headTheme drew it headW cells wide
	headW        int
	headTheme    *theme.Theme
}

// NewPlan goes through the whole plan: call it in a command.
func NewPlan(p model.Plan) *Plan {
	d := &Plan{plan: p, tally: count(p.Items, true)}
	if d.hidden > 0 {
		d.rest = count(p.Items, false)
	}
	return d
}

// Plan returns the plan that is shown, without what was left out.
func (d *Plan) Plan() model.Plan {
	p := d.plan
	if d.size() < len(p.Items) {
		p.Items = slices.DeleteFunc(slices.Clone(p.Items), func(it model.PlanItem) bool { return it.Hidden })
	}
	return p
}

func (d *Plan) ID() string { return d.plan.ID }

// Name returns the plan a title where it has none.
func (d *Plan) Name(title string) {
	if d.plan.Title == "" {
		d.plan.Title = title
	}
}

func (d *Plan) First() (it model.PlanItem, ok bool) {
	if d.size() == 0 {
		return it, false
	}
	return d.plan.Items[d.shown[0]], true
}

func (d *Plan) Bulk() bool { return d.size() > 1 }

func (d *Plan) Risky() bool { return len(d.risks) > 0 }

func (d *Plan) Changes() int { return d.counts[model.PlanChange] }

// HiddenCount returns how many of the conversations that change are out of sight.
func (d *Plan) HiddenCount() int { return d.hidden }

// Undoable reports whether an edit of the plan can be taken back.
func (d *Plan) Undoable() bool {
	for _, i := range d.shown[:d.Changes()] {
		for _, e := range d.plan.Items[i].Edits {
			if ok, _ := model.Undoable(e.Kind); ok {
				return true
			}
		}
	}
	return false
}

func (d *Plan) possible() bool { return d.Changes() > 0 || len(d.Extra) > 0 }

// canLeaveHidden reports whether some of the conversations that change are out of sight,
// and may be left out.
func (d *Plan) canLeaveHidden() bool {
	return d.hidden > 0 && d.hidden < d.Changes() && d.input.Value() == "" && !d.loud
}

func (d *Plan) leaveHiddenOut() bool {
	if d.rest == nil || !d.canLeaveHidden() {
		return false
	}
	if verb, ok := strings.CutSuffix(d.plan.Title, theme.Count(d.size(), "conversation")); ok {
		d.plan.Title = verb + theme.Count(d.rest.size(), "conversation")
	}
	d.tally, d.rest, d.head = d.rest, nil, nil
	d.at, d.line, d.by = 0, 0, 0
	return true
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
	d.input = theme.NewInput("")
}

func (d *Plan) wordTyped() bool {
	return slices.Contains(d.words, strings.TrimSpace(d.input.Value()))
}

// Again is returned by a plan that asks a second time.
type Again struct{}

// Update returns Yes, No, Again, or Back where there was nothing to ask.
func (d *Plan) Update(msg tea.Msg) any {
	if d.needsWord() {
		return d.typing(msg)
	}
	a := d.Keys.Read(msg, page, d.Scroll)
	if a == keymap.Accept {
		a = keymap.No
		if d.enterIsYes() {
			a = keymap.Yes
		}
	}
	switch a {
	case keymap.LeaveHidden:
		d.leaveHiddenOut()
	case keymap.No, keymap.Back:
		return d.no()
	case keymap.Yes:
		switch {
		case !d.possible():
			return keymap.Back
		case d.askAgain():
			return Again{}
		}
		return keymap.Yes
	}
	return nil
}

func (d *Plan) typing(msg tea.Msg) any {
	switch msg := msg.(type) {
	case layout.Wheel:
		d.Scroll(int(msg))
	case tea.PasteMsg:
		d.input.Paste(msg.Content)
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc":
			return d.no()
		case "enter":
			if d.wordTyped() {
				return keymap.Yes
			}
		case "up", "pgup":
			d.Scroll(-4)
		case "down", "pgdown":
			d.Scroll(4)
		default:
			if d.Keys.Press(msg.String()) != keymap.LeaveHidden || !d.leaveHiddenOut() {
				d.input.Key(msg)
			}
		}
	}
	return nil
}

func (d *Plan) no() any {
	if d.possible() {
		return keymap.No
	}
	return keymap.Back
}

// askAgain asks the second, louder question if there is one.
func (d *Plan) askAgain() bool {
	if d.loud || !d.twice {
		return false
	}
	d.loud, d.at, d.line, d.by = true, 0, 0, 0
	return true
}

func (d *Plan) Scroll(by int) { d.by += by }

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
	below := d.below(th)
	most := screen.H - 3
	lines := d.least(th, max(1, w-4), most+1)
	h := min(lines+len(below)+b(d.needsWord()), most)
	foot := d.footer()
	if lines+len(below) > h {
		down := d.Keys.Of(keymap.Down)
		if d.needsWord() {
			down = "down" // a letter would be typed
		}
		foot = append([]string{down, "more"}, foot...)
	}
	return th.Frame(screen, d.title(), foot, w, h, look, func(w, h int) ([]string, *layout.Cursor) {
		if d.needsWord() {
			below = th.Wrapped(below[0], w, theme.Warning, "")
		}
		// What is asked is always in sight; what it is about scrolls.
		room := max(0, h-len(below)-b(d.needsWord()))
		out := th.Block(d.visible(th, w, room), w, room)
		out = append(out, below...)
		if !d.needsWord() {
			return out, nil
		}
		line, x := d.input.Draw(th, w, theme.Text)
		out = append(out, line)
		return out, &layout.Cursor{X: x, Y: len(out) - 1}
	})
}

// below returns the question, or the words to type, under the lines that scroll.
func (d *Plan) below(th *theme.Theme) []string {
	if d.needsWord() {
		words := make([]string, len(d.words))
		for i, word := range d.words {
			words[i] = `"` + th.Truncate(word, 40, th.Ellipsis) + `"`
		}
		return []string{"Type " + strings.Join(words, " or ") + " to go on:"}
	}
	if !d.possible() {
		return nil
	}
	return []string{"", th.Say(theme.Heading, cmp.Or(d.Question, question(d.Changes(), d.loud)))}
}

func (d *Plan) title() string {
	if d.loud {
		return "Really? " + d.plan.Title
	}
	return cmp.Or(d.plan.Title, "Plan")
}

func (d *Plan) footer() []string {
	var out []string
	if d.canLeaveHidden() {
		out = []string{d.Keys.Of(keymap.LeaveHidden), "leave the hidden out"}
	}
	switch {
	case !d.possible():
		return []string{"esc", "close"}
	case d.needsWord():
		return append(out, "enter", "go on, once it is typed", "esc", "no")
	case d.enterIsYes():
		return append(out, d.Keys.Of(keymap.Yes), "yes (enter)", d.Keys.Of(keymap.No), "no")
	}
	return append(out, d.Keys.Of(keymap.Yes), "yes", d.Keys.Of(keymap.No), "no (enter)")
}

// The lines come in blocks: what is said of the whole, each conversation, and the
// notes.

func (d *Plan) blocks() int { return d.size() + 2 }

func (d *Plan) block(th *theme.Theme, i, w int) []string {
	switch {
	case i == 0:
		if d.head == nil || d.headW != w || d.headTheme != th {
			d.head, d.headW, d.headTheme = d.whole(th, w), w, th
		}
		return d.head
	case i <= d.size():
		return d.item(th, i-1, w)
	}
	var out []string
	for _, n := range d.notes {
		out = append(out, th.Wrapped("Note: "+sentence(model.CleanLine(n, 0)), w, theme.Dim, "")...)
	}
	return out
}

// least returns how many lines there are, or at least that there are so many.
func (d *Plan) least(th *theme.Theme, w, most int) int {
	n := 0
	for i := 0; i < d.blocks() && n < most; i++ {
		n += len(d.block(th, i, w))
	}
	return n
}

func (d *Plan) visible(th *theme.Theme, w, room int) []string {
	d.move(th, w, d.by)
	d.by = 0
	out := d.fromTop(th, w, room)
	if missing := room - len(out); missing > 0 && d.at+d.line > 0 {
		// The end is in sight: what stands above it fills the room.
		d.move(th, w, -missing)
		out = d.fromTop(th, w, room)
	}
	return out
}

func (d *Plan) fromTop(th *theme.Theme, w, room int) []string {
	var out []string
	skip := d.line
	for i := d.at; i < d.blocks() && len(out) < room; i++ {
		lines := d.block(th, i, w)
		out = append(out, lines[min(skip, len(lines)):]...)
		skip = 0
	}
	return out[:min(len(out), room)]
}

// move puts the line at the top so many lines further down, or up.
func (d *Plan) move(th *theme.Theme, w, by int) {
	const far = layout.Far / 2 // the far end, and some lines back
	switch {
	case by <= -far:
		d.at, d.line = 0, 0
		return
	case by >= far:
		d.at, d.line = d.blocks(), 0
		return
	}
	d.line += by
	for d.line < 0 && d.at > 0 {
		d.at--
		d.line += len(d.block(th, d.at, w))
	}
	d.line = max(0, d.line)
	for d.at < d.blocks() {
		n := len(d.block(th, d.at, w))
		if d.line < n {
			return
		}
		d.line -= n
		d.at++
	}
	d.line = 0
}

func (d *Plan) whole(th *theme.Theme, w int) []string {
	var out []string
	if d.Bulk() {
		text := fmt.Sprintf("%s will change, %s already so, %s can't", theme.Number(d.Changes()),
			theme.Number(d.counts[model.PlanAlready]), theme.Number(d.counts[model.PlanBlocked]))
		out = append(out, th.Wrapped(text, w, theme.Heading, "")...)
		if by := d.perAccount(); by != "" {
			out = append(out, th.Wrapped(by, w, theme.Dim, "")...)
		}
	}
	if d.hidden > 0 {
		text := theme.Number(d.hidden) + " of them " + are(d.hidden) + " hidden by the filter or another view."
		out = append(out, th.Wrapped(text, w, theme.Warning, "")...)
	}
	if len(out) > 0 {
		out = append(out, "")
	}
	seen := d.seen()
	for i, line := range seen {
		out = append(out, th.Wrapped(model.CleanLine(line, 0), w, []theme.Token{theme.Text, theme.Warning, theme.Dim}[i], "")...)
	}
	for _, r := range d.risks {
		if seen != nil && r.Exposes() {
			continue
		}
		look := theme.Warning
		if r.Twice {
			look = theme.Error
		}
		out = append(out, th.Wrapped("! "+sentence(model.CleanLine(r.Text, 0)), w, look, "")...)
	}
	if d.Risky() {
		out = append(out, "")
	}
	for _, e := range d.Extra {
		out = append(out, th.Wrapped(model.CleanLine(e, 0), w, theme.Text, "")...)
	}
	if len(d.Extra) > 0 && d.size() > 0 {
		out = append(out, "")
	}
	return out
}

// seen says who sees a single conversation now, and who will; nil where that does not widen.
func (d *Plan) seen() []string {
	if it, ok := d.First(); ok && !d.Bulk() && it.Seen != nil {
		return it.Seen.Lines()
	}
	return nil
}

// item returns the lines of a conversation, the first of a group with a heading.
func (d *Plan) item(th *theme.Theme, i, w int) []string {
	it := &d.plan.Items[d.shown[i]]
	state := func(i int) model.PlanState { return d.plan.Items[d.shown[i]].State }
	var out []string
	if d.Bulk() && (i == 0 || state(i-1) != it.State) {
		for _, g := range groups {
			if g.state == it.State {
				out = append(out, th.Say(theme.Dim, fmt.Sprintf("%s (%s)", g.head, theme.Number(d.counts[g.state]))))
			}
		}
	}
	title := titleOf(it.Title, it.Ref)
	if it.Hidden {
		title += "  (hidden)"
	}
	out = append(out, th.Bullet+" "+th.Say(theme.Heading, th.Truncate(title, max(1, w-2), th.Ellipsis)))
	if it.Reason != "" {
		out = append(out, th.Wrapped(sentence(model.CleanLine(it.Reason, 0)), w, theme.Dim, "  ")...)
	}
	for _, e := range it.Edits {
		out = append(out, d.edit(th, e, w)...)
	}
	if d.Bulk() && (i+1 == d.size() || state(i+1) != it.State) {
		out = append(out, "")
	}
	return out
}

func (d *Plan) edit(th *theme.Theme, e model.Edit, w int) []string {
	if e.Base.People == nil || e.Target.People == nil {
		return th.Wrapped(th.Phrase(e), w, theme.Text, "  ")
	}
	diff := model.DiffPeople(e.Base.Set(), e.Target.Set())
	out := []string{"  " + th.Say(theme.Dim, fmt.Sprintf("%s: %d added, %d removed, %d changed, %d kept",
		e.Kind, len(diff.Added), len(diff.Removed), len(diff.Altered), len(diff.Kept)))}
	for _, p := range diff.Added {
		out = append(out, th.Wrapped("+ "+th.PeopleLine([]model.Participant{p}), w, theme.Added, "  ")...)
	}
	for _, p := range diff.Removed {
		out = append(out, th.Wrapped("- "+th.PeopleLine([]model.Participant{p}), w, theme.Removed, "  ")...)
	}
	for i, p := range diff.Altered {
		out = append(out, th.Wrapped("~ "+th.PeopleChange([]model.Participant{diff.Was[i]}, []model.Participant{p}), w, theme.Text, "  ")...)
	}
	return out
}

func question(n int, loud bool) string {
	q := "Send this change?"
	if n > 1 {
		q = "Send these " + theme.Number(n) + " changes?"
	}
	if loud {
		q = "Are you sure? " + q
	}
	return q
}
