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

// outboxView is the screen of the outbox and the history, and what of it is to be read again.
type outboxView struct {
	*outbox.Screen
	reader
	version int64 // of the submissions that were read
	whole   bool  // everything in the outbox is to be read, and the newest page
	// moved says that an announcement came since the last whole read, so the cursor may come to a
	// reason to wait that is out of date.
	moved bool
	older bool   // an older page is being read
	find  string // the submission that the cursor goes to first
}

func (m *Model) openOutbox(in intent) {
	o := &outbox.Screen{Keys: m.keys.Keys(keymap.Outbox, keymap.Global), Now: m.now}
	m.outboxView = &outboxView{Screen: o}
	if in.single {
		for _, p := range in.row.Pending {
			if m.outboxView.find == "" || p.State.NeedsPerson() {
				m.outboxView.find = p.Submission
			}
		}
	}
	m.open(layer{overlay: o, handle: m.outboxAsks})
	m.reloadOutbox()
}

// openedOutbox returns the outbox screen, nil if it is closed.
func (m *Model) openedOutbox() *outboxView {
	if m.outboxView == nil || m.layerOf(m.outboxView.Screen) < 0 {
		return nil
	}
	return m.outboxView
}

func (m *Model) reloadOutbox() {
	if o := m.openedOutbox(); o != nil {
		o.whole = true
		m.readOutbox()
	}
}

// readOutbox reads the submissions that changed, and the edits of the open one.
func (m *Model) readOutbox() {
	o := m.openedOutbox()
	if o == nil || !o.begin() {
		return
	}
	version, limit, open, edits := o.version, 0, o.Opened(), o.Edits()
	if o.whole {
		limit, edits, o.whole, o.moved = historyLimit, outbox.Edits{}, false, false
	}
	reasons := o.Waiting() // they may be edits of other submissions
	read(m.loop, func(ctx context.Context) (subs []model.Submission, err error) {
		if subs, version, err = m.be.Changed(ctx, version, limit, reasons...); err == nil && open != "" {
			edits, _, err = edits.Read(ctx, open, m.be.SubmissionEdits)
		}
		return subs, err
	}, func(subs []model.Submission, err error) {
		switch {
		case o != m.openedOutbox():
			return
		case err != nil:
			o.busy, o.whole = false, true
			m.fail("read the outbox", err)
			return
		}
		o.version = version
		o.Set(subs, limit)
		o.SetEdits(open, edits)
		if o.find != "" {
			o.Find(o.find)
			o.find = ""
		}
		m.ended(&o.reader, m.readOutbox)
	})
}

func (m *Model) readOlder() bool {
	o := m.outboxView
	before, ok := o.WantsOlder()
	if !ok || o.older || o.busy {
		return false
	}
	o.older = true
	older := model.HistoryRequest{Limit: historyLimit, Before: before}
	read(m.loop, bind(m.be.Submissions, older), func(page []model.Submission, err error) {
		o.older = false
		if err != nil {
			m.fail("read older submissions", err)
			return
		}
		o.AddOlder(page, len(page) == historyLimit)
		if o == m.openedOutbox() {
			m.readOlder() // a search goes on until it finds a match
		}
	})
	return true
}

