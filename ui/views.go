package ui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

const (
	viewName  = 64  // runes of the name of a view
	viewsKept = 100 // kept at most
)

func (m *Model) viewNamed(name string) (i int, ok bool) {
	i = slices.IndexFunc(m.tabs, func(t tab) bool { return strings.EqualFold(t.Name, name) })
	return i, i >= 0
}

// goToView goes to a view, keeps the filter and order as a new one, or shows what is kept.
func (m *Model) goToView(in intent) {
	i, known := m.viewNamed(in.arg)
	n, wrong := strconv.Atoi(in.arg)
	switch {
	case known:
		typed := m.narrowed() && i != m.tab
		m.switchTab(i)
		if typed {
			m.say(theme.Warning, m.here().Name+" was a view before, so what is typed wasn't kept; another name keeps it")
		}
	case wrong == nil && (n < 1 || n > len(m.tabs)):
		m.say(theme.Warning, fmt.Sprintf("there is no view %d, only %s", n, theme.Count(len(m.tabs), "view")))
	case wrong == nil:
		m.switchTab(n - 1)
	case m.opts.Keeper == nil:
		m.say(theme.Warning, noKeeper(m, in))
	case in.arg == "":
		m.showViews()
	default:
		m.keepView(in.arg)
	}
}

// keepView keeps the filter and the order as a view, and shows that in their place.
func (m *Model) keepView(name string) {
	kept := 0
	for _, t := range m.tabs {
		kept += cell(t.kept)
	}
	why := ""
	switch {
	case !m.narrowed():
		why = "there is no view named " + model.CleanLine(name, viewName) + "; with a filter typed, this keeps it under that name"
	case utf8.RuneCountInString(name) > viewName || strings.ContainsFunc(name, unicode.IsControl):
		why = fmt.Sprintf("a view's name has 1 to %d characters", viewName)
	case kept >= viewsKept:
		why = fmt.Sprintf("there is no room for another: %d are kept, and :unview NAME removes one", kept)
	}
	q, err := m.query()
	switch {
	case why != "":
		m.say(theme.Warning, why)
		return
	case err != nil:
		m.say(theme.Error, err.Error())
		return
	}
	m.try("keep the view", func(context.Context) error { return m.opts.Keeper.Keep(name, q) }, func() {
		if _, ok := m.viewNamed(name); ok {
			return
		}
		m.tabs = append(m.tabs, tab{View: View{name, q}, kept: true, count: -1, at: m.list.Ref()})
		if now, _ := m.query(); now == q {
			m.here().filter, m.here().order = "", ""
		}
		m.switchTab(len(m.tabs) - 1)
		said := "kept as a view"
		if m.opts.Demo {
			said = "kept until the demo ends"
		}
		m.say(theme.Good, said+"; :view shows it for the config, :unview removes it")
		m.recount()
	})
}

func (m *Model) narrowed() bool { return m.here().filter != "" || m.here().order != "" }

// unview removes a view that was kept here: the one that is named, or this one.
func (m *Model) unview(in intent) {
	i, ok := m.viewNamed(in.arg)
	if in.arg == "" {
		i, ok = m.tab, true
	}
	switch {
	case !ok:
		m.say(theme.Warning, "there is no view named "+model.CleanLine(in.arg, viewName))
		return
	case !m.tabs[i].kept:
		m.say(theme.Warning, m.tabs[i].Name+" was not kept by :view, so it is removed in the config: "+m.opts.ConfigPath)
		return
	}
	v := m.tabs[i]
	m.try("remove the view", func(context.Context) error { return m.opts.Keeper.Drop(v.Name) }, func() {
		i, ok := m.viewNamed(v.Name)
		if !ok || !m.tabs[i].kept {
			return
		}
		if i == m.tab {
			m.switchTab(i - 1)
		}
		m.tabs = slices.Delete(m.tabs, i, i+1)
		m.tab -= cell(m.tab > i)
		m.say(theme.Good, "removed the view "+v.Name+": "+model.CleanLine(v.Query, 200))
		m.recount()
	})
}

func (m *Model) showViews() {
	fetch(m, "read the views", func(context.Context) (string, error) { return m.opts.Keeper.Written() }, func(text string) {
		d := &dialog.Text{Title: "Views", Keys: m.keys.Keys(keymap.Pager), Copied: text, Lines: []string{":view NAME goes to a view. " +
			"Of a new name it keeps the filter and the order that are set, as a view beside those of the config; none is kept yet."}}
		if text != "" {
			d.Lines = []string{"Kept here. For the config, " + m.opts.ConfigPath + ", they are written:", "", strings.TrimSpace(text), "",
				"A view of the config hides one of the same name that is kept here; :unview NAME removes one."}
		}
		m.openLate(layer{overlay: d, act: func(asks any) {
			if text, ok := asks.(dialog.Copy); ok {
				m.closeOverlay(d)
				m.say(theme.Good, "copied, as the config would hold them")
				m.do(tea.SetClipboard(string(text)))
			}
		}})
	})
}

func noKeeper(m *Model, _ intent) string {
	if m.opts.Keeper == nil {
		return "no view can be kept here"
	}
	return ""
}

// sort puts this view into another order: the one that is named, or one to choose.
func (m *Model) sort(in intent) {
	if in.arg != "" {
		m.sortBy(in.arg)
		return
	}
	q, _ := m.parsed()
	now, words := q.Sort(), query.Words(query.FieldSort)
	d := &dialog.Menu{Title: "Sort by"}
	for i, w := range words {
		it := dialog.Item{Key: w.Name[:1], Label: w.Name + ": " + w.Help}
		if w.Name == now.Field {
			it.Label += ", as now; again reverses it"
		}
		d.Items = append(d.Items, it)
		if w.Name == now.Field {
			d.At = i
		}
	}
	d.Items = append(d.Items, dialog.Item{Key: "S", Label: "the other way round"})
	m.openMenu(d, func(i int) {
		field := now.Field
		if i < len(words) {
			field = words[i].Name
		}
		if field == now.Field && !now.Reverse {
			field = "-" + field
		}
		m.sortBy(field)
	})
}

// sortBy puts this view into an order; the cursor stays on its conversation.
func (m *Model) sortBy(order string) {
	order = strings.ToLower(order)
	if _, err := query.Parse(query.FieldSort + ":" + order); err != nil {
		m.say(theme.Error, place(order, err).why)
		return
	}
	m.here().order = order
	words, _ := m.order()
	m.say(theme.Dim, words)
	m.setFilter(m.here().filter, m.list.Ref())
}

// order says how the list is sorted, and whether that is the usual way.
func (m *Model) order() (words string, usual bool) {
	q, _ := m.parsed()
	s := q.Sort()
	words = "by " + s.Field
	if s.Reverse {
		words += ", reversed"
	}
	return words, s == query.Query{}.Sort()
}
