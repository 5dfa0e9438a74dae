package dialog

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Plan shows what is about to be submitted and asks. Counts come first, then
// the risks, then every conversation with what it becomes.
type Plan struct {
	// Keys names the keys of the footer.
	Keys keymap.Names

	plan model.Plan
	// DefaultYes makes enter a yes. It is ignored where the plan is risky or
	// touches several conversations.
	DefaultYes bool
	// Question is what is asked; empty gives a question that fits the plan.
	Question string
	// loud asks a second time; words are what must be typed then, if any.
	loud   bool
	words  []string
	input  theme.Input
	offset int
	// Extra are lines shown above the conversations, such as what an undo withdraws.
	Extra []string
}

// NewPlan makes the dialog of a plan.
func NewPlan(p model.Plan) *Plan { return &Plan{plan: p} }

// Plan gives the plan that is shown.
func (d *Plan) Plan() model.Plan { return d.plan }

// Possible reports whether there is anything to say yes to.
func (d *Plan) Possible() bool { return d.plan.Count(model.PlanChange) > 0 || len(d.Extra) > 0 }

// Hidden gives how many of the conversations that change are out of sight and can
// be left out.
func (d *Plan) Hidden() int {
	if n := d.plan.HiddenCount(); n < d.plan.Count(model.PlanChange) && d.input.Value() == "" && !d.loud {
		return n
	}
	return 0
}

// LeaveHiddenOut takes what is out of sight out of the plan.
func (d *Plan) LeaveHiddenOut() {
	before := len(d.plan.Items)
	d.plan.Items = slices.DeleteFunc(slices.Clone(d.plan.Items), func(it model.PlanItem) bool { return it.Hidden })
	if verb, ok := strings.CutSuffix(d.plan.Title, theme.Count(before, "conversation")); ok {
		d.plan.Title = verb + theme.Count(len(d.plan.Items), "conversation")
	}
	d.offset = 0
}

// Default tells what enter means.
func (d *Plan) Default() bool {
	return d.DefaultYes && !d.plan.Risky() && !d.plan.Bulk() && d.Possible()
}

// Typing reports whether a word must be typed instead of a key pressed.
func (d *Plan) Typing() bool { return len(d.words) > 0 }

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

// Typed reports whether what was typed is one of the words.
func (d *Plan) Typed() bool {
	return slices.Contains(d.words, strings.TrimSpace(d.input.Value()))
}

// Key and Paste take input while a word is typed.
func (d *Plan) Key(k tea.KeyPressMsg) { d.input.Key(k) }

// Paste takes pasted text while a word is typed.
func (d *Plan) Paste(text string) { d.input.Paste(text) }

// Loud reports whether this is the second time of asking.
func (d *Plan) Loud() bool { return d.loud }

// AskAgain turns the dialog into the second, louder question where the plan
// has something that is asked twice; false where it has not.
func (d *Plan) AskAgain() bool {
	if d.loud || !slices.ContainsFunc(d.plan.Risks(), func(r model.Risk) bool { return r.Twice }) {
		return false
	}
	d.loud, d.offset = true, 0
	return true
}

// Scroll moves by lines.
func (d *Plan) Scroll(by int) { d.offset += by }

// Draw draws the dialog.
func (d *Plan) Draw(th *theme.Theme, screen layout.Rect) layout.Picture {
	w := min(screen.W-2, 96)
	lines := d.lines(th, max(1, w-4))
	look := theme.Border
	if d.plan.Risky() {
		look = theme.Warning
	}
	if d.loud || d.Typing() {
		look = theme.Error
	}
	below := d.below(th)
	h := min(len(lines)+len(below)+b(d.Typing()), screen.H-3)
	foot := d.footer()
	if len(lines)+len(below) > h {
		foot = append([]string{d.Keys.Of(keymap.Down), "more"}, foot...)
	}
	return th.Frame(screen, d.title(), foot, w, h, look, func(w, h int) ([]string, *layout.Cursor) {
		lines := d.lines(th, w)
		if d.Typing() {
			below = th.Wrapped(below[0], w, theme.Warning, "")
		}
		// What is asked is always in sight; what it is about scrolls.
		room := max(0, h-len(below)-b(d.Typing()))
		scroll(&d.offset, len(lines), room)
		out := th.Block(lines[min(d.offset, len(lines)):], w, room)
		out = append(out, below...)
		if !d.Typing() {
			return out, nil
		}
		line, x := d.input.Draw(th, w, theme.Text)
		out = append(out, line)
		return out, &layout.Cursor{X: x, Y: len(out) - 1}
	})
}

