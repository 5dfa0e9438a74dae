package detail

import (
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

	subs     []model.Submission
	outbox   []model.OutboxEntry
	history  []model.JournalEntry
	activity bool // they have been read

	loading bool   // the service is being asked
	problem string // why it could not be
	gone    bool   // it does not have the conversation any more

	tab    Tab
	pages  [tabCount]layout.Pager
	height int

	query string
	found []int // lines that match
	at    int

	version int
	lines   []line
	made    key
}

// key tells for what the lines were made.
type key struct {
	ref            model.Ref
	tab            Tab
	width, version int
	day            int
	theme          *theme.Theme
}

type line struct {
	text   string
	look   theme.Token
	styled string // drawn instead of text while nothing is searched
}

// Ref returns the conversation that is shown, zero for none.
func (v *View) Ref() model.Ref { return v.row.Conversation.Ref }

// Row returns the row that is shown.
func (v *View) Row() model.Row { return v.row }

// Detail returns what was loaded, nil if nothing was.
func (v *View) Detail() *model.Detail { return v.detail }

// Show puts another conversation (or none) in. The tab stays. about describes
// its account, swept is when that was last walked completely.
func (v *View) Show(row model.Row, about model.Description, swept time.Time) {
	if row.Conversation.Ref != v.row.Conversation.Ref {
		tab, height := v.tab, v.height
		*v = View{tab: tab, height: height, version: v.version}
	}
	v.row, v.about, v.swept, v.gone = row, about, swept, false
	v.version++
}

// Clear shows nothing.
func (v *View) Clear() {
	if !v.Ref().IsZero() {
		v.Show(model.Row{}, model.Description{}, time.Time{})
	}
}

// SetLoading says that the service is being asked.
func (v *View) SetLoading() { v.loading, v.problem, v.gone = true, "", false; v.version++ }

// SetDetail takes what the service answered.
func (v *View) SetDetail(d model.Detail) {
	v.detail, v.loading, v.problem, v.gone = &d, false, "", false
	v.version++
}

// SetProblem takes why the service could not be read.
func (v *View) SetProblem(text string) {
	v.loading, v.problem = false, text
	v.version++
}

// SetGone says that the service does not have the conversation any more.
func (v *View) SetGone() {
	v.loading, v.problem, v.gone = false, "", true
	v.version++
}

// SetActivity takes what was submitted for this conversation, newest first, and
// its edits.
func (v *View) SetActivity(subs []model.Submission, outbox []model.OutboxEntry, history []model.JournalEntry) {
	v.subs, v.outbox, v.history, v.activity = subs, outbox, history, true
	v.version++
}

// Tab returns the tab that is shown.
func (v *View) Tab() Tab { return v.tab }

// SetTab shows a tab.
func (v *View) SetTab(t Tab) {
	v.tab = (t + tabCount) % tabCount
	v.version++
}

// Scroll moves by lines.
func (v *View) Scroll(by int) { v.page().Scroll(by) }

func (v *View) page() *layout.Pager { return &v.pages[v.tab] }

// Height returns how many lines of text are seen at once.
func (v *View) Height() int { return max(1, v.height) }

// Search looks for a text; it goes to the first match at or below what is
// seen. It returns the number of lines that match. An empty text ends a search.
func (v *View) Search(text string) int {
	v.query = model.FoldText(strings.TrimSpace(text))
	v.find()
	if len(v.found) == 0 {
		return 0
	}
	v.at = max(0, slices.IndexFunc(v.found, func(line int) bool { return line >= v.page().Top }))
	v.reveal()
	return len(v.found)
}

// Searching returns the text that is searched for.
func (v *View) Searching() string { return v.query }

// Next goes to the next match, or the one before. It returns the number of the
// match, from one, and how many there are.
func (v *View) Next(by int) (at, of int) {
	if len(v.found) == 0 {
		return 0, 0
	}
	v.at = (v.at + by + len(v.found)) % len(v.found)
	v.reveal()
	return v.at + 1, len(v.found)
}

func (v *View) find() {
	v.found, v.at = nil, 0
	if v.query == "" {
		return
	}
	for i, l := range v.lines {
		if strings.Contains(model.FoldText(l.text), v.query) {
			v.found = append(v.found, i)
		}
	}
}

func (v *View) reveal() {
	p, target := v.page(), v.found[v.at]
	if target < p.Top || target >= p.Top+v.height {
		p.Scroll(target - v.height/3 - p.Top)
	}
}
