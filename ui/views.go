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
	"confab/ui/detail"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

const (
	maxViewName = 64 // in runes
	maxKept     = 100
)

func (m *Model) viewNamed(name string) (i int, ok bool) {
	i = slices.IndexFunc(m.tabs, func(t tab) bool { return strings.EqualFold(t.Name, name) })
	return i, i >= 0
}

// goToView goes to the named view; a new name keeps the filter and order as a view, and no name shows the kept views.
func (m *Model) goToView(in intent) {
	i, known := m.viewNamed(in.arg)
	n, wrong := strconv.Atoi(in.arg)
	switch {
	case known:
		typed := m.narrowed() && i != m.tab
		m.switchTab(i)
		if typed {
			m.say(theme.Warning, m.currentTab().Name+" was a view before, so what is typed wasn't kept; another name keeps it")
		}
	case wrong == nil && (n < 1 || n > len(m.tabs)):
		m.say(theme.Warning, fmt.Sprintf("there is no view %d, only %s", n, theme.Count(len(m.tabs), "view")))
	case wrong == nil:
		m.switchTab(n - 1)
	case m.opts.Keeper == nil:
		m.say(theme.Warning, keeperOff(m, in))
	case in.arg == "":
		m.showViews()
	default:
		m.keepView(in.arg)
	}
}

// keepView keeps the filter and the order as a view, and goes to it.
func (m *Model) keepView(name string) {
	kept := 0
	for _, t := range m.tabs {
		kept += theme.Pick(t.kept, 1, 0)
	}
	why := ""
	switch {
	case !m.narrowed():
		why = "there is no view named " + model.CleanLine(name, maxViewName) + "; with a filter typed, this keeps it under that name"
	case utf8.RuneCountInString(name) > maxViewName || strings.ContainsFunc(name, unicode.IsControl):
		why = fmt.Sprintf("a view's name has 1 to %d characters", maxViewName)
	case kept >= maxKept:
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
			m.currentTab().filter, m.currentTab().order = "", ""
		}
		m.switchTab(len(m.tabs) - 1)
		said := theme.Pick(m.opts.Demo, "kept until the demo ends", "kept as a view")
		m.say(theme.Good, said+"; :view shows it for the config, :unview removes it")
		m.recount()
	})
}

func (m *Model) narrowed() bool { return m.currentTab().filter != "" || m.currentTab().order != "" }

// unview removes a view that the Keeper stores: the named one, or the open one.
func (m *Model) unview(in intent) {
	i, ok := m.viewNamed(in.arg)
	if in.arg == "" {
		i, ok = m.tab, true
	}
	switch {
	case !ok:
		m.say(theme.Warning, "there is no view named "+model.CleanLine(in.arg, maxViewName))
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
		m.tab -= theme.Pick(m.tab > i, 1, 0)
		m.say(theme.Good, "removed the view "+v.Name+": "+model.CleanLine(v.Query, 200))
		m.recount()
	})
}

func (m *Model) showViews() {
	fetch(m.loop, "read the views", func(context.Context) (string, error) { return m.opts.Keeper.Written() }, func(text string) {
		d := &dialog.Text{Title: "Views", Keys: m.keys.Keys(keymap.Pager), Copied: text, Lines: []string{":view NAME goes to a view. " +
			"Of a new name it keeps the filter and the order that are set, as a view beside those of the config; none is kept yet."}}
		if text != "" {
			d.Lines = []string{"Kept here. For the config, " + m.opts.ConfigPath + ", they are written:", "", strings.TrimSpace(text), "",
				"A view of the config hides one of the same name that is kept here; :unview NAME removes one."}
		}
		m.openWhenFree(layer{overlay: d, handle: func(asks any) {
			if text, ok := asks.(dialog.Copy); ok {
				m.closeOverlay(d)
				m.say(theme.Good, "copied, as the config would hold them")
				m.do(tea.SetClipboard(string(text)))
			}
		}})
	})
}