// below gives what stands under the scrolled lines: the question, or the words
// to type.
func (d *Plan) below(th *theme.Theme) []string {
	if d.Typing() {
		ask := "Type "
		for i, word := range d.words {
			if i > 0 {
				ask += " or "
			}
			ask += `"` + th.Truncate(word, 40, th.Ellipsis) + `"`
		}
		return []string{ask + " to go on:"}
	}
	if !d.Possible() {
		return nil
	}
	q := d.Question
	if q == "" {
		q = question(d.plan.Count(model.PlanChange), d.loud)
	}
	return []string{"", th.Say(theme.Heading, q)}
}

func (d *Plan) title() string {
	if d.loud {
		return "Really? " + d.plan.Title
	}
	if d.plan.Title != "" {
		return d.plan.Title
	}
	return "Plan"
}

func (d *Plan) footer() []string {
	var out []string
	if d.Hidden() > 0 {
		out = []string{d.Keys.Of(keymap.LeaveHidden), "leave the hidden out"}
	}
	switch {
	case !d.Possible():
		return []string{"esc", "close"}
	case d.Typing():
		return append(out, "enter", "go on, once it is typed", "esc", "no")
	case d.Default():
		return append(out, d.Keys.Of(keymap.Yes), "yes (enter)", d.Keys.Of(keymap.No), "no")
	}
	return append(out, d.Keys.Of(keymap.Yes), "yes", d.Keys.Of(keymap.No), "no (enter)")
}

func (d *Plan) lines(th *theme.Theme, w int) []string {
	p := d.plan
	var out []string
	change, already, blocked := p.Count(model.PlanChange), p.Count(model.PlanAlready), p.Count(model.PlanBlocked)
	if p.Bulk() {
		out = append(out, th.Say(theme.Heading, fmt.Sprintf("%d will change, %d already so, %d can't", change, already, blocked)))
		if by := perAccount(p); by != "" {
			out = append(out, th.Say(theme.Dim, by))
		}
	}
	if n := p.HiddenCount(); n > 0 {
		text := theme.Number(n) + " of them " + are(n) + " hidden by the filter or another view."
		out = append(out, th.Wrapped(text, w, theme.Warning, "")...)
	}
	if len(out) > 0 {
		out = append(out, "")
	}
	for _, r := range p.Risks() {
		look := theme.Warning
		if r.Twice {
			look = theme.Error
		}
		out = append(out, th.Wrapped("! "+sentence(model.CleanLine(r.Text, 0)), w, look, "")...)
	}
	if len(p.Risks()) > 0 {
		out = append(out, "")
	}
	for _, e := range d.Extra {
		out = append(out, th.Wrapped(model.CleanLine(e, 0), w, theme.Text, "")...)
	}
	if len(d.Extra) > 0 && len(p.Items) > 0 {
		out = append(out, "")
	}
	out = append(out, d.items(th, w)...)
	for _, n := range notes(p) {
		out = append(out, th.Wrapped("Note: "+sentence(model.CleanLine(n, 0)), w, theme.Dim, "")...)
	}
	return out
}

func (d *Plan) items(th *theme.Theme, w int) []string {
	var out []string
	groups := []struct {
		state model.PlanState
		head  string
	}{{model.PlanChange, "Changes"}, {model.PlanBlocked, "Can't be done"}, {model.PlanAlready, "Already so"}}
	for _, g := range groups {
		n := 0
		for _, it := range d.plan.Items {
			if it.State != g.state {
				continue
			}
			if n == 0 && d.plan.Bulk() {
				out = append(out, th.Say(theme.Dim, fmt.Sprintf("%s (%d)", g.head, d.plan.Count(g.state))))
			}
			n++
			title := model.CleanLine(it.Title, 200)
			if title == "" {
				title = model.CleanLine(it.Ref.String(), 200)
			}
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
		}
		if n > 0 && d.plan.Bulk() {
			out = append(out, "")
		}
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

func perAccount(p model.Plan) string {
	var order []string
	count := map[string]int{}
	for _, it := range p.Items {
		if it.State != model.PlanChange {
			continue
		}
		if count[it.Ref.Account] == 0 {
			order = append(order, it.Ref.Account)
		}
		count[it.Ref.Account]++
	}
	if len(order) < 2 {
		return ""
	}
	var out []string
	for _, a := range order {
		out = append(out, fmt.Sprintf("%s %d", a, count[a]))
	}
	return strings.Join(out, ", ")
}

func notes(p model.Plan) []string {
	var out []string
	for _, it := range p.Items {
		if it.State != model.PlanChange {
			continue
		}
		for _, n := range it.Notes {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}

func question(n int, loud bool) string {
	q := "Send this change?"
	if n > 1 {
		q = fmt.Sprintf("Send these %d changes?", n)
	}
	if loud {
		q = "Are you sure? " + q
	}
	return q
}

func sentence(s string) string {
	if s = capital(s); s == "" {
		return ""
	}
	if !strings.ContainsAny(s[len(s)-1:], ".!?)") {
		s += "."
	}
	return s
}

// capital begins a text with a capital letter.
func capital(s string) string {
	if s == "" {
		return ""
	}
	r := []rune(s)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
