package ui

import (
	"cmp"
	"context"
	"errors"
	"time"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// intent is what a key, the palette or the command line asks for. It holds the
// conversations that were meant when it was made: the marked ones, those of the range, or
// the one under the cursor. What moves under the cursor later is not touched.
type intent struct {
	subjects
	action keymap.Action
	count  int // 0 where none was typed
	// since is when the row came under the cursor by itself; zero where the
	// person chose it.
	since  time.Time
	marked bool // some of the conversations may be out of sight
	arg    string
}

func (in intent) times() int { return max(1, in.count) }

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
func (m *Model) run(in intent) {
	h, ok := m.handlers[in.action]
	inList, why := m.screen == screenList, ""
	switch {
	case !ok:
	case m.marking && h.wants == wantsRows && inList:
		m.deferred = append(m.deferred, in.action)
	case in.size() == 0 && m.list.Ranging() && h.wants != wantsNothing && inList:
		m.readRows(in, m.rangeRequest())
	case in.count > 1 && h.wants != wantsNothing && in.action != keymap.Mark:
		m.runCounted(in, h)
	default:
		if h.unasked != nil && h.unasked(in) {
			if why = m.unseen(in); why != "" {
				m.hand.withheld = true
				m.say(theme.Warning, "nothing was done: "+why)
				return
			}
			m.hand.changed = in.row.Conversation.Ref
		}
		if why = m.off(in); why != "" {
			// What was to be typed must not be read as keys.
			m.hand.withheld = m.hand.withheld || h.opens
			m.say(theme.Warning, why)
			return
		}
		m.toEnd = m.toEnd && !h.moves
		h.run(m, in)
		if h.moves {
			m.chose() // the cursor is where the person put it
		}
		// What is typed on is meant for a dialog that is not there yet.
		m.hand.withheld = m.hand.withheld || h.asks
	}
}

// runCounted carries out an intent on as many rows as were counted, from the one under the
// cursor down.
func (m *Model) runCounted(in intent, h handler) {
	n, from := in.count, in.row.Conversation.Ref
	in.count = 0
	set, here, whole := m.list.From(from, n)
	switch {
	case h.wants == wantsRow:
		m.say(theme.Warning, in.action.Words()+" takes one conversation at a time, not "+theme.Number(n))
	case in.marked:
		m.say(theme.Warning, "a count means rows from the cursor on, but some are marked: esc clears the marks")
	case !in.one:
		m.run(in)
	case !here:
		m.say(theme.Warning, "this conversation is not in the list, so nothing can be counted from it")
	case !whole:
		m.readRows(in, model.SelectRequest{First: from, N: n})
	default:
		m.run(in.about(set))
	}
}

func (in intent) about(set model.Selection) intent {
	in.one = in.one && set.Len() == 1 && set.Has(in.row.Conversation.Ref.Account, in.row.Key)
	in.set = set
	return in
}

func (m *Model) rangeRequest() model.SelectRequest {
	from, to := m.list.RangeEnds()
	return model.SelectRequest{First: from, Last: to}
}

// readRows reads rows outside the window, for an intent about them.
func (m *Model) readRows(in intent, req model.SelectRequest) {
	m.selectRows("reading the rows", req, func(set model.Selection, err error) {
		if err == nil && set.Len() == 0 {
			err = errors.New("the list changed, so nothing was done")
		}
		switch {
		case errors.Is(err, context.Canceled):
			m.say(theme.Dim, "stopped: nothing was done")
		case err != nil:
			m.fail("read the range", err)
		default:
			m.run(in.about(set))
		}
	})
}

// selectRows reads rows of this view, and reports false while its query is wrong.
func (m *Model) selectRows(title string, req model.SelectRequest, take func(model.Selection, error)) bool {
	q, err := m.query()
	if err != nil {
		return false
	}
	req.Query, req.Inbox = q, true
	at := m.list.Cursor()
	operate(m, inLine(title), func(ctx context.Context, _ func(int, int)) (set model.Selection, err error) {
		defer func() {
			if ctx.Err() != nil {
				err = context.Canceled
			}
		}()
		if !req.First.IsZero() && req.Last.IsZero() && req.N == 0 { // a range up to a row that was not at hand yet
			page, err := m.be.List(ctx, model.ListRequest{Query: q, Inbox: true, Offset: at, Limit: 1})
			if err != nil || len(page.Rows) == 0 {
				return set, err
			}
			req.Last = page.Rows[0].Conversation.Ref
		}
		return m.be.Select(ctx, req)
	}, take)
	return true
}

// off returns why an intent can't be carried out, "" if it can.
func (m *Model) off(in intent) string {
	h, ok := m.handlers[in.action]
	noRow := in.row.Conversation.Ref.IsZero()
	switch {
	case !ok:
		return "this does nothing here"
	case h.wants != wantsNothing && in.size() == 0:
		switch ranging := m.list.Ranging(); {
		case m.list.Cursor() >= 0 && (!ranging || noRow):
			return "the conversation is still being read"
		case ranging:
			return ""
		}
		return "nothing selected"
	case h.wants == wantsRow && noRow:
		return "nothing selected"
	}
	if h.kind != "" {
		if why := m.cannot(in, h.kind); why != "" {
			return why
		}
	}
	if h.off != nil {
		return h.off(m, in)
	}
	return ""
}

// cannot returns why none of the conversations takes this edit. Those that are not at hand
// are left to the plan.
func (m *Model) cannot(in intent, kind model.EditKind) (why string) {
	rows := m.list.Rows()
	switch {
	case m.opts.ReadOnly:
		return readOnly
	case in.one:
		rows = []model.Row{in.row}
	case m.list.Held(in.set) < in.set.Len():
		return ""
	}
	for i := range rows {
		if !in.has(&rows[i]) {
			continue
		}
		c := m.be.Capabilities(rows[i].Conversation).Of(kind)
		if c.Can() {
			return ""
		}
		why = cmp.Or(why, model.CleanLine(c.Reason, 300), "the service can't do this")
	}
	return why
}
