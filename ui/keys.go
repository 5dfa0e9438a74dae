package ui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// maxCount bounds a count typed before a key.
const maxCount = 1_000_000

func (m *Model) stack() []keymap.Context {
	if m.screen == screenDetail {
		return []keymap.Context{keymap.Detail, keymap.List, keymap.Global}
	}
	return []keymap.Context{keymap.List, keymap.Global}
}

func (m *Model) key(k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	held := m.strike()
	if b, r := m.keys.Lookup([]keymap.Context{keymap.Global}, []string{name}); r == keymap.Match {
		switch b.Action {
		case keymap.Interrupt:
			return m.interrupt()
		case keymap.Suspend:
			return m.suspend()
		case keymap.Redraw:
			return redraw()
		}
	}
	if m.tooSmall() {
		return m.keyUnseen(name)
	}
	if top, ok := m.onTop(); ok {
		if m.fresh(top.overlay) && name != "esc" {
			return m.beneath(top, name)
		}
		if _, ok := top.overlay.(answerer); ok {
			m.notice = notice{}
		}
		return m.pass(top, k)
	}
	if m.prompt != nil {
		return m.promptKey(k)
	}
	if b, _ := m.keys.Lookup(m.stack(), []string{name}); held && name != "esc" && !m.handlers[b.Action].moves {
		m.typed, m.count = nil, 0
		return nil
	}
	if op := m.working(); op != nil && name == "esc" && op.stops && !op.stopped {
		op.stopped = true
		op.cancel()
		return nil
	}
	m.clearMessage(name)
	if m.counting(name) {
		return nil
	}
	m.typed = append(m.typed, name)
	b, r := m.keys.Lookup(m.stack(), m.typed)
	switch r {
	case keymap.Prefix:
		return nil
	case keymap.None:
		typed := m.typed
		m.typed, m.count = nil, 0
		if len(typed) > 1 && name == "esc" {
			return nil
		}
		if len(typed) > 1 || len([]rune(name)) == 1 {
			m.say(theme.Dim, fmt.Sprintf("%s means nothing here; ? lists the keys", keymap.Label(typed)))
		}
		return nil
	}
	in := m.intent(b.Action)
	m.typed, m.count = nil, 0
	return m.run(in)
}

// counting takes the digits of a count.
func (m *Model) counting(name string) bool {
	if len(m.typed) > 0 || len(name) != 1 || name[0] < '0' || name[0] > '9' || name == "0" && m.count == 0 {
		return false
	}
	if _, r := m.keys.Lookup(m.stack(), []string{name}); r != keymap.None {
		return false
	}
	m.count = min(maxCount, m.count*10+int(name[0]-'0'))
	return true
}

func (m *Model) paste(msg tea.PasteMsg) tea.Cmd {
	if top, ok := m.onTop(); ok {
		return m.pass(top, msg)
	}
	if p := m.prompt; p != nil {
		switch {
		case p.turn != 0:
			p.held = append(p.held, msg)
		case p.input.Paste(msg.Content):
			return m.promptChanged()
		}
		return nil
	}
	return m.say(theme.Dim, "pasted text was ignored: nothing is being typed")
}

func redraw() tea.Cmd {
	return tea.Batch(tea.ClearScreen, tea.RequestWindowSize)
}

func (m *Model) suspend() tea.Cmd {
	save := m.saveDrafts()
	drain := func(ctx context.Context) (_ struct{}, err error) {
		save()
		if before := m.opts.BeforeSuspend; before != nil {
			err = before(ctx)
		}
		return
	}
	return read(m, drain, func(_ struct{}, err error) tea.Cmd {
		if err != nil {
			return m.say(theme.Error, "not suspended: "+model.Words(err))
		}
		return tea.Suspend
	})
}

// hint shows the keys typed so far, and what may follow.
func (m *Model) hint() string {
	var s strings.Builder
	if m.count > 0 {
		fmt.Fprintf(&s, "%d ", m.count)
	}
	if len(m.typed) > 0 {
		s.WriteString(keymap.Label(m.typed) + " ")
		for i, b := range m.keys.Following(m.stack(), m.typed) {
			if i == 6 {
				s.WriteString(" " + m.th.Ellipsis)
				break
			}
			fmt.Fprintf(&s, "  %s %s", keymap.Label(b.Keys[0]), b.Help)
		}
	}
	return s.String()
}
