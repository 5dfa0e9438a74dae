package ui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/prompt"
	"confab/ui/theme"
)

const (
	maxViewName = 64 // in runes
	maxKept     = 100
)

// tab is a view with its own cursor, filter, order and count.
type tab struct {
	View
	kept   bool // by the Keeper, not in the config
	filter string
	order  string // the value of sort:, "" for the order of the query
	count  int    // -1 while unknown
	at     model.Ref
	from   model.Ref // the conversation under the cursor when filtering began
}

// views are the tabs, one of which is open.
type views struct {
	tabs []tab
	tab  int
}

func newViews(o Options) (v views) {
	if len(o.Views) == 0 {
		o.Views = []View{{Name: "Inbox"}}
	}
	for _, one := range o.Views {
		v.tabs = append(v.tabs, tab{View: one, count: -1})
	}
	for _, one := range o.Kept {
		if _, ok := v.viewNamed(one.Name); !ok {
			v.tabs = append(v.tabs, tab{View: one, kept: true, count: -1})
		}
	}
	if i, ok := v.viewNamed(o.InitialView); ok {
		v.tab = i
	}
	v.currentTab().filter = o.InitialQuery
	return v
}

func (v *views) currentTab() *tab { return &v.tabs[v.tab] }

// query returns the query of the list. Only that of a view that another version kept can be wrong: reading the list tells.
func (v *views) query() string {
	t := v.currentTab()
	full, err := combine(t.Query, t.filter, t.order)
	return theme.Pick(err == nil, full, t.Query)
}

func (v *views) parsedQuery() query.Query {
	q, _ := query.Parse(v.query())
	return q
}

// combine returns the query of a view narrowed by a filter, in another order unless that is "".
func combine(view, filter, order string) (string, error) {
	f, err := query.Parse(filter)
	if err != nil {
		return "", err
	}
	v, err := query.Parse(view)
	switch {
	case err != nil:
		return "", err
	case order != "":
		o, err := query.Parse(query.FieldSort + ":" + order)
		return v.And(f).And(o).String(), err
	case view == "":
		return filter, nil
	case filter == "":
		return view, nil
	}
	return v.And(f).String(), nil
}

func (v *views) viewNamed(name string) (i int, ok bool) {
	i = slices.IndexFunc(v.tabs, func(t tab) bool { return strings.EqualFold(t.Name, name) })
	return i, i >= 0
}

func (v *views) narrowed() bool { return v.currentTab().filter != "" || v.currentTab().order != "" }

// order describes how the list is sorted, and reports whether that is the usual order.
func (v *views) order() (words string, usual bool) {
	s := v.parsedQuery().Sort()
	return "by " + s.Field + theme.Pick(s.Reverse, ", reversed", ""), s == query.Query{}.Sort()
}

func (v *views) tabQueries() []string {
	queries := make([]string, len(v.tabs))
	for i, t := range v.tabs {
		queries[i] = t.Query
	}
	return queries
}

// draw draws the views that fit, the open one always, and the order of the list unless it is the usual one. It returns
// where each view is, none for one that does not fit.
func (v *views) draw(th *theme.Theme, r layout.Rect) (line string, at []layout.Rect) {
	order, usual := v.order()
	room := r.W - 1
	if !usual {
		room -= th.Width(order) + 1
	}
	labels := make([]string, len(v.tabs))
	for i, t := range v.tabs {
		labels[i] = th.Truncate(model.CleanLine(t.Name, 60), 20, th.Ellipsis)
		if t.count >= 0 {
			labels[i] += " " + theme.Number(t.count)
		}
	}
	if th.Width(labels[v.tab])+4 > room {
		order, room = "", r.W-1
	}
	line, at = th.Tabs(layout.Rect{X: r.X, Y: r.Y, W: room}, labels, v.tab)
	if th.Width(line)+th.Width(order)+2 > r.W {
		order = ""
	}
	return th.Fit(line, r.W-th.Width(order)-1, "") + th.Say(theme.Tab, order) + " ", at
}

