package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// openResults shows the submission that is followed, edit by edit, in place of any
// other.
func (m *Model) openResults() {
	if o := find[*dialog.Results](m); o != nil {
		m.closeOverlay(o)
	}
	d := &dialog.Results{Keys: m.keys.Keys(keymap.Results, keymap.Dialog), Now: m.now}
	m.openLate(layer{overlay: d, act: func(asks any) tea.Cmd {
		id := d.Submission().ID
		switch asks {
		case keymap.Retry:
			return m.ofSubmission(id, dialog.Refused, m.retry)
		case keymap.Stop:
			return m.ofSubmission(id, dialog.Unsent, m.withdraw)
		case dialog.Settled{}:
			return m.readSettled(d)
		case keymap.SaveReport:
			return m.saveReport(d.Submission())
		case keymap.Undo:
			m.closeOverlay(d)
			return m.planUndo(id)
		}
		return nil
	}})
}

// readSettled reads the edits of a submission that are well.
func (m *Model) readSettled(d *dialog.Results) tea.Cmd {
	id := d.Submission().ID
	return read(m, func(ctx context.Context) ([]model.JournalEntry, error) {
		_, settled, err := m.be.SubmissionEdits(ctx, id)
		return settled, err
	}, func(settled []model.JournalEntry, err error) tea.Cmd {
		if err != nil {
			return m.fail("read what was delivered", err)
		}
		if d.Submission().ID == id {
			d.SetSettled(settled)
		}
		return nil
	})
}

func (m *Model) saveReport(sub model.Submission) tea.Cmd {
	save := m.opts.Save
	if save == nil {
		return m.say(theme.Warning, "no report can be saved here")
	}
	conf, now := m.themeConf, m.now()
	write := func(ctx context.Context) (path string, err error) {
		waiting, settled, err := m.be.SubmissionEdits(ctx, sub.ID)
		if err != nil {
			return "", err
		}
		name := "confab-report-" + now.Format("20060102-150405") + ".txt"
		return save(name, dialog.Report(theme.New(conf), sub, waiting, settled, now))
	}
	return read(m, write, func(path string, err error) tea.Cmd {
		if err != nil {
			m.fail("save the report", err)
		} else {
			m.say(theme.Good, "saved: "+model.CleanLine(path, 300))
		}
		return nil
	})
}