func keeperOff(m *Model, _ intent) string {
	if m.opts.Keeper == nil {
		return "no view can be kept here"
	}
	return ""
}

// sort changes the order of this view to the named one, or to one chosen from a menu.
func (m *Model) sort(in intent) {
	if in.arg != "" {
		m.sortBy(in.arg)
		return
	}
	q, _ := m.parsedQuery()
	now, words := q.Sort(), query.Words(query.FieldSort)
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

// sortBy changes the order of this view. The cursor stays on its conversation.
func (m *Model) sortBy(order string) {
	order = strings.ToLower(order)
	if _, err := query.Parse(query.FieldSort + ":" + order); err != nil {
		m.say(theme.Error, queryProblem(order, err).why)
		return
	}
	m.currentTab().order = order
	words, _ := m.order()
	m.say(theme.Dim, words)
	m.setFilter(m.currentTab().filter, m.list.Ref())
}

// order describes how the list is sorted, and reports whether that is the usual order.
func (m *Model) order() (words string, usual bool) {
	q, _ := m.parsedQuery()
	s := q.Sort()
	return "by " + s.Field + theme.Pick(s.Reverse, ", reversed", ""), s == query.Query{}.Sort()
}

// back ends the first of: the search or the open conversation, the range, the marks, the filter.
func (m *Model) back() {
	switch {
	case m.inDetail && m.detail.Searching() != "":
		m.detail.Search("")
	case m.inDetail:
		m.inDetail, m.openWhenRead = false, false
		m.list.MoveToRef(m.detail.Ref())
		if m.list.Ref() != m.detail.Ref() {
			m.previewAfterRest()
		}
	case m.list.Ranging():
		m.list.EndRange()
	case m.list.MarkCount() > 0:
		m.list.ClearMarks()
	case m.currentTab().filter != "":
		m.clearFilter()
	}
}

// clearFilter keeps the cursor on its conversation, or on the one where filtering began if nothing was found.
func (m *Model) clearFilter() {
	if m.pages.busy && m.pages.fresh {
		m.clearing = true
		return
	}
	m.setFilter("", cmp.Or(m.list.Ref(), m.currentTab().from))
}

func (m *Model) openDetail(in intent) {
	m.inDetail = true
	m.list.EndRange()
	m.openRow(in.row)
}

func (m *Model) turnDetail(by int) {
	if !m.inDetail && !m.previewShown() {
		m.say(theme.Dim, "no preview is shown: v shows it, enter opens the conversation")
		return
	}
	m.detail.SetTab(m.detail.Tab() + detail.Tab(by))
}

// switchTab goes to a view. Numbers wrap around.
func (m *Model) switchTab(to int) {
	n := len(m.tabs)
	to = (to%n + n) % n
	m.inDetail = false
	if to == m.tab {
		return
	}
	m.currentTab().at = m.list.Ref()
	m.tab, m.clearing = to, false
	if m.list.MarkCount() > 0 {
		m.list.ClearMarks()
		m.say(theme.Dim, "marks were cleared: they belong to the view")
	}
	m.list.Reset(m.tabs[to].at)
	m.asOf, m.more, m.toEnd = time.Time{}, false, false
	if q, err := m.query(); err == nil && !m.indexed {
		read(m.loop, m.opening(q), func(p model.Page, _ error) { m.showOpening(q, p) })
	}
	m.reload(true)
}

// setFilter filters the list, with the cursor on a conversation, or at the top for the zero ref.
func (m *Model) setFilter(text string, at model.Ref) {
	m.currentTab().filter = text
	m.clearing, m.toEnd = false, false
	m.list.EndRange()
	m.list.Seek(at)
	m.reload(true)
}

func (m *Model) refresh(in intent) {
	var accounts []string
	if in.single && m.inDetail {
		accounts = append(accounts, in.row.Conversation.Ref.Account)
	}
	m.say(theme.Dim, "refreshing")
	m.do(func() tea.Msg {
		m.be.Refresh(accounts...)
		return nil
	})
	if m.inDetail {
		m.reloadDetail(in)
	}
}