func (m *Model) outboxAsks(asks any) {
	o := m.outboxView
	sub, edit, ok := o.Under()
	// on calls do with the edit under the cursor, or those of the submission there that which selects.
	on := func(nothing string, which func(model.OutboxEntry) bool, do func([]model.OutboxEntry)) {
		switch {
		case !outbox.Unsettled(sub, edit):
			m.say(theme.Dim, nothing)
		case edit != nil:
			do([]model.OutboxEntry{edit.OutboxEntry})
		default:
			m.ofEdits(sub.ID, which, do)
		}
	}
	switch asks {
	case outbox.Moved{}:
		// The reason why these edits wait may have changed.
		if !m.readOlder() && o.moved {
			m.readOutbox()
		}
	case outbox.Opened{}:
		m.readOutbox()
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
			m.settleNext(model.Ref{})
		}
	case keymap.Retry:
		on("there is nothing to send again", model.OutboxEntry.Retriable, m.retry)
	case keymap.RetryFailed:
		m.retryFailed()
	case keymap.Discard:
		on("there is nothing to discard; "+o.Keys.Of(keymap.UndoEntry)+" takes back what was delivered",
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
		m.quit.leave()
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

// settle opens an edit of this row that needs a person, else the next such edit of any row.
func (m *Model) settle(in intent) {
	if in.single && in.row.Worst().NeedsPerson() {
		m.settleNext(in.row.Conversation.Ref)
	} else {
		m.settleNext(model.Ref{})
	}
}

// decision is an edit that needs a person, and its index in the list, -1 if the cursor is to stay.
type decision struct {
	entry *model.OutboxEntry
	at    int
}

// settleNext opens an edit that needs a person: of the conversation ref, if that is set, else the
// nearest below the cursor, else the first in the list, else any.
func (m *Model) settleNext(ref model.Ref) {
	at := m.list.Cursor()
	q, err := m.list.query()
	inList := err == nil && !m.inDetail && len(m.layers) == 0
	distance := func(i int) int {
		switch {
		case i < 0:
			return math.MaxInt
		case i <= at:
			return i + 1<<40
		}
		return i
	}
	fetch(m.loop, "read the outbox", func(ctx context.Context) (best decision, err error) {
		if !ref.IsZero() {
			all, err := m.be.OutboxOf(ctx, ref)
			if i := slices.IndexFunc(all, func(e model.OutboxEntry) bool { return e.State.NeedsPerson() }); i >= 0 {
				best = decision{&all[i], -1}
			}
			return best, err
		}
		all, err := m.be.Pending(ctx)
		for _, sub := range all {
			if sub.NeedPerson == 0 || sub.Problem == nil {
				continue
			}
			i := -1
			if ref := sub.Problem.Ref; inList && ref.ID != "" { // one without an id is still to be created
				page, err := m.be.List(ctx, model.ListRequest{Query: q, Inbox: true, Limit: 1, Anchor: ref})
				if i = page.Index; err != nil {
					return best, err
				}
			}
			if best.entry == nil || distance(i) < distance(best.at) {
				best = decision{sub.Problem, i}
			}
		}
		return best, err
	}, m.openDecision)
}

func (m *Model) openDecision(d decision) {
	if d.entry == nil {
		m.say(theme.Dim, "nothing needs you")
		return
	}
	m.openConflict(*d.entry)
	if d.at >= 0 && !m.list.MoveToRef(d.entry.Ref) {
		m.list.Seek(d.entry.Ref)
		m.list.reload(true)
		return
	}
	m.detail.previewAfterRest()
}

func (m *Model) openConflict(e model.OutboxEntry) {
	d := dialog.NewConflict(e)
	d.Keys, d.OutboxKeys, d.Now = m.keys.Keys(keymap.Dialog), m.keys.Keys(keymap.Outbox), m.now
	resolve := func(choice model.Resolution, said string) {
		m.decide(d, keymap.Resolve, said, func(ctx context.Context) error { return m.be.Resolve(ctx, e.ID, choice) })
	}
	m.openWhenFree(layer{overlay: d, handle: func(asks any) {
		switch asks {
		case keymap.Discard:
			m.closeOverlay(d)
			m.askDiscard([]model.OutboxEntry{e})
		case keymap.Retry:
			m.decide(d, keymap.Retry, "", func(ctx context.Context) error { return m.be.Retry(ctx, e.ID) })
		case keymap.Accept:
			ref, _ := d.Existing()
			m.layers, m.inDetail = nil, false
			m.list.setFilter("is:any id:"+ref.ID, ref)
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

const nothingSent = "read-only: nothing is sent"

// decide carries out a decision. Without said, something is sent and followed.
func (m *Model) decide(d *dialog.Conflict, a keymap.Action, said string, do func(context.Context) error) {
	refused := m.opts.ReadOnly && said == ""
	if !refused || a == keymap.Retry {
		m.closeOverlay(d)
	}
	if refused {
		m.say(theme.Warning, nothingSent)
		return
	}
	if said == "" {
		m.followed = followed{id: d.Entry.Submission} // carryOut reads it
	}
	m.carryOut(a, func(ctx context.Context) (string, error) { return said, do(ctx) })
}

// ofEdits calls do with those edits of a submission, or of the whole outbox for "", that which selects.
func (m *Model) ofEdits(submission string, which func(model.OutboxEntry) bool, do func([]model.OutboxEntry)) {
	fetch(m.loop, "read what was submitted", func(ctx context.Context) ([]model.OutboxEntry, error) {
		if submission == "" {
			return m.be.Outbox(ctx)
		}
		edits, err := m.be.SubmissionEdits(ctx, submission, 0)
		return edits.Outbox, err
	}, func(edits []model.OutboxEntry) {
		do(slices.DeleteFunc(edits, func(e model.OutboxEntry) bool { return !which(e) }))
	})
}

// toEdits carries out an action on edits, and shows to how many it was done; nothing is shown for no edits.
func (m *Model) toEdits(a keymap.Action, all []model.OutboxEntry, nothing, done string,
	do func(ctx context.Context, ids ...string) (int, error)) {
	if len(all) == 0 {
		m.say(theme.Dim, nothing)
		return
	}
	m.carryOut(a, func(ctx context.Context) (string, error) {
		ids := make([]string, len(all))
		for i, e := range all {
			ids[i] = e.ID
		}
		n, err := do(ctx, ids...)
		return theme.Count(n, "edit") + " " + done, err
	})
}

// countAll adapts an action that is done to all edits or none to toEdits.
func countAll(do func(ctx context.Context, ids ...string) error) func(context.Context, ...string) (int, error) {
	return func(ctx context.Context, ids ...string) (int, error) { return len(ids), do(ctx, ids...) }
}

func (m *Model) askDiscard(all []model.OutboxEntry) {
	if len(all) == 0 {
		m.say(theme.Dim, "there is nothing to discard that is not being sent")
		return
	}
	d := &dialog.Menu{Title: "Discard " + theme.Count(len(all), "edit") + "?", At: 1,
		Items: []dialog.Item{{Key: "y", Label: "yes, discard"}, {Key: "n", Label: "no"}}}
	left := 0
	for _, e := range all {
		left += theme.Pick(e.Sent, 1, 0)
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
			m.toEdits(keymap.Discard, all, "", "discarded", countAll(m.be.Discard))
		}
	})
}

func (m *Model) retry(all []model.OutboxEntry) {
	if m.opts.ReadOnly && len(all) > 0 {
		m.say(theme.Warning, nothingSent)
		return
	}
	m.toEdits(keymap.Retry, all, "there is nothing to send again", "queued again", countAll(m.be.Retry))
}

func (m *Model) withdraw(all []model.OutboxEntry) {
	m.toEdits(keymap.Stop, all, "there is nothing left to withdraw", "withdrawn", m.be.Withdraw)
}

func (m *Model) retryFailed() { m.ofEdits("", model.OutboxEntry.Retriable, m.retry) }
