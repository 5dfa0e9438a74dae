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

// Tab is a part of what is known about a conversation.
type Tab int

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
	Activity: {"Activity", (*View).activity},
	Raw:      {"Raw", (*View).raw},
}

// View shows one conversation.
type View struct {
	row     model.Row
	detail  *model.Detail
	about   model.Description // of its account
	swept   time.Time         // when the account was last walked completely
	reading Reading

	subs         []model.Submission
	outbox       []model.OutboxEntry
	history      []model.JournalEntry
	activityRead bool

	tab    Tab
	tabsAt []layout.Rect
	pages  [tabCount]layout.Pager
	height int

	query   string
	matches []int // the lines that match
	match   int   // the index of the current one in matches

	lines []line
	built key // what the lines were made for
}

// Reading is the state of the read of the conversation from the service.
type Reading struct {
	Loading bool
	Problem string // why it could not be read
	Gone    bool   // the service does not have it any more
}

type key struct {
	tab        Tab
	width, day int
	theme      *theme.Theme
}

// line is a dim label followed by text.
type line struct {
	label, text string
	look        theme.Token
}

func (v *View) Ref() model.Ref { return v.row.Conversation.Ref }

func (v *View) Row() model.Row { return v.row }

func (v *View) Detail() *model.Detail { return v.detail }

// Show shows a conversation, or none for the zero Row. The tab stays. about describes the
// account, and swept is when it was last walked completely.
func (v *View) Show(row model.Row, about model.Description, swept time.Time) {
	if row.Conversation.Ref != v.Ref() {
		*v = View{tab: v.tab, height: v.height}
	}
	v.row, v.about, v.swept, v.reading.Gone, v.built = row, about, swept, false, key{}
}

func (v *View) Clear() {
	if !v.Ref().IsZero() {
		v.Show(model.Row{}, model.Description{}, time.Time{})
	}
}

func (v *View) SetReading(r Reading) { v.reading, v.built = r, key{} }

// SetDetail takes what the service answered; the read is over.
func (v *View) SetDetail(d model.Detail) {
	v.detail = &d
	v.SetReading(Reading{})
}

// SetActivity takes the submissions about this conversation, newest first, and their edits
// of it.
func (v *View) SetActivity(subs []model.Submission, outbox []model.OutboxEntry, history []model.JournalEntry) {
	v.subs, v.outbox, v.history, v.activityRead, v.built = subs, outbox, history, true, key{}
}

func (v *View) Tab() Tab { return v.tab }

func (v *View) SetTab(t Tab) { v.tab = (t + tabCount) % tabCount }

func (v *View) Scroll(by int) { v.page().Scroll(by) }

func (v *View) page() *layout.Pager { return &v.pages[v.tab] }

// Height returns the number of lines of text in sight.
func (v *View) Height() int { return max(1, v.height) }

// Search looks for a text and goes to the first match below the top of the window. It
// returns the number of lines that match. An empty text ends the search.
func (v *View) Search(text string) int {
	v.query = model.FoldText(strings.TrimSpace(text))
	v.find()
	v.match = max(0, slices.IndexFunc(v.matches, func(line int) bool { return line >= v.page().Top }))
	_, n := v.Next(0)
	return n
}

func (v *View) Searching() string { return v.query }

// Next goes to the next match, or the one before. It returns the number of the match,
// counted from one, and the number of matches.
func (v *View) Next(by int) (at, of int) {
	n := len(v.matches)
	if n == 0 {
		return 0, 0
	}
	v.match = ((v.match+by)%n + n) % n
	p, line := v.page(), v.matches[v.match]
	if line < p.Top || line >= p.Top+v.height {
		p.Scroll(line - v.height/3 - p.Top)
	}
	return v.match + 1, n
}

func (v *View) find() {
	v.matches, v.match = nil, 0
	before := "" // the line before, unless it matches
	for i, l := range v.lines {
		text := model.FoldText(l.label + l.text)
		switch both := before + " " + strings.TrimSpace(text); {
		case v.query == "":
		case strings.Contains(text, v.query):
			v.matches, text = append(v.matches, i), ""
		case before != "" && strings.Contains(both, v.query): // a phrase that is wrapped
			v.matches, text = append(v.matches, i-1), ""
		}
		before = text
	}
}

func (v *View) Draw(th *theme.Theme, r layout.Rect, now time.Time) []string {
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
		out = append(out, v.tabLine(th, r)) // after Show, which knows the position
	}
	for i, l := range v.lines[first:end] {
		text := l.label + l.text
		switch {
		case !slices.Contains(v.matches, first+i):
			text = th.Say(theme.Dim, l.label) + th.Say(l.look, l.text)
		case strings.Contains(model.FoldText(text), v.query):
			text = th.Highlight(l.look, text, v.query, len(text))
		default: // the match ends on the next line
			text = th.Say(theme.Match, text)
		}
		out = append(out, " "+text)
	}
	return th.Block(out, r.W, r.H)
}

func (v *View) tabLine(th *theme.Theme, r layout.Rect) (line string) {
	names, note := make([]string, tabCount), ""
	for i, t := range tabs {
		names[i] = t.name
	}
	line, v.tabsAt = th.Tabs(r, names, int(v.tab))
	switch {
	case v.reading.Loading:
		note = "reading" + th.Ellipsis
	case v.query != "" && len(v.matches) == 1:
		note = "1 line matches"
	case v.query != "":
		note = theme.Count(len(v.matches), "line") + " match"
	case len(v.lines) > v.height:
		note = fmt.Sprintf("%d/%d", min(len(v.lines), v.page().Top+v.height), len(v.lines))
	}
	if room := r.W - th.Width(note) - 1; room >= th.Width(line) {
		line = th.Fit(line, room, "") + th.Say(theme.Dim, note) + " "
	}
	return line
}

// TabsAt returns where the tabs are drawn.
func (v *View) TabsAt() []layout.Rect { return v.tabsAt }
