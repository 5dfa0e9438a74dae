package ui

import (
	"context"
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
// applied to a row that moved under the cursor since: the marked ones, or those
// of the range, or the one under the cursor.
type intent struct {
	subjects
	action keymap.Action
	count  int // 0 where none was typed
	// since is when the row came under the cursor by itself; zero where the
	// person chose it.
	since time.Time
	// marked says that not all of the conversations may be in sight.
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
	if m.screen == screenWelcome {
		return m.welcomeKey(name)
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

// intent captures what an action is about now.
func (m *Model) intent(a keymap.Action) intent {
	in := intent{action: a, count: m.count}
	if m.screen == screenDetail {
		if !m.detail.Ref().IsZero() {
			in.row, in.one, in.since = m.detail.Row(), true, m.underSince()
		}
		return in
	}
	row, ok := m.list.Selected()
	in.row = row
	switch {
	case m.list.Ranging():
		in.marked = true
		if set, whole := m.list.Range(); whole {
			in.set = set
		}
	case m.list.MarkCount() > 0:
		in.set, in.marked = m.list.Marks(), true
	case ok:
		in.one, in.since = true, m.underSince()
	}
	if in.set.Len() != 1 || ok && in.has(&row) {
		in.one = in.one || in.set.Len() == 1
		return in
	}
	in.row = model.Row{}
	rows := m.list.Rows()
	for i := range rows {
		if in.has(&rows[i]) {
			in.row, in.one = rows[i], true
			break
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
	if in.size() == 0 && m.list.Ranging() && h.wants != wantsNothing && m.screen == screenList {
		return m.readRows(in, m.rangeRequest())
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
	if h.moves {
		m.toEnd = false
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
	set, here, whole := m.list.From(in.row.Conversation.Ref, n)
	switch {
	case !here:
		m.say(theme.Warning, "this conversation is not in the list, so nothing can be counted from it")
		return nil
	case !whole:
		return m.readRows(in, model.SelectRequest{First: in.row.Conversation.Ref, N: n})
	}
	return m.run(in.about(set))
}

// about gives an intent for other conversations, which were counted or read.
func (in intent) about(set model.Selection) intent {
	in.one = in.one && set.Len() == 1 && set.Has(in.row.Conversation.Ref.Account, in.row.Key)
	in.set = set
	return in
}

// rangeRequest asks for the rows of the range.
func (m *Model) rangeRequest() model.SelectRequest {
	from, to := m.list.RangeEnds()
	return model.SelectRequest{First: from, Last: to}
}

// readRows reads rows that the window does not hold, for an intent about them.
func (m *Model) readRows(in intent, req model.SelectRequest) tea.Cmd {
	rows := m.selecting(req)
	if rows == nil {
		return nil
	}
	return operate(m, inLine("reading the rows"), rows, func(set model.Selection, err error) tea.Cmd {
		switch {
		case errors.Is(err, context.Canceled):
			m.say(theme.Dim, "stopped: nothing was done")
			return nil
		case err == nil && set.Len() == 0:
			err = errors.New("the list changed, so nothing was done")
		}
		if err != nil {
			m.fail("read the range", err)
			return nil
		}
		return m.run(in.about(set))
	})
}

// selecting returns what reads rows of this view, nil while its query is wrong.
func (m *Model) selecting(req model.SelectRequest) func(context.Context, func(done, total int)) (model.Selection, error) {
	q, err := m.query()
	if err != nil {
		return nil
	}
	req.Query, req.Inbox = q, true
	at := m.list.Cursor()
	return func(ctx context.Context, _ func(int, int)) (set model.Selection, err error) {
		if !req.First.IsZero() && req.Last.IsZero() && req.N == 0 { // a range up to a row that was not at hand yet
			page, err := m.be.List(ctx, model.ListRequest{Query: q, Inbox: true, Offset: at, Limit: 1})
			if err != nil || len(page.Rows) == 0 {
				return set, err
			}
			req.Last = page.Rows[0].Conversation.Ref
		}
		set, err = m.be.Select(ctx, req)
		if ctx.Err() != nil {
			err = context.Canceled
		}
		return set, err
	}
}

func (m *Model) paste(msg tea.PasteMsg) tea.Cmd {
	if top, ok := m.onTop(); ok {
		return m.pass(top, msg)
	}
	if m.prompt != nil {
		if m.prompt.input.Paste(msg.Content) {
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
			m.say(theme.Error, "not suspended: "+model.Words(err))
			return nil
		}
		return tea.Suspend
	})
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
