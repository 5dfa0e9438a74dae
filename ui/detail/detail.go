package detail

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Tab is one side of a conversation.
type Tab int

// The tabs in order.
const (
	Overview Tab = iota
	People
	Messages
	Activity
	Raw
	tabCount
)

var tabs = [tabCount]struct {
	name  string
	build func(*View, *page)
}{
	Overview: {"Overview", (*View).overview},
	People:   {"People", (*View).people},
	Messages: {"Messages", (*View).messages},
	Activity: {"Activity", (*View).activityLines},
	Raw:      {"Raw", (*View).raw},
}

// View is the state of the detail of one conversation.
type View struct {
	row    model.Row
	detail *model.Detail
	about  model.Description
	swept  time.Time // when the account was last walked completely
	read   Reading

	subs     []model.Submission
	outbox   []model.OutboxEntry
	history  []model.JournalEntry
	activity bool // they have been read

	tab    Tab
	pages  [tabCount]layout.Pager
	height int

	query string
	found []int // lines that match
	at    int

	lines []line
	made  key
}

// Reading is how the service is asked for the conversation.
type Reading struct {
	Loading bool
	Problem string // why it could not be read
	Gone    bool   // the service does not have it any more
}

// key tells for what the lines were made.
type key struct {
	tab        Tab
	width, day int
	theme      *theme.Theme
}

// line is a text with its look behind a dim label.
type line struct {
	label, text string
	look        theme.Token
}

func (v *View) Ref() model.Ref { return v.row.Conversation.Ref }

func (v *View) Row() model.Row { return v.row }

func (v *View) Detail() *model.Detail { return v.detail }

// Show puts another conversation (or none) in. The tab stays. about describes
// its account, swept is when that was last walked completely.
func (v *View) Show(row model.Row, about model.Description, swept time.Time) {
	if row.Conversation.Ref != v.Ref() {
		*v = View{tab: v.tab, height: v.height}
	}
	v.row, v.about, v.swept, v.read.Gone, v.made = row, about, swept, false, key{}
}

func (v *View) Clear() {
	if !v.Ref().IsZero() {
		v.Show(model.Row{}, model.Description{}, time.Time{})
	}
}

// SetReading takes how it goes with the service.
func (v *View) SetReading(r Reading) { v.read, v.made = r, key{} }

// SetDetail takes what the service answered.
func (v *View) SetDetail(d model.Detail) {
	v.detail = &d
	v.SetReading(Reading{})
}

// SetActivity takes what was submitted for this conversation, newest first, and
// its edits.
func (v *View) SetActivity(subs []model.Submission, outbox []model.OutboxEntry, history []model.JournalEntry) {
	v.subs, v.outbox, v.history, v.activity, v.made = subs, outbox, history, true, key{}
}

func (v *View) Tab() Tab { return v.tab }

func (v *View) SetTab(t Tab) { v.tab = (t + tabCount) % tabCount }

func (v *View) Scroll(by int) { v.page().Scroll(by) }

func (v *View) page() *layout.Pager { return &v.pages[v.tab] }

// Height returns how many lines of text are seen at once.
func (v *View) Height() int { return max(1, v.height) }

// Search looks for a text; it goes to the first match at or below what is
// seen. It returns the number of lines that match. An empty text ends a search.
func (v *View) Search(text string) int {
	v.query = model.FoldText(strings.TrimSpace(text))
	v.find()
	v.at = max(0, slices.IndexFunc(v.found, func(line int) bool { return line >= v.page().Top }))
	_, n := v.Next(0)
	return n
}

func (v *View) Searching() string { return v.query }

// Next goes to the next match, or the one before. It returns the number of the
// match, from one, and how many there are.
func (v *View) Next(by int) (at, of int) {
	n := len(v.found)
	if n == 0 {
		return 0, 0
	}
	v.at = (v.at + by + n) % n
	p, line := v.page(), v.found[v.at]
	if line < p.Top || line >= p.Top+v.height {
		p.Scroll(line - v.height/3 - p.Top)
	}
	return v.at + 1, n
}

func (v *View) find() {
	v.found, v.at = nil, 0
	for i, l := range v.lines {
		if v.matches(l) {
			v.found = append(v.found, i)
		}
	}
}

func (v *View) matches(l line) bool {
	return v.query != "" && strings.Contains(model.FoldText(l.label+l.text), v.query)
}

func (v *View) Draw(th *theme.Theme, r layout.Rect, now time.Time) []string {
	if r.Empty() {
		return nil
	}
	tabbed := r.H >= 3
	if v.height = r.H; tabbed {
		v.height--
	}
	first, end := 0, 0
	if !v.Ref().IsZero() {
		v.build(th, max(1, r.W-1), now)
		first, end = v.page().Show(len(v.lines), v.height)
	}
	var out []string
	if tabbed {
		out = append(out, v.tabs(th, r.W)) // it tells how far the lines go
	}
	for _, l := range v.lines[first:end] { // as far in as the tabs
		if v.matches(l) {
			text := l.label + l.text
			out = append(out, " "+th.Highlight(l.look, text, v.query, len(text)))
			continue
		}
		out = append(out, " "+th.Say(theme.Dim, l.label)+th.Say(l.look, l.text))
	}
	return th.Block(out, r.W, r.H)
}

func (v *View) tabs(th *theme.Theme, w int) string {
	out, used := "", 0
	for i, t := range tabs {
		look := theme.Pick(Tab(i) == v.tab, theme.TabActive, theme.Tab)
		if used+th.Width(t.name)+2 > w {
			break
		}
		out += " " + th.Say(look, t.name) + " "
		used += th.Width(t.name) + 2
	}
	note := ""
	switch {
	case v.read.Loading:
		note = "reading" + th.Ellipsis
	case v.query != "" && len(v.found) == 1:
		note = "1 line matches"
	case v.query != "":
		note = theme.Count(len(v.found), "line") + " match"
	case len(v.lines) > v.height:
		note = fmt.Sprintf("%d/%d", min(len(v.lines), v.page().Top+v.height), len(v.lines))
	}
	if n := th.Width(note); used+n+1 <= w {
		return out + layout.Spaces(w-used-n-1) + th.Say(theme.Dim, note) + " "
	}
	return out
}

// TabAt returns the tab drawn at a column of the first line; false beside them.
func (v *View) TabAt(th *theme.Theme, x int) (Tab, bool) {
	for i, t := range tabs {
		n := th.Width(t.name) + 2
		if x >= 0 && x < n {
			return Tab(i), true
		}
		x -= n
	}
	return 0, false
}
