package ui

import (
	"context"
	"math"
	"slices"
	"time"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// ledger is the outbox and the history on screen, and what of them is to be read.
type ledger struct {
	*outbox.Screen
	reader
	// whole: all is to be read; named: these submissions changed; moved: any has.
	whole, moved bool
	named        []string
	edits        editNews // of the open submission
	older        bool     // an older page is being read
	// find is the conversation whose submission the cursor goes to at first.
	find model.Ref
}

func (m *Model) openOutbox(in intent) {
	o := &outbox.Screen{Keys: m.keys.Keys(keymap.Outbox, keymap.Global), Now: m.now}
	m.ledger = &ledger{Screen: o}
	if in.one && len(in.row.Pending) > 0 {
		m.ledger.find = in.row.Conversation.Ref
	}
	m.open(layer{overlay: o, act: m.ledgerAsks})
	m.reloadLedger()
}

func (m *Model) openLedger() *ledger {
	if m.ledger == nil || m.layerOf(m.ledger.Screen) < 0 {
		return nil
	}
	return m.ledger
}

func (m *Model) reloadLedger() {
	if o := m.openLedger(); o != nil {
		o.whole = true
		m.readLedger()
	}
}

func (m *Model) refreshLedger(ids []string, refs []model.Ref) {
	if o := m.openLedger(); o != nil {
		o.moved = true
		o.named = append(o.named, ids...)
		o.edits.announced(refs, slices.Contains(ids, o.Opened()))
		o.whole = o.whole || len(o.named) > historyLimit
		m.readLedger()
	}
}

// ledgerRead is what is read of a ledger: all of it, or some submissions.
type ledgerRead struct {
	whole                  bool
	pending, page, changed []model.Submission
	open                   string      // the submission whose edits follow, "" for none
	refs                   []model.Ref // those on these conversations, all where there are none
	outbox                 []model.OutboxEntry
	settled                []model.JournalEntry
	find                   string // the submission the cursor is put on
}

func (m *Model) readLedger() {
	o := m.openLedger()
	if o == nil || !o.begin() {
		return
	}
	r := ledgerRead{open: o.Opened(), whole: o.whole}
	// Why one waits may be what another does: that is read of what is on screen.
	again := append(o.named, o.Waiting()...)
	if r.whole {
		again, o.moved = o.Watched(), false
	}
	o.edits.all = o.edits.all || r.whole
	var edits bool
	if r.refs, edits = o.edits.ask(o.Edits()); !edits {
		r.open = "" // whether an edit changed of which no row tells is counted
	}
	o.whole, o.named = false, nil
	find := o.find
	read(m, func(ctx context.Context) (ledgerRead, error) { return r.fill(ctx, m.be, again, find) }, func(r ledgerRead, err error) {
		if o == m.openLedger() {
			m.ledgerCame(o, r, err)
		}
	})
}

// fill reads; again are submissions beside pending and page.
func (r ledgerRead) fill(ctx context.Context, be Backend, again []string, find model.Ref) (_ ledgerRead, err error) {
	known := map[string]bool{"": true}
	if r.whole {
		if r.pending, err = be.Pending(ctx); err != nil {
			return r, err
		}
		if r.page, err = be.Submissions(ctx, model.HistoryRequest{Limit: historyLimit}); err != nil {
			return r, err
		}
		for _, sub := range slices.Concat(r.pending, r.page) {
			known[sub.ID] = true
			again = append(again, sub.Undoes)
		}
	}
	for _, id := range again {
		if known[id] {
			continue
		}
		known[id] = true
		sub, ok, err := be.Submission(ctx, id)
		if err != nil {
			return r, err
		}
		if ok {
			r.changed = append(r.changed, sub)
		}
	}
	if !find.IsZero() {
		edits, err := be.OutboxOf(ctx, find)
		if err != nil {
			return r, err
		}
		for _, e := range edits {
			if r.find == "" || e.State.NeedsPerson() {
				r.find = e.Submission
			}
		}
	}
	if r.open != "" {
		r.outbox, r.settled, err = be.SubmissionEdits(ctx, r.open, r.refs...)
	}
	return r, err
}

func (m *Model) ledgerCame(o *ledger, r ledgerRead, err error) {
	if err != nil {
		o.busy, o.whole = false, true
		m.fail("read the outbox", err)
		return
	}
	if r.whole {
		o.Set(r.pending, r.page, len(r.page) == historyLimit)
	}
	if len(r.changed) > 0 {
		o.Replace(r.changed...)
	}
	if r.open != "" {
		o.SetEdits(r.open, r.refs, r.outbox, r.settled)
	}
	if open := o.Opened(); open != "" && o.edits.doubt(r.open == open && len(r.refs) == 0 || o.Agrees(), r.refs) {
		o.named, o.again = append(o.named, open), true
	}
	if r.find != "" {
		o.Find(r.find)
		o.find = model.Ref{}
	}
	m.ended(&o.reader, m.readLedger)
}

func (m *Model) readOlder() bool {
	o := m.ledger
	before, ok := o.WantsOlder()
	if !ok || o.older || o.busy {
		return false
	}
	o.older = true
	read(m, with(m.be.Submissions, model.HistoryRequest{Limit: historyLimit, Before: before}), func(page []model.Submission, err error) {
		o.older = false
		if err != nil {
			m.fail("read older submissions", err)
			return
		}
		o.AddOlder(page, len(page) == historyLimit)
		if o == m.openLedger() {
			m.readOlder() // a search goes on until it finds something
		}
	})
	return true
}

func (m *Model) ledgerAsks(asks any) {
	o := m.ledger
	sub, edit, ok := o.Under()
	// The edit of the line, or those of its submission.
	these := func(nothing string, which func(model.OutboxEntry) bool, do func([]model.OutboxEntry)) {
		switch {
		case !outbox.Unsettled(sub, edit):
			m.say(theme.Dim, nothing)
		case edit != nil:
			do([]model.OutboxEntry{edit.OutboxEntry})
		default:
			m.ofEdits(m.editsOf(sub.ID), which, do)
		}
	}
	switch asks {
	case outbox.Moved{}:
		// Why the edits wait that the cursor came to may have changed.
		if !m.readOlder() && o.moved {
			m.readLedger()
		}
	case outbox.Opened{}:
		m.reloadLedger()
	case keymap.Resolve:
		if edit.Journal == nil {
			m.openConflict(edit.OutboxEntry)
			return
		}
		m.open(layer{overlay: &dialog.Text{Title: model.CleanLine(edit.Title, 200), Keys: m.keys.Keys(keymap.Pager),
			Lines: historyText(m.th, *edit.Journal, m.now())}})
	case keymap.Help:
		m.openHelp()
	case keymap.Settle:
		switch {
		case edit != nil && edit.State.NeedsPerson():
			m.openConflict(edit.OutboxEntry)
		case sub.NeedPerson > 0 && sub.Problem != nil:
			m.openConflict(*sub.Problem)
		default:
			m.settleNext()
		}
	case keymap.Retry:
		these("there is nothing to send again", outbox.Retriable, m.retry)
	case keymap.RetryFailed:
		m.retryFailed()
	case keymap.Discard:
		these("there is nothing to discard; "+o.Keys.Of(keymap.UndoEntry)+" takes back what was delivered",
			func(e model.OutboxEntry) bool { return e.State != model.Sending }, m.askDiscard)
	case keymap.UndoEntry:
		switch {
		case !ok:
			m.say(theme.Dim, "there is nothing to take back")
		case edit != nil:
			m.planUndo(edit.ID, nil)
		default:
			m.planUndo(sub.ID, nil)
		}
	case keymap.Quit:
		m.quit()
	}
}

func historyText(th *theme.Theme, e model.JournalEntry, now time.Time) []string {
	out := []string{th.Phrase(e.Edit), "",
		"conversation: " + e.Ref.String(),
		"delivered:    " + e.At.In(now.Location()).Format("2 Jan 2006 15:04:05"),
		"by:           " + e.User,
		"before:       " + th.Value(e.Kind, e.Before),
		"after:        " + th.Value(e.Kind, e.After)}
	if e.Undone != "" {
		out = append(out, "It was taken back.")
	}
	if ok, why := model.Undoable(e.Kind); !ok {
		out = append(out, "", why)
	}
	return out
}

func needsPerson(row model.Row) bool {
	return slices.ContainsFunc(row.Pending, func(p model.Pending) bool { return p.State.NeedsPerson() })
}

// settle opens what needs a person on this row, else on the next row that has something.
func (m *Model) settle(in intent) {
	if !in.one || !needsPerson(in.row) {
		m.settleNext()
		return
	}
	ref := in.row.Conversation.Ref
	fetch(m, "read the outbox", func(ctx context.Context) (n needed, err error) {
		all, err := m.be.OutboxOf(ctx, ref)
		if i := slices.IndexFunc(all, func(e model.OutboxEntry) bool { return e.State.NeedsPerson() }); i >= 0 {
			return needed{entry: &all[i], at: -1}, nil
		}
		return n, err
	}, m.settleCame)
}

// needed is an edit that needs the person, and its place in the list, -1 to stay.
type needed struct {
	entry *model.OutboxEntry
	at    int
}

// settleNext opens what needs a person next: below the cursor, from the top, else anywhere.
func (m *Model) settleNext() {
	at := m.list.Cursor()
	q, err := m.query()
	inList := err == nil && !m.inDetail && len(m.layers) == 0
	way := func(i int) int {
		switch {
		case i < 0:
			return math.MaxInt
		case i <= at:
			return i + 1<<40
		}
		return i
	}
	fetch(m, "read the outbox", func(ctx context.Context) (best needed, err error) {
		all, err := m.be.Pending(ctx)
		for _, sub := range all {
			if sub.NeedPerson == 0 || sub.Problem == nil {
				continue
			}
			i := -1
			if ref := sub.Problem.Ref; inList && ref.ID != "" { // without one it is still to be created
				page, err := m.be.List(ctx, model.ListRequest{Query: q, Inbox: true, Limit: 1, Anchor: ref})
				if i = page.Index; err != nil {
					return best, err
				}
			}
			if best.entry == nil || way(i) < way(best.at) {
				best = needed{sub.Problem, i}
			}
		}
		return best, err
	}, m.settleCame)
}

func (m *Model) settleCame(n needed) {
	if n.entry == nil {
		m.say(theme.Dim, "nothing needs you")
		return
	}
	m.openConflict(*n.entry)
	if n.at >= 0 && !m.list.MoveToRef(n.entry.Ref) {
		m.list.Seek(n.entry.Ref)
		m.reload(true)
		return
	}
	m.cursorMoved()
}

func (m *Model) openConflict(e model.OutboxEntry) {
	d := dialog.NewConflict(e)
	d.Keys, d.OutboxKeys, d.Now = m.keys.Keys(keymap.Dialog), m.keys.Keys(keymap.Outbox), m.now
	resolve := func(choice model.Resolution, said string) {
		m.decide(d, keymap.Resolve, said, func(ctx context.Context) error { return m.be.Resolve(ctx, e.ID, choice) })
	}
	m.openLate(layer{overlay: d, act: func(asks any) {
		switch asks {
		case keymap.Discard:
			m.closeOverlay(d)
			m.askDiscard([]model.OutboxEntry{e})
		case keymap.Retry:
			m.decide(d, keymap.Retry, "", func(ctx context.Context) error { return m.be.Retry(ctx, e.ID) })
		case keymap.Accept:
			ref, _ := d.Existing()
			m.layers, m.inDetail = nil, false
			m.setFilter("is:any id:"+ref.ID, ref)
		case keymap.Mine:
			resolve(model.ResolveMine, "")
		case keymap.Theirs:
			resolve(model.ResolveTheirs, "theirs is kept: nothing is sent")
		case keymap.Merged:
			if d.CanMerge() {
				resolve(model.ResolveMerged, "")
			} else {
				m.say(theme.Dim, "only lists of people can be merged")
			}
		}
	}})
}

// decide carries out a decision. Unless said tells the end, something is sent and followed.
func (m *Model) decide(d *dialog.Conflict, a keymap.Action, said string, do func(context.Context) error) {
	refused := m.opts.ReadOnly && said == ""
	if !refused || a == keymap.Retry {
		m.closeOverlay(d)
	}
	if refused {
		m.say(theme.Warning, "read-only: nothing is sent")
		return
	}
	if said == "" {
		m.told = following{id: d.Entry.Submission, news: editNews{all: true}} // read once it is done
	}
	m.carryOut(a, func(ctx context.Context) (string, error) { return said, do(ctx) })
}

func (m *Model) editsOf(submission string) func(context.Context) ([]model.OutboxEntry, error) {
	return func(ctx context.Context) ([]model.OutboxEntry, error) {
		all, _, err := m.be.SubmissionEdits(ctx, submission)
		return all, err
	}
}

func (m *Model) ofEdits(all func(context.Context) ([]model.OutboxEntry, error), which func(model.OutboxEntry) bool,
	do func([]model.OutboxEntry)) {
	fetch(m, "read what was submitted", all, func(edits []model.OutboxEntry) {
		do(slices.DeleteFunc(edits, func(e model.OutboxEntry) bool { return !which(e) }))
	})
}

func (m *Model) toEdits(a keymap.Action, all []model.OutboxEntry, done string, do func(ctx context.Context, ids ...string) (int, error)) {
	m.carryOut(a, func(ctx context.Context) (string, error) {
		ids := make([]string, len(all))
		for i, e := range all {
			ids[i] = e.ID
		}
		n, err := do(ctx, ids...)
		return theme.Count(n, "edit") + " " + done, err
	})
}

func (m *Model) askDiscard(all []model.OutboxEntry) {
	if len(all) == 0 {
		m.say(theme.Dim, "there is nothing to discard that is not being sent")
		return
	}
	d := &dialog.Menu{Title: "Discard " + theme.Count(len(all), "edit") + "?",
		Items: []dialog.Item{{Key: "y", Label: "yes, discard"}, {Key: "n", Label: "no"}}}
	d.At = 1
	left := 0
	for _, e := range all {
		left += cell(e.Sent)
	}
	if left > 0 {
		d.Text = []string{"Requests for " + theme.Number(left) + " of them have left already: discarding does not take those back."}
	}
	if len(all) == 1 {
		d.Title, d.Text = "Discard this edit?", []string{m.th.Phrase(all[0].Edit), model.CleanLine(all[0].Title, 120)}
		if left > 0 {
			d.Text = append(d.Text, "A request for it has left already: discarding does not take that back.")
		}
	}
	m.openMenu(d, func(i int) {
		if i == 0 {
			m.toEdits(keymap.Discard, all, "discarded", func(ctx context.Context, ids ...string) (int, error) {
				return len(ids), m.be.Discard(ctx, ids...)
			})
		}
	})
}

func (m *Model) retry(all []model.OutboxEntry) {
	switch {
	case len(all) == 0:
		m.say(theme.Dim, "there is nothing to send again")
	case m.opts.ReadOnly:
		m.say(theme.Warning, "read-only: nothing is sent")
	default:
		m.toEdits(keymap.Retry, all, "queued again", func(ctx context.Context, ids ...string) (int, error) {
			return len(ids), m.be.Retry(ctx, ids...)
		})
	}
}

func (m *Model) withdraw(all []model.OutboxEntry) {
	if len(all) == 0 {
		m.say(theme.Dim, "there is nothing left to withdraw")
		return
	}
	m.toEdits(keymap.Stop, all, "withdrawn", m.be.Withdraw)
}

func (m *Model) retryFailed() { m.ofEdits(m.be.Outbox, outbox.Retriable, m.retry) }
