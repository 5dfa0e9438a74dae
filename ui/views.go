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
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

const (
	viewName  = 64  // runes of the name of a view
	viewsKept = 100 // kept at most
)

// viewNamed returns the place of a view.
func (m *Model) viewNamed(name string) (i int, ok bool) {
	i = slices.IndexFunc(m.tabs, func(t tab) bool { return strings.EqualFold(t.Name, name) })
	return i, i >= 0
}

// view goes to the view of a name or number, or keeps the filter and the order as a new one of that name. Without a name
// it shows those that are kept.
func (m *Model) view(in intent) tea.Cmd {
	name := in.arg
	if i, ok := m.viewNamed(name); ok {
		typed := m.narrowed() && i != m.tab
		cmd := m.switchTab(i)
		if typed {
			m.say(theme.Warning, m.tabs[i].Name+" was a view before, so what is typed wasn't kept; another name keeps it")
		}
		return cmd
	}
	if n, err := strconv.Atoi(name); err == nil {
		if n < 1 || n > len(m.tabs) {
			return m.say(theme.Warning, fmt.Sprintf("there is no view %d, only %s", n, theme.Count(len(m.tabs), "view")))
		}
		return m.switchTab(n - 1)
	}
	if why := noKeeper(m, in); why != "" {
		return m.say(theme.Warning, why)
	}
	if name == "" {
		return m.showViews()
	}
	switch kept := slices.DeleteFunc(slices.Clone(m.tabs), func(t tab) bool { return !t.kept }); {
	case !m.narrowed():
		return m.say(theme.Warning, "there is no view named "+model.CleanLine(name, viewName)+"; with a filter typed, this keeps it under that name")
	case utf8.RuneCountInString(name) > viewName || strings.ContainsFunc(name, unicode.IsControl):
		return m.say(theme.Warning, fmt.Sprintf("a view's name has 1 to %d characters", viewName))
	case len(kept) >= viewsKept:
		return m.say(theme.Warning, fmt.Sprintf("there is no room for another: %d are kept, and :unview NAME removes one", len(kept)))
	}
	q, err := m.query()
	if err != nil {
		return m.say(theme.Error, err.Error())
	}
	v := View{name, q}
	keep := func(context.Context) (struct{}, error) { return struct{}{}, m.opts.Keeper.Keep(v.Name, v.Query) }
	return read(m, keep, func(_ struct{}, err error) tea.Cmd {
		if err != nil {
			return m.fail("keep the view", err)
		}
		return m.viewKept(v)
	})
}

// narrowed reports whether there is something to keep: a filter, or an order of its own.
func (m *Model) narrowed() bool { return m.tabs[m.tab].filter != "" || m.tabs[m.tab].order != "" }

// viewKept shows a view that was kept, in place of the filter that it was made of.
func (m *Model) viewKept(v View) tea.Cmd {
	if _, ok := m.viewNamed(v.Name); ok {
		return nil
	}
	m.tabs = append(m.tabs, tab{View: v, kept: true, count: -1, at: m.list.Ref()})
	if q, _ := m.query(); q == v.Query {
		m.tabs[m.tab].filter, m.tabs[m.tab].order = "", ""
	}
	cmd := m.switchTab(len(m.tabs) - 1)
	kept := "kept as a view"
	if m.opts.Demo {
		kept = "kept until the demo ends"
	}
	m.say(theme.Good, kept+"; :view shows it for the config, :unview removes it")
	return tea.Batch(cmd, m.recount())
}

// unview removes a view that was kept here: the one that is named, or this one.
func (m *Model) unview(in intent) tea.Cmd {
	i := m.tab
	if in.arg != "" {
		var ok bool
		if i, ok = m.viewNamed(in.arg); !ok {
			return m.say(theme.Warning, "there is no view named "+model.CleanLine(in.arg, viewName))
		}
	}
	v := m.tabs[i]
	if !v.kept {
		return m.say(theme.Warning, v.Name+" was not kept by :view, so it is removed in the config: "+m.opts.ConfigPath)
	}
	drop := func(context.Context) (struct{}, error) { return struct{}{}, m.opts.Keeper.Drop(v.Name) }
	return read(m, drop, func(_ struct{}, err error) tea.Cmd {
		i, ok := m.viewNamed(v.Name)
		switch {
		case err != nil:
			return m.fail("remove the view", err)
		case !ok || !m.tabs[i].kept:
			return nil
		}
		var cmd tea.Cmd
		if i == m.tab {
			cmd = m.switchTab(i - 1)
		}
		m.tabs = slices.Delete(m.tabs, i, i+1)
		if m.tab > i {
			m.tab--
		}
		m.say(theme.Good, "removed the view "+v.Name+": "+model.CleanLine(v.Query, 200))
		return tea.Batch(cmd, m.recount())
	})
}

// showViews shows the views that are kept here as the config would hold them.
func (m *Model) showViews() tea.Cmd {
	written := func(context.Context) (string, error) { return m.opts.Keeper.Written() }
	return read(m, written, func(text string, err error) tea.Cmd {
		if err != nil {
			return m.fail("read the views", err)
		}
		d := &dialog.Text{Title: "Views", Keys: m.keys.Keys(keymap.Pager), Copied: text, Lines: []string{":view NAME goes to a view. " +
			"Of a new name it keeps the filter and the order that are set, as a view beside those of the config; none is kept yet."}}
		if text != "" {
			d.Lines = []string{"Kept here. For the config, " + m.opts.ConfigPath + ", they are written:", "", strings.TrimSpace(text), "",
				"A view of the config hides one of the same name that is kept here; :unview NAME removes one."}
		}
		m.openLate(layer{overlay: d, act: func(asks any) tea.Cmd {
			text, ok := asks.(dialog.Copy)
			if !ok {
				return nil
			}
			m.closeOverlay(d)
			m.say(theme.Good, "copied, as the config would hold them")
			return tea.SetClipboard(string(text))
		}})
		return nil
	})
}

// noKeeper is why no view can be kept.
func noKeeper(m *Model, in intent) string {
	if m.opts.Keeper == nil {
		return "no view can be kept here"
	}
	return ""
}
