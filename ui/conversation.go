package ui

import (
	"context"
	"slices"

	"confab/model"
	"confab/ui/detail"
	"confab/ui/keymap"
)

// maxDetails bounds the conversations kept with their messages, so that going back shows them at once.
const maxDetails = 8

func (m *Model) detailIndex(ref model.Ref) int {
	return slices.IndexFunc(m.details, func(d model.Detail) bool { return d.Conversation.Ref == ref })
}

func (m *Model) openRow(row model.Row) {
	ref := row.Conversation.Ref
	m.showRow(row)
	m.loadDetail(ref)
	if !row.Triage.Seen {
		m.carryOut(keymap.Seen, func(ctx context.Context) (string, error) { return "", m.be.See(ctx, ref) })
	}
}

func (m *Model) openSelected() {
	row, ok := m.list.Selected()
	m.openWhenRead = !ok
	if ok {
		m.openRow(row)
	}
}

func (m *Model) reloadDetail(in intent) {
	if m.detail.Ref() != in.row.Conversation.Ref {
		m.showRow(in.row)
	}
	m.loadDetail(m.detail.Ref())
}

func (m *Model) loadDetail(ref model.Ref) {
	m.detail.SetReading(detail.Reading{Loading: true})
	m.readActivity(ref)
	need := model.NeedParticipants | model.NeedContacts | model.NeedMessages | model.NeedEverything
	read(m.loop, bind2(m.be.Load, ref, need), func(d model.Detail, err error) { m.detailArrived(ref, d, err) })
}

func (m *Model) detailArrived(ref model.Ref, d model.Detail, err error) {
	if err == nil {
		if i := m.detailIndex(d.Conversation.Ref); i >= 0 {
			m.details = slices.Delete(m.details, i, i+1)
		}
		m.details = append(m.details, d)
		m.details = m.details[max(0, len(m.details)-maxDetails):]
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
		m.showRow(row)
	}
}

func (m *Model) readRow(ref model.Ref) {
	held := false
	read(m.loop, func(ctx context.Context) (row model.Row, err error) {
		row, held, err = m.be.Row(ctx, ref)
		return row, err
	}, func(row model.Row, err error) {
		exists, open := held && err == nil, ref == m.detail.Ref()
		if exists {
			m.list.Replace(row)
		}
		switch {
		case open && exists:
			m.showRow(row)
		case open:
			m.detail.SetReading(detail.Reading{Gone: true})
		}
	})
}

func (m *Model) readActivity(ref model.Ref) {
	var outbox []model.OutboxEntry
	var history []model.JournalEntry
	read(m.loop, func(ctx context.Context) ([]model.Submission, error) {
		subs, err := m.be.Submissions(ctx, model.HistoryRequest{Ref: ref, Limit: activityLimit})
		if err == nil {
			outbox, err = m.be.OutboxOf(ctx, ref)
		}
		if err == nil {
			history, err = m.be.History(ctx, model.HistoryRequest{Ref: ref, Limit: historyLimit})
		}
		return subs, err
	}, func(subs []model.Submission, err error) {
		if ref == m.detail.Ref() && err == nil {
			m.detail.SetActivity(subs, outbox, history)
		}
	})
}

// showRow shows a row in the detail view, with the parts of the conversation that only a load returns.
func (m *Model) showRow(row model.Row) {
	ref := row.Conversation.Ref
	known, same := m.detail.Detail(), ref == m.detail.Ref()
	if !same {
		known = nil
		if i := m.detailIndex(ref); i >= 0 {
			known = &m.details[i]
		}
	}
	if known != nil {
		row.Conversation = model.MergeReading(known.Conversation, row.Conversation, model.ReadWhole|model.ReadMessages)
	}
	about, _ := m.be.Describe(ref.Account)
	m.detail.Show(row, about, m.account(ref.Account).Swept)
	if known != nil && !same {
		m.detail.SetDetail(*known)
	}
}

// previewAfterRest updates the footer and the preview once the cursor has rested.
func (m *Model) previewAfterRest() {
	m.moving = true
	if m.detail.Ref().IsZero() {
		m.updatePreview()
	}
	m.debounce(&m.restGen, restTime, func() {
		m.moving = false
		m.updatePreview()
	})
}

func (m *Model) updatePreview() {
	if !m.previewShown() {
		return
	}
	row, ok := m.list.Selected()
	ref := row.Conversation.Ref
	switch {
	case !ok:
		m.detail.Clear()
	case ref != m.detail.Ref():
		m.showRow(row)
		m.readActivity(ref)
		m.readMessagesSoon(ref)
	}
}

// readMessagesSoon reads the messages of a conversation that stays in the preview, if its account
// is neither syncing nor failing by then.
func (m *Model) readMessagesSoon(ref model.Ref) {
	m.schedule(messagesTime, func() {
		a := m.account(ref.Account)
		calm := a.Name != "" && !a.Syncing && a.Error == nil
		if !calm || ref != m.detail.Ref() || m.detail.Detail() != nil || !m.previewShown() {
			return
		}
		read(m.loop, bind2(m.be.Load, ref, model.NeedParticipants|model.NeedContacts|model.NeedMessages), func(d model.Detail, err error) {
			if err == nil && (ref != m.detail.Ref() || m.detail.Detail() == nil) {
				m.detailArrived(ref, d, nil)
			}
		})
	})
}
