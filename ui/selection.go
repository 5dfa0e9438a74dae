package ui

import (
	"context"
	"slices"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// subjects are the conversations that an intent is about: one row, or a set, which may be so large
// that only a command may go through it.
type subjects struct {
	// row is the conversation under the cursor; single says that it is the only subject.
	row    model.Row
	single bool
	set    model.Selection
}

func (s subjects) size() int { return theme.Pick(s.single, 1, s.set.Len()) }

func (s *subjects) has(r *model.Row) bool {
	if s.single {
		return r.Conversation.Ref == s.row.Conversation.Ref
	}
	return s.set.Has(r.Conversation.Ref.Account, r.Key)
}

func (s subjects) accounts() []string {
	if s.single {
		return []string{s.row.Conversation.Ref.Account}
	}
	return s.set.Accounts()
}

// refs returns the subjects. It may do I/O.
func (s subjects) refs(ctx context.Context, be Backend) ([]model.Ref, error) {
	if s.single {
		return []model.Ref{s.row.Conversation.Ref}, nil
	}
	refs, err := be.RefsOf(ctx, s.set)
	if ctx.Err() != nil {
		err = &model.Error{Kind: model.Local, Message: "stopped: nothing was done", Err: ctx.Err()}
	}
	return refs, err
}

// hidden returns the subjects that a view does not contain. It may do I/O.
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

// sample holds what can be done with one conversation, and the description of its account.
type sample struct {
	account model.Description
	can     model.Capabilities
}

// off returns why an edit can't be made, "" if it can.
func (s sample) off(kind model.EditKind) string {
	if c := s.can.Of(kind); !c.Can() {
		return model.CleanLine(c.Reason, 200)
	}
	return ""
}

type samples []sample

// accounts returns the accounts in which this kind of edit can be made.
func (s samples) accounts(kind model.EditKind) (out []model.Description) {
	for _, one := range s {
		known := func(d model.Description) bool { return d.Account == one.account.Account }
		if one.can.Of(kind).Can() && one.account.Account != "" && !slices.ContainsFunc(out, known) {
			out = append(out, one.account)
		}
	}
	return out
}

// account returns the first account in which this kind of edit can be made, else the first account.
func (s samples) account(kind model.EditKind) (d model.Description) {
	if all := s.accounts(kind); len(all) > 0 {
		return all[0]
	}
	if len(s) > 0 {
		d = s[0].account
	}
	return d
}

// choices returns the values that all accounts have in common, or why there are none.
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

// marks marks rows of the list. Actions typed while rows to be marked are read wait for the marks.
type marks struct {
	*listing
	marking  *operation // reads the rows to be marked
	deferred []keymap.Action
	act      func(keymap.Action)
	noteMove func() // tells that the person moved the cursor
}

// postpone keeps an action that waits for the marks, and reports false if none are being read.
func (m *marks) postpone(a keymap.Action) bool {
	waits := slices.Contains(m.ops, m.marking)
	if waits {
		m.deferred = append(m.deferred, a)
	}
	return waits
}

func (m *marks) canMark() bool {
	if m.inDetail {
		m.say(theme.Dim, "marks are made in the list")
	}
	return !m.inDetail
}

// mark marks the range, or a row or a count of rows, or begins a range of these.
func (m *marks) mark(in intent) {
	switch by := in.times(); {
	case !m.canMark():
	case m.Ranging():
		m.markRows(m.RangeRequest())
	default:
		switch {
		case in.action == keymap.MarkRange:
			m.StartRange()
			by--
		case by == 1:
			m.ToggleMark()
		default:
			m.markRows(model.SelectRequest{First: in.row.Conversation.Ref, N: by})
		}
		m.Move(by)
		m.noteMove()
		m.moved()
	}
}

// markAll marks all rows of this view, or unmarks them if all are marked.
func (m *marks) markAll() {
	if m.canMark() {
		m.markRows(model.SelectRequest{})
	}
}

// markRows marks rows. If they must be read first, actions typed meanwhile wait. An empty request means all rows of
// the view, which are unmarked if all are marked.
func (m *marks) markRows(req model.SelectRequest) {
	tab := m.tab
	q := m.query()
	op := inLine("marking", "nothing was marked")
	reads := m.selectRows(op, req, func(rows model.Selection, err error) {
		switch {
		case tab != m.tab || q != m.query():
			m.say(theme.Warning, "nothing was marked: another view is shown now")
			return
		case err != nil:
			m.fail("mark them", err)
			return
		}
		m.EndRange()
		if req != (model.SelectRequest{}) {
			m.Mark(rows)
		} else if m.ToggleMarks(rows) {
			m.say(theme.Marked, theme.Number(rows.Len())+" marked")
		}
		if m.inDetail || op != m.marking {
			return // the actions were not about the open conversation, or wait for other marks
		}
		for _, a := range m.deferred {
			m.act(a)
		}
	})
	if reads {
		m.marking, m.deferred = op, nil
	}
}

// windowRows returns the rows of the subjects that the list holds in memory.
func (l *listing) windowRows(s subjects) (out []*model.Row) {
	if s.single {
		return []*model.Row{&s.row}
	}
	rows, _, _ := l.Showing()
	for i := range rows {
		if s.has(&rows[i]) {
			out = append(out, &rows[i])
		}
	}
	return out
}

func sampleOf(be Backend, c model.Conversation) sample {
	about, _ := be.Describe(c.Ref.Account)
	return sample{about, be.Capabilities(c)}
}

// samples returns a sample for each subject in memory, and one for each account with others.
func (l *listing) samples(s subjects) (out samples) {
	held := map[string]int{}
	add := func(c model.Conversation) {
		out = append(out, sampleOf(l.be, c))
		held[c.Ref.Account]++
	}
	for _, r := range l.windowRows(s) {
		add(r.Conversation)
	}
	for _, name := range s.set.Accounts() {
		if !s.single && held[name] < s.set.Count(name) {
			about, _ := l.be.Describe(name)
			add(model.Conversation{Ref: model.Ref{Account: name}, Provider: about.Provider})
		}
	}
	return out
}

// selectRows passes rows of this view to take: at once if they are in memory, else as read.
func (l *listing) selectRows(op *operation, req model.SelectRequest, take func(model.Selection, error)) (reads bool) {
	if set, whole := l.Rows(req); whole {
		take(set, nil)
		return false
	}
	q := l.query()
	req.Query, req.Inbox = q, true
	at := l.Cursor()
	operate(l.overlays, op, func(ctx context.Context, _ func(int, int)) (set model.Selection, err error) {
		if !req.First.IsZero() && req.Last.IsZero() && req.N == 0 { // the range ends at a row that is not in memory
			page, err := l.be.List(ctx, model.ListRequest{Query: q, Inbox: true, Offset: at, Limit: 1})
			if err != nil || len(page.Rows) == 0 {
				return set, err
			}
			req.Last = page.Rows[0].Conversation.Ref
		}
		return l.be.Select(ctx, req)
	}, take)
	return true
}

func (l *listing) clearMarks() {
	l.ClearMarks()
	l.EndRange()
}

// countHidden counts the marked conversations that this view does not contain; it reads only if the window lacks some.
func (l *listing) countHidden() {
	l.hiddenGen++
	marks, gen := l.Marks, l.hiddenGen
	if l.CountHeld(marks) == marks.Len() {
		l.Hidden = 0
		return
	}
	read(l.loop, bind2(l.be.Hidden, model.ListRequest{Query: l.query(), Inbox: true}, marks), func(n int, err error) {
		if gen == l.hiddenGen && err == nil {
			l.Hidden = n
		}
	})
}