// completions returns the views as completions of their names.
func (v *views) completions(keptOnly bool) (out []query.Completion) {
	for _, t := range v.tabs {
		if t.kept || !keptOnly {
			out = append(out, query.Completion{Text: model.CleanLine(t.Name, 0), Help: model.CleanLine(t.Query, 80), Count: t.count})
		}
	}
	return out
}

// switchTab goes to a view. Numbers wrap around.
func (l *listing) switchTab(to int) {
	n := len(l.tabs)
	to = (to%n + n) % n
	l.inDetail = false
	if to == l.tab {
		return
	}
	l.currentTab().at = l.Ref()
	l.tab, l.clearing = to, false
	if l.Marks.Len() > 0 {
		l.ClearMarks()
		l.say(theme.Dim, "marks were cleared: they belong to the view")
	}
	l.Reset(l.tabs[to].at)
	l.asOf, l.more, l.toEnd = time.Time{}, false, false
	if q := l.query(); !l.indexed {
		read(l.loop, l.opening(q), func(p model.Page, _ error) { l.showOpening(q, p) })
	}
	l.reload(true)
}

// applyFilter narrows the list by a filter, unless that is wrong.
func (l *listing) applyFilter(text string) {
	t := l.currentTab()
	_, err := combine(t.Query, text, t.order)
	switch {
	case err != nil:
		wrong := prompt.ProblemOf(text, err)
		l.say(theme.Error, fmt.Sprintf("that query is wrong at %d: %s", wrong.At+1, wrong.Why))
	case text != t.filter:
		if q, _ := query.Parse(text); q.Sorted() {
			t.order = "" // the filter says how to sort
		}
		l.setFilter(text, model.Ref{})
	}
}

// setFilter filters the list, with the cursor on a conversation, or at the top for the zero ref.
func (l *listing) setFilter(text string, at model.Ref) {
	l.currentTab().filter = text
	l.clearing, l.toEnd = false, false
	l.EndRange()
	l.Seek(at)
	l.reload(true)
}

// clearFilter keeps the cursor on its conversation, or on the one where filtering began if nothing was found.
func (l *listing) clearFilter() {
	if l.pages.busy && l.pages.fresh {
		l.clearing = true
		return
	}
	l.setFilter("", cmp.Or(l.Ref(), l.currentTab().from))
}

// goToView goes to the named view; a new name keeps the filter and order as a view, and no name shows the kept views.
func (l *listing) goToView(in intent) {
	i, known := l.viewNamed(in.arg)
	n, wrong := strconv.Atoi(in.arg)
	switch {
	case known:
		typed := l.narrowed() && i != l.tab
		l.switchTab(i)
		if typed {
			l.say(theme.Warning, l.currentTab().Name+" was a view before, so what is typed wasn't kept; another name keeps it")
		}
	case wrong == nil && (n < 1 || n > len(l.tabs)):
		l.say(theme.Warning, fmt.Sprintf("there is no view %d, only %s", n, theme.Count(len(l.tabs), "view")))
	case wrong == nil:
		l.switchTab(n - 1)
	case l.opts.Keeper == nil:
		l.say(theme.Warning, noKeeper)
	case in.arg == "":
		l.showViews()
	default:
		l.keepView(in.arg)
	}
}

// keepView keeps the filter and the order as a view, and goes to it.
func (l *listing) keepView(name string) {
	kept := 0
	for _, t := range l.tabs {
		kept += theme.Pick(t.kept, 1, 0)
	}
	why := ""
	switch {
	case !l.narrowed():
		why = "there is no view named " + model.CleanLine(name, maxViewName) + "; with a filter typed, this keeps it under that name"
	case utf8.RuneCountInString(name) > maxViewName || strings.ContainsFunc(name, unicode.IsControl):
		why = fmt.Sprintf("a view's name has 1 to %d characters", maxViewName)
	case kept >= maxKept:
		why = fmt.Sprintf("there is no room for another: %d are kept, and :unview NAME removes one", kept)
	}
	if why != "" {
		l.say(theme.Warning, why)
		return
	}
	q := l.query()
	l.try("keep the view", func(context.Context) error { return l.opts.Keeper.Keep(name, q) }, func() {
		if _, ok := l.viewNamed(name); ok {
			return
		}
		l.tabs = append(l.tabs, tab{View: View{name, q}, kept: true, count: -1, at: l.Ref()})
		if l.query() == q {
			l.currentTab().filter, l.currentTab().order = "", ""
		}
		l.switchTab(len(l.tabs) - 1)
		said := theme.Pick(l.opts.Demo, "kept until the demo ends", "kept as a view")
		l.say(theme.Good, said+"; :view shows it for the config, :unview removes it")
		l.recount()
	})
}

