package ui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

func (m *Model) undo(intent) tea.Cmd { return m.planUndo("") }

// planUndo asks what taking back a submission would do; "" is this session's
// newest.
func (m *Model) planUndo(id string) tea.Cmd {
	be := m.be
	return m.operate("Undo", func(ctx context.Context, op int, _ func(int, int)) tea.Msg {
		u, err := be.PlanUndo(ctx, id)
		return undoMsg{op, id, u, err}
	})
}

func (m *Model) undoCame(msg undoMsg) tea.Cmd {
	if !m.endOperation(msg.op) {
		return nil
	}
	if msg.err != nil {
		m.fail("undo", msg.err)
		return nil
	}
	u := msg.undo
	changes := u.Plan.Count(model.PlanChange)
	if len(u.Withdraw) == 0 && changes == 0 {
		text := "nothing to undo"
		if len(u.Blocked) > 0 {
			text = "can't be undone: " + model.CleanLine(strings.Join(u.Blocked, "; "), 300)
		}
		m.say(theme.Warning, text)
		return nil
	}
	if !u.Plan.Risky() && !u.Plan.Bulk() && len(u.Blocked) == 0 {
		return m.applyUndo(u)
	}
	u.Plan.Title = "Undo"
	d := dialog.NewPlan(u.Plan)
	d.Keys = m.keys.Names(keymap.Dialog)
	d.Question = "Undo this?"
	if len(u.Titles) > 0 {
		d.Extra = append(d.Extra, strings.Join(u.Titles, ", "))
	}
	if n := len(u.Withdraw); n > 0 {
		d.Extra = append(d.Extra, fmt.Sprintf("%d not sent yet: withdrawn.", n))
	}
	for _, b := range u.Blocked {
		d.Extra = append(d.Extra, "Can't be undone: "+b)
	}
	m.openLate(&planOverlay{d: d, yes: func(m *Model) tea.Cmd { return m.applyUndo(u) }}, nil)
	return nil
}

func (m *Model) applyUndo(u model.Undo) tea.Cmd {
	m.submitting++
	be := m.be
	return func() tea.Msg {
		ids, err := be.ApplyUndo(context.Background(), u)
		return undoneMsg{undo: u, ids: ids, err: err}
	}
}

func (m *Model) undone(msg undoneMsg) tea.Cmd {
	m.submitting--
	if msg.err != nil {
		m.fail("undo", msg.err)
		return m.quitIfReady()
	}
	what := model.CleanLine(strings.Join(msg.undo.Titles, ", "), 200)
	if what == "" {
		what = titles(msg.undo.Plan)
	}
	m.say(theme.Good, "undone: "+what)
	cmds := []tea.Cmd{m.reload(false), m.recount(), m.reloadLedger(), m.quitIfReady()}
	if ref := m.detail.Ref(); !ref.IsZero() {
		cmds = append(cmds, m.readActivity(ref), m.readRow(ref))
	}
	return tea.Batch(cmds...)
}

func titles(p model.Plan) string {
	var out []string
	for _, it := range p.Items {
		if it.State == model.PlanChange {
			out = append(out, model.CleanLine(it.Title, 60))
		}
	}
	return strings.Join(out, ", ")
}
