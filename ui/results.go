package ui

import (
	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/layout"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// resultsOverlay shows the submission that is followed, edit by edit.
type resultsOverlay struct {
	d     dialog.Results
	edits outbox.Edits // those that are not settled, while one is to be told of
	news  editNews
}

// announced takes an announcement, and reports whether it is about an edit that is
// shown.
func (o *resultsOverlay) announced(e model.Event, named bool) bool {
	if e.All {
		o.news.all = true
		return true
	}
	refs := e.Refs
	if !named { // why one waits may be what an edit of another submission does
		refs = o.edits.On(refs)
	}
	o.news.announced(refs, named)
	return len(refs) > 0
}

// results gives the results on screen, nil if there are none.
func (m *Model) results() *resultsOverlay {
	for _, o := range m.overlays {
		if r, ok := o.(*resultsOverlay); ok {
			return r
		}
	}
	return nil
}

// openResults shows the submission that is followed in place of any other.
func (m *Model) openResults() {
	if o := m.results(); o != nil {
		m.closeOverlay(o)
	}
	m.openLate(&resultsOverlay{d: dialog.Results{Keys: m.keys.Names(keymap.Dialog)}}, nil)
}

func (o *resultsOverlay) scroll(_ *Model, by int) tea.Cmd { o.d.Scroll(by); return nil }

func (o *resultsOverlay) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	m.notice = notice{}
	if k.String() == "esc" {
		m.closeOverlay(o)
		return nil
	}
	b, ok := m.sequence(k.String(), keymap.Dialog)
	if !ok {
		return nil
	}
	if by, ok := scrolling(b.Action, 10); ok {
		o.d.Scroll(by)
		return nil
	}
	switch b.Action {
	case keymap.Accept:
		m.closeOverlay(o)
	case keymap.Retry:
		return m.ofSubmission(o.d.Submission().ID, dialog.Refused,
			func(m *Model, all []model.OutboxEntry) tea.Cmd { return m.retry(ids(all)...) })
	case keymap.Stop:
		return m.ofSubmission(o.d.Submission().ID, dialog.Unsent,
			func(m *Model, all []model.OutboxEntry) tea.Cmd { return m.withdraw(ids(all)...) })
	case keymap.SaveReport:
		return m.saveReport(o)
	case keymap.Undo:
		m.closeOverlay(o)
		return m.planUndo(o.d.Submission().ID)
	}
	return nil
}

func (m *Model) saveReport(o *resultsOverlay) tea.Cmd {
	save := m.opts.Save
	if save == nil {
		m.say(theme.Warning, "no report can be saved here")
		return nil
	}
	be, ctx, sub, conf, now := m.be, m.ctx, o.d.Submission(), m.themeConf, m.now()
	name := "confab-report-" + now.Format("20060102-150405") + ".txt"
	return func() tea.Msg {
		waiting, settled, err := be.SubmissionEdits(ctx, sub.ID)
		if err != nil {
			return savedMsg{"", err}
		}
		path, err := save(name, dialog.Report(theme.New(conf), sub, waiting, settled, now))
		return savedMsg{path, err}
	}
}

func (o *resultsOverlay) draw(m *Model, screen layout.Rect) layout.Picture {
	return o.d.Draw(m.th, screen, m.now(), m.notice.text)
}
