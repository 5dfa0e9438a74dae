package ui

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// intent is what is asked for, and the conversations that were meant at that moment: what moves
// under the cursor later is not touched.
type intent struct {
	subjects
	action keymap.Action
	count  int // 0 where none was typed
	// since is when the row came under the cursor by itself; zero where it was chosen.
	since  time.Time
	marked bool // some of the conversations may be out of sight
	arg    string
}

func (in intent) times() int { return max(1, in.count) }

func (m *Model) intent(a keymap.Action) intent {
	in := intent{action: a, count: m.count}
	if m.inDetail {
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
	if in.set.Len() == 1 {
		in.row = model.Row{}
		for r := range m.atHand(in.subjects) {
			in.row, in.one = *r, true
		}
	}
	return in
}

func (m *Model) run(in intent) {
	h, ok := m.handlers[in.action]
	inList, why := !m.inDetail, ""
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

// runCounted carries out an intent on as many rows as were counted, from the cursor down.
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

func (m *Model) readRows(in intent, req model.SelectRequest) {
	m.selectRows(inLine("reading the rows", "nothing was done"), req, func(set model.Selection, err error) {
		if err == nil && set.Len() == 0 {
			err = errors.New("the list changed, so nothing was done")
		}
		if err != nil {
			m.fail("read the range", err)
		} else {
			m.run(in.about(set))
		}
	})
}

// selectRows reads rows of this view, unless its query is wrong.
func (m *Model) selectRows(op *operation, req model.SelectRequest, take func(model.Selection, error)) {
	q, err := m.query()
	if err != nil {
		return
	}
	req.Query, req.Inbox = q, true
	at := m.list.Cursor()
	operate(m, op, func(ctx context.Context, _ func(int, int)) (set model.Selection, err error) {
		if !req.First.IsZero() && req.Last.IsZero() && req.N == 0 { // a range up to a row that was not at hand yet
			page, err := m.be.List(ctx, model.ListRequest{Query: q, Inbox: true, Offset: at, Limit: 1})
			if err != nil || len(page.Rows) == 0 {
				return set, err
			}
			req.Last = page.Rows[0].Conversation.Ref
		}
		return m.be.Select(ctx, req)
	}, take)
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

// cannot returns why none takes this edit. Those that are not at hand are left to the plan.
func (m *Model) cannot(in intent, kind model.EditKind) (why string) {
	switch {
	case m.opts.ReadOnly:
		return readOnly
	case !in.one && m.list.Held(in.set) < in.set.Len():
		return ""
	}
	for r := range m.atHand(in.subjects) {
		c := m.be.Capabilities(r.Conversation).Of(kind)
		if c.Can() {
			return ""
		}
		why = cmp.Or(why, model.CleanLine(c.Reason, 300), "the service can't do this")
	}
	return why
}

// subjects are what something is about: one row, or a set that no key may go through whole.
type subjects struct {
	// row is the conversation under the cursor; one says that it alone is meant.
	row model.Row
	one bool
	set model.Selection
}

func (s subjects) size() int {
	if s.one {
		return 1
	}
	return s.set.Len()
}

func (s *subjects) has(r *model.Row) bool {
	if s.one {
		return r.Conversation.Ref == s.row.Conversation.Ref
	}
	return s.set.Has(r.Conversation.Ref.Account, r.Key)
}

// atHand returns those that are in the window.
func (m *Model) atHand(s subjects) iter.Seq[*model.Row] {
	return func(yield func(*model.Row) bool) {
		if s.one {
			yield(&s.row)
			return
		}
		rows, _, _ := m.list.Showing()
		for i := range rows {
			if s.has(&rows[i]) && !yield(&rows[i]) {
				return
			}
		}
	}
}

func (s subjects) accounts() []string {
	if s.one {
		return []string{s.row.Conversation.Ref.Account}
	}
	return s.set.Accounts()
}

// refs is for commands only.
func (s subjects) refs(ctx context.Context, be Backend) ([]model.Ref, error) {
	if s.one {
		return []model.Ref{s.row.Conversation.Ref}, nil
	}
	refs, err := be.RefsOf(ctx, s.set)
	if ctx.Err() != nil {
		err = &model.Error{Kind: model.Local, Message: "stopped: nothing was done", Err: ctx.Err()}
	}
	return refs, err
}

// hidden returns those that a view does not hold. It is for commands only.
func (s subjects) hidden(ctx context.Context, be Backend, query string) (map[model.Ref]bool, error) {
	view, err := be.Select(ctx, model.SelectRequest{Query: query, Inbox: true})
	if err != nil {
		return nil, err
	}
	away := s.set.Clone()
	away.RemoveAll(view)
	if away.Len() == 0 {
		return nil, nil
	}
	refs, err := be.RefsOf(ctx, away)
	out := make(map[model.Ref]bool, len(refs))
	for _, r := range refs {
		out[r] = true
	}
	return out, err
}

// sample is what a conversation allows, and its account.
type sample struct {
	about model.Description
	can   model.Capabilities
}

func (m *Model) sample(c model.Conversation) sample {
	about, _ := m.be.Describe(c.Ref.Account)
	return sample{about, m.be.Capabilities(c)}
}

// off returns why an edit can't be made, "" where it can.
func (s sample) off(kind model.EditKind) string {
	if c := s.can.Of(kind); !c.Can() {
		return model.CleanLine(c.Reason, 200)
	}
	return ""
}

type samples []sample

// samples returns those at hand, and one for each account of which some are not.
func (m *Model) samples(s subjects) (out samples) {
	held := map[string]int{}
	add := func(c model.Conversation) {
		out = append(out, m.sample(c))
		held[c.Ref.Account]++
	}
	for r := range m.atHand(s) {
		add(r.Conversation)
	}
	for _, name := range s.set.Accounts() {
		if !s.one && held[name] < s.set.Count(name) {
			about, _ := m.be.Describe(name)
			add(model.Conversation{Ref: model.Ref{Account: name}, Provider: about.Provider})
		}
	}
	return out
}

// accounts returns the accounts in which this kind of edit can be made, each once.
func (s samples) accounts(kind model.EditKind) (out []model.Description) {
	for _, one := range s {
		known := func(d model.Description) bool { return d.Account == one.about.Account }
		if one.can.Of(kind).Can() && one.about.Account != "" && !slices.ContainsFunc(out, known) {
			out = append(out, one.about)
		}
	}
	return out
}

// about returns the first account in which an edit of this kind can be made.
func (s samples) about(kind model.EditKind) (d model.Description) {
	if all := s.accounts(kind); len(all) > 0 {
		return all[0]
	}
	if len(s) > 0 {
		d = s[0].about
	}
	return d
}

// choices returns the values that all accounts have in common, and why several have none.
func (s samples) choices(kind model.EditKind) (values []string, why string) {
	all := s.accounts(kind)
	for i, d := range all {
		if i == 0 {
			values = slices.Clone(kind.Choices(d))
		}
		values = slices.DeleteFunc(values, func(v string) bool { return !slices.Contains(kind.Choices(d), v) })
	}
	if len(all) > 1 && len(values) == 0 {
		why = "these accounts have no value in common: take one account at a time"
	}
	return values, why
}
