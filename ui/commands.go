package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/theme"
)

const (
	// restTime is how long the cursor rests before the preview follows: a held
	// key then costs no preview.
	restTime = 120 * time.Millisecond
	// newsTime spaces the reads that news cause while much is going on.
	newsTime = 150 * time.Millisecond
	// progressTime is how long something takes before it shows that it works.
	progressTime = 250 * time.Millisecond
	// draftTime is how long typing rests before a draft is written.
	draftTime = 400 * time.Millisecond
	// lookupTime is how long typing rests before a directory is asked.
	lookupTime = 150 * time.Millisecond
	// historyLimit is how many submissions are a page of the history.
	historyLimit = 200
	// openingRows is how many rows the first frame has at hand at least: the size
	// of the terminal may come after it was asked for.
	openingRows = 100
	// activityLimit is how many submissions of one conversation are shown.
	activityLimit = 50
)

// subscribe asks for news once; waitForNews then waits for them.
func (m *Model) subscribe() tea.Cmd {
	be, events := m.be, &m.events
	return func() tea.Msg {
		ch, cancel := be.Subscribe()
		events.mu.Lock()
		defer events.mu.Unlock()
		if events.closed {
			cancel()
			return nil
		}
		events.ch, events.cancel = ch, cancel
		return subscribedMsg{}
	}
}

func (m *Model) waitForNews() tea.Cmd {
	m.events.mu.Lock()
	ch := m.events.ch
	m.events.mu.Unlock()
	ctx := m.ctx
	return func() tea.Msg {
		var msg eventMsg
		select {
		case e, ok := <-ch:
			if !ok {
				return eventMsg{}
			}
			msg = eventMsg{events: []model.Event{e}, open: true}
		case <-ctx.Done():
			return nil
		}
		for {
			select {
			case e, ok := <-ch:
				if !ok {
					msg.open = false
					return msg
				}
				msg.events = append(msg.events, e)
			default:
				return msg
			}
		}
	}
}

// reload reads the window of the list again. A fresh one (another view or
// filter) replaces what is being read; news wait for it.
func (m *Model) reload(fresh bool) tea.Cmd {
	if m.be == nil || m.screen == screenWelcome {
		return nil
	}
	q, err := m.query()
	if err != nil {
		return nil // what was good last stays
	}
	if !fresh && m.keepingMarks() {
		return nil // it is read again once the marks are kept
	}
	if m.pages.busy && !fresh {
		m.pages.again = true
		return nil
	}
	if m.pages.cancel != nil {
		m.pages.cancel()
	}
	ctx, cancel := context.WithCancel(m.ctx)
	m.pages.gen++
	m.pages.busy, m.pages.again, m.pages.fresh, m.pages.slow, m.pages.cancel = true, false, fresh, false, cancel
	offset, limit, _ := m.list.Window()
	req := model.ListRequest{Query: q, Inbox: true, Offset: offset, Limit: limit, Anchor: m.list.Anchor(), Partial: fresh}
	gen, be := m.pages.gen, m.be
	read := func() tea.Msg {
		page, err := be.List(ctx, req)
		return pageMsg{gen, req.Anchor, page, err}
	}
	if !fresh && m.indexed && !m.list.Blank() {
		return read // what is in sight is what was read last
	}
	return tea.Batch(read, tea.Tick(progressTime, func(time.Time) tea.Msg { return slowMsg{gen} }))
}

// reading says that what the screen waits for is being read, "" where that does
// not take long.
func (m *Model) reading() string {
	if !m.pages.slow || !m.pages.fresh && !m.toEnd && !m.list.Blank() {
		return ""
	}
	return "reading the list" + m.th.Ellipsis
}

// recount reads the counts of the tabs.
func (m *Model) recount() tea.Cmd {
	if m.be == nil || m.screen == screenWelcome {
		return nil
	}
	if m.counts.busy {
		m.counts.again = true
		return nil
	}
	m.counts.busy, m.counts.again = true, false
	m.counts.gen++
	gen, be, ctx := m.counts.gen, m.be, m.ctx
	queries := m.tabQueries()
	return func() tea.Msg {
		counts, err := be.Counts(ctx, queries)
		return countsMsg{gen, counts, err}
	}
}

func (m *Model) tabQueries() []string {
	queries := make([]string, len(m.tabs))
	for i, t := range m.tabs {
		queries[i] = t.Query
	}
	return queries
}

// opening reads what can be shown before the whole inbox is at hand: the list as
// its view showed it last, and what was counted in each view then.
func (m *Model) opening() tea.Cmd {
	msg := openingMsg{first: true}
	read := m.openingOf(&msg)
	be, ctx, queries := m.be, m.ctx, m.tabQueries()
	return func() tea.Msg {
		if read == nil || read() != nil {
			return msg // the list says what is wrong
		}
		for _, q := range queries {
			p, err := be.Opening(ctx, model.ListRequest{Query: q, Inbox: true})
			if err != nil {
				p.Total = -1
			}
			msg.counts = append(msg.counts, p.Total)
		}
		return msg
	}
}

