package ui

import (
	"context"
	"slices"

	"confab/model"
	"confab/ui/detail"
	"confab/ui/keymap"
)

// detailLimit bounds the conversations kept whole, bodies included: going back shows them at once.
const detailLimit = 8

func (m *Model) detailOf(ref model.Ref) int {
	return slices.IndexFunc(m.details, func(d model.Detail) bool { return d.Conversation.Ref == ref })
}

func (m *Model) openRow(row model.Row) {
	ref := row.Conversation.Ref
	m.show(row)
	m.readWhole(ref)
	if !row.Triage.Seen {
		m.carryOut(keymap.Seen, func(ctx context.Context) (string, error) { return "", m.be.See(ctx, ref) })
	}
}

func (m *Model) openSelected() {
	row, ok := m.list.Selected()
	m.follow = !ok
	if ok {
		m.openRow(row)
	}
}

func (m *Model) reloadDetail(in intent) {
	if m.detail.Ref() != in.row.Conversation.Ref {
		m.show(in.row)
	}
	m.readWhole(m.detail.Ref())
}

func (m *Model) readWhole(ref model.Ref) {
	m.detail.SetReading(detail.Reading{Loading: true})
	m.readActivity(ref)
	need := model.NeedParticipants | model.NeedContacts | model.NeedMessages | model.NeedEverything
	read(m, with2(m.be.Load, ref, need), func(d model.Detail, err error) { m.detailCame(ref, d, err) })
}

func (m *Model) detailCame(ref model.Ref, d model.Detail, err error) {
	if err == nil {
		if i := m.detailOf(d.Conversation.Ref); i >= 0 {
			m.details = slices.Delete(m.details, i, i+1)
		}
		m.details = append(m.details, d)
		m.details = m.details[max(0, len(m.details)-detailLimit):]
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

func (m *Model) readRow(ref model.Ref) {
	held := false
	read(m, func(ctx context.Context) (row model.Row, err error) {
		row, held, err = m.be.Row(ctx, ref)
		return row, err
	}, func(row model.Row, err error) {
		there, here := held && err == nil, ref == m.detail.Ref()
		if there {
			m.list.Replace(row)
		}
		switch {
		case here && there:
			m.show(row)
		case here:
			m.detail.SetReading(detail.Reading{Gone: true})
		}
	})
}

func (m *Model) readActivity(ref model.Ref) {
	var outbox []model.OutboxEntry
	var history []model.JournalEntry
	read(m, func(ctx context.Context) ([]model.Submission, error) {
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

func (m *Model) show(row model.Row) {
	ref := row.Conversation.Ref
	known, cached := m.detail.Detail(), false
	if ref != m.detail.Ref() {
		known = nil
		if i := m.detailOf(ref); i >= 0 {
			known, cached = &m.details[i], true
		}
	}
	if known != nil {
		row.Conversation = model.MergeReading(known.Conversation, row.Conversation, model.ReadWhole|model.ReadMessages)
	}
	about, _ := m.be.Describe(ref.Account)
	m.detail.Show(row, about, m.account(ref.Account).Swept)
	if cached {
		m.detail.SetDetail(*known)
	}
}

// cursorMoved lets the footer and the preview follow once the cursor rests.
func (m *Model) cursorMoved() {
	m.rest++
	m.moving = true
	rest := m.rest
	if m.detail.Ref().IsZero() {
		m.showIfPreview()
	}
	m.soon(restTime, func() {
		if rest == m.rest {
			m.moving = false
			m.showIfPreview()
		}
	})
}

func (m *Model) showIfPreview() {
	if !m.previewShown() {
		return
	}
	row, ok := m.list.Selected()
	ref := row.Conversation.Ref
	switch {
	case !ok:
		m.detail.Clear()
	case ref != m.detail.Ref():
		m.show(row)
		m.readActivity(ref)
		m.peek(ref)
	}
}

// peek reads the messages of the preview once the cursor has rested for a while and its account is well.
func (m *Model) peek(ref model.Ref) {
	m.soon(peekTime, func() {
		a := m.account(ref.Account)
		calm := a.Name != "" && !a.Syncing && a.Error == nil
		if !calm || ref != m.detail.Ref() || m.detail.Detail() != nil || !m.previewShown() {
			return
		}
		read(m, with2(m.be.Load, ref, model.NeedParticipants|model.NeedContacts|model.NeedMessages), func(d model.Detail, err error) {
			if err == nil && (ref != m.detail.Ref() || m.detail.Detail() == nil) {
				m.detailCame(ref, d, nil)
			}
		})
	})
}
