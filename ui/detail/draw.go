package detail

import (
	"fmt"
	"time"

	"confab/ui/layout"
	"confab/ui/theme"
)

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
		look := theme.Tab
		if Tab(i) == v.tab {
			look = theme.TabActive
		}
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
