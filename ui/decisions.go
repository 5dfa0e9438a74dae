package ui

import (
	"context"
	"fmt"
	"math"
	"slices"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// settleHere opens what needs a person on this row, else on the next row that
// has something.
func (m *Model) settleHere(in intent) tea.Cmd {
	if !in.one || !needsPerson(in.row) {
		return m.settleNext()
	}
	ref := in.row.Conversation.Ref
	return read(m, func(ctx context.Context) (n needed, err error) {
		all, err := m.be.OutboxOf(ctx, ref)
		if i := slices.IndexFunc(all, func(e model.OutboxEntry) bool { return e.State.NeedsPerson() }); i >= 0 {
			return needed{entry: &all[i], at: -1}, nil
		}
		return n, err
	}, m.settleCame)
}

func needsPerson(row model.Row) bool {
	return slices.ContainsFunc(row.Pending, func(p model.Pending) bool { return p.State.NeedsPerson() })
}

// settleNext opens what needs a person next: in the list below the cursor, else
// from its top, else wherever it is.
func (m *Model) settleNext() tea.Cmd {
	at := m.list.Cursor()
	q, err := m.query()
	inList := err == nil && m.screen == screenList && len(m.layers) == 0
	return read(m, func(ctx context.Context) (best needed, err error) {
		all, err := m.be.Pending(ctx)
		for _, sub := range all {
			if sub.NeedPerson == 0 || sub.Problem == nil {
				continue
			}
			i := -1
			if inList {
				if i, err = placeOf(ctx, m.be, q, sub.Problem.Ref); err != nil {
					return best, err
				}
			}
			if best.entry == nil || before(i, best.at, at) {
				best = needed{sub.Problem, i}
			}
		}
		return best, err
	}, m.settleCame)
}

// needed is an edit that needs the person, nil for none. The cursor goes to its
// conversation at a position in the list; it stays for -1.
type needed struct {
	entry *model.OutboxEntry
	at    int
}

// placeOf returns the position of a conversation in a list, -1 where it is not in it.
func placeOf(ctx context.Context, be Backend, query string, ref model.Ref) (int, error) {
	if ref.ID == "" {
		return -1, nil // a conversation that is still to be created
	}
	page, err := be.List(ctx, model.ListRequest{Query: query, Inbox: true, Limit: 1, Anchor: ref})
	return page.Index, err
}

// before reports whether somebody at a position comes to a before b, going down and on
// from the top; -1 comes last.
func before(a, b, at int) bool {
	way := func(i int) int {
		switch {
		case i < 0:
			return math.MaxInt
		case i <= at:
			return i + 1<<40
		}
		return i
	}
	return way(a) < way(b)
}

func (m *Model) settleCame(n needed, err error) tea.Cmd {
	switch {
	case err != nil:
		return m.fail("read the outbox", err)
	case n.entry == nil:
		return m.say(theme.Dim, "nothing needs you")
	}
	m.openConflict(*n.entry)
	if n.at >= 0 && !m.list.MoveToRef(n.entry.Ref) {
		m.list.Seek(n.entry.Ref)
		return m.reload(true)
	}
	return m.cursorMoved()
}

func (m *Model) openConflict(e model.OutboxEntry) tea.Cmd {
	d := dialog.NewConflict(e)
	d.Keys, d.OutboxKeys, d.Now = m.keys.Keys(keymap.Dialog), m.keys.Keys(keymap.Outbox), m.now
	m.openLate(layer{overlay: d, act: func(asks any) tea.Cmd {
		switch asks {
		case keymap.Discard:
			m.closeOverlay(d)
			return m.askDiscard([]model.OutboxEntry{e})
		case keymap.Retry:
			return m.decide(d, keymap.Retry, "", func(ctx context.Context) error { return m.be.Retry(ctx, e.ID) })
		case keymap.Accept:
			ref, _ := d.Existing()
			m.layers, m.screen = nil, screenList
			return m.setFilter("is:any id:"+ref.ID, ref)
		case keymap.Mine:
			return m.resolve(d, model.ResolveMine, "")
		case keymap.Theirs:
			return m.resolve(d, model.ResolveTheirs, "theirs is kept: nothing is sent")
		case keymap.Merged:
			if d.CanMerge() {
				return m.resolve(d, model.ResolveMerged, "")
			}
			return m.say(theme.Dim, "only lists of people can be merged")
		}
		return nil
	}})
	return nil
}

func (m *Model) resolve(d *dialog.Conflict, choice model.Resolution, said string) tea.Cmd {
	return m.decide(d, keymap.Resolve, said, func(ctx context.Context) error { return m.be.Resolve(ctx, d.Entry.ID, choice) })
}

// decide carries out what the person decided. Unless said tells the end, something is sent
// now and followed.
func (m *Model) decide(d *dialog.Conflict, a keymap.Action, said string, do func(context.Context) error) tea.Cmd {
	if m.opts.ReadOnly && said == "" {
		if a == keymap.Retry {
			m.closeOverlay(d)
		}
		return m.say(theme.Warning, "read-only: nothing is sent")
	}
	m.closeOverlay(d)
	cmd := m.carryOut(a, func(ctx context.Context) (string, error) { return said, do(ctx) })
	if said != "" {
		return cmd
	}
	return tea.Sequence(cmd, m.followOn(d.Entry.Submission, false))
}

func discardable(e model.OutboxEntry) bool { return e.State != model.Sending }

func ids(all []model.OutboxEntry) []string {
	out := make([]string, len(all))
	for i, e := range all {
		out[i] = e.ID
	}
	return out
}

// ofLine does something with the edit of a line, or with those of its submission that are
// of the right kind.
func (m *Model) ofLine(sub model.Submission, edit *outbox.Edit, which func(model.OutboxEntry) bool,
	do func([]model.OutboxEntry) tea.Cmd) tea.Cmd {
	if edit != nil {
		return do([]model.OutboxEntry{edit.OutboxEntry})
	}
	return m.ofSubmission(sub.ID, which, do)
}

func (m *Model) ofSubmission(id string, which func(model.OutboxEntry) bool, do func([]model.OutboxEntry) tea.Cmd) tea.Cmd {
	return m.ofEdits(func(ctx context.Context) ([]model.OutboxEntry, error) {
		all, _, err := m.be.SubmissionEdits(ctx, id)
		return all, err
	}, which, do)
}

// ofEdits reads edits and does something with those of the right kind.
func (m *Model) ofEdits(all func(context.Context) ([]model.OutboxEntry, error), which func(model.OutboxEntry) bool,
	do func([]model.OutboxEntry) tea.Cmd) tea.Cmd {
	return read(m, func(ctx context.Context) ([]model.OutboxEntry, error) {
		edits, err := all(ctx)
		return slices.DeleteFunc(edits, func(e model.OutboxEntry) bool { return !which(e) }), err
	}, func(edits []model.OutboxEntry, err error) tea.Cmd {
		if err != nil {
			return m.fail("read what was submitted", err)
		}
		return do(edits)
	})
}

func (m *Model) askDiscard(all []model.OutboxEntry) tea.Cmd {
	if len(all) == 0 {
		return m.say(theme.Dim, "there is nothing to discard that is not being sent")
	}
	title, text := "Discard this edit?", []string{m.th.Phrase(all[0].Edit), model.CleanLine(all[0].Title, 120)}
	if len(all) > 1 {
		title, text = "Discard "+theme.Count(len(all), "edit")+"?", nil
	}
	left := 0
	for _, e := range all {
		if e.Sent {
			left++
		}
	}
	if left > 0 && len(all) == 1 {
		text = append(text, "A request for it has left already: discarding does not take that back.")
	} else if left > 0 {
		text = append(text, fmt.Sprintf("Requests for %s of them have left already: discarding does not take those back.", theme.Number(left)))
	}
	d := &dialog.Menu{Title: title, Text: text, Items: []dialog.Item{{Key: "y", Label: "yes, discard"}, {Key: "n", Label: "no"}}}
	d.At = 1
	m.openMenu(d, func(i int) tea.Cmd {
		if i != 0 {
			return nil
		}
		return m.carryOut(keymap.Discard, func(ctx context.Context) (string, error) {
			return theme.Count(len(all), "edit") + " discarded", m.be.Discard(ctx, ids(all)...)
		})
	})
	return nil
}

func (m *Model) retry(all []model.OutboxEntry) tea.Cmd {
	if len(all) == 0 {
		return m.say(theme.Dim, "there is nothing to send again")
	}
	if m.opts.ReadOnly {
		return m.say(theme.Warning, "read-only: nothing is sent")
	}
	return m.carryOut(keymap.Retry, func(ctx context.Context) (string, error) {
		return theme.Count(len(all), "edit") + " queued again", m.be.Retry(ctx, ids(all)...)
	})
}

func (m *Model) withdraw(all []model.OutboxEntry) tea.Cmd {
	if len(all) == 0 {
		return m.say(theme.Dim, "there is nothing left to withdraw")
	}
	return m.carryOut(keymap.Stop, func(ctx context.Context) (string, error) {
		n, err := m.be.Withdraw(ctx, ids(all)...)
		return theme.Count(n, "edit") + " withdrawn", err
	})
}

func (m *Model) retryFailed(intent) tea.Cmd {
	return m.ofEdits(m.be.Outbox, outbox.Retriable, m.retry)
}
