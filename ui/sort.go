package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model/query"
	"confab/ui/dialog"
	"confab/ui/theme"
)

// sort puts this view into another order: the one that is named, or one to choose.
func (m *Model) sort(in intent) tea.Cmd {
	if in.arg != "" {
		return m.sortBy(in.arg)
	}
	now, words := m.sorting(), query.Words(query.FieldSort)
	d := &dialog.Menu{Title: "Sort by"}
	for i, w := range words {
		label := w.Name + ": " + w.Help
		if w.Name == now.Field {
			label += ", as now; again reverses it"
			d.Items = append(d.Items, dialog.Item{Key: w.Name[:1], Label: label})
			d.At = i
			continue
		}
		d.Items = append(d.Items, dialog.Item{Key: w.Name[:1], Label: label})
	}
	d.Items = append(d.Items, dialog.Item{Key: "S", Label: "the other way round"})
	m.openMenu(d, func(i int) tea.Cmd {
		field := now.Field
		if i < len(words) {
			field = words[i].Name
		}
		if field == now.Field && !now.Reverse {
			field = "-" + field
		}
		return m.sortBy(field)
	})
	return nil
}

// sortBy puts this view into an order, as it is written after sort:, until another is asked for. The cursor stays on its
// conversation.
func (m *Model) sortBy(order string) tea.Cmd {
	order = strings.ToLower(order)
	t := &m.tabs[m.tab]
	if _, err := query.Parse(query.FieldSort + ":" + order); err != nil {
		return m.say(theme.Error, place(order, err).why)
	}
	t.order = order
	words, _ := m.order()
	m.say(theme.Dim, words)
	return m.setFilter(t.filter, m.list.Ref())
}

// sorting returns the order of the list.
func (m *Model) sorting() query.Sort {
	text, _ := m.query()
	q, _ := query.Parse(text)
	return q.Sort()
}

// order says how the list is sorted, and whether that is the usual way.
func (m *Model) order() (words string, usual bool) {
	s := m.sorting()
	words = "by " + s.Field
	if s.Reverse {
		words += ", reversed"
	}
	return words, s == query.Query{}.Sort()
}
