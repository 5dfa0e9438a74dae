package ui

import (
	"confab/model"
	"confab/ui/keymap"
	"confab/ui/layout"
)

// footerKey is an action that the footer names, and what it does in a word.
type footerKey struct {
	action keymap.Action
	does   string
}

// The most useful come first: those that find no room are left out, but for the last.
var (
	listKeys = []footerKey{{keymap.Settle, "settle"}, {keymap.Open, "open"}, {keymap.Mark, "mark"}, {keymap.TogglePrivacy, "privacy"},
		{keymap.Rename, "rename"}, {keymap.Participants, "people"}, {keymap.Contacts, "contacts"}, {keymap.ToggleStatus, "close"},
		{keymap.Undo, "undo"}, {keymap.Back, "back"}, {keymap.Filter, "filter"}, {keymap.Palette, "actions"}, {keymap.Help, "help"}}
	detailKeys = []footerKey{{keymap.Back, "back"}, {keymap.Settle, "settle"}, {keymap.NextTab, "tab"}, {keymap.NextItem, "next"},
		{keymap.TogglePrivacy, "privacy"}, {keymap.Rename, "rename"}, {keymap.Participants, "people"}, {keymap.Contacts, "contacts"},
		{keymap.ToggleStatus, "close"}, {keymap.Undo, "undo"}, {keymap.SearchNext, "next match"}, {keymap.Search, "search"},
		{keymap.Palette, "actions"}, {keymap.Help, "help"}}
)

// drawFooter names the keys that work here, on what is under the cursor once that rests:
// what it offers differs from row to row, and a held key would draw it again at each.
func (m *Model) drawFooter(r layout.Rect) string {
	if len(m.layers) > 0 {
		return layout.Spaces(r.W) // what lies over it takes the keys, and names its own
	}
	if !m.moving || m.screen == screenDetail {
		m.footer = m.footerPairs()
	}
	line, hits := m.th.KeyLine(layout.Rect{X: r.X + 1, Y: r.Y, W: r.W - 2}, m.footer...)
	m.mouse.keys = hits
	return m.th.Fit(" "+line, r.W, "")
}

func (m *Model) footerPairs() (pairs []string) {
	here := listKeys
	if m.screen == screenDetail {
		here = detailKeys
	}
	keys, global := m.keys.Keys(m.stack()...), m.keys.Keys(keymap.Global)
	in := m.intent("")
	in.count = 0
	for _, o := range here {
		in.action = o.action
		if does := m.footerWord(in, o.does); does != "" {
			key := keys.Of(o.action)
			if o.action == keymap.Back {
				key = global.Of(o.action)
			}
			pairs = append(pairs, key, does)
		}
	}
	return pairs
}

// footerWord returns what an action does here, "" where it does nothing.
func (m *Model) footerWord(in intent, does string) string {
	inList := m.screen == screenList
	switch a := in.action; {
	case m.off(in) != "",
		a == keymap.Settle && (!in.one || !needsPerson(in.row)),
		a == keymap.Undo && (m.acts == 0 || m.opts.ReadOnly):
		return ""
	case a == keymap.TogglePrivacy && in.size() > 1:
		return "make private"
	case a == keymap.ToggleStatus && in.one && in.row.Conversation.PlainStatus() == model.StatusClosed:
		return "reopen"
	case a != keymap.Back:
	case !inList && m.detail.Searching() != "":
		return "end the search"
	case !inList:
	case m.list.Ranging():
		return "end the range"
	case m.list.MarkCount() > 0:
		return "unmark"
	case m.here().filter != "":
		return "all rows"
	default:
		return ""
	}
	return does
}
