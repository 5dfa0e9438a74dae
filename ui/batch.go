package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/theme"
)

// batch follows the edits of one submission until each is settled.
type batch struct {
	ids     []string
	results dialog.Results
	busy    bool
	again   bool
	hidden  bool
}

func newBatch(p model.Plan, ids []string) *batch {
	b := &batch{ids: ids}
	b.results.Title = p.Title
	edits := p.Edits()
	title := map[model.Ref]string{}
	for _, it := range p.Items {
		title[it.Ref] = it.Title
	}
	for i, id := range ids {
		r := dialog.Result{State: model.Queued}
		if len(edits) == len(ids) {
			r.Edit, r.Title = edits[i], title[edits[i].Ref]
		}
		r.Edit.ID = id
		b.results.Items = append(b.results.Items, r)
	}
	return b
}

func (m *Model) readBatch() tea.Cmd {
	b := m.batch
	if b == nil {
		return nil
	}
	if b.busy {
		b.again = true
		return nil
	}
	b.busy, b.again = true, false
	be, ctx, limit := m.be, m.ctx, len(b.ids)+historyLimit
	return func() tea.Msg {
		outbox, err := be.Outbox(ctx)
		if err != nil {
			return batchMsg{batch: b, err: err}
		}
		history, err := be.History(ctx, model.HistoryRequest{Limit: limit})
		return batchMsg{b, outbox, history, err}
	}
}

func (m *Model) batchCame(msg batchMsg) tea.Cmd {
	b := msg.batch
	b.busy = false
	if b != m.batch {
		return nil
	}
	if msg.err != nil {
		m.fail("read how far it is", msg.err)
		return nil
	}
	b.update(msg.outbox, msg.history)
	if b.again {
		return m.readBatch()
	}
	if _, failed, waiting := b.results.Counts(); waiting == 0 && b.hidden {
		look := theme.Good
		if failed > 0 {
			look = theme.Warning
		}
		m.say(look, b.results.Line())
		m.batch = nil
	}
	return nil
}

func (b *batch) update(outbox []model.OutboxEntry, history []model.JournalEntry) {
	waiting := map[string]model.OutboxEntry{}
	for _, e := range outbox {
		waiting[e.ID] = e
	}
	delivered := map[string]model.JournalEntry{}
	for _, e := range history {
		delivered[e.ID] = e
	}
	for i := range b.results.Items {
		it := &b.results.Items[i]
		id := it.Edit.ID
		if e, ok := waiting[id]; ok {
			*it = dialog.Result{Edit: e.Edit, Title: e.Title, State: e.State, Error: e.Error}
		} else if e, ok := delivered[id]; ok {
			*it = dialog.Result{Edit: e.Edit, Title: e.Title, State: e.State}
			if it.State == "" {
				it.State = model.Done
			}
		} else if it.State.Waiting() || it.State.NeedsPerson() {
			it.State, it.Error = model.Withdrawn, nil
		}
	}
}

// with lists the ids of the batch that are in one of the states.
func (b *batch) with(in func(model.EditState) bool) []string {
	var out []string
	for _, it := range b.results.Items {
		if in(it.State) && slices.Contains(b.ids, it.Edit.ID) {
			out = append(out, it.Edit.ID)
		}
	}
	return out
}

// resultsOverlay shows a batch.
type resultsOverlay struct{ b *batch }

func (o *resultsOverlay) scroll(_ *Model, by int) tea.Cmd { o.b.results.Scroll(by); return nil }

func (o *resultsOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	if k.String() == "esc" {
		return o.hide(m)
	}
	b, r := m.keys.Lookup([]keymap.Context{keymap.Dialog}, []string{k.String()})
	if r != keymap.Match {
		return nil
	}
	if by, ok := scrolling(b.Action, 10); ok {
		o.b.results.Scroll(by)
		return nil
	}
	switch b.Action {
	case keymap.Accept:
		return o.hide(m)
	case keymap.Retry:
		return m.retry(o.b.with(func(s model.EditState) bool { return s.NeedsPerson() && s != model.InConflict })...)
	case keymap.Stop:
		return m.discard(o.b.with(func(s model.EditState) bool { return s == model.Queued || s == model.RetryAt })...)
	case keymap.SaveReport:
		return m.saveReport(o.b)
	}
	return nil
}

func (o *resultsOverlay) hide(m *Model) tea.Cmd {
	m.closeOverlay(o)
	o.b.hidden = true
	m.say(theme.Dim, o.b.results.Line())
	if _, _, waiting := o.b.results.Counts(); waiting == 0 && m.batch == o.b {
		m.batch = nil
	}
	return nil
}

func (m *Model) saveReport(b *batch) tea.Cmd {
	save := m.opts.Save
	if save == nil {
		m.say(theme.Warning, "no report can be saved here")
		return nil
	}
	text := b.results.Report(m.th)
	name := "confab-report-" + m.now().Format("20060102-150405") + ".txt"
	return func() tea.Msg {
		path, err := save(name, text)
		return savedMsg{path, err}
	}
}

func (o *resultsOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	return o.b.results.Draw(m.th, screen)
}
