package detail

import (
	"fmt"
	"strings"
	"time"

	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// Draw draws the tabs and the text into a rectangle.
func (v *View) Draw(th *theme.Theme, r layout.Rect, now time.Time) []string {
	if r.Empty() {
		return nil
	}
	w := r.W
	v.height = r.H
	tabbed := r.H >= 3
	if tabbed {
		v.height--
	}
	shown := !v.Ref().IsZero()
	first, end := 0, 0
	if shown {
		v.prepare(th, max(1, w-1), now)
		first, end = v.page().Show(len(v.lines), v.height)
	}
	var out []string
	if tabbed {
		out = append(out, v.tabs(th, w)) // it tells how far the lines go
	}
	for i := first; i < end; i++ {
		out = append(out, " "+v.paint(th, i, w-1)) // as far in as the tabs
	}
	return th.Block(out, w, r.H)
}

// prepare makes the lines for a width, if they are not made already.
func (v *View) prepare(th *theme.Theme, w int, now time.Time) {
	k := key{v.Ref(), v.tab, w, v.version, now.YearDay(), th}
	if k != v.made {
		v.made = k
		v.build(th, w, now)
	}
}

func (v *View) paint(th *theme.Theme, i, w int) string {
	l := v.lines[i]
	if v.query != "" && strings.Contains(model.FoldText(l.text), v.query) {
		return th.Highlight(l.look, l.text, v.query, len(l.text))
	}
	if l.styled != "" {
		return l.styled
	}
	return th.Say(l.look, th.Truncate(l.text, w, ""))
}

func (v *View) tabs(th *theme.Theme, w int) string {
	var out strings.Builder
	used := 0
	for i, t := range tabs {
		n := th.Width(t.name) + 2
		if used+n > w {
			break
		}
		look := theme.Tab
		if Tab(i) == v.tab {
			look = theme.TabActive
		}
		out.WriteString(" " + th.Say(look, t.name) + " ")
		used += n
	}
	note := ""
	switch {
	case v.loading:
		note = "reading" + th.Ellipsis
	case v.query != "" && len(v.found) == 1:
		note = "1 line matches"
	case v.query != "":
		note = theme.Count(len(v.found), "line") + " match"
	case len(v.lines) > v.height:
		note = fmt.Sprintf("%d/%d", min(len(v.lines), v.page().Top+v.height), len(v.lines))
	}
	if used+th.Width(note)+1 <= w {
		return out.String() + layout.Spaces(w-used-th.Width(note)-1) + th.Say(theme.Dim, note) + " "
	}
	return th.Fit(out.String(), w, "")
}

// TabAt returns the tab drawn at a column of the first line; false beside them.
func (v *View) TabAt(th *theme.Theme, x int) (Tab, bool) {
	at := 0
	for i, t := range tabs {
		n := th.Width(t.name) + 2
		if x >= at && x < at+n {
			return Tab(i), true
		}
		at += n
	}
	return 0, false
}
