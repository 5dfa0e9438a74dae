package keymap

import (
	tea "charm.land/bubbletea/v2"

	"confab/ui/layout"
)

// Keys are the keys of one part of the screen: what is struck means an action, and
// actions have names for its footer.
type Keys struct {
	table *Map
	stack []Context
	typed []string
}

// Keys returns the keys of a part that looks them up in these contexts, the first
// that knows them wins.
func (m *Map) Keys(stack ...Context) *Keys { return &Keys{table: m, stack: stack} }

// Of returns the first key of an action as it is shown, "" if it has none.
func (k *Keys) Of(a Action) string {
	if k == nil {
		return ""
	}
	for _, c := range k.stack {
		if key := k.table.KeyOf(c, a); key != "" {
			return key
		}
	}
	return ""
}

// If is Of where so is true; else "", which a footer leaves out.
func (k *Keys) If(so bool, a Action) string {
	if !so {
		return ""
	}
	return k.Of(a)
}

// Press returns what a key means after those typed so far, "" where that is nothing
// or not clear yet.
func (k *Keys) Press(key string) Action {
	k.typed = append(k.typed, key)
	b, r := k.table.Lookup(k.stack, k.typed)
	if r != Prefix {
		k.typed = nil
	}
	return b.Action
}

// Read takes a message for a part that scrolls by lines, of which page are a page.
// It returns what else a key means; esc always means Back.
func (k *Keys) Read(msg tea.Msg, page int, scroll func(by int)) Action {
	switch msg := msg.(type) {
	case layout.Wheel:
		scroll(int(msg))
	case tea.KeyPressMsg:
		if msg.String() == "esc" {
			k.typed = nil
			return Back
		}
		a := k.Press(msg.String())
		by, ok := map[Action]int{Down: 1, Up: -1, PageDown: page, PageUp: -page, Top: -layout.Far, Bottom: layout.Far}[a]
		if !ok {
			return a
		}
		scroll(by)
	}
	return ""
}
