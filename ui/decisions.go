package ui

import (
	"context"
	"fmt"
	"math"
	"slices"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
	"confab/ui/theme"
)

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

// needed is an edit that needs the person, nil for none. The cursor goes to its
// conversation at a position in the list; it stays for -1.
type needed struct {
	entry *model.OutboxEntry
	at    int
}

// settleNext opens what needs a person next: in the list below the cursor, else
// from its top, else wherever it is.
func (m *Model) settleNext() {
	at := m.list.Cursor()
	q, err := m.query()
	inList := err == nil && m.screen == screenList && len(m.layers) == 0
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
			m.layers, m.screen = nil, screenList
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

// decide carries out what the person decided. Unless said tells the end, something is sent
// now and followed.
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

// ofEdits reads edits and does something with those of the right kind.
func (m *Model) ofEdits(all func(context.Context) ([]model.OutboxEntry, error), which func(model.OutboxEntry) bool,
	do func([]model.OutboxEntry)) {
	fetch(m, "read what was submitted", all, func(edits []model.OutboxEntry) {
		do(slices.DeleteFunc(edits, func(e model.OutboxEntry) bool { return !which(e) }))
	})
}

// toEdits carries something out on edits, and says of how many it was done.
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
	d.SetAt(1)
	left := 0
	for _, e := range all {
		left += cell(e.Sent)
	}
	if left > 0 {
		d.Text = []string{fmt.Sprintf("Requests for %s of them have left already: discarding does not take those back.", theme.Number(left))}
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