// openingOf returns what reads how this view was shown last; nil while its query
// is wrong.
func (m *Model) openingOf(msg *openingMsg) func() error {
	q, err := m.query()
	if err != nil {
		return nil
	}
	_, limit, _ := m.list.Window()
	be, ctx, req := m.be, m.ctx, model.ListRequest{Query: q, Inbox: true, Limit: max(limit, openingRows)}
	msg.query = q
	return func() (err error) {
		msg.page, err = be.Opening(ctx, req)
		return err
	}
}

// reopen reads how a view was shown last that is gone to before there is an index.
func (m *Model) reopen() tea.Cmd {
	var msg openingMsg
	read := m.openingOf(&msg)
	if m.indexed || read == nil {
		return nil
	}
	return func() tea.Msg {
		if read() != nil {
			return nil // the list says what is wrong
		}
		return msg
	}
}

func (m *Model) readVocabulary() tea.Cmd {
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		v, err := be.Vocabulary(ctx)
		return vocabularyMsg{v, err}
	}
}

func (m *Model) readRow(ref model.Ref) tea.Cmd {
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		row, ok, err := be.Row(ctx, ref)
		return rowMsg{ref, row, ok && err == nil}
	}
}

func (m *Model) readDetail(ref model.Ref) tea.Cmd {
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		d, err := be.Load(ctx, ref, model.NeedParticipants|model.NeedContacts|model.NeedMessages|model.NeedEverything)
		return detailMsg{ref, d, err}
	}
}

func (m *Model) readActivity(ref model.Ref) tea.Cmd {
	be, ctx := m.be, m.ctx
	return func() tea.Msg {
		msg := activityMsg{ref: ref}
		if msg.subs, msg.err = be.Submissions(ctx, model.HistoryRequest{Ref: ref, Limit: activityLimit}); msg.err != nil {
			return msg
		}
		if msg.outbox, msg.err = be.OutboxOf(ctx, ref); msg.err != nil {
			return msg
		}
		msg.history, msg.err = be.History(ctx, model.HistoryRequest{Ref: ref, Limit: historyLimit})
		return msg
	}
}

// operation is work that shows how far it is and can be stopped.
type operation struct {
	dialog.Progress
	id       int
	ctx      context.Context
	cancel   context.CancelFunc
	progress chan [2]int
	shown    bool    // in a dialog
	from     overlay // what was on top when it began
	// inLine says that it is told of in the message line, so that keys go on;
	// told, that it has taken long enough.
	inLine, told bool
	// stops says that esc stops what is told of there.
	stops, stopped bool
}

// operate runs work in a command, over which a dialog shows how far it is.
// Progress that is not fetched in time is replaced by newer progress.
func (m *Model) operate(title string, run func(ctx context.Context, id int, report func(done, total int)) tea.Msg) tea.Cmd {
	return m.start(&operation{Progress: dialog.Progress{Title: title}}, run)
}

// operateInLine runs work in a command; the message line shows how far it is, and
// esc stops it.
func (m *Model) operateInLine(title string, run func(ctx context.Context, id int, report func(done, total int)) tea.Msg) tea.Cmd {
	return m.start(&operation{Progress: dialog.Progress{Title: title}, inLine: true, stops: true}, run)
}

func (m *Model) start(op *operation, run func(ctx context.Context, id int, report func(done, total int)) tea.Msg) tea.Cmd {
	m.nextOp++
	op.id, op.progress = m.nextOp, make(chan [2]int, 1)
	if top, ok := m.onTop(); ok {
		op.from = top.overlay
	}
	op.ctx, op.cancel = context.WithCancel(m.ctx)
	m.ops[op.id] = op
	report := func(done, total int) {
		select {
		case <-op.progress:
		default:
		}
		select {
		case op.progress <- [2]int{done, total}:
		default:
		}
	}
	work := func() tea.Msg {
		defer op.cancel()
		return run(op.ctx, op.id, report)
	}
	show := tea.Tick(progressTime, func(time.Time) tea.Msg { return opShowMsg{op.id} })
	return tea.Batch(work, op.wait(), show)
}

func (op *operation) wait() tea.Cmd {
	return func() tea.Msg {
		select {
		case p := <-op.progress:
			return opProgressMsg{op.id, p[0], p[1]}
		case <-op.ctx.Done():
			return nil
		}
	}
}

// working returns the operation that the message line tells of, the oldest where
// there are several, nil for none.
func (m *Model) working() *operation {
	var oldest *operation
	for _, op := range m.ops {
		if op.told && (oldest == nil || op.id < oldest.id) {
			oldest = op
		}
	}
	return oldest
}

// words says how far an operation is.
func (op *operation) words(ellipsis string) string {
	text := op.Title + ellipsis
	switch {
	case op.stopped:
		return op.Title + ": stopping" + ellipsis
	case op.Total > 0:
		text = op.Title + ": " + theme.Number(op.Done) + " done"
	}
	if op.stops {
		text += "  esc stops it"
	}
	return text
}

// endOperation takes an operation off the screen; false if it was stopped, and
// its result is not wanted any more.
func (m *Model) endOperation(id int) bool {
	op, ok := m.ops[id]
	if !ok {
		return false
	}
	delete(m.ops, id)
	if op.shown {
		m.closeOverlay(&op.Progress)
	}
	return true
}
