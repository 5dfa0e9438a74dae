package ui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/detail"
	"confab/ui/keymap"
)

// detailCache holds the last few conversations that were read whole, the oldest first:
// going back shows them at once. Bodies are kept here and nowhere else.
type detailCache []model.Detail

const detailLimit = 8

func (c detailCache) find(ref model.Ref) int {
	return slices.IndexFunc(c, func(d model.Detail) bool { return d.Conversation.Ref == ref })
}

func (c *detailCache) put(d model.Detail) {
	if i := c.find(d.Conversation.Ref); i >= 0 {
		(*c)[i] = d
		return
	}
	*c = append(*c, d)
	*c = (*c)[max(0, len(*c)-detailLimit):]
}

// openRow shows a conversation: at once what is cached, then what the service says.
func (m *Model) openRow(row model.Row) tea.Cmd {
	ref := row.Conversation.Ref
	m.show(row)
	cmds := []tea.Cmd{m.readWhole(ref)}
	if !row.Triage.Seen {
		cmds = append(cmds, m.carryOut(keymap.Seen, func(ctx context.Context) (string, error) { return "", m.be.See(ctx, ref) }))
	}
	return tea.Batch(cmds...)
}

func (m *Model) reloadDetail(in intent) tea.Cmd {
	if m.detail.Ref() != in.row.Conversation.Ref {
		m.show(in.row)
	}
	return m.readWhole(m.detail.Ref())
}

func (m *Model) readWhole(ref model.Ref) tea.Cmd {
	m.detail.SetReading(detail.Reading{Loading: true})
	whole := func(ctx context.Context) (model.Detail, error) {
		return m.be.Load(ctx, ref, model.NeedParticipants|model.NeedContacts|model.NeedMessages|model.NeedEverything)
	}
	return tea.Batch(m.readActivity(ref), read(m, whole, func(d model.Detail, err error) tea.Cmd {
		m.detailCame(ref, d, err)
		return nil
	}))
}

func (m *Model) detailCame(ref model.Ref, d model.Detail, err error) {
	if err == nil {
		m.details.put(d)
	}
	switch {
	case ref != m.detail.Ref():
	case model.KindOf(err) == model.NotFound:
		m.detail.SetReading(detail.Reading{Gone: true})
	case err != nil:
		m.detail.SetReading(detail.Reading{Problem: model.Words(err)})
	default:
		m.detail.SetDetail(d)
		row := m.detail.Row()
		row.Conversation = d.Conversation
		m.show(row)
	}
}

// readRow reads a row that the list may not hold.
func (m *Model) readRow(ref model.Ref) tea.Cmd {
	held := false
	get := func(ctx context.Context) (row model.Row, err error) {
		row, held, err = m.be.Row(ctx, ref)
		return row, err
	}
	return read(m, get, func(row model.Row, err error) tea.Cmd {
		here := ref == m.detail.Ref()
		if !held || err != nil {
			if here {
				m.detail.SetReading(detail.Reading{Gone: true})
			}
			return nil
		}
		m.list.Replace(row)
		if here {
			m.show(row)
		}
		return nil
	})
}

// readMoved reads the row of the open conversation if news named it and the list does not
// hold it.
func (m *Model) readMoved() tea.Cmd {
	ref := m.moved
	m.moved = model.Ref{}
	if _, listed := m.list.Row(ref); listed || ref.IsZero() || ref != m.detail.Ref() {
		return nil
	}
	return m.readRow(ref)
}

func (m *Model) readActivity(ref model.Ref) tea.Cmd {
	var (
		subs    []model.Submission
		outbox  []model.OutboxEntry
		history []model.JournalEntry
	)
	get := func(ctx context.Context) (_ struct{}, err error) {
		if subs, err = m.be.Submissions(ctx, model.HistoryRequest{Ref: ref, Limit: activityLimit}); err != nil {
			return
		}
		if outbox, err = m.be.OutboxOf(ctx, ref); err != nil {
			return
		}
		history, err = m.be.History(ctx, model.HistoryRequest{Ref: ref, Limit: historyLimit})
		return
	}
	return read(m, get, func(_ struct{}, err error) tea.Cmd {
		if ref == m.detail.Ref() && err == nil {
			m.detail.SetActivity(subs, outbox, history)
		}
		return nil
	})
}

// show puts a row into the detail view, with what was loaded of it before.
func (m *Model) show(row model.Row) {
	ref := row.Conversation.Ref
	var swept time.Time
	for _, a := range m.facts.Accounts() {
		if a.Name == ref.Account {
			swept = a.Swept
		}
	}
	known, cached := m.detail.Detail(), false
	if ref != m.detail.Ref() {
		known = nil
		if i := m.details.find(ref); i >= 0 {
			known, cached = &m.details[i], true
		}
	}
	if known != nil {
		row.Conversation = model.MergeReading(known.Conversation, row.Conversation, model.ReadWhole|model.ReadMessages)
	}
	about, _ := m.facts.Describe(ref.Account)
	m.detail.Show(row, about, swept)
	if cached {
		m.detail.SetDetail(*known)
	}
}

// cursorMoved lets the footer and the preview follow once the cursor rests.
func (m *Model) cursorMoved() tea.Cmd {
	m.rest++
	m.moving = true
	rest := m.rest
	rested := soon(restTime, func() tea.Cmd {
		if rest != m.rest {
			return nil
		}
		m.moving = false
		return m.showIfPreview()
	})
	if m.previewShown() && m.detail.Ref().IsZero() {
		return tea.Batch(m.showSelected(), rested)
	}
	return rested
}

func (m *Model) showIfPreview() tea.Cmd {
	if m.previewShown() {
		return m.showSelected()
	}
	return nil
}

func (m *Model) showSelected() tea.Cmd {
	row, ok := m.list.Selected()
	if !ok {
		m.detail.Clear()
		return nil
	}
	if row.Conversation.Ref == m.detail.Ref() {
		return nil
	}
	m.show(row)
	return tea.Batch(m.readActivity(row.Conversation.Ref), m.peek(row.Conversation.Ref))
}

// peek reads the messages of what the preview shows once the cursor has rested for a while, unless its account is busy
// or can't be reached. What goes wrong is said when the conversation is opened.
func (m *Model) peek(ref model.Ref) tea.Cmd {
	return soon(peekTime, func() tea.Cmd {
		calm := slices.ContainsFunc(m.facts.Accounts(), func(a model.AccountState) bool {
			return a.Name == ref.Account && !a.Syncing && a.Error == nil
		})
		if !calm || ref != m.detail.Ref() || m.detail.Detail() != nil || !m.previewShown() {
			return nil
		}
		get := func(ctx context.Context) (model.Detail, error) {
			return m.be.Load(ctx, ref, model.NeedParticipants|model.NeedContacts|model.NeedMessages)
		}
		return read(m, get, func(d model.Detail, err error) tea.Cmd {
			if err == nil && (ref != m.detail.Ref() || m.detail.Detail() == nil) {
				m.detailCame(ref, d, nil)
			}
			return nil
		})
	})
}
