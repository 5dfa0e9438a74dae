package ui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// maxCount bounds a count typed before a key.
const maxCount = 1_000_000

// intent is what a key (or the palette, or the command line) asks for. It
// holds the conversations that were meant when it was made, so that nothing is
// applied to a row that moved under the cursor since.
type intent struct {
	action keymap.Action
	count  int // 0 where none was typed
	// refs are the marked conversations, or those of the range, or the one
	// under the cursor.
	refs []model.Ref
	// row is the conversation under the cursor; one says that it is what the
	// intent is about.
	row model.Row
	one bool
	// since is when the row came under the cursor by itself; zero where the
	// person chose it.
	since time.Time
	// marked says that refs may not all be in sight.
	marked bool
	// arg comes from the command line.
	arg string
}

func (in intent) times() int { return max(1, in.count) }

// stack gives the contexts in which a key is looked up.
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
	if n := len(m.overlays); n > 0 {
		if o := m.overlays[n-1]; !m.fresh(o) || name == "esc" {
			return o.key(m, k)
		}
		return m.beneath(m.overlays[n-1], name)
	}
	if m.prompt != nil {
		return m.promptKey(k)
	}
	if m.screen == screenWelcome {
		return m.welcomeKey(name)
	}
	if b, _ := m.keys.Lookup(m.stack(), []string{name}); held && name != "esc" && !m.handlers[b.Action].moves {
		m.typed, m.count = nil, 0
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

// intent captures what an action is about now.
func (m *Model) intent(a keymap.Action) intent {
	in := intent{action: a, count: m.count}
	switch {
	case m.screen == screenDetail:
		if !m.detail.Ref().IsZero() {
			in.row, in.one, in.refs, in.since = m.detail.Row(), true, []model.Ref{m.detail.Ref()}, m.underSince()
		}
		return in
	case m.list.Ranging():
		in.refs, _ = m.list.RangeRefs()
		in.marked = true
	case m.list.MarkCount() > 0:
		in.refs, in.marked = m.list.Marks(), true
	}
	row, ok := m.list.Selected()
	if ok {
		in.row = row
	}
	switch {
	case m.list.Ranging() && in.refs == nil:
	case len(in.refs) == 0 && ok:
		in.one, in.refs, in.marked, in.since = true, []model.Ref{row.Conversation.Ref}, false, m.underSince()
	case len(in.refs) == 1 && ok && in.refs[0] == row.Conversation.Ref:
		in.one = true
	case len(in.refs) == 1:
		if r, ok := m.list.Row(in.refs[0]); ok {
			in.row, in.one = r, true
		} else {
			in.row = model.Row{}
		}
	}
	return in
}

// run carries an intent out, or says why it is off.
func (m *Model) run(in intent) tea.Cmd {
	h, ok := m.handlers[in.action]
	if !ok {
		return nil
	}
	if m.marking && h.wants == wantsRows && m.screen == screenList {
		m.deferred = append(m.deferred, in.action)
		return nil
	}
	if in.refs == nil && m.list.Ranging() && h.wants != wantsNothing && m.screen == screenList {
		return m.readRange(in)
	}
	if in.count > 1 && h.wants != wantsNothing && in.action != keymap.Mark {
		return m.runCounted(in, h)
	}
	if h.unasked != nil && h.unasked(in) {
		if why := m.unseen(in); why != "" {
			m.withhold(why)
			return nil
		}
		m.hand.changed = in.row.Conversation.Ref
	}
	if why := m.off(in); why != "" {
		// What was to be typed must not be read as keys.
		m.hand.withheld = m.hand.withheld || h.opens
		m.say(theme.Warning, why)
		return nil
	}
	cmd := h.run(m, in)
	if h.moves {
		m.chose() // the cursor is where the person put it
	}
	// What is typed on is meant for a dialog that is not there yet.
	m.hand.withheld = m.hand.withheld || h.asks
	return cmd
}

// runCounted carries out an intent about as many rows as were counted, from the
// one under the cursor down.
func (m *Model) runCounted(in intent, h handler) tea.Cmd {
	n := in.count
	in.count = 0
	switch {
	case h.wants == wantsRow:
		m.say(theme.Warning, in.action.Words()+" takes one conversation at a time, not "+theme.Number(n))
		return nil
	case in.marked:
		m.say(theme.Warning, "a count means rows from the cursor on, but some are marked: esc clears the marks")
		return nil
	case !in.one:
		return m.run(in)
	}
	refs, whole := m.list.From(in.refs[0], n)
	switch {
	case refs == nil:
		m.say(theme.Warning, "this conversation is not in the list, so nothing can be counted from it")
		return nil
	case !whole:
		return m.readRows(in, func(refs []model.Ref) []model.Ref {
			i := position(refs, in.refs[0])
			if i < 0 {
				return nil
			}
			return refs[i:min(i+n, len(refs))]
		})
	}
	return m.run(in.about(refs))
}

// about gives an intent for other conversations, which were counted or read.
func (in intent) about(refs []model.Ref) intent {
	in.one = in.one && len(refs) == 1 && refs[0] == in.refs[0]
	in.refs = refs
	return in
}

// readRange finds the conversations of a range that is larger than the window.
func (m *Model) readRange(in intent) tea.Cmd {
	a, b := m.list.RangeEnds()
	first, last := m.list.RangeBounds()
	return m.readRows(in, func(refs []model.Ref) []model.Ref {
		i, j := position(refs, a), position(refs, b)
		if i < 0 {
			i = first
		}
		if j < 0 {
			j = last
		}
		i, j = min(i, j), max(i, j)
		if i >= len(refs) {
			return nil
		}
		return refs[i:min(j+1, len(refs))]
	})
}

// readRows reads the whole list for an intent about rows that the window does
// not hold; pick chooses them, nil where they are not there any more.
func (m *Model) readRows(in intent, pick func([]model.Ref) []model.Ref) tea.Cmd {
	q, err := m.query()
	if err != nil {
		return nil
	}
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		refs, err := be.Refs(ctx, q, true)
		if err != nil {
			return rangeMsg{in: in, err: err}
		}
		if refs = pick(refs); refs == nil {
			return rangeMsg{in: in, err: errors.New("the list changed, so nothing was done")}
		}
		return rangeMsg{in: in, refs: refs}
	}
}

func position(refs []model.Ref, ref model.Ref) int {
	for i, r := range refs {
		if r == ref {
			return i
		}
	}
	return -1
}

func (m *Model) paste(text string) tea.Cmd {
	if n := len(m.overlays); n > 0 {
		if p, ok := m.overlays[n-1].(paster); ok {
			return p.paste(m, text)
		}
		return nil
	}
	if m.prompt != nil {
		if m.prompt.input.Paste(text) {
			return m.promptChanged()
		}
		return nil
	}
	m.say(theme.Dim, "pasted text was ignored: nothing is being typed")
	return nil
}

func redraw() tea.Cmd {
	return tea.Batch(tea.ClearScreen, tea.RequestWindowSize)
}

func (m *Model) suspend() tea.Cmd {
	save, before, ctx := m.saveDrafts(), m.opts.BeforeSuspend, m.ctx
	return func() tea.Msg {
		if save != nil {
			save()
		}
		if before != nil {
			return suspendMsg{before(ctx)}
		}
		return suspendMsg{}
	}
}

// hint says what the keys typed so far wait for.
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
