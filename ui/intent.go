package ui

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// intent is an action and the conversations it is about. They are fixed when the key is typed:
// a row that comes under the cursor later is not affected.
type intent struct {
	subjects
	action keymap.Action
	count  int // 0 if none was typed
	// since is when the row came under the cursor by itself; zero if the person moved there.
	since  time.Time
	marked bool // the set was marked, so some of it may be out of sight
	arg    string
}

func (in intent) times() int { return max(1, in.count) }

func (m *Model) intent(a keymap.Action) intent {
	in := intent{action: a, count: m.count}
	if m.inDetail {
		if !m.detail.Ref().IsZero() {
			in.row, in.single, in.since = m.detail.Row(), true, m.rowShownSince()
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
		in.single, in.since = true, m.rowShownSince()
	}
	if in.set.Len() == 1 {
		in.row = model.Row{}
		for r := range m.windowRows(in.subjects) {
			in.row, in.single = *r, true
		}
	}
	return in
}

func (m *Model) run(in intent) {
	h, ok := m.handlers[in.action]
	inList := !m.inDetail
	switch {
	case !ok:
	case slices.Contains(m.ops, m.marking) && h.wants == wantsRows && inList:
		m.deferred = append(m.deferred, in.action)
	case in.size() == 0 && m.list.Ranging() && h.wants != wantsNothing && inList:
		m.readRows(in, m.rangeRequest())
	case in.count > 1 && h.wants != wantsNothing && in.action != keymap.Mark:
		m.runCounted(in, h)
	default:
		if h.unasked != nil && h.unasked(in) {
			if why := m.unseenReason(in); why != "" {
				m.guard.dropBurst = true
				m.say(theme.Warning, "nothing was done: "+why)
				return
			}
			m.guard.changed = in.row.Conversation.Ref
		}
		if why := m.off(in); why != "" {
			// The text meant for a prompt must not be read as keys.
			m.guard.dropBurst = m.guard.dropBurst || h.opens
			m.say(theme.Warning, why)
			return
		}
		m.toEnd = m.toEnd && !h.moves
		h.run(m, in)
		if h.moves {
			m.noteCursorMove()
		}
		// The next keys are meant for a dialog that is not open yet.
		m.guard.dropBurst = m.guard.dropBurst || h.asks
	}
}

// runCounted carries out an intent on count rows, from the cursor down.
func (m *Model) runCounted(in intent, h handler) {
	n, from := in.count, in.row.Conversation.Ref
	in.count = 0
	set, here, whole := m.list.From(from, n)
	switch {
	case h.wants == wantsRow:
		m.say(theme.Warning, in.action.Words()+" takes one conversation at a time, not "+theme.Number(n))
	case in.marked:
		m.say(theme.Warning, "a count means rows from the cursor on, but some are marked: esc clears the marks")
	case !in.single:
		m.run(in)
	case !here:
		m.say(theme.Warning, "this conversation is not in the list, so nothing can be counted from it")
	case !whole:
		m.readRows(in, model.SelectRequest{First: from, N: n})
	default:
		m.run(in.onSet(set))
	}
}

func (in intent) onSet(set model.Selection) intent {
	in.single = in.single && set.Len() == 1 && set.Has(in.row.Conversation.Ref.Account, in.row.Key)
	in.set = set
	return in
}

func (m *Model) readRows(in intent, req model.SelectRequest) {
	m.selectRows(inLine("reading the rows", "nothing was done"), req, func(set model.Selection, err error) {
		if err == nil && set.Len() == 0 {
			err = errors.New("the list changed, so nothing was done")
		}
		if err != nil {
			m.fail("read the range", err)
		} else {
			m.run(in.onSet(set))
		}
	})
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
		if why := m.unsupportedReason(in, h.kind); why != "" {
			return why
		}
	}
	if h.off != nil {
		return h.off(m, in)
	}
	return ""
}

// unsupportedReason returns why no subject takes this edit, "" if one does or some are not in memory: then the plan tells.
func (m *Model) unsupportedReason(in intent, kind model.EditKind) (why string) {
	switch {
	case m.opts.ReadOnly:
		return readOnly
	case !in.single && m.list.Held(in.set) < in.set.Len():
		return ""
	}
	for r := range m.windowRows(in.subjects) {
		c := m.be.Capabilities(r.Conversation).Of(kind)
		if c.Can() {
			return ""
		}
		why = cmp.Or(why, model.CleanLine(c.Reason, 300), "the service can't do this")
	}
	return why
}