// unview removes a view that the Keeper stores: the named one, or the open one.
func (l *listing) unview(in intent) {
	i, ok := l.viewNamed(in.arg)
	if in.arg == "" {
		i, ok = l.tab, true
	}
	switch {
	case !ok:
		l.say(theme.Warning, "there is no view named "+model.CleanLine(in.arg, maxViewName))
		return
	case !l.tabs[i].kept:
		l.say(theme.Warning, l.tabs[i].Name+" was not kept by :view, so it is removed in the config: "+l.opts.ConfigPath)
		return
	}
	v := l.tabs[i]
	l.try("remove the view", func(context.Context) error { return l.opts.Keeper.Drop(v.Name) }, func() {
		i, ok := l.viewNamed(v.Name)
		if !ok || !l.tabs[i].kept {
			return
		}
		if i == l.tab {
			l.switchTab(i - 1)
		}
		l.tabs = slices.Delete(l.tabs, i, i+1)
		l.tab -= theme.Pick(l.tab > i, 1, 0)
		l.say(theme.Good, "removed the view "+v.Name+": "+model.CleanLine(v.Query, 200))
		l.recount()
	})
}

func (l *listing) showViews() {
	fetch(l.loop, "read the views", func(context.Context) (string, error) { return l.opts.Keeper.Written() }, func(text string) {
		d := &dialog.Text{Title: "Views", Keys: l.keys.Keys(keymap.Pager), Copied: text, Lines: []string{":view NAME goes to a view. " +
			"Of a new name it keeps the filter and the order that are set, as a view beside those of the config; none is kept yet."}}
		if text != "" {
			d.Lines = []string{"Kept here. For the config, " + l.opts.ConfigPath + ", they are written:", "", strings.TrimSpace(text), "",
				"A view of the config hides one of the same name that is kept here; :unview NAME removes one."}
		}
		l.openWhenFree(layer{overlay: d, handle: func(asks any) {
			if text, ok := asks.(dialog.Copy); ok {
				l.closeOverlay(d)
				l.say(theme.Good, "copied, as the config would hold them")
				l.do(tea.SetClipboard(string(text)))
			}
		}})
	})
}

// sort changes the order of this view to the named one, or to one chosen from a menu.
func (l *listing) sort(in intent) {
	if in.arg != "" {
		l.sortBy(in.arg)
		return
	}
	now, words := l.parsedQuery().Sort(), query.Words(query.FieldSort)
	d := &dialog.Menu{Title: "Sort by"}
	for i, w := range words {
		it := dialog.Item{Key: w.Name[:1], Label: w.Name + ": " + w.Help}
		if w.Name == now.Field {
			it.Label += ", as now; again reverses it"
			d.At = i
		}
		d.Items = append(d.Items, it)
	}
	d.Items = append(d.Items, dialog.Item{Key: "S", Label: "the other way round"})
	l.openMenu(d, func(i int) {
		field := now.Field
		if i < len(words) {
			field = words[i].Name
		}
		if field == now.Field && !now.Reverse {
			field = "-" + field
		}
		l.sortBy(field)
	})
}

// sortBy changes the order of this view. The cursor stays on its conversation.
func (l *listing) sortBy(order string) {
	order = strings.ReplaceAll(strings.ToLower(order), `"`, "")
	if _, err := query.Parse(query.FieldSort + `:"` + order + `"`); err != nil {
		l.say(theme.Error, prompt.ProblemOf(order, err).Why)
		return
	}
	l.currentTab().order = order
	words, _ := l.order()
	l.say(theme.Dim, words)
	l.setFilter(l.currentTab().filter, l.Ref())
}

const noKeeper = "no view can be kept here"
