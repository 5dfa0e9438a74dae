package ui

import (
	"context"
	"strings"
	"time"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/outbox"
	"confab/ui/theme"
)

// followed is the newest submission of this run. The message line tells of it until it has shown how it ended.
type followed struct {
	reader
	id    string
	sub   model.Submission
	known bool // sub was read
	// undoable says that the undo key takes this submission back.
	undoable bool
	// text is the line, shown when it was first drawn, hidden a line that the person dismissed.
	text, hidden string
	shown        time.Time
	// edits are its unsettled edits, as read for the results dialog.
	edits outbox.Edits
}

// minShownTime is how long a line must have been shown before a key dismisses it.
const minShownTime = 200 * time.Millisecond

// followSubmission follows a submission, in the results dialog if it has several edits.
func (m *Model) followSubmission(id string, several, undoable bool) {
	if several {
		m.openResults()
	}
	m.followed = followed{id: id, undoable: undoable}
	m.readFollowed()
}

// openResults shows the followed submission edit by edit.
func (m *Model) openResults() {
	if o := findOverlay[*dialog.Results](m.overlays); o != nil {
		m.closeOverlay(o)
	}
	d := &dialog.Results{Keys: m.keys.Keys(keymap.Results, keymap.Dialog), Now: m.now}
	m.openWhenFree(layer{overlay: d, handle: func(asks any) {
		id := d.Submission().ID
		switch asks {
		case keymap.Retry:
			m.ofEdits(id, model.OutboxEntry.Stopped, m.retry)
		case keymap.Stop:
			m.ofEdits(id, model.OutboxEntry.Withdrawable, m.withdraw)
		case dialog.Settled{}:
			m.readSettled(d)
		case keymap.SaveReport:
			m.saveReport(id)
		case keymap.Undo:
			m.closeOverlay(d)
			m.planUndo(id, nil)
		}
	}})
}

func (m *Model) readSettled(d *dialog.Results) {
	id := d.Submission().ID
	fetch(m.loop, "read what was delivered", func(ctx context.Context) (model.SubmissionEdits, error) {
		return m.be.SubmissionEdits(ctx, id, 0)
	}, func(edits model.SubmissionEdits) {
		if d.Submission().ID == id {
			d.SetSettled(edits.Journal)
		}
	})
}

func (m *Model) saveReport(id string) {
	if m.opts.Save == nil {
		m.say(theme.Warning, "no report can be saved here")
		return
	}
	conf, now := m.themeConf, m.now()
	fetch(m.loop, "save the report", func(ctx context.Context) (path string, err error) {
		edits, err := m.be.SubmissionEdits(ctx, id, 0)
		if err != nil {
			return "", err
		}
		name := "confab-report-" + now.Format("20060102-150405") + ".txt"
		return m.opts.Save(name, dialog.Report(theme.New(conf), edits, now))
	}, func(path string) { m.say(theme.Good, "saved: "+model.CleanLine(path, 300)) })
}

// readFollowed reads the followed submission, and its edits while the results dialog is open.
func (m *Model) readFollowed() {
	f := &m.followed
	o := findOverlay[*dialog.Results](m.overlays)
	if f.id == "" || f.known && f.sub.Over() && o == nil || !f.begin() {
		return
	}
	id, edits := f.id, f.edits
	var unsettled dialog.Unsettled
	read(m.loop, func(ctx context.Context) (model.Submission, error) {
		sub, _, err := m.be.Submission(ctx, id)
		switch {
		case err != nil || o == nil:
		case sub.NeedPerson == 0 && (sub.Problem == nil || sub.Problem.Error == nil): // the counts tell all
			unsettled, edits = dialog.CountUnsettled(sub), outbox.Edits{}
		default:
			edits, sub, err = edits.Read(ctx, id, m.be.SubmissionEdits)
			edits = edits.Unsettled()
			unsettled = dialog.SortUnsettled(edits.Waiting())
		}
		return sub, err
	}, func(sub model.Submission, err error) {
		if id != f.id {
			return
		}
		f.edits = edits
		if err != nil {
			f.edits, f.busy = outbox.Edits{}, false
			m.fail("read what was submitted", err)
			return
		}
		if sub.ID != "" {
			f.sub, f.known, f.shown = sub, true, time.Time{}
		}
		switch now := findOverlay[*dialog.Results](m.overlays); {
		case now == nil:
		case now != o: // the dialog was opened during this read
			f.again = true
		default:
			o.Set(sub, unsettled)
			if o.WantsSettled() {
				m.readSettled(o)
			}
		}
		m.ended(&f.reader, m.readFollowed)
	})
}

// clearMessage clears the message when a key is typed. It dismisses the line of the followed submission
// too, if the line was shown long enough and says how the submission ended, what went wrong, or the key is esc.
func (m *Model) clearMessage(key string) {
	m.notice = notice{}
	f := &m.followed
	switch {
	case f.shown.IsZero() || m.now().Sub(f.shown) < minShownTime:
	case f.sub.Settled():
		*f = followed{}
	case f.sub.Problem != nil || key == "esc":
		f.hidden = f.text
	}
}

// followedLine returns the state of the followed submission: "making “Talk” private · queued".
func (m *Model) followedLine(w int) (string, theme.Token) {
	f, s := &m.followed, m.followed.sub
	if !f.known {
		return "", theme.Text
	}
	look, hint := theme.Pending, ""
	keyed := func(a keymap.Action, does string) string {
		return theme.Around(" "+m.th.Separator+" ", m.keys.KeyOf(keymap.List, a), " "+does)
	}
	switch {
	case s.NeedPerson > 0:
		look = theme.Attention
		hint = keyed(keymap.Settle, "settles it")
	case s.Settled() && s.Delivered+s.Already > 0:
		look = theme.Good
		if f.undoable && s.Delivered > s.TakenBack {
			hint = keyed(keymap.Undo, "takes it back")
		}
	case s.Settled():
		look = theme.Dim
	case s.Problem != nil:
		look = theme.Warning
	}
	f.text = m.fitFollowedLine(s.Words(), m.th.Progress(s, m.now()), hint, w)
	if f.text == f.hidden {
		return "", look
	}
	if f.shown.IsZero() && len(m.layers) == 0 {
		f.shown = m.now()
	}
	return f.text, look
}

// fitFollowedLine joins the parts of the line, and leaves the hint out where there is no room.
func (m *Model) fitFollowedLine(what, ending, hint string, w int) string {
	const leastWhat, leastEnding = 28, 30
	th, sep := m.th, " "+m.th.Separator+" "
	room := w - th.Width(sep) - th.Width(hint)
	if room < min(leastWhat, th.Width(what))+min(leastEnding, th.Width(ending)) {
		room, hint = room+th.Width(hint), ""
	}
	forWhat := max(min(leastWhat, room/3), room-th.Width(ending))
	what = shorten(th, what, forWhat)
	return what + sep + th.Truncate(ending, max(1, room-th.Width(what)), th.Ellipsis) + hint
}

// shorten cuts a sentence to a width: the title that it quotes, if cutting that is enough, else the end.
func shorten(th *theme.Theme, s string, w int) string {
	const leastTitle = 6
	head, rest, _ := strings.Cut(s, "“")
	title, tail, quoted := strings.Cut(rest, "”")
	if room := th.Width(title) - (th.Width(s) - w); quoted && room >= leastTitle {
		return head + "“" + th.Truncate(title, room, th.Ellipsis) + "”" + tail
	}
	return th.Truncate(s, w, th.Ellipsis)
}
